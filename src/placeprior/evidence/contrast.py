"""What weighing wrong pairs does to a location encoder that is pretrained by contrast: how far off it finds a place."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch

from placeprior.data.world import World
from placeprior.encoders.contrast import Towers
from placeprior.errors import StoreError
from placeprior.runs import pretraining
from placeprior.runs.climates import Climates, climates
from placeprior.runs.plan import Run
from placeprior.scores.interval import interval
from placeprior.scores.paired import squares

WITHIN_KM = 200.0
PLAIN = "plain"
NEAREST = "nearest environment"  # no learning: the training place with the most similar environment
UNTRAINED = "untrained"
HELD = ("validation", "test")
COLUMNS = [
    *("arm", "seed", "part", "places", "mean_km", "median_km", "within_200_km", "seconds"),
    *("difference", "low", "high", "clear"),
]


def collect(runs: Iterable[Run], recipe: pretraining.Recipe = pretraining.DEFAULT) -> pd.DataFrame:
    """Pretrain every arm with the seeds of some runs, on the world that they are about; nothing else of them is read.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`, a row an arm, seed and held-out part. The retrieval error is the distance between a
        place and the one found for its environment: its mean and median over places, the share within
        :data:`WITHIN_KM`, and by how much the arm's mean error, over all seeds, is larger than that of ``plain``, with
        its interval over blocks and trainings (:mod:`placeprior.scores.interval`).
    """
    asked = list(runs)
    (options,) = {tuple(sorted(run.data["options"].items())) for run in asked}
    known, seeds = climates(World(**dict(options))), sorted({run.seed for run in asked})
    errors, seconds = {}, {}
    for part in HELD:
        errors[NEAREST, part] = np.stack([pretraining.nearest(known, part)] * len(seeds))
        errors[UNTRAINED, part] = np.stack(
            [pretraining.retrieval(_untrained(known, seed), known, part) for seed in seeds]
        )
    for arm in pretraining.ARMS:
        weights, trained = pretraining.weighing(known, arm, recipe.mean_weight), []
        for seed in seeds:
            started = time.perf_counter()
            trained.append(pretraining.pretrain(known, arm, seed, recipe, weights))
            seconds[arm, seed] = time.perf_counter() - started
        for part in HELD:
            errors[arm, part] = np.stack([pretraining.retrieval(towers, known, part) for towers in trained])
    rows = []
    for (arm, part), km in errors.items():
        found = compared(km, errors[PLAIN, part], known.lonlat[known.rows(part)])
        for seed, own in zip(seeds, km, strict=True):
            within = float((own <= WITHIN_KM).mean())
            spent = round(seconds.get((arm, seed), 0.0), 1)
            rows.append((arm, seed, part, len(own), own.mean(), np.median(own), within, spent, *found))
    return pd.DataFrame(rows, columns=COLUMNS)


def _untrained(known: Climates, seed: int) -> Towers:
    return Towers(known.environment.shape[1], torch.Generator().manual_seed(seed)).eval()


def compared(km: np.ndarray, other: np.ndarray, lonlat: np.ndarray) -> tuple[float, float, float, int]:
    """By how much the mean error of one arm is larger than that of another: ``difference, low, high, clear``.

    Parameters
    ----------
    km, other : ndarray, shape (seed, place)
    lonlat : ndarray, shape (place, 2)
    """
    larger, square = km - other, squares(lonlat)
    blocks = [square == name for name in np.unique(square)]
    without = np.stack([larger[:, ~block].mean(1) for block in blocks])
    rows = np.stack([np.full(len(larger), block.sum()) for block in blocks])
    found = interval(larger.mean(1), without, rows, [1] * len(larger))
    return (*(float(found[key]) for key in ("difference", "low", "high")), int(found["clear"]))


def best(table: pd.DataFrame, among: Iterable[str] = tuple(pretraining.ARMS)) -> str:
    """The arm with the smallest mean error on validation places, over seeds; the test has no say.

    Raises
    ------
    StoreError
        The table has none of them.
    """
    own = table[(table["part"] == "validation") & table["arm"].isin(list(among))]
    if own.empty:
        raise StoreError("no arm of the pretraining is in the table; make it again with `doit evidence:demo:contrast`")
    return str(own.groupby("arm")["mean_km"].mean().idxmin())
