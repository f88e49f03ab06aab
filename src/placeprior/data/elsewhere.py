"""A task's predictors at any place: where nobody measured, and a map or a row without a label is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from placeprior.coords import check_lonlat
from placeprior.data import gsod
from placeprior.data.weather import bring
from placeprior.errors import ConfigError

WEATHER_YEARS = {"weather-2019": 2019}  # tasks whose weather is brought to monitors from weather stations, and the year


def fields(
    cube: xr.Dataset, load: str, options: Mapping[str, Any], lonlat: np.ndarray, days: np.ndarray, names: Sequence[str]
) -> dict[str, np.ndarray]:
    """Predictors of a task at places that need not be stations.

    The embedded world is simulated anywhere, and weather is brought to a place as it was to the monitors. What is the
    same at all stations, such as the calendar, is so everywhere.

    Parameters
    ----------
    cube : xarray.Dataset
        The task's.
    load : str
        A name in :data:`placeprior.data.TASKS`.
    options : mapping
        The loader's.
    lonlat : ndarray, shape (place, 2)
        Degrees.
    days : ndarray of int, shape (day,)
        Positions in the cube's time.
    names : sequence of str
        Predictors; of the embedded world any of its quantities.

    Returns
    -------
    dict of ndarray, shape (place, day)
        In the cube's units, by name; NaN where no weather station near by reports.

    Raises
    ------
    ConfigError
        If a predictor is known at stations only.
    """
    lonlat = check_lonlat(lonlat)
    if load == "world":
        from placeprior.data.world.simulation import World

        simulated = World(**options).components(lonlat, days)
        return {name: simulated[name].transpose("place", "time").values for name in names}
    shape = (len(lonlat), len(days))
    brought = _weather(cube, WEATHER_YEARS[load], lonlat, names) if load in WEATHER_YEARS else {}
    return {
        name: brought[name][:, days] if name in brought else np.broadcast_to(_everywhere(cube, load, name)[days], shape)
        for name in names
    }


def _weather(cube: xr.Dataset, year: int, lonlat: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Those predictors that are weather, (place, time), made as the monitors' were."""
    from placeprior.data import WEATHER

    where: dict[str, Any] = {"station": np.arange(len(lonlat)), "time": cube["time"].values}
    where |= {name: ("station", axis) for name, axis in zip(("lon", "lat"), lonlat.T, strict=True)}
    asked = [name for name in WEATHER if name in names]
    brought = bring(xr.Dataset(coords=where), gsod.cube(year, WEATHER), asked)
    return {name: brought[name].values for name in asked}


def _everywhere(cube: xr.Dataset, load: str, name: str) -> np.ndarray:
    """A predictor that is the same at all stations, (time,)."""
    values = cube[name].transpose("station", "time").values
    if (values != values[:1]).any():
        raise ConfigError(
            f"predictor {name!r} of task {load!r} is known at stations only; choose a run on the embedded world, on "
            f"{' or '.join(WEATHER_YEARS)} or on built predictors, or leave the task out in runs.yml"
        )
    return values[0]
