"""A table as an object: what it holds, and what can be done to it."""

from __future__ import annotations

import datetime as dt
import html
import json
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack

from earthcatalog import store_config
from earthcatalog._arguments import Common, Since
from earthcatalog._call import call
from earthcatalog._geometry import bbox_text, geometry_text, names_text, span_text
from earthcatalog._places import Place, StorageSettings, join, merge, resolve
from earthcatalog._report import CompactReport, IngestReport, Report
from earthcatalog.errors import InvalidArgumentError, UnsupportedError
from earthcatalog.lock import S3Lock, with_storage

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset
    from pyiceberg.table import StaticTable

__all__ = ["CatalogInfo", "EarthCatalog", "ingest", "open"]

CATALOG_NAME = "earthcatalog.db"
WAREHOUSE_NAME = "warehouse"
AsOf = int | dt.datetime | str | None
Mode = Literal["auto", "full", "delta"]


def _places(
    store: Place | None, base: Place | None, catalog: Place | None, warehouse: Place | None
) -> tuple[str, str | None, StorageSettings]:
    """Catalog, warehouse and settings of what open() was given."""
    settings = [None if store is None else resolve(store, argument="store")[1]]
    if base is not None:
        is_key = store is not None and isinstance(base, str) and "://" not in base and not base.startswith("/")
        root, found = resolve((store, base) if is_key else base, argument="base")
        settings.append(found)
    elif store is not None:
        root, _ = resolve(store, argument="store")
    else:
        root = ""
    if catalog is None:
        configured = store_config.configured() if not root else None
        if not root and configured is None:
            raise InvalidArgumentError("base: say where the table is: base=, or catalog= and warehouse=")
        catalog_uri = join(root, CATALOG_NAME) if configured is None else configured[0]
        settings.append(None if configured is None else configured[2])
    else:
        catalog_uri, found = resolve(catalog, argument="catalog")
        settings.append(found)
    warehouse_uri = join(root, WAREHOUSE_NAME) if root and catalog is None else None
    if warehouse is not None:
        warehouse_uri, found = resolve(warehouse, argument="warehouse")
        settings.append(found)
    return catalog_uri, warehouse_uri, merge(*settings)


def open(
    store: Place | None = None,
    base: Place | None = None,
    *,
    anonymous: bool | None = None,
    catalog: Place | None = None,
    warehouse: Place | None = None,
    as_of: AsOf = None,
    storage: StorageSettings | None = None,
) -> EarthCatalog:
    """Opens a table for reading. Takes no lock, makes nothing.

    Args:
        store: The store of the table; alone, its root holds ``earthcatalog.db`` and ``warehouse/``.
        base: Folder, prefix or URI that holds ``earthcatalog.db`` and ``warehouse/``.
        anonymous: True never signs requests.
        catalog: The catalog file, for other layouts.
        warehouse: Root of the data files. None: as the table says.
        as_of: A snapshot id, or a time: the snapshot that was current then.
        storage: How buckets are reached.

    Raises:
        NotFoundError: There is no table.
    """
    catalog_uri, warehouse_uri, found = _places(store, base, catalog, warehouse)
    settings = merge(storage, None if anonymous is None else StorageSettings(anonymous=anonymous), found)
    return EarthCatalog(catalog_uri, warehouse_uri, settings, as_of=as_of, store=store)


def ingest(
    inventory_path: Place,
    *,
    store: Place | None = None,
    base: Place | None = None,
    mode: Mode = "auto",
    chunk_size: int = 10_000,
    limit: int | None = None,
    since: Since = None,
    update_hash_index: bool = False,
    **common: Unpack[Common],
) -> IngestReport:
    """Brings the items of an inventory into a table; makes the table when there is none.

    Args:
        inventory_path: The inventory: path, URI or (store, key).
        store: As open().
        base: As open().
        mode: ``full`` replaces the table's rows; ``delta`` and ``auto`` add to them.
        chunk_size: Keys; the unit of fetch and progress.
        limit: Keys at most; None or 0: all.
        since: Only objects modified since.
        update_hash_index: Bring the hash index up to date.
        **common: See Common.

    Returns:
        The report; also with ``items_processed``, ``rows_written`` and ``files_registered``.
    """
    catalog, warehouse, settings = _places(store, base, None, None)
    common["storage"] = merge(common.get("storage"), settings)
    warehouse = warehouse or _warehouse_beside(catalog)
    return _ingest(catalog, warehouse, inventory_path, mode, chunk_size, limit, since, update_hash_index, common)


