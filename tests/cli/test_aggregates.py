"""search --aggregate and --distinct, and stats: counts, compared with Python's over all ingested items."""

import collections
import json
import re
import xml.etree.ElementTree

import h3
import pytest
import shapely
from conftest import Table, incremental
from test_search import Items, instant


@pytest.fixture(scope="module")
def archive(earthcatalog, tmp_path_factory):
    return earthcatalog.generate(tmp_path_factory.mktemp("archive"), "--odd-every", 15, "--duplicate-every", 40, items=900, seed=33)


@pytest.fixture(scope="module")
def items(archive):
    return Items(archive)


@pytest.fixture(scope="module")
def filled(earthcatalog, archive, tmp_path_factory):
    table = Table(tmp_path_factory.mktemp("table"))
    earthcatalog.json(*incremental(table, archive))
    return table


def aggregations(earthcatalog, table, names, *arguments):
    found = json.loads(earthcatalog.run("search", *table.arguments, "--aggregate", names, *arguments, check=True).stdout)
    assert found["type"] == "AggregationCollection"
    return {one["name"]: one for one in found["aggregations"]}


def frequencies(aggregation):
    keys = [bucket["key"] for bucket in aggregation["buckets"]]
    assert keys == sorted(keys)
    return {bucket["key"]: bucket["frequency"] for bucket in aggregation["buckets"]}


def counted(values):
    """How often each value comes, and how often none."""
    counts = collections.Counter(values)
    none = counts.pop(None, 0)
    return dict(counts), none


@pytest.mark.parametrize("interval,form", [("year", "%Y-01-01T00:00:00Z"), ("month", "%Y-%m-01T00:00:00Z"), ("day", "%Y-%m-%dT00:00:00Z")])
def test_datetime_frequency_counts_items(earthcatalog, filled, items, interval, form):
    found = aggregations(earthcatalog, filled, f"datetime_frequency:{interval}")["datetime_frequency"]
    times = [instant(item["properties"].get("datetime")) for item in items.by_id.values()]
    wanted, none = counted(time.strftime(form).rjust(len(time.strftime(form)), "0") if time else None for time in times)
    assert (frequencies(found), found["overflow"], found["interval"]) == (wanted, none, interval)


def test_aggregations_of_an_area(earthcatalog, filled, items):
    area = shapely.box(-60, 55, -20, 85)
    ids = items.find(area)
    found = aggregations(earthcatalog, filled, "total_count,collection_frequency,platform_frequency", "--bbox=-60,55,-20,85")
    assert found["total_count"]["value"] == len(ids) > 0 and found["total_count"]["source"] == "columns"
    chosen = [items.by_id[id] for id in ids]
    wanted, none = counted(item.get("collection") for item in chosen)
    assert (frequencies(found["collection_frequency"]), found["collection_frequency"]["overflow"]) == (wanted, none)
    wanted, none = counted(item["properties"].get("platform") for item in chosen)
    assert (frequencies(found["platform_frequency"]), found["platform_frequency"]["overflow"]) == (wanted, none)


def test_the_number_of_all_items_needs_no_data_file(earthcatalog, archive, tmp_path):
    table = Table(tmp_path)
    earthcatalog.json(*incremental(table, archive))
    count = int(earthcatalog.run("search", *table.arguments, "--count", check=True).stdout)
    for path in table.data_files():
        open(path, "w").close()
    found = aggregations(earthcatalog, table, "total_count")["total_count"]
    assert (found["value"], found["source"]) == (count, "manifests")


@pytest.mark.parametrize("resolution", [0, 3, 5])
def test_cells_hold_the_centres_of_boxes(earthcatalog, filled, items, resolution):
    found = aggregations(earthcatalog, filled, f"cells:{resolution}")[f"cells:{resolution}"]
    counts, unsure = collections.Counter(), 0
    for id, place in items.places.items():
        if place.is_empty:
            continue
        west, south, east, north = place.bounds
        if east - west >= 180:
            unsure += 1  # parts on both sides of the antimeridian, or round a pole
            continue
        counts[h3.latlng_to_cell((south + north) / 2, ((west + east) / 2 + 180) % 360 - 180, resolution)] += 1
    ours = collections.Counter(frequencies(found))
    assert sum((counts - ours).values()) == 0
    assert sum((ours - counts).values()) <= unsure


