"""`incremental` and `backfill` through a proxy that spoils requests: the result is that of a run without faults."""

import collections
import concurrent.futures
import json
import os
import pathlib
import tempfile

import pytest
from conftest import Earthcatalog, S3Archive, S3Table, backfill, incremental
from fault_proxy import KINDS, FaultProxy
from kills import SEED

SOAK = bool(os.environ.get("EARTHCATALOG_SOAK"))
RATES = (0.01, 0.1, 0.3)
CASES = [(name, SEED + n, rate) for n in range(20 if SOAK else 1) for rate in RATES for name in ("incremental", "staged", "direct", "delta")]
COUNTS = ("written_items", "unchanged", "superseded", "missing", "pending", "rejected")
OPTIONS = ["--workers", 16, "--chunk-size", 40]


@pytest.fixture(scope="module")
def s3_archive(s3_earthcatalog):
    s3_earthcatalog.run("generate", "--items", 100, "--seed", 11, "--concentrate", "--duplicate-every", 10, "--odd-every", 25,
                        "--out", "s3://its-live-data/faults", check=True)
    return S3Archive("faults")


@pytest.fixture(scope="module")
def expected(s3_earthcatalog, s3_server, s3_archive, tmp_path_factory):
    table = S3Table(s3_server, "faults/none", tmp_path_factory.mktemp("none"))
    report = s3_earthcatalog.json(*incremental(table, s3_archive))
    return report, table.contents()


def commands(name, table, archive):
    if name in ("staged", "direct"):
        return [backfill(table, archive, *OPTIONS, shape=name)]
    # In two runs: the second one upserts.
    second = backfill(table, archive, *OPTIONS, "--delta") if name == "delta" else incremental(table, archive, *OPTIONS)
    return [incremental(table, archive, *OPTIONS, "--limit", 60), second]


def run_spoiled(s3_server, s3_archive, case):
    """The table, the finished commands, run one after the other through a proxy, and what the proxy did to them."""
    name, seed, rate = case
    table = S3Table(s3_server, f"faults/{name}-{seed}-{rate}", pathlib.Path(tempfile.mkdtemp()))
    with FaultProxy(s3_server.port, rate, seed) as proxy:
        client = Earthcatalog({**s3_server.environment, "AWS_ENDPOINT_URL": proxy.endpoint})
        finished = [client.run(*command, "--format", "json") for command in commands(name, table, s3_archive)]
    return table, finished, proxy


def check(case, result, expected):
    whole, contents = expected
    table, finished, proxy = result
    where = f"{case}: {proxy.requests} requests, {dict(proxy.injected)}"
    print(where)
    for process in finished:
        assert process.returncode == 0, f"{where}: {process.stderr}"
    reports = [json.loads(process.stdout) for process in finished]
    for report in reports:
        assert report["source_items"] == sum(report[name] for name in COUNTS), where
    last = reports[-1]
    if len(reports) == 1:
        for name in ("source_items", "rows", *COUNTS):
            assert last[name] == whole[name], (where, name)
    else:
        assert reports[0]["source_items"] == 60 and last["source_items"] == whole["source_items"], where
        assert last["pending"] == last["missing"] == last["rejected"] == 0, where
    assert table.contents().equals(contents), where
    assert not table.is_locked(), where
    assert table.staged() == [], where


def test_nothing_is_lost_and_nothing_doubled(s3_server, s3_archive, expected):
    """All cases at once: what takes time is to wait before another try."""
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda case: run_spoiled(s3_server, s3_archive, case), CASES))
    for case, result in zip(CASES, results):
        check(case, result, expected)
    injected = sum((proxy.injected for _, _, proxy in results), collections.Counter())
    print(dict(injected))
    assert set(injected) == set(KINDS)
