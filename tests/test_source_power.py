"""AOD of NASA POWER: the cell a place lies in, missing kept missing, and every bad answer refused."""

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from providers import Fault, power

from placeprior.data.sources import Period, Region
from placeprior.data.sources.align import at_places
from placeprior.data.sources.power import SOURCE
from placeprior.data.sources.transfer import Transfer
from placeprior.errors import SourceError

REGION = Region(-107.4, 38.2, -104.9, 41.3)  # over the corner of four boxes
INNER = Region(-105.8, 40.2, -104.9, 41.3)
PERIOD = Period.parse("2020-02-27/2020-03-02")
PLACES = np.array([[-107.2, 38.9], [-106.01, 39.99], [-105.99, 40.01], [-105.2, 38.3], [-106.9, 41.2]])
FILE = "aod_w106n40_20200101_20201231.json"


def fetch(tmp_path, period=PERIOD, region=INNER):
    return SOURCE.fetch(period, region, tmp_path / "cache", Transfer(pause=0.01, retries=1, timeout=5))


def read(tmp_path, period=PERIOD, region=INNER):
    return SOURCE.read(tmp_path / "cache/power", period, region)


def served(provider, **options):
    provider.answers[:] = [power.make(provider.root, PERIOD, REGION, **options)]


def expected(places, days):
    known = [np.nan if power.missing(day) else power.aod(places[:, 0], places[:, 1], day) for day in days]
    return np.stack([np.broadcast_to(value, len(places)) for value in known], 1).astype(np.float32)


def test_places_get_their_cell_across_boxes_leap_day_and_gaps(provider, tmp_path):
    served(provider)
    assert len(fetch(tmp_path, region=REGION)) == 4
    aod = read(tmp_path, region=REGION)
    found = at_places(aod, PLACES).aod_055.values
    assert np.array_equal(found, expected(PLACES, PERIOD.days), equal_nan=True)
    assert np.isnan(found[:, [1, 4]]).all() and np.isfinite(found[:, [0, 2, 3]]).all()
    assert str(aod.time.values[2])[:10] == "2020-02-29"
    assert len(np.unique(found[:, 0])) == len(PLACES)


def test_dataset_is_described_and_a_part_of_it_can_be_read(provider, tmp_path):
    served(provider)
    fetch(tmp_path, region=REGION)
    aod = read(tmp_path, region=REGION)
    assert aod.aod_055.dims == ("time", "y", "x") and aod.aod_055.dtype == np.float32
    assert aod.aod_055.attrs["units"] == "1" and aod.aod_055.attrs["long_name"] and "model-filled" in aod.attrs["title"]
    assert aod.x.values.tolist() == [-107.5, -106.5, -105.5, -104.5]
    assert aod.y.values.tolist() == [38.5, 39.5, 40.5, 41.5]
    inner = read(tmp_path)
    assert inner.sizes == {"time": 5, "y": 2, "x": 2}
    assert inner.aod_055.equals(aod.aod_055.sel(x=inner.x, y=inner.y))
    day = Period.parse("2020-12-31/2020-12-31")
    assert np.array_equal(at_places(read(tmp_path, day), PLACES[2:3]).aod_055, expected(PLACES[2:3], day.days))


def test_years_are_read_one_after_the_other(provider, tmp_path):
    served(provider)
    period = Period.parse("2019-12-30/2020-01-02")
    assert len(fetch(tmp_path, period)) == 2
    found = at_places(read(tmp_path, period), PLACES[2:3]).aod_055.values
    assert np.array_equal(found, expected(PLACES[2:3], period.days))


