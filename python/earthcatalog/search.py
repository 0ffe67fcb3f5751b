"""A search of a table, with pystac-client's habits and without a server."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from earthcatalog import _core
from earthcatalog._call import call
from earthcatalog._places import StorageSettings
from earthcatalog._search_parameters import search_spec
from earthcatalog.errors import InvalidArgumentError

if TYPE_CHECKING:
    import geopandas
    import pyarrow as pa
    import pystac

__all__ = ["ItemSearch"]

_PAGE = 1_000
_STEPS = (
    "cells",
    "years",
    "manifests_pruned",
    "manifests_read",
    "files_listed",
    "files_planned",
    "files_read",
    "rows_planned",
    "rows_read",
    "bytes_planned",
    "items",
    "seconds",
)


class _Bytes(io.RawIOBase):
    """What a call prints, as a file. Closing it early ends the call."""

    def __init__(self, spec: Mapping[str, Any], storage: StorageSettings) -> None:
        self._stream = _core.Stream("search", json.dumps(spec), storage=storage.to_json())
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(self._stream.read() or b"")
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def lines(self) -> Iterator[bytes]:
        rest = b""
        try:
            while (piece := self._stream.read()) is not None:
                *whole, rest = (rest + piece).split(b"\n")
                yield from whole
        finally:
            self.close()

    def close(self) -> None:
        self._stream.close()
        super().close()


def _pystac() -> Any:
    try:
        import pystac
    except ImportError:
        raise ImportError("items as objects need pystac: pip install 'earthcatalog-native[pystac]'") from None
    return pystac


class ItemSearch:
    """The items of a table that meet what was asked, each once. Made by ``EarthCatalog.search()``.

    Nothing is read before it is iterated over. All of it stands on one snapshot, whatever others commit meanwhile.
    Iterating again reads again. Picklable.
    """

    def __init__(
        self, place: Mapping[str, Any], storage: StorageSettings, limit: int | None, parameters: Mapping[str, Any]
    ) -> None:
        self._spec = {**place, **search_spec(parameters)}
        self._storage = storage
        self._parameters = dict(parameters)
        if limit is not None and limit < 1:
            raise InvalidArgumentError(f"limit: {limit} is less than 1")
        self._limit = limit or _PAGE

    def __repr__(self) -> str:
        asked = ", ".join(f"{name}={value!r}" for name, value in self.get_parameters().items())
        return f"ItemSearch({asked})"

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.items_as_dicts()

    def items_as_dicts(self) -> Iterator[dict[str, Any]]:
        """The items as they were ingested."""
        for line in _Bytes({**self._spec, "format": "ndjson"}, self._storage).lines():
            yield json.loads(line)

    def items(self) -> Iterator[pystac.Item]:
        """The items as objects of pystac."""
        pystac = _pystac()
        if "fields" in self._spec:
            import warnings

            warnings.warn("fields: a part of an item is no pystac.Item; use items_as_dicts()", stacklevel=2)
        for item in self.items_as_dicts():
            yield pystac.Item.from_dict(item, preserve_dict=False)

    def pages_as_dicts(self) -> Iterator[dict[str, Any]]:
        """FeatureCollections of `limit` items each."""
        features: list[dict[str, Any]] = []
        for item in self.items_as_dicts():
            features.append(item)
            if len(features) == self._limit:
                yield {"type": "FeatureCollection", "features": features}
                features = []
        if features:
            yield {"type": "FeatureCollection", "features": features}

    def pages(self) -> Iterator[pystac.ItemCollection]:
        """ItemCollections of pystac, of `limit` items each."""
        pystac = _pystac()
        for page in self.pages_as_dicts():
            yield pystac.ItemCollection.from_dict(page, preserve_dict=False)

    item_collections = pages

    def item_collection_as_dict(self) -> dict[str, Any]:
        """All items as one FeatureCollection."""
        return {"type": "FeatureCollection", "features": list(self.items_as_dicts())}

    def item_collection(self) -> pystac.ItemCollection:
        """All items as one ItemCollection of pystac."""
        found: pystac.ItemCollection = _pystac().ItemCollection.from_dict(
            self.item_collection_as_dict(), preserve_dict=False
        )
        return found

    get_items = items
    get_all_items = item_collection

    def matched(self) -> int:
        """How many items there are, exactly; `max_items` does not count."""
        return int(self._report(max_items=None, count=True)["items"])

    def stats(self) -> dict[str, int]:
        """What has to be read at most, by the manifests alone: files, rows_upper_bound, bytes_upper_bound."""
        plan = self._report(max_items=0)
        names = {"files": "files_planned", "rows_upper_bound": "rows_planned", "bytes_upper_bound": "bytes_planned"}
        return {ours: int(plan[name]) for ours, name in names.items()}

    def explain(self) -> str:
        """What each step of the search kept, a line each. Runs the search."""
        report = self._report(count=True)
        return "".join(f"{step:<18}{report[step]}\n" for step in _STEPS if step in report)

    def _report(self, **more: Any) -> dict[str, Any]:
        spec = {**self._spec, **more}
        for name in ("sortby", "fields", "token"):
            spec.pop(name, None)
        return call("search", spec, self._storage)

    def get_parameters(self) -> dict[str, Any]:
        """What was asked, as a STAC API takes it."""
        names = {"filter_lang": "filter-lang"}
        given = {**self._parameters, "limit": self._limit}
        return {names.get(name, name): value for name, value in given.items() if value is not None}

    def url_with_parameters(self) -> str:
        """The catalog and what was asked, as one URL."""
        texts = {
            name: ",".join(map(str, value)) if isinstance(value, (list, tuple)) else value
            for name, value in self.get_parameters().items()
        }
        texts = {name: json.dumps(value) if isinstance(value, Mapping) else value for name, value in texts.items()}
        return f"{self._spec['catalog']}?{urlencode(texts)}"

    def to_arrow(self) -> pa.Table:
        """The items as rows of the table's columns, one an item."""
        return self._reader().read_all()

    def to_stac_geoparquet(self) -> pa.Table:
        """The items as rows of the stac-geoparquet specification: assets and bbox as structs."""
        import pyarrow.parquet as pq

        with _Bytes({**self._spec, "format": "stac-geoparquet"}, self._storage) as source:
            return pq.read_table(io.BytesIO(source.readall()))

    def _reader(self) -> pa.RecordBatchReader:
        import pyarrow as pa

        source = _Bytes({**self._spec, "format": "arrow"}, self._storage)
        return pa.ipc.open_stream(pa.PythonFile(io.BufferedReader(source, 1 << 20), mode="r"))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._reader().__arrow_c_stream__(requested_schema)

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """The items as a GeoDataFrame, in degrees (EPSG:4326)."""
        try:
            import geopandas
            import shapely
        except ImportError:
            raise ImportError("to_geodataframe() needs geopandas: pip install 'earthcatalog-native[geo]'") from None
        frame = self.to_arrow().to_pandas()
        geometry = shapely.from_wkb(frame.pop("geometry").to_numpy())
        return geopandas.GeoDataFrame(frame, geometry=geometry, crs="EPSG:4326")

    def to_duckdb(self, con: Any = None) -> Any:
        """The items as a relation of DuckDB, of the connection `con` or the default one."""
        try:
            import duckdb
        except ImportError:
            raise ImportError("to_duckdb() needs duckdb: pip install 'earthcatalog-native[duckdb]'") from None
        return (con or duckdb).from_arrow(self.to_arrow())

    def to_lonboard(self) -> Any:
        """The footprints on a map of lonboard."""
        try:
            import lonboard
        except ImportError:
            raise ImportError("to_lonboard() needs lonboard: pip install 'earthcatalog-native[map]'") from None
        return lonboard.viz(self.to_geodataframe())

    def _repr_html_(self) -> str:
        import html

        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
            for name, value in {**self.get_parameters(), **self.stats()}.items()
        )
        return f"<div><b>ItemSearch</b><table>{rows}</table></div>"
