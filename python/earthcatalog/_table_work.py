"""What can be done to a table: bringing items in, keeping it small and whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, Unpack

from earthcatalog._arguments import Common, Since
from earthcatalog._call import call
from earthcatalog._places import Place, merge
from earthcatalog._report import CompactReport, IngestReport, Report
from earthcatalog._table_search import TableSearch
from earthcatalog.errors import InvalidArgumentError
from earthcatalog.lock import S3Lock, with_storage

__all__ = ["Mode", "TableWork", "ingest_into"]

Mode = Literal["auto", "full", "delta"]


def ingest_into(
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


class TableWork(TableSearch):
    """The runs that change a table."""

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
        report = ingest_into(
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
