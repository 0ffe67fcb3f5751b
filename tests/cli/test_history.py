"""history: what became of a table; status: how far a backfill has come."""

import json
import os
import re
import signal
import time

import pytest
from conftest import Earthcatalog, backfill, incremental, wait_for
from test_backfill_retry import glacier, names  # noqa: F401


def test_history_tells_runs_and_snapshots_of_all_writers(earthcatalog, archive, table):
    first = earthcatalog.json(*incremental(table, archive, "--limit", 150))
    second = earthcatalog.json(*incremental(table, archive, "--limit", 300))
    table.load().delete("grid_primary = false")
    compacted = earthcatalog.json("compact", *table.arguments)
    history = earthcatalog.json("history", *table.arguments)
    newest, *between, _, _ = history["snapshots"]
    ours, foreign = history["snapshots"][-2:], between[0]  # PyIceberg may make several
    assert [entry["run_id"] for entry in (newest, foreign, *ours)] == [compacted["run_id"], None, second["run_id"],
                                                                       first["run_id"]]
    assert [entry["run_command"] for entry in (newest, foreign, *ours)] == ["compact", None, "incremental", "incremental"]
    assert newest["current"] and not any(entry["current"] for entry in (*between, *ours))
    assert (foreign["writer"], ours[0]["writer"]) == ("another engine", "earthcatalog")
    assert (ours[1]["operation"], ours[1]["rows_added"], ours[1]["files_added"]) == ("append", first["rows"], first["files"])
    assert (ours[1]["rows_removed"], ours[1]["run_inventory"]) == (0, str(archive.inventory))
    assert newest["rows_added"] == newest["rows_removed"] > 0 and newest["files_removed"] > newest["files_added"]
    assert newest["rows"] == len(table.rows())
    assert ours[1]["time"] <= ours[0]["time"] <= foreign["time"] <= newest["time"]
    runs = {run["run_id"]: run for run in history["runs"]}
    assert list(runs) == [compacted["run_id"], second["run_id"], first["run_id"]]
    assert (runs[first["run_id"]]["commits"], runs[first["run_id"]]["rows_added"]) == (1, first["rows"])


def test_history_of_a_run_with_several_commits_is_one_run(earthcatalog, archive, table):
    report = earthcatalog.json(*incremental(table, archive, "--limit", 400, "--chunk-size", 20, "--commit-every", "0s"))
    history = earthcatalog.json("history", *table.arguments)
    assert report["commits"] > 1 and len(history["snapshots"]) == report["commits"]
    (run,) = history["runs"]
    assert (run["commits"], run["rows_added"] - run["rows_removed"]) == (report["commits"], report["rows"])
    assert len(earthcatalog.json("history", *table.arguments, "--limit", 0)["snapshots"]) == report["commits"]
    limited = earthcatalog.json("history", *table.arguments, "--limit", 1)
    assert limited["snapshots"] == history["snapshots"][:1]
    assert limited["snapshots_of_the_table"] == report["commits"]


def test_history_as_text_has_a_line_a_snapshot(earthcatalog, small_archive, table):
    run = earthcatalog.json(*incremental(table, small_archive))
    text = earthcatalog.run("history", *table.arguments, check=True).stdout
    (line,) = [line for line in text.splitlines() if str(run["snapshot_id"]) in line]
    assert re.search(rf"append .*\+{run['files']} .*\+{run['rows']} .*incremental {run['run_id'][:8]}", line), text
    assert "1 of 1 snapshot;" in text


# --- status


def status(earthcatalog, table, shape):
    return earthcatalog.json("status", *table.arguments, *(["--staging", table.staging] if shape == "staged" else []))


