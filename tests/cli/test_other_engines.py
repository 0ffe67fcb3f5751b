"""What PyIceberg does to a table between two runs, and what the next run makes of it."""

import datetime
import json
import pathlib

import pyarrow
import pyarrow.parquet
import pytest
from conftest import S3Table, incremental


@pytest.fixture
def made(earthcatalog, archive, table):
    """A table of 300 items."""
    earthcatalog.json(*incremental(table, archive, "--limit", 300))
    table.expected = table.contents()
    return table


def expire_all_older(table):
    """Expires every snapshot that nothing but its age keeps."""
    theirs = table.load()
    theirs.maintenance.expire_snapshots().older_than(datetime.datetime.now() + datetime.timedelta(days=1)).commit()


def drop_the_tag(table):
    """As a table has none whose last commit was made before there were tags."""
    if "earthcatalog-index" in table.load().metadata.refs:
        with table.load().manage_snapshots() as snapshots:
            snapshots.remove_tag("earthcatalog-index")


def delete(table, row_filter):
    before = len(table.rows())
    table.load().delete(row_filter)
    assert len(table.rows()) < before


def foreign_rows(table):
    """A row of the table under another id, so that PyIceberg has something to append."""
    rows = table.load().scan(limit=1).to_arrow()
    at = rows.schema.get_field_index("id")
    return rows.set_column(at, rows.schema.field(at), pyarrow.array(["theirs"], rows.schema.field(at).type))


class TestExpiry:
    def test_by_another_engine_leaves_the_object_index_its_snapshot(self, earthcatalog, archive, made):
        made.load().append(foreign_rows(made))
        expire_all_older(made)
        again = earthcatalog.json(*incremental(made, archive, "--limit", 300))
        assert (again["unchanged"], again["written_items"], again["files"]) == (300, 0, 0)
        # The next commit moves the tag: what it named before goes with the next expiry.
        earthcatalog.json(*incremental(made, archive, "--limit", 310))
        refs = made.load().metadata.refs
        assert refs["earthcatalog-index"].snapshot_id == made.load().current_snapshot().snapshot_id
        expire_all_older(made)
        assert len(made.load().metadata.snapshots) == 1

    def test_of_our_own_moves_the_tag_and_keeps_nothing_for_its_sake(self, earthcatalog, archive, made):
        made.load().append(foreign_rows(made))
        report = earthcatalog.json("expire", *made.arguments, "--older-than", "0s", "--retain-last", 1)
        assert (report["snapshots"]["before"], report["snapshots"]["kept"]) == (2, 1)
        theirs = made.load()
        assert [snapshot.snapshot_id for snapshot in theirs.metadata.snapshots] == [
            theirs.metadata.refs["earthcatalog-index"].snapshot_id]
        assert earthcatalog.json(*incremental(made, archive, "--limit", 300))["unchanged"] == 300

    def test_that_took_the_indexed_snapshot_costs_no_object(self, earthcatalog, archive, made):
        made.load().append(foreign_rows(made))
        drop_the_tag(made)
        expire_all_older(made)
        assert len(made.load().metadata.snapshots) == 1
        again = earthcatalog.json(*incremental(made, archive, "--limit", 300))
        assert (again["unchanged"], again["written_items"], again["files"]) == (300, 0, 0)
        earthcatalog.json("index", "update", *made.arguments)
        assert earthcatalog.json("index", "check", *made.arguments)["good"]

    def test_that_took_the_indexed_snapshot_hides_no_lost_rows(self, earthcatalog, archive, made):
        delete(made, "grid_primary = false")
        drop_the_tag(made)
        expire_all_older(made)
        earthcatalog.json(*incremental(made, archive, "--limit", 300))
        assert made.contents() == made.expected

    def test_on_s3(self, s3_earthcatalog, s3_server, archive, tmp_path):
        made = S3Table(s3_server, "expiry-by-another", tmp_path)
        s3_earthcatalog.json(*incremental(made, archive, "--limit", 50))
        made.load().append(foreign_rows(made))
        made.store_copy()
        expire_all_older(made)
        made.store_copy()
        again = s3_earthcatalog.json(*incremental(made, archive, "--limit", 50))
        assert (again["unchanged"], again["written_items"]) == (50, 0)


