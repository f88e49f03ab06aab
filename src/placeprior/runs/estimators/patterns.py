r"""Temporal patterns of the training monitors, and who says how much of each belongs to a place.

.. math:: \hat y(s, t) = m(t) + \sum_{k=1}^{K} a_k(s)\, \phi_k(t)

with the network mean of each day :math:`m`, the first right singular vectors :math:`\phi_k` of the centred matrix, and
coefficients :math:`a_k` (Amato et al. 2020, *Sci. Rep.* 10, 22243). Whole series come to a place at once, from a few
numbers; the arms differ in where these come from, and in how many patterns are kept. Patterns are of training stations
alone: the public code takes them from the validation rows too, and :mod:`placeprior.evidence.decomposition` shows what
that would hide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.neural_network import MLPRegressor

from placeprior import encoders
from placeprior.arms import FORMULAS
from placeprior.coords import great_circle_km
from placeprior.errors import CubeError
from placeprior.runs.inputs import Inputs, place_scaler
from placeprior.space.kriging import JITTER, NEAREST, krige, weights
from placeprior.space.variogram import Variogram, variogram

KEPT = 0.95  # share of the variance that the temporal patterns keep, as published
REPORTED = 0.5  # share of the days a station must have reported to shape the temporal patterns
LAYERS = (100,) * 5  # as published
EPOCHS, PATIENCE = 500, 50  # of the network of coefficients: an epoch is one pass over the stations
TRIED = (1, 2, 3, 5, 8, 12, 18, 27, 40, 60, 90)  # numbers of patterns among which held-out stations choose
TREES = {"learning_rate": 0.1, "max_iter": 60, "max_leaf_nodes": 15, "min_samples_leaf": 5, "early_stopping": False}


class Basis(NamedTuple):
    """A table of stations by days as a sum of patterns.

    Attributes
    ----------
    used : ndarray of bool, shape (station,)
        The stations that shaped it.
    daily : ndarray, shape (time,)
        Mean of these stations on each day, µg m-3.
    coefficients : ndarray, shape (used, k)
        µg m-3: how much of each pattern is in a station's series.
    patterns : ndarray, shape (k, time)
        Of length one and at right angles to each other, those with most variance first.
    variance : ndarray, shape (k,)
        Share of the variance of each.
    """

    used: np.ndarray
    daily: np.ndarray
    coefficients: np.ndarray
    patterns: np.ndarray
    variance: np.ndarray

    def most(self) -> int:
        """How many patterns keep :data:`KEPT` of the variance; one at least."""
        return min(int(np.searchsorted(np.cumsum(self.variance), KEPT)) + 1, len(self.variance))

    def field(self, coefficients: np.ndarray) -> np.ndarray:
        """Series (place, time) of the first patterns, of which a place has ``coefficients`` (place, k), µg m-3."""
        return self.daily + coefficients @ self.patterns[: coefficients.shape[1]]


def decompose(series: np.ndarray, used: np.ndarray | None = None) -> Basis:
    """Write a table without gaps as a sum of patterns, by its singular value decomposition.

    Parameters
    ----------
    series : ndarray, shape (station, time)
        µg m-3.
    used : ndarray of bool, optional
        Which of more stations these are; all, if not said.

    Raises
    ------
    CubeError
        If there is no station, or a gap: a singular value decomposition knows none.
    """
    if series.ndim != 2 or not series.size or not np.isfinite(series).all():
        raise CubeError(
            f"patterns need a table of stations by days without gaps; got shape {series.shape} with "
            f"{int((~np.isfinite(series)).sum())} gaps: fill them first, as placeprior.space.kriging does"
        )
    daily = series.mean(0)
    u, s, patterns = np.linalg.svd(series - daily, full_matrices=False)
    used = np.ones(len(series), bool) if used is None else used
    return Basis(used, daily, u * s, patterns, s**2 / max((s**2).sum(), 1e-12))


def basis(measured: np.ndarray, lonlat: np.ndarray, pool: np.ndarray, mean: float) -> Basis:
    """Patterns of the monitors in a pool.

    A singular value decomposition knows no gaps, and many monitors report every third or sixth day only. Gaps are
    filled by the day's kriging estimate, at stations that reported on at least half of the days; stations with fewer
    are left out, for the patterns would be kriging's rather than theirs.

    Parameters
    ----------
    measured : ndarray, shape (station, time)
        µg m-3; what is not in the pool is not read.
    lonlat : ndarray, shape (station, 2)
    pool : ndarray of bool, shape (station, time)
    mean : float
        Fills the days without any monitor.
    """
    pm25 = np.where(pool, measured, np.nan).astype(np.float64)
    reported = pool[:, pool.any(0)].mean(1)
    used = reported >= REPORTED if (reported >= REPORTED).any() else reported > 0
    filled = krige(pm25, lonlat, lonlat[used], ~pool[used], variogram(pm25, lonlat))
    return decompose(np.where(pool[used], pm25[used], np.where(np.isfinite(filled), filled, mean)), used)


def training_basis(inputs: Inputs) -> Basis:
    """The :func:`basis` of a run's training monitors."""
    parts, measured = inputs.parts, inputs.cube["pm25"].values
    return basis(measured, inputs.lonlat, parts.pool, float(measured[parts.train].mean(dtype=np.float64)))


# --- the arms ---------------------------------------------------------------------------------------------------------


