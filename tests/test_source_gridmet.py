"""gridMET: the right cell, the right day, the right units; and files that are not what they should be."""

import json
import shutil
from datetime import date

import numpy as np
import pytest
import xarray as xr
from providers import Fault, gridmet

from placeprior.data.sources import Period, Region, get, netcdf
from placeprior.data.sources import gridmet as module
from placeprior.data.sources.align import at_places
from placeprior.data.sources.transfer import Transfer
from placeprior.errors import SourceError

SOURCE = get("gridmet")
REGION = Region(-120.5, 38.0, -120.0, 38.2)  # wider than high
LEAP = Period.parse("2020-02-27/2020-03-02")
PLACES = np.array([[-120.46, 38.03], [-120.03, 38.17]])
FEW = ("pr", "rmin")
PR, RMIN = (f"{gridmet.HOST}/metdata/data/{short}_2020.nc" for short in ("pr", "rmin"))


@pytest.fixture
def few(monkeypatch):
    """Two files are enough to see what happens to one and to the other."""
    monkeypatch.setattr(module, "FILES", {short: module.FILES[short] for short in FEW})


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    root = tmp_path_factory.mktemp("gridmet")
    gridmet.make(root, LEAP, REGION)
    return root


def copy(files, provider):
    shutil.copytree(files, provider.root, dirs_exist_ok=True)


def fetch(cache, period=LEAP):
    return SOURCE.fetch(period, REGION, cache, Transfer(pause=0.01, retries=1, timeout=5))


def expected(short, place, day):
    return gridmet.value(short, *gridmet.centre(*place), day)


def test_what_is_listed():
    items = SOURCE.list(Period.parse("2019-12-01/2020-01-31"), REGION)
    assert [item.path for item in items][:2] == ["pr_2019.nc", "srad_2019.nc"] and len(items) == 16
    assert items[0].url == "https://www.northwestknowledge.net/metdata/data/pr_2019.nc"
    assert 0.5e9 < sum(item.size for item in items) / 2 < 1.5e9
    assert all(not item.may_lack for item in items)


def test_values_at_places(files, provider, tmp_path):
    copy(files, provider)
    fetch(tmp_path / "cache")
    read = SOURCE.read(tmp_path / "cache/gridmet", LEAP, REGION)
    assert list(read.data_vars) == list(SOURCE.provides)
    assert read["precipitation"].dims == ("time", "y", "x") and set(read["wind_sin"].chunksizes["time"]) == {1}
    assert (read["time"].values == LEAP.days.values).all()  # with 29 February
    for name, array in read.data_vars.items():
        assert array.dtype == np.float32 and (array.units, array.long_name) == SOURCE.provides[name]
    at = at_places(read.compute(), PLACES)
    for p, place in enumerate(PLACES):
        for d, day in enumerate(LEAP.days.date):
            one = at.isel(place=p, time=d)
            raw = {short: expected(short, place, day) for short in gridmet.KINDS}
            assert one["precipitation"] == pytest.approx(raw["pr"], abs=0.051)
            assert one["radiation"] == pytest.approx(raw["srad"], abs=0.051)
            assert one["temperature_max"] == pytest.approx(raw["tmmx"] - 273.15, abs=0.051)
            assert one["temperature_min"] == pytest.approx(raw["tmmn"] - 273.15, abs=0.051)
            assert one["wind_speed"] == pytest.approx(raw["vs"], abs=0.051)
            assert one["humidity"] == pytest.approx((raw["rmax"] + raw["rmin"]) / 2, abs=0.051)
            assert one["wind_sin"] == pytest.approx(np.sin(np.deg2rad(raw["th"])), abs=0.01)
            assert one["wind_cos"] == pytest.approx(np.cos(np.deg2rad(raw["th"])), abs=0.01)


