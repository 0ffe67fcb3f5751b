#!/usr/bin/env bash
# Builds docs/ into build-docs/ and fails on a warning, or when a page would load anything from another host.
set -euo pipefail
cd "$(dirname "$0")/.."
deps=${EARTHCATALOG_DEPS:-$PWD/.deps}
NO_MKDOCS_2_WARNING=true "$deps/docs/bin/mkdocs" build --strict
loads='(<script[^>]* src|<link[^>]* rel="?(stylesheet|preload|preconnect|icon)"?[^>]* href|<img[^>]* src)="?(https?:)?//|url\("?(https?:)?//|@import|class="?mermaid'
if grep -rEn --include='*.html' --include='*.css' "$loads" build-docs; then
  echo "docs: these pages load from another host" >&2
  exit 1
fi
echo "build-docs/index.html"
