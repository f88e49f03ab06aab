"""Daily weather of NOAA's Global Surface Summary of the Day (GSOD), as a cube of weather stations.

Two layouts are read: a compact table (Parquet, NaN where missing) and NOAA's yearly archive, one CSV a station,
as a folder or as the ``YYYY.tar.gz`` it is published as. Units and sentinels are those of NOAA's description,
https://www.ncei.noaa.gov/data/global-summary-of-the-day/doc/readme.txt:

- TEMP, DEWP, MAX, MIN in degrees Fahrenheit to tenths, SLP and STP in millibar to tenths; missing 9999.9;
- VISIB in miles, WDSP, MXSPD and GUST in knots; missing 999.9;
- PRCP in inches; missing 99.99.

STP is printed in at most four digits: it loses its leading 1 at 1000 mb and above (5.2 is 1005.2), and 999.9
is a missing value. Most stations report a visibility of 10 miles or more as 10, so all are cut there. A day is
a UTC day or close to it, while a PM2.5 day is local: up to eight hours apart in the contiguous US.
"""

from __future__ import annotations

import csv
import gzip
import io
import tarfile
import warnings
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import xarray as xr

from placeprior.coords import CONUS_BOX, wrapped
from placeprior.data import tables
from placeprior.data.cube import from_table
from placeprior.data.read_table import BLANK
from placeprior.data.text import read_text
from placeprior.errors import CubeError

PARQUET, STATIONS = "noaa_gsod_daily_2019_2020h1.parquet", "noaa_gsod_stations.csv"
MARGIN = 1.0  # degrees around the contiguous US: weather does not stop at the coast or the border
BATCH = 64  # stations whose text becomes numbers at once: faster than one by one, and little memory
CHUNK = 1024**2  # bytes
HEAD = 4096  # bytes: more than the header and a row
BIGGEST = 16 * 1024**2  # bytes; a station's year is about 0.1 MB
MILES_SEEN = 10.0  # the visibility at which automatic stations stop counting
MILE, KNOT, INCH = 1.609344, 1852 / 3600, 25.4  # km, m s-1, mm; exact by definition

# name in the cube: NOAA's column, its missing value, units here, meaning, and what can be (the range of the
# records of the contiguous US, widened; a value beyond it is a defect of the instrument or the message)
FIELDS: dict[str, tuple[str, float, str, str, tuple[float, float]]] = {
    "temperature": ("TEMP", 9999.9, "degC", "daily mean temperature", (-60, 60)),
    "dew_point": ("DEWP", 9999.9, "degC", "daily mean dew point", (-70, 40)),
    "temperature_max": ("MAX", 9999.9, "degC", "daily maximum temperature", (-60, 60)),
    "temperature_min": ("MIN", 9999.9, "degC", "daily minimum temperature", (-60, 60)),
    "pressure": ("SLP", 9999.9, "hPa", "daily mean sea-level pressure", (870, 1085)),
    "station_pressure": ("STP", 9999.9, "hPa", "daily mean station pressure", (500, 1085)),
    "visibility": ("VISIB", 999.9, "km", "daily mean visibility, cut at 10 miles", (0, 17)),
    "wind_speed": ("WDSP", 999.9, "m s-1", "daily mean wind speed", (0, 105)),
    "wind_speed_max": ("MXSPD", 999.9, "m s-1", "daily maximum sustained wind speed", (0, 105)),
    "gust": ("GUST", 999.9, "m s-1", "daily maximum gust", (0, 115)),
    "precipitation": ("PRCP", 99.99, "mm", "daily precipitation", (0, 1100)),
}
_PLACE = ["STATION", "LATITUDE", "LONGITUDE", "ELEVATION"]
_COLUMNS = ["STATION", "DATE", *_PLACE[1:], *(field[0] for field in FIELDS.values())]
DAY = r"\d{4}-\d\d-\d\d"


