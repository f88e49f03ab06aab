"""The data contract: what is accepted, and that each refusal names variable, station, value and remedy."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior.data.cube import (
    PM25_UNITS,
    add_calendar,
    check_cube,
    fingerprint,
    from_csv,
    from_table,
    pm25_units,
    predictors,
)
from placeprior.errors import CubeError

CSV = """station,date,lon,lat,pm25 [ug/m3],temperature [degC]
007,2021-03-02,-86.2,39.7,5.5,1
007,2021-03-04,-86.2,39.7,-2.5,2
west,2021-03-03,-118.2,34.1,,3.5
"""


def table(stations=("a", "b"), days=4):
    rows = [
        {"station": name, "date": day, "lon": -100.0 + 3 * i, "lat": 40.0 + i, "pm25": 5.0 + i + j, "wind": 1.0 * j}
        for i, name in enumerate(stations)
        for j, day in enumerate(pd.date_range("2021-01-01", periods=days).strftime("%Y-%m-%d"))
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def cube():
    return from_table(table())


def save(tmp_path, text):
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_becomes_cube(tmp_path):
    cube = from_csv(save(tmp_path, CSV))
    assert cube["station"].values.tolist() == ["007", "west"]
    assert cube["time"].dtype == "datetime64[ns]" and cube.sizes["time"] == 3
    np.testing.assert_array_equal(cube["pm25"].values, np.float32([[5.5, np.nan, -2.5], [np.nan] * 3]))
    assert cube["pm25"].attrs["units"] == PM25_UNITS
    assert cube["temperature"].attrs["units"] == "degC"
    assert predictors(cube) == ["temperature", "doy_sin", "doy_cos"]
    assert all(cube[name].dtype == np.float32 and cube[name].attrs["long_name"] for name in cube.data_vars)
    assert cube["lon"].dtype == cube["lat"].dtype == np.float64


def test_calendar_turns_once_a_year():
    cube = add_calendar(from_table(table(days=400), calendar=False))
    assert cube["doy_sin"].values[0, 0] == 0 and cube["doy_cos"].values[0, 0] == 1
    np.testing.assert_allclose(cube["doy_sin"].values[:, 0], cube["doy_sin"].values[:, 365])
    np.testing.assert_allclose(cube["doy_sin"] ** 2 + cube["doy_cos"] ** 2, 1, rtol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 9))
@settings(max_examples=15, deadline=None)
def test_row_order_and_attributes_do_not_matter(seed, stations, days):
    rng = np.random.default_rng(seed)
    rows = table([f"s{i}" for i in range(stations)], days)
    rows["pm25"] = rng.normal(8, 4, len(rows)).round(2)
    first, second = from_table(rows), from_table(rows.iloc[rng.permutation(len(rows))])
    second["pm25"].attrs["long_name"] = "something else"
    assert fingerprint(first) == fingerprint(second[list(second.data_vars)[::-1]])
    xr.testing.assert_equal(first, second)
    back = first["pm25"].to_series().dropna()
    np.testing.assert_allclose(back.to_numpy(), rows.sort_values(["station", "date"])["pm25"], rtol=1e-6)


@pytest.mark.parametrize("what", ["value", "nan", "name", "place", "station", "day"])
def test_fingerprint_sees_every_change(cube, what):
    other = cube.copy(deep=True)
    if what == "value":
        other["pm25"][0, 0] += 1
    elif what == "nan":
        other["pm25"][0, 0] = np.nan
    elif what == "name":
        other = other.rename(wind="breeze")
    elif what == "place":
        other = other.assign_coords(lon=other["lon"] + 1e-6)
    elif what == "station":
        other = other.assign_coords(station=["a", "c"])
    else:
        other = other.assign_coords(time=other["time"] + np.timedelta64(1, "D"))
    assert fingerprint(other) != fingerprint(cube)
    assert fingerprint(cube.copy(deep=True)) == fingerprint(cube)


@pytest.mark.parametrize("text", ["ug/m3", "µg/m3", "μg m-3", "µg/m³", "Micrograms/cubic meter (LC)", " µg m⁻³ "])
def test_units_have_synonyms(text):
    assert pm25_units(text) == PM25_UNITS


@pytest.mark.parametrize("text", ["mg m-3", "ppb", "", "AQI", "Micrograms/cubic meter (25 C)"])
def test_other_units_are_refused(text):
    with pytest.raises(CubeError, match="convert it"):
        pm25_units(text)


def test_two_stations_may_share_a_place():
    rows = table()
    rows[["lon", "lat"]] = [-100.0, 40.0]
    assert from_table(rows).sizes["station"] == 2


def spoil(column, row, value):
    def apply(rows):
        rows[column] = rows[column].astype(object)
        rows.loc[row, column] = value
        return rows

    return apply


TABLES = [
    (lambda t: t.drop(columns=["lon", "pm25"]), r"missing columns 'lon', 'pm25'.*are needed"),
    (lambda t: t.iloc[:0], "no rows"),
    (lambda t: pd.concat([t, t.iloc[[5]]]), r"station 'b' has two rows for 2021-01-02"),
    (lambda t: t.rename(columns={"wind": "pm25 [ppm]"}), "'pm25' occurs twice"),
    (lambda t: t.rename(columns={"pm25": "pm25 [mg m-3]"}), r"pm25 is in 'mg m-3'; convert it to 'µg m-3'"),
    (spoil("date", 2, "02/03/2021"), r"row 3 \(station 'a'\): date is '02/03/2021'; write dates as YYYY-MM-DD"),
    (spoil("date", 2, None), r"row 3 .*date"),
    (spoil("date", 2, "2021-01-03T12:00"), "time of day; aggregate"),
    (spoil("date", 2, "1021-01-03"), r"row 3 .*date is '1021-01-03'"),
    (lambda t: t.assign(date=t["date"] + "T00:00:00Z"), "time zone"),
    (spoil("station", 1, " "), "row 2: station is ' '"),
    (spoil("pm25", 1, "high"), r"row 2 \(station 'a'\): pm25 is 'high'; it must be a number"),
    (spoil("lat", 6, None), r"row 7 \(station 'b'\): lat is .*give every row its coordinates"),
    (spoil("lat", 6, 41.5), r"station 'b' moves: lat is 41 and 41.5"),
    (lambda t: t.assign(lon=t["lat"], lat=t["lon"]), r"station 'a'.*swapped"),
    (lambda t: t.assign(lon=39.7, lat=-86.2), r"station 'a': lon 39.7, lat -86.2 is in Antarctica, .*swapped\?"),
    (lambda t: t.assign(lon=400.0), "lon=400"),
    (spoil("pm25", 6, 9999.0), r"pm25 at station 'b' on 2021-01-03 is 9999, outside \[-15, 2000\] µg m-3"),
    (spoil("pm25", 6, -99.0), r"pm25 at station 'b' on 2021-01-03 is -99"),
    (spoil("pm25", 6, np.inf), r"pm25 at station 'b' on 2021-01-03 is inf, not finite"),
    (lambda t: t.assign(pm25=np.nan), "pm25 is NaN on all 8 station-days"),
    (lambda t: t.assign(smoke=np.nan), "smoke is NaN on all 8 station-days; drop"),
    (lambda t: t.assign(kind="urban"), "kind is 'urban'; it must be a number"),
]


@pytest.mark.parametrize(("change", "message"), TABLES, ids=[message[:30] for _, message in TABLES])
def test_bad_table_is_refused_by_name(change, message):
    with pytest.raises(CubeError, match=message):
        from_table(change(table()))


def swap(name, **attrs):
    def apply(cube):
        cube[name].attrs.update(attrs)
        return cube

    return apply


def swapped(cube):
    return cube.assign_coords(lon=("station", cube["lat"].values), lat=("station", cube["lon"].values))


CUBES = [
    (lambda c: c.drop_vars("pm25"), "no variable 'pm25'"),
    (lambda c: c.drop_vars("lon"), "no coordinate 'lon'"),
    (lambda c: c.isel(station=[]), "empty"),
    (lambda c: c.isel(time=[]), "empty"),
    (lambda c: c.isel(station=[0, 0]), "station 'a' occurs twice"),
    (lambda c: c.isel(time=[0, 1, 1, 2]), "2021-01-02 occurs twice"),
    (lambda c: c.isel(time=[0, 1, 3]), "2021-01-04 does not follow the day before it; reindex"),
    (lambda c: c.isel(time=[1, 0, 2]), "2021-01-01 comes after a later day; sort"),
    (lambda c: c.assign_coords(time=np.arange(4)), "time is int64, not dates"),
    (lambda c: c.assign_coords(time=c["time"] + np.timedelta64(6, "h")), "not midnight"),
    (lambda c: c.assign_coords(time=[*c["time"].values[:3], np.datetime64("NaT")]), "entry 3 is not a date"),
    (swapped, "swapped"),
    (lambda c: c.assign_coords(lon=("station", [np.nan, -90.0])), "station 'a'.*not a finite number"),
    (swap("pm25", units="ppm"), "pm25 is in 'ppm'; convert it"),
    (swap("wind", units=""), "wind has no 'units' attribute"),
    (lambda c: c.transpose("time", "station"), "transpose it"),
    (lambda c: c.assign(wind=c["wind"].astype("float64")), "wind is float64"),
    (lambda c: c.assign(wind=c["wind"].where(False)), "wind is NaN on all"),
]


@pytest.mark.parametrize(("change", "message"), CUBES, ids=[message[:30] for _, message in CUBES])
def test_bad_cube_is_refused_by_name(cube, change, message):
    with xr.set_options(keep_attrs=True), pytest.raises(CubeError, match=message):
        check_cube(change(cube))


def test_truth_is_checked_like_the_target(cube):
    truth = cube["pm25"].copy(deep=True)
    truth[1, 2] = 1e5
    with pytest.raises(CubeError, match="pm25_true at station 'b' on 2021-01-03"):
        check_cube(cube.assign(pm25_true=truth))


def test_check_changes_nothing(cube):
    before = cube.copy(deep=True)
    xr.testing.assert_identical(check_cube(cube), before)


def test_static_column_is_reported():
    rows = table().assign(height=lambda t: t["lat"] * 10)
    with pytest.warns(UserWarning, match="height never changes in time"):
        cube = from_table(rows)
    assert cube["height"].attrs["static"] == 1
    assert "static" not in cube["wind"].attrs


@pytest.mark.parametrize("known", ["once a station", "the same everywhere", "one value and nothing", "nowhere twice"])
def test_a_column_is_static_only_where_it_stays_and_differs(known, recwarn):
    rows = table().assign(height=np.nan)
    first = ~rows["station"].duplicated()
    if known == "once a station":  # may change the next day
        rows.loc[first, "height"] = rows["lat"][first] * 10
    elif known == "the same everywhere":
        rows["height"] = 5.0
    elif known == "one value and nothing":
        rows.loc[rows["station"] == "a", "height"] = 5.0
    else:
        rows["height"] = np.arange(len(rows), dtype=float)
    assert "static" not in from_table(rows)["height"].attrs
    assert not [warning for warning in recwarn if "never changes" in str(warning.message)]


def test_antarctica_begins_at_sixty_degrees_south_and_the_north_is_none_of_it():
    rows = table()
    for lon, lat in ((40, -59.5), (40, 65.0), (40, 89.0), (-90, -60.5), (40, -66.0)):
        assert from_table(rows.assign(lon=lon, lat=lat)).sizes["station"] == 2
    with pytest.raises(CubeError, match="lat -67.5 is in Antarctica"):
        from_table(rows.assign(lon=40, lat=-67.5))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("station,date,lon,lat,pm25\n", "no rows"),
        ("station,date,longitude,lat,pm25\na,2021-01-01,-90,40,5\n", "missing column 'lon'.*longitude"),
        ("station,date,lon,lat,pm25\na,2021-01-01,-90,40,5,5\n", "cannot be read as CSV"),
        ("station,date,lon,lat,pm25\na,2021-01-01,nan,40,5\n", r"row 1 \(station 'a'\): lon"),
        ("station,date,lon,lat,pm25\na,2021-13-01,-90,40,5\n", "date is '2021-13-01'"),
    ],
)
def test_bad_csv_is_refused_by_name(tmp_path, text, message):
    with pytest.raises(CubeError, match=message) as caught:
        from_csv(save(tmp_path, text))
    assert "mine.csv" in str(caught.value)


def test_absent_and_binary_csv(tmp_path):
    with pytest.raises(CubeError, match="nowhere.csv: no such file"):
        from_csv(tmp_path / "nowhere.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x01" * 10)
    with pytest.raises(CubeError, match="b.csv"):
        from_csv(tmp_path / "b.csv")


def test_stated_units_win_and_must_name_columns(tmp_path):
    cube = from_csv(save(tmp_path, CSV), units={"temperature": "K"})
    assert cube["temperature"].attrs["units"] == "K"
    with pytest.raises(CubeError, match="units are given for 'temprature'"):
        from_csv(save(tmp_path, CSV), units={"temprature": "K"})


# --- headers, days, names and columns as users write them -------------------------------------------------------------

ROW = "a,2021-01-01,-90,40,5"


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("station,date,lon,lat,pm25,pm25", f"{ROW},6", "column 'pm25' occurs twice"),
        ('\ufeff"station","date","lon","lat","pm25","pm25"', f"{ROW},6", "column 'pm25' occurs twice"),
        ("station,date,lon,lat,pm25, pm25 [ug/m3]", f"{ROW},6", "column 'pm25' occurs twice"),
        ("station,date,lon,lat,pm25,PM25", f"{ROW},6", "columns 'pm25' and 'PM25' are one name"),
        ("station,date,lon,lat,pm25,Date", f"{ROW},6", "columns 'date' and 'Date' are one name"),
        ("station,date,lon,lat,lat,pm25", "a,2021-01-01,-90,40,40,5", "column 'lat' occurs twice"),
        ("station,station,date,lon,lat,pm25", f"b,{ROW}", "column 'station' occurs twice"),
        ("station,date,time,lon,lat,pm25", "a,2021-01-01,2021-01-01,-90,40,5", "'date' and 'time' both say the day"),
        ("station,date,lon,lat,pm25,wind,wind", f"{ROW},6,7", "column 'wind' occurs twice"),
        ("station,date,lon,lat,pm25,pm25.1", f"{ROW},6", "'pm25.1' is what pandas makes of a second column 'pm25'"),
        ("station,date,lon,lat,pm25 [ug/m3],pm25 [ug/m3].1", f"{ROW},6", "pandas makes of a second column 'pm25'"),
    ],
)
def test_a_name_that_occurs_twice_is_refused_however_it_is_written(tmp_path, header, row, message):
    with pytest.raises(CubeError, match=message):
        from_csv(save(tmp_path, f"{header}\n{row}\n"))


def test_a_table_in_which_pandas_renamed_a_column_is_refused():
    with pytest.raises(CubeError, match="'pm25.1' is what pandas makes"):
        from_table(table().assign(**{"pm25.1": 3.0}))
    with pytest.raises(CubeError, match="column 'wind' occurs twice"):
        from_table(pd.concat([table(), table()[["wind"]]], axis=1))


@pytest.mark.parametrize(
    ("header", "row", "which"),
    [
        (",station,date,lon,lat,pm25", f"0,{ROW}", "column 1 without"),
        ("station,date,,lon,lat,pm25", "a,2021-01-01,x,-90,40,5", "column 3 without"),
        ("station,date,lon,lat,pm25,", f"{ROW},", "column 6 without"),
        ('"",station,date,lon,lat, ,pm25', "0,a,2021-01-01,-90,40,1,5", "columns 1, 6 without"),
        ("Unnamed: 0,station,date,lon,lat,pm25", f"0,{ROW}", "column 1 without"),
    ],
)
def test_columns_without_a_name_are_left_out_with_a_warning(tmp_path, header, row, which):
    with pytest.warns(UserWarning, match=which):
        cube = from_csv(save(tmp_path, f"{header}\n{row}\n"))
    assert predictors(cube) == ["doy_sin", "doy_cos"] and cube["pm25"].item() == 5


def test_an_index_without_a_name_in_a_table_is_left_out():
    with pytest.warns(UserWarning, match="column 1 without"):
        assert predictors(from_table(table().reset_index().rename(columns={"index": None}))) == [
            "wind",
            "doy_sin",
            "doy_cos",
        ]


@pytest.mark.parametrize(
    "stamp",
    [
        "2021-01",
        "2021",
        "202101",
        "2021-13",
        "2021-13-01",
        "2021-1-1",
        "2021-02-30",
        "2021-W01-1",
        "2021-001",
        "01/02/2021",
        "Jan 2021",
        "18628",
        "1609459200",
        "20210101.0",
        "",
        "NaT",
        "nan",
        2021,
        202101,
        18628,
        2021.0,
        None,
        pd.NaT,
        pd.Period("2021-01", "M"),
    ],
)
def test_what_is_no_day_is_refused(stamp):
    rows = table(stations=("a",), days=1)
    rows["date"] = pd.Series([stamp], dtype=None if isinstance(stamp, (int, float)) else object)
    with pytest.raises(CubeError, match="write dates as YYYY-MM-DD"):
        from_table(rows)


@pytest.mark.parametrize("stamp", ["2021-01-01T05:00", "2021-01-01 23:59:59"])
def test_a_time_of_day_is_no_day(stamp):
    with pytest.raises(CubeError, match="time of day"):
        from_table(table(stations=("a",), days=1).assign(date=stamp))


@pytest.mark.parametrize(
    "stamp",
    [
        "2021-01-01",
        " 2021-01-01 ",
        "20210101",
        20210101,
        "2021-01-01T00:00",
        "2021-01-01 00:00:00.000",
        pd.Timestamp("2021-01-01"),
        np.datetime64("2021-01-01"),
        pd.Timestamp("2021-01-01").date(),
        pd.Period("2021-01-01"),
    ],
)
def test_a_day_is_read_however_it_is_given(stamp):
    cube = from_table(table(stations=("a",), days=1).assign(date=stamp))
    assert cube["time"].values.astype("datetime64[D]").tolist() == [pd.Timestamp("2021-01-01").date()]


def test_a_monthly_table_says_so_and_one_of_firsts_is_reported(tmp_path):
    rows = "".join(f"a,2021-{month:02d},-90,40,5\n" for month in (1, 2, 3))
    with pytest.raises(CubeError, match="months or years is not one of days"):
        from_csv(save(tmp_path, f"station,date,lon,lat,pm25\n{rows}"))
    firsts = rows.replace(",-90", "-01,-90")
    with pytest.warns(UserWarning, match="first of a month"):
        from_csv(save(tmp_path, f"station,date,lon,lat,pm25\n{firsts}"))


@pytest.mark.parametrize("name", ["NA", "null", "None", "nan", "N/A", "NaN", "<NA>", "007", "1e5", "TRUE"])
def test_names_that_look_like_nothing_are_names(tmp_path, name):
    cube = from_csv(save(tmp_path, f"station,date,lon,lat,pm25\n{name},2021-01-01,-90,40,5\nb,2021-01-01,-91,40,\n"))
    assert sorted(cube["station"].values) == sorted(["b", name])


@pytest.mark.parametrize("blank", ["", "NA", "null", "None", "n/a", " NaN "])
def test_numbers_that_look_like_nothing_are_missing(tmp_path, blank):
    text = f"station,date,lon,lat,pm25,wind\n{ROW},{blank}\na,2021-01-02,-90,40,{blank},1\n"
    cube = from_csv(save(tmp_path, text))
    assert np.isnan(cube["wind"].values[0, 0]) and np.isnan(cube["pm25"].values[0, 1])


@pytest.mark.parametrize("off", [1e-6, 1e-9, 1e-13])
def test_two_numbers_that_differ_look_different(off):
    rows = table(stations=("a",), days=2)
    rows.loc[1, "lon"] += off
    with pytest.raises(CubeError, match="moves") as caught:
        from_table(rows)
    first, _, other = str(caught.value).partition("lon is ")[2].partition(";")[0].partition(" and ")
    assert first != other


def test_a_value_just_outside_looks_outside():
    rows = table()
    rows.loc[2, "pm25"] = np.nextafter(np.float32(2000), np.float32(3000))
    with pytest.raises(CubeError, match=r"is 2000.0001\d*, outside"):
        from_table(rows)


def test_a_column_named_like_one_that_is_made_is_kept_or_refused():
    made = from_table(table())
    again = made.to_dataframe().reset_index()[["station", "time", "lon", "lat", "pm25", "wind", "doy_sin", "doy_cos"]]
    assert fingerprint(from_table(again.round(5))) != "" and predictors(from_table(again)) == predictors(made)
    with pytest.raises(CubeError, match="doy_sin is the sine of the day of year here.*rename"):
        from_table(table().assign(doy_sin=0.5))
    assert from_table(table().assign(doy_sin=0.5), calendar=False)["doy_sin"].values.max() == 0.5
    with pytest.raises(CubeError, match="doy_cos"):
        add_calendar(made.assign(doy_cos=made["doy_cos"] + 1))


def test_zero_zero_is_no_place_of_a_station():
    rows = table()
    rows.loc[rows["station"] == "b", ["lon", "lat"]] = 0.0
    with pytest.raises(CubeError, match="station 'b': lon 0, lat 0 is in the sea"):
        from_table(rows)


def test_a_longitude_without_its_minus_is_reported():
    rows = table(stations=("a", "b", "c"))
    rows.loc[rows["station"] == "c", "lon"] *= -1
    with pytest.warns(UserWarning, match="station 'c' at lon 94.*is the sign lost"):
        from_table(rows)


@pytest.mark.parametrize("value", [pd.Timestamp("2021-01-01"), pd.Timedelta("1D"), 1 + 2j])
def test_days_and_complex_numbers_are_no_measurements(value):
    with pytest.raises(CubeError, match="wind holds .*must be a number"):
        from_table(table().assign(wind=value))
