"""The data contract of daily fields: an ``xarray.Dataset`` on (``time``, ``y``, ``x``), as maps are made from.

Coordinates: ``time`` as in a station cube, ``lon(x)`` and ``lat(y)`` (degrees, cell centres, evenly spaced) and
``land(y, x)`` (true inside the country). Variables are float32 on (time, y, x), state ``units`` and ``long_name``, and
may be dask arrays.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from placeprior.coords import check_lonlat
from placeprior.data.contract import check_form, check_time
from placeprior.errors import CoordinateError, CubeError

DIMS = ("time", "y", "x")
EVEN = 1e-6  # degrees


def check_raster(raster: xr.Dataset) -> xr.Dataset:
    """Return the fields as they are, or say what breaks the contract.

    Raises
    ------
    CubeError
        Names the variable, the day and the value where there is one, and the remedy.
    """
    for name in ("time", "lon", "lat", "land"):
        if name not in raster.coords:
            raise CubeError(f"the raster has no coordinate {name!r}; build it with `placeprior data build`")
    if any(raster.sizes[dim] == 0 for dim in DIMS):
        raise CubeError(f"the raster is empty ({dict(raster.sizes)}); give it days and cells")
    check_time(raster["time"].values)
    for name, dim in (("lon", "x"), ("lat", "y")):
        if raster[name].dims != (dim,):
            raise CubeError(f"{name} has the dimensions {raster[name].dims}; it must be ({dim!r},)")
        step = np.diff(raster[name].values)
        if step.size and (np.abs(step - step[0]).max() > EVEN or step[0] == 0):
            raise CubeError(f"{name} is not evenly spaced; give the centres of a regular grid")
    corners = np.array([[x, y] for x in raster["lon"].values[[0, -1]] for y in raster["lat"].values[[0, -1]]])
    try:
        check_lonlat(corners)
    except CoordinateError as error:
        raise CubeError(f"a corner of the raster: {error}") from None
    if raster["land"].dims != ("y", "x") or raster["land"].dtype != bool or not raster["land"].any():
        raise CubeError("land must be true or false on ('y', 'x'), and true somewhere; take it from coords.inside")
    for name, array in raster.data_vars.items():
        _check_variable(str(name), array)
    return raster


def _check_variable(name: str, array: xr.DataArray) -> None:
    check_form(name, array, DIMS)
    known = False
    for day in range(array.sizes["time"]):  # a day at a time: a month of the country need not fit in memory twice
        values = array.isel(time=day).values
        if np.isinf(values).any():
            when = array["time"].values[day].astype("datetime64[D]")
            raise CubeError(f"{name} on {when} is not finite in {int(np.isinf(values).sum())} cells; make them NaN")
        known |= bool(np.isfinite(values).any())
    if not known:
        raise CubeError(f"{name} is NaN in all {array.size} cells; drop the variable or mend its source")
