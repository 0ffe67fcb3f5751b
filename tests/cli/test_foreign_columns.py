"""A column that another engine added to an `itslive` table stops who writes rows, and nobody else."""

import pytest
from conftest import backfill, incremental
from pyiceberg.types import DateType, StringType


@pytest.fixture(params=[StringType(), DateType()], ids=["string", "date"])
def annotated(request, earthcatalog, small_archive, table):
    earthcatalog.json(*incremental(table, small_archive))
    earthcatalog.json(*incremental(table, small_archive, "--refetch"))
    with table.load().update_schema() as update:
        update.add_column("note", request.param)
    return table


def test_reading_and_removing_go_on(earthcatalog, small_archive, annotated):
    assert earthcatalog.json("info", *annotated.arguments)["items"] == 120
    assert earthcatalog.json("audit", "--inventory", small_archive.inventory, *annotated.arguments)["good"]
    assert earthcatalog.json("expire", *annotated.arguments, "--dry-run")["snapshots"]["before"] == 2
    report = earthcatalog.json("expire", *annotated.arguments, "--older-than", "0s")
    assert report["snapshots"]["removed"] == 1 and report["places"]["data"]["removed"]["files"] > 0
    assert "note" in annotated.load().schema().column_names
    assert earthcatalog.json("audit", "--inventory", small_archive.inventory, *annotated.arguments)["good"]


def test_writing_is_refused_by_name_until_the_column_is_gone(earthcatalog, small_archive, annotated):
    rows = annotated.rows()
    for command in (incremental(annotated, small_archive, "--refetch"), ["compact", *annotated.arguments],
                    backfill(annotated, small_archive, "--delta")):
        process = earthcatalog.run(*command)
        assert process.returncode == 1
        assert '"note"' in process.stderr and "ALTER TABLE" in process.stderr
        assert not annotated.is_locked() and annotated.rows() == rows
    with annotated.load().update_schema() as update:
        update.delete_column("note")
    earthcatalog.json(*incremental(annotated, small_archive, "--refetch"))
    assert annotated.rows() == rows
