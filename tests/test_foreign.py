"""Files and arrays as others leave them: names in two spellings, values not decoded, tables of another year, pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from test_aqs import row, write
from test_gsod import station
from typer.testing import CliRunner

from placeprior import cli, coords
from placeprior.coords import arrays
from placeprior.data import aqs, gsod
from placeprior.data.cube import check_cube, fingerprint, from_csv, from_table
from placeprior.encoders.table import Table
from placeprior.errors import CoordinateError, CubeError

HEADER = "station,date,lon,lat,pm25"


def table(names=("a", "b"), lonlat=((-90.0, 40.0), (-100.0, 38.0))):
    days = pd.date_range("2021-01-01", periods=3)
    places = np.repeat(np.array(lonlat, float), len(days), axis=0)
    return pd.DataFrame(
        {
            "station": np.repeat(np.array(names, object), len(days)),
            "date": np.tile(days, len(names)),
            "lon": places[:, 0],
            "lat": places[:, 1],
            "pm25": np.arange(float(len(places))),
        }
    )


# --- names ------------------------------------------------------------------------------------------------------------


def test_one_name_in_two_spellings_is_one_station(tmp_path):
    composed, apart = "Qu\u00e9bec", "Que\u0301bec"
    path = tmp_path / "mine.csv"
    path.write_text(f"{HEADER}\n{composed},2021-01-01,-71,47,5\n{apart},2021-01-02,-71,47,6\n", encoding="utf-8")
    assert from_csv(path)["station"].values.tolist() == [composed]


@pytest.mark.parametrize("name", ["\0a", "a\nb", "a\tb", "\x1b[31ma"])
def test_a_name_with_control_characters_is_refused(name):
    with pytest.raises(CubeError, match="row 1.*station.*control"):
        from_table(table((name, "b")))


def test_names_in_bytes_are_read_and_refused_where_they_are_not_text(tmp_path):
    assert from_table(table((b"a", b"b")))["station"].values.tolist() == ["a", "b"]
    with pytest.raises(CubeError, match="bytes"):
        from_table(table((b"\xff", b"b")))
    cube = from_table(table())
    path = tmp_path / "cube.nc"
    cube.assign_coords(station=np.array([b"a", b"b"])).to_netcdf(path, engine="scipy")
    told = CliRunner().invoke(cli.app, ["data", "check", str(path)])
    assert told.exit_code == 0 and fingerprint(cube) in told.output
    with pytest.raises(CubeError, match="b'a'.* is no text"):
        check_cube(cube.assign_coords(station=np.array([b"a", b"b"])))


# --- places -----------------------------------------------------------------------------------------------------------


def test_stations_in_antarctica_are_stations():
    real = table(("McMurdo", "Syowa"), ((166.7, -77.8), (39.6, -69.0)))
    assert from_table(real)["lat"].values.tolist() == [-77.8, -69.0]
    with pytest.raises(CubeError, match="'b'.*swapped"):
        from_table(table(lonlat=((-90, 40), (39.6, -69.0))))
    with pytest.raises(CubeError, match="'a'.*swapped"):
        from_table(table(lonlat=((40, -90), (39.6, -69.0))))


@pytest.mark.parametrize("code", [6, 6.0, "6", "06", " 06"])
def test_a_state_is_known_however_its_code_is_written(code):
    assert coords.in_state([(0, 0), (-118.25, 34.05)], [code] * 2).tolist() == [False, True]


@pytest.mark.parametrize("codes", ["06", ["06"], [["06", "06"]]])
def test_a_state_for_each_place(codes):
    with pytest.raises(CoordinateError, match="one code a place"):
        coords.in_state([(0, 0), (-118.25, 34.05)], codes)


@pytest.mark.parametrize("k", [1.5, "2", None, [1]])
def test_a_count_of_neighbours_is_whole(k):
    with pytest.raises(CoordinateError, match="k="):
        coords.nearest_km([(0, 0)], [(0, 0), (1, 1)], k=k)


@pytest.mark.parametrize("resolution", [np.inf, np.nan, "1", None])
def test_a_grids_resolution_is_a_number(resolution):
    with pytest.raises(CoordinateError, match="resolution"):
        coords.grid(resolution)


def test_a_map_takes_a_value_a_cell():
    with pytest.raises(CoordinateError, match=r"2 values.*cells"):
        coords.Land(5.0).raster([1, 2])


# --- values that were never decoded ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["_FillValue", "missing_value", "scale_factor", "add_offset"])
def test_values_that_are_not_decoded_are_refused(key):
    """As ``open_dataset(mask_and_scale=False)`` leaves them: the missing are numbers, and the others scaled."""
    cube = from_table(table())
    cube["pm25"].attrs[key] = 3.0
    with pytest.raises(CubeError, match=f"pm25.*{key}.*decode_cf"):
        check_cube(cube)
    with pytest.raises(CubeError, match=f"x.*{key}"):
        arrays.numbers(cube["pm25"], "x")
    vectors = xr.Dataset({"lon": ("p", [-90.0]), "lat": ("p", [40.0]), "e0": ("p", [3.0], {key: 3.0})})
    with pytest.raises(CubeError, match=f"e0.*{key}"):
        Table("mine", vectors)([(-90, 40)])
    vectors = vectors.assign(e0=("p", [3.0]), lon=("p", [-90.0], {key: 3.0}))
    with pytest.raises(CoordinateError, match=key):
        coords.check_lonlat(vectors)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=4, max_size=9), st.integers(0, 50))
def test_a_file_with_fills_gives_what_masked_values_give(values, fill):
    raw = xr.DataArray(np.array(values, "i2"), dims="p", attrs={"_FillValue": np.int16(fill)}, name="v")
    decoded = xr.decode_cf(raw.to_dataset())["v"]
    plain = np.where(np.array(values) == fill, np.nan, values)
    np.testing.assert_array_equal(arrays.numbers(decoded, "v"), plain)
    np.testing.assert_array_equal(arrays.numbers(np.ma.masked_equal(values, fill), "v"), plain)
    with pytest.raises(CubeError):
        arrays.numbers(raw, "v")


# --- tables -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEADER}\na,2021-01-01,-90,40,5\n".replace(",", ";"), "separated by ';'"),
        (f"{HEADER}\na,2021-01-01,-90,40,5\n".replace(",", "\t"), r"separated by '\\t'"),
        (f"# made by me\n{HEADER}\na,2021-01-01,-90,40,5\n", "more cells than the header '# made by me'"),
        (f"{HEADER}\na,2021-01-01,-90,40,5,5\n", "more cells than the header 'station,date"),
    ],
)
def test_what_is_not_separated_by_commas_says_so(tmp_path, text, said):
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CubeError, match=said):
        from_csv(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_places_from_a_pipe_are_refused_for_they_are_read_twice(tmp_path):
    pipe, out = tmp_path / "places.csv", tmp_path / "out.csv"
    os.mkfifo(pipe)
    command = [
        str(Path(sys.executable).with_name("placeprior")),
        "embed",
        str(pipe),
        "--encoder",
        "sincos",
        "-o",
        str(out),
    ]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert told.returncode == 1 and "is no file" in told.stderr and not out.exists()


# --- yearly files -----------------------------------------------------------------------------------------------------


def test_a_file_of_another_year_than_its_name_says_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path))
    write(tmp_path, [row("2020-01-01", 5.0)])
    with pytest.raises(CubeError, match="daily_88101_2021.zip holds '2020-01-01', not 2021"):
        aqs.cube(2021)
    (tmp_path / "gsod_2021").mkdir()
    (tmp_path / "gsod_2021" / "a.csv").write_text(station(), encoding="utf-8")
    with pytest.raises(CubeError, match="gsod_2021 holds no day of 2021; its days are from 2019-01-01 to 2019-01-03"):
        gsod.cube(2021)


def test_every_station_of_a_folder_is_read_and_what_a_mac_adds_is_not(tmp_path):
    (tmp_path / "72494023234.csv").write_text(station(), encoding="utf-8")
    (tmp_path / "72494023235.CSV").write_text(station("72494023235"), encoding="utf-8")
    (tmp_path / "._72494023234.csv").write_bytes(b"\0\5\x16\7\0\2")
    assert sorted(set(gsod.read_archive(tmp_path)["STATION"])) == ["72494023234", "72494023235"]
