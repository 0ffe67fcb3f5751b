"""What a table is: its places, grid and snapshot."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from earthcatalog._call import call
from earthcatalog._places import Place, StorageSettings

if TYPE_CHECKING:
    from pyiceberg.table import StaticTable

__all__ = ["AsOf", "TableFacts", "named"]

AsOf = int | dt.datetime | str | None
_PARTITION_NAMES = {
    "cell": "grid_partition",
    "year": "year",
    "rows": "row_count",
    "files": "file_count",
    "bytes": "total_bytes",
}


def named(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """What the core says, under the names of the Python earthcatalog."""
    return {names.get(name, name): value for name, value in values.items()}


class TableFacts:
    """The places of a table, and what they said when it was last looked at."""

    def __init__(
        self,
        catalog: str,
        warehouse: str | None,
        storage: StorageSettings,
        *,
        as_of: AsOf = None,
        store: Place | None = None,
    ) -> None:
        self.catalog = catalog
        self.store = store
        self._given_warehouse = warehouse
        self._storage = storage
        self._as_of = as_of
        self._mutex = threading.Lock()
        self._facts = self._look()

    def _look(self) -> dict[str, Any]:
        spec = {"catalog": self.catalog, "warehouse": self._given_warehouse}
        facts = call("info", spec, self._storage)
        facts["stats"] = call("stats", {**spec, **self._moment(facts)}, self._storage)
        facts["partitions"] = [named(one, _PARTITION_NAMES) for one in facts["stats"].pop("partitions")]
        return facts

    def _moment(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Which snapshot is meant, as members of a spec."""
        as_of = self._as_of
        if as_of is None:
            return {} if facts.get("snapshot_id") is None else {"snapshot_id": facts["snapshot_id"]}
        if isinstance(as_of, int):
            return {"snapshot_id": as_of}
        if isinstance(as_of, dt.datetime):
            moment = as_of if as_of.tzinfo else as_of.replace(tzinfo=dt.UTC)
            return {"as_of": moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")}
        return {"as_of": str(as_of)}

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_mutex", "store")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _mutex=threading.Lock(), store=None)

    @property
    def grid_type(self) -> str:
        """``h3``, ``geojson`` or ``python``."""
        return str(self._facts["grid"]["type"])

    @property
    def grid_resolution(self) -> int | None:
        """H3 resolution, or None."""
        resolution: int | None = self._facts["grid"].get("resolution")
        return resolution

    @property
    def warehouse(self) -> str:
        """URI of the root of the data files."""
        return str(self._facts["warehouse"])

    @property
    def catalog_key(self) -> str:
        """Name of the catalog file."""
        return self.catalog.rpartition("/")[2]

    @property
    def metadata_location(self) -> str:
        """URI of the table's metadata file."""
        return str(self._facts["metadata"])

    @property
    def snapshot_id(self) -> int | None:
        """The snapshot that is read; None for a table without any."""
        snapshot: int | None = self._facts["stats"].get("snapshot_id")
        return snapshot

    def refresh(self) -> bool:
        """Looks at the table again. Returns whether it has another snapshot now."""
        facts = self._look()
        with self._mutex:
            before, self._facts = self._facts, facts
        return bool(before["stats"].get("snapshot_id") != facts["stats"].get("snapshot_id"))

    @property
    def table(self) -> StaticTable:
        """The table for PyIceberg, of its present metadata file. It stays what it is, whatever others commit."""
        from earthcatalog._iceberg_schema import require_pyiceberg

        require_pyiceberg()
        from pyiceberg.table import StaticTable

        found = StaticTable.from_metadata(self.metadata_location, self._pyiceberg_properties())
        identifier = tuple(str(self._facts["table"]).split("."))
        return StaticTable(identifier, found.metadata, found.metadata_location, found.io, found.catalog)

    def _pyiceberg_properties(self) -> dict[str, str]:
        if not self.metadata_location.startswith("s3://"):
            return {}
        from earthcatalog._arrow_files import settings_of

        settings = settings_of(self.metadata_location, self._storage)
        given = {
            "s3.endpoint": settings.endpoint,
            "s3.region": settings.region,
            "s3.access-key-id": settings.access_key,
            "s3.secret-access-key": settings.secret_key,
            "s3.session-token": settings.session_token,
            "s3.anonymous": "true" if settings.anonymous else None,
        }
        return {name: value for name, value in given.items() if value is not None}
