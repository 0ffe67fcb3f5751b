"""The columns of an ITS_LIVE table, for PyIceberg; and the columns of any table, for Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.partitioning import PartitionSpec
    from pyiceberg.schema import Schema

__all__ = ["arrow_schema", "iceberg_schema", "partition_spec"]

_COLUMNS = [
    "id:string",
    "grid_partition:string",
    "geometry:binary",
    "datetime:timestamptz",
    "platform:string",
    "percent_valid_pixels:long",
    "date_dt:long",
    "proj:code:string",
    "assets:string",
    "links:string",
    "stac_version:string",
    "type:string",
    "start_datetime:timestamptz",
    "version:string",
    "sat:orbit_state:string",
    "scene_1_id:string",
    "scene_2_id:string",
    "scene_1_frame:string",
    "scene_2_frame:string",
    "mid_datetime:string",
    "created:timestamptz",
    "updated:timestamptz",
    "end_datetime:timestamptz",
    "stac_extensions:string",
    "collection:string",
    "latitude:double",
    "longitude:double",
    "bbox:string",
    "grid_primary:boolean",
    "geometry_bbox:struct",
    "stac_extra:string",
]
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def require_pyiceberg() -> None:
    """Raises ImportError with the remedy when PyIceberg is not installed."""
    try:
        import pyiceberg  # noqa: F401
    except ImportError as error:
        raise ImportError("this needs PyIceberg: pip install 'earthcatalog-native[pyiceberg]'") from error


def iceberg_schema() -> Schema:
    """The 31 columns of a table with the schema ``itslive``; ids 1 to 31, corners of the box 32 to 35."""
    require_pyiceberg()
    from pyiceberg import types
    from pyiceberg.schema import Schema

    kinds: dict[str, Any] = {
        "string": types.StringType(),
        "binary": types.BinaryType(),
        "timestamptz": types.TimestamptzType(),
        "long": types.LongType(),
        "double": types.DoubleType(),
        "boolean": types.BooleanType(),
    }
    first = len(_COLUMNS) + 1
    corners = (
        types.NestedField(first + at, name, types.DoubleType(), required=False) for at, name in enumerate(_CORNERS)
    )
    kinds["struct"] = types.StructType(*corners)
    fields = []
    for number, column in enumerate(_COLUMNS, start=1):
        name, _, kind = column.rpartition(":")
        fields.append(types.NestedField(number, name, kinds[kind], required=False))
    return Schema(*fields)


def partition_spec() -> PartitionSpec:
    """Identity of ``grid_partition`` and year of ``datetime``."""
    require_pyiceberg()
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.transforms import IdentityTransform, YearTransform

    return PartitionSpec(
        PartitionField(source_id=2, field_id=1000, transform=IdentityTransform(), name="grid_partition"),
        PartitionField(source_id=4, field_id=1001, transform=YearTransform(), name="year"),
    )


def arrow_schema(metadata: Mapping[str, Any]) -> pa.Schema:
    """The columns of a table, from its metadata file."""
    import pyarrow as pa

    current = metadata["current-schema-id"]
    schema = next(one for one in metadata["schemas"] if one["schema-id"] == current)
    return pa.schema(_arrow_fields(schema["fields"]))


def _arrow_fields(fields: list[Any]) -> list[Any]:
    import pyarrow as pa

    return [pa.field(field["name"], _arrow_type(field["type"]), nullable=not field["required"]) for field in fields]


def _arrow_type(kind: Any) -> Any:
    import pyarrow as pa

    if isinstance(kind, Mapping):
        if kind["type"] == "struct":
            return pa.struct(_arrow_fields(kind["fields"]))
        if kind["type"] == "list":
            return pa.list_(_arrow_type(kind["element"]))
        return pa.map_(_arrow_type(kind["key"]), _arrow_type(kind["value"]))
    if kind.startswith("decimal("):
        precision, scale = kind[8:-1].split(",")
        return pa.decimal128(int(precision), int(scale))
    if kind.startswith("fixed["):
        return pa.binary(int(kind[6:-1]))
    plain = {
        "string": pa.string(),
        "binary": pa.binary(),
        "uuid": pa.binary(16),
        "boolean": pa.bool_(),
        "int": pa.int32(),
        "long": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "date": pa.date32(),
        "time": pa.time64("us"),
        "timestamp": pa.timestamp("us"),
        "timestamptz": pa.timestamp("us", tz="UTC"),
    }
    return plain[kind]
