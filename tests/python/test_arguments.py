"""Common arguments, from Python's values to the core's."""

import logging
from datetime import UTC, date, datetime, timedelta, timezone

import numpy
import pytest

from earthcatalog import _arguments, _call, _progress, config, errors, partitioner, store_config
from earthcatalog._report import IngestReport


def test_since_takes_times_dates_spans_and_texts():
    now = datetime(2026, 4, 21, 12, tzinfo=UTC)
    two_hours_east = timezone(timedelta(hours=2))
    assert _arguments.since_text(None) is None
    assert _arguments.since_text(datetime(2026, 4, 21, 2, tzinfo=two_hours_east)) == "2026-04-21T00:00:00Z"
    assert _arguments.since_text(date(2026, 4, 21)) == "2026-04-21"
    assert _arguments.since_text(timedelta(days=2), now) == "2026-04-19T12:00:00Z"
    assert _arguments.since_text("2d") == "2d"


def test_a_naive_since_is_refused_and_names_the_remedy():
    with pytest.raises(ValueError, match=r"since: .*timezone.utc"):
        _arguments.since_text(datetime(2026, 4, 21))
    with pytest.raises(ValueError, match="since"):
        _arguments.since_text(timedelta(days=-1))
    with pytest.raises(TypeError, match="since"):
        _arguments.since_text(20260421)


def test_limit_zero_and_none_mean_all_and_a_negative_one_is_refused():
    assert _arguments.limit_of(None) is None
    assert _arguments.limit_of(0) is None
    assert _arguments.limit_of(numpy.int64(7)) == 7
    with pytest.raises(ValueError, match="limit: -1"):
        _arguments.limit_of(-1)
    for value in (True, "7", 7.0):
        with pytest.raises(TypeError, match="limit"):
            _arguments.limit_of(value)


def test_an_unknown_argument_is_a_type_error_of_the_function():
    with pytest.raises(TypeError, match=r"run\(\) got an unexpected keyword argument 'memory'"):
        _arguments.common_spec("run", {"memory": 3})


def test_common_arguments_become_members_of_a_spec(tmp_path):
    spec, settings, progress = _arguments.common_spec(
        "run",
        {
            "lock_ttl": timedelta(minutes=5),
            "memory_limit": "1GiB",
            "source_root": tmp_path,
            "workers": 2,
            "schema": None,
            "lock_uri": "s3://b/lock",
            "storage": config.StorageSettings(region="r"),
            "progress": False,
        },
    )
    assert spec == {
        "lock_ttl": "300s",
        "memory_limit": "1GiB",
        "source_root": f"{tmp_path}/",
        "workers": 2,
        "lock": "s3://b/lock",
    }
    assert settings.region == "r" and progress is False


@pytest.mark.parametrize(
    "name, value, error",
    [
        ("workers", 0, ValueError),
        ("workers", True, TypeError),
        ("memory_limit", -1, ValueError),
        ("lock_ttl", 0, ValueError),
        ("max_columns", 1.5, TypeError),
        ("storage", {}, TypeError),
        ("problems", 3, TypeError),
    ],
)
def test_a_senseless_common_argument_is_named(name, value, error):
    with pytest.raises(error, match=name):
        _arguments.common_spec("run", {name: value})


def test_progress_is_false_a_bar_or_a_function(capsys):
    seen = []
    with _progress.reporter(seen.append) as tell:
        tell.callback('{"stage": "fetch", "settled": 3, "of_a_newer_core": 1}')
    assert seen == [_progress.Progress(stage="fetch", settled=3)]
    assert _progress.reporter(False).callback is None
    assert _progress.reporter(None).callback is None, "no bar where stderr is no terminal"
    with _progress.reporter(True) as tell:
        tell.callback('{"stage": "fetch", "unit": "items", "settled": 3, "total": 10, "pending": 2}')
    shown = capsys.readouterr().err
    assert "fetch" in shown and "3/10" in shown and "failed=2" in shown
    with pytest.raises(TypeError, match="progress"):
        _progress.reporter(3)


def test_pending_objects_are_a_warning_and_a_line_of_the_log(caplog):
    report = IngestReport({"pending": 3, "rejected": 0, "problems": "/x.ndjson"})
    with pytest.warns(errors.PendingObjectsWarning, match=r"3 objects .*/x.ndjson"), caplog.at_level(logging.WARNING):
        _call.warn_of_pending(report)
    assert "3 objects are pending" in caplog.text


