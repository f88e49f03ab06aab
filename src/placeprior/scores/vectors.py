"""How one encoder's vectors compare with another's: likeness by distance, directions that matter, colours of a map."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior import coords
from placeprior.errors import ConfigError

NEAR, FAR, CLASSES = 2.0, 4000.0, 12  # km, of the nearest and farthest pairs, and the classes between
REACH = 2.0  # standard deviations at the ends of the colours
#: sRGB from the CIE's XYZ, and the white of daylight (IEC 61966-2-1, 1999).
SRGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
WHITE = np.array([0.95047, 1.0, 1.08883])

Floats = NDArray[np.float64]


def pairs(count: int, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Pairs of places on the land of the contiguous US, as many near ones as far ones.

    Distances are spread evenly on a logarithmic axis from :data:`NEAR` to :data:`FAR` in :data:`CLASSES` classes.

    Parameters
    ----------
    count : int
        At most so many pairs a class; few places have a partner on land at the far end.
    rng : numpy.random.Generator

    Returns
    -------
    start, end : ndarray, shape (n, 2)
        lonlat, degrees.
    km : ndarray, shape (n,)
        Their great-circle distance, ascending by class.
    """
    west, south, east, north = coords.CONUS_BOX
    kept = []
    for low, high in zip(edges()[:-1], edges()[1:], strict=True):
        start = rng.uniform((west, south), (east, north), (12 * count, 2))
        arc = np.exp(rng.uniform(np.log(low), np.log(high), len(start))) / coords.EARTH_RADIUS_KM
        end = ahead(start, arc, rng.uniform(0, 2 * np.pi, len(start)))
        good = np.flatnonzero(coords.inside(start) & coords.inside(end))[:count]
        kept.append((start[good], end[good], arc[good] * coords.EARTH_RADIUS_KM))
    start, end, km = (np.concatenate(part) for part in zip(*kept, strict=True))
    return start, end, km


