"""The partitioner `H3Partitioner` under the module name that the Python earthcatalog has."""

from earthcatalog.partitioner import H3Partitioner

__all__ = ["H3Partitioner"]