def _warehouse_beside(catalog: str) -> str:
    return join(catalog.rpartition("/")[0] or "/", WAREHOUSE_NAME)


def _ingest(
    catalog: str,
    warehouse: str,
    inventory: Place,
    mode: Mode,
    chunk_size: int,
    limit: int | None,
    since: Since,
    update_hash_index: bool,
    common: Common,
) -> IngestReport:
    if mode not in ("auto", "full", "delta"):
        raise InvalidArgumentError(f"mode: {mode!r}; there are auto, full and delta")
    if mode == "full":
        from earthcatalog.pipelines.backfill import run_backfill

        report = run_backfill(
            inventory,
            catalog,
            warehouse_path=warehouse,
            chunk_size=chunk_size,
            limit=limit,
            since=since,
            replace=True,
            update_hash_index=update_hash_index,
            **common,
        )
    else:
        from earthcatalog.pipelines.incremental import run

        report = run(inventory, catalog, warehouse, chunk_size=chunk_size, limit=limit, since=since, **common)
        if update_hash_index and report.get("snapshot_id") is not None:
            call("index_update", {"catalog": catalog}, common.get("storage"))
    return _with_old_names(report)


def _with_old_names(report: Mapping[str, Any]) -> IngestReport:
    names = {"items_processed": "source_items", "rows_written": "rows", "files_registered": "files"}
    return IngestReport({**report, **{old: report.get(new, 0) for old, new in names.items()}})


class CatalogInfo:
    """The grid of a table, and questions about its cells and files. Its methods take a table, which may be left out."""

    def __init__(self, catalog: EarthCatalog, grid: Mapping[str, Any]) -> None:
        self._catalog = catalog
        self.grid_type: str = grid["type"]
        self.grid_resolution: int | None = grid.get("resolution")
        self.boundaries_path: str | None = grid.get("boundaries_path")
        self.id_field: str | None = grid.get("id_field")

    def __call__(self) -> CatalogInfo:
        return self

    def __repr__(self) -> str:
        shown = {name: value for name, value in vars(self).items() if not name.startswith("_") and value is not None}
        return f"CatalogInfo({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def cells_for_geometry(self, geom: Any) -> list[str]:
        """As EarthCatalog.cells_for_geometry()."""
        return self._catalog.cells_for_geometry(geom)

    def cell_list_sql(self, geom: Any) -> str:
        """As EarthCatalog.cell_list_sql()."""
        return self._catalog.cell_list_sql(geom)

    def file_paths(
        self, table: object = None, geom: Any = None, start_datetime: Any = None, end_datetime: Any = None
    ) -> list[str]:
        """As EarthCatalog.search_files()."""
        return self._catalog.search_files(geom, start_datetime, end_datetime)

    def stats(self, table: object = None) -> list[dict[str, Any]]:
        """As EarthCatalog.stats()."""
        return self._catalog.stats()

    def top_cells(self, table: object = None, limit: int = 5) -> list[dict[str, Any]]:
        """As EarthCatalog.top_cells()."""
        return self._catalog.top_cells(limit)

    def total_files(self, table: object = None) -> int:
        """As EarthCatalog.total_files()."""
        return self._catalog.total_files()

    def unique_item_count(
        self, table: object = None, store: object = None, default_hash_index_path: str | None = None
    ) -> int:
        """As EarthCatalog.unique_item_count()."""
        return self._catalog.unique_item_count()


