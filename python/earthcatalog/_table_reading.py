"""What a table holds: partitions, files, rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from earthcatalog._call import call
from earthcatalog._catalog_info import CatalogInfo
from earthcatalog._geometry import bbox_text, geometry_text, names_text, span_text
from earthcatalog._table_facts import TableFacts, named
from earthcatalog.errors import InvalidArgumentError, UnsupportedError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset

__all__ = ["TableReading"]

_FILE_NAMES = {
    "uri": "path",
    "cell": "grid_partition",
    "year": "year",
    "rows": "row_count",
    "bytes": "file_size_bytes",
}


def _path(file: Mapping[str, Any]) -> str:
    return str(file["path"]).removeprefix("file://")


class TableReading(TableFacts):
    """The questions that a table answers."""

    @property
    def info(self) -> CatalogInfo:
        """The grid, and questions about cells. May also be called."""
        return CatalogInfo(self, self._facts["grid"])

    def stats(self) -> list[dict[str, Any]]:
        """Size of each partition: grid_partition, year (None: unknown), row_count, file_count, total_bytes."""
        return [dict(partition) for partition in self._facts["partitions"]]

    def unique_item_count(self) -> int:
        """How many items have rows: an item in several cells counts once."""
        items = self._facts["stats"].get("items")
        if items is not None:
            return int(items)
        import pyarrow.compute as pc

        return int(self.to_arrow_dataset().count_rows(filter=pc.field("grid_primary")))

    def top_cells(self, limit: int = 5) -> list[dict[str, Any]]:
        """The cells with most rows: grid_partition, row_count, file_count, total_bytes."""
        cells: dict[str, dict[str, Any]] = {}
        for partition in self._facts["partitions"]:
            name = str(partition["grid_partition"])
            cell = cells.setdefault(name, {"grid_partition": name, "row_count": 0, "file_count": 0, "total_bytes": 0})
            for count in ("row_count", "file_count", "total_bytes"):
                cell[count] += partition[count]
        return sorted(cells.values(), key=lambda cell: (-cell["row_count"], cell["grid_partition"]))[:limit]

    def _rows_of_cells(self) -> dict[str, int]:
        rows: dict[str, int] = {}
        for partition in self._facts["partitions"]:
            cell = str(partition["grid_partition"])
            rows[cell] = rows.get(cell, 0) + partition["row_count"]
        return rows

    def total_files(self) -> int:
        """How many data files there are."""
        return sum(partition["file_count"] for partition in self._facts["partitions"])

    def snapshots(self, limit: int = 1_000) -> list[dict[str, Any]]:
        """The newest snapshots, newest first: snapshot_id, parent, time, operation, run_id, files and rows added."""
        report = call("history", {"catalog": self.catalog, "limit": limit}, self._storage)
        return list(report["snapshots"])

    @property
    def schema(self) -> pa.Schema:
        """The columns of the table."""
        from earthcatalog._arrow_files import open_file
        from earthcatalog._iceberg_schema import arrow_schema

        with open_file(self.metadata_location, self._storage) as file:
            data = file.read()
        if data[:2] == b"\x1f\x8b":
            import gzip

            data = gzip.decompress(data)
        return arrow_schema(json.loads(data))

    def to_arrow_dataset(self) -> pyarrow.dataset.Dataset:
        """The data files as a dataset of pyarrow. An item has a row in each of its cells; ``grid_primary`` marks one.

        Position deletes of other engines are not applied; compact() applies them for good.
        """
        return self._dataset(self.files())

    def _dataset(self, files: Sequence[Mapping[str, Any]]) -> pyarrow.dataset.Dataset:
        import pyarrow.dataset as ds

        from earthcatalog._arrow_files import file_system

        schema = self.schema
        if not files:
            return ds.dataset(schema.empty_table())
        system, _ = file_system(files[0]["path"], self._storage)
        paths = [_path(file).removeprefix("s3://") for file in files]
        return ds.dataset(paths, schema=schema, format="parquet", filesystem=system)

    def files(
        self, cells: Sequence[str] | None = None, years: Sequence[int | None] | None = None
    ) -> list[dict[str, Any]]:
        """The data files, from the table's manifests: path, grid_partition, year, row_count, file_size_bytes.

        Args:
            cells: Only files of these cells. None: of all.
            years: Only files of these years; None among them: of items without a date.
        """
        if (cells is not None and not cells) or (years is not None and not years):
            return []
        question: dict[str, Any] = {"cell": None if cells is None else list(cells)}
        if years is not None:
            question["year"] = ["unknown" if year is None else int(year) for year in years]
        return self._files(question)

    def _files(self, question: Mapping[str, Any]) -> list[dict[str, Any]]:
        spec = {"catalog": self.catalog, "warehouse": self._given_warehouse, **self._moment(self._facts), **question}
        return [named(file, _FILE_NAMES) for file in call("files", spec, self._storage)["files"]]

    def cells_for_geometry(self, geom: Any) -> list[str]:
        """Names of the cells that a geometry touches, ascending.

        Args:
            geom: GeoJSON (dict or str), WKT, WKB, or an object with ``__geo_interface__``.
        """
        from earthcatalog import _core

        grid = _core.GridHandle(json.dumps(dict(self._grid_spec())), self._storage.to_json())
        given = geometry_text(geom)
        return list(grid.cover(given) if isinstance(given, bytes) else grid.cover_text(given))

    def _grid_spec(self) -> Mapping[str, Any]:
        grid = self._facts["grid"]
        if grid["type"] == "python":
            raise UnsupportedError("the table's cells come from a partitioner written in Python; ask that one")
        return {name: value for name, value in grid.items() if value not in (None, "")}

    def cell_list_sql(self, geom: Any) -> str:
        """The cells of a geometry as a list for SQL: ``'8106bffffffffff', '8113bffffffffff'``."""
        return ", ".join("'" + cell.replace("'", "''") + "'" for cell in self.cells_for_geometry(geom))

    def search_files(
        self,
        geom: Any = None,
        start_datetime: Any = None,
        end_datetime: Any = None,
        *,
        datetime: Any = None,
        bbox: str | Sequence[float] | None = None,
        ids: str | Sequence[str] | None = None,
        collections: str | Sequence[str] | None = None,
    ) -> list[str]:
        """Data files that may hold what is asked for, from the table's manifests. They hold other items too.

        Args:
            geom: Touched by the items: GeoJSON (dict or str), WKT, WKB, or an object with ``__geo_interface__``.
            start_datetime: First instant, day, month or year.
            end_datetime: Last one; a day, month or year means all of it.
            datetime: Both as STAC writes them: ``"2018"``, ``"2018-06/2019"``, ``"../2019-01-31"``, or a pair.
            bbox: Instead of `geom`: west, south, east, north; west > east goes over the antimeridian.
            ids: Ids of items.
            collections: Their collections.

        Returns:
            Paths or URIs. An item may have rows in several of them.

        Raises:
            InvalidArgumentError: `geom` and `bbox`, or `datetime` and its ends, together; a text that makes no sense.
        """
        if geom is not None and bbox is not None:
            raise InvalidArgumentError("geom, bbox: give one of them")
        if datetime is not None and (start_datetime is not None or end_datetime is not None):
            raise InvalidArgumentError("datetime, start_datetime, end_datetime: give datetime, or the ends")
        if start_datetime is not None or end_datetime is not None:
            datetime = (start_datetime, end_datetime)
        question: dict[str, Any] = {
            "datetime": None if datetime is None else span_text(datetime),
            "bbox": None if bbox is None else bbox_text(bbox),
            "ids": names_text(ids),
            "collections": names_text(collections),
        }
        area = None if geom is None else geometry_text(geom)
        if isinstance(area, bytes):
            question["cell"] = self.cells_for_geometry(area)
            if not question["cell"]:
                return []
        else:
            question["intersects"] = area
        return [_path(file) for file in self._files(question)]
