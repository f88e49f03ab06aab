"""A long table as what a network looks at: values on (station, day), and which of them each row is.

A row is a station and a day. Days without a row are unknown, and so are those before the first: of such a day a network
is told the training mean, as of every value that is missing.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from sklearn.utils.validation import check_consistent_length, column_or_1d

from placeprior.coords import check_lonlat
from placeprior.data import read_table
from placeprior.data.cube import predictors
from placeprior.data.slips import without_codes
from placeprior.data.survey import TINY
from placeprior.errors import ConfigError, CubeError

Column = str | int | None
LARGEST = 6e9  # bytes of what is looked at
LARGEST_NUMBER = 1e38  # of float32, nearly
DISGUISED = 0.999  # correlation above which a predictor is taken for the target itself


@dataclass(frozen=True)
class Roles:
    """Which column of a table says what, by name or by position; None where there is none.

    Without ``station``, a place is a station; without ``time``, each row stands for itself.
    """

    lon: Column = "lon"
    lat: Column = "lat"
    station: Column = "station"
    time: Column = "time"


@dataclass(frozen=True)
class Panel:
    """Values of n rows on (station, day); stations by name and days in order, however the rows came.

    Attributes
    ----------
    names : list
        Predictors.
    values : ndarray of float32, shape (station, day, predictor)
        Unscaled, NaN where unknown. ``window - 1`` days stand before the first.
    lonlat : ndarray, shape (station, 2), or None
        Degrees.
    station, day : ndarray of int, shape (n,)
        Where in `values` each row is.
    """

    names: list[Any]
    values: np.ndarray
    lonlat: np.ndarray | None
    station: np.ndarray
    day: np.ndarray

    @classmethod
    def read(
        cls,
        table: pd.DataFrame,
        roles: Roles,
        window: int,
        names: Sequence[Any] | None = None,
        beside: np.ndarray | None = None,
    ) -> Panel:
        """Read a table.

        Parameters
        ----------
        table : DataFrame, n rows
        roles : Roles
        window : int
            Days that an estimate looks at, its own included.
        names : sequence, optional
            The predictors; every column without another role if left out.
        beside : ndarray, shape (m, predictor), optional
            Such values as were learned from, beside which codes for missing are told.

        Raises
        ------
        CubeError, CoordinateError
            A column is missing or holds more than numbers; a station moves, or has two rows for a day.
        """
        known = {role: _column(table, role, getattr(roles, role)) for role in ("lon", "lat", "station", "time")}
        names = [name for name in table.columns if name not in known.values()] if names is None else list(names)
        label = np.arange(len(table)) if known["station"] is None else _labels(table[known["station"]])
        columns = [
            _cleared(_numbers(table, name, label), name, None if beside is None else beside[:, at])
            for at, name in enumerate(names)
        ]
        values = np.column_stack([np.empty((len(table), 0)), *columns])
        lonlat = None
        if known["lon"] is not None:
            lonlat = check_lonlat(np.column_stack([_numbers(table, known[axis], label) for axis in ("lon", "lat")]))
        if known["time"] is None:
            station, place = _apart(values, lonlat)
            day = np.zeros(len(table), int)
        else:
            days = read_table.days(pd.DataFrame({"station": label, "date": table[known["time"]].to_numpy()}))
            day = (days - days.min()).dt.days.to_numpy()
            station, place = _together(label if known["station"] is not None else None, lonlat)
        _refuse_twice(station, day, label, table, known["time"])
        shape = (int(station.max()) + 1, int(day.max()) + window, len(names))
        if 4 * float(np.prod(shape, dtype=float)) > LARGEST:
            raise CubeError(
                f"{shape[0]:,} stations, {shape[1]:,} days from the first to the last and {shape[2]} predictors need "
                f"more than {LARGEST / 1e9:g} GB; leave out predictors, stations or years"
            )
        whole = np.full(shape, np.nan, np.float32)
        whole[station, day + window - 1] = values
        return cls(names, whole, place, station, day + window - 1)

    def rows(self, which: np.ndarray | None = None) -> torch.Tensor:
        """(station, day) of the table's rows, or of those in a mask, shape (n, 2)."""
        pairs = np.column_stack([self.station, self.day])
        return torch.as_tensor(pairs if which is None else pairs[which])

    def known_share(self, window: int) -> float:
        """Of the days that the rows look at, the share that has a row."""
        present = np.zeros(self.values.shape[:2], bool)
        present[self.station, self.day] = True
        return float(present[self.station[:, None], self.day[:, None] + np.arange(1 - window, 1)].mean())


