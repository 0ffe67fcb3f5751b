"""Questions about items: a table's search, in the forms that people ask for answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from earthcatalog._table_reading import TableReading
from earthcatalog.errors import InvalidArgumentError
from earthcatalog.search import ItemSearch

if TYPE_CHECKING:
    import geopandas
    import pyarrow as pa

__all__ = ["TableSearch"]


class TableSearch(TableReading):
    """Finds items."""

    def search(
        self,
        *,
        method: str | None = None,
        max_items: int | None = None,
        limit: int | None = None,
        ids: Any = None,
        collections: Any = None,
        bbox: str | Sequence[float] | None = None,
        intersects: Any = None,
        datetime: Any = None,
        query: Mapping[str, Any] | Sequence[str] | None = None,
        filter: Any = None,
        filter_lang: str | None = None,
        sortby: Any = None,
        fields: Any = None,
        include: Any = None,
        exclude: Any = None,
        time_field: Literal["datetime", "interval"] | None = None,
        strict: bool = False,
        token: str | None = None,
    ) -> ItemSearch:
        """A search of the snapshot that this table stands on. Reads nothing yet.

        Args:
            method: Ignored; pystac-client has it.
            max_items: At most so many items; 0: none.
            limit: Items a page of pages(). None: 1,000.
            ids: Ids: a str with commas, or several.
            collections: Ids of collections, or objects that have one.
            bbox: West, south, east, north in degrees, or six numbers, of which heights are ignored; west > east goes
                over the antimeridian. What touches it counts.
            intersects: GeoJSON (dict, Feature or str), WKT, WKB, or an object with ``__geo_interface__``. Exact.
            datetime: ``"2018"``, ``"2018-06/2019"``, ``"../2019-01-31"``, a datetime, a date, or a pair. Without an
                offset: UTC. A day, month or year is all of it.
            query: The query extension: ``{"eo:cloud_cover": {"lt": 10}}``, or ``["eo:cloud_cover<10"]``.
            filter: CQL2: a str is text, a dict is JSON; or an expression of the package cql2.
            filter_lang: ``cql2-text`` or ``cql2-json``, of a str.
            sortby: ``"-datetime,id"``, a list of such, or dicts of field and direction. None: the order of the files.
            fields: Names to include; with ``-`` in front to leave out; or a dict of include and exclude.
            include: Names to include.
            exclude: Names to leave out.
            time_field: ``interval``: start and end count also where there is a datetime.
            strict: An unknown property is an error, not null.
            token: Where a page of an earlier search ended.

        Raises:
            InvalidArgumentError: A value that makes no sense, or two that exclude each other; it names the argument.
        """
        parameters = {
            "max_items": max_items,
            "ids": ids,
            "collections": collections,
            "bbox": bbox,
            "intersects": intersects,
            "datetime": datetime,
            "query": query,
            "filter": filter,
            "filter_lang": filter_lang,
            "sortby": sortby,
            "fields": fields,
            "include": include,
            "exclude": exclude,
            "time_field": time_field,
            "strict": strict or None,
            "token": token,
        }
        place = {"catalog": self.catalog, "warehouse": self._given_warehouse, **self._moment(self._facts)}
        given = {name: value for name, value in place.items() if value is not None}
        return ItemSearch(given, self._storage, limit, parameters)

    def search_to_arrow(
        self,
        *,
        format: Literal["table", "stac-geoparquet"] = "table",
        columns: Sequence[str] | None = None,
        **asked: Any,
    ) -> pa.Table:
        """The items of a search as an Arrow table, one row an item.

        Args:
            format: ``table``: the columns of the table; ``stac-geoparquet``: those of its specification.
            columns: Only these. None: all.
            **asked: As search().
        """
        if format not in ("table", "stac-geoparquet"):
            raise InvalidArgumentError(f"format: {format!r}; there are table and stac-geoparquet")
        search = self.search(**asked)
        table = search.to_arrow() if format == "table" else search.to_stac_geoparquet()
        return table if columns is None else table.select(list(columns))

    def search_uris(self, *, asset: str = "data", **asked: Any) -> pa.Table:
        """The address of one asset of each item found: columns id and uri, null for an item without it.

        Args:
            asset: Key of the asset.
            **asked: As search().
        """
        import pyarrow as pa

        ids, uris = [], []
        for item in self.search(**asked, include=["id", "assets"]):
            ids.append(item["id"])
            uris.append((item.get("assets") or {}).get(asset, {}).get("href"))
        return pa.table({"id": pa.array(ids, pa.string()), "uri": pa.array(uris, pa.string())})

    def duck_search(self, *, format: Literal["native", "pystac"] = "native", **asked: Any) -> Any:
        """The items of a search as a DataFrame of pandas, or as a list of pystac's.

        Args:
            format: ``native``: a DataFrame; ``pystac``: a list of pystac.Item.
            **asked: As search().
        """
        if format not in ("native", "pystac"):
            raise InvalidArgumentError(f"format: {format!r}; there are native and pystac")
        search = self.search(**asked)
        return list(search.items()) if format == "pystac" else search.to_arrow().to_pandas()

    def to_duckdb(self, con: Any = None, **asked: Any) -> Any:
        """The items of a search as a relation of DuckDB. See ItemSearch.to_duckdb()."""
        return self.search(**asked).to_duckdb(con)

    def to_geodataframe(self, **asked: Any) -> geopandas.GeoDataFrame:
        """The items of a search as a GeoDataFrame."""
        return self.search(**asked).to_geodataframe()

    def get_item(self, id: str, collection: str | None = None) -> dict[str, Any] | None:
        """The item of this id, or None. Several collections may have it: say which, or get one of them."""
        asked = self.search(ids=[id], collections=None if collection is None else [collection], max_items=1)
        return next(iter(asked), None)

    def collections(self) -> list[dict[str, Any]]:
        """The collections of the table as STAC collections: extents and how many items each has. Reads four columns."""
        return collections_of(self)


def collections_of(table: TableReading) -> list[dict[str, Any]]:
    """One pass over the primary rows."""
    import pyarrow.compute as pc

    dataset = table.to_arrow_dataset()
    names = [name for name in ("datetime", "start_datetime", "end_datetime") if name in dataset.schema.names]
    columns = {name: pc.field(name) for name in ("collection", *names)}
    columns |= {corner: pc.field("geometry_bbox", corner) for corner in ("xmin", "ymin", "xmax", "ymax")}
    found: dict[str, dict[str, Any]] = {}
    for batch in dataset.scanner(columns=columns, filter=pc.field("grid_primary")).to_batches():
        if batch.num_rows == 0:
            continue
        aggregates = [("xmin", "min"), ("ymin", "min"), ("xmax", "max"), ("ymax", "max"), ("collection", "count")]
        aggregates += [(name, kind) for name in names for kind in ("min", "max")]
        rows = _table(batch).group_by("collection").aggregate(aggregates).to_pylist()
        for row in rows:
            _widen(found.setdefault(row["collection"], {"count": 0, "box": None, "times": []}), row, names)
    return [_collection(name, facts) for name, facts in sorted(found.items())]


def _table(batch: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_batches([batch])


def _widen(facts: dict[str, Any], row: Mapping[str, Any], names: Sequence[str]) -> None:
    facts["count"] += row["collection_count"]
    box = (row["xmin_min"], row["ymin_min"], row["xmax_max"], row["ymax_max"])
    if None not in box:
        known = facts["box"] or box
        facts["box"] = (min(known[0], box[0]), min(known[1], box[1]), max(known[2], box[2]), max(known[3], box[3]))
    times = [row[f"{name}_{kind}"] for name in names for kind in ("min", "max")]
    known_times = [time for time in (*facts["times"], *times) if time is not None]
    facts["times"] = [min(known_times), max(known_times)] if known_times else []


def _collection(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    times = [time.isoformat().replace("+00:00", "Z") for time in facts["times"]] or [None, None]
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": name,
        "description": f"{facts['count']:,} items",
        "license": "other",
        "extent": {
            "spatial": {"bbox": [list(facts["box"] or (-180.0, -90.0, 180.0, 90.0))]},
            "temporal": {"interval": [times]},
        },
        "summaries": {},
        "links": [],
        "item_count": facts["count"],
    }
