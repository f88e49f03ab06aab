"""Slips that the numbers of a table give away: codes that stand for missing, and a sign that is lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from placeprior.coords import nearest_km
from placeprior.errors import CubeError

#: Numbers that files write where nothing was measured: of NOAA, EPA, WMO, netCDF, and made of nines or eights.
CODES = (-999999, -99999, -9999.9, -9999, -8888, -999.9, -999, -888, -99.99, -99.9, -99, -32768, -7999)
CODES += (99.99, 999, 999.9, 999.99, 9999, 9999.9, 9999.99, 99999, 999999, 32767, 1e20, 9.96921e36)
AWAY, AMONG = 2000.0, 500.0  # km from all others, and to the nearest when turned: a sign is lost
RARE = 0.1  # of the stations; where more are elsewhere, they are another region
FLIPS = {"longitude": (-1, 1), "latitude": (1, -1)}


def without_codes(values: np.ndarray) -> tuple[np.ndarray, dict[float, int]]:
    """Put NaN for the numbers that stand for missing, and say which and how many.

    A number of :data:`CODES` stands for missing where it lies farther from all other values than these from each
    other, or is the only kind of negative number.

    Parameters
    ----------
    values : ndarray, shape (n,)

    Returns
    -------
    values : ndarray, shape (n,)
        The same array where there is none.
    found : dict of float to int
        How often each code stood there.

    Examples
    --------
    >>> without_codes(np.array([3.0, -999.0, 8.0, 5.0]))
    (array([ 3., nan,  8.,  5.]), {-999: 1})
    >>> without_codes(np.array([-30.0, -99.0, -120.0, 40.0]))[1]
    {}
    """
    known = np.isfinite(values)
    if not known.any():
        return values, {}
    low, high = values[known].min(), values[known].max()
    hits = {code: values == values.dtype.type(code) for code in CODES if low <= values.dtype.type(code) <= high}
    hits = {code: hit for code, hit in hits.items() if hit.any()}
    if not hits:
        return values, {}
    rest = values[known & ~np.logical_or.reduce(list(hits.values()))]
    if not rest.size:
        return values, {}
    low, high = float(rest.min()), float(rest.max())
    found = {
        code: int(hit.sum())
        for code, hit in hits.items()
        if max(code - high, low - code) > high - low or (code < 0 <= low)
    }
    if not found:
        return values, {}
    return np.where(np.logical_or.reduce([hits[code] for code in found]), np.nan, values).astype(values.dtype), found


def refuse_lost_signs(lonlat: np.ndarray, stations: Sequence[str]) -> None:
    """Refuse stations that stand far from all others, and among them with the other sign.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees.
    stations : sequence of str

    Raises
    ------
    CubeError
        Names the first of them, and the coordinate.
    """
    for name, flip in FLIPS.items():
        column = list(FLIPS).index(name)
        signs = np.sign(lonlat[:, column])
        odd = signs == -np.sign(signs.sum())
        if not 0 < odd.sum() <= RARE * len(lonlat):
            continue
        here, turned = (nearest_km(places, lonlat[~odd])[0] for places in (lonlat[odd], lonlat[odd] * flip))
        lost = np.flatnonzero(odd)[(here > AWAY) & (turned < AMONG)]
        if lost.size:
            (lon, lat), station = lonlat[lost[0]], str(stations[lost[0]])
            raise CubeError(
                f"station {station!r} at lon {lon:g}, lat {lat:g} is far from all others, and "
                f"among them with the other sign of its {name} ({lost.size} such): correct it, or leave it out"
            )
