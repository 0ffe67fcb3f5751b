"""Partitioners as Python objects."""

import json
import pickle

import pytest
import shapely

from earthcatalog.grids import GeoJSONPartitioner, H3Partitioner
from earthcatalog.grids.h3_partitioner import H3Partitioner as ByModule
from earthcatalog.partitioner import AbstractPartitioner

POINT = shapely.Point(-45.0, 70.0)


@pytest.fixture
def regions(tmp_path):
    boxes = {"west": shapely.box(-60, 60, -40, 80), "east": shapely.box(-50, 60, -20, 80)}
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": box.__geo_interface__}
        for name, box in boxes.items()
    ]
    path = tmp_path / "regions.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_h3_names_the_cell_of_a_point():
    import h3

    assert ByModule is H3Partitioner
    for resolution in (0, 1, 5, 15):
        expected = [h3.latlng_to_cell(70.0, -45.0, resolution)]
        assert H3Partitioner(resolution).get_intersecting_keys(POINT.wkb) == expected


def test_h3_names_all_cells_of_a_polygon_in_ascending_order():
    names = H3Partitioner(resolution=1).get_intersecting_keys(shapely.box(-50, 60, -20, 80).wkb)
    assert len(names) > 3 and names == sorted(set(names))


def test_h3_refuses_a_resolution_that_there_is_not():
    for resolution in (-1, 16):
        with pytest.raises(ValueError, match="resolution"):
            H3Partitioner(resolution)
    with pytest.raises(TypeError, match="resolution"):
        H3Partitioner(1.5)


def test_regions_are_named_and_a_footprint_outside_of_all_has_none(regions):
    partitioner = GeoJSONPartitioner(regions, id_field="name")
    assert partitioner.ids == ["east", "west"]
    assert partitioner.get_intersecting_keys(POINT.wkb) == ["east", "west"]
    assert partitioner.get_intersecting_keys(shapely.Point(0, 0).wkb) == []


def test_partitioners_pickle_by_their_arguments_and_compare(regions):
    for partitioner in (H3Partitioner(3), GeoJSONPartitioner(regions, "name")):
        partitioner._native()
        copy = pickle.loads(pickle.dumps(partitioner))
        assert copy == partitioner and hash(copy) == hash(partitioner) and repr(copy) == repr(partitioner)
    assert H3Partitioner(3) != H3Partitioner(4)


def test_the_batch_call_of_a_python_partitioner_asks_one_by_one_by_default():
    class Mine(AbstractPartitioner):
        def get_intersecting_keys(self, geom_wkb):
            return [f"len{len(geom_wkb)}"]

    assert Mine().get_intersecting_keys_many([b"a", b"bc"]) == [["len1"], ["len2"]]
    with pytest.raises(TypeError):
        AbstractPartitioner()
