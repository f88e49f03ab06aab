"""Distances: great circles on the sphere, nearest places, and equal-area planes for any region."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray

from placeprior.coords.convention import CONUS_BOX, Floats, check_lonlat, in_box
from placeprior.errors import CoordinateError

EARTH_RADIUS_KM = 6371.0
"""Mean radius of the sphere that stands for the Earth, kilometres."""


def great_circle_km(a: ArrayLike, b: ArrayLike) -> Floats:
    """Great-circle distance of every place of `a` to every place of `b`.

    Parameters
    ----------
    a : array_like, shape (n, 2)
        lonlat, degrees.
    b : array_like, shape (m, 2)
        lonlat, degrees.

    Returns
    -------
    ndarray, shape (n, m)
        Kilometres on a sphere of radius `EARTH_RADIUS_KM`.

    Notes
    -----
    The haversine formula (Sinnott, R. W. 1984, *Virtues of the haversine*, Sky and Telescope 68, 159), exact
    at small distances, where the arc cosine is not: :math:`d = 2R\\arcsin\\sqrt{h}`,
    :math:`h = \\sin^2(\\Delta\\phi/2) + \\cos\\phi_a\\cos\\phi_b\\sin^2(\\Delta\\lambda/2)`.
    """
    lon_a, lat_a = np.radians(check_lonlat(a)).T[:, :, None]
    lon_b, lat_b = np.radians(check_lonlat(b)).T[:, None, :]
    half_lat, half_lon = (lat_a - lat_b) / 2, (lon_a - lon_b) / 2
    h = np.sin(half_lat) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1)))


def unit_xyz(lonlat: ArrayLike) -> Floats:
    """Places as points of the unit sphere.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees.

    Returns
    -------
    ndarray, shape (n, 3)
        :math:`(\\cos\\phi\\cos\\lambda, \\cos\\phi\\sin\\lambda, \\sin\\phi)`, no unit.
    """
    lon, lat = np.radians(check_lonlat(lonlat)).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def nearest_km(query: ArrayLike, reference: ArrayLike, k: int = 1) -> tuple[Floats, NDArray[np.intp]]:
    """Distance to, and index of, the `k` nearest reference places along great circles.

    Parameters
    ----------
    query : array_like, shape (n, 2)
        lonlat, degrees.
    reference : array_like, shape (m, 2)
        lonlat, degrees; a place that is also a query finds itself at distance 0.
    k : int
        How many, 1 to m.

    Returns
    -------
    km : ndarray, shape (n,) for ``k=1``, else (n, k), nearest first
        Kilometres.
    index : ndarray of int, same shape
        Rows of `reference`.

    Notes
    -----
    A k-d tree on the unit sphere: the chord :math:`c` grows with the arc, so its order is the great circles'
    order, and the arc is :math:`2R\\arcsin(c/2)`.
    """
    points = unit_xyz(reference)
    if not (isinstance(k, (int, float, np.number)) and 1 <= k <= len(points) and k == int(k)):
        raise CoordinateError(
            f"asked for the k={k} nearest of {len(points)} reference places; give k from 1 to {len(points)}"
        )
    from scipy.spatial import cKDTree  # when a place is asked for: a page's start is short without

    chord, index = cKDTree(points).query(unit_xyz(query), k=int(k))
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.clip(chord / 2, 0, 1)), index


@cache
def _albers() -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("EPSG:4326", "EPSG:5070", always_xy=True)


def project(lonlat: ArrayLike) -> Floats:
    """Places on the equal-area plane used for areas and maps of the contiguous United States.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees.

    Returns
    -------
    ndarray, shape (n, 2)
        Kilometres east and north in NAD83 / Conus Albers (EPSG:5070), by PROJ.
    """
    lon, lat = check_lonlat(lonlat).T
    return np.column_stack(_albers().transform(lon, lat)) / 1000


@cache
def _centred(lon: float, lat: float) -> pyproj.Transformer:
    there = pyproj.CRS.from_proj4(f"+proj=laea +lon_0={lon} +lat_0={lat} +datum=WGS84 +units=m")
    return pyproj.Transformer.from_crs("EPSG:4326", there, always_xy=True)


def plane(lonlat: ArrayLike) -> pyproj.Transformer:
    """The equal-area plane that suits a set of places, metres; ``direction="INVERSE"`` leads back to degrees.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees, anywhere: the date line and the poles are places like others.

    Returns
    -------
    pyproj.Transformer
        That of :func:`project` where all places are in the contiguous United States; elsewhere Lambert's azimuthal
        equal-area plane about their middle on the sphere, in whole degrees (Snyder, J. P. 1987, *Map projections: a
        working manual*, US Geological Survey Professional Paper 1395, section 24).
    """
    places, (west, south, east, north) = check_lonlat(lonlat), CONUS_BOX
    if in_box(*places.T, (west - 1, south - 1, east + 1, north + 1)).all():
        return _albers()
    x, y, z = unit_xyz(places).mean(0)
    return _centred(
        float(np.round(np.degrees(np.arctan2(y, x)))), float(np.round(np.degrees(np.arctan2(z, np.hypot(x, y)))))
    )


def planar(lonlat: ArrayLike) -> Floats:
    """Places on the plane that suits them (:func:`plane`): kilometres east and north, shape (n, 2)."""
    places = check_lonlat(lonlat)
    return np.column_stack(plane(places).transform(*places.T)) / 1000 if len(places) else np.empty((0, 2))
