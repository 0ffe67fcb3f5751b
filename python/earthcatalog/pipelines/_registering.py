"""Phase 4: one commit, and the clean-up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from earthcatalog._arguments import Common, common_spec
from earthcatalog._call import call
from earthcatalog._catalog_place import CatalogPlace, catalog_place
from earthcatalog._objects import object_exists
from earthcatalog._places import Place, StorageSettings, as_uri, merge, resolve
from earthcatalog._report import RegisterReport
from earthcatalog.errors import InvalidArgumentError, InvalidDataError
from earthcatalog.pipelines._compaction import MOST_ROWS, head_spec, problems_uri, record_of
from earthcatalog.pipelines._plan import Plan, plans
from earthcatalog.pipelines._reports import absolute
from earthcatalog.pipelines._staging import StagingPlace, open_staging

__all__ = ["cleanup_staging", "register_and_cleanup", "register_delta"]


def _register(
    phase: str,
    place: StagingPlace,
    catalog: CatalogPlace,
    warehouse: str,
    storage: StorageSettings,
    plan: Plan | None,
    options: Mapping[str, Any],
) -> RegisterReport:
    head = dict(plan.head) if plan is not None else _head_of_tasks(place, catalog.uri, warehouse, options)
    given = {name: value for name, value in options.items() if value is not None}
    head.update(given, catalog=as_uri(catalog.uri), warehouse=as_uri(warehouse))
    head.setdefault("problems", problems_uri(catalog.uri, head["run_id"]))
    if catalog.lock_uri:
        head["lock_uri"] = as_uri(catalog.lock_uri)
    values = call(f"phase:{phase}", head, merge(storage, catalog.storage))
    plans.drop(place.root)
    catalog.leave_copy()
    return RegisterReport(values)


def _head_of_tasks(place: StagingPlace, catalog: str, warehouse: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The spec under which the tasks were planned: that of compact_cell_year()."""
    delta = options.get("delta")
    rows = plans.rows_of(place.root) or MOST_ROWS
    return head_spec(place, record_of(place), catalog, warehouse, task_bytes=1, compact_rows=rows, delta=delta)


def register_and_cleanup(
    catalog_path: Place,
    warehouse_root: Place,
    staging_store: Place,
    staging_prefix: str,
    warehouse_store: Place | None = None,
    upload: bool = True,
    h3_resolution: int | None = None,
    hash_index_path: Place | None = None,
    *,
    plan: Plan | None = None,
    replace: bool = False,
    keep_staging: bool = False,
    **common: Unpack[Common],
) -> RegisterReport:
    """Phase 4: one commit of exactly the files that phase 3 made, then the clean-up.

    Args:
        catalog_path: The catalog.
        warehouse_root: Root of the data files.
        staging_store: Where the backfill keeps what it has done so far.
        staging_prefix: The root of the backfill in it.
        warehouse_store: Used for its settings.
        upload: False: the catalog stays at `catalog_path`, also when store_config names a store.
        h3_resolution: Must be that of what is staged, when given.
        hash_index_path: Where the hash index is brought up to date. None: it is left alone.
        plan: What plan_compaction() returned. None: that of compact_cell_year().
        replace: The table's present rows go in the same commit.
        keep_staging: Leave what is staged.
        **common: See Common.

    Raises:
        NotFoundError: A task is not done; names it.
        TableExistsError: The table has rows, and `replace` is false.
        CatalogLocked: Somebody else holds the lock.
    """
    place, catalog, warehouse, storage, options = _registering(
        "register_and_cleanup",
        catalog_path,
        warehouse_root,
        staging_store,
        staging_prefix,
        warehouse_store,
        upload,
        h3_resolution,
        hash_index_path,
        common,
    )
    options.update(replace=replace or None, keep_staging=keep_staging or None)
    return _register("register_and_cleanup", place, catalog, warehouse, storage, plan, options)


