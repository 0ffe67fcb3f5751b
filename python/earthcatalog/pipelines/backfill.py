"""Loads a whole archive, on one machine or on a Dask cluster; and its phases one by one.

Run as ``python -m earthcatalog.pipelines.backfill --help``.
"""

from __future__ import annotations

import dataclasses
import logging
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, Unpack

from earthcatalog._arguments import Common, Since, common_spec, limit_of, positive
from earthcatalog._call import run
from earthcatalog._catalog_place import catalog_place
from earthcatalog._dask import pickled
from earthcatalog._places import Place, merge, resolve
from earthcatalog._report import IngestReport
from earthcatalog.errors import InvalidArgumentError
from earthcatalog.pipelines._backfill_arguments import (
    check_reachable,
    chunk_size_of,
    cluster_of,
    compact_rows_of,
    grid_of,
    native_spec,
    places_of,
)
from earthcatalog.pipelines._chunks import ingest_chunk, write_chunks
from earthcatalog.pipelines._compaction import (
    MOST_ROWS,
    compact_cell_year,
    compact_cell_year_delta,
    compact_group,
    plan_compaction,
)
from earthcatalog.pipelines._head import run_on_cluster
from earthcatalog.pipelines._head_options import HeadOptions, table_info
from earthcatalog.pipelines._plan import ChunkSpec, Plan, TaskSpec
from earthcatalog.pipelines._registering import cleanup_staging, register_and_cleanup, register_delta

if TYPE_CHECKING:
    from distributed import Client

__all__ = [
    "ChunkSpec",
    "Plan",
    "TaskSpec",
    "cleanup_staging",
    "compact_cell_year",
    "compact_cell_year_delta",
    "compact_group",
    "ingest_chunk",
    "main",
    "plan_compaction",
    "register_and_cleanup",
    "register_delta",
    "run_backfill",
    "write_chunks",
]

logger = logging.getLogger("earthcatalog")


