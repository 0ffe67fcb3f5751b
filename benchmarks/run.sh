#!/usr/bin/env bash
# Runs every benchmark of benchmarks/README.md again: kernels on one core, then whole commands with the Python system
# in the same run. Some 15 minutes on 2 cores.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --build --preset release -j "$(nproc)" >/dev/null
echo "machine: $(nproc) cores, $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2), $(free -g | awk '/Mem/{print $2}') GiB"
for kernel in stac grid geoparquet compact fetch inventory object_index hash_index iceberg; do
  program=build/bin/${kernel}_benchmark
  if [ -x "$program" ]; then echo "== $kernel"; taskset -c 0 "$program" --benchmark_min_time=0.5; fi
done
echo "== whole commands"
.deps/test/bin/python benchmarks/whole_job.py "$@"
