"""Daymet: the right cell of a projected grid, its calendar of 365 days, the search and the login; wrong files."""

import shutil

import numpy as np
import pytest
from providers import Fault, daymet

from placeprior.data.sources import Period, Region, get
from placeprior.data.sources import daymet as module
from placeprior.data.sources.align import at_places
from placeprior.data.sources.transfer import Transfer
from placeprior.errors import SourceError

SOURCE = get("daymet")
REGION = Region(-120.50, 38.00, -120.44, 38.03)  # far from the central meridian, where rows are tilted
LEAP = Period.parse("2020-12-29/2020-12-31")
PLACES = np.array([[-120.493, 38.004], [-120.447, 38.021]])
FEW = ("prcp", "tmax")
PRCP = f"{daymet.HOST}/{daymet.FOLDER}/daymet_v4_daily_na_prcp_2021.nc"
YEAR = Period.parse("2021-07-01/2021-07-03")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    root = tmp_path_factory.mktemp("daymet")
    daymet.make(root, LEAP, REGION, unlimited=True)
    daymet.make(root, YEAR, REGION, FEW)
    return root


@pytest.fixture
def nasa(files, provider, monkeypatch):
    """The provider with its files and its search; two files are enough to see what happens to one and the other."""
    monkeypatch.setattr(module, "FILES", {short: module.FILES[short] for short in FEW})
    copy(files, provider)
    provider.answers.append(daymet.answering(provider.root))
    return provider


@pytest.fixture
def one(monkeypatch):
    """One variable will do."""
    monkeypatch.setattr(module, "FILES", {"prcp": module.FILES["prcp"]})


