#!/usr/bin/env python3
"""Fails when a file of src/earthcatalog includes what it may not: a room that stands beside or above its own, or a header
that its room does not list as PUBLIC in CMakeLists.txt (docs/design/architecture.md)."""
import pathlib
import re
import sys

# From the ground up. Rooms on one line know nothing of each other.
LEVELS = [
    {"base"},
    {"storage"},
    {"config", "extsort", "fetch", "stac", "grid", "iceberg"},
    {"cql2", "inventory", "geoparquet"},
    {"index", "generate"},
    {"catalog"},
    {"read", "write"},
    {"ingest"},
    {"compact", "incremental"},
    {"backfill", "maintenance", "search"},
    {"answer"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
INCLUDE = re.compile(r'#include "earthcatalog/(\w+)/([\w/]+\.h)"')
PUBLIC = re.compile(r"\bPUBLIC\b(.*?)(?:\b[A-Z]{2,}\b|\))", re.S)


def public_headers(room: pathlib.Path) -> set[str]:
    listed = PUBLIC.search((room / "CMakeLists.txt").read_text())
    return set(listed[1].split()) if listed else set()


def faults(source: pathlib.Path):
    public = {room: public_headers(source / room) for room in LEVEL}
    for room in sorted(path.name for path in source.iterdir() if path.is_dir()):
        if room not in LEVEL:
            yield f"{source / room}: a room without a level in {pathlib.Path(__file__).name}"
    for room, headers in public.items():
        for header in headers:
            if not (source / room / header).exists():
                yield f"{source / room}/CMakeLists.txt: PUBLIC {header} does not exist"
    for path in sorted(source.rglob("*")):
        if path.suffix not in {".h", ".cc"} or path.parent == source:
            continue
        room = path.relative_to(source).parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match or match[1] == room:
                continue
            if LEVEL.get(match[1], -1) >= LEVEL.get(room, 99):
                yield f"{path}:{number}: {room} may not include {match[1]}"
            elif match[2] not in public.get(match[1], set()):
                yield f"{path}:{number}: {match[1]}/{match[2]} is not PUBLIC in its room"


def main() -> int:
    source = pathlib.Path(__file__).resolve().parent.parent / "src" / "earthcatalog"
    wrong = list(faults(source))
    print("\n".join(wrong) or "includes: every arrow goes one way, to a public header")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
