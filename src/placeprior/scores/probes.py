r"""Probes: what does a vector of a place know, before any network of PM2.5 has seen it?

A probe is a model too simple to find out anything by itself (Alain & Bengio 2016, arXiv 1610.01644): here a ridge
regression from the vector to a fact that is known. What it reads at places it was not fitted to, the vector holds, in a
form that a linear layer can use. :func:`truth` and :func:`monitors` have the facts, :func:`deal` holds places out, and
:func:`held_out` gives the estimates, which are scored as those of a network are (:mod:`placeprior.scores.metrics`),
with :func:`blocks` of places instead of stations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.model_selection import GroupKFold

from placeprior.coords import CONUS_BOX, at_home, check_lonlat, nearest_km, project
from placeprior.data.world import land
from placeprior.errors import TrainingError, UnknownName
from placeprior.scores.metrics import station_sums
from placeprior.space.splits import BLOCK_KM, FOLDS, PATTERN, block_folds, partition

SPLITS = ("spatial", "blocks", "checkerboard-8", "checkerboard-16")
PENALTIES = np.logspace(-5, 3, 17)  # a place; on either side of what is ever chosen
INNER = 3  # folds within the training places, to choose the penalty
CITY, NEAR_KM = 100_000, 25.0  # people, and how far from their middle is still at it
ENOUGH = 100  # days, for a mean of the year
ROUNDING = 1e-6  # of a number's size: 32-bit floats do not tell less apart


# --- what is known ----------------------------------------------------------------------------------------------------


def truth(lonlat: ArrayLike) -> pd.DataFrame:
    """What is known of any place of the contiguous United States without a measurement.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees.

    Returns
    -------
    pandas.DataFrame
        ``density``: log10(1 + people km-2), smoothed (:func:`placeprior.data.world.land.density`); ``elevation``: the
        embedded world's stylised terrain in m (:func:`placeprior.data.world.land.elevation`), no digital elevation
        model; ``city``: 1 within :data:`NEAR_KM` of the middle of a place of at least :data:`CITY` people, else 0.
    """
    xy = project(at_home(lonlat, "the map of towns and terrain"))
    towns, people = land.cities()
    near = nearest_km(lonlat, towns[people >= CITY])[0] <= NEAR_KM
    return pd.DataFrame(
        {"density": np.log10(1 + land.density(xy)), "elevation": land.elevation(xy), "city": near.astype(float)}
    )


def monitors(scores: pd.DataFrame, sums: pd.DataFrame, task: str) -> pd.DataFrame:
    """Monitors of a task and the mean of what each measured, from committed results alone.

    The two partitions of a checkerboard test every monitor once, on all of its days that can be scored; a run's sums
    say what it measured on them.

    Parameters
    ----------
    scores, sums : pandas.DataFrame
        As :func:`placeprior.runs.store.scores` and :func:`placeprior.runs.store.sums`.
    task : str

    Returns
    -------
    pandas.DataFrame
        ``name, lon, lat, pm25`` (µg m-3) of those with at least :data:`ENOUGH` days, sorted by name; empty where the
        results have no such runs.
    """
    own = scores[(scores["task"] == task) & (scores["variant"] == "none") & scores["split"].str.startswith("checker")]
    for _, fits in own.drop_duplicates("run").groupby(["split", "seed"]):
        if len(fits) == 2:
            table = sums[sums["run"].isin(fits["run"]) & (sums["n"] >= ENOUGH)].sort_values("name")
            table = table.assign(pm25=table["sum_y"] / table["n"])
            return table[["name", "lon", "lat", "pm25"]].astype({"pm25": float}).reset_index(drop=True)
    return pd.DataFrame(columns=["name", "lon", "lat", "pm25"])


# --- holding places out -----------------------------------------------------------------------------------------------


def blocks(lonlat: ArrayLike) -> np.ndarray:
    """Which square block of the map each place is in, shape (n,): of :data:`.BLOCK_KM` a side."""
    return _numbered(np.floor(project(lonlat) / BLOCK_KM))


def deal(split: str, lonlat: ArrayLike, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Deal places to folds, as the splits of the runs deal stations.

    Parameters
    ----------
    split : str
        ``"spatial"``: places one by one to five folds, at random; ``"blocks"``: blocks of the map; or
        ``"checkerboard-<degrees>"``: its cells, to two folds.
    lonlat : array_like, shape (n, 2)
    rng : numpy.random.Generator
        Not drawn from by a checkerboard.

    Returns
    -------
    fold : ndarray of int, shape (n,)
        From 1.
    unit : ndarray of int, shape (n,)
        What was dealt: a place, a block, a cell. All places of a unit are in one fold.

    Raises
    ------
    UnknownName
        No such split.
    """
    places = check_lonlat(lonlat)
    kind = PATTERN.fullmatch(split)
    if split == "spatial":
        return rng.permutation(len(places)) % FOLDS + 1, np.arange(len(places))
    if split == "blocks":
        return block_folds(places, rng), blocks(places)
    if kind and kind["delta"] and float(kind["delta"]) > 0 and not kind["keep"]:
        delta = float(kind["delta"])
        return partition(places, delta), _numbered(np.floor((places - CONUS_BOX[:2]) / delta))
    raise UnknownName("split of places", split, SPLITS)


