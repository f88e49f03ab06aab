"""How much measurements repeat each other: at two stations on the same days, and at one station some days apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placeprior.coords import great_circle_km

EDGES = (3, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120)  # km, of the classes of distance
LAGS = tuple(range(1, 15))  # days
FEWEST = 5  # pairs in a class, or it is left out
MIDDLE = (0.1, 0.5, 0.9)


def days_needed(days: int) -> int:
    """Common days that a correlation is taken over at least: an eighth of all, and no fewer than 20."""
    return max(20, days // 8)


def between_stations(values: np.ndarray, lonlat: np.ndarray) -> pd.DataFrame:
    """Pearson's correlation of every pair of stations over their common days.

    Parameters
    ----------
    values : ndarray, shape (station, time)
        NaN where nothing was measured.
    lonlat : ndarray, shape (station, 2)

    Returns
    -------
    pandas.DataFrame
        ``km`` and ``r``, a row a pair with :func:`days_needed` common days.
    """
    known = np.isfinite(values)
    z, m = np.where(known, values, 0.0), known.astype(float)
    n, sx, sxy, sxx = m @ m.T, z @ m.T, z @ z.T, (z**2) @ m.T
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = sxy / n - sx * sx.T / n**2
        r = covariance / np.sqrt((sxx / n - (sx / n) ** 2) * (sxx.T / n - (sx.T / n) ** 2))
    i, j = np.triu_indices(len(lonlat), 1)
    good = (n[i, j] >= days_needed(values.shape[1])) & np.isfinite(r[i, j])
    return pd.DataFrame({"km": great_circle_km(lonlat, lonlat)[i[good], j[good]], "r": r[i[good], j[good]]})


def by_distance(pairs: pd.DataFrame) -> pd.DataFrame:
    """Correlation in classes of distance with at least :data:`FEWEST` pairs.

    Parameters
    ----------
    pairs : pandas.DataFrame
        As :func:`between_stations`.

    Returns
    -------
    pandas.DataFrame
        ``km``, the median distance; ``low, mid, high``, the tenth, fiftieth and ninetieth percentile of correlations;
        ``n`` pairs.
    """
    classes = pairs.groupby(np.digitize(pairs["km"], EDGES))
    quantiles = {key: classes["r"].quantile(q) for key, q in zip(("low", "mid", "high"), MIDDLE, strict=True)}
    found = pd.DataFrame({"km": classes["km"].median()} | quantiles | {"n": classes["r"].size()})
    return found[found["n"] >= FEWEST]


def days_later(values: np.ndarray) -> pd.DataFrame:
    """Pearson's correlation of stations with themselves some days later.

    Parameters
    ----------
    values : ndarray, shape (station, time)
        NaN where nothing was measured.

    Returns
    -------
    pandas.DataFrame
        Index ``days``, of :data:`LAGS`: ``low, mid, high``, percentiles over stations as in :func:`by_distance`; NaN
        where no station has enough days.
    """
    rows = []
    for lag in LAGS:
        found = []
        for one in values:
            first, later = one[:-lag], one[lag:]
            both = np.isfinite(first) & np.isfinite(later)
            if both.sum() >= days_needed(values.shape[1]):
                found.append(np.corrcoef(first[both], later[both])[0, 1])
        rows.append(np.percentile(found, [100 * q for q in MIDDLE]) if found else [np.nan] * 3)
    return pd.DataFrame(rows, columns=["low", "mid", "high"], index=pd.Index(LAGS, name="days"))
