"""What a run tells of itself: the same members in every report, also in that of a run that failed."""

import datetime
import json
import os
import re
import signal
import stat

import pytest
from conftest import Earthcatalog, Table, backfill, incremental, wait_for
from test_backfill_retry import glacier  # noqa: F401

ENVELOPE = {"command", "version", "status", "error", "exit_code", "started", "ended", "seconds", "catalog", "warehouse",
            "inventory"}


def check_envelope(report, command, status, exit_code, table=None):
    assert ENVELOPE <= report.keys(), report
    assert (report["command"], report["status"], report["exit_code"]) == (command, status, exit_code)
    assert re.fullmatch(r"\d+\.\d+\.\d+", report["version"])
    started, ended = (datetime.datetime.fromisoformat(report[name]) for name in ("started", "ended"))
    assert started.utcoffset() == datetime.timedelta(0) and report["started"].endswith("Z")
    now = datetime.datetime.now(datetime.timezone.utc)
    assert now - datetime.timedelta(minutes=10) < started <= ended <= now
    assert (report["error"] is None) == (status == "ok")
    if table:
        assert report["catalog"] == f"file://{table.catalog}"
        assert report["warehouse"] == f"file://{table.warehouse}"


@pytest.fixture(scope="module")
def filled(earthcatalog, small_archive, tmp_path_factory):
    table = Table(tmp_path_factory.mktemp("filled"))
    earthcatalog.json(*incremental(table, small_archive, "--limit", 60))
    earthcatalog.json(*incremental(table, small_archive, "--limit", 80))
    return table


COMMANDS = {
    "incremental": lambda table, archive: incremental(table, archive, "--dry-run"),
    "backfill": lambda table, archive: backfill(table, archive, "--limit", 90, "--delta"),
    "compact": lambda table, archive: ["compact", *table.arguments],
    "audit": lambda table, archive: ["audit", *table.arguments, "--inventory", archive.inventory, "--since", "2100-01-01",
                                     "--source-root", archive.source_root],
    "expire": lambda table, archive: ["expire", *table.arguments, "--dry-run"],
    "index build": lambda table, archive: ["index", "build", *table.arguments],
    "index update": lambda table, archive: ["index", "update", *table.arguments],
    "index check": lambda table, archive: ["index", "check", *table.arguments],
    "delta": lambda table, archive: ["delta", "--inventory", archive.inventory, "--source-root", archive.source_root,
                                     *table.arguments],
    "register": lambda table, archive: ["register", "--from-warehouse", "--replace", "--dry-run", *table.arguments],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_report_of_a_command_says_how_it_went_and_on_what(earthcatalog, filled, small_archive, tmp_path, command):
    path = tmp_path / "report.json"
    arguments = COMMANDS[command](filled, small_archive)
    printed = earthcatalog.json(*arguments, "--report", path)
    check_envelope(printed, command, "ok", 0, filled)
    assert json.loads(path.read_text()) == printed
    if "--inventory" in arguments:
        assert printed["inventory"] == f"file://{small_archive.inventory}"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]


def test_report_of_a_command_without_a_table(earthcatalog, small_archive, tmp_path):
    path = tmp_path / "report.json"
    diff = earthcatalog.json("diff", "--old", small_archive.inventory, "--new", small_archive.inventory,
                             "--out", tmp_path / "out.parquet", "--report", path)
    check_envelope(diff, "diff", "ok", 0)
    assert (diff["catalog"], diff["warehouse"]) == (None, None)
    assert json.loads(path.read_text()) == diff


def test_what_a_question_prints_as_json_is_a_report_too(earthcatalog, filled, small_archive, tmp_path):
    check_envelope(earthcatalog.json("inspect", "inventory", small_archive.inventory), "inspect inventory", "ok", 0)
    for command in ("info", "history", "status"):
        check_envelope(earthcatalog.json(command, *filled.arguments), command, "ok", 0, filled)
    process = earthcatalog.run("info", "--catalog", tmp_path / "none.db", "--format", "json")
    check_envelope(json.loads(process.stdout), "info", "failed", 1)


def test_report_names_the_warehouse_that_only_the_table_knows(earthcatalog, filled, small_archive):
    arguments = ["--catalog", filled.catalog]
    for command in (["compact"], ["expire", "--dry-run"],
                    ["incremental", "--inventory", small_archive.inventory, "--source-root", small_archive.source_root,
                     "--dry-run"]):
        assert earthcatalog.json(*command, *arguments)["warehouse"] == f"file://{filled.warehouse}", command


@pytest.mark.parametrize("command", ["compact", "audit", "expire", "index update", "delta"])
def test_report_of_a_failed_run_looks_failed(earthcatalog, small_archive, table, tmp_path, command):
    path = tmp_path / "report.json"
    process = earthcatalog.run(*COMMANDS[command](table, small_archive), "--format", "json", "--report", path)
    assert process.returncode == 1
    report = json.loads(path.read_text())
    check_envelope(report, command, "failed", 1, table)
    assert f"earthcatalog: {report['error']}\n" in process.stderr
    assert json.loads(process.stdout) == report


def test_report_of_wrong_usage_says_exit_code_2(earthcatalog, archive, table, tmp_path):
    path = tmp_path / "report.json"
    process = earthcatalog.run(*incremental(table, archive, "--since", "yesterday", "--report", path))
    assert process.returncode == 2
    report = json.loads(path.read_text())
    check_envelope(report, "incremental", "failed", 2, table)
    assert "--since" in report["error"]


