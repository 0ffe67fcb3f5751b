"""`earthcatalog compact` on real tables, read by other engines before and after."""

import collections
import json
import shutil

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Table, incremental, peak_mib


@pytest.fixture
def grown(earthcatalog, archive, table):
    """A table of several runs: its buckets have several files each."""
    for limit in (100, 200, ITEMS):
        earthcatalog.json(*run(table, archive, "--limit", limit))
    return table


ITEMS = 300


def run(table, archive, *more):
    """Few large cells: PyIceberg takes milliseconds for each file."""
    limit = () if "--limit" in more else ("--limit", ITEMS)
    return incremental(table, archive, "--h3-resolution", 0, *limit, *more)


def compact(table, *more):
    return ["compact", *table.arguments, *more]


def everything(table):
    """All rows with all columns, as texts that can be compared."""
    rows = table.load().scan().to_arrow().to_pylist()
    return collections.Counter(repr(sorted(row.items())) for row in rows)


def files_of_buckets(table):
    buckets = collections.defaultdict(list)
    for task in table.load().scan().plan_files():
        buckets[tuple(task.file.partition)].append(task.file.file_path.removeprefix("file://"))
    return buckets


def rows_of(table, condition):
    return table.load().scan(row_filter=condition).to_arrow()


class TestCompact:
    def test_gives_the_same_rows_in_one_sorted_file_a_bucket(self, earthcatalog, archive, grown):
        before, rows = files_of_buckets(grown), everything(grown)
        several = {bucket: files for bucket, files in before.items() if len(files) > 1}
        assert several
        report = earthcatalog.json(*compact(grown, "--workers", 2))
        after = files_of_buckets(grown)
        assert after.keys() == before.keys() and all(len(files) == 1 for files in after.values())
        assert report["buckets_scanned"] == len(before) and report["buckets_compacted"] == len(several)
        assert report["files_before"] == sum(map(len, several.values())) and report["files_after"] == len(several)
        assert report["dropped_rows"] == 0
        assert everything(grown) == rows
        for (path,) in after.values():
            keys = pq.read_table(path, columns=["platform", "datetime"]).to_pylist()
            keys = [(row["platform"] or "", row["datetime"].timestamp() if row["datetime"] else float("-inf")) for row in keys]
            assert keys == sorted(keys)
        # What nobody touched is still there, and what was merged too: only `expire` removes files.
        assert all((grown.warehouse / path).exists() for files in before.values() for path in files)

    def test_is_a_replace_that_duckdb_reads_and_later_runs_build_on(self, earthcatalog, archive, grown):
        earthcatalog.json(*compact(grown))
        snapshot = grown.load().current_snapshot()
        assert snapshot.summary.operation.value == "replace"
        assert int(snapshot.summary["earthcatalog.compacted-buckets"]) > 0
        files = grown.data_files()
        (count, items), = duckdb.sql(f"select count(*), sum(grid_primary::int) from read_parquet({files})").fetchall()
        assert (count, items) == (len(grown.rows()), ITEMS)
        info = earthcatalog.json("info", *grown.arguments)
        assert (info["items"], info["files"], info["rows"]) == (ITEMS, len(files), count)
        earthcatalog.json("index", "update", *grown.arguments)
        assert earthcatalog.json("index", "check", *grown.arguments)["good"]
        again = earthcatalog.json(*run(grown, archive))
        assert (again["unchanged"], again["written_items"]) == (ITEMS, 0)

    def test_a_second_time_there_is_nothing_to_do(self, earthcatalog, grown):
        # So few rows a file that merged buckets keep several of them.
        first = earthcatalog.json(*compact(grown, "--compact-rows", 3))
        assert first["files_after"] > first["buckets_compacted"]
        metadata = grown.load().metadata_location
        second = earthcatalog.json(*compact(grown, "--compact-rows", 3))
        assert (second["buckets_compacted"], second["snapshot_id"]) == (0, None)
        assert grown.load().metadata_location == metadata

    def test_one_cell_one_year_and_a_threshold(self, earthcatalog, grown):
        before = files_of_buckets(grown)
        (cell, year), files = max(before.items(), key=lambda entry: len(entry[1]))
        assert len(files) > 2
        one = earthcatalog.json(*compact(grown, "--cell", cell, "--year", year + 1970))
        assert (one["buckets_scanned"], one["buckets_compacted"]) == (1, 1)
        assert one["buckets"][0]["grid_partition"] == cell and one["buckets"][0]["year"] == year + 1970
        changed = {bucket for bucket, files in files_of_buckets(grown).items() if files != before[bucket]}
        assert changed == {(cell, year)}
        few = earthcatalog.json(*compact(grown, "--threshold", 3))
        assert few["buckets_compacted"] == sum(len(files) >= 3 for bucket, files in before.items() if bucket != (cell, year))

    def test_a_dry_run_says_what_would_be_done(self, earthcatalog, grown):
        before = files_of_buckets(grown)
        listed = sorted(path for path in grown.folder.rglob("*") if path.is_file())
        dry = earthcatalog.json(*compact(grown, "--dry-run"))
        assert dry["dry_run"] and dry["bytes"] == 0 and dry["snapshot_id"] is None
        assert files_of_buckets(grown) == before
        assert sorted(path for path in grown.folder.rglob("*") if path.is_file()) == listed
        text = earthcatalog.run(*compact(grown, "--dry-run"), check=True).stdout
        assert "nothing was written" in text and dry["buckets"][0]["grid_partition"] in text
        done = earthcatalog.json(*compact(grown))
        for name in ("buckets_scanned", "buckets_compacted", "files_before", "files_after", "rows", "dropped_rows"):
            assert done[name] == dry[name], name

    def test_memory_so_short_that_every_bucket_goes_through_a_file(self, earthcatalog, grown):
        rows = everything(grown)
        report = earthcatalog.json(*compact(grown, "--memory-limit", "64KiB", "--workers", 1))
        assert report["buckets_compacted"] > 0
        assert everything(grown) == rows