def eof(inputs: Inputs) -> np.ndarray:
    """Coefficients from a network of longitude and latitude, patterns up to 95 % of the variance, as published."""
    found = training_basis(inputs)
    lonlat, used = inputs.lonlat, found.used
    where = (lonlat - lonlat[used].mean(0)) / (lonlat[used].std(0) + 1e-9)
    return _network(inputs, found, where, [found.most()])[inputs.parts.test]


def decomposed(inputs: Inputs, source: str) -> np.ndarray:
    """Coefficients from an encoder, from kriging or from trees, and as many patterns as serve the validation rows best.

    Validation stations have shaped no pattern, and a tested row has no say.

    Parameters
    ----------
    inputs : Inputs
    source : str
        ``"kriging"``, ``"gbt"`` (both from the place alone), or the encoder whose vector a network learns from.
    """
    found, lonlat = training_basis(inputs), inputs.lonlat
    tried = [*(k for k in TRIED if k < found.most()), found.most()]
    if source in ("kriging", "gbt"):
        known = found.coefficients[:, : tried[-1]]
        by = kriged_coefficients if source == "kriging" else _trees
        said = by(known, lonlat[found.used], lonlat)
        loss = _losses(inputs, found, said, tried)
        return found.field(said[:, : tried[int(np.argmin(loss))]])[inputs.parts.test]
    vectors = encoders.fit(source, lonlat, inputs.parts.train.any(1), inputs.run.seed)(lonlat)
    where = place_scaler(vectors[found.used], "channels" if source in FORMULAS else "")(vectors)
    return _network(inputs, found, where, tried)[inputs.parts.test]


def kriged_coefficients(
    coefficients: np.ndarray, lonlat: np.ndarray, target: np.ndarray, curve: Variogram | None = None
) -> np.ndarray:
    """Ordinary kriging of each pattern's coefficients, shape (target, k).

    With one curve for all patterns, and all of them kept, this is kriging of each day: the weighted mean is the same.

    Parameters
    ----------
    coefficients : ndarray, shape (station, k)
    lonlat, target : ndarray, shape (station, 2), (target, 2)
    curve : Variogram, optional
        For all patterns; if not given, each has its own: the first vary over the country, the last from town to town.
    """
    near = np.argsort(great_circle_km(target, lonlat), axis=1, kind="stable")[:, :NEAREST]
    towards = np.take_along_axis(great_circle_km(target, lonlat), near, axis=1)
    among = great_circle_km(lonlat, lonlat)[near[:, :, None], near[:, None, :]]  # no gaps: one set for all patterns
    itself, said = np.arange(near.shape[1]), np.empty((len(target), coefficients.shape[1]))
    for k, own in enumerate(coefficients.T):
        fitted = curve or variogram(own[:, None], lonlat)
        between = fitted.covariance(among)
        between[:, itself, itself] += fitted.nugget + JITTER * (fitted.nugget + fitted.sill)
        said[:, k] = (weights(between, fitted.covariance(towards)) * own[near]).sum(1)
    return said


def _trees(coefficients: np.ndarray, lonlat: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Boosted trees of longitude and latitude for each pattern's coefficients, shape (target, k): no chance in them."""
    fitted = (HistGradientBoostingRegressor(**TREES, random_state=0).fit(lonlat, own) for own in coefficients.T)
    return np.column_stack([trees.predict(target) for trees in fitted])


def _losses(inputs: Inputs, found: Basis, coefficients: np.ndarray, tried: Sequence[int]) -> list[float]:
    """Mean squared error at the validation rows with the first so many patterns, by the numbers tried (rising)."""
    rows = inputs.parts.validation.any(1)
    validation, held = inputs.parts.validation[rows], inputs.cube["pm25"].values[inputs.parts.validation]
    said, before, losses = found.daily, 0, []
    for k in tried:
        said = said + coefficients[rows, before:k] @ found.patterns[before:k]
        losses.append(float(((said[validation] - held) ** 2).mean()))
        before = k
    return losses


def _network(inputs: Inputs, found: Basis, where: np.ndarray, tried: Sequence[int]) -> np.ndarray:
    """The field by a network of coefficients, (station, time): validation rows stop it, and choose how many patterns.

    Its squared error over the coefficients is that of the series, since patterns are orthonormal (the paper takes
    absolute errors).

    Parameters
    ----------
    inputs : Inputs
    found : Basis
    where : ndarray, shape (station, dim)
        What it is told of each place, scaled.
    tried : sequence of int
        Numbers of patterns, rising.
    """
    coefficients = found.coefficients[:, : tried[-1]]
    scale = coefficients.std() + 1e-9  # one number for all: a pattern counts by its variance
    # A state, not a number: with a number every epoch would shuffle alike. (scikit-learn takes no Generator.)
    network = MLPRegressor(hidden_layer_sizes=LAYERS, random_state=np.random.RandomState(inputs.run.stream))
    best, best_epoch, field = np.inf, 0, np.tile(found.daily, (len(where), 1))
    for epoch in range(EPOCHS):
        network.partial_fit(where[found.used], (coefficients / scale).squeeze())
        said = network.predict(where).reshape(len(where), -1) * scale
        losses = _losses(inputs, found, said, tried)
        if min(losses) < best:
            best, best_epoch = min(losses), epoch
            field = found.field(said[:, : tried[int(np.argmin(losses))]])
        elif epoch - best_epoch >= PATIENCE:
            break
    return field
