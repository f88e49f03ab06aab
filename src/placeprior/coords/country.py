"""The contiguous United States: its outline, its states, and whether a place lies where it is said to lie."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import arrays, topology
from placeprior.coords.convention import CONUS_BOX, Floats, check_lonlat, in_box, written
from placeprior.errors import CoordinateError

ACROSS = 0.25
"""Degrees off a state's drawn outline up to which a site may be; of a thousand of EPA's none is off by 0.01."""

ASHORE = 0.5
"""Degrees off the drawn shore or border up to which a place counts as of this country: islands, piers, rounding."""


@cache
def _outlines() -> dict[str, dict[str, shapely.Polygon | shapely.MultiPolygon]]:
    """Read the outlines: object name -> shape name -> geometry in degrees."""
    found = topology.read("contiguous-10m.json")
    outlines = {
        kind: {item.get("properties", {}).get("name", kind): found.shape(item) for item in items}
        for kind, items in found.objects.items()
    }
    outlines["codes"] = {item["id"]: outlines["states"][item["properties"]["name"]] for item in found.objects["states"]}
    shapely.prepare([*outlines["nation"].values(), *outlines["states"].values()])
    return outlines


def nation() -> shapely.MultiPolygon:
    """Outline of the contiguous United States (48 states and DC), longitude and latitude in degrees."""
    return _outlines()["nation"]["nation"]


def states() -> dict[str, shapely.Polygon | shapely.MultiPolygon]:
    """Outlines of the 48 contiguous states and DC by name, longitude and latitude in degrees."""
    return dict(_outlines()["states"])


def in_state(lonlat: ArrayLike, code: ArrayLike) -> NDArray[np.bool_]:
    """Whether places can be where a record says: in, or within :data:`ACROSS` of, the state of its code.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees; anything else than a place, such as NaN, is in no state.
    code : array_like of str, shape (n,)
        Federal state codes (FIPS), such as ``"06"`` or 6. Of others than the contiguous states' nothing is known: true.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    CoordinateError
        Not one code a place.
    """
    places, code = arrays.places(lonlat), np.asarray(code)
    if code.shape != places.shape[:1]:
        raise CoordinateError(f"codes have shape {code.shape} for {len(places)} places; give one code a place")
    code = code.astype(int).astype(str) if code.dtype.kind in "iuf" else np.strings.strip(code.astype(str))
    code = np.strings.zfill(code, 2)  # a table that was opened as numbers has lost the zero of "06"
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


def is_home(lonlat: ArrayLike) -> NDArray[np.bool_]:
    """Whether each place, lonlat (n, 2), is within :data:`ASHORE` of :data:`CONUS_BOX`, shape (n,)."""
    west, south, east, north = CONUS_BOX
    return in_box(*check_lonlat(lonlat).T, (west - ASHORE, south - ASHORE, east + ASHORE, north + ASHORE))


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
    abroad = ~is_home(places)
    if together and not abroad.any():
        off = np.flatnonzero(~inside(places))
        far = off[~shapely.dwithin(nation(), shapely.points(places[off]), ASHORE)]
        if 2 * len(far) > len(places):
            abroad[far] = True
    if abroad.any():
        row = int(abroad.argmax())
        lon, lat = map(written, places[row])
        raise CoordinateError(
            f"row {row}: lon={lon}, lat={lat} is not in the contiguous United States ({int(abroad.sum())} such rows of "
            f"{len(places)}), and {what} knows no other country; leave them out, or choose something that does"
        )
    return places
