r"""Ordinary kriging: a weighted mean of the same day's monitors, weighted by how fast PM2.5 changes in space.

Inverse-distance weighting decides beforehand how fast a monitor's word loses weight with distance. Kriging asks the
data, in three steps (Cressie, N. A. C. 1993, *Statistics for Spatial Data*, Wiley, chapters 2 and 3):

1. :func:`.variogram.empirical`: how different are two monitors on the same day, by the distance between them?
2. :func:`.variogram.fit`: a smooth curve through that, the *variogram*.
3. :func:`krige`: the weights that are right on average and have the smallest expected squared error under that curve.

Kriging weights do not change when all differences are multiplied by one number. So one variogram serves a whole year
although smoke days vary tens of times more than clean ones: only the *shape* (range, and share of the nugget) is
taken from all days together, after each day was divided by its own standard deviation. Without that division a few
days of smoke would decide the shape for all.
"""

from __future__ import annotations

import numpy as np

from placeprior.coords import arrays, check_lonlat, great_circle_km
from placeprior.errors import CubeError
from placeprior.space.variogram import Variogram, together

NEAREST = 30  # monitors that enter an estimate: those behind them are screened off and get hardly any weight
JITTER = 1e-8  # of the variance, on the diagonal: two monitors at one place may not make the system unsolvable
BLOCK = 512  # systems solved at once, which bounds the memory


def weights(between: np.ndarray, towards: np.ndarray) -> np.ndarray:
    r"""Ordinary kriging weights of many sets of ``k`` monitors at once.

    The weights :math:`\lambda` have the smallest expected squared error among all that sum to one; the sum makes them
    right on average whatever the level of the day (Cressie 1993, section 3.2):

    .. math:: \lambda = K^{-1} (c + \mu 1), \qquad \mu = \frac{1 - 1^T K^{-1} c}{1^T K^{-1} 1}, \qquad
              K_{ij} = C(d_{ij}) + n\, [i = j], \quad c_i = C(d_{i0}), \quad C(h) = s\, e^{-(h/r)^p}

    Parameters
    ----------
    between : ndarray, shape (b, k, k)
        :math:`K`: covariances among the monitors of each set.
    towards : ndarray, shape (b, k)
        :math:`c`: covariances with the place that is estimated.

    Returns
    -------
    ndarray, shape (b, k)
        A weight may be negative: that of a monitor behind another one.

    Raises
    ------
    CubeError
        If a matrix is singular: two monitors at one place, and nothing in the curve by which they could differ.
    """
    between, towards = arrays.numbers(between, "between"), arrays.numbers(towards, "towards")
    right = np.stack([towards, np.ones_like(towards)], axis=-1)
    try:
        solved = np.linalg.solve(between, right)
    except np.linalg.LinAlgError as error:
        raise CubeError(
            f"the covariances of {between.shape[-1]} monitors cannot be solved ({error}): two of them are at one "
            "place and the curve has no nugget; average the two, or give the curve a nugget"
        ) from error
    shift = (1 - solved[..., 0].sum(1)) / solved[..., 1].sum(1)
    return solved[..., 0] + shift[:, None] * solved[..., 1]


def variances(share: np.ndarray, between: np.ndarray, towards: np.ndarray, curve: Variogram) -> np.ndarray:
    r"""Expected squared error of ordinary kriging, of what is there without the nugget (Cressie 1993, section 3.2).

    .. math:: v = s - 2 \lambda^T c + \lambda^T K \lambda

    Parameters
    ----------
    share : ndarray, shape (b, k)
        As :func:`weights` finds them.
    between, towards
        As for :func:`weights`.
    curve : Variogram

    Returns
    -------
    ndarray, shape (b,)
        In units of the curve; that of a new measurement is larger by the nugget.
    """
    spread = np.einsum("bi,bij,bj->b", share, between, share, optimize=True)
    return np.maximum(curve.sill - 2 * (share * towards).sum(-1) + spread, 0.0)


def krige(
    values: np.ndarray,
    lonlat: np.ndarray,
    target: np.ndarray,
    wanted: np.ndarray,
    curve: Variogram,
    *,
    k: int = NEAREST,
    variance: np.ndarray | None = None,
) -> np.ndarray:
    """Estimate at places and days, each from the ``k`` nearest monitors that reported that day.

    A place has few different sets of nearest monitors in a year: its system is solved once for each set, not each day.

    Parameters
    ----------
    values : ndarray, shape (station, time)
        NaN where nothing is known, or may not be used.
    lonlat : ndarray, shape (station, 2)
    target : ndarray, shape (m, 2)
        A place that is also a monitor gets that monitor's value drawn towards its neighbours as far as the nugget says.
    wanted : ndarray of bool, shape (m, time)
        What to estimate.
    curve : Variogram
    k : int
    variance : ndarray of float64, shape (m, time), optional
        Is filled with the expected squared error of each estimate (:func:`variances`), in units of ``curve``.

    Returns
    -------
    ndarray of float64, shape (m, time)
        In units of ``values``; NaN where not wanted, or no monitor reported that day.
    """
    days = arrays.days(values)
    rows = arrays.order(arrays.labels(wanted), arrays.labels(target), "wanted")
    wanted = arrays.flags_by_day(wanted, "wanted")[rows][:, arrays.order(arrays.days(wanted), days, "wanted")]
    values, lonlat, target = *together(values, lonlat), check_lonlat(target)
    if wanted.shape != (len(target), values.shape[1]):
        raise CubeError(
            f"wanted has shape {wanted.shape} for {len(target)} places and {values.shape[1]} days; give "
            "one value for each"
        )
    source = np.flatnonzero(np.isfinite(values).any(1))
    known = values[source]
    between = curve.covariance(great_circle_km(lonlat[source], lonlat[source]))
    between[np.diag_indices_from(between)] += curve.nugget + JITTER * (curve.nugget + curve.sill)
    distance = great_circle_km(target, lonlat[source])
    out = np.full(wanted.shape, np.nan)
    for place in np.flatnonzero(wanted.any(1)):
        order = np.argsort(distance[place], kind="stable")
        near = known[order]
        seen = np.isfinite(near) & wanted[place]
        # Stable sorting puts the monitors that reported first, the nearest first among them.
        nearest = np.argsort(~seen, axis=0, kind="stable")[:k].T
        size = np.minimum(seen.sum(0), k)
        among = between[np.ix_(order, order)]
        towards = curve.covariance(distance[place][order])
        for n in np.unique(size[size > 0]):
            days = np.flatnonzero(size == n)
            sets, which = np.unique(nearest[days, :n], axis=0, return_inverse=True)
            parts = np.split(sets, range(BLOCK, len(sets), BLOCK))
            found = [weights(among[part[:, :, None], part[:, None, :]], towards[part]) for part in parts]
            share = np.concatenate(found)[which.reshape(-1)]
            out[place, days] = (share * near[nearest[days, :n], days[:, None]]).sum(1)
            if variance is not None:
                expected = [
                    variances(own, among[part[:, :, None], part[:, None, :]], towards[part], curve)
                    for own, part in zip(found, parts, strict=True)
                ]
                variance[place, days] = np.concatenate(expected)[which.reshape(-1)]
    return out
