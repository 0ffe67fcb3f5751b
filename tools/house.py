#!/usr/bin/env python3
"""How readable the house is, in figures: house.py [FOLDER of sources] [--format json]

Counts over src/earthcatalog: lines of files and of functions, sources a folder, lines of comment in headers, comments that
begin with a riddle ("Of ...", "What ...", "Whether ..."), mutexes without GUARDED_BY, flags in messages below cli/, `is_direct`.
Functions are found by their closing brace in the first column or after one level of a class: clang-format sees to that.
"""
import argparse
import json
import pathlib
import re
import statistics

ROOT = pathlib.Path(__file__).resolve().parent.parent
RIDDLE = re.compile(r"^\s*//[/<]*\s*(Of|What|As|Whether|Which|How|Where|Who|Why|When)\b")
COMMENT = re.compile(r"^\s*//")
MUTEX = re.compile(r"\b(?:std::(?:recursive_|shared_)?mutex|Mutex)\s+(\w+)\s*;")
ATTRIBUTE = re.compile(r"\bEC_\w+\([^()]*(?:\([^()]*\))?[^()]*\)")
NAMED = re.compile(r"\b(namespace|class|struct|enum|union)\b[^;()]*$")
TABLE = re.compile(r"=\s*(?:[\w:]+(?:<[^;{}]*>)?)?\s*$")  # what its "{" opens are values
MESSAGE_FLAG = re.compile(r'"[^"]*--[a-z][^"]*"')
LONG = 60


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0


def kind_of(head):
    """What a "{" behind `head` opens: a class, namespace or enum ("other"), a table of values, or a function's or statement's block."""
    if NAMED.search(head):
        return "other"
    return "table" if TABLE.search(head) else "block"


def function_lengths(lines):
    """Lines from a head that ends in "{" to its closing brace of the same depth; classes, namespaces, enums and tables are none."""
    open_at = []
    for number, line in enumerate(lines):
        code = re.sub(r"//.*|\"(\\.|[^\"\\])*\"|'(\\.|[^'\\])'", "", line)
        for column, char in enumerate(code):
            if char == "{":
                open_at.append((number, kind_of(" ".join([*lines[max(0, number - 3): number], code[:column]]))))
            elif char == "}" and open_at:
                begin, kind = open_at.pop()
                if kind == "block" and all(other == "other" for _, other in open_at):
                    yield number - begin + 1


def member_mutexes(lines):
    """Names of mutexes that are members: declared within classes alone. Locals have nothing to be declared guarded by them."""
    open_at = []
    for number, line in enumerate(lines):
        code = re.sub(r"//.*|\"(\\.|[^\"\\])*\"|'(\\.|[^'\\])'", "", line)
        match = MUTEX.search(code)
        if match and all(kind == "other" for kind in open_at):
            yield match[1]
        for column, char in enumerate(code):
            if char == "{":
                open_at.append(kind_of(ATTRIBUTE.sub("", " ".join([*lines[max(0, number - 3): number], code[:column]]))))
            elif char == "}" and open_at:
                open_at.pop()


def measure(source):
    files = sorted(path for path in source.rglob("*") if path.suffix in {".h", ".cc"})
    texts = {path: path.read_text().splitlines() for path in files}
    headers = {path: lines for path, lines in texts.items() if path.suffix == ".h"}
    comments = [line for lines in headers.values() for line in lines if COMMENT.match(line)]
    # A comment of several lines begins where the line before it is none.
    begins = [line for lines in texts.values() for before, line in zip(["", *lines], lines)
              if COMMENT.match(line) and not COMMENT.match(before)]
    functions = [length for path, lines in texts.items() if path.suffix == ".cc" for length in function_lengths(lines)]
    folders = {}
    for path in files:
        if path.suffix == ".cc":
            folders[path.parent] = folders.get(path.parent, 0) + 1
    # base/mutex.h wraps the one that all others are made of.
    mutexes = [(path, name) for path, lines in texts.items() if path.name != "mutex.h" for name in member_mutexes(lines)]
    guarded = [name for path, name in mutexes if re.search(rf"GUARDED_BY\({name}\)", "\n".join(texts[path]))]
    below_cli = [line for path, lines in texts.items() if "cli" not in path.relative_to(source).parts for line in lines]
    lengths = [len(lines) for lines in texts.values()]
    return {
        "files": len(files),
        "lines": sum(lengths),
        "file_median": statistics.median(lengths), "file_p90": percentile(lengths, 0.9), "file_max": max(lengths),
        "functions": len(functions), "functions_over_60_lines": sum(length > LONG for length in functions),
        "function_max": max(functions),
        "header_comment_percent": round(100 * len(comments) / sum(map(len, headers.values())), 1),
        "riddling_comments_percent": round(100 * sum(bool(RIDDLE.match(line)) for line in begins) / len(begins), 1),
        "folders": len(folders), "sources_a_folder_median": statistics.median(folders.values()),
        "sources_a_folder_max": max(folders.values()),
        "largest_folder": str(max(folders, key=folders.get).relative_to(source)),
        "mutexes": len(mutexes), "mutexes_guarded": len(guarded),
        "flags_in_messages_below_cli": sum(bool(MESSAGE_FLAG.search(line)) for line in below_cli),
        "is_direct": sum(len(re.findall(r"\bis_direct\b", line)) for lines in texts.values() for line in lines),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=ROOT / "src" / "earthcatalog")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    arguments = parser.parse_args()
    figures = measure(arguments.folder)
    if arguments.format == "json":
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):<30} {value}")


if __name__ == "__main__":
    main()
