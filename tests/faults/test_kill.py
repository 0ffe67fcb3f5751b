"""Kills and Ctrl-C in the middle of `incremental`."""

import signal
import time

import pytest
from conftest import Table, incremental
from kills import kill_and_rerun

# Small chunks and a commit for each: many moments at which something can be half done.
OPTIONS = ["--chunk-size", 100, "--commit-every", "0s", "--workers", 2]


@pytest.fixture(scope="module")
def undisturbed(earthcatalog, archive, tmp_path_factory):
    table = Table(tmp_path_factory.mktemp("undisturbed"))
    start = time.monotonic()
    earthcatalog.json(*incremental(table, archive, *OPTIONS))
    return time.monotonic() - start, table.rows()


def test_kills_and_reruns(earthcatalog, archive, undisturbed, tmp_path):
    seconds, expected = undisturbed
    kill_and_rerun(earthcatalog, lambda table: incremental(table, archive, *OPTIONS), seconds, expected, tmp_path)


def test_ctrl_c_commits_whole_chunks_and_says_how_to_go_on(earthcatalog, archive, undisturbed, tmp_path):
    _, expected = undisturbed
    # Local items are read within a fraction of a second, and what comes after that is finished: the moment is sought.
    for delay in (0.05, 0.08, 0.12, 0.16, 0.2, 0.3, 0.4, 0.6, 0.8):
        table = Table(tmp_path / str(delay))
        table.folder.mkdir()
        process = earthcatalog.start(*incremental(table, archive, *OPTIONS, "--format", "json"))
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
        if process.returncode == 130:
            break
    else:
        pytest.skip("no delay hit the moment between the start and the last item")
    assert "Run the same command" in stderr
    assert not (table.folder / "catalog.db.lock").exists()
    again = earthcatalog.json(*incremental(table, archive, *OPTIONS))
    assert table.rows() == expected
    assert again["unchanged"] + again["written_items"] == len(archive.objects())
