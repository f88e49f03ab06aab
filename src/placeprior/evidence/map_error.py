"""Error of a run's maps against the embedded world's truth: on every land cell, not only at its monitors.

A score at test stations speaks of places like the stations, and of readings with instrument noise. A map is for all the
land between them. In the simulated world the truth is known there, so the map itself can be scored.
"""

from __future__ import annotations

import json
from itertools import groupby

import numpy as np
import pandas as pd
import xarray as xr

from placeprior import coords
from placeprior.data.world.simulation import World
from placeprior.errors import ConfigError, UnknownName
from placeprior.runs import store
from placeprior.runs.daily_maps import daily_map, fields_on
from placeprior.runs.inputs import cube_of, parts_of
from placeprior.runs.plan import Run
from placeprior.runs.store import KEY
from placeprior.scores import metrics
from placeprior.scores.paired import squares
from placeprior.space.splits import HISTORY, lonlat_of

RESOLUTION = 0.5  # degrees
STEP = 15  # days from one map to the next
NEAR_KM = 100.0  # cells at most this far from a training station are "near", the others "far"
PARTS = {
    "map": "all land cells",
    "near": "land cells near a training station",
    "far": "land cells far from any",
    "mean": "each cell's mean over the days",
    "days": "each cell's deviation from its mean",
    "stations": "test stations",
}


def collect(runs: list[Run]) -> pd.DataFrame:
    """Sums of the error of every run's maps, by part of the map and by square block.

    Parameters
    ----------
    runs : list of Run
        Stored runs on the embedded world, of any knobs.

    Returns
    -------
    pandas.DataFrame
        :data:`~placeprior.runs.store.KEY`, ``run``, the world's ``placeness`` and seed (``world``), ``part``, ``name``
        (the square), ``cells`` and :data:`placeprior.scores.metrics.SUMS`, in which a cell counts by its area relative
        to one at the equator, and a row of a test station counts one. The error is estimate minus truth, without
        instrument noise. ``mean`` counts each cell's mean over the days as often as there are days, so that ``map``
        minus ``mean`` is what is left to the days (see :func:`part`).

    Raises
    ------
    ConfigError
        If a run is not about the embedded world: nowhere else is there a truth.
    """
    for run in runs:
        if run.data["load"] != "world":
            raise ConfigError(
                f"run {run.label} is not about the embedded world, so the truth of its maps is not "
                "known; take it out of the evidence `map_error` in runs.yml"
            )
    found = []
    for _, own in groupby(sorted(runs, key=_data), key=_data):  # a world is simulated once
        own = list(own)
        grid, world = fields(own), World(**own[0].data["options"])
        for run in own:
            parts = {"map": _map_sums(run, grid), "stations": _station_sums(run)}
            sums = pd.concat(parts).droplevel(0).reset_index(drop=True)
            for name in reversed(KEY):
                sums.insert(0, name, getattr(run, name))
            found.append(sums.assign(run=run.id, placeness=float(world.placeness), world=int(world.seed)))
    table = pd.concat(found, ignore_index=True)
    return table.astype({name: np.float32 for name in metrics.SUMS})


def days_of(count: int) -> list[int]:
    """The days that are drawn: every :data:`STEP`-th from the first with a full history, and the last.

    >>> days_of(60)
    [20, 35, 50, 59]
    """
    return sorted({*range(HISTORY - 1, count, STEP), count - 1})


