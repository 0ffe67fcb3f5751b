"""`earthcatalog expire` by the real binary: what goes, what stays, and that other engines read the table afterwards."""

import os
import time

import pytest
from conftest import BUCKET, Table, incremental

DAY = 86_400


def make_older(folder, seconds):
    """Every file of a folder, as if it had been written `seconds` earlier."""
    for path in folder.rglob("*"):
        if path.is_file():
            status = path.stat()
            os.utime(path, (status.st_atime - seconds, status.st_mtime - seconds))


def files_of(table):
    return sorted(path for path in table.warehouse.rglob("*") if path.is_file())


@pytest.fixture
def rewritten(earthcatalog, archive, table):
    """A table whose every file was replaced once."""
    earthcatalog.json(*incremental(table, archive, "--limit", 300))
    earthcatalog.json(*incremental(table, archive, "--limit", 300, "--refetch"))
    return table


def assert_sums(report):
    for counts in [report["files"], *report["places"].values()]:
        for unit in ("files", "bytes"):
            parts = sum(counts[name][unit] for name in ("live", "too_young", "left", "removed", "not_removed"))
            assert parts == counts["listed"][unit]
    snapshots = report["snapshots"]
    assert snapshots["before"] == snapshots["removed"] + snapshots["kept"]


def test_young_things_stay(earthcatalog, rewritten):
    before = files_of(rewritten)
    report = earthcatalog.json("expire", *rewritten.arguments)
    assert_sums(report)
    assert report["snapshots"]["removed"] == 0
    assert report["files"]["removed"] == {"files": 0, "bytes": 0}
    assert files_of(rewritten) == before


def test_replaced_files_go_and_the_table_reads_the_same(earthcatalog, rewritten):
    rows = rewritten.rows()
    report = earthcatalog.json("expire", *rewritten.arguments, "--older-than", "0s")
    assert_sums(report)
    assert report["snapshots"] == {"before": 2, "removed": 1, "kept": 1}
    assert rewritten.rows() == rows
    left = sorted(str(path) for path in rewritten.warehouse.glob("grid_partition=*/year=*/*"))
    named = sorted(task.file.file_path.removeprefix("file://") for task in rewritten.load().scan().plan_files())
    assert left == named
    again = earthcatalog.json("expire", *rewritten.arguments, "--older-than", "0s")
    assert again["snapshots"]["removed"] == 0 and again["places"]["data"]["removed"]["files"] == 0


def test_the_next_run_goes_on_as_if_nothing_had_been(earthcatalog, archive, rewritten):
    earthcatalog.json("expire", *rewritten.arguments, "--older-than", "0s")
    report = earthcatalog.json(*incremental(rewritten, archive, "--limit", 400))
    assert (report["unchanged"], report["written_items"]) == (300, 100)


def test_files_of_a_killed_run_go_once_they_are_old(earthcatalog, rewritten):
    folder = rewritten.warehouse / "_parts" / "0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "part.parquet").write_bytes(b"half a part")
    lost = rewritten.warehouse / "grid_partition=81063ffffffffff" / "year=2020" / "part_000000_deadbeef.parquet"
    lost.parent.mkdir(parents=True, exist_ok=True)
    lost.write_bytes(b"never committed")
    report = earthcatalog.json("expire", *rewritten.arguments)
    assert report["files"]["too_young"]["files"] == 2 and lost.exists()
    make_older(folder, 2 * DAY)
    make_older(lost.parent, 2 * DAY)
    report = earthcatalog.json("expire", *rewritten.arguments)
    assert report["files"]["removed"]["files"] == 2
    assert not lost.exists() and not (folder / "part.parquet").exists()


