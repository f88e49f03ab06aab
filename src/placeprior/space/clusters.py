r"""Which places behave alike: distances between the places' own Gaussians, set against how far apart the places lie.

MC-GTA (Wang et al. 2024, ICML) in small. What is measured at a place is summed up as a Gaussian; two places differ by
the squared Wasserstein distance of theirs,

.. math:: W_2^2 = \lVert\mu_i - \mu_j\rVert^2 + \operatorname{tr}\bigl(\Sigma_i + \Sigma_j
          - 2(\Sigma_i^{1/2}\Sigma_j\Sigma_i^{1/2})^{1/2}\bigr)

and a generalised variogram :math:`\gamma(h)` says how much two places h apart differ as a rule (here without the usual
half, as published). Those that differ by more are pushed further apart, :math:`W_2^2 + \beta r` with
:math:`r = \max(0, W_2^2 - \gamma(h) + \delta)`, and density clustering finds groups (Ester et al. 1996, KDD).
"""

from __future__ import annotations

from typing import NamedTuple

import gstools
import numpy as np
import xarray as xr
from sklearn.cluster import DBSCAN, KMeans

from placeprior.errors import ConfigError, CubeError

LAG_KM = 100.0  # width of a bin of the variogram
MAX_KM = 2500.0  # about half of the country: beyond it few pairs, and all of them from coast to coast
PAIRS = 30  # fewest pairs of a bin (Journel, A. G. & Huijbregts, C. J. 1978, *Mining Geostatistics*, p. 194)
FLAT = 0.01  # share of the sill by which a variogram still rises over a lag where it counts as flat
SINGULAR = 1e-8  # smallest eigenvalue of a covariance, in parts of the largest, that is still no rounding error
NEIGHBOURS = 20  # of a core point of a cluster, itself included, as published
#: Predictors by whose variances and covariances stations are grouped, those of them that a cube has.
BEHAVIOUR = ("temperature", "dew_point", "humidity", "wind_speed", "pressure", "boundary_layer_height")
BLOCK = 64  # places whose distances are computed at once, which bounds the memory


class Gaussians(NamedTuple):
    """A Gaussian a place: ``mean`` (n, p) and ``covariance`` (n, p, p)."""

    mean: np.ndarray
    covariance: np.ndarray


class Curve(NamedTuple):
    r"""A fitted generalised variogram, nugget plus stable model: :math:`n + s\,(1 - e^{-(h/L)^\alpha})`."""

    nugget: float
    sill: float
    length_km: float
    power: float

    def __call__(self, km: np.ndarray) -> np.ndarray:
        """Expected squared distance of two places so many km apart, any shape; the nugget at 0 km."""
        return self.nugget + self.sill * -np.expm1(-((np.asarray(km) / self.length_km) ** self.power))

    def reach(self, lag: float = LAG_KM, max_km: float = 10 * MAX_KM) -> float:
        """Range in km: from here on the curve rises by less than :data:`FLAT` of its sill over a lag.

        Slopes are taken along a sorted grid of distances. The public code takes them along the flattened matrix of all
        pairs, whose distances jump up and down, and finds no range. The curve's steepest part may lie away from zero,
        so the range is behind the last distance at which it is steeper.
        """
        km = np.arange(0.0, max_km + 1, lag / 100)
        steep = np.flatnonzero(np.diff(self(km)) * 100 >= FLAT * self.sill)
        return float(km[steep[-1] + 1]) if steep.size and self.sill > 0 else 0.0


# --- a Gaussian a place -----------------------------------------------------------------------------------------------


