"""Objects that cannot be had now: what a run says of them, and the run that takes them up."""

import json

import pytest
from conftest import Earthcatalog, S3Archive, S3Table, incremental
from fault_proxy import FaultProxy

REFUSALS = {"denied": (403, "AccessDenied"), "archived": (403, "InvalidObjectState"), "server_error": (500, "InternalError"),
            "throttled": (503, "SlowDown")}


@pytest.fixture(scope="module")
def s3_archive(s3_earthcatalog):
    s3_earthcatalog.run("generate", "--items", 8, "--seed", 3, "--out", "s3://its-live-data/pending", check=True)
    return S3Archive("pending")


@pytest.mark.parametrize("cause", sorted(REFUSALS))
def test_they_fail_the_run_unless_allowed_and_come_with_the_next(s3_server, s3_earthcatalog, s3_archive, tmp_path, cause):
    table = S3Table(s3_server, f"pending/{cause}", tmp_path)
    key = next(key for key in s3_server.keys("its-live-data", "pending/") if key.endswith(".stac.json"))
    problems = tmp_path / "problems.ndjson"
    with FaultProxy(s3_server.port) as proxy:
        proxy.refused[key] = REFUSALS[cause]
        client = Earthcatalog({**s3_server.environment, "AWS_ENDPOINT_URL": proxy.endpoint})
        run = incremental(table, s3_archive, "--problems", problems, "--format", "json")
        first, again = client.run(*run), client.run(*run, "--refetch", "--allow-pending")
    assert first.returncode == 1 and "1 objects are pending" in first.stderr and str(problems) in first.stderr
    report = json.loads(first.stdout)
    assert (report["source_items"], report["written_items"], report["pending"]) == (8, 7, 1)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["pending"] == 1

    (line,) = map(json.loads, problems.read_text().splitlines())
    assert (line["kind"], line["cause"], line["key"]) == ("pending", cause, key)

    taken_up = s3_earthcatalog.json("incremental", "--inventory", problems, *table.arguments)
    assert (taken_up["source_items"], taken_up["written_items"], taken_up["pending"]) == (1, 1, 0)
    assert len({row[1] for row in table.rows()}) == 8
    assert s3_earthcatalog.json(*incremental(table, s3_archive))["unchanged"] == 8
