"""`earthcatalog unlock`: a lock, none, one whose holder is gone, and a catalog that is not there."""

import json
import signal
import time

import pytest
from conftest import incremental


def lock_of(table):
    return table.catalog.with_name(table.catalog.name + ".lock")


@pytest.fixture
def killed(earthcatalog, archive, table):
    """A table whose first run was killed while it held the lock."""
    process = earthcatalog.start(*incremental(table, archive))
    while not (lock_of(table).exists() and lock_of(table).stat().st_size):
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return table


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_catalog_that_is_not_there(earthcatalog, tmp_path, force):
    process = earthcatalog.run("unlock", "--catalog", tmp_path / "catlog.db", *force)
    assert process.returncode == 1
    assert f"there is no catalog at file://{tmp_path}/catlog.db" in process.stderr
    assert process.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_catalog_that_is_not_locked(earthcatalog, small_archive, table):
    earthcatalog.json(*incremental(table, small_archive))
    for force in ([], ["--force"]):
        assert earthcatalog.run("unlock", "--catalog", table.catalog, *force, check=True).stdout == "not locked\n"


def test_report_says_whether_it_is_locked_and_how_the_command_ended(earthcatalog, killed):
    held = earthcatalog.json("unlock", "--catalog", killed.catalog)
    removed = earthcatalog.json("unlock", "--catalog", killed.catalog, "--force")
    free = earthcatalog.json("unlock", "--catalog", killed.catalog)
    assert [report["locked"] for report in (held, removed, free)] == [True, False, False]
    assert held["owner"] == removed["owner"] == "incremental" and "owner" not in free
    for report in (held, removed, free):
        assert (report["command"], report["status"], report["exit_code"]) == ("unlock", "ok", 0)
        assert report["catalog"].endswith(str(killed.catalog)) and report["started"] <= report["ended"]
    process = earthcatalog.run("unlock", "--catalog", f"{killed.catalog}.none", "--format", "json")
    assert process.returncode == 1 and json.loads(process.stdout)["status"] == "failed"


def test_holder_that_is_gone(earthcatalog, killed, archive):
    told = earthcatalog.run("unlock", "--catalog", killed.catalog, check=True).stdout
    assert "its holder is gone: process" in told and "The next run takes the lock over" in told
    record = earthcatalog.json("unlock", "--catalog", killed.catalog)
    assert f"process {record['pid']} of this host is gone" == record["stale"]
    assert lock_of(killed).exists()
    assert earthcatalog.json(*incremental(killed, archive, "--limit", 10))["source_items"] == 10


def test_holder_that_lives(earthcatalog, archive, table):
    process = earthcatalog.start(*incremental(table, archive))
    while not (lock_of(table).exists() and lock_of(table).stat().st_size):
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)
    try:
        told = earthcatalog.run("unlock", "--catalog", table.catalog, check=True).stdout
        assert told.startswith("locked by incremental") and "gone" not in told
        assert json.loads(earthcatalog.run("unlock", "--catalog", table.catalog, "--format", "json").stdout)["stale"] is None
    finally:
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=120)


def test_force_before_the_first_commit(earthcatalog, killed):
    assert "removed the lock of incremental" in earthcatalog.run("unlock", "--catalog", killed.catalog, "--force", check=True).stdout
    assert not lock_of(killed).exists()
