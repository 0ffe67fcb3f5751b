"""The module ``earthcatalog.transform`` under its older name."""

from earthcatalog.transform import *  # noqa: F403
from earthcatalog.transform import __all__ as __all__