def of_days(values: np.ndarray, season: np.ndarray) -> Gaussians:
    """Each place's Gaussian from its own days, its mean of every season taken off.

    No place borrows from its neighbours: with Gaussians of the nearest places, as published, near ones share data, and
    are alike by construction.

    Parameters
    ----------
    values : ndarray, shape (place, day, variable)
        In units in which variables can be compared, such as their standard deviation; without gaps.
    season : ndarray of int, shape (day,)
        Such as the month. The place's mean over all days stays.

    Raises
    ------
    CubeError
        See :func:`checked`; also if there are gaps.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 3 or not np.isfinite(values).all():
        raise CubeError(
            f"Gaussians need (place, day, variable) without gaps; got shape {values.shape}: fill gaps first"
        )
    known, season = np.unique(season, return_inverse=True)
    member = (season == np.arange(len(known))[:, None]).astype(np.float64)  # (season, day)
    means = np.einsum("sd,ndp->nsp", member, values) / member.sum(1)[:, None]
    left = values - means[:, season]
    dof = max(values.shape[1] - len(known), 1)
    return checked(Gaussians(values.mean(1), np.einsum("ndp,ndq->npq", left, left) / dof))


def of_neighbours(values: np.ndarray, near: np.ndarray) -> Gaussians:
    """Each place's Gaussian from the single vectors of its nearest places, as published.

    Parameters
    ----------
    values : ndarray, shape (place, variable)
    near : ndarray of int, shape (place, k)
        Its nearest places, itself among them.
    """
    around = np.asarray(values, np.float64)[near]
    left = around - around.mean(1, keepdims=True)
    return checked(Gaussians(around.mean(1), np.einsum("ndp,ndq->npq", left, left) / max(near.shape[1] - 1, 1)))


def checked(found: Gaussians) -> Gaussians:
    """The same, if it can be clustered.

    Raises
    ------
    CubeError
        If there is a single place, or a covariance is singular: its logarithm and its density do not exist.
    """
    if len(found.mean) < 2:
        raise CubeError(f"{len(found.mean)} place cannot be told from others; give two or more")
    values = np.linalg.eigvalsh(found.covariance)
    flat = values[:, 0] <= SINGULAR * np.maximum(values[:, -1], np.finfo(float).tiny)
    if flat.any():
        raise CubeError(
            f"the covariance of place {int(flat.argmax())} is singular ({int(flat.sum())} such places): a variable "
            "does not vary there, or is made of others; drop it, or give more days than variables"
        )
    return found


def log_covariances(found: Gaussians) -> np.ndarray:
    """Matrix logarithms as vectors (n, p (p + 1) / 2): plain distances of these suit covariances.

    Arsigny, V. et al. (2006), *Magnetic Resonance in Medicine* 56, 411. Entries off the diagonal count twice.
    """
    values, vectors = np.linalg.eigh(found.covariance)
    logarithm = np.einsum("nij,nj,nkj->nik", vectors, np.log(values), vectors)
    first, second = np.triu_indices(found.mean.shape[1])
    return logarithm[:, first, second] * np.where(first == second, 1.0, np.sqrt(2.0))


# --- how unlike two places are ----------------------------------------------------------------------------------------


def wasserstein(found: Gaussians) -> np.ndarray:
    """Squared Wasserstein distances of all pairs, shape (n, n), symmetric, zero on the diagonal."""
    mean, covariance = found
    values, vectors = np.linalg.eigh(covariance)
    root = np.einsum("nij,nj,nkj->nik", vectors, np.sqrt(np.maximum(values, 0.0)), vectors)
    trace = np.trace(covariance, axis1=1, axis2=2)
    out = np.zeros((len(mean), len(mean)))
    for start in range(0, len(mean), BLOCK):
        rows = slice(start, start + BLOCK)
        among = root[rows, None] @ covariance[None, start:] @ root[rows, None]
        cross = np.sqrt(np.maximum(np.linalg.eigvalsh(among), 0.0)).sum(-1)
        squared = ((mean[rows, None] - mean[None, start:]) ** 2).sum(-1) + trace[rows, None] + trace[start:] - 2 * cross
        out[rows, start:] = np.maximum(squared, 0.0)
    upper = np.triu(out, 1)
    return upper + upper.T


def empirical(squared: np.ndarray, km: np.ndarray, lag: float = LAG_KM, max_km: float = MAX_KM) -> np.ndarray:
    """Mean squared distance of pairs by how far apart they lie: rows of km, mean and pairs, shape (3, bin).

    Parameters
    ----------
    squared, km : ndarray, shape (n, n)
    lag, max_km : float
        Bins of one width; those with fewer than :data:`PAIRS` pairs are left out. Each stands at the mean distance of
        its own pairs (the public code puts it at its left edge).

    Raises
    ------
    CubeError
        If two places coincide, or no bin has pairs enough.
    """
    first, second = np.triu_indices(len(km), 1)
    apart, value = km[first, second], squared[first, second]
    if (apart == 0).any():
        twin = int((apart == 0).argmax())
        raise CubeError(
            f"places {first[twin]} and {second[twin]} coincide ({int((apart == 0).sum())} such pairs): a distance of "
            "0 km tells nothing of how places grow unlike; make one of them"
        )
    where = (apart[apart < max_km] // lag).astype(int)
    pairs, far, sums = (np.bincount(where, weight[apart < max_km]) for weight in (np.ones_like(apart), apart, value))
    enough = pairs >= PAIRS
    if enough.sum() < 3:
        raise CubeError(
            f"{apart.size} pairs of places fill {int(enough.sum())} bins of {lag:g} km with {PAIRS} pairs; a variogram "
            "needs three such bins: give more places, or wider bins"
        )
    return np.stack([far[enough] / pairs[enough], sums[enough] / pairs[enough], pairs[enough]])


def variogram(squared: np.ndarray, km: np.ndarray, lag: float = LAG_KM, max_km: float = MAX_KM) -> Curve:
    """The stable model fitted to :func:`empirical` by gstools, a bin weighing as the root of its pairs."""
    far, value, pairs = empirical(squared, km, lag, max_km)
    model = gstools.Stable(dim=2)
    model.set_arg_bounds(len_scale=[lag / 10, 2 * max_km])
    model.fit_variogram(far, value, nugget=True, weights=np.sqrt(pairs))
    return Curve(float(model.nugget), float(model.var), float(model.len_scale), float(model.alpha))


def penalty(squared: np.ndarray, expected: np.ndarray, delta: float, within: np.ndarray | bool = True) -> np.ndarray:
    """How much more than expected two places differ, plus a margin: zero where less, and beyond the range."""
    return np.where(within, np.maximum(0.0, squared - expected + delta), 0.0)


def dissimilarity(
    squared: np.ndarray, km: np.ndarray, curve: Curve, *, beta: float = 0.5, delta: float = 0.5
) -> np.ndarray:
    """Squared distances, those of pairs that differ more than expected raised; zero on the diagonal.

    Parameters
    ----------
    squared, km : ndarray, shape (n, n)
    curve : Curve
    beta : float
        Weight of the penalty; 0 for none.
    delta : float
        Margin, in parts of the curve's sill, so that no number depends on the units of the variables.
    """
    found = squared + beta * penalty(squared, curve(km), delta * curve.sill, km <= curve.reach())
    np.fill_diagonal(found, 0.0)
    return found


# --- groups -----------------------------------------------------------------------------------------------------------


def knee(unlike: np.ndarray, k: int = NEIGHBOURS) -> float:
    """A radius for :func:`dbscan` that no label has tuned.

    The distance of every place to its k-th nearest, itself counted, in rising order: where it bends most, farthest
    below the straight line from its first to its last (Satopää, V. et al. 2011, ICDCS Workshops).

    Parameters
    ----------
    unlike : ndarray, shape (n, n)
    k : int
        At most n.
    """
    if not 2 <= k <= len(unlike):
        raise ConfigError(f"the {k}-th nearest of {len(unlike)} places does not exist; ask for one from 2 to that")
    far = np.sort(np.partition(unlike, k - 1, axis=1)[:, k - 1])
    line = np.linspace(far[0], far[-1], len(far))
    return float(far[int(np.argmax(line - far))])


def dbscan(unlike: np.ndarray, radius: float, k: int = NEIGHBOURS) -> np.ndarray:
    """Density clusters of places, shape (n,): from 0, and -1 for places in none."""
    return DBSCAN(eps=max(radius, np.finfo(float).tiny), min_samples=k, metric="precomputed").fit(unlike).labels_


def kmeans(features: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Groups around ``k`` means, shape (n,): from 0."""
    if len(features) < k:
        raise ConfigError(f"{len(features)} places do not make {k} groups; ask for fewer")
    return KMeans(k, n_init=10, random_state=int(rng.integers(2**31))).fit_predict(features)


