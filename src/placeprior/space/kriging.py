r"""Ordinary kriging: a weighted mean of the same day's monitors, weighted by how fast PM2.5 changes in space.

Inverse-distance weighting decides beforehand how fast a monitor's word loses weight with distance. Kriging asks the
data, in three steps (Cressie, N. A. C. 1993, *Statistics for Spatial Data*, Wiley, chapters 2 and 3):

1. :func:`empirical`: how different are two monitors on the same day, by the distance between them?
2. :func:`fit`: a smooth curve through that, the *variogram*.
3. :func:`krige`: the weights that are right on average and have the smallest expected squared error under that curve.

Kriging weights do not change when all differences are multiplied by one number. So one variogram serves a whole year
although smoke days vary tens of times more than clean ones: only the *shape* (range, and share of the nugget) is
taken from all days together, after each day was divided by its own standard deviation. Without that division a few
days of smoke would decide the shape for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from placeprior.coords import arrays, check_lonlat, great_circle_km
from placeprior.errors import CubeError

MAX_KM = 1500.0  # across a region held out: as far apart as two monitors are that share an estimate in its middle
BINS = 20
NEAREST = 30  # monitors that enter an estimate: those behind them are screened off and get hardly any weight
JITTER = 1e-8  # of the variance, on the diagonal: two monitors at one place may not make the system unsolvable
BLOCK = 512  # systems solved at once, which bounds the memory


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


def _together(values: np.ndarray, lonlat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
    values, lonlat = _together(values, lonlat)
    known = np.isfinite(values).astype(np.float64)
    z = np.where(known > 0, values, 0.0).astype(np.float64)
    z -= z.sum() / max(known.sum(), 1)  # changes no difference; keeps the sums of squares below exact
    z *= known
    first, second = np.triu_indices(len(z), 1)
    # The sum over common days of (a - b)^2 is that of a^2 + b^2 - 2ab: three matrix products for all pairs at once.
    squares = (z**2) @ known.T
    total = np.maximum(squares + squares.T - 2 * z @ z.T, 0.0)[first, second]
    count = (known @ known.T)[first, second]
    km = great_circle_km(lonlat, lonlat)[first, second]
    edges = max_km * np.linspace(0, 1, bins + 1) ** 2
    where = np.clip(np.searchsorted(edges, km, side="left") - 1, 0, None)
    inside = (km <= max_km) & (count > 0)
    sums = [np.bincount(where[inside], weight[inside], bins) for weight in (count, count * km, total)]
    seen = sums[0] > 0
    pairs, distance, squared = (part[seen] for part in sums)
    return distance / pairs, squared / (2 * pairs), pairs


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
    values, lonlat = _together(values, lonlat)
    return fit(*empirical(standardised(values), lonlat))


def weights(between: np.ndarray, towards: np.ndarray) -> np.ndarray:
    r"""Ordinary kriging weights of many sets of ``k`` monitors at once.

    The weights :math:`\lambda` have the smallest expected squared error among all that sum to one; the sum makes them
    right on average whatever the level of the day (Cressie 1993, section 3.2):

    .. math:: \lambda = K^{-1} (c + \mu 1), \qquad \mu = \frac{1 - 1^T K^{-1} c}{1^T K^{-1} 1}, \qquad
              K_{ij} = C(d_{ij}) + n\, [i = j], \quad c_i = C(d_{i0}), \quad C(h) = s\, e^{-(h/r)^p}

    Parameters
    ----------
    between : ndarray, shape (b, k, k)
        :math:`K`: covariances among the monitors of each set.
    towards : ndarray, shape (b, k)
        :math:`c`: covariances with the place that is estimated.

    Returns
    -------
    ndarray, shape (b, k)
        A weight may be negative: that of a monitor behind another one.
    """
    between, towards = arrays.numbers(between, "between"), arrays.numbers(towards, "towards")
    right = np.stack([towards, np.ones_like(towards)], axis=-1)
    solved = np.linalg.solve(between, right)
    shift = (1 - solved[..., 0].sum(1)) / solved[..., 1].sum(1)
    return solved[..., 0] + shift[:, None] * solved[..., 1]


def krige(
    values: np.ndarray,
    lonlat: np.ndarray,
    target: np.ndarray,
    wanted: np.ndarray,
    curve: Variogram,
    *,
    k: int = NEAREST,
) -> np.ndarray:
    """Estimate at places and days, each from the ``k`` nearest monitors that reported that day.

    A place has few different sets of nearest monitors in a year: its system is solved once for each set, not each day.

    Parameters
    ----------
    values : ndarray, shape (station, time)
        NaN where nothing is known, or may not be used.
    lonlat : ndarray, shape (station, 2)
    target : ndarray, shape (m, 2)
        A place that is also a monitor gets that monitor's value drawn towards its neighbours as far as the nugget says.
    wanted : ndarray of bool, shape (m, time)
        What to estimate.
    curve : Variogram
    k : int

    Returns
    -------
    ndarray of float64, shape (m, time)
        In units of ``values``; NaN where not wanted, or no monitor reported that day.
    """
    days = arrays.days(values)
    rows = arrays.order(arrays.labels(wanted), arrays.labels(target), "wanted")
    wanted = arrays.flags_by_day(wanted, "wanted")[rows][:, arrays.order(arrays.days(wanted), days, "wanted")]
    values, lonlat, target = *_together(values, lonlat), check_lonlat(target)
    if wanted.shape != (len(target), values.shape[1]):
        raise CubeError(
            f"wanted has shape {wanted.shape} for {len(target)} places and {values.shape[1]} days; give "
            "one value for each"
        )
    source = np.flatnonzero(np.isfinite(values).any(1))
    known = values[source]
    between = curve.covariance(great_circle_km(lonlat[source], lonlat[source]))
    between[np.diag_indices_from(between)] += curve.nugget + JITTER * (curve.nugget + curve.sill)
    distance = great_circle_km(target, lonlat[source])
    out = np.full(wanted.shape, np.nan)
    for place in np.flatnonzero(wanted.any(1)):
        order = np.argsort(distance[place], kind="stable")
        near = known[order]
        seen = np.isfinite(near) & wanted[place]
        # Stable sorting puts the monitors that reported first, the nearest first among them.
        nearest = np.argsort(~seen, axis=0, kind="stable")[:k].T
        size = np.minimum(seen.sum(0), k)
        among = between[np.ix_(order, order)]
        towards = curve.covariance(distance[place][order])
        for n in np.unique(size[size > 0]):
            days = np.flatnonzero(size == n)
            sets, which = np.unique(nearest[days, :n], axis=0, return_inverse=True)
            found = np.concatenate(
                [
                    weights(among[part[:, :, None], part[:, None, :]], towards[part])
                    for part in np.split(sets, range(BLOCK, len(sets), BLOCK))
                ]
            )
            out[place, days] = (found[which.reshape(-1)] * near[nearest[days, :n], days[:, None]]).sum(1)
    return out
