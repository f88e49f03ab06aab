"""What one model learns from several regions together, chosen for a target in several ways, beside its own model.

Of the split ``union-<way>-<budget>``, whose fold is the target; one region is what ``transfer`` tried, in which any
source was, so that a lot of one is the mean of all, and the best of one is known.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import pandas as pd

from placeprior.arms import arm
from placeprior.errors import StoreError
from placeprior.evidence.choosing import BEST, BUDGETS, COLUMNS, EVERY, LOT
from placeprior.evidence.transfer import by_task, stations
from placeprior.runs import store
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run
from placeprior.scores import metrics
from placeprior.space import unions
from placeprior.space.regions import REGIONS, WAYS
from placeprior.space.splits import lonlat_of

TOGETHER = ", one model"
Taught = dict[tuple[str, int, int, frozenset[int]], float]  # arm, seed, target, regions learned from -> RMSE


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """What every union loses in its target.

    Regions that two ways choose alike are learned once: a run counts for every way that chooses its regions, and a way
    that no run names stands in the table where others' cover all its targets.

    Parameters
    ----------
    runs : iterable of Run
        Of the splits ``transfer``, all folds, and ``union-…``, the same arms and seeds.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`.choosing.COLUMNS`, of the targets that unions were made for. ``way``: ``centroids``, ``km`` and
        ``geoclip``; ``lot``, the mean loss of the draws; ``best``, of one region alone; ``every``, all others. ``loss``
        is the log of the RMSE over that of the target's own model.

    Raises
    ------
    StoreError
        Regions that the runs name by a way and a budget were learned for some of the targets alone.
    """
    rows, asked = [], set()
    for task, fits in by_task(runs).items():
        cube = cube_of(fits[0])
        usable, region = stations(cube)
        lonlat, lies = lonlat_of(cube)[usable], dict(zip(cube["station"].values[usable], region, strict=True))
        told = [run for run in fits if run.split != "transfer"]
        targets = sorted({run.fold for run in told})
        asked |= {(way.rstrip("123"), int(budget)) for _, way, budget in (run.split.split("-") for run in told)}
        draws = sorted({run.split.split("-")[1] for run in told if run.split.startswith(f"union-{LOT}")})
        ways = [way for way in WAYS if not way.startswith(LOT)] + draws
        order = {(way, t): unions.chosen(way, max(BUDGETS), lonlat, region, t) for way in ways for t in targets}
        known = _known(fits, lies, order)
        for name, seed in sorted({(arm(run.variant, run.fusion), run.seed) for run in told}):
            for target in targets:
                lost = _every_way(known, name, seed, target, {way: order[way, target] for way in ways})
                rows += [(task, name, way, budget, target, seed, loss) for (way, budget), loss in lost.items()]
    table = pd.DataFrame(rows, columns=COLUMNS)
    cells = table.groupby(["task", "arm", "seed", "way", "budget"])["target"].transform("nunique")
    few = cells < table.groupby(["task", "arm", "seed"])["target"].transform("nunique")
    named = pd.Series(list(zip(table["way"], table["budget"], strict=True)), table.index).isin(asked)
    if (few & named).any():
        task, name, way, budget, *_ = table[few & named].iloc[0]
        raise StoreError(
            f"{name}, {task}: {budget} regions by {way} were learned for some targets alone; make the rest"
        )
    return table[~few].reset_index(drop=True)


def _known(fits: Iterable[Run], lies: dict[str, int], order: dict[tuple[str, int], list[int]]) -> Taught:
    """RMSE of every run in every region that it is asked in, by the regions that it learned from."""
    fits = list(fits)
    sums, known = store.stored_sums(run.id for run in fits), {}
    for run in fits:
        for target, error in _rmse(sums[run.id], lies).items():
            taught = {run.fold}
            if run.split != "transfer":
                _, way, budget = run.split.split("-")
                every = int(budget) == REGIONS - 1
                taught = set(range(1, REGIONS + 1)) - {target} if every else set(order[way, target][: int(budget)])
            known[arm(run.variant, run.fusion), run.seed, target, frozenset(taught)] = error
    return known


def _every_way(
    known: Taught, name: str, seed: int, target: int, order: dict[str, list[int]]
) -> dict[tuple[str, int], float]:
    """Losses in one target by way and budget, of what was learned."""
    others = frozenset(range(1, REGIONS + 1)) - {target}
    own = known[name, seed, target, frozenset({target})]
    alone = {source: np.log(known[name, seed, target, frozenset({source})] / own) for source in others}
    lost = {(LOT, 1): float(np.mean(list(alone.values()))), (BEST, 1): min(alone.values())}
    lots: dict[int, list[float]] = {}
    for way, budget in itertools.product(order, BUDGETS):
        error = known.get((name, seed, target, frozenset(order[way][:budget])))
        if error is None:
            continue
        if not way.startswith(LOT):
            lost[way, budget] = np.log(error / own)
        elif budget > 1:
            lots.setdefault(budget, []).append(np.log(error / own))
    drawn = sum(way.startswith(LOT) for way in order)
    lost |= {(LOT, budget): float(np.mean(found)) for budget, found in lots.items() if len(found) == drawn}
    if (error := known.get((name, seed, target, others))) is not None:
        lost[EVERY, len(others)] = np.log(error / own)
    return lost


def beside(together: pd.DataFrame, averaged: pd.DataFrame) -> pd.DataFrame:
    """Losses of one model of several regions, and of their own models' mean estimate, in the same cells.

    Parameters
    ----------
    together, averaged : pandas.DataFrame
        As :func:`collect` and as :func:`.choosing.collect` return them.

    Returns
    -------
    pandas.DataFrame
        Both, of the arms, targets and seeds of the first, whose ``way`` ends in :data:`TOGETHER`.
    """
    cells = together[["task", "arm", "target", "seed"]].drop_duplicates()
    return pd.concat([together.assign(way=together["way"] + TOGETHER), averaged.merge(cells)], ignore_index=True)


def _rmse(sums: pd.DataFrame, lies: dict[str, int]) -> dict[int, float]:
    """RMSE by the region of the tested stations, µg m-3."""
    totals = sums.groupby(sums["name"].map(lies))[metrics.SUMS].sum()
    return dict(zip(totals.index.astype(int), metrics.from_sums(totals.to_numpy())["rmse"], strict=True))
