"""What holds for every cube, of stations as of fields: its days, and the form of its variables."""

from __future__ import annotations

import numpy as np
import xarray as xr

from placeprior.coords import arrays
from placeprior.errors import CubeError


def check_time(time: np.ndarray) -> None:
    """Refuse days that are not dates at midnight, one after the other."""
    if not np.issubdtype(time.dtype, np.datetime64):
        raise CubeError(f"time is {time.dtype}, not dates; convert it with pandas.to_datetime")
    if np.isnat(time).any():
        raise CubeError(f"time: entry {int(np.flatnonzero(np.isnat(time))[0])} is not a date; drop it")
    days = time.astype("datetime64[D]")
    late = np.flatnonzero(days.astype(time.dtype) != time)
    if late.size:
        raise CubeError(f"time: {time[late[0]]} is not midnight; a cube is daily, aggregate to days first")
    step = np.diff(days).astype(int)
    for wrong, what in (
        (step == 0, "occurs twice; keep it once"),
        (step < 0, "comes after a later day; sort the cube by time"),
        (step > 1, "does not follow the day before it; reindex to every day, NaN where nothing is known"),
    ):
        if wrong.any():
            raise CubeError(f"time: {days[1:][wrong][0]} {what}")


def check_form(name: str, array: xr.DataArray, dims: tuple[str, ...]) -> None:
    """Refuse a variable on other dimensions, of another type, not decoded, or without unit and meaning; reads none."""
    arrays.refuse_packed(array, name)
    if array.dims != dims:
        raise CubeError(f"{name} has the dimensions {array.dims}; transpose it to {dims}")
    if array.dtype != np.float32:
        raise CubeError(f"{name} is {array.dtype}; convert it with .astype('float32')")
    for key in ("units", "long_name"):
        if not array.attrs.get(key):
            raise CubeError(f"{name} has no {key!r} attribute; set cube[{name!r}].attrs[{key!r}]")
