"""NOAA's weather: units, sentinels, quirks, damaged archives, and the nearest stations that report."""

import gzip
import io
import os
import tarfile
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior import data
from placeprior.coords import great_circle_km
from placeprior.data import gsod, weather
from placeprior.data.cube import check_cube, from_table, place_on, predictors, variable
from placeprior.errors import CubeError

real = pytest.mark.skipif(
    not os.environ.get("PLACEPRIOR_DATA"), reason="PLACEPRIOR_DATA is not set: the real tables are not at hand"
)

HEADER = (
    '"STATION","DATE","LATITUDE","LONGITUDE","ELEVATION","NAME","TEMP","TEMP_ATTRIBUTES","DEWP","DEWP_ATTRIBUTES",'
    '"SLP","SLP_ATTRIBUTES","STP","STP_ATTRIBUTES","VISIB","VISIB_ATTRIBUTES","WDSP","WDSP_ATTRIBUTES","MXSPD","GUST",'
    '"MAX","MAX_ATTRIBUTES","MIN","MIN_ATTRIBUTES","PRCP","PRCP_ATTRIBUTES","SNDP","FRSHTT"\n'
)
FULL = '"  68.0","24","  50.0","24","1020.0","24","  5.2","24"," 10.0","24"," 10.0","24"," 20.0"," 30.0","  86.0"," ","  41.0","*"," 1.00","G","999.9","010000"\n'  # noqa: E501
NONE = '"9999.9"," 0","9999.9"," 0","9999.9"," 0","999.9"," 0","999.9"," 0","999.9"," 0","999.9","999.9","9999.9"," ","9999.9"," ","99.99"," ","999.9","000000"\n'  # noqa: E501


def station(name="72494023234", lat="37.6197", lon="-122.3656", rows=(("2019-01-01", FULL), ("2019-01-03", NONE))):
    place = f'"{lat}","{lon}","3.0","SAN FRANCISCO INTL AIRPORT, CA US",'
    return HEADER + "".join(f'"{name}","{day}",{place}{values}' for day, values in rows)


def archive(tmp_path, files, name="gsod_2019.tar.gz"):
    path = tmp_path / name
    with tarfile.open(path, "w:gz") as tar:
        for member, text in files.items():
            raw = text.encode()
            info = tarfile.TarInfo(member)
            info.size = len(raw)
            tar.addfile(info, io.BytesIO(raw))
        link = tarfile.TarInfo("../escape.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return path


def test_units_and_sentinels_of_noaas_archive(tmp_path):
    files = {"72494023234.csv": station(), "01001099999.csv": station("01001099999", "70.93", "-8.67")}
    table = gsod.read_archive(archive(tmp_path, files))
    cube = gsod.weather(table, "test", list(gsod.FIELDS))
    assert cube["station"].values.tolist() == ["72494023234"], "Jan Mayen is not in the contiguous US"
    expected = {
        "temperature": 20.0,
        "dew_point": 10.0,
        "temperature_max": 30.0,
        "temperature_min": 5.0,
        "pressure": 1020.0,
        "station_pressure": 1005.2,
        "visibility": 16.09344,
        "wind_speed": 5.144444,
        "wind_speed_max": 10.288889,
        "gust": 15.433333,
        "precipitation": 25.4,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(cube[name].values, [[value, np.nan, np.nan]], rtol=1e-6, err_msg=name)
        assert cube[name].attrs["units"] == gsod.FIELDS[name][2]
    assert cube["elevation"].item() == 3.0
    assert not (tmp_path.parent / "escape.csv").exists()


def test_folder_reads_as_its_archive(tmp_path):
    (tmp_path / "gsod_2019").mkdir()
    (tmp_path / "gsod_2019" / "72494023234.csv").write_text(station())
    folder = gsod.read_archive(tmp_path / "gsod_2019")
    pd.testing.assert_frame_equal(folder, gsod.read_archive(archive(tmp_path, {"72494023234.csv": station()})))


def test_quirks():
    table = pd.DataFrame({"STP": [5.2, 0.0, 985.4, 999.9, 9999.9], "VISIB": [9.9, 10.0, 90.0, 999.9, 0.0]})
    np.testing.assert_allclose(gsod.convert(table, "station_pressure"), [1005.2, 1000.0, 985.4, np.nan, np.nan])
    np.testing.assert_allclose(gsod.convert(table, "visibility") / gsod.MILE, [9.9, 10, 10, np.nan, 0], rtol=1e-12)
    cold = pd.DataFrame({"TEMP": [-77.7, -69.7, 134.0, 212.0]})
    np.testing.assert_array_equal(np.isfinite(gsod.convert(cold, "temperature")), [False, True, True, False])


def test_a_moved_station_stands_where_it_stood_last(tmp_path):
    text = station(rows=[("2019-01-01", FULL)]) + station(lat="37.70", rows=[("2019-01-02", FULL)])[len(HEADER) :]
    cube = gsod.weather(gsod.read_archive(archive(tmp_path, {"a.csv": text})), "test", ["temperature"])
    assert cube["lat"].item() == 37.70 and cube.sizes["time"] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.csv cannot be read"),
        (station().replace('"DEWP"', '"DEWPOINT"'), "no column 'DEWP'"),
        (station().replace('"DEWP"', '"TEMP"'), "no column 'DEWP'"),
        (station().replace('"DEWP"', '"DEWP","DEWP"').replace('"24"', '"24","24"'), "column 'DEWP' occurs twice"),
        (
            station().replace("  68.0", "warm").replace("9999.9", "cold", 1),
            "left out: 2 rows in which TEMP is no number .first station '72494023234' on 2019-01-01: 'warm'",
        ),
        (station(lat="10.0"), "no station near the contiguous US"),
    ],
)
def test_bad_archive_is_refused_by_name(tmp_path, text, message):
    with pytest.raises(CubeError, match=message):
        gsod.read_archive(archive(tmp_path, {"a.csv": text}))


