"""One place by several spellings: paths with '%', file URIs, and metadata in which another engine spells the files."""

import io
import json
import pathlib
import re
import sqlite3

import fastavro
import pytest
from conftest import BUCKET, S3Table, Table, backfill, incremental

# As Hadoop, Java and people write a local folder, and as earthcatalog does.
SPELLINGS = ["file:{}", "file://{}", "file://localhost{}", "{}"]


def pointer_of(table):
    with sqlite3.connect(table.catalog) as catalog:
        return catalog.execute("SELECT metadata_location FROM iceberg_tables").fetchone()[0]


class Respeller:
    """Rewrites what a table's metadata name, from the pointer down to the data files, as another engine spells it."""

    def __init__(self, old, new, read, write):
        """`old`: a pattern of all spellings that there may be."""
        self.old, self.new, self.read, self.write = re.compile(old), new, read, write

    def spell(self, value):
        if isinstance(value, str):
            return self.old.sub(lambda _: self.new, value)
        if isinstance(value, dict):
            return {key: self.spell(each) for key, each in value.items()}
        return [self.spell(each) for each in value] if isinstance(value, list) else value

    def avro(self, name):
        """Rewrites a manifest list or manifest; gives its records as they were."""
        reader = fastavro.reader(io.BytesIO(self.read(name)))
        records, head = list(reader), dict(reader.metadata)
        schema = json.loads(head.pop("avro.schema"))
        head.pop("avro.codec", None)
        out = io.BytesIO()
        fastavro.writer(out, schema, self.spell(records), metadata=head, codec="deflate")
        self.write(name, out.getvalue())
        return records

    def table(self, pointer):
        metadata = json.loads(self.read(pointer))
        done = set()
        for snapshot in metadata["snapshots"]:
            for manifest in self.avro(snapshot["manifest-list"]):
                if manifest["manifest_path"] not in done:
                    done.add(manifest["manifest_path"])
                    self.avro(manifest["manifest_path"])
        self.write(pointer, json.dumps(self.spell(metadata)).encode())


def respell(table, spelling):
    """The local table as if its every file had been committed by an engine that spells `file:///p` like this."""
    pointer = pointer_of(table)
    folder = str(table.folder)

    def path_of(uri):
        return pathlib.Path(uri[uri.index(folder):])

    respeller = Respeller(f"(file:(//(localhost)?)?)?{re.escape(folder)}", spelling.format(folder), lambda uri: path_of(uri).read_bytes(),
                          lambda uri, content: path_of(uri).write_bytes(content))
    respeller.table(pointer)
    with sqlite3.connect(table.catalog) as catalog:
        catalog.execute("UPDATE iceberg_tables SET metadata_location = ?", (respeller.spell(pointer),))


def is_good(earthcatalog, table, archive):
    return earthcatalog.json("audit", "--inventory", archive.inventory, *table.arguments)["good"]


def data_files(table):
    return sorted(path for path in table.warehouse.glob("grid_partition=*/year=*/*.parquet"))


@pytest.fixture
def upserted(earthcatalog, small_archive, table):
    """A table of two snapshots, the first one's files replaced."""
    earthcatalog.json(*incremental(table, small_archive))
    earthcatalog.json(*incremental(table, small_archive, "--refetch"))
    return table


@pytest.mark.parametrize("spelling", SPELLINGS)
class TestMetadataOfAnotherEngine:
    def test_every_command_reads_them(self, earthcatalog, small_archive, small_contents, upserted, spelling):
        respell(upserted, spelling)
        assert earthcatalog.json("info", *upserted.arguments)["rows"] == small_contents.num_rows
        assert is_good(earthcatalog, upserted, small_archive)
        assert earthcatalog.json(*incremental(upserted, small_archive))["unchanged"] == 120
        assert earthcatalog.json("compact", *upserted.arguments)["buckets_compacted"] >= 0
        assert earthcatalog.json(*incremental(upserted, small_archive, "--refetch"))["written_items"] == 120
        assert is_good(earthcatalog, upserted, small_archive)
        respell(upserted, "file://{}")
        assert upserted.contents().equals(small_contents)

    def test_expire_keeps_every_live_file(self, earthcatalog, small_archive, upserted, spelling):
        live = sorted(pathlib.Path(path) for path in upserted.data_files())
        assert set(data_files(upserted)) > set(live)
        respell(upserted, spelling)
        report = earthcatalog.json("expire", *upserted.arguments, "--older-than", "0s")
        assert report["places"]["data"]["live"]["files"] == len(live)
        assert data_files(upserted) == live
        assert is_good(earthcatalog, upserted, small_archive)
        report = earthcatalog.json("expire", *upserted.arguments, "--older-than", "0s")
        assert report["places"]["data"]["removed"]["files"] == 0 and data_files(upserted) == live

    def test_a_lost_catalog_is_found_again(self, earthcatalog, upserted, spelling):
        respell(upserted, spelling)
        rows = earthcatalog.json("info", *upserted.arguments)["rows"]
        upserted.catalog.unlink()
        assert earthcatalog.json("register", "--from-warehouse", *upserted.arguments)["from"] == "metadata"
        assert earthcatalog.json("info", *upserted.arguments)["rows"] == rows