def test_a_dry_run_lists_what_would_go(earthcatalog, rewritten):
    before = files_of(rewritten)
    arguments = ["expire", *rewritten.arguments, "--older-than", "0s"]
    promised = earthcatalog.json(*arguments, "--dry-run")
    lines = earthcatalog.run(*arguments, "--dry-run", check=True).stdout.splitlines()
    assert files_of(rewritten) == before
    files = [line.split()[1] for line in lines if line.startswith("file ")]
    assert sorted(files) == sorted(entry["uri"] for entry in promised["would_remove"])
    assert [int(line.split()[1]) for line in lines if line.startswith("snapshot ")] == [
        entry["snapshot_id"] for entry in promised["removed_snapshots"]]
    assert len(lines) == len(files) + 1
    done = earthcatalog.json(*arguments)
    assert done["files"]["removed"] == promised["files"]["removed"]
    assert not any(os.path.exists(uri.removeprefix("file://")) for uri in files)


def test_a_mistyped_name_creates_nothing(earthcatalog, tmp_path):
    process = earthcatalog.run("expire", "--catalog", tmp_path / "no.db", "--warehouse", tmp_path / "no")
    assert process.returncode == 1 and "no.db" in process.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", [["--older-than", "soon"], ["--retain-last", "0"]])
def test_wrong_usage(earthcatalog, rewritten, option):
    assert earthcatalog.run("expire", *rewritten.arguments, *option).returncode == 2


def test_an_unreadable_manifest_is_named_and_nothing_goes(earthcatalog, rewritten):
    snapshot = rewritten.load().current_snapshot()
    manifest = snapshot.manifests(rewritten.load().io)[0].manifest_path.removeprefix("file://")
    with open(manifest, "r+b") as file:
        file.truncate(100)
    before = files_of(rewritten)
    process = earthcatalog.run("expire", *rewritten.arguments, "--older-than", "0s")
    assert process.returncode == 1 and manifest in process.stderr
    assert files_of(rewritten) == before


def test_kills(earthcatalog, archive, tmp_path):
    """Killed anywhere, the table reads the same, and a rerun at once leaves the files of its snapshot alone."""
    for fraction in (0.1, 0.3, 0.5, 0.7, 0.9):
        table = Table(tmp_path / str(fraction))
        earthcatalog.json(*incremental(table, archive, "--limit", 300))
        earthcatalog.json(*incremental(table, archive, "--limit", 300, "--refetch"))
        rows = table.rows()
        process = earthcatalog.start("expire", *table.arguments, "--older-than", "0s")
        time.sleep(fraction * 0.15)
        process.kill()
        process.communicate()
        assert table.rows() == rows
        earthcatalog.run("expire", *table.arguments, "--older-than", "0s", check=True)
        assert table.rows() == rows
        left = {str(path) for path in table.warehouse.glob("grid_partition=*/year=*/*.parquet")}
        assert left == {task.file.file_path.removeprefix("file://") for task in table.load().scan().plan_files()}


def test_on_s3(s3_earthcatalog, s3_server):
    base = "s3://test-warehouse/expire"
    s3_earthcatalog.run("generate", "--items", 100, "--seed", 5, "--out", f"s3://{BUCKET}/expire", check=True)
    arguments = ["--catalog", f"{base}/catalog.db", "--warehouse", f"{base}/warehouse"]
    run = ["incremental", "--inventory", f"s3://{BUCKET}/expire/inventory.csv", *arguments]
    first = s3_earthcatalog.json(*run)
    assert first["written_items"] == 100
    s3_earthcatalog.json(*run, "--refetch")
    promised = s3_earthcatalog.json("expire", *arguments, "--older-than", "0s", "--dry-run")
    time.sleep(1.1)  # the server's times are whole seconds
    report = s3_earthcatalog.json("expire", *arguments, "--older-than", "0s")
    assert_sums(report)
    assert report["snapshots"] == {"before": 2, "removed": 1, "kept": 1}
    assert report["places"]["data"]["removed"]["files"] == first["files"]
    assert promised["places"]["data"]["live"] == report["places"]["data"]["live"]
    info = s3_earthcatalog.json("info", *arguments)
    assert info["rows"] == first["rows"] and info["snapshots"] == 1
    assert s3_earthcatalog.json(*run)["unchanged"] == 100
