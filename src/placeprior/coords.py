"""Longitude and latitude: the convention, its checks, great circles, and the outline of the country.

Coordinates are ``lonlat``: (longitude, latitude) in degrees, WGS84, float64, shape (n, 2), everywhere in the
package.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from placeprior import arrays
from placeprior.errors import CoordinateError

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]

EARTH_RADIUS_KM = 6371.0
"""Mean radius of the sphere that stands for the Earth, kilometres."""

CONUS_BOX: Box = (-124.706553, 25.120779, -66.979601, 49.383625)
"""West, south, east and north edge of the contiguous United States (degrees), from the reference code."""

ACROSS = 0.25
"""Degrees off a state's drawn outline up to which a site may be; of a thousand of EPA's none is off by 0.01."""

ASHORE = 0.5
"""Degrees off the drawn shore or border up to which a place counts as of this country: islands, piers, rounding."""


def check_lonlat(lonlat: ArrayLike, names: Sequence[str] | None = None, region: Box | None = None) -> Floats:
    """Return places as a float64 array, or say which of them cannot be a place.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Longitude and latitude, degrees. What has labels is read by them (:func:`placeprior.arrays.places`); a masked
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
        place = f"row {row}" if names is None else f"row {row} (station {str(names[row])!r})"
        others = f" ({int(wrong.sum())} such rows of {len(places)})" if wrong.sum() > 1 else ""
        lon, lat = places[row]
        # All digits: 180.00000000001 is beyond 180, and must look so.
        raise CoordinateError(f"{place}: lon={_written(lon)}, lat={_written(lat)} {what}{others}; {remedy}")

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
    if region is not None and (wrong := ~_in_box(lon, lat, region)).any():
        edges = "lon {0} to {2}, lat {1} to {3}".format(*map(_written, region))
        if (swapped := wrong & _in_box(lat, lon, region)).any():
            refuse(swapped, f"is outside the region ({edges})", swap)
        refuse(wrong, f"is outside the region ({edges})", "drop the row or widen the region")
    return places


def _written(number: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(float(number)).removesuffix(".0")


def _in_box(lon: Floats, lat: Floats, box: Box) -> NDArray[np.bool_]:
    west, south, east, north = box
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


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
    if not 1 <= k <= len(points):
        raise CoordinateError(
            f"asked for the k={k} nearest of {len(points)} reference places; give k from 1 to {len(points)}"
        )
    chord, index = cKDTree(points).query(unit_xyz(query), k=k)
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
def _outlines() -> dict[str, dict[str, shapely.Polygon | shapely.MultiPolygon]]:
    """Read the TopoJSON file: object name -> shape name -> geometry in degrees."""
    file = resources.files("placeprior") / "data" / "outlines" / "contiguous-10m.json"
    topology = json.loads(file.read_text(encoding="utf-8"))
    scale, offset = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    # An arc is a list of integer steps from its first point; arc ~n is arc n walked backwards.
    arcs = [np.cumsum(arc, axis=0) * scale + offset for arc in topology["arcs"]]

    def ring(numbers: list[int]) -> Floats:
        parts = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers]
        return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])

    def shape(item: dict) -> shapely.Polygon | shapely.MultiPolygon:
        polygons = [item["arcs"]] if item["type"] == "Polygon" else item["arcs"]
        drawn = shapely.MultiPolygon([(ring(out), [ring(hole) for hole in cut]) for out, *cut in polygons])
        # Quantising made two states' rings touch themselves; mended, they are safe to query.
        if drawn.is_valid:
            return drawn
        return shapely.make_valid(drawn, method="structure", keep_collapsed=False)

    outlines = {
        kind: {item.get("properties", {}).get("name", kind): shape(item) for item in collection["geometries"]}
        for kind, collection in topology["objects"].items()
    }
    outlines["codes"] = {
        item["id"]: outlines["states"][item["properties"]["name"]]
        for item in topology["objects"]["states"]["geometries"]
    }
    shapely.prepare([*outlines["nation"].values(), *outlines["states"].values()])
    return outlines


