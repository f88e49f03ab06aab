"""A person's own stations, from a long table or a file with (station, time), read in pieces into a checked cube.

Nothing is assumed about what is measured, in which country, or that every day has a value. What is changed or left out
on the way is said, and what is wrong is refused in one line with the way out.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from placeprior.coords import wrapped
from placeprior.data import read_table
from placeprior.data.columns import Choice, Roles
from placeprior.data.cube import add_calendar, check_cube, place_on, variable
from placeprior.data.example import LABEL
from placeprior.data.labelled import Long, stations_of
from placeprior.data.rows import rows_of
from placeprior.data.slips import CODES, refuse_lost_signs, without_codes
from placeprior.errors import CubeError

JITTER = 0.01  # degrees: a station that moved by less is taken to stand where it was first
LARGEST = 6e9  # bytes of a cube
TAKEN, OWN = ("pm25", "doy_sin", "doy_cos"), " (predictor)"  # names that a cube gives itself


@dataclass
class Found:
    """What a table holds.

    Attributes
    ----------
    cube : xarray.Dataset
        Under the data contract; the target is its ``pm25``, and its name is the attribute ``target``.
    roles : Roles
    notes : list of str
        What was found, changed or left out, a line each.
    rows : int
        Of the table, with or without a measurement.
    at : (ndarray, ndarray)
        Station and day of each row, counted from 0 in the cube.
    """

    cube: xr.Dataset
    roles: Roles
    notes: list[str] = field(default_factory=list)
    rows: int = 0
    at: tuple[np.ndarray, np.ndarray] | None = None


def read(path: Path, choice: Choice, target: bool = True, needed: Sequence[str] = ()) -> Found:
    """Read a table or cube of stations.

    Parameters
    ----------
    path : Path
        CSV (also gzipped), Parquet, netCDF or Zarr.
    choice : Choice
        What its columns are, where the usual names do not tell.
    target : bool
        Whether it holds measurements; else only what an estimate needs.
    needed : sequence of str
        The predictors that an estimate needs: all must be there, if without a value, and no other is read.

    Raises
    ------
    CubeError
        Names the row, column or station, and the way out.
    """
    path = Path(path)
    if not path.exists():
        raise CubeError(f"{path}: no such file; give a table of stations (CSV, Parquet, netCDF or Zarr)")
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            if path.suffix in (".nc", ".zarr"):
                long, roles = stations_of(path, choice, target, needed)
            else:
                long, roles = rows_of(path, choice, target, needed)
            if not roles.station:
                notes.append(
                    f"no column names the stations: each of the {len(long.stations):,} places is taken for one"
                )
            cube, at = _cube(long, roles, choice, notes)
            cube.attrs.update(title=path.name, source=path.name, target=long.quantity or roles.target)
            cube.attrs["embedded"] = int(LABEL in roles.left_out.values())
            check_cube(cube, "pm25" if target else None)
            nothing = np.full((cube.sizes["station"], cube.sizes["time"]), np.nan)
            if empty := [name for name in needed if roles.left_out.pop(name, "")]:
                cube = cube.assign({called(name): variable(nothing, "unstated", name) for name in empty})
                notes.append(f"no value of {', '.join(empty)}: told as the mean of what was learned from")
            if target:  # estimates may be wanted anywhere
                refuse_lost_signs(np.column_stack([cube["lon"].values, cube["lat"].values]), cube["station"].values)
        except CubeError as error:
            raise CubeError(f"{path}: {error}") from None
    notes += list(dict.fromkeys(str(w.message) for w in caught if w.category is UserWarning))
    for why in dict.fromkeys(roles.left_out.values()):
        names = [name for name, reason in roles.left_out.items() if reason == why]
        notes.append(f"left out: {', '.join(names)} ({why})")
    return Found(cube, roles, notes, len(long.code), at)


def called(column: str) -> str:
    """What a predictor's column is called in a cube, where some names are taken; :func:`column_of` turns it back."""
    return f"{column}{OWN}" if column in TAKEN else column


def column_of(predictor: str) -> str:
    """The column of a table that a cube's predictor comes from."""
    return predictor.removesuffix(OWN)


# --- from rows to a cube ---


