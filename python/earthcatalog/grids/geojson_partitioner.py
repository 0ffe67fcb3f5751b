"""The partitioner `GeoJSONPartitioner` under the module name that the Python earthcatalog has."""

from earthcatalog.partitioner import GeoJSONPartitioner

__all__ = ["GeoJSONPartitioner"]