def test_vapour_pressure_is_that_of_the_textbook():
    # FAO-56, example 5: 18 and 25 degC with 82 and 54 % give 1.70 kPa.
    assert module.vapour_pressure(18.0, 25.0, 54.0, 82.0) == pytest.approx(1700, abs=5)


def one(root, short, period, region=REGION):
    """One variable as it is read, in the file's units."""
    return netcdf.daily(
        SOURCE, lambda year: root / f"{short}_{year}.nc", gridmet.KINDS[short][0], module._layout(), period, region
    )


def test_only_the_region_and_the_days_are_read(files):
    small = Region(-120.3, 38.05, -120.2, 38.1)
    read = one(files / gridmet.HOST / "metdata/data", "pr", Period.parse("2020-12-31/2020-12-31"), small)
    assert dict(read.sizes) == {"time": 1, "y": 3, "x": 4}
    assert read["x"][0] <= small.west and read["x"][-1] >= small.east and read["y"][0] > read["y"][-1]
    assert np.isfinite(read).all()


def test_years_are_joined_and_a_cell_at_sea_is_missing(tmp_path):
    period = Period.parse("2018-12-30/2019-01-02")
    gridmet.make(tmp_path, period, REGION, ["srad"], missing=tuple(PLACES[0]))
    read = one(tmp_path / gridmet.HOST / "metdata/data", "srad", period).to_dataset(name="srad")
    at = at_places(read.assign_attrs(crs="EPSG:4326"), PLACES)["srad"].compute()
    assert np.isnan(at[0]).all()
    for d, day in enumerate(period.days.date):
        assert at[1, d] == pytest.approx(expected("srad", PLACES[1], day), abs=0.051)


def test_the_layout_of_old_files_is_read_the_same(files, tmp_path):
    gridmet.make(tmp_path, LEAP, REGION, ["tmmx"], old=True)
    old, new = (one(root / gridmet.HOST / "metdata/data", "tmmx", LEAP) for root in (tmp_path, files))
    np.testing.assert_allclose(old, new, atol=0.06)


def growing(monkeypatch, today):
    class Day(date):
        @classmethod
        def today(cls):
            return today

    monkeypatch.setattr(module, "date", Day)


def came(cache, day):
    for record in (cache / "gridmet").glob("*.json"):
        record.write_text(json.dumps(json.loads(record.read_text()) | {"retrieved": f"{day}"}))


def test_a_growing_year_lacks_days_and_is_fetched_anew_when_they_are_wanted(few, provider, tmp_path, monkeypatch):
    cache, first = tmp_path / "cache", Period.parse("2020-04-01/2020-04-08")
    growing(monkeypatch, date(2020, 4, 10))
    gridmet.make(provider.root, first, REGION, FEW, until=date(2020, 4, 7))
    assert sum(item.size for item in SOURCE.list(first, REGION)) < 0.06e9
    fetch(cache, first)
    came(cache, date(2020, 4, 10))
    read = one(cache / "gridmet", "pr", first)
    known = np.isfinite(read).any(("x", "y"))
    assert known[:7].all() and not known[7] and read.attrs["provisional_days"] == 7

    growing(monkeypatch, date(2020, 5, 10))
    gridmet.make(provider.root, first, REGION, FEW, until=date(2020, 5, 8), shift=0.5)  # revised as well
    asked = len(provider.asked)
    fetch(cache, Period.parse("2020-04-01/2020-04-07"))  # what is there serves, and stays as it was
    assert len(provider.asked) == asked
    fetch(cache, Period.parse("2020-04-01/2020-05-01"))
    assert len(provider.asked) == asked + 2 and not list(cache.rglob("*.old"))
    assert np.isfinite(one(cache / "gridmet", "pr", Period.parse("2020-05-01/2020-05-01"))).all()


