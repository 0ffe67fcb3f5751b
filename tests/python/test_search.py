"""ItemSearch: what pystac-client's users type, against Python over all items."""

import datetime as dt
import json
import pickle
import random
import threading

import pytest
import shapely

import earthcatalog as ec
from earthcatalog.errors import InvalidArgumentError
from earthcatalog.search import ItemSearch

UTC = dt.UTC


@pytest.fixture(scope="module")
def base(small_archive, tmp_path_factory):
    base = tmp_path_factory.mktemp("base")
    ec.ingest(small_archive.inventory, base=base, mode="full", source_root=small_archive.source_root, progress=False)
    return base


@pytest.fixture(scope="module")
def catalog(base):
    return ec.open(base=base)


@pytest.fixture(scope="module")
def items(small_archive):
    return {item["id"]: item for item in map(json.loads, (path.read_text() for path in small_archive.objects()))}


def ids(search):
    return sorted(item["id"] for item in search)


def moment(item):
    return dt.datetime.fromisoformat(item["properties"]["datetime"])


def test_all_items_come_as_they_were_ingested(catalog, items):
    found = list(catalog.search().items_as_dicts())
    assert sorted(item["id"] for item in found) == sorted(items)
    for item in found:
        known = items[item["id"]]
        assert item["geometry"] == known["geometry"] and item["collection"] == known["collection"]
        assert item["assets"] == known["assets"]


