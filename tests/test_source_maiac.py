"""MAIAC's aerosol optical depth: tiles found, fetched, checked, and read where they are."""

import json
import shutil
from datetime import date

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from providers import Fault
from providers import modis as made

from placeprior.data.sources import Period, Region, align, get
from placeprior.data.sources.sinusoidal import CELL, Tile, tiles, window
from placeprior.data.sources.transfer import Transfer
from placeprior.errors import SourceError

REGION = Region(-122.35, 39.72, -121.62, 40.31)  # two tiles
PERIOD = Period.parse("2020-02-28/2020-03-01")
ONE, SMALL = Period.parse("2020-02-28/2020-02-28"), Region(-122.2, 39.75, -121.9, 39.95)  # one file
NORTH, SOUTH = Tile(8, 4), Tile(8, 5)
PLACES = np.array([[-122.21, 40.22], [-121.68, 39.83], [-122.04, 39.91], [-121.66, 40.27]])
CLOUDED = np.array([[-121.75, 40.05]])
MAIAC = get("maiac")


@pytest.fixture(scope="module")
def granules(tmp_path_factory):
    """The granules of three days, made once."""
    root = tmp_path_factory.mktemp("granules")
    made.make(root, "MCD19A2", PERIOD.days, REGION)
    return root


@pytest.fixture
def nasa(provider, granules):
    """A provider that has them, and its search."""
    shutil.copytree(granules, provider.root, dirs_exist_ok=True)
    provider.answers.append(made.answer(provider.root))
    return provider


def fetch(tmp_path, period=PERIOD, region=REGION):
    return MAIAC.fetch(period, region, tmp_path / "cache", Transfer(pause=0.01, retries=1, timeout=5))


def read(tmp_path, period=PERIOD, region=REGION):
    return MAIAC.read(tmp_path / "cache/maiac", period, region)


def searches(provider):
    return sum(made.SEARCH in asked for asked, _ in provider.asked)


def test_the_list_needs_no_network_and_tells_sizes():
    items = MAIAC.list(Period.parse("2020"), Region.parse("conus"))
    assert len(items) == 366 * 14 and items[0].path == "2020/MCD19A2.A2020001.h08v04.hdf"
    assert 2e10 < sum(item.size for item in items) < 6e10 and not any(item.url for item in items)
    assert {item.path[-10:-4] for item in items} == {str(tile) for tile in tiles(Region.parse("conus"))}
    assert [item.path for item in MAIAC.list(PERIOD, REGION)][2:4] == [
        "2020/MCD19A2.A2020060.h08v04.hdf",
        "2020/MCD19A2.A2020060.h08v05.hdf",
    ]


def test_tiles_are_those_of_the_sinusoidal_grid():
    assert tiles(Region(-76.9, 38.8, -76.6, 39.1)) == [Tile(12, 5)]  # Maryland
    assert tiles(Region(-81, 25.2, -80.2, 26)) == [Tile(10, 6)]
    assert tiles(Region(-72, 34, -71, 35)) == [Tile(12, 5)]  # open sea: what it touches
    covered = window(REGION)
    assert covered.part(NORTH)[2].stop == 1200 and covered.part(SOUTH)[2].start == 0
    assert covered.part(Tile(9, 4)) is None


def test_values_are_those_of_the_places_on_their_days(nasa, tmp_path):
    assert len(fetch(tmp_path)) == 6 and searches(nasa) == 2
    field = read(tmp_path)
    assert field.attrs["crs"] == align.SINUSOIDAL and field.attrs["title"]
    assert list(field.time.values) == list(PERIOD.days)
    assert field.aod_047.chunks[0] == (1, 1, 1) and field.aod_047.dtype == np.float32
    assert np.allclose(np.diff(field.x), CELL) and np.allclose(np.diff(field.y), -CELL)
    found = align.at_places(field, PLACES).compute()
    for at, day in enumerate(PERIOD.days):
        expected = made.aod(*PLACES.T, day) / 1000
        np.testing.assert_allclose(found.aod_047[:, at], expected, atol=1e-6)
        np.testing.assert_allclose(found.aod_055[:, at], expected - 0.03, atol=1e-6)
    assert made.cloudy(*CLOUDED.T).all() and np.isnan(align.at_places(field, CLOUDED).aod_047).all()
    assert {name: field[name].attrs["units"] for name in field} == {"aod_047": "1", "aod_055": "1"}
    assert all(field[name].attrs["long_name"] for name in field)