def test_report_of_a_run_with_pending_objects_is_failed(glacier, table, tmp_path):
    path = tmp_path / "report.json"
    glacier.archived = {path.name for path in sorted((tmp_path / "archive").rglob("*.stac.json"))[:6]}
    process = Earthcatalog(glacier.environment).run(
        "incremental", "--inventory", tmp_path / "archive/inventory.csv", "--anonymous", *table.arguments, "--report", path)
    report = json.loads(path.read_text())
    assert report["pending"] == 6 and process.returncode == 1, process.stderr
    check_envelope(report, "incremental", "failed", 1, table)
    assert "6 objects are pending" in report["error"]


def test_report_of_a_stopped_run_is_interrupted(earthcatalog, archive, tmp_path):
    path = tmp_path / "report.json"
    for attempt in range(20):  # a run may be over before the signal comes
        table = Table(tmp_path / str(attempt))
        process = earthcatalog.start(*incremental(table, archive, "--chunk-size", 5, "--commit-every", "0s",
                                                  "--workers", 1, "--report", path))
        wait_for(lambda: table.is_locked() or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        report = json.loads(path.read_text())
        if process.returncode != 0:
            break
        assert report["status"] == "ok" and report["written_items"] == 2000
    assert process.returncode == 130
    check_envelope(report, "incremental", "interrupted", 130, table)


def test_report_of_damage_is_failed_and_has_the_counts(earthcatalog, small_archive, table, tmp_path):
    earthcatalog.json(*incremental(table, small_archive, "--limit", 20))
    path = tmp_path / "report.json"
    process = earthcatalog.run("audit", *table.arguments, "--inventory", small_archive.inventory, "--source-root",
                               small_archive.source_root, "--report", path)
    report = json.loads(path.read_text())
    assert process.returncode == 1
    check_envelope(report, "audit", "failed", 1, table)
    assert report["good"] is False and report["inventory_objects"]["missing"] == 100


UNWRITABLE = {
    "folder that is missing": lambda folder: (folder / "none" / "r.json", "none does not exist"),
    "folder": lambda folder: (folder, "is a folder"),
    "below a file": lambda folder: (folder / "file" / "r.json", "file"),
}


@pytest.mark.parametrize("case", UNWRITABLE)
def test_report_that_cannot_be_written_is_known_before_the_run(earthcatalog, archive, table, tmp_path, case):
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "file").write_text("x")
    place, words = UNWRITABLE[case](folder)
    process = earthcatalog.run(*incremental(table, archive, "--limit", 5, "--report", place))
    assert process.returncode in (1, 2)
    assert "--report" in process.stderr and words in process.stderr
    assert not table.exists() and not table.warehouse.exists()
    assert [entry.name for entry in folder.iterdir()] == ["file"]


def test_report_file_is_replaced_whole_and_links_and_devices_stay(earthcatalog, filled, tmp_path):
    path, link = tmp_path / "report.json", tmp_path / "link.json"
    path.write_text("x" * 100_000)
    before = path.stat().st_ino
    link.symlink_to(path)
    report = earthcatalog.json("compact", "--dry-run", *filled.arguments, "--report", link)
    assert json.loads(path.read_text()) == report
    assert link.is_symlink() and path.stat().st_ino != before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["link.json", "report.json"]
    process = earthcatalog.run("compact", "--dry-run", *filled.arguments, "--report", "/dev/stderr", check=True)
    assert json.loads(process.stderr)["command"] == "compact"
    earthcatalog.run("compact", "--dry-run", *filled.arguments, "--report", "/dev/null", check=True)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_report_that_cannot_be_written_at_the_end_fails_the_run(earthcatalog, filled):
    process = earthcatalog.run("compact", "--dry-run", *filled.arguments, "--report", "/dev/full")
    assert process.returncode == 1
    assert "--report" in process.stderr and "No space" in process.stderr


def test_report_on_s3(s3_earthcatalog, s3_server, filled, tmp_path):
    key = "test-warehouse/reports/compact.json"
    failed = s3_earthcatalog.run("compact", "--catalog", tmp_path / "none.db", "--report", f"s3://{key}")
    assert failed.returncode == 1
    check_envelope(json.loads(s3_server.get(key)), "compact", "failed", 1)
    report = s3_earthcatalog.json("compact", "--dry-run", *filled.arguments, "--report", f"s3://{key}")
    assert json.loads(s3_server.get(key)) == report
    assert s3_server.keys("test-warehouse", "reports/") == ["reports/compact.json"]


@pytest.mark.parametrize("uri", ["s3://no-such-bucket-here/r.json", "s3://test-warehouse/reports/"])
def test_report_on_s3_that_cannot_be_written_is_known_before_the_run(s3_earthcatalog, archive, table, uri):
    process = s3_earthcatalog.run(*incremental(table, archive, "--limit", 5, "--report", uri))
    assert process.returncode in (1, 2)
    assert "--report" in process.stderr
    assert not table.exists()


def test_report_on_s3_without_the_right_to_write_is_known_before_the_run(s3_earthcatalog, s3_server, archive, table):
    process = s3_earthcatalog.run(*incremental(table, archive, "--limit", 5, "--report",
                                               "s3://test-warehouse/denied.json"), "--anonymous")
    assert process.returncode == 1 and "--report" in process.stderr
    assert not table.exists() and s3_server.get("test-warehouse/denied.json") is None
