"""Longitude and latitude: one convention, and its checks.

Coordinates are ``lonlat``: (longitude, latitude) in degrees, WGS84, float64, shape (n, 2), everywhere in the
package.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import arrays
from placeprior.errors import CoordinateError

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]

CONUS_BOX: Box = (-124.706553, 25.120779, -66.979601, 49.383625)
"""West, south, east and north edge of the contiguous United States (degrees), from the reference code."""


def check_lonlat(lonlat: ArrayLike, names: Sequence[str] | None = None, region: Box | None = None) -> Floats:
    """Return places as a float64 array, or say which of them cannot be a place.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Longitude and latitude, degrees. What has labels is read by them (:func:`.arrays.places`); a masked
        number is a missing one.
    names : sequence of str, length n, optional
        Names of the places (stations), used in the message.
    region : (west, south, east, north), optional
        Degrees; places outside it are refused too. Only a region can tell a swapped pair such as
        (39.7, -86.2), which is a valid place elsewhere on the globe.

    Returns
    -------
    ndarray, shape (n, 2), float64

    Raises
    ------
    CoordinateError
        Wrong shape, not a number, out of range, outside the region, or swapped; names the first such row.
    """
    places = arrays.places(lonlat)
    if places.ndim != 2 or places.shape[1] != 2:
        raise CoordinateError(
            f"lonlat has shape {places.shape}, expected (n, 2): a row a place, columns longitude and latitude"
        )
    if names is not None and len(names) != len(places):
        raise CoordinateError(f"{len(names)} names for {len(places)} places; give one name a place")

    def refuse(wrong: NDArray[np.bool_], what: str, remedy: str) -> None:
        row = int(np.flatnonzero(wrong)[0])
        place = f"row {row}" if names is None else f"station {str(names[row])!r}"
        others = f" ({int(wrong.sum())} such rows of {len(places)})" if wrong.sum() > 1 else ""
        lon, lat = places[row]
        # All digits: 180.00000000001 is beyond 180, and must look so.
        raise CoordinateError(f"{place}: lon={written(lon)}, lat={written(lat)} {what}{others}; {remedy}")

    lon, lat = places.T
    if (wrong := ~np.isfinite(places).all(axis=1)).any():
        refuse(wrong, "is not a finite number", "fill in the coordinate or drop the row")
    swap = "are lon and lat swapped? The order is longitude, latitude"
    if (wrong := (np.abs(lat) > 90) & (np.abs(lon) <= 90) & (np.abs(lat) <= 180)).any():
        refuse(wrong, "has a latitude beyond 90 degrees", swap)
    if (wrong := np.abs(lat) > 90).any():
        refuse(wrong, "has a latitude beyond 90 degrees", "give latitude in degrees north, -90 to 90")
    if (wrong := (lon > 180) & (lon <= 360)).any():
        refuse(wrong, "has a longitude beyond 180 degrees", "subtract 360 from longitudes above 180")
    if (wrong := np.abs(lon) > 180).any():
        refuse(wrong, "has a longitude beyond 180 degrees", "give longitude in degrees east, -180 to 180")
    if region is not None and (wrong := ~in_box(lon, lat, region)).any():
        edges = "lon {0} to {2}, lat {1} to {3}".format(*map(written, region))
        if (swapped := wrong & in_box(lat, lon, region)).any():
            refuse(swapped, f"is outside the region ({edges})", swap)
        refuse(wrong, f"is outside the region ({edges})", "drop the row or widen the region")
    return places


def written(number: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(float(number)).removesuffix(".0")


def in_box(lon: Floats, lat: Floats, box: Box) -> NDArray[np.bool_]:
    west, south, east, north = box
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def wrapped(lon: ArrayLike) -> Floats:
    """Longitudes in degrees, -180 to 180, of such as are counted from 0 to 360; others are left as they are.

    >>> wrapped([241.75, -118.25, 180.0]).tolist()
    [-118.25, -118.25, 180.0]
    """
    lon = arrays.numbers(lon, "lon", CoordinateError)
    return np.where((lon > 180) & (lon <= 360), lon - 360, lon)


def span(lon: ArrayLike) -> tuple[float, float]:
    """West and east end of the shortest stretch that holds all longitudes, degrees.

    The west end is from -180 to 180, the east end beyond 180 where the stretch crosses the antimeridian.

    >>> span([-70.0, -120.0]), span([179.0, -178.0])
    ((-120.0, -70.0), (179.0, 182.0))
    """
    lon = np.unique(wrapped(lon))
    if not lon.size or not (np.abs(lon) <= 180).all():
        raise CoordinateError("there are no longitudes from -180 to 180 to span; give at least one")
    gap = np.diff(np.append(lon, lon[0] + 360))
    # Of gaps alike, the one over the antimeridian: places all round the globe are spanned from -180 to 180.
    after = len(lon) - 1 - int(gap[::-1].argmax())
    west = lon[(after + 1) % len(lon)]
    return float(west), float(west + 360 - gap[after])


def unwrapped(lon: ArrayLike) -> Floats:
    """Longitudes in one stretch, degrees: those beyond the widest gap between places are counted on past 180.

    The stretch's middle is from -180 to 180, so that longitudes are left as they are unless they cross the
    antimeridian.

    >>> unwrapped([179.0, -178.0]).tolist(), unwrapped([-70.0, -120.0]).tolist()
    ([-181.0, -178.0], [-70.0, -120.0])
    """
    lon = wrapped(lon)
    if not lon.size:
        return lon
    west, east = span(lon)
    turn = 360.0 if (west + east) / 2 >= 180 else 0.0
    return np.where(lon < west, lon + 360, lon) - turn


def grid(resolution: float, region: Box = CONUS_BOX) -> tuple[Floats, Floats]:
    """Cell centres of a regular grid that covers a region.

    Parameters
    ----------
    resolution : float
        Cell size, degrees.
    region : (west, south, east, north)
        Degrees. Cell edges lie on whole multiples of `resolution`, so that grids of one resolution share
        their cells whatever the region; the outermost cells may reach past its edges.

    Returns
    -------
    lon : ndarray, shape (nx,), ascending
    lat : ndarray, shape (ny,), ascending
        Degrees.
    """
    west, south, east, north = region
    if not (isinstance(resolution, (int, float, np.number)) and 0 < resolution < np.inf):
        raise CoordinateError(f"grid resolution is {resolution} degrees; give a number above 0, such as 0.25")
    if not (west < east and south < north):
        raise CoordinateError(f"region {region} is empty; give (west, south, east, north) in degrees")

    def centres(low: float, high: float) -> Floats:
        # The rounding keeps an edge that is a whole multiple (25.0 / 0.1) from gaining a cell by float error.
        first, last = np.floor(round(low / resolution, 9)), np.ceil(round(high / resolution, 9))
        return (np.arange(first, last) + 0.5) * resolution

    return centres(west, east), centres(south, north)
