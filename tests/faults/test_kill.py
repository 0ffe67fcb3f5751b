"""Kills `incremental` at random moments, runs it again, and reads the table all the while.

Whatever the moment: a reader never sees an error or a part of an item, the rerun goes on at once and ends with the same
rows as a run that nobody disturbed. EARTHCATALOG_SOAK=1: 200 kills instead of 20.
"""

import collections
import os
import random
import threading
import time

import pytest
from conftest import Table, incremental

KILLS = 200 if os.environ.get("EARTHCATALOG_SOAK") else 20
SEED = int(os.environ.get("EARTHCATALOG_SEED", time.time_ns() % 1_000_000))
# Small chunks and a commit for each: many moments at which something can be half done.
OPTIONS = ["--chunk-size", 100, "--commit-every", "0s", "--workers", 2]


class Reader(threading.Thread):
    """Loads the table again and again and remembers each state that it saw."""

    def __init__(self, table):
        super().__init__(daemon=True)
        self.table, self.states, self.errors, self.stop = table, [], [], threading.Event()

    def run(self):
        from pyiceberg.exceptions import NoSuchTableError

        while not self.stop.is_set():
            if not self.table.catalog.exists():
                time.sleep(0.005)
                continue
            try:
                self.states.append(self.table.rows())
            except NoSuchTableError:
                if self.states:
                    self.errors.append("the table was there and is gone")
            except Exception as error:  # noqa: BLE001 - whatever a reader meets is a finding
                if "no such table: iceberg_tables" not in str(error) or self.states:
                    self.errors.append(repr(error))


@pytest.fixture(scope="module")
def undisturbed(earthcatalog, archive, tmp_path_factory):
    table = Table(tmp_path_factory.mktemp("undisturbed"))
    start = time.monotonic()
    earthcatalog.json(*incremental(table, archive, *OPTIONS))
    return time.monotonic() - start, table.rows()


def cells_of_items(rows):
    items = collections.defaultdict(set)
    for collection, identifier, cell, year in rows:
        items[collection, identifier].add((cell, year))
    return items


def test_kills_and_reruns(earthcatalog, archive, undisturbed, tmp_path):
    seconds, expected = undisturbed
    expected_cells = cells_of_items(expected)
    choose = random.Random(SEED)
    print(f"EARTHCATALOG_SEED={SEED}")
    for kill in range(KILLS):
        table = Table(tmp_path / str(kill))
        table.folder.mkdir()
        reader = Reader(table)
        reader.start()
        process = earthcatalog.start(*incremental(table, archive, *OPTIONS))
        time.sleep(choose.uniform(0, 1.1) * seconds)
        process.kill()
        process.communicate()
        rerun = earthcatalog.run(*incremental(table, archive, *OPTIONS))
        reader.stop.set()
        reader.join()
        where = f"kill {kill}, EARTHCATALOG_SEED={SEED}"
        assert rerun.returncode == 0, f"{where}: {rerun.stderr}"
        assert table.rows() == expected, where
        assert reader.errors == [], where
        for state in reader.states:
            assert len(set(state)) == len(state), f"{where}: doubled rows"
            for item, cells in cells_of_items(state).items():
                assert cells == expected_cells[item], f"{where}: a part of {item}"


def test_ctrl_c_commits_whole_chunks_and_says_how_to_go_on(earthcatalog, archive, undisturbed, tmp_path):
    import signal

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
