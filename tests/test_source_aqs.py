"""EPA's monitors: two parameters made into one record, and what is refused."""

import io
import os
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from providers import Fault
from providers import aqs as maker

from placeprior.data import aqs as rules
from placeprior.data.cube import check_cube, predictors
from placeprior.data.sources import Period, Region, get
from placeprior.data.sources.aqs import SOURCE
from placeprior.data.sources.transfer import Transfer
from placeprior.errors import SourceError

PERIOD = Period.parse("2020-02")
REGION = Region.parse("-122,36,-119,40")
HOURLY, FILTER, OTHER = (maker.name(site) for site in (maker.HOURLY, maker.FILTER, maker.OTHER))


def fetch(tmp_path, period=PERIOD):
    return SOURCE.fetch(period, REGION, tmp_path / "cache", Transfer(pause=0.01, retries=1, timeout=5))


def read(tmp_path, period=PERIOD, region=REGION):
    return SOURCE.read(tmp_path / "cache" / "aqs", period, region)


def made(provider, tmp_path, period=PERIOD, **options):
    maker.make(provider.root, period, REGION, **options)
    fetch(tmp_path, period)
    return read(tmp_path, period)


def value(site, day):
    return maker.pm25(*maker.place(site, REGION), pd.Timestamp(day))


def test_list_needs_no_network():
    items = SOURCE.list(Period.parse("2020-12-30/2021-01-02"), REGION)
    assert get("aqs") is SOURCE and SOURCE.account is None and list(SOURCE.provides) == ["pm25"]
    assert [item.path for item in items] == [
        "daily_88101_2020.zip",
        "daily_88502_2020.zip",
        "daily_88101_2021.zip",
        "daily_88502_2021.zip",
    ]
    assert items[0].url == "https://aqs.epa.gov/aqsweb/airdata/daily_88101_2020.zip"
    assert all(1e6 < item.size < 8e6 and item.hash is None and not item.may_lack for item in items)
    latest = SOURCE.list(Period(date(2024, 1, 1), date(2024, 1, 2)), REGION)
    assert latest[0].size == items[2].size, "a year that is not known is taken as large as the last one known"


def test_a_month_with_a_leap_day(provider, tmp_path):
    cube = made(provider, tmp_path)
    assert check_cube(cube) is cube and predictors(cube) == []
    assert cube["station"].values.tolist() == [HOURLY, FILTER, OTHER], "nothing outside the region or the 48 states"
    assert (cube["time"].values == PERIOD.days.values).all() and cube.sizes["time"] == 29
    for site in (maker.HOURLY, maker.FILTER, maker.OTHER):
        station = cube.sel(station=maker.name(site))
        assert (station["lon"].item(), station["lat"].item()) == maker.place(site, REGION)
    at = cube["pm25"].sel(time="2020-02-29")
    wanted = [
        value(maker.HOURLY, "2020-02-29"),
        value(maker.FILTER, "2020-02-29"),
        value(maker.OTHER, "2020-02-29") + maker.OFFSET,
    ]
    np.testing.assert_allclose(at, wanted, rtol=1e-6)
    assert cube.attrs["title"] and cube.attrs["licence"].startswith("public domain") and cube.attrs["embedded"] == 0
    assert cube["pm25"].attrs == {"units": "µg m-3", "long_name": "daily mean PM2.5", "role": "target"}


def test_88101_wins_and_88502_fills(provider, tmp_path):
    cube = made(provider, tmp_path)
    filters = [day.toordinal() % 3 == 0 for day in PERIOD.days]
    base = np.array([value(maker.FILTER, day) for day in PERIOD.days])
    # Of the two filters side by side the mean; of the other parameter its own value, 1.5 above.
    np.testing.assert_allclose(cube["pm25"].sel(station=FILTER), np.where(filters, base, base + 1.5), rtol=1e-5)
    assert cube.attrs["filled"] == f"{29 - sum(filters) + 29} of 87 station-days are of parameter 88502"


def test_events_are_measured_and_flagged(provider, tmp_path):
    cube = made(provider, tmp_path)
    flagged = cube["event"].sel(station=HOURLY)
    days = flagged["time"].dt.day.values
    assert (flagged.values == (days % 10 == 0)).all() and cube["event"].attrs["role"] == "flag"
    np.testing.assert_allclose(
        cube["pm25"].sel(station=HOURLY, time="2020-02-20"), value(maker.HOURLY, "2020-02-20") + maker.SMOKE, rtol=1e-6
    )
    assert (cube["event"].sel(station=[FILTER, OTHER]) == 0).all()
    assert cube["pm25"].sel(station=HOURLY, time="2020-02-05") == np.float32(-0.4), "negative values stay"


