"""A column that another engine added to an `itslive` table stops who writes rows, and nobody else."""

import datetime
import decimal
import json
import uuid

import pyarrow
import pytest
from conftest import backfill, incremental
from pyiceberg.types import (DateType, DecimalType, FixedType, ListType, MapType, NestedField, StringType, StructType,
                             TimestampType, TimeType, UUIDType)

# Each with a value.
TYPES = {
    "string": (StringType(), "note"),
    "date": (DateType(), datetime.date(2020, 1, 2)),
    "timestamp": (TimestampType(), datetime.datetime(2020, 1, 2)),
    "time": (TimeType(), datetime.time(1, 2)),
    "decimal": (DecimalType(9, 2), decimal.Decimal("1.25")),
    "uuid": (UUIDType(), uuid.UUID(int=7).bytes),
    "fixed": (FixedType(4), b"abcd"),
    "list": (ListType(1, StringType(), False), ["a", "b"]),
    "map": (MapType(1, StringType(), 2, StringType(), False), [("a", "b")]),
    "struct": (StructType(NestedField(1, "a", StringType(), required=False)), {"a": "b"}),
    "nested": (StructType(NestedField(1, "a", ListType(2, StructType(
        NestedField(3, "b", DecimalType(9, 2), required=False)), False), required=False)), {"a": [{"b": None}]}),
}


@pytest.fixture(params=TYPES)
def annotated(request, earthcatalog, small_archive, table):
    """A table whose rows have a value in the column, too."""
    earthcatalog.json(*incremental(table, small_archive))
    earthcatalog.json(*incremental(table, small_archive, "--refetch"))
    with table.load().update_schema() as update:
        update.add_column("note", TYPES[request.param][0])
    return table


@pytest.fixture
def filled(request, annotated):
    """Whose rows have values in the column."""
    theirs = annotated.load()
    rows = theirs.scan().to_arrow()
    kind, value = TYPES[request.node.callspec.params["annotated"]]
    at = rows.schema.get_field_index("note")
    type_ = rows.schema.field(at).type
    values = pyarrow.array([value] * rows.num_rows, getattr(type_, "storage_type", type_)).cast(type_)
    theirs.overwrite(rows.set_column(at, rows.schema.field(at), values))
    assert annotated.load().scan().to_arrow()["note"].null_count == 0
    return annotated


def test_reading_and_removing_go_on(earthcatalog, small_archive, annotated):
    assert earthcatalog.json("info", *annotated.arguments)["items"] == 120
    assert earthcatalog.json("audit", "--inventory", small_archive.inventory, *annotated.arguments)["good"]
    assert earthcatalog.json("expire", *annotated.arguments, "--dry-run")["snapshots"]["before"] == 2
    report = earthcatalog.json("expire", *annotated.arguments, "--older-than", "0s")
    assert report["snapshots"]["removed"] == 1 and report["places"]["data"]["removed"]["files"] > 0
    assert "note" in annotated.load().schema().column_names
    assert earthcatalog.json("audit", "--inventory", small_archive.inventory, *annotated.arguments)["good"]


def items_of(earthcatalog, table):
    lines = earthcatalog.run("cat", *table.arguments, check=True).stdout.splitlines()
    return sorted(map(json.loads, lines), key=lambda item: item["id"])


def test_items_are_as_they_were_whatever_the_column_holds(earthcatalog, small_archive, annotated, request):
    items = items_of(earthcatalog, annotated)
    assert len(items) == 120
    filled = request.getfixturevalue("filled")
    assert items_of(earthcatalog, filled) == items
    info = earthcatalog.json("info", *filled.arguments)
    assert info["rows"] == len(filled.rows())
    assert info["items"] is None, "another engine's snapshot counts no items"
    process = earthcatalog.run("audit", "--inventory", small_archive.inventory, *filled.arguments, "--format", "json")
    report = json.loads(process.stdout)
    assert report["good"], report["findings"]
    report = earthcatalog.json("expire", *filled.arguments, "--older-than", "0s")
    assert report["snapshots"]["removed"] > 0
    assert filled.load().scan().to_arrow()["note"].null_count == 0


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
