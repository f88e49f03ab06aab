"""Folds whose test stations are as far from training as a map's cells are from its stations.

A score is about the distances at which it was measured. k-fold nearest-neighbour distance matching deals stations to
folds so that these distances look like those of the map that is to be made.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.cluster.hierarchy import cut_tree, linkage
from scipy.stats import ks_2samp, wasserstein_distance

from placeprior import coords
from placeprior.coords import arrays, check_lonlat, great_circle_km, nearest_km, planar
from placeprior.errors import CubeError

RESOLUTION = 0.5  # degrees, about 50 km: some 3000 places, enough for a curve of distances
TRIED = 100  # numbers of clusters; the authors' software tries as many
LARGEST = 0.5  # share of the stations in one fold at most, so that a model has something to train on
SIGNIFICANCE = 0.05  # of the test for clustered stations


@cache
def land() -> np.ndarray:
    """Places that stand for equal areas of the contiguous United States, ``lonlat``, shape (n, 2).

    The land cells of a regular grid of :data:`RESOLUTION`, drawn systematically in proportion to their area, since
    cells of equal degrees shrink towards the north.
    """
    cells = coords.Land(RESOLUTION).places
    share = np.cumsum(np.cos(np.radians(cells[:, 1])))
    return cells[np.searchsorted(share, (np.arange(len(cells)) + 0.5) / len(cells) * share[-1])]


def to_map(lonlat: np.ndarray) -> np.ndarray:
    """Distance from every place of :func:`land` to its nearest station, km: what a map asks of its stations.

    Parameters
    ----------
    lonlat : ndarray, shape (station, 2)

    Raises
    ------
    CoordinateError
        A station is of another country: the map is not its.
    """
    return nearest_km(land(), coords.at_home(lonlat, "the map of kNNDM", together=True))[0]


def to_other_folds(between: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Distance from every station to the nearest one in another fold: what cross-validation asks.

    Parameters
    ----------
    between : ndarray, shape (station, station)
        Distances.
    fold : ndarray of int, shape (station,)

    Returns
    -------
    ndarray, shape (station,)
        In the unit of `between`; infinite where there is no other fold.
    """
    between, fold = arrays.numbers(between, "between"), arrays.numbers(fold, "fold")
    if np.isnan(fold).any():
        raise CubeError(f"{np.isnan(fold).sum()} of {fold.size} stations have no fold; give each one")
    return np.where(fold[:, None] == fold, np.inf, between).min(1)


def matched_folds(
    lonlat: np.ndarray, k: int, rng: np.random.Generator, towards: np.ndarray | None = None
) -> np.ndarray:
    r"""Deal stations to folds by k-fold nearest-neighbour distance matching (kNNDM).

    Where stations lie no closer to each other than the land lies to them (a one-sided Kolmogorov-Smirnov test), folds
    are drawn at random. Else stations are clustered, from few large to many small clusters; for each number of
    clusters these are merged into `k` folds, and the folds with the smallest

    .. math:: W = \int_0^\infty |G^*_j(r) - G_{ij}(r)| \, dr

    are kept: the area between the distribution of distances from a station to the nearest in another fold,
    :math:`G^*_j`, and that from the land to its nearest station, :math:`G_{ij}`; Linnenbrink, Milà, Ludwig & Meyer
    (2024), Geoscientific Model Development 17, 5897-5912. Clusters are Ward's, of stations on an equal-area plane,
    cut from one tree.

    Parameters
    ----------
    lonlat : ndarray, shape (station, 2)
    k : int
        Number of folds.
    rng : numpy.random.Generator
        Draws the random folds.
    towards : ndarray, shape (m, 2), optional
        Places where estimates are wanted; the land of the contiguous United States when left out.

    Returns
    -------
    ndarray of int, shape (station,)
        1 to `k`.
    """
    lonlat = check_lonlat(lonlat)
    n = len(lonlat)
    between = great_circle_km(lonlat, lonlat)
    wanted = to_map(lonlat) if towards is None else nearest_km(towards, lonlat)[0]
    own = to_other_folds(between, np.arange(n))
    # The alternative "greater": shorter distances are more frequent among the stations than on the map.
    if n <= k or ks_2samp(own, wanted, alternative="greater", method="asymp").pvalue >= SIGNIFICANCE:
        return rng.permutation(n) % k + 1
    plane = planar(lonlat)
    numbers = np.unique(np.geomspace(k, n, TRIED).round().astype(int))
    dealt = [merged(plane, clusters, k) for clusters in cut_tree(linkage(plane, "ward"), numbers).T]
    allowed = [fold for fold in dealt if np.bincount(fold).max() <= LARGEST * n]
    return min(allowed, key=lambda fold: wasserstein_distance(to_other_folds(between, fold), wanted))


def merged(plane: np.ndarray, cluster: np.ndarray, k: int) -> np.ndarray:
    """Merge clusters into `k` folds: one with a k-th of all stations is a fold, the others are dealt in turn.

    They are dealt in the order of their centres along the first principal component of the stations, so that each
    fold reaches over the whole region.

    Parameters
    ----------
    plane : ndarray, shape (n, 2)
        Projected places.
    cluster : ndarray of int, shape (n,)
        From 0, at least `k` of them.
    k : int

    Returns
    -------
    ndarray of int, shape (n,)
        Fold of each place, 1 to `k`.
    """
    size = np.bincount(cluster)
    centred = plane - plane.mean(0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    order = np.argsort(np.bincount(cluster, centred @ axis) / size, kind="stable")
    large = size[order] * k >= len(plane)
    number = np.empty(len(size), int)
    number[order[large]] = np.arange(large.sum()) + 1
    left = np.arange(large.sum(), k) + 1
    if (~large).any():
        number[order[~large]] = left[np.arange((~large).sum()) % len(left)]
    return number[cluster]