@pytest.mark.parametrize(
    "value, first, last",
    [
        ("2020", dt.datetime(2020, 1, 1, tzinfo=UTC), dt.datetime(2021, 1, 1, tzinfo=UTC)),
        ("2020-06", dt.datetime(2020, 6, 1, tzinfo=UTC), dt.datetime(2020, 7, 1, tzinfo=UTC)),
        ("2019/2020", dt.datetime(2019, 1, 1, tzinfo=UTC), dt.datetime(2021, 1, 1, tzinfo=UTC)),
        ("../2010-03-04", None, dt.datetime(2010, 3, 5, tzinfo=UTC)),
        (("2015", None), dt.datetime(2015, 1, 1, tzinfo=UTC), None),
        (
            [dt.date(2015, 1, 1), dt.datetime(2019, 7, 1)],
            dt.datetime(2015, 1, 1, tzinfo=UTC),
            dt.datetime(2019, 7, 1, 0, 0, 0, 1, tzinfo=UTC),
        ),
        (dt.date(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=UTC), dt.datetime(2020, 1, 2, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_times_as_pystac_client_takes_them(catalog, items, value, first, last):
    expected = [
        id
        for id, item in items.items()
        if (first is None or moment(item) >= first) and (last is None or moment(item) < last)
    ]
    assert ids(catalog.search(datetime=value)) == sorted(expected)


def test_areas_in_every_spelling(catalog, items):
    box = shapely.box(-60, 55, -20, 80)
    expected = sorted(
        id for id, item in items.items() if shapely.intersects(shapely.geometry.shape(item["geometry"]), box)
    )
    assert expected
    geojson = shapely.geometry.mapping(box)
    feature = {"type": "Feature", "properties": {}, "geometry": geojson}
    spellings = [geojson, json.dumps(geojson), feature, box, box.wkt, box.wkb,
                 shapely.to_wkb(shapely.set_srid(box, 4326), include_srid=True)]  # fmt: skip
    for spelling in spellings:
        assert ids(catalog.search(intersects=spelling)) == expected
    for bbox in ("-60,55,-20,80", [-60, 55, -20, 80], (-60.0, 55.0, 0, -20.0, 80.0, 9_000)):
        assert ids(catalog.search(bbox=bbox)) == expected


def test_ids_and_collections_in_every_spelling(catalog, items):
    some = sorted(items)[:3]

    class Collection:
        id = items[some[0]]["collection"]

    for given in (some, tuple(some), set(some), ",".join(some), iter(some)):
        assert ids(catalog.search(ids=given)) == some
    assert ids(catalog.search(ids=[])) == sorted(items), "as if it was not given"
    assert ids(catalog.search(ids=[*some, "nobody"], collections=[Collection])) == some
    assert ids(catalog.search(collections="another")) == []


def test_filters_and_queries(catalog, items):
    expected = sorted(id for id, item in items.items() if item["properties"]["percent_valid_pixels"] < 40)
    assert expected
    as_json = {"op": "<", "args": [{"property": "percent_valid_pixels"}, 40]}
    for asked in (
        {"filter": "percent_valid_pixels < 40"},
        {"filter": as_json},
        {"filter": json.dumps(as_json), "filter_lang": "cql2-json"},
        {"query": {"percent_valid_pixels": {"lt": 40}}},
        {"query": ["percent_valid_pixels<40"]},
    ):
        assert ids(catalog.search(**asked)) == expected, asked
    platform = items[expected[0]]["properties"]["platform"]
    both = sorted(id for id in expected if items[id]["properties"]["platform"] == platform)
    for asked in (
        {"filter": "percent_valid_pixels < 40", "query": {"platform": {"eq": platform}}},
        {"filter": as_json, "query": [f"platform={platform}"]},
        {"query": {"platform": {"startsWith": platform}, "percent_valid_pixels": {"lt": 40}}},
        {"query": {"platform": {"in": [platform]}, "percent_valid_pixels": {"lt": 40}}},
    ):
        assert ids(catalog.search(**asked)) == both, asked


def test_order_pages_and_counts(catalog, items):
    newest = sorted(items, key=lambda id: (moment(items[id]), id), reverse=True)
    for key in ("-datetime", ["-datetime"], [{"field": "properties.datetime", "direction": "desc"}]):
        assert [item["id"] for item in catalog.search(sortby=key)] == newest
    pages = list(catalog.search(limit=50).pages_as_dicts())
    assert [len(page["features"]) for page in pages] == [50, 50, 20]
    assert len(list(catalog.search(max_items=7))) == 7
    assert len(list(catalog.search(max_items=0))) == 0
    search = catalog.search(bbox=(-60, 55, -20, 80), max_items=1)
    assert search.matched() == len(ids(catalog.search(bbox=(-60, 55, -20, 80))))
    stats = search.stats()
    assert 0 < stats["files"] <= catalog.total_files() and stats["rows_upper_bound"] >= search.matched()
    assert "files_read" in search.explain()


def test_fields(catalog, items):
    for asked in ({"fields": "id,properties.platform"}, {"include": ["id", "properties.platform"]},
                  {"fields": {"include": ["id", "properties.platform"]}}):  # fmt: skip
        for item in catalog.search(**asked):
            assert set(item["properties"]) == {"platform"} and "assets" not in item and "geometry" not in item
    for item in catalog.search(fields=["-assets"]):
        assert "assets" not in item and "geometry" in item
    uris = catalog.search_uris(asset="data")
    assert uris.column_names == ["id", "uri"]
    hrefs = {id: item["assets"].get("data", {}).get("href") for id, item in items.items()}
    assert dict(zip(uris["id"].to_pylist(), uris["uri"].to_pylist(), strict=True)) == hrefs


def test_objects_of_pystac(catalog, items):
    pystac = pytest.importorskip("pystac")
    found = list(catalog.search(max_items=5).items())
    assert all(isinstance(item, pystac.Item) and item.id in items for item in found)
    assert len(catalog.search().item_collection()) == 120
    assert [len(page) for page in catalog.search(limit=100).pages()] == [100, 20]
    assert len(catalog.duck_search(format="pystac", max_items=3)) == 3
    with pytest.warns(UserWarning, match="fields"):
        next(catalog.search(fields=["-assets"]).items())


def test_tables(catalog, items):
    table = catalog.search_to_arrow(bbox=(-60, 55, -20, 80))
    assert sorted(table["id"].to_pylist()) == ids(catalog.search(bbox=(-60, 55, -20, 80)))
    assert catalog.search_to_arrow(columns=["id", "platform"]).column_names == ["id", "platform"]
    import pyarrow as pa

    assert pa.table(catalog.search()).num_rows == 120, "by the C stream interface"
    frame = catalog.search().to_geodataframe()
    assert len(frame) == 120 and frame.crs.to_epsg() == 4326
    for id, geometry in zip(frame["id"], frame.geometry, strict=True):
        assert shapely.equals(geometry, shapely.geometry.shape(items[id]["geometry"]))
    assert catalog.to_duckdb(datetime="2020").aggregate("count(*)").fetchone()[0] == len(
        ids(catalog.search(datetime="2020"))
    )
    assert len(catalog.duck_search()) == 120
    exact = catalog.search_to_arrow(format="stac-geoparquet")
    assert exact.num_rows == 120 and pa.types.is_struct(exact.schema.field("assets").type)


def test_one_item_and_collections(catalog, items):
    id = sorted(items)[0]
    assert catalog.get_item(id)["id"] == id
    assert catalog.get_item(id, "another") is None and catalog.get_item("nobody") is None
    (collection,) = catalog.collections()
    assert collection["id"] == items[id]["collection"] and collection["item_count"] == 120
    _, south, _, north = collection["extent"]["spatial"]["bbox"][0]
    bounds = [shapely.geometry.shape(item["geometry"]).bounds for item in items.values()]
    assert (south, north) == (min(b[1] for b in bounds), max(b[3] for b in bounds))
    assert collection["extent"]["temporal"]["interval"][0][0] is not None


@pytest.mark.parametrize(
    "asked, words",
    [
        ({"bbox": [1, 2, 3]}, "bbox"),
        ({"bbox": "1,2,3,4,5"}, "bbox"),
        ({"bbox": [0, 60, 10, 50]}, "bbox"),
        ({"bbox": [0, 0, 1, 1], "intersects": "POINT(0 0)"}, "bbox, intersects"),
        ({"intersects": "POINT(0)"}, "intersects|geometry"),
        ({"datetime": ["2019", "2020", "2021"]}, "datetime"),
        ({"datetime": "2021/2019"}, "datetime"),
        ({"datetime": "../.."}, "datetime"),
        ({"max_items": -1}, "max_items"),
        ({"limit": 0}, "limit"),
        ({"query": ["platform"]}, "query"),
        ({"query": {"platform": {"near": 1}}}, "query"),
        ({"filter": "platform ="}, "filter"),
        ({"filter": "{]", "filter_lang": "cql2-json"}, "filter"),
        ({"filter": "a=1", "filter_lang": "sql"}, "filter_lang"),
        ({"sortby": [{"field": "id", "direction": "up"}]}, "sortby"),
        ({"sortby": "nobody_has_it"}, "sortby"),
        ({"token": "nonsense"}, "token"),
    ],
)
def test_what_makes_no_sense_is_a_value_error_that_names_it(catalog, asked, words):
    with pytest.raises(ValueError, match=words) as caught:
        list(catalog.search(**asked))
    assert isinstance(caught.value, InvalidArgumentError) and "--" not in str(caught.value)


@pytest.mark.parametrize(
    "asked", [{"nonsense": 1}, {"ids": 3}, {"intersects": 3}, {"max_items": "7"}, {"filter": 7}, {"sortby": [3]}]
)
def test_what_is_of_another_type_is_a_type_error(catalog, asked):
    with pytest.raises(TypeError):
        list(catalog.search(**asked))


def test_an_unknown_property_is_null_and_strict_refuses_it(catalog):
    assert ids(catalog.search(filter="plattform = 'LC08'")) == []
    with pytest.raises(ec.EarthCatalogError, match="platform"):
        list(catalog.search(filter="plattform = 'LC08'", strict=True))


def test_a_search_left_early_ends(catalog):
    before = threading.active_count()
    for _ in range(20):
        search = iter(catalog.search())
        next(search)
        search.close()
    assert threading.active_count() <= before + 1


def test_searches_are_places_and_words(catalog):
    search = pickle.loads(pickle.dumps(catalog.search(datetime="2020", max_items=3)))
    assert isinstance(search, ItemSearch) and len(list(search)) == 3
    assert search.get_parameters() == {"datetime": "2020", "max_items": 3, "limit": 1_000}
    assert "datetime=2020" in search.url_with_parameters()
    assert "2020" in repr(search) and "rows_upper_bound" in search._repr_html_()


def test_a_search_stands_on_its_snapshot(small_archive, tmp_path):
    base = tmp_path / "own"
    half = {"source_root": small_archive.source_root, "progress": False}
    ec.ingest(small_archive.inventory, base=base, mode="full", limit=60, **half)
    catalog = ec.open(base=base)
    before = ids(catalog.search())
    search = iter(catalog.search())
    first = next(search)["id"]
    ec.ingest(small_archive.inventory, base=base, mode="delta", **half)
    ec.open(base=base).compact(threshold=2)
    assert sorted([first, *(item["id"] for item in search)]) == before
    assert ids(catalog.search()) == before
    assert catalog.refresh() and len(ids(catalog.search())) == 120


def test_random_questions(catalog, items):
    random.seed(16)
    shapes = {id: shapely.geometry.shape(item["geometry"]) for id, item in items.items()}
    for _ in range(25):
        west, south = random.uniform(-180, 150), random.uniform(-90, 70)
        box = shapely.box(west, south, west + random.uniform(0, 30), south + random.uniform(0, 20))
        year = random.randint(1985, 2025)
        inside = [id for id, shape in shapes.items() if shapely.intersects(shape, box)]
        assert set(inside) <= set(ids(catalog.search(intersects=box)))
        dated = sorted(id for id in ids(catalog.search(intersects=box)) if moment(items[id]).year <= year)
        assert ids(catalog.search(intersects=box, datetime=f"../{year}")) == dated
