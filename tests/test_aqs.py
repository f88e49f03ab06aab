"""EPA's PM2.5: the rule for its several rows a station-day, damaged files, and the facts of the real table."""

import io
import os
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
from providers.aqs import HEADER

from placeprior import data
from placeprior.data import aqs
from placeprior.data.cube import check_cube, from_table, predictors
from placeprior.errors import ConfigError, CubeError, MissingData, UnknownName

real = pytest.mark.skipif(
    not os.environ.get("PLACEPRIOR_DATA"), reason="PLACEPRIOR_DATA is not set: the real tables are not at hand"
)

UNITS = "Micrograms/cubic meter (LC)"


def row(day, mean, site="0010", poc=1, duration="24-HR BLK AVG", standard="PM25 24-hour 2012", event="None", **more):
    values = dict.fromkeys(HEADER, "")
    values |= {
        "State Code": "01",
        "County Code": "003",
        "Site Num": site,
        "Parameter Code": "88101",
        "POC": poc,
        "Latitude": 30.497478,
        "Longitude": -87.880258,
        "Datum": "NAD83",
        "Parameter Name": "PM2.5 - Local Conditions",
        "Sample Duration": duration,
        "Pollutant Standard": standard,
        "Date Local": day,
        "Units of Measure": UNITS,
        "Event Type": event,
        "Observation Count": 1,
        "Observation Percent": 100.0,
        "Arithmetic Mean": mean,
        "Method Name": "Met One BAM-1020, 1022",
        "State Name": "Alabama",
        "County Name": "Baldwin",
        "Date of Last Change": "2022-05-01",
    }
    return values | more


def write(tmp_path, rows, columns=HEADER, name="daily_88101_2021"):
    path = tmp_path / f"{name}.zip"
    text = io.StringIO()
    pd.DataFrame(rows, columns=columns).to_csv(text, index=False, quoting=2)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.csv", text.getvalue())
    return path


def test_rule_for_the_rows_of_a_day(tmp_path):
    rows = [
        # two standards and an hourly row of one monitor: the latest standard's block average counts, once
        row("2021-01-01", 7.0, standard="PM25 24-hour 2006"),
        row("2021-01-01", 8.0, standard="PM25 24-hour 2012"),
        row("2021-01-01", 99.0, duration="1 HOUR", standard=""),
        # a second monitor of the same site: the mean over monitors
        row("2021-01-01", 10.0, poc=3, duration="24 HOUR"),
        # an exceptional event: as measured
        row("2021-01-02", 55.0, event="Included"),
        row("2021-01-02", 12.0, event="Excluded"),
        row("2021-01-02", 13.0, event="Concurred Excluded"),
        # a filter sample is preferred to a block average of the same monitor
        row("2021-01-04", 4.0, duration="24-HR BLK AVG"),
        row("2021-01-04", -0.5, duration="24 HOUR"),
        # hourly values alone make no day
        row("2021-01-05", 4.0, site="0011", duration="1 HOUR", standard=""),
        # outside the contiguous US
        row("2021-01-01", 3.0, **{"State Code": "15"}),
        row("2021-01-01", 3.0, **{"State Code": "CC"}),
    ]
    read = aqs.read_zip(write(tmp_path, rows))
    assert read["station"].unique().tolist() == ["01-003-0010-88101"]
    cube = from_table(read)
    np.testing.assert_allclose(cube["pm25"].values, [[9.0, 55.0, np.nan, -0.5]])
    assert (cube["lon"].item(), cube["lat"].item()) == (-87.880258, 30.497478)


def test_another_parameter_and_its_events(tmp_path):
    other = {"Parameter Code": "88502"}
    rows = [
        # an event at one of two monitors flags the station's day; EPA's other spelling is read as well
        row("2021-01-01", 50.0, event="Events Included", **other),
        row("2021-01-01", 40.0, event="Events Excluded", **other),
        row("2021-01-01", 30.0, poc=2, event="No Events", **other),
        row("2021-01-02", 6.0, event="", standard="", **other),
        # the filter's value is used, so that the hourly monitor's event does not count
        row("2021-01-03", 70.0, event="Included", **other),
        row("2021-01-03", 8.0, duration="24 HOUR", **other),
    ]
    path = write(tmp_path, rows)
    read = aqs.read_zip(path, "88502", events=True)
    assert read["station"].unique().tolist() == ["01-003-0010-88502"]
    assert read["pm25"].tolist() == [40.0, 6.0, 8.0] and read["event"].tolist() == [True, False, False]
    assert list(aqs.read_zip(path, "88502")) == ["station", "date", "lon", "lat", "pm25"]
    with pytest.raises(CubeError, match="parameter '88502', expected 88101"):
        aqs.read_zip(path)


