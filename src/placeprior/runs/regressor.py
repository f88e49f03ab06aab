"""The network as a regressor of scikit-learn, over a long table or a cube of station-days."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
import xarray as xr
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from placeprior.arms import HEAD_ONLY, NO_PLACE
from placeprior.data.slips import warn_odd_places
from placeprior.encoders import features
from placeprior.errors import ConfigError, UnknownName
from placeprior.files import tensors
from placeprior.network.fusion import HEAD, NONE
from placeprior.network.model import PlaceModel
from placeprior.network.sizes import SIZES, Config
from placeprior.network.training import train
from placeprior.network.windows import Scaler, Windows
from placeprior.runs.inputs import centre, place_scaler
from placeprior.runs.networks import alike, build, one_thread, starting
from placeprior.runs.panel import Column, Panel, Roles, from_cube, target_of, warn_disguised
from placeprior.space.splits import HELD_OUT

SPREAD = 3  # standard deviations around the mean: where values that were learned from lie
WATCHED = 512  # rows whose loss is looked at after each epoch where no rows are held out
LEARNT = ("predictors_", "loss_curve_", "n_features_in_")
SCALERS = ("x_scale_", "y_scale_", "place_scale_")


class PlaceRegressor(RegressorMixin, BaseEstimator):
    """Estimate a day's value at a station from the days up to it and, if told, the place.

    A row of X is a station and a day; every column without another role is a predictor. An estimate looks at `window`
    days of the row's station *in X*: give whole stations, to `fit` as to `predict`, and rows to be learnt from with a
    target, others with NaN. Days and values that are missing are told as the training mean; scaling is fitted to the
    rows with a target. In which order rows come changes nothing.

    Parameters
    ----------
    encoder : str or None
        What is told about the place: one of :func:`placeprior.encoders.list_encoders`. None tells nothing;
        ``"none+head"`` does neither, but adds the layer that an encoder brings along.
    fusion : str
        How it joins (:mod:`placeprior.network.fusion`).
    size : {"demo", "study", "paper"}
        Of the network and its training (:mod:`placeprior.network.sizes`), in float32.
    window, epochs : int, optional
        In place of the size's.
    settings : mapping, optional
        Other changes to the size, such as ``{"rate": 3e-3, "batch": 64}``.
    lon, lat, station, time : str, int or None
        The columns with these roles: names, or positions of an array's. Without `station`, a place is a station;
        without `time`, each row stands for itself and the window is one day.
    random_state : int
        Draws weights, order of rows, dropout, and stations held out by a size that stops early.

    Attributes
    ----------
    predictors_ : list
        Columns that were learnt from.
    place_ : LocationFeatures or None
    loss_curve_ : list of float
        Training loss by epoch.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.date_range("2021-01-01", periods=30)
    >>> table = pd.DataFrame([(s, d) for s in "abcd" for d in days], columns=["station", "time"])
    >>> table["lon"] = table["station"].map({"a": -105.0, "b": -104.0, "c": -90.0, "d": -89.0})
    >>> table["lat"] = 40.0
    >>> table["wind"] = np.random.default_rng(0).normal(3, 1, len(table))
    >>> model = PlaceRegressor("sincos", "channels", window=3, epochs=2).fit(table, table["wind"] ** 2)
    >>> model.predict(table[table["station"] == "a"]).shape
    (30,)
    """

    def __init__(
        self,
        encoder: str | None = "geoclip",
        fusion: str = "hadamard",
        *,
        size: str = "demo",
        window: int | None = None,
        epochs: int | None = None,
        settings: Mapping[str, Any] | None = None,
        lon: Column = "lon",
        lat: Column = "lat",
        station: Column = "station",
        time: Column = "time",
        random_state: int = 0,
    ) -> None:
        self.encoder = encoder
        self.fusion = fusion
        self.size = size
        self.window = window
        self.epochs = epochs
        self.settings = settings
        self.lon = lon
        self.lat = lat
        self.station = station
        self.time = time
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Train on the rows that have a target.

        Parameters
        ----------
        X : DataFrame, xarray.Dataset or array_like, n rows
            A Dataset on (station, time): its predictors are the variables with ``role="predictor"``, or all but `y`.
        y : array_like of shape (n,), DataArray, or the name of a variable of the Dataset
            NaN where nothing was measured.

        Raises
        ------
        CubeError, CoordinateError
            The table cannot be read, or a target is a class or never varies.
        ConfigError
            A parameter says something impossible.
        """
        config = self._config()
        if isinstance(X, xr.Dataset):
            X, y = from_cube(X, y)
        table, target = self._table(X, reset=True), target_of(X, y)
        panel = Panel.read(table, self._roles(), config.window)
        if panel.lonlat is not None:
            warn_odd_places(panel.lonlat)
        if not panel.names and not self._told():
            raise ConfigError("there is no predictor among the columns, and no place is told; give one of them")
        known = np.flatnonzero(np.isfinite(target))
        known = known[np.lexsort((panel.day[known], panel.station[known]))]
        station, day, target = panel.station[known], panel.day[known], target[known]
        if np.ptp(target) == 0:
            raise ValueError(
                f"the target is {target[0]:g} in all {len(target)} rows that have one; give rows that differ"
            )
        warn_disguised(panel, station, day, target)
        trained = self._trained(config, station)
        rows = (station[trained], day[trained])
        self.predictors_ = list(panel.names)
        self.x_scale_ = Scaler.fit(panel.values[rows])
        self.y_scale_ = Scaler.fit(target[trained].astype(np.float32)[:, None])
        with one_thread():
            module = self._fit_place(panel, np.unique(station[trained]))
            place = self._place(panel)
            model = self._network(config, module)
            scaled = np.zeros(panel.values.shape[:2], np.float32)
            scaled[station, day] = self.y_scale_(target.astype(np.float32)[:, None])[:, 0]
            windows = Windows(self._features(panel), config.window, place, scaled)
            pairs = torch.as_tensor(np.column_stack([station, day]))
            checked = pairs[~trained] if (~trained).any() else pairs[:WATCHED]
            span = np.ptp(target[trained].astype(np.float32))
            done = train(
                model,
                windows,
                pairs[trained],
                checked,
                config,
                huber=float(span / 2 / self.y_scale_.scale[0]),
                seed=self.random_state,
            )
        self.loss_curve_ = [epoch["loss"] for epoch in done.history]
        self.weights_ = {name: value.numpy().copy() for name, value in model.state_dict().items()}
        return self

    def predict(self, X: Any) -> Any:
        """Estimate every row of X, in the target's unit.

        Returns
        -------
        ndarray, shape (n,)
            Of a Dataset, a DataArray (station, time).
        """
        check_is_fitted(self)
        if isinstance(X, xr.Dataset):
            table = from_cube(X, names=self.predictors_)[0]
            shape = (X.sizes["station"], X.sizes["time"])
            estimates = self.predict(table[list(self.feature_names_in_)]).reshape(shape)
            return xr.DataArray(estimates, X[["station", "time", "lon", "lat"]].coords, ("station", "time"), "estimate")
        config = self._config()
        scale = self.x_scale_
        beside = np.stack([scale.mean + times * scale.scale for times in (-SPREAD, SPREAD)])
        panel = Panel.read(self._table(X, reset=False), self._roles(), config.window, self.predictors_, beside)
        if (share := panel.known_share(config.window)) < 0.5:
            warnings.warn(
                f"of the days that these estimates look at, X has {100 * share:.0f} %; the others are told as the "
                "training mean: give the rows of a station together, with the days before those you ask about",
                stacklevel=2,
            )
        with one_thread():
            windows = Windows(self._features(panel), config.window, self._place(panel))
            model = self._network(config, self._starting())
            model.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in self.weights_.items()})
            scaled = alike(model, windows, panel.rows())
        return self.y_scale_.inverse(scaled).astype(np.float64)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R² of the estimates over the rows with a target."""
        estimates = np.asarray(self.predict(X)).ravel()
        if isinstance(X, xr.Dataset):
            X, y = from_cube(X, y)
        target = target_of(X, y)
        known = np.isfinite(target)
        weight = None if sample_weight is None else np.asarray(sample_weight)[known]
        return float(r2_score(target[known], estimates[known], sample_weight=weight))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write what was learnt into one safetensors file; nothing in it is executed when it is read."""
        check_is_fitted(self)
        arrays = {f"weights_.{name}": value for name, value in self.weights_.items()}
        scalers = {name: scaler for name in SCALERS if (scaler := getattr(self, name)) is not None}
        for name, scaler in scalers.items():
            arrays |= {f"{name}.mean": scaler.mean, f"{name}.scale": scaler.scale}
        about = {"parameters": self.get_params(), "learnt": {name: getattr(self, name) for name in LEARNT}}
        about["named"] = [str(name) for name in getattr(self, "feature_names_in_", [])]
        if self.place_ is not None:
            arrays["places_"] = self.place_.places_
            about["place"] = {name: getattr(self.place_, name) for name in features.LEARNT}
        tensors.write(path, type(self).__name__, arrays, about)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what :meth:`save` wrote, or say (StoreError) that it is absent, damaged or something else."""
        arrays, about = tensors.read(path, cls.__name__)
        made = cls(**about["parameters"])
        vars(made).update(about["learnt"], place_=None)
        if about["named"]:
            made.feature_names_in_ = np.array(about["named"], dtype=object)
        made.weights_ = {name[9:]: value for name, value in arrays.items() if name.startswith("weights_.")}
        for name in SCALERS:
            there = f"{name}.mean" in arrays
            setattr(made, name, Scaler(arrays[f"{name}.mean"], arrays[f"{name}.scale"]) if there else None)
        if "place" in about:
            made.place_ = features.LocationFeatures(made.encoder, random_state=made.random_state)
            vars(made.place_).update(about["place"], places_=arrays["places_"])
        return made

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.lon is None  # in predictors; not in coordinates
        return tags

    def _roles(self) -> Roles:
        return Roles(self.lon, self.lat, self.station, self.time)

    def _told(self) -> bool:
        """Whether a place is told."""
        return self.encoder is not None and self.encoder not in NO_PLACE

    def _config(self) -> Config:
        """Size and training; what cannot be is refused."""
        features.whole(self.random_state)
        if not isinstance(self.settings, Mapping | None):
            raise ConfigError(f"settings is {self.settings!r}; give a mapping, such as {{'batch': 64}}")
        if self.size not in SIZES:
            raise UnknownName("size", self.size, SIZES)
        asked = dict(self.settings or {}) | {"precision": "float32"}
        asked |= {name: value for name in ("window", "epochs") if (value := getattr(self, name)) is not None}
        if self.time is None and asked.setdefault("window", 1) != 1:
            raise ConfigError(
                f"window is {asked['window']} days, and time=None says that rows have no day; name the column, or "
                "leave the window out"
            )
        if (self.lon is None) != (self.lat is None) or (self._told() and self.lon is None):
            raise ConfigError(
                f"lon={self.lon!r} and lat={self.lat!r} do not say where the place is that encoder {self.encoder!r} "
                "tells; name both columns, or tell none (encoder=None)"
            )
        return SIZES[self.size].with_(**asked)

    def _table(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """X as a table; its names and their number are kept, or compared with those of `fit`."""
        if hasattr(X, "iloc") and hasattr(X, "columns"):
            validate_data(self, X, reset=reset, skip_check_array=True)
            check_array(np.zeros(X.shape), ensure_min_samples=1 + reset)
            return X.reset_index(drop=True)
        if isinstance(X, np.ma.MaskedArray):  # scikit-learn would take what is under the mask
            X = X.astype(np.float64).filled(np.nan)
        asked = [at for at in (self.lon, self.lat, self.station, self.time) if isinstance(at, int)]
        rules = {"dtype": np.float64, "ensure_all_finite": "allow-nan", "ensure_min_samples": 1 + reset}
        rules["ensure_min_features"] = max([0, *asked]) + 1 if reset else 1
        X = validate_data(self, X, reset=reset, **rules)
        if asked:  # a predictor may be missing; what says where and when a row is may not
            check_array(X[:, asked], input_name="X")
        return pd.DataFrame(X)

    def _trained(self, config: Config, station: np.ndarray) -> np.ndarray:
        """Which of the rows with a target are trained on: all, but for a size whose training stops early."""
        known = np.unique(station)
        if self._told() and len(known) < 2:
            raise ConfigError("one station tells nothing about place; give more stations, or encoder=None")
        if config.schedule == "cycle" or len(known) < 2:
            return np.ones(len(station), bool)
        aside = np.random.default_rng(self.random_state).permutation(known)[: max(1, round(HELD_OUT * len(known)))]
        return ~np.isin(station, aside)

    def _fit_place(self, panel: Panel, trained: np.ndarray) -> torch.nn.Module | None:
        """Fit the encoder and the scaling of its vectors to stations that are trained on; what of it is trained."""
        self.place_ = self.place_scale_ = None
        if not self._told():
            return None
        known = panel.lonlat[trained]
        self.place_ = features.LocationFeatures(self.encoder, random_state=self.random_state).fit(known)
        vectors, module = self.place_.transform(known), self._starting()
        if module is None:
            self.place_scale_ = place_scaler(vectors, self.fusion)
            return None
        self.place_scale_ = Scaler(np.zeros(vectors.shape[1], np.float32), np.ones(vectors.shape[1], np.float32))
        centre(module, vectors, self.fusion)
        return module

    def _place(self, panel: Panel) -> np.ndarray | None:
        """What tells each station's place, float32 (station, dim)."""
        return None if self.place_ is None else self.place_scale_(self.place_.transform(panel.lonlat))

    def _features(self, panel: Panel) -> np.ndarray:
        """Scaled predictors, float32 (station, day, predictor); a zero where the place is all there is to go by."""
        if not panel.names:
            return np.zeros((*panel.values.shape[:2], 1), np.float32)
        return self.x_scale_(panel.values)

    def _starting(self) -> torch.nn.Module | None:
        return starting(self.encoder, self.random_state) if self._told() else None

    def _network(self, config: Config, module: torch.nn.Module | None) -> PlaceModel:
        fusion = self.fusion if self._told() else HEAD if self.encoder == HEAD_ONLY else NONE
        dim = 0 if self.place_ is None else self.place_.n_vector_
        return build(config, fusion, max(len(self.predictors_), 1), dim, self.random_state, module)
