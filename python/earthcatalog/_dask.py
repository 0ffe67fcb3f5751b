"""Phases of a backfill on the workers of a Dask cluster. Specs and reports travel, data never."""

from __future__ import annotations

import json
import logging
import os
import pickle
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from earthcatalog import _core
from earthcatalog._places import StorageSettings, merge
from earthcatalog.errors import InvalidArgumentError, StorageError, UnavailableError

__all__ = ["Pool", "Task", "connect", "run_phase"]

logger = logging.getLogger("earthcatalog")

_SECRETS = "_EARTHCATALOG_WORKER_STORAGE"
_OF_THE_MARKER = ("data_files", "files", "observed", "part_files", "runs", "schemas")
_MOST_TRIES = 10
_AHEAD = 4
_LOOK_AGAIN = 5.0
_SCHEDULER_GONE = "the scheduler is gone, or cancelled what was under way; repeat the call: what is done stays done"


def run_phase(name: str, spec: str, storage: str, partitioner: bytes | None, version: str) -> str:
    """Runs one phase. The only function that a worker runs. `partitioner` is pickled."""
    if _core.version() != version:
        raise RuntimeError(
            f"this worker has earthcatalog {_core.version()}, the head {version}; install the same on both"
        )
    settings = StorageSettings.from_dict(json.loads(storage))
    own = os.environ.get(_SECRETS)
    if own:
        settings = StorageSettings.from_dict(json.loads(own))
    if name == "ingest_chunk":
        spec = with_writer(spec)
    ask = None if partitioner is None else _unpickled(partitioner)
    return _for_the_head(_core.call(f"phase:{name}", spec, storage=settings.to_json(), partitioner=ask))


def _unpickled(partitioner: bytes) -> object:
    try:
        return pickle.loads(partitioner)
    except ImportError as error:
        raise ImportError(
            f"partitioner: a worker cannot load it: {error}; install its module there, or define its class in the "
            "script itself"
        ) from error


def with_writer(spec: str) -> str:
    """The spec of a chunk with a name of this try's own: a worker that was thought lost may still be at it."""
    return json.dumps({**json.loads(spec), "writer": secrets.token_hex(4)})


def _for_the_head(report: str) -> str:
    """A report without the lists that only its marker is asked for: the head of a cluster takes thousands of them."""
    values = json.loads(report)
    kept = {name: value for name, value in values.items() if name not in _OF_THE_MARKER or isinstance(value, int)}
    return json.dumps(kept)


@dataclass(frozen=True)
class Task:
    """A phase for a worker.

    Attributes:
        key: Names it in the scheduler; says no place.
        name: The phase.
        spec: Its spec.
    """

    key: str
    name: str
    spec: Mapping[str, Any]


@dataclass
class Traffic:
    """Bytes of JSON that went to the workers and came back."""

    tasks: int = 0
    specs: int = 0
    reports: int = 0


