"""The anatomy of an error: sums of each station that tell how an estimate fails, and the scores made from them.

Sums, because then a bootstrap over stations is a matrix product that serves every score at once
(:mod:`placeprior.scores.metrics`).

The squared error splits without a rest. With ``n_s`` rows at station ``s`` and errors ``e``::

    sum e^2  =  sum_s n_s (mean_s e)^2  +  sum_s sum_t (e_st - mean_s e)^2

the first term is about the means of places, the second about their days: the analysis of variance of one factor
(Fisher, 1925, *Statistical methods for research workers*, chapter 7). The variance of the measurements splits alike,
so each part has its own R2. The same with days as the groups tells the nation's mean of a day from the map within it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from placeprior.scores.metrics import HIGH

LEVELS = (HIGH, 55.0)  # µg m-3: the daily standard; about where the air quality index says "unhealthy" (40 CFR 58, G)
QUANTILES = (0.5, 0.9, 0.98)  # the daily standard looks at the 98th percentile of a year's days (40 CFR 50, N)
ENOUGH_DAYS = 100  # at a station, so that two or more of its days lie above the 98th percentile
SUMS = (
    "n",
    "e",
    "e2",
    "short",
    "y",
    "y2",
    "e_mean2",
    "y_mean2",
    *(f"{what}_{level:.0f}" for level in LEVELS for what in ("hit", "miss", "false")),
    "n_q",
    *(f"{what}_q{q * 100:.0f}" for q in QUANTILES for what in ("e", "e2")),
)


def station_sums(
    station: np.ndarray, y: np.ndarray, estimate: np.ndarray, stations: int, *, quantiles: bool = True
) -> np.ndarray:
    """Sufficient sums of each station; the error is estimate minus measurement.

    Parameters
    ----------
    station : ndarray of int, shape (n,)
        Number of each row's station, below `stations`.
    y, estimate : ndarray, shape (n,)
        µg m-3.
    stations : int
    quantiles : bool
        Also compare the quantiles of a station's days, at stations with enough of them.

    Returns
    -------
    ndarray, shape (stations, len(SUMS))
    """
    y, estimate = y.astype(np.float64), estimate.astype(np.float64)
    e = estimate - y
    columns = [np.ones_like(y), e, e**2, np.maximum(-e, 0), y, y**2]
    for level in LEVELS:
        is_high, told = y >= level, estimate >= level
        columns += [is_high & told, is_high & ~told, ~is_high & told]
    summed = [np.bincount(station, column, stations) for column in columns]
    n = np.maximum(summed[0], 1)
    summed[6:6] = [summed[1] ** 2 / n, summed[4] ** 2 / n]
    enough = (summed[0] >= ENOUGH_DAYS) & quantiles
    differs = np.zeros((len(QUANTILES), stations))
    if enough.any():
        rows = enough[station]
        groups = pd.DataFrame({"y": y[rows], "estimate": estimate[rows]}).groupby(station[rows])
        for number, q in enumerate(QUANTILES):
            at = groups.quantile(q)
            differs[number, at.index] = at["estimate"] - at["y"]
    return np.column_stack([*summed, enough, *(column for d in differs for column in (d, d**2))])


def parts(
    n: np.ndarray,
    e2: np.ndarray,
    y: np.ndarray,
    y2: np.ndarray,
    e_mean2: np.ndarray,
    y_mean2: np.ndarray,
    names: tuple[str, str],
) -> dict[str, np.ndarray]:
    """Mean squared error, variance and R2 between groups of rows and within them; the two parts add up to the whole.

    Parameters
    ----------
    n, e2, y, y2 : ndarray
        Number of rows, sum of squared errors, sum of measurements and of their squares.
    e_mean2, y_mean2 : ndarray
        Sums over groups of ``n_g (mean_g e)^2`` and of ``n_g (mean_g y)^2``.
    names : (str, str)
        Of what differs between groups and of what differs within them.
    """
    mse = (e_mean2 / n, (e2 - e_mean2) / n)
    variance = ((y_mean2 - y**2 / n) / n, (y2 - y_mean2) / n)
    found = {}
    for name, error, spread in zip(names, mse, variance, strict=True):
        found |= {f"mse_{name}": error, f"var_{name}": spread, f"r2_{name}": r2(error, spread, y2 / n)}
    return found


def r2(error: np.ndarray, spread: np.ndarray, square: np.ndarray) -> np.ndarray:
    """``1 - error / spread``, NaN where the spread is only the rounding of the mean `square` (one row, say)."""
    return np.where(spread > 1e-9 * square, 1 - error / spread, np.nan)


def from_sums(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Scores from summed columns, shape (..., len(SUMS)); NaN where nothing can be said.

    ``rmse``, ``mbe`` (µg m-3) and ``r2`` as in :func:`placeprior.scores.metrics.from_sums`; ``pinball_90``, the mean of
    ``0.9 max(y - f, 0) + 0.1 max(f - y, 0)`` (Koenker & Bassett, 1978): a cost by which too low is nine times as
    bad as too high; for each level ``pod`` (share of the days at that level that were told), ``far`` (share of
    the told ones that were none), ``bias`` (days told over days that were) and ``csi`` (told rightly over told or
    were): Wilks (2019), *Statistical methods in the atmospheric sciences*, 4th ed., section 9.2; ``q…_mbe`` and
    ``q…_rmse``: by how much the quantile of a station's estimates differs from that of its measurements, over
    stations; and :func:`parts` of stations, ``between`` and ``within``.
    """
    s = dict(zip(SUMS, np.moveaxis(np.asarray(sums, np.float64), -1, 0), strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        mse, variance = s["e2"] / s["n"], (s["y2"] - s["y"] ** 2 / s["n"]) / s["n"]
        found = {
            "rmse": np.sqrt(mse),
            "mbe": s["e"] / s["n"],
            "mse": mse,
            "var": variance,
            "r2": r2(mse, variance, s["y2"] / s["n"]),
            "pinball_90": (0.9 * s["short"] + 0.1 * (s["short"] + s["e"])) / s["n"],
        }
        for level in (f"{level:.0f}" for level in LEVELS):
            hit, miss, false = (s[f"{what}_{level}"] for what in ("hit", "miss", "false"))
            found |= {
                f"pod_{level}": hit / (hit + miss),
                f"far_{level}": false / (hit + false),
                f"bias_{level}": (hit + false) / (hit + miss),
                f"csi_{level}": hit / (hit + miss + false),
            }
        for q in (f"q{q * 100:.0f}" for q in QUANTILES):
            found |= {f"{q}_mbe": s[f"e_{q}"] / s["n_q"], f"{q}_rmse": np.sqrt(s[f"e2_{q}"] / s["n_q"])}
        groups = (s[name] for name in ("n", "e2", "y", "y2", "e_mean2", "y_mean2"))
        return found | parts(*groups, ("between", "within"))


def by_day(daily: np.ndarray, sums: np.ndarray) -> dict[str, np.ndarray]:
    """:func:`parts` with days as groups: ``day``, the mean over stations of a day, and ``map``, the rest.

    Parameters
    ----------
    daily : ndarray, shape (3, ..., day)
        Number of rows, sum of errors and sum of measurements of each day.
    sums : ndarray, shape (..., len(SUMS))
        Of all rows.
    """
    n, e, y = daily
    counted = np.maximum(n, 1)
    s = dict(zip(SUMS, np.moveaxis(sums, -1, 0), strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        return parts(
            s["n"], s["e2"], s["y"], s["y2"], (e**2 / counted).sum(-1), (y**2 / counted).sum(-1), ("day", "map")
        )