class TestAfterAnotherEngine:
    def append(self, table, rows):
        table.load().append(rows)

    def test_doubles_go_and_the_objects_stay_known(self, earthcatalog, archive, grown):
        rows, whole = everything(grown), grown.load().scan().to_arrow()
        self.append(grown, whole.slice(0, 60))
        self.append(grown, whole.slice(30, 10))
        report = earthcatalog.json(*compact(grown))
        assert report["dropped_rows"] == 70
        assert everything(grown) == rows
        assert grown.load().current_snapshot().summary.operation.value == "overwrite"
        again = earthcatalog.json(*run(grown, archive))
        assert (again["unchanged"], again["written_items"]) == (ITEMS, 0)
        assert earthcatalog.json("info", *grown.arguments)["items"] == ITEMS
        assert everything(grown) == rows

    def test_the_newest_version_stays(self, earthcatalog, archive, grown):
        whole = grown.load().scan().to_arrow()
        at = whole.schema.get_field_index("updated")
        # Fixture items may have no `updated`: any time is newer than none.
        micros = whole.column(at).cast(pa.int64()).to_pylist()
        newer = pa.array([(value or 0) + 1_000_000 for value in micros[:40]], pa.timestamp("us", "UTC"))
        version = whole.schema.get_field_index("version")
        rows = whole.slice(0, 40).set_column(at, whole.schema.field(at), newer)
        rows = rows.set_column(version, whole.schema.field(version), pa.array(["new"] * 40, rows.column(version).type))
        self.append(grown, rows)
        report = earthcatalog.json(*compact(grown))
        assert report["dropped_rows"] == 40
        assert rows_of(grown, "version == 'new'").num_rows == 40
        assert len(grown.rows()) == whole.num_rows
        assert earthcatalog.json(*run(grown, archive))["unchanged"] == ITEMS

    def test_of_equal_versions_that_of_our_file_stays(self, earthcatalog, grown):
        rows = grown.load().scan().to_arrow().slice(0, 50)
        version = rows.schema.get_field_index("version")
        self.append(grown, rows.set_column(version, rows.schema.field(version),
                                           pa.array(["theirs"] * 50, rows.column(version).type)))
        assert earthcatalog.json(*compact(grown))["dropped_rows"] == 50
        assert rows_of(grown, "version == 'theirs'").num_rows == 0


