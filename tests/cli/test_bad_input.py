"""Bad input gets a clear error, exit code 1, and nothing committed; or is counted and the run goes on."""

import contextlib
import gzip
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

import pytest
from conftest import BINARY, BUCKET, Table, incremental


class Folder:
    """A hand-made archive: objects by key, and an inventory that lists them."""

    def __init__(self, path):
        self.path = path
        self.keys = []
        self.source_root = f"file://{path}/"

    def add(self, key, body):
        target = self.path / BUCKET / key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
        self.keys.append(key)

    @property
    def inventory(self):
        import csv

        path = self.path / "list.csv"
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["bucket", "key"])
            writer.writerows([BUCKET, key] for key in self.keys)
        return path


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "source"
    path.mkdir()
    return Folder(path)


@pytest.fixture(scope="session")
def item(archive):
    return json.loads(archive.objects()[0].read_text())


def run_on(earthcatalog, table, inventory, *more):
    return earthcatalog.run("incremental", "--inventory", inventory, *table.arguments, *more)


class TestInventory:
    @pytest.mark.parametrize("name, content, expected", [
        ("missing.csv", None, "missing.csv"),
        ("empty.csv", b"", "empty"),
        ("noheader.csv", b"just one column\nanother\n", "bucket"),
        ("notgzip.csv.gz", b"bucket,key\na,b\n", "gzip"),
        ("notparquet.parquet", b"bucket,key\na,b\n", "Parquet"),
        ("truncated.csv.gz", gzip.compress(b"bucket,key\n" + b"a,b.stac.json\n" * 1000, mtime=0)[:-20], "gzip"),
    ])
    def test_is_refused_by_name_and_reason(self, earthcatalog, table, name, content, expected):
        path = table.folder / name
        if content is not None:
            path.write_bytes(content)
        process = run_on(earthcatalog, table, path)
        assert process.returncode == 1, process.stderr
        assert name in process.stderr and expected.lower() in process.stderr.lower()
        assert not table.catalog.exists() or table_is_empty(table)

    def test_without_rows_is_nothing_to_do(self, earthcatalog, table):
        path = table.folder / "none.csv"
        path.write_text("bucket,key\n")
        process = run_on(earthcatalog, table, path, "--format", "json")
        assert process.returncode == 0, process.stderr
        assert json.loads(process.stdout)["source_items"] == 0


class TestInventoryThatBreaksFurtherOn:
    """Nothing is committed of it, although a run that commits so often would have begun long before the fault."""

    OFTEN = ["--chunk-size", 2, "--commit-every", "0s", "--workers", 1]

    def check(self, earthcatalog, archive, table, inventory, name, expected):
        process = run_on(earthcatalog, table, inventory, "--source-root", archive.source_root, *self.OFTEN)
        assert process.returncode == 1, process.stderr
        assert name in process.stderr and expected in process.stderr, process.stderr
        assert not table.catalog.exists() or table_is_empty(table)
        assert not table.is_locked()
        assert list(table.warehouse.rglob("*.parquet")) == []

    def test_truncated_gzip(self, earthcatalog, archive, table):
        path = table.folder / "truncated.csv.gz"
        path.write_bytes(gzip.compress(archive.inventory.read_bytes(), mtime=0)[:-2000])
        self.check(earthcatalog, archive, table, path, path.name, "truncated")

    @pytest.mark.parametrize("fault, expected", [("md5", "MD5"), ("columns", "has no key"), ("truncated", "truncated")])
    def test_second_file_of_a_manifest(self, earthcatalog, archive, table, fault, expected):
        rows = [f"{BUCKET},{path.relative_to(archive.folder / BUCKET)}" for path in archive.objects()]
        parts = [gzip.compress(("\n".join(part) + "\n").encode(), mtime=0) for part in (rows[:1000], rows[1000:])]
        if fault == "columns":
            parts[1] = gzip.compress(f"{BUCKET}\n".encode(), mtime=0)
        if fault == "truncated":
            parts[1] = parts[1][:-100]
        files = []
        for number, part in enumerate(parts):
            (table.folder / f"part{number}.csv.gz").write_bytes(part)
            files.append({"key": f"part{number}.csv.gz", "size": len(part), "MD5checksum": hashlib.md5(part).hexdigest()})
        if fault == "md5":
            files[1]["MD5checksum"] = "0" * 32
        manifest = table.folder / "manifest.json"
        manifest.write_text(json.dumps({"sourceBucket": BUCKET, "destinationBucket": "arn:aws:s3:::lists",
                                        "fileFormat": "CSV", "fileSchema": "Bucket, Key", "files": files}))
        self.check(earthcatalog, archive, table, manifest, "part1.csv.gz", expected)


    def test_a_list_that_is_another_one_by_now(self, earthcatalog, archive, table):
        path = table.folder / "inventory.csv"
        path.write_bytes(archive.inventory.read_bytes())
        first = earthcatalog.start("incremental", "--inventory", path, "--source-root", archive.source_root,
                                   *table.arguments, "--chunk-size", 2, "--commit-every", "1s", "--workers", 1)
        with stopped_while_it_holds(table.catalog.with_name("catalog.db.lock"), first):
            path.write_text(path.read_text() + f"{BUCKET},another.stac.json,1,\n")
            time.sleep(1.1)  # a commit is due when it goes on, and was not before
        stderr = first.communicate(timeout=120)[1]
        assert first.returncode == 1 and "has changed since the run began" in stderr, stderr
        assert not table.catalog.exists() or table_is_empty(table)