def nation() -> shapely.MultiPolygon:
    """Outline of the contiguous United States (48 states and DC), longitude and latitude in degrees."""
    return _outlines()["nation"]["nation"]


def states() -> dict[str, shapely.Polygon | shapely.MultiPolygon]:
    """Outlines of the 48 contiguous states and DC by name, longitude and latitude in degrees."""
    return dict(_outlines()["states"])


def wrapped(lon: ArrayLike) -> Floats:
    """Longitudes in degrees, -180 to 180, of such as are counted from 0 to 360; others are left as they are.

    >>> wrapped([241.75, -118.25, 180.0]).tolist()
    [-118.25, -118.25, 180.0]
    """
    lon = arrays.numbers(lon, "lon", CoordinateError)
    return np.where((lon > 180) & (lon <= 360), lon - 360, lon)


def in_state(lonlat: ArrayLike, code: ArrayLike) -> NDArray[np.bool_]:
    """Whether places can be where a record says: in, or within :data:`ACROSS` of, the state of its code.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees; anything else than a place, such as NaN, is in no state.
    code : array_like of str, shape (n,)
        Federal state codes (FIPS), such as ``"06"``. Of others than the contiguous states' nothing is known: true.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    places, code = arrays.places(lonlat), np.asarray(code)
    can = np.ones(len(places), bool)
    outlines = _outlines()["codes"]
    for each in np.unique(code):
        if (shape := outlines.get(str(each))) is not None:
            own = code == each
            distinct, row = np.unique(places[own], axis=0, return_inverse=True)
            known = np.isfinite(distinct).all(1)
            near = np.zeros(len(distinct), bool)
            near[known] = shapely.dwithin(shape, shapely.points(distinct[known]), ACROSS)
            can[own] = near[row.ravel()]
    return can


def inside(lonlat: ArrayLike) -> NDArray[np.bool_]:
    """Whether each place is on the land of the contiguous United States.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees.

    Returns
    -------
    ndarray of bool, shape (n,)
        By a 1:10 million outline: within about a kilometre of the shore it may err.
    """
    lon, lat = check_lonlat(lonlat).T
    return shapely.contains_xy(nation(), lon, lat)


def at_home(lonlat: ArrayLike, what: str, together: bool = False) -> Floats:
    """Return places as :func:`check_lonlat` does; refuse those for which a thing of this country means nothing.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees.
    what : str
        The thing that knows the contiguous United States alone.
    together : bool
        Whether the places are one set of stations: of :data:`CONUS_BOX` much is Canada, Mexico and sea, and a set that
        lies there for the most part is of another country.

    Raises
    ------
    CoordinateError
        A place is more than :data:`ASHORE` outside :data:`CONUS_BOX`; most of a set are as far from the outline.
    """
    places = check_lonlat(lonlat)
    west, south, east, north = CONUS_BOX
    abroad = ~_in_box(*places.T, (west - ASHORE, south - ASHORE, east + ASHORE, north + ASHORE))
    if together and not abroad.any():
        off = np.flatnonzero(~inside(places))
        far = off[~shapely.dwithin(nation(), shapely.points(places[off]), ASHORE)]
        if 2 * len(far) > len(places):
            abroad[far] = True
    if abroad.any():
        row = int(abroad.argmax())
        lon, lat = map(_written, places[row])
        raise CoordinateError(
            f"row {row}: lon={lon}, lat={lat} is not in the contiguous United States ({int(abroad.sum())} such rows of "
            f"{len(places)}), and {what} knows no other country; leave them out, or choose something that does"
        )
    return places


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
    if not resolution > 0:
        raise CoordinateError(f"grid resolution is {resolution} degrees; give a number above 0, such as 0.25")
    if not (west < east and south < north):
        raise CoordinateError(f"region {region} is empty; give (west, south, east, north) in degrees")

    def centres(low: float, high: float) -> Floats:
        # The rounding keeps an edge that is a whole multiple (25.0 / 0.1) from gaining a cell by float error.
        first, last = np.floor(round(low / resolution, 9)), np.ceil(round(high / resolution, 9))
        return (np.arange(first, last) + 0.5) * resolution

    return centres(west, east), centres(south, north)
