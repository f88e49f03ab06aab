"""Maps of every day of a year, written strip by strip: memory stays bounded, and what was interrupted goes on.

A strip is some rows of the grid and all days, so that a place's vector is computed once, and each day's window is
looked at where it already lies in memory. The maps grow in a folder beside the one that was asked for, which gets its
name when the last strip is in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from placeprior.errors import ConfigError, StoreError
from placeprior.runs import cluster
from placeprior.runs.daily_maps import Mapper, fields_on
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run

if TYPE_CHECKING:
    from distributed import Client

CELLS = 4_000  # of a strip: a year of its predictors takes some 100 MB
DONE = "done"  # whether a strip is written, in the unfinished store


def days_of(run: Run, year: int, where: tuple[np.ndarray, np.ndarray] | xr.Dataset) -> np.ndarray:
    """The days of a year that can be mapped: those with the run's window of predictors before them.

    Raises
    ------
    ConfigError
        If there is none.
    """
    known = (where if isinstance(where, xr.Dataset) else cube_of(run))["time"].values.astype("datetime64[D]")
    days = known[run.window - 1 :]
    days = days[days.astype("datetime64[Y]").astype(int) + 1970 == year]
    if not len(days):
        raise ConfigError(
            f"no day of {year} can be mapped by run {run.id}, which looks back on {run.window - 1} days: the record "
            f"goes from {known[0]} to {known[-1]}; name a year of these"
        )
    return days


def left(
    run: Run, days: np.ndarray, where: tuple[np.ndarray, np.ndarray] | xr.Dataset, target: Path, *, cells: int = CELLS
) -> tuple[list[slice], list[int]]:
    """The strips of maps as rows of the grid, and the numbers of those that are not made; see :func:`write`.

    Raises
    ------
    StoreError
        As there.
    """
    if target.exists():
        raise StoreError(f"{target} is there already; remove it, or name another folder")
    lon, lat = _axes(where)
    strips = list(_strips(len(lat), max(1, cells // len(lon))))
    unfinished = _unfinished(target)
    if not unfinished.exists():
        return strips, list(range(len(strips)))
    begun, asked = xr.open_zarr(unfinished, consolidated=False), _asked(run, days, lon, lat, strips)
    if begun.attrs["begun_for"] != asked:
        raise StoreError(
            f"{unfinished} was begun for other maps than these ({begun.attrs['begun_for'][:12]}, not {asked[:12]}); "
            "remove it, or name another folder"
        )
    return strips, np.flatnonzero(begun[DONE].values == 0).tolist()


def write(
    run: Run,
    days: np.ndarray,
    where: tuple[np.ndarray, np.ndarray] | xr.Dataset,
    target: Path,
    *,
    cells: int = CELLS,
    progress: Callable[[int, int], object] = lambda made, strips: None,
    workers: Client | None = None,
) -> Path:
    """Write maps of many days as Zarr; called again after an interruption, make what is missing.

    Parameters
    ----------
    run : Run
        A stored run.
    days : array of datetime64, shape (day,)
        Days that follow each other, as :func:`days_of` gives them.
    where : (lon, lat) or xarray.Dataset
        As for :func:`placeprior.runs.daily_maps.fields_on`.
    target : Path
        A folder that is not there yet, ``….zarr``: ``estimate`` on (time, y, x), µg m-3, float32, NaN off land.
    cells : int
        Of a strip at most (but never less than a row), which bounds the memory.
    progress : callable
        Told after each strip, and before the first, how many are made and how many there are.
    workers : distributed.Client, optional
        Make strips there (:func:`placeprior.runs.cluster.client`), not in this process.

    Raises
    ------
    StoreError
        If the target is there, or what is unfinished beside it was begun for something else.
    """
    strips, missing = left(run, days, where, target, cells=cells)
    unfinished = _unfinished(target)
    if not unfinished.exists():
        _begin(run, days, *_axes(where), strips, unfinished)
    progress(made := len(strips) - len(missing), len(strips))
    strip = partial(_strip, unfinished=unfinished.resolve(), run=run, days=days, where=where, rows=strips)
    done = map(strip, missing) if workers is None else cluster.spread(strip, missing, workers)
    for _ in done:
        progress(made := made + 1, len(strips))
    return unfinished.rename(target)


def _axes(where: tuple[np.ndarray, np.ndarray] | xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of a grid's columns and rows."""
    return (where["lon"].values, where["lat"].values) if isinstance(where, xr.Dataset) else where


