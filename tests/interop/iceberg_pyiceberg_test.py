"""Tables of ours in PyIceberg, DuckDB and fastavro, and PyIceberg's in ours.

ICEBERG_TOOL names the program of tests/iceberg/iceberg_tool.cc.
"""

import datetime
import json
import os
import pathlib
import sqlite3
import struct
import subprocess

import duckdb
import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, LessThan
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform, YearTransform
from pyiceberg.types import BinaryType, DoubleType, LongType, NestedField, StringType, TimestamptzType

TOOL = os.environ.get("ICEBERG_TOOL")
pytestmark = pytest.mark.skipif(TOOL is None, reason="ICEBERG_TOOL is not set")

COLUMNS = [
    ["id", "string"],
    ["grid_partition", "string"],
    ["datetime", "timestamptz"],
    ["geometry_bbox", [["xmin", "double"], ["ymin", "double"]]],
    ["platform", "string"],
]
ARROW = {
    "string": pa.string(),
    "timestamptz": pa.timestamp("us", "UTC"),
    "double": pa.float64(),
    "long": pa.int64(),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
}


def utc(year, month=1, day=1):
    return datetime.datetime(year, month, day, tzinfo=datetime.timezone.utc)


def micros(instant):
    return int((instant - utc(1970)) / datetime.timedelta(microseconds=1))


def arrow_schema(fields):
    """The Arrow schema of Iceberg's schema JSON, with field ids."""

    def arrow_type(kind):
        return pa.struct(arrow_schema(kind["fields"])) if isinstance(kind, dict) else ARROW[kind]

    return pa.schema(
        [pa.field(f["name"], arrow_type(f["type"]), metadata={"PARQUET:field_id": str(f["id"])}) for f in fields]
    )


class Warehouse:
    def __init__(self, path):
        self.path = path
        self.uri = f"file://{path}"
        self.catalog = path / "catalog.db"

    def commit(self, **change):
        done = subprocess.run(
            [TOOL, self.catalog, self.uri], input=json.dumps(change), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        self.state = json.loads(done.stdout)
        return self.state

    def file(self, name, cell, year, rows):
        """Writes rows {id: datetime} and describes the file for a commit."""
        path = self.path / f"grid_partition={cell}/year={year or 'unknown'}/{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        records = [
            {"id": id, "grid_partition": cell, "datetime": at, "geometry_bbox": {"xmin": 1.0, "ymin": 2.0}}
            for id, at in rows.items()
        ]
        schema = arrow_schema(self.state["schema"]["fields"])
        pq.write_table(pa.Table.from_pylist(records, schema=schema), path, compression="zstd")
        lower, upper = {"id": min(rows).encode()}, {"id": max(rows).encode()}
        if year is not None:
            lower["datetime"] = struct.pack("<q", micros(min(rows.values())))
            upper["datetime"] = struct.pack("<q", micros(max(rows.values())))
        return {
            "path": f"file://{path}",
            "cell": cell,
            "year": year,
            "rows": len(rows),
            "bytes": path.stat().st_size,
            "lower": {k: v.hex() for k, v in lower.items()},
            "upper": {k: v.hex() for k, v in upper.items()},
        }

    def pyiceberg(self):
        catalog = SqlCatalog("earthcatalog", uri=f"sqlite:///{self.catalog}", warehouse=self.uri)
        return catalog.load_table("earthcatalog.stac_items")

    def pyiceberg_ids(self):
        return sorted(self.pyiceberg().scan(selected_fields=("id",)).to_arrow()["id"].to_pylist())


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


@pytest.fixture
def filled(warehouse):
    """Four files over two commits: a 2019, b 2020, b undated, c 2020."""
    warehouse.commit(create=COLUMNS)
    warehouse.commit(
        append=[
            warehouse.file("f1", "a", 2019, {"a1": utc(2019, 5), "a2": utc(2019, 6)}),
            warehouse.file("f2", "b", 2020, {"b1": utc(2020)}),
        ],
        summary={"earthcatalog.run-id": "r1"},
    )
    warehouse.commit(
        append=[
            warehouse.file("f3", "b", None, {"b2": None}),
            warehouse.file("f4", "c", 2020, {"c1": utc(2020, 12, 31)}),
        ]
    )
    return warehouse


