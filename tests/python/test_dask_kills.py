"""Whatever dies with SIGKILL: run again, and the table is that of a run that nobody disturbed."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from conftest import ACCESS_KEY, BUCKET, SECRET_KEY, S3Table
from earthcatalog import errors
from earthcatalog._dask import run_phase
from earthcatalog.pipelines import backfill

from .conftest import KillAt, generate_in_bucket, pids, start_cluster, wait_until

KILLS = int(os.environ.get("EARTHCATALOG_KILLS", "20" if os.environ.get("EARTHCATALOG_SOAK") else "2"))

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def cluster():
    """A cluster that a test may do violence to."""
    cluster, client = start_cluster(2)
    yield cluster, client
    client.close()
    cluster.close()


def arguments(archive, table, shape, **more):
    places = {"warehouse_path": table.warehouse}
    if shape == "staged":
        places = {"staging_store": table.staging, "warehouse_root": table.warehouse, "h3_resolution": 1}
    return {
        "inventory_path": archive.inventory,
        "catalog_path": table.catalog,
        "chunk_size": 10,
        "source_root": archive.source_root,
        "progress": False,
        **places,
        **more,
    }


@pytest.mark.parametrize("shape", ["direct", "staged"])
@pytest.mark.parametrize("stage", ["fetch", "compact"])
def test_a_worker_killed_in_a_phase_is_made_good_within_the_run(
    cluster, small_archive, table, small_contents, shape, stage
):
    _, client = cluster
    kill = KillAt(stage, 0, lambda: pids(client)[0])
    report = backfill.run_backfill(**arguments(small_archive, table, shape, client=client, progress=kill))
    assert kill.killed and report.written_items == 120
    assert table.contents().equals(small_contents) and not table.staged()


@contextlib.contextmanager
def killing(client, most):
    """Ends workers with SIGKILL, one after the other; yields the list of them."""
    stop, killed = threading.Event(), []

    def kill():
        chance = random.Random(5)
        while not stop.wait(1.5) and len(killed) < most:
            with contextlib.suppress(OSError, IndexError):
                victim = chance.choice(pids(client))
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        stop.set()
        thread.join()


def test_workers_killed_again_and_again_are_made_good(cluster, small_archive, table, small_contents):
    _, client = cluster
    with killing(client, KILLS):
        backfill.run_backfill(**{**arguments(small_archive, table, "direct", client=client), "chunk_size": 2})
    assert table.contents().equals(small_contents)


def test_workers_killed_again_and_again_on_an_s3_server_are_made_good(
    s3_server, s3_earthcatalog, tmp_path, monkeypatch
):
    generate_in_bucket(s3_earthcatalog, "kills")
    for name, value in (
        ("AWS_ENDPOINT_URL", s3_server.endpoint),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)  # the workers find their keys there
    table = S3Table(s3_server, "kills", tmp_path)
    cluster, client = start_cluster(2)
    with cluster, client, killing(client, KILLS) as killed:
        report = backfill.run_backfill(
            f"s3://{BUCKET}/kills/inventory.csv",
            table.catalog,
            warehouse_path=table.warehouse,
            chunk_size=2,
            client=client,
            progress=False,
        )
    assert killed and report.written_items == 120
    assert len(table.rows()) == 120 and not table.staged() and not table.is_locked()


HEAD = """
import sys
from earthcatalog.pipelines.backfill import run_backfill

inventory, catalog, warehouse, source_root, address = sys.argv[1:]
run_backfill(inventory, catalog, warehouse_path=warehouse, source_root=source_root, chunk_size=5,
             scheduler_address=address,
             progress=lambda progress: print(progress.stage, progress.settled, flush=True))
"""


def start_head(archive, table, client, **pipes):
    """A process that runs a backfill on the cluster and prints its progress."""
    words = [archive.inventory, table.catalog, table.warehouse, archive.source_root, client.scheduler.address]
    command = [sys.executable, "-c", HEAD, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **pipes)


@pytest.mark.parametrize("line", ["fetch 30", "compact 0", "commit 0"])
def test_a_killed_head_is_followed_by_another(cluster, small_archive, table, small_contents, line):
    _, client = cluster
    head = start_head(small_archive, table, client)
    for shown in head.stdout:
        if shown.split()[0] == line.split()[0] and int(shown.split()[1]) >= int(line.split()[1]):
            break
    head.kill()
    head.wait()
    if table.exists():
        assert len(table.rows()) in (0, 120)
    report = backfill.run_backfill(**{**arguments(small_archive, table, "direct", client=client), "chunk_size": 5})
    assert report.source_items == 120
    assert table.contents().equals(small_contents) and not table.staged() and not table.is_locked()


LOCAL = """
import sys
from earthcatalog.pipelines.backfill import run_backfill