def test_new_files_are_spelled_in_one_way_and_others_keep_theirs(earthcatalog, archive, table):
    earthcatalog.json(*incremental(table, archive, "--limit", 100))
    respell(table, "file:{}")
    old = {str(path) for path in data_files(table)}
    earthcatalog.json(*incremental(table, archive, "--limit", 200))
    assert pointer_of(table).startswith(f"file:///{str(table.folder)[1:]}")
    snapshot = json.loads(pathlib.Path(pointer_of(table).removeprefix("file://")).read_text())["snapshots"][-1]
    files = {}
    for manifest in fastavro.reader(open(snapshot["manifest-list"].removeprefix("file://"), "rb")):
        path = manifest["manifest_path"].removeprefix("file:").removeprefix("//")
        for entry in fastavro.reader(open(path, "rb")):
            if entry["status"] != 2:
                files[entry["data_file"]["file_path"]] = entry
    kept = {name.removeprefix("file:") for name in files if not name.startswith("file:///")}
    assert kept and kept <= old
    assert all(name.startswith("file:///") or name.removeprefix("file:") in old for name in files)
    assert len(files) == len(data_files(table)) - len(old - kept)


@pytest.mark.parametrize("spelling", ["{}", "file:{}", "file://{}", "file://localhost{}", "{}/", "{}/../{name}//"])
def test_spellings_of_catalog_and_warehouse_are_one_table(earthcatalog, small_archive, upserted, spelling):
    def spelled(path):
        return spelling.format(path, name=path.name).rstrip("/" if path == upserted.catalog else "")

    places = ["--catalog", spelled(upserted.catalog), "--warehouse", spelled(upserted.warehouse)]
    inventory = ["--inventory", small_archive.inventory, "--source-root", small_archive.source_root]
    lock = upserted.catalog.with_name(upserted.catalog.name + ".lock")
    lock.write_text(json.dumps({"owner": "another", "pid": 1, "hostname": "elsewhere", "acquired": "2099-01-01T00:00:00Z",
                                "ttl_hours": 12}))
    process = earthcatalog.run("incremental", *inventory, *places)
    assert process.returncode == 1 and "another" in process.stderr
    lock.unlink()
    assert earthcatalog.json("incremental", *inventory, *places)["unchanged"] == 120


AWKWARD = ["w%41x", "wh 100%_ü", "a+b#c?d", "%", "file:"]


@pytest.mark.parametrize("name", AWKWARD)
class TestFolderNames:
    def assert_one_folder(self, earthcatalog, archive, table, parent):
        """Nothing but what this table's name says lies in the folder, and all commands find it there."""
        assert is_good(earthcatalog, table, archive)
        assert earthcatalog.json(*incremental(table, archive))["unchanged"] == 120
        earthcatalog.json(*incremental(table, archive, "--refetch"))
        assert earthcatalog.json("expire", *table.arguments, "--older-than", "0s")["places"]["data"]["live"]["files"] > 0
        assert is_good(earthcatalog, table, archive)
        assert {path.name for path in parent.iterdir()} == {table.folder.name}
        inside = {path.name for path in table.folder.iterdir()} - {"staging"}
        wh = table.warehouse.name
        assert inside == {table.catalog.name, wh, f"{wh}_objects"} or inside == {
            table.catalog.name, wh, f"{wh}_objects", f"{wh}_id_hashes.parquet"}

    def named(self, tmp_path, name):
        parent = tmp_path / "parent"
        table = Table(parent / name)
        table.catalog, table.warehouse = table.folder / f"{name}.db", table.folder / name
        return table, parent

    def test_of_incremental(self, earthcatalog, small_archive, tmp_path, name):
        table, parent = self.named(tmp_path, name)
        earthcatalog.json(*incremental(table, small_archive))
        self.assert_one_folder(earthcatalog, small_archive, table, parent)

    @pytest.mark.parametrize("shape", ["staged", "direct"])
    def test_of_backfill(self, earthcatalog, small_archive, tmp_path, name, shape):
        table, parent = self.named(tmp_path, name)
        earthcatalog.json(*backfill(table, small_archive, "--update-hash-index", shape=shape))
        self.assert_one_folder(earthcatalog, small_archive, table, parent)

    def test_of_register(self, earthcatalog, small_archive, tmp_path, name):
        table, parent = self.named(tmp_path, name)
        earthcatalog.json(*incremental(table, small_archive))
        table.catalog.unlink()
        earthcatalog.json("register", "--from-warehouse", *table.arguments)
        self.assert_one_folder(earthcatalog, small_archive, table, parent)