def test_a_growing_file_is_kept_if_no_newer_one_comes(few, provider, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    growing(monkeypatch, date(2020, 4, 10))
    gridmet.make(provider.root, LEAP, REGION, FEW, until=date(2020, 4, 8))
    fetch(cache)
    came(cache, date(2020, 4, 10))
    before = (cache / "gridmet/pr_2020.nc").read_bytes()
    growing(monkeypatch, date(2020, 6, 10))
    provider.fail(PR, *[Fault(status=503)] * 9)
    with pytest.raises(SourceError, match="busy or down"):
        fetch(cache, Period.parse("2020-05-01/2020-06-01"))
    assert (cache / "gridmet/pr_2020.nc").read_bytes() == before and not list(cache.rglob("*.old"))
    assert (cache / "gridmet/pr_2020.nc.json").is_file()


def test_a_growing_file_that_was_damaged_is_not_held_to_its_hash(few, provider, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    growing(monkeypatch, date(2020, 4, 10))
    gridmet.make(provider.root, LEAP, REGION, FEW, until=date(2020, 4, 8))
    fetch(cache)
    came(cache, date(2020, 4, 10))
    (cache / "gridmet/pr_2020.nc").write_bytes(b"damaged")
    gridmet.make(provider.root, LEAP, REGION, FEW, until=date(2020, 4, 9))
    fetch(cache)
    assert (cache / "gridmet/pr_2020.nc").stat().st_size > 1000


def test_a_year_that_is_over_must_be_whole(few, files, provider, tmp_path):
    copy(files, provider)
    gridmet.make(provider.root, LEAP, REGION, only=["pr"], until=date(2020, 12, 30))
    with pytest.raises(SourceError, match="gridmet: pr_2020.nc has 365 days of 2020, expected 366.*start again"):
        fetch(tmp_path / "cache")


WRONG = [
    ({"year": 2019}, "holds 2019-01-01, a day that is not of 2020.*fetch again"),
    ({"variable": "rain"}, "has no variable 'precipitation_amount' .it has rain.*layout has changed"),
    ({"twice": 60}, "has 2020-02-29 twice or out of order"),
    ({"shift": 3000}, "has precipitation_amount from .* which cannot be.*units have changed"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG, ids=[next(iter(wrong)) for wrong, _ in WRONG])
def test_a_wrong_file_is_refused_and_a_second_fetch_mends_it(few, files, provider, tmp_path, wrong, told):
    copy(files, provider)
    gridmet.make(provider.root, LEAP, REGION, only=["pr"], **wrong)
    with pytest.raises(SourceError, match=f"gridmet: pr_2020.nc .*({told})"):
        fetch(tmp_path / "cache")
    assert len(list((tmp_path / "cache/gridmet").glob("*_2020.nc"))) == 1
    copy(files, provider)
    asked = len(provider.asked)
    assert len(fetch(tmp_path / "cache")) == 2 and len(provider.asked) == asked + 1


@pytest.mark.parametrize("content", ["page", "cut", "other", "empty"])
def test_what_is_no_netcdf_is_refused(few, files, provider, tmp_path, content):
    copy(files, provider)
    whole = (files / PR).read_bytes()
    provider.put(
        PR,
        {
            "page": b"<!DOCTYPE html><html>maintenance",
            "cut": whole[: len(whole) // 2],
            "other": b"CDF\x01" + bytes(99),
            "empty": b"",
        }[content],
    )
    told = "is a web page.*start again" if content == "page" else "cannot be read as netCDF-4.*fetch again"
    with pytest.raises(SourceError, match=f"gridmet: pr_2020.nc {told}"):
        fetch(tmp_path / "cache")
    copy(files, provider)
    assert len(fetch(tmp_path / "cache")) == 2


@pytest.mark.parametrize(("status", "told"), [(404, "does not exist"), (403, "no access"), (503, "busy or down")])
def test_a_refusal_ends_in_one_line_and_the_next_fetch_goes_on(few, files, provider, tmp_path, status, told):
    copy(files, provider)
    provider.fail(RMIN, *[Fault(status=status)] * (2 if status == 503 else 1))
    with pytest.raises(SourceError, match=f"gridmet: https://{RMIN} .*{told}"):
        fetch(tmp_path / "cache")
    assert len(fetch(tmp_path / "cache")) == 2


def test_a_settled_file_is_held_to_its_first_hash(few, files, provider, tmp_path):
    copy(files, provider)
    fetch(tmp_path / "cache")
    (tmp_path / "cache/gridmet/pr_2020.nc").unlink()
    gridmet.make(provider.root, LEAP, REGION, only=["pr"], shift=1)
    with pytest.raises(SourceError, match="gridmet: pr_2020.nc .*wrong hash.*pr_2020.nc.json"):
        fetch(tmp_path / "cache")


def test_a_missing_file_and_a_region_outside_are_told(files, tmp_path):
    with pytest.raises(SourceError, match="gridmet: pr_2020.nc is not in .*fetch it first"):
        SOURCE.read(tmp_path, LEAP, REGION)
    with pytest.raises(SourceError, match="gridmet: pr_2020.nc has no cell in .*choose another region"):
        SOURCE.read(files / gridmet.HOST / "metdata/data", LEAP, Region(-90, 40, -89, 41))


def grids(folder, off, kind="f8", start=-118.3, **attrs):
    """The eight files of a year on a small grid; one variable's coordinates are off by so much, in degrees."""
    lat, lon = 34.3 - np.arange(10) / 24, start + np.arange(12) / 24
    values = np.arange(120, dtype="f4").reshape(10, 12)
    for short, (name, _, (low, high)) in module.FILES.items():
        by = off if short == "vs" else 0.0
        within = np.broadcast_to(low + (high - low) * values / 200, (366, 10, 12)).astype("f4")
        xr.Dataset(
            {name: (("day", "lat", "lon"), within)},
            coords={
                "day": ("day", 43829 + np.arange(366), {"units": "days since 1900-01-01"}),
                "lat": (lat + by).astype(kind),
                "lon": (lon - by).astype(kind),
            },
        ).to_netcdf(folder / f"{short}_2020.nc", engine="h5netcdf")


#: An edge on which a centre lies, so that rounding decides on which side.
SMALL = Region(-118.25 + 1 / 120, 34.3 - 5 / 24, -118.0 - 1 / 120, 34.2)
DECEMBER = Period.parse("2020-12-01/2020-12-02")


@pytest.mark.parametrize(("off", "kind"), [(0.0, "f8"), (1e-13, "f8"), (-1e-13, "f8"), (4e-6, "f8"), (1e-13, "f4")])
def test_coordinates_that_differ_by_rounding_are_one_grid(tmp_path, off, kind):
    grids(tmp_path, off, kind)
    found = SOURCE.read(tmp_path, DECEMBER, SMALL)
    (tmp_path / "plain").mkdir()
    grids(tmp_path / "plain", 0.0, kind)
    plain = SOURCE.read(tmp_path / "plain", DECEMBER, SMALL)
    xr.testing.assert_allclose(found, plain, atol=1e-4)
    assert found.sizes == plain.sizes and np.isfinite(found["wind_speed"]).all()


def test_another_grid_is_refused_by_file(tmp_path):
    grids(tmp_path, 1 / 48)
    with pytest.raises(SourceError, match="vs_2020.nc is not on the grid of the files read before it.*fetch it again"):
        SOURCE.read(tmp_path, DECEMBER, SMALL)


def test_longitudes_from_0_to_360_are_the_same_places(tmp_path):
    (tmp_path / "plain").mkdir()
    grids(tmp_path, 0.0, start=360 - 118.3)
    grids(tmp_path / "plain", 0.0)
    xr.testing.assert_allclose(SOURCE.read(tmp_path, DECEMBER, SMALL), SOURCE.read(tmp_path / "plain", DECEMBER, SMALL))