class TestMemory:
    ROWS = 80_000  # some 240 MB in memory, and 75 MB of them at a time in the output's row group

    def grow(self, table):
        """One bucket with many rows in no order, in a file of another engine."""
        (cell, year), _ = max(files_of_buckets(table).items(), key=lambda entry: len(entry[1]))
        few = rows_of(table, f"grid_partition == '{cell}' and datetime >= '{1970 + year}-01-01T00:00:00+00:00' "
                             f"and datetime < '{1971 + year}-01-01T00:00:00+00:00'")
        many = few.take([i % few.num_rows for i in range(self.ROWS)])
        ids = pa.array([f"{name}-{i}" for i, name in enumerate(many.column("id").to_pylist())], many.schema.field("id").type)
        table.load().append(many.set_column(0, many.schema.field("id"), ids))
        return few.num_rows

    def peak(self, earthcatalog, table, *arguments):
        """The report, and MiB."""
        process = earthcatalog.start(*compact(table, "--workers", 1, "--format", "json", *arguments))
        peak = peak_mib(process)
        output, error = process.communicate()
        assert process.returncode == 0, error
        return json.loads(output), peak

    def test_a_bucket_much_larger_than_the_limit(self, earthcatalog, grown, tmp_path):
        before = self.grow(grown)
        copy = tmp_path.parent / f"{tmp_path.name}-copy"
        shutil.copytree(grown.folder, copy)
        limited, low = self.peak(earthcatalog, grown, "--memory-limit", "32MiB")
        most = max(limited["buckets"], key=lambda bucket: bucket["rows"])
        assert (most["rows"], most["files_after"]) == (before + self.ROWS, 1)
        rows = len(grown.rows())
        shutil.rmtree(grown.folder)
        shutil.move(copy, grown.folder)
        _, high = self.peak(earthcatalog, grown, "--memory-limit", "2GiB")
        assert len(grown.rows()) == rows
        print(f"peak {low:.0f} MiB with a limit of 32 MiB, {high:.0f} MiB with 2 GiB")
        assert low < 290 and high > low + 90  # its rows alone are 240 MB


class TestErrors:
    def test_no_table(self, earthcatalog, tmp_path):
        process = earthcatalog.run(*compact(Table(tmp_path)))
        assert process.returncode == 1 and "catalog.db" in process.stderr and process.stdout == ""
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("arguments", [["--year", "last"], ["--threshold", 0], ["--compact-rows", 200_000],
                                           ["--memory-limit", "much"]])
    def test_wrong_usage(self, earthcatalog, tmp_path, arguments):
        process = earthcatalog.run(*compact(Table(tmp_path), *arguments))
        assert process.returncode == 2 and process.stderr != "" and process.stdout == ""

    def test_a_broken_file_is_named_and_nothing_changes(self, earthcatalog, grown):
        before = files_of_buckets(grown)
        listed = set(grown.warehouse.rglob("*.parquet"))
        victim = next(files for files in before.values() if len(files) > 1)[0]
        with open(victim, "r+b") as file:
            file.truncate(100)
        process = earthcatalog.run(*compact(grown))
        assert process.returncode == 1 and victim in process.stderr
        assert files_of_buckets(grown) == before
        assert set(grown.warehouse.rglob("*.parquet")) == listed