def _cube(
    long: Long, roles: Roles, choice: Choice, notes: list[str]
) -> tuple[xr.Dataset, tuple[np.ndarray, np.ndarray]]:
    order = np.argsort(np.array(long.stations, dtype=object), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    code, first = rank[long.code], int(long.day.min())
    span = int(long.day.max()) - first + 1
    stations = np.array(long.stations, dtype=object)[order]
    cells = len(stations) * span
    if 4 * cells * (len(long.values) + 2) > LARGEST:
        raise CubeError(
            f"{len(stations):,} stations x {span:,} days x {len(long.values)} variables need more than "
            f"{LARGEST / 1e9:g} GB; "
            f"{'choose fewer with --predictors, or ' * bool(roles.target)}cut the table by region or year"
        )
    lonlat = _places(long, code, stations, notes)
    key = code * span + (long.day - first)
    for name, column in long.values.items():
        long.values[name], codes = without_codes(column)
        for number, count in codes.items():
            notes.append(f"{name} is {number:g} in {count:,} rows, far from all other values: taken for missing")
    values = _filled(long, key, cells, stations, span, first, choice, notes, bool(roles.target))
    time = (np.datetime64(first, "D") + np.arange(span)).astype("datetime64[ns]")
    cube = place_on(stations, *lonlat.T, time)
    data = {}
    for name, filled in values.items():
        target = name == roles.target
        if not target and not np.isfinite(filled).any():
            roles.left_out[name] = "no value"
            continue
        units = choice.unit if target and choice.unit else long.units.get(name, "unstated")
        role = "target" if target else "predictor"
        data["pm25" if target else called(name)] = variable(
            filled.reshape(len(stations), span), units or "unstated", name, role
        )
    cube = cube.assign(data)
    return add_calendar(cube), (code, long.day - first)


def _places(long: Long, of: np.ndarray, stations: np.ndarray, notes: list[str]) -> np.ndarray:
    """One place a station, shape (station, 2)."""
    found = []
    for name in ("lon", "lat"):
        values = long.place[name]
        if np.abs(values).max() > 400:
            at, value = int(np.abs(values).argmax()), values[np.abs(values).argmax()]
            code = "a code for missing: give each station its place, or leave it out"
            what = code if value in CODES else "give degrees, not metres of a projection"
            raise CubeError(f"station {str(stations[of[at]])!r}: {name} is {value:g}: {what}")
        values = wrapped(values) if name == "lon" else values
        if name == "lon" and (turned := int((values != long.place[name]).sum())):
            notes.append(f"longitudes above 180 were counted from 0 to 360: 360 taken off in {turned:,} rows")
        group = pd.Series(values).groupby(of)
        at, apart = group.first().to_numpy(), (group.max() - group.min()).to_numpy()
        if (apart > JITTER).any():
            read_table.one_value(values, of, pd.Index(stations), name)
        if (apart > 0).any():
            notes.append(
                f"{int((apart > 0).sum())} stations have {name} that differ by up to {apart.max():.2g} "
                "degree: the first is taken"
            )
        found.append(at)
    return np.column_stack(found)


def _filled(
    long: Long,
    key: np.ndarray,
    cells: int,
    stations: np.ndarray,
    span: int,
    first: int,
    choice: Choice,
    notes: list[str],
    target: bool,
) -> dict[str, np.ndarray]:
    """Each column on all station-days, NaN where nothing is known; several rows of one are averaged where asked."""
    count = np.bincount(key, minlength=cells) if len(key) else np.zeros(cells, int)
    twice = np.flatnonzero(count > 1)
    if twice.size and not choice.daily:
        station, day = divmod(int(twice[0]), span)
        raise CubeError(
            f"station {str(stations[station])!r} has {count[twice[0]]} rows for {np.datetime64(first + day, 'D')} "
            f"({twice.size:,} such station-days); keep one, or "
            f"{'let `--daily mean` average them' if target else 'average them'}"
        )
    if twice.size:
        notes.append(f"{int(count[twice].sum()):,} rows of {twice.size:,} station-days are averaged (--daily mean)")
    filled = {}
    for name, column in long.values.items():
        values = np.full(cells, np.nan, np.float32)
        if twice.size:
            known = np.isfinite(column)
            number = np.bincount(key[known], minlength=cells)
            total = np.bincount(key[known], column[known], minlength=cells)
            np.divide(total, number, out=values, where=number > 0, casting="same_kind")
        else:
            values[key] = column
        filled[name] = values
    return filled
