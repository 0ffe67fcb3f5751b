"""The module ``earthcatalog.lock`` under its older name."""

from earthcatalog.lock import *  # noqa: F403
from earthcatalog.lock import __all__ as __all__