@dataclass
class Pool:
    """Hands tasks to the workers of a cluster, a few for each thread ahead, and takes reports as they come.

    Attributes:
        client: The cluster's client.
        storage: How the workers reach buckets.
        partitioner: A partitioner written in Python, pickled; or None.
        traffic: What travelled so far.
    """

    client: Any
    storage: StorageSettings
    partitioner: bytes | None = None
    traffic: Traffic = field(default_factory=Traffic)
    _most: int = 0
    _ask_again: float = 0.0

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, dict[str, Any]]]:
        """Yields each task with its report, in the order in which they end.

        Raises:
            UnavailableError: The scheduler is gone, or no worker comes. Repeat the call: what is done stays done.
        """
        from distributed import as_completed
        from distributed.comm.core import CommClosedError

        waiting = enumerate(tasks)
        under_way: dict[Any, tuple[int, Task, int]] = {}
        done = as_completed(loop=self.client.loop)
        settings = self.storage.to_json()
        version = _core.version()

        def submit(number: int, task: Task, tries: int) -> None:
            text = json.dumps(task.spec)
            key = task.key if tries == 0 else f"{task.key}-again{tries}"
            future = self.client.submit(
                run_phase, task.name, text, settings, self.partitioner, version, key=key, pure=False, priority=-number
            )
            under_way[future] = (number, task, tries)
            self.traffic.specs += len(text)
            self.traffic.tasks += 1
            done.add(future)

        def fill() -> None:
            most = self._most_ahead()
            while len(under_way) < most:
                following = next(waiting, None)
                if following is None:
                    return
                submit(*following, 0)

        try:
            fill()
            while under_way:
                future = next(done)
                number, task, tries = under_way.pop(future)
                report = self._result(future, task, tries)
                future.release()
                if report is None:
                    submit(number, task, tries + 1)
                    continue
                fill()
                yield task, report
        except CommClosedError as error:
            raise UnavailableError(_SCHEDULER_GONE) from error
        except BaseException:
            _cancel(self.client, list(under_way))
            raise

    def _most_ahead(self) -> int:
        """A few tasks for each thread of the cluster as it was some seconds ago: asking costs a message."""
        now = time.monotonic()
        if now >= self._ask_again:
            self._most = _AHEAD * max(1, sum(self.client.nthreads().values()))
            self._ask_again = now + _LOOK_AGAIN
        return self._most

    def _result(self, future: Any, task: Task, tries: int) -> dict[str, Any] | None:
        """The report; None when the task has to be tried again."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        try:
            text = future.result()
        except (KilledWorker, StorageError) as error:
            if isinstance(error, PermissionError) or tries + 1 >= _MOST_TRIES:
                raise
            logger.warning("%s is tried again: %s", task.key, error)
            return None
        except FutureCancelledError as error:
            raise UnavailableError(_SCHEDULER_GONE) from error
        except ImportError as error:
            if str(error).startswith("partitioner: "):
                raise
            raise ImportError(
                f"a worker cannot import earthcatalog: {error}; install the head's version there"
            ) from error
        self.traffic.reports += len(text)
        report: dict[str, Any] = json.loads(text)
        return report

    def see(self, path: str) -> None:
        """Checks that all workers see a path of this machine.

        Raises:
            InvalidArgumentError: One does not; names it.
        """
        for worker, seen in self.client.run(os.path.exists, path).items():
            if not seen:
                raise InvalidArgumentError(
                    f"{path}: the worker {worker} does not see this folder; use a store or a shared file system"
                )


def _cancel(client: Any, futures: list[Any]) -> None:
    try:
        client.cancel(futures, force=True)
    except Exception as error:  # the cluster may be gone: nothing is under way then
        logger.debug("cancelling: %s", error)


@dataclass(frozen=True)
class Cluster:
    """Which cluster a backfill runs on.

    Attributes:
        scheduler: ``local``, ``coiled``, or None for the other members.
        n_workers: Processes. None: one a core.
        threads_per_worker: Threads of each.
        address: Of a scheduler that runs already.
        client: A client that the caller has.
        create_client: Makes one.
        coiled: Arguments of ``coiled.Cluster``.
    """

    scheduler: str | None = None
    n_workers: int | None = None
    threads_per_worker: int = 1
    address: str | None = None
    client: Any = None
    create_client: Callable[[], Any] | None = None
    coiled: Mapping[str, object] = field(default_factory=dict)


def require_dask() -> None:
    """Raises ImportError with the remedy when Dask is not installed."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise ImportError("a cluster needs Dask: pip install 'earthcatalog-native[dask]'") from error


def pickled(partitioner: object | None) -> bytes | None:
    """A partitioner as it travels to the workers: a class of the script itself goes with it.

    Raises:
        TypeError: It cannot be sent.
    """
    require_dask()
    if partitioner is None:
        return None
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps(partitioner))
    except Exception as error:  # whatever its members say
        kind = type(partitioner).__name__
        raise TypeError(f"partitioner: {kind} cannot be sent to the workers of a cluster: {error}") from error


