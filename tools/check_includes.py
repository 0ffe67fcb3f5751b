#!/usr/bin/env python3
"""Fails when a folder of src/earthcatalog includes one that stands to its right (docs/design/architecture.md)."""
import pathlib
import re
import sys

# Each room with the rooms that it may use.
ORDER = [
    {"base"},
    {"storage"},
    {"fetch", "inventory", "stac", "grid", "iceberg"},
    {"geoparquet"},
    {"catalog"},
    {"generate"},
    {"pipeline"},
    {"backfill", "upkeep"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
INCLUDE = re.compile(r'#include "earthcatalog/([a-z_]+)/')


def main() -> int:
    source = pathlib.Path(__file__).resolve().parent.parent / "src" / "earthcatalog"
    wrong = []
    for path in sorted(source.rglob("*")):
        if path.suffix not in {".h", ".cc"} or path.parent == source:
            continue
        room = path.relative_to(source).parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if match and match[1] != room and LEVEL[match[1]] >= LEVEL[room]:
                wrong.append(f"{path}:{number}: {room} may not include {match[1]}")
    print("\n".join(wrong) or "includes: every arrow goes one way")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
