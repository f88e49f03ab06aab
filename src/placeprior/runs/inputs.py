"""The one way from a run to what its network sees, at its stations and at any other place.

Training, maps, evidence and rivals all take it from here: the predictors, their gaps filled by the run's own filler,
the neighbours from the run's own pool, the scaling, the place vectors. So a map at a station's place and day sees, bit
for bit, what training saw there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd
import torch
import xarray as xr

from placeprior import data, encoders
from placeprior.coords import check_lonlat
from placeprior.data import gapfill
from placeprior.data.cube import predictors
from placeprior.errors import ConfigError, CubeError
from placeprior.network.windows import Scaler
from placeprior.runs import configuration
from placeprior.runs.networks import trainable
from placeprior.runs.plan import Run
from placeprior.space.neighbours import PERIOD, matched_exclusion, matched_features, neighbour_features
from placeprior.space.splits import Split, lonlat_of, split

SPLIT_SEED = 0  # of every run's split: runs that differ in their seed alone test the same rows
NEIGHBOUR_FEATURES = ["neighbour_pm25", "neighbour_log10_km"]


@lru_cache(maxsize=3)
def _cube(spec: str) -> xr.Dataset:
    spec = json.loads(spec)
    return data.load(spec["load"], **spec["options"])


def cube_of(run: Run) -> xr.Dataset:
    """The cube a run is about, loaded once a process."""
    return _cube(json.dumps({key: run.data[key] for key in ("load", "options")}, sort_keys=True))


def parts_of(run: Run, cube: xr.Dataset) -> Split:
    """The run's partition of a cube: the split and the fold decide it, the run's seed does not."""
    return split(run.split, cube, SPLIT_SEED, run.fold)


class Inputs:
    """Everything a run's network sees, with all scaling fitted on training rows; each part is made when first needed.

    A task that is about leaks (``leak`` in ``runs.yml``) does on purpose what must not be done: with ``neighbours`` the
    neighbour feature is made from all monitors, those held out included, and with ``scalers`` all scaling is fitted on
    training and test rows together, as in the reference code of Karimzadeh, Wang & Crooks (2025). With ``neighbours:
    unmatched`` a training row's neighbours are all there are, however much nearer than a test row's.

    Parameters
    ----------
    run : Run
        A network's or a rival's; a rival is told no place.
    cube : xarray.Dataset
    parts : Split
    scalers : mapping of str to Scaler, optional
        ``x_scale``, ``y_scale`` and ``place_scale`` that a stored run was trained with
        (:func:`~placeprior.runs.networks.restore`); fitted here when absent.

    Attributes
    ----------
    names : list of str
        Predictors, the neighbour features last where the task has them.
    lonlat : ndarray, shape (station, 2)
        Degrees.

    Raises
    ------
    CubeError
        If a predictor has the name of a neighbour feature.
    """

    def __init__(self, run: Run, cube: xr.Dataset, parts: Split, scalers: Mapping[str, Scaler] | None = None) -> None:
        self.run, self.cube, self.parts = run, cube, parts
        self.lonlat, self.names = lonlat_of(cube), predictors(cube)
        self._stored = scalers or {}
        leak = run.data.get("leak", ())
        self._fitted = parts.train | parts.test if "scalers" in leak else parts.train
        self._pool = np.isfinite(cube["pm25"].values) if "neighbours" in leak else parts.pool
        if cube.attrs.get("neighbours"):
            if own := set(self.names) & set(NEIGHBOUR_FEATURES):
                raise CubeError(
                    f"the cube of task {run.task!r} has a predictor {min(own)!r} of its own, and the "
                    "neighbour features are made for each fold; drop it from the cube, or its attribute "
                    "'neighbours'"
                )
            self.names = self.names + NEIGHBOUR_FEATURES

    @classmethod
    def of(cls, run: Run, scalers: Mapping[str, Scaler] | None = None) -> Inputs:
        """The inputs of a run on its own cube and its own split."""
        cube = cube_of(run)
        return cls(run, cube, parts_of(run, cube), scalers)

    # --- at the stations ---

    @property
    def features(self) -> np.ndarray:
        """Scaled inputs of every station-day, float32 (station, time, feature)."""
        return self._features[0]

    @property
    def x_scale(self) -> Scaler:
        """Scaling of the features."""
        return self._stored["x_scale"] if "x_scale" in self._stored else self._features[1]

    @cached_property
    def _features(self) -> tuple[np.ndarray, Scaler]:
        values = _stacked(self.cube)
        values = self._completed(values, self.cube["time"].values, self.lonlat, np.arange(len(self.lonlat)))
        scale = self._stored.get("x_scale") or Scaler.fit(values[self._fitted])
        return scale(values), scale

    @cached_property
    def y_scale(self) -> Scaler:
        """Scaling of the target."""
        return self._stored.get("y_scale") or Scaler.fit(self._pm25[self._fitted][:, None])

    @property
    def target(self) -> np.ndarray:
        """Scaled measurements, float32 (station, time)."""
        return self.y_scale(self._pm25[..., None])[..., 0]

    @property
    def huber(self) -> float:
        """Half the range of the training target, in scaled units.

        The reference's ``Huber(1)`` on a target scaled to -1..1, up to a constant factor.
        """
        y = self._pm25[self._fitted]
        return float((y.max() - y.min()) / 2 / self.y_scale.scale[0])

    @property
    def gaps(self) -> pd.DataFrame | None:
        """How well gaps are filled (:meth:`placeprior.data.gapfill.Filler.accuracy`); None where the task has none."""
        return None if self._filler is None else self._filler.accuracy()

    @cached_property
    def place(self) -> np.ndarray | None:
        """What tells each station's place, scaled: float32 (station, dim); None where no place is told."""
        return None if self._vectors is None else self.place_scale(self._vectors)

    @property
    def place_scale(self) -> Scaler | None:
        """Scaling of the place vectors; none of an encoder that is trained, whose output is scaled instead."""
        if self._vectors is None or "place_scale" in self._stored:
            return self._stored.get("place_scale")
        if self.module is not None:
            dim = self._vectors.shape[1]
            return Scaler(np.zeros(dim, np.float32), np.ones(dim, np.float32))
        return place_scaler(self._vectors[self.parts.train.any(1)], self.run.fusion)

    @cached_property
    def module(self) -> torch.nn.Module | None:
        """The part of the encoder that is trained with the network, as training starts with it; or None."""
        module = trainable(self.run)
        if module is not None:
            centre(module, self._vectors[self.parts.train.any(1)], self.run.fusion)
        return module

    # --- anywhere ---

    def at(self, values: np.ndarray, time: np.ndarray, lonlat: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """What the network sees at other places and days.

        A place that is a station's, to the last bit of its coordinates, is that station: it does not see its own
        measurements, and sees of the others what the station saw.

        Parameters
        ----------
        values : ndarray, shape (place, time, predictor)
            The cube's predictors, in its order and units; NaN where unknown.
        time : ndarray of datetime64, shape (time,)
        lonlat : ndarray, shape (place, 2)
            Degrees.

        Returns
        -------
        features : ndarray of float32, shape (place, time, feature)
        place : ndarray of float32, shape (place, dim), or None

        Raises
        ------
        ConfigError
            If the task has neighbours, and no monitor was read on one of the days.
        """
        station = self._station_at(lonlat)
        features = self.x_scale(self._completed(values, time, lonlat, station))
        if self._encode is None:
            return features, None
        vectors, known = self._encode(lonlat), station >= 0
        # In a batch of another size the last bit may be another: a station keeps the vector it was trained with.
        vectors[known] = self._vectors[station[known]]
        return features, self.place_scale(vectors)

    def neighbour_mean(self, time: np.ndarray, lonlat: np.ndarray | None = None) -> np.ndarray:
        """Inverse-distance mean of the day's pool, µg m-3, (place, time): at stations, or anywhere as in :meth:`at`.

        No neighbour is ignored, whatever the task says of matching.
        """
        station = np.arange(len(self.lonlat)) if lonlat is None else self._station_at(lonlat)
        return self._neighbours(time, self.lonlat if lonlat is None else lonlat, station, matched=False)[..., 0]

    def _completed(self, values: np.ndarray, time: np.ndarray, lonlat: np.ndarray, station: np.ndarray) -> np.ndarray:
        """Predictors with their gaps filled and the neighbour features beside them, unscaled, float32."""
        values = values.astype(np.float32)
        if self._filler is not None:
            values = self._filler(values, time)
        if self.cube.attrs.get("neighbours"):
            matched = self.run.data.get("neighbours") != configuration.UNMATCHED
            values = np.concatenate([values, self._neighbours(time, lonlat, station, matched)], axis=-1)
        return values

    def _neighbours(self, time: np.ndarray, lonlat: np.ndarray, station: np.ndarray, matched: bool) -> np.ndarray:
        """Mean of the neighbours and distance to the nearest, (place, time, 2)."""
        day = self._day_of(time)
        if matched:
            return matched_features(
                self.cube["pm25"].values, self.lonlat, self._pool, self._radius, day=day, target=lonlat, itself=station
            )
        pm25, pool = self.cube["pm25"].values[:, day], self._pool[:, day]
        return neighbour_features(pm25, self.lonlat, pool, target=lonlat, itself=station)

    def _day_of(self, time: np.ndarray) -> np.ndarray:
        """Positions of days in the cube's time."""
        known = self.cube["time"].values
        day = np.searchsorted(known, time).clip(max=len(known) - 1)
        if not np.array_equal(known[day], time):
            missing, first, last = np.array([time[known[day] != time][0], known[0], known[-1]], "datetime64[D]")
            raise ConfigError(
                f"no monitor was read on {missing}: task {self.run.task!r} has {first} to {last}; choose among these "
                "days"
            )
        return day

    def _station_at(self, lonlat: np.ndarray) -> np.ndarray:
        """The station that stands at each place, the first of several, -1 where none does."""
        known = {tuple(place): i for i, place in reversed(list(enumerate(self.lonlat.tolist())))}
        return np.array([known.get(tuple(place), -1) for place in check_lonlat(lonlat).tolist()], int)

    # --- parts of it ---

    @cached_property
    def _pm25(self) -> np.ndarray:
        return self.cube["pm25"].values.astype(np.float32)

    @cached_property
    def _radius(self) -> np.ndarray:
        """Up to which each station ignores its neighbours, by period of time, km: drawn for every fold and seed."""
        parts, rng = self.parts, np.random.default_rng([SPLIT_SEED, self.run.fold, self.run.seed])
        periods = (self.cube.sizes["time"] - 1) // PERIOD + 1
        return matched_exclusion(self.lonlat, self._pool.any(1), parts.train.any(1), parts.test.sum(1), periods, rng)

    @cached_property
    def _filler(self) -> gapfill.Filler | None:
        """What fills the gaps of the predictors; None where the task has no gaps.

        It is not stored: fitted anew to the same rows with the same seed, it fills to the last bit as before.
        """
        gaps = self.cube.attrs.get("gaps", "").split()
        if not gaps:
            return None
        values, time = _stacked(self.cube), self.cube["time"].values
        return gapfill.Filler(
            values, predictors(self.cube), gaps, self.parts.train, self.lonlat, time, seed=self.run.stream
        )

    @cached_property
    def _encode(self):
        """What turns lonlat (n, 2) into the run's vectors (n, dim), fitted to its places where it must be; or None."""
        if not self.run.tells_place:
            return None
        return encoders.fit(self.run.variant, self.lonlat, self.parts.train.any(1), self.run.seed)

    @cached_property
    def _vectors(self) -> np.ndarray | None:
        """The stations' place vectors, unscaled."""
        return None if self._encode is None else self._encode(self.lonlat)


def _stacked(cube: xr.Dataset) -> np.ndarray:
    """All predictors of a cube side by side, shape (station, time, predictor)."""
    return np.stack([cube[name].transpose("station", "time").values for name in predictors(cube)], axis=-1)


def place_scaler(vectors: np.ndarray, fusion: str) -> Scaler:
    """Scale place vectors: per column where they are channels, by one number where they are an embedding.

    Channels are coordinates with their own units. The columns of an embedding share theirs; scaling each by itself
    would blow up those that hardly vary over the training stations and matter elsewhere.
    """
    scaler = Scaler.fit(vectors)
    if fusion == "channels":
        return scaler
    common = np.sqrt(np.mean(scaler.scale.astype(np.float64) ** 2))
    return Scaler(scaler.mean, np.full_like(scaler.scale, common))


def centre(module: torch.nn.Module, vectors: np.ndarray, fusion: str) -> None:
    """Scale what an encoder that is trained gives, by the vectors (n, dim) of the training stations."""
    with torch.inference_mode():
        scaler = place_scaler(module(torch.from_numpy(vectors)).numpy(), fusion)
    module.mean.copy_(torch.from_numpy(scaler.mean))
    module.scale.copy_(torch.from_numpy(scaler.scale))
