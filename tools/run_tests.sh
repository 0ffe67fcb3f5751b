#!/usr/bin/env bash
# Builds everything and runs all tests: C++ (ctest), other readers of our tables (pytest), the command line, and the
# unit tests once more under AddressSanitizer and UndefinedBehaviorSanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
tools/check_includes.py
cmake --preset release >/dev/null
cmake --build --preset release -j "$jobs"
ctest --preset release -j "$jobs"
# The files left out here ran as ctest tests, with the programs that they need.
.deps/test/bin/python -m pytest -q tests --ignore tests/interop/test_geoparquet.py --ignore tests/interop/iceberg_pyiceberg_test.py
tools/run_sanitized.sh asan
echo "all tests passed"
