"""The one data contract: station-days as an ``xarray.Dataset`` on (``station``, ``time``).

Coordinates: ``station`` (text), ``lon(station)`` and ``lat(station)`` (degrees, WGS84, float64) and ``time``
(daily, no gap, ``datetime64[ns]``). Variables are float32 on (station, time): ``pm25`` (µg m-3, NaN where
nothing was measured) and predictors, which carry ``role="predictor"``. Every variable states ``units`` and
``long_name``.

Measured values are kept as they are: slightly negative PM2.5 is instrument noise and stays.

A cube of something else than PM2.5 says so by its attribute ``target`` and keeps that in the same variable, ``pm25``,
under its own ``long_name`` and ``units``: what is learned is found in one place, whatever it is. No range holds it.
"""

from __future__ import annotations

import csv
import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from placeprior.coords import CONUS_BOX, arrays, check_lonlat
from placeprior.data import read_table
from placeprior.data.calendar import season
from placeprior.data.contract import check_form, check_time
from placeprior.data.raster import check_raster
from placeprior.data.read_table import PM25_UNITS, pm25_units
from placeprior.data.text import read_text
from placeprior.errors import CoordinateError, CubeError, apart

PM25_RANGE = (-15.0, 2000.0)  # µg m-3; below: not noise; above: more than any daily mean in EPA's record
SAME = 1e-4  # how far a column of one's own may be from what it repeats: four decimals of a sine
ANTARCTIC = -60.0  # swapped coordinates of the eastern United States land south of it, inside the legal range


def predictors(cube: xr.Dataset) -> list[str]:
    """Return the names of the variables with ``role="predictor"``, in the cube's order."""
    return [str(name) for name, array in cube.data_vars.items() if array.attrs.get("role") == "predictor"]


def fingerprint(cube: xr.Dataset) -> str:
    """Return 16 hex digits of the SHA-256 of names, coordinates and values; attributes do not enter."""
    digest = hashlib.sha256()
    digest.update("\n".join(map(str, cube["station"].values)).encode())
    digest.update(cube["time"].values.astype("datetime64[ns]").astype("<i8").tobytes())
    for name in ("lon", "lat"):
        digest.update(np.asarray(cube[name].values, "<f8").tobytes())
    for name in sorted(map(str, cube.data_vars)):
        values = cube[name].transpose("station", "time").values.astype("<f4")
        values[np.isnan(values)] = np.nan  # one bit pattern for every NaN
        values[values == 0] = 0.0  # and one zero
        digest.update(f"\n{name}\n".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:16]


def add_calendar(cube: xr.Dataset) -> xr.Dataset:
    """Return the cube with ``doy_sin`` and ``doy_cos``: sine and cosine of 2π (day of year - 1) / 365.25.

    Raises
    ------
    CubeError
        The cube has a variable of that name which says something else; one that says the same is kept.
    """
    sine, cosine = season(cube["time"].dt.dayofyear.values)
    shape = (cube.sizes["station"], cube.sizes["time"])
    added = {}
    for name, values in (("doy_sin", sine), ("doy_cos", cosine)):
        long_name = f"{'sine' if name == 'doy_sin' else 'cosine'} of the day of year"
        values = np.broadcast_to(values, shape).copy()
        if name in cube:
            own = cube[name].transpose("station", "time").values
            if not np.isclose(own, values, rtol=0, atol=SAME)[np.isfinite(own)].all():
                raise CubeError(
                    f"{name} is the {long_name} here, but the data have a column of that name which says "
                    "something else; rename it"
                )
        added[name] = variable(values, "1", long_name)
    return cube.assign(added)


def variable(values: np.ndarray, units: str, long_name: str, role: str = "predictor") -> tuple:
    """Return an (n stations, n days) array as ``Dataset.assign`` takes it, with the contract's attributes."""
    return (
        ("station", "time"),
        arrays.by_day(values, long_name).astype("float32"),
        {"units": units, "long_name": long_name, "role": role},
    )


