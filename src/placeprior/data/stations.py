"""A person's own stations, from a long table or a file with (station, time), read in pieces into a checked cube.

Nothing is assumed about what is measured, in which country, or that every day has a value. What is changed or left out
on the way is said, and what is wrong is refused in one line with the way out.
"""

from __future__ import annotations

import csv
import gzip
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from placeprior.coords import wrapped
from placeprior.data import read_table
from placeprior.data.columns import Choice, Roles, find
from placeprior.data.cube import add_calendar, check_cube, place_on, variable
from placeprior.data.example import LABEL
from placeprior.data.labelled import Long, stations_of
from placeprior.data.slips import CODES, refuse_lost_signs, without_codes
from placeprior.errors import CubeError

PIECE = 250_000  # rows that are text in memory at once
JITTER = 0.01  # degrees: a station that moved by less is taken to stand where it was first
TABLES = (".csv", ".gz", ".txt", ".tsv", ".parquet", ".pq")
LARGEST = 6e9  # bytes of a cube
TAKEN, OWN = ("pm25", "doy_sin", "doy_cos"), " (predictor)"  # names that a cube gives itself
EPA_UNITS = {
    "Micrograms/cubic meter (LC)": "µg m-3",
    "Micrograms/cubic meter (25 C)": "µg m-3",
    "Parts per million": "ppm",
}
_CLOCK = re.compile(r"[T ]\d\d:.*$")


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
                long, roles = _long(path, choice, target, notes, needed)
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


# --- rows ---


def _long(path: Path, choice: Choice, target: bool, notes: list[str], needed: Sequence[str]) -> tuple[Long, Roles]:
    parts: list[tuple[np.ndarray, ...]] = []
    names: dict[str, int] = {}
    roles, units, before = None, {}, 0
    said: dict[str, set[str]] = {}
    for piece in _pieces(path):
        table, units = read_table.columns(piece, {}, ())
        if roles is None:
            roles = find(list(table.columns), choice, target, needed)
        try:
            parts.append(_piece(table, roles, choice, names, needed))
        except CubeError as error:  # rows are counted from the top of the file
            raise CubeError(_counted(str(error), before)) from None
        before += len(table)
        for what, column in roles.saying.items():
            said.setdefault(what, set()).update(table[column].dropna().astype("string").str.strip())
    if roles is None or not before:
        raise CubeError("the table has no rows; give it at least one station-day")
    kept = [name for name in roles.others if name not in roles.left_out]
    wanted = [name for name in (roles.target, *kept) if name]
    values = {name: np.concatenate([part[3][name] for part in parts]) for name in wanted}
    lonlat = {name: np.concatenate([part[2][name] for part in parts]) for name in ("lon", "lat")}
    code, day = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
    roles.others = kept
    if not roles.station:
        notes.append(f"no column names the stations: each of the {len(names):,} places is taken for one")
    quantity, unit = (_one(said.get(what, set()), roles, what) for what in ("quantity", "unit"))
    if unit and not units.get(roles.target):
        units = units | {roles.target: unit}
    return Long(list(names), code, day, lonlat, values, units, quantity), roles


def _one(said: set[str], roles: Roles, what: str) -> str:
    """What the rows say of the target, if they agree.

    Raises
    ------
    CubeError
        Values of several quantities or units would be taken for one.
    """
    if len(said) > 1:
        some = ", ".join(sorted(said)[:4])
        raise CubeError(
            f"column {roles.saying[what]!r} says that {roles.target!r} holds several things ({some}); keep the rows of "
            f"one {what}"
        )
    return EPA_UNITS.get(text := next(iter(said), ""), text)


def _counted(text: str, before: int) -> str:
    """A message about a row of a piece, as one about a row of the file."""
    return re.sub(r"(?<=row )\d+", lambda number: str(int(number[0]) + before), text, count=1)


def _pieces(path: Path) -> Iterator[pd.DataFrame]:
    if path.suffix in (".parquet", ".pq"):
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            for batch in pq.ParquetFile(path).iter_batches(PIECE):
                yield batch.to_pandas()
        except (OSError, pa.ArrowException) as error:
            raise CubeError(f"it cannot be read as Parquet ({error}); write it again") from None
        return
    if path.suffix not in TABLES:
        raise CubeError(f"it ends in {path.suffix!r}; give CSV, Parquet, netCDF (.nc) or Zarr (.zarr)")
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            yield from read_table.read_text(stream, chunksize=PIECE)
    except pd.errors.EmptyDataError:
        raise CubeError("it is empty; it needs a header and rows") from None
    except (OSError, UnicodeDecodeError, csv.Error, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise CubeError(
            f"it cannot be read as CSV ({str(error).strip()}); save it as comma-separated UTF-8 text"
        ) from None


def _piece(table: pd.DataFrame, roles: Roles, choice: Choice, names: dict[str, int], needed: Sequence[str]) -> tuple:
    """Codes of stations, days, places and values of some rows."""
    if roles.station:
        parts = [table[name].astype("string").str.strip() for name in roles.station]
        text = parts[0].str.cat(parts[1:], sep="-") if len(parts) > 1 else parts[0]
    else:
        text = table[roles.lat].astype("string") + ", " + table[roles.lon].astype("string")
    table = table.rename(columns={roles.date: "date", roles.lon: "lon", roles.lat: "lat"}).assign(station=text)
    text = read_table.stations(table)
    own, seen = pd.factorize(text)
    known = np.array([names.setdefault(str(name), len(names)) for name in seen], np.int32)
    day = _days(table, choice, bool(roles.target)).to_numpy("datetime64[D]").astype(np.int32)
    place = {name: read_table.numbers(table, name) for name in ("lon", "lat")}
    values = {}
    for name in (roles.target, *roles.others):
        if not name or name in roles.left_out:
            continue
        try:
            values[name] = read_table.numbers(table, name).astype(np.float32)
        except CubeError as error:
            if name == roles.target:
                raise CubeError(f"{error}; the target must be a number, and a class is none") from None
            if name in needed:
                raise CubeError(
                    str(error).replace("drop columns that are not measured", "empty where unknown")
                ) from None
            text = table[name].astype("string")
            some = pd.to_numeric(text, errors="coerce").notna().any()  # one cell spoils a column of numbers
            roles.left_out[name] = (
                LABEL if set(text.dropna()) - {""} == {LABEL} else f"no number: {error}" if some else "no number"
            )
    return known[own], day, place, values


def _days(table: pd.DataFrame, choice: Choice, target: bool) -> pd.Series:
    raw = table["date"]
    if choice.daily:
        dates = pd.api.types.is_datetime64_any_dtype(raw)
        raw = (
            raw.dt.tz_localize(None).dt.normalize()
            if dates
            else raw.astype("string").str.replace(_CLOCK, "", regex=True)
        )
        table = table.assign(date=raw)
    try:
        return read_table.days(table)
    except CubeError as error:
        if "time of day" in str(error) and target:
            raise CubeError(f"{error}, or let `--daily mean` do it") from None
        raise


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
