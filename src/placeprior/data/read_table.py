"""What a table says: headers, units, days, numbers, places, read strictly; a refusal names row and remedy."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from placeprior.errors import CubeError, apart

YEARS = (1970, 2100)  # a date outside is mistyped, and the days between would fill the memory with NaN
REQUIRED = ("station", "date", "lon", "lat", "pm25")
_CONTROL = r"[\x00-\x1f\x7f]"
_HEADER = re.compile(r"^\s*(?P<name>.*?)\s*(?:\[(?P<units>[^\[\]]+)\])?\s*$")
_UNNAMED = re.compile(r"(Unnamed: \d+(_level_\d+)*)?")  # pandas' names for columns that have none
_RENAMED = re.compile(r"(?P<first>.+)\.\d+")  # pandas' names for further columns of one name
_DAY = re.compile(r"(\d{4}-\d\d-\d\d|\d{8})([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?)?( ?(Z|[+-]\d\d(:?\d\d)?))?")
_MONTH = re.compile(r"\d{4}(-?\d\d?)?")
_SERIAL = re.compile(r"[34]\d{4}(\.\d+)?")  # days since 1899-12-30, of the years 1982 to 2036
#: What stands for a missing number; in names these are names.
BLANK = frozenset(
    {
        "",
        "NA",
        "N/A",
        "n/a",
        "NaN",
        "nan",
        "-NaN",
        "-nan",
        "NULL",
        "null",
        "None",
        "<NA>",
        "#N/A",
        "#NA",
        "#N/A N/A",
        "1.#IND",
        "-1.#IND",
        "1.#QNAN",
        "-1.#QNAN",
    }
)
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


def refuse_twice(names: Sequence[str], where: str = "") -> None:
    """Refuse a header in which a name occurs twice, whichever it is, or twice but for its case."""
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(name.casefold(), name)
        if first is not name or list(names).count(name) > 1:
            what = f"column {name!r} occurs twice" if first == name else f"columns {first!r} and {name!r} are one name"
            raise CubeError(f"{where}{what}; keep one, or rename it")


def refuse(wrong: pd.Series, table: pd.DataFrame, column: str, remedy: str) -> None:
    """Raise for the first row where ``wrong`` holds: its number (from 1), station, value and the remedy."""
    if wrong.any():
        row = int(np.flatnonzero(wrong.to_numpy())[0])
        named = column != "station" and "station" in table.columns
        station = f" (station {table['station'].iloc[row]!r})" if named else ""
        value = table[column].iloc[row]
        value = value.item() if isinstance(value, np.generic) else value
        raise CubeError(f"row {row + 1}{station}: {column} is {value!r}; {remedy}")


def columns(
    table: pd.DataFrame, units: Mapping[str, str], required: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Split units off the headers, rename ``time`` to ``date``, leave out columns without a name, name what is missing.

    Raises
    ------
    CubeError
        A column is missing or occurs twice: as written, in another case, or as pandas renamed it (``pm25.1``), for the
        second one could be the target among the inputs.
    """
    if not isinstance(table, pd.DataFrame):
        raise CubeError(f"the table is a {type(table).__name__}; give a pandas.DataFrame, one row a station and day")
    found: dict[str, str] = {}
    names = []
    headers = [_named("" if header is None or header != header else str(header)) for header in table.columns]
    both = "date" in (name for name, _ in headers)
    if both and "date" in required and "time" in (name for name, _ in headers):
        raise CubeError("columns 'date' and 'time' both say the day; keep one, or rename the other")
    for name, unit in headers:
        name = "date" if name == "time" and not both else name
        if unit:
            found[name] = unit
        names.append(name)
    nameless = [at for at, name in enumerate(names) if _UNNAMED.fullmatch(name)]
    if nameless:
        listed = ", ".join(str(at + 1) for at in nameless)
        warnings.warn(
            f"column{'s' * (len(nameless) > 1)} {listed} without a name: left out; name what is an input", stacklevel=3
        )
        table = table.iloc[:, [at for at in range(len(names)) if at not in nameless]]
        names = [name for name in names if not _UNNAMED.fullmatch(name)]
    refuse_twice(names)
    for name in names:
        renamed = _RENAMED.fullmatch(name)
        if renamed and (first := _named(renamed["first"])[0]) in names:
            raise CubeError(
                f"column {name!r} is what pandas makes of a second column {first!r}, which occurs twice "
                "then; keep one, or rename it"
            )
    missing = [name for name in required if name not in names]
    if missing:
        raise CubeError(
            f"missing column{'s' * (len(missing) > 1)} {', '.join(map(repr, missing))}; rename or add: "
            f"{', '.join(required)} are needed, the table has {', '.join(names) or 'none'}"
        )
    unknown = set(units) - set(names)
    if unknown:
        raise CubeError(f"units are given for {sorted(unknown)[0]!r}, no such column among {', '.join(names)}")
    if len(table) == 0:
        raise CubeError("the table has no rows; give it at least one station-day")
    return table.set_axis(names, axis=1), found | dict(units)


