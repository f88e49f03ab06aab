"""Maps of any region: a projection that suits the places, and outlines that the package carries itself.

Where all places are in the contiguous United States this is :mod:`placeprior.book.maps`, in its projection and with its
states. Elsewhere::

    ax = regions.region_axes(lonlat)
    figures.station_map(ax, lonlat, values, "temperature", unit="degC")
"""

from __future__ import annotations

import cartopy.crs as ccrs
import matplotlib.pyplot as plt
import numpy as np
import shapely
from cartopy.mpl.geoaxes import GeoAxes

from placeprior.book.maps import ALBERS, conus_axes, projected
from placeprior.book.style import LAND, MUTED, SIZES
from placeprior.coords import CONUS_BOX, check_lonlat, span, unwrapped, world
from placeprior.coords.convention import in_box

POLAR = 60.0  # degrees: places beyond it are drawn from above their pole
TROPICS = 15.0  # degrees: of a middle nearer to the equator, no cone's
WIDE = 150.0  # degrees of longitude: more is the globe
MARGIN = 0.07  # of the places' width, around them
LEAST = 1e5  # metres around a place that is alone
PLAIN = ccrs.PlateCarree()


def at_home(lonlat: np.ndarray) -> bool:
    """Whether all places are in the contiguous United States, or within a degree."""
    west, south, east, north = CONUS_BOX
    return bool(in_box(*check_lonlat(lonlat).T, (west - 1, south - 1, east + 1, north + 1)).all())


def projection(lonlat: np.ndarray) -> ccrs.Projection:
    """A map projection that suits places.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees; at least one place.

    Returns
    -------
    cartopy.crs.Projection
        Of the contiguous United States, the book's. Beyond 60 degrees, polar stereographic; over more than 150 degrees
        of longitude, Equal Earth; else equal-area about the middle of the places, Albers' cone at middle latitudes and
        Lambert's azimuthal near the equator (Snyder, J. P. 1987, *Map projections: a working manual*, USGS Professional
        Paper 1395). No map is torn where the places are: its middle meridian is theirs.
    """
    places = check_lonlat(lonlat)
    if at_home(places):
        return ALBERS
    west, east = span(places[:, 0])
    south, north = places[:, 1].min(), places[:, 1].max()
    middle, height = float(unwrapped([(west + east) / 2])[0]), (south + north) / 2
    if south >= POLAR:
        return ccrs.NorthPolarStereo(central_longitude=middle)
    if north <= -POLAR:
        return ccrs.SouthPolarStereo(central_longitude=middle)
    if east - west > WIDE:
        return ccrs.EqualEarth(central_longitude=middle)
    if abs(height) < TROPICS or south < 0 < north:
        return ccrs.LambertAzimuthalEqualArea(central_longitude=middle, central_latitude=height)
    sixth = (north - south) / 6
    parallels = (south + sixth, north - sixth)
    return ccrs.AlbersEqualArea(central_longitude=middle, central_latitude=height, standard_parallels=parallels)


def region_axes(lonlat: np.ndarray, ax: GeoAxes | None = None, *, borders: bool = True) -> GeoAxes:
    """Make an axes a map of the region of some places: land, shores and borders; nothing is downloaded.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees; what the map is to show, such as the stations.
    ax : cartopy GeoAxes, optional
        Axes made with ``projection=regions.projection(lonlat)``; a new figure is made when left out.
    borders : bool
        Draw the borders between countries (in the United States, between states).

    Returns
    -------
    cartopy GeoAxes
        For :func:`placeprior.book.maps.station_map` and the like, which draw on any map.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=SIZES["map"], subplot_kw={"projection": projection(lonlat)}, layout="constrained")
    if at_home(lonlat) and ax.projection == ALBERS:
        return conus_axes(ax, states=borders)
    xy = projected(check_lonlat(lonlat), ax)
    low, high = xy.min(0), xy.max(0)
    margin = MARGIN * (high - low).max() + LEAST * ((high - low).max() < LEAST)
    low, high = _at_most_twice(low - margin, high + margin)
    if isinstance(ax.projection, ccrs.EqualEarth):
        ax.set_global()
    else:
        ax.set_xlim(low[0], high[0])
        ax.set_ylim(low[1], high[1])
    frame = _frame(ax)
    shore, border = world.lines()
    for shapes, look in (
        ([world.land()], {"fc": LAND, "ec": "none", "zorder": 0.5}),
        ([shore], {"fc": "none", "ec": MUTED, "lw": 0.6, "zorder": 3.1}),
        ([border] if borders else [], {"fc": "none", "ec": MUTED, "lw": 0.3, "zorder": 3}),
    ):
        near = [part for shape in shapes for part in shapely.get_parts(shape) if shapely.intersects(part, frame)]
        if near:
            ax.add_geometries(near, PLAIN, **look)
    ax.spines["geo"].set(edgecolor=MUTED, linewidth=0.5)
    ax.grid(False)
    return ax


def _at_most_twice(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A frame widened until no side is more than twice the other, so that a row of stations is a map too."""
    size = high - low
    more = np.maximum(size.max() / 2 - size, 0) / 2
    return low - more, high + more


def _frame(ax: GeoAxes) -> shapely.Geometry:
    """What a map shows, in degrees, somewhat more: a box, or two at the antimeridian, or everything about a pole."""
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    along = np.linspace(0, 1, 25)
    x, y = (axis.ravel() for axis in np.meshgrid(x0 + (x1 - x0) * along, y0 + (y1 - y0) * along))
    lonlat = PLAIN.transform_points(ax.projection, x, y)[:, :2]
    lonlat = lonlat[np.isfinite(lonlat).all(1)]
    everything = shapely.box(-180, -90, 180, 90)
    if not len(lonlat):
        return everything
    (west, east), south, north = span(lonlat[:, 0]), lonlat[:, 1].min() - 5, lonlat[:, 1].max() + 5
    west, east = west - 5, east + 5
    if east - west >= 300:
        return shapely.box(-180, south, 180, north)
    boxes = [shapely.box(west + turn, south, east + turn, north) for turn in (-360, 0, 360)]
    return shapely.union_all(boxes).intersection(everything)
