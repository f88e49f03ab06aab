"""Gaps of satellite AOD, filled fold by fold: nothing that is held out shapes the filler.

Clouds and bright snow hide many days from the satellite. As in the study, trees learn AOD from weather, season,
vegetation and smoke where it was observed, and estimate it where it was not; observed values stay as they are. Four
things differ from the reference code:

* It fitted its fillers once, to all monitors. Here they are fitted to the station-days of one fold's ``fitted`` mask,
  and their accuracy is measured on *stations* of that mask left out of the fit, never on test stations.
* Longitude and latitude were inputs of its fillers, and elevation. Here they are not, nor is anything else that never
  changes in time: AOD filled in with their help would tell the place to the model that is to know no place. (Day
  length, which does change, still tells the latitude, to the filler as to every model that has it as a predictor.)
* Its rule for which rows each filler treats joined conditions with ``|`` and ``&`` without parentheses, so that it also
  took in days whose AOD was observed or whose weather was missing; here a value is replaced if and only if it is
  missing.
* It chose between a filler with and one without the mean AOD around a place. Here the choice is between one that sees
  the other band and one that does not: a single model would lean on the other band, which is usually there
  where the one to learn is, and usually missing where that has to be filled.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeprior.coords import arrays, check_lonlat
from placeprior.data.calendar import season
from placeprior.errors import CubeError, UnknownName

ROWS = 200_000  # station-days a filler is fitted to, drawn where there are more, to bound the time
HELD_OUT = 0.2  # of the places with observations: what the accuracy is measured on
FEWEST = 50  # station-days with an observation, below which there is nothing to learn from
# Usual settings, not searched for; no early stopping, which would take rows of the fitted stations for its own.
TREES = {"learning_rate": 0.1, "max_iter": 200, "max_leaf_nodes": 31, "min_samples_leaf": 50, "early_stopping": False}
COLUMNS = ["variable", "beside", "n_fitted", "n_held_out", "rmse", "mbe", "r2", "share"]


class Filler:
    """What fills the gaps of some variables from the others, learnt from the training rows of one fold.

    Parameters
    ----------
    features : ndarray of float32, shape (station, time, feature)
        Predictors, NaN where unknown; not changed. Without the target and the neighbour features, which are labels.
    names : list of str
        Their names.
    gaps : sequence of str
        Variables to fill, such as ``aod_047`` and ``aod_055``.
    fitted : ndarray of bool, shape (station, time)
        Station-days that may be learnt from: the training rows of a fold.
    lonlat : ndarray, shape (station, 2)
        Degrees. No input: it only says which stations stand at one place, which are held out together.
    time : ndarray of datetime64, shape (time,)
        Days. The day of the year is an input, as sine and cosine.
    seed : int
        Of every draw; with it, equal inputs give equal bits.

    Raises
    ------
    UnknownName
        A variable to fill is not among the names.
    CubeError
        Arrays do not fit each other, or a variable was hardly ever observed on the fitted station-days.

    Notes
    -----
    Gradient-boosted trees (Friedman, J. H. 2001, *Annals of Statistics* 29, 1189), which take missing inputs as they
    are. At most :data:`ROWS` station-days are fitted to. The trees are not fitted again to the held-out places, so
    the accuracy is that of the very models that fill. They are fitted when first needed, each by a generator of its
    own: in which order, and for which places, changes nothing.
    """

    def __init__(
        self,
        features: NDArray[np.float32],
        names: list[str],
        gaps: Sequence[str],
        fitted: NDArray[np.bool_],
        lonlat: NDArray[np.float64],
        time: NDArray[np.datetime64],
        *,
        seed: int,
    ) -> None:
        for name in gaps:
            if name not in names:
                raise UnknownName("variable", name, names)
        whole, features = features, arrays.numbers(features, "features").astype(np.float32)
        place = arrays.labels(lonlat) if arrays.labels(whole) is None else arrays.labels(whole)
        fitted = arrays.flags_by_day(fitted, "fitted")[arrays.order(arrays.labels(fitted), place, "fitted")]
        lonlat = check_lonlat(lonlat)[arrays.order(arrays.labels(lonlat), place, "lonlat")]
        shape = features.shape
        rest = (fitted.shape, lonlat.shape, len(time), len(names))
        if rest != (shape[:2], (shape[0], 2), shape[1], shape[2]):
            raise CubeError(
                f"features {shape}, {len(names)} names, fitted {fitted.shape}, lonlat {lonlat.shape} and "
                f"{len(time)} days do not fit each other; give them for the same stations, days and "
                "variables"
            )
        self._features, self._names, self._fitted, self._time, self._seed = features, names, fitted, time, seed
        self._bands = [names.index(name) for name in gaps]
        for band in self._bands:
            learnt = np.isfinite(features[..., band]) & fitted
            if learnt.sum() < FEWEST:
                raise CubeError(
                    f"{names[band]} was observed on {learnt.sum()} of {fitted.sum()} fitted station-days, "
                    "too few to fill its gaps from; leave it out of the gaps, or use a source that has it"
                )
        self._others = [i for i in range(shape[2]) if i not in self._bands and _changes(features[..., i], fitted)]
        self._order = _order(lonlat, seed)
        self._known: dict[tuple[int, tuple[int, ...]], tuple] = {}

    def __call__(self, features: NDArray[np.float32], time: NDArray[np.datetime64]) -> NDArray[np.float32]:
        """Fill the gaps at any places and days.

        Parameters
        ----------
        features : ndarray of float32, shape (place, time, feature)
            The variables it was fitted to, in their order.
        time : ndarray of datetime64, shape (time,)

        Returns
        -------
        ndarray of float32
            As ``features``, the variables to fill without NaN; what was known stays as it is.
        """
        from threadpoolctl import threadpool_limits

        features = arrays.numbers(features, "features").astype(np.float32)
        filled = features.copy()
        with threadpool_limits(1):  # one thread: bit-equal results, and runs share the cores
            for band in self._bands:
                for inputs, gap in self._gaps_of(features, band):
                    if gap.any():
                        predict, _ = self._trees(band, inputs)
                        filled[gap, band] = predict(self._inputs(features, time, inputs)[gap])
        return filled

    def accuracy(self) -> pd.DataFrame:
        """How well the gaps of the stations are filled.

        Returns
        -------
        pandas.DataFrame
            A row a model that fills some: ``variable``, ``beside`` (the other bands it sees, or empty), ``n_fitted``
            and ``n_held_out`` station-days, ``rmse``, ``mbe`` (estimate minus observation), ``r2`` on the held-out
            fifth of the places, and ``share`` of the fitted station-days that it fills. NaN where nothing could be
            held out.
        """
        rows = []
        for band in self._bands:
            for inputs, gap in self._gaps_of(self._features, band):
                if gap.any():
                    share = float((gap & self._fitted).sum() / self._fitted.sum())
                    beside = ", ".join(self._names[i] for i in inputs)
                    rows.append([self._names[band], beside, *self._trees(band, inputs)[1], share])
        return pd.DataFrame(rows, columns=COLUMNS)

    def _gaps_of(self, features, band):
        """Two pairs of inputs among the other bands and of the places and days to be filled with them."""
        beside = tuple(i for i in self._bands if i != band)
        known, seen = np.isfinite(features[..., band]), np.isfinite(features[..., beside]).any(2)
        with_band = ~known & seen if self._pays(band, beside) else np.zeros_like(known)
        return [((), ~known & ~with_band), (beside, with_band)]

    def _rows(self, band, inputs):
        """Station-days to learn a band from, and those of them that are held out."""
        learnt = np.isfinite(self._features[..., band]) & self._fitted
        seen = np.isfinite(self._features[..., inputs]).any(2) if inputs else True
        return learnt & seen, _held_out(self._order, learnt)

    def _pays(self, band, beside):
        usable, held = self._rows(band, beside)
        return bool(beside) and (usable & ~held).sum() >= FEWEST

    def _inputs(self, features, time, inputs):
        season = _season(time, features.shape[:2])
        return np.concatenate([features[..., self._others], season, features[..., list(inputs)]], axis=2)

    def _trees(self, band, inputs):
        """What predicts a band from these inputs, and how well; fitted once."""
        if (band, inputs) in self._known:
            return self._known[band, inputs]
        usable, held = self._rows(band, inputs)
        generator = np.random.default_rng([self._seed, band, len(inputs)])
        x = self._inputs(self._features, self._time, inputs)
        found = _fit(x, self._features[..., band], usable & ~held, usable & held, generator)
        self._known[band, inputs] = found
        return found


def _fit(x, values, rows, held, generator):
    """Trees' predict, fitted to at most :data:`ROWS` of ``rows``; and n fitted, n held out, RMSE, MBE and R2 there."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    drawn = np.flatnonzero(rows)
    if drawn.size > ROWS:
        drawn = np.sort(generator.choice(drawn, ROWS, replace=False))
    x, values = x.reshape(-1, x.shape[-1]), values.ravel().astype(np.float64)
    used = np.isfinite(x[drawn]).any(0)  # an input that is unknown on all these rows is refused by the trees
    model = HistGradientBoostingRegressor(**TREES, random_state=int(generator.integers(2**31)))
    model.fit(x[drawn][:, used], values[drawn])

    def predict(rows):
        return model.predict(rows[:, used])

    aside = np.flatnonzero(held)
    if not aside.size:
        return predict, [drawn.size, 0, np.nan, np.nan, np.nan]
    error, spread = predict(x[aside]) - values[aside], values[aside].var()
    r2 = 1 - (error**2).mean() / spread if spread > 0 else np.nan
    return predict, [drawn.size, aside.size, float(np.sqrt((error**2).mean())), float(error.mean()), float(r2)]


def _order(lonlat, seed):
    """Rank of each station's place in an order drawn by the seed; equal for stations at one place."""
    place = np.unique(lonlat, axis=0, return_inverse=True)[1].ravel()
    return np.random.default_rng(seed).permutation(place.max() + 1)[place]


def _held_out(order, learnt):
    """Station-days, as a mask, of the first fifth of the places with observations; of none where there is one place."""
    places = np.unique(order[learnt.any(1)])
    out = places[: max(1, round(HELD_OUT * len(places)))] if len(places) > 1 else places[:0]
    return learnt & np.isin(order, out)[:, None]


def _changes(values, fitted):
    """Whether a variable changes in time at some station: one that never does can only tell the place."""
    shown = np.where(fitted, values, np.nan)
    low, high = np.fmin.reduce(shown, axis=1), np.fmax.reduce(shown, axis=1)
    return bool((high > low).any())


def _season(time, shape):
    """Sine and cosine of the day of the year, (station, time, 2)."""
    days = pd.DatetimeIndex(time)
    terms = season(days.day_of_year.to_numpy(), 365 + days.is_leap_year.astype(int))
    return np.broadcast_to(np.stack(terms, 1), (*shape, 2))
