"""The command line as a stranger meets it: help, versions, usage errors, exit codes."""

import re

import pytest

COMMANDS = ["incremental", "backfill", "phase", "compact", "inspect", "info", "history", "status", "cat", "search", "files", "export", "stats", "changes", "audit", "delta", "diff", "index",
            "unlock", "expire", "register", "generate", "completion", "man"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_answers_help(earthcatalog, command):
    process = earthcatalog.run(command, "--help")
    assert process.returncode == 0
    assert command in process.stdout
    assert process.stderr == ""


def test_help_of_the_program_names_every_command_and_the_exit_codes(earthcatalog):
    text = earthcatalog.run("--help").stdout
    for command in COMMANDS:
        assert re.search(rf"^\s+{command}\b", text, re.MULTILINE), command
    assert "130" in text


def test_version(earthcatalog):
    assert re.fullmatch(r"earthcatalog \d+\.\d+\.\d+\n", earthcatalog.run("--version").stdout)


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["incremental"], ["incremental", "--inventory", "x.csv"], ["cat"],
    ["incremental", "--inventory", "x.csv", "--catalog", "c.db", "--warehouse", "w", "--limit", "-3"],
    ["incremental", "--inventory", "x.csv", "--catalog", "c.db", "--warehouse", "w", "--memory-limit", "lots"],
    ["incremental", "--inventory", "x.csv", "--catalog", "c.db", "--warehouse", "w", "--since", "yesterday"],
    ["incremental", "--inventory", "x.csv", "--catalog", "c.db", "--warehouse", "w", "--config", "missing.yaml"],
])
def test_wrong_usage_is_exit_code_2_and_says_so_on_stderr(earthcatalog, tmp_path, arguments):
    process = earthcatalog.run(*arguments, cwd=tmp_path)
    assert process.returncode == 2, process.stderr
    assert process.stdout == ""
    assert process.stderr != ""
    assert list(tmp_path.iterdir()) == []


def test_config_file_names_unknown_keys_with_their_line(earthcatalog, tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text("catalog:\n  db_path: x.db\n  warehose: y\n")
    process = earthcatalog.run("info", "--config", config, cwd=tmp_path)
    assert process.returncode == 2
    assert "line 3" in process.stderr and "warehose" in process.stderr
