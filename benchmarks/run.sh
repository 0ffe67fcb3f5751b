#!/usr/bin/env bash
# Runs what benchmarks/README.md tells again: kernels on one core, then whole commands, with the Python system and DuckDB
# in the same run. `TMPDIR=/dev/shm make bench` needs 12 GB there.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --build --preset release -j "$(nproc)" >/dev/null
echo "machine: $(nproc) cores, $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2), $(free -g | awk '/Mem/{print $2}') GiB"
for kernel in stac grid geoparquet compact fetch inventory object_index hash_index iceberg generate storage; do
  echo "== $kernel"
  taskset -c 0 "build/bin/${kernel}_benchmark" --benchmark_min_time=0.5
done
python=.deps/test/bin/python
echo "== whole commands"
$python benchmarks/whole_job.py "$@"
$python benchmarks/whole_job.py --only staging
echo "== registering files"
$python benchmarks/register.py
echo "== differences of inventories"
$python benchmarks/diff.py --runs 1
$python benchmarks/diff.py --runs 1 --rows 43000000 --no-duckdb
echo "== a long list"
$python benchmarks/large_list.py
echo "== direct or staged"
for items in 20000 "100000 --concentrate" "200000 --concentrate" 200000 "700000 --concentrate"; do
  # shellcheck disable=SC2086  # a number and perhaps a flag
  $python benchmarks/scale.py --items $items
done
$python benchmarks/scale.py --items 800000 --concentrate --workers 1
