"""The neighbour features: same-day inverse-distance mean of *training* monitors and how far they are, for every fold.

The reference code computes the mean once from all monitors, so labels of held-out stations reach the inputs. Here the
pool is given by the split, a station never sees itself, and nothing outside the pool is ever read.

There is a second trap. In training a station's neighbours are the other training stations, around it; a station of a
held-out region has none for hundreds of kilometres. A network that learned to lean on near neighbours leans on far ones
just as much, and whatever makes it lean less looks like knowledge. So the distance is an input too, and in training
near neighbours are ignored at random, so that those left are as far away as the test rows' are
(:func:`matched_exclusion`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from placeprior.coords import arrays, check_lonlat, great_circle_km
from placeprior.errors import CubeError

NEAREST = 9
POWER = 1.0
FLOOR_KM = 0.1  # two monitors at one site: a finite weight instead of a division by zero
CANDIDATES = 64
PERIOD = 30  # days for which a training station's neighbours are ignored alike: most windows see one choice


def neighbour_pm25(pm25: np.ndarray, lonlat: np.ndarray, pool: np.ndarray, **options: Any) -> np.ndarray:
    """The mean alone, µg m-3, shape (station or m, time); arguments as for :func:`neighbour_features`."""
    return neighbour_features(pm25, lonlat, pool, **options)[..., 0]


def neighbour_features(
    pm25: np.ndarray,
    lonlat: np.ndarray,
    pool: np.ndarray,
    *,
    target: np.ndarray | None = None,
    itself: np.ndarray | None = None,
    k: int = NEAREST,
    power: float = POWER,
    exclusion_km: float | np.ndarray = 0.0,
) -> np.ndarray:
    r"""Inverse-distance weighted PM2.5 of the ``k`` nearest pool stations measured that day, and how near they are.

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
    itself : ndarray of int, shape (m,), optional
        The station that each target is, which is left out of its estimate; -1, as when absent, where it is none.
    k, power, exclusion_km
        Number of neighbours, exponent of the distance, radius up to which neighbours are ignored (one for all, or one
        for each estimated place).

    Returns
    -------
    ndarray of float32, shape (station or m, time, 2)
        The mean, µg m-3, and the decimal logarithm of the distance to the nearest station in it, km. NaN where no pool
        station reported that day. It depends on nothing but the day and the place, to the last bit: not on which others
        are asked for in the same call.
    """
    place, day = arrays.labels(lonlat), arrays.days(pm25)
    place = arrays.labels(pm25) if place is None else place
    whole = arrays.by_day(pm25, "pm25")[arrays.order(arrays.labels(pm25), place, "pm25")]
    pool = arrays.flags_by_day(pool, "pool")[arrays.order(arrays.labels(pool), place, "pool")][
        :, arrays.order(arrays.days(pool), day, "pool")
    ]
    lonlat = check_lonlat(lonlat)
    if pool.shape != whole.shape or len(whole) != len(lonlat):
        raise CubeError(
            f"pm25 {whole.shape}, pool {pool.shape} and {len(lonlat)} places do not fit each other; give "
            "the same stations and days"
        )
    known = np.where(pool, whole, np.nan)
    if getattr(pm25, "dtype", None) == np.float32:
        known = known.astype(np.float32)  # as it came: half the memory
    source = np.flatnonzero(pool.any(1))
    distance = great_circle_km(lonlat if target is None else target, lonlat[source])
    radius = np.broadcast_to(exclusion_km, len(distance))[:, None]
    ignored = (radius > 0) & (distance <= radius)
    if target is None:
        itself = np.arange(len(lonlat))
    if itself is not None:
        ignored |= np.asarray(itself)[:, None] == source
    distance = np.where(ignored, np.inf, distance)
    order = np.argsort(distance, axis=1, kind="stable")
    distance = np.take_along_axis(distance, order, axis=1)
    values = known[source]

    out = np.full((*distance.shape[:1], known.shape[1], 2), np.nan, np.float32)
    complete = np.zeros(out.shape[:2], bool)
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
    """Mean and nearest distance of the first ``k`` reporting candidates, (rows, time, 2); and whether k were found."""
    seen = values[order]
    usable = np.isfinite(seen) & np.isfinite(distance)[:, :, None]
    chosen = usable & (np.cumsum(usable, axis=1) <= k)
    distance = np.maximum(distance, FLOOR_KM)[:, :, None]
    weight = np.where(chosen, distance**-power, 0.0)
    total = _in_order(weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(chosen, seen, 0.0)
        mean = _in_order(weight * mean) / total
        nearest = np.log10(np.where(chosen, distance, np.inf).min(1, initial=np.inf))
    found = np.stack([mean, np.where(chosen.any(1), nearest, np.nan)], axis=-1)
    return found.astype(np.float32), chosen.sum(1) >= k


def _in_order(values: np.ndarray) -> np.ndarray:
    """Sum of (rows, candidate, time) over the candidates, the nearest first whatever the shape.

    A day alone lies in memory so that numpy adds in pairs, and its last bit would not be that of the same day among
    others; beside itself it is not alone.
    """
    return values.sum(1) if values.shape[2] > 1 else values.repeat(2, axis=2).sum(1)[:, :1]


def matched_features(
    pm25: np.ndarray,
    lonlat: np.ndarray,
    pool: np.ndarray,
    radius: np.ndarray,
    *,
    day: np.ndarray | None = None,
    target: np.ndarray | None = None,
    itself: np.ndarray | None = None,
) -> np.ndarray:
    """:func:`neighbour_features` whose training stations have neighbours as far away as the test rows have.

    Parameters
    ----------
    pm25, lonlat, pool, target, itself
        As for :func:`neighbour_features`.
    radius : ndarray, shape (station, period)
        Up to which each station ignores its neighbours in every :data:`PERIOD` days (:func:`matched_exclusion`), km. A
        target that is no station ignores none.
    day : ndarray of int, shape (n,), optional
        The days to estimate, as positions in time; all when absent.

    Returns
    -------
    ndarray of float32, shape (station or m, n, 2)
    """
    day = np.arange(pm25.shape[1]) if day is None else day
    if target is None:
        target, itself = lonlat, np.arange(len(lonlat))
    itself = np.full(len(target), -1) if itself is None else itself
    out = np.empty((len(target), len(day), 2), np.float32)
    for period in np.unique(day // PERIOD):
        now = day // PERIOD == period
        exclusion = np.where(itself >= 0, radius[itself, period], 0.0)
        out[:, now] = neighbour_features(
            pm25[:, day[now]], lonlat, pool[:, day[now]], target=target, itself=itself, exclusion_km=exclusion
        )
    return out


def matched_exclusion(
    lonlat: np.ndarray, pool: np.ndarray, trained: np.ndarray, tested: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Radii up to which training stations must ignore neighbours to be as lonely as the tested ones.

    For each draw a tested row's distance to its nearest pool station is picked at random, and of a training station's
    neighbours the one whose distance is closest to it becomes the nearest that is seen.

    Parameters
    ----------
    lonlat : ndarray, shape (station, 2)
    pool, trained : ndarray of bool, shape (station,)
    tested : ndarray of int, shape (station,)
        Test rows of each station.
    draws : int
        One for every :data:`PERIOD` days, see :func:`matched_features`.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (station, draws)
        km; 0 where nothing is ignored.
    """
    source = np.flatnonzero(pool)
    distance = great_circle_km(lonlat, lonlat[source])
    distance[source, np.arange(source.size)] = np.inf  # a station never sees itself
    wanted = distance.min(1)[tested > 0]
    radius = np.zeros((len(lonlat), draws))
    for station in np.flatnonzero(trained):
        drawn = rng.choice(wanted, draws, p=tested[tested > 0] / tested.sum())
        near = np.sort(distance[station])[:-1]
        chosen = near[np.abs(near[:, None] - drawn).argmin(0)]
        radius[station] = np.where(chosen > near[0], np.nextafter(chosen, 0), 0.0)
    return radius