def _numbered(cells: np.ndarray) -> np.ndarray:
    return np.unique(cells, axis=0, return_inverse=True)[1].ravel()


# --- the probe --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scale:
    """Brings vectors to a common scale, and keeps new ones within what the training places showed.

    Three things lead a plain linear model of an encoder's numbers astray, and each has its remedy here. A number that
    is the same at all training places (a *dead unit*) says nothing, and has no scale to divide by: it is dropped.
    Numbers differ in size by orders of magnitude, and one penalty for all would favour the large ones: each is brought
    to mean 0 and standard deviation 1. And a number that hardly varied at the training places may be a hundred standard
    deviations off elsewhere, to which a line has a wild answer: there it counts as the nearest value it had.

    Attributes
    ----------
    kept : ndarray of bool, shape (d,)
    mean, sd, low, high : ndarray, shape (kept,)
        In the vectors' unit; `low` and `high` in standard deviations from the mean.
    """

    kept: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    low: np.ndarray | float
    high: np.ndarray | float

    @classmethod
    def fit(cls, vectors: np.ndarray) -> Scale:
        """From the training places' vectors, shape (n, d)."""
        kept = np.ptp(vectors, axis=0) > ROUNDING * np.abs(vectors).max(0)
        mean, sd = vectors[:, kept].mean(0), vectors[:, kept].std(0)
        scaled = (vectors[:, kept] - mean) / sd
        return cls(kept, mean, sd, scaled.min(0), scaled.max(0))

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """(n, d) -> (n, kept)."""
        return np.clip((vectors[:, self.kept] - self.mean) / self.sd, self.low, self.high)


