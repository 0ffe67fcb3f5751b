"""What is asked for, as people give it, in the words of the core: places and times."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from earthcatalog.errors import InvalidArgumentError

__all__ = ["bbox_text", "geometry_text", "names_text", "span_text"]


def geometry_text(geom: Any, argument: str = "geom") -> str | bytes:
    """GeoJSON or WKT as text, or WKB as it came.

    Args:
        geom: GeoJSON as a dict or str, WKT, WKB, or an object with ``__geo_interface__``.
        argument: Name of the caller's argument, for messages.

    Raises:
        TypeError: Something else.
    """
    if isinstance(geom, (bytes, bytearray, memoryview)):
        return bytes(geom)
    if hasattr(geom, "__geo_interface__"):
        geom = geom.__geo_interface__
    if isinstance(geom, str):
        return geom
    if isinstance(geom, Mapping):
        return json.dumps(geom)
    raise TypeError(f"{argument}: GeoJSON, WKT, WKB or an object with __geo_interface__ expected")


def bbox_text(bbox: str | Sequence[float]) -> str:
    """West, south, east, north as the core reads them.

    Raises:
        InvalidArgumentError: Neither 4 nor 6 numbers.
    """
    if isinstance(bbox, str):
        return bbox
    try:
        numbers = [float(number) for number in bbox]
    except (TypeError, ValueError):
        raise InvalidArgumentError(f"bbox: {bbox!r} are no numbers") from None
    if len(numbers) not in (4, 6):
        raise InvalidArgumentError(f"bbox: {len(numbers)} numbers; write west, south, east, north in degrees")
    return ",".join(f"{number!r}" for number in numbers)


def _end_text(value: Any, argument: str) -> str:
    if value is None or value == "":
        return ".."
    if isinstance(value, dt.datetime):  # one without offset counts as UTC, as in pystac-client
        moment = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
        return moment.isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    if not isinstance(value, str):
        raise TypeError(f"{argument}: a datetime, date or str expected, not {type(value).__name__}")
    return value


def span_text(value: Any, argument: str = "datetime") -> str:
    """A time or a span of two as the core reads it.

    Raises:
        InvalidArgumentError: A sequence of another length than two.
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) != 2:
            raise InvalidArgumentError(f"{argument}: a span has two ends, not {len(value)}")
        return "/".join(_end_text(end, argument) for end in value)
    return _end_text(value, argument)


def names_text(value: str | Sequence[str] | None) -> str | None:
    """A list of names by commas; None for none."""
    if value is None or isinstance(value, str):
        return value or None
    return ",".join(value) or None
