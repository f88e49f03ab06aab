"""A location encoder as scikit-learn takes it: columns of coordinates in, columns of numbers out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from placeprior.coords import places_in
from placeprior.data.slips import warn_odd_places
from placeprior.encoders.embedding import fit
from placeprior.encoders.registry import load
from placeprior.errors import ConfigError
from placeprior.files import tensors

LEARNT = ("n_vector_", "fingerprint_", "n_features_in_")


class LocationFeatures(TransformerMixin, BaseEstimator):
    """Turn coordinates into an encoder's vectors, in a pipeline of scikit-learn.

    It learns nothing from a target. A control (``random-vector``, ``geoclip-pca32``, …) is fitted to the places of
    `fit`, which in a pipeline are the training rows' alone; other encoders are as they come.

    Parameters
    ----------
    encoder : str
        One of :func:`placeprior.encoders.list_encoders`, your own included (:func:`placeprior.encoders.adopt`).
    columns : (lon, lat), optional
        Names or positions of the coordinates in degrees; if absent, a table's are found by their usual names, and an
        array must have these two columns alone.
    random_state : int
        Draws what is random in a control.

    Attributes
    ----------
    places_ : ndarray, shape (n, 2)
        The distinct places of `fit`, degrees; none unless the encoder is fitted to them.
    n_vector_ : int
        Length of a vector.
    fingerprint_ : str
        The encoder's; with another one at hand, `transform` refuses.

    Raises
    ------
    CoordinateError
        Coordinates that cannot be places, or are swapped.
    UnknownName, MissingWeights
        There is no such encoder, or its weights are not at hand.

    Examples
    --------
    >>> import pandas as pd
    >>> from placeprior.encoders import LocationFeatures
    >>> stations = pd.DataFrame({"lat": [44.9, 39.7], "lon": [-93.3, -105.0]}, index=["Minneapolis", "Denver"])
    >>> LocationFeatures("sincos").set_output(transform="pandas").fit_transform(stations).round(2)
                 sincos_0  sincos_1  sincos_2  sincos_3
    Minneapolis      0.71      0.71     -1.00     -0.06
    Denver           0.64      0.77     -0.97     -0.26
    """

    def __init__(
        self, encoder: str = "geoclip", *, columns: Sequence[str | int] | None = None, random_state: int = 0
    ) -> None:
        self.encoder = encoder
        self.columns = columns
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Look at places, shape (n, 2) or a table of n rows with coordinates among its columns; `y` is not read."""
        whole(self.random_state)
        places = self._places(X, reset=True)
        warn_odd_places(places)
        encoder = load(self.encoder)
        kept = np.unique(places, axis=0) if hasattr(encoder, "fit") else np.empty((0, 2))
        self.places_, self.fingerprint_ = kept, str(encoder.fingerprint)
        self.n_vector_ = self._encode()(places[:1]).shape[1]
        return self

    def transform(self, X: Any) -> Any:
        """Encode the places of n rows.

        Returns
        -------
        ndarray of float32, shape (n, n_vector_)
            Or what ``set_output`` asks for; of an ``xarray.Dataset``, a DataArray with its dimension and coordinates.
        """
        check_is_fitted(self)
        places = self._places(X, reset=False)
        if (found := str(load(self.encoder).fingerprint)) != self.fingerprint_:
            raise ConfigError(
                f"encoder {self.encoder!r} is not the one that this was fitted with (fingerprint {found[:32]}, then "
                f"{self.fingerprint_[:32]}); bring that one, or fit again"
            )
        vectors = self._encode()(places)
        return self._labelled(X, vectors) if _is_xarray(X, "Dataset") else vectors

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the columns that come out: ``geoclip_0``, ``geoclip_1``, …; those that come in are only checked."""
        check_is_fitted(self)
        if input_features is not None:
            known = getattr(self, "feature_names_in_", None)
            if known is not None and not np.array_equal(known, np.asarray(input_features, dtype=object)):
                raise ValueError("input_features is not equal to feature_names_in_")
            if len(input_features) != self.n_features_in_:
                raise ValueError(f"input_features should have length equal to {self.n_features_in_}")
        return np.array([f"{self.encoder}_{number}" for number in range(self.n_vector_)], dtype=object)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write what was fitted into one safetensors file; nothing in it is executed when it is read."""
        check_is_fitted(self)
        about = {"parameters": self.get_params(), "learnt": {name: getattr(self, name) for name in LEARNT}}
        about["named"] = [str(name) for name in getattr(self, "feature_names_in_", [])]
        tensors.write(path, type(self).__name__, {"places_": self.places_}, about)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what :meth:`save` wrote; the encoder itself is looked for when it is used.

        Raises
        ------
        StoreError
            The file is absent, damaged or keeps something else.
        """
        arrays, about = tensors.read(path, cls.__name__)
        columns = about["parameters"]["columns"]
        made = cls(**about["parameters"] | {"columns": columns and tuple(columns)})
        vars(made).update(about["learnt"], places_=arrays["places_"])
        if about["named"]:
            made.feature_names_in_ = np.array(about["named"], dtype=object)
        return made

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # vectors are float32, whatever the coordinates are
        return tags

    def _encode(self) -> Callable[[Any], NDArray[np.float32]]:
        """What turns places into vectors; made anew each time, so that an object holds plain numbers alone."""
        return fit(self.encoder, self.places_, np.ones(len(self.places_), bool), self.random_state)

    def _places(self, X: Any, *, reset: bool) -> NDArray[np.float64]:
        if _is_xarray(X):
            self.n_features_in_ = 2
            return places_in(X, self.columns)
        if hasattr(X, "columns"):  # columns of text beside the coordinates are not read
            validate_data(self, X, reset=reset, skip_check_array=True)
        else:
            if isinstance(X, np.ma.MaskedArray):  # scikit-learn would take what is under the mask
                X = X.astype(np.float64).filled(np.nan)
            fewest = 2 if reset and self.columns is not None else 1
            X = validate_data(self, X, reset=reset, dtype=np.float64, ensure_min_features=fewest)
        return check_array(places_in(X, self.columns), input_name="X")

    def _labelled(self, X: Any, vectors: NDArray[np.float32]) -> Any:
        names = {str(name).lower(): name for name in X.variables}
        like = X[next(names[name] for name in ("lon", "longitude", "long", "lng", "x") if name in names)]
        made = (
            like.rename(None).drop_attrs().astype(np.float32).expand_dims(feature=self.get_feature_names_out(), axis=1)
        )
        return made.copy(data=vectors)


def whole(random_state: Any) -> int:
    """Refuse a seed that is no whole number: what it draws is to be the same each time."""
    if not isinstance(random_state, (int, np.integer)) or random_state < 0:
        raise ConfigError(f"random_state is {random_state!r}; give a whole number of at least 0")
    return int(random_state)


def _is_xarray(X: Any, kind: str = "") -> bool:
    return type(X).__module__.partition(".")[0] == "xarray" and type(X).__name__.endswith(kind)
