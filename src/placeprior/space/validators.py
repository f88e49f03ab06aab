"""The project's splits as scikit-learn's cross-validators, for any table of stations or station-days and any model.

Each deals *stations* to folds, by the geometry of :mod:`.splits` and :mod:`.matched_folds`, and every row goes with
its station: rows of one never part. Stations are the ``groups`` that are given to `split`, or a table's column
``station``, or else the places themselves. In which order rows come changes nothing.

====================================  =================================================  ======================
cross-validator                       what a fold tests                                  buffer unless told
====================================  =================================================  ======================
:class:`Checkerboard`                 every other cell of the map                        none
:class:`SpatialBlocks`                whole blocks, drawn by lot                         100 km
:class:`NearestNeighbourMatched`      stations as far off as the places asked about      none: distance is matched
:class:`LeaveRegionOut`               one region, such as a state                        none
====================================  =================================================  ======================

Training stations within the buffer of a tested one are in no part of that fold.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from placeprior.coords import places_in
from placeprior.errors import ConfigError, CubeError
from placeprior.space.domain import hull_places
from placeprior.space.splits import BLOCK_KM, BUFFER_KM, FOLDS, block_folds, partition, state_folds, state_name
from placeprior.space.station_folds import Columns, StationFolds, Stations

MOST = 5_000  # stations that can be matched: memory and time grow with their square


class Checkerboard(StationFolds):
    """Two folds: the black and the white cells of a checkerboard over the map, each tested by a model of the other.

    Parameters
    ----------
    degrees : float
        Side of a cell, degrees of longitude and latitude (:func:`placeprior.space.splits.partition`): cells of unequal
        area, a model may train on the other side of an edge.
    buffer_km, columns, lonlat
        As in :class:`StationFolds`.

    Examples
    --------
    >>> import numpy as np
    >>> lonlat = np.array([[-120.0, 40.0], [-119.0, 41.0], [-100.0, 40.0], [-99.0, 41.0]])
    >>> [test.tolist() for train, test in Checkerboard(16).split(lonlat)]
    [[0, 1], [2, 3]]
    """

    def __init__(
        self, degrees: float = 16.0, *, buffer_km: float = 0.0, columns: Columns = None, lonlat: Any = None
    ) -> None:
        super().__init__(buffer_km=buffer_km, columns=columns, lonlat=lonlat)
        self.degrees = degrees

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Two."""
        return 2

    def _fold(self, X: Any, stations: Stations) -> np.ndarray:
        return partition(stations.lonlat, _positive(self.degrees, "degrees"))


class SpatialBlocks(StationFolds):
    """Square blocks of equal area, dealt to folds by lot, and a buffer around what is tested.

    Parameters
    ----------
    n_splits : int
    km : float
        Side of a block on an equal-area plane (:func:`placeprior.space.splits.block_folds`).
    buffer_km, columns, lonlat
        As in :class:`StationFolds`.
    random_state : int
        Deals the blocks.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"station": list("aabc"), "lon": [-120.0, -120.0, -100.0, -80.0], "lat": 40.0})
    >>> SpatialBlocks(3).describe(table)["test_rows"].tolist()
    [1, 1, 2]
    """

    def __init__(
        self,
        n_splits: int = FOLDS,
        *,
        km: float = BLOCK_KM,
        buffer_km: float = BUFFER_KM,
        columns: Columns = None,
        lonlat: Any = None,
        random_state: int = 0,
    ) -> None:
        super().__init__(buffer_km=buffer_km, columns=columns, lonlat=lonlat)
        self.n_splits = n_splits
        self.km = km
        self.random_state = random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """As many as were asked for."""
        return self.n_splits

    def _fold(self, X: Any, stations: Stations) -> np.ndarray:
        side = _positive(self.km, "km")
        fold = block_folds(
            stations.lonlat, np.random.default_rng([self.random_state, 0]), _several(self.n_splits), side
        )
        return _full(fold, self.n_splits, f"the stations lie in {len(np.unique(fold))} blocks of {side:g} km")


