"""search --filter: the predicates of CQL2's conformance tests, with the number of features that each has to find."""

import concurrent.futures
import gzip
import json
import pathlib

import pytest
from conftest import Table

DATA = pathlib.Path(__file__).parent.parent / "data" / "cql2"


def stored(folder, items):
    """The arguments that ingest these items."""
    keys = []
    for item in items:
        key = f"{item['collection']}/{item['id']}.stac.json"
        path = folder / "bucket" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = {"type": "Feature", "stac_version": "1.1.0", "links": [], "assets": {}, **item}
        whole["properties"] = {"datetime": "2020-01-01T00:00:00Z", **item["properties"]}
        path.write_text(json.dumps(whole))
        keys.append(key)
    (folder / "inventory.csv").write_text("bucket,key\n" + "".join(f"bucket,{key}\n" for key in keys))
    return ["--inventory", folder / "inventory.csv", "--source-root", f"file://{folder}/"]


@pytest.fixture(scope="module")
def features():
    return json.loads(gzip.decompress((DATA / "natural_earth.json.gz").read_bytes()))


@pytest.fixture(scope="module", params=["auto", "itslive"])
def earth(request, earthcatalog, features, tmp_path_factory):
    """A table of them, in which their properties are columns, and one in which they stand in stac_extra."""
    table = Table(tmp_path_factory.mktemp("earth"))
    source = stored(tmp_path_factory.mktemp("features"), features)
    earthcatalog.json("incremental", *source, *table.arguments, "--h3-resolution", 0, "--schema", request.param)
    return table, 1 if request.param == "auto" else 9


def count(earthcatalog, table, collection, filter):
    process = earthcatalog.run("search", *table.arguments, "--count", "--collections", collection, "--filter", filter)
    return int(process.stdout) if process.returncode == 0 else process.stderr


def test_each_predicate_finds_as_many_features_as_the_standard_says(earthcatalog, earth):
    table, step = earth
    predicates = json.loads((DATA / "conformance.json").read_text())[::step]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        counts = pool.map(lambda one: count(earthcatalog, table, one[0], one[1]), predicates)
        wrong = [(*predicate, found) for predicate, found in zip(predicates, counts) if found != predicate[2]]
    assert wrong == []
