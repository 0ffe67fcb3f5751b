"""Tables with delete files of a merge-on-read engine: read, appended to, compacted; what cannot be applied is refused by name."""

import json

import pytest
from conftest import backfill, incremental
from independent_reader import DATA, POSITION_DELETES, IndependentReader, read_local, sort_rows
from matrix import SavedTable, key_of, read_table
from position_deletes import delete_positions, point_to

ITEMS = 120


@pytest.fixture(scope="module")
def archive(earthcatalog, tmp_path_factory):
    return earthcatalog.generate(tmp_path_factory.mktemp("deletes"), "--concentrate", "--odd-every", 12, items=ITEMS, seed=7)


@pytest.fixture(scope="module")
def saved(earthcatalog, archive, tmp_path_factory):
    return SavedTable(earthcatalog, archive, tmp_path_factory.mktemp("saved"))


@pytest.fixture
def table(saved):
    return saved.restore()


def delete_rows(table, gone, **options):
    """Deletes the rows for which `gone` says so. How many."""
    metadata, rows = delete_positions(table.load().metadata_location, gone, **options)
    point_to(table.catalog, metadata)
    return rows


def is_landsat(row):
    return row["platform"] == "LC08"


def live_files(table, content):
    return [live.file for live in IndependentReader(table.load().metadata_location).live_files() if live.content == content]


def totals(table):
    """The delete files and deletes that the newest snapshot counts, which must be those that are there."""
    summary = table.load().current_snapshot().summary
    files = live_files(table, POSITION_DELETES)
    counted = int(summary["total-delete-files"]), int(summary["total-position-deletes"])
    assert counted == (len(files), sum(file["record_count"] for file in files))
    data = live_files(table, DATA)
    assert int(summary["total-data-files"]) == len(data)
    assert int(summary["total-records"]) == sum(file["record_count"] for file in data)
    return counted


def assert_pyiceberg_agrees(table, rows):
    assert sorted(map(key_of, rows)) == sorted((row[0], row[1]) for row in table.rows())


def test_info_counts_the_rows_that_are_left(earthcatalog, saved, table):
    deleted = delete_rows(table, is_landsat)
    assert deleted > 20
    info = earthcatalog.json("info", "--catalog", table.catalog)
    assert info["rows"] == len(saved.original) - deleted == len(read_table(table))
    assert sum(earthcatalog.json("info", "--catalog", table.catalog, "--top", 99)["top_years"].values()) == info["rows"]


def test_compact_applies_deletes_and_they_leave_the_table(earthcatalog, table):
    delete_rows(table, is_landsat)
    delete_rows(table, lambda row: row["platform"] == "S2B")
    before = read_table(table)
    report = earthcatalog.json("compact", *table.arguments, "--dry-run")
    assert report["buckets_compacted"] > 0 and sort_rows(read_table(table)) == sort_rows(before)
    done = earthcatalog.json("compact", *table.arguments)
    assert [done[name] for name in ("buckets_compacted", "files_after", "rows")] == \
        [report[name] for name in ("buckets_compacted", "files_after", "rows")]
    assert sort_rows(read_table(table)) == sort_rows(before)
    assert totals(table) == (0, 0)
    assert_pyiceberg_agrees(table, before)
    assert earthcatalog.json("compact", *table.arguments)["buckets_compacted"] == 0


def test_a_partition_of_which_every_row_is_deleted_goes(earthcatalog, table):
    year = max(row["datetime"] for row in read_table(table) if row["datetime"])
    partition = [row for row in read_table(table) if row["datetime"] == year][0]

    def gone(row):
        return row["grid_partition"] == partition["grid_partition"] and row["datetime"] and \
            row["datetime"] // 31_557_600_000_000 == year // 31_557_600_000_000

    delete_rows(table, gone)
    before = read_table(table)
    earthcatalog.json("compact", *table.arguments)
    assert sort_rows(read_table(table)) == sort_rows(before) and totals(table) == (0, 0)


