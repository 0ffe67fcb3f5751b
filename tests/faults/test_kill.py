"""Kills and Ctrl-C in the middle of `incremental`."""

import signal
import time

import pytest
from conftest import Table, incremental
from kills import KILLS, Undisturbed, archive, check_commits, kill_and_rerun  # noqa: F401 - a fixture

# Small chunks and a commit for each: many moments at which something can be half done.
OPTIONS = ["--chunk-size", 100, "--commit-every", "0s", "--workers", 2]


def command(table, archive):
    return incremental(table, archive, *OPTIONS)


def phase_of(table):
    """0: nothing is written; 1: there are data files; 2: the first of them are committed."""
    metadata = len(list(table.warehouse.glob("earthcatalog/stac_items/metadata/*.metadata.json")))
    if metadata < 2:  # the first one makes the table
        return int(any(table.warehouse.glob("grid_partition=*/*/*.parquet")))
    return 2


@pytest.fixture(scope="module")
def undisturbed(earthcatalog, archive, tmp_path_factory):
    return Undisturbed(earthcatalog, command, Table(tmp_path_factory.mktemp("undisturbed")), archive, phase_of, phases=range(3))


def test_kills_and_reruns(earthcatalog, archive, undisturbed, tmp_path):
    kill_and_rerun(earthcatalog, lambda table: command(table, archive), undisturbed,
                   lambda kill: Table(tmp_path / str(kill)), KILLS, check_commits)


def test_ctrl_c_commits_whole_chunks_and_says_how_to_go_on(earthcatalog, archive, undisturbed, tmp_path):
    # Local items are read within a fraction of a second, and what comes after that is finished: the moment is sought.
    for delay in (0.05, 0.08, 0.12, 0.16, 0.2, 0.3, 0.4, 0.6, 0.8):
        table = Table(tmp_path / str(delay))
        process = earthcatalog.start(*command(table, archive), "--format", "json")
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
        if process.returncode == 130 and stderr:  # silent: the signal came before the run began
            break
        assert process.returncode != 130 or not table.exists()
    else:
        pytest.skip("no delay hit the moment between the start and the last item")
    assert "Run the same command" in stderr
    assert not (table.folder / "catalog.db.lock").exists()
    again = earthcatalog.json(*command(table, archive))
    assert table.rows() == undisturbed.rows
    assert again["unchanged"] + again["written_items"] == len(archive.objects())
