"""An encoder for one country: what GeoCLIP learnt from the world's photographs, beside a smooth basis of the land.

GeoCLIP tells two blocks of one town apart but says little that is shared by a whole region; the Slepian functions
(:class:`placeprior.encoders.basis.regional.Slepian`) are nothing but regional. Vectors of different kinds side by
side do better than the best of them in most tasks that were tried (Klemmer et al., 2025).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import grid, inside
from placeprior.encoders.registry import load, register
from placeprior.errors import MissingWeights

PARTS = ("geoclip", "slepian")
REFERENCE = 1.0  # degrees, of the grid of land over which the parts are made equal


@dataclass(frozen=True)
class Hybrid:
    """Two encoders' vectors side by side, each divided by one number so that both vary as much over the land.

    Without that, the longer or larger one would be all that a network sees at first.
    """

    name: str = "-".join(PARTS)
    costly = True

    @cached_property
    def dim(self) -> int:
        """Both lengths together."""
        return sum(load(part).dim for part in PARTS)

    @property
    def fingerprint(self) -> str:
        """Both fingerprints."""
        return "hybrid:" + "+".join(load(part).fingerprint for part in PARTS)

    @cached_property
    def _size(self) -> list[float]:
        """Root of the summed variance of each part over a grid of land cells."""
        lon, lat = np.meshgrid(*grid(REFERENCE))
        cells = np.column_stack([lon.ravel(), lat.ravel()])
        land = cells[inside(cells)]
        return [float(np.sqrt(load(part)(land).astype(np.float64).var(0).sum())) for part in PARTS]

    def __call__(self, lonlat: ArrayLike) -> NDArray[np.float32]:
        """Encode places: lonlat (n, 2), degrees -> (n, dim)."""
        vectors = [load(part)(lonlat) / np.float32(size) for part, size in zip(PARTS, self._size, strict=True)]
        return np.concatenate(vectors, axis=1)


def _make(encoder: Hybrid, weights: Path | None) -> Hybrid:
    if weights is not None:
        raise MissingWeights(
            f"{encoder.name!r} is made of two encoders with weights of their own, but was given "
            f"{weights}; leave them out"
        )
    return encoder


register(Hybrid.name, partial(_make, Hybrid()))
