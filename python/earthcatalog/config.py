"""The configuration of the pipelines, as objects and from a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from earthcatalog._call import call
from earthcatalog._places import Place, StorageSettings, resolve

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
    """Reads a configuration file (YAML).

    Args:
        path: The file, the same that the command line takes with ``--config``. Its relative paths begin at its folder.

    Raises:
        InvalidArgumentError: An unknown section or key, or a senseless value; with its line.
    """
    uri, settings = resolve(path, argument="path")
    return _from_values(call("config", {"path": uri}, settings))


def _from_values(values: dict[str, Any]) -> AppConfig:
    return AppConfig(
        CatalogConfig(**values.get("catalog", {})),
        GridConfig(**values.get("grid", {})),
        IngestConfig(**values.get("ingest", {})),
        StorageSettings.from_dict(values.get("storage", {})),
    )
