"""A picture of the cells of a table as SVG: no network, no other package."""

from __future__ import annotations

import functools
import struct
from collections.abc import Mapping

from earthcatalog.partitioner import AbstractPartitioner, GeoJSONPartitioner, H3Partitioner

__all__ = ["picture"]

_SHADES = ("#c6dbef", "#9ecae1", "#6baed6", "#3182bd", "#08519c")
_MOST_BYTES = 40_000
_COARSEST = 2  # cells of finer grids are drawn as their ancestors


def h3_parent(cell: str, resolution: int) -> str:
    """The ancestor of an H3 cell, by its digits."""
    index = int(cell, 16)
    if (index >> 52) & 0xF <= resolution:
        return cell
    index = (index & ~(0xF << 52)) | (resolution << 52)
    for digit in range(resolution + 1, 16):
        index |= 7 << (3 * (15 - digit))
    return f"{index:x}"


@functools.lru_cache(maxsize=8)
def _raster(partitioner: AbstractPartitioner, step: int) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Cells at the middle of each square of `step` degrees, from north to south."""
    points = ((x + step / 2, y - step / 2) for y in range(90, -90, -step) for x in range(-180, 180, step))
    names = [tuple(partitioner.get_intersecting_keys(struct.pack("<BIdd", 1, 1, *point))) for point in points]
    width = 360 // step
    return tuple(tuple(names[at : at + width]) for at in range(0, len(names), width))


def _shade(rows: int, most: int, shades: int) -> int:
    """More rows are darker, by their logarithm."""
    return min(shades - 1, int(shades * (rows.bit_length() - 1) / max(1, most.bit_length())))


def _paths(rows_of: Mapping[str, int], partitioner: AbstractPartitioner, step: int, shades: int) -> list[str]:
    most = max(rows_of.values(), default=1)
    paths: list[list[str]] = [[] for _ in range(shades)]
    for line, names in enumerate(_raster(partitioner, step)):
        levels = []
        for cells in names:
            rows = max((rows_of.get(cell, 0) for cell in cells), default=0)
            levels.append(_shade(rows, most, shades) if rows else None)
        at = 0
        while at < len(levels):
            end = at
            while end < len(levels) and levels[end] == levels[at]:
                end += 1
            level = levels[at]
            if level is not None:
                width = (end - at) * step
                paths[level].append(f"M{at * step} {line * step}h{width}v{step}h-{width}z")
            at = end
    return ["".join(path) for path in paths]


def picture(grid: Mapping[str, object], rows_of: Mapping[str, int]) -> str:
    """The picture; empty for a grid that cannot be drawn.

    Args:
        grid: The table's grid: ``type``, and ``resolution`` or ``boundaries_path`` and ``id_field``.
        rows_of: Rows by cell.
    """
    partitioner: AbstractPartitioner
    if grid.get("type") == "h3":
        resolution = min(int(str(grid["resolution"])), _COARSEST)
        summed: dict[str, int] = {}
        for cell, rows in rows_of.items():
            if not cell.startswith("__"):
                parent = h3_parent(cell, resolution)
                summed[parent] = summed.get(parent, 0) + rows
        partitioner, rows_of = H3Partitioner(resolution), summed
    elif grid.get("type") == "geojson":
        partitioner = GeoJSONPartitioner(str(grid["boundaries_path"]), str(grid.get("id_field") or "id"))
    else:
        return ""
    paths: list[str] = []
    for step, shades in ((2, 5), (3, 5), (3, 1), (5, 1)):
        paths = _paths(rows_of, partitioner, step, shades)
        if sum(map(len, paths)) < _MOST_BYTES:
            break
    drawn = "".join(f'<path d="{path}" fill="{_SHADES[-len(paths) :][at]}"/>' for at, path in enumerate(paths) if path)
    lines = "".join(f"M{x} 0v180" for x in range(0, 361, 60)) + "".join(f"M0 {y}h360" for y in range(0, 181, 30))
    return (
        '<svg viewBox="0 0 360 180" width="540" height="270" xmlns="http://www.w3.org/2000/svg" role="img" '
        'aria-label="cells with rows, darker where there are more"><rect width="360" height="180" fill="#f7f7f7"/>'
        f'{drawn}<path d="{lines}" stroke="#bbb" stroke-width=".3" fill="none"/></svg>'
    )
