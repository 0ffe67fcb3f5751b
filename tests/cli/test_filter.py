"""search --filter: CQL2 against other engines over the same rows."""

import json
import os
import random

import footprints
import pytest
import shapely
from conftest import Table, incremental

QUERIES = int(os.environ.get("EARTHCATALOG_QUERIES", 120))


@pytest.fixture(scope="module")
def archive(earthcatalog, tmp_path_factory):
    return earthcatalog.generate(tmp_path_factory.mktemp("archive"), "--odd-every", 15, items=600, seed=21)


@pytest.fixture(scope="module")
def filled(earthcatalog, archive, tmp_path_factory):
    table = Table(tmp_path_factory.mktemp("table"))
    earthcatalog.json(*incremental(table, archive), "--h3-resolution", 0)
    return table


def found(earthcatalog, table, filter, *more):
    process = earthcatalog.run("search", *table.arguments, "--format", "ids", "--filter", filter, *more)
    assert process.returncode == 0, (filter, process.stderr)
    return sorted(process.stdout.splitlines())


@pytest.fixture(scope="module")
def rows(filled):
    """The primary rows, in DuckDB."""
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    items = filled.load().scan(row_filter="grid_primary == true").to_arrow()
    connection.register("items", items)
    connection.execute("CREATE TABLE rows AS SELECT * FROM items")
    return connection


NUMBERS = ["percent_valid_pixels", "date_dt", "latitude", "longitude"]
TEXTS = ["platform", '"proj:code"', "version", "scene_1_frame", "id"]
TIMES = ["datetime", "start_datetime", "end_datetime", "updated"]


class Expressions:
    """Random expressions, each in CQL2 and in DuckDB's SQL."""

    def __init__(self, rows, seed):
        self.chance = random.Random(seed)
        self.values = {name: [row[0] for row in rows.execute(f"SELECT {name} FROM rows WHERE {name} IS NOT NULL").fetchall()]
                       for name in NUMBERS + TEXTS}

    def number(self, depth=2):
        kind = self.chance.randrange(4 if depth else 2)
        if kind == 0:
            name = self.chance.choice(NUMBERS)
            return name, name
        if kind == 1:
            value = repr(self.chance.choice(self.values[self.chance.choice(NUMBERS)]))
            return value, value
        one, other = self.number(depth - 1), self.number(depth - 1)
        sign = self.chance.choice("+-*/")
        divisor = f"nullif({other[1]}, 0)" if sign == "/" else other[1]
        return f"({one[0]} {sign} {other[0]})", f"({one[1]}::DOUBLE {sign} {divisor}::DOUBLE)"

    def text(self, name):
        value = self.chance.choice(self.values[name] or ["x"]).replace("'", "''")
        return f"'{value}'"

    def pattern(self, name):
        value = self.text(name)[1:-1]
        cut = self.chance.randrange(len(value) + 1)
        kind = self.chance.randrange(4)
        escaped = value.replace("_", "\\_") if kind == 3 else value
        return "'" + [value[:cut] + "%", "%" + value[cut:], value[:cut] + "_" + value[cut + 1:], "%" + escaped + "%"][kind] + "'"

    def comparison(self):
        sign = self.chance.choice(["=", "<>", "<", "<=", ">", ">="])
        kind = self.chance.randrange(9)
        if kind < 2:
            one, other = self.number(), self.number()
            return f"{one[0]} {sign} {other[0]}", f"{one[1]}::DOUBLE {sign} {other[1]}::DOUBLE"
        name = self.chance.choice(TEXTS)
        if kind == 2:
            both = f"{name} {sign} {self.text(name)}"
            return both, both
        if kind == 3:
            negated = self.chance.choice(["", "NOT "])
            pattern = self.pattern(name)
            return f"{name} {negated}LIKE {pattern}", f"{name} {negated}LIKE {pattern} ESCAPE '\\'"
        if kind == 4:
            negated = self.chance.choice(["", "NOT "])
            members = ", ".join(self.text(name) for _ in range(self.chance.randrange(1, 4)))
            both = f"{name} {negated}IN ({members})"
            return both, both
        if kind == 5:
            one, low, high = self.number(1), self.number(1), self.number(1)
            negated = self.chance.choice(["", "NOT "])
            return tuple(f"{one[i]} {negated}BETWEEN {low[i]} AND {high[i]}" for i in range(2))
        if kind == 6:
            both = f"{self.chance.choice(NUMBERS + TEXTS + TIMES)} IS {self.chance.choice(['', 'NOT '])}NULL"
            return both, both
        if kind == 7:
            time = f"20{self.chance.randrange(10, 25)}-{self.chance.randrange(1, 13):02}-11T0{self.chance.randrange(10)}:00:00Z"
            column = self.chance.choice(TIMES)
            return f"{column} {sign} TIMESTAMP('{time}')", f"{column} {sign} TIMESTAMPTZ '{time}'"
        value = self.text(name)
        return f"CASEI({name}) {sign} CASEI({value.lower()})", f"lower({name}) {sign} lower({value})"

    def expression(self, depth=3):
        kind = self.chance.randrange(4) if depth else 3
        if kind == 3:
            return self.comparison()
        one = self.expression(depth - 1)
        if kind == 0:
            return f"NOT ({one[0]})", f"NOT ({one[1]})"
        other, word = self.expression(depth - 1), ["", "AND", "OR"][kind]
        return tuple(f"({one[i]}) {word} ({other[i]})" for i in range(2))