def run_backfill(
    inventory_path: Place,
    catalog_path: Place,
    staging_store: Place | None = None,
    staging_prefix: str = "",
    warehouse_store: Place | None = None,
    warehouse_root: Place | None = None,
    partitioner: object | None = None,
    h3_resolution: int | None = None,
    chunk_size: int | None = None,
    compact_rows: int = MOST_ROWS,
    fetch_concurrency: int = 256,
    limit: int | None = None,
    since: Since = None,
    use_lock: bool = True,
    upload: bool = True,
    skip_inventory: bool = False,
    skip_ingest: bool = False,
    retry_pending: bool = False,
    delta: bool = False,
    create_client: Callable[[], Client] | None = None,
    hash_index_path: Place | None = None,
    update_hash_index: bool = False,
    *,
    warehouse_path: Place | None = None,
    scheduler: Literal["synchronous", "threads", "local", "coiled"] | None = None,
    n_workers: int | None = None,
    threads_per_worker: int = 1,
    scheduler_address: str | None = None,
    client: Client | None = None,
    coiled: Mapping[str, object] | None = None,
    performance_report: str | None = None,
    replace: bool = False,
    restart: bool = False,
    keep_staging: bool = False,
    ship_credentials: bool = False,
    **common: Unpack[Common],
) -> IngestReport:
    """Loads an archive into a table, in one commit. Stop or kill it at any moment: the same call goes on.

    Two shapes make the same table. With `warehouse_path` (direct) chunks become data files at once; with
    `staging_store` and `warehouse_root` (staged) they become NDJSON first.

    Args:
        inventory_path: List of objects: CSV, CSV.gz, Parquet, ORC, manifest.json, or a prefix; a path, URI or
            (store, key).
        catalog_path: The catalog, a SQLite file: path or URI.
        staging_store: Staged shape: where the backfill keeps what it has done so far.
        staging_prefix: Key of its folder in that store.
        warehouse_store: Store of the data files; used for its settings.
        warehouse_root: Staged shape: root of the data files. None: `warehouse_store` itself.
        partitioner: The grid: H3Partitioner, GeoJSONPartitioner, or one written in Python.
        h3_resolution: 0 to 15 instead of `partitioner`. None: the table's; for a new table 1 in the direct shape, an
            error in the staged one.
        chunk_size: Keys in a chunk. None: 100,000 staged, 500 direct.
        compact_rows: Most rows of a data file, 100,000 at most.
        fetch_concurrency: Requests in flight at most, of one chunk.
        limit: Keys at most; None or 0: all.
        since: Only objects modified since: an aware datetime, a date, a timedelta back from now, or a str.
        use_lock: False: run without the lock, when nobody else writes.
        upload: False: the catalog stays at `catalog_path`, also when store_config names a store.
        skip_inventory: Use the chunks that are staged.
        skip_ingest: Use the rows that are staged.
        retry_pending: Fetch again what gave up.
        delta: Add to the table's rows: an upsert.
        create_client: Makes a Dask client, when phase 1 is done. It is not closed.
        hash_index_path: Where the hash index is. None: the table's property.
        update_hash_index: Bring the hash index up to date after the commit; make it when there is none.
        warehouse_path: Direct shape: root of the data files.
        scheduler: ``threads`` or ``synchronous`` in this process; ``local`` on processes of this machine; ``coiled``
            in the cloud. None: the client that is given or that this code runs in, else ``threads``.
        n_workers: Threads of ``threads``, processes of ``local``, machines of ``coiled``. None: one a core.
        threads_per_worker: Threads of a process of ``local``.
        scheduler_address: Address of a Dask scheduler that runs already.
        client: A Dask client. It is not closed.
        coiled: Arguments of ``coiled.Cluster``.
        performance_report: HTML file for Dask's performance report.
        replace: Put the backfill in place of the table's rows, in one commit.
        restart: Throw away what is staged, and begin anew.
        keep_staging: Leave what is staged after the commit.
        ship_credentials: Send access keys of stores and `storage` to the workers of a cluster. Otherwise they find
            their own.
        **common: See Common.

    Returns:
        The report. Its counts add up: ``source_items`` = ``written_items`` + ``superseded`` + ``missing`` +
        ``pending`` + ``rejected``.

    Raises:
        InvalidArgumentError: Arguments that make no sense together; it is a ValueError.
        TableExistsError: The table has rows, and neither `delta` nor `replace` is given.
        CatalogLocked: Somebody else holds the lock.
        ConflictError: Another writer committed meanwhile. Repeat the call.
        UnavailableError: The cluster's scheduler is gone. Repeat the call.
    """
    members, settings, progress = common_spec("run_backfill", common)
    cluster = cluster_of(
        scheduler, n_workers, threads_per_worker, scheduler_address, client, create_client, coiled, skip_ingest
    )
    warehouse, staging, of_places = places_of(
        staging_store, staging_prefix, warehouse_store, warehouse_root, warehouse_path
    )
    inventory, of_inventory = resolve(inventory_path, argument="inventory_path")
    catalog = catalog_place(catalog_path, upload=upload, lock_uri=members.get("lock"))
    hash_index = None if hash_index_path is None else resolve(hash_index_path, argument="hash_index_path")[0]
    if delta and replace:
        raise InvalidArgumentError("delta, replace: delta adds to the table's rows, and replace throws them away")
    grid, python_partitioner = grid_of(partitioner, h3_resolution)
    storage = merge(settings, of_places, of_inventory, catalog.storage)
    if not grid and staging is None and table_info(catalog.uri, warehouse, storage) is None:
        logger.info("a new table without h3_resolution takes H3 resolution 1")
        grid = {"grid_type": "h3", "resolution": 1}
    options = HeadOptions(
        inventory=inventory,
        catalog=catalog,
        warehouse=warehouse,
        staging=staging,
        storage=storage,
        grid=grid,
        partitioner=python_partitioner,
        members=members,
        native={},
        chunk_size=chunk_size_of(chunk_size, staging),
        compact_rows=compact_rows_of(compact_rows),
        fetch_concurrency=positive("fetch_concurrency", fetch_concurrency),
        limit=limit_of(limit),
        since=since,
        use_lock=use_lock,
        skip_inventory=skip_inventory,
        skip_ingest=skip_ingest,
        retry_pending=retry_pending,
        delta=delta,
        replace=replace,
        restart=restart,
        keep_staging=keep_staging,
        update_hash_index=update_hash_index,
        hash_index=hash_index,
        ship_credentials=ship_credentials,
        performance_report=performance_report,
        progress=progress,
    )
    native = native_spec(options, scheduler, n_workers)
    if cluster is None:
        report = run(
            IngestReport,
            "backfill",
            native,
            options.storage,
            progress=progress,
            partitioner=python_partitioner,
        )
        catalog.leave_copy()
        return report
    pickled(python_partitioner)  # before anything is created
    check_reachable(cluster, options)
    return run_on_cluster(dataclasses.replace(options, native=native), cluster)


def main(argv: list[str] | None = None) -> int:
    """The command line: ``python -m earthcatalog.pipelines.backfill``. Returns the exit code."""
    from earthcatalog.pipelines._command_line import backfill_main

    return backfill_main(sys.argv[1:] if argv is None else argv)


if __name__ == "__main__":
    sys.exit(main())
