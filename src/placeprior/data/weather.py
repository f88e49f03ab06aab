"""Weather brought to the places of another cube: the nearest stations that report, weighted by 1/distance."""

from __future__ import annotations

import numpy as np
import xarray as xr

from placeprior.coords import nearest_km
from placeprior.data.cube import variable
from placeprior.errors import CubeError

NEAREST = 3  # weather stations that make a value
CANDIDATES = 24  # nearest stations searched for those that report the variable that day
CLOSEST_KM = 0.1  # floor of the distance, so that a collocated station keeps a finite weight


def bring(cube: xr.Dataset, weather: xr.Dataset, fields: list[str]) -> xr.Dataset:
    """Return the cube with ``fields`` of the weather stations as predictors.

    For each place, day and field: the mean over the three nearest weather stations that report the field that
    day (searched among the 24 nearest), weighted by 1/distance, the great-circle distance being at least 0.1 km.
    NaN where none of the 24 reports.

    Parameters
    ----------
    cube : xarray.Dataset
        Places to bring weather to, n stations.
    weather : xarray.Dataset
        Cube of weather stations that holds ``fields`` on every day of ``cube``.
    """
    _refuse_own(cube, fields)
    lacking = cube["time"].values[~np.isin(cube["time"].values, weather["time"].values)]
    if lacking.size:
        raise CubeError(
            f"{lacking.size} of the cube's {cube.sizes['time']} days are not among those of the weather, such as "
            f"{lacking[0].astype('datetime64[D]')}; fetch an archive of weather that holds the whole period"
        )
    km, index = _neighbours(cube, weather, CANDIDATES)
    weather = weather.sel(time=cube["time"].values)
    added = {}
    for name in fields:
        values = _nearest_mean(weather[name].values, index, km)
        added[name] = variable(values, weather[name].attrs["units"], weather[name].attrs["long_name"])
    return cube.assign(added)


def bring_elevation(cube: xr.Dataset, weather: xr.Dataset) -> xr.Dataset:
    """Return the cube with ``elevation``, the weather stations' (m), weighted as in :func:`bring`.

    It never changes in time and can serve as a place's name: for an arm of its own, not for a dynamic input.
    """
    _refuse_own(cube, ["elevation"])
    km, index = _neighbours(cube, weather, CANDIDATES)
    values = _nearest_mean(weather["elevation"].values[:, None], index, km)
    shape = (cube.sizes["station"], cube.sizes["time"])
    dims, values, attrs = variable(np.broadcast_to(values, shape), "m", "elevation of the nearest weather stations")
    return cube.assign(elevation=(dims, values, attrs | {"static": 1}))


def _refuse_own(cube: xr.Dataset, made: list[str]) -> None:
    """Refuse to write over a variable that the cube has."""
    for name in made:
        if name in cube:
            raise CubeError(f"the cube has a variable {name!r} already, which the weather would replace; rename it")


def _neighbours(cube: xr.Dataset, weather: xr.Dataset, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return distances (n, count), km, and indices (n, count) of the nearest stations, nearest first."""
    here, there = (np.column_stack([place["lon"].values, place["lat"].values]) for place in (cube, weather))
    count = min(count, len(there))
    km, index = nearest_km(here, there, k=count)
    return km.reshape(len(here), count), index.reshape(len(here), count)


def _nearest_mean(values: np.ndarray, index: np.ndarray, km: np.ndarray) -> np.ndarray:
    """Weighted mean (n, days) over the first finite ``values`` (m, days) along ``index`` (n, candidates)."""
    total = np.zeros((len(index), values.shape[1]), "float64")
    weights = np.zeros_like(total)
    used = np.zeros(total.shape, "int8")
    for rank in range(index.shape[1]):
        value = values[index[:, rank]]
        take = np.isfinite(value) & (used < NEAREST)
        weight = take / np.maximum(km[:, rank, None], CLOSEST_KM)
        total += weight * np.where(take, value, 0)
        weights += weight
        used += take
        if (used == NEAREST).all():
            break
    return np.divide(total, weights, out=np.full_like(total, np.nan), where=weights > 0)