class TestDelete:
    @pytest.mark.parametrize("row_filter", ["grid_primary = false", "grid_primary = true"])
    def test_of_some_rows_of_items_is_made_good(self, earthcatalog, archive, made, row_filter):
        delete(made, row_filter)
        first = earthcatalog.json(*incremental(made, archive, "--limit", 300))
        assert first["written_items"] > 0 and first["written_items"] + first["unchanged"] == 300
        second = earthcatalog.json(*incremental(made, archive, "--limit", 300))
        assert second["unchanged"] == 300
        assert made.contents() == made.expected

    def test_is_made_good_by_a_run_that_follows_runs_on_other_objects(self, earthcatalog, archive, made):
        """Each of those brings the index up to date and commits it."""
        delete(made, "grid_primary = false")
        earthcatalog.json(*incremental(made, archive, "--limit", 1, "--refetch"))
        earthcatalog.json("index", "update", *made.arguments)
        earthcatalog.json(*incremental(made, archive, "--limit", 300))
        assert made.contents() == made.expected

    def test_of_a_cell_is_made_good(self, earthcatalog, archive, made):
        cell = made.rows()[0][2]
        delete(made, f"grid_partition = '{cell}'")
        earthcatalog.json(*incremental(made, archive, "--limit", 300))
        assert made.contents() == made.expected


class TestAudit:
    @pytest.fixture
    def shrunk(self, earthcatalog, made):
        """A table whose object index was brought up to date by a program that took fewer rows for granted."""
        delete(made, "grid_primary = false")
        left = {}
        for _, identifier, cell, _ in made.rows():
            left.setdefault(identifier, []).append(cell)
        theirs = made.load()
        (run,) = json.loads(theirs.properties["earthcatalog.object-index"])["runs"]
        path = run["path"].removeprefix("file://")
        index = pyarrow.parquet.read_table(path)
        cells = [left.get(name.rsplit("/", 1)[1].removesuffix(".stac.json"), []) for name in index["name"].to_pylist()]
        assert all(cells)
        at = index.schema.get_field_index("cells")
        index = index.set_column(at, index.schema.field(at), pyarrow.array(cells, index.schema.field(at).type))
        pyarrow.parquet.write_table(index, path, compression="zstd")
        described = {"snapshot-id": theirs.current_snapshot().snapshot_id, "items": 300,
                     "runs": [run | {"size": pathlib.Path(path).stat().st_size}]}
        with theirs.transaction() as change:
            change.set_properties({"earthcatalog.object-index": json.dumps(described)})
        return made

    def test_sees_items_that_lost_cells_and_names_the_remedy(self, earthcatalog, archive, shrunk, tmp_path):
        lines = open(archive.inventory).readlines()[:301]
        inventory = tmp_path / "list.csv"
        inventory.write_text("".join(lines))
        audit = ["audit", "--inventory", inventory, *shrunk.arguments]
        process = earthcatalog.run(*audit, "--format", "json")
        findings = {name: count for name, count in json.loads(process.stdout)["findings"].items() if count}
        assert process.returncode == 1 and findings == {"lost_cells": len(with_several_rows(shrunk.expected))}
        assert "lost_cells" in (text := earthcatalog.run(*audit).stdout) and "--refetch" in text
        earthcatalog.json(*incremental(shrunk, archive, "--limit", 300, "--refetch"))
        assert earthcatalog.run(*audit).returncode == 0
        assert shrunk.contents() == shrunk.expected

    def test_sees_lost_cells_also_of_items_that_the_index_has_forgotten(self, earthcatalog, archive, made, tmp_path):
        inventory = tmp_path / "list.csv"
        inventory.write_text("".join(open(archive.inventory).readlines()[:301]))
        delete(made, "grid_primary = false")
        earthcatalog.json("index", "update", *made.arguments)
        process = earthcatalog.run("audit", "--inventory", inventory, *made.arguments, "--format", "json")
        findings = {name: count for name, count in json.loads(process.stdout)["findings"].items() if count}
        assert process.returncode == 1 and findings == {"lost_cells": len(with_several_rows(made.expected))}


def with_several_rows(contents):
    """(collection, id) of the items with several rows."""
    rows = list(zip(contents["collection"].to_pylist(), contents["id"].to_pylist()))
    return {row for row in rows if rows.count(row) > 1}
