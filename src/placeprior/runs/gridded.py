"""A grid of a person's own, on (time, lat, lon) under whatever names: checked before any work, then read in pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import xarray as xr

from placeprior.coords import check_lonlat, wrapped
from placeprior.data.calendar import season
from placeprior.data.columns import USUAL, plain, refuse_lacking
from placeprior.data.labelled import dimension, open_labelled, unreadable
from placeprior.data.stations import TAKEN, column_of
from placeprior.errors import CoordinateError, CubeError
from placeprior.runs.keeping import Kept
from placeprior.runs.predicting import cleared

PARTS = ("date", "lat", "lon")


def is_grid(path: Path) -> bool:
    """Whether a file has a dimension of each kind of :data:`PARTS`.

    Raises
    ------
    CubeError
        There is no such file, or it cannot be read.
    """
    if not path.exists():
        raise CubeError(f"{path}: no such file; give places and days")
    with _named(path), open_labelled(path) as opened:
        names = {plain(str(name)) for name in opened.dims}
    return all(names & set(USUAL[part]) for part in PARTS)


class Grid:
    """An opened grid.

    Parameters
    ----------
    path : Path
    kept : Kept
        Whose predictors it must hold.

    Attributes
    ----------
    dims : tuple of str
        Its names of time, latitude and longitude.
    days : ndarray of datetime64[D], shape (time,)
    lat, lon : ndarray
        Degrees, as written there.
    notes : list of str
        What is to be said of it.

    Raises
    ------
    CubeError
        Names what is wrong with it, and the way out.
    """

    def __init__(self, path: Path, kept: Kept) -> None:
        self.path, self.kept, self.notes = path, kept, []
        with _named(path):
            self._opened = open_labelled(path)
            self.dims = tuple(dimension(tuple(self._opened.dims), part, "it") for part in PARTS)
            t, y, x = self.dims
            for name, kinds, what in ((t, "M", "dates"), (y, "fiu", "degrees"), (x, "fiu", "degrees")):
                if name not in self._opened.coords or self._opened[name].dtype.kind not in kinds:
                    raise CubeError(f"its dimension {name} has no coordinate of {what}; give it one, or rename it")
                if not self._opened.sizes[name]:
                    raise CubeError(f"its dimension {name} is empty; give at least one cell and one day")
            self.days = self._opened[t].values.astype("datetime64[D]")
            if (np.diff(self.days).astype(int) != 1).any():
                raise CubeError(f"the days are not one after the other; reindex {t} to every day")
            self.lat, self.lon = (self._opened[name].values.astype(np.float64) for name in (y, x))
            self._check_places()
            self._codes = self._check_predictors()

    def pieces(self, step: int) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Some rows of latitude at a time: which, their predictors (place, time, predictor), and places (place, 2)."""
        for first in range(0, len(self.lat), step):
            rows = slice(first, min(first + step, len(self.lat)))
            part = self._opened.isel({self.dims[1]: rows})
            values = np.stack([self._values(part, name) for name in self.kept.predictors], -1)
            lonlat = np.stack(np.meshgrid(wrapped(self.lon), self.lat[rows]), -1).reshape(-1, 2)
            yield rows, values.reshape(len(lonlat), len(self.days), -1), lonlat

    def _check_places(self) -> None:
        for values in (self.lat, self.lon):
            if np.abs(values).max() > 400:
                raise CubeError(f"a coordinate is {values[np.abs(values).argmax()]:g}: give degrees, not metres")
        lon = wrapped(self.lon)
        edges = [(each, self.lat[0]) for each in lon] + [(lon[0], each) for each in self.lat]
        try:
            check_lonlat(np.array(edges))
        except CoordinateError as error:
            raise CubeError(re.sub(r"^row \d+: ", "", str(error)).replace("drop the row", "leave it out")) from None

    def _check_predictors(self) -> dict[str, np.ndarray]:
        """Numbers that stand for missing, by predictor; a predictor at a time is in memory."""
        own = [name for name in self.kept.predictors if name not in TAKEN]
        refuse_lacking([column_of(name) for name in own], [str(name) for name in self._opened.variables])
        found = {}
        for name in own:
            variable = self._opened[column_of(name)]
            if variable.dtype.kind not in "fiub" or not set(variable.dims) <= set(self.dims):
                raise CubeError(
                    f"{variable.name} is {variable.dtype} on ({', '.join(map(str, variable.dims))}); give numbers on "
                    f"({', '.join(self.dims)}) or some of these"
                )
            # A view: what is read through the file itself would stay in memory with it.
            values = self._read(self._opened.isel({self.dims[0]: slice(None)}), column_of(name))
            if np.isinf(values).any():
                raise CubeError(
                    f"{variable.name} is not finite in {int(np.isinf(values).sum()):,} cells; make these NaN"
                )
            _, codes, odd = cleared(self.kept, name, values, str(variable.attrs.get("units", "")))
            self.notes += [
                f"{variable.name} is {code:g} in {count:,} cells, far from all other values: taken for missing"
                for code, count in codes.items()
            ]
            self.notes += [odd] * bool(odd)
            found[name] = np.array(list(codes), np.float32)
        return found

    def _values(self, part: xr.Dataset, name: str) -> np.ndarray:
        """A predictor on (lat, lon, time), whatever of these it varies along."""
        sizes = {dim: part.sizes[dim] for dim in (*self.dims[1:], self.dims[0])}
        if name in ("doy_sin", "doy_cos"):
            doy = part[self.dims[0]].dt.dayofyear.values
            return np.broadcast_to(season(doy)[name == "doy_cos"], tuple(sizes.values()))
        values = on_all(part[column_of(name)].variable, sizes, self._read(part, column_of(name)))
        return np.where(np.isin(values, self._codes[name]), np.float32(np.nan), values)

    def _read(self, part: xr.Dataset, name: str) -> np.ndarray:
        try:
            with np.errstate(over="ignore"):
                return part[name].values.astype(np.float32)
        except Exception as error:
            raise unreadable(self.path, error) from None

    def close(self) -> None:
        """Let go of the file."""
        self._opened.close()


def on_all(variable: xr.Variable, sizes: dict[str, int], values: np.ndarray) -> np.ndarray:
    """The values of a variable along all dimensions, in their order."""
    return xr.Variable(variable.dims, values).set_dims(sizes).transpose(*sizes).values


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors begin with the file's name."""
    try:
        yield
    except CubeError as error:
        raise CubeError(f"{path}: {error}") from None
