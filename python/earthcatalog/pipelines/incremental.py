"""From an inventory of objects to committed rows of the table, on one machine.

Run as ``python -m earthcatalog.pipelines.incremental --help``.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import Any, Unpack

from earthcatalog import _call, _core
from earthcatalog._arguments import Common, Since, common_spec, duration, integer, limit_of, positive, since_text
from earthcatalog._catalog_place import catalog_place
from earthcatalog._places import Place, merge, resolve
from earthcatalog._report import IngestReport
from earthcatalog.config import AppConfig, GridConfig
from earthcatalog.errors import InvalidArgumentError
from earthcatalog.partitioner import GeoJSONPartitioner, H3Partitioner, grid_members

__all__ = ["main", "run", "run_from_config"]

_DEFAULT_RESOLUTION = 1


def run(
    inventory_path: Place,
    catalog_path: Place,
    warehouse_path: Place,
    chunk_size: int = 500,
    max_workers: int = 16,
    limit: int | None = None,
    h3_resolution: int = _DEFAULT_RESOLUTION,
    partitioner: object | None = None,
    use_lock: bool = True,
    batch_add_files: bool = False,
    since: Since = None,
    grid_config: GridConfig | None = None,
    *,
    commit_every: float | timedelta = 900,
    refetch: bool = False,
    dry_run: bool = False,
    fetch_concurrency: int = 256,
    allow_pending: bool = True,
    **common: Unpack[Common],
) -> IngestReport:
    """Brings the items of an inventory into a table: new ones, and newer versions of those that it has.

    Stop it at any moment: what is whole is committed, and the same call goes on.

    Args:
        inventory_path: List of objects: CSV, CSV.gz, Parquet, ORC, manifest.json, or a prefix; a path, URI or
            (store, key).
        catalog_path: The catalog, a SQLite file: path or URI. Made when it is not there.
        warehouse_path: Root of the data files: path, URI or store.
        chunk_size: Keys; the unit of fetch and progress, never of a commit.
        max_workers: Threads that parse items and write files, no more than cores. Requests in flight are
            `fetch_concurrency`.
        limit: Keys at most; None or 0: all.
        h3_resolution: 0 to 15, of a new table. 1 with a table of another resolution means the table's.
        partitioner: The grid: H3Partitioner, GeoJSONPartitioner, or one written in Python.
        use_lock: False: run without the lock, when nobody else writes.
        batch_add_files: One commit at the end.
        since: Only objects modified since: an aware datetime, a date, a timedelta back from now, or a str.
        grid_config: The grid, as a configuration says it.
        commit_every: Seconds between commits at most.
        refetch: Fetch also what is recorded as unchanged.
        dry_run: Fetch and count, write nothing.
        fetch_concurrency: Requests in flight at most.
        allow_pending: False: UnavailableError when objects could not be fetched now.
        **common: The arguments of all writing functions: see [Common][earthcatalog._arguments.Common].

    Returns:
        What was done; every key of the inventory is in exactly one of its counts.

    Raises:
        CatalogLocked: Another run holds the lock.
        InvalidArgumentError: Arguments that make no sense, or contradict.
        UnsupportedError: Another grid than the table's.
        KeyboardInterrupt: After Ctrl-C, with ``report``: whole chunks are committed; after a second one, nothing more.
    """
    spec, of_common, progress = common_spec("run", common)
    inventory, of_inventory = resolve(inventory_path, argument="inventory_path")
    warehouse, of_warehouse = resolve(warehouse_path, argument="warehouse_path")
    catalog = catalog_place(catalog_path, lock_uri=spec.pop("lock", None))
    grid, injected = _grid(partitioner, grid_config, h3_resolution)
    spec = {
        "workers": min(positive("max_workers", max_workers), os.cpu_count() or 1),
        **spec,
        **grid,
        "inventory": inventory,
        "catalog": catalog.uri,
        "warehouse": warehouse,
        "lock": catalog.lock_uri,
        "chunk_size": positive("chunk_size", chunk_size),
        "limit": limit_of(limit),
        "since": since_text(since),
        "no_lock": not use_lock,
        "batch_add_files": batch_add_files,
        "commit_every": duration("commit_every", commit_every),
        "refetch": refetch,
        "dry_run": dry_run,
        "fetch_concurrency": positive("fetch_concurrency", fetch_concurrency),
        "allow_pending": allow_pending,
    }
    storage = merge(of_common, of_inventory, of_warehouse, catalog.storage)
    try:
        return _call.run(IngestReport, "incremental", spec, storage, progress=progress, partitioner=injected)
    finally:
        catalog.leave_copy()


def run_from_config(inventory_path: Place, config: AppConfig, limit: int | None = None, **kwargs: Any) -> IngestReport:
    """As run(), with places, grid and amounts from a configuration.

    Args:
        inventory_path: As of run().
        config: From load_config(), or made by hand.
        limit: Keys at most; None or 0: all.
        **kwargs: Further arguments of run(); they win over the configuration.
    """
    arguments: dict[str, Any] = {
        "catalog_path": config.catalog.db_path,
        "warehouse_path": config.catalog.warehouse,
        "chunk_size": config.ingest.chunk_size,
        "batch_add_files": config.ingest.batch_add_files,
        "grid_config": config.grid,
        "storage": config.storage,
    }
    if config.ingest.max_workers is not None:
        arguments["max_workers"] = config.ingest.max_workers
    return run(inventory_path, limit=limit, **{**arguments, **kwargs})


def main(argv: list[str] | None = None) -> int:
    """The command line: the options of ``earthcatalog incremental``. Returns the exit code."""
    words = sys.argv[1:] if argv is None else argv
    for flag, default in (("--catalog", "/tmp/earthcatalog.db"), ("--warehouse", "/tmp/earthcatalog_warehouse")):
        if not any(word.split("=")[0] in (flag, "--config", "--help") for word in words):
            words = [*words, f"{flag}={default}"]
    sys.stdout.flush()
    return _core.cli(["earthcatalog", "incremental", *words])


def _grid(
    partitioner: object | None, config: GridConfig | None, h3_resolution: int
) -> tuple[dict[str, Any], object | None]:
    """The options that say the grid, and the partitioner when it is Python's."""
    if not 0 <= integer("h3_resolution", h3_resolution) <= 15:
        raise InvalidArgumentError(f"h3_resolution: {h3_resolution} is outside 0 to 15")
    if partitioner is not None:
        if grid_members(partitioner) is None:
            return {}, partitioner
        if isinstance(partitioner, H3Partitioner):
            return {"grid": "h3", "h3_resolution": partitioner.resolution}, None
        assert isinstance(partitioner, GeoJSONPartitioner)
        return {
            "grid": "geojson",
            "boundaries": partitioner.boundaries_path,
            "id_field": partitioner.id_field,
        }, None
    # The declared default cannot be told from a 1 that was given: it is a wish for a new table.
    wished = None if h3_resolution == _DEFAULT_RESOLUTION else h3_resolution
    if config is None or config == GridConfig():  # nothing was said
        return {"h3_resolution": wished}, None
    if wished is not None and (config.type != "h3" or config.resolution not in (None, wished)):
        raise InvalidArgumentError(f"h3_resolution, grid_config: {wished} and {config} contradict")
    return {
        "grid": config.type,
        "h3_resolution": config.resolution if config.resolution is not None else wished,
        "boundaries": config.boundaries_path,
        "id_field": config.id_field,
    }, None


if __name__ == "__main__":
    sys.exit(main())