@dataclass(frozen=True)
class Probe:
    r"""Ridge regression of known facts on the vectors of places (Hoerl & Kennard 1970, Technometrics 12, 55).

    .. math:: \min_{a, b} \; \frac1n \sum_{i=1}^n (y_i - a - b \cdot z_i)^2 + \lambda\, b \cdot b,

    with :math:`z` the vector as :class:`Scale` gives it.

    Attributes
    ----------
    scale : Scale
    intercept : ndarray, shape (target,)
    slope : ndarray, shape (kept, target)
    penalty : ndarray, shape (target,)
        The :math:`\lambda` of each target.
    """

    scale: Scale
    intercept: np.ndarray
    slope: np.ndarray
    penalty: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray, targets: np.ndarray, unit: np.ndarray) -> Probe:
        """Choose the penalties by cross-validation over whole units, then fit to all places.

        Parameters
        ----------
        vectors : ndarray, shape (n, d)
        targets : ndarray, shape (n, target)
        unit : ndarray of int, shape (n,)
            As :func:`deal`: what is held out inside must be what is held out outside, or the penalty would be right
            for places next door and too weak for new regions.
        """
        error = np.zeros((len(PENALTIES), targets.shape[1]))
        for train, test in GroupKFold(min(INNER, len(np.unique(unit)))).split(vectors, groups=unit):
            scale, intercept, slopes = _fitted(vectors[train], targets[train])
            error += ((intercept + scale(vectors[test]) @ slopes - targets[test]) ** 2).sum(1)
        best = error.argmin(0)
        scale, intercept, slopes = _fitted(vectors, targets)
        return cls(scale, intercept, slopes[best, :, np.arange(len(best))].T, PENALTIES[best])

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors (n, d) -> estimates (n, target)."""
        return self.intercept + self.scale(vectors) @ self.slope


def _fitted(vectors: np.ndarray, targets: np.ndarray) -> tuple[Scale, np.ndarray, np.ndarray]:
    """Scale, intercepts (target,), and slopes of every penalty (penalty, kept, target).

    One eigendecomposition, of the smaller of Z'Z and ZZ', serves all penalties and targets: a page with dozens of
    encoders has no time for a solver that starts anew for each.
    """
    scale = Scale.fit(vectors)
    z, intercept = scale(vectors), targets.mean(0)
    wide = z.shape[1] > len(z)
    values, axes = np.linalg.eigh(z @ z.T if wide else z.T @ z)
    centred = targets - intercept
    turned = axes.T @ (centred if wide else z.T @ centred)
    shrunk = turned / (values[:, None] + len(z) * PENALTIES[:, None, None])
    return scale, intercept, (z.T @ axes if wide else axes) @ shrunk


def held_out(vectors: ArrayLike, targets: ArrayLike, fold: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Estimates at every place by the probe that was fitted to the other folds.

    Parameters
    ----------
    vectors : array_like, shape (n, d)
    targets : array_like, shape (n, target)
        Read together because it costs nothing; each has its own penalty.
    fold, unit : ndarray of int, shape (n,)
        As :func:`deal`.

    Returns
    -------
    ndarray, shape (n, target)

    Raises
    ------
    TrainingError
        If numbers are missing or not finite, shapes do not fit, there is one fold only, or the training places of a
        fold are of one unit.
    """
    x, y = np.asarray(vectors, np.float64), np.asarray(targets, np.float64)
    if x.ndim != 2 or y.ndim != 2 or not len(x) == len(y) == len(fold) == len(unit):
        raise TrainingError(
            f"a probe needs a row a place; got vectors {x.shape}, targets {y.shape}, {len(fold)} folds "
            f"and {len(unit)} units"
        )
    for what, numbers in (("vectors", x), ("targets", y)):
        if (wrong := ~np.isfinite(numbers).all(1)).any():
            raise TrainingError(
                f"{what} of {wrong.sum()} of {len(x)} places are not finite, first in row "
                f"{wrong.argmax()}; leave these places out"
            )
    estimates = np.empty_like(y)
    for number in np.unique(fold):
        known = fold != number
        if len(np.unique(unit[known])) < 2:
            raise TrainingError(
                f"fold {number} leaves {known.sum()} training places of fewer than two units to choose "
                "the penalty by; give more places, or smaller units"
            )
        estimates[~known] = Probe.fit(x[known], y[known], unit[known])(x[~known])
    return estimates


def block_sums(lonlat: ArrayLike, targets: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """Sums of every block, for :func:`placeprior.scores.metrics.from_sums` and its bootstrap.

    Near places are alike, so what a bootstrap may draw one by one is not places but :func:`blocks` of them.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
    targets, estimates : ndarray, shape (n, target)

    Returns
    -------
    ndarray, shape (target, block, 8)
        Columns :data:`placeprior.scores.metrics.SUMS`.
    """
    block = blocks(lonlat)
    return np.stack([station_sums(block, y, e).to_numpy() for y, e in zip(targets.T, estimates.T, strict=True)])