def test_random_expressions_find_what_duckdb_finds(earthcatalog, filled, rows):
    expressions = Expressions(rows, seed=3)
    answers = set()
    for _ in range(QUERIES):
        cql2, sql = expressions.expression()
        wanted = sorted(row[0] for row in rows.execute(f"SELECT id FROM rows WHERE {sql}").fetchall())
        assert found(earthcatalog, filled, cql2) == wanted, (cql2, sql)
        answers.add(len(wanted))
    assert len(answers) > QUERIES / 10, "most expressions ask for something of their own"


def test_json_and_text_find_the_same(earthcatalog, filled):
    text = found(earthcatalog, filled, "percent_valid_pixels > 50 AND NOT platform LIKE 'S%'")
    as_json = json.dumps({"op": "and", "args": [
        {"op": ">", "args": [{"property": "percent_valid_pixels"}, 50]},
        {"op": "not", "args": [{"op": "like", "args": [{"property": "platform"}, "S%"]}]}]})
    assert text and text == found(earthcatalog, filled, as_json) == found(earthcatalog, filled, as_json, "--filter-lang", "json")


def stored(folder, properties, **more):
    """A table of items with these properties, numbered from 0."""
    keys = []
    for number, one in enumerate(properties):
        item = {"type": "Feature", "stac_version": "1.1.0", "id": f"i{number}", "links": [], "assets": {}, "geometry": None, **more,
                "properties": {"datetime": "2020-01-01T00:00:00Z", **one}}
        (folder / "bucket").mkdir(exist_ok=True)
        (folder / "bucket" / f"{number}.stac.json").write_text(json.dumps(item))
        keys.append(f"{number}.stac.json")
    (folder / "inventory.csv").write_text("bucket,key\n" + "".join(f"bucket,{key}\n" for key in keys))
    return Table(folder / "table"), ["--inventory", folder / "inventory.csv", "--source-root", f"file://{folder}/"]