def table_is_empty(table):
    with sqlite3.connect(table.catalog) as connection:
        return connection.execute("SELECT count(*) FROM iceberg_tables").fetchone() == (0,)


class TestKeys:
    KEYS = ["plain", "a b", "a+b", "100%25", "quo\"te", "com,ma", "line\nbreak", "über/ø", "a'b"]

    def test_odd_keys_are_fetched_under_their_true_names(self, earthcatalog, table, folder, item):
        for number, key in enumerate(self.KEYS):
            folder.add(f"{key}.stac.json", {**item, "id": f"item {number}"})
        report = json.loads(run_on(earthcatalog, table, folder.inventory, "--source-root", folder.source_root, "--format", "json").stdout)
        assert report["written_items"] == len(self.KEYS)


NESTED = ("[" * 1000) + ("]" * 1000)

REJECTED = {
    "not-json": b"this is no JSON",
    "truncated": b'{"type": "Feature", "id": "x"',
    "not-a-feature": b'{"type": "FeatureCollection", "id": "x", "features": []}',
    "no-id": b'{"type": "Feature", "properties": {}, "geometry": null}',
    "number-id": b'{"type": "Feature", "id": 7, "properties": {}, "geometry": null}',
    "deep": b'{"type": "Feature", "id": "x", "geometry": null, "properties": {"a": ' + NESTED.encode() + b"}}",
    "nan": b'{"type": "Feature", "id": "x", "geometry": null, "properties": {"a": NaN}}',
    "not-utf8": b'{"type": "Feature", "id": "x\xff", "geometry": null, "properties": {}}',
    "empty": b"",
}


class TestBodies:
    @pytest.mark.parametrize("name", sorted(REJECTED))
    def test_what_is_no_item_is_rejected_with_a_reason_and_the_run_goes_on(self, earthcatalog, table, folder, item, name):
        folder.add(f"{name}.stac.json", REJECTED[name])
        folder.add("good.stac.json", item)
        process = run_on(earthcatalog, table, folder.inventory, "--source-root", folder.source_root, "--format", "json")
        assert process.returncode == 0, process.stderr
        report = json.loads(process.stdout)
        assert (report["rejected"], report["written_items"]) == (1, 1)
        path = report["problems"].removeprefix("file://")
        line = json.loads(open(path).read())
        assert line["kind"] == "rejected" and line["key"] == f"{name}.stac.json" and line["reason"]

    def test_missing_objects_are_counted(self, earthcatalog, table, folder, item):
        folder.add("good.stac.json", item)
        folder.keys.append("gone.stac.json")
        report = json.loads(run_on(earthcatalog, table, folder.inventory, "--source-root", folder.source_root, "--format", "json").stdout)
        assert (report["missing"], report["written_items"], report["source_items"]) == (1, 1, 2)