def test_distinct_lists_values(earthcatalog, filled, items):
    lines = earthcatalog.run("search", *filled.arguments, "--distinct", "properties.platform", "--datetime", "2010/2020", check=True).stdout
    found = {row["value"]: row["items"] for row in map(json.loads, lines.splitlines())}
    span = instant("2010-01-01"), instant("2021-01-01")
    assert found == dict(collections.Counter(items.by_id[id]["properties"].get("platform") for id in items.find(span=span)))


@pytest.mark.parametrize("arguments,code,words", [
    (["--aggregate", "total"], 2, "there is no total"),
    (["--aggregate", "datetime_frequency:week"], 2, "year, month, day or hour"),
    (["--aggregate", "cells:x"], 2, "cells:0 to cells:15"),
    (["--aggregate", "cells:16"], 2, "16"),
    (["--distinct", "platfrom"], 2, "did you mean platform"),
    (["--distinct", "platform", "--limit", "3"], 2, "leave --limit"),
    (["--aggregate", "total_count", "--distinct", "platform"], 2, "give one"),
])
def test_counts_that_make_no_sense_are_refused(earthcatalog, filled, arguments, code, words):
    process = earthcatalog.run("search", *filled.arguments, *arguments)
    assert process.returncode == code and words in process.stderr and process.stdout == ""


# stats


def test_stats_sums_the_table(earthcatalog, filled, items):
    stats = earthcatalog.json("stats", *filled.arguments, "--by", "platform,collection")
    info = earthcatalog.json("info", *filled.arguments)
    assert [stats[name] for name in ("rows", "files", "bytes", "items")] == [info[name] for name in ("rows", "files", "bytes", "items")]
    assert sum(one["row_count"] for one in stats["partitions"]) == stats["rows"]
    for name, value in (("platform", lambda item: item["properties"].get("platform")), ("collection", lambda item: item.get("collection"))):
        wanted = collections.Counter("null" if value(item) is None else value(item) for item in items.by_id.values())
        assert stats["items_by"][name] == dict(wanted)


def test_stats_draws_bars_for_people(earthcatalog, filled):
    years = collections.Counter()
    for one in earthcatalog.json("stats", *filled.arguments)["partitions"]:
        years["unknown" if one["year"] is None else str(one["year"])] += one["row_count"]
    text = earthcatalog.run("stats", *filled.arguments, check=True).stdout
    bars = re.findall(r"^(\w+) +(\d+)  (█*)", text, re.MULTILINE)
    assert {name: int(rows) for name, rows, _ in bars if name in years} == dict(years)
    longest = max(bars, key=lambda bar: len(bar[2]))
    assert years[longest[0]] == max(years.values()) and len(longest[2]) == 40


def test_map_draws_each_cell_inside_the_globe(earthcatalog, filled, tmp_path):
    out = tmp_path / "globe.svg"
    stats = earthcatalog.json("stats", *filled.arguments, "--map", out)
    root = xml.etree.ElementTree.parse(out).getroot()
    name = "{http://www.w3.org/2000/svg}"
    disks = [(float(disk.get("cx")), float(disk.get("cy")), float(disk.get("r"))) for disk in root.iter(name + "circle")]
    drawn = {}
    for polygon in root.iter(name + "polygon"):
        points = [tuple(map(float, point.split(","))) for point in polygon.get("points").split()]
        assert any(all((x - cx) ** 2 + (y - cy) ** 2 <= (r + 0.2) ** 2 for x, y in points) for cx, cy, r in disks)
        cell, rows = re.fullmatch(r"(\w+): (\d+) rows", polygon.find(name + "title").text).groups()
        drawn[cell] = int(rows)
    rows = collections.Counter()
    for one in stats["partitions"]:
        rows[one["grid_partition"]] += one["row_count"]
    rows.pop("__none__", None)
    assert len(disks) == 2 and drawn == dict(rows)


def test_a_map_of_regions_is_refused(earthcatalog, archive, tmp_path):
    regions = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"id": "all"}, "geometry": {
        "type": "Polygon", "coordinates": [[[-179, -89], [179, -89], [179, 89], [-179, 89], [-179, -89]]]}}]}
    (tmp_path / "regions.json").write_text(json.dumps(regions))
    table = Table(tmp_path / "table")
    earthcatalog.json(*incremental(table, archive, "--limit", 30, "--grid", "geojson", "--boundaries", tmp_path / "regions.json", "--id-field", "id"))
    process = earthcatalog.run("stats", *table.arguments, "--map", tmp_path / "globe.svg")
    assert process.returncode == 1 and "--map" in process.stderr and not (tmp_path / "globe.svg").exists()


