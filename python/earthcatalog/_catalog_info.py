"""The grid of a table as an object of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from earthcatalog._table_reading import TableReading

__all__ = ["CatalogInfo"]


class CatalogInfo:
    """The grid of a table, and questions about its cells and files. Its methods take a table, which may be left out."""

    def __init__(self, catalog: TableReading, grid: Mapping[str, Any]) -> None:
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
