"""The rows of a long table (CSV, Parquet) and what its columns are, read in pieces: little of it is text at once."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from placeprior.data import read_table
from placeprior.data.columns import Choice, Roles, find
from placeprior.data.example import LABEL
from placeprior.data.labelled import Long
from placeprior.data.text import read_text
from placeprior.errors import CubeError

PIECE = 250_000  # rows that are text in memory at once
TABLES = (".csv", ".gz", ".txt", ".tsv", ".parquet", ".pq")
EPA_UNITS = {
    "Micrograms/cubic meter (LC)": "µg m-3",
    "Micrograms/cubic meter (25 C)": "µg m-3",
    "Parts per million": "ppm",
}
_CLOCK = re.compile(r"[T ]\d\d:.*$")


def rows_of(path: Path, choice: Choice, target: bool, needed: Sequence[str] = ()) -> tuple[Long, Roles]:
    """Read a table, a piece of it at a time; see :func:`placeprior.data.columns.find`.

    Raises
    ------
    CubeError
        Names the row, as counted from the top of the file, and the way out.
    """
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
            yield from read_text(stream, chunksize=PIECE)
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