def polygon(*ring):
    return {"type": "Polygon", "coordinates": [list(map(list, ring))]}


UNLOCATED = {
    "null": None,
    "empty-ring": {"type": "Polygon", "coordinates": [[]]},
    "unclosed": polygon((0, 0), (1, 0), (1, 1), (0, 1)),
    "latitude-95": polygon((0, 0), (1, 0), (1, 95), (0, 0)),
    "unknown-type": {"type": "Blob", "coordinates": []},
}
LOCATED = {
    "self-crossing": polygon((0, 0), (1, 1), (1, 0), (0, 1), (0, 0)),
    "three-dimensions": polygon((0, 0, 5), (1, 0, 5), (1, 1, 5), (0, 0, 5)),
    "antimeridian": polygon((179, 0), (181, 0), (181, 1), (179, 1), (179, 0)),
    "collection": {"type": "GeometryCollection", "geometries": [
        {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [3, 4]}]}]},
}


class TestGeometry:
    def run_one(self, earthcatalog, table, folder, item, geometry):
        folder.add("one.stac.json", {**item, "geometry": geometry})
        process = run_on(earthcatalog, table, folder.inventory, "--source-root", folder.source_root, "--format", "json", "--h3-resolution", 1)
        assert process.returncode == 0, process.stderr
        files = sorted(map(str, table.warehouse.glob("grid_partition=*/year=*/*.parquet")))
        lines = earthcatalog.run("cat", *files, check=True).stdout.splitlines()
        for line in lines:
            assert json.loads(line)["geometry"] == geometry
        return json.loads(process.stdout), files

    @pytest.mark.parametrize("name", sorted(UNLOCATED))
    def test_without_a_place_it_is_kept_in_none(self, earthcatalog, table, folder, item, name):
        report, files = self.run_one(earthcatalog, table, folder, item, UNLOCATED[name])
        assert (report["written_items"], report["unlocated"], report["rows"]) == (1, 1, 1)
        assert "grid_partition=__none__" in files[0]

    @pytest.mark.parametrize("name", sorted(LOCATED))
    def test_with_a_place_it_has_cells(self, earthcatalog, table, folder, item, name):
        report, files = self.run_one(earthcatalog, table, folder, item, LOCATED[name])
        assert (report["written_items"], report["unlocated"]) == (1, 0)
        assert not any("__none__" in file for file in files)


class TestDatetimes:
    @pytest.mark.parametrize("text, year", [
        ("2019-01-01T05:00:00+14:00", "2018"), ("2016-12-31T23:59:60Z", "2017"), ("2020-01-01", "2020"),
        ("0001-01-01T00:00:00Z", "1"), ("9999-12-31T23:59:59Z", "9999"), ("nonsense", "unknown"), (None, "unknown"),
    ])
    def test_the_year_is_that_of_the_instant_in_utc(self, earthcatalog, table, folder, item, text, year):
        changed = {**item, "properties": {**item["properties"], "datetime": text}}
        folder.add("one.stac.json", changed)
        report = json.loads(run_on(earthcatalog, table, folder.inventory, "--source-root", folder.source_root, "--format", "json").stdout)
        assert report["written_items"] == 1
        files = sorted(table.warehouse.glob("grid_partition=*/year=*/*.parquet"))
        assert {file.parent.name for file in files} == {f"year={year}"}
        assert report["undated"] == (1 if year == "unknown" else 0)
        assert report["item_dates_unparseable"] == (1 if text == "nonsense" else 0)


