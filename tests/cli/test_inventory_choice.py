"""Which inventory a name stands for, and inventories in which nothing is an item."""

import csv
import gzip
import hashlib
import io
import json

import pytest
from conftest import BUCKET, backfill

DATES = ["2026-01-29T01-00Z", "2026-01-30T01-00Z", "2026-01-31T01-00Z"]


class Config:
    """The folder of an S3 Inventory configuration, as AWS lays it out: <dates>/manifest.json, data/, hive/."""

    def __init__(self, root, archive, bucket="inventories"):
        self.bucket = bucket
        self.root, self.folder = root, root / "inventory/its-live-data/daily"
        self.rows = [row[:2] for row in csv.reader(archive.inventory.open())][1:]

    def add(self, date, items, checksum=True, data=True):
        buffer = io.StringIO()
        csv.writer(buffer).writerows(self.rows[:items])
        body = gzip.compress(buffer.getvalue().encode(), mtime=0)
        keys = [f"inventory/its-live-data/daily/data/{date}-{part}.csv.gz" for part in range(2)]
        empty = gzip.compress(b"", mtime=0)
        self.write(self.root / keys[0], body)
        if data:
            self.write(self.root / keys[1], empty)
        manifest = json.dumps({
            "sourceBucket": BUCKET, "destinationBucket": f"arn:aws:s3:::{self.bucket}", "version": "2016-11-30",
            "creationTimestamp": "0", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
            "files": [{"key": key, "size": len(part), "MD5checksum": hashlib.md5(part).hexdigest()}
                      for key, part in zip(keys, (body, empty))]}).encode()
        self.write(self.folder / date / "manifest.json", manifest)
        if checksum:
            self.write(self.folder / date / "manifest.checksum", hashlib.md5(manifest).hexdigest().encode())
        self.write(self.folder / f"hive/dt={date[:-1].replace('T', '-')}/symlink.txt", f"s3://{self.bucket}/{keys[0]}".encode())

    @staticmethod
    def write(path, data):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@pytest.fixture
def config(tmp_path, small_archive):
    return Config(tmp_path / "inventories", small_archive)


def inspect(earthcatalog, folder):
    process = earthcatalog.run("inspect", "inventory", folder, "--format", "json")
    return process, json.loads(process.stdout)


def test_folder_of_inventories_stands_for_the_newest(earthcatalog, config):
    for items, date in enumerate(DATES, 3):
        config.add(date, items)
    for name in (config.folder, f"{config.folder}/"):
        process, report = inspect(earthcatalog, name)
        assert (report["list"], report["items"]) == ("manifest", 5)
        assert report["inventory"] == f"file://{config.folder}/{DATES[-1]}/manifest.json"
        assert "newest complete" in process.stderr and DATES[-1] in process.stderr


@pytest.mark.parametrize("fault", ["no checksum", "wrong checksum", "no data"])
def test_folder_of_inventories_passes_over_what_is_not_complete(earthcatalog, config, fault):
    config.add(DATES[0], 3)
    config.add(DATES[1], 4)
    config.add(DATES[2], 5, checksum=fault != "no checksum", data=fault != "no data")
    if fault == "wrong checksum":
        (config.folder / DATES[2] / "manifest.checksum").write_text("0" * 32)
    _, report = inspect(earthcatalog, config.folder)
    assert report["items"] == 4 and DATES[1] in report["inventory"]


def test_folder_of_inventories_without_a_complete_one_is_an_error(earthcatalog, config, table):
    config.add(DATES[0], 3, checksum=False)
    config.add(DATES[1], 3, data=False)
    process = earthcatalog.run("incremental", "--inventory", config.folder, *table.arguments)
    assert process.returncode == 1
    assert "none of the 2 inventories" in process.stderr and DATES[1] in process.stderr
    assert not table.exists()


def test_folder_with_a_manifest_is_that_manifest(earthcatalog, config):
    config.add(DATES[0], 3)
    config.add(DATES[1], 4)
    _, report = inspect(earthcatalog, config.folder / DATES[0])
    assert (report["list"], report["items"]) == ("manifest", 3)


def test_folder_of_items_is_a_listing_whatever_its_names(earthcatalog, tmp_path, small_archive):
    root = tmp_path / "root" / BUCKET
    for number, path in enumerate(small_archive.objects()[:3]):
        Config.write(root / DATES[number] / "a.stac.json", path.read_bytes())
    process = earthcatalog.run("inspect", "inventory", root, "--source-root", tmp_path / "root", "--format", "json", check=True)
    report = json.loads(process.stdout)
    assert (report["format"], report["items"]) == ("listing", 3)
    assert process.stderr == ""


