"""What real monitors measured, in the few numbers that pages draw: the measurements themselves stay where they are.

A table of parts, one below the other. Of each task: the mean of every ``station``; every ``day`` of four stations
chosen by rule; the share of station-days above a ``level``; and how strongly measurements go together with those of a
station at a ``distance``, or of the same station some ``lag`` later.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr

from placeprior import data
from placeprior.evidence import redundancy, tables
from placeprior.runs.plan import Run
from placeprior.scores.metrics import HIGH
from placeprior.space.splits import lonlat_of

COLUMNS = ["task", "part", "name", "lon", "lat", "x", "value", "low", "high", "n"]
OFTEN = 0.8  # share of days that a station measures nearly daily
SIXTH = 1 / 6  # share of days of the stations that measure most rarely by plan
LEVELS = 120


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """The record of each task that some runs are about; of the runs nothing else is read.

    Returns
    -------
    pandas.DataFrame
        As :func:`record`, with ``task`` in front.
    """
    tasks = {run.task: run.data for run in runs}
    found = [record(data.load(spec["load"], **spec["options"])).assign(task=task) for task, spec in tasks.items()]
    return pd.concat(found, ignore_index=True)[COLUMNS]


def read(profile: str, task: str) -> dict[str, pd.DataFrame]:
    """The committed record of a task, by part.

    Raises
    ------
    StoreError
        If there is none.
    """
    made = tables.read(profile, "record")
    made = made[made["task"] == task].drop(columns="task")
    return {part: own.drop(columns="part").reset_index(drop=True) for part, own in made.groupby("part", sort=False)}


def record(cube: xr.Dataset) -> pd.DataFrame:
    """A cube's record.

    Parameters
    ----------
    cube : xarray.Dataset
        With ``pm25`` (station, time), µg m-3.

    Returns
    -------
    pandas.DataFrame
        ``part, name, lon, lat, x, value, low, high, n``; what a part does not have is NaN. By part: ``station`` (name,
        place, mean in ``value``, days in ``n``); ``chosen`` (why in ``name``, place); ``day`` (why; day from 0; PM2.5);
        ``level`` (PM2.5 in ``x``; share of station-days above it); ``distance`` (km; correlation and its middle 80 %;
        pairs of stations); ``lag`` (days; the same over stations); ``total`` (what; value).
    """
    pm25, lonlat = cube["pm25"].transpose("station", "time").values.astype(float), lonlat_of(cube)
    measured = np.isfinite(pm25)
    values = np.sort(pm25[measured])
    square = (values - values.mean()) ** 2
    totals = {
        "days": pm25.shape[1],
        "measured": len(values),
        "negative": int((values < 0).sum()),
        "lowest": values[0],
        "highest": values[-1],
        "mean": values.mean(),
        "sd": values.std(),
        "high": (values >= HIGH).mean(),
        "variance in high": square[values >= HIGH].sum() / square.sum(),
    }
    chosen = telling_stations(cube)
    levels = np.geomspace(1, values[-2], LEVELS)
    apart = redundancy.by_distance(redundancy.between_stations(pm25, lonlat))
    later = redundancy.days_later(pm25).reset_index(names="x").rename(columns={"mid": "value"})
    parts = {
        "station": pd.DataFrame(
            {
                "name": cube["station"].values,
                "lon": lonlat[:, 0],
                "lat": lonlat[:, 1],
                "value": means(cube),
                "n": measured.sum(1),
            }
        ),
        "chosen": pd.DataFrame([(why, *lonlat[row]) for why, row in chosen.items()], columns=["name", "lon", "lat"]),
        "day": pd.concat(
            [
                pd.DataFrame({"name": why, "x": np.arange(pm25.shape[1]), "value": pm25[row]}).dropna()
                for why, row in chosen.items()
            ]
        ),
        "level": pd.DataFrame({"x": levels, "value": 1 - np.searchsorted(values, levels, side="right") / len(values)}),
        "distance": apart.rename(columns={"km": "x", "mid": "value"}),
        "lag": later,
        "total": pd.DataFrame({"name": list(totals), "value": list(totals.values())}),
    }
    found = pd.concat([part.assign(part=name) for name, part in parts.items()], ignore_index=True)
    return found.reindex(columns=COLUMNS[1:])


def means(cube: xr.Dataset) -> np.ndarray:
    """Mean measured PM2.5 of each station, µg m-3, shape (station,), NaN where there is none."""
    pm25 = cube["pm25"].values
    days = np.isfinite(pm25).sum(1)
    return np.where(days > 0, np.nansum(pm25, 1) / np.maximum(days, 1), np.nan)


def telling_stations(cube: xr.Dataset) -> dict[str, int]:
    """Four stations chosen by rule: why, and which row. The first three measure nearly daily (:data:`OFTEN`)."""
    pm25, mean = cube["pm25"].values, means(cube)
    days = np.isfinite(pm25).sum(1)
    often = np.flatnonzero(days > OFTEN * pm25.shape[1])
    peak = often[np.nanargmax(np.nanmax(pm25[often], axis=1))]
    others = often[often != peak]
    return {
        "highest single day": int(peak),
        "highest mean of the others": int(others[np.nanargmax(mean[others])]),
        "lowest mean": int(others[np.nanargmin(mean[others])]),
        "every sixth day": int(np.argmin(np.abs(days - SIXTH * pm25.shape[1]))),
    }
