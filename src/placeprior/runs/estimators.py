"""What a person would use instead of the network: interpolation, trees, both, and a network of whole series.

================  ======================================================================================================
``idw``           inverse-distance mean of the day's training monitors
``kriging``       ordinary kriging of the day's training monitors
``gbt`` ``rf``    boosted trees, a random forest, on the same windows of predictors as the network
``…+lonlat``      the trees also get longitude and latitude
``…+geoclip``     the trees also get GeoCLIP's vector, in few numbers
``…+urban``       the trees also get population density, two numbers
``gbt+kriging``   boosted trees, and what they missed at the training monitors that day, kriged
``none+kriging``  the trained network without a place, and what it missed, kriged
``eof``           temporal patterns of the training monitors, mixed by a network of longitude and latitude
================  ======================================================================================================

None reads a label that the split holds out. Where nothing is known on a day, each says the training mean. Settings of
the boosted trees were chosen by validation rows, as the training of networks was; the others are usual ones.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.neural_network import MLPRegressor
from threadpoolctl import threadpool_limits

from placeprior import encoders
from placeprior.errors import UnknownName
from placeprior.runs.plan import BASELINES, Run
from placeprior.space.kriging import krige, variogram
from placeprior.space.neighbours import neighbour_pm25
from placeprior.space.splits import Split, lonlat_of

WINDOW = 14  # days the trees look at, as the network of size study does
ROWS = 65_536  # training rows of a tree model: what an epoch of the network sees, and enough for trees of this size
COMPONENTS = 32  # of GeoCLIP's 512 numbers: with columns to spare a tree finds one that separates any two stations
FOLDS = 5
# Boosted trees: the best on validation rows of what benchmarks/trees.py has tried so far (results/aqs/trees.csv).
TREES = {"learning_rate": 0.05, "max_iter": 1000, "max_leaf_nodes": 127, "min_samples_leaf": 50, "n_iter_no_change": 10}
# Trees of a quarter of the rows: a forest averages them, so fewer rows each cost little and save most of the time.
FOREST = {"n_estimators": 60, "min_samples_leaf": 5, "max_features": 0.33, "max_samples": 0.25}
KEPT = 0.95  # share of the variance that the temporal patterns keep, as published
REPORTED = 0.5  # share of the days a station must have reported to shape the temporal patterns
LAYERS = (100,) * 5  # as published
EPOCHS, PATIENCE = 500, 50  # of the network of coefficients: an epoch is one pass over the stations


def estimate(name: str, run: Run, cube: xr.Dataset, parts: Split) -> np.ndarray:
    """Estimate the test rows of a run by a baseline.

    Parameters
    ----------
    name : str
        One of :data:`~placeprior.runs.plan.BASELINES`.
    run : Run
        Whose seed and fold decide every random draw.
    cube : xarray.Dataset
    parts : Split

    Returns
    -------
    ndarray of float64, shape (n,)
        µg m-3, in the order of ``np.nonzero(parts.test)``; never NaN.

    Raises
    ------
    UnknownName
        If there is no such baseline.
    """
    if name not in BASELINES:
        raise UnknownName("baseline", name, BASELINES)
    mean = float(cube["pm25"].values[parts.train].mean(dtype=np.float64))
    with threadpool_limits(1):  # one thread a run: bit-equal results, and runs share the cores
        if name == "idw":
            from placeprior.runs.making import pool_of  # which imports this module

            found = neighbour_pm25(cube["pm25"].values, lonlat_of(cube), pool_of(run, cube, parts))[parts.test]
        elif name == "kriging":
            found = _kriged(np.where(parts.pool, cube["pm25"].values, np.nan), cube, parts)
        elif name == "eof":
            found = _eof(run, cube, parts, mean)
        elif name == "none+kriging":
            found = _network(run, cube, parts)
        elif name == "gbt+kriging":
            found = _trees_and_kriging(run, cube, parts)
        else:
            kind, _, place = name.partition("+")
            rows = Rows(run, cube, parts, place)
            model = _boosted(rows, seed_of(run)) if kind == "gbt" else _forest(rows, seed_of(run))
            found = model.predict(rows.x(parts.test))
    return np.where(np.isfinite(found), found, mean).astype(np.float64)


def seed_of(run: Run) -> int:
    """The seed of everything drawn for a run, as for its network."""
    return 1000 * run.seed + run.fold


def _kriged(values: np.ndarray, cube: xr.Dataset, parts: Split) -> np.ndarray:
    """Values (station, time), NaN where unknown, kriged to the test rows; NaN on days without any."""
    lonlat = lonlat_of(cube)
    return krige(values, lonlat, lonlat, parts.test, variogram(values, lonlat))[parts.test]


# --- trees -----------------------------------------------------------------------------------------------------------


class Rows:
    """The table that trees are fitted to: one row a station-day, the predictors of its last days side by side.

    Parameters
    ----------
    run, cube, parts
        As for :func:`estimate`. Predictors are scaled, and completed by the neighbour feature where the task has it,
        exactly as for the network.
    place : {"", "lonlat", "urban", "geoclip"}
        What else a row says about its place. GeoCLIP's vector is reduced to its first principal components over the
        training stations; that uses no label.
    """

    def __init__(self, run: Run, cube: xr.Dataset, parts: Split, place: str = "") -> None:
        from placeprior.runs.making import Prepared  # which imports this module

        self.parts, self.pm25 = parts, cube["pm25"].values.astype(np.float64)
        self.features = Prepared(_plain(run), cube, parts).features
        self.place = np.zeros((len(self.pm25), 0), np.float32)
        if place == "lonlat":
            self.place = lonlat_of(cube).astype(np.float32)
        elif place == "urban":
            self.place = encoders.embed("urban", lonlat_of(cube))
        elif place == "geoclip":
            vectors, known = encoders.embed("geoclip", lonlat_of(cube)), parts.train.any(1)
            pca = PCA(min(COMPONENTS, int(known.sum()) - 1), svd_solver="full").fit(vectors[known])
            self.place = pca.transform(vectors).astype(np.float32)

    def x(self, mask: np.ndarray) -> np.ndarray:
        """Predictors of the rows where ``mask`` (station, time) is true: (n, window · feature + place)."""
        station, day = np.nonzero(mask)
        windows = self.features[station[:, None], day[:, None] + np.arange(1 - WINDOW, 1)]
        return np.concatenate([windows.reshape(len(station), -1), self.place[station]], axis=1)

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


def _plain(run: Run) -> Run:
    """The same run by the network that is told no place."""
    return replace(run, variant="none", fusion="-", weights="-")


def _boosted(rows: Rows, seed: int, fitted: np.ndarray | None = None) -> HistGradientBoostingRegressor:
    """Gradient-boosted trees (Friedman, J. H. 2001, *Annals of Statistics* 29, 1189), stopped by validation rows."""
    drawn = rows.sample(rows.parts.train if fitted is None else fitted, seed)
    checked = rows.sample(rows.parts.validation, seed)
    model = HistGradientBoostingRegressor(**TREES, early_stopping=True, random_state=seed)
    return model.fit(rows.x(drawn), rows.y(drawn), X_val=rows.x(checked), y_val=rows.y(checked))


def _forest(rows: Rows, seed: int) -> RandomForestRegressor:
    """A random forest (Breiman, L. 2001, *Machine Learning* 45, 5)."""
    drawn = rows.sample(rows.parts.train, seed)
    model = RandomForestRegressor(**FOREST, bootstrap=True, n_jobs=1, random_state=seed)
    return model.fit(rows.x(drawn), rows.y(drawn))


def _trees_and_kriging(run: Run, cube: xr.Dataset, parts: Split) -> np.ndarray:
    """Boosted trees, plus their out-of-fold errors at the training rows, kriged day by day."""
    seed, rows = seed_of(run), Rows(run, cube, parts)
    missed = out_of_fold(rows, seed)
    correction = np.nan_to_num(_kriged(missed, cube, parts))
    return _boosted(rows, seed).predict(rows.x(parts.test)) + correction


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
            missed[out] = rows.y(out) - _boosted(rows, seed, fitted).predict(rows.x(out))
    return missed


# --- the network, corrected -------------------------------------------------------------------------------------------


def _network(run: Run, cube: xr.Dataset, parts: Split) -> np.ndarray:
    """The run's network without a place, plus its errors at the training rows, kriged day by day.

    The errors are those at the rows it was trained on. A network of this size, shown every row a few times, has hardly
    learnt them by heart; five more trainings for out-of-fold errors would cost more than the rest of the table. The
    validation stations would give errors at new places, but they are a tenth of the stations, and no other baseline
    reads their labels.
    """
    from placeprior.network.training import estimate as estimates
    from placeprior.network.windows import Windows
    from placeprior.runs import daily_maps, making  # which import this module

    plain = _plain(run)
    making.make(plain, log=lambda _: None)
    model, scalers = daily_maps.restore(plain)
    window = plain.settings.window
    windows = Windows(making.Prepared(plain, cube, parts).features, window)

    def said(mask: np.ndarray) -> np.ndarray:
        scaled, _ = estimates(model, windows, windows.rows(mask))
        return scaled * scalers["y_scale"].scale[0] + scalers["y_scale"].mean[0]

    missed = np.full(parts.train.shape, np.nan)
    missed[parts.train] = cube["pm25"].values[parts.train] - said(parts.train)
    return said(parts.test) + np.nan_to_num(_kriged(missed, cube, parts))


# --- a network of whole series ----------------------------------------------------------------------------------------


def _eof(run: Run, cube: xr.Dataset, parts: Split, mean: float) -> np.ndarray:
    r"""Empirical orthogonal functions with coefficients from a network (Amato et al. 2020, *Sci. Rep.* 10, 22243).

    .. math:: \hat y(s, t) = m(t) + \sum_{k=1}^{K} a_k(s)\, \phi_k(t)

    with the network mean of each day :math:`m`, the first right singular vectors :math:`\phi_k` of the centred
    matrix, and coefficients :math:`a_k` that a network learns from longitude and latitude. Its squared error over the
    coefficients is that of the series, since the :math:`\phi_k` are orthonormal (the paper takes absolute errors). The
    validation rows stop it.

    A singular value decomposition knows no gaps, and many monitors report every third or sixth day only. Gaps are
    filled by the day's kriging estimate, at stations that reported on at least half of the days; stations with fewer
    are left out, for the patterns would be kriging's rather than theirs.
    """
    pm25 = np.where(parts.pool, cube["pm25"].values, np.nan).astype(np.float64)
    lonlat = lonlat_of(cube)
    share = parts.pool[:, parts.pool.any(0)].mean(1)
    used = share >= REPORTED if (share >= REPORTED).any() else share > 0
    filled = krige(pm25, lonlat, lonlat[used], ~parts.pool[used], variogram(pm25, lonlat))
    matrix = np.where(parts.pool[used], pm25[used], np.where(np.isfinite(filled), filled, mean))
    daily = matrix.mean(0)
    u, s, patterns = np.linalg.svd(matrix - daily, full_matrices=False)
    share = np.cumsum(s**2) / max((s**2).sum(), 1e-12)
    kept = min(int(np.searchsorted(share, KEPT)) + 1, len(s))
    coefficients = u[:, :kept] * s[:kept]

    scale = coefficients.std() + 1e-9  # one number for all: a pattern counts by its variance
    where = (lonlat - lonlat[used].mean(0)) / (lonlat[used].std(0) + 1e-9)
    # A state, not a number: with a number every epoch would shuffle alike. (scikit-learn takes no Generator.)
    network = MLPRegressor(hidden_layer_sizes=LAYERS, random_state=np.random.RandomState(seed_of(run)))
    measured = cube["pm25"].values[parts.validation]
    best, best_epoch, field = np.inf, 0, np.tile(daily, (len(lonlat), 1))
    for epoch in range(EPOCHS):
        network.partial_fit(where[used], (coefficients / scale).squeeze())
        said = daily + network.predict(where).reshape(len(lonlat), -1) * scale @ patterns[:kept]
        loss = float(((said[parts.validation] - measured) ** 2).mean())
        if loss < best:
            best, best_epoch, field = loss, epoch, said
        elif epoch - best_epoch >= PATIENCE:
            break
    return field[parts.test]
