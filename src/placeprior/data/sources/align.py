"""Bringing a source's grid to places: the cell in which a place lies, found in the grid's own coordinate system."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyproj
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import check_lonlat
from placeprior.errors import SourceError

ACROSS = 1.0  # degrees that a grid may reach over the date line
EVEN = 1e-3  # of a cell: how far spacing may be from even

#: MODIS' sinusoidal projection on a sphere (Land Processes DAAC, MODIS Grids), metres.
SINUSOIDAL = "+proj=sinu +R=6371007.181 +nadgrids=@null +wktext +units=m +no_defs"
LONLAT = "EPSG:4326"


@lru_cache
def _transformer(crs: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(LONLAT, crs, always_xy=True)


def cells(field: xr.Dataset, lonlat: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Row and column of the cell that each place lies in.

    Parameters
    ----------
    field : xarray.Dataset
        With evenly spaced cell centres ``x`` and ``y`` in the coordinate system ``attrs["crs"]``.
    lonlat : array_like, shape (n, 2)
        Degrees.

    Returns
    -------
    row, column : ndarray of int, shape (n,)
        0 where the place is outside.
    inside : ndarray of bool, shape (n,)
    """
    at = _transformer(field.attrs["crs"]).transform(*check_lonlat(lonlat).T)
    if field.attrs["crs"] == LONLAT and len(field["x"]) and float(field["x"].max()) > 180 + ACROSS:
        raise SourceError(
            f"{field.attrs.get('title', 'the grid')}: x goes to {float(field['x'].max()):g}; bring "
            "longitudes to -180 to 180 (placeprior.coords.wrapped)"
        )
    found = []
    for name, values in zip(("y", "x"), at[::-1], strict=True):
        centres = field[name].values.astype(np.float64)
        step = (centres[-1] - centres[0]) / (len(centres) - 1) if len(centres) > 1 else 1.0
        if len(centres) > 1 and np.abs(np.diff(centres) / step - 1).max() > EVEN:
            raise SourceError(
                f"{field.attrs.get('title', 'the grid')}: {name} is not evenly spaced (step {step:g}); "
                "fetch the file again, and if it stays so, its layout has changed"
            )
        position = (values - centres[0]) / step
        # A place on the edge between two cells belongs to the next; rounding to even would favour every other cell.
        found.append(np.floor(np.where(np.isfinite(position), position, -9.0) + 0.5).astype(np.intp))
    inside = (found[0] >= 0) & (found[0] < field.sizes["y"]) & (found[1] >= 0) & (found[1] < field.sizes["x"])
    return np.where(inside, found[0], 0), np.where(inside, found[1], 0), inside


def at_places(field: xr.Dataset, lonlat: ArrayLike) -> xr.Dataset:
    """Values of the cells that places lie in.

    Parameters
    ----------
    field : xarray.Dataset
        Variables on (time, y, x) or (y, x), as sources read them.
    lonlat : array_like, shape (n, 2)
        Degrees.

    Returns
    -------
    xarray.Dataset
        The same variables on (place, time) or (place,); NaN for places outside the grid. Nothing is averaged: a place
        gets what the product says about the cell it is in, at a station and on a map alike.
    """
    row, column, inside = cells(field, lonlat)
    picked = field.drop_vars([n for n in ("x", "y") if n in field.coords]).isel(
        y=xr.DataArray(row, dims="place"), x=xr.DataArray(column, dims="place")
    )
    picked = picked.where(xr.DataArray(inside, dims="place"))
    return picked.transpose("place", ...).assign_attrs(field.attrs)
