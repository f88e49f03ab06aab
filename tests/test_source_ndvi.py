"""The vegetation index: composites that have ended, and none that has not."""

import shutil
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from providers import modis as made

from placeprior.data.sources import Period, Region, align, get
from placeprior.data.sources.ndvi import composite
from placeprior.data.sources.sinusoidal import Tile
from placeprior.data.sources.transfer import Transfer
from placeprior.errors import SourceError

REGION = Region(-122.35, 39.72, -121.62, 40.31)  # two tiles
PERIOD = Period.parse("2020-12-31/2021-01-17")
STARTS = pd.to_datetime(["2020-12-02", "2020-12-18", "2021-01-01"])
PLACES = np.array([[-122.21, 40.22], [-121.68, 39.83], [-122.04, 39.91], [-121.66, 40.27]])
NDVI = get("ndvi")


@pytest.fixture(scope="module")
def granules(tmp_path_factory):
    root = tmp_path_factory.mktemp("granules")
    made.make(root, "MOD13A2", STARTS, REGION)
    return root


@pytest.fixture
def nasa(provider, granules):
    shutil.copytree(granules, provider.root, dirs_exist_ok=True)
    provider.answers.append(made.answer(provider.root))
    return provider


def fetch(tmp_path, period=PERIOD):
    return NDVI.fetch(period, REGION, tmp_path / "cache", Transfer(pause=0.01, retries=1, timeout=5))


def test_no_day_knows_the_future():
    day = date(2019, 12, 1)
    while day < date(2021, 3, 1):
        first = composite(day)
        assert (first.timetuple().tm_yday - 1) % 16 == 0
        assert first + timedelta(days=15) <= day, "it has not ended"
        following = min(first + timedelta(days=16), date(first.year + 1, 1, 1))
        assert following + timedelta(days=15) > day, "a later one has ended"
        day += timedelta(days=1)


def test_the_list_begins_before_the_period():
    items = NDVI.list(Period.parse("2021"), Region.parse("conus"))
    assert len(items) == 24 * 14 and items[0].path == "2020/MOD13A2.A2020337.h08v04.hdf"
    assert items[-1].path == "2021/MOD13A2.A2021337.h13v04.hdf"
    assert [item.path for item in NDVI.list(PERIOD, REGION)][::2] == [
        f"{day:%Y}/MOD13A2.A{day:%Y%j}.h08v04.hdf" for day in STARTS
    ]


def test_values_are_those_of_the_last_composite_that_had_ended(nasa, tmp_path):
    assert len(fetch(tmp_path)) == 6
    field = NDVI.read(tmp_path / "cache/ndvi", PERIOD, REGION)
    assert list(field.time.values) == list(PERIOD.days) and field.ndvi.dtype == np.float32
    assert field.ndvi.attrs["units"] == "1" and field.attrs["crs"] == align.SINUSOIDAL
    found = align.at_places(field, PLACES).ndvi.compute()
    for day, start in (
        ("2020-12-31", 0),
        ("2021-01-01", 0),
        ("2021-01-02", 1),
        ("2021-01-15", 1),
        ("2021-01-16", 2),
        ("2021-01-17", 2),
    ):
        np.testing.assert_allclose(found.sel(time=day), made.ndvi(*PLACES.T, STARTS[start]) / 10000, atol=1e-6)


def test_cloud_snow_and_fill_are_unknown_and_marginal_is_kept(nasa, tmp_path):
    fetch(tmp_path)
    field = NDVI.read(tmp_path / "cache/ndvi", PERIOD, REGION)
    places = np.array([[-121.75, 40.05], [-121.75, 40.15], [-121.85, 40.05], [-121.85, 40.15]])
    assert list(made.cloudy(*places.T)) == [True, True, False, False]
    assert np.isnan(align.at_places(field, places).ndvi).all("time").values.tolist() == [True, True, False, False]


def test_a_composite_that_nasa_lacks_is_unknown(nasa, tmp_path):
    for file in nasa.root.rglob("*A2020353*.hdf"):
        file.unlink()
    fetch(tmp_path)
    found = align.at_places(NDVI.read(tmp_path / "cache/ndvi", PERIOD, REGION), PLACES).ndvi.compute()
    assert list(np.isnan(found).all("place").values) == [False] * 2 + [True] * 14 + [False] * 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"rename": {"1 km 16 days NDVI": "250m 16 days NDVI"}}, "no field '1 km 16 days NDVI'"),
        ({"scale": 0.0001}, "scales 1 km 16 days NDVI by 0.0001, not 10000"),
        ({"of": (Tile(8, 5), pd.Timestamp("2019-12-03"))}, "is another file: it says MOD13A2.A2019337"),
    ],
)
def test_a_wrong_file_is_refused_and_the_next_fetch_mends_it(nasa, tmp_path, options, told):
    address = nasa.root / made.address("MOD13A2", Tile(8, 5), STARTS[0])
    good = address.read_bytes()
    made.write(address, "MOD13A2", Tile(8, 5), STARTS[0], REGION, **options)
    with pytest.raises(SourceError, match=f"ndvi: MOD13A2.A2020337.h08v05.hdf .*{told}"):
        fetch(tmp_path)
    address.write_bytes(good)
    assert len(fetch(tmp_path)) == 6
