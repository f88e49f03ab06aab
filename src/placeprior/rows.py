"""What a table says: headers, units, days, numbers, places, read strictly; a refusal names row and remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from placeprior.errors import CubeError

YEARS = (1970, 2100)  # a date outside is mistyped, and the days between would fill the memory with NaN
REQUIRED = ("station", "date", "lon", "lat", "pm25")
_HEADER = re.compile(r"^\s*(?P<name>.*?)\s*(?:\[(?P<units>[^\[\]]+)\])?\s*$")
PM25_UNITS = "µg m-3"
# After lower case, "ug" for the two micro signs and one way to write a superscript.
_PM25_SYNONYMS = {
    "ug m-3",
    "ugm-3",
    "ug.m-3",
    "ug m^-3",
    "ug/m3",
    "ug/m^3",
    "micrograms/cubic meter",
    "micrograms/cubic meter (lc)",
    "micrograms per cubic meter",
    "micrograms per cubic metre",
}


def pm25_units(text: object) -> str:
    """Return the contract's spelling of a PM2.5 unit, or refuse it.

    Parameters
    ----------
    text : object
        A unit as a file spells it, for example EPA's ``Micrograms/cubic meter (LC)``.
    """
    plain = re.sub(r"\s+", " ", str(text)).strip().lower()
    for written, ascii_ in (("\u00b5", "u"), ("\u03bc", "u"), ("⁻³", "-3"), ("³", "3")):
        plain = plain.replace(written, ascii_)
    if plain not in _PM25_SYNONYMS:
        raise CubeError(f"pm25 is in {str(text)!r}; convert it to {PM25_UNITS!r} (local conditions) first")
    return PM25_UNITS


def refuse(wrong: pd.Series, table: pd.DataFrame, column: str, remedy: str) -> None:
    """Raise for the first row where ``wrong`` holds: its number (from 1), station, value and the remedy."""
    if wrong.any():
        row = int(np.flatnonzero(wrong.to_numpy())[0])
        station = f" (station {table['station'].iloc[row]!r})" if column != "station" else ""
        value = table[column].iloc[row]
        value = value.item() if isinstance(value, np.generic) else value
        raise CubeError(f"row {row + 1}{station}: {column} is {value!r}; {remedy}")


def columns(
    table: pd.DataFrame, units: Mapping[str, str], required: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Split units off the headers, rename ``time`` to ``date`` and name what is missing."""
    found: dict[str, str] = {}
    names = []
    for header in map(str, table.columns):
        match = _HEADER.match(header)
        name = match["name"] if match else header
        name = "date" if name == "time" else name
        if match and match["units"]:
            found[name] = match["units"].strip()
        names.append(name)
    twice = pd.Series(names, dtype=object)
    if twice.duplicated().any():
        raise CubeError(f"column {twice[twice.duplicated()].iloc[0]!r} occurs twice; keep one")
    missing = [name for name in required if name not in names]
    if missing:
        raise CubeError(
            f"missing column{'s' * (len(missing) > 1)} {', '.join(map(repr, missing))}; rename or add: "
            f"{', '.join(required)} are needed, the table has {', '.join(names) or 'none'}"
        )
    unknown = set(units) - set(names)
    if unknown:
        raise CubeError(
            f"units are given for {sorted(unknown)[0]!r}, no such column among {', '.join(names)}"
        )
    if len(table) == 0:
        raise CubeError("the table has no rows; give it at least one station-day")
    return table.set_axis(names, axis=1), found | dict(units)


def days(table: pd.DataFrame) -> pd.Series:
    """Return the column ``date`` as midnights without a time zone; only ISO dates, others are ambiguous."""
    raw = table["date"]
    text = raw if pd.api.types.is_datetime64_any_dtype(raw) else raw.astype("string").str.strip()
    try:
        days = pd.to_datetime(text, errors="coerce", format=None if text is raw else "ISO8601")
    except ValueError as error:
        raise CubeError(f"date cannot be read ({error}); write every date as YYYY-MM-DD") from None
    if getattr(days.dt, "tz", None) is not None:
        raise CubeError(f"date: {raw.iloc[0]!r} carries a time zone; give the local day as YYYY-MM-DD")
    refuse(days.isna(), table, "date", "write dates as YYYY-MM-DD")
    refuse(~days.dt.year.between(*YEARS), table, "date", "correct the mistyped year")
    refuse(days != days.dt.normalize(), table, "date", "it has a time of day; aggregate to daily means first")
    return days


def numbers(table: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column as float64 (n,); blanks are NaN, but text and absent coordinates are refused."""
    raw = table[name]
    values = pd.to_numeric(raw, errors="coerce")
    if not pd.api.types.is_numeric_dtype(raw):
        blank = raw.isna() | raw.astype("string").str.strip().isin(["", "NA", "nan", "NaN"])
        refuse(
            values.isna() & ~blank, table, name, "it must be a number (drop columns that are not measured)"
        )
    if name in ("lon", "lat"):
        refuse(values.isna(), table, name, "give every row its coordinates in degrees")
    return values.to_numpy("float64", na_value=np.nan)


def one_value(values: np.ndarray, codes: np.ndarray, stations: pd.Index, name: str) -> np.ndarray:
    """Return each station's single value, shape (n stations,), or name the station that has two."""
    groups = pd.Series(values).groupby(codes)
    low, high = groups.min().to_numpy(), groups.max().to_numpy()
    moved = np.flatnonzero(low != high)
    if moved.size:
        where = moved[0]
        raise CubeError(
            f"station {str(stations[where])!r} moves: {name} is {low[where]:g} and {high[where]:g}; "
            "give each place its own station name, or one coordinate"
        )
    return low
