"""How far apart two places can be and still have something in common."""

from __future__ import annotations

import numpy as np

from placeprior.coords import great_circle_km

FARTHEST_KM, BIN_KM = 1500.0, 100.0
LONGEST_KM = 1000.0  # a range: over the contiguous US, squares of a larger side are fewer than fifteen
FOLDINGS = 4.0  # e-folding distances until 2 % of an exponential correlation are left
ALIKE = 0.1  # neighbours that share less of their variance are taken for independent


def correlogram(values: np.ndarray, lonlat: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Mean product of the standardised values of two places by their distance, pooled over columns.

    Parameters
    ----------
    values : ndarray, shape (n, column)
        NaN where nothing is known. Each column is centred and scaled over its own places.
    lonlat : ndarray, shape (n, 2)

    Returns
    -------
    km, rho, pairs : ndarray, shape (bin,)
        Mean distance, correlation, and number of pairs, of the bins that have any (:data:`BIN_KM` wide, up to
        :data:`FARTHEST_KM`).
    """
    known = np.isfinite(values)
    count = np.maximum(known.sum(0), 1)
    centred = np.where(known, values - np.where(known, values, 0.0).sum(0) / count, 0.0)
    scale = np.sqrt((centred**2).sum(0) / count)
    z = np.divide(centred, scale, out=np.zeros_like(centred), where=scale > 0)
    weight = known.astype(np.float64)
    upper = np.triu_indices(len(z), 1)
    km, product, pairs = (table[upper] for table in (great_circle_km(lonlat, lonlat), z @ z.T, weight @ weight.T))
    near = (km < FARTHEST_KM) & (pairs > 0)
    where = (km[near] // BIN_KM).astype(int)
    total, distance, product = (np.bincount(where, part[near]) for part in (pairs, pairs * km, product))
    filled = total > 0
    return distance[filled] / total[filled], product[filled] / total[filled], total[filled]


def correlation_range(values: np.ndarray, lonlat: np.ndarray) -> float:
    r"""The distance at which 2 % of the correlation of neighbours are left.

    To the correlogram an exponential is fitted by least squares weighted by the number of pairs (Cressie, N. A. C.
    1993, *Statistics for Spatial Data*, Wiley, section 2.6):

    .. math:: \rho(h) = c\, e^{-h/a} - m, \quad 0 \le c \le 1, \quad m \ge 0

    where m is what the correlogram loses because values were centred on the mean of these places, not on the true one.

    Parameters
    ----------
    values, lonlat
        As for :func:`correlogram`.

    Returns
    -------
    float
        :math:`4a`, km, at most :data:`LONGEST_KM`; 0 where neighbours share less than a tenth, or too few places are
        there to tell.
    """
    km, rho, pairs = correlogram(values, lonlat)
    if len(km) < 3:
        return 0.0

    def misfit(theta: np.ndarray) -> np.ndarray:
        return np.sqrt(pairs) * (theta[0] * np.exp(-km / theta[1]) - theta[2] - rho)

    from scipy.optimize import least_squares  # when a range is fitted: a page's start is short without

    share, folding, _ = least_squares(
        misfit, [0.5, 200.0, 0.05], bounds=([0, 10, 0], [1, FARTHEST_KM, 1]), x_scale=[1, 100, 0.1]
    ).x
    return min(FOLDINGS * float(folding), LONGEST_KM) if share >= ALIKE else 0.0
