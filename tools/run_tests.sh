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
.deps/test/bin/python -m pytest -q tests
tools/run_sanitized.sh asan
echo "all tests passed"