def pairs_from(
    places: ArrayLike, count: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, NDArray[np.intp]]:
    """Pairs of places as :func:`pairs`, each beginning near one of some given places.

    Parameters
    ----------
    places : array_like, shape (n, 2)
        lonlat, degrees; a pair begins within 0.2 degrees of one.
    count : int
        At most so many pairs in all.
    rng : numpy.random.Generator

    Returns
    -------
    start, end : ndarray, shape (n, 2)
        lonlat, degrees.
    km : ndarray, shape (n,)
        Their great-circle distance.
    group : ndarray of int, shape (n,)
        Its class, from 0, ascending.
    """
    table, drawn = coords.check_lonlat(places), 6 * count
    start = table[rng.integers(0, len(table), drawn)] + rng.uniform(-0.2, 0.2, (drawn, 2))
    km = np.exp(rng.uniform(np.log(NEAR), np.log(FAR), drawn))
    end = ahead(start, km / coords.EARTH_RADIUS_KM, rng.uniform(0, 2 * np.pi, drawn))
    good = np.flatnonzero(coords.inside(start) & coords.inside(end))
    group = np.digitize(km, edges()) - 1
    # The far distances rarely stay in the country; keep about as many in each class of distance.
    good = np.concatenate([good[group[good] == g][: count // CLASSES] for g in range(CLASSES)])
    return start[good], end[good], km[good], group[good]


def edges() -> Floats:
    """Edges of the classes of distance, km, shape (CLASSES + 1,)."""
    return np.geomspace(NEAR, FAR, CLASSES + 1)


def ahead(lonlat: ArrayLike, arc: ArrayLike, bearing: ArrayLike) -> Floats:
    """Where one gets from places, going straight on.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees.
    arc : array_like, shape (n,)
        How far, radians of the sphere.
    bearing : array_like, shape (n,)
        Which way, radians clockwise from north.

    Returns
    -------
    ndarray, shape (n, 2)
        lonlat, degrees.

    Notes
    -----
    :math:`\\sin\\phi' = \\sin\\phi\\cos\\delta + \\cos\\phi\\sin\\delta\\cos\\beta`,
    :math:`\\tan\\Delta\\lambda = \\sin\\beta\\sin\\delta\\cos\\phi/(\\cos\\delta - \\sin\\phi\\sin\\phi')` (Snyder,
    J. P. 1987, *Map projections: a working manual*, eqs. 5-5 and 5-6).
    """
    lon, lat = np.radians(coords.check_lonlat(lonlat)).T
    delta, beta = np.asarray(arc, float), np.asarray(bearing, float)
    sine = np.sin(lat) * np.cos(delta) + np.cos(lat) * np.sin(delta) * np.cos(beta)
    turn = np.arctan2(np.sin(beta) * np.sin(delta) * np.cos(lat), np.cos(delta) - np.sin(lat) * sine)
    return np.column_stack([(np.degrees(lon + turn) + 180) % 360 - 180, np.degrees(np.arcsin(np.clip(sine, -1, 1)))])


def cosine(a: ArrayLike, b: ArrayLike, centre: ArrayLike) -> Floats:
    """Cosine of vectors, row by row, seen from a centre.

    Without the centre most encoders find all places alike: their vectors have a large part in common.

    Parameters
    ----------
    a, b : array_like, shape (n, dim) or (1, dim)
    centre : array_like, shape (dim,)
        Mean vector over the land.

    Returns
    -------
    ndarray, shape (n,)
        -1 … 1; NaN where a vector is the centre itself and has no direction.
    """
    a, b = (np.asarray(v, dtype=np.float64) - np.asarray(centre, dtype=np.float64) for v in (a, b))
    length = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.divide((a * b).sum(1), length, out=np.full(length.shape, np.nan), where=length > 0)


def by_distance(likeness: ArrayLike, km: ArrayLike) -> tuple[Floats, Floats]:
    """Median likeness of pairs in each class of distance, and the median distance there, shape (CLASSES,) each."""
    likeness, km = np.asarray(likeness, dtype=np.float64), np.asarray(km, dtype=np.float64)
    group = np.clip(np.digitize(km, edges()) - 1, 0, CLASSES - 1)
    if len(np.unique(group)) < CLASSES:
        raise ConfigError(f"{len(km)} pairs leave some of the {CLASSES} classes of distance empty; draw more pairs")
    each = [group == g for g in range(CLASSES)]
    return np.array([np.median(km[g]) for g in each]), np.array([np.nanmedian(likeness[g]) for g in each])


def falls_to(level: float, km: ArrayLike, curve: ArrayLike) -> float:
    """Distance at which a curve first falls to a level, km: linear in the logarithm of distance.

    Returns
    -------
    float
        0 where it starts below, infinity where it never gets there.
    """
    x, y = np.log(np.asarray(km, dtype=np.float64)), np.asarray(curve, dtype=np.float64)
    below = np.flatnonzero(y <= level)
    if not len(below):
        return float("inf")
    if (i := below[0]) == 0:
        return 0.0
    return float(np.exp(x[i - 1] + (y[i - 1] - level) / (y[i - 1] - y[i]) * (x[i] - x[i - 1])))


def principal(vectors: ArrayLike, count: int = 3) -> tuple[Floats, Floats]:
    """First principal components (Pearson, 1901; Hotelling, 1933) of vectors (n, dim), and the variance of all.

    Returns
    -------
    scores : ndarray, shape (n, count)
        In units of each component's own standard deviation; 0 where there is no such component. The first place's are
        not negative, as a sign means nothing.
    share : ndarray, shape (dim,)
        Of the variance, falling; adds up to 1.

    Raises
    ------
    ConfigError
        The vectors do not differ.
    """
    table = np.asarray(vectors, dtype=np.float64)
    if (table == table[0]).all():
        raise ConfigError(
            f"{len(table)} vectors that are all alike have no principal components; give other places, "
            "or another encoder"
        )
    centred = table - table.mean(0)
    strength, axis = np.linalg.eigh(centred.T @ centred / len(table))
    strength, axis = np.clip(strength[::-1], 0, None), axis[:, ::-1]
    scores = np.zeros((len(table), count))
    alive = min(count, int((strength > 1e-12 * strength[0]).sum()))
    scores[:, :alive] = centred @ axis[:, :alive] / np.sqrt(strength[:alive])
    return scores * np.where(scores[0] < 0, -1, 1), strength / strength.sum()


def smooth_share(lonlat: ArrayLike, values: ArrayLike) -> float:
    """Share of the variance of numbers of places that a smooth surface explains: 0 … 1.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees.
    values : array_like, shape (n,) or (n, dim)
        One number a place or several, whose variances are added up.

    Notes
    -----
    The surface is a polynomial of third degree in longitude and latitude, fitted by least squares (a *trend surface*,
    Krumbein 1959, Journal of Geophysical Research 64, 823).
    """
    places, table = coords.check_lonlat(lonlat), np.asarray(values, dtype=np.float64)
    east, north = ((places - places.mean(0)) / places.std(0)).T
    terms = np.column_stack([east**i * north**j for i in range(4) for j in range(4 - i)])
    left = table - terms @ np.linalg.lstsq(terms, table, rcond=None)[0]
    return float(1 - (left**2).sum() / ((table - table.mean(0)) ** 2).sum())


def jumps(encoder: Callable[[Floats], ArrayLike], count: int = 60, seed: int = 1) -> dict[str, float]:
    """How far apart the vectors of places are that lie two metres apart across an edge of the map of the world.

    Parameters
    ----------
    encoder : callable
        lonlat (n, 2), degrees -> (n, dim).
    count : int
        Pairs of places at each edge.
    seed : int
        Of their longitudes and latitudes.

    Returns
    -------
    dict
        ``date line, poles``: root mean square distance, in units of that of two places drawn on the globe. Zero where
        the encoder is continuous, about one where it takes the two for strangers.
    """
    rng, metre = np.random.default_rng(seed), 1e-5  # degrees
    north = np.degrees(np.arcsin(rng.uniform(-0.95, 0.95, count)))  # even on the sphere
    east, line = rng.uniform(-180, 180, count), np.full(count, 180 - metre)
    pole = np.where(np.arange(count) % 2, 1, -1) * (90 - metre)
    sides = {"date line": ((line, north), (-line, north)), "poles": ((east, pole), ((east + 360) % 360 - 180, pole))}
    typical = np.sqrt(2 * np.asarray(encoder(np.column_stack([east, north])), dtype=np.float64).var(0).sum())
    found = {}
    for edge, (one, other) in sides.items():
        a, b = (np.asarray(encoder(np.column_stack(side)), dtype=np.float64) for side in (one, other))
        found[edge] = float(np.sqrt(((a - b) ** 2).sum(1).mean()) / typical)
    return found


def first_look(encoder: Callable[[Floats], ArrayLike], lonlat: Floats) -> dict[str, float]:
    """What can be known of an encoder before it meets a target.

    Parameters
    ----------
    encoder : callable
        lonlat (n, 2), degrees -> (n, dim).
    lonlat : ndarray, shape (n, 2)
        Stations.

    Returns
    -------
    dict
        How many ``numbers`` a vector has; how many ``never vary``; ``components for 90 %`` of the variance; the median
        ``cosine with the nearest station``, seen from the mean vector; and ``µs a place``, what a vector costs.
    """
    start = time.perf_counter()
    table = np.asarray(encoder(lonlat), dtype=np.float64)
    seconds = time.perf_counter() - start
    near = coords.nearest_km(lonlat, lonlat, k=2)[1][:, 1]
    return {
        "numbers": table.shape[1],
        "never vary": int((table.std(0) == 0).sum()),
        "components for 90 %": components(principal(table)[1], 0.9),
        "cosine with the nearest station": float(np.median(cosine(table, table[near], table.mean(0)))),
        "µs a place": 1e6 * seconds / len(lonlat),
    }


def components(share: ArrayLike, wanted: float) -> int:
    """How many components, largest first, hold a wanted part of the variance."""
    return int(np.searchsorted(np.cumsum(share), wanted * (1 - 1e-12))) + 1


def dead(vectors: ArrayLike) -> float:
    """Share of the numbers of a vector that are the same at every place, (n, dim) -> 0 … 1."""
    table = np.asarray(vectors)
    return float((table == table[0]).all(0).mean())


def colours(scores: ArrayLike) -> Floats:
    """Colours of three standardised numbers a place, (n, 3) -> red, green and blue of 0 … 1, shape (n, 3).

    The first is lightness, the second runs from blue to yellow, the third from green to red: readers who do not tell
    green from red still see the two that matter most. In CIELAB (CIE 1976), where equal steps look about equal; what
    lies beyond :data:`REACH`, or beyond what a screen shows, is cut off.
    """
    first, second, third = (np.clip(np.asarray(scores, dtype=np.float64), -REACH, REACH) / REACH).T
    y = (60 + 28 * first + 16) / 116
    white = np.stack([y + 45 * third / 500, y, y - 50 * second / 200], axis=1)
    light = WHITE * np.where(white > 6 / 29, white**3, 3 * (6 / 29) ** 2 * (white - 4 / 29))
    linear = np.clip(light @ SRGB.T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
