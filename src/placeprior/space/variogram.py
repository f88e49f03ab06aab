r"""Variograms: how different are two places on the same day, by the distance between them, and a curve through that.

Half the mean squared difference of pairs of places (:func:`empirical`) rises from the *nugget*, what differs even
between neighbours, by the *partial sill* within about the *range*. Kriging asks the curve for its weights
(:mod:`placeprior.space.kriging`), and needs it well near zero: :func:`fit`. Residuals are asked what structure in space
they have left, in three numbers that can be compared: :func:`structure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import gstools
import numpy as np
from scipy.optimize import least_squares

from placeprior.coords import arrays, check_lonlat, great_circle_km
from placeprior.errors import CubeError

MAX_KM = 1500.0  # across a region held out: as far apart as two monitors are that share an estimate in its middle
BINS = 20
FEWEST_PAIRS = 30  # of places, for a curve that is described: below, a few pairs of neighbours decide everything
FEWEST_BINS = 4  # one more than the curve has numbers
SHORTEST_KM = 5.0  # a range below is a nugget by another name: hardly two monitors stand nearer


@dataclass(frozen=True)
class Variogram:
    r"""Half the expected squared difference of two monitors ``h`` km apart: nugget plus powered exponential.

    .. math:: \gamma(h) = n + s\,(1 - e^{-(h/r)^p}), \qquad \gamma(0) = 0, \quad 0 < p \le 1

    PM2.5 differs over a town and over half a country: the plain exponential (p = 1) bends once, and passes above the
    near pairs or below the far ones. On a sphere, with great-circle distances, this is one of the few usual curves that
    never give a negative variance, and only for p up to 1 (Gneiting, T. 2013, *Bernoulli* 19, 1327).

    Attributes
    ----------
    nugget : float
        What differs even between neighbours: measurement error, and everything smaller than their distance.
    sill : float
        The part that grows with distance (the partial sill), in the same unit, a variance.
    range_km : float
        Where 63 % of it is reached.
    power : float
    """

    nugget: float
    sill: float
    range_km: float
    power: float = 1.0

    def __call__(self, km: np.ndarray) -> np.ndarray:
        """Semivariance at distances in km, any shape; the nugget at 0 km, as for two monitors at one place."""
        return self.nugget + self.sill - self.covariance(km)

    def covariance(self, km: np.ndarray) -> np.ndarray:
        """Covariance of two different monitors at distances in km, any shape."""
        return self.sill * np.exp(-((np.asarray(km) / self.range_km) ** self.power))


def together(values: np.ndarray, lonlat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values (station, time) as float64, NaN where unknown, in the order of the places; and these, checked."""
    found = arrays.by_day(values, "values")[arrays.order(arrays.labels(values), arrays.labels(lonlat), "values")]
    places = check_lonlat(lonlat)
    if found.ndim != 2 or len(found) != len(places):
        raise CubeError(f"values have shape {found.shape} for {len(places)} places; give them on (station, time)")
    return found, places


def standardised(values: np.ndarray) -> np.ndarray:
    """Each day less its mean and divided by its standard deviation; NaN on days with fewer than two different values.

    Parameters
    ----------
    values : ndarray, shape (station, time)
        NaN where nothing is known.

    Returns
    -------
    ndarray of float64, shape (station, time), no unit
    """
    values = arrays.by_day(values, "values")
    known = np.isfinite(values)
    count = known.sum(0)
    filled = np.where(known, values, 0.0).astype(np.float64)
    centred = np.where(known, filled - filled.sum(0) / np.maximum(count, 1), 0.0)
    scale = np.sqrt((centred**2).sum(0) / np.maximum(count, 1))
    size = np.abs(filled).max(0, initial=0.0)
    usable = (count > 1) & (scale > 1e-6 * size)  # equal values differ by rounding alone
    return np.where(known & usable, centred / np.where(usable, scale, 1.0), np.nan)