class TestTables:
    def test_a_mistyped_catalog_is_not_created_by_info(self, earthcatalog, tmp_path):
        process = earthcatalog.run("info", "--catalog", tmp_path / "nope.db", "--warehouse", tmp_path / "w")
        assert process.returncode == 1 and "nope.db" in process.stderr
        assert list(tmp_path.iterdir()) == []

    def test_a_catalog_that_is_not_sqlite(self, earthcatalog, archive, table):
        table.catalog.write_bytes(b"this is no database, although it is long enough to have a header" * 20)
        before = table.catalog.read_bytes()
        process = earthcatalog.run(*incremental(table, archive, "--limit", 5))
        assert process.returncode == 1 and "catalog.db" in process.stderr
        assert table.catalog.read_bytes() == before

    @pytest.mark.parametrize("arguments, named", [
        (["--h3-resolution", 3], "H3 resolution 1, asked for was 3"),
        (["--schema", "auto"], "the schema itslive, asked for was auto"),
        (["--grid", "geojson"], "grid h3, asked for was geojson"),
    ])
    def test_another_grid_or_schema_than_the_tables(self, earthcatalog, archive, table, arguments, named):
        earthcatalog.json(*incremental(table, archive, "--limit", 5))
        before = table.contents()
        process = earthcatalog.run(*incremental(table, archive, *arguments))
        assert process.returncode == 1 and f"the table has {named}" in process.stderr, process.stderr
        assert table.contents() == before and not table.is_locked()

    def test_another_warehouse_than_the_tables(self, earthcatalog, archive, table):
        earthcatalog.json(*incremental(table, archive, "--limit", 5))
        before = table.contents()
        elsewhere = table.folder / "elsewhere"
        process = earthcatalog.run("incremental", "--inventory", archive.inventory, "--source-root", archive.source_root,
                                   "--catalog", table.catalog, "--warehouse", elsewhere)
        assert process.returncode == 1, process.stderr
        assert f"the table's warehouse is file://{table.warehouse}, given was file://{elsewhere}" in process.stderr
        assert table.contents() == before and not table.is_locked() and not elsewhere.exists()

    def test_two_runs_at_once(self, earthcatalog, archive, table):
        first = earthcatalog.start(*incremental(table, archive, "--format", "json"))
        with stopped_while_it_holds(table.catalog.with_name("catalog.db.lock"), first) as lock:
            second = earthcatalog.run(*incremental(table, archive))
        assert second.returncode == 1, second.stderr
        for who_where_when in ("CatalogLocked", "incremental", f"process {first.pid} on {socket.gethostname()}",
                               lock["run_id"], f"since {lock['acquired']}", f"unlock --force --catalog file://{table.catalog}"):
            assert who_where_when in second.stderr, second.stderr
        stdout, stderr = first.communicate(timeout=120)
        assert first.returncode == 0 and json.loads(stdout)["written_items"] == 2000, stderr

    def test_the_remedy_for_a_lock_elsewhere_works_word_for_word(self, earthcatalog, archive, table):
        lock = table.folder / "elsewhere.lock"
        first = earthcatalog.start(*incremental(table, archive, "--lock", lock))
        with stopped_while_it_holds(lock, first):
            locked = earthcatalog.run(*incremental(table, archive, "--lock", lock))
            assert locked.returncode == 1, locked.stderr
            remedy = locked.stderr.split("run: earthcatalog ")[1].split()
            assert "removed the lock" in earthcatalog.run(*remedy, check=True).stdout and not lock.exists()
        assert first.wait(timeout=120) == 1


@contextlib.contextmanager
def stopped_while_it_holds(lock, process):
    """Lets the run stand still (SIGSTOP) from when it has the lock until the block ends; gives what the lock says."""
    while not (lock.exists() and lock.stat().st_size):
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)
    try:
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        yield json.loads(lock.read_text())
        process.send_signal(signal.SIGCONT)
    except BaseException:
        process.kill()
        process.wait()
        raise


