"""What each option of `incremental` does to a run."""

import csv
import datetime
import json
import os

import pytest
from conftest import BUCKET, incremental


class Bucket:
    """Some objects of an archive, under names of one's own, and inventories of them."""

    def __init__(self, folder, archive):
        self.folder, self.items = folder, [json.loads(path.read_text()) for path in archive.objects()[:12]]
        folder.mkdir()

    def put(self, key, item):
        path = self.folder / BUCKET / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(item))

    def inventory(self, rows, columns=("bucket", "key")):
        """Arguments that name an inventory of `rows`, which begin with the key."""
        path = self.folder / "inventory.csv"
        with open(path, "w", newline="") as file:
            csv.writer(file).writerows([columns, *([BUCKET, *row] for row in rows)])
        return ["incremental", "--inventory", path, "--source-root", f"file://{self.folder}/"]


@pytest.fixture
def bucket(tmp_path, archive):
    return Bucket(tmp_path / "source", archive)


def problems_of(report):
    with open(report["problems"].removeprefix("file://")) as file:
        return [json.loads(line) for line in file]


def snapshots(table):
    return len(table.load().metadata.snapshots)


def test_since_passes_over_what_is_older(earthcatalog, table, bucket):
    for number, item in enumerate(bucket.items[:4]):
        bucket.put(f"{number}.stac.json", item)
    dates = ["2024-12-31T23:59:59Z", "2025-01-01T00:00:00Z", "", "soon"]
    run = bucket.inventory([(f"{number}.stac.json", date) for number, date in enumerate(dates)],
                           ("bucket", "key", "last_modified_date"))
    report = earthcatalog.json(*run, *table.arguments, "--since", "2025-01-01")
    assert (report["source_items"], report["written_items"], report["skipped_since"]) == (3, 3, 1)
    assert report["inventory_dates_unparseable"] == 2
    assert {row[1] for row in table.rows()} == {item["id"] for item in bucket.items[1:4]}


def test_suffix_says_which_keys_are_items(earthcatalog, table, bucket):
    bucket.put("a.stac.json", bucket.items[0])
    bucket.put("b.item", bucket.items[1])
    run = bucket.inventory([("a.stac.json",), ("b.item",)])
    report = earthcatalog.json(*run, *table.arguments, "--suffix", ".item")
    assert (report["source_items"], report["skipped_suffix"]) == (1, 1)
    assert {row[1] for row in table.rows()} == {bucket.items[1]["id"]}


@pytest.mark.parametrize("encoding, expected", [("raw", 0), ("url", 1)])
def test_key_encoding_says_how_keys_are_spelt(earthcatalog, table, bucket, encoding, expected):
    bucket.put("a b+.stac.json", bucket.items[0])
    bucket.put("a%20b%2B.stac.json", bucket.items[1])
    run = bucket.inventory([("a%20b%2B.stac.json",)])
    earthcatalog.json(*run, *table.arguments, "--key-encoding", encoding)
    assert {row[1] for row in table.rows()} == {bucket.items[1 - expected]["id"]}


def test_batch_add_files_commits_once(earthcatalog, archive, table, tmp_path):
    often = ["--limit", 400, "--chunk-size", 20, "--commit-every", "0s"]
    earthcatalog.json(*incremental(table, archive, *often))
    assert snapshots(table) > 1
    batched = type(table)(tmp_path / "batched")
    report = earthcatalog.json(*incremental(batched, archive, *often, "--batch-add-files"))
    assert report["written_items"] == 400 and snapshots(batched) == 1
    assert batched.rows() == table.rows()


def test_memory_limit_makes_a_run_commit_in_between(earthcatalog, table, bucket):
    names = [f"{number}.stac.json" for number in range(120)]
    for number, name in enumerate(names):
        bucket.put(name, {**bucket.items[number % 12], "id": name, "links": [{"rel": "x", "href": "y" * (40 << 10)}]})
    run = bucket.inventory([(name,) for name in names])
    report = earthcatalog.json(*run, *table.arguments, "--memory-limit", "1MiB", "--fetch-concurrency", 8)
    assert report["written_items"] == 120 and snapshots(table) > 1
    assert {row[1] for row in table.rows()} == set(names)


@pytest.mark.parametrize("limit", ["0", "1KiB", "65535"])
def test_memory_for_nothing_is_wrong_usage(earthcatalog, archive, table, limit):
    process = earthcatalog.run(*incremental(table, archive, "--memory-limit", limit), timeout=20)
    assert process.returncode == 2 and "--memory-limit" in process.stderr and "64KiB" in process.stderr
    assert not table.exists() and not table.is_locked()


def test_max_object_size_rejects_larger_objects(earthcatalog, table, bucket):
    bucket.put("small.stac.json", bucket.items[0])
    bucket.put("large.stac.json", {**bucket.items[1], "more": "x" * 100_000})
    run = bucket.inventory([("small.stac.json",), ("large.stac.json",)])
    report = earthcatalog.json(*run, *table.arguments, "--max-object-size", "64KiB")
    assert (report["written_items"], report["rejected"]) == (1, 1)
    (line,) = problems_of(report)
    assert (line["key"], line["kind"], line["cause"]) == ("large.stac.json", "rejected", "too_large")