class NearestNeighbourMatched(StationFolds):
    """Folds in which test stations are as far from training as the places that you ask about are from your stations.

    :func:`placeprior.space.matched_folds.matched_folds` (kNNDM) without an own country: `towards` says where.

    Parameters
    ----------
    towards : DataFrame or array_like, optional
        The places where estimates are wanted, degrees; if absent, the convex hull of the stations.
    n_splits : int
    buffer_km, columns, lonlat
        As in :class:`StationFolds`.
    random_state : int
        Deals the stations where they are no more clustered than the places asked about.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> lonlat = np.column_stack([rng.uniform(-110, -90, 60), rng.uniform(32, 45, 60)])
    >>> NearestNeighbourMatched().folds(lonlat).value_counts().tolist()
    [12, 12, 12, 12, 12]
    """

    def __init__(
        self,
        towards: Any = None,
        n_splits: int = FOLDS,
        *,
        buffer_km: float = 0.0,
        columns: Columns = None,
        lonlat: Any = None,
        random_state: int = 0,
    ) -> None:
        super().__init__(buffer_km=buffer_km, columns=columns, lonlat=lonlat)
        self.towards = towards
        self.n_splits = n_splits
        self.random_state = random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """As many as were asked for."""
        return self.n_splits

    def _fold(self, X: Any, stations: Stations) -> np.ndarray:
        from placeprior.space.matched_folds import matched_folds  # SciPy's statistics take long to load

        if len(stations.lonlat) > MOST:
            raise ConfigError(
                f"{len(stations.lonlat):,} stations are too many to match distances (at most {MOST:,}); thin them out, "
                "or use SpatialBlocks"
            )
        towards = hull_places(stations.lonlat) if self.towards is None else places_in(self.towards)
        if not len(towards):
            raise ConfigError("towards has no place; give at least one, or leave it out for the hull of the stations")
        rng = np.random.default_rng([self.random_state, 0])
        fold = matched_folds(stations.lonlat, _several(self.n_splits), rng, towards)
        return _full(fold, self.n_splits, f"there are {len(fold)} stations")


class LeaveRegionOut(StationFolds):
    """One fold a region, which is tested by a model of all others.

    Parameters
    ----------
    region : str or array_like
        ``"state"``: the contiguous United States' (:func:`placeprior.space.splits.state_folds`); else the column of X
        that names each row's region.
    buffer_km, columns, lonlat
        As in :class:`StationFolds`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"lon": [8.5, 7.4, 2.3], "lat": [47.4, 46.9, 48.9], "country": ["CH", "CH", "FR"]})
    >>> [test.tolist() for train, test in LeaveRegionOut("country").split(table)]
    [[0, 1], [2]]
    """

    def __init__(
        self, region: str = "state", *, buffer_km: float = 0.0, columns: Columns = None, lonlat: Any = None
    ) -> None:
        super().__init__(buffer_km=buffer_km, columns=columns, lonlat=lonlat)
        self.region = region

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """As many as there are regions in X."""
        if X is None:
            raise ConfigError("how many regions there are is known from X; give it to get_n_splits")
        return len(np.unique(self._checked(X, self._stations(X, groups))))

    def regions(self, X: Any, groups: Any = None) -> pd.Series:
        """The region of each station, by its name."""
        stations = self._stations(X, groups)
        return pd.Series(self._region(X, stations), stations.names, name="region")

    def _fold(self, X: Any, stations: Stations) -> np.ndarray:
        return pd.factorize(self._region(X, stations), sort=True)[0] + 1

    def _region(self, X: Any, stations: Stations) -> np.ndarray:
        if isinstance(X, pd.DataFrame) and self.region in X.columns:
            found = pd.Series(X[self.region].to_numpy()).groupby(stations.row)
            if found.nunique(dropna=False).max() > 1 or X[self.region].isna().any():
                at = int(found.nunique(dropna=True).ne(1).to_numpy().argmax())
                raise CubeError(
                    f"column {self.region!r} names no region, or two, at station {str(stations.names[at])!r}; name one "
                    "for every row"
                )
            return found.first().to_numpy()
        if self.region == "state":
            return np.array([state_name(number) for number in state_folds(stations.lonlat)], dtype=object)
        raise ConfigError(f"X has no column {self.region!r}; name one that says each row's region, or 'state'")


def _positive(value: Any, name: str) -> float:
    if not (isinstance(value, (int, float, np.number)) and np.isfinite(value) and value > 0):
        raise ConfigError(f"{name} is {value!r}; give a number above 0")
    return float(value)


def _several(n_splits: Any) -> int:
    if not isinstance(n_splits, (int, np.integer)) or n_splits < 2:
        raise ConfigError(f"n_splits is {n_splits!r}; give a whole number of at least 2")
    return int(n_splits)


def _full(fold: np.ndarray, n_splits: int, there_are: str) -> np.ndarray:
    """Refuse folds that test nothing: the mean over folds would be one over fewer than were asked for."""
    if len(np.unique(fold)) < n_splits:
        raise ConfigError(f"{there_are}, too few for {n_splits} folds; ask for fewer, or make them smaller")
    return fold