PROPERTIES = [
    {"a": {"b": {"c": 5}}, "eo:cloud_cover": 10, "proj:shape": [10, 20], "instruments": ["oli", "tirs"], "mixed": "text"},
    {"a": {"b.c": 6}, "eo:cloud_cover": 20.5, "proj:shape": [30, 40], "instruments": ["msi"], "mixed": 7},
    {"a.b.c": 7, "eo:cloud_cover": None, "instruments": [], "mixed": True},
    {"a": [1], "eo:cloud_cover": 30, "mixed": None},
]
FOUND = [
    ("a.b.c = 5", [0]), ("a.b.c = 6", [1]), ("a.b.c = 7", [2]), ("properties.a.b.c > 5", [1, 2]), ("a.b.c IS NULL", [3]),
    ("eo:cloud_cover < 25", [0, 1]), ("properties.eo:cloud_cover < 25", [0, 1]), ('"eo:cloud_cover" IS NULL', [2]),
    ("NOT eo:cloud_cover < 25", [3]), ("eo:cloud_cover <> 10 OR eo:cloud_cover IS NULL", [1, 2, 3]),
    ("A_CONTAINS(instruments, ('oli'))", [0]), ("A_OVERLAPS(instruments, ('oli', 'msi'))", [0, 1]),
    ("A_EQUALS(proj:shape, (30, 40))", [1]), ("A_CONTAINEDBY(instruments, ('msi'))", [1, 2]), ("instruments IS NULL", [3]),
    ("mixed = 'text'", [0]), ("mixed = 7", [1]), ("mixed = TRUE", [2]), ("mixed IS NULL", [3]),
    ("assets.data.href LIKE '%.tif' AND assets.data.roles IS NOT NULL", [0, 1, 2, 3]), ("assets.thumb.href IS NULL", [0, 1, 2, 3]),
    ("A_CONTAINS(assets.data.roles, ('data'))", [0, 1, 2, 3]), ("collection = 'c' AND id IN ('i1', 'i2', 'i9')", [1, 2]),
    ("A_CONTAINS(bbox, (1, 2))", [0, 1, 2, 3]),
]


@pytest.mark.parametrize("schema", ["auto", "itslive"])
def test_properties_are_found_wherever_they_stand(earthcatalog, schema, tmp_path):
    table, source = stored(tmp_path, PROPERTIES, collection="c", bbox=[1, 2, 1, 2], geometry={"type": "Point", "coordinates": [1, 2]},
                           assets={"data": {"href": "s3://b/x.tif", "roles": ["data"]}})
    earthcatalog.json("incremental", *source, *table.arguments, "--schema", schema)
    wrong = []
    for filter, wanted in FOUND:
        process = earthcatalog.run("search", *table.arguments, "--format", "ids", "--filter", filter)
        ids = sorted(process.stdout.split())
        if ids != [f"i{number}" for number in wanted]:
            wrong.append((filter, wanted, ids, process.stderr))
    # A column of one type refuses values of the others; in stac_extra each item has its own.
    assert [one[0] for one in wrong] == ([] if schema == "itslive" else [filter for filter, *_ in wrong if filter.startswith("mixed = ")])


def test_a_place_in_a_filter_is_the_place_of_intersects(earthcatalog, filled):
    for place in ["POINT(-45 70)", "POLYGON((-60 60, -20 60, -20 80, -60 80, -60 60))", "LINESTRING(170 -80, 190 85)",
                  "POLYGON((0 80, 90 80, 180 80, 270 80, 0 80))", "POINT(0 90)"]:
        wanted = earthcatalog.run("search", *filled.arguments, "--format", "ids", "--intersects", place, check=True).stdout.split()
        assert found(earthcatalog, filled, f"S_INTERSECTS(geometry, {place})") == sorted(wanted), place
        # Within other words it chooses neither cells nor files.
        assert found(earthcatalog, filled, f"NOT NOT S_INTERSECTS({place}, geometry) OR FALSE") == sorted(wanted), place
        assert found(earthcatalog, filled, f"S_DISJOINT(geometry, {place})") == \
            sorted(set(found(earthcatalog, filled, "geometry IS NOT NULL")) - set(wanted)), place