def test_days_and_stations_without_a_value(provider, tmp_path):
    def change(rows):
        return [
            r
            for r in rows
            if r["Date Local"] != "2020-02-11"
            and not (r["Site Num"] == maker.OTHER[2] and "2020-02-03" <= r["Date Local"] <= "2020-02-06")
        ]

    cube = made(provider, tmp_path, change=change)
    assert cube["pm25"].sel(time="2020-02-11").isnull().all() and cube.sizes["time"] == 29
    assert (cube["pm25"].isnull() == cube["event"].isnull()).all() and int(cube["pm25"].isnull().sum()) == 3 + 4
    short = read(tmp_path, Period.parse("2020-02-03/2020-02-06"))
    assert OTHER not in short["station"].values and short.sizes["time"] == 4
    south = read(tmp_path, region=Region(-122, 36, -119, 38))
    assert south["station"].values.tolist() == [FILTER]
    with pytest.raises(SourceError, match="aqs: no station in .*has a value from 2020-02-01.*larger region"):
        read(tmp_path, region=Region(-100, 36, -99, 38))


def test_years_are_joined_and_a_moved_site_stands_where_it_was_last(provider, tmp_path):
    period = Period.parse("2020-12-30/2021-01-03")

    def change(rows):
        return [
            r | ({"Latitude": 39.5} if r["Site Num"] == maker.OTHER[2] and r["Date Local"] >= "2021" else {})
            for r in rows
        ]

    cube = made(provider, tmp_path, period, change=change)
    assert cube.sizes == {"station": 3, "time": 5} and np.isfinite(cube["pm25"].values).all()
    wanted = [value(maker.HOURLY, day) + maker.SMOKE * (day.day % 10 == 0) for day in period.days]
    np.testing.assert_allclose(cube["pm25"].sel(station=HOURLY), wanted, rtol=1e-6)
    assert cube["lat"].sel(station=OTHER) == 39.5


def test_a_record_that_stands_twice_counts_once(provider, tmp_path):
    once = made(provider, tmp_path)
    other = tmp_path / "other"
    maker.make(provider.root, PERIOD, REGION, change=lambda rows: rows + rows[::-1])
    twice = (fetch(other), read(other))[1]
    assert once.equals(twice)


def test_an_impossible_value_is_left_out_by_name(provider, tmp_path):
    def change(rows):
        return [
            r
            | (
                {"Arithmetic Mean": 9999.0}
                if r["Site Num"] == maker.OTHER[2] and r["Date Local"] == "2020-02-07"
                else {}
            )
            for r in rows
        ]

    with pytest.warns(UserWarning, match=f"aqs: station '{OTHER}' on 2020-02-07 has 9999 .*left out"):
        cube = made(provider, tmp_path, change=change)
    assert np.isnan(cube["pm25"].sel(station=OTHER, time="2020-02-07")) and int(cube["pm25"].isnull().sum()) == 1


def refused(provider, tmp_path, content, told):
    """The first file is refused, the other is kept, and the next call ends the work."""
    maker.make(provider.root, PERIOD, REGION)
    path = f"{maker.HOST}/daily_88101_2020.zip"
    good = (provider.root / path).read_bytes()
    provider.put(path, content(good))
    with pytest.raises(SourceError, match=f"aqs: .*daily_88101_2020.zip.* {told}"):
        fetch(tmp_path)
    cache = tmp_path / "cache" / "aqs"
    assert not (cache / "daily_88101_2020.zip").exists() and (cache / "daily_88502_2020.zip").exists()
    provider.put(path, good)
    assert len(fetch(tmp_path)) == 2 and read(tmp_path).sizes["station"] == 3


def rows(day=date(2020, 2, 1), parameter="88101"):
    return maker.rows_of(parameter, day, REGION)


def spoil(good):
    """Zip whose table's bytes no longer fit its checksum."""
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w", zipfile.ZIP_STORED) as archive, zipfile.ZipFile(io.BytesIO(good)) as source:
        archive.writestr("daily_88101_2020.csv", source.read("daily_88101_2020.csv"))
    return changed.getvalue().replace(b"Alabama", b"Alaska!").replace(b"California", b"Calofirnia")


