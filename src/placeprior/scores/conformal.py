r"""Intervals around an estimate that hold at a new station, from residuals at stations set aside: split conformal.

In the split conformal method (Vovk, V., Gammerman, A. & Shafer, G. 2005, *Algorithmic Learning in a Random World*,
Springer; Lei, J. et al. 2018, *Journal of the American Statistical Association* 113, 1094) the interval around every
estimate is as wide as a quantile of the absolute residuals of rows that were not trained on. It needs these and the new
row to be exchangeable. Days of one station are not: a station has an error of its own. Stations are, where those set
aside and those asked were drawn alike. Then each of the :math:`K` stations set aside has one vote, which its
:math:`n_k` rows share, and the new station has one that may be cast for any width (Lee, Y., Barber, R. F. & Willett, R.
2023, arXiv 2306.06342; the same without chance as drawing one row a station: Dunn, R., Wasserman, L. & Ramdas, A. 2023,
*Journal of the American Statistical Association* 118, 2491):

.. math:: \hat q = \inf \Bigl\{ q : \sum_{k=1}^K \frac{1}{K+1} \frac{\#\{i : |e_{ki}| \le q\}}{n_k} \ge 1 - \alpha
          \Bigr\}

A row drawn from a new station lies within :math:`\hat q` of its estimate with probability at least
:math:`1 - \alpha`, on average over stations; nothing is promised for a single one, nor for regions that no station set
aside is like. Fewer than :math:`1/\alpha - 1` stations promise nothing with any finite width.
"""

from __future__ import annotations

import numpy as np

from placeprior.errors import ConfigError
from placeprior.scores.interval import Noise, interval


def radius(residual: np.ndarray, station: np.ndarray, level: float) -> float:
    r"""Half the width of the interval, :math:`\hat q`.

    Parameters
    ----------
    residual : ndarray, shape (n,)
        Of rows that were not trained on, µg m-3; its sign does not matter.
    station : ndarray, shape (n,)
        Which station each row belongs to.
    level : float
        :math:`1 - \alpha`, between 0 and 1.

    Returns
    -------
    float
        µg m-3; infinite where too few stations were set aside.

    Raises
    ------
    ConfigError
        If the level is not between 0 and 1, or a residual is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> radius(np.arange(1.0, 20), np.arange(19), 0.9), radius(np.arange(1.0, 9), np.arange(8), 0.9)
    (18.0, inf)
    """
    if not 0 < level < 1:
        raise ConfigError(f"the level of an interval lies between 0 and 1; got {level}")
    if wrong := (~np.isfinite(residual)).sum():
        raise ConfigError(
            f"{wrong} of {residual.size} residuals are not finite numbers; check the estimates and measurements"
        )
    _, number, rows = np.unique(station, return_inverse=True, return_counts=True)
    size = np.abs(np.asarray(residual, np.float64))
    order = np.argsort(size)
    votes = np.cumsum((1 / rows)[number][order]) / (len(rows) + 1)
    within = np.searchsorted(votes, level - 1e-12)  # sums of fractions are a little off
    return float(size[order][within]) if within < size.size else float("inf")


def coverage(covered: np.ndarray, station: np.ndarray, block: np.ndarray) -> dict[str, float]:
    """Share of rows that lie within their interval, each station with one vote, and how sure it is.

    Parameters
    ----------
    covered : ndarray of bool, shape (n,)
    station : ndarray, shape (n,)
    block : ndarray, shape (station,)
        Which block of the map each station lies in, in the order of the sorted stations.

    Returns
    -------
    dict
        ``coverage``; ``low, high``, its interval over blocks (:mod:`placeprior.scores.interval`), cut at 0 and 1: over
        other test stations, with the intervals and the training as they are; NaN where all lie in one block; ``tenth``,
        the coverage that a tenth of the stations fall short of; ``stations, blocks``.
    """
    _, number, rows = np.unique(station, return_inverse=True, return_counts=True)
    share = np.bincount(number, covered.astype(np.float64)) / rows
    _, where, stations = np.unique(block, return_inverse=True, return_counts=True)
    total = np.bincount(where, share)
    with np.errstate(invalid="ignore", divide="ignore"):  # without the only block nothing is left
        without = (total.sum() - total) / (len(rows) - stations)
    found = interval(share.mean()[None], without[:, None], stations[:, None], [0], Noise(0.0, np.inf))
    low, high = np.clip([found["low"], found["high"]], 0, 1)
    return {
        "coverage": float(share.mean()),
        "low": float(low),
        "high": float(high),
        "tenth": float(np.quantile(share, 0.1)),
        "stations": len(rows),
        "blocks": len(stations),
    }
