"""How large a set of stations is, and what follows from that: cells, blocks, and where estimates may be wanted."""

from __future__ import annotations

import numpy as np
import shapely

from placeprior.coords import check_lonlat, planar, plane
from placeprior.space.splits import partition

#: Sides of a checkerboard's cells, degrees: whole numbers of pairs of them go round the globe, so that colours
#: alternate across the date line too.
SIDES = (0.05, 0.1, 0.2, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4, 4.5, 5, 6, 7.5, 9, 10, 12, 15, 18, 20, 22.5, 30)
ACROSS = 4  # cells of a checkerboard along a domain: some of each colour, each many stations wide
LEAST_SHARE = 0.3  # of the stations, in the smaller half of a checkerboard
BLOCKS_ACROSS = 5  # blocks that intervals are taken over, along a domain
LARGEST_BLOCK = 500.0  # km: where the correlation of daily PM2.5 has fallen to about half
WANTED = 2000  # places that stand for a region
THIN = 1e-3  # of the square of its length, an area: stations along a line, such as a river or a road


def width_km(lonlat: np.ndarray) -> float:
    """Side of a square as large as the stations' convex hull, km."""
    hull = shapely.convex_hull(shapely.multipoints(planar(lonlat)))
    return float(np.sqrt(hull.area)) or float(shapely.length(hull)) / 2


def block_km(lonlat: np.ndarray) -> float:
    """Least side of the blocks that intervals are taken over: a fifth of the domain, and no more than for PM2.5."""
    return float(min(LARGEST_BLOCK, max(width_km(lonlat) / BLOCKS_ACROSS, 1.0)))


def cell_degrees(lonlat: np.ndarray) -> float:
    """Side of a checkerboard's cells that suits the stations, degrees.

    Of :data:`SIDES`, the one nearest to a quarter of the domain whose smaller half has :data:`LEAST_SHARE` of the
    stations or more; where none has, the one with the most equal halves. Places alone decide it, no measurement.
    """
    places = check_lonlat(lonlat)
    wanted = width_km(places) / ACROSS / 111.2 / np.sqrt(max(np.cos(np.radians(places[:, 1].mean())), 0.1))
    half = {side: min(share := (partition(places, side) == 1).mean(), 1 - share) for side in SIDES}
    fair = [side for side in SIDES if half[side] >= LEAST_SHARE and 1 / 2 <= side / wanted <= 2]
    if fair:
        return min(fair, key=lambda side: abs(np.log(side / wanted)))
    return max(SIDES, key=lambda side: (half[side], -abs(np.log(side / wanted))))


def hull_places(lonlat: np.ndarray, n: int = WANTED) -> np.ndarray:
    """Places evenly over the stations' convex hull, ``lonlat``, about `n` of them: where a map would be drawn.

    Stations along a line have the surroundings of that line, as wide as they are apart.
    """
    places, there = check_lonlat(lonlat), plane(lonlat)
    xy = np.column_stack(there.transform(*places.T))
    hull = shapely.convex_hull(shapely.multipoints(xy))
    long = float(np.hypot(*np.ptp(xy, axis=0)))
    if long == 0:  # all at one place
        return places[:1]
    if hull.area < THIN * long**2:  # as wide as they are apart, and not so thin that a grid over it has no end
        hull = hull.buffer(long / 2 / min(len(np.unique(places, axis=0)), 200))
    step = np.sqrt(hull.area / n)
    (west, south, east, north) = hull.bounds
    grid = (
        np.stack(np.meshgrid(np.arange(west, east, step), np.arange(south, north, step)), -1).reshape(-1, 2) + step / 2
    )
    inside = grid[shapely.contains_xy(hull, *grid.T)]
    return np.column_stack(there.transform(*inside.T, direction="INVERSE"))
