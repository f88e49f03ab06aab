"""Stations in a file that is labelled already: netCDF or Zarr with the dimensions station and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from placeprior.data.columns import USUAL, Choice, Roles, find, plain
from placeprior.errors import CubeError


@dataclass
class Long:
    """A table with numbers in place of texts, a row a station and day; n rows.

    Attributes
    ----------
    stations : list of str
        Names.
    code : ndarray of int, shape (n,)
        Which of them.
    day : ndarray of int, shape (n,)
        Days since 1970.
    place : dict
        ``lon`` and ``lat``, degrees, each (n,).
    values : dict
        The target and what may be a predictor, each (n,), NaN where unknown.
    units : dict
        By name, as written.
    quantity : str
        What the target is, where its column is called no more than "value".
    """

    stations: list[str]
    code: np.ndarray
    day: np.ndarray
    place: dict[str, np.ndarray]
    values: dict[str, np.ndarray]
    units: dict[str, str]
    quantity: str = ""


def open_labelled(path: Path) -> xr.Dataset:
    """Open netCDF or Zarr; refuse in one line what is neither."""
    try:
        return xr.open_zarr(path, chunks=None) if path.suffix == ".zarr" else xr.open_dataset(path)
    except Exception as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> CubeError:
    """What to say of a file that a reader refused; each reader has errors of its own."""
    text = str(error).strip().splitlines() or [type(error).__name__]
    why = "no reader for its format" if "IO backends" in str(error) else text[0].rstrip(".")
    kind = "Zarr" if path.suffix == ".zarr" else "netCDF"
    return CubeError(f"it cannot be read as {kind} ({why}); write or copy it again, with dates of the common calendar")


def dimension(names: tuple[str, ...], part: str, where: str) -> str:
    """The dimension or coordinate that is the station, the time, a longitude or a latitude."""
    for usual in USUAL[part]:
        for name in names:
            if plain(str(name)) == usual:
                return str(name)
    raise CubeError(f"{where} has no {part}; it has {', '.join(map(str, names)) or 'none'}: rename one")


def stations_of(path: Path, choice: Choice, target: bool = True, needed: Sequence[str] = ()) -> tuple[Long, Roles]:
    """Read a file with (station, time) as rows; see :func:`placeprior.data.columns.find`."""
    with open_labelled(path) as opened:
        try:
            data = opened.load()
        except Exception as error:
            raise unreadable(path, error) from None
    station, time = (dimension(tuple(data.dims), part, "its dimensions") for part in ("station", "date"))
    lon, lat = (dimension(tuple(data.variables), part, "it") for part in ("lon", "lat"))
    own = {str(k): v.transpose(station, time) for k, v in data.data_vars.items() if set(v.dims) == {station, time}}
    own = {name: array for name, array in own.items() if array.dtype.kind in "fiub"}
    roles = find([station, time, lon, lat, *own], choice, target, needed)
    for name in () if needed else data.data_vars:
        if str(name) not in own and str(name) not in (lon, lat):
            roles.left_out[str(name)] = f"not a number on ({station}, {time})"
    n, m = data.sizes[station], data.sizes[time]
    stamps = np.repeat(data[time].values[None], n, 0).ravel()
    if stamps.dtype.kind != "M":
        raise CubeError(f"{time} is {stamps.dtype}, not dates")
    day = stamps.astype("datetime64[D]")
    if not choice.daily and (day.astype(stamps.dtype) != stamps).any():
        option = ", or let `--daily mean` do it" * target
        raise CubeError(f"{time} has times of day; aggregate to daily means first{option}")
    names = data[station].values if station in data.coords else np.arange(n)
    values = {name: own[name].values.astype(np.float32).ravel() for name in (roles.target, *roles.others) if name}
    units = {name: str(array.attrs["units"]) for name, array in own.items() if array.attrs.get("units")}
    place = {key: np.repeat(data[name].values.astype(float), m) for key, name in (("lon", lon), ("lat", lat))}
    code = np.repeat(np.arange(n), m)
    return Long([str(name) for name in names], code, day.astype(np.int32), place, values, units), roles
