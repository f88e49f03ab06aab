"""The neighbour feature: same-day inverse-distance mean of *training* monitors, made anew for every fold.

The reference code computes it once from all monitors, so labels of held-out stations reach the inputs. Here the pool
is given by the split, a station never sees itself, and nothing outside the pool is ever read.
"""

from __future__ import annotations

import numpy as np

from placeprior import arrays
from placeprior.coords import check_lonlat, great_circle_km
from placeprior.errors import CubeError

NEAREST = 9
POWER = 1.0
FLOOR_KM = 0.1  # two monitors at one site: a finite weight instead of a division by zero
CANDIDATES = 64


def neighbour_pm25(
    pm25: np.ndarray,
    lonlat: np.ndarray,
    pool: np.ndarray,
    *,
    target: np.ndarray | None = None,
    k: int = NEAREST,
    power: float = POWER,
    exclusion_km: float = 0.0,
) -> np.ndarray:
    r"""Inverse-distance weighted PM2.5 of the ``k`` nearest pool stations measured that day.

    .. math:: \hat y(s, t) = \sum_i w_i y_i(t) / \sum_i w_i, \qquad w_i = d(s, s_i)^{-p}

    over the ``k`` nearest stations that are in the pool on day ``t``, are not ``s`` itself, and are farther than
    ``exclusion_km`` (Shepard, 1968).

    Parameters
    ----------
    pm25 : ndarray, shape (station, time)
        Measurements, µg m-3; read only where ``pool`` is true.
    lonlat : ndarray, shape (station, 2)
    pool : ndarray of bool, shape (station, time)
        The station-days whose labels may be read.
    target : ndarray, shape (m, 2), optional
        Places to estimate at; the stations themselves (each left out of its own estimate) when absent.
    k, power, exclusion_km
        Number of neighbours, exponent of the distance, radius inside which neighbours are ignored.

    Returns
    -------
    ndarray of float32, shape (station or m, time)
        NaN where no pool station reported that day.
    """
    place, day = arrays.labels(lonlat), arrays.days(pm25)
    place = arrays.labels(pm25) if place is None else place
    whole = arrays.by_day(pm25, "pm25")[arrays.order(arrays.labels(pm25), place, "pm25")]
    pool = arrays.flags_by_day(pool, "pool")[arrays.order(arrays.labels(pool), place, "pool")][
        :, arrays.order(arrays.days(pool), day, "pool")]  # fmt: skip
    lonlat = check_lonlat(lonlat)
    if pool.shape != whole.shape or len(whole) != len(lonlat):
        raise CubeError(f"pm25 {whole.shape}, pool {pool.shape} and {len(lonlat)} places do not fit each other; give "
                        "the same stations and days")
    known = np.where(pool, whole, np.nan)
    if getattr(pm25, "dtype", None) == np.float32:
        known = known.astype(np.float32)  # as it came: half the memory
    source = np.flatnonzero(pool.any(1))
    distance = great_circle_km(lonlat if target is None else target, lonlat[source])
    ignored = distance <= exclusion_km if exclusion_km > 0 else np.zeros(distance.shape, bool)
    if target is None:
        ignored[source, np.arange(source.size)] = True
    distance = np.where(ignored, np.inf, distance)
    order = np.argsort(distance, axis=1, kind="stable")
    distance = np.take_along_axis(distance, order, axis=1)
    values = known[source]

    out = np.full((distance.shape[0], known.shape[1]), np.nan, np.float32)
    complete = np.zeros(out.shape, bool)
    for start in range(0, len(out), 32):
        rows = slice(start, start + 32)
        out[rows], complete[rows] = _weighted(values, order[rows, :CANDIDATES], distance[rows, :CANDIDATES], k, power)
    if source.size > CANDIDATES:  # where few near stations reported on a day, look at all of them
        for row in np.flatnonzero(~complete.all(1)):
            days = ~complete[row]
            out[row, days], _ = _weighted(values[:, days], order[row : row + 1], distance[row : row + 1], k, power)
    return out


def _weighted(
    values: np.ndarray, order: np.ndarray, distance: np.ndarray, k: int, power: float
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean over the first ``k`` reporting candidates, (rows, time); and whether k were found that day."""
    seen = values[order]
    usable = np.isfinite(seen) & np.isfinite(distance)[:, :, None]
    chosen = usable & (np.cumsum(usable, axis=1) <= k)
    weight = np.where(chosen, (np.maximum(distance, FLOOR_KM) ** -power)[:, :, None], 0.0)
    total = weight.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(chosen, seen, 0.0)
        mean = (weight * mean).sum(1) / total
    return mean.astype(np.float32), chosen.sum(1) >= k