def standard(values: np.ndarray) -> np.ndarray:
    """Variables (..., variable) less their mean and in units of their standard deviation, over everything."""
    axes = tuple(range(values.ndim - 1))
    return (values - values.mean(axes)) / np.maximum(values.std(axes), 1e-12)


# --- of a cube --------------------------------------------------------------------------------------------------------


def behaviour(cube: xr.Dataset) -> np.ndarray:
    """What stations are grouped by: standardised predictors (station, time, variable) of :data:`BEHAVIOUR`; no PM2.5.

    Raises
    ------
    ConfigError
        If the cube has fewer than two of them without gaps.
    """
    names = [name for name in BEHAVIOUR if name in cube and np.isfinite(cube[name].values).all()]
    if len(names) < 2:
        raise ConfigError(f"clusters need two of {', '.join(BEHAVIOUR)} without gaps; the cube has {names}: add one")
    values = np.stack([cube[name].transpose("station", "time").values for name in names], axis=-1)
    return standard(values.astype(np.float64))


def folds(cube: xr.Dataset, k: int, rng: np.random.Generator) -> np.ndarray:
    """Which of ``k`` kinds of weather each station has, shape (station,): from 1, west to east by mean longitude.

    Stations whose predictors vary alike, wherever they lie. Everybody has the predictors of a tested place too; what is
    held out are labels, and none is read here.
    """
    group = kmeans(log_covariances(of_days(behaviour(cube), cube["time"].dt.month.values)), k, rng)
    west = [cube["lon"].values[group == number].mean() for number in range(k)]
    return np.argsort(np.argsort(west, kind="stable"), kind="stable")[group] + 1
