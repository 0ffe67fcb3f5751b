"""What the tests of the Python package share."""

import os
import re
import signal
import time

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_settings_from_outside():
    """The environment without anything that would change how S3 is reached, or that is an option."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "EARTHCATALOG_"))]:
            if name not in ("EARTHCATALOG_SOAK", "EARTHCATALOG_KILLS"):
                patch.delenv(name)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(autouse=True)
def nothing_is_configured():
    from earthcatalog import store_config

    store_config.reset()
    yield
    store_config.reset()


def start_cluster(workers):
    """Processes of this machine: (cluster, client)."""
    from distributed import Client
    from distributed.deploy.subprocess import SubprocessCluster

    cluster = SubprocessCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=None,
        scheduler_kwargs={"allowed_failures": 100},
        worker_kwargs={"memory_limit": 0},
    )
    client = Client(cluster, set_as_default=False)
    client.wait_for_workers(workers, timeout=120)
    return cluster, client


@pytest.fixture(scope="session")
def dask_client():
    """A client of two worker processes, for all tests."""
    cluster, client = start_cluster(2)
    yield client
    client.close()
    cluster.close()


def pids(client):
    """Processes of the workers."""
    return sorted(client.run(os.getpid).values())


class KillAt:
    """A progress function that ends a process with SIGKILL, once, when a stage has come so far."""

    def __init__(self, stage, settled, find_pid):
        self.stage, self.settled, self.find_pid = stage, settled, find_pid
        self.killed = None

    def __call__(self, progress):
        if self.killed is None and progress.stage == self.stage and progress.settled >= self.settled:
            self.killed = self.find_pid()
            os.kill(self.killed, signal.SIGKILL)


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def generate_in_bucket(s3_earthcatalog, folder):
    """Makes the items of small_archive in a folder of the server's bucket, with their inventories."""
    place = ["--out", f"s3://its-live-data/{folder}", "--bucket", "its-live-data"]
    s3_earthcatalog.run("generate", "--items", 120, "--seed", 7, "--concentrate", *place, check=True)


def without_memory_addresses(text):
    return re.sub(r"0x[0-9a-f]+", "0x", text)