@contextmanager
def connect(cluster: Cluster, storage: StorageSettings) -> Iterator[Any]:
    """A client of the cluster. What was started here ends here; a client of the caller stays open."""
    require_dask()
    with ExitStack() as stack:
        client = _client(cluster, storage, stack)
        _allow_lost_workers(client)
        _await_worker(client)
        yield client


def _client(cluster: Cluster, storage: StorageSettings, stack: ExitStack) -> Any:
    from distributed import Client

    if cluster.client is not None:
        return cluster.client
    if cluster.create_client is not None:
        return cluster.create_client()
    if cluster.address is not None:
        return stack.enter_context(Client(cluster.address, set_as_default=False))
    made = _local(cluster, storage) if cluster.scheduler == "local" else _coiled(cluster)
    stack.callback(_close, made)
    return stack.enter_context(Client(made, set_as_default=False))


def _close(cluster: Any) -> None:
    try:
        cluster.close(timeout=30)
    except TimeoutError:  # its scheduler was killed; the workers end by themselves
        logger.warning("the cluster did not close within 30 s")


def _local(cluster: Cluster, storage: StorageSettings) -> Any:
    # Its workers are processes of their own, so that a script needs no main guard.
    from distributed.deploy.subprocess import SubprocessCluster

    options: dict[str, Any] = {
        "n_workers": cluster.n_workers or os.cpu_count() or 1,
        "threads_per_worker": cluster.threads_per_worker,
        "dashboard_address": None,
        "scheduler_kwargs": {"allowed_failures": 100, "preload": ["earthcatalog._end_with_parent"]},
        "worker_kwargs": {"memory_limit": 0, "death_timeout": 60},
    }
    with _secrets_of_workers(storage):
        return SubprocessCluster(**options)


@contextmanager
def _secrets_of_workers(storage: StorageSettings) -> Iterator[None]:
    """The settings with their keys, in the environment that processes started meanwhile inherit."""
    if not storage.has_secrets():
        yield
        return
    os.environ[_SECRETS] = storage.to_json()
    try:
        yield
    finally:
        del os.environ[_SECRETS]


def _coiled(cluster: Cluster) -> Any:
    try:
        import coiled
    except ImportError as error:
        raise ImportError("scheduler='coiled' needs coiled: pip install 'earthcatalog-native[coiled]'") from error
    arguments = dict(cluster.coiled)
    if "vm_type" in arguments:  # the flag of the Python earthcatalog
        arguments.setdefault("worker_vm_types", arguments.pop("vm_type"))
    for name in ("worker_vm_types", "scheduler_vm_types"):
        if isinstance(arguments.get(name), str):
            arguments[name] = [arguments[name]]
    if cluster.n_workers is not None:
        arguments.setdefault("n_workers", cluster.n_workers)
    return coiled.Cluster(**arguments)


def _allow_lost_workers(client: Any) -> None:
    """A task outlives many workers: on spot instances a worker is lost now and then."""

    def allow(dask_scheduler: Any = None) -> None:
        dask_scheduler.allowed_failures = max(dask_scheduler.allowed_failures, 100)

    try:
        client.run_on_scheduler(allow)
    except Exception as error:  # a scheduler may forbid to run functions
        logger.debug("allowed_failures stays as it is: %s", error)


def _await_worker(client: Any, seconds: float = 300) -> None:
    try:
        client.wait_for_workers(1, timeout=seconds)
    except TimeoutError as error:
        raise UnavailableError(f"no worker has come to the cluster within {seconds:g} s") from error


def shipped(storage: StorageSettings, ship_credentials: bool) -> StorageSettings:
    """The settings that travel to the workers."""
    return merge(storage) if ship_credentials else storage.without_secrets()