def part(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The sums of one part of the maps, one row a run and square, as :func:`.paired` takes them.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`collect` returns.
    name : str
        A key of :data:`PARTS`. With ``e`` the error at a cell and day, ``mean`` is about its mean over the days and
        ``days`` about the rest: their mean squares add up to that of ``map``.

    Returns
    -------
    pandas.DataFrame
        ``run``, ``name``, ``block`` (the same) and :data:`placeprior.scores.metrics.SUMS`; for ``days`` only the sums
        that enter RMSE and R2 are meaningful, the others are zero.
    """
    if name not in PARTS:
        raise UnknownName("part of a map", name, PARTS)
    wanted = {"map": ["near", "far"], "days": ["near", "far"]}.get(name, [name])
    sums = table[table["part"].isin(wanted)].astype({s: np.float64 for s in metrics.SUMS})
    sums = sums.groupby(["run", "name"])[metrics.SUMS].sum()
    if name == "days":
        mean = part(table, "mean").set_index(["run", "name"])
        rest = pd.DataFrame(0.0, index=sums.index, columns=metrics.SUMS)
        rest["n"] = sums["n"]
        for column in ("sum_e2", "sum_y2"):
            rest[column] = (sums[column] - mean[column]).clip(lower=0)
        sums = rest
    return sums.reset_index().assign(block=lambda table: table["name"])


def by_part(table: pd.DataFrame) -> pd.DataFrame:
    """Scores of every run and part of its maps.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`collect` returns.

    Returns
    -------
    pandas.DataFrame
        :data:`~placeprior.runs.store.KEY`, ``run``, ``placeness``, ``world``, ``part``, ``share`` (of the area of all
        land cells; 1 for stations), ``rmse`` (µg m-3) and ``r2``: one row a run and part that has any cell.
    """
    runs = table.drop_duplicates("run")[[*KEY, "run", "placeness", "world"]]
    found = []
    area = part(table, "map").groupby("run")["n"].sum()
    for name in PARTS:
        sums = part(table, name).groupby("run")[metrics.SUMS].sum()
        scored = metrics.from_sums(sums.to_numpy())
        share = np.ones(len(sums)) if name == "stations" else (sums["n"] / area.reindex(sums.index)).to_numpy()
        found.append(
            pd.DataFrame({"run": sums.index, "part": name, "share": share, "rmse": scored["rmse"], "r2": scored["r2"]})
        )
    return runs.merge(pd.concat(found), on="run")


# --- one run ---------------------------------------------------------------------------------------------------------


def _data(run: Run) -> str:
    return json.dumps(run.data, sort_keys=True)


def fields(runs: list[Run]) -> xr.Dataset:
    """Predictors and truth of one world on all days that the maps of these runs look at (:func:`.fields_on`)."""
    longest, time = max(runs, key=lambda run: run.window), cube_of(runs[0])["time"].values
    return fields_on(longest, time[days_of(len(time))], coords.grid(RESOLUTION))


def maps(run: Run, grid: xr.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A run's estimates and the truth on the land cells and days of this evidence.

    Parameters
    ----------
    run : Run
    grid : xarray.Dataset
        As :func:`fields` gives them for it.

    Returns
    -------
    lonlat : ndarray, shape (cell, 2)
    estimate, truth : ndarray, shape (cell, day)
        µg m-3.
    """
    land, time = grid["land"].values, cube_of(run)["time"].values
    lon, lat = np.meshgrid(grid["lon"].values, grid["lat"].values)
    last = np.searchsorted(grid["time"].values, time[days_of(len(time))])
    estimate = [daily_map(run, grid.isel(time=slice(i + 1 - run.window, i + 1))).values[land] for i in last]
    truth = [grid["pm25_true"].values[i][land] for i in last]
    return np.column_stack([lon[land], lat[land]]), np.stack(estimate, 1), np.stack(truth, 1)


def _map_sums(run: Run, grid: xr.Dataset) -> pd.DataFrame:
    lonlat, estimate, truth = maps(run, grid)
    parts = parts_of(run, cube_of(run))
    near = coords.nearest_km(lonlat, lonlat_of(cube_of(run))[parts.train.any(1)])[0] <= NEAR_KM
    cell = np.repeat(np.arange(len(lonlat)), truth.shape[1])
    weight, square = np.cos(np.radians(lonlat[:, 1])), squares(lonlat)
    daily = metrics.station_sums(cell, truth.ravel(), estimate.ravel())
    mean = metrics.station_sums(np.arange(len(lonlat)), truth.astype(float).mean(1), estimate.astype(float).mean(1))
    return pd.concat(
        [
            _grouped(daily.mul(weight, axis=0), np.where(near, "near", "far"), square),
            _grouped(mean.mul(weight * truth.shape[1], axis=0), np.full(len(lonlat), "mean"), square),
        ]
    )


def _station_sums(run: Run) -> pd.DataFrame:
    cube, rows = cube_of(run), store.table(run.id, "predictions")
    truth = cube["pm25_true"].transpose("station", "time").values[rows["station"], rows["day"]]
    sums = metrics.station_sums(rows["station"].to_numpy(), truth, rows["estimate"].to_numpy())
    return _grouped(sums, np.full(len(sums), "stations"), squares(lonlat_of(cube)[sums.index]))


def _grouped(sums: pd.DataFrame, parts: np.ndarray, square: np.ndarray) -> pd.DataFrame:
    """Sums of places (index) added up by part and square, with the number of places."""
    keys = [pd.Index(parts, name="part"), pd.Index(square, name="name")]
    grouped = sums.assign(cells=1).groupby(keys)
    return grouped[["cells", *metrics.SUMS]].sum().reset_index()