def from_cube(
    cube: xr.Dataset, y: Any = None, names: Sequence[str] | None = None
) -> tuple[pd.DataFrame, np.ndarray | None]:
    """A cube's station-days as a long table, station by station, and their target.

    Parameters
    ----------
    cube : xarray.Dataset
        On (station, time), with ``lon`` and ``lat`` of each station.
    y : str or DataArray, optional
        The target: a variable's name, or on the same stations and days.
    names : sequence of str, optional
        Variables to take; if absent those with ``role="predictor"``, or all but the target where none has it.

    Raises
    ------
    CubeError
        A dimension, coordinate or variable is missing, or y is of other stations and days.
    """
    for name in ("station", "time", "lon", "lat"):
        if name not in cube.coords:
            raise CubeError(f"the Dataset has no coordinate {name!r}; give one on (station, time) with lon and lat")
    if names is None:
        names = predictors(cube) or [str(name) for name in cube.data_vars if not isinstance(y, str) or name != y]
    for name in (*names, *([y] if isinstance(y, str) else [])):
        if name not in cube or set(cube[name].dims) != {"station", "time"}:
            raise CubeError(
                f"the Dataset has no {name!r} on (station, time); it has {', '.join(map(str, cube.data_vars))}"
            )
    target = cube[y] if isinstance(y, str) else y
    if isinstance(target, xr.DataArray):
        target = target.transpose("station", "time")
        if not all(target[name].equals(cube[name]) for name in ("station", "time")):
            raise CubeError("y is of other stations or days than X; align them (xarray.align) first")
        target = target.values.ravel()
    shape = (cube.sizes["station"], cube.sizes["time"])
    table = {name: np.repeat(cube[name].values, shape[1]) for name in ("station", "lon", "lat")}
    table["time"] = np.tile(cube["time"].values, shape[0])
    table |= {name: cube[name].transpose("station", "time").values.ravel() for name in names}
    return pd.DataFrame(table), target


def _column(table: pd.DataFrame, role: str, asked: Column) -> Any:
    """The name of the column that was asked for."""
    if asked is None or asked in table.columns:
        return asked
    if isinstance(asked, int) and 0 <= asked < len(table.columns):
        return table.columns[asked]
    raise CubeError(
        f"there is no column {asked!r} for {role} among {', '.join(map(str, table.columns[:12])) or 'none'}; say which "
        f"column it is by {role}=, a name or a position, or {role}=None where there is none"
    )


def _labels(column: pd.Series) -> np.ndarray:
    if column.isna().any():
        row = int(np.flatnonzero(column.isna())[0])
        raise CubeError(f"row {row + 1} has no station; give every row a station name")
    return column.to_numpy()


def _numbers(table: pd.DataFrame, name: Any, label: np.ndarray) -> np.ndarray:
    """A column as float64 (n,); NaN where unknown, never infinite."""
    column = table[name]
    if isinstance(column, pd.DataFrame):
        raise CubeError(f"column {name!r} occurs twice; keep one, or rename it")
    if column.dtype == np.float64:
        found = column.to_numpy()
    else:
        found = read_table.numbers(pd.DataFrame({"station": label, str(name): column.to_numpy()}), str(name))
    if (beyond := np.abs(found) > LARGEST_NUMBER).any():
        row, what = int(beyond.argmax()), "infinite" if np.isinf(found).any() else "too large a number"
        row = int(np.isinf(found).argmax()) if np.isinf(found).any() else row
        raise CubeError(f"{name} is {what} in row {row + 1}; make it NaN or drop the row")
    return found


def _cleared(values: np.ndarray, name: Any, beside: np.ndarray | None = None) -> np.ndarray:
    """Values without the numbers that stand for missing, with a warning that says which."""
    values, codes = without_codes(values, beside)
    for code, count in codes.items():
        warnings.warn(f"{name} is {code:g} in {count:,} rows: taken for missing", UserWarning, stacklevel=5)
    return values