ALL = ["a1", "a2", "b1", "b2", "c1"]


@pytest.fixture(scope="module")
def duck():
    import duckdb_ext

    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    folder = pathlib.Path(next(iter(duckdb_ext.__path__))) / "extensions"
    connection.execute(f"SET extension_directory = '{folder}'")
    for extension in ("parquet", "json", "icu", "avro", "httpfs", "iceberg"):
        connection.execute(f"LOAD {extension}")
    return connection


def duck_ids(duck, source):
    return [row[0] for row in duck.execute(f"SELECT id FROM iceberg_scan('{source}') ORDER BY id").fetchall()]


def planned(table, filter):
    return sorted(pathlib.Path(task.file.file_path).stem for task in table.scan(filter).plan_files())


def test_pyiceberg_reads_and_counts(filled):
    table = filled.pyiceberg()
    assert filled.pyiceberg_ids() == ALL
    assert table.scan().count() == 5
    snapshots = table.metadata.snapshots
    assert snapshots[0].summary["earthcatalog.run-id"] == "r1"
    assert snapshots[1].summary["total-records"] == "5"
    assert snapshots[1].parent_snapshot_id == snapshots[0].snapshot_id
    assert table.scan(snapshot_id=snapshots[0].snapshot_id).count() == 3
    partitions = table.inspect.partitions().to_pylist()
    assert sum(p["record_count"] for p in partitions) == 5
    assert len(table.inspect.files()) == 4


def test_pyiceberg_prunes_by_cell_and_year(filled):
    table = filled.pyiceberg()
    assert planned(table, EqualTo("grid_partition", "b")) == ["f2", "f3"]
    assert planned(table, LessThan("datetime", "2020-01-01T00:00:00+00:00")) == ["f1"]
    in_2020 = And(
        GreaterThanOrEqual("datetime", "2020-01-01T00:00:00+00:00"),
        LessThan("datetime", "2021-01-01T00:00:00+00:00"),
    )
    assert planned(table, And(EqualTo("grid_partition", "c"), in_2020)) == ["f4"]
    assert planned(table, EqualTo("id", "a2")) == ["f1"]  # by bounds
    assert table.scan(in_2020).count() == 2


def test_pyiceberg_appends_and_we_commit_on_top(filled):
    table = filled.pyiceberg()
    rows = pa.Table.from_pylist(
        [{"id": "p1", "grid_partition": "b", "datetime": utc(2021, 3)}], schema=table.schema().as_arrow()
    )
    table.append(rows)
    state = filled.commit(append=[filled.file("f5", "d", 2021, {"d1": utc(2021)})])
    assert state["summary"]["total-records"] == "7"
    assert filled.pyiceberg_ids() == ["a1", "a2", "b1", "b2", "c1", "d1", "p1"]
    theirs = [f for f in state["files"] if f["year"] == 2021 and f["cell"] == "b"]
    assert len(theirs) == 1 and theirs[0]["rows"] == 1 and theirs[0]["bounds"] > 0
    # and their file can be replaced
    state = filled.commit(remove=[theirs[0]["path"]], append=[filled.file("f6", "b", 2021, {"p1": utc(2021, 4)})])
    assert filled.pyiceberg_ids() == ["a1", "a2", "b1", "b2", "c1", "d1", "p1"]
    assert state["summary"]["operation"] == "overwrite"
    # and they can delete in what we wrote
    filled.pyiceberg().delete(EqualTo("id", "a1"))
    assert filled.commit()["summary"]["total-records"] == "6"
    assert filled.pyiceberg_ids() == ["a2", "b1", "b2", "c1", "d1", "p1"]


