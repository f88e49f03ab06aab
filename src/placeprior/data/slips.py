"""Slips that the numbers of a table give away: codes that stand for missing, a sign that is lost, another unit."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

import numpy as np

from placeprior.coords import nearest_km
from placeprior.errors import CubeError

#: Numbers that files write where nothing was measured: of NOAA, EPA, WMO, netCDF, and made of nines or eights.
CODES = (-999999, -99999, -9999.9, -9999, -8888, -999.9, -999, -888, -99.99, -99.9, -99, -32768, -7999)
CODES += (99.99, 999, 999.9, 999.99, 9999, 9999.9, 9999.99, 99999, 999999, 32767, 1e20, 9.96921e36)
AWAY, AMONG = 2000.0, 500.0  # km from all others, and to the nearest when turned: a sign is lost
APART = 0.1  # of the range that was learned from: values so far beyond it all are in another unit, or season
RARE = 0.1  # of the stations; where more are elsewhere, they are another region
FLIPS = {"longitude": (-1, 1), "latitude": (1, -1)}


def without_codes(values: np.ndarray, beside: np.ndarray | None = None) -> tuple[np.ndarray, dict[float, int]]:
    """Put NaN for the numbers that stand for missing, and say which and how many.

    A number of :data:`CODES` stands for missing where it lies farther from all other values than these from each
    other, or is the only kind of negative number.

    Parameters
    ----------
    values : ndarray, any shape
    beside : ndarray, optional
        Other values of the same quantity, such as those that a model learned from: a table may hold codes alone.

    Returns
    -------
    values : ndarray
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
    if beside is not None:
        rest = np.concatenate([rest, beside[np.isfinite(beside)]])
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


def lost_signs(lonlat: np.ndarray) -> tuple[np.ndarray, str]:
    """Places that stand far from all others, and among them with the other sign.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees.

    Returns
    -------
    rows : ndarray of int
    name : str
        Of the coordinate.
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
            return lost, name
    return np.empty(0, int), ""


def refuse_lost_signs(lonlat: np.ndarray, stations: Sequence[str]) -> None:
    """Refuse stations that :func:`lost_signs` finds.

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
    lost, name = lost_signs(lonlat)
    if lost.size:
        (lon, lat), station = lonlat[lost[0]], str(stations[lost[0]])
        raise CubeError(
            f"station {station!r} at lon {lon:g}, lat {lat:g} is far from all others, and "
            f"among them with the other sign of its {name} ({lost.size} such): correct it, or leave it out"
        )


def odd_places(lonlat: np.ndarray, before: int = 0) -> str:
    """What is odd about places, in one line, where work goes on all the same; empty where nothing is.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Degrees.
    before : int
        Rows that stood before them.

    Examples
    --------
    >>> odd_places(np.array([[0.0, 0.0], [-100, 40]]))
    'row 1 is at lon 0, lat 0, in the sea off Africa (1 such row): is its place unknown?'
    """
    if len(zero := np.flatnonzero((lonlat == 0).all(1))):
        such = _rows(zero.size)
        return f"row {before + zero[0] + 1} is at lon 0, lat 0, in the sea off Africa ({such}): is its place unknown?"
    lost, name = lost_signs(lonlat)
    if not lost.size:
        return ""
    lon, lat = lonlat[lost[0]]
    return (
        f"row {before + lost[0] + 1} at lon {lon:g}, lat {lat:g} is far from all others, and among them with the other "
        f"sign of its {name} ({_rows(lost.size)}): is the sign lost?"
    )


def warn_odd_places(lonlat: np.ndarray) -> None:
    """Warn of what :func:`odd_places` finds."""
    if found := odd_places(lonlat):
        warnings.warn(found, UserWarning, stacklevel=4)


def elsewhere(lonlat: np.ndarray, known: np.ndarray) -> str:
    """Whether places far from all that are known would be among them but for a slip, in one line; empty if not.

    Parameters
    ----------
    lonlat, known : ndarray, shapes (n, 2) and (m, 2)
        Degrees.

    Examples
    --------
    >>> elsewhere(np.array([[100.0, 40.0]]), np.array([[-101.0, 41.0]]))
    'lon 100, lat 40 is far from all stations, and among them with the other sign of its longitude (1 such place)'
    """
    away = np.flatnonzero(nearest_km(lonlat, known)[0] > AWAY)
    slips = {f"the other sign of its {name}": lonlat[away] * flip for name, flip in FLIPS.items()}
    slips["lon and lat exchanged"] = lonlat[away][:, ::-1]
    for slip, turned in slips.items():
        there = np.flatnonzero(np.abs(turned[:, 1]) <= 90)
        if there.size:
            there = there[nearest_km(turned[there], known)[0] < AMONG]
        if there.size:
            lon, lat = lonlat[away[there[0]]]
            such = f"{there.size:,} such place{'s' * (there.size > 1)}"
            return f"lon {lon:g}, lat {lat:g} is far from all stations, and among them with {slip} ({such})"
    return ""


def other_unit(name: str, values: np.ndarray, known: np.ndarray, units: tuple[str, str]) -> str:
    """Whether a column seems to be in another unit than the values that a model learned from, in one line.

    Parameters
    ----------
    name : str
    values, known : ndarray
        Here, and learned from; NaN where unknown.
    units : (str, str)
        As the two tables write them; empty or "unstated" where they do not.

    Examples
    --------
    >>> other_unit("t", np.array([290.0, 300.0]), np.array([1.0, 20.0]), ("", ""))
    't is 290 to 300 here, and 1 to 20 where the model was trained: is it in another unit?'
    >>> other_unit("t", np.array([2.0]), np.array([1.0, 20.0]), ("K", "degC"))
    "t is in 'K' here, and in 'degC' where the model was trained: convert it if these are not one unit"
    >>> other_unit("t", np.array([2.0]), np.array([1.0, 20.0]), ("deg C", "degC"))
    ''
    """
    here, there = (re.sub(r"[\s.^*_]+|grees?(?= ?c)", "", unit.casefold().replace("°", "deg")) for unit in units)
    if here != there and not {here, there} & {"", "unstated"}:
        return (
            f"{name} is in {units[0]!r} here, and in {units[1]!r} where the model was trained: convert it if these "
            "are not one unit"
        )
    (low, high), (least, most) = _span(values), _span(known)
    if not max(low - most, least - high) > APART * (most - least):  # also where nothing is known
        return ""
    return (
        f"{name} is {low:.4g} to {high:.4g} here, and {least:.4g} to {most:.4g} where the model was trained: is it in "
        "another unit?"
    )


def _rows(count: int) -> str:
    return f"{count:,} such row{'s' * (count > 1)}"


def _span(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else (np.nan, np.nan)
