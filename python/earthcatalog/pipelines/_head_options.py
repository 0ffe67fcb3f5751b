"""What a backfill on a cluster is asked for, and what it counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from earthcatalog._call import call
from earthcatalog._catalog_place import CatalogPlace
from earthcatalog._places import StorageSettings
from earthcatalog.errors import NotFoundError
from earthcatalog.partitioner import NO_RESOLUTION
from earthcatalog.pipelines._reports import fan_out_of
from earthcatalog.pipelines._staging import StagingPlace

__all__ = ["Counts", "HeadOptions", "grid_text", "members_of", "must_exist", "table_info"]


@dataclass(frozen=True)
class HeadOptions:
    """What a backfill on a cluster is asked for.

    Attributes:
        inventory: The inventory.
        catalog: The catalog.
        warehouse: Root of the data files.
        staging: The staging prefix; None: the direct shape.
        storage: How buckets are reached.
        grid: Members of a spec that name the grid; empty: the table's.
        partitioner: A partitioner written in Python, or None.
        members: Members of a spec from the common arguments.
        native: The spec of the native run of the same backfill.
    """

    inventory: str
    catalog: CatalogPlace
    warehouse: str
    staging: StagingPlace | None
    storage: StorageSettings
    grid: Mapping[str, Any]
    partitioner: object | None
    members: Mapping[str, Any]
    native: Mapping[str, Any]
    chunk_size: int = 100_000
    compact_rows: int = 100_000
    fetch_concurrency: int = 256
    limit: int | None = None
    since: Any = None
    use_lock: bool = True
    skip_inventory: bool = False
    skip_ingest: bool = False
    retry_pending: bool = False
    delta: bool = False
    replace: bool = False
    restart: bool = False
    keep_staging: bool = False
    update_hash_index: bool = False
    hash_index: str | None = None
    ship_credentials: bool = False
    performance_report: str | None = None
    progress: bool | Callable[..., object] | None = None


@dataclass
class Counts:
    """What the chunks came to."""

    first_attempt: int = 0
    chunks: int = 0
    source_items: int = 0
    missing: int = 0
    pending: int = 0
    rejected: int = 0
    bytes_fetched: int = 0
    fan_out: dict[int, int] = field(default_factory=dict)

    def add(self, record: Mapping[str, Any]) -> None:
        """Counts an attempt on a chunk."""
        if record.get("attempt", 0) > self.first_attempt:
            self.pending -= record["source_items"]
        else:
            self.source_items += record["source_items"]
        for name in ("missing", "pending", "rejected", "bytes_fetched"):
            setattr(self, name, getattr(self, name) + record.get(name, 0))
        for cells, items in fan_out_of(record.get("items", {})).items():
            self.fan_out[cells] = self.fan_out.get(cells, 0) + items


def table_info(catalog: str, warehouse: str, storage: StorageSettings) -> dict[str, Any] | None:
    """What `info` says of a table; None when there is none."""
    try:
        return call("info", {"catalog": catalog, "warehouse": warehouse}, storage)
    except NotFoundError:
        return None


def must_exist(options: HeadOptions) -> None:
    """Before anything is created: a mistyped inventory must not leave a catalog or a lock behind."""
    path = options.inventory.removeprefix("file://")
    if "://" in path:
        return
    if not os.path.exists(path):
        raise NotFoundError(f"inventory_path: {path} does not exist")


def members_of(grid: Mapping[str, Any]) -> dict[str, Any]:
    """Members of a spec for the grid of a table, as `info` tells it."""
    if grid["type"] == "h3":
        return {"grid_type": "h3", "resolution": grid["resolution"]}
    if grid["type"] == "python":
        resolution = NO_RESOLUTION if grid["resolution"] is None else grid["resolution"]
        return {"grid_type": "python", "python": grid["python"], "resolution": resolution}
    names = ("boundaries_path", "id_field")
    return {"grid_type": grid["type"], **{name: grid[name] for name in names if grid.get(name)}}


def grid_text(grid: Mapping[str, Any]) -> str:
    if grid["grid_type"] == "h3":
        return f"H3 resolution {grid['resolution']}"
    if grid["grid_type"] == "python":
        return f"the Python partitioner {grid['python']}"
    return f"the grid {grid['grid_type']} {grid.get('boundaries_path', '')}".rstrip()