def test_every_cell_is_where_its_file_says(nasa, tmp_path):
    fetch(tmp_path)
    day = read(tmp_path, Period.parse("2020-02-29/2020-02-29")).aod_047.isel(time=0).compute()
    x, y = np.meshgrid(day.x, day.y)
    lat = np.degrees(y / 6371007.181)
    lon = np.degrees(x / 6371007.181) / np.cos(np.radians(lat))
    expected = made.aod(lon, lat, pd.Timestamp("2020-02-29")) / 1000
    clear = ~made.cloudy(lon, lat)
    assert np.isnan(day.values[~clear]).all()
    np.testing.assert_allclose(day.values[clear], expected[clear], atol=1e-6)


def test_a_part_is_read_of_what_was_fetched(nasa, tmp_path):
    fetch(tmp_path)
    small = Region(-122.0, 39.8, -121.7, 39.9)
    part = read(tmp_path, Period.parse("2020-02-29/2020-02-29"), small)
    assert part.sizes["time"] == 1 and part.sizes["y"] < 20 and part.sizes["x"] < 60
    whole = read(tmp_path).sel(time="2020-02-29", x=part.x, y=part.y)
    xr.testing.assert_identical(part.squeeze("time").aod_055.compute(), whole.aod_055.squeeze().compute())


def test_what_nasa_lacks_is_absent_and_not_asked_for_again(nasa, tmp_path):
    for tile in (NORTH, SOUTH):
        (nasa.root / made.address("MCD19A2", tile, PERIOD.days[1])).unlink()
    (nasa.root / made.address("MCD19A2", SOUTH, PERIOD.days[2])).unlink()
    assert len(fetch(tmp_path)) == 3
    found = align.at_places(read(tmp_path), PLACES).aod_047.compute()
    assert np.isnan(found[:, 1]).all() and np.isfinite(found[:, 0]).all()
    assert list(np.isnan(found[:, 2])) == list(PLACES[:, 1] < 40)
    asked = len(nasa.asked)
    assert len(fetch(tmp_path)) == 3 and len(nasa.asked) == asked


def test_recent_days_are_asked_for_again(nasa, tmp_path, monkeypatch):
    from placeprior.data.sources import modis

    class Then(date):
        @classmethod
        def today(cls):
            return cls(2020, 3, 10)

    monkeypatch.setattr(modis, "date", Then)
    late = nasa.root / made.address("MCD19A2", SOUTH, PERIOD.days[2])
    content = late.read_bytes()
    late.unlink()
    assert len(fetch(tmp_path)) == 5
    assert np.isnan(align.at_places(read(tmp_path), PLACES[1:2]).aod_047[0, 2])
    late.write_bytes(content)
    assert len(fetch(tmp_path)) == 6
    assert np.isfinite(align.at_places(read(tmp_path), PLACES[1:2]).aod_047[0, 2])


def test_of_two_productions_the_later_is_taken(nasa, tmp_path):
    day = PERIOD.days[0]
    old = nasa.root / made.address("MCD19A2", NORTH, day)
    newer = made.address("MCD19A2", NORTH, day, "2023200000000")
    nasa.put(newer, old.read_bytes())
    fetch(tmp_path, Period(day.date(), day.date()))
    record = json.loads((tmp_path / "cache/maiac/2020/MCD19A2.A2020059.h08v04.hdf.json").read_text())
    assert record["url"] == f"https://{newer}"


def test_a_month_without_anything_is_an_error(provider, tmp_path):
    provider.answers.append(made.answer(provider.root))
    with pytest.raises(SourceError, match="maiac: .*finds no MCD19A2.061 in 2020-02.*doi.org"):
        fetch(tmp_path)


