"""Reads an Iceberg table by the specification with fastavro and pyarrow alone: neither our code nor PyIceberg's.

Columns are found by field id, in files without ids by the table's name mapping; position deletes are applied. Whatever the
reader does not know (equality deletes, deletion vectors, other file formats) is an error, never a guess.
"""

import collections
import io
import json
import re
import urllib.parse

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

DATA, POSITION_DELETES = 0, 1
DELETED = 2
Live = collections.namedtuple("Live", "content sequence_number partition file")


def local_path(uri):
    """The path of a file URI in any of its spellings; nothing for another scheme."""
    if uri.startswith("/"):
        return uri
    match = re.fullmatch(r"file:(?://(?:localhost)?)?(/.*)", uri)
    return match and urllib.parse.unquote(match[1])


def read_local(uri):
    with open(local_path(uri), "rb") as file:
        return file.read()


class IndependentReader:
    """One snapshot of the table behind a metadata file. `read` gives the bytes behind a URI."""

    def __init__(self, metadata_uri, read=read_local, snapshot_id=None):
        self.read = read
        self.metadata = json.loads(read(metadata_uri))
        wanted = snapshot_id or self.metadata.get("current-snapshot-id")
        self.snapshot = next((each for each in self.metadata["snapshots"] if each["snapshot-id"] == wanted), None)
        schema_id = self.metadata["current-schema-id"]
        self.fields = next(each for each in self.metadata["schemas"] if each["schema-id"] == schema_id)["fields"]
        mapping = json.loads(self.metadata.get("properties", {}).get("schema.name-mapping.default", "[]"))
        self.names = {each["field-id"]: set(each["names"]) for each in mapping if "field-id" in each}
        self.member_names = {member["field-id"]: set(member["names"])
                             for each in mapping for member in each.get("fields", []) if "field-id" in member}

    def manifests(self):
        if not self.snapshot:
            return []
        return list(fastavro.reader(io.BytesIO(self.read(self.snapshot["manifest-list"]))))

    def live_files(self):
        """All files of the snapshot that count, data and deletes."""
        found = []
        for manifest in self.manifests():
            for entry in fastavro.reader(io.BytesIO(self.read(manifest["manifest_path"]))):
                if entry["status"] == DELETED:
                    continue
                file = entry["data_file"]
                assert file.get("content", 0) in (DATA, POSITION_DELETES), "equality deletes are not read"
                assert file["file_format"].upper() == "PARQUET", file["file_format"]
                number = entry.get("sequence_number")
                number = manifest.get("sequence_number", 0) if number is None else number
                partition = (manifest["partition_spec_id"], tuple(file["partition"].values()))
                found.append(Live(file.get("content", 0), number, partition, file))
        return found

    def deleted_positions(self, files):
        """By path of the data file: (sequence number of the delete, partition, position)."""
        deleted = collections.defaultdict(list)
        for live in files:
            if live.content != POSITION_DELETES:
                continue
            rows = pq.read_table(io.BytesIO(self.read(live.file["file_path"])), columns=["file_path", "pos"]).to_pylist()
            for row in rows:
                deleted[row["file_path"]].append((live.sequence_number, live.partition, row["pos"]))
        return deleted

    def rows(self):
        """A dictionary by column name for each row, in no order."""
        files = self.live_files()
        deleted = self.deleted_positions(files)
        result = []
        for live in files:
            if live.content != DATA:
                continue
            path = live.file["file_path"]
            gone = {position for number, partition, position in deleted[path]
                    if number >= live.sequence_number and partition == live.partition}
            content = self.read(path)
            assert len(content) == live.file["file_size_in_bytes"], path
            columns = self.columns_of(pq.read_table(io.BytesIO(content), partitioning=None))
            count = live.file["record_count"]
            values = [columns[name] for name in columns]
            assert all(len(column) == count for column in values), path
            result += [dict(zip(columns, row)) for position, row in enumerate(zip(*values)) if position not in gone]
        return result

    def columns_of(self, table):
        """The values of each column of the table's schema in a file's rows."""
        return {field["name"]: self.values(field, table.schema, table.columns, table.num_rows) for field in self.fields}

    def values(self, field, fields, arrays, count):
        has_ids = any((each.metadata or {}).get(b"PARQUET:field_id") for each in fields)
        for each, array in zip(fields, arrays):
            if not self.is_field(each, field, has_ids):
                continue
            if isinstance(field["type"], dict):
                return self.struct_values(field["type"]["fields"], array)
            return plain(array, field["type"])
        return [None] * count

    def is_field(self, column, field, has_ids):
        if has_ids:
            return int((column.metadata or {}).get(b"PARQUET:field_id", b"-1")) == field["id"]
        names = {**self.names, **self.member_names}.get(field["id"], set()) if self.names else {field["name"]}
        return column.name in names

    def struct_values(self, members, array):
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        flat = array.flatten()  # with the struct's own nulls
        columns = [self.values(member, list(array.type), flat, len(array)) for member in members]
        return [dict(zip((member["name"] for member in members), row)) if there.as_py() else None
                for there, row in zip(array.is_valid(), zip(*columns))]


def plain(array, type_name):
    """Values in one form whatever the writer's types: microseconds, Python's numbers and text."""
    if type_name in ("timestamptz", "timestamp"):
        return array.cast(pa.timestamp("us", tz="UTC" if type_name == "timestamptz" else None)).cast(pa.int64()).to_pylist()
    return array.to_pylist()


def sort_rows(rows):
    """Rows as text, in one order: equal lists mean equal rows with equal values."""
    return sorted(json.dumps(row, sort_keys=True, default=lambda value: value.hex()) for row in rows)
