"""Random fields and noise that can be read at any place and day, so that maps and stations agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Array = NDArray[np.float64]


def logistic(value: NDArray) -> Array:
    """Smooth step from 0 to 1."""
    return 1.0 / (1.0 + np.exp(-np.asarray(value, dtype=float)))


@dataclass(frozen=True)
class Spectral:
    """Gaussian random field in space and time as a sum of travelling cosine waves (random Fourier features).

    ``f(x, t) = sqrt(2/K) sum_k cos(k . x + w t + phase)`` has mean 0, variance 1 and, as K grows, a Matérn-3/2
    covariance in space (wave vectors from a Student-t with 3 degrees of freedom) and an exponential one in time
    (Cauchy frequencies), carried along by a steady drift. After Rahimi and Recht (2007), Random features for
    large-scale kernel machines.
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
        slowest: float = np.inf,
    ) -> Spectral:
        """Draw a field: ``length`` (km), ``memory`` (days; None: constant in time), ``drift`` (km/day).

        ``slowest`` (days) bounds the period of every wave at a fixed place: slower ones are drawn again, so that no
        place is left with a level of its own.
        """
        waves = rng.normal(size=(features, 2)) / np.sqrt(rng.chisquare(3, size=(features, 1)) / 3) / length
        frequency = np.zeros(features) if memory is None else rng.standard_cauchy(features) / memory
        frequency = frequency - waves @ np.asarray(drift)
        while memory is not None and (slow := np.abs(frequency) < 2 * np.pi / slowest).any():
            frequency[slow] = rng.standard_cauchy(slow.sum()) / memory - waves[slow] @ np.asarray(drift)
        return cls(waves, frequency, rng.uniform(0, 2 * np.pi, features))

    def __call__(self, xy: Array, days: Array | None = None) -> Array:
        """Values at ``xy`` (n, 2) in km: shape (n,) where ``days`` is None, else (n, len(days))."""
        scale = np.sqrt(2.0 / len(self.phase))
        space = xy @ self.waves.T + self.phase
        if days is None:
            return scale * np.cos(space).sum(axis=1)
        # cos(a + b) = cos a cos b - sin a sin b makes the whole table two matrix products
        time = np.outer(self.frequency, np.asarray(days, dtype=float))
        if time.shape[1] == 1:
            return scale * np.cos(space + time[:, 0]).sum(axis=1, keepdims=True)
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
    """Independent standard normal noise for every place and day, the same whenever asked for: (n, T).

    A hash of (key, place rounded to 1e-5 degree, day) stands in for a generator, because a generator's draws
    depend on which places are asked for and in which order; these do not.
    """
    lon, lat = (np.round(np.asarray(lonlat, dtype=float) * 1e5).astype(np.int64).astype(np.uint64)).T
    place = _mix(_mix(lon + np.uint64(key)) + lat)
    bits = _mix(place[:, None] + _mix(np.asarray(days, dtype=np.int64).astype(np.uint64))[None, :])
    return ndtri((bits >> np.uint64(11)).astype(float) / 2.0**53 + 2.0**-54)