class EarthCatalog:
    """A table. Made by open(); reads one snapshot until refresh().

    A context manager that holds nothing. Picklable: it is places and settings. Safe to read from many threads.

    Attributes:
        catalog: URI or path of the catalog file.
        warehouse: URI of the root of the data files.
        store: The store that open() was given, or None.
    """

    def __init__(
        self,
        catalog: str,
        warehouse: str | None,
        storage: StorageSettings,
        *,
        as_of: AsOf = None,
        store: Place | None = None,
    ) -> None:
        self.catalog = catalog
        self.store = store
        self._given_warehouse = warehouse
        self._storage = storage
        self._as_of = as_of
        self._mutex = threading.Lock()
        self._facts = self._look()

    def _look(self) -> dict[str, Any]:
        spec = {"catalog": self.catalog, "warehouse": self._given_warehouse}
        facts = call("info", spec, self._storage)
        facts["stats"] = call("stats", {**spec, **self._moment(facts)}, self._storage)
        facts["partitions"] = [_named(one, _PARTITION_NAMES) for one in facts["stats"].pop("partitions")]
        return facts

    def _moment(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Which snapshot is meant, as members of a spec."""
        as_of = self._as_of
        if as_of is None:
            return {} if facts.get("snapshot_id") is None else {"snapshot_id": facts["snapshot_id"]}
        if isinstance(as_of, int):
            return {"snapshot_id": as_of}
        if isinstance(as_of, dt.datetime):
            moment = as_of if as_of.tzinfo else as_of.replace(tzinfo=dt.UTC)
            return {"as_of": moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")}
        return {"as_of": str(as_of)}

    def __enter__(self) -> EarthCatalog:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_mutex", "store")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _mutex=threading.Lock(), store=None)

    def __repr__(self) -> str:
        facts = self._facts
        return f"EarthCatalog({self.catalog!r}, snapshot_id={self.snapshot_id}, rows={facts['rows']})"

    # What it is

    @property
    def info(self) -> CatalogInfo:
        """The grid, and questions about cells. May also be called."""
        return CatalogInfo(self, self._facts["grid"])

    @property
    def grid_type(self) -> str:
        """``h3``, ``geojson`` or ``python``."""
        return str(self._facts["grid"]["type"])

    @property
    def grid_resolution(self) -> int | None:
        """H3 resolution, or None."""
        resolution: int | None = self._facts["grid"].get("resolution")
        return resolution

    @property
    def warehouse(self) -> str:
        """URI of the root of the data files."""
        return str(self._facts["warehouse"])

    @property
    def catalog_key(self) -> str:
        """Name of the catalog file."""
        return self.catalog.rpartition("/")[2]

    @property
    def metadata_location(self) -> str:
        """URI of the table's metadata file."""
        return str(self._facts["metadata"])

    @property
    def snapshot_id(self) -> int | None:
        """The snapshot that is read; None for a table without any."""
        snapshot: int | None = self._facts["stats"].get("snapshot_id")
        return snapshot

    def refresh(self) -> bool:
        """Looks at the table again. Returns whether it has another snapshot now."""
        facts = self._look()
        with self._mutex:
            before, self._facts = self._facts, facts
        return bool(before["stats"].get("snapshot_id") != facts["stats"].get("snapshot_id"))

    @property
    def table(self) -> StaticTable:
        """The table for PyIceberg, of its present metadata file. It stays what it is, whatever others commit."""
        from earthcatalog._iceberg_schema import require_pyiceberg

        require_pyiceberg()
        from pyiceberg.table import StaticTable

        found = StaticTable.from_metadata(self.metadata_location, self._pyiceberg_properties())
        identifier = tuple(str(self._facts["table"]).split("."))
        return StaticTable(identifier, found.metadata, found.metadata_location, found.io, found.catalog)

    def _pyiceberg_properties(self) -> dict[str, str]:
        if not self.metadata_location.startswith("s3://"):
            return {}
        from earthcatalog._arrow_files import settings_of

        settings = settings_of(self.metadata_location, self._storage)
        given = {
            "s3.endpoint": settings.endpoint,
            "s3.region": settings.region,
            "s3.access-key-id": settings.access_key,
            "s3.secret-access-key": settings.secret_key,
            "s3.session-token": settings.session_token,
            "s3.anonymous": "true" if settings.anonymous else None,
        }
        return {name: value for name, value in given.items() if value is not None}

    # What it holds

    def stats(self) -> list[dict[str, Any]]:
        """Size of each partition: grid_partition, year (None: unknown), row_count, file_count, total_bytes."""
        return [dict(partition) for partition in self._facts["partitions"]]

    def unique_item_count(self) -> int:
        """How many items have rows: an item in several cells counts once."""
        items = self._facts["stats"].get("items")
        if items is not None:
            return int(items)
        import pyarrow.compute as pc

        return int(self.to_arrow_dataset().count_rows(filter=pc.field("grid_primary")))

    def top_cells(self, limit: int = 5) -> list[dict[str, Any]]:
        """The cells with most rows: grid_partition, row_count, file_count, total_bytes."""
        cells: dict[str, dict[str, Any]] = {}
        for partition in self._facts["partitions"]:
            name = str(partition["grid_partition"])
            cell = cells.setdefault(name, {"grid_partition": name, "row_count": 0, "file_count": 0, "total_bytes": 0})
            for count in ("row_count", "file_count", "total_bytes"):
                cell[count] += partition[count]
        return sorted(cells.values(), key=lambda cell: (-cell["row_count"], cell["grid_partition"]))[:limit]

    def _rows_of_cells(self) -> dict[str, int]:
        rows: dict[str, int] = {}
        for partition in self._facts["partitions"]:
            cell = str(partition["grid_partition"])
            rows[cell] = rows.get(cell, 0) + partition["row_count"]
        return rows

    def total_files(self) -> int:
        """How many data files there are."""
        return sum(partition["file_count"] for partition in self._facts["partitions"])

    def snapshots(self, limit: int = 1_000) -> list[dict[str, Any]]:
        """The newest snapshots, newest first: snapshot_id, parent, time, operation, run_id, files and rows added."""
        report = call("history", {"catalog": self.catalog, "limit": limit}, self._storage)
        return list(report["snapshots"])

    @property
    def schema(self) -> pa.Schema:
        """The columns of the table."""
        from earthcatalog._arrow_files import open_file
        from earthcatalog._iceberg_schema import arrow_schema

        with open_file(self.metadata_location, self._storage) as file:
            data = file.read()
        if data[:2] == b"\x1f\x8b":
            import gzip

            data = gzip.decompress(data)
        return arrow_schema(json.loads(data))

    def to_arrow_dataset(self) -> pyarrow.dataset.Dataset:
        """The data files as a dataset of pyarrow. An item has a row in each of its cells; ``grid_primary`` marks one.

        Position deletes of other engines are not applied; compact() applies them for good.
        """
        return self._dataset(self.files())

    def _dataset(self, files: Sequence[Mapping[str, Any]]) -> pyarrow.dataset.Dataset:
        import pyarrow.dataset as ds

        from earthcatalog._arrow_files import file_system

        schema = self.schema
        if not files:
            return ds.dataset(schema.empty_table())
        system, _ = file_system(files[0]["path"], self._storage)
        paths = [_path(file).removeprefix("s3://") for file in files]
        return ds.dataset(paths, schema=schema, format="parquet", filesystem=system)

    def files(
        self, cells: Sequence[str] | None = None, years: Sequence[int | None] | None = None
    ) -> list[dict[str, Any]]:
        """The data files, from the table's manifests: path, grid_partition, year, row_count, file_size_bytes.

        Args:
            cells: Only files of these cells. None: of all.
            years: Only files of these years; None among them: of items without a date.
        """
        if (cells is not None and not cells) or (years is not None and not years):
            return []
        question: dict[str, Any] = {"cell": None if cells is None else list(cells)}
        if years is not None:
            question["year"] = ["unknown" if year is None else int(year) for year in years]
        return self._files(question)

    def _files(self, question: Mapping[str, Any]) -> list[dict[str, Any]]:
        spec = {"catalog": self.catalog, "warehouse": self._given_warehouse, **self._moment(self._facts), **question}
        return [_named(file, _FILE_NAMES) for file in call("files", spec, self._storage)["files"]]

    def cells_for_geometry(self, geom: Any) -> list[str]:
        """Names of the cells that a geometry touches, ascending.

        Args:
            geom: GeoJSON (dict or str), WKT, WKB, or an object with ``__geo_interface__``.
        """
        from earthcatalog import _core

        grid = _core.GridHandle(json.dumps(dict(self._grid_spec())), self._storage.to_json())
        given = geometry_text(geom)
        return list(grid.cover(given) if isinstance(given, bytes) else grid.cover_text(given))

    def _grid_spec(self) -> Mapping[str, Any]:
        grid = self._facts["grid"]
        if grid["type"] == "python":
            raise UnsupportedError("the table's cells come from a partitioner written in Python; ask that one")
        return {name: value for name, value in grid.items() if value not in (None, "")}

    def cell_list_sql(self, geom: Any) -> str:
        """The cells of a geometry as a list for SQL: ``'8106bffffffffff', '8113bffffffffff'``."""
        return ", ".join("'" + cell.replace("'", "''") + "'" for cell in self.cells_for_geometry(geom))

    def search_files(
        self,
        geom: Any = None,
        start_datetime: Any = None,
        end_datetime: Any = None,
        *,
        datetime: Any = None,
        bbox: str | Sequence[float] | None = None,
        ids: str | Sequence[str] | None = None,
        collections: str | Sequence[str] | None = None,
    ) -> list[str]:
        """Data files that may hold what is asked for, from the table's manifests. They hold other items too.

        Args:
            geom: Touched by the items: GeoJSON (dict or str), WKT, WKB, or an object with ``__geo_interface__``.
            start_datetime: First instant, day, month or year.
            end_datetime: Last one; a day, month or year means all of it.
            datetime: Both as STAC writes them: ``"2018"``, ``"2018-06/2019"``, ``"../2019-01-31"``, or a pair.
            bbox: Instead of `geom`: west, south, east, north; west > east goes over the antimeridian.
            ids: Ids of items.
            collections: Their collections.

        Returns:
            Paths or URIs. An item may have rows in several of them.

        Raises:
            InvalidArgumentError: `geom` and `bbox`, or `datetime` and its ends, together; a text that makes no sense.
        """
        if geom is not None and bbox is not None:
            raise InvalidArgumentError("geom, bbox: give one of them")
        if datetime is not None and (start_datetime is not None or end_datetime is not None):
            raise InvalidArgumentError("datetime, start_datetime, end_datetime: give datetime, or the ends")
        if start_datetime is not None or end_datetime is not None:
            datetime = (start_datetime, end_datetime)
        question: dict[str, Any] = {
            "datetime": None if datetime is None else span_text(datetime),
            "bbox": None if bbox is None else bbox_text(bbox),
            "ids": names_text(ids),
            "collections": names_text(collections),
        }
        area = None if geom is None else geometry_text(geom)
        if isinstance(area, bytes):
            question["cell"] = self.cells_for_geometry(area)
            if not question["cell"]:
                return []
        else:
            question["intersects"] = area
        return [_path(file) for file in self._files(question)]

    # What can be done to it

    def ingest(
        self,
        inventory_path: Place,
        *,
        mode: Mode = "auto",
        chunk_size: int = 10_000,
        limit: int | None = None,
        since: Since = None,
        update_hash_index: bool = False,
        **common: Unpack[Common],
    ) -> IngestReport:
        """Brings the items of an inventory into the table, on this machine. Arguments are those of ingest()."""
        self._complete(common)
        report = _ingest(
            self.catalog, self.warehouse, inventory_path, mode, chunk_size, limit, since, update_hash_index, common
        )
        self.refresh()
        return report

    def _complete(self, common: Common) -> None:
        common["storage"] = merge(common.get("storage"), self._storage)

    def bulk_ingest(
        self,
        inventory_path: Place,
        *,
        mode: Mode = "auto",
        chunk_size: int = 100_000,
        staging_prefix: str | None = None,
        **options: Any,
    ) -> IngestReport:
        """Brings the items of a large inventory into the table by run_backfill(), on a cluster when one is given.

        Args:
            inventory_path: The inventory.
            mode: ``full`` replaces the table's rows, ``delta`` adds to them; ``auto`` adds when there are any.
            chunk_size: Keys in a chunk.
            staging_prefix: Folder beside the catalog for the staged shape. None: the direct shape.
            **options: Further arguments of run_backfill(): create_client, scheduler, limit, since, retry_pending, …
        """
        from earthcatalog.pipelines.backfill import run_backfill

        if mode not in ("auto", "full", "delta"):
            raise InvalidArgumentError(f"mode: {mode!r}; there are auto, full and delta")
        options["storage"] = merge(options.get("storage"), self._storage)
        has_rows = bool(self._facts["rows"])
        shape: dict[str, Any] = {"warehouse_path": self.warehouse}
        if staging_prefix is not None:
            folder = self.catalog.rpartition("/")[0]
            shape = {"staging_store": folder, "staging_prefix": staging_prefix, "warehouse_root": self.warehouse}
        report = run_backfill(
            inventory_path,
            self.catalog,
            **shape,
            chunk_size=chunk_size,
            delta=mode == "delta" or (mode == "auto" and has_rows),
            replace=mode == "full" and has_rows,
            **options,
        )
        self.refresh()
        return _with_old_names(report)

    def _run(self, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        options = dict(spec)
        storage = merge(options.pop("storage", None), self._storage)
        report = call(name, {"catalog": self.catalog, "warehouse": self._given_warehouse, **options}, storage)
        if name != "audit":
            self.refresh()
        return report

    def compact(self, threshold: int = 2, dry_run: bool = False, **options: Any) -> CompactReport:
        """Merges the files of each partition that has `threshold` or more, in one commit.

        Args:
            threshold: Partitions with fewer files are left alone.
            dry_run: Say what would be done.
            **options: Those of ``earthcatalog compact``, with underscores: cell, year, compact_rows, …
        """
        return CompactReport(self._run("compact", {"threshold": threshold, "dry_run": dry_run, **options}))

    def expire(self, older_than: str | dt.timedelta = "24h", *, dry_run: bool = False, **options: Any) -> Report:
        """Removes old snapshots, and files that no snapshot names and that are old enough.

        Args:
            older_than: What the table needed since so long ago stays.
            dry_run: Say what would go.
            **options: Those of ``earthcatalog expire``: retain_last, …
        """
        from earthcatalog._arguments import duration

        spec = {"older_than": duration("older_than", older_than), "dry_run": dry_run, **options}
        return Report(self._run("expire", spec))

    def audit(self, inventory_path: Place, **options: Any) -> Report:
        """Compares the table with an inventory of all objects: is all of it there, once, and nothing else?

        Returns:
            The findings; ``good`` is true when there are none.
        """
        from earthcatalog.maintenance.audit import audit

        return audit(
            self.catalog,
            inventory_path,
            warehouse=self._given_warehouse,
            storage=merge(options.pop("storage", None), self._storage),
            **options,
        )

    def delta(self, inventory_path: Place, **options: Any) -> Report:
        """New, changed and removed objects of an inventory.

        Args:
            inventory_path: A list of all objects.
            **options: Those of ``earthcatalog delta``: ingest, delete_removed, out, since, source_root, …
        """
        from earthcatalog.maintenance._options import with_inventory

        return Report(self._run("delta", with_inventory(inventory_path, options)))

    def garbage_collect(self, inventory_path: Place, *, dry_run: bool = False, **options: Any) -> Report:
        """Takes the rows of objects that are gone out of the table."""
        extra = {} if dry_run else {"delete_removed": True}
        return self.delta(inventory_path, **extra, **options)

    def index_build(self, **options: Any) -> Report:
        """Makes the hash index anew. Options are those of ``earthcatalog index build``."""
        return Report(self._run("index_build", options))

    def index_update(self, **options: Any) -> Report:
        """Brings hash index and object index up to date."""
        return Report(self._run("index_update", options))

    def index_check(self, **options: Any) -> Report:
        """Compares hash index and object index with the table."""
        return Report(self._run("index_check", options))

    def lock(self, owner: str, ttl_hours: float = 12) -> S3Lock:
        """The table's lock. Runs of this process that are started while it is held take it over."""
        return with_storage(S3Lock(owner, ttl_hours, catalog=self.catalog), self._storage)

    def download_catalog(self, local_path: str) -> None:
        """Copies the catalog file to this machine."""
        from earthcatalog.catalog import download_catalog

        download_catalog(local_path, self.catalog.rpartition("/")[0], self.catalog_key)

    def upload_catalog(self, local_path: str) -> None:
        """Stores a catalog file that was downloaded, unless somebody else stored one since."""
        from earthcatalog.catalog import upload_catalog

        upload_catalog(local_path, self.catalog.rpartition("/")[0], self.catalog_key)

    def _repr_html_(self) -> str:
        from earthcatalog._picture import picture

        facts = self._facts
        shown = {
            "catalog": self.catalog,
            "warehouse": self.warehouse,
            "grid": " ".join(f"{value}" for value in facts["grid"].values() if value not in (None, "")),
            "snapshot": self.snapshot_id,
            "rows": f"{facts['rows']:,}",
            "items": "unknown" if facts.get("items") is None else f"{facts['items']:,}",
            "files": f"{self.total_files():,}",
            "largest cells": ", ".join(
                f"{cell['grid_partition']} ({cell['row_count']:,})" for cell in self.top_cells()
            ),
        }
        lines = "".join(
            f"<tr><th style='text-align:left'>{name}</th><td>{html.escape(str(value))}</td></tr>"
            for name, value in shown.items()
        )
        return f"<div><table>{lines}</table>{picture(facts['grid'], self._rows_of_cells())}</div>"


_PARTITION_NAMES = {
    "cell": "grid_partition",
    "year": "year",
    "rows": "row_count",
    "files": "file_count",
    "bytes": "total_bytes",
}
_FILE_NAMES = {
    "uri": "path",
    "cell": "grid_partition",
    "year": "year",
    "rows": "row_count",
    "bytes": "file_size_bytes",
}


def _named(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """What the core says, under the names of the Python earthcatalog."""
    return {names.get(name, name): value for name, value in values.items()}


def _path(file: Mapping[str, Any]) -> str:
    return str(file["path"]).removeprefix("file://")
