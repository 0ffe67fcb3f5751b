"""Partitioners that the core brings along."""

from earthcatalog.partitioner import GeoJSONPartitioner, H3Partitioner, build_partitioner

__all__ = ["GeoJSONPartitioner", "H3Partitioner", "build_partitioner"]
