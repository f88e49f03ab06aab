r"""Estimates of a kept network at other places and days, each with an interval and a word on how far out it is.

Whether a place is unlike every training station is asked three times: how far away it lies, how far its place vector
lies from theirs, and how far its predictors of the day lie from those that were learned from. What is *far* is what
would be far for a training station among the others: above the upper whisker of their own distances,

.. math:: d > \min(\max_i d_i,\; Q_3 + 1.5\,(Q_3 - Q_1)),

where a station is not compared with itself (Meyer, H. & Pebesma, E. 2021, *Methods in Ecology and Evolution* 12, 1620,
with plain distances of scaled numbers in place of weighted ones).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from placeprior.coords import nearest_km
from placeprior.data.slips import other_unit, without_codes
from placeprior.data.stations import TAKEN
from placeprior.errors import ConfigError, CubeError
from placeprior.network.training import estimate
from placeprior.network.windows import Windows
from placeprior.runs.keeping import Kept

SAMPLE = 5_000  # training station-days that predictors are compared with
WHISKER = 1.5
NOTHING = 1e-9  # of a share that is a difference of sums
CELLS = 4_000_000  # numbers that the network sees at once: places x days x features


@dataclass
class Estimates:
    """Estimates at n places on t days; arrays are (place, time).

    Attributes
    ----------
    estimate, low, high : ndarray
        The target's unit; the interval is unbounded where too few stations were held out.
    km : ndarray, shape (place,)
        To the nearest training station.
    far, strange : ndarray of bool, shape (place,)
        Farther away, and with a place vector farther from all others, than training stations are among themselves.
    unusual : ndarray of bool
        With predictors of the day unlike any that were learned from.
    known : ndarray of float
        Share of the predictors of its window that were known, the calendar aside; where it is 0, there is no estimate.
    """

    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    km: np.ndarray
    far: np.ndarray
    strange: np.ndarray
    unusual: np.ndarray
    known: np.ndarray


class Predictor:
    """A kept network at work.

    Parameters
    ----------
    kept : Kept
    level : float
        Of the intervals.
    """

    def __init__(self, kept: Kept, level: float = 0.9) -> None:
        self.kept, self.half = kept, kept.half_width(level)
        self.window = kept.run.window

    def pieces(self, places: int, days: int) -> Iterator[slice]:
        """Slices of places such that one piece fits into memory."""
        step = max(1, CELLS // max((days + self.window) * len(self.kept.inputs.names), 1))
        for first in range(0, places, step):
            yield slice(first, min(first + step, places))

    def at(self, values: np.ndarray, time: np.ndarray, lonlat: np.ndarray) -> Estimates:
        """Estimate at places and days.

        Parameters
        ----------
        values : ndarray, shape (place, time, predictor)
            In the order of :attr:`~placeprior.runs.keeping.Kept.predictors`, NaN where unknown. The first
            ``window - 1`` days are history for the others.
        time : ndarray of datetime64, shape (time,)
            Consecutive days.
        lonlat : ndarray, shape (place, 2)

        Returns
        -------
        Estimates
            Of the days after the history.

        Raises
        ------
        CubeError
            There are fewer days than the window is long.
        """
        kept, window = self.kept, self.window
        if len(time) < window:
            raise CubeError(f"{len(time)} days are fewer than the window of {window}")
        features, place = kept.inputs.at(values, time, lonlat)
        wanted = np.zeros(features.shape[:2], bool)
        wanted[:, window - 1 :] = True
        data = Windows(features, window, place)
        scaled, _ = estimate(kept.model, data, data.rows(wanted))
        found = kept.inputs.y_scale.inverse(scaled).reshape(len(lonlat), -1)
        km = nearest_km(lonlat, self._lonlat)[0]
        strange = np.zeros(len(lonlat), bool) if place is None else self._places.query(place)[0] > self._place_limit
        today = features[:, window - 1 :]
        unusual = self._rows.query(today.reshape(-1, today.shape[-1]))[0].reshape(found.shape) > self._row_limit
        own = [name not in TAKEN for name in kept.predictors]
        told = np.isfinite(values[..., own]).mean(-1) if any(own) else np.ones(values.shape[:2])
        sums = np.cumsum(np.concatenate([np.zeros((len(told), 1)), told], 1), 1)
        known = (sums[:, window:] - sums[:, :-window]) / window
        known[known < NOTHING] = 0
        found[known == 0] = np.nan  # an interval around no more than a place and a season would promise too much
        return Estimates(found, found - self.half, found + self.half, km, km > self._km_limit, strange, unusual, known)

    # --- what training stations are among themselves ---

    @cached_property
    def _trained(self) -> np.ndarray:
        return self.kept.inputs.parts.train.any(1)

    @cached_property
    def _lonlat(self) -> np.ndarray:
        return self.kept.inputs.lonlat[self._trained]

    @cached_property
    def _km_limit(self) -> float:
        if len(self._lonlat) < 2:
            raise ConfigError("a kept model of one station cannot say what is far from it")
        return _limit(nearest_km(self._lonlat, self._lonlat, 2)[0][:, 1])

    @cached_property
    def _places(self) -> cKDTree:
        return cKDTree(self.kept.inputs.place[self._trained])

    @cached_property
    def _place_limit(self) -> float:
        return _limit(self._places.query(self._places.data, 2)[0][:, 1])

    @cached_property
    def _sample(self) -> tuple[np.ndarray, np.ndarray]:
        """Scaled predictors of some training station-days, and whose they are."""
        station, day = np.nonzero(self.kept.inputs.parts.train)
        step = max(1, len(station) // SAMPLE)
        return self.kept.inputs.features[station[::step], day[::step]], station[::step]

    @cached_property
    def _rows(self) -> cKDTree:
        return cKDTree(self._sample[0])

    @cached_property
    def _row_limit(self) -> float:
        """Distances to the nearest row of another station: those of one station's own days are no yardstick."""
        features, station = self._sample
        part = np.random.default_rng(0).permutation(len(station))[:2000]
        distance, other = self._rows.query(features[part], min(50, len(station)))
        distance = np.where(station[other] == station[part][:, None], np.inf, distance).min(1)
        return _limit(distance[np.isfinite(distance)])


def cleared(kept: Kept, name: str, values: np.ndarray, unit: str) -> tuple[np.ndarray, dict[float, int], str]:
    """A predictor's values of a table or grid, without what stands for missing, and what is odd about the rest.

    Parameters
    ----------
    kept : Kept
    name : str
    values : ndarray of float32
    unit : str
        As written there.

    Returns
    -------
    values : ndarray
    codes : dict of float to int
        What stood for missing, and how often.
    odd : str
        A line, empty where nothing is.
    """
    known = kept.cube[name]
    values, codes = without_codes(values, known.values)
    return values, codes, other_unit(name, values, known.values, (unit, str(known.attrs.get("units", ""))))


def _limit(distance: np.ndarray) -> float:
    low, high = np.quantile(distance, [0.25, 0.75])
    return float(min(distance.max(), high + WHISKER * (high - low)))
