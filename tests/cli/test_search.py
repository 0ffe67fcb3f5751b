"""search and files: the items that meet a query, each once."""

import datetime
import json
import os
import random

import footprints
import pytest
import shapely
from conftest import Table, incremental

QUERIES = int(os.environ.get("EARTHCATALOG_QUERIES", 120))


class Items:
    """What was ingested, searched through by Python alone."""

    def __init__(self, archive):
        self.by_id = {}
        for path in archive.objects():
            item = json.loads(path.read_text())
            known = self.by_id.get(item["id"])
            if known is None or item["properties"].get("updated", "") >= known["properties"].get("updated", ""):
                self.by_id[item["id"]] = item
        self.places = {id: footprints.planar(item["geometry"]) for id, item in self.by_id.items() if item.get("geometry")}

    def find(self, area=None, span=None, interval=False, ids=None, collections=None):
        begin, end = span or (None, None)
        return sorted(
            id for id, item in self.by_id.items()
            if (ids is None or id in ids) and (collections is None or item.get("collection") in collections)
            and (span is None or self.meets(item["properties"], begin, end, interval))
            and (area is None or (id in self.places and footprints.touch(self.places[id], area))))

    @staticmethod
    def meets(properties, begin, end, interval):
        moment, first, last = (instant(properties.get(name)) for name in ("datetime", "start_datetime", "end_datetime"))
        if first and last and (interval or not moment):
            return (not begin or last >= begin) and (not end or first < end)
        return bool(moment) and (not begin or moment >= begin) and (not end or moment < end)


def instant(text):
    try:
        time = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)


@pytest.fixture(scope="module")
def archive(earthcatalog, tmp_path_factory):
    return earthcatalog.generate(tmp_path_factory.mktemp("archive"), "--odd-every", 15, "--duplicate-every", 40, items=2_000, seed=16)


@pytest.fixture(scope="module")
def items(archive):
    return Items(archive)


def filled_table(earthcatalog, archive, folder, *more):
    table = Table(folder)
    earthcatalog.json(*incremental(table, archive), *more)
    return table


@pytest.fixture(scope="module")
def filled(earthcatalog, archive, tmp_path_factory):
    return filled_table(earthcatalog, archive, tmp_path_factory.mktemp("table"))


def search(earthcatalog, table, *arguments):
    return earthcatalog.run("search", *table.arguments, *arguments, check=True).stdout


def ids_of(earthcatalog, table, *arguments):
    found = search(earthcatalog, table, "--format", "ids", *arguments).splitlines()
    assert len(found) == len(set(found)), "an item came twice"
    return sorted(found)


def box(west, south, east, north):
    return shapely.box(west, south, east if east >= west else east + 360, north)


def random_area(chance, items):
    """The arguments that ask for an area, and the area."""
    kind = chance.randrange(5)
    if kind == 0:
        west, east = chance.uniform(-180, 180), chance.uniform(-180, 180)
        south, north = sorted(chance.uniform(-90, 90) for _ in range(2))
        return [f"--bbox={west},{south},{east},{north}"], box(west, south, east, north)
    place = chance.choice(list(items.places.values())).centroid
    x, y = (place.x + 180) % 360 - 180, place.y
    if kind == 1:
        return [f"--intersects=POINT({x} {y})"], shapely.Point(x, y)
    if kind == 2:
        west, south, north = x - chance.uniform(0, 9), max(-90.0, y - chance.uniform(0, 5)), min(90.0, y + chance.uniform(0, 5))
        west, east = (west + 360 if west < -180 else west), (x + 7 if x + 7 <= 180 else x + 7 - 360)
        return [f"--bbox={west},{south},{east},{north}"], box(west, south, east, north)
    ring = [[x + chance.uniform(1, 20), y + 2], [x - chance.uniform(1, 20), y + 1], [x, y - chance.uniform(1, 4)]]
    ring = [[lon, max(-89.0, min(89.0, lat))] for lon, lat in ring]
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    if kind == 4:
        geometry = {"type": "Feature", "properties": {}, "geometry": geometry}
    return ["--intersects", json.dumps(geometry)], footprints.planar(geometry.get("geometry", geometry))


