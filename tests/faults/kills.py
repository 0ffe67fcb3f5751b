"""Kills a command in each of its phases, runs it again, and reads the table all the while.

Whatever the moment: a reader never sees an error or a part of an item, the rerun goes on at once and ends with the same
rows as a run that nobody disturbed. EARTHCATALOG_SOAK=1: 200 kills instead of 20.

A module of tests says what is killed by a function `command(table, archive)`, which gives the arguments, and takes its
fixtures `archive` and `undisturbed` from here.
"""

import collections
import os
import random
import signal
import threading
import time

import pytest
from conftest import Table

KILLS = 200 if os.environ.get("EARTHCATALOG_SOAK") else 20
SEED = int(os.environ["EARTHCATALOG_SEED"])


@pytest.fixture(scope="module")
def archive(earthcatalog, tmp_path_factory):
    """Few groups: a rerun and a look at the table take a fraction of a second, and the phases about the same time."""
    return earthcatalog.generate(tmp_path_factory.mktemp("archive"), "--concentrate", items=1000, seed=7)


@pytest.fixture(scope="module")
def undisturbed(request, earthcatalog, archive, tmp_path_factory):
    """The module's command when nobody kills it."""
    return Undisturbed(earthcatalog, request.module.command, Table(tmp_path_factory.mktemp("undisturbed")), archive)


def backfill_phase(table):
    """Which phase a backfill is in, by what lies in its staging prefix; 0 when nothing does."""
    names = table.staged()
    if any("compacted/" in name for name in names):
        return 4
    if any("/_completed/" in name or "/_parts/" in name or name.endswith(".ndjson") for name in names):
        chunks = sum("/chunks/chunk_" in name for name in names)
        ingested = sum("/_completed/" in name or name.endswith("/ingest_stats.json") for name in names)
        return 3 if ingested == chunks else 2
    return 1 if names else 0


class Undisturbed:
    """A run from its start to its end: `rows` that it leaves, and `seconds` of each phase that `phase_of(table)` shows;
    of `phases` also where they were too short to be seen."""

    def __init__(self, earthcatalog, command, table, archive, phase_of=backfill_phase, phases=()):
        begin = time.monotonic()
        process = earthcatalog.start(*command(table, archive))
        first_seen = {0: 0.0}
        while process.poll() is None:
            first_seen.setdefault(phase_of(table), time.monotonic() - begin)
            time.sleep(0.002)
        _, stderr = process.communicate()
        assert process.returncode == 0, stderr
        ends = [*sorted(first_seen.values())[1:], time.monotonic() - begin]
        self.seconds = dict.fromkeys(phases, 0.0)
        self.seconds |= {phase: end - start for (phase, start), end in zip(sorted(first_seen.items()), ends)}
        self.rows = table.rows()
        self.phase_of = phase_of


class Reader(threading.Thread):
    """Loads the table again and again, at least once, and remembers each state that it saw."""

    def __init__(self, table):
        super().__init__(daemon=True)
        self.table, self.states, self.errors, self.stop = table, [], [], threading.Event()

    def run(self):
        while not self.stop.is_set():
            self.look()
        self.look()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop.set()
        self.join()

    def look(self):
        from pyiceberg.exceptions import NoSuchTableError

        if not self.table.exists():
            time.sleep(0.005)
            return
        try:
            self.states.append(self.table.rows())
            self.stop.wait(0.1)  # of two cores this thread would have one
        except NoSuchTableError:
            if self.states:
                self.errors.append("the table was there and is gone")
            self.stop.wait(0.005)
        except Exception as error:  # noqa: BLE001 - whatever a reader meets is a finding
            if "no such table: iceberg_tables" not in str(error) or self.states:
                self.errors.append(repr(error))


