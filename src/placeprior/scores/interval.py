r"""The one interval of this book: over places and trainings together. What is *clear* is decided here, nowhere else.

Two runs of a fit are scored on the same rows, so that what is hard for both cancels in their difference. That
difference would still be another with other monitors, and with another training. Let :math:`D_{fs}` be the difference
(or any weighted sum of scores) of fold :math:`f` and seed :math:`s`, with :math:`S_f` seeds in each of :math:`F` folds:

.. math:: D = \frac1F \sum_f \frac1{S_f} \sum_s D_{fs}, \qquad V = V_\text{places} + V_\text{training}

.. math:: V_\text{places} = \frac{B-1}{B} \sum_{b=1}^B (D_{(b)} - D)^2, \qquad
          V_\text{training} = \frac{\hat\sigma^2}{F^2} \sum_f \frac1{S_f}, \quad
          \hat\sigma^2 = \frac{\sum_f \sum_s (D_{fs} - D_{f\cdot})^2}{\sum_f (S_f - 1)}

:math:`D_{(b)}` is the same without the stations of one square block of the map, in all fits: the jackknife (Tukey,
J. W. 1958, *Annals of Mathematical Statistics* 29, 614), with blocks as its units because neighbouring stations err
together (Künsch, H. R. 1989, *Annals of Statistics* 17, 1217; for space, Lahiri, S. N. 2003, *Resampling Methods for
Dependent Data*, Springer, chapter 12). The interval is :math:`D \pm t_\nu \sqrt V`, with the degrees of freedom of a
sum of two variances (Satterthwaite, F. E. 1946, *Biometrics Bulletin* 2, 110):

.. math:: \nu = \frac{V^2}{V_\text{places}^2 / \nu_\text{places} + V_\text{training}^2 / \nu_\text{training}}, \qquad
          \nu_\text{training} = \sum_f (S_f - 1), \quad
          \nu_\text{places} = \frac{(\sum_b u_b^2)^2}{\sum_b u_b^4} - 1

where :math:`u_b` is the share of the tested rows in block b: the same approximation for blocks whose variance goes with
the square of their share, so that a few large blocks count as few (as in Carter, A. V. et al. 2017, *Review of
Economics and Statistics* 99, 698). Noise of training that differs from place to place enters both variances; the
interval errs to the wide side. It errs to the narrow side where training is nearly all that varies and only two were
made. :mod:`placeprior.evidence.coverage` measures how often it holds.

With one seed a fold, :math:`\hat\sigma^2` comes from elsewhere (:class:`Noise`), or, of three folds or more, from the
spread between folds, which holds that between trainings and more. Otherwise there is no interval, and nothing is clear.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit  # Student's t; `scipy.stats` has the same, and is slow to import

LEVEL = 0.95


class Noise(NamedTuple):
    """Variance of a single fit between trainings, and how many degrees of freedom that estimate has."""

    variance: float
    dof: float


def clear(low: Any, high: Any) -> Any:
    """+1 where an interval lies above zero, -1 where below, else 0; 0 also where there is none (NaN).

    >>> clear(0.1, 0.2), clear(-0.1, 0.2), clear(float("nan"), float("nan"))
    (1, 0, 0)
    """
    found = np.greater(low, 0).astype(int) - np.less(high, 0).astype(int)
    return found if np.ndim(found) else int(found)


def interval(
    values: np.ndarray, without: np.ndarray, rows: np.ndarray, fold: Sequence[int], noise: Noise | None = None
) -> dict[str, np.ndarray]:
    """The mean over folds of the mean over seeds, with its interval, for many quantities at once.

    Parameters
    ----------
    values : ndarray, shape (..., fit)
        A quantity of every fit; NaN where a fit has nothing to say.
    without : ndarray, shape (block, ..., fit)
        The same when the stations of one block are left out.
    rows : ndarray, shape (block, ..., fit)
        Tested rows of each block.
    fold : sequence of int, length fit
    noise : Noise, optional
        Of a single fit, from elsewhere; used where these fits cannot tell.

    Returns
    -------
    dict of ndarray, shape (...)
        Of :data:`FOUND`: ``difference, low, high, clear, se, dof, noise, noise_dof, blocks``. NaN where not defined.
    """
    member = (np.unique(fold)[:, None] == np.asarray(fold)).astype(float)  # (fold, fit)
    share, mean, known = _mean(values, member)
    rows = np.broadcast_to(rows, without.shape) * known
    with np.errstate(invalid="ignore", divide="ignore"):
        u = (share * (rows / rows.sum(0))).sum(-1, where=known)  # share of each block in the whole
        blocks = (u > 0).sum(0)
        left = _mean(without, member)[1]
        # A block without rows changes nothing; one without which nothing is left leaves no interval either.
        places = (blocks - 1) / blocks * ((left - mean) ** 2).sum(0, where=u > 0)
        places = np.where(blocks > 1, places, np.nan)
        places_dof = np.maximum((u**2).sum(0) ** 2 / (u**4).sum(0) - 1, 1)
        spread, spread_dof = _noise(np.where(known, values, 0.0), known, member, noise)
        training = spread * (share**2).sum(-1)
        variance = places + training
        dof = variance**2 / (places**2 / places_dof + training**2 / spread_dof)
        dof = np.where(variance == 0, np.inf, dof)  # a run against itself
        half = stdtrit(dof, (1 + LEVEL) / 2) * np.sqrt(variance)
    return {
        "difference": mean,
        "low": mean - half,
        "high": mean + half,
        "clear": clear(mean - half, mean + half),
        "se": np.sqrt(variance),
        "dof": dof,
        "noise": spread,
        "noise_dof": spread_dof,
        "blocks": blocks,
    }


def _mean(values: np.ndarray, member: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of the fits (equal seeds in a fold, equal folds), the mean, and which fits have a value."""
    known = np.isfinite(values)
    seeds = known @ member.T  # (..., fold)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(known, 1 / (seeds @ member) / (seeds > 0).sum(-1, keepdims=True), 0.0)
    mean = (share * np.where(known, values, 0.0)).sum(-1)
    return share, np.where(known.any(-1), mean, np.nan), known


