"""Where options get their values: flag, environment, configuration file, default; and what is said when one is wrong."""

import json
import re

import pytest
from conftest import Earthcatalog, clean_environment, incremental

COMMANDS = ["incremental", "backfill", "compact", "info", "cat", "audit", "delta", "diff", "unlock", "expire", "register",
            "generate", "index build", "index update", "index check", "inspect inventory", "phase"]


def options_of(earthcatalog, command):
    text = earthcatalog.run(*command.split(), "--help", check=True).stdout
    return sorted(set(re.findall(r"^  (?:-\w,)?(--[a-z0-9-]+)", text, re.MULTILINE)) - {"--help", "--config"})


def with_environment(**variables):
    return Earthcatalog(clean_environment(**variables))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_a_key_of_the_file(earthcatalog, tmp_path, command):
    keys = [option[2:].replace("-", "_") for option in options_of(earthcatalog, command)]
    config = tmp_path / "c.yaml"
    for text in ("".join(f"{key}: 1\n" for key in keys),
                 f"{command.split()[0]}:\n" + "".join(f"  {key}: 1\n" for key in keys)):
        config.write_text(text + "no_such_key: 1\n")
        process = earthcatalog.run(*command.split(), "--config", config, cwd=tmp_path)
        assert process.returncode == 2
        assert re.search(r"unknown key '(\w+)'", process.stderr)[1] == "no_such_key"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_a_variable(earthcatalog, command):
    """All at once, each with a value that is refused: none is unknown, and one is named."""
    names = ["EARTHCATALOG_" + option[2:].replace("-", "_").upper() for option in options_of(earthcatalog, command)]
    process = with_environment(**{name: "${X}" for name in names}).run(*command.split())
    assert process.returncode == 2
    assert "no option reads" not in process.stderr
    assert re.search(r"(EARTHCATALOG_\w+): '\$\{X\}'", process.stderr)[1] in names


def test_flag_over_variable_over_file_over_default(earthcatalog, small_archive, table, tmp_path):
    """The job's whole settings from file and environment, each taken from where it should be."""
    config = tmp_path / "job.yaml"
    config.write_text(f"catalog:\n  db_path: {table.catalog}\n  warehouse: warehouse\ngrid:\n  resolution: 0\n"
                      f"inventory: {small_archive.inventory}\nsource_root: {small_archive.source_root}\n"
                      f"limit: 7\nincremental:\n  limit: 5\n  format: json\n")
    report = json.loads(earthcatalog.run("incremental", "--config", config, check=True).stdout)
    assert report["source_items"] == 5
    assert table.warehouse.is_dir()  # beside the file that names it
    assert earthcatalog.json("info", "--catalog", table.catalog)["grid"]["resolution"] == 0
    told = with_environment(EARTHCATALOG_LIMIT="9")
    assert json.loads(told.run("incremental", "--config", config, check=True).stdout)["source_items"] == 9
    assert json.loads(told.run("incremental", "--config", config, "--limit", 11, check=True).stdout)["source_items"] == 11
    inspected = json.loads(earthcatalog.run("inspect", "inventory", small_archive.inventory, "--config", config, "--format",
                                            "json", check=True).stdout)
    assert inspected["items"] == 7


def test_configuration_of_the_working_folder_is_found_and_said(earthcatalog, small_archive, table, tmp_path):
    earthcatalog.json(*incremental(table, small_archive))
    (tmp_path / "earthcatalog.yaml").write_text("catalog: {db_path: catalog.db}\n")
    process = earthcatalog.run("info", cwd=tmp_path, check=True)
    assert "earthcatalog: configuration from ./earthcatalog.yaml\n" == process.stderr
    empty = tmp_path / "empty.yaml"
    empty.write_text("")
    assert earthcatalog.run("info", "--config", empty, cwd=tmp_path).returncode == 2


def test_tilde_is_the_home_folder_and_variables_are_refused(small_archive, table, tmp_path):
    home = with_environment(HOME=str(tmp_path))
    config = tmp_path / "c.yaml"
    config.write_text("catalog:\n  db_path: ~/catalog.db\n  warehouse: ~/warehouse\n")
    arguments = ["incremental", "--inventory", small_archive.inventory, "--source-root", small_archive.source_root]
    home.run(*arguments, "--config", config, check=True)
    assert table.exists() and table.warehouse.is_dir()
    config.write_text("catalog:\n  db_path: ${HOME}/catalog.db\n")
    process = home.run("info", "--config", config)
    assert process.returncode == 2
    assert "line 2" in process.stderr and "${HOME}" in process.stderr


