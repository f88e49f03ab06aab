"""Everything that makes a cube: the embedded world, and the real tables found through ``PLACEPRIOR_DATA``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import xarray as xr

from placeprior.cube import check_cube
from placeprior.errors import ConfigError, UnknownName

# Dynamic inputs of the weather task; station pressure is left out because it tells the elevation, hence the place.
WEATHER = [
    "temperature",
    "dew_point",
    "temperature_max",
    "temperature_min",
    "pressure",
    "visibility",
    "wind_speed",
    "precipitation",
]


def world(**options: Any) -> xr.Dataset:
    """Return the station cube of the embedded world; options are the knobs of ``placeprior.data.world.World``."""
    from placeprior.data.world import World

    knobs = [field.name for field in dataclasses.fields(World)]
    for name in options:
        if name not in knobs:
            raise UnknownName("knob of the embedded world", name, knobs)
    return World(**options).cube()


def weather_2019(elevation: bool = False) -> xr.Dataset:
    """Return PM2.5 of 2019 with the weather of the three nearest reporting weather stations and the calendar.

    Nothing in it is static, so place enters only where a variant says so; ``elevation`` adds the weather stations'
    elevation, which can name the place.
    """
    from placeprior.data import aqs, gsod, weather

    cube, stations = aqs.cube(2019), gsod.cube(2019, WEATHER)
    calendar = {name: cube[name] for name in ("doy_sin", "doy_cos")}
    made = weather.bring(cube.drop_vars(list(calendar)), stations, WEATHER)
    if elevation:
        made = weather.bring_elevation(made, stations)
    made = made.assign(calendar)
    made.attrs["title"] = "EPA AQS daily PM2.5 and NOAA GSOD weather, 2019, contiguous US"
    made.attrs["source"] += f"; {stations.attrs['source']}"
    return made


def weather_2019_elevation() -> xr.Dataset:
    """Return :func:`weather_2019` with the weather stations' elevation as one more channel."""
    return weather_2019(elevation=True)


def neighbours_2021() -> xr.Dataset:
    """Return PM2.5 of 2021 with the calendar; the neighbour feature is made for each fold, never stored."""
    from placeprior.data import aqs

    cube = aqs.cube(2021)
    cube.attrs["neighbours"] = 1
    return cube


TASKS: dict[str, Callable[..., xr.Dataset]] = {
    "world": world,
    "weather-2019": weather_2019,
    "weather-2019-elevation": weather_2019_elevation,
    "neighbours-2021": neighbours_2021,
}


def load(task: str, **options: Any) -> xr.Dataset:
    """Return the checked cube of a task.

    Parameters
    ----------
    task : str
        A name in ``TASKS``.
    **options
        The embedded world's knobs; the real tasks have none.
    """
    if task not in TASKS:
        raise UnknownName("task", task, TASKS)
    if options and task != "world":
        raise ConfigError(f"task {task!r} takes no option, got {', '.join(sorted(options))}; drop them")
    cube = check_cube(TASKS[task](**options))
    cube.attrs["task"] = task
    return cube
