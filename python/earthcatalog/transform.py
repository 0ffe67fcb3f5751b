"""Items as rows: fan-out over cells, grouping by partition, and GeoParquet files, for callers that do it themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from earthcatalog._places import Place, resolve
from earthcatalog.errors import InvalidArgumentError, InvalidDataError, UnsupportedError

__all__ = ["FileMetadata", "fan_out", "group_by_partition", "write_geoparquet", "write_geoparquet_s3"]

NO_CELL = "__none__"
Item = dict[str, Any]


@dataclass(frozen=True)
class FileMetadata:
    """A data file.

    Attributes:
        s3_key: Its path, relative to the warehouse.
        grid_partition: Its cell.
        year: Its year; None for items without a date.
        row_count: Rows.
        file_size_bytes: Bytes.
    """

    s3_key: str
    grid_partition: str
    year: int | None
    row_count: int
    file_size_bytes: int


def fan_out(stac_items: Iterable[Item], partitioner: object) -> list[Item]:
    """One dictionary for each item and cell that its footprint touches, with ``properties.grid_partition`` set.

    Args:
        stac_items: STAC items. They are not changed.
        partitioner: The grid.

    Returns:
        Copies of the items; those without a footprint that makes sense are in the cell ``__none__``.
    """
    cover = _cells_of(partitioner)
    rows: list[Item] = []
    for item in stac_items:
        for cell in cover(item.get("geometry")) or [NO_CELL]:
            rows.append({**item, "properties": {**(item.get("properties") or {}), "grid_partition": cell}})
    return rows


def _cells_of(partitioner: object) -> Callable[[Any], list[str]]:
    """From a GeoJSON geometry to names of cells."""
    from earthcatalog.partitioner import grid_members

    members = grid_members(partitioner)
    if members is None:
        ask: Any = partitioner
        return lambda geometry: [] if geometry is None else sorted(set(ask.get_intersecting_keys(_wkb(geometry))))
    native: Any = partitioner

    def cover(geometry: Any) -> list[str]:
        if geometry is None:
            return []
        try:
            return [name for name in native.get_intersecting_keys_of_geojson(json.dumps(geometry)) if name != NO_CELL]
        except (InvalidArgumentError, InvalidDataError, UnsupportedError):
            return []

    return cover


def _wkb(geometry: Any) -> bytes:
    try:
        from shapely.geometry import shape
    except ImportError as error:
        raise ImportError(
            "a partitioner written in Python needs shapely: pip install 'earthcatalog-native[geo]'"
        ) from error
    return bytes(shape(geometry).wkb)


def _instant(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def group_by_partition(fan_out_items: Iterable[Item]) -> dict[tuple[str, int | None], list[Item]]:
    """The rows by cell and year of ``datetime`` as a UTC instant, each group sorted by platform and datetime.

    Args:
        fan_out_items: What fan_out() returned.

    Returns:
        {(cell, year): rows}, in the order of first appearance; the year of items without a usable date is None.
    """
    groups: dict[tuple[str, int | None], list[Item]] = {}
    for item in fan_out_items:
        properties = item.get("properties") or {}
        moment = _instant(properties.get("datetime"))
        key = (properties.get("grid_partition") or NO_CELL, moment.year if moment else None)
        groups.setdefault(key, []).append(item)
    for rows in groups.values():
        rows.sort(key=_order)
    return groups


def _order(item: Item) -> tuple[str, float]:
    properties = item.get("properties") or {}
    moment = _instant(properties.get("datetime"))
    return str(properties.get("platform") or ""), moment.timestamp() if moment else float("-inf")


def write_geoparquet(fan_out_items: list[Item], path: Place) -> int:
    """Writes rows of one partition as a GeoParquet file, sorted by platform and datetime.

    Args:
        fan_out_items: Rows of one cell and year.
        path: The file: path, URI or (store, key).

    Returns:
        Rows written; 0 for none, and then no file.

    Raises:
        InvalidArgumentError: The rows are of several partitions.
    """
    return _write(fan_out_items, path, "")[0]


def write_geoparquet_s3(fan_out_items: list[Item], store: Place, s3_key: str) -> tuple[int, int]:
    """As write_geoparquet(), to a key in a store.

    Returns:
        Rows and bytes of the file.
    """
    return _write(fan_out_items, store, s3_key)


def _write(items: list[Item], place: Place, key: str) -> tuple[int, int]:
    groups = group_by_partition(items)
    if not groups:
        return 0, 0
    if len(groups) > 1:
        first, second, *_ = groups
        raise InvalidArgumentError(
            f"fan_out_items: rows of several partitions, {first} and {second}; write each by itself"
        )
    from earthcatalog import _core

    (((cell, _), rows),) = groups.items()
    uri, storage = resolve(place, key, argument="path")
    text = b"".join(json.dumps(_without_cell(item)).encode() + b"\n" for item in rows)
    report = json.loads(_core.write_items(text, uri, cell, storage.to_json()))
    return int(report["rows"]), int(report["bytes"])


def _without_cell(item: Item) -> Item:
    return {**item, "properties": {k: v for k, v in (item.get("properties") or {}).items() if k != "grid_partition"}}
