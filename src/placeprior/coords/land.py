"""The land of the contiguous United States in cells: places to ask something at, and maps of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.coords.convention import Floats, grid
from placeprior.coords.country import inside
from placeprior.errors import CoordinateError


@dataclass(frozen=True)
class Land:
    """The land of the contiguous US in cells, for what is known at places and drawn as a map.

    Parameters
    ----------
    resolution : float
        Side of a cell, degrees (see :func:`placeprior.coords.grid`).
    """

    resolution: float

    @cached_property
    def lon(self) -> Floats:
        """Longitudes of the cells' centres, degrees, shape (nx,)."""
        return grid(self.resolution)[0]

    @cached_property
    def lat(self) -> Floats:
        """Latitudes of the cells' centres, degrees, shape (ny,)."""
        return grid(self.resolution)[1]

    @cached_property
    def _inside(self) -> NDArray[np.bool_]:
        return inside(cells(self.lon, self.lat))

    @cached_property
    def places(self) -> Floats:
        """lonlat of the cells on land, degrees, shape (n, 2), row by row from the south."""
        return cells(self.lon, self.lat)[self._inside]

    def raster(self, values: ArrayLike) -> Floats:
        """Values at :attr:`places`, shape (n, …), as a map (ny, nx, …), NaN off the land."""
        values = np.asarray(values, dtype=float)
        if not values.ndim or len(values) != len(self.places):
            raise CoordinateError(
                f"there are {values.size} values of shape {values.shape} for {len(self.places)} cells on land; give "
                "one a cell, in the order of `places`"
            )
        whole = np.full((len(self._inside), *values.shape[1:]), np.nan)
        whole[self._inside] = values
        return whole.reshape(len(self.lat), len(self.lon), *values.shape[1:])


def cells(lon: Floats, lat: Floats) -> Floats:
    """Centres of all cells of a grid, row by row, lonlat (ny * nx, 2), of axes (nx,) and (ny,)."""
    return np.column_stack([axis.ravel() for axis in np.meshgrid(lon, lat)])
