"""The configuration of the pipelines, as objects and from a file."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal

from earthcatalog._objects import read_object
from earthcatalog._places import Place, StorageSettings, join, resolve
from earthcatalog.errors import InvalidArgumentError, NotFoundError

__all__ = ["AppConfig", "CatalogConfig", "GridConfig", "IngestConfig", "StorageSettings", "load_config"]


@dataclass
class CatalogConfig:
    """Where the table is.

    Attributes:
        db_path: The catalog, a SQLite file: path or URI.
        warehouse: Root of the GeoParquet files: path or URI.
    """

    db_path: str = "/tmp/earthcatalog.db"
    warehouse: str = "/tmp/earthcatalog_warehouse"


@dataclass
class GridConfig:
    """How footprints become cells.

    Attributes:
        type: ``h3`` or ``geojson``.
        resolution: Of ``h3``, 0 to 15. None: the table's, 1 for a new table.
        boundaries_path: Of ``geojson``: a FeatureCollection of regions.
        id_field: Of ``geojson``: the property that names a region. None: ``id``.
    """

    type: Literal["h3", "geojson"] = "h3"
    resolution: int | None = None
    boundaries_path: str | None = None
    id_field: str | None = None


@dataclass
class IngestConfig:
    """How items are brought in.

    Attributes:
        chunk_size: Keys; the unit of fetch and progress, never of a commit.
        max_workers: Threads that parse items and write files. None: one a core.
        batch_add_files: One commit at the end.
    """

    chunk_size: int = 20_000
    max_workers: int | None = None
    batch_add_files: bool = False


@dataclass
class AppConfig:
    """All of the configuration."""

    catalog: CatalogConfig = field(default_factory=CatalogConfig)
    grid: GridConfig = field(default_factory=GridConfig)
    ingest: IngestConfig = field(default_factory=IngestConfig)
    storage: StorageSettings = field(default_factory=StorageSettings)


def load_config(path: Place) -> AppConfig:
    """Reads a configuration file: YAML with the sections catalog, grid, ingest and storage.

    Args:
        path: The file, such as the command line takes with ``--config``. Its relative paths begin at its folder.

    Raises:
        NotFoundError: There is no such file.
        InvalidArgumentError: An unknown section or key, or a senseless value; with its line.
    """
    uri, settings = resolve(path, argument="path")
    found = read_object(uri, storage=settings)
    if found is None:
        raise NotFoundError(f"path: there is no {uri}")
    return _Reader(uri, found.data.decode()).read()


_SECTIONS: dict[str, type[Any]] = {
    "catalog": CatalogConfig,
    "grid": GridConfig,
    "ingest": IngestConfig,
    "storage": StorageSettings,
}
_PATHS = ("db_path", "warehouse", "boundaries_path")


class _Reader:
    """One file under way."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._lines = text.splitlines()
        self._text = text

    def read(self) -> AppConfig:
        values = self._parse()
        for section in values:
            if section not in _SECTIONS:
                raise self._error(section, f"unknown section {section!r}; there are {', '.join(_SECTIONS)}")
        parts = {name: self._section(name, values.get(name) or {}) for name in _SECTIONS}
        return AppConfig(**parts)

    def _parse(self) -> dict[str, Any]:
        try:
            import yaml
        except ImportError as error:
            raise ImportError("load_config needs PyYAML: pip install pyyaml") from error
        try:
            values = yaml.safe_load(self._text) or {}
        except yaml.YAMLError as error:
            raise InvalidArgumentError(f"{self._name}: {error}") from None
        if not isinstance(values, dict):
            raise InvalidArgumentError(f"{self._name}: sections expected: {', '.join(_SECTIONS)}")
        return values

    def _section(self, name: str, values: Any) -> Any:
        if not isinstance(values, dict):
            raise self._error(name, f"{name} must be a section with keys of its own")
        kind = _SECTIONS[name]
        known = [field.name for field in fields(kind)]
        for key in values:
            if key not in known:
                raise self._error(str(key), f"unknown key {key!r} in {name}; there are {', '.join(known)}")
        if name == "storage":
            return StorageSettings.from_dict(values)
        return kind(**{key: self._placed(key, value) for key, value in values.items()})

    def _placed(self, key: str, value: Any) -> Any:
        """A relative path begins at the file's folder."""
        is_relative = (
            key in _PATHS and isinstance(value, str) and "://" not in value and not value.startswith(("/", "~"))
        )
        return join(self._name.rpartition("/")[0], value) if is_relative else value

    def _error(self, key: str, message: str) -> InvalidArgumentError:
        line = next((number for number, line in enumerate(self._lines, 1) if line.strip().startswith(f"{key}:")), 1)
        return InvalidArgumentError(f"{self._name}: line {line}: {message}")