class Killer:
    """Kills processes in the phases of an undisturbed run, in turn, at moments spread over each. When all have been met
    `most` times together, it is done; phases that are too short for that are sought."""

    def __init__(self, undisturbed, kills):
        self.undisturbed, self.kills = undisturbed, kills
        self.phases = list(undisturbed.seconds)
        self.choose = random.Random(SEED)
        self.met, self.locks_left = collections.Counter(), 0

    def __iter__(self):
        """The numbers of the kills."""
        for kill in range(self.kills + 5 * len(self.phases)):
            if kill >= self.kills and not self.unmet():
                return
            yield kill

    def unmet(self):
        return [phase for phase in self.phases if phase not in self.met]

    def kill(self, process, table, number):
        try:
            if number < self.kills:
                self.wait(process, table, self.phases[number % len(self.phases)])
            else:
                self.creep(process, table, self.unmet()[0])
        finally:
            process.kill()
        process.communicate()
        if process.returncode == -signal.SIGKILL:
            self.met[self.undisturbed.phase_of(table)] += 1
            self.locks_left += table.is_locked()

    def wait(self, process, table, phase):
        while process.poll() is None and self.undisturbed.phase_of(table) < phase:
            time.sleep(0.001)
        time.sleep(self.choose.uniform(0, 1.1) * self.undisturbed.seconds[phase])

    def creep(self, process, table, phase):
        """A millisecond at a time: a phase shorter than a look at it is met too."""
        while process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            if self.undisturbed.phase_of(table) >= phase:
                return
            process.send_signal(signal.SIGCONT)
            time.sleep(0.001)

    def check(self):
        """At the end: that the kills were what they are meant to be."""
        print(f"killed in phase: {dict(self.met)}, locks left: {self.locks_left}")
        assert not self.unmet(), f"phases that were never met, EARTHCATALOG_SEED={SEED}"
        assert self.locks_left > 0, f"no rerun took a lock over, EARTHCATALOG_SEED={SEED}"


def cells_of_items(rows):
    items = collections.defaultdict(set)
    for collection, identifier, cell, year in rows:
        items[collection, identifier].add((cell, year))
    return items


def check_one_commit(states, before, after):
    """What a command shows to readers that makes one commit: the table before, and then the table after it."""
    # A new table is made empty, and then committed to.
    assert all(state in (before or [], after) for state in states), "neither before nor after"
    assert sorted(states, key=lambda state: state == after) == states, "back again"


def check_commits(states, before, after):
    """What a command shows to readers that makes several commits, and only adds: whole items, more and more."""
    expected_cells = cells_of_items(after)
    for state in states:
        assert len(set(state)) == len(state), "doubled rows"
        for item, cells in cells_of_items(state).items():
            assert cells == expected_cells[item], f"a part of {item}"
    for earlier, later in zip([before or [], *states], states):
        assert set(earlier) <= set(later), "rows went"


def kill_and_rerun(earthcatalog, command, undisturbed, make_table, kills, check=check_one_commit):
    """`command(table)` gives the arguments; `check` judges the states of a table that a reader saw, from that which
    `make_table` gives."""
    killer, looks, least_looks = Killer(undisturbed, kills), 0, 0
    print(f"EARTHCATALOG_SEED={SEED}")
    for kill in killer:
        where = f"kill {kill}, EARTHCATALOG_SEED={SEED}"
        table = make_table(kill)
        before = table.rows() if table.exists() else None
        with Reader(table) as reader:
            killer.kill(earthcatalog.start(*command(table)), table, kill)
            rerun = earthcatalog.run(*command(table))
        assert rerun.returncode == 0, f"{where}: {rerun.stderr}"
        assert table.rows() == undisturbed.rows, where
        assert not table.is_locked(), where
        assert reader.errors == [], where
        assert reader.states, where
        print(where)
        check(reader.states, before, undisturbed.rows)
        looks += len(reader.states) - 1  # the last one came afterwards
        least_looks += before is not None  # a new table may be there for a few milliseconds of the run only
    print(f"{looks} looks at the table during the runs")
    assert looks >= least_looks
    killer.check()
