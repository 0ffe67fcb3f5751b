"""`earthcatalog diff` beside DuckDB's EXCEPT on the same two files: diff.py [--rows N] [--runs N] [--memory-limit 768MiB]

Makes two Parquet inventories of N rows (bucket, key, size, last_modified_date, e_tag), in order and shuffled, of which
the newer lacks 1 %, has 1 % more and 1 % in another version; runs both in turn (so that a noisy machine disturbs both
alike); checks that they find the same rows; prints a Markdown table of medians. Needs some 500 bytes of disk a row.
"""

import argparse
import json
import multiprocessing
import pathlib
import statistics
import sys
import tempfile

from measure import measure
from conftest import BINARY, clean_environment

import duckdb

ROWS = """SELECT 'its-live-data' AS bucket,
    'velocity_image_pair/landsatOLI/v02/N' || (10 * (i % 7)) || 'W' || (10 * (i % 17)) || '0/LC08_L1TP_' || md5(i::VARCHAR)[:6]
      || '_20180' || (i % 9) || '12_02_T1_X_LC08_L1TP_060018_' || lpad(i::VARCHAR, 9, '0') || '_G0120V02_P045.stac.json' AS key,
    4000 + i % 997 AS size, make_timestamptz(1600000000000000 + i * 1000000) AS last_modified_date,
    md5(i::VARCHAR || CASE WHEN {version} THEN 'new' ELSE '' END) AS e_tag
  FROM range({begin}, {end}) t(i) WHERE {kept} ORDER BY {order}"""

EXCEPT = """
  COPY (SELECT bucket, key, e_tag FROM '{new}' EXCEPT SELECT bucket, key, e_tag FROM '{old}') TO '{out}.came.parquet';
  COPY (SELECT bucket, key FROM '{old}' EXCEPT SELECT bucket, key FROM '{new}') TO '{out}.gone.parquet'"""


def make(folder, rows, order):
    connection = duckdb.connect()
    connection.execute(f"SET temp_directory='{folder}/duckdb'; SET preserve_insertion_order=true; SET TimeZone='UTC'")
    by = "key" if order == "sorted" else "hash(i)"
    old = ROWS.format(version="false", begin=0, end=rows, kept="true", order=by)
    new = ROWS.format(version="i % 100 = 1", begin=0, end=rows + rows // 100, kept="i % 100 != 0 OR i >= " + str(rows), order=by)
    for name, query in (("old", old), ("new", new)):
        connection.execute(f"COPY ({query}) TO '{folder}/{name}.parquet' (COMPRESSION zstd)")


def run_ours(folder, memory_limit):
    return measure([BINARY, "diff", "--old", folder / "old.parquet", "--new", folder / "new.parquet", "--out",
                    folder / "changes.parquet", "--memory-limit", memory_limit, "--format", "json"], clean_environment())


def run_duckdb(folder):
    query = EXCEPT.format(old=folder / "old.parquet", new=folder / "new.parquet", out=folder / "duckdb")
    script = f"import duckdb; c = duckdb.connect(); c.execute({query!r})"
    return measure([sys.executable, "-c", script], clean_environment())


def check(folder, report):
    """That both found the same, row by row."""
    connection = duckdb.connect()
    for part, ours in (("came", "change != 'removed'"), ("gone", "change = 'removed'")):
        columns = "bucket, key, e_tag" if part == "came" else "bucket, key"
        mine = f"SELECT {columns} FROM '{folder}/changes.parquet' WHERE {ours}"
        theirs = f"SELECT {columns} FROM '{folder}/duckdb.{part}.parquet'"
        different = connection.execute(f"SELECT count(*) FROM (({mine} EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL {mine}))")
        assert different.fetchone() == (0,), f"{part}: the results differ"
    assert report["old"] == report["changed"] + report["removed"] + report["unchanged"], report
    assert report["new"] == report["changed"] + report["added"] + report["unchanged"], report


def apart(function, *arguments):
    """In a process of its own: what this one has held counts as peak memory of those that it starts."""
    process = multiprocessing.Process(target=function, args=arguments)
    process.start()
    process.join()
    if process.exitcode != 0:
        raise RuntimeError(f"{function.__name__} failed")


def print_row(name, runs):
    figures = [statistics.median(run[figure] for run in runs) for figure in ("wall", "cpu", "rss")]
    print("| {} | {:.1f} | {:.1f} | {:.0f} |".format(name, *figures), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory-limit", default="768MiB")
    parser.add_argument("--no-duckdb", action="store_true", help="ours alone, unchecked")
    arguments = parser.parse_args()
    print("| what | wall s | CPU s | peak MiB |\n|---|--:|--:|--:|", flush=True)
    for order in ("sorted", "shuffled"):
        with tempfile.TemporaryDirectory(prefix="earthcatalog-diff-") as folder:
            folder = pathlib.Path(folder)
            apart(make, folder, arguments.rows, order)
            ours, theirs = [], []
            for _ in range(arguments.runs):
                ours.append(run_ours(folder, arguments.memory_limit))
                if not arguments.no_duckdb:
                    theirs.append(run_duckdb(folder))
            print_row(f"earthcatalog diff, {arguments.rows:,} rows each, {order}", ours)
            if theirs:
                apart(check, folder, json.loads(ours[-1]["text"]))
                print_row(f"DuckDB {duckdb.__version__}, two EXCEPT, {order}", theirs)


if __name__ == "__main__":
    main()