def cube(year: int, fields: list[str] | None = None) -> xr.Dataset:
    """Return a calendar year of weather at the stations in and around the contiguous US.

    Parameters
    ----------
    year : int
    fields : list of str, optional
        Names out of ``FIELDS``; all of them by default.

    Returns
    -------
    xarray.Dataset
        Cube (station, time) of weather stations without PM2.5; ``elevation(station)`` (m) is a coordinate.
    """
    path = find(year)
    table = read_compact(path, year) if path.suffix == ".parquet" else read_archive(path)
    days = pd.DatetimeIndex(table["DATE"])
    if not (days.year == year).any():
        raise CubeError(
            f"{path.name} holds no day of {year}; its days are from {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}: "
            "fetch that year's archive"
        )
    return weather(table[days.year == year], path.name, fields or list(FIELDS))


def find(year: int) -> Path:
    """Return the file or folder in the data folder that holds a year of weather."""
    names = [PARQUET, f"gsod_{year}.tar.gz", f"{year}.tar.gz", f"gsod_{year}"]
    return tables.find(names, f"weather of {year}")


def files(year: int) -> list[Path]:
    """Return every file that decides a year's cube: the values and, where they stand apart, the places."""
    path = find(year)
    return [path, path.with_name(STATIONS)] if path.name == PARQUET else [path]


def weather(table: pd.DataFrame, source: str, fields: list[str]) -> xr.Dataset:
    """Return the cube of a table in NOAA's columns and units, as :func:`cube` does."""
    west, south, east, north = CONUS_BOX
    lost = table.loc[table["LONGITUDE"].isna() | table["LATITUDE"].isna(), "STATION"].astype(str)
    if len(lost):
        warnings.warn(
            f"{source}: {lost.nunique()} stations with {len(lost)} rows left out, as they have no place (first "
            f"{lost.iloc[0]!r})",
            stacklevel=3,
        )
    near = table["LONGITUDE"].between(west - MARGIN, east + MARGIN)
    table = table[near & table["LATITUDE"].between(south - MARGIN, north + MARGIN)]
    if table.empty:
        raise CubeError(f"{source}: no weather station within {MARGIN:g} degree of the contiguous US; check the file")
    table = table.sort_values("DATE", kind="stable")
    # Stations are moved now and then; a cube's station stands where it stood last.
    last = table.groupby("STATION", observed=True)[_PLACE[1:]].last()
    long = pd.DataFrame({"station": table["STATION"].astype(str), "date": table["DATE"]})
    for name, column in (("lon", "LONGITUDE"), ("lat", "LATITUDE")):
        long[name] = table["STATION"].map(last[column]).astype("float64")
    for name in fields:
        long[name] = convert(table, name)
    cube = from_table(long, {name: FIELDS[name][2] for name in fields}, calendar=False, target=None)
    for name in fields:
        cube[name].attrs["long_name"] = FIELDS[name][3]
    elevation = last["ELEVATION"].rename(index=str).reindex(cube["station"].values).to_numpy("float64")
    elevation = np.where((elevation < -500) | (elevation > 9000), np.nan, elevation)  # -999.9 and 9999.9: unknown
    cube = cube.assign_coords(elevation=("station", elevation, {"units": "m", "long_name": "station elevation"}))
    cube.attrs.update(
        title="NOAA GSOD daily weather, contiguous US",
        source=f"NOAA Global Surface Summary of the Day ({source})",
        licence="public domain (US government work)",
    )
    return cube


def convert(table: pd.DataFrame, name: str) -> np.ndarray:
    """Return one field (n rows) in the cube's units from NOAA's column, NaN for missing and impossible values."""
    column, missing, units, _, (low, high) = FIELDS[name]
    raw = table[column].to_numpy("float64")
    values = np.where(np.isclose(raw, missing, rtol=0, atol=1e-3), np.nan, raw)
    if column == "STP":
        values = np.where(np.isclose(values, 999.9, rtol=0, atol=1e-3), np.nan, values)
        values = np.where(values < 100, values + 1000, values)
    elif units == "degC":
        values = (values - 32) / 1.8
    elif units == "km":
        values = np.minimum(values, MILES_SEEN) * MILE
    elif units == "m s-1":
        values = values * KNOT
    elif units == "mm":
        values = values * INCH
    return np.where((values < low) | (values > high), np.nan, values)