def test_a_report_is_a_mapping_with_attributes():
    report = IngestReport({"rows": 1_234, "fan_out_distribution": {"1": 2}, "error": None})
    assert report["rows"] == report.rows == 1_234 and dict(report)["error"] is None and len(report) == 3
    assert "1,234" in report._repr_html_()
    with pytest.raises(AttributeError, match="no 'row'; there are rows"):
        _ = report.row


def test_store_config_is_unset_by_default_and_is_reset(tmp_path):
    assert store_config.get_store() is None and store_config.configured() is None
    try:
        store_config.set_store(tmp_path)
        store_config.set_catalog_key("x/catalog.db")
        assert store_config.configured()[:2] == (f"{tmp_path}/x/catalog.db", f"{tmp_path}/x/catalog.db.lock")
        store_config.set_lock_key("lock.json")
        assert store_config.get_lock_key() == "lock.json"
        for senseless in ("", "/"):
            with pytest.raises(ValueError, match="catalog_key"):
                store_config.set_catalog_key(senseless)
        with pytest.raises(TypeError, match="store"):
            store_config.set_store(3)
    finally:
        store_config.reset()
    assert store_config.get_store() is None and store_config.get_catalog_key() == "catalog.db"


def test_configuration_objects_are_made_by_position_and_name():
    assert config.CatalogConfig("a.db", "w") == config.CatalogConfig(db_path="a.db", warehouse="w")
    assert config.AppConfig().ingest.chunk_size == 20_000
    assert config.GridConfig("h3", 3).resolution == 3
    first, second = config.AppConfig(), config.AppConfig()
    assert first.grid is not second.grid


def test_build_partitioner_knows_h3_and_geojson_and_names_them_for_others(tmp_path):
    assert partitioner.build_partitioner(config.GridConfig()) == partitioner.H3Partitioner(1)
    assert partitioner.build_partitioner(config.GridConfig(resolution=4)).resolution == 4
    built = partitioner.build_partitioner(config.GridConfig("geojson", boundaries_path=str(tmp_path / "r.json")))
    assert (built.boundaries_path, built.id_field) == (f"{tmp_path}/r.json", "id")
    with pytest.raises(errors.UnsupportedError, match=r"s2.*h3 and geojson"):
        partitioner.build_partitioner(config.GridConfig(type="s2"))
    with pytest.raises(ValueError, match="boundaries_path"):
        partitioner.build_partitioner(config.GridConfig("geojson"))


def test_exactly_our_partitioners_become_members_of_a_spec():
    class Mine(partitioner.H3Partitioner):
        pass

    assert partitioner.grid_members(partitioner.H3Partitioner(2)) == {"grid_type": "h3", "resolution": 2}
    assert partitioner.grid_members(Mine(2)) is None
    with pytest.raises(TypeError, match="get_intersecting_keys"):
        partitioner.grid_members(object())


def test_a_configuration_file_is_read(tmp_path):
    path = tmp_path / "archive.yaml"
    path.write_text(
        "catalog: {db_path: catalog.db, warehouse: s3://b/warehouse}\n"
        "grid:\n  type: h3\n  resolution: 2\n"
        "ingest: {chunk_size: 500, max_workers: 4, batch_add_files: true}\n"
        "storage: {region: us-west-2, buckets: {open: {anonymous: true}}}\n"
    )
    found = config.load_config(path)
    assert found.catalog == config.CatalogConfig(f"{tmp_path}/catalog.db", "s3://b/warehouse")
    assert found.grid == config.GridConfig("h3", 2) and found.ingest == config.IngestConfig(500, 4, True)
    assert found.storage.buckets["open"].anonymous is True and found.storage.region == "us-west-2"


@pytest.mark.parametrize(
    "text, said",
    [
        ("catalog: {db_path: a}\ngird: {}\n", "line 2: unknown key 'gird'; did you mean grid"),
        ("grid:\n  resolutoin: 1\n", "line 2: unknown key 'resolutoin'"),
        ("storage: {regoin: x}\n", "regoin"),
        ("- a\n", "expected a mapping"),
        ("a: [\n", "archive.yaml"),
    ],
)
def test_a_senseless_configuration_is_an_error_with_its_line(tmp_path, text, said):
    path = tmp_path / "archive.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        config.load_config(path)


def test_a_configuration_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"none.yaml.*cannot be read"):
        config.load_config(tmp_path / "none.yaml")
