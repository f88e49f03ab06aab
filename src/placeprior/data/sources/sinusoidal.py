"""The sinusoidal grid of the MODIS land products at 1 km, and which of its tiles and cells cover a region.

https://modis-land.gsfc.nasa.gov/MODLAND_grid.html: a sinusoidal projection on a sphere of radius 6,371,007.181 m, cut
into 36 x 18 tiles, hHHvVV counted from the upper left, each 10 degrees of latitude high and 1200 x 1200 cells large, a
cell being 926.6254 m.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from placeprior.coords import CONUS_BOX, nation
from placeprior.data.sources.source import Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

RADIUS = 6371007.181
CELLS = 1200  # a side
SIDE = np.pi * RADIUS / 18  # of a tile, metres
CELL = SIDE / CELLS
WEST, NORTH = -18 * SIDE, 9 * SIDE  # of the grid
LAND = 0.01  # square degrees; a tile with less (h07v05 has the tip of one island) is not worth a 15th of all bytes


class Tile(NamedTuple):
    """A tile of the grid.

    >>> str(Tile(8, 5)), [round(metres) for metres in Tile(8, 5).corner]
    ('h08v05', [-11119505, 4447802])
    """

    h: int
    v: int

    def __str__(self) -> str:
        return f"h{self.h:02d}v{self.v:02d}"

    @property
    def corner(self) -> tuple[float, float]:
        """The upper left, metres."""
        return WEST + self.h * SIDE, NORTH - self.v * SIDE

    @property
    def outline(self) -> NDArray[np.float64]:
        """Longitude and latitude along its edge; shape (n, 2)."""
        lat = np.linspace(90 - 10 * self.v, 80 - 10 * self.v, 41)
        east, west = (np.degrees((WEST + h * SIDE) / RADIUS / np.cos(np.radians(lat))) for h in (self.h + 1, self.h))
        return np.concatenate([np.stack([west, lat], 1), np.stack([east, lat], 1)[::-1]])


class Window(NamedTuple):
    """Rows and columns, of the whole grid, that a mosaic covers; ends excluded."""

    top: int
    bottom: int
    left: int
    right: int

    def part(self, tile: Tile) -> tuple[slice, slice, slice, slice] | None:
        """Rows and columns of the mosaic, and those of the tile, where they meet."""
        down, across = tile.v * CELLS, tile.h * CELLS
        top, bottom = max(self.top, down), min(self.bottom, down + CELLS)
        left, right = max(self.left, across), min(self.right, across + CELLS)
        if top >= bottom or left >= right:
            return None
        return (
            slice(top - self.top, bottom - self.top),
            slice(left - self.left, right - self.left),
            slice(top - down, bottom - down),
            slice(left - across, right - across),
        )


@lru_cache
def tiles(region: Region) -> list[Tile]:
    """The tiles that hold land of the contiguous US within the region; all that it touches if it is open sea."""
    import shapely

    around, land = shapely.box(*region), shapely.clip_by_rect(nation(), *region)
    rows = range(int((90 - region.north) // 10), int((90 - region.south) // 10) + 1)
    meeting = [
        (tile, shape)
        for tile in map(Tile._make, product(range(36), rows))
        if shapely.intersects(shape := shapely.Polygon(tile.outline), around)
    ]
    on_land = [
        tile
        for tile, shape in meeting
        if shapely.intersects(shape, land) and shapely.area(shapely.intersection(shape, nation())) > LAND
    ]
    return on_land or [tile for tile, _ in meeting]


def window(region: Region) -> Window:
    """The cells that cover the region, and no more than its tiles."""
    along = np.linspace(0, 1, 101)
    lon, lat = (low + along * (high - low) for low, high in ((region.west, region.east), (region.south, region.north)))
    edge = np.concatenate(
        [np.stack([lon, np.full_like(lon, side)], 1) for side in (region.south, region.north)]
        + [np.stack([np.full_like(lat, side), lat], 1) for side in (region.west, region.east)]
    )
    y = np.radians(edge[:, 1])  # the projection itself: x = R lon cos(lat), y = R lat
    column = (np.radians(edge[:, 0]) * np.cos(y) * RADIUS - WEST) / CELL
    row = (NORTH - y * RADIUS) / CELL
    found = tiles(region)
    across, down = [tile.h for tile in found], [tile.v for tile in found]
    return Window(
        max(int(row.min()) - 1, min(down) * CELLS),
        min(int(row.max()) + 2, (max(down) + 1) * CELLS),
        max(int(column.min()) - 1, min(across) * CELLS),
        min(int(column.max()) + 2, (max(across) + 1) * CELLS),
    )


def box(some: list[Tile]) -> tuple[float, float, float, float]:
    """A box that meets each of the tiles where it is near the contiguous US, degrees."""
    edge = np.concatenate([tile.outline for tile in some])
    low = np.maximum(edge.min(0), np.subtract(CONUS_BOX[:2], 1))
    high = np.minimum(edge.max(0), np.add(CONUS_BOX[2:], 1))
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
