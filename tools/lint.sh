#!/usr/bin/env bash
# Formatting, the direction of includes, and clang-tidy on the files that differ from origin/main (all of them: lint.sh --all).
set -euo pipefail
cd "$(dirname "$0")/.."
tools/check_includes.py
git ls-files '*.cc' '*.h' | xargs clang-format-19 --dry-run --Werror
cmake --preset clang >/dev/null
if [ "${1:-}" = --all ]; then
  files=$(git ls-files 'src/*.cc')
else
  files=$(git diff --name-only --diff-filter=AM origin/main -- 'src/*.cc' 2>/dev/null || git ls-files 'src/*.cc')
fi
[ -z "$files" ] || xargs -P "${JOBS:-$(nproc)}" -n 1 clang-tidy-19 -p build-clang --quiet <<<"$files"