def _named(header: str) -> tuple[str, str]:
    """A header's name and its unit, empty where there is none."""
    match = _HEADER.match(header)
    return (match["name"], (match["units"] or "").strip()) if match else (header, "")


def stations(table: pd.DataFrame) -> pd.Series:
    """Return the column ``station`` as text, one spelling a name: letters composed (NFC), no blanks around them.

    Raises
    ------
    CubeError
        A name is absent, holds control characters, or is bytes that are no text.
    """
    raw = table["station"]
    if raw.map(lambda name: isinstance(name, bytes)).any():
        try:
            raw = raw.map(lambda name: name.decode() if isinstance(name, bytes) else name)
        except UnicodeDecodeError as error:
            raise CubeError(f"station holds bytes that are no text ({error.object!r}); give names as text") from None
    names = raw.astype("string").str.normalize("NFC").str.strip()
    refuse(names.isna() | (names == ""), table, "station", "give every row a station name")
    odd = names.str.contains(_CONTROL, regex=True).astype(bool)
    refuse(odd, table, "station", "take the control characters out of the name")
    return names


def days(table: pd.DataFrame) -> pd.Series:
    """Return the column ``date`` as midnights without a time zone; only whole ISO dates, others are ambiguous.

    A stamp of a month or a year is no day, although ISO 8601 lets it stand for its first.
    """
    raw = table["date"]
    text = raw
    if not pd.api.types.is_datetime64_any_dtype(raw):
        text = raw.astype("string").str.strip()
        odd = ~text.str.fullmatch(_DAY.pattern).fillna(False).astype(bool)
        first = str(text[odd].iloc[0]) if odd.any() else ""
        hint = ""
        if _SERIAL.fullmatch(first):
            hint = " (this is a spreadsheet's count of days: format the column as a date there)"
        elif _MONTH.fullmatch(first):
            hint = " (a table of months or years is not one of days)"
        refuse(odd, table, "date", f"write dates as YYYY-MM-DD{hint}")
    try:
        days = pd.to_datetime(text, errors="coerce", format=None if text is raw else "ISO8601")
    except ValueError as error:
        raise CubeError(f"date cannot be read ({error}); write every date as YYYY-MM-DD") from None
    if getattr(days.dt, "tz", None) is not None:
        raise CubeError(f"date: {raw.iloc[0]!r} carries a time zone; give the local day as YYYY-MM-DD")
    away = ~days.dt.year.between(*YEARS)  # also where there is no such day in the year that is written
    calendar = "is it of another calendar? write dates of the common (Gregorian) one"
    refuse(away & bool(away.all() and len(days) > 1 and days.notna().any()), table, "date", calendar)
    refuse(days.isna(), table, "date", "write dates as YYYY-MM-DD")
    refuse(away, table, "date", "correct the mistyped year")
    refuse(days != days.dt.normalize(), table, "date", "it has a time of day; aggregate to daily means first")
    if (days.dt.day == 1).all() and days.nunique() > 2:
        warnings.warn(
            f"every date is the first of a month ({days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}): if these "
            "are monthly means, they are not values of these days",
            stacklevel=3,
        )
    return days


def numbers(table: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column as float64 (n,); blanks are NaN, but text and absent coordinates are refused."""
    raw = table[name]
    if (
        pd.api.types.is_complex_dtype(raw)
        or pd.api.types.is_datetime64_any_dtype(raw)
        or (pd.api.types.is_timedelta64_dtype(raw))
    ):
        raise CubeError(f"{name} holds {raw.dtype}; it must be a number (drop columns that are not measured)")
    values = pd.to_numeric(raw, errors="coerce")
    if not pd.api.types.is_numeric_dtype(raw):
        blank = raw.isna() | raw.astype("string").str.strip().isin(BLANK)
        decimals = raw.astype("string").str.fullmatch(r"\s*[+-]?\d+,\d+\s*").fillna(False).astype(bool)
        point = "it must be a number: write decimals with a point, and thousands without a comma"
        refuse(values.isna() & ~blank & decimals, table, name, point)
        refuse(values.isna() & ~blank, table, name, "it must be a number (drop columns that are not measured)")
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
        first, other = apart(low[where], high[where])
        raise CubeError(
            f"station {str(stations[where])!r} moves: {name} is {first} and {other}; "
            "give each place its own station name, or one coordinate"
        )
    return low