class SmallDisk:
    """A tmpfs of its own, in the mount namespace of a process that only waits; seen from here by way of /proc."""

    def __init__(self, folder, size):
        folder.mkdir()
        self.folder = folder
        own_namespace = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
        script = 'mount -t tmpfs -o "size=$1" small "$0" && echo mounted && exec cat'
        self.holder = subprocess.Popen([*own_namespace, "sh", "-c", script, folder, size], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.holder.stdout.readline() != "mounted\n":
            pytest.skip(f"no mount namespace here: {self.holder.communicate()[1]}")

    @property
    def path(self):
        return pathlib.Path(f"/proc/{self.holder.pid}/root{self.folder}")

    def inside(self):
        """What comes before a command that is to see the disk at `folder`."""
        namespaces = ["--mount"] + ([] if os.geteuid() == 0 else ["--user", "--preserve-credentials"])
        return ["nsenter", "--target", str(self.holder.pid), *namespaces]

    def remount(self, options):
        subprocess.run([*self.inside(), "mount", "-o", f"remount,{options}", self.folder], check=True)

    def close(self):
        self.holder.communicate("")


@pytest.fixture
def small_disk(tmp_path):
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        pytest.skip("no unshare and nsenter here")
    disk = SmallDisk(tmp_path / "disk", "3m")
    yield disk
    disk.close()


class TestDisks:
    """The warehouse lies on a disk that gives out, the catalog elsewhere."""

    @pytest.fixture
    def table(self, table, small_disk):
        table.warehouse = small_disk.path / "warehouse"
        return table

    def test_a_full_one_leaves_the_table_as_it_was_and_the_next_run_goes_on(self, earthcatalog, archive, table, small_disk):
        earthcatalog.json(*incremental(table, archive, "--limit", 20))
        before = table.contents()
        full = earthcatalog.run(*incremental(table, archive))
        assert full.returncode == 1 and "No space left on device" in full.stderr, full.stderr
        assert str(table.warehouse) in full.stderr
        assert table.contents() == before and not table.is_locked()
        small_disk.remount("size=100m")
        assert earthcatalog.json(*incremental(table, archive))["written_items"] == 1980
        assert earthcatalog.json("audit", "--inventory", archive.inventory, *table.arguments)["good"]

    def test_a_read_only_one_of_a_new_table(self, earthcatalog, archive, table, small_disk):
        small_disk.remount("ro")
        process = earthcatalog.run(*incremental(table, archive, "--limit", 5))
        assert process.returncode == 1 and "Read-only file system" in process.stderr, process.stderr
        assert str(table.warehouse) in process.stderr
        assert not table.catalog.exists() or table_is_empty(table)

    def test_a_read_only_one_leaves_the_table_as_it_was(self, earthcatalog, archive, table, small_disk):
        earthcatalog.json(*incremental(table, archive, "--limit", 20))
        before = table.contents()
        small_disk.remount("ro")
        process = earthcatalog.run(*incremental(table, archive))
        assert process.returncode == 1 and "Read-only file system" in process.stderr, process.stderr
        assert str(table.warehouse) in process.stderr
        assert table.contents() == before and not table.is_locked()

    def test_a_catalog_that_a_killed_writer_left_on_a_disk_that_is_read_only_now(self, earthcatalog, archive, table, small_disk):
        table.warehouse = table.folder / "warehouse"
        earthcatalog.json(*incremental(table, archive, "--limit", 5))
        copy_in_mid_transaction(table.catalog, small_disk.path / "catalog.db")
        # SQLite resolves the link in /proc: only inside the namespace does it find the file.
        info = [*small_disk.inside(), BINARY, "info", "--catalog", small_disk.folder / "catalog.db",
                "--warehouse", table.warehouse, "--format", "json"]
        small_disk.remount("ro")
        refused = subprocess.run(info, text=True, capture_output=True)
        assert refused.returncode == 1 and "a killed writer left a transaction" in refused.stderr, refused.stderr
        small_disk.remount("rw")
        assert json.loads(subprocess.check_output(info))["items"] == 5


def copy_in_mid_transaction(catalog, copy):
    """The catalog file and its journal as a SIGKILL leaves them that comes while pages are being written."""
    with contextlib.closing(sqlite3.connect(catalog, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE iceberg_tables SET metadata_location = 'half'")
        writer.execute("CREATE TABLE much AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
                       "SELECT randomblob(100) FROM n")
        shutil.copy(catalog, copy)
        shutil.copy(f"{catalog}-journal", f"{copy}-journal")
        writer.execute("ROLLBACK")