inventory, catalog, warehouse, source_root = sys.argv[1:]
run_backfill(inventory, catalog, warehouse_path=warehouse, source_root=source_root, chunk_size=5, scheduler="local",
             n_workers=2, progress=lambda progress: print(progress.stage, progress.settled, flush=True))
"""


def test_local_processes_end_with_a_killed_head(small_archive, table):
    words = [small_archive.inventory, table.catalog, table.warehouse, small_archive.source_root]
    command = [sys.executable, "-c", LOCAL, *words]
    head = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for shown in head.stdout:
        if shown.startswith("fetch"):
            break
    started = psutil.Process(head.pid).children(recursive=True)
    assert len(started) >= 3
    head.kill()
    head.wait()
    wait_until(lambda: not any(process.is_running() and process.status() != "zombie" for process in started), 60)


def test_a_killed_scheduler_is_an_error_that_says_so_and_a_new_one_goes_on(small_archive, table, small_contents):
    cluster, client = start_cluster(2)
    kill = KillAt("fetch", 30, lambda: cluster.scheduler.process.pid)
    began = time.monotonic()
    try:
        with pytest.raises(errors.UnavailableError, match="scheduler is gone"):
            backfill.run_backfill(
                **{**arguments(small_archive, table, "direct", client=client, progress=kill), "chunk_size": 2}
            )
    finally:
        client.close(timeout=2)
        with contextlib.suppress(TimeoutError):
            cluster.close(timeout=10)
    assert time.monotonic() - began < 120 and not table.exists() and not table.is_locked()
    second, client = start_cluster(2)
    with second, client:
        run = {**arguments(small_archive, table, "direct", client=client), "chunk_size": 2}
        backfill.run_backfill(**run)
    assert table.contents().equals(small_contents)


def test_ctrl_c_keeps_whole_chunks_and_the_same_call_goes_on(cluster, small_archive, table, small_contents):
    _, client = cluster
    head = start_head(small_archive, table, client, stderr=subprocess.PIPE)
    for shown in head.stdout:
        if shown.startswith("fetch") and int(shown.split()[1]) >= 30:
            break
    asked = time.monotonic()
    head.send_signal(signal.SIGINT)
    _, problems = head.communicate(timeout=60)
    assert "KeyboardInterrupt" in problems and time.monotonic() - asked < 15
    assert not table.exists() and not table.is_locked() and table.staged()
    backfill.run_backfill(**{**arguments(small_archive, table, "direct", client=client), "chunk_size": 5})
    assert table.contents().equals(small_contents)


@pytest.mark.parametrize("shape", ["direct", "staged"])
def test_two_workers_on_one_chunk_and_on_one_task_do_no_harm(
    cluster, small_archive, table, small_contents, shape, monkeypatch
):
    """As after a partition of the network: the scheduler gives to another worker what the first one still works on."""
    _, client = cluster
    submit, doubled = type(client).submit, []

    def twice(self, function, *values, **options):
        if function is run_phase:
            key = options.pop("key")
            addresses = sorted(self.nthreads())
            doubled.append(submit(self, function, *values, key=f"{key}-twin", workers=addresses[:1], **options))
            return submit(self, function, *values, key=key, workers=addresses[1:], **options)
        return submit(self, function, *values, **options)

    monkeypatch.setattr(type(client), "submit", twice)
    backfill.run_backfill(
        **{**arguments(small_archive, table, shape, client=client, keep_staging=True), "chunk_size": 20}
    )
    twins = [future.result() for future in doubled]
    assert len(twins) >= 7 and table.contents().equals(small_contents)


def test_a_reader_sees_all_or_nothing_meanwhile(cluster, small_archive, table, small_contents):
    _, client = cluster
    seen, stop = set(), threading.Event()

    def read():
        while not stop.is_set():
            if table.exists():
                try:
                    seen.add(table.load().scan().to_arrow().num_rows)
                except Exception as error:
                    if "does not exist" not in str(error):
                        seen.add(repr(error))
            time.sleep(0.05)

    thread = threading.Thread(target=read)
    thread.start()
    kill = KillAt("fetch", 50, lambda: pids(client)[0])
    backfill.run_backfill(**arguments(small_archive, table, "direct", client=client, progress=kill))
    wait_until(lambda: 120 in seen)
    stop.set()
    thread.join()
    assert 120 in seen and seen <= {0, 120}, "an empty table, or all of it"
