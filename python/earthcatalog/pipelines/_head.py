"""The head of a backfill on a cluster: what the native run does on one machine, with phases on the workers."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from earthcatalog import _dask
from earthcatalog._arguments import fresh_run_id, most_missing
from earthcatalog._call import call, warn_of_pending
from earthcatalog._dask import Cluster, Pool, Task
from earthcatalog._objects import read_object
from earthcatalog._places import as_uri, join
from earthcatalog._progress import Progress, Reporter, reporter
from earthcatalog._report import IngestReport
from earthcatalog.errors import (
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    UnsupportedError,
)
from earthcatalog.pipelines._chunks import chunk_settings, ingest_spec
from earthcatalog.pipelines._compaction import problems_uri
from earthcatalog.pipelines._head_options import Counts, HeadOptions, grid_text, members_of, must_exist, table_info
from earthcatalog.pipelines._plan import Plan, make_plan
from earthcatalog.pipelines._staging import StagingPlace

__all__ = ["run_on_cluster"]

logger = logging.getLogger("earthcatalog")
_MOST_ROUNDS = 10


def run_on_cluster(options: HeadOptions, cluster: Cluster) -> IngestReport:
    """The backfill. May be stopped anywhere, and started again with the same arguments."""
    return Head(options, cluster).run()


class Head:
    """One backfill; lives for one call."""

    def __init__(self, options: HeadOptions, cluster: Cluster) -> None:
        self._options = options
        self._cluster = cluster
        self._run_id = str(options.members.get("run_id") or fresh_run_id())
        self._began = time.time()
        self._counts = Counts()
        self._place = options.staging or StagingPlace(options.warehouse, "", options.storage)
        self._pool: Pool | None = None
        self._reporter = Reporter()
        self._info: dict[str, Any] | None = None
        self._most_missing = most_missing(options.members.get("max_missing"))

    def run(self) -> IngestReport:
        """Runs it under the lock, which it holds from the beginning."""
        from earthcatalog.lock import hold

        options = self._options
        if not options.skip_inventory:
            must_exist(options)
        with ExitStack() as stack:
            self._reporter = stack.enter_context(reporter(options.progress))
            if options.use_lock:
                catalog, ttl = options.catalog, options.members.get("lock_ttl")
                stack.enter_context(
                    hold(catalog.uri, catalog.lock_uri, "backfill", options.storage, run_id=self._run_id, lock_ttl=ttl)
                )
            try:
                values = self._work(stack)
            except KeyboardInterrupt as stopped:
                stopped.report = IngestReport({**self._so_far(), "interrupted": True})  # type: ignore[attr-defined]
                raise
        options.catalog.leave_copy()
        report = IngestReport(values)
        warn_of_pending(report)
        return report

    def _work(self, stack: ExitStack) -> dict[str, Any]:
        options = self._options
        self._find_run()
        grid = self._grid()
        if options.restart:
            call("phase:cleanup_staging", {**self._place.members(), "restart": True}, options.storage)
        before = None if options.restart else self._place.record()
        if self._is_for_the_native_run(before):
            return self._native()
        if before is not None and before.get("committed_snapshot") is not None:
            call("phase:register_delta", self._head(True), options.storage)  # what it left undone
            record = self._place.reopen()
        elif before is not None and before.get("first_attempt"):
            record = dict(before)
        else:
            record = self._chunks(before, grid)
        if not options.skip_ingest:
            self._ingest(self._open_pool(stack), record, grid)
        return self._commit(stack, record)

    def _find_run(self) -> None:
        """The direct shape: where the unfinished backfill of the warehouse has its files, or a new one will."""
        options = self._options
        if options.staging is not None:
            return
        found = read_object(join(options.warehouse, "_runs/_backfill.json"), storage=options.storage)
        run_id = json.loads(found.data)["run_id"] if found else self._run_id
        root, parts = join(options.warehouse, "_runs", run_id), join(options.warehouse, "_parts", run_id)
        self._place = StagingPlace(root, "", options.storage, parts=parts)

    def _grid(self) -> dict[str, Any]:
        """The table's grid, else the one asked for.

        Raises:
            UnsupportedError: The table has another grid than the one asked for.
            InvalidArgumentError: A new table of the staged shape, and no grid.
        """
        options = self._options
        self._info = table_info(options.catalog.uri, options.warehouse, options.storage)
        if self._info is not None:
            of_table = members_of(self._info["grid"])
            if options.grid and dict(options.grid) != of_table:
                argument = "h3_resolution" if options.partitioner is None else "partitioner"
                raise UnsupportedError(
                    f"{argument}: the table has {grid_text(of_table)}, not {grid_text(options.grid)}; leave it out"
                )
            if of_table["grid_type"] == "python" and options.partitioner is None and not options.skip_ingest:
                raise InvalidArgumentError(f"partitioner: the table has {grid_text(of_table)}; give that one")
            return of_table
        if not options.grid:
            raise InvalidArgumentError("h3_resolution: there is no table yet, so its H3 resolution must be given")
        return dict(options.grid)

    def _is_for_the_native_run(self, before: Mapping[str, Any] | None) -> bool:
        """Whether nothing is to be fetched: the commit is there already, or must be refused."""
        options = self._options
        if before is None:
            has_rows = bool(self._info and self._info["files"])
            return has_rows and not options.delta and not options.replace
        if before.get("committed_snapshot") is None:
            return False
        return not (before.get("pending") and options.retry_pending)

    def _native(self) -> dict[str, Any]:
        options = self._options
        spec = {**options.native, "run_id": self._run_id}
        return call("backfill", spec, options.storage, partitioner=options.partitioner)

    def _chunks(self, before: Mapping[str, Any] | None, grid: Mapping[str, Any]) -> dict[str, Any]:
        options = self._options
        if options.skip_inventory:
            if before is None or not before.get("complete"):
                raise InvalidArgumentError(f"skip_inventory: {self._place.root} holds no finished chunks")
            return dict(before)
        self._reporter.tell(Progress(stage="inventory", unit="keys"))
        settings = chunk_settings(
            options.inventory,
            options.members,
            chunk_size=options.chunk_size,
            limit=options.limit,
            since=options.since,
            grid=grid,
        )
        return call("phase:write_chunks", {**self._place.members(), "settings": settings}, options.storage)

    def _open_pool(self, stack: ExitStack) -> Pool:
        if self._pool is not None:
            return self._pool
        options = self._options
        client = stack.enter_context(_dask.connect(self._cluster, options.storage))
        if options.performance_report:
            from distributed import performance_report

            stack.enter_context(client.as_current())
            stack.enter_context(performance_report(filename=options.performance_report))
        shipped = _dask.shipped(options.storage, options.ship_credentials)
        self._pool = Pool(client, shipped, _dask.pickled(options.partitioner))
        root = self._place.root.removeprefix("file://")
        if "://" not in root:
            self._pool.see(root)
        return self._pool

    def _ingest(self, pool: Pool, record: Mapping[str, Any], grid: Mapping[str, Any]) -> None:
        options = self._options
        spec = ingest_spec(self._place, record, options.members, grid, options.fetch_concurrency)
        first = self._counts.first_attempt = int(record.get("first_attempt") or 0)
        self._counts.chunks = record["chunks"]
        self._tell("fetch", "items", 0, record["items"])
        done = 0
        for task, report in pool.run(self._chunk_tasks(record, spec, first)):
            self._counts.add(report)
            done += report["source_items"]
            self._tell("fetch", "items", done, record["items"], self._counts)
            logger.debug("%s: %d items", task.key, report["source_items"])
        if options.retry_pending:
            self._retry(pool, record, spec, first)

    def _chunk_tasks(self, record: Mapping[str, Any], spec: Mapping[str, Any], attempt: int) -> Iterator[Task]:
        for chunk in range(record["chunks"]):
            if attempt and not self._place.has_pending(chunk):
                continue
            yield self._chunk_task(spec, chunk, attempt)

    def _chunk_task(self, spec: Mapping[str, Any], chunk: int, attempt: int) -> Task:
        key = f"ingest-{self._run_id[:8]}-{chunk:06d}-{attempt}"
        return Task(key, "ingest_chunk", {**spec, "chunk": chunk, "attempt": attempt})

    def _retry(self, pool: Pool, record: Mapping[str, Any], spec: Mapping[str, Any], first: int) -> None:
        """Fetches once more what gave up; what earlier runs tried again counts as tried."""
        tasks = []
        for chunk in range(record["chunks"]):
            attempt = first
            marker = self._place.marker(chunk, attempt)
            while marker is not None and marker["pending"]:
                attempt += 1
                found = self._place.marker(chunk, attempt)
                if found is None and attempt > first:
                    tasks.append(self._chunk_task(spec, chunk, attempt))
                elif found is not None:
                    self._counts.add(found)
                marker = found
        for _, report in pool.run(tasks):
            self._counts.add(report)

    def _tell(self, stage: str, unit: str, settled: int, total: int, counts: Counts | None = None) -> None:
        failed = {} if counts is None else {n: getattr(counts, n) for n in ("missing", "pending", "rejected")}
        self._reporter.tell(
            Progress(stage=stage, unit=unit, settled=settled, total=total, seconds=time.time() - self._began, **failed)
        )

    def _head(self, is_delta: bool) -> dict[str, Any]:
        options = self._options
        spec: dict[str, Any] = {
            **self._place.members(),
            "catalog": as_uri(options.catalog.uri),
            "warehouse": as_uri(options.warehouse),
            "run_id": self._run_id,
            "compact_rows": options.compact_rows,
            "delta": is_delta,
            "replace": options.replace,
            "keep_staging": options.keep_staging,
            "update_hash_index": options.update_hash_index,
            "hash_index": options.hash_index,
            "lock": options.use_lock,
            "lock_uri": options.catalog.lock_uri,
            "problems": options.members.get("problems") or problems_uri(options.catalog.uri, self._run_id),
            **{name: options.members[name] for name in ("schema", "max_columns") if name in options.members},
            **self._most_missing,
        }
        return {name: value for name, value in spec.items() if value is not None}

    def _commit(self, stack: ExitStack, record: Mapping[str, Any]) -> dict[str, Any]:
        options = self._options
        is_delta = bool(options.delta or record.get("first_attempt"))
        head = self._head(is_delta)
        name = "register_delta" if is_delta else "register_and_cleanup"
        for number in range(_MOST_ROUNDS):
            plan = make_plan({**head, "store_tasks": True}, options.storage)
            if plan.tasks:
                self._compact(self._open_pool(stack), plan)
            self._tell("commit", "files", 0, -1)
            try:
                done = call(f"phase:{name}", head, options.storage)
            except (ConflictError, NotFoundError) as error:
                if "plan and compact again" not in str(error) or not is_delta or number + 1 == _MOST_ROUNDS:
                    raise
                logger.info("another writer committed first; the rest is decided again")
                continue
            return self._report(record, plan, done)
        raise AssertionError("unreachable")

    def _compact(self, pool: Pool, plan: Plan) -> None:
        name = "compact_cell_year_delta" if plan.head.get("delta") else "compact_group"
        tasks = (
            Task(f"compact-{plan.plan_id[:8]}-{number:06d}", name, task.values)
            for number, task in enumerate(plan.tasks)
        )
        rows = done = 0
        self._tell("compact", "tasks", 0, len(plan.tasks))
        for _, report in pool.run(tasks):
            done += 1
            rows += report["rows"]
            self._tell("compact", "tasks", done, len(plan.tasks))
        logger.info("compact_group ended: tasks %d, rows %d", done, rows)

    def _so_far(self) -> dict[str, Any]:
        options, counts = self._options, self._counts
        return {
            "command": "backfill",
            "run_id": self._run_id,
            "catalog": options.catalog.uri,
            "warehouse": options.warehouse,
            "inventory": options.inventory,
            "source_items": counts.source_items,
            "missing": counts.missing,
            "pending": counts.pending,
            "rejected": counts.rejected,
            "bytes_fetched": counts.bytes_fetched,
            "fan_out_distribution": {str(cells): items for cells, items in sorted(counts.fan_out.items())},
            "seconds": time.time() - self._began,
        }

    def _report(self, record: Mapping[str, Any], plan: Plan, done: Mapping[str, Any]) -> dict[str, Any]:
        traffic = self._pool.traffic if self._pool else _dask.Traffic()
        values = self._so_far()
        return {
            **values,
            "status": "ok",
            "source_items": values["source_items"] or record["items"],
            "chunks": record["chunks"],
            "already_committed": plan.committed_snapshot is not None,
            **done,
            "tasks": traffic.tasks,
            "spec_bytes": traffic.specs,
            "report_bytes": traffic.reports,
        }
