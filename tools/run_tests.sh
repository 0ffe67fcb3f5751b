#!/usr/bin/env bash
# All tests: the optimised binary by its command line, with other readers of its tables, killed and started again
# (pytest); the Python package from its wheel; then the unit tests, compiled with AddressSanitizer and UndefinedBehaviorSanitizer (ctest).
# The unit tests of the optimised build are `ctest --preset release`, after `cmake --build --preset release`.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
more=$((jobs + 1))  # tests that wait, for a server or a process that they killed, leave a core idle
tools/check_includes.py
cmake --preset release >/dev/null
cmake --build --preset release -j "$jobs" --target earthcatalog interop_tools
ctest --preset release -j "$more" -L interop
# The files left out here ran as ctest tests, with the programs that they need.
.deps/test/bin/python -m pytest -q --durations 12 -n "$more" --dist worksteal tests --ignore tests/interop/test_geoparquet.py --ignore tests/interop/iceberg_pyiceberg_test.py \
  --ignore tests/python
tools/make_wheel.py
tools/test_python.sh -n "$more" --dist worksteal
if [[ -n ${EARTHCATALOG_SOAK:-} ]]; then  # a million footprints would take the sanitizers an hour
  cmake --build --preset release -j "$jobs" --target grid_test
  ctest --preset release -R '^grid$'
fi
env -u EARTHCATALOG_SOAK tools/run_sanitized.sh asan
echo "all tests passed"
