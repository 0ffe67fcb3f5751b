"""A proxy that the environment names is used by both HTTP clients: the one of files and the one that fetches items."""

import pytest
from conftest import BUCKET, Earthcatalog, S3Archive, S3Table, incremental

NOWHERE = "http://s3.invalid"  # RFC 2606: no name server knows it


def by_way_of(server, **more):
    # The server takes a proxy's request lines ("GET http://s3.invalid/bucket/key"), so it can play the proxy.
    return Earthcatalog({**server.environment, "AWS_ENDPOINT_URL": NOWHERE, "http_proxy": server.endpoint, **more})


@pytest.fixture(scope="module")
def archive(s3_earthcatalog):
    s3_earthcatalog.run("generate", "--items", 20, "--seed", 4, "--out", f"s3://{BUCKET}/proxy", check=True)
    return S3Archive("proxy")


def test_all_requests_go_through_the_proxy(s3_server, archive, tmp_path):
    table = S3Table(s3_server, "proxy", tmp_path)
    assert by_way_of(s3_server).json(*incremental(table, archive))["written_items"] == 20


def test_but_not_those_to_hosts_of_no_proxy(s3_server, archive, tmp_path):
    table = S3Table(s3_server, "no-proxy", tmp_path)
    process = by_way_of(s3_server, no_proxy="s3.invalid").run(*incremental(table, archive))
    assert process.returncode == 1 and "s3.invalid" in process.stderr, process.stderr
