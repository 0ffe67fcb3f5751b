"""Phase 3: the staged rows of partitions become data files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from earthcatalog._arguments import Common, common_spec, positive
from earthcatalog._call import call
from earthcatalog._places import Place, StorageSettings, as_uri, merge, resolve
from earthcatalog.errors import NotFoundError
from earthcatalog.pipelines._plan import Plan, TaskSpec, make_plan, partition_of, plans
from earthcatalog.pipelines._reports import file_metadata, task_report
from earthcatalog.pipelines._staging import StagingPlace, open_staging
from earthcatalog.transform import FileMetadata

__all__ = ["compact_cell_year", "compact_cell_year_delta", "compact_group", "plan_compaction"]

MOST_ROWS = 100_000


def rows_of_file(compact_rows: int) -> int:
    return min(positive("compact_rows", compact_rows), MOST_ROWS)


def head_spec(
    place: StagingPlace, record: Mapping[str, Any], catalog: str | None, warehouse: str | None, **options: Any
) -> dict[str, Any]:
    """A coordinator's spec. Without a catalog: that of a table that does not exist yet."""
    spec = {
        **place.members(),
        "catalog": as_uri(catalog or f"{place.root}/compacted/none.db"),
        "warehouse": None if warehouse is None else as_uri(warehouse),
        "run_id": place.run_id(record),
        **options,
    }
    return {name: value for name, value in spec.items() if value is not None}


def problems_uri(catalog: str, run_id: str) -> str:
    """Where the problems file of a run is when nobody says another place."""
    return as_uri(f"{catalog}.{run_id}.problems.ndjson")


def record_of(place: StagingPlace) -> dict[str, Any]:
    record = place.record()
    if record is None:
        raise NotFoundError(f"{place.root}: nothing is staged there")
    return record


def plan_compaction(
    catalog_path: Place | None,
    warehouse_root: Place,
    staging_store: Place,
    staging_prefix: str,
    *,
    delta: bool = False,
    compact_rows: int = MOST_ROWS,
    task_bytes: int = 64 << 20,
    **common: Unpack[Common],
) -> Plan:
    """Plans phase 3: which tasks merge which partitions.

    Args:
        catalog_path: The catalog. None: the table does not exist yet.
        warehouse_root: Root of the data files.
        staging_store: Where the backfill keeps what it has done so far.
        staging_prefix: The root of the backfill in it.
        delta: The rows are added to those of the table.
        compact_rows: Most rows of a data file.
        task_bytes: NDJSON in a task, about. 1: a task for each partition.
        **common: See Common.

    Raises:
        NotFoundError: A chunk is not ingested; names it.
    """
    place = open_staging(staging_store, staging_prefix)
    members, settings, _ = common_spec("plan_compaction", common)
    warehouse, found = resolve(warehouse_root, argument="warehouse_root")
    catalog, of_catalog = None, None
    if catalog_path is not None:
        catalog, of_catalog = resolve(catalog_path, argument="catalog_path")
    options: dict[str, Any] = {
        "delta": delta or None,
        "compact_rows": rows_of_file(compact_rows),
        "task_bytes": positive("task_bytes", task_bytes),
        **{name: members[name] for name in ("schema", "max_columns") if name in members},
    }
    head = head_spec(place, record_of(place), catalog, warehouse, **options)
    if "run_id" in members:
        head["run_id"] = members["run_id"]
    return make_plan(head, merge(settings, place.storage, found, of_catalog))


def _plan_of_partitions(
    place: StagingPlace, catalog_path: Place | None, warehouse: str, storage: StorageSettings, rows: int, delta: bool
) -> Plan:
    record = record_of(place)
    catalog = None if catalog_path is None else resolve(catalog_path, argument="catalog_path")[0]
    key = (place.root, record["started"], catalog, warehouse, rows, delta)
    plan = plans.get(key)
    if plan is None:
        options: dict[str, Any] = {"compact_rows": rows, "task_bytes": 1, "delta": delta or None}
        plan = make_plan(head_spec(place, record, catalog, warehouse, **options), storage)
        plans.put(key, plan)
    return plan


def _compact(
    cell: str,
    year: str,
    staging_store: Place,
    staging_prefix: str,
    warehouse_store: Place,
    compact_rows: int,
    plan: Plan | None,
    catalog_path: Place | None,
    delta: bool,
) -> dict[str, Any]:
    place = open_staging(staging_store, staging_prefix, "staging")
    warehouse, found = resolve(warehouse_store, argument="warehouse_store")
    storage = merge(place.storage, found)
    if plan is None:
        plan = _plan_of_partitions(place, catalog_path, warehouse, storage, rows_of_file(compact_rows), delta)
    tasks = plan.tasks_of(cell, year)
    name = "compact_cell_year_delta" if plan.head.get("delta") else "compact_group"
    reports = [call(f"phase:{name}", task.values, storage) for task in tasks]
    groups = [group for task in tasks for group in task.values["groups"] if partition_of(group) == (cell, year)]
    return task_report(cell, year, groups, reports, warehouse)


def compact_cell_year(
    cell: str,
    year: str,
    staging_store: Place,
    staging_prefix: str,
    warehouse_store: Place,
    compact_rows: int = MOST_ROWS,
    *,
    plan: Plan | None = None,
    catalog_path: Place | None = None,
) -> dict[str, Any]:
    """Phase 3: merges the staged rows of a partition into sorted data files that no snapshot names yet.

    Args:
        cell: The cell.
        year: The year, or ``unknown``.
        staging_store: Where the backfill keeps what it has done so far.
        staging_prefix: ``<prefix>/staging``.
        warehouse_store: Root of the data files.
        compact_rows: Most rows of a data file.
        plan: What plan_compaction() returned. None: it is made, once in a process.
        catalog_path: For such a plan: the catalog, when the table exists already.

    Returns:
        The report: ``cell``, ``year``, ``input_files``, ``input_items``, ``unique_items``, ``output_files`` (relative
        to the warehouse), ``output_rows``, and more counts. A partition without rows gives zeros.
    """
    return _compact(
        cell, year, staging_store, staging_prefix, warehouse_store, compact_rows, plan, catalog_path, delta=False
    )


def compact_cell_year_delta(
    cell: str,
    year: str,
    staging_store: Place,
    staging_prefix: str,
    warehouse_store: Place,
    compact_rows: int = MOST_ROWS,
    *,
    plan: Plan | None = None,
    catalog_path: Place | None = None,
) -> dict[str, Any]:
    """Phase 3 of a delta: as compact_cell_year(), and rows that the new ones replace leave the table's files.

    Args and result are those of compact_cell_year(). `catalog_path` or `plan` is needed when the table has rows.
    """
    return _compact(
        cell, year, staging_store, staging_prefix, warehouse_store, compact_rows, plan, catalog_path, delta=True
    )


def compact_group(
    task: TaskSpec | Mapping[str, Any], storage: StorageSettings | None = None
) -> FileMetadata | dict[str, Any]:
    """Phase 3: runs a task of a plan.

    Args:
        task: The task, or its JSON object.
        storage: How buckets are reached.

    Returns:
        The data file, when the task made exactly one; else the core's report.
    """
    values = task.values if isinstance(task, TaskSpec) else task
    removals = any(group.get("removals") for group in values["groups"])
    report = call(f"phase:{'compact_cell_year_delta' if removals else 'compact_group'}", values, storage)
    files = report.get("data_files", [])
    return file_metadata(files[0]) if len(files) == 1 and isinstance(files[0], Mapping) else report
