"""Commits position delete files as a merge-on-read engine does (PyIceberg reads them but writes none): the rows of a live
table for which `gone` says so. Made with pyarrow, fastavro and sqlite3 from the Iceberg specification."""

import io
import json
import random
import sqlite3
import time
import uuid

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
from independent_reader import DATA, IndependentReader, local_path, read_local

# Field ids that the specification reserves for the columns of a position delete file.
FILE_PATH_ID, POS_ID = "2147483546", "2147483545"


def position_delete_bytes(path, positions):
    schema = pa.schema([pa.field("file_path", pa.string(), False, {"PARQUET:field_id": FILE_PATH_ID}),
                        pa.field("pos", pa.int64(), False, {"PARQUET:field_id": POS_ID})])
    out = io.BytesIO()
    pq.write_table(pa.table([[path] * len(positions), list(positions)], schema=schema), out)
    return out.getvalue()


def rows_of(reader, live):
    table = pq.read_table(io.BytesIO(reader.read(live.file["file_path"])), partitioning=None)
    columns = reader.columns_of(table)
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


def delete_positions(metadata_uri, gone, read=read_local, write=None, content=1, equality_ids=None, file_format="PARQUET"):
    """Writes the next metadata file, whose snapshot lacks these rows, and returns its URI and how many rows went. `write`
    stores bytes under a URI; the catalog's pointer is the caller's."""
    write = write or write_local
    reader = IndependentReader(metadata_uri, read)
    entries, rows = [], 0
    manifests = reader.manifests()
    template = fastavro.reader(io.BytesIO(read(manifests[0]["manifest_path"])))
    already = reader.deleted_positions(reader.live_files())
    for live in reader.live_files():
        if live.content != DATA:
            continue
        path = live.file["file_path"]
        before = {position for number, _, position in already[path] if number >= live.sequence_number}
        positions = [number for number, row in enumerate(rows_of(reader, live)) if gone(row) and number not in before]
        if not positions:
            continue
        uri = f"{path.rsplit('/', 1)[0]}/{uuid.uuid4()}-deletes.parquet"
        content_bytes = position_delete_bytes(path, positions)
        write(uri, content_bytes)
        rows += len(positions)
        entries.append(delete_entry(live, uri, len(content_bytes), len(positions), content, equality_ids, file_format))
    if not entries:
        return metadata_uri, 0
    return commit(reader, template, manifests, entries, rows, metadata_uri, write), rows


def delete_entry(live, uri, size, rows, content, equality_ids, file_format):
    file = {**live.file, "content": content, "file_path": uri, "file_format": file_format, "record_count": rows,
            "file_size_in_bytes": size, "equality_ids": equality_ids}
    for name in ("column_sizes", "value_counts", "null_value_counts", "nan_value_counts", "lower_bounds", "upper_bounds",
                 "split_offsets", "sort_order_id", "key_metadata"):
        file[name] = None
    return {"status": 1, "snapshot_id": None, "sequence_number": None, "file_sequence_number": None, "data_file": file}


def commit(reader, template, manifests, entries, rows, metadata_uri, write):
    metadata, parent = reader.metadata, reader.snapshot
    folder = metadata_uri.rsplit("/", 1)[0]
    snapshot_id, sequence_number = random.getrandbits(62), metadata["last-sequence-number"] + 1
    for entry in entries:
        entry["snapshot_id"] = snapshot_id
    manifest_uri = f"{folder}/{uuid.uuid4()}-m0.avro"
    head = {key: value for key, value in template.metadata.items() if not key.startswith("avro.")}
    manifest = write_avro(template.writer_schema, entries, {**head, "content": "deletes"})
    write(manifest_uri, manifest)
    line = {"manifest_path": manifest_uri, "manifest_length": len(manifest), "partition_spec_id": metadata["default-spec-id"],
            "content": 1, "sequence_number": sequence_number, "min_sequence_number": sequence_number,
            "added_snapshot_id": snapshot_id, "added_files_count": len(entries), "existing_files_count": 0,
            "deleted_files_count": 0, "added_rows_count": rows, "existing_rows_count": 0, "deleted_rows_count": 0,
            "partitions": None, "key_metadata": None}
    old_list = fastavro.reader(io.BytesIO(reader.read(parent["manifest-list"])))
    list(old_list)
    list_uri = f"{folder}/snap-{snapshot_id}-1-{uuid.uuid4()}.avro"
    write(list_uri, write_avro(old_list.writer_schema, [*manifests, line], {}))
    summary = {key: value for key, value in parent["summary"].items() if key.startswith("total-")}
    for key, more in (("total-delete-files", len(entries)), ("total-position-deletes", rows)):
        summary[key] = str(int(summary.get(key, 0)) + more)
    now = max(time.time_ns() // 1_000_000, metadata["last-updated-ms"])
    snapshot = {"snapshot-id": snapshot_id, "parent-snapshot-id": parent["snapshot-id"], "sequence-number": sequence_number,
                "timestamp-ms": now, "manifest-list": list_uri, "schema-id": metadata["current-schema-id"],
                "summary": {**summary, "operation": "overwrite", "added-delete-files": str(len(entries)),
                            "added-position-delete-files": str(len(entries)), "added-position-deletes": str(rows)}}
    metadata = {**metadata, "last-sequence-number": sequence_number, "last-updated-ms": now,
                "current-snapshot-id": snapshot_id, "snapshots": [*metadata["snapshots"], snapshot],
                "snapshot-log": [*metadata["snapshot-log"], {"snapshot-id": snapshot_id, "timestamp-ms": now}],
                "refs": {**metadata["refs"], "main": {"snapshot-id": snapshot_id, "type": "branch"}},
                "metadata-log": [*metadata["metadata-log"],
                                 {"metadata-file": metadata_uri, "timestamp-ms": metadata["last-updated-ms"]}]}
    number = int(metadata_uri.rsplit("/", 1)[1].split("-", 1)[0]) + 1
    next_uri = f"{folder}/{number:05}-{uuid.uuid4()}.metadata.json"
    write(next_uri, json.dumps(metadata).encode())
    return next_uri


def write_avro(schema, records, head):
    out = io.BytesIO()
    fastavro.writer(out, schema, records, codec="deflate", metadata=head)
    return out.getvalue()


def write_local(uri, content):
    with open(local_path(uri), "xb") as file:
        file.write(content)


def point_to(catalog_path, metadata_uri):
    """Moves the table's pointer in a SQLite catalog file."""
    with sqlite3.connect(catalog_path) as connection:
        moved = connection.execute("UPDATE iceberg_tables SET previous_metadata_location = metadata_location, metadata_location = ? "
                                   "WHERE table_name = 'stac_items'", (metadata_uri,)).rowcount
    connection.close()
    assert moved == 1