def test_list_needs_no_network_asks_only_what_is_answered_and_is_honest(provider, tmp_path):
    items = SOURCE.list(Period.parse("2021"), Region.parse("conus"))
    assert len(items) == 18 and 5e6 < sum(item.size for item in items) < 30e6
    assert len({item.path for item in items}) == len({item.url for item in items}) == 18
    assert items[0].path == "2021/aod_w126n20_20210101_20211231.json" and items[0].url == (
        "https://power.larc.nasa.gov/api/temporal/daily/regional?parameters=AOD_55&community=RE&latitude-min=20"
        "&latitude-max=30&longitude-min=-126&longitude-max=-116&start=20210101&end=20211231&format=JSON"
        "&time-standard=LST"
    )
    assert [item.path for item in SOURCE.list(Period.parse("2020-05"), INNER)] == [f"2020/{FILE}"]
    served(provider)
    (path,) = fetch(tmp_path)
    assert 0.5 < SOURCE.list(PERIOD, INNER)[0].size / path.stat().st_size < 2


def test_the_current_year_is_fetched_as_far_as_asked(provider, tmp_path):
    served(provider)
    today = date.today()
    first = date(today.year, 1, 1)
    last = max(first, today - timedelta(days=40))
    (path,) = fetch(tmp_path, Period(first, last))
    assert path.name.endswith(f"_{last:%Y%m%d}.json")
    assert read(tmp_path, Period(first, first)).sizes["time"] == 1
    if last < today:
        with pytest.raises(SourceError, match=f"power: .*was not fetched; fetch .*up to {today}"):
            read(tmp_path, Period(first, today))


def test_what_was_not_fetched_is_said(tmp_path):
    with pytest.raises(SourceError, match=f"power: .*{FILE.replace('1231', '0302')} was not fetched; fetch"):
        read(tmp_path)


def test_a_file_that_was_lost_or_damaged_comes_again_though_no_two_answers_are_equal(provider, tmp_path):
    served(provider)
    (path,) = fetch(tmp_path)
    asked = len(provider.asked)
    assert fetch(tmp_path) == [path] and len(provider.asked) == asked
    old = path.read_bytes()
    path.write_bytes(old[:-1] + b" ")
    assert fetch(tmp_path)[0].read_bytes() == old
    path.unlink()
    assert fetch(tmp_path) == [path] and len(provider.asked) == asked + 2


def without(content, *keys):
    """The answer without one of its entries."""
    inner = content
    for key in keys[:-1]:
        inner = inner[key]
    del inner[keys[-1]]
    return content


def put(content, value):
    content["features"][3]["properties"]["parameter"]["AOD_55"]["20200105"] = value
    return content


def moved(content, by):
    for feature in content["features"]:
        feature["geometry"]["coordinates"][0] += by
    return content


def swapped(content):
    for feature in content["features"]:
        feature["geometry"]["coordinates"][:2] = feature["geometry"]["coordinates"][1::-1]
    return content


def repeated(content):
    content["features"][1] = content["features"][0]
    return content


def renamed(content, year):
    for feature in content["features"]:
        series = feature["properties"]["parameter"]
        series["AOD_55"] = {year + key[4:]: value for key, value in series["AOD_55"].items()}
    return content


BAD = {
    "parameter": ({"parameter": "AOD_84"}, "has no AOD_55, but AOD_84"),
    "dropped": (
        {"change": lambda c: without(c, "features", 0, "properties", "parameter", "AOD_55")},
        "has no AOD_55, but nothing",
    ),
    "standard": ({"standard": "UTC"}, "days of 'UTC'"),
    "no features": ({"change": lambda c: without(c, "features")}, "no whole answer"),
    "none": ({"change": lambda c: c | {"features": []}}, "has 0 places, not 100"),
    "refusal": ({"change": lambda c: {"header": "incorrect", "messages": ["no"]}}, "no whole answer"),
    "list": ({"change": lambda c: [c]}, "no whole answer"),
    "year": ({"change": lambda c: renamed(c, "2019")}, "366 days 20190101 to 20191231, not 20200101"),
    "day lacks": (
        {"change": lambda c: without(c, "features", 5, "properties", "parameter", "AOD_55", "20200301")},
        "lacks days.*20200301",
    ),
    "words": ({"change": lambda c: put(c, "high")}, "no numbers"),
    "huge": ({"change": lambda c: put(c, 950.0)}, "optical depth of 950"),
    "fill": ({"change": lambda c: put(c, -99.0)}, "optical depth of -99"),
    "elsewhere": ({"change": lambda c: moved(c, 10.0)}, "no centres"),
    "half": ({"change": lambda c: moved(c, 0.25)}, "no centres"),
    "swapped": ({"change": swapped}, "no centres"),
    "repeated": ({"change": repeated}, "has a place twice"),
    "place lacks": ({"change": lambda c: without(c, "features", 42)}, "has 99 places"),
}


