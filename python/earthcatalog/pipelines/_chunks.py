"""Phases 1 and 2: an inventory becomes chunks, and a chunk staged rows."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Unpack

from earthcatalog._arguments import Common, Since, common_spec, integer, limit_of, positive, since_text
from earthcatalog._call import call
from earthcatalog._places import Place, as_uri, merge, resolve
from earthcatalog.errors import InvalidArgumentError, NotFoundError
from earthcatalog.partitioner import grid_members, python_members
from earthcatalog.pipelines._reports import chunk_report
from earthcatalog.pipelines._staging import ChunkName, StagingPlace, open_staging

__all__ = ["ingest_chunk", "write_chunks"]

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def since_micros(text: str | None, now: float | None = None) -> int | None:
    """What `since` means, in microseconds since 1970.

    Raises:
        InvalidArgumentError: It is neither a date, an RFC 3339 instant nor a span such as ``2d``.
    """
    if text is None:
        return None
    span = re.fullmatch(r"(\d+)\s*([a-z]+)", text)
    if span and span[2] in _UNITS:
        return int(((time.time() if now is None else now) - int(span[1]) * _UNITS[span[2]]) * 1_000_000)
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            day = date.fromisoformat(text)
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        else:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise InvalidArgumentError(
            f"since: '{text}' is no time; give a date, an RFC 3339 instant or a span before now such as 2d"
        ) from None
    if moment.tzinfo is None:
        raise InvalidArgumentError(f"since: '{text}' has no offset; add Z")
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def chunk_settings(
    inventory: str,
    spec: Mapping[str, Any],
    *,
    chunk_size: int,
    limit: int | None,
    since: Since,
    grid: Mapping[str, Any],
) -> dict[str, Any]:
    """Settings of write_chunks."""
    text = since_text(since)
    settings = {
        "inventory": inventory,  # as the native run keeps it, so that one goes on with what the other began
        "chunk_size": positive("chunk_size", chunk_size),
        "limit": limit_of(limit),
        "since_text": text,
        "since": since_micros(text),
        **{name: spec[name] for name in ("suffix", "key_encoding") if name in spec},
        "source_root": as_uri(spec.get("source_root", "s3://")),
        **grid,
    }
    return {name: value for name, value in settings.items() if value is not None}


def write_chunks(
    inventory_path: Place,
    staging_store: Place,
    staging_prefix: str,
    chunk_size: int = 100_000,
    limit: int | None = None,
    since: Since = None,
    write_concurrency: int = 8,
    *,
    partitioner: object | None = None,
    h3_resolution: int | None = None,
    **common: Unpack[Common],
) -> list[str]:
    """Phase 1: cuts an inventory into chunks of keys. Chunks that are there stay; a larger limit goes on in new ones.

    Args:
        inventory_path: The inventory: path, URI or (store, key).
        staging_store: Where the backfill keeps what it has done so far.
        staging_prefix: ``<prefix>/chunks``.
        chunk_size: Keys in a chunk.
        limit: Keys at most; None or 0: all.
        since: Only objects modified since.
        write_concurrency: Chunks that are written at a time.
        partitioner: The grid of the backfill. None: the first ingest_chunk() names it.
        h3_resolution: Instead of `partitioner`.
        **common: See Common.

    Returns:
        Keys of all chunks in the store, also of those that were there.

    Raises:
        InvalidArgumentError: What is staged there belongs to another backfill.
    """
    place = open_staging(staging_store, staging_prefix, "chunks")
    inventory, found = resolve(inventory_path, argument="inventory_path")
    spec, settings, _ = common_spec("write_chunks", common)
    storage = merge(settings, place.storage, found)
    positive("write_concurrency", write_concurrency)
    grid: dict[str, Any] = {}
    if partitioner is not None:
        grid = _grid_of(partitioner)
    elif h3_resolution is not None:
        grid = {"grid_type": "h3", "resolution": integer("h3_resolution", h3_resolution)}
    before = place.record()
    if not grid and before is not None:
        names = ("grid_type", "resolution", "boundaries_path", "id_field", "python")
        grid = {name: before["settings"][name] for name in names if name in before["settings"]}
    chosen = chunk_settings(inventory, spec, chunk_size=chunk_size, limit=limit, since=since, grid=grid)
    record = call("phase:write_chunks", {**place.members(), "settings": chosen}, storage)
    if not grid:
        place.leave_grid_open()
    return [place.chunk_key(chunk) for chunk in range(record["chunks"])]


def _grid_of(partitioner: object) -> dict[str, Any]:
    members = grid_members(partitioner)
    return python_members(partitioner) if members is None else members


def _python_only(partitioner: object) -> object | None:
    return partitioner if grid_members(partitioner) is None else None


def ingest_chunk(
    chunk_key: str,
    staging_store: Place,
    staging_prefix: str,
    pending_prefix: str,
    partitioner: object,
    fetch_concurrency: int = 256,
    **common: Unpack[Common],
) -> dict[str, Any]:
    """Phase 2: fetches the objects of a chunk and stages their rows by partition.

    Args:
        chunk_key: Key of the chunk in the store, as write_chunks() returns it; one under ``pending_chunks`` fetches
            again what gave up.
        staging_store: Where the backfill keeps what it has done so far.
        staging_prefix: ``<prefix>/staging``.
        pending_prefix: ``<prefix>/pending_chunks``.
        partitioner: The grid.
        fetch_concurrency: Requests in flight at most.
        **common: See Common.

    Returns:
        The report: ``chunk_key``, ``source_items``, ``fetched_items``, ``fetch_failures`` (``pending`` and
        ``missing``), ``groups_written``, ``fan_out_counter`` {cells: items}, ``ndjson_keys``, and more counts.

    Raises:
        NotFoundError: There is no such chunk.
    """
    place = open_staging(staging_store, staging_prefix, "staging")
    name = ChunkName.parse(chunk_key)
    if name.root != place.prefix or open_staging(staging_store, pending_prefix, "pending_chunks").root != place.root:
        raise InvalidArgumentError(
            f"chunk_key, staging_prefix, pending_prefix: {chunk_key!r}, {staging_prefix!r} and {pending_prefix!r} lie "
            "in different prefixes"
        )
    members, settings, _ = common_spec("ingest_chunk", common)
    grid = _grid_of(partitioner)
    place.agree_on_grid(grid)
    record = place.record()
    if record is None:
        raise NotFoundError(f"{place.root}: nothing is staged there; call write_chunks first")
    for member, value in grid.items():
        staged = record["settings"].get(member)
        if staged != value:
            raise InvalidArgumentError(f"partitioner: its {member} is {value}, but {place.root} has rows of {staged}")
    attempt = _next_attempt(place, name, record) if name.pending else 0
    spec = ingest_spec(place, record, members, grid, fetch_concurrency)
    done = call(
        "phase:ingest_chunk",
        {**spec, "chunk": name.chunk, "attempt": attempt, "writer": secrets.token_hex(4)},
        merge(settings, place.storage),
        partitioner=_python_only(partitioner),
    )
    return chunk_report(place, chunk_key, done)


def _next_attempt(place: StagingPlace, name: ChunkName, record: Mapping[str, Any]) -> int:
    attempt = int(record.get("next_attempt") or 0) if record.get("committed_snapshot") else 0
    attempt = attempt or int(record.get("first_attempt") or 0) or 1
    while place.marker(name.chunk, attempt) is not None:
        attempt += 1
    return attempt


_INGEST_MEMBERS = {
    "workers": "workers",
    "max_columns": "max_columns",
    "max_object_size": "max_object_bytes",
    "memory_limit": "memory_limit_bytes",
}
_SUFFIXES = {"": 1, "b": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "t": 1_000_000_000_000}


def byte_count(name: str, amount: int | str) -> int:
    """Bytes of ``"768MiB"``, ``"16 MB"`` or a number."""
    if not isinstance(amount, str):
        return positive(name, amount)
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*", amount, re.IGNORECASE)
    if found is None:
        raise InvalidArgumentError(f"{name}: {amount!r} is no amount; say it like 768MiB")
    unit = found[2].lower()
    factor = 1024 ** " kmgt".index(unit) if found[3] and unit else _SUFFIXES[unit]
    return positive(name, int(float(found[1]) * factor))


def ingest_spec(
    place: StagingPlace,
    record: Mapping[str, Any],
    members: Mapping[str, Any],
    grid: Mapping[str, Any],
    fetch_concurrency: int,
) -> dict[str, Any]:
    """What all specs of ingest_chunk have in common. The source root is that of the record."""
    spec: dict[str, Any] = {**place.members(), **grid}
    spec["source_root"] = record["settings"].get("source_root", "s3://")
    spec["fetch_concurrency"] = positive("fetch_concurrency", fetch_concurrency)
    for name, member in _INGEST_MEMBERS.items():
        if name in members:
            is_amount = member.endswith("_bytes")
            spec[member] = byte_count(name, members[name]) if is_amount else members[name]
    return spec
