"""Which places lie around a place, and how its nearest neighbours are weighed: what scores of geographic bias share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from placeprior.coords import EARTH_RADIUS_KM, arrays, check_lonlat, unit_xyz
from placeprior.errors import ScoreError

TICK = 9  # decimals of a distance on the unit sphere, 6 mm on the ground: nearer than that is equally far


def checked(lonlat: ArrayLike, values: ArrayLike | None, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Places and one finite value for each, as float64; ones where there are no values.

    Values that are labelled as the places are (an index, a coordinate) are brought into their order.

    Raises
    ------
    CoordinateError, ScoreError
        If a place is none, there are fewer than `least`, or a value is missing or not finite.
    """
    places = check_lonlat(lonlat)
    if len(places) < least:
        raise ScoreError(f"{len(places)} places, but this score needs at least {least}; give more stations")
    marks = np.ones(len(places)) if values is None else arrays.numbers(values, "values", ScoreError)
    if marks.shape != (len(places),):
        raise ScoreError(f"values have shape {marks.shape}, expected ({len(places)},): one number a place")
    marks = marks[arrays.order(arrays.labels(values), arrays.labels(lonlat), "values", ScoreError)]
    if (wrong := ~np.isfinite(marks)).any():
        raise ScoreError(
            f"{wrong.sum()} of {marks.size} values are not finite numbers, first in row "
            f"{wrong.argmax()}; drop these places or fill them in"
        )
    return places, marks


def around(at: np.ndarray, lonlat: np.ndarray, radius_km: float) -> tuple[np.ndarray, ...]:
    r"""All places within a radius of each centre, in polar coordinates of that centre.

    The bearing is that of the great circle where it leaves the centre:

    .. math:: \tan\theta = \frac{\sin\Delta\lambda \cos\phi'}
              {\cos\phi \sin\phi' - \sin\phi \cos\phi' \cos\Delta\lambda}

    Parameters
    ----------
    at : ndarray, shape (m, 2)
        Centres, lonlat.
    lonlat : ndarray, shape (n, 2)
    radius_km : float

    Returns
    -------
    centre, place : ndarray of int, shape (pair,)
        Rows of `at` and of `lonlat`, sorted by centre, then place. A centre that is a place is its own neighbour.
    km, bearing : ndarray, shape (pair,)
        Great-circle distance; radians clockwise from north, 0 at the centre itself.
    """
    if not 0 < radius_km <= np.pi * EARTH_RADIUS_KM:
        raise ScoreError(f"radius_km is {radius_km}; give kilometres above 0, such as 100")
    chord = 2 * np.sin(radius_km / EARTH_RADIUS_KM / 2)
    found = cKDTree(unit_xyz(at)).sparse_distance_matrix(cKDTree(unit_xyz(lonlat)), chord, output_type="ndarray")
    found = found[np.lexsort((found["j"], found["i"]))]
    centre, place = found["i"], found["j"]
    (lon, lat), (to_lon, to_lat) = np.radians(at[centre]).T, np.radians(lonlat[place]).T
    east = np.sin(to_lon - lon) * np.cos(to_lat)
    north = np.cos(lat) * np.sin(to_lat) - np.sin(lat) * np.cos(to_lat) * np.cos(to_lon - lon)
    km = 2 * EARTH_RADIUS_KM * np.arcsin(np.clip(found["v"] / 2, 0, 1))
    return centre, place, km, np.where(km > 0, np.arctan2(east, north), 0.0)


def shares(source: np.ndarray, distance: np.ndarray, k: int, others: np.ndarray | None = None) -> np.ndarray:
    """Weight of each candidate neighbour: 1 for the `k` nearest of a source, 0 for the rest.

    Candidates that tie for the last of the `k` seats share it, so that no order of the places decides.

    Parameters
    ----------
    source : ndarray of int, shape (candidate,)
        Whose neighbour each candidate would be.
    distance : ndarray, shape (candidate,)
        Rounded, so that what is equally far is equal.
    k : int
    others : ndarray, shape (candidate, r), optional
        Distances of further competitors for the source's seats, whose own weights are not wanted.

    Returns
    -------
    ndarray, shape (candidate,)
    """
    order = np.lexsort((distance, source))
    whose, far, row = source[order], distance[order], np.arange(len(order))
    first = np.ones(len(order), bool)
    first[1:] = whose[1:] != whose[:-1]
    step = first.copy()
    step[1:] |= far[1:] != far[:-1]
    nearer = np.maximum.accumulate(row * step) - np.maximum.accumulate(row * first)
    number = np.cumsum(step) - 1
    tied = np.bincount(number)[number]
    if others is not None:
        nearer = nearer + (others[order] < far[:, None]).sum(1)
        tied = tied + (others[order] == far[:, None]).sum(1)
    weight = np.empty(len(order))
    weight[order] = np.clip((k - nearer) / tied, 0, 1)
    return weight


def dealt(n: int, permutations: int, rng: np.random.Generator | None) -> list[np.ndarray]:
    """Random orders of `n` rows, for a permutation test; without a generator, those of seed 0."""
    rng = np.random.default_rng(0) if rng is None else rng
    return [rng.permutation(n) for _ in range(permutations)]


def p_value(null: np.ndarray, found: float) -> float:
    """Share of dealings, the observed one included, that score as high (Phipson & Smyth 2010); NaN without any."""
    high = (null >= found - 1e-12 * abs(found)).sum()  # equal sums may differ by rounding
    return float((1 + high) / (1 + null.size)) if null.size else float("nan")