def random_span(chance):
    """The arguments that ask for a time, and the time: half open."""
    at = lambda *day: datetime.datetime(*day, tzinfo=datetime.timezone.utc)  # noqa: E731
    year, month = chance.randrange(1985, 2025), chance.randrange(1, 12)
    kind = chance.randrange(5)
    text, begin, end = [
        (f"{year}", at(year, 1, 1), at(year + 1, 1, 1)),
        (f"{year}-{month:02}", at(year, month, 1), at(year, month + 1, 1)),
        (f"{year}-{month:02}-01/{year + 1}", at(year, month, 1), at(year + 2, 1, 1)),
        (f"../{year}-06-01T12:00:00Z", None, at(year, 6, 1, 12) + datetime.timedelta(microseconds=1)),
        (f"{year}/..", at(year, 1, 1), None),
    ][kind]
    interval = chance.random() < 0.3
    return ["--datetime", text, "--time-field", "interval" if interval else "datetime"], (begin, end), interval


def random_query(chance, items):
    arguments, wanted = [], {}
    if chance.random() < 0.8:
        more, wanted["area"] = random_area(chance, items)
        arguments += more
    if chance.random() < 0.6 or not arguments:
        more, wanted["span"], wanted["interval"] = random_span(chance)
        arguments += more
    if chance.random() < 0.1:
        wanted["ids"] = set(chance.sample(sorted(items.by_id), 40))
        arguments += ["--ids", ",".join(wanted["ids"])]
    return arguments, wanted


@pytest.mark.parametrize("resolution", [0, 1, 2, 3])
def test_search_finds_what_shapely_finds(earthcatalog, archive, items, resolution, tmp_path):
    table = filled_table(earthcatalog, archive, tmp_path, "--h3-resolution", resolution)
    chance = random.Random(resolution)
    for _ in range(QUERIES // 4):
        arguments, wanted = random_query(chance, items)
        assert ids_of(earthcatalog, table, *arguments) == items.find(**wanted), arguments


def test_search_gives_items_as_they_were(earthcatalog, filled, items):
    found = [json.loads(line) for line in search(earthcatalog, filled, "--bbox=-60,55,-20,85").splitlines()]
    assert found
    for item in found:
        known = items.by_id[item["id"]]
        assert item["assets"] == known["assets"] and item["geometry"] == known["geometry"] and item["links"] == known["links"]


def test_count_is_the_number_alone(earthcatalog, filled, items):
    area = footprints.planar({"type": "Point", "coordinates": [-45, 70]})
    assert search(earthcatalog, filled, "--count") == f"{len(items.by_id)}\n"
    assert search(earthcatalog, filled, "--count", "--intersects", "POINT(-45 70)") == f"{len(items.find(area))}\n"


def test_geojson_is_one_feature_collection(earthcatalog, filled, items):
    found = json.loads(search(earthcatalog, filled, "--format", "geojson", "--datetime", "2019"))
    assert found["type"] == "FeatureCollection" and found["numberReturned"] == len(found["features"])
    span = [datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc) for year in (2019, 2020)]
    assert sorted(item["id"] for item in found["features"]) == items.find(span=span)


def test_max_items_bounds_the_answer_and_keeps_its_order(earthcatalog, filled):
    some = search(earthcatalog, filled, "--format", "ids", "--max-items", 7).splitlines()
    assert some == search(earthcatalog, filled, "--format", "ids").splitlines()[:7]
    assert search(earthcatalog, filled, "--max-items", 0) == ""


def sort_value(item, name):
    value = item.get(name) if name in ("id", "collection") else item["properties"].get(name)
    return instant(value) if name in ("datetime", "updated", "created", "start_datetime", "end_datetime") else value


def in_order(items, order):
    """The ids, sorted by Python: stable sorts from the last key to the first; what has no value comes last."""
    found = sorted(items, key=lambda item: (item.get("collection") is None, item.get("collection") or "", item["id"]))
    for name in reversed(order.split(",")):
        key = name.lstrip("+-").removeprefix("properties.")
        there = [item for item in found if sort_value(item, key) is not None]
        groups = {}
        for item in there:
            groups.setdefault(sort_value(item, key), []).append(item)
        values = sorted(groups, reverse=name.startswith("-"))
        found = [item for value in values for item in groups[value]] + [item for item in found if sort_value(item, key) is None]
    return [item["id"] for item in found]


ORDERS = ["-datetime,id", "+platform,-datetime", "id", "-id", "-properties.percent_valid_pixels,updated", "collection,-created"]


@pytest.mark.parametrize("order", ORDERS)
def test_sortby_is_the_order_that_python_gives(earthcatalog, filled, items, order):
    found = search(earthcatalog, filled, "--format", "ids", "--sortby", order).splitlines()
    assert found == in_order(items.by_id.values(), order)
    assert search(earthcatalog, filled, "--format", "ids", "--sortby", order, "--max-items", 40).splitlines() == found[:40]
    lines = search(earthcatalog, filled, "--sortby", order, "--max-items", 40).splitlines()
    assert [json.loads(line)["id"] for line in lines] == found[:40]