def test_what_was_not_fetched_is_told(nasa, tmp_path):
    fetch(tmp_path, ONE, SMALL)
    with pytest.raises(SourceError, match="maiac: .*A2020060.h08v05.hdf is missing; fetch maiac"):
        read(tmp_path, region=SMALL)


def page(path):
    path.write_bytes(b"\n<!DOCTYPE html><html>Earthdata Login</html>")


def text(path):
    path.write_bytes(b"not found")


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


def again(**options):
    return lambda path: made.write(path, "MCD19A2", SOUTH, PERIOD.days[0], REGION, **options)


YEAR = pd.Timestamp("2021-02-28")
WRONG = {
    "login page": (page, "is a web page.*new token"),
    "text": (text, "is no HDF4 file; remove it and fetch again"),
    "cut": (cut, "is damaged"),
    "empty": (empty, "is no HDF4 file"),
    "other tile": (again(of=(Tile(9, 5), PERIOD.days[0])), "is of another tile"),
    "other year": (again(of=(SOUTH, YEAR)), "is another file: it says MCD19A2.A2021059"),
    "other year, by its overpasses": (again(of=(SOUTH, YEAR), core=False), "it says MCD19A2.A2021059"),
    "renamed": (again(rename={"AOD_QA": "AOT_QA"}), "no field 'AOD_QA' but AOT_QA.*layout.*doi.org"),
    "rescaled": (again(scale=0.01), "scales Optical_Depth_047 by 0.01, not 0.001"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_is_refused_and_the_next_fetch_mends_it(kind, nasa, tmp_path):
    spoil, told = WRONG[kind]
    address = nasa.root / made.address("MCD19A2", SOUTH, PERIOD.days[0])
    good = address.read_bytes()
    spoil(address)
    with pytest.raises(SourceError, match=f"(?s)maiac: MCD19A2.A2020059.h08v05.hdf .*{told}"):
        fetch(tmp_path, ONE, SMALL)
    assert not list((tmp_path / "cache/maiac/2020").glob("*.hdf"))
    address.write_bytes(good)
    assert len(fetch(tmp_path, ONE, SMALL)) == 1
    assert np.isfinite(align.at_places(read(tmp_path, ONE, SMALL), PLACES[2:3]).aod_047).all()


def test_a_file_that_went_bad_here_is_told_when_read(nasa, tmp_path):
    cut(fetch(tmp_path, ONE, SMALL)[0])
    with pytest.raises(SourceError, match="maiac: MCD19A2.A2020059.h08v05.hdf is damaged.*fetch again"):
        read(tmp_path, ONE, SMALL).compute()


def test_a_published_hash_is_held_to(provider, nasa, tmp_path):
    provider.answers[:] = [made.answer(provider.root, hashed=True)]
    provider.fail(made.address("MCD19A2", SOUTH, PERIOD.days[0]), Fault(spoil=True))
    with pytest.raises(SourceError, match="maiac: .*h08v05.hdf .*wrong hash"):
        fetch(tmp_path, ONE, SMALL)
    assert len(fetch(tmp_path, ONE, SMALL)) == 1


@pytest.mark.parametrize(("status", "told"), [(401, "no access.*Generate Token"), (403, "no access"), (404, "404")])
def test_a_refusal_names_the_remedy_and_keeps_the_rest(nasa, tmp_path, status, told):
    nasa.fail(made.address("MCD19A2", NORTH, PERIOD.days[0]), Fault(status=status))
    with pytest.raises(SourceError, match=f"(?s)maiac: .*h08v04.*{told}"):
        fetch(tmp_path, ONE)
    assert [path.name for path in (tmp_path / "cache/maiac/2020").glob("*.hdf")] == ["MCD19A2.A2020059.h08v05.hdf"]
    assert len(fetch(tmp_path, ONE)) == 2


def test_without_a_token_nothing_is_asked(monkeypatch, tmp_path):
    monkeypatch.delenv("PLACEPRIOR_MIRROR", raising=False)
    monkeypatch.delenv("EARTHDATA_TOKEN", raising=False)
    with pytest.raises(SourceError, match="maiac: EARTHDATA_TOKEN is not set.*use power instead"):
        fetch(tmp_path)