def copy(files, provider):
    for short in FEW:
        path = f"{daymet.HOST}/{daymet.FOLDER}/daymet_v4_daily_na_{short}_2021.nc"
        (provider.root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(files / path, provider.root / path)


def fetch(cache, period=YEAR):
    return SOURCE.fetch(period, REGION, cache, Transfer(pause=0.01, retries=1, timeout=5))


def test_what_is_listed():
    items = SOURCE.list(Period.parse("2020-12-31/2021-01-01"), REGION)
    assert [item.path for item in items][4:6] == ["daymet_v4_daily_na_vp_2020.nc", "daymet_v4_daily_na_prcp_2021.nc"]
    assert len(items) == 10 and sum(item.size for item in items) > 100e9  # honest: large
    assert SOURCE.account and "EARTHDATA_TOKEN" in SOURCE.account


def test_values_at_places_and_the_last_day_of_a_leap_year(files):
    read = SOURCE.read(files / daymet.HOST / daymet.FOLDER, LEAP, REGION)
    assert list(read.data_vars) == list(SOURCE.provides)
    assert (read["time"].values == LEAP.days.values).all() and set(read["radiation"].chunksizes["time"]) == {1}
    for name, array in read.data_vars.items():
        assert array.dims == ("time", "y", "x") and array.dtype == np.float32
        assert (array.units, array.long_name) == SOURCE.provides[name]
    at = at_places(read.compute(), PLACES)
    for short, (name, _, _) in module.FILES.items():
        for p, place in enumerate(PLACES):
            for d, day in enumerate(LEAP.days.date):
                found = float(at[name][p, d])
                if (day.month, day.day) == (12, 31):
                    assert np.isnan(found)
                else:
                    assert found == pytest.approx(float(daymet.value(short, *daymet.centre(*place), day)), rel=1e-5)


def test_a_leap_day_is_there_and_a_period_of_the_missing_day_alone_is_missing(one, files):
    folder = files / daymet.HOST / daymet.FOLDER
    leap = Period.parse("2020-02-28/2020-03-01")
    at = at_places(SOURCE.read(folder, leap, REGION), PLACES).compute()
    expected = [float(daymet.value("prcp", *daymet.centre(*PLACES[0]), day)) for day in leap.days.date]
    np.testing.assert_allclose(at["precipitation"][0], expected, rtol=1e-5)
    alone = SOURCE.read(folder, Period.parse("2020-12-31/2020-12-31"), REGION).compute()
    assert alone.sizes["time"] == 1 and all(np.isnan(array).all() for array in alone.data_vars.values())


def test_only_the_region_is_read_and_covers_it(one, files):
    small = Region(-120.47, 38.01, -120.46, 38.02)
    read = SOURCE.read(files / daymet.HOST / daymet.FOLDER, YEAR, small)
    assert read.sizes["x"] <= 5 and read.sizes["y"] <= 5
    corners = np.array([[small.west, small.south], [small.east, small.north], [small.west, small.north]])
    assert all(np.isfinite(array).all() for array in at_places(read, corners).compute().data_vars.values())


def test_years_are_joined(one, files):
    period = Period.parse("2020-12-30/2021-01-01")
    at = at_places(SOURCE.read(files / daymet.HOST / daymet.FOLDER, period, REGION), PLACES)["precipitation"].compute()
    expected = [float(daymet.value("prcp", *daymet.centre(*PLACES[1]), day)) for day in period.days.date]
    np.testing.assert_allclose(at[1], [expected[0], np.nan, expected[2]], rtol=1e-5)


def test_a_cell_at_sea_is_missing(one, tmp_path):
    daymet.make(tmp_path, YEAR, REGION, ["prcp"], missing=daymet.centre(*PLACES[0]))
    at = at_places(SOURCE.read(tmp_path / daymet.HOST / daymet.FOLDER, YEAR, REGION), PLACES)["precipitation"].compute()
    assert np.isnan(at[0]).all() and np.isfinite(at[1]).all()


def test_files_are_found_by_the_search_and_held_to_the_published_hash(nasa, tmp_path):
    assert len(fetch(tmp_path / "cache")) == 2
    asked = [path for path, _ in nasa.asked if path.startswith(daymet.SEARCH)]
    assert len(asked) == 1 and "short_name=Daymet_Daily_V4R1_2129" in asked[0] and "version=4.1" in asked[0]
    fetch(tmp_path / "cache")  # nothing is looked up again
    assert len([path for path, _ in nasa.asked if path.startswith(daymet.SEARCH)]) == 1


def test_a_wrong_hash_is_refused_and_the_next_fetch_mends_it(nasa, tmp_path):
    nasa.fail(PRCP, Fault(spoil=True))
    with pytest.raises(SourceError, match="daymet: daymet_v4_daily_na_prcp_2021.nc .*wrong hash.*start again"):
        fetch(tmp_path / "cache")
    assert (tmp_path / "cache/daymet/daymet_v4_daily_na_tmax_2021.nc").is_file()
    assert len(fetch(tmp_path / "cache")) == 2


def test_a_year_that_is_not_published_yet_is_told(nasa, tmp_path):
    with pytest.raises(SourceError, match="daymet: NASA's catalogue has no .*prcp_2022.nc.*use gridmet"):
        fetch(tmp_path / "cache", Period.parse("2022-01"))


def test_without_a_token_it_is_told_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.delenv("PLACEPRIOR_MIRROR", raising=False)
    monkeypatch.delenv("EARTHDATA_TOKEN", raising=False)
    with pytest.raises(SourceError, match="daymet: EARTHDATA_TOKEN is not set.*urs.earthdata.nasa.gov.*gridmet"):
        fetch(tmp_path / "cache")


WRONG = [
    ({"year": 2019}, "holds 2019-01-01, a day that is not of 2021.*fetch again"),
    ({"variable": "rain"}, "has no variable 'prcp' .it has rain.*layout has changed"),
    ({"twice": 60}, "has 2021-03-01 twice or out of order"),
    ({"days": 300}, "has 300 days of 2021, expected 365.*start again"),
    ({"shift": 3000}, "has prcp from .* which cannot be.*units have changed"),
    ({"step": 2000.0}, "has cells 2000 to 2000 apart along y, not 1000"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG, ids=[next(iter(wrong)) for wrong, _ in WRONG])
def test_a_wrong_file_is_refused_the_rest_kept_and_a_second_fetch_mends_it(files, nasa, tmp_path, wrong, told):
    daymet.make(nasa.root, YEAR, REGION, ["prcp"], **wrong)
    with pytest.raises(SourceError, match=f"daymet: daymet_v4_daily_na_prcp_2021.nc {told}"):
        fetch(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache/daymet").glob("*.nc")] == ["daymet_v4_daily_na_tmax_2021.nc"]
    copy(files, nasa)
    assert len(fetch(tmp_path / "cache")) == 2


@pytest.mark.parametrize("content", ["page", "cut"])
def test_what_is_no_netcdf_is_refused(files, nasa, tmp_path, content):
    whole = (files / PRCP).read_bytes()
    nasa.put(PRCP, {"page": b"\n<!DOCTYPE html><html>login", "cut": whole[: len(whole) // 2]}[content])
    told = "is a web page.*login" if content == "page" else "cannot be read as netCDF-4.*fetch again"
    with pytest.raises(SourceError, match=f"daymet: daymet_v4_daily_na_prcp_2021.nc {told}"):
        fetch(tmp_path / "cache")
    copy(files, nasa)
    assert len(fetch(tmp_path / "cache")) == 2


@pytest.mark.parametrize(
    ("status", "told"), [(401, "needs NASA's free Earthdata login"), (403, "Generate Token"), (404, "does not exist")]
)
def test_a_refusal_ends_in_one_line_and_the_next_fetch_goes_on(nasa, tmp_path, status, told):
    nasa.fail(PRCP, Fault(status=status))
    with pytest.raises(SourceError, match=f"daymet: https://{PRCP} .*{told}"):
        fetch(tmp_path / "cache")
    assert len(fetch(tmp_path / "cache")) == 2
