"""The module ``earthcatalog.hash_index`` under its older name."""

from earthcatalog.hash_index import *  # noqa: F403
from earthcatalog.hash_index import __all__ as __all__