def _unfinished(target: Path) -> Path:
    """Where maps grow until they are whole."""
    return target.with_name(target.name + ".unfinished")


def _strip(
    number: int,
    *,
    unfinished: Path,
    run: Run,
    days: np.ndarray,
    where: tuple[np.ndarray, np.ndarray] | xr.Dataset,
    rows: list[slice],
) -> None:
    """Make one strip and mark it as made."""
    at = rows[number]
    part = where.isel(y=at) if isinstance(where, xr.Dataset) else (where[0], where[1][at])
    maps = _mapper(run).on(fields_on(run, days, part))
    _put(unfinished, maps.reset_coords(drop=True).drop_vars("time").to_dataset(), {"y": at})
    _put(unfinished, xr.Dataset({DONE: ("strip", np.ones(1, np.int8))}), {"strip": slice(number, number + 1)})


@lru_cache(maxsize=1)
def _mapper(run: Run) -> Mapper:
    """What a process needs for its strips, made once."""
    return Mapper(run)


def _strips(rows: int, most: int) -> Iterator[slice]:
    for start in range(0, rows, most):
        yield slice(start, min(start + most, rows))


def _asked(run: Run, days: np.ndarray, lon: np.ndarray, lat: np.ndarray, strips: list[slice]) -> str:
    """A digest of what maps are asked for: what was begun for something else must not be finished as these."""
    parts = [run.id, str(days[0]), str(days[-1]), repr(lon.tolist()), repr(lat.tolist()), repr(strips)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _begin(run: Run, days: np.ndarray, lon: np.ndarray, lat: np.ndarray, strips: list[slice], unfinished: Path) -> None:
    """Write what every strip shares, and room for the rest."""
    import dask.array

    shape = (len(days), len(lat), len(lon))
    rows = strips[0].stop
    # A month to a chunk: a reader of one day need not fetch the year.
    empty = dask.array.full(shape, np.nan, dtype=np.float32, chunks=(min(31, len(days)), rows, len(lon)))
    embedded = run.data["load"] == "world"
    maps = xr.Dataset(
        {
            "estimate": (("time", "y", "x"), empty, {"units": "µg m-3", "long_name": f"estimated PM2.5, {run.model}"}),
            DONE: ("strip", dask.array.zeros(len(strips), dtype=np.int8, chunks=1)),
        },
        coords={
            "time": days.astype("datetime64[ns]"),
            "lon": ("x", lon, {"units": "degrees_east"}),
            "lat": ("y", lat, {"units": "degrees_north"}),
        },
        attrs={
            "title": f"Daily PM2.5 of {'the embedded world (simulated)' if embedded else run.task}",
            "source": f"placeprior run {run.id}: {run.label}",
            "embedded": int(embedded),
            "begun_for": _asked(run, days, lon, lat, strips),
        },
    )
    aside = unfinished.with_name(unfinished.name + ".begun")
    maps.to_zarr(aside, mode="w", compute=False, consolidated=False, zarr_format=3)
    _put(aside, maps[[DONE]].compute().drop_vars(maps.coords, errors="ignore"), {"strip": slice(0, len(strips))})
    aside.rename(unfinished)


def _put(store: Path, part: xr.Dataset, region: dict[str, slice]) -> None:
    part.to_zarr(store, region=region, consolidated=False)
