"""Cross-validation over stations in scikit-learn's form: rows go with their station, and a buffer keeps parts apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import BaseCrossValidator

from placeprior.coords import nearest_km, places_in
from placeprior.data.read_table import one_value
from placeprior.data.slips import warn_odd_places
from placeprior.encoders.features import whole
from placeprior.errors import ConfigError, CubeError

Columns = Sequence[str | int] | None


@dataclass(frozen=True)
class Stations:
    """The stations of a table, in an order that the table's does not change, and the station of each of its rows."""

    names: pd.Index
    lonlat: np.ndarray
    row: np.ndarray


class StationFolds(BaseCrossValidator):
    """What the cross-validators below share: stations in folds, rows with their stations, a buffer.

    Parameters
    ----------
    buffer_km : float
        Training stations nearer than this to a tested one are left out, great-circle kilometres.
    columns : (lon, lat), optional
        Columns of X with the coordinates, degrees: names, or positions of an array's. If absent, a table's are found
        by their usual names, and an array must have these two columns alone.
    lonlat : DataFrame or array_like, optional
        The coordinates, where X has none: an array with a row for each of X's, or a table that is looked up by X's
        index, as X is within a nested search, where only a part of it comes.
    """

    def __init__(self, *, buffer_km: float = 0.0, columns: Columns = None, lonlat: Any = None) -> None:
        self.buffer_km = buffer_km
        self.columns = columns
        self.lonlat = lonlat

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give the training and the test rows of each fold.

        Parameters
        ----------
        X : DataFrame or array_like, n rows
        y
            Not read.
        groups : array_like, shape (n,), optional
            Each row's station.

        Yields
        ------
        train, test : ndarray of int
            Positions of rows.

        Raises
        ------
        CoordinateError, CubeError
            Rows without a place, or a station in two places.
        ConfigError
            A fold has nothing to test or nothing to train on.
        """
        stations = self._stations(X, groups)
        fold = self._checked(X, stations)
        for number in np.unique(fold):
            trained, tested = self._parts(stations, fold, number)
            yield np.flatnonzero(trained[stations.row]), np.flatnonzero(tested[stations.row])

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """How many folds there are."""
        raise NotImplementedError

    def folds(self, X: Any, groups: Any = None) -> pd.Series:
        """The fold that tests each station, from 1, by the station's name; by number where stations have no names."""
        stations = self._stations(X, groups)
        return pd.Series(self._checked(X, stations), stations.names, name="fold")

    def describe(self, X: Any, groups: Any = None) -> pd.DataFrame:
        """Say what each fold asks of a model.

        Returns
        -------
        DataFrame
            A row a fold: rows and stations trained on and tested, and the median and the largest great-circle distance
            from a tested station to its nearest training station, km.
        """
        stations, rows = self._stations(X, groups), {}
        fold = self._checked(X, stations)
        for number in np.unique(fold):
            trained, tested = self._parts(stations, fold, number)
            km = nearest_km(stations.lonlat[tested], stations.lonlat[trained])[0]
            rows[int(number)] = {
                "train_rows": int(trained[stations.row].sum()),
                "train_stations": int(trained.sum()),
                "test_rows": int(tested[stations.row].sum()),
                "test_stations": int(tested.sum()),
                "median_km": float(np.median(km)),
                "largest_km": float(km.max()),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("fold")

    def _fold(self, X: Any, stations: Stations) -> np.ndarray:
        """The fold of each station, from 1, shape (station,)."""
        raise NotImplementedError

    def _checked(self, X: Any, stations: Stations) -> np.ndarray:
        number = isinstance(self.buffer_km, (int, float, np.number))
        if not (number and np.isfinite(self.buffer_km) and self.buffer_km >= 0):
            raise ConfigError(f"buffer_km is {self.buffer_km!r}; give kilometres, 0 for none")
        if len(stations.lonlat) < 2:
            raise ConfigError(
                f"{type(self).__name__}: all {len(stations.row)} rows are of one station, which cannot be trained on "
                "and tested at once; give more stations"
            )
        whole(getattr(self, "random_state", 0))
        warn_odd_places(stations.lonlat)
        fold = self._fold(X, stations)
        if len(np.unique(fold)) < 2:
            raise ConfigError(f"{self!r} puts all {len(fold)} stations into one fold; make its parts smaller")
        return fold

    def _parts(self, stations: Stations, fold: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Which stations a fold trains on, and which it tests."""
        tested = fold == number
        trained = ~tested
        if self.buffer_km > 0:
            trained[trained] = nearest_km(stations.lonlat[trained], stations.lonlat[tested])[0] > self.buffer_km
        if not trained.any():
            raise ConfigError(
                f"{self!r}: fold {number} tests {int(tested.sum())} stations and none is left to train on, beyond a "
                f"buffer of {self.buffer_km:g} km; make the buffer or the parts smaller"
            )
        return trained, tested

    def _stations(self, X: Any, groups: Any) -> Stations:
        lonlat = self._lonlat(X)
        if groups is None and isinstance(X, pd.DataFrame) and "station" in X.columns:
            groups = X["station"]
        if groups is None:
            places, row = np.unique(lonlat, axis=0, return_inverse=True)
            return Stations(pd.RangeIndex(len(places), name="station"), places, row.ravel())
        groups = np.asarray(groups)
        if groups.ndim != 1:
            raise CubeError(f"groups have shape {groups.shape}; give the station of each row, shape (n,)")
        groups = pd.Series(groups)
        if len(groups) != len(lonlat) or groups.isna().any():
            raise CubeError(
                f"groups name the station of {groups.notna().sum()} rows of {len(lonlat)}; name it for every row"
            )
        row, names = pd.factorize(groups, sort=True)
        places = [one_value(lonlat[:, at], row, names, name) for at, name in enumerate(("lon", "lat"))]
        return Stations(pd.Index(names, name="station"), np.column_stack(places), row)

    def _lonlat(self, X: Any) -> np.ndarray:
        if self.lonlat is None:
            return places_in(X, self.columns)
        if isinstance(self.lonlat, pd.DataFrame) and isinstance(X, pd.DataFrame):
            if not self.lonlat.index.is_unique or (absent := X.index.difference(self.lonlat.index)).size:
                what = "has an index that occurs twice" if not self.lonlat.index.is_unique else f"lacks {absent[0]!r}"
                raise CubeError(f"lonlat is looked up by the index of X, and {what}; give it one row for each of X")
            return places_in(self.lonlat.loc[X.index], self.columns)
        places, rows = places_in(self.lonlat, self.columns), X.shape[0] if hasattr(X, "shape") else len(X)
        if len(places) != rows:
            raise CubeError(
                f"lonlat has {len(places)} rows, X has {rows}: within a nested search a part of X comes; give both as "
                "tables with one index, or name the columns of X that are coordinates"
            )
        return places
