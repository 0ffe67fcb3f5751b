"""Makes tests/data/catalog/peer_table: a table as the Python peer makes it, with PyIceberg 0.12.

28 columns, files without field ids, registered by add_files, a name mapping, no properties of ours but the grid's.
All paths in it are memory://peer/..., so that a test can load it into a memory store. Run from the source root.
"""

import datetime
import pathlib
import shutil

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io import fsspec as iceberg_fsspec
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform, YearTransform
from pyiceberg.types import BinaryType, DoubleType, LongType, NestedField, StringType, TimestamptzType

OUT = pathlib.Path("tests/data/catalog/peer_table")
COLUMNS = [
    ("id", StringType()), ("grid_partition", StringType()), ("geometry", BinaryType()), ("datetime", TimestamptzType()),
    ("platform", StringType()), ("percent_valid_pixels", LongType()), ("date_dt", LongType()), ("proj:code", StringType()),
    ("assets", StringType()), ("links", StringType()), ("stac_version", StringType()), ("type", StringType()),
    ("start_datetime", TimestamptzType()), ("version", StringType()), ("sat:orbit_state", StringType()),
    ("scene_1_id", StringType()), ("scene_2_id", StringType()), ("scene_1_frame", StringType()),
    ("scene_2_frame", StringType()), ("mid_datetime", StringType()), ("created", TimestamptzType()),
    ("updated", TimestamptzType()), ("end_datetime", TimestamptzType()), ("stac_extensions", StringType()),
    ("collection", StringType()), ("latitude", DoubleType()), ("longitude", DoubleType()), ("bbox", StringType()),
]
POINT = bytes.fromhex("0101000000000000000000f03f0000000000000040")


def rows(cell, year, ids):
    """Rows of one file, in the types that the peer's writer gives them."""
    when = datetime.datetime(year, 7, 12, 10, 3, 22, tzinfo=datetime.timezone.utc)
    values = {"id": ids, "grid_partition": [cell] * len(ids), "geometry": [POINT] * len(ids),
              "datetime": [when] * len(ids), "updated": [when] * len(ids), "collection": ["itslive-granules"] * len(ids),
              "platform": ["LC08"] * len(ids), "stac_version": ["1.0.0"] * len(ids), "type": ["Feature"] * len(ids)}
    arrow = {StringType: pa.string(), BinaryType: pa.binary(), LongType: pa.int64(), DoubleType: pa.float64(),
             TimestamptzType: pa.timestamp("us", tz="UTC")}
    return pa.table({name: pa.array(values.get(name, [None] * len(ids)), arrow[type(kind)]) for name, kind in COLUMNS})


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    iceberg_fsspec.SCHEME_TO_FS["memory"] = lambda properties: fsspec.filesystem("memory")
    memory = fsspec.filesystem("memory")
    catalog = SqlCatalog("earthcatalog", uri=f"sqlite:///{OUT / 'catalog.db'}", warehouse="memory://peer/wh",
                         **{"py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO"})
    catalog.create_namespace("earthcatalog")
    schema = Schema(*(NestedField(i + 1, name, kind, required=False) for i, (name, kind) in enumerate(COLUMNS)))
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "grid_partition"),
                         PartitionField(4, 1001, YearTransform(), "year"))
    table = catalog.create_table("earthcatalog.stac_items", schema, partition_spec=spec,
                                 properties={"earthcatalog.grid.type": "h3",
                                             "earthcatalog.hash_index_path": "memory://peer/wh_id_hashes.parquet"})
    paths = []
    for cell, year, ids in [("81063ffffffffff", 2018, ["a", "b"]), ("8106bffffffffff", 2018, ["b"]),
                            ("81063ffffffffff", 2020, ["c"])]:
        path = f"memory://peer/wh/grid_partition={cell}/year={year}/part_000000_{len(paths):08x}.parquet"
        with memory.open(path, "wb") as file:
            pq.write_table(rows(cell, year, ids), file, compression="zstd")
        paths.append(path)
    table.add_files(paths)
    for name in memory.find("/peer"):
        target = OUT / name.removeprefix("/peer/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(memory.cat(name))
    print(table.location(), table.properties)


if __name__ == "__main__":
    main()