def test_corrected_coordinates_follow_the_last_row(tmp_path):
    rows = [row("2021-01-01", 5.0), row("2021-01-02", 6.0, Latitude=30.5)]
    assert aqs.read_zip(write(tmp_path, rows))["lat"].tolist() == [30.5, 30.5]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("2021-01-01", 5.0, **{"Units of Measure": "Parts per million"})], "01-003-0010.*2021-01-01.*Parts per"),
        ([row("2021-01-01", 5.0, **{"Parameter Code": "88502"})], "parameter '88502', expected 88101"),
        ([row("2021-01-01", "n/a")], "01-003-0010.*2021-01-01: Arithmetic Mean is 'n/a'"),
        ([row("2021-01-01", 5.0, Latitude="")], "no row says a place that can be: '01-003-0010-88101'; no station"),
        ([row("2021-01-01", 5.0, Latitude="north")], "Latitude is 'north'"),
        ([row("2021-01-01", 5.0, duration="1 HOUR")], "no 24-hour value"),
        ([row("2021-01-01", 5.0, event="Perhaps")], "01-003-0010.*2021-01-01: Event Type is 'Perhaps'"),
        ([row("2021-01-01", 5.0, **{"State Code": "02"})], "no station in the contiguous US"),
        ([], "no rows"),
    ],
)
def test_bad_rows_are_refused_by_name(tmp_path, rows, message):
    with pytest.raises(CubeError, match=message):
        aqs.read_zip(write(tmp_path, rows))


def test_missing_column(tmp_path):
    columns = [name for name in HEADER if name != "Event Type"]
    with pytest.raises(CubeError, match="no column 'Event Type'"):
        aqs.read_zip(write(tmp_path, [row("2021-01-01", 5.0)], columns))


def test_damaged_zip(tmp_path):
    rows = [row(f"2021-01-{day:02d}", np.sin(day) * 7) for day in range(1, 29)]
    path = write(tmp_path, rows)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CubeError, match="damaged.*download it again"):
        aqs.read_zip(path)
    path.write_bytes(whole[:200] + bytes(50) + whole[250:])
    with pytest.raises(CubeError, match="daily_88101_2021.zip"):
        aqs.read_zip(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x"), archive.writestr("b.csv", "x")
    with pytest.raises(CubeError, match="2 CSV files"):
        aqs.read_zip(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../a.csv", "x")
    with pytest.raises(CubeError, match="'../a.csv', a file in a folder"):
        aqs.read_zip(path)
    with pytest.raises(CubeError, match="no such file"):
        aqs.read_zip(tmp_path / "absent.zip")


def test_task_from_epas_own_file(tmp_path, monkeypatch):
    write(tmp_path, [row("2021-01-01", 5.0), row("2021-12-31", 6.0)])
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path))
    cube = data.load("neighbours-2021")
    assert cube.sizes == {"station": 1, "time": 365} and cube.attrs["neighbours"] == 1
    assert np.isfinite(cube["pm25"].values).sum() == 2


def test_a_flag_of_the_label_is_no_input(tmp_path, monkeypatch):
    """Whether a day's value includes an event is known with the value: as an input it would tell of smoke, and of days
    without a measurement."""
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path))
    for year in (2019, 2021):
        days = [row(f"{year}-01-0{day}", 5.0 + day, event="Included") for day in (1, 2, 3)]
        write(tmp_path, days, name=f"daily_88101_{year}")
        cube = aqs.cube(year)
        assert predictors(cube) == ["doy_sin", "doy_cos"] and set(cube.data_vars) == {"pm25", "doy_sin", "doy_cos"}


