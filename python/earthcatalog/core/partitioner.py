"""The module ``earthcatalog.partitioner`` under its older name."""

from earthcatalog.partitioner import *  # noqa: F403
from earthcatalog.partitioner import __all__ as __all__