def pages(earthcatalog, table, *arguments, between=lambda: None):
    """The pages, by the token that each of them ends with."""
    token = []
    while True:
        found = json.loads(search(earthcatalog, table, "--format", "geojson", *arguments, *token))
        yield [item["id"] for item in found["features"]]
        if "next" not in found:
            return
        token = ["--token", found["next"]]
        between()


@pytest.mark.parametrize("order", [[], ["--sortby", "-datetime,id"]], ids=["files", "sorted"])
def test_pages_are_the_whole_while_others_commit(earthcatalog, archive, order, tmp_path):
    table = filled_table(earthcatalog, archive, tmp_path, "--limit", 600)
    question = ["--bbox=-180,-90,180,90", *order]
    whole = search(earthcatalog, table, "--format", "ids", *question).splitlines()
    commits = iter([incremental(table, archive, "--limit", 900), ["compact", *table.arguments], incremental(table, archive)])

    def commit():
        if arguments := next(commits, None):
            earthcatalog.json(*arguments)

    found = list(pages(earthcatalog, table, *question, "--limit", 97, between=commit))
    assert [len(page) for page in found[:-1]] == [97] * (len(found) - 1) and len(found) > 4
    assert [id for page in found for id in page] == whole
    assert len(ids_of(earthcatalog, table, *question)) > len(whole)


def test_a_token_goes_on_in_a_past_state(earthcatalog, archive, tmp_path):
    table = filled_table(earthcatalog, archive, tmp_path, "--limit", 300)
    snapshot = table.load().current_snapshot().snapshot_id
    whole = search(earthcatalog, table, "--format", "ids").splitlines()
    earthcatalog.json(*incremental(table, archive))
    found = [id for page in pages(earthcatalog, table, "--as-of", snapshot, "--limit", 120) for id in page]
    assert found == whole
    token = json.loads(search(earthcatalog, table, "--format", "geojson", "--limit", 5))["next"]
    process = earthcatalog.run("search", *table.arguments, "--as-of", snapshot, "--token", token)
    assert process.returncode == 2 and "another one is asked for" in process.stderr


def test_a_page_that_ends_the_answer_has_no_token(earthcatalog, filled, items):
    count = len(items.by_id)
    for limit, more in ((count - 1, True), (count, False), (count + 1, False)):
        process = earthcatalog.run("search", *filled.arguments, "--format", "ids", "--limit", limit, check=True)
        assert ("--token" in process.stderr) == more
        assert len(process.stdout.splitlines()) == min(limit, count)
    bounded = earthcatalog.run("search", *filled.arguments, "--format", "ids", "--limit", 50, "--max-items", 20, check=True)
    assert len(bounded.stdout.splitlines()) == 20 and bounded.stderr == ""


def test_a_token_that_does_not_belong_here_is_refused(earthcatalog, archive, filled, tmp_path):
    question = ["--format", "geojson", "--limit", 5, "--sortby", "id"]
    token = json.loads(search(earthcatalog, filled, *question))["next"]

    def refusal(table, *arguments):
        process = earthcatalog.run("search", *table.arguments, *arguments)
        assert process.stdout == ""
        return process.returncode, process.stderr

    for broken in ("nonsense", token[:-3], token[:30] + ("A" if token[30] != "A" else "B") + token[31:]):
        code, words = refusal(filled, *question, "--token", broken)
        assert code == 2 and "--token is none that a search printed" in words
    for other in (["--sortby", "-id"], [*question, "--datetime", "2019"], [*question, "--ids", "a"]):
        code, words = refusal(filled, *other, "--token", token)
        assert code == 2 and "--token is of another search" in words
    table = filled_table(earthcatalog, archive, tmp_path, "--limit", 300)
    code, words = refusal(table, *question, "--token", token)
    assert code == 2 and "--token is of another table" in words
    token = json.loads(search(earthcatalog, table, *question))["next"]
    earthcatalog.json(*incremental(table, archive))
    earthcatalog.json("expire", *table.arguments, "--older-than", "0s", "--retain-last", 1)
    code, words = refusal(table, *question, "--token", token)
    assert code == 1 and "expired" in words