@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_status_follows_a_backfill(earthcatalog, small_archive, table, shape):
    before = status(earthcatalog, table, shape)
    assert (before["phase"], before["snapshot_id"], before["chunks"]) == ("none", None, 0)
    stopped = stop_after_a_chunk(earthcatalog, small_archive, table, shape)
    during = status(earthcatalog, table, shape)
    assert (during["phase"], during["chunks"], during["snapshot_id"]) == ("ingest", 12, None)
    assert 1 <= during["chunks_staged"] < 12 and during["source_items"] == 120
    assert during["backfill_inventory"] == str(small_archive.inventory) and during["since"]
    assert "goes on" in during["next"] and during["lock"] is None
    assert (stopped["chunks"], stopped["chunks_staged"], stopped["status"]) == (12, during["chunks_staged"], "interrupted")
    assert (stopped["source_items"], stopped["written_items"], stopped["not_done"]) == (120, 0, 120)
    text = earthcatalog.run("status", *table.arguments, *(["--staging", table.staging] if shape == "staged" else [])).stdout
    assert f"{during['chunks_staged']} of 12 staged" in text and "not committed" in text
    done = earthcatalog.json(*backfill(table, small_archive, "--chunk-size", 10, shape=shape))
    after = status(earthcatalog, table, shape)
    assert (after["phase"], after["snapshot_id"]) == ("none", done["snapshot_id"])
    assert "nothing" in after["next"]


def stop_after_a_chunk(earthcatalog, archive, table, shape):
    """The report of a backfill that was stopped between chunks."""
    report = table.folder / "stopped.json"
    process = earthcatalog.start(*backfill(table, archive, "--chunk-size", 10, "--workers", 1, "--fetch-concurrency", 1,
                                           "--report", report, shape=shape))
    marker = "staging/staging/_completed/*.done" if shape == "staged" else "_runs/*/*/ingest_stats.json"
    root = table.folder if shape == "staged" else table.warehouse
    wait_for(lambda: list(root.glob(marker)) or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    if process.returncode != 130:
        pytest.skip("the backfill was faster than Ctrl-C")
    assert "chunks are staged" in out
    return json.loads(report.read_text())


def test_status_counts_the_tasks_of_a_compaction_under_way(earthcatalog, small_archive, table):
    staging, source = f"file://{table.staging}", {"source_root": str(small_archive.source_root), "resolution": 1}
    head = {"staging": staging, "catalog": f"file://{table.catalog}", "warehouse": f"file://{table.warehouse}",
            "run_id": "a" * 32, "task_bytes": 100_000}
    earthcatalog.phase("write_chunks", {"staging": staging, "settings": {"inventory": str(small_archive.inventory), **source}})
    earthcatalog.phase("ingest_chunk", {"staging": staging, "chunk": 0, **source})
    tasks = earthcatalog.phase("plan_compaction", head)["tasks"]
    assert len(tasks) > 1 and status(earthcatalog, table, "staged")["tasks_done"] == 0
    earthcatalog.phase("compact_group", tasks[0])
    report = status(earthcatalog, table, "staged")
    assert (report["phase"], report["tasks_done"]) == ("commit", 1)
    assert "1 tasks done" in earthcatalog.run("status", *table.arguments, "--staging", table.staging, check=True).stdout


def test_status_of_what_is_pending_after_the_commit(glacier, table, tmp_path):
    binary = Earthcatalog(glacier.environment)
    glacier.archived = set(names(tmp_path / "archive")[::10])
    run = ["backfill", "--inventory", tmp_path / "archive/inventory.csv", "--anonymous", *table.arguments, "--h3-resolution", 1,
           "--staging", table.staging]
    done = json.loads(binary.run(*run, "--format", "json").stdout)
    report = status(binary, table, "staged")
    assert (report["phase"], report["pending"], report["snapshot_id"]) == ("committed", 6, done["snapshot_id"])
    assert "--retry-pending" in report["next"]


def test_rerun_of_a_finished_backfill_says_that_it_is_committed(earthcatalog, small_archive, table):
    done = earthcatalog.json(*backfill(table, small_archive))
    again = earthcatalog.json(*backfill(table, small_archive))
    assert again["already_committed"] and again["snapshot_id"] == done["snapshot_id"] and again["commits"] == 0
    assert (again["source_items"], again["unchanged"], again["written_items"]) == (120, 120, 0)
    text = earthcatalog.run(*backfill(table, small_archive), check=True).stdout
    assert f"already committed as snapshot {done['snapshot_id']}" in text


def test_status_of_a_mistyped_catalog_without_a_warehouse_is_an_error(earthcatalog, tmp_path):
    process = earthcatalog.run("status", "--catalog", tmp_path / "none.db")
    assert process.returncode == 1 and "--warehouse" in process.stderr
    assert list(tmp_path.iterdir()) == []