def from_table(
    table: pd.DataFrame, units: Mapping[str, str] | None = None, calendar: bool = True, target: str | None = "pm25"
) -> xr.Dataset:
    """Make a cube from a long table, one row a station and day.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``station``, ``date`` (or ``time``; written YYYY-MM-DD), ``lon``, ``lat`` (degrees), ``pm25``;
        every other column must be numeric and becomes a predictor. A header may carry its unit:
        ``temperature [degC]``.
    units : mapping, optional
        Units by column name; wins over the header. ``pm25`` must be a spelling of µg m-3 (taken as such when
        unstated).
    calendar : bool
        Add ``doy_sin`` and ``doy_cos``.
    target : {"pm25", None}
        None for a table without PM2.5, such as weather stations.

    Returns
    -------
    xarray.Dataset
        Checked cube: stations sorted by name, every day from first to last; a day without a row is NaN.
    """
    table, units = read_table.columns(table, units or {}, read_table.REQUIRED if target else read_table.REQUIRED[:4])
    names = read_table.stations(table)
    days = read_table.days(table)
    span = (days.max() - days.min()).days + 1
    columns = {name: read_table.numbers(table, name) for name in table.columns if name not in ("station", "date")}
    codes, stations = pd.factorize(names, sort=True)
    offset = (days - days.min()).dt.days.to_numpy()
    key = codes.astype("int64") * span + offset
    first = pd.Series(key).duplicated()
    if first.any():
        row = int(np.flatnonzero(first)[0])
        raise CubeError(
            f"station {names.iloc[row]!r} has two rows for {days.iloc[row]:%Y-%m-%d}; keep one row "
            "a station and day (average collocated monitors first)"
        )
    place = {name: read_table.one_value(columns.pop(name), codes, stations, name) for name in ("lon", "lat")}
    _note_signs(place["lon"], place["lat"], stations)
    shape = (len(stations), span)
    data = {}
    for name, column in columns.items():
        values = np.full(shape[0] * shape[1], np.nan, "float32")
        values[key] = column
        role = "target" if name == "pm25" else "predictor"
        data[name] = variable(values.reshape(shape), units.get(name, "unstated"), name, role)
    if "pm25" in data:
        spelled = pm25_units(units.get("pm25", PM25_UNITS))
        data["pm25"][2].update(units=spelled, long_name="daily mean PM2.5")
    time = pd.date_range(days.min(), periods=span, freq="D").values.astype("datetime64[ns]")
    cube = place_on(stations.astype(str).to_numpy(), place["lon"], place["lat"], time).assign(data)
    for name in predictors(cube):
        _note_static(cube[name])
    return check_cube(add_calendar(cube) if calendar else cube, target)


def place_on(station: np.ndarray, lon: np.ndarray, lat: np.ndarray, time: np.ndarray) -> xr.Dataset:
    """Return a cube without variables: n stations (names, degrees, degrees) and m days, with attributes."""
    cube = xr.Dataset(
        coords={
            "station": ("station", np.asarray(station, dtype=object), {"long_name": "station"}),
            "time": ("time", np.asarray(time, "datetime64[ns]"), {"long_name": "day"}),
            "lon": ("station", arrays.numbers(lon, "lon"), {"units": "degrees_east", "long_name": "longitude"}),
            "lat": ("station", arrays.numbers(lat, "lat"), {"units": "degrees_north", "long_name": "latitude"}),
        }
    )
    cube.attrs = {"title": "station-days", "source": "a table", "embedded": 0, "licence": "unstated"}
    return cube


