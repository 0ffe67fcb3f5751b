"""Writes the committed Parquet and ORC inventories of this folder with pyarrow, in the types that its users choose.

    python tests/data/inventory/make.py
"""

import pathlib
from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet

here = pathlib.Path(__file__).parent
begin = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)
keys = ["a/1.stac.json", "a/2 +%20.stac.json", "b/ü,\"\n🌍.stac.json", "b/4.png", "b/5.stac.json", "b/6.stac.json"]
sizes = [4811, 4630, None, 12, 5152, 1]
dates = [begin + timedelta(hours=i) for i in range(5)] + [None]
latest = [True, True, True, True, False, True]
deleted = [False, False, None, False, False, True]
n = len(keys)


def naive(values):
    return [v and v.replace(tzinfo=None) for v in values]


def iso(values):
    return [v and v.strftime("%Y-%m-%dT%H:%M:%S.000Z") for v in values]


# As S3 Inventory writes Parquet and ORC: all its columns, flags as booleans.
aws = pa.table({
    "bucket": ["its-live-data"] * n, "key": keys, "version_id": [f"v{i}" for i in range(n)],
    "is_latest": pa.array(latest), "is_delete_marker": pa.array(deleted), "size": pa.array(sizes, pa.int64()),
    "last_modified_date": pa.array(dates, pa.timestamp("ms", "UTC")), "e_tag": [f"etag{i}" for i in range(n)],
    "storage_class": ["STANDARD"] * n})
pa.parquet.write_table(aws, here / "aws.parquet", compression="snappy")
orc = aws.set_column(6, "last_modified_date", pa.array(naive(dates), pa.timestamp("ns")))
pa.orc.write_table(orc, here / "aws.orc", compression="zlib")

# As pandas users write it: text dates, sizes as floats because some are missing, flags as text, INT96 elsewhere.
text = pa.table({
    "Key": pa.array(keys, pa.large_string()), "Bucket": pa.array(["its-live-data"] * n).dictionary_encode(),
    "Size": pa.array(sizes, pa.float64()), "LastModifiedDate": iso(dates),
    "IsLatest": [str(v).lower() for v in latest], "IsDeleteMarker": [None if v is None else str(v).upper() for v in deleted],
    "ETag": [f'"etag{i}"' for i in range(n)]})
pa.parquet.write_table(text, here / "pandas.parquet", compression="zstd")
int96 = aws.set_column(6, "last_modified_date", pa.array(naive(dates), pa.timestamp("ns")))
pa.parquet.write_table(int96, here / "int96.parquet", use_deprecated_int96_timestamps=True, row_group_size=2)

# A column inside another one moves the leaves behind it.
nested = pa.table({
    "owner": [{"id": "x", "tags": ["key", "bucket"]}] * n, "bucket": ["its-live-data"] * n, "key": keys,
    "size": pa.array(sizes, pa.int32()), "last_modified_date": pa.array(dates, pa.timestamp("us", "Europe/Berlin")),
    "is_latest": pa.array(latest), "is_delete_marker": pa.array(deleted), "e_tag": [f"etag{i}" for i in range(n)]})
pa.parquet.write_table(nested, here / "nested.parquet", data_page_version="2.0")
