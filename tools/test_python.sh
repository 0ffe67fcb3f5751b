#!/usr/bin/env bash
# The Python package as its users get it: the wheel in a fresh environment outside the checkout, and tests/python there.
# Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.deps/test/bin/python -m venv "$folder/env"
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' python/earthcatalog/_version.py)
"$folder/env/bin/pip" install -q --disable-pip-version-check --find-links dist "earthcatalog-native==$version"
# What tests need besides comes from their own environment, behind what is installed here.
.deps/test/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$("$folder/env/bin/python" -c \
  'import sysconfig; print(sysconfig.get_path("purelib"))')/of_tests.pth"
# The tests lie as in the checkout, beside what they read of it; the package is the installed one.
mkdir "$folder/tests" "$folder/build"
cp -r tests/conftest.py tests/pytest.ini tests/python "$folder/tests"
for shared in .deps build/bin docs examples python README.md; do ln -s "$root/$shared" "$folder/$shared"; done
cd "$folder"
env/bin/python -m pytest -q --durations 12 "$@" tests/python