def test_an_append_carries_deletes_along(earthcatalog, archive, table, tmp_path):
    delete_rows(table, lambda row: row["platform"] == "S1A")
    deletes = totals(table)
    kept = read_table(table)
    more = earthcatalog.generate(tmp_path / "more", "--concentrate", "--start", 100_000, items=10, seed=8)
    report = earthcatalog.json(*incremental(table, more))
    rows = read_table(table)
    assert totals(table) == deletes and len(rows) == len(kept) + report["rows"]
    assert set(sort_rows(kept)) <= set(sort_rows(rows))
    assert_pyiceberg_agrees(table, rows)


def test_an_upsert_takes_the_deletes_of_the_files_that_it_replaces(earthcatalog, archive, saved, table):
    delete_rows(table, is_landsat)
    earthcatalog.run(*incremental(table, archive, "--refetch"), check=True)
    assert sort_rows(read_table(table)) == sort_rows(saved.original)
    assert totals(table)[0] < 5  # of files that had no other row
    assert_pyiceberg_agrees(table, saved.original)


def test_the_older_snapshot_still_has_its_rows_and_expire_takes_no_delete_file_that_counts(earthcatalog, saved, table):
    delete_rows(table, is_landsat)
    before = read_table(table)
    snapshot = table.load().current_snapshot().snapshot_id
    parent = table.load().current_snapshot().parent_snapshot_id
    older = IndependentReader(table.load().metadata_location, read_local, parent)
    assert sort_rows(older.rows()) == sort_rows(saved.original)
    earthcatalog.json("expire", *table.arguments, "--older-than", "0s", "--retain-last", 1)
    assert sort_rows(read_table(table)) == sort_rows(before)
    assert table.load().current_snapshot().snapshot_id == snapshot
    earthcatalog.json("compact", *table.arguments)
    earthcatalog.json("expire", *table.arguments, "--older-than", "0s", "--retain-last", 1)
    assert not list(table.warehouse.rglob("*-deletes.parquet"))


def test_audit_knows_rows_that_are_gone_and_no_false_alarm(earthcatalog, archive, table):
    delete_rows(table, is_landsat)
    earthcatalog.run("index", "update", *table.arguments)
    process = earthcatalog.run("audit", "--inventory", archive.inventory, *table.arguments, "--format", "json")
    report = json.loads(process.stdout)
    assert report["table"]["rows"] == len(read_table(table))
    wrong = {kind for kind, count in report["findings"].items() if count}
    assert wrong <= {"missing", "lost_rows"} and wrong, report["findings"]


def test_a_delta_backfill_asks_for_a_compaction_first(earthcatalog, archive, saved, table):
    delete_rows(table, is_landsat)
    arguments = backfill(table, archive, "--delta")
    at = arguments.index("--h3-resolution")
    del arguments[at:at + 2]
    process = earthcatalog.run(*arguments)
    assert process.returncode == 1 and "run earthcatalog compact" in process.stderr
    earthcatalog.json("compact", *table.arguments)
    earthcatalog.run(*arguments, check=True)
    assert sort_rows(read_table(table)) == sort_rows(saved.original)


@pytest.mark.parametrize("options, words", [
    ({"content": 2, "equality_ids": [1]}, "equality deletes"),
    ({"file_format": "PUFFIN"}, "deletion vectors"),
    ({"file_format": "AVRO"}, "deletes as AVRO"),
])
def test_deletes_that_are_not_applied_are_refused_by_name_and_expire_passes(earthcatalog, archive, table, options, words):
    delete_rows(table, is_landsat, **options)
    for command in (["info", "--catalog", table.catalog], ["compact", *table.arguments], incremental(table, archive)):
        process = earthcatalog.run(*command)
        assert process.returncode == 1 and words in process.stderr and "rewrite_data_files" in process.stderr
    names = {path.name for path in table.warehouse.rglob("*-deletes.parquet")}
    process = earthcatalog.run("expire", *table.arguments, "--older-than", "0s", "--retain-last", 1)
    assert {path.name for path in table.warehouse.rglob("*-deletes.parquet")} == names, process.stderr


def test_a_lost_delete_file_is_an_error_that_names_it(earthcatalog, table):
    delete_rows(table, is_landsat)
    path = next(iter(table.warehouse.rglob("*-deletes.parquet")))
    path.unlink()
    process = earthcatalog.run("compact", *table.arguments)
    assert process.returncode == 1 and path.name in process.stderr