def read_compact(path: Path, year: int) -> pd.DataFrame:
    """Return one year of the compact table in NOAA's columns, with each station's place."""
    days = [("DATE", ">=", pd.Timestamp(year, 1, 1)), ("DATE", "<", pd.Timestamp(year + 1, 1, 1))]
    columns = ["STATION", "DATE", *(field[0] for field in FIELDS.values())]
    table = tables.read_parquet(path, columns, days)
    if table.empty:
        raise CubeError(f"{path} has no row of {year}; ask for a year it holds")
    places = tables.read_csv(path.with_name(STATIONS), _PLACE, text=["STATION"]).set_index("STATION")
    stray = set(table["STATION"].unique()) - set(places.index)
    if stray:
        raise CubeError(f"station {min(stray)!r} of {path.name} is not in {STATIONS}; add its place")
    for column in _PLACE[1:]:
        table[column] = table["STATION"].map(places[column]).astype("float64")
    return table


def read_archive(path: str | Path) -> pd.DataFrame:
    """Return the rows of NOAA's yearly archive, one CSV a station: a folder or a ``.tar.gz`` of them.

    The archive is read as a stream and nothing is unpacked to disk; members that are no plain file are passed over.
    Of a station elsewhere nothing but its place is read. A station stands where its last row says that has a place;
    files without rows or places, and rows without a day or with something else than numbers, are left out, counted and
    said.

    Raises
    ------
    CubeError
        The archive or a station's table is damaged, a column is missing, or nothing is left.
    """
    path = Path(path)
    kept, batch, left = [], [], _LeftOut(path)
    for name, content in _stations(path):
        header, place = _place(content, name, path)
        if place is None:
            left.add(
                "files without a row"
                if len(content.split(b"\n", 2)) < 2 or not content.split(b"\n", 1)[1].strip()
                else "files without a place",
                name,
            )
        elif _is_near(*place):
            tables.refuse_missing(f"{path}: {name}", _COLUMNS, header)
            batch.append(_read_station(content, name, path))
            if len(batch) == BATCH:
                kept, batch = [*kept, _converted(batch, left)], []
    kept = [rows for rows in [*kept, _converted(batch, left)] if len(rows)]
    if not kept:
        raise CubeError(
            f"{path} holds no station near the contiguous US{left}; give NOAA's yearly archive of station CSVs"
        )
    left.tell()
    return pd.concat(kept, ignore_index=True)


def first_days(path: str | Path) -> set[str]:
    """The day in the first row of each station's table, as text; the whole archive is read, and little of it kept.

    Raises
    ------
    CubeError
        The archive is damaged, or a table has other columns than NOAA's.
    """
    path, days = Path(path), set()
    for name, content in _stations(path):
        lines = content[:HEAD].decode("utf-8-sig", "replace").splitlines()
        header, first = ([cell.strip() for cell in row] for row in islice(chain(csv.reader(lines[:2]), ([], [])), 2))
        tables.refuse_missing(f"{path}: {name}", _COLUMNS, header)
        if len(first) > (at := header.index("DATE")):
            days.add(first[at])
    return days


class _LeftOut:
    """What was left out of an archive and why: how often, and where first."""

    def __init__(self, path: Path) -> None:
        self.path, self.found = path, {}

    def add(self, what: str, where: str, count: int = 1) -> None:
        """Count something, which was first met somewhere."""
        self.found.setdefault(what, [0, where])[0] += count

    def __str__(self) -> str:
        listed = "; ".join(f"{count} {what} (first {where})" for what, (count, where) in self.found.items())
        return f" (left out: {listed})" if listed else ""

    def tell(self) -> None:
        """Warn of it, once."""
        if self.found:
            warnings.warn(f"{self.path.name}{self}", stacklevel=4)


def _is_near(lon: float, lat: float) -> bool:
    west, south, east, north = CONUS_BOX
    return west - MARGIN <= lon <= east + MARGIN and south - MARGIN <= lat <= north + MARGIN


def _place(content: bytes, name: str, path: Path) -> tuple[list[str], tuple[float, float] | None]:
    """Return the header and the last place that a station's rows tell, by as few of its rows as that takes."""
    lines = content.decode("utf-8-sig", "replace").splitlines()
    header = [cell.strip() for cell in next(csv.reader(lines, skipinitialspace=True), [])]
    if not header:
        raise CubeError(f"{path}: {name} cannot be read as CSV (it is empty); fetch it again")
    tables.refuse_missing(f"{path}: {name}", ["LONGITUDE", "LATITUDE"], header)
    at = header.index("LONGITUDE"), header.index("LATITUDE")
    for line in reversed(lines[1:]):
        cells = next(csv.reader([line], skipinitialspace=True), [])
        with suppress(ValueError, IndexError):
            lon, lat = wrapped(float(cells[at[0]])), np.array(float(cells[at[1]]))
            if _can_be(lon, lat):
                return header, (float(lon), float(lat))
    return header, None


