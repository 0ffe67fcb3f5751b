"""The staging prefix of a backfill, as Python sees it: its places, its record, the grid that it belongs to."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from earthcatalog._objects import put_object, read_json, read_object
from earthcatalog._places import Place, StorageSettings, as_uri, join, resolve
from earthcatalog.errors import ConflictError, InvalidArgumentError, NotFoundError

__all__ = ["ChunkName", "StagingPlace", "open_staging"]

_RECORD = "chunks/_run.json"
_GRID = "chunks/_grid.json"


@dataclass(frozen=True)
class StagingPlace:
    """Where a backfill keeps what it has done so far.

    Attributes:
        root: URI or path of the prefix.
        prefix: Key of the prefix in its store; what names in reports begin with.
        storage: Settings of its bucket.
        parts: Of the direct shape: where data files go.
    """

    root: str
    prefix: str
    storage: StorageSettings
    parts: str = ""

    def members(self) -> dict[str, Any]:
        """Members of a phase's spec."""
        return {"staging": as_uri(self.root), **({"parts": as_uri(self.parts)} if self.parts else {})}

    def key(self, name: str) -> str:
        """The key in the caller's store of an object below the prefix."""
        return join(self.prefix, name) if self.prefix else name

    def chunk_key(self, chunk: int) -> str:
        return self.key(f"chunks/chunk_{chunk:06d}.parquet")

    def record(self) -> dict[str, Any] | None:
        """The record of the backfill, or None when nothing is staged."""
        return read_json(self.root, _RECORD, self.storage)

    def marker(self, chunk: int, attempt: int) -> dict[str, Any] | None:
        """What an attempt on a chunk came to; None when it is not done."""
        name = f"chunk_{chunk:06d}" + (f"_p{attempt}" if attempt else "")
        marker = f"{name}/ingest_stats.json" if self.parts else f"staging/_completed/{name}.done"
        return read_json(self.root, marker, self.storage)

    def has_pending(self, chunk: int) -> bool:
        """Whether a list of pending objects of the chunk is there."""
        return (
            read_object(join(self.root, f"pending_chunks/chunk_{chunk:06d}.parquet"), storage=self.storage) is not None
        )

    def run_id(self, record: Mapping[str, Any]) -> str:
        """A run id that all calls for this backfill find by themselves."""
        return hashlib.md5(f"{self.root}|{record['started']}".encode(), usedforsecurity=False).hexdigest()

    def reopen(self) -> dict[str, Any]:
        """Makes what a commit left pending the work of the next: a delta over the lists of pending objects.

        For the holder of the lock. Returns the record as it is then.
        """
        place = join(self.root, _RECORD)
        found = read_object(place, storage=self.storage)
        if found is None:
            raise NotFoundError(f"{self.root}: nothing is staged there")
        record: dict[str, Any] = json.loads(found.data)
        if record.get("committed_snapshot") is not None:
            record.update(committed_snapshot=None, first_attempt=record["next_attempt"])
            put_object(place, "", json.dumps(record).encode(), self.storage, if_match=found.etag)
        return record

    def leave_grid_open(self) -> None:
        """Says that nobody has named the grid yet: the first chunk does."""
        put_object(join(self.root, _GRID), "", b"{}", self.storage)

    def agree_on_grid(self, grid: Mapping[str, Any]) -> None:
        """Makes the grid that of the backfill when nobody has named one before."""
        place = join(self.root, _GRID)
        claim = read_object(place, storage=self.storage)
        if claim is None:
            return
        claimed = json.loads(claim.data)
        if not claimed:
            try:
                put_object(place, "", json.dumps(dict(grid)).encode(), self.storage, if_match=claim.etag)
                claimed = dict(grid)
            except ConflictError:
                found = read_object(place, storage=self.storage)
                claimed = json.loads(found.data) if found else {}
        if claimed == dict(grid):
            self._set_grid(grid)

    def _set_grid(self, grid: Mapping[str, Any]) -> None:
        place = join(self.root, _RECORD)
        for _ in range(10):
            found = read_object(place, storage=self.storage)
            if found is None:
                return
            record = json.loads(found.data)
            if all(record["settings"].get(name) == value for name, value in grid.items()):
                return
            record["settings"].update(grid)
            try:
                put_object(place, "", json.dumps(record).encode(), self.storage, if_match=found.etag)
                return
            except ConflictError:
                continue


def open_staging(store: Place, prefix: str, component: str = "") -> StagingPlace:
    """The staging prefix that a store and a prefix name.

    Args:
        store: The store.
        prefix: Key in it, with `component` as its last part.
        component: ``chunks``, ``staging`` or ``pending_chunks``; empty: the prefix is the root.

    Raises:
        InvalidArgumentError: The prefix ends otherwise.
    """
    if not isinstance(prefix, str):
        raise TypeError(f"staging_prefix: str expected, not {type(prefix).__name__}")
    root = prefix.strip("/")
    if component:
        head, _, last = root.rpartition("/")
        if last != component:
            raise InvalidArgumentError(
                f"staging_prefix: {prefix!r} must end in /{component}, as in '<prefix>/{component}'"
            )
        root = head
    uri, storage = resolve(store, root, argument="staging_store")
    return StagingPlace(uri.rstrip("/") or "/", root, storage)


@dataclass(frozen=True)
class ChunkName:
    """A chunk by its key: ``…/chunks/chunk_000003.parquet``, or ``…/pending_chunks/…`` for what is pending of it."""

    root: str
    chunk: int
    pending: bool

    @classmethod
    def parse(cls, key: str) -> ChunkName:
        """Of a key. InvalidArgumentError for one that names no chunk."""
        found = re.fullmatch(r"(?:(.*)/)?(chunks|pending_chunks)/chunk_(\d+)(?:_p\d+)?\.parquet", key)
        if found is None:
            raise InvalidArgumentError(f"chunk_key: {key!r} is no '<prefix>/chunks/chunk_<number>.parquet'")
        return cls((found[1] or "").strip("/"), int(found[3]), found[2] == "pending_chunks")
