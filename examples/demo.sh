#!/usr/bin/env bash
# From nothing to a table that SQL reads: an ITS_LIVE-like archive in ./demo, the main job on it, a daily rerun, and
# queries by another engine. ITEMS=20000 by default.
set -euo pipefail
cd "$(dirname "$0")/.."
earthcatalog=build/bin/earthcatalog
items=${ITEMS:-20000}
run() { printf '\n$ %s\n' "$*"; "$@"; }

rm -rf demo
run $earthcatalog generate --items "$items" --seed 1 --out demo/archive
run $earthcatalog incremental --inventory demo/archive/inventory.csv --source-root "file://$PWD/demo/archive/" \
  --catalog demo/catalog.db --warehouse demo/warehouse
run $earthcatalog info --catalog demo/catalog.db --warehouse demo/warehouse
run .deps/demo/bin/python examples/query.py demo/warehouse