def empirical(
    values: np.ndarray, lonlat: np.ndarray, *, max_km: float = MAX_KM, bins: int = BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Empirical variogram, pooled over days (Matheron, G. 1963, *Economic Geology* 58, 1246).

    .. math:: \hat\gamma(h) = \frac{1}{2 N(h)} \sum_{t} \sum_{(i, j): d_{ij} \approx h} (z_{it} - z_{jt})^2

    Two monitors are compared only within a day. Bins widen with distance (their edges grow as the square), because
    the curve bends near zero, where there are fewest pairs.

    Parameters
    ----------
    values : ndarray, shape (station, time)
        NaN where nothing is known.
    lonlat : ndarray, shape (station, 2)
    max_km, bins
        Largest distance looked at, number of bins.

    Returns
    -------
    km : ndarray, shape (b,)
        Mean distance of the pairs in each bin that has any.
    gamma : ndarray, shape (b,)
        In squared units of ``values``.
    pairs : ndarray, shape (b,)
        Pairs of monitors, counted once a day.
    """
    return _binned(_pairs(*together(values, lonlat)), max_km, bins)


def edges(max_km: float = MAX_KM, bins: int = BINS) -> np.ndarray:
    """Ends of the classes of distance, km, shape (bins + 1,)."""
    return max_km * np.linspace(0, 1, bins + 1) ** 2


class _Pairs(NamedTuple):
    """Every pair of places: which two, km apart, days that both have, and sum of squared differences on these."""

    first: np.ndarray
    second: np.ndarray
    km: np.ndarray
    count: np.ndarray
    total: np.ndarray


def _pairs(values: np.ndarray, lonlat: np.ndarray) -> _Pairs:
    known = np.isfinite(values).astype(np.float64)
    z = np.where(known > 0, values, 0.0).astype(np.float64)
    z -= z.sum() / max(known.sum(), 1)  # changes no difference; keeps the sums of squares below exact
    z *= known
    first, second = np.triu_indices(len(z), 1)
    # The sum over common days of (a - b)^2 is that of a^2 + b^2 - 2ab: three matrix products for all pairs at once.
    squares = (z**2) @ known.T
    total = np.maximum(squares + squares.T - 2 * z @ z.T, 0.0)[first, second]
    count = (known @ known.T)[first, second]
    return _Pairs(first, second, great_circle_km(lonlat, lonlat)[first, second], count, total)


def _binned(
    pairs: _Pairs, max_km: float, bins: int, kept: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means of pairs, of those that are ``kept`` (pair,) if said, by distance: as :func:`empirical` returns them."""
    km, count = pairs.km, pairs.count
    where = np.clip(np.searchsorted(edges(max_km, bins), km, side="left") - 1, 0, None)
    inside = (km <= max_km) & (count > 0)
    if kept is not None:
        inside &= kept
    sums = [np.bincount(where[inside], weight[inside], bins) for weight in (count, count * km, pairs.total)]
    seen = sums[0] > 0
    number, distance, squared = (part[seen] for part in sums)
    return distance / number, squared / (2 * number), number


def fit(km: np.ndarray, gamma: np.ndarray, pairs: np.ndarray) -> Variogram:
    r"""Fit the curve by weighted least squares (Cressie, N. 1985, *Mathematical Geology* 17, 563).

    .. math:: \min_\theta \sum_h N(h) \left(\frac{\hat\gamma(h)}{\gamma(h; \theta)} - 1\right)^2

    A bin counts more the more pairs it has, and the smaller the curve there: so mostly near zero, which decides the
    weights.

    Parameters
    ----------
    km, gamma, pairs : ndarray, shape (b,)
        From :func:`empirical`.

    Returns
    -------
    Variogram
        Of pure nugget where fewer than three bins differ from zero: nothing says how the difference grows, and kriging
        becomes the plain mean of the nearest monitors.
    """
    km, gamma, pairs = (arrays.numbers(part, name) for part, name in ((km, "km"), (gamma, "gamma"), (pairs, "pairs")))
    if np.count_nonzero(gamma > 0) < 3:
        return Variogram(float(gamma.mean()) if gamma.size and gamma.any() else 1.0, 0.0, MAX_KM)
    top, far = float(gamma.max()), float(km.max())
    weight = np.sqrt(pairs / pairs.sum())

    def misfit(theta: np.ndarray) -> np.ndarray:
        return weight * (gamma / np.maximum(Variogram(*theta)(km), 1e-9 * top) - 1)

    start = [0.2 * top, 0.8 * top, far / 5, 0.9]
    bounds = ([0.0, 0.0, 1.0, 0.2], [2 * top, 5 * top, 2 * far, 1.0])
    found = least_squares(misfit, start, bounds=bounds, x_scale=[top, top, far, 1.0]).x
    return Variogram(*map(float, found))


def variogram(values: np.ndarray, lonlat: np.ndarray) -> Variogram:
    """The variogram of values (station, time), NaN where unknown: every day standardised, then pooled and fitted."""
    values, lonlat = together(values, lonlat)
    return fit(*empirical(standardised(values), lonlat))


# --- structure that is described -------------------------------------------------------------------------------------


def structure(values: np.ndarray, lonlat: np.ndarray, blocks: Sequence[str] | np.ndarray | None = None) -> np.ndarray:
    r"""Nugget, partial sill and range of values, and the same without each block of the map.

    To the empirical variogram, days pooled, the exponential :math:`n + s\,(1 - e^{-h/r})` is fitted, each bin weighted
    by the root of its pairs (gstools; Müller, S. et al. 2022, *Geoscientific Model Development* 15, 3161): three
    numbers that say one thing each. (A power of the distance, as kriging's curve has, would stand in for both others.)

    Parameters
    ----------
    values : ndarray, shape (station, time)
        NaN where nothing is known.
    lonlat : ndarray, shape (station, 2)
    blocks : sequence of str, length station, optional
        Which block of the map each place lies in.

    Returns
    -------
    ndarray, shape (1 + block, 3)
        Nugget and partial sill in squared units of ``values``, range in km (where 63 % of the sill is reached, between
        :data:`SHORTEST_KM` and twice :data:`MAX_KM`); the first row of all places, then without each block that has a
        value, in the order of their names. NaN without a block if too little is left.

    Raises
    ------
    CubeError
        If two places with values are one, fewer than :data:`FEWEST_PAIRS` pairs have a day in common, or they lie in
        too few bins of distance for a curve.
    """
    values, lonlat = together(values, lonlat)
    used = np.isfinite(values).any(1)
    values, lonlat = values[used], lonlat[used]
    pairs = _pairs(values, lonlat)
    if (pairs.km == 0).any():
        twin = int(np.argmax(pairs.km == 0))
        at = lonlat[pairs.first[twin]]
        raise CubeError(
            f"places {pairs.first[twin]} and {pairs.second[twin]} of those with values are both at lon {at[0]:g}, lat "
            f"{at[1]:g}; average what was measured there, so that a pair has a distance"
        )
    rows = [_exponential(pairs)]
    if blocks is not None:
        block = np.asarray(blocks)[used]
        for name in np.unique(block):
            inside = block == name
            try:
                rows.append(_exponential(pairs, ~(inside[pairs.first] | inside[pairs.second])))
            except CubeError:
                rows.append(np.full(3, np.nan))
    return np.array(rows)


def _exponential(pairs: _Pairs, kept: np.ndarray | None = None) -> np.ndarray:
    """Nugget, partial sill and range (3,) of the pairs, of those that are ``kept`` if said."""
    near = (pairs.km <= MAX_KM) & (pairs.count > 0)
    number = int((near if kept is None else near & kept).sum())
    if number < FEWEST_PAIRS:
        raise CubeError(
            f"{number} pairs of places within {MAX_KM:,.0f} km have a day in common, and a variogram needs "
            f"{FEWEST_PAIRS}; give it more stations, or days on which more of them measured"
        )
    km, gamma, count = _binned(pairs, MAX_KM, BINS, kept)
    if len(km) < FEWEST_BINS:
        raise CubeError(
            f"{number} pairs of places lie in {len(km)} classes of distance, and a curve of three numbers needs "
            f"{FEWEST_BINS}; give it stations at more distances from one another"
        )
    if not gamma.any():
        raise CubeError("all values of a day are equal, so nothing differs by distance; leave such days out")
    model = gstools.Exponential(dim=2)
    model.set_arg_bounds(len_scale=[SHORTEST_KM, 2 * MAX_KM])
    top = float(gamma.max())
    guess = {"len_scale": MAX_KM / 5, "var": 0.5 * top, "nugget": 0.5 * top}
    try:
        model.fit_variogram(km, gamma, nugget=True, init_guess=guess, weights=np.sqrt(count / count.sum()))
    except RuntimeError as error:
        raise CubeError(f"no exponential fits the variogram of {number} pairs ({error}); look at it first") from error
    return np.array([model.nugget, model.var, model.len_scale])
