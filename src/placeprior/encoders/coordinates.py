"""Encoders without weights: the coordinates themselves, as they are and wrapped around the globe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import Floats, check_lonlat
from placeprior.encoders.registry import register
from placeprior.errors import MissingWeights


@dataclass(frozen=True)
class Formula:
    """An encoder that is a formula of longitude and latitude.

    Parameters
    ----------
    name : str
        Registered name.
    dim : int
        Length of a place's vector.
    formula : callable
        lonlat (n, 2), degrees, float64 -> (n, dim).
    """

    name: str
    dim: int
    formula: Callable[[Floats], Floats]
    costly = False

    @property
    def fingerprint(self) -> str:
        """The formula's name: there are no weights."""
        return f"formula:{self.name}"

    def __call__(self, lonlat: ArrayLike) -> NDArray[np.float32]:
        """Encode places: lonlat (n, 2), degrees -> (n, dim), computed in float64."""
        return self.formula(check_lonlat(lonlat)).astype(np.float32)


def lonlat(places: Floats) -> Floats:
    """Longitude and latitude in degrees, unscaled: scaling is fitted on training rows, by the training."""
    return places


def sincos(places: Floats) -> Floats:
    """Sine and cosine of latitude and of longitude: [sin lat, cos lat, sin lon, cos lon], no unit.

    Unlike degrees it has no jump at the date line.
    """
    lon, lat = np.radians(places).T
    return np.column_stack([np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)])


def _make(encoder: Formula, weights: Path | None) -> Formula:
    if weights is not None:
        raise MissingWeights(
            f"encoder {encoder.name!r} is a formula without weights, but was given {weights}; leave them out"
        )
    return encoder


for _encoder in (Formula("lonlat", 2, lonlat), Formula("sincos", 4, sincos)):
    register(_encoder.name, partial(_make, _encoder))
