"""The one data contract, and everything that makes a cube: the embedded world, and real tables and archives.

What is loaded by name is found through ``PLACEPRIOR_DATA``. Nothing here knows an encoder, a split or a model, and only
``build`` and the command line know the providers in ``sources``. A list of runs asks for fingerprints alone and is to
take no time: what reads or simulates is imported where it is used.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from placeprior.data import tables
from placeprior.data.cube import check_cube
from placeprior.errors import ConfigError, CubeError, UnknownName

if TYPE_CHECKING:
    from placeprior.data.world.simulation import World

# Inputs of the weather task; station pressure is left out because it tells the elevation, hence the place.
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


def _world(**options: Any) -> World:
    from placeprior.data.world.simulation import World

    knobs = [field.name for field in dataclasses.fields(World)]
    for name in options:
        if name not in knobs:
            raise UnknownName("knob of the embedded world", name, knobs)
    return World(**options)


def world(**options: Any) -> xr.Dataset:
    """Return the station cube of the embedded world; options are the knobs of :class:`.World`."""
    return _world(**options).cube()


def weather_2019(elevation: bool = False) -> xr.Dataset:
    """Return PM2.5 of 2019 with the weather of the three nearest reporting weather stations and the calendar.

    Nothing in it is static, so place enters only where a variant says so; ``elevation`` adds the weather
    stations' elevation, which can name the place.
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


def neighbours_2018_2022() -> xr.Dataset:
    """Return :func:`neighbours_2021` for every day on record from 2018 to 2022, at the stations of any year."""
    from placeprior.data import aqs

    cube = aqs.cube(2018, 2022)
    cube.attrs["neighbours"] = 1
    return cube


def built(period: str) -> xr.Dataset:
    """Return the study's predictors as built by ``placeprior data build``: ``stations-<period>.zarr``.

    The neighbour feature is made and gaps of the satellite's are filled for each fold, never stored.
    """
    from placeprior.data import build

    return build.load(_built(period))


def _built(period: str) -> Path:
    return tables.find([f"stations-{period}.zarr"], f"the predictors of {period} (`placeprior data build`)")


def table(file: str = "") -> xr.Dataset:
    """Return a person's own cube (:mod:`placeprior.data.stations`), a file in the folder of ``runs.yml``."""
    try:
        with xr.open_dataset(_file({"file": file}), engine="scipy") as opened:
            return opened.load()
    except (OSError, ValueError, TypeError) as error:
        raise CubeError(f"{file} cannot be read ({error}); run `placeprior compare` again") from None


TASKS: dict[str, Callable[..., xr.Dataset]] = {
    "stations": built,
    "world": world,
    "table": table,
    "weather-2019": weather_2019,
    "weather-2019-elevation": weather_2019_elevation,
    "neighbours-2021": neighbours_2021,
    "neighbours-2018-2022": neighbours_2018_2022,
}


#: Years that a real task is read from, by where they come from: EPA's PM2.5 (``aqs``), NOAA's weather (``gsod``).
READ_FROM: dict[str, dict[str, tuple[int, ...]]] = {
    "weather-2019": {"aqs": (2019,), "gsod": (2019,)},
    "weather-2019-elevation": {"aqs": (2019,), "gsod": (2019,)},
    "neighbours-2021": {"aqs": (2021,)},
    "neighbours-2018-2022": {"aqs": (2018, 2019, 2020, 2021, 2022)},
}


def _files(task: str) -> list[Path]:
    """Every file that decides a real task's cube, in one order."""
    from placeprior.data import aqs, gsod

    years = READ_FROM[task]
    weather = [path for year in years.get("gsod", ()) for path in gsod.files(year)]
    return [*aqs.files(years["aqs"][0], years["aqs"][-1]), *weather]


FILES: dict[str, Callable[[], list[Path]]] = {task: partial(_files, task) for task in READ_FROM}
READERS = 1  # raise when a change of the readers changes a cube


def recipe(task: str, **options: Any) -> str:
    """Fingerprint of what a task's cube is made from, without making it.

    The embedded world's is its version and knobs, a real task's the hash of its files: both are the same on every
    machine, while the last bit of a simulated value need not be.

    Raises
    ------
    UnknownName, MissingData
        No such task; its files are not at hand.
    """
    if task == "world":
        from placeprior.data.world.labels import VERSION

        defaults, knobs = dataclasses.asdict(_world()), dataclasses.asdict(_world(**options))
        # Only what differs, so that a knob added later leaves the fingerprint of earlier worlds as it is.
        content = {"version": VERSION, "knobs": {k: v for k, v in knobs.items() if v != defaults[k]}}
    elif task == "stations":
        content = {"version": READERS, "files": [tables.digest(_built(**_period(options)))]}
    elif task == "table":
        content = {"version": READERS, "files": [tables.digest(_file(options))]}
    elif task in FILES:
        content = {"version": READERS, "files": [tables.digest(path) for path in FILES[task]()]}
    else:
        raise UnknownName("task", task, TASKS)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


_OWN = re.compile(r"cube-(?P<digest>[0-9a-f]{12})\.nc")  # a person's own cube, whose name tells its content


def _file(options: dict[str, Any]) -> Path:
    if set(options) != {"file"} or not Path(options["file"]).is_file():
        raise ConfigError(
            f"task 'table' takes the option 'file', a cube that `placeprior compare` made; got {options!r}"
        )
    path = Path(options["file"])
    named = _OWN.fullmatch(path.name)
    if named and not tables.digest(path).startswith(named["digest"]):
        raise CubeError(f"{path} is not as it was written; run the same `placeprior compare` again")
    return path


def _period(options: dict[str, Any]) -> dict[str, Any]:
    if set(options) != {"period"}:
        raise ConfigError(f"task 'stations' takes the option 'period', such as {{period: '2021'}}; got {options!r}")
    return options


def load(task: str, **options: Any) -> xr.Dataset:
    """Return the checked cube of a task.

    Parameters
    ----------
    task : str
        A name in ``TASKS``.
    **options
        The embedded world's knobs; ``period`` of the task ``stations``; the other real tasks have none.
    """
    if task not in TASKS:
        raise UnknownName("task", task, TASKS)
    if task == "stations":
        _period(options)
    elif options and task not in ("world", "table"):
        raise ConfigError(f"task {task!r} takes no option, got {', '.join(sorted(options))}; drop them")
    cube = check_cube(TASKS[task](**options))
    cube.attrs["task"] = task
    return cube
