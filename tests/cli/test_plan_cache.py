"""What searches keep on this machine: answers never depend on it."""

import concurrent.futures
import pathlib

import pytest
from conftest import Table, incremental

QUERIES = [[], ["--bbox", "-60,60,-20,80"], ["--datetime", "2020/2021"], ["--bbox", "170,-80,-170,80", "--datetime", "2019"]]


@pytest.fixture(scope="module")
def table(earthcatalog, tmp_path_factory):
    archive = earthcatalog.generate(tmp_path_factory.mktemp("archive"), items=600, seed=5)
    table = Table(tmp_path_factory.mktemp("table"))
    earthcatalog.json(*incremental(table, archive))
    return table


def ids(earthcatalog, table, *arguments):
    return sorted(earthcatalog.run("search", *table.arguments, "--format", "ids", *arguments, check=True).stdout.split())


def entries(cache):
    return sorted(path for path in cache.iterdir())


@pytest.mark.parametrize("query", QUERIES)
def test_answers_are_those_without_a_cache(earthcatalog, table, tmp_path, query):
    cache = tmp_path / "cache"
    expected = ids(earthcatalog, table, "--no-cache", *query)
    assert not cache.exists()
    for _ in range(2):  # the first fills it
        assert ids(earthcatalog, table, "--cache", cache, *query) == expected
        assert entries(cache)


def test_a_warm_search_reads_no_manifest(earthcatalog, table, tmp_path):
    cache = tmp_path / "cache"
    expected = ids(earthcatalog, table, "--cache", cache, *QUERIES[1])
    manifests = [path for path in pathlib.Path(table.warehouse).rglob("*-m*.avro")]
    assert manifests
    hidden = [path.rename(path.with_suffix(".hidden")) for path in manifests]
    try:
        assert ids(earthcatalog, table, "--cache", cache, *QUERIES[1]) == expected
        assert earthcatalog.run("search", *table.arguments, "--no-cache").returncode == 1
    finally:
        for path in hidden:
            path.rename(path.with_suffix(".avro"))


def test_broken_entries_are_made_anew(earthcatalog, table, tmp_path):
    cache = tmp_path / "cache"
    expected = ids(earthcatalog, table, "--cache", cache, *QUERIES[1])
    whole = {path: path.read_bytes() for path in entries(cache)}
    for spoil in (lambda b: b[:-7], lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:300] + b"\xff" * 400 + b[700:],
                  lambda b: bytes(255 - c for c in b)):
        for path, content in whole.items():
            path.write_bytes(spoil(content))
        assert ids(earthcatalog, table, "--cache", cache, *QUERIES[1]) == expected
        assert {path: path.read_bytes() for path in entries(cache)} == whole


def test_many_processes_share_it(earthcatalog, table, tmp_path):
    cache = tmp_path / "cache"
    expected = ids(earthcatalog, table, "--no-cache")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert all(found == expected for found in pool.map(lambda _: ids(earthcatalog, table, "--cache", cache), range(8)))


def test_a_cache_that_cannot_be_written_is_none(earthcatalog, table, tmp_path):
    (tmp_path / "file").write_text("no folder")
    assert ids(earthcatalog, table, "--cache", tmp_path / "file" / "cache") == ids(earthcatalog, table, "--no-cache")


def test_the_cache_of_the_user_is_the_default(earthcatalog, table, tmp_path):
    for variables, folder in (({"XDG_CACHE_HOME": tmp_path / "xdg"}, "xdg/earthcatalog"),
                              ({"XDG_CACHE_HOME": "", "HOME": tmp_path / "home"}, "home/.cache/earthcatalog"),
                              ({"EARTHCATALOG_CACHE": tmp_path / "own"}, "own")):
        other = type(earthcatalog)({**earthcatalog.environment, **{name: str(value) for name, value in variables.items()}})
        other.run("search", *table.arguments, "--count", check=True)
        assert entries(tmp_path / folder)