def finishes(provider, tmp_path):
    """After what went wrong, nothing is left of it, and a second fetch is good."""
    assert not (tmp_path / f"cache/power/2020/{FILE}").exists()
    served(provider)
    (path,) = fetch(tmp_path)
    found = at_places(read(tmp_path), PLACES[2:3]).aod_055.values
    assert path.name == FILE and np.array_equal(found, expected(PLACES[2:3], PERIOD.days), equal_nan=True)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_answer_is_refused_and_a_second_fetch_finishes(provider, tmp_path, kind):
    options, told = BAD[kind]
    served(provider, **options)
    with pytest.raises(SourceError, match=f"power: {FILE} .*{told}.*; fetch again") as caught:
        fetch(tmp_path)
    assert "\n" not in str(caught.value)
    finishes(provider, tmp_path)


RAW = {
    "page": (b"<!DOCTYPE html><html>maintenance</html>", "web page"),
    "nothing": (b"", "no whole answer"),
    "truncated": (json.dumps({"header": {}, "features": [1, 2, 3]}).encode()[:-3], "no whole answer"),
    "deep": (b"[" * 100_000, "no whole answer"),
    "bomb": (b" " * (33 << 20), "34,603,008 bytes"),
    "binary": (b"\x89HDF\r\n\x1a\n\xff\xfe", "no whole answer"),
}


@pytest.mark.parametrize("kind", RAW)
def test_what_is_no_answer_at_all_is_refused(provider, tmp_path, kind):
    content, told = RAW[kind]
    provider.answers[:] = [lambda path, query: content]
    with pytest.raises(SourceError, match=f"(?s)power: {FILE} .*{told}.*fetch again") as caught:
        fetch(tmp_path)
    assert "\n" not in str(caught.value)
    finishes(provider, tmp_path)


REFUSALS = [(404, 1, "does not exist"), (403, 1, "no access"), (503, 2, "busy or down"), (429, 2, "busy or down")]


@pytest.mark.parametrize(("status", "times", "told"), REFUSALS)
def test_a_refusal_is_said_and_a_second_fetch_finishes(provider, tmp_path, status, times, told):
    served(provider)
    provider.fail(power.PATH, *[Fault(status=status)] * times)
    with pytest.raises(SourceError, match=f"power: https://{power.PATH}.*{told}"):
        fetch(tmp_path)
    finishes(provider, tmp_path)


def test_boxes_that_did_arrive_are_kept(provider, tmp_path):
    def only_south(path, query):
        return power.answer(path, query) if query["latitude-min"] == "30" else b"<html>"

    provider.answers[:] = [only_south]
    with pytest.raises(SourceError, match="2 of 4 files failed, the others are kept"):
        fetch(tmp_path, region=REGION)
    asked = len(provider.asked)
    served(provider)
    assert len(fetch(tmp_path, region=REGION)) == 4 and len(provider.asked) == asked + 2


def test_the_made_up_service_refuses_what_the_real_one_does():
    query = {
        "parameters": "AOD_55",
        "latitude-min": "40",
        "latitude-max": "41",
        "longitude-min": "-106",
        "longitude-max": "-96",
        "start": "20200101",
        "end": "20200102",
        "time-standard": "LST",
    }
    assert power.answer(power.PATH, query) is None
    assert power.answer(power.PATH, query | {"latitude-max": "50"})
    assert power.missing(pd.Timestamp("2020-02-28"))
