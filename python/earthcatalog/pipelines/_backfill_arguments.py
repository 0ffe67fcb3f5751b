"""The arguments of run_backfill(): which of them go together, and what they mean."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from earthcatalog._arguments import integer, positive, since_text
from earthcatalog._dask import Cluster
from earthcatalog._places import Place, StorageSettings, merge, resolve
from earthcatalog.errors import InvalidArgumentError
from earthcatalog.partitioner import grid_members, python_members
from earthcatalog.pipelines._compaction import MOST_ROWS
from earthcatalog.pipelines._head_options import HeadOptions
from earthcatalog.pipelines._staging import StagingPlace, open_staging

__all__ = ["check_reachable", "chunk_size_of", "cluster_of", "compact_rows_of", "grid_of", "native_spec", "places_of"]

SCHEDULERS = ("synchronous", "threads", "local", "coiled")
_OPTION_OF_MEMBER = {
    "grid_type": "grid",
    "resolution": "h3_resolution",
    "boundaries_path": "boundaries",
    "id_field": "id_field",
}


def chunk_size_of(chunk_size: int | None, staging: StagingPlace | None) -> int:
    if chunk_size is None:
        return 500 if staging is None else 100_000
    return positive("chunk_size", chunk_size)


def compact_rows_of(rows: int) -> int:
    if positive("compact_rows", rows) > MOST_ROWS:
        warnings.warn(f"compact_rows: {rows} is taken as {MOST_ROWS}, the most rows of a data file", stacklevel=3)
    return min(rows, MOST_ROWS)


def grid_of(partitioner: object | None, h3_resolution: int | None) -> tuple[dict[str, Any], object | None]:
    """Members of a spec, and the partitioner when it is Python's."""
    if partitioner is not None:
        members = grid_members(partitioner)
        injected = partitioner if members is None else None
        if members is None:
            members = python_members(partitioner)
        if h3_resolution is not None and members.get("resolution") != h3_resolution:
            raise InvalidArgumentError(f"partitioner, h3_resolution: {partitioner!r} and {h3_resolution} contradict")
        return members, injected
    if h3_resolution is None:
        return {}, None
    if not 0 <= integer("h3_resolution", h3_resolution) <= 15:
        raise InvalidArgumentError(f"h3_resolution: {h3_resolution} is outside 0 to 15")
    return {"grid_type": "h3", "resolution": int(h3_resolution)}, None


def places_of(
    staging_store: Place | None,
    staging_prefix: str,
    warehouse_store: Place | None,
    warehouse_root: Place | None,
    warehouse_path: Place | None,
) -> tuple[str, StagingPlace | None, StorageSettings]:
    """The warehouse, the staging prefix of the staged shape, and settings of the stores."""
    if warehouse_path is not None:
        staged = {
            "staging_store": staging_store,
            "staging_prefix": staging_prefix or None,
            "warehouse_store": warehouse_store,
            "warehouse_root": warehouse_root,
        }
        for name, value in staged.items():
            if value is not None:
                raise InvalidArgumentError(
                    f"warehouse_path, {name}: give warehouse_path alone (direct shape), or staging_store, "
                    "staging_prefix and warehouse_root (staged shape)"
                )
        warehouse, settings = resolve(warehouse_path, argument="warehouse_path")
        return warehouse, None, settings
    if staging_store is None:
        raise InvalidArgumentError(
            "warehouse_path: say where the data files go; or give staging_store and warehouse_root"
        )
    if warehouse_root is None and warehouse_store is None:
        raise InvalidArgumentError("warehouse_root: say where the data files go")
    staging = open_staging(staging_store, staging_prefix)
    of_store, from_store = "", StorageSettings()
    if warehouse_store is not None:
        of_store, from_store = resolve(warehouse_store, argument="warehouse_store")
    if warehouse_root is None:
        return of_store, staging, merge(staging.storage, from_store)
    root, from_root = resolve(warehouse_root, argument="warehouse_root")
    if of_store and not f"{root.rstrip('/')}/".startswith(f"{of_store.rstrip('/')}/"):
        raise InvalidArgumentError(
            f"warehouse_root, warehouse_store: {root} does not lie in the store {of_store}; give the store of it"
        )
    return root, staging, merge(staging.storage, from_store, from_root)


def cluster_of(
    scheduler: str | None,
    n_workers: int | None,
    threads_per_worker: int,
    address: str | None,
    client: Any,
    create_client: Callable[[], Any] | None,
    coiled: Mapping[str, object] | None,
    skip_ingest: bool,
) -> Cluster | None:
    """Which cluster; None: this process."""
    if scheduler is not None and scheduler not in SCHEDULERS:
        raise InvalidArgumentError(f"scheduler: {scheduler!r}; there are {', '.join(SCHEDULERS)}")
    if n_workers is not None:
        positive("n_workers", n_workers)
    positive("threads_per_worker", threads_per_worker)
    given = {"scheduler": scheduler, "scheduler_address": address, "client": client, "create_client": create_client}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise InvalidArgumentError(f"{', '.join(named)}: give one of them; each says where the backfill runs")
    if coiled is not None and scheduler != "coiled":
        raise InvalidArgumentError("coiled: needs scheduler='coiled'")
    if scheduler in ("threads", "synchronous"):
        return None
    if not named:
        client = _current_client()
        if client is None:
            return None
    return Cluster(scheduler, n_workers, threads_per_worker, address, client, create_client, coiled or {})


def _current_client() -> Any:
    """The client that this code runs in, or None."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        return distributed.get_client()
    except ValueError:
        return None


def check_reachable(cluster: Cluster, options: HeadOptions) -> None:
    if cluster.scheduler != "coiled":
        return
    places = {"warehouse_path": options.warehouse}
    if options.staging is not None:
        places = {"staging_store": options.staging.root, "warehouse_root": options.warehouse}
    for name, place in places.items():
        if "://" not in place or place.startswith("file://"):
            raise InvalidArgumentError(f"{name}: {place} is a folder of this machine; workers in the cloud need a URI")


def native_spec(options: HeadOptions, scheduler: str | None, n_workers: int | None) -> dict[str, Any]:
    """The same backfill as the native run takes it."""
    spec: dict[str, Any] = {
        **options.members,
        "inventory": options.inventory,
        "catalog": options.catalog.uri,
        "lock": options.catalog.lock_uri,
        "warehouse": options.warehouse,
        "staging": None if options.staging is None else options.staging.root,
        "chunk_size": options.chunk_size,
        "compact_rows": options.compact_rows,
        "fetch_concurrency": options.fetch_concurrency,
        "limit": options.limit,
        "since": since_text(options.since),
        "hash_index": options.hash_index if options.update_hash_index else None,
    }
    if options.partitioner is None:
        spec.update({_OPTION_OF_MEMBER[name]: value for name, value in options.grid.items()})
    flags = ("skip_inventory", "skip_ingest", "retry_pending", "delta", "replace", "restart", "keep_staging")
    spec.update({name: True for name in (*flags, "update_hash_index") if getattr(options, name)})
    if not options.use_lock:
        spec["no_lock"] = True
    if scheduler == "synchronous":
        spec.update(scheduler="synchronous", workers=1)
    elif n_workers is not None:
        spec["workers"] = min(n_workers, 4 * (os.cpu_count() or 1))
    return {name: value for name, value in spec.items() if value is not None}