@pytest.mark.parametrize("text, expected", [
    ("workers: 0\n", "c.yaml, line 1"), ("\nmemory_limit: lots\n", "c.yaml, line 2"),
    ("grid:\n  resolution: many\n", "c.yaml, line 2"), ("incremental:\n  schema: odd\n", "c.yaml, line 2"),
    ("since: yesterday\n", "c.yaml, line 1")])
def test_bad_value_of_the_file_names_its_line(earthcatalog, small_archive, table, tmp_path, text, expected):
    (tmp_path / "c.yaml").write_text(text)
    process = earthcatalog.run(*incremental(table, small_archive), "--config", "c.yaml", cwd=tmp_path)
    assert process.returncode == 2
    assert expected in process.stderr
    assert not table.exists()


@pytest.mark.parametrize("name, value", [("WORKERS", "many"), ("MEMORY_LIMIT", "lots"), ("LOCK_TTL", "long"),
                                         ("DRY_RUN", "perhaps")])
def test_bad_value_of_the_environment_names_its_variable(small_archive, table, name, value):
    process = with_environment(**{f"EARTHCATALOG_{name}": value}).run(*incremental(table, small_archive))
    assert process.returncode == 2
    assert f"EARTHCATALOG_{name}" in process.stderr
    assert not table.exists()


def test_unknown_variable_is_warned_about(small_archive):
    process = with_environment(EARTHCATALOG_LIMITS="3", EARTHCATALOG_SOAK="1", EARTHCATALOG_DEPS="/x").run(
        "inspect", "inventory", small_archive.inventory, check=True)
    assert process.stderr == ("earthcatalog: no option reads EARTHCATALOG_LIMITS of the environment; "
                              "did you mean EARTHCATALOG_LIMIT?\n")


def test_variables_of_storage_win_over_the_file(tmp_path):
    (tmp_path / "c.yaml").write_text("storage:\n  endpoint: http://127.0.0.1:1\n  anonymous: true\n")
    process = with_environment(EARTHCATALOG_ENDPOINT="http://127.0.0.1:2").run(
        "inspect", "inventory", "s3://b/list.csv", "--config", tmp_path / "c.yaml", timeout=300)
    assert process.returncode == 1
    assert "127.0.0.1:2" in process.stderr or "port 2" in process.stderr


@pytest.mark.parametrize("arguments, expected", [
    (["foo"], ["'foo'", "incremental", "info"]),
    (["incremantal"], ["did you mean incremental?"]),
    (["index", "chek"], ["did you mean check?"]),
    (["incremental", "--inventry", "x"], ["--inventry", "did you mean --inventory?"]),
    (["incremental", "-inventory", "x"], ["did you mean --inventory?"]),
    (["info", "--catalogue=c.db"], ["did you mean --catalog?"]),
    (["info", "--config", "."], ["--config .", "folder"]),
    (["info", "--config", "missing.yaml"], ["--config missing.yaml", "cannot be read"]),
    (["incremental", "--inventory", "x", "--limit", "-3"], ["--limit", "-3 is less than 0"]),
    (["incremental", "--inventory", "x", "--workers", "0"], ["--workers", "0 is less than 1"]),
    (["incremental", "--inventory", "x", "--workers", "9" * 40], ["--workers", "too large"]),
])
def test_wrong_usage_is_told_in_one_short_sentence(earthcatalog, arguments, expected):
    process = earthcatalog.run(*arguments)
    assert process.returncode == 2
    assert process.stdout == ""
    for text in expected:
        assert text in process.stderr
    assert all(len(line) < 300 for line in process.stderr.splitlines())


def test_limit_0_is_all(earthcatalog, small_archive, table):
    assert earthcatalog.json(*incremental(table, small_archive, "--limit", 0))["written_items"] == 120
    assert earthcatalog.json("inspect", "inventory", small_archive.inventory, "--limit", 0)["items"] == 120
