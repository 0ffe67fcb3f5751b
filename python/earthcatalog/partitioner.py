"""Partitioners: from a footprint to the names of the cells that it touches."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from earthcatalog.errors import InvalidArgumentError, UnsupportedError

if TYPE_CHECKING:
    from earthcatalog.config import GridConfig

__all__ = ["AbstractPartitioner", "GeoJSONPartitioner", "H3Partitioner", "build_partitioner"]


class AbstractPartitioner(ABC):
    """Base of partitioners, also of those written in Python.

    A run calls a Python partitioner from its own threads, one at a time. No key: the item goes to ``__none__``. An
    exception ends the run after its last whole chunk, and is raised with its own type. A key must be able to be a part
    of a path. The table remembers the class by its name, and an integer attribute ``resolution``.
    """

    @abstractmethod
    def get_intersecting_keys(self, geom_wkb: bytes) -> list[str]:
        """Names of the cells that a footprint touches.

        Args:
            geom_wkb: The footprint as WKB, in degrees of longitude and latitude.
        """

    def get_intersecting_keys_many(self, geoms: list[bytes]) -> list[list[str]]:
        """The same for many footprints. Override it when one call for many is cheaper.

        Args:
            geoms: At most 256 footprints.

        Returns:
            The names of each, in their order.
        """
        return [self.get_intersecting_keys(geom) for geom in geoms]


class _NativePartitioner(AbstractPartitioner):
    """One whose cells the core finds. Thread-safe; pickled by its arguments."""

    _spec: dict[str, Any]
    _handle: Any = None

    def _native(self) -> Any:
        if self._handle is None:
            from earthcatalog import _core

            self._handle = _core.GridHandle(json.dumps(self._spec))
        return self._handle

    def get_intersecting_keys(self, geom_wkb: bytes) -> list[str]:
        """Names of the cells that a footprint touches, ascending; none for one that touches no cell.

        Args:
            geom_wkb: The footprint as WKB or EWKB, in degrees of longitude and latitude.

        Raises:
            InvalidDataError: The bytes are no WKB.
        """
        return [name for name in self._native().cover(geom_wkb) if name != "__none__"]

    def get_intersecting_keys_of_geojson(self, geometry: str) -> list[str]:
        """The same for a geometry as GeoJSON text."""
        return list(self._native().cover_text(geometry))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_handle"}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._spec == other._spec

    def __hash__(self) -> int:
        return hash(json.dumps(self._spec, sort_keys=True))


class H3Partitioner(_NativePartitioner):
    """Cells of Uber's H3.

    Args:
        resolution: 0 (122 cells) to 15.

    Raises:
        InvalidArgumentError: The resolution is outside 0 to 15.
    """

    def __init__(self, resolution: int = 3) -> None:
        if isinstance(resolution, bool) or not hasattr(resolution, "__index__"):
            raise TypeError(f"resolution: int expected, not {type(resolution).__name__}")
        if not 0 <= resolution <= 15:
            raise InvalidArgumentError(f"resolution: {resolution} is outside 0 to 15")
        self.resolution = int(resolution)
        self._spec = {"type": "h3", "resolution": self.resolution}

    def __repr__(self) -> str:
        return f"H3Partitioner(resolution={self.resolution})"


class GeoJSONPartitioner(_NativePartitioner):
    """Regions of a GeoJSON file.

    Args:
        boundaries_path: A FeatureCollection of polygons: path or URI.
        id_field: The property that names a region.
    """

    def __init__(self, boundaries_path: Any, id_field: str = "id") -> None:
        from earthcatalog._places import resolve

        uri, _ = resolve(boundaries_path, argument="boundaries_path")
        self.boundaries_path = uri
        self.id_field = id_field
        self._spec = {"type": "geojson", "boundaries_path": uri, "id_field": id_field}

    @property
    def ids(self) -> list[str]:
        """Names of all regions."""
        return list(self._native().names())

    def __repr__(self) -> str:
        return f"GeoJSONPartitioner({self.boundaries_path!r}, id_field={self.id_field!r})"


def build_partitioner(cfg: GridConfig) -> AbstractPartitioner:
    """The partitioner that a configuration names.

    Args:
        cfg: Its type, and what that needs. ``h3`` without a resolution takes 1.

    Raises:
        UnsupportedError: Another type than ``h3`` or ``geojson``.
        InvalidArgumentError: ``geojson`` without `boundaries_path`.
    """
    kind: str = cfg.type
    if kind == "h3":
        return H3Partitioner(resolution=1 if cfg.resolution is None else cfg.resolution)
    if kind == "geojson":
        if not cfg.boundaries_path:
            raise InvalidArgumentError("boundaries_path: the grid type geojson needs a file of regions")
        return GeoJSONPartitioner(cfg.boundaries_path, cfg.id_field or "id")
    raise UnsupportedError(f"grid type {kind!r}: there are h3 and geojson")


def grid_members(partitioner: object) -> dict[str, Any] | None:
    """Members of a phase's spec for exactly our two classes; None for one that is Python's.

    Raises:
        TypeError: It has no get_intersecting_keys.
    """
    if type(partitioner) is H3Partitioner:
        return {"grid_type": "h3", "resolution": partitioner.resolution}
    if type(partitioner) is GeoJSONPartitioner:
        place, field = partitioner.boundaries_path, partitioner.id_field
        return {"grid_type": "geojson", "boundaries_path": place, "id_field": field}
    if not callable(getattr(partitioner, "get_intersecting_keys", None)):
        raise TypeError(f"partitioner: {type(partitioner).__name__} has no get_intersecting_keys")
    return None


NO_RESOLUTION = -1


def python_members(partitioner: object) -> dict[str, Any]:
    """Members of a phase's spec for a partitioner that is Python's."""
    kind = type(partitioner)
    resolution = getattr(partitioner, "resolution", None)
    if isinstance(resolution, bool) or not isinstance(resolution, int):
        resolution = NO_RESOLUTION
    return {"grid_type": "python", "python": f"{kind.__module__}.{kind.__qualname__}", "resolution": resolution}


def takes_many(partitioner: object) -> bool:
    """Whether it has a get_intersecting_keys_many() of its own."""
    method = getattr(type(partitioner), "get_intersecting_keys_many", None)
    return method is not None and method is not AbstractPartitioner.get_intersecting_keys_many