def _noise(
    values: np.ndarray, known: np.ndarray, member: np.ndarray, noise: Noise | None
) -> tuple[np.ndarray, np.ndarray]:
    """Variance of a single fit between trainings, and its degrees of freedom; NaN where nothing tells it."""
    seeds = known @ member.T
    means = (values @ member.T) / np.maximum(seeds, 1)
    dof = np.maximum(seeds - 1, 0).sum(-1).astype(float)
    within = (((values - means @ member) * known) ** 2).sum(-1)
    found = np.where(dof > 0, within / np.maximum(dof, 1), np.nan)
    alone = dof == 0
    if noise is not None:
        return np.where(alone, noise.variance, found), np.where(alone, noise.dof, dof)
    folds = (seeds > 0).sum(-1)
    centre = means.sum(-1, where=seeds > 0, keepdims=True) / np.maximum(folds, 1)[..., None]
    between = (((means - centre) * (seeds > 0)) ** 2).sum(-1) / np.maximum(folds - 1, 1)
    # The two partitions of a checkerboard are two questions: how far they are apart says nothing about training.
    stands_in = alone & (folds > 2)
    return np.where(stands_in, between, found), np.where(stands_in, folds - 1.0, np.where(alone, np.nan, dof))


def pooled_noise(found: pd.DataFrame) -> Noise | None:
    """The noise of training that several differences show, as one: for a fit that has a single seed.

    Parameters
    ----------
    found : pandas.DataFrame
        Rows of :func:`paired`, of the same metric and kind of split.

    Returns
    -------
    Noise or None
        None where no row tells it.
    """
    told = found[np.isfinite(found["noise"].astype(float)) & (found["noise_dof"] > 0)]
    dof = float(told["noise_dof"].sum())
    return Noise(float((told["noise"] * told["noise_dof"]).sum() / dof), dof) if dof else None


def surviving(found: pd.DataFrame) -> pd.DataFrame:
    r"""Which clear differences stay clear when all of a table are looked at together.

    Of many looks at nothing, one in twenty would be called clear. Holm's rule (Holm, S. 1979, *Scandinavian Journal of
    Statistics* 6, 65) keeps the chance that any is, of all of them, at one in twenty: of :math:`m` differences in the
    order of their p-values, the first must be below :math:`0.05/m`, the next below :math:`0.05/(m-1)`, and so on; what
    comes after the first that is not, is not clear either.

    Parameters
    ----------
    found : pandas.DataFrame
        Rows of :func:`placeprior.scores.paired.paired`: all that were looked at, clear or not.

    Returns
    -------
    pandas.DataFrame
        The rows that stay.
    """
    told = found[np.isfinite(found["low"].astype(float))]
    t = told["difference"].abs() / told["se"].where(told["se"] > 0, np.inf)
    p = pd.Series(2 * stdtr(told["dof"].astype(float), -t.astype(float)), told.index).sort_values(kind="stable")
    failed = (p > (1 - LEVEL) / np.arange(len(p), 0, -1)).to_numpy()
    return found.loc[sorted(p.index[: failed.argmax() if failed.any() else len(p)])]