def test_run_over_a_folder_of_inventories_says_and_records_which(earthcatalog, config, small_archive, table):
    config.add(DATES[0], 3)
    config.add(DATES[1], 4)
    chosen = f"file://{config.folder}/{DATES[1]}/manifest.json"
    report = earthcatalog.json("incremental", "--inventory", config.folder, "--source-root", small_archive.source_root,
                               *table.arguments)
    assert (report["source_items"], report["inventory"]) == (4, chosen)
    assert table.load().current_snapshot().summary["earthcatalog.inventory"] == chosen


def test_folder_of_inventories_on_s3(s3_earthcatalog, s3_server, small_archive, tmp_path):
    config = Config(tmp_path / "inventories", small_archive, "test-warehouse")
    config.add(DATES[0], 3)
    config.add(DATES[1], 4, data=False)
    config.add(DATES[2], 5, checksum=False)
    files = s3_server.file_system()
    for path in config.root.rglob("*"):
        if path.is_file():
            name = f"test-warehouse/{path.relative_to(config.root)}"
            with files.open_output_stream(name, compression=None) as stream:
                stream.write(path.read_bytes())
    process, report = inspect(s3_earthcatalog, "s3://test-warehouse/inventory/its-live-data/daily/")
    assert process.returncode == 0, process.stderr
    assert report["items"] == 3
    assert report["inventory"] == f"s3://test-warehouse/inventory/its-live-data/daily/{DATES[0]}/manifest.json"


# --- no items


def others(folder):
    path = folder / "others.csv"
    path.write_text("bucket,key\n" + "".join(f"{BUCKET},x/{number}.json\n" for number in range(53)))
    return path


COMMANDS = {
    "incremental": lambda table, path: ["incremental", "--inventory", path, *table.arguments],
    "staged": lambda table, path: ["backfill", "--inventory", path, *table.arguments, "--h3-resolution", 1, "--staging",
                                   table.staging],
    "direct": lambda table, path: ["backfill", "--inventory", path, *table.arguments, "--h3-resolution", 1],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_keys_without_the_suffix_are_an_error_that_names_the_first(earthcatalog, table, tmp_path, command):
    process = earthcatalog.run(*COMMANDS[command](table, others(tmp_path)))
    assert process.returncode == 1
    assert "x/0.json" in process.stderr and "--suffix" in process.stderr and "53" in process.stderr
    assert not table.exists() and not table.is_locked()


def test_backfill_goes_on_with_the_right_suffix_after_a_wrong_one(earthcatalog, small_archive, table):
    wrong = earthcatalog.run(*backfill(table, small_archive, "--suffix", ".item"))
    assert wrong.returncode == 1 and "--suffix" in wrong.stderr
    assert earthcatalog.json(*backfill(table, small_archive))["written_items"] == 120


def test_keys_that_only_since_leaves_out_are_nothing_new(earthcatalog, small_archive, table):
    report = earthcatalog.json("incremental", "--inventory", small_archive.inventory, "--source-root",
                               small_archive.source_root, *table.arguments, "--since", "2100-01-01")
    assert (report["source_items"], report["skipped_since"]) == (0, 120)


@pytest.mark.parametrize("text", ["bucket,key\n", "bucket,key,is_delete_marker\nb,a.stac.json,true\n",
                                  "bucket,key,is_delete_marker\nb,a.stac.json,true\nb,a.png,false\n"])
def test_header_alone_or_delete_markers_alone_are_nothing_to_do(earthcatalog, table, tmp_path, text):
    path = tmp_path / "list.csv"
    path.write_text(text)
    assert earthcatalog.json("incremental", "--inventory", path, *table.arguments)["source_items"] == 0


def test_inspect_shows_keys_of_which_none_has_the_suffix(earthcatalog, tmp_path):
    process = earthcatalog.run("inspect", "inventory", others(tmp_path), check=True)
    assert "x/0.json" in process.stdout and "--suffix" in process.stdout


def test_listing_without_items_names_the_first_object(earthcatalog, table, tmp_path):
    Config.write(tmp_path / "root" / BUCKET / "readme.txt", b"x")
    process = earthcatalog.run("incremental", "--inventory", tmp_path / "root" / BUCKET, "--source-root", tmp_path / "root",
                               *table.arguments)
    assert process.returncode == 1 and "readme.txt" in process.stderr