def test_a_typed_file_uri_is_decoded_once(earthcatalog, small_archive, tmp_path):
    table = Table(tmp_path / "a %41")
    encoded = f"file://{tmp_path}/a%20%2541"
    earthcatalog.json("incremental", f"--inventory=file://{small_archive.inventory}", "--source-root",
                      small_archive.source_root, "--catalog", f"{encoded}/catalog.db", f"--warehouse={encoded}/warehouse")
    assert earthcatalog.json("info", *table.arguments)["items"] == 120
    assert {path.name for path in tmp_path.iterdir()} == {"a %41"}
    config = tmp_path / "c.yaml"
    config.write_text(f"catalog:\n  db_path: {encoded}/catalog.db\n  warehouse: {encoded}/warehouse\n")
    assert earthcatalog.json("info", "--config", config)["items"] == 120


def test_a_broken_escape_is_refused_with_the_remedy(earthcatalog):
    process = earthcatalog.run("info", "--catalog", "file:///tmp/100%/c.db")
    assert process.returncode == 2 and "%25" in process.stderr


def test_a_uri_with_one_slash_makes_no_folder(earthcatalog, small_archive, tmp_path):
    process = earthcatalog.run("incremental", "--inventory", small_archive.inventory, "--source-root",
                               small_archive.source_root, "--catalog", "c.db", "--warehouse", "s3:/bucket/wh", cwd=tmp_path)
    assert process.returncode == 2 and "one slash" in process.stderr
    assert list(tmp_path.iterdir()) == []


class TestOnS3:
    @pytest.mark.parametrize("scheme", ["s3a", "s3n"])
    def test_spellings_of_hadoop_are_read_and_kept_by_expire(self, s3_server, s3_earthcatalog, tmp_path, scheme):
        name = f"places-{scheme}"
        archive = f"s3://{BUCKET}/{name}"
        s3_earthcatalog.run("generate", "--items", 60, "--seed", 7, "--concentrate", "--out", archive, check=True)
        table = S3Table(s3_server, name, tmp_path)
        job = ["incremental", "--inventory", f"{archive}/inventory.csv", *table.arguments]
        s3_earthcatalog.json(*job)
        s3_earthcatalog.json(*job, "--refetch")
        live = len(table.data_files())
        fs = s3_server.file_system()

        def write(uri, content):
            with fs.open_output_stream(uri.removeprefix("s3://")) as stream:
                stream.write(content)

        respeller = Respeller("s3://", f"{scheme}://", lambda uri: s3_server.get(uri.removeprefix("s3://")), write)
        with sqlite3.connect(table.copy) as catalog:
            pointer = catalog.execute("SELECT metadata_location FROM iceberg_tables").fetchone()[0]
            respeller.table(pointer)
            catalog.execute("UPDATE iceberg_tables SET metadata_location = ?", (respeller.spell(pointer),))
        table.store_copy()
        assert s3_earthcatalog.json("audit", "--inventory", job[2], *table.arguments)["good"]
        report = s3_earthcatalog.json("expire", *table.arguments, "--older-than", "0s")
        assert report["places"]["data"]["live"]["files"] == live and report["places"]["data"]["removed"]["files"] > 0
        assert s3_earthcatalog.json("audit", "--inventory", job[2], *table.arguments)["good"]
        assert s3_earthcatalog.json(*job)["unchanged"] == 60
