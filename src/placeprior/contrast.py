"""Sums and differences of several scores on the same rows, such as a difference of two differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from placeprior import metrics
from placeprior.errors import StoreError


def contrast(
    terms: Sequence[tuple[float, pd.Series]],
    sums: pd.DataFrame,
    *,
    metric: str = "r2",
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Any] | None:
    r"""A weighted sum of scores of several runs on the same rows, with a bootstrap interval over stations.

    .. math:: C = \frac1K \sum_{k=1}^K \sum_j c_j \, S(r_{jk})

    over the fits :math:`k` that all terms have. With weights +1, -1 it is the paired difference of
    :func:`placeprior.compare.differences`; with +1, -1, -1, +1 a difference of two differences. One resample draws as
    many stations as were tested in any fit, with replacement (Efron, 1979), and every run is scored on it, so that
    what is hard for all terms cancels.

    Parameters
    ----------
    terms : sequence of (float, pandas.Series)
        Weight, and the ids of runs; the series' index names the fit (fold and seed, say).
    sums : pandas.DataFrame
        Station sums of at least these runs, as :func:`placeprior.ledger.sums`.
    metric : str
        Of :data:`placeprior.metrics.METRICS`.
    draws, seed : int
    level : float
        Of the interval.

    Returns
    -------
    dict or None
        ``difference``, ``low``, ``high`` (in the metric's unit), ``fits``, ``stations``, ``values`` (one a fit), and
        ``clear``: +1 or -1 where the interval excludes zero on that side, else 0. None where the terms share no fit,
        or no fit has a row to score.

    Raises
    ------
    StoreError
        If two runs of a fit do not test the same rows.
    """
    ids = {run for _, runs in terms for run in runs}
    tables = {run: part.set_index("name") for run, part in sums[sums["run"].isin(ids)].groupby("run")}
    having = [runs[runs.isin(list(tables))] for _, runs in terms]
    shared = having[0].index
    for runs in having[1:]:
        shared = shared.intersection(runs.index)
    shared = shared.sort_values()
    names = sorted({name for fit in shared for name in tables[having[0][fit]].index})
    if not names:
        return None
    # A station that a fit does not test has no rows in it: its sums are zero, and drawing it adds nothing.
    blocks = np.zeros((len(names), len(terms), len(shared), len(metrics.SUMS)))
    place = pd.Series(np.arange(len(names)), index=names)
    for number, fit in enumerate(shared):
        first = tables[having[0][fit]].sort_index()
        for term, runs in enumerate(having):
            own = tables[runs[fit]].sort_index()
            if not (own.index.equals(first.index) and np.array_equal(own["n"], first["n"])):
                raise StoreError(f"runs {having[0][fit]} and {runs[fit]} do not test the same rows; collect the "
                                 "results again")
            blocks[place[own.index].to_numpy(), term, number] = own[metrics.SUMS].to_numpy(np.float64)
    signs = np.array([weight for weight, _ in terms], dtype=np.float64)[:, None]
    points = (signs * metrics.scores(blocks.sum(0))[metric]).sum(0)
    if not np.isfinite(points).any():
        return None
    # A fit without a row to score (no high day) says nothing; the others still do.
    blocks, values = blocks[:, :, np.isfinite(points)], points[np.isfinite(points)].tolist()
    counts = metrics.resamples(len(names), draws, seed)
    resampled = (counts @ blocks.reshape(len(names), -1)).reshape(draws, *blocks.shape[1:])
    drawn = (signs * metrics.scores(resampled)[metric]).sum(1)
    finite = np.isfinite(drawn)
    with np.errstate(invalid="ignore"):  # a resample in which no fit has a row to score is passed over
        means = np.where(finite, drawn, 0.0).sum(1) / finite.sum(1)
    low, high = np.nanquantile(means, [(1 - level) / 2, (1 + level) / 2])
    return {"difference": float(np.mean(values)), "low": float(low), "high": float(high), "fits": len(values),
            "stations": len(names), "values": values, "clear": int(low > 0) - int(high < 0)}  # fmt: skip


def fits(scores: pd.DataFrame, **where: Any) -> pd.Series:
    """Run ids by fold and seed of the rows of a table of scores in which each named column has the given value.

    Parameters
    ----------
    scores : pandas.DataFrame
        As :func:`placeprior.ledger.scores`, with whatever columns were added to it.
    **where
        For example ``task="world", split="spatial", arm="none"``.

    Returns
    -------
    pandas.Series
        For one term of :func:`contrast`; empty where there is no such run.

    Raises
    ------
    StoreError
        If two runs are of the same fold and seed: more must be said to tell them apart.
    """
    for column, value in where.items():
        scores = scores[scores[column] == value]
    found = scores.drop_duplicates("run").set_index(["fold", "seed"])["run"]
    if not found.index.is_unique:
        twice = found.index[found.index.duplicated()][0]
        raise StoreError(f"fold {twice[0]}, seed {twice[1]} has several runs with {where}; name the column that "
                         "differs")
    return found