def _apart(values: np.ndarray, lonlat: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Every row a station of its own, in an order that what they say decides, not the table."""
    whole = values if lonlat is None else np.column_stack([lonlat, values])
    order = np.lexsort(whole.T[::-1]) if whole.shape[1] else np.arange(len(whole))
    station = np.empty(len(whole), int)
    station[order] = np.arange(len(whole))
    return station, None if lonlat is None else lonlat[order]


def _together(label: np.ndarray | None, lonlat: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Which station each row is of, by name or by place, and where each stands."""
    if label is None:
        if lonlat is None:
            raise ConfigError("rows have a day, and neither a station nor a place; say which column names the station")
        place, station = np.unique(lonlat, axis=0, return_inverse=True)
        return station.ravel(), place
    station, names = pd.factorize(label, sort=True)
    if lonlat is None:
        return station, None
    axes = [read_table.one_value(lonlat[:, at], station, names, name) for at, name in enumerate(("lon", "lat"))]
    return station, np.column_stack(axes)


def _refuse_twice(station: np.ndarray, day: np.ndarray, label: np.ndarray, table: pd.DataFrame, time: Any) -> None:
    twice = pd.Series(station * (int(day.max(initial=0)) + 1) + day).duplicated()
    if twice.any():
        row = int(np.flatnonzero(twice)[0])
        raise CubeError(
            f"row {row + 1} is the second of station {str(label[row])!r} for {table[time].iloc[row]} ("
            f"{int(twice.sum())} such rows); keep one row a station and day (average them first)"
        )


def target_of(X: Any, y: Any) -> np.ndarray:
    """The target of n rows as float64 (n,), NaN where nothing was measured."""
    if y is None:
        raise ValueError("PlaceRegressor requires y to be passed, but the target y is None")
    if isinstance(y, np.ma.MaskedArray):
        y = y.astype(np.float64).filled(np.nan)
    target = column_or_1d(y, warn=True)
    check_consistent_length(X, target)
    kind = "true or false" if target.dtype.kind == "b" else "text" if target.dtype.kind in "OSUT" else ""
    try:
        target = np.asarray(target, np.float64)
    except (TypeError, ValueError):
        kind = kind or str(target.dtype)
    else:
        kind = kind if kind == "true or false" else ""
    if kind:
        raise ValueError(f"the target y is {kind}, a class; this estimates numbers: use a classifier")
    if np.isinf(target).any():
        raise ValueError(f"Input y contains infinity, in row {int(np.isinf(target).argmax()) + 1}; make it NaN")
    if np.isnan(target).all():
        raise ValueError("Input y contains NaN alone; at least two rows need a target")
    if np.nanmax(np.abs(target)) > LARGEST_NUMBER:
        raise ValueError(f"the target is up to {np.nanmax(np.abs(target)):g}; give it in a unit of smaller numbers")
    if 0 < np.nanstd(target) < TINY:
        raise ValueError(f"the target varies by {np.nanstd(target):g} only; give it in a unit of larger numbers")
    if _misaligned(X, y):
        warnings.warn(
            "y has the labels of X in another order, and rows are taken by position: give y.loc[X.index] if labels "
            "are meant",
            UserWarning,
            stacklevel=3,
        )
    return _cleared(target, "the target")


def _misaligned(X: Any, y: Any) -> bool:
    """Whether rows of a table and of a target bear the same labels in another order."""
    x, y = getattr(X, "index", None), getattr(y, "index", None)
    if not (isinstance(x, pd.Index) and isinstance(y, pd.Index)) or x.equals(y) or not (x.is_unique and y.is_unique):
        return False
    return len(x) == len(y) and bool(x.isin(y).all())


def warn_disguised(panel: Panel, station: np.ndarray, day: np.ndarray, target: np.ndarray) -> None:
    """Say which predictor is the target by another name."""
    for at, name in enumerate(panel.names):
        values = panel.values[station, day, at].astype(np.float64)
        known = np.isfinite(values)
        if known.sum() > 2 and np.ptp(values[known]) > 0 and np.ptp(target[known]) > 0:
            correlation = np.corrcoef(values[known], target[known])[0, 1]
            if abs(correlation) > DISGUISED:
                warnings.warn(
                    f"predictor {name!r} correlates with the target by {correlation:.4f}: drop it if it is the target "
                    "in another form",
                    stacklevel=3,
                )