def test_no_lock_neither_takes_nor_minds_one(earthcatalog, archive, table):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    lock = table.catalog.with_name("catalog.db.lock")
    lock.write_text(json.dumps({"owner": "somebody", "pid": 1, "hostname": "elsewhere", "acquired": now, "ttl_hours": 12,
                                "heartbeat": now, "token": "theirs"}))
    before = lock.read_bytes()
    process = earthcatalog.run(*incremental(table, archive, "--limit", 3))
    assert process.returncode == 1 and "CatalogLocked" in process.stderr and "somebody" in process.stderr
    assert earthcatalog.json(*incremental(table, archive, "--limit", 3, "--no-lock"))["written_items"] == 3
    assert lock.read_bytes() == before


def test_report_is_written_to_a_file_too_also_of_a_run_that_fails(earthcatalog, archive, table, tmp_path):
    path = tmp_path / "report.json"
    printed = earthcatalog.json(*incremental(table, archive, "--limit", 5, "--report", path))
    assert json.loads(path.read_text()) == printed and printed["written_items"] == 5
    process = earthcatalog.run("incremental", "--inventory", tmp_path / "none.csv", *table.arguments, "--report", path)
    assert process.returncode == 1 and json.loads(path.read_text())["written_items"] == 0


def test_max_columns_leaves_further_properties_to_stac_extra(earthcatalog, table, bucket):
    item = {**bucket.items[0], "collection": "other", "properties": {"datetime": "2020-01-02T00:00:00Z", "aa": 1.5, "bb": 2.5, "cc": 3.5}}
    bucket.put("a.stac.json", item)
    run = bucket.inventory([("a.stac.json",)])
    columns = 21  # the core ones, ours, and two
    report = earthcatalog.json(*run, *table.arguments, "--max-columns", columns)
    names = [field.name for field in table.load().schema().fields]
    assert report["written_items"] == 1 and len(names) == columns and names[-1] != "cc"
    assert "cc" in json.loads(table.load().scan().to_arrow()["stac_extra"][0].as_py())["properties"]
    (line,) = set(earthcatalog.run("cat", *table.data_files(), check=True).stdout.splitlines())
    assert json.loads(line) == item


class TestDryRun:
    def test_writes_no_problems_file_unless_asked_to(self, earthcatalog, table, bucket):
        bucket.put("a.stac.json", bucket.items[0])
        run = [*bucket.inventory([("gone.stac.json",), ("a.stac.json",)]), *table.arguments, "--dry-run"]
        before = sorted(table.folder.rglob("*"))
        report = earthcatalog.json(*run)
        assert report["missing"] == 1 and not report.get("problems")
        assert sorted(table.folder.rglob("*")) == before
        report = earthcatalog.json(*run, "--problems", table.folder / "problems.ndjson")
        assert [line["kind"] for line in problems_of(report)] == ["missing"]


class TestVersions:
    def test_an_object_without_a_recorded_version_is_read_again_once_it_has_one(self, earthcatalog, table, bucket):
        item = bucket.items[0]
        bucket.put("a.stac.json", item)
        earthcatalog.json(*bucket.inventory([("a.stac.json",)]), *table.arguments)
        bucket.put("a.stac.json", {**item, "id": "another"})
        run = [*bucket.inventory([("a.stac.json", "v2")], ("bucket", "key", "e_tag")), *table.arguments]
        assert earthcatalog.json(*run)["written_items"] == 1
        assert {row[1] for row in table.rows()} == {"another"}
        assert earthcatalog.json(*run)["unchanged"] == 1

    def test_what_was_read_is_recorded_where_the_inventory_says_nothing(self, earthcatalog, table, bucket):
        bucket.put("a.stac.json", bucket.items[0])
        earthcatalog.json(*bucket.inventory([("a.stac.json",)]), *table.arguments)
        path = bucket.folder / BUCKET / "a.stac.json"
        listed = ["incremental", "--inventory", bucket.folder / BUCKET, "--source-root", f"file://{bucket.folder}/"]
        assert earthcatalog.json(*listed, *table.arguments)["unchanged"] == 1
        os.utime(path, (0, 0))
        assert earthcatalog.json(*listed, *table.arguments)["unchanged"] == 0

    def test_problems_say_which_version_was_meant(self, earthcatalog, table, bucket):
        bucket.put("a.stac.json", bucket.items[0])
        row = ("gone.stac.json", "e1", "2025-01-01T00:00:00Z", 7)
        run = bucket.inventory([row, ("a.stac.json", "", "", "")], ("bucket", "key", "e_tag", "last_modified_date", "size"))
        (line,) = problems_of(earthcatalog.json(*run, *table.arguments))
        assert (line["etag"], line["last_modified"], line["size"]) == row[1:]
