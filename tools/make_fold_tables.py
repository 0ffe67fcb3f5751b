#!/usr/bin/env python3
"""Writes src/earthcatalog/cql2/fold_tables.cc: Unicode's case folding and decompositions, as this Python knows them."""

import pathlib
import sys
import unicodedata

CHARACTERS = [chr(code) for code in range(0x80, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)  # syllables come apart into letters, not marks


def is_mark(character):
    return unicodedata.category(character) == "Mn"


def without_marks(character):
    return "".join(part for part in unicodedata.normalize("NFD", character) if not is_mark(part))


def literal(name, pairs):
    """A character and what stands for it, by spaces; characters that a person cannot see as numbers."""
    words, lines, line = [], [], ""
    for one, other in pairs:
        words.append("".join(c if c.isalnum() and not unicodedata.combining(c) else f"\\U{ord(c):08x}" for c in one + other) + " ")
    for word in words:
        if len(line) + len(word) > 108:
            lines.append(line)
            line = ""
        line += word
    lines.append(line)
    return f"const std::string_view {name} =\n" + "\n".join(f'    "{text}"' for text in lines) + ";\n"


def main():
    folded = [(c, c.casefold()) for c in CHARACTERS if c.casefold() != c]
    bare = [(c, without_marks(c)) for c in CHARACTERS if ord(c) not in HANGUL and not is_mark(c) and without_marks(c) != c]
    marks, ranges = [c for c in CHARACTERS if is_mark(c)], []
    for mark in marks:
        if ranges and ord(ranges[-1][1]) + 1 == ord(mark):
            ranges[-1] = (ranges[-1][0], mark)
        else:
            ranges.append((mark, mark))
    target = pathlib.Path(__file__).parent.parent / "src/earthcatalog/cql2/fold_tables.cc"
    target.write_text(
        f"// Made by tools/make_fold_tables.py from Unicode {unicodedata.unidata_version}.\n"
        '#include "earthcatalog/cql2/fold_tables.h"\n\n// clang-format off\nnamespace earthcatalog::cql2 {\n\n'
        + literal("kCaseFolding", folded) + "\n" + literal("kWithoutMarks", bare) + "\n" + literal("kMarks", ranges)
        + "\n}  // namespace earthcatalog::cql2\n", encoding="utf-8")


main()