def test_several_years_in_one_cube(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path))
    for year in range(2018, 2023):
        rows = [row(f"{year}-01-01", year - 2010.0), row(f"{year}-10-31", 6.0)]
        write(tmp_path, rows, name=f"daily_88101_{year}")
    cube = data.load("neighbours-2018-2022")
    assert cube.sizes == {"station": 1, "time": 1765} and cube.attrs["neighbours"] == 1
    assert cube["pm25"].sel(time="2020-01-01").item() == 10.0 and np.isfinite(cube["pm25"].values).sum() == 10
    assert "daily_88101_2018.zip, " in cube.attrs["source"] and "2018 to 2022" in cube.attrs["title"]
    assert [path.name[-8:-4] for path in aqs.files(2018, 2022)] == [str(year) for year in range(2018, 2023)]
    before = data.recipe("neighbours-2018-2022")
    write(tmp_path, [row("2019-01-01", 1.0)], name="daily_88101_2019")
    assert data.recipe("neighbours-2018-2022") != before


def test_a_moved_site_stands_where_its_last_year_says(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path))
    for year, lon in ((2018, -87.9), (2019, -87.8)):
        write(tmp_path, [row(f"{year}-01-01", 5.0, Longitude=lon)], name=f"daily_88101_{year}")
    assert aqs.cube(2018, 2019)["lon"].values.tolist() == [-87.8]


def test_absent_data_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.delenv("PLACEPRIOR_DATA", raising=False)
    with pytest.raises(MissingData, match="PLACEPRIOR_DATA is not set"):
        data.load("neighbours-2021")
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path / "no"))
    with pytest.raises(MissingData, match="is no folder"):
        data.load("weather-2019")
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path))
    with pytest.raises(MissingData, match="PM2.5 of 2021: none of .*daily_88101_2021.zip"):
        data.load("neighbours-2021")
    (tmp_path / aqs.PARQUET).write_bytes(b"PAR1 not really")
    with pytest.raises(CubeError, match="cannot be read as Parquet"):
        data.load("neighbours-2021")


def test_compact_table_without_its_stations(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path))
    rows = pd.DataFrame({"station": ["01-003-0010-88101"], "date": pd.to_datetime(["2021-01-01"]), "pm25": [5.0]})
    rows.to_parquet(tmp_path / aqs.PARQUET)
    with pytest.raises(MissingData, match=aqs.STATIONS):
        aqs.cube(2021)
    (tmp_path / aqs.STATIONS).write_text("station,lon,lat\nother,-90,40\n")
    with pytest.raises(CubeError, match="station '01-003-0010-88101' .*is not in"):
        aqs.cube(2021)
    rows.drop(columns="pm25").to_parquet(tmp_path / aqs.PARQUET)
    with pytest.raises(CubeError, match="no column 'pm25'"):
        aqs.cube(2021)
    rows.to_parquet(tmp_path / aqs.PARQUET)
    with pytest.raises(CubeError, match="no row of 1999"):
        aqs.cube(1999)


def test_unknown_task_and_option():
    with pytest.raises(UnknownName, match="did you mean 'weather-2019'"):
        data.load("wether-2019")
    with pytest.raises(ConfigError, match="takes no option, got seed"):
        data.load("weather-2019", seed=1)
    with pytest.raises(UnknownName, match="did you mean 'seed'"):
        data.load("world", sed=1)


@real
@pytest.mark.parametrize(("year", "rows", "stations", "mean"), [(2019, 251_582, 964, 7.36), (2021, 271_829, 968, 8.63)])
def test_facts_of_the_real_table(year, rows, stations, mean):
    cube = check_cube(aqs.cube(year))
    values = cube["pm25"].values
    assert cube.sizes == {"station": stations, "time": 365}
    assert np.isfinite(values).sum() == rows
    assert np.nanmean(values) == pytest.approx(mean, abs=0.005)
    assert (values < 0).any(), "slightly negative values are kept"
    assert predictors(cube) == ["doy_sin", "doy_cos"]


@real
def test_facts_of_the_years_together():
    cube = data.load("neighbours-2018-2022")
    assert cube.sizes == {"station": 1087, "time": 1765}
    assert np.isfinite(cube["pm25"].values).sum() == 1_183_037


# --- places that cannot be --------------------------------------------------------------------------------------------

GOOD = {"State Code": "11", "County Code": "001", "Latitude": 38.9, "Longitude": -77.0}  # Washington, D.C.


def told(path):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        return aqs.read_zip(path), " | ".join(str(one.message) for one in said)


