"""`delta` and `audit` with a list of a whole archive: large_list.py [--rows N] [--memory-limit 768MiB]

A table of 2,000 items; an inventory of N further keys and those 2,000. Nothing of the N is in the table: the worst case of
both commands, which have to write each of them down. Prints a Markdown table. Needs some 400 bytes of disk a row.
"""

import argparse
import json
import pathlib
import tempfile

from measure import measure
from conftest import BINARY, clean_environment
from diff import ROWS, apart

import duckdb

ITEMS = 2_000


def make_list(folder, rows):
    """The objects of the archive in `folder`, and `rows` more."""
    connection = duckdb.connect()
    connection.execute(f"SET temp_directory='{folder}/duckdb'; SET TimeZone='UTC'")
    more = ROWS.format(version="false", begin=0, end=rows, kept="true", order="key")
    connection.execute(f"""COPY (SELECT bucket, key, size, last_modified_date, NULL AS e_tag FROM read_csv('{folder}/archive/inventory.csv')
        UNION ALL ({more})) TO '{folder}/list.parquet' (COMPRESSION zstd)""")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--memory-limit", default="768MiB")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        measure([BINARY, "generate", "--items", ITEMS, "--seed", 1, "--concentrate", "--out", folder / "archive"], clean_environment())
        table = ["--catalog", folder / "catalog.db", "--warehouse", folder / "warehouse"]
        root = ["--source-root", f"file://{folder}/archive/"]
        measure([BINARY, "incremental", "--inventory", folder / "archive/inventory.csv", *root, *table], clean_environment())
        apart(make_list, folder, options.rows)
        print("| what | wall s | CPU s | peak MiB |\n|---|--:|--:|--:|")
        common = ["--inventory", folder / "list.parquet", *table, "--memory-limit", options.memory_limit, "--format", "json"]
        for what, more in (("delta", ["--out", folder / "new.parquet"]), ("delta --delete-removed", ["--delete-removed", "--out", folder / "again.parquet"]), ("audit", [])):
            run = measure([BINARY, *what.split(), *common, *more], clean_environment(), allowed={0, 1})
            report = json.loads(run["text"])
            found = report["inventory_objects"]["missing"] if what == "audit" else report["added"]
            assert found == options.rows, report
            print(f"| `{what}` | {run['wall']:.1f} | {run['cpu']:.1f} | {run['rss']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