def register_delta(
    catalog_path: Place,
    warehouse_root: Place,
    new_parquet_paths: list[str],
    staging_store: Place,
    staging_prefix: str,
    upload: bool = True,
    h3_resolution: int | None = None,
    hash_index_path: Place | None = None,
    update_hash_index: bool = False,
    *,
    plan: Plan | None = None,
    **common: Unpack[Common],
) -> RegisterReport:
    """Phase 4 of a delta: one commit that adds what phase 3 made; of two versions of an item the newest stays.

    Args:
        catalog_path: The catalog. The table is made when there is none.
        warehouse_root: Root of the data files.
        new_parquet_paths: Data files that compact_cell_year_delta() named; relative, absolute or URIs. Empty: whatever
            phase 3 made.
        staging_store: Where the backfill keeps what it has done so far.
        staging_prefix: The root of the backfill in it.
        upload: As register_and_cleanup().
        h3_resolution: As register_and_cleanup().
        hash_index_path: Where the hash index is.
        update_hash_index: Bring it up to date.
        plan: As register_and_cleanup().
        **common: See Common.

    Raises:
        InvalidDataError: A file of `new_parquet_paths` is not there.
    """
    place, catalog, warehouse, storage, options = _registering(
        "register_delta",
        catalog_path,
        warehouse_root,
        staging_store,
        staging_prefix,
        None,
        upload,
        h3_resolution,
        hash_index_path if update_hash_index else None,
        common,
    )
    options.update(delta=True, update_hash_index=update_hash_index or None)
    _check_files(new_parquet_paths, warehouse, storage)
    return _register("register_delta", place, catalog, warehouse, storage, plan, options)


def _check_files(paths: list[str], warehouse: str, storage: StorageSettings) -> None:
    for path in paths:
        if not object_exists(absolute(warehouse, path), storage):
            raise InvalidDataError(f"new_parquet_paths: {path} is not there")


def _registering(
    function: str,
    catalog_path: Place,
    warehouse_root: Place,
    staging_store: Place,
    staging_prefix: str,
    warehouse_store: Place | None,
    upload: bool,
    h3_resolution: int | None,
    hash_index_path: Place | None,
    common: Mapping[str, Any],
) -> tuple[StagingPlace, CatalogPlace, str, StorageSettings, dict[str, Any]]:
    place = open_staging(staging_store, staging_prefix)
    members, settings, _ = common_spec(function, common)
    catalog = catalog_place(catalog_path, upload=upload, lock_uri=members.get("lock"))
    warehouse, found = resolve(warehouse_root, argument="warehouse_root")
    of_store = None if warehouse_store is None else resolve(warehouse_store, argument="warehouse_store")[1]
    options: dict[str, Any] = {
        name: members[name] for name in ("schema", "max_columns", "problems", "run_id") if name in members
    }
    if hash_index_path is not None:
        options["hash_index"] = resolve(hash_index_path, argument="hash_index_path")[0]
    _check_resolution(place, h3_resolution)
    return place, catalog, warehouse, merge(settings, place.storage, found, of_store), options


def _check_resolution(place: StagingPlace, h3_resolution: int | None) -> None:
    if h3_resolution is None:
        return
    settings = record_of(place)["settings"]
    if settings.get("grid_type") == "h3" and settings["resolution"] != h3_resolution:
        raise InvalidArgumentError(
            f"h3_resolution: {h3_resolution}, but what is staged in {place.root} has {settings['resolution']}"
        )


def cleanup_staging(staging_store: Place, staging_prefix: str, *, restart: bool = False) -> int:
    """Removes what a backfill staged. Lists of pending objects stay.

    Args:
        staging_store: Where the backfill keeps what it has done so far.
        staging_prefix: The root of the backfill in it.
        restart: Also what is not committed, and the lists of pending objects.

    Returns:
        How many objects were removed; 0 when the core does not say.

    Raises:
        InvalidArgumentError: What is staged is not committed yet.
    """
    place = open_staging(staging_store, staging_prefix)
    report = call("phase:cleanup_staging", {**place.members(), "restart": restart}, place.storage)
    plans.drop(place.root)
    return int(report.get("removed", report.get("removed_objects", 0)))
