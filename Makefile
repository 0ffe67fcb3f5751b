# make          sets up what is missing and builds build/bin/earthcatalog
# make demo     an ITS_LIVE-like archive in ./demo, the main job on it, and queries on the table
# make test     builds and passes all tests; the unit tests under ASan and UBSan
# make install PREFIX=/usr/local: the program and the libraries of .deps that it needs; the tree may be moved
# make wheel    the Python package into dist/
# make python   an environment in .venv with that package: .venv/bin/python
# make man      man pages of all commands in build/man/man1
# make soak     the long versions: a million polygons, 200 kills
# make interop  other engines that CI has no room for: Spark writes, newer readers read
# make bench    every figure of benchmarks/README.md again
# make docs     the site of docs/ in build-docs/; warnings are errors
# make lint     formatting, clang-tidy, the direction of includes
.PHONY: all setup setup-test install wheel python man demo test soak interop bench docs lint format asan tsan clean
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local

all: setup build/build.ninja
	@cmake --build --preset release -j $(JOBS) --target earthcatalog

setup:
	@tools/setup.sh build

setup-test:
	@tools/setup.sh build test peer wheel

build/build.ninja:
	@cmake --preset release

# DESTDIR, when it is set, stands in front of PREFIX: for packages.
install: all
	@DESTDIR="$(DESTDIR)" cmake --install build --component earthcatalog --prefix "$(PREFIX)"

wheel: setup build/build.ninja
	@tools/setup.sh wheel
	@tools/make_wheel.py

python: wheel
	@python3 -m venv .venv
	@.venv/bin/pip install -q --disable-pip-version-check --force-reinstall --find-links dist "earthcatalog-native[geo,pyiceberg]"

man: all
	@build/bin/earthcatalog man build/man/man1

demo: all
	@tools/setup.sh demo
	@examples/demo.sh

test: setup-test build/build.ninja
	@tools/run_tests.sh

soak: setup-test build/build.ninja
	@EARTHCATALOG_SOAK=1 tools/run_tests.sh

interop: all
	@tools/setup.sh test interop
	@.deps/interop/bin/python -m pytest -q --durations 12 tests/interop/test_spark.py tests/interop/test_query_page.py

bench: setup-test build/build.ninja
	@benchmarks/run.sh

asan tsan: setup-test
	@tools/run_sanitized.sh $@

docs:
	@tools/setup.sh docs
	@tools/build_docs.sh

lint:
	@tools/setup.sh build lint
	@tools/lint.sh

format:
	@git ls-files '*.cc' '*.h' | xargs clang-format-19 -i

clean:
	rm -rf build build-* demo dist .venv