def told(tmp_path, files):
    """The table of an archive, and what was said about it."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        table = gsod.read_archive(archive(tmp_path, files))
    return table, [str(one.message) for one in said]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (HEADER, "1 files without a row (first bad.csv)"),
        (HEADER.strip(), "1 files without a row (first bad.csv)"),
        (station("9", lat="", lon=""), "1 files without a place (first bad.csv)"),
        (station("9", lat="0", lon="0"), "1 files without a place (first bad.csv)"),
        (station("9", lat="99.9", lon="-999.9"), "1 files without a place (first bad.csv)"),
        (station("9").replace("  68.0", "x"), "1 rows in which TEMP is no number (first station '9' on 2019-01-01: "),
        (station("9").replace("2019-01-03", "2019-01"), "1 rows in which DATE is no day"),
        (station("9", "70.93", "-8.67").replace("  68.0", "x"), ""),
        (station("9", "70.93", "-8.67").replace('"TEMP"', '"WARMTH"'), ""),
    ],
)
def test_what_is_left_out_is_counted_and_costs_no_other_station(tmp_path, bad, said):
    table, messages = told(tmp_path, {"bad.csv": bad, "good.csv": station()})
    assert (table["STATION"] == "72494023234").sum() == 2
    assert (said in messages[0] and len(messages) == 1) if said else not messages


def test_a_row_without_a_place_keeps_its_station_where_it_was(tmp_path):
    later = station(lat="", lon="", rows=[("2019-01-04", FULL)])[len(HEADER) :]
    zero = station(lat="0.0", lon="0.0", rows=[("2019-01-05", FULL)])[len(HEADER) :]
    table, messages = told(tmp_path, {"a.csv": station() + later + zero})
    assert table[["LATITUDE", "LONGITUDE"]].drop_duplicates().to_numpy().tolist() == [[37.6197, -122.3656]]
    assert len(table) == 4 and not messages


def test_longitudes_from_0_to_360_are_wrapped(tmp_path):
    table, _ = told(tmp_path, {"a.csv": station(lon="237.6344")})
    assert table["LONGITUDE"].tolist() == pytest.approx([-122.3656] * 2)


def test_an_archive_with_one_bit_wrong_is_damaged(tmp_path):
    """Stored, not squeezed, so that a digit can turn into another and every row still be read."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        raw = station().encode()
        info = tarfile.TarInfo("72494023234.csv")
        info.size = len(raw)
        tar.addfile(info, io.BytesIO(raw))
    whole = gzip.compress(plain.getvalue(), compresslevel=0)
    path = tmp_path / "gsod_2019.tar.gz"
    path.write_bytes(whole)
    assert len(gsod.read_archive(path)) == 2
    path.write_bytes(whole.replace(b"  68.0", b"  69.0", 1))
    with pytest.raises(CubeError, match="damaged.*CRC"):
        gsod.read_archive(path)


def test_damaged_archive(tmp_path):
    rows = [
        (str(day), FULL.replace("68.0", f"{i % 37}.{i % 10}"))
        for i, day in enumerate(pd.date_range("2019-01-01", periods=365).strftime("%Y-%m-%d"))
    ]
    path = archive(tmp_path, {"a.csv": station(rows=rows)})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CubeError, match="damaged.*download it again"):
        gsod.read_archive(path)
    path.write_bytes(b"no archive at all")
    with pytest.raises(CubeError, match="damaged"):
        gsod.read_archive(path)
    with pytest.raises(CubeError, match="no such file"):
        gsod.read_archive(tmp_path / "absent.tar.gz")


