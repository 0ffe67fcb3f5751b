"""Completion scripts and man pages: made from the option tables, so that they never say another thing than --help."""

import shutil
import subprocess

import pytest


def complete(earthcatalog, *words):
    """What bash offers after these words, the last of which is being typed."""
    script = earthcatalog.run("completion", "bash").stdout
    quoted = " ".join(f"'{word}'" for word in ("earthcatalog", *words))
    process = subprocess.run(
        ["bash", "-c", f"{script}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words)}\n_earthcatalog; printf '%s\\n' \"${{COMPREPLY[@]}}\""],
        capture_output=True, text=True, check=True)
    assert process.stderr == ""
    return process.stdout.split()


def test_bash_completes_commands(earthcatalog):
    assert complete(earthcatalog, "in") == ["incremental", "inspect", "info", "index"]


def test_bash_completes_options_of_the_command_alone(earthcatalog):
    assert complete(earthcatalog, "compact", "--thre") == ["--threshold"]
    assert complete(earthcatalog, "expire", "--thre") == []


def test_bash_completes_the_commands_of_a_command(earthcatalog):
    assert set(complete(earthcatalog, "index", "")) >= {"build", "check"}
    assert "--catalog" in complete(earthcatalog, "index", "build", "--cat")


def test_bash_completes_values_that_an_option_takes(earthcatalog):
    assert sorted(complete(earthcatalog, "info", "--format", "")) == ["json", "text"]


def test_bash_completes_paths_as_values(earthcatalog, tmp_path):
    (tmp_path / "my.db").touch()
    assert complete(earthcatalog, "info", "--catalog", f"{tmp_path}/my") == [f"{tmp_path}/my.db"]


def test_every_option_of_the_help_is_in_every_script(earthcatalog):
    text = earthcatalog.run("compact", "--help").stdout
    options = {word for word in text.replace(",", " ").split() if word.startswith("--")}
    assert len(options) > 10
    for shell in ("bash", "zsh"):
        script = earthcatalog.run("completion", shell).stdout
        assert {option for option in options if option not in script} == set(), shell
    fish = earthcatalog.run("completion", "fish").stdout
    assert {option for option in options if f"-l {option[2:]}" not in fish} == set()


@pytest.mark.parametrize("shell, check", [("bash", ["-n"]), ("zsh", ["-n"]), ("fish", ["--no-execute"])])
def test_scripts_are_of_the_shells_syntax(earthcatalog, shell, check, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    script = tmp_path / shell
    script.write_text(earthcatalog.run("completion", shell).stdout)
    process = subprocess.run([shell, *check, script], capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (0, "")


def test_an_unknown_shell_is_wrong_usage(earthcatalog):
    process = earthcatalog.run("completion", "tcsh")
    assert process.returncode == 2 and "tcsh" in process.stderr


def test_each_command_has_a_man_page_with_its_options(earthcatalog, tmp_path):
    printed = earthcatalog.run("man", tmp_path / "man").stdout.split()
    pages = {path.name: path.read_text() for path in (tmp_path / "man").iterdir()}
    assert len(printed) == len(pages)
    assert {"earthcatalog.1", "earthcatalog-incremental.1", "earthcatalog-index-build.1"} <= set(pages)
    assert "\\-\\-threshold" in pages["earthcatalog-compact.1"]
    for name, page in pages.items():
        assert page.startswith('.TH "') and ".SH NAME\n" in page, name
        if shutil.which("groff"):
            process = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8"], input=page, capture_output=True, text=True)
            assert process.stderr == "", name


def test_a_folder_that_cannot_be_made_is_named(earthcatalog, tmp_path):
    (tmp_path / "file").touch()
    process = earthcatalog.run("man", tmp_path / "file" / "man")
    assert process.returncode == 1 and str(tmp_path / "file") in process.stderr
