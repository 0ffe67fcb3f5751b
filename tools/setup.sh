#!/usr/bin/env bash
# Installs what the build and the tests need, and nothing that is there already.
#
#   tools/setup.sh [build|demo|test|peer|interop|wheel|lint|docs]...    default: build
#
# System packages come from the distribution (root, or sudo, only when some are missing); everything else goes to
# .deps/ in this checkout: a private virtual environment and the sources of the two libraries that are compiled here.
# Supported: Debian 12 and Ubuntu 24.04.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD deps=${EARTHCATALOG_DEPS:-$PWD/.deps}

build_packages=(g++ cmake ninja-build make pkg-config git ca-certificates python3 python3-venv
  libcurl4-gnutls-dev nettle-dev nlohmann-json3-dev libyaml-cpp-dev libcli11-dev libfmt-dev libxxhash-dev
  libpugixml-dev libsqlite3-dev libgeos-dev zlib1g-dev libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev ccache)
lint_packages=(clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev)

say() { printf 'setup: %s\n' "$*" >&2; }

install_system() {
  local missing=() p
  for p in "$@"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo); else
      say "these system packages are missing, and installing them needs root. Run this, then try again:"
      say "  sudo apt-get install ${missing[*]}"
      exit 1
    fi
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
}

# One environment for each list of pinned packages (or several, of other names); its stamp is the list itself, so that a
# changed list is installed again.
python_environment() {
  local name=$1 list=$root/tools/requirements-$1.txt python=${2:-python3}
  local venv=$deps/${3:-$name}
  if cmp -s "$list" "$venv/requirements.stamp"; then return; fi
  say "Python packages for '$name' into $venv"
  [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$list" >&2
  cp "$list" "$venv/requirements.stamp"
}

# H3 and simdjson are compiled from the sources inside two PyPI source distributions, checked by SHA-256.
library_sources() {
  local list=$root/tools/sources.txt
  if cmp -s "$list" "$deps/src/sources.stamp"; then return; fi
  say "library sources into $deps/src"
  rm -rf "$deps/src" && mkdir -p "$deps/src/archives"
  "$deps/build/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary h3,fastsimdjson --require-hashes \
    -r "$list" -d "$deps/src/archives" >&2
  tar -xzf "$deps"/src/archives/h3-*.tar.gz -C "$deps/src" --strip-components=2 --wildcards '*/src/h3lib'
  tar -xzf "$deps"/src/archives/fastsimdjson-*.tar.gz -C "$deps/src" --strip-components=1 --wildcards '*/vendor/simdjson.*'
  mv "$deps/src/vendor" "$deps/src/simdjson"
  cp "$list" "$deps/src/sources.stamp"
}

# The Python system of the same name needs Python 3.12, which Debian 12 does not have: without one its tests are skipped.
python_for_peer() {
  local candidate
  for candidate in python3.14 python3.13 python3.12 "$(ls -d "$HOME"/.pyenv/versions/3.12*/bin/python 2>/dev/null | head -1)"; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

peer_environment() {
  local python
  python=$(python_for_peer)
  if [ -z "$python" ]; then say "no Python 3.12 or newer: the tests against the Python system will be skipped"; return; fi
  python_environment peer "$python"
}

python_of_version() {
  local candidate
  for candidate in "python$1" "$HOME"/.pyenv/versions/"$1".*/bin/python; do
    if "$candidate" -c '' 2>/dev/null; then echo "$candidate"; return; fi
  done
}

# One for each ABI of the Python package's wheels. tools/make_wheel.py names those that there is no interpreter for.
wheel_environments() {
  local version python
  for version in 3.11; do
    python=$(python_of_version "$version")
    if [ -n "$python" ]; then python_environment wheel "$python" "wheel-$version"; fi
  done
}

# Java for Spark; its libraries come from Maven Central, checked by SHA-256.
java_libraries() {
  local list=$root/tools/jars-interop.txt folder=$deps/interop/jars sum path
  command -v java >/dev/null || install_system openjdk-17-jre-headless
  if cmp -s "$list" "$folder/jars.stamp"; then return; fi
  say "Java libraries into $folder"
  rm -rf "$folder" && mkdir -p "$folder"
  while read -r sum path; do
    curl -fsSL --retry 3 -o "$folder/${path##*/}" "https://repo1.maven.org/maven2/$path"
    echo "$sum  $folder/${path##*/}" | sha256sum --check --quiet >&2
  done <"$list"
  cp "$list" "$folder/jars.stamp"
}

mkdir -p "$deps"
for part in "${@:-build}"; do
  case $part in
    build) install_system "${build_packages[@]}"; python_environment build; library_sources ;;
    test) python_environment test ;;
    demo) python_environment demo ;;
    peer) peer_environment ;;
    wheel) wheel_environments ;;
    interop) install_system curl; python_environment interop; java_libraries ;;
    lint) install_system "${lint_packages[@]}" ;;
    docs) python_environment docs ;;
    *) say "unknown part '$part' (build, demo, test, peer, interop, wheel, lint, docs)"; exit 2 ;;
  esac
done
