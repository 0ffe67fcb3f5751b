"""Kills a command at random moments, runs it again, and reads the table all the while.

Whatever the moment: a reader never sees an error or a part of an item, the rerun goes on at once and ends with the same
rows as a run that nobody disturbed. EARTHCATALOG_SOAK=1: 200 kills instead of 20.

A module of tests says what is killed by a function `command(table, archive)`, which gives the arguments, and takes its
fixtures `archive` and `undisturbed` from here.
"""

import collections
import os
import random
import threading
import time

import pytest
from conftest import Archive, Table

KILLS = 200 if os.environ.get("EARTHCATALOG_SOAK") else 20
SEED = int(os.environ["EARTHCATALOG_SEED"])


@pytest.fixture(scope="module")
def archive(earthcatalog, tmp_path_factory):
    """Few groups: a rerun and a look at the table take a fraction of a second, and the phases about the same time."""
    folder = tmp_path_factory.mktemp("archive")
    earthcatalog.run("generate", "--items", 1000, "--seed", 7, "--concentrate", "--out", folder, check=True)
    return Archive(folder)


@pytest.fixture(scope="module")
def undisturbed(request, earthcatalog, archive, tmp_path_factory):
    """The module's command when nobody kills it."""
    return Undisturbed(earthcatalog, request.module.command, Table(tmp_path_factory.mktemp("undisturbed")), archive)


class Undisturbed:
    """A run from its start to its end: `rows` that it leaves, and `seconds` of each phase that shows in the staging
    prefix; of phase 0, before anything is staged, when none does."""

    def __init__(self, earthcatalog, command, table, archive):
        begin = time.monotonic()
        process = earthcatalog.start(*command(table, archive))
        first_seen = {0: 0.0}
        while process.poll() is None:
            first_seen.setdefault(phase_of(table.staged()), time.monotonic() - begin)
            time.sleep(0.002)
        _, stderr = process.communicate()
        assert process.returncode == 0, stderr
        ends = [*sorted(first_seen.values())[1:], time.monotonic() - begin]
        self.seconds = {phase: end - start for (phase, start), end in zip(sorted(first_seen.items()), ends)}
        self.rows = table.rows()


class Reader(threading.Thread):
    """Loads the table again and again and remembers each state that it saw."""

    def __init__(self, table):
        super().__init__(daemon=True)
        self.table, self.states, self.errors, self.stop = table, [], [], threading.Event()

    def run(self):
        from pyiceberg.exceptions import NoSuchTableError

        while not self.stop.is_set():
            if not self.table.exists():
                time.sleep(0.005)
                continue
            try:
                self.states.append(self.table.rows())
                time.sleep(0.1)  # of two cores this thread would have one
            except NoSuchTableError:
                if self.states:
                    self.errors.append("the table was there and is gone")
            except Exception as error:  # noqa: BLE001 - whatever a reader meets is a finding
                if "no such table: iceberg_tables" not in str(error) or self.states:
                    self.errors.append(repr(error))


def cells_of_items(rows):
    items = collections.defaultdict(set)
    for collection, identifier, cell, year in rows:
        items[collection, identifier].add((cell, year))
    return items


def phase_of(names):
    """Which phase a backfill is in that has left these names in its staging prefix; 0 when none is to be seen."""
    if any("compacted/" in name for name in names):
        return 4
    if any("/_completed/" in name or "/_parts/" in name or name.endswith(".ndjson") for name in names):
        chunks = sum("/chunks/chunk_" in name for name in names)
        ingested = sum("/_completed/" in name or name.endswith("/ingest_stats.json") for name in names)
        return 3 if ingested == chunks else 2
    return 1 if names else 0


def kill_and_rerun(earthcatalog, command, undisturbed, make_table, kills):
    """`command(table)` gives the arguments. Each phase meets about as many kills, at random moments. What a table that
    `make_table` gives holds already, readers may see too."""
    expected_cells = cells_of_items(undisturbed.rows)
    choose = random.Random(SEED)
    met, looks = collections.Counter(), 0
    print(f"EARTHCATALOG_SEED={SEED}")
    for kill in range(kills):
        table = make_table(kill)
        before = table.rows() if table.exists() else None
        reader = Reader(table)
        reader.start()
        process = earthcatalog.start(*command(table))
        phase = choose.choice(list(undisturbed.seconds))
        while process.poll() is None and phase_of(table.staged()) < phase:
            time.sleep(0.001)
        time.sleep(choose.uniform(0, 1.1) * undisturbed.seconds[phase])
        process.kill()
        process.communicate()
        met[phase_of(table.staged()), "lock left" if table.is_locked() else "no lock left"] += 1
        rerun = earthcatalog.run(*command(table))
        reader.stop.set()
        reader.join()
        where = f"kill {kill}, EARTHCATALOG_SEED={SEED}"
        assert rerun.returncode == 0, f"{where}: {rerun.stderr}"
        assert table.rows() == undisturbed.rows, where
        assert not table.is_locked(), where
        assert reader.errors == [], where
        for state in reader.states:
            if state == before:
                continue
            assert len(set(state)) == len(state), f"{where}: doubled rows"
            for item, cells in cells_of_items(state).items():
                assert cells == expected_cells[item], f"{where}: a part of {item}"
        looks += len(reader.states)
    print(f"{kills} kills, {looks} looks at the table; killed in phase: {dict(met)}")
