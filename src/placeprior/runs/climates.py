"""What a location encoder is pretrained on: the climate of every land cell of the embedded world, free of PM2.5.

A cell's **environment** is the mean of each predictor in each season and its spread over the year: weather, AOD, smoke.
Whole blocks of the map are held out, to choose a method by and to test it on.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from placeprior import coords
from placeprior.data.world import World
from placeprior.data.world.labels import PREDICTORS
from placeprior.encoders import contrast
from placeprior.errors import ConfigError, UnknownName
from placeprior.space.splits import block_folds

Floats = NDArray[np.float64]

PARTS = {"train": (1, 2, 3), "validation": (4,), "test": (5,)}  # folds of blocks of 500 km
SEASONS = ((11, 0, 1), (2, 3, 4), (5, 6, 7), (8, 9, 10))  # months from 0
CLIMATE = tuple(name for name in PREDICTORS if not name.startswith("doy"))
AT_ONCE = 400  # places, of a year: bounds the memory


@dataclass(frozen=True)
class Climates:
    """Places and their environments, dealt to training, validation and test by whole blocks.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees.
    climate : ndarray, shape (n, d)
        In the predictors' units.
    fold : ndarray of int, shape (n,)
    """

    lonlat: Floats
    climate: Floats
    fold: NDArray[np.int_]

    def rows(self, part: str) -> NDArray[np.intp]:
        """Which places are of a part."""
        if part not in PARTS:
            raise UnknownName("part of the climates", part, PARTS)
        return np.flatnonzero(np.isin(self.fold, PARTS[part]))

    @cached_property
    def environment(self) -> Floats:
        """The climate in units of its spread over training places, shape (n, d); only what varies there."""
        known = self.climate[self.rows("train")]
        varies = known.std(0) > 0
        return ((self.climate - known.mean(0)) / np.where(varies, known.std(0), 1))[:, varies]

    @cached_property
    def km(self) -> Floats:
        """Distances of training places, (m, m)."""
        places = self.lonlat[self.rows("train")]
        return coords.great_circle_km(places, places)

    @cached_property
    def unlike(self) -> Floats:
        """Dissimilarity of the environments of training places, (m, m)."""
        return contrast.dissimilarity(self.environment[self.rows("train")])


def climates(world: World, resolution: float = 0.5) -> Climates:
    """The land of the embedded world in cells, with each cell's climatology.

    Parameters
    ----------
    world : World
    resolution : float
        Side of a cell, degrees.

    Raises
    ------
    ConfigError
        Some place was under cloud on every day of a season.
    """
    lonlat, days = coords.Land(resolution).places, np.arange(int(world.days))
    month = (np.datetime64("2021-01-01") + days).astype("datetime64[M]").astype(int) % 12
    seasons = [found for season in SEASONS if (found := np.isin(month, season)).any()]
    parts = []
    for start in range(0, len(lonlat), AT_ONCE):
        year = world.evaluate(lonlat[start : start + AT_ONCE], days)
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # of no days: refused below
            means = [np.nanmean(year[name][:, season], axis=1) for name in CLIMATE for season in seasons]
            spreads = [np.nanstd(year[name], axis=1) for name in CLIMATE]
        parts.append(np.column_stack([*means, *spreads]))
    found = np.concatenate(parts)
    if (unknown := ~np.isfinite(found).all(1)).any():
        raise ConfigError(
            f"place {int(unknown.argmax())} has no climate in some season ({int(unknown.sum())} such): no day of "
            f"{world.days} there was without cloud; simulate more days"
        )
    return Climates(lonlat, found, block_folds(lonlat, np.random.default_rng(0)))