@pytest.mark.parametrize(
    "place",
    [
        {"Latitude": 0, "Longitude": 0},
        {"Longitude": 87.880258},
        {"Latitude": -87.880258, "Longitude": 30.497478},
        {"Latitude": "", "Longitude": ""},
        {"Latitude": 47.6, "Longitude": -122.3},
        {"Latitude": 3049.7},
    ],
)
def test_a_place_outside_the_state_named_is_left_out_and_said(tmp_path, place):
    table, said = told(write(tmp_path, [row("2021-01-01", 5.0, **place), row("2021-01-02", 6.0, **GOOD)]))
    assert table["station"].tolist() == ["11-001-0010-88101"]
    assert "1 row of 1 station without a place in the state named ('01-003-0010-88101'" in said
    assert "1 station left out with 1 station-days" in said
    last = [row("2021-01-01", 5.0), row("2021-01-02", 6.0), row("2021-01-03", 7.0, **place)]
    table, said = told(write(tmp_path, last))
    assert table["pm25"].tolist() == [5, 6, 7]
    assert set(table["lon"]) == {-87.880258} and set(table["lat"]) == {30.497478}
    assert "last plausible place is taken" in said and "left out" not in said


def test_a_longitude_from_0_to_360_is_wrapped(tmp_path):
    table, said = told(write(tmp_path, [row("2021-01-01", 5.0, Longitude=360 - 87.880258)]))
    assert table["lon"].item() == pytest.approx(-87.880258) and not said


def test_another_years_place_will_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path))
    write(tmp_path, [row("2018-01-01", 5.0)], name="daily_88101_2018")
    write(tmp_path, [row("2019-01-01", 6.0, Latitude=0, Longitude=0)], name="daily_88101_2019")
    with pytest.warns(UserWarning, match="last plausible place"):
        cube = aqs.cube(2018, 2019)
    assert cube["lon"].values.tolist() == [-87.880258] and np.isfinite(cube["pm25"].values).sum() == 2


def test_a_station_list_with_a_place_that_cannot_be(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path))
    rows = pd.DataFrame(
        {
            "station": ["01-003-0010-88101", "11-001-0010-88101"],
            "pm25": [5.0, 6.0],
            "date": pd.to_datetime(["2021-01-01"] * 2),
        }
    )
    rows.to_parquet(tmp_path / aqs.PARQUET)
    (tmp_path / aqs.STATIONS).write_text("station,lon,lat\n01-003-0010-88101,0,0\n11-001-0010-88101,-77,38.9\n")
    with pytest.warns(UserWarning, match="1 station left out"):
        assert aqs.cube(2021)["station"].values.tolist() == ["11-001-0010-88101"]
    (tmp_path / aqs.STATIONS).write_text("station,lon,lat,lon\n01-003-0010-88101,0,0,-87\n")
    with pytest.raises(CubeError, match="column 'lon' occurs twice"):
        aqs.cube(2021)


def test_other_column_names_are_listed(tmp_path):
    columns = [name.lower().replace(" ", "_") for name in HEADER]
    path = write(tmp_path, [dict(zip(columns, row("2021-01-01", 5.0).values(), strict=True))], columns)
    with pytest.raises(CubeError, match="no column 'State Code'.*it has state_code, county_code.*arithmetic_mean"):
        aqs.read_zip(path)
    twice = [*HEADER, "Arithmetic Mean"]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("daily_88101_2021.csv", ",".join(twice) + "\n" + ",".join(["1"] * len(twice)) + "\n")
    with pytest.raises(CubeError, match="column 'Arithmetic Mean' occurs twice"):
        aqs.read_zip(path)


def test_a_file_without_a_row_that_counts_says_which_rows_it_has(tmp_path):
    rows = [
        row("2021-01-01", 5.0, event="Excluded"),
        row("2021-01-01", 6.0, duration="1 HOUR"),
        row("2021-01-02", 6.0, event="Concurred Excluded"),
    ]
    with pytest.raises(
        CubeError,
        match="of 3 rows 1 have another duration .'1 HOUR'.*2 of the others leave out an "
        "event .'Concurred Excluded', 'Excluded'",
    ):
        aqs.read_zip(write(tmp_path, rows))
    with pytest.raises(CubeError, match="1 station-days are of the state codes '15'"):
        aqs.read_zip(write(tmp_path, [row("2021-01-01", 5.0, **{"State Code": "15"})]))
