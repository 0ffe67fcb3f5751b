"""Queries a table of earthcatalog with DuckDB: python query.py WAREHOUSE

The extensions come from PyPI packages (duckdb-ext-iceberg, duckdb-ext-avro), so nothing is downloaded.
"""

import pathlib
import sys

import duckdb

QUERIES = {
    "items a platform": """
        SELECT platform, count(*) AS items, round(avg(percent_valid_pixels), 1) AS valid_pixels
        FROM items WHERE grid_primary GROUP BY platform ORDER BY items DESC LIMIT 5""",
    "pairs over central Greenland in 2020, cell 81063ffffffffff": """
        SELECT id, datetime, date_dt AS days FROM items
        WHERE grid_partition = '81063ffffffffff' AND datetime >= TIMESTAMPTZ '2020-01-01 00:00:00+00'
          AND datetime < TIMESTAMPTZ '2021-01-01 00:00:00+00' ORDER BY percent_valid_pixels DESC LIMIT 3""",
}


def connect(*extensions: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    packages = pathlib.Path(duckdb.__file__).resolve().parent.parent
    for name in extensions:
        (extension,) = packages.rglob(f"{name}.duckdb_extension")
        connection.execute(f"LOAD '{extension}'")
    return connection


def main() -> None:
    warehouse = pathlib.Path(sys.argv[1]).resolve()
    connection = connect("avro", "iceberg")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE VIEW items AS SELECT * FROM iceberg_scan('{warehouse}/earthcatalog/stac_items')")
    for title, query in QUERIES.items():
        print(f"\n{title}")
        print(connection.sql(query))


if __name__ == "__main__":
    main()
