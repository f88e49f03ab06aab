"""What a basis that has seen the held-out stations hides: how well series of test stations are written in patterns.

Each test station's measured days are written as the best sum of the first K patterns (least squares): the error that is
left is what any rule for the coefficients is bounded by. Patterns come from the training stations, or, as in the public
code of Amato et al. (2020), from training and test stations together.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from placeprior.runs.estimators import patterns
from placeprior.runs.estimators.patterns import Basis
from placeprior.runs.inputs import Inputs
from placeprior.runs.plan import Run

COLUMNS = ["task", "split", "fold", "patterns", "share", "honest", "leaky", "hidden", "level", "stations"]
TRIED = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120)
DAYS = 2  # measured days a coefficient, at least: with as many coefficients as days nothing is left of any series


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """Both errors by number of patterns, for the task, split and fold of some runs; none need be made.

    Returns
    -------
    pandas.DataFrame
        ``share`` of the training stations' variance in so many patterns; RMSE in µg m-3 ``honest`` (patterns of
        training stations), ``leaky`` (of both; ``hidden`` is the share that it takes off) and ``level`` (the day's mean
        alone), over the measured days of test ``stations`` that reported on half of the days.
    """
    rows = []
    for run in runs:
        inputs = Inputs.of(run)
        measured, test = inputs.cube["pm25"].values.astype(np.float64), inputs.parts.test
        known = test.any(1)[:, None] & np.isfinite(measured)
        known &= known.mean(1, keepdims=True) >= patterns.REPORTED
        mean = float(measured[inputs.parts.train].mean())
        honest = patterns.training_basis(inputs)
        leaky = patterns.basis(measured, inputs.lonlat, inputs.parts.pool | known, mean)
        share, days = np.cumsum(honest.variance), known.sum(1)
        most = min(len(share), len(leaky.variance), days[days > 0].min() // DAYS) if days.any() else 0
        for k in (k for k in TRIED if k <= most):
            errors = [projection_rmse(measured, known, found, k) for found in (honest, leaky)]
            level = projection_rmse(measured, known, honest, 0)
            rows.append(
                [
                    run.task,
                    run.split,
                    run.fold,
                    k,
                    share[k - 1],
                    *errors,
                    1 - errors[1] / errors[0],
                    level,
                    int(known.any(1).sum()),
                ]
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def projection_rmse(measured: np.ndarray, known: np.ndarray, found: Basis, k: int) -> float:
    """RMSE of series after the best sum of a basis' first ``k`` patterns, over known station-days, µg m-3.

    Parameters
    ----------
    measured : ndarray, shape (station, time)
    known : ndarray of bool, shape (station, time)
        Which of them are written in patterns.
    found : Basis
    k : int
        0 for the day's mean alone.
    """
    left = []
    for series, days in zip(measured, known, strict=True):
        if days.any():
            wanted, design = series[days] - found.daily[days], found.patterns[:k, days].T
            left.append(wanted - design @ np.linalg.lstsq(design, wanted, rcond=None)[0])
    return float(np.sqrt(np.mean(np.concatenate(left) ** 2))) if left else float("nan")
