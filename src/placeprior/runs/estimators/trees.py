"""Boosted trees and a random forest on the windows of predictors that the network sees, alone or with kriging."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

from placeprior import encoders
from placeprior.runs.estimators.interpolation import kriged
from placeprior.runs.inputs import Inputs

WINDOW = 14  # days the trees look at, as the network of size study does
ROWS = 65_536  # training rows of a tree model: what an epoch of the network sees, and enough for trees of this size
COMPONENTS = 32  # of GeoCLIP's 512 numbers: with columns to spare a tree finds one that separates any two stations
FOLDS = 5
# Boosted trees: the best on validation rows of what benchmarks/trees.py has tried so far (results/aqs/trees.csv).
TREES = {"learning_rate": 0.05, "max_iter": 1000, "max_leaf_nodes": 127, "min_samples_leaf": 50, "n_iter_no_change": 10}
# Trees of a quarter of the rows: a forest averages them, so fewer rows each cost little and save most of the time.
FOREST = {"n_estimators": 60, "min_samples_leaf": 5, "max_features": 0.33, "max_samples": 0.25}


class Rows:
    """The table that trees are fitted to: one row a station-day, the predictors of its last days side by side.

    Parameters
    ----------
    inputs : Inputs
        Scaled, and completed by the neighbour feature where the task has it, exactly as for the network.
    place : {"", "lonlat", "urban", "geoclip"}
        What else a row says about its place. GeoCLIP's vector is reduced to its first principal components over the
        training stations; that uses no label.
    """

    def __init__(self, inputs: Inputs, place: str = "") -> None:
        self.parts, self.pm25 = inputs.parts, inputs.cube["pm25"].values.astype(np.float64)
        self.features = inputs.features
        self.tell = _teller(inputs, place)
        self.place = self.tell(inputs.lonlat)

    def x(self, mask: np.ndarray) -> np.ndarray:
        """Predictors of the rows where ``mask`` (station, time) is true: (n, window · feature + place)."""
        return windows(self.features, self.place, *np.nonzero(mask))

    def y(self, mask: np.ndarray) -> np.ndarray:
        """Measurements of these rows, µg m-3."""
        return self.pm25[mask]

    def sample(self, mask: np.ndarray, seed: int) -> np.ndarray:
        """At most :data:`ROWS` of the rows in ``mask``, drawn by ``seed``, as a mask."""
        rows = np.flatnonzero(mask)
        if rows.size > ROWS:
            rows = np.random.default_rng(seed).choice(rows, ROWS, replace=False)
        drawn = np.zeros_like(mask)
        drawn.flat[rows] = True
        return drawn


def windows(features: np.ndarray, place: np.ndarray, where: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Predictors of the last days side by side, and what is told of the place, (n, window · feature + place).

    Parameters
    ----------
    features : ndarray, shape (place, time, feature)
    place : ndarray, shape (place, dim)
    where, day : ndarray of int, shape (n,)
        Positions of the rows.
    """
    last = features[where[:, None], day[:, None] + np.arange(1 - WINDOW, 1)]
    return np.concatenate([last.reshape(len(where), -1), place[where]], axis=1)


def _teller(inputs: Inputs, place: str) -> Callable[[np.ndarray], np.ndarray]:
    """What a row is told about its place: lonlat (n, 2) -> (n, dim), float32."""
    if place == "lonlat":
        return lambda lonlat: lonlat.astype(np.float32)
    if place == "urban":
        return lambda lonlat: encoders.embed("urban", lonlat)
    if place == "geoclip":
        vectors, known = encoders.embed("geoclip", inputs.lonlat), inputs.parts.train.any(1)
        pca = PCA(min(COMPONENTS, int(known.sum()) - 1), svd_solver="full").fit(vectors[known])
        return lambda lonlat: pca.transform(encoders.embed("geoclip", lonlat)).astype(np.float32)
    return lambda lonlat: np.zeros((len(lonlat), 0), np.float32)


def boosted(inputs: Inputs, place: str = "") -> np.ndarray:
    """Boosted trees at the test rows."""
    rows = Rows(inputs, place)
    return fit_boosted(rows, inputs.run.stream).predict(rows.x(inputs.parts.test))


def forest(inputs: Inputs, place: str = "") -> np.ndarray:
    """A random forest at the test rows."""
    rows = Rows(inputs, place)
    return fit_forest(rows, inputs.run.stream).predict(rows.x(inputs.parts.test))


def boosted_and_kriged(inputs: Inputs) -> np.ndarray:
    """Boosted trees, plus their out-of-fold errors at the training rows, kriged day by day."""
    seed, rows = inputs.run.stream, Rows(inputs)
    correction = np.nan_to_num(kriged(out_of_fold(rows, seed), inputs))
    return fit_boosted(rows, seed).predict(rows.x(inputs.parts.test)) + correction


def fit_boosted(
    rows: Rows,
    seed: int,
    fitted: np.ndarray | None = None,
    more: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    checked: np.ndarray | None = None,
) -> HistGradientBoostingRegressor:
    """Gradient-boosted trees (Friedman, J. H. 2001, *Annals of Statistics* 29, 1189), stopped by validation rows.

    Parameters
    ----------
    rows : Rows
    seed : int
    fitted : ndarray of bool, shape (station, time), optional
        Rows to learn from, instead of all training rows.
    more : (x, y, weight), optional
        Rows that are no station-days, with their weight beside a station-day's 1.
    checked : ndarray of bool, shape (station, time), optional
        Rows that stop the learning, instead of all validation rows.
    """
    drawn = rows.sample(rows.parts.train if fitted is None else fitted, seed)
    stopping = rows.sample(rows.parts.validation if checked is None else checked, seed)
    x, y, weight = rows.x(drawn), rows.y(drawn), None
    if more is not None:
        weight = np.concatenate([np.ones(len(y)), more[2]])
        x, y = np.concatenate([x, more[0].astype(x.dtype)]), np.concatenate([y, more[1]])
    model = HistGradientBoostingRegressor(**TREES, early_stopping=True, random_state=seed)
    return model.fit(x, y, weight, X_val=rows.x(stopping), y_val=rows.y(stopping))


def fit_forest(rows: Rows, seed: int) -> RandomForestRegressor:
    """A random forest (Breiman, L. 2001, *Machine Learning* 45, 5)."""
    drawn = rows.sample(rows.parts.train, seed)
    model = RandomForestRegressor(**FOREST, bootstrap=True, n_jobs=1, random_state=seed)
    return model.fit(rows.x(drawn), rows.y(drawn))


def out_of_fold(rows: Rows, seed: int) -> np.ndarray:
    """What trees miss at training rows that they were not fitted to, shape (station, time), NaN elsewhere.

    A tree model has half learnt its training rows by heart: its errors there are smaller than those it makes anywhere
    else, and kriging them would correct too little. So each fifth of the training rows is estimated by trees fitted to
    the other four. Fifths are of whole stations where the split tests stations it does not train on, and of single rows
    where it tests rows of stations that it does (the random split): as the test, so the fold.
    """
    train, test = rows.parts.train, rows.parts.test
    shape = train.shape if (train.any(1) & test.any(1)).any() else (len(train), 1)
    fold = np.broadcast_to(np.random.default_rng(seed).integers(FOLDS, size=shape), train.shape)
    missed = np.full(train.shape, np.nan)
    for left in range(FOLDS):
        out, fitted = train & (fold == left), train & (fold != left)
        if out.any() and fitted.any():
            missed[out] = rows.y(out) - fit_boosted(rows, seed, fitted).predict(rows.x(out))
    return missed
