"""Bringing thousands of data files into a catalog: register.py [--items N] [--resolution N] [--runs N]

Makes a table of many small files (9,000 items at resolution 3: 17,115), loses its catalog file, and makes it anew
with `earthcatalog register`: from the newest metadata, and from the footers of the data files alone. Beside it PyIceberg's
add_files on 1,000 of the files, without the field ids that it refuses. Prints a Markdown table of medians.
"""

import argparse
import pathlib
import tempfile
import time

import pyarrow as pa
import pyarrow.parquet as pq
from measure import measure, median
from conftest import BINARY, clean_environment
from pyiceberg.catalog.sql import SqlCatalog


def make(folder, items, resolution):
    environment = clean_environment()
    measure([BINARY, "generate", "--items", items, "--seed", 42, "--out", folder / "archive"], environment)
    measure([BINARY, "backfill", "--inventory", folder / "archive/inventory.csv", "--source-root", f"file://{folder}/archive/",
             "--catalog", folder / "catalog.db", "--warehouse", folder / "warehouse", "--h3-resolution", resolution], environment)
    return sorted((folder / "warehouse").rglob("grid_partition=*/*/*.parquet"))


def register(folder, *more):
    (folder / "catalog.db").unlink()
    return measure([BINARY, "register", "--from-warehouse", "--catalog", folder / "catalog.db", "--warehouse", folder / "warehouse",
                    *more], clean_environment())


def add_files(folder, paths):
    """Seconds a file of PyIceberg."""
    copies = folder / "copies"
    copies.mkdir()
    for number, path in enumerate(paths):
        table = pq.ParquetFile(path).read()
        flat = [field.remove_metadata() for field in table.schema if not pa.types.is_struct(field.type)]
        pq.write_table(table.select([field.name for field in flat]).cast(pa.schema(flat)), copies / f"{number}.parquet")
    catalog = SqlCatalog("other", uri=f"sqlite:///{folder}/other.db", warehouse=f"file://{folder}/other")
    catalog.create_namespace("other")
    table = catalog.create_table("other.items", pq.read_schema(copies / "0.parquet"))
    start = time.monotonic()
    table.add_files([str(copies / f"{number}.parquet") for number in range(len(paths))])
    return (time.monotonic() - start) / len(paths)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=9_000)
    parser.add_argument("--resolution", type=int, default=3)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earthcatalog-register-") as folder:
        folder = pathlib.Path(folder)
        files = make(folder, arguments.items, arguments.resolution)
        print(f"| what, {len(files):,} files | wall s | CPU s | peak MiB |\n|---|--:|--:|--:|")
        for name, more in (("register from metadata", []), ("register from the footers", ["--reconstruct"])):
            runs = [register(folder, *more) for _ in range(arguments.runs)]
            print(f"| {name} | {median(runs, 'wall'):.2f} | {median(runs, 'cpu'):.2f} | {median(runs, 'rss'):.0f} |", flush=True)
        seconds = add_files(folder, files[:1_000])
        print(f"| PyIceberg add_files, 1,000 files: {1e3 * seconds:.1f} ms a file | {seconds * len(files):.1f} (scaled) | | |")


if __name__ == "__main__":
    main()
