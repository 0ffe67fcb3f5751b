"""Messages of the library name settings; the command line shows them as its flags."""

import pathlib
import re

from conftest import ROOT

LIBRARY = ROOT / "src/earthcatalog"
QUOTED = re.compile(r"`([a-z][a-z0-9_.]*)(\(([^`)]*))?")
LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')
FLAG = re.compile(r"--[a-z][a-z0-9-]+")


def literals():
    for path in sorted(LIBRARY.rglob("*.cc")):
        if "cli" in path.relative_to(LIBRARY).parts[0]:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.lstrip().startswith("//"):
                for literal in LITERAL.findall(line):
                    yield f"{pathlib.Path(path.name)}:{number}", literal


def test_library_names_no_flags():
    assert [(place, text) for place, text in literals() if FLAG.search(text)] == []


def test_every_setting_in_a_message_is_a_flag(earthcatalog):
    def help_of(*command):
        return earthcatalog.run(*command, "--help", check=True).stdout

    top = help_of()
    commands = re.findall(r"^  ([a-z-]+) ", top[top.index("Subcommands:"):], re.MULTILINE)
    index = help_of("index")
    commands_of_index = re.findall(r"^  ([a-z-]+) ", index[index.index("Subcommands:"):], re.MULTILINE)
    commands_of_inspect = ["inventory"]
    words = "".join([top, *(help_of(command) for command in commands),
                     *(help_of("index", command) for command in commands_of_index),
                     *(help_of("inspect", command) for command in commands_of_inspect)])
    flags = set(FLAG.findall(words))
    known = set(commands) | {f"index.{command}" for command in commands_of_index}
    seen = 0
    for place, text in literals():
        for name, call, arguments in QUOTED.findall(text):
            seen += 1
            settings = re.findall(r"[a-z_]+(?==|,|$)", arguments or "") if call else [name]
            assert not call or name in known, f"{place}: no command {name}"
            for setting in filter(None, settings):
                assert f"--{setting.replace('_', '-')}" in flags, f"{place}: no flag for `{setting}`"
    assert seen > 30
