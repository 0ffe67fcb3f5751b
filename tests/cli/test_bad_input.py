"""Bad input gets a clear error, exit code 1, and nothing committed; or is counted and the run goes on."""

import gzip
import json
import shutil
import sqlite3
import stat

import pytest
from conftest import BUCKET, Table, incremental


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

    def test_another_resolution_than_the_tables(self, earthcatalog, archive, table):
        earthcatalog.json(*incremental(table, archive, "--limit", 5))
        before = table.rows()
        process = earthcatalog.run(*incremental(table, archive, "--h3-resolution", 3))
        assert process.returncode in (1, 2) and "resolution" in process.stderr
        assert table.rows() == before

    def test_another_schema_than_the_tables(self, earthcatalog, archive, table):
        earthcatalog.json(*incremental(table, archive, "--limit", 5))
        process = earthcatalog.run(*incremental(table, archive, "--schema", "auto"))
        assert process.returncode in (1, 2) and "schema" in process.stderr

    def test_a_read_only_warehouse(self, earthcatalog, archive, table):
        import os

        if os.geteuid() == 0 and not shutil.which("unshare"):
            pytest.skip("root may write everywhere")
        table.warehouse.write_text("a file where the folder should be")
        process = earthcatalog.run(*incremental(table, archive, "--limit", 5))
        assert process.returncode == 1 and "warehouse" in process.stderr
        assert not table.catalog.exists() or table_is_empty(table)
        assert stat.S_ISREG(table.warehouse.stat().st_mode)

    def test_two_runs_at_once(self, earthcatalog, archive, table):
        first = earthcatalog.start(*incremental(table, archive, "--format", "json"))
        second = earthcatalog.run(*incremental(table, archive))
        stdout, stderr = first.communicate(timeout=120)
        codes = sorted([first.returncode, second.returncode])
        if codes == [0, 0]:
            pytest.skip("the first was over before the second began")
        assert codes == [0, 1], stderr + second.stderr
        loser = second.stderr if second.returncode else stderr
        assert "CatalogLocked" in loser and "since" in loser and "unlock" in loser, loser
