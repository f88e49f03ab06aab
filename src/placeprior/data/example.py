"""A small table of stations as people keep them, from the embedded world: to try the commands on, and for tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placeprior.data.cube import predictors

STATIONS, DAYS = 120, 120
LABEL = "simulated: the embedded world of placeprior, no measurement"  # in every row, so that no copy loses it


def example(stations: int = STATIONS, days: int = DAYS, seed: int = 0) -> pd.DataFrame:
    """A long table, one row a station and day.

    Parameters
    ----------
    stations, days : int
    seed : int
        Of the world (:class:`placeprior.data.world.simulation.World`).

    Returns
    -------
    pandas.DataFrame
        ``site_id, date, latitude, longitude, pm25 [µg m-3]``, predictors with their units, and ``note``, which says in
        every row that it is simulated. The target is missing on days when a station did not report.
    """
    from placeprior.data.world.simulation import World

    cube = World(stations=stations, days=days, seed=seed).cube()
    names = [name for name in predictors(cube) if not name.startswith("doy_")]
    day = pd.DatetimeIndex(cube["time"].values).strftime("%Y-%m-%d").to_numpy()
    columns = {
        "site_id": np.repeat([f"S{number + 1:03d}" for number in range(stations)], days),
        "date": np.tile(day, stations),
        "latitude": np.repeat(cube["lat"].values.round(4), days),
        "longitude": np.repeat(cube["lon"].values.round(4), days),
    }
    for name in ("pm25", *names):
        columns[f"{name} [{cube[name].attrs['units']}]"] = cube[name].values.ravel().round(3)
    return pd.DataFrame(columns).assign(note=LABEL)
