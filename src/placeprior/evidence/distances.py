"""How far what a split tests lies from what it trains on, beside what a map asks, and what distance does to scores.

Which stations a split holds out depends on their places and its seed alone, so distances need no measurement.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import wasserstein_distance

from placeprior.errors import StoreError
from placeprior.runs import store
from placeprior.runs.plan import Run
from placeprior.space.matched_folds import to_map
from placeprior.space.splits import HISTORY, NAMES, folds, lonlat_of, split, state_folds

HELD = (*(name for name in NAMES if name != "random"), "state")  # the splits that hold out stations
QUANTILES = (0.1, 0.5, 0.9)


# --- distances --------------------------------------------------------------------------------------------------------


def network(names: np.ndarray, lonlat: np.ndarray) -> xr.Dataset:
    """A cube of these stations, measured every day of a history: enough for a split to hold out stations.

    Parameters
    ----------
    names : ndarray, shape (station,)
    lonlat : ndarray, shape (station, 2)
    """
    days = np.arange("2019-01-01", HISTORY + 1, dtype="datetime64[D]").astype("datetime64[ns]")
    values = np.zeros((len(names), len(days)), np.float32)
    place = {"lon": ("station", lonlat[:, 0]), "lat": ("station", lonlat[:, 1])}
    return xr.Dataset({"pm25": (("station", "time"), values)}, {"station": names, "time": days, **place})


def tested_network(profile: str, task: str) -> xr.Dataset:
    """:func:`network` of all stations that a run of the main comparison tested, from committed results alone.

    Raises
    ------
    StoreError
        The results have no station of the task.
    """
    scores, sums = store.scores(profile, "core"), store.sums(profile)
    found = sums[sums["run"].isin(scores.loc[scores["task"] == task, "run"])]
    found = found.drop_duplicates("name").sort_values("name")
    if found.empty:
        raise StoreError(f"results/{profile} has no station of the task {task}; collect the profile first")
    return network(found["name"].to_numpy(), found[["lon", "lat"]].to_numpy(float))


def drawn_folds(name: str, cube: xr.Dataset) -> list[int]:
    """All folds of a split; by states, those of the states that have a station."""
    return [int(fold) for fold in np.unique(state_folds(lonlat_of(cube)))] if name == "state" else list(folds(name))


@dataclass(frozen=True)
class Distances:
    """What splits ask of a network's stations, and what a map asks.

    Attributes
    ----------
    cube : xarray.Dataset
        The network.
    land : ndarray, shape (place,)
        Km from every piece of land to its nearest station.
    tested : dict
        By split of :data:`HELD`, km from every tested station to its nearest training station, all folds at seed 0.
    """

    cube: xr.Dataset
    land: np.ndarray
    tested: dict[str, np.ndarray]

    @property
    def order(self) -> list[str]:
        """All splits, from near tests to far ones; the random split tests at distance zero."""
        return ["random", *sorted(self.tested, key=lambda name: np.median(self.tested[name]))]

    def median(self, name: str) -> float:
        """Km of a split's median test."""
        return float(np.median(self.tested[name])) if name in self.tested else 0.0

    def table(self) -> pd.DataFrame:
        """All splits and the map, km, index ``split``.

        Returns
        -------
        pandas.DataFrame
            ``10 %``, ``median``, ``90 %``; ``excess``, the mean less the map's; ``wasserstein``, the Wasserstein
            distance to the map's distances, and ``times``, how many times that of the closest split it is. The last
            three are NaN in the row ``map``.
        """
        rows = {}
        for name in [*self.order, "map"]:
            nowhere = np.zeros(self.cube.sizes["station"])
            km = self.land if name == "map" else self.tested.get(name, nowhere)
            apart = {"excess": km.mean() - self.land.mean(), "wasserstein": float(wasserstein_distance(km, self.land))}
            told = dict(zip(("10 %", "median", "90 %"), np.percentile(km, [100 * q for q in QUANTILES]), strict=True))
            rows[name] = told | (apart if name != "map" else dict.fromkeys(apart, np.nan))
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("split")
        return table.assign(times=table["wasserstein"] / table["wasserstein"].min())


def asked(cube: xr.Dataset) -> Distances:
    """What each split of :data:`HELD` asks of the stations of a cube, and what a map asks."""
    tested = {
        name: np.concatenate([split(name, cube, 0, fold).distance_km(cube) for fold in drawn_folds(name, cube)])
        for name in HELD
    }
    return Distances(cube, to_map(lonlat_of(cube)), tested)


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """:meth:`Distances.table` of every task that some runs are about, at the stations that they test.

    Returns
    -------
    pandas.DataFrame
        ``task, split`` and the columns of the table.
    """
    tables = []
    for task, own in itertools.groupby(sorted(runs, key=lambda run: run.task), lambda run: run.task):
        places = (
            pd.concat(store.stored_sums(run.id for run in own).values()).drop_duplicates("name").sort_values("name")
        )
        found = asked(network(places["name"].to_numpy(), places[["lon", "lat"]].to_numpy(float)))
        tables.append(found.table().reset_index().assign(task=task))
    made = pd.concat(tables, ignore_index=True).round(3)
    return made[["task", *made.columns.drop("task")]]
