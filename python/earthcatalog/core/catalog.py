"""The module ``earthcatalog.catalog`` under its older name."""

from earthcatalog.catalog import *  # noqa: F403
from earthcatalog.catalog import __all__ as __all__
from earthcatalog.catalog import __getattr__ as __getattr__
