"""Every snippet of docs/guide/query.md, with the paths of a table, gives what the items themselves say. An engine that is not
installed is skipped: CI has some, `make interop` has the others."""

import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from conftest import ROOT, Table, incremental

PAGE = (ROOT / "docs/guide/query.md").read_text()
SNIPPETS = re.findall(r'^```python title="(\w+) (\w+)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)
PRELUDES = {engine: text for engine, name, text in SNIPPETS if name in ("setup", "table")}
QUESTIONS = [(engine, name, text) for engine, name, text in SNIPPETS if name not in ("setup", "table")]
MODULES = {"spark": "pyspark"}
GREENLAND = (-60, 58, -10, 84)


@pytest.fixture(scope="module")
def queried(earthcatalog, archive, tmp_path_factory):
    """A table whose every file was replaced once, with rows that nobody committed: only the snapshot tells what counts."""
    table = Table(tmp_path_factory.mktemp("queried"))
    earthcatalog.json(*incremental(table, archive, "--limit", 600))
    table.report = earthcatalog.json(*incremental(table, archive, "--limit", 600, "--refetch"))
    return table


@pytest.fixture(scope="module")
def answers(queried, archive):
    from shapely.geometry import box, shape

    keys = [line.split(",")[1] for line in archive.inventory.read_text().splitlines()[1:601]]
    items = [json.loads((archive.folder / "its-live-data" / key).read_text()) for key in keys]
    found = {"items": len(items),
             "rows": queried.report["rows"],
             "2019": sum((item["properties"]["datetime"] or "").startswith("2019") for item in items),
             "greenland": sum(shape(item["geometry"]).intersects(box(*GREENLAND)) for item in items)}
    assert 0 < found["2019"] < found["items"] and 0 < found["greenland"] < found["items"]
    return found


def extension(name):
    """LOAD of the extension out of its PyPI package, in place of INSTALL, which would download it."""
    import duckdb

    found = sorted(pathlib.Path(duckdb.__file__).resolve().parent.parent.rglob(f"{name}.duckdb_extension"))
    assert found, f"no package has DuckDB's extension {name}"
    return f"LOAD '{found[0]}'"


def here(text, table):
    """The snippet with the table's paths, and with local files for what it would download."""
    text = text.replace("/data/catalog.db", str(table.catalog)).replace("/data/warehouse", str(table.warehouse))
    text = text.replace("duckdb.connect()", 'duckdb.connect(config={"allow_unsigned_extensions": "true"})')
    if "INSTALL" in text:  # iceberg_scan needs avro, which INSTALL brings along
        text = text.replace("INSTALL iceberg;", f"{extension('avro')};")
        text = re.sub(r"INSTALL \w+;", "", text)
        text = re.sub(r"LOAD (\w+)", lambda match: extension(match[1]), text)
    jars = ",".join(map(str, sorted((ROOT / ".deps/interop/jars").glob("*.jar"))))
    text = re.sub(r'"spark.jars.packages", "[^"]*"', f'"spark.jars", "{jars}"', text)
    return text.replace(".getOrCreate()", '.config("spark.driver.host", "127.0.0.1").config("spark.ui.enabled", "false").getOrCreate()')


@pytest.mark.parametrize("engine, name, text", QUESTIONS, ids=[f"{engine}-{name}" for engine, name, _ in QUESTIONS])
def test_a_snippet_gives_the_right_number(queried, answers, engine, name, text):
    if importlib.util.find_spec(MODULES.get(engine, engine)) is None:
        pytest.skip(f"{engine} is not in this environment")
    prelude = PRELUDES.get(engine) or ("" if engine == "spark" else PRELUDES["pyiceberg"])
    process = subprocess.run([sys.executable, "-c", here(prelude + text, queried)], capture_output=True, text=True, timeout=300,
                             env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"})
    assert process.returncode == 0, process.stderr[-3000:]
    assert int(process.stdout.split()[-1]) == answers[name]


def test_every_engine_of_the_table_has_a_section():
    engines = re.findall(r"\[(\w+)\]\(#(\w+)\)", PAGE)
    assert len(engines) >= 7
    asked = {engine for engine, _, _ in QUESTIONS}
    for engine, anchor in engines:
        assert f"\n## {engine}\n" in PAGE and anchor in asked
