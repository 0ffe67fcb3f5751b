"""`earthcatalog generate`: what its inventories say is what a listing of its objects says."""

import csv
import datetime

from conftest import Table, incremental


def test_dates_are_those_of_the_objects(earthcatalog, tmp_path):
    archive = earthcatalog.generate(tmp_path / "archive", "--duplicate-every", 7, items=50, seed=3)
    with open(archive.inventory, newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 50
    for row in rows:
        path = archive.folder / row["bucket"] / row["key"]
        modified = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.timezone.utc)
        assert modified == datetime.datetime.fromisoformat(row["last_modified_date"].replace("Z", "+00:00"))


def test_listing_of_the_same_objects_differs_in_nothing(earthcatalog, tmp_path):
    archive = earthcatalog.generate(tmp_path / "archive", items=50, seed=3)
    diff = earthcatalog.json("diff", "--old", archive.inventory, "--new", archive.folder / "its-live-data", "--out",
                             tmp_path / "diff.parquet", "--source-root", archive.source_root)
    assert (diff["unchanged"], diff["changed"], diff["added"], diff["removed"]) == (50, 0, 0, 0)
    table = Table(tmp_path / "table")
    earthcatalog.json(*incremental(table, archive))
    listing = ["--inventory", archive.folder / "its-live-data", "--source-root", archive.source_root]
    assert earthcatalog.json("audit", *listing, "--catalog", table.catalog)["good"]
    delta = earthcatalog.json("delta", *listing, *table.arguments)
    assert (delta["unchanged"], delta["written"]) == (50, 0)


def test_listing_of_a_bucket_differs_in_nothing(s3_earthcatalog, tmp_path):
    place = "s3://its-live-data/generate-dates"
    s3_earthcatalog.run("generate", "--items", 30, "--seed", 3, "--out", place, check=True)
    diff = s3_earthcatalog.json("diff", "--old", f"{place}/inventory.csv", "--new", f"{place}/", "--out",
                                tmp_path / "diff.parquet")
    assert (diff["unchanged"], diff["changed"], diff["added"], diff["removed"]) == (30, 0, 0, 0)
