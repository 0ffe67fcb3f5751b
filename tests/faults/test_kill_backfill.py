"""Kills in the middle of `backfill`: in every phase, at random moments."""

import time

import pytest
from conftest import Table, backfill, incremental
from kills import kill_and_rerun

OPTIONS = ["--chunk-size", 150, "--workers", 2]


@pytest.fixture(scope="module")
def undisturbed(earthcatalog, archive, tmp_path_factory):
    table = Table(tmp_path_factory.mktemp("undisturbed"))
    start = time.monotonic()
    earthcatalog.json(*backfill(table, archive, *OPTIONS))
    return time.monotonic() - start, table.rows()


@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_kills_and_reruns(earthcatalog, archive, undisturbed, tmp_path, shape):
    seconds, expected = undisturbed

    def command(table):
        # The table may be finished when the kill comes: then the rerun finds it so, or its clean-up half done.
        return backfill(table, archive, *OPTIONS, "--replace", shape=shape)

    kill_and_rerun(earthcatalog, command, seconds, expected, tmp_path)


@pytest.mark.parametrize("shape", ["staged", "direct"])
def test_kills_of_a_delta(earthcatalog, archive, undisturbed, tmp_path, shape):
    """On a table that has a part of the archive: its rows are replaced, the others are added."""
    seconds, expected = undisturbed

    def prepare(table):
        earthcatalog.json(*incremental(table, archive, "--limit", 300))

    def command(table):
        return backfill(table, archive, *OPTIONS, "--delta", shape=shape)

    kill_and_rerun(earthcatalog, command, seconds, expected, tmp_path, prepare)


def test_ctrl_c_leaves_finished_chunks_and_goes_on(earthcatalog, archive, undisturbed, tmp_path):
    import signal

    seconds, expected = undisturbed
    table = Table(tmp_path)
    process = earthcatalog.start(*backfill(table, archive, *OPTIONS))
    while not list((tmp_path / "staging/staging/_completed").glob("*.done")):
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("the run was over before the signal")
    assert process.returncode == 130 and "Run the same command" in stderr
    assert not (tmp_path / "catalog.db.lock").exists()
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "staging/staging/_completed").iterdir()}
    earthcatalog.json(*backfill(table, archive, *OPTIONS, "--keep-staging"))
    assert finished.items() <= {path: path.stat().st_mtime_ns for path in (tmp_path / "staging/staging/_completed").iterdir()}.items()
    assert table.rows() == expected
