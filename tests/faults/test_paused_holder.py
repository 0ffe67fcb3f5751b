"""A run that is stopped past its lock's time to live, while another one takes over and commits, cannot commit."""

import os
import signal
import time

import pytest
from conftest import Earthcatalog, S3Table, Table, backfill, incremental
from fault_proxy import FaultProxy

TTL = ["--lock-ttl", "4s"]
EXPIRED = 4.2  # seconds

# A file a row: the phases last long enough to be stopped in them.
OPTIONS = [*TTL, "--chunk-size", 50, "--workers", 1, "--compact-rows", 1]


@pytest.fixture(scope="module")
def archives(earthcatalog, tmp_path_factory):
    """Two of them: items and inventories differ."""
    return [earthcatalog.generate(tmp_path_factory.mktemp("archive"), "--concentrate", items=400, seed=seed) for seed in range(2)]


@pytest.fixture
def start(earthcatalog):
    """Starts the binary, and ends it after the test, whatever became of that."""
    started = []

    def begin(*arguments):
        started.append(earthcatalog.start(*arguments))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


def stop(process):
    """Gives back when the process stands still, or has ended."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)


def pause_when(process, table, moment):
    """Stops the process at the first moment that `moment()` is true."""
    while not moment():
        assert process.poll() is None, process.communicate()
    stop(process)
    # Not in the middle of a write to lock or catalog: that would hold the other one up too.
    while list(table.folder.glob(".ec-lock-*")) or list(table.folder.glob("*-journal")):
        process.send_signal(signal.SIGCONT)
        time.sleep(0.001)
        stop(process)
    assert process.poll() is None, "it was over before it was stopped"


def go_on_and_fail(process, table):
    """Continues the stopped process, which must not change the table, and gives what it says."""
    before = table.load().metadata_location
    process.send_signal(signal.SIGCONT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1, stderr
    assert "no longer ours" in stderr, stderr
    assert table.load().metadata_location == before
    assert not table.is_locked()
    return stderr


def test_incremental(earthcatalog, start, archives, table):
    command = incremental(table, archives[0], *TTL, "--chunk-size", 50)
    first = start(*command)
    pause_when(first, table, table.is_locked)
    locked = earthcatalog.run(*incremental(table, archives[0]))
    assert locked.returncode == 1 and "CatalogLocked" in locked.stderr  # five minutes are not over
    time.sleep(EXPIRED)
    second = earthcatalog.json(*command)
    assert second["written_items"] == 400
    go_on_and_fail(first, table)


def test_a_short_time_to_live_is_no_reason_to_take_a_living_run_s_lock(s3_server, archives, tmp_path, start):
    """The heart beats faster then."""
    with FaultProxy(s3_server.port, rate=1, kinds=("delay",)) as proxy:
        client = Earthcatalog({**s3_server.environment, "AWS_ENDPOINT_URL": proxy.endpoint})
        table = S3Table(s3_server, "living", tmp_path)
        first = client.start(*backfill(table, archives[0], "--lock-ttl", "6s", "--chunk-size", 50, "--limit", 50, "--workers", 1))
        while not table.is_locked():
            assert first.poll() is None
            time.sleep(0.05)
        time.sleep(7.5)
        assert first.poll() is None
        second = Earthcatalog(s3_server.environment).run(*backfill(table, archives[0], "--lock-ttl", "6s", "--chunk-size", 50, "--limit", 50))
        first.kill()
        first.wait()
    assert second.returncode == 1 and "CatalogLocked" in second.stderr, second.stderr


PHASES = {"2": "staging/staging/_completed/*.done", "3": "warehouse/**/part_*"}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("staging", ["the same staging", "a staging of its own"])
def test_backfill(earthcatalog, start, archives, table, phase, staging):
    first = start(*backfill(table, archives[0], *OPTIONS))
    pause_when(first, table, lambda: next(table.folder.glob(PHASES[phase]), None))
    if staging == "a staging of its own":
        table.staging = table.folder / "other"
    time.sleep(EXPIRED)
    second = earthcatalog.json(*backfill(table, archives[0], *OPTIONS))
    assert second["written_items"] == 400
    contents = table.contents()
    go_on_and_fail(first, table)
    assert table.contents().equals(contents)


@pytest.mark.parametrize("phase", PHASES)
def test_what_a_woken_backfill_stages_is_not_taken_for_the_next_ones(earthcatalog, start, archives, table, phase):
    first = start(*backfill(table, archives[0], *OPTIONS))
    pause_when(first, table, lambda: next(table.folder.glob(PHASES[phase]), None))
    time.sleep(EXPIRED)
    earthcatalog.json(*backfill(table, archives[0], *OPTIONS))
    go_on_and_fail(first, table)
    earthcatalog.json(*backfill(table, archives[1], "--chunk-size", 50, "--replace"))
    expected = Table(table.folder / "expected")
    earthcatalog.json(*backfill(expected, archives[1]))
    assert table.contents().equals(expected.contents())