def toy(seed, places, stations, days):
    rng = np.random.default_rng(seed)
    time = pd.date_range("2019-01-01", periods=days).values

    def at(prefix, n):
        return place_on([f"{prefix}{i}" for i in range(n)], rng.uniform(-110, -80, n), rng.uniform(30, 45, n), time)

    values = rng.normal(10, 5, (stations, days))
    values[rng.random(values.shape) < 0.4] = np.nan
    reports = at("w", stations).assign(temperature=variable(values, "degC", "temperature"))
    return at("p", places), reports.assign_coords(elevation=("station", rng.uniform(0, 2000, stations)))


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 12), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_nearest_reporting_stations_by_hand(seed, places, stations, days):
    cube, reports = toy(seed, places, stations, days)
    made = weather.bring(cube, reports, ["temperature"])["temperature"].values
    km = great_circle_km(*(np.column_stack([c["lon"], c["lat"]]) for c in (cube, reports)))
    for p in range(places):
        for d in range(days):
            value = reports["temperature"].values[:, d].astype("float64")
            near = [i for i in np.argsort(km[p]) if np.isfinite(value[i])][:3]
            if near:
                np.testing.assert_allclose(made[p, d], np.average(value[near], weights=1 / km[p, near]), rtol=1e-4)
            else:
                assert np.isnan(made[p, d])


def test_collocated_station_and_elevation():
    cube, reports = toy(0, 2, 6, 3)
    reports = reports.assign_coords(lon=reports["lon"].copy(), lat=reports["lat"].copy())
    reports["lon"].values[4], reports["lat"].values[4] = cube["lon"].values[0], cube["lat"].values[0]
    reports["temperature"].values[4] = 25.0
    made = weather.bring_elevation(weather.bring(cube, reports, ["temperature"]), reports)
    np.testing.assert_allclose(made["temperature"].values[0], 25.0, atol=0.1)
    assert made["elevation"].attrs["static"] == 1 and made["elevation"].attrs["units"] == "m"
    assert np.ptp(made["elevation"].values, axis=1).max() == 0
    assert made["elevation"].values[0, 0] == pytest.approx(reports["elevation"].values[4], abs=10)


def test_days_that_the_weather_lacks_are_named():
    """As at the end of an archive that was fetched before its year was over."""
    time = pd.date_range("2019-01-01", periods=4).values
    place = (np.array(["a"], object), [-90.0], [40.0])
    cube = place_on(*place, time).assign(pm25=variable(np.ones((1, 4)), "µg m-3", "x", "target"))
    weather_ = place_on(*place, time[:3]).assign(temperature=variable(np.ones((1, 3)), "degC", "x"))
    with pytest.raises(CubeError, match="1 of the cube's 4 days .*2019-01-04"):
        weather.bring(cube, weather_, ["temperature"])


def test_weather_cube_needs_no_pm25():
    rows = pd.DataFrame({"station": "a", "date": ["2019-01-01"], "lon": -90.0, "lat": 40.0, "rain": 1.0})
    cube = from_table(rows, target=None, calendar=False)
    with pytest.raises(CubeError, match="no variable 'pm25'"):
        check_cube(cube)


@real
def test_real_weather_task():
    cube = data.load("weather-2019")
    assert cube.sizes == {"station": 964, "time": 365}
    assert predictors(cube) == [*data.WEATHER, "doy_sin", "doy_cos"]
    assert not any(cube[name].attrs.get("static") for name in predictors(cube))
    assert all(np.isfinite(cube[name].values).all() for name in predictors(cube))
    ranges = {"temperature": (-45, 45), "pressure": (950, 1060), "visibility": (0, 16.1), "wind_speed": (0, 40)}
    for name, (low, high) in ranges.items():
        assert low <= cube[name].values.min() and cube[name].values.max() <= high, name
    with_elevation = data.load("weather-2019-elevation")
    xr.testing.assert_equal(cube, with_elevation.drop_vars("elevation"))


@real
def test_facts_of_the_real_weather():
    path = data.tables.find([gsod.PARQUET], "weather")
    table = gsod.read_compact(path, 2019)
    assert len(table) == 871_788 and table["STATION"].nunique() == 2_490
    pressure = gsod.convert(table, "station_pressure")
    assert np.nanmin(pressure) > 500 and np.nanmax(pressure) < 1085
    assert 0.40 < np.isnan(gsod.convert(table, "pressure")).mean() < 0.44
