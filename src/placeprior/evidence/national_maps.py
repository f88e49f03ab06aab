"""Daily maps of the whole country from every arm, on days that a rule finds in the network's own measurements."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from placeprior import coords
from placeprior.data.cube import predictors
from placeprior.data.world.simulation import World
from placeprior.errors import ConfigError, StoreError
from placeprior.runs import plan
from placeprior.runs.daily_maps import daily_map
from placeprior.runs.making import cube_of
from placeprior.runs.plan import Run
from placeprior.runs.store import KEY
from placeprior.space.splits import HISTORY

RESOLUTION = 0.25  # degrees
DIGITS = 2  # of an estimate in µg m-3: a colour shows fewer, and the table stays small
TRUTH = "truth"  # in place of a variant, where the truth is known
REPORTING = 1 / 3  # of the monitors of the fullest day: on other days a network median is that of another network
#: Kind of day: the months it may be in, the percentile over the network's monitors, and whether the highest is chosen.
RULES = {"clean": (range(1, 13), 50, False), "winter": ((12, 1, 2), 50, True), "smoke": ((6, 7, 8, 9), 95, True)}


def collect(runs: list[Run]) -> pd.DataFrame:
    """Maps of every run on the days of :func:`days`, one row a land cell of :data:`RESOLUTION`.

    Parameters
    ----------
    runs : list of Run
        Stored runs whose predictors are known everywhere: see :func:`inputs`.

    Returns
    -------
    pandas.DataFrame
        :data:`~placeprior.runs.store.KEY`, ``kind``, ``day`` (date), ``lon``, ``lat``, ``estimate`` (float32, µg m-3,
        rounded to :data:`DIGITS`). In the embedded world one variant more, ``truth``, holds the true map (split
        ``"-"``).
    """
    lon, lat = coords.grid(RESOLUTION)
    found = []
    for own in by_data(runs):
        cube = cube_of(own[0])
        for kind, day in days(cube).items():
            grid = inputs(own, lon, lat, day)
            land = grid["land"].values
            east, north = (m[land].astype(np.float32) for m in np.meshgrid(lon, lat))
            place = {"kind": kind, "day": grid["time"].values[-1], "lon": east, "lat": north}
            layers = [({name: getattr(run, name) for name in KEY}, daily_map(run, grid).values[land]) for run in own]
            if "pm25_true" in grid:
                head = dict(zip(KEY, (own[0].task, TRUTH, "-", "-", 0, 0), strict=True))
                layers.append((head, grid["pm25_true"].values[-1][land]))
            found += [
                pd.DataFrame(head | place | {"estimate": np.round(v, DIGITS).astype(np.float32)}) for head, v in layers
            ]
    return pd.concat(found, ignore_index=True)


def by_data(runs: list[Run]) -> Iterator[list[Run]]:
    """Runs in groups of one task each, so that its fields are made once."""
    for data in dict.fromkeys((run.task, json.dumps(run.data, sort_keys=True)) for run in runs):
        yield [run for run in runs if (run.task, json.dumps(run.data, sort_keys=True)) == data]


def days(cube: xr.Dataset) -> dict[str, int]:
    """Which day each kind of :data:`RULES` is, as a position in the cube's time.

    Only days with a full history, and with at least :data:`REPORTING` of the monitors of the fullest day, are looked
    at. All monitors count, held out or not: it is days that are chosen, and no model sees the choice. A cube that has
    no day in a kind's months has no such day.

    Returns
    -------
    dict
        Kind to position.
    """
    pm25 = cube["pm25"].transpose("station", "time").values
    count = np.isfinite(pm25).sum(0)
    usable = (np.arange(len(count)) >= HISTORY - 1) & (count >= REPORTING * count.max())
    found = {}
    for kind, (months, percentile, highest) in RULES.items():
        candidates = np.flatnonzero(usable & np.isin(cube["time"].dt.month.values, list(months)))
        if candidates.size:
            level = np.nanpercentile(pm25[:, candidates], percentile, axis=0)
            found[kind] = int(candidates[level.argmax() if highest else level.argmin()])
    return found


def inputs(runs: Sequence[Run], lon: np.ndarray, lat: np.ndarray, day: int) -> xr.Dataset:
    """Predictors of one task on the land cells of a grid, on as many days up to `day` as the runs look at.

    Parameters
    ----------
    runs : sequence of Run
        All of one task.
    lon, lat : ndarray, shape (nx,) and (ny,)
        Cell centres, degrees; spacings may differ.
    day : int
        Position in the cube's time.

    Returns
    -------
    xarray.Dataset
        As :func:`placeprior.runs.daily_maps.daily_map` takes it, NaN off land; the embedded world's has ``pm25_true``
        too.

    Raises
    ------
    ConfigError
        If a predictor of real measurements differs from station to station: between them it is not known here.
    """
    window = max((run.settings.window for run in runs if run.variant not in plan.BASELINES), default=1)
    needed, cube = np.arange(day - window + 1, day + 1), cube_of(runs[0])
    cells = np.column_stack([m.ravel() for m in np.meshgrid(lon, lat)])
    land = coords.inside(cells).reshape(len(lat), len(lon))
    places = {"land": (("y", "x"), land), "lon": ("x", lon), "lat": ("y", lat)}
    grid = xr.Dataset(coords={"time": cube["time"].values[needed], **places})
    values = {}
    if runs[0].data["load"] == "world":
        fields = World(**runs[0].data["options"]).components(cells[land.ravel()], needed)
        values = {name: fields[name].transpose("time", "place").values for name in [*predictors(cube), "pm25_true"]}
    else:
        for name in predictors(cube):
            known = cube[name].transpose("time", "station").values[needed]
            if (known != known[:, :1]).any():
                raise ConfigError(
                    f"predictor {name!r} of task {runs[0].task!r} is known at stations only, so no map "
                    "can be drawn; leave the task out of the evidence in runs.yml"
                )
            values[name] = np.broadcast_to(known[:, :1], (window, int(land.sum())))
    for name, value in values.items():
        layer = np.full((window, *land.shape), np.nan, np.float32)
        layer[:, land] = value
        grid[name] = (("time", "y", "x"), layer)
    return grid


def layer(table: pd.DataFrame) -> xr.DataArray:
    """One map of the table as a field.

    Parameters
    ----------
    table : pandas.DataFrame
        The rows of one run and day, as :func:`collect` returns.

    Returns
    -------
    xarray.DataArray
        (y, x) with coordinates ``lon`` and ``lat``, µg m-3; NaN off land.

    Raises
    ------
    StoreError
        If the rows are of several maps, or none.
    """
    lon, lat = coords.grid(RESOLUTION)
    column, row = (
        np.rint((table[name].to_numpy() - first) / RESOLUTION).astype(int)
        for name, first in (("lon", lon[0]), ("lat", lat[0]))
    )
    if not len(table) or table.duplicated(["lon", "lat"]).any():
        raise StoreError(f"{len(table)} rows are not one map; choose one run and one kind of day")
    values = np.full((len(lat), len(lon)), np.nan, np.float32)
    values[row, column] = table["estimate"].to_numpy()
    return xr.DataArray(values, dims=("y", "x"), coords={"lon": ("x", lon), "lat": ("y", lat)})