def with_bomb(good):
    """Zip that says of a second file that it is 5 GB."""
    packed = io.BytesIO(good)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("more.bin", b"0")
        archive.getinfo("more.bin").file_size = 5 * 1024**3
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (lambda good: b"<!DOCTYPE html>\n<title>We are down</title>", "is a web page.*start again"),
        (lambda good: good[: len(good) // 2], "damaged .*start again"),
        (lambda good: b"", "damaged .*start again"),
        (spoil, "damaged .*CRC-32.*start again|arrived damaged"),
        (with_bomb, "unpacks to more than .*start again"),
        (lambda good: maker.pack(rows(date(2019, 2, 1)), 2019, "88101"), "holds '2019-02-01', not 2020"),
        (lambda good: maker.pack(rows(parameter="88502"), 2020, "88502"), "holds '88502', not parameter 88101"),
        (lambda good: maker.pack(rows(), 2020, "88101", "../daily_88101_2020.csv"), "in a folder.*start again"),
        (lambda good: maker.pack(rows(), 2020, "88101", "readme.txt"), "holds 0 CSV files.*start again"),
        (
            lambda good: maker.pack(
                [r | {"Mean": r["Arithmetic Mean"]} for r in rows()],
                2020,
                "88101",
                columns=["Mean" if c == "Arithmetic Mean" else c for c in maker.HEADER],
            ),
            "no column 'Arithmetic Mean'.*start again",
        ),
        (lambda good: maker.pack([], 2020, "88101"), "has no rows.*start again"),
    ],
    ids=["page", "torn", "empty", "checksum", "bomb", "year", "parameter", "folder", "member", "column", "rows"],
)
def test_what_arrives_in_place_of_the_file_is_refused(provider, tmp_path, content, told):
    refused(provider, tmp_path, content, told)


@pytest.mark.parametrize(("status", "told"), [(403, "no access"), (404, "does not exist.*may not have this period")])
def test_refusals(provider, tmp_path, status, told):
    maker.make(provider.root, PERIOD, REGION)
    provider.fail(f"{maker.HOST}/daily_88502_2020.zip", Fault(status=status))
    with pytest.raises(SourceError, match=f"aqs: https://aqs.epa.gov/.*88502_2020.zip .*{told}"):
        fetch(tmp_path)
    assert len(fetch(tmp_path)) == 2


def test_a_file_cut_on_its_way_or_spoiled_here_is_mended(provider, tmp_path):
    maker.make(provider.root, PERIOD, REGION)
    provider.fail(f"{maker.HOST}/daily_88101_2020.zip", Fault(cut=500))
    path, _ = fetch(tmp_path)
    content = path.read_bytes()
    assert content == (provider.root / maker.HOST / path.name).read_bytes()
    path.write_bytes(content[:-30])
    with pytest.raises(SourceError, match="aqs: .*damaged.*remove daily_88101_2020.zip and fetch it again"):
        read(tmp_path)
    assert fetch(tmp_path)[0].read_bytes() == content
    path.write_bytes(content[::-1])
    with pytest.raises(SourceError, match="aqs: .*wrong hash"):
        provider.put(f"{maker.HOST}/daily_88101_2020.zip", maker.pack(rows(), 2020, "88101"))
        fetch(tmp_path)


def test_what_is_wrong_further_down_is_told_when_it_is_read(provider, tmp_path):
    for number, (changes, told) in enumerate(
        [
            ({"Arithmetic Mean": "n/a"}, "Arithmetic Mean is 'n/a'"),
            ({"Units of Measure": "Parts per million"}, "Parts per million"),
            ({"Date Local": "2019-02-01", "State Code": "06"}, "holds '2019-02-01', not 2020"),
            ({"Date Local": "2020-02-31", "State Code": "06"}, "a Date Local is no date"),
            ({"Event Type": "Perhaps"}, "Event Type is 'Perhaps', which says neither"),
        ]
    ):
        folder = tmp_path / str(number)
        # Several times over, so that the last row is beyond those that `check` looks at.
        maker.make(
            provider.root,
            PERIOD,
            REGION,
            change=lambda made, c=changes: [*made * 5, made[-1] | (c if made[-1]["Parameter Code"] == "88101" else {})],
        )
        fetch(folder)
        with pytest.raises(SourceError, match=f"aqs: .*daily_88101_2020.zip.*{told}.*remove"):
            read(folder)


def test_not_fetched_yet(tmp_path):
    with pytest.raises(SourceError, match="aqs: .*daily_88101_2020.zip is not there; fetch it first"):
        read(tmp_path)


def written(folder, parameter, year, table):
    """Write a table as EPA's file, in no order."""
    with zipfile.ZipFile(folder / f"daily_{parameter}_{year}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
        with z.open(f"daily_{parameter}_{year}.csv", "w") as stream:
            table.assign(**{"Parameter Code": parameter}).sample(frac=1, random_state=year).to_csv(stream, index=False)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("PLACEPRIOR_DATA"), reason="PLACEPRIOR_DATA is not set: no real table at hand")
