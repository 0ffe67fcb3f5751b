"""The module ``earthcatalog.store_config`` under its older name."""

from earthcatalog.store_config import *  # noqa: F403
from earthcatalog.store_config import __all__ as __all__
