"""Daily maps of the whole country from every arm, on days that a rule finds in the network's own measurements."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from placeprior import coords
from placeprior.errors import StoreError
from placeprior.runs.daily_maps import daily_map, fields_on
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run
from placeprior.runs.store import KEY
from placeprior.space.splits import HISTORY

RESOLUTION = 0.5  # degrees
DIGITS = 2  # of an estimate in µg m-3: a colour shows fewer, and the table stays small
TRUTH = "truth"  # in place of a variant, where the truth is known
REPORTING = 1 / 3  # of the monitors of the fullest day: on other days a network median is that of another network
#: Kind of day: the months it may be in, and the percentile over the network's monitors whose highest is chosen.
RULES = {"stagnant": ((12, 1, 2), 50), "smoke": ((6, 7, 8, 9), 95)}


def collect(runs: list[Run]) -> pd.DataFrame:
    """Maps of every run on the days of :func:`days`, one row a land cell of :data:`RESOLUTION`.

    Parameters
    ----------
    runs : list of Run
        Stored runs whose predictors are known everywhere: see :func:`.fields_on`.

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
        cube, longest = cube_of(own[0]), max(own, key=lambda run: run.window)
        for kind, day in days(cube).items():
            grid = fields_on(longest, cube["time"].values[day], (lon, lat))
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
    for kind, (months, percentile) in RULES.items():
        candidates = np.flatnonzero(usable & np.isin(cube["time"].dt.month.values, list(months)))
        if candidates.size:
            level = np.nanpercentile(pm25[:, candidates], percentile, axis=0)
            found[kind] = int(candidates[level.argmax()])
    return found


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