def from_csv(path: str | Path, units: Mapping[str, str] | None = None) -> xr.Dataset:
    """Make a checked cube from the CSV file at `path`: columns and `units` of :func:`from_table`, calendar added."""
    path = Path(path)
    try:
        with path.open("rb") as stream:
            table = read_text(stream)
    except FileNotFoundError:
        raise CubeError(
            f"{path}: no such file; give the path of a CSV with the columns {', '.join(read_table.REQUIRED)}"
        ) from None
    except pd.errors.EmptyDataError:
        raise CubeError(f"{path} is empty; it needs the columns {', '.join(read_table.REQUIRED)}") from None
    except (OSError, UnicodeDecodeError, csv.Error, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise CubeError(f"{path} cannot be read as CSV ({error}); save it as comma-separated UTF-8 text") from None
    try:
        cube = from_table(table, units)
    except CubeError as error:
        raise CubeError(f"{path}: {error}") from None
    cube.attrs.update(title=path.stem, source=path.name)
    return cube


def check_cube(cube: xr.Dataset, target: str | None = "pm25") -> xr.Dataset:
    """Return a (station, time) cube as it is, or say what breaks the contract; ``target=None``: no PM2.5.

    A cube of fields on (time, y, x) is held to :func:`placeprior.data.raster.check_raster`.

    Raises
    ------
    CubeError
        Names the variable, the station, the day and the value where there is one, and the remedy.
    """
    if {"y", "x"} <= set(cube.dims):
        return check_raster(cube)
    for name in ("station", "time", "lon", "lat"):
        if name not in cube.coords:
            raise CubeError(f"the cube has no coordinate {name!r}; build it with placeprior.data.cube.from_table")
    if cube.sizes["station"] == 0 or cube.sizes["time"] == 0:
        raise CubeError(
            f"the cube is empty ({cube.sizes['station']} stations, {cube.sizes['time']} days); give it rows"
        )
    if cube["station"].dtype.kind == "S" or any(isinstance(name, bytes) for name in cube["station"].values):
        first = cube["station"].values[0]
        raise CubeError(
            f"station {first!r} is no text; decode the names, such as by cube['station'].str.decode('utf-8')"
        )
    stations = [str(name) for name in cube["station"].values]
    if len(set(stations)) < len(stations):
        twice = next(name for i, name in enumerate(stations) if name in stations[:i])
        raise CubeError(f"station {twice!r} occurs twice; keep one entry a station")
    check_time(cube["time"].values)
    _check_place(cube["lon"], cube["lat"], stations)
    if target is not None and target not in cube.data_vars:
        raise CubeError(f"the cube has no variable {target!r}; it has {', '.join(map(str, cube.data_vars)) or 'none'}")
    for name, array in cube.data_vars.items():
        _check_variable(str(name), array, cube)
    if cube.attrs.get("target"):
        return cube
    low, high = PM25_RANGE
    remedy = f"outside [{low:g}, {high:g}] {PM25_UNITS}; check its unit, or make it NaN if it is a sentinel"
    for name in ("pm25", "pm25_true"):
        if name in cube.data_vars:
            units, values = cube[name].attrs["units"], cube[name].values
            if units != PM25_UNITS:
                raise CubeError(f"{name} is in {units!r}; convert it and set attrs['units'] to {PM25_UNITS!r}")
            _refuse_cells((values < low) | (values > high), cube, name, remedy)
    return cube


def _check_place(lon: xr.DataArray, lat: xr.DataArray, stations: list[str]) -> None:
    if lon.dims != ("station",) or lat.dims != ("station",):
        raise CubeError(f"lon and lat have the dimensions {lon.dims} and {lat.dims}; give one value a station")
    try:
        lonlat = check_lonlat(np.column_stack([lon.values, lat.values]), names=stations)
    except CoordinateError as error:
        raise CubeError(str(error)) from None
    if (zero := (lonlat == 0).all(axis=1)).any():
        raise CubeError(
            f"station {stations[int(zero.argmax())]!r}: lon 0, lat 0 is in the sea off Africa, where no station stands "
            f"({int(zero.sum())} such); give its place, or leave it out"
        )
    south, (lon, lat), (west, low, east, high) = lonlat[:, 1] < ANTARCTIC, lonlat.T, CONUS_BOX
    swapped = south & (lat >= west) & (lat <= east) & (lon >= low) & (lon <= high)
    # Such a place can be in Antarctica too, but hardly where no other station is.
    if swapped.any() and not (south & ~swapped).any():
        first = int(swapped.argmax())
        x, y = lonlat[first]
        raise CubeError(
            f"station {stations[first]!r}: lon {x:g}, lat {y:g} is in Antarctica, and in the United States when "
            "exchanged; are lon and lat swapped?"
        )


def _check_variable(name: str, array: xr.DataArray, cube: xr.Dataset) -> None:
    check_form(name, array, ("station", "time"))
    _refuse_cells(np.isinf(array.values), cube, name, "not finite; make it NaN or drop it")
    if np.isnan(array.values).all():
        raise CubeError(f"{name} is NaN on all {array.size} station-days; drop the variable or mend its source")


def _note_signs(lon: np.ndarray, lat: np.ndarray, stations: pd.Index) -> None:
    """Report stations that would stand among the others, in the United States, with a minus before their longitude."""
    west, south, east, north = CONUS_BOX
    high = (lat >= south) & (lat <= north)
    lost, home = high & (-lon >= west) & (-lon <= east), high & (lon >= west) & (lon <= east)
    if lost.any() and home.sum() > lost.sum():
        at = int(lost.argmax())
        warnings.warn(
            f"station {str(stations[at])!r} at lon {lon[at]:g}, lat {lat[at]:g} is far from the {home.sum()} "
            f"stations in the United States, and among them with a minus ({lost.sum()} such); is the sign "
            "lost?",
            stacklevel=3,
        )


def _refuse_cells(wrong: np.ndarray, cube: xr.Dataset, name: str, why: str) -> None:
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        station, day = cube["station"].values[i], cube["time"].values[j].astype("datetime64[D]")
        value, count = cube[name].values[i, j], int(wrong.sum())
        raise CubeError(
            f"{name} at station {str(station)!r} on {day} is {apart(value, *PM25_RANGE)[0]}, {why} "
            f"({count} such values)"
        )


def _note_static(array: xr.DataArray) -> None:
    """Mark and report a predictor that differs between stations but never in time: it can name the place."""
    values = array.values
    known = np.isfinite(values).sum(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanmin(values, axis=1), np.nanmax(values, axis=1)
    if (known > 1).any() and np.array_equal(low, high, equal_nan=True) and np.unique(low[known > 0]).size > 1:
        array.attrs["static"] = 1
        warnings.warn(
            f"{array.name} never changes in time: as a predictor it can name the place; drop it if not meant",
            stacklevel=3,
        )
