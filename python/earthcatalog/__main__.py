"""The command line: ``earthcatalog`` and ``python -m earthcatalog``."""

from __future__ import annotations

import sys

from . import _core


def main() -> int:
    sys.stdout.flush()
    return _core.cli(["earthcatalog", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