def _can_be(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Whether a place is one: NOAA leaves some blank, or writes 0, 0 or a number beyond the globe."""
    return (np.abs(lon) <= 180) & (np.abs(lat) <= 90) & ~((lon == 0) & (lat == 0))


def _stations(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if file.is_file() and _is_station(file.name):
                yield file.name, file.read_bytes()
        return
    try:
        with gzip.open(path) as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
            for member in archive:
                if not member.isfile() or not _is_station(member.name):
                    continue
                if member.size > BIGGEST:
                    raise CubeError(f"{path}: {member.name} has {member.size} bytes; not a station's year")
                yield member.name, archive.extractfile(member).read()
            while packed.read(CHUNK):  # to the end, where the checksum of the whole is compared
                pass
    except FileNotFoundError:
        raise CubeError(f"{path}: no such file or folder; fetch NOAA's yearly archive of station CSVs") from None
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise CubeError(f"{path} is damaged ({error}); download it again") from None


def _is_station(name: str) -> bool:
    """Whether a file is one of stations, and not what a Mac lays beside it (``._NAME``)."""
    return name.lower().endswith(".csv") and not PurePosixPath(name).name.startswith("._")


def _read_station(content: bytes, name: str, path: Path) -> pd.DataFrame:
    """Return a station's rows as text."""
    try:
        return read_text(io.BytesIO(content), usecols=_COLUMNS.__contains__)[_COLUMNS]
    except (
        csv.Error,
        pd.errors.EmptyDataError,
        pd.errors.ParserError,
        pd.errors.ParserWarning,
        UnicodeDecodeError,
    ) as error:
        raise CubeError(f"{path}: {name} cannot be read as CSV ({error}); fetch it again") from None


def _converted(batch: list[pd.DataFrame], left: _LeftOut) -> pd.DataFrame:
    """Return rows of text as days and numbers; those that cannot be right are left out, and told to ``left``."""
    if not batch:
        return pd.DataFrame()
    rows = pd.concat(batch, ignore_index=True)
    bad = np.zeros(len(rows), bool)
    found = {
        "STATION": rows["STATION"],
        "DATE": pd.to_datetime(
            rows["DATE"].where(rows["DATE"].str.strip().str.fullmatch(DAY)), errors="coerce", format="%Y-%m-%d"
        ),
    }
    checks = {"DATE": found["DATE"].isna().to_numpy()}
    for column in _COLUMNS[2:]:
        text = rows[column].str.strip().str.rstrip("*")  # the old layout marks extremes taken from hourly data
        found[column] = pd.to_numeric(text, errors="coerce")
        checks[column] = (found[column].isna() & ~text.isin(BLANK)).to_numpy()
    for column, wrong in checks.items():
        new = wrong & ~bad
        if new.any():
            row = rows.iloc[int(new.argmax())]
            left.add(
                f"rows in which {column} is no {'day (YYYY-MM-DD)' if column == 'DATE' else 'number'}",
                f"station {row['STATION']!r} on {row['DATE']}: {row[column]!r}",
                int(new.sum()),
            )
        bad |= wrong
    table = pd.DataFrame(found)
    table["LONGITUDE"] = wrapped(table["LONGITUDE"])
    table.loc[~_can_be(table["LONGITUDE"], table["LATITUDE"]), ["LONGITUDE", "LATITUDE"]] = np.nan
    table = table[~bad].copy()
    for column in ("LONGITUDE", "LATITUDE"):  # "last" passes over NaN
        table[column] = table.groupby("STATION")[column].transform("last")
    placed = table["LONGITUDE"].notna()
    if not placed.all():
        left.add("rows of a station without a place", repr(table.loc[~placed, "STATION"].iloc[0]), int((~placed).sum()))
    return table[placed]