def test_an_item_comes_once_after_compaction_and_foreign_writes(earthcatalog, archive, items, tmp_path):
    table = filled_table(earthcatalog, archive, tmp_path)
    earthcatalog.json("compact", *table.arguments)
    question = ["--bbox=-70,50,-10,88"]
    before = ids_of(earthcatalog, table, *question)
    assert before == items.find(box(-70, 50, -10, 88))
    iceberg = table.load()
    iceberg.append(iceberg.scan(limit=200).to_arrow())  # another engine doubles rows
    assert ids_of(earthcatalog, table, *question) == before
    in_pages = [id for page in pages(earthcatalog, table, *question, "--limit", 61) for id in page]
    assert sorted(in_pages) == before
    assert search(earthcatalog, table, *question, "--format", "ids", "--sortby", "id").splitlines() == before
    iceberg.delete("grid_primary = true")  # and takes the rows that stand for their items
    left = set(iceberg.refresh().scan(selected_fields=("id",)).to_arrow()["id"].to_pylist())
    assert ids_of(earthcatalog, table) == sorted(left)


def test_as_of_is_the_table_as_it_was(earthcatalog, archive, tmp_path):
    table = filled_table(earthcatalog, archive, tmp_path, "--limit", 500)
    before = ids_of(earthcatalog, table)
    snapshot = table.load().current_snapshot().snapshot_id
    earthcatalog.json(*incremental(table, archive))
    assert ids_of(earthcatalog, table, "--as-of", snapshot) == before
    assert len(ids_of(earthcatalog, table)) > len(before)
    gone = earthcatalog.run("search", *table.arguments, "--as-of", "12345678")
    assert gone.returncode == 1 and "12345678" in gone.stderr


def test_files_hold_every_item_of_the_search(earthcatalog, filled):
    duckdb = pytest.importorskip("duckdb")
    question = ["--bbox=-60,55,-20,85", "--datetime", "2015/2020"]
    read = earthcatalog.run("files", *filled.arguments, *question, "--sql", check=True).stdout
    held = {row[0] for row in duckdb.sql(f"SELECT id FROM {read}").fetchall()}
    found = ids_of(earthcatalog, filled, *question)
    assert found and set(found) <= held
    listed = earthcatalog.run("files", *filled.arguments, *question, check=True).stdout.splitlines()
    described = json.loads(earthcatalog.run("files", *filled.arguments, *question, "--format", "json", check=True).stdout)
    assert [file["path"].removeprefix("file://") for file in described["files"]] == listed
    assert described["row_count"] == sum(file["row_count"] for file in described["files"]) >= len(found)
    assert len(listed) < len(earthcatalog.run("files", *filled.arguments, check=True).stdout.splitlines())


BAD = [
    (["--bbox=1,2,3"], "3 numbers"),
    (["--bbox=1,2,3,4,5"], "5 numbers"),
    (["--bbox=0,10,1,5"], "south 10 is north of north 5"),
    (["--bbox=0,0,200,1"], "longitudes go from -180 to 180"),
    (["--bbox=0,-91,1,1"], "latitudes from -90 to 90"),
    (["--bbox=0,zero,1,1"], '"zero" is no number'),
    (["--bbox=0,0,1,1", "--intersects", "POINT(0 0)"], "exclude each other"),
    (["--intersects", "POINT(0"], "no WKT geometry"),
    (["--intersects", '{"type": "Point"}'], "no GeoJSON geometry"),
    (["--intersects", "POINT EMPTY"], "empty"),
    (["--datetime", "2020-13"], '"2020-13" is no time'),
    (["--datetime", "2021/2020"], "ends before it begins"),
    (["--datetime", "../.."], "open on both sides"),
    (["--max-items", "-1"], "--max-items"),
    (["--limit", "0"], "--limit"),
    (["--sortby", "id,"], "empty name"),
    (["--token", "abc"], "--token is none"),
]


@pytest.mark.parametrize("arguments,words", BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_questions_are_refused_before_the_catalog_is_looked_for(earthcatalog, arguments, words, tmp_path):
    process = earthcatalog.run("search", "--catalog", tmp_path / "none.db", *arguments)
    assert process.returncode == 2 and words in process.stderr, process.stderr
    assert process.stdout == "" and not list(tmp_path.iterdir())


def test_a_data_file_that_is_gone_is_named(earthcatalog, archive, tmp_path):
    table = filled_table(earthcatalog, archive, tmp_path, "--limit", 50)
    lost = earthcatalog.run("files", *table.arguments, check=True).stdout.splitlines()[0]
    os.remove(lost)
    process = earthcatalog.run("search", *table.arguments, "--count")
    assert process.returncode == 1 and lost in process.stderr and process.stdout == ""