def test_columns_added_later(filled, duck):
    filled.commit(add_columns=[["eo:cloud_cover", "double"], ["flag", "boolean"]])
    state = filled.commit(append=[filled.file("f5", "d", 2021, {"d1": utc(2021)})])
    assert [f["id"] for f in state["schema"]["fields"]][-2:] == [8, 9]
    table = filled.pyiceberg()
    assert table.scan().to_arrow()["eo:cloud_cover"].to_pylist() == [None] * 6
    table.append(
        pa.Table.from_pylist(
            [{"id": "p1", "grid_partition": "b", "datetime": utc(2021, 3), "eo:cloud_cover": 7.5}],
            schema=table.schema().as_arrow(),
        )
    )
    assert filled.pyiceberg().scan(EqualTo("eo:cloud_cover", 7.5)).count() == 1
    assert duck_ids(duck, filled.pyiceberg().metadata_location) == ALL + ["d1", "p1"]


def test_many_commits_with_merged_manifests(warehouse, duck):
    warehouse.commit(create=COLUMNS, properties={"commit.manifest.min-count-to-merge": "3"})
    for i in range(8):
        state = warehouse.commit(append=[warehouse.file(f"f{i}", f"c{i % 3}", 2020, {f"i{i}": utc(2020)})])
    assert state["manifests"] <= 3
    state = warehouse.commit(remove=[f["path"] for f in state["files"] if f["path"].endswith(("f1.parquet", "f7.parquet"))])
    ids = ["i0", "i2", "i3", "i4", "i5", "i6"]
    assert warehouse.pyiceberg_ids() == ids
    assert duck_ids(duck, state["metadata_location"]) == ids
    assert warehouse.pyiceberg().inspect.entries()["data_file"].to_pylist()


def test_duckdb_scans_folder_and_metadata_file(filled, duck):
    assert duck_ids(duck, filled.state["metadata_location"]) == ALL
    assert duck_ids(duck, filled.path / "earthcatalog/stac_items") == ALL
    where = f"iceberg_scan('{filled.path}/earthcatalog/stac_items') WHERE grid_partition = 'b'"
    assert duck.execute(f"SELECT count(*), count(datetime) FROM {where}").fetchone() == (2, 1)
    filled.commit(remove=[filled.state["files"][0]["path"]])
    assert duck_ids(duck, filled.path / "earthcatalog/stac_items") == filled.pyiceberg_ids()


def test_fastavro_reads_manifests_with_field_ids(filled):
    table = filled.pyiceberg()
    with open(table.current_snapshot().manifest_list[7:], "rb") as file:
        reader = fastavro.reader(file)
        lines = list(reader)
        ids = {f["name"]: f["field-id"] for f in reader.writer_schema["fields"]}
    assert len(lines) == 2 and ids["manifest_path"] == 500 and ids["partitions"] == 507
    assert reader.metadata["format-version"] == "2"
    with open(lines[0]["manifest_path"][7:], "rb") as file:
        reader = fastavro.reader(file)
        entries = list(reader)
    assert json.loads(reader.metadata["partition-spec"])[1]["transform"] == "year"
    assert json.loads(reader.metadata["schema"])["fields"][0]["name"] == "id"
    assert lines[0]["manifest_length"] == os.path.getsize(lines[0]["manifest_path"][7:])
    assert [e["data_file"]["partition"] for e in entries] == [
        {"grid_partition": "b", "year": None},
        {"grid_partition": "c", "year": 50},
    ]


PEER = [
    ("id", StringType()), ("grid_partition", StringType()), ("geometry", BinaryType()),
    ("datetime", TimestamptzType()), ("platform", StringType()), ("percent_valid_pixels", LongType()),
    ("date_dt", LongType()), ("proj:code", StringType()), ("assets", StringType()), ("links", StringType()),
    ("stac_version", StringType()), ("type", StringType()), ("start_datetime", TimestamptzType()),
    ("version", StringType()), ("sat:orbit_state", StringType()), ("scene_1_id", StringType()),
    ("scene_2_id", StringType()), ("scene_1_frame", StringType()), ("scene_2_frame", StringType()),
    ("mid_datetime", StringType()), ("created", TimestamptzType()), ("updated", TimestamptzType()),
    ("end_datetime", TimestamptzType()), ("stac_extensions", StringType()), ("collection", StringType()),
    ("latitude", DoubleType()), ("longitude", DoubleType()), ("bbox", StringType()),
]  # fmt: skip