def test_spatial_predicates_find_what_shapely_finds(earthcatalog, filled, archive):
    items = {item["id"]: item for item in (json.loads(path.read_text()) for path in archive.objects())}
    places = {id: footprints.planar(item["geometry"]) for id, item in items.items() if item.get("geometry")}
    # Away from poles and antimeridian the plane is shapely's own.
    places = {id: place for id, place in places.items() if place.bounds[2] < 175 and place.bounds[0] > -175 and abs(place.centroid.y) < 84}
    chance = random.Random(5)
    kinds = {"S_WITHIN": shapely.within, "S_CONTAINS": shapely.contains, "S_OVERLAPS": shapely.overlaps, "S_CROSSES": shapely.crosses,
             "S_TOUCHES": shapely.touches, "S_EQUALS": shapely.equals, "S_INTERSECTS": shapely.intersects}
    seen = set()
    for _ in range(QUERIES // 4):
        id = chance.choice(sorted(places))
        x, y = places[id].centroid.coords[0]
        size = chance.choice([0.1, 3, 10])
        area = chance.choice([places[id], shapely.box(x - size, y - size, x + size, y + size), shapely.Point(x, y),
                              shapely.LineString([(x - size, y - size), (x + size, y + size)])])
        if area.bounds[0] < -175 or area.bounds[2] > 175 or max(abs(area.bounds[1]), abs(area.bounds[3])) > 88:
            continue
        name, test = chance.choice(sorted(kinds.items()))
        wanted = sorted(id for id, place in places.items() if test(place, area))
        answer = [id for id in found(earthcatalog, filled, f"{name}(geometry, {area.wkt})") if id in places]
        assert answer == wanted, (name, area.wkt)
        if wanted:
            seen.add(name)
    assert len(seen) >= 3


BAD = [
    (["--filter", "a = = 3"], "--filter, byte 4: expected a property"),
    (["--filter", "a = 'x"], "byte 4"),
    (["--filter", '{"op": "='], "byte 9: this is no JSON"),
    (["--filter", '{"op": "=", "args": [1]}'], "takes 2 arguments, not 1"),
    (["--filter", "a = 3", "--filter-lang", "json"], "byte 0: this is no JSON"),
    (["--filter", "S_WITHIN(geometry, POINT(0 91))"], "latitude"),
    (["--filter", "avg(a) = 3"], "there is no function avg"),
    (["--filter", "'a' < 3"], "a text is compared with a number"),
    (["--filter", "1 + 1"], "true or false"),
]


@pytest.mark.parametrize("arguments,words", BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_a_bad_filter_is_refused_before_the_catalog_is_looked_for(earthcatalog, arguments, words, tmp_path):
    process = earthcatalog.run("search", "--catalog", tmp_path / "none.db", *arguments)
    assert process.returncode == 2 and words in process.stderr, process.stderr
    assert process.stdout == "" and not list(tmp_path.iterdir())


def test_a_syntax_error_is_shown_by_a_caret(earthcatalog, tmp_path):
    process = earthcatalog.run("search", "--catalog", tmp_path / "none.db", "--filter", "platform = = 3")
    assert process.stderr.splitlines()[1:3] == ["  platform = = 3", "             ^"]


def test_a_column_of_another_type_is_refused(earthcatalog, filled):
    process = earthcatalog.run("search", *filled.arguments, "--filter", "percent_valid_pixels = 'much'")
    assert process.returncode == 1 and process.stdout == ""
    assert "--filter: a number is compared with a text in percent_valid_pixels = 'much'" in process.stderr


def test_an_unknown_property_is_null_with_a_note_and_refused_when_strict(earthcatalog, filled):
    process = earthcatalog.run("search", *filled.arguments, "--count", "--filter", "platfrom = 'S1A' OR platfrom IS NULL")
    assert process.returncode == 0 and int(process.stdout) > 0
    assert "no column holds platfrom; did you mean platform?" in process.stderr
    strict = earthcatalog.run("search", *filled.arguments, "--count", "--strict", "--filter", "platfrom = 'S1A'")
    assert strict.returncode == 1 and strict.stdout == "" and "did you mean platform?" in strict.stderr
