#!/usr/bin/env bash
# tools/run_sanitized.sh asan|tsan: the unit tests under a sanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1 jobs=${JOBS:-$(nproc)}
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" -j "$jobs"
ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$PWD/tools/lsan.supp:print_suppressions=0 \
  TSAN_OPTIONS=suppressions=$PWD/tools/tsan.supp ctest --preset "$preset" -j "$jobs"
