#!/usr/bin/env bash
# tools/run_sanitized.sh asan|tsan: the unit tests under a sanitizer. Arrow's buffers come from malloc, which the sanitizers
# watch; its own allocator they would not see (ASan), or see without its locks (TSan).
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1 jobs=${JOBS:-$(nproc)}
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" -j "$jobs" --target unit_tests
ARROW_DEFAULT_MEMORY_POOL=system TSAN_OPTIONS=suppressions=$PWD/tools/tsan.supp ctest --preset "$preset" -j $((jobs + 1))  # some wait, for a server or a lock
