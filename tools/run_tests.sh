#!/usr/bin/env bash
# Builds everything and runs all tests: C++ (ctest), other readers of our tables, the command line, kills (pytest).
# The unit tests under AddressSanitizer and UndefinedBehaviorSanitizer are `make asan`.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
tools/check_includes.py
cmake --preset release >/dev/null
cmake --build --preset release -j "$jobs"
ctest --preset release -j "$jobs"
# The files left out here ran as ctest tests, with the programs that they need.
.deps/test/bin/python -m pytest -q tests --ignore tests/interop/test_geoparquet.py --ignore tests/interop/iceberg_pyiceberg_test.py
echo "all tests passed"
