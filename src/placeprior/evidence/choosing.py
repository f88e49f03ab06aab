"""Which regions to learn from under a budget: chosen by a distance to the target, by nearness, or by lot.

A choice of several regions is judged by the mean of the estimates of the models trained in each; what their union
teaches one model, of fewer targets, is asked in :mod:`.unions`. Nothing that is chosen by sees a measurement.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from placeprior.arms import arm
from placeprior.coords import Floats
from placeprior.evidence.transfer import by_task, stations, summaries
from placeprior.runs import store
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run
from placeprior.space import unions
from placeprior.space.regions import REGIONS
from placeprior.space.splits import lonlat_of

BUDGETS = (1, 2, 4)
LOTS = 100  # draws of regions by lot
LOT, BEST, EVERY = "lot", "best", "every"
COLUMNS = ["task", "arm", "way", "budget", "target", "seed", "loss"]


def distances(lonlat: Floats, told: Floats) -> dict[str, unions.Union]:
    """Distances from a union of regions, rows (a,), to a target, rows (b,): by what regions are chosen."""
    costs = unions.costs(lonlat, "km", "geoclip")
    costs["inputs"] = np.sqrt(((told[:, None] - told[None]) ** 2).sum(-1))
    return {name: unions.moved(cost) for name, cost in costs.items()}


def judged(estimates: Mapping[int, Floats], pm25: Floats, target: int, chosen: Iterable[int]) -> float:
    """Log of the RMSE of the mean estimate of the chosen regions' models over that of the target's own model."""
    mean = np.mean([estimates[source] for source in chosen], axis=0)
    return float(np.log(np.sqrt(np.mean((mean - pm25) ** 2) / np.mean((estimates[target] - pm25) ** 2))))


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """What every way to choose regions loses in every target.

    Parameters
    ----------
    runs : iterable of Run
        Stored ones of the split ``transfer``, all folds.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`. ``way``: ``km``, ``geoclip`` and ``inputs``, greedily by transport from the union;
        ``centroids``; ``lot``, the mean of :data:`LOTS` draws; ``best``, the single regions that turn out best, which
        nobody knows beforehand; ``every``, all others (its budget is their number). ``loss`` as :func:`judged`.
    """
    rows = []
    for task, fits in by_task(runs).items():
        cube = cube_of(fits[0])
        usable, region = stations(cube)
        lonlat, told = lonlat_of(cube)[usable], summaries(cube, usable)
        members = {number: np.flatnonzero(region == number) for number in range(1, REGIONS + 1)}
        ways, largest = distances(lonlat, told), max(BUDGETS)
        chosen = {
            target: {way: unions.greedy(distance, members, target, largest) for way, distance in ways.items()}
            | {"centroids": unions.nearest(lonlat, members, target, largest)}
            for target in members
        }
        of_station = np.zeros(cube.sizes["station"], int)
        of_station[usable] = region
        key = lambda run: (arm(run.variant, run.fusion), run.seed)  # noqa: E731
        for (name, seed), group in itertools.groupby(sorted(fits, key=key), key):
            known = {run.fold: store.table(run.id, "predictions") for run in group}
            lies = of_station[known[1]["station"].to_numpy()]
            for target in members:
                tested = lies == target
                pm25 = known[target]["pm25"].to_numpy(float)[tested]
                estimates = {source: table["estimate"].to_numpy(float)[tested] for source, table in known.items()}
                lost = _every_way(estimates, pm25, target, chosen[target], np.random.default_rng([seed, target]))
                rows += [(task, name, way, budget, target, seed, loss) for (way, budget), loss in lost.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _every_way(
    estimates: Mapping[int, Floats],
    pm25: Floats,
    target: int,
    chosen: Mapping[str, list[int]],
    rng: np.random.Generator,
) -> dict[tuple[str, int], float]:
    others = np.array([number for number in estimates if number != target])
    alone = {number: judged(estimates, pm25, target, [number]) for number in others}
    ranked = sorted(others, key=alone.__getitem__)
    lost = {(EVERY, len(others)): judged(estimates, pm25, target, others)}
    for budget in BUDGETS:
        lost |= {(way, budget): judged(estimates, pm25, target, order[:budget]) for way, order in chosen.items()}
        lots = [rng.choice(others, budget, replace=False) for _ in range(LOTS)]
        lost[LOT, budget] = float(np.mean([judged(estimates, pm25, target, lot) for lot in lots]))
        lost[BEST, budget] = judged(estimates, pm25, target, ranked[:budget])
    return lost


def against(table: pd.DataFrame, way: str, other: str, budget: int, rng: np.random.Generator) -> dict[str, float]:
    """How much more one way loses than another, mean over targets and arms, with its interval over targets drawn anew.

    Parameters
    ----------
    table : pandas.DataFrame
        Of one task, as :func:`collect`.

    Returns
    -------
    dict
        ``difference, low, high``; below zero, ``way`` chose better. In percent of the RMSE, by the logarithm.
    """
    means = table[table["budget"] == budget].groupby(["target", "way"])["loss"].mean().unstack()
    gap = 100 * np.expm1(means[way] - means[other]).to_numpy()
    drawn = gap[rng.integers(len(gap), size=(1999, len(gap)))].mean(1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return {"difference": float(gap.mean()), "low": float(low), "high": float(high)}