def test_table_of_the_peer_is_taken_and_evolved(warehouse, duck):
    """28 columns, files without field ids, name mapping, a catalog without iceberg_type."""
    catalog = SqlCatalog("earthcatalog", uri=f"sqlite:///{warehouse.catalog}", warehouse=warehouse.uri)
    catalog.create_namespace("earthcatalog")
    schema = Schema(*[NestedField(i + 1, name, kind, required=False) for i, (name, kind) in enumerate(PEER)])
    spec = PartitionSpec(
        PartitionField(2, 1000, IdentityTransform(), "grid_partition"), PartitionField(4, 1001, YearTransform(), "year")
    )
    table = catalog.create_table("earthcatalog.stac_items", schema, partition_spec=spec)
    plain = pa.schema([pa.field(f.name, f.type) for f in table.schema().as_arrow()])
    path = warehouse.path / "grid_partition=a/year=2019/part_000000.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(
        pa.Table.from_pylist([{"id": "old", "grid_partition": "a", "datetime": utc(2019)}], schema=plain), path
    )
    table.add_files([f"file://{path}"])
    catalog.engine.dispose()
    with sqlite3.connect(warehouse.catalog) as connection:
        connection.execute("ALTER TABLE iceberg_tables DROP COLUMN iceberg_type")

    warehouse.commit(add_columns=[["grid_primary", "boolean"], ["geometry_bbox", COLUMNS[3][1]], ["stac_extra", "string"]])
    state = warehouse.commit(append=[warehouse.file("f1", "b", 2020, {"new": utc(2020)})])
    assert [f["id"] for f in state["schema"]["fields"]] == list(range(1, 32))
    assert [f["id"] for f in state["schema"]["fields"][29]["type"]["fields"]] == [32, 33]
    rows = warehouse.pyiceberg().scan().to_arrow().sort_by("id").to_pylist()
    assert [(r["id"], r["geometry_bbox"]) for r in rows] == [("new", {"xmin": 1.0, "ymin": 2.0}), ("old", None)]
    # the file without field ids is rewritten with them
    state = warehouse.commit(
        remove=[f["path"] for f in state["files"] if f["cell"] == "a"],
        append=[warehouse.file("f2", "a", 2019, {"old": utc(2019)})],
        rows_unchanged=True,
    )
    assert state["summary"]["operation"] == "replace"
    assert warehouse.pyiceberg_ids() == ["new", "old"]
    assert duck_ids(duck, warehouse.pyiceberg().metadata_location) == ["new", "old"]


def test_ids_of_a_new_table_are_those_of_pyiceberg(warehouse):
    state = warehouse.commit(create=COLUMNS)
    catalog = SqlCatalog("other", uri=f"sqlite:///{warehouse.path}/other.db", warehouse=f"{warehouse.uri}/other")
    catalog.create_namespace("earthcatalog")
    ours = warehouse.pyiceberg()
    theirs = catalog.create_table("earthcatalog.t", ours.schema(), partition_spec=ours.spec())
    assert theirs.schema() == ours.schema()
    assert theirs.spec() == ours.spec()
    assert [f["id"] for f in state["schema"]["fields"]] == [1, 2, 3, 4, 5]
    assert [f["id"] for f in state["schema"]["fields"][3]["type"]["fields"]] == [6, 7]
    assert ours.metadata.last_column_id == theirs.metadata.last_column_id == 7
    assert ours.metadata.last_partition_id == theirs.metadata.last_partition_id == 1001