@pytest.mark.parametrize("year", [2022])  # the shortest; 2018 to 2021 pass as well, but take a minute each
def test_a_real_year_written_as_epa_writes_it_is_read_back(tmp_path, year):
    """The real table, one value a station-day, cut into as many monitors as it says, among the rows to leave out."""
    folder = Path(os.environ["PLACEPRIOR_DATA"])
    real = pd.read_parquet(
        folder / rules.PARQUET,
        filters=[("date", ">=", pd.Timestamp(year, 1, 1)), ("date", "<", pd.Timestamp(year + 1, 1, 1))],
    )
    real = real.astype({"station": str}).merge(pd.read_csv(folder / rules.STATIONS), on="station")
    state, county, site, _ = real["station"].str.split("-", expand=True).to_numpy().T
    base = pd.DataFrame(
        {
            "State Code": state,
            "County Code": county,
            "Site Num": site,
            "POC": "1",
            "Latitude": real["lat"],
            "Longitude": real["lon"],
            "Sample Duration": "24-HR BLK AVG",
            "Pollutant Standard": "PM25 24-hour 2012",
            "Date Local": real["date"].dt.strftime("%Y-%m-%d"),
            "Units of Measure": "Micrograms/cubic meter (LC)",
            "Event Type": "None",
            "Arithmetic Mean": real["pm25"].astype(float),
        }
    )
    turn = np.arange(len(base)) % 7  # what else stands beside a station-day's own rows
    base.loc[turn == 3, "Event Type"] = "Included"
    several = (real["n_monitors"] > 1).to_numpy()
    mean = base["Arithmetic Mean"]
    written(
        tmp_path,
        "88101",
        year,
        pd.concat(
            [
                base.assign(**{"Arithmetic Mean": mean + np.where(several, 0.25, 0)}),
                base[several].assign(**{"POC": "2", "Arithmetic Mean": mean - 0.25}),
                base[turn == 0].assign(
                    **{"Sample Duration": "1 HOUR", "Pollutant Standard": "", "Arithmetic Mean": 500}
                ),
                base[turn == 1].assign(**{"Pollutant Standard": "PM25 24-hour 2006", "Arithmetic Mean": 500}),
                base[turn == 3].assign(**{"Event Type": "Excluded", "Arithmetic Mean": 500}),
                base[turn == 4].assign(**{"State Code": "15"}),
            ]
        ),
    )
    written(tmp_path, "88502", year, base[turn == 5].assign(**{"Arithmetic Mean": 500.0}))
    SOURCE.check(tmp_path / f"daily_88101_{year}.zip")
    cube = SOURCE.read(tmp_path, Period(date(year, 1, 1), real["date"].max().date()), Region.parse("conus"))
    wanted = rules.cube(year)
    assert several.any() and (cube["station"].values + "-88101" == wanted["station"].values).all()
    for name in ("lon", "lat"):
        assert (cube[name].values == wanted[name].values).all()
    np.testing.assert_allclose(cube["pm25"].values, wanted["pm25"].values, rtol=0, atol=2e-5)
    assert int(np.isfinite(cube["pm25"].values).sum()) == len(real) and cube.attrs["filled"].startswith("0 of")
    assert int((cube["event"] == 1).sum()) == (turn == 3).sum()


ZERO = {"Latitude": 0, "Longitude": 0}


def moved(rows, change, when):
    """Rows of the hourly monitor changed on some days."""
    return [row | change if row["County Code"] == "019" and when(row["Date Local"]) else row for row in rows]


@pytest.mark.parametrize("change", [ZERO, {"Longitude": 119.3}, {"Latitude": "", "Longitude": ""}])
def test_a_place_that_cannot_be_costs_no_day_where_another_is_known(provider, tmp_path, change):
    """Also where the period has none, and a day outside of it does."""

    def found(name, when):
        return made(provider, tmp_path / name, change=lambda rows: moved(rows, change, when))

    plain = made(provider, tmp_path / "plain")
    for name, first in (("last", "2020-02-20"), ("all", "2020-02-01")):
        with pytest.warns(UserWarning, match="1 station without a place in the state named .'06-019-0011-88101'"):
            xr.testing.assert_allclose(found(name, lambda day, first=first: day >= first), plain)
    with pytest.warns(UserWarning, match=f"1 station left out with 29 station-days.*{HOURLY!r}"):
        assert HOURLY not in found("never", lambda day: True)["station"].values
