"""Daily PM2.5 of EPA's Air Quality System, parameter 88101 (FRM/FEM, local conditions), public domain.

(The same rules read parameter 88502, monitors that are not FRM/FEM, for :mod:`placeprior.data.sources.aqs`.)

Two layouts are read: the compact table of station-days (Parquet, one value a station and day) and EPA's
yearly ``daily_88101_YYYY.zip`` (https://aqs.epa.gov/aqsweb/airdata/FileFormats.html, "Daily Summary Files"),
where a station-day stands in several rows.

The one rule that makes a station-day of EPA's rows:

1. keep 24-hour values, ``24 HOUR`` (a filter sample) and ``24-HR BLK AVG`` (the block average of an hourly
   monitor); ``1 HOUR`` rows repeat the latter without a standard and are left out;
2. keep days with exceptional events as measured: event type ``None`` or ``Included`` (never ``Excluded`` or
   ``Concurred Excluded``), because smoke is what people breathe; EPA's other spelling of the same, ``No Events``
   and ``Events Included``, is read too, and a type that says neither is refused rather than left out;
3. a monitor (POC) that has several rows left counts once: filter sample before block average, ``Included``
   before ``None``, the latest pollutant standard;
4. a station's day is the mean over its monitors.

A row's place counts if it is in, or hardly outside, the state that its site's number names; EPA has sites at 0, 0, and
longitudes lose their minus. A station stands at its last place that counts; one without any is left out. Both are said.

Values are kept as they are, slightly negative ones included. Stations of the contiguous US are told by the
state code that begins a site's number: the 48 states and the District of Columbia; Alaska, Hawaii,
territories, Canada (``CC``) and Mexico (``80``) are left out.
"""

from __future__ import annotations

import csv
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from placeprior.coords import in_state, wrapped
from placeprior.data import tables
from placeprior.data.cube import from_table, pm25_units
from placeprior.data.read_table import BLANK
from placeprior.data.text import read_text
from placeprior.errors import CubeError

PARAMETER = "88101"
PARAMETERS = {"88101": "PM2.5 FRM/FEM", "88502": "PM2.5 not FRM/FEM"}
PARQUET, STATIONS = "aqs_pm25_daily_2018_2022.parquet", "aqs_pm25_stations.csv"
DURATIONS = ("24 HOUR", "24-HR BLK AVG")  # in order of preference
EVENTS = ("Included", "None")  # in order of preference
# Federal state codes (FIPS) of the contiguous US: 01-56 without the unused ones, Alaska (02) and Hawaii (15).
STATES = frozenset(f"{i:02d}" for i in range(1, 57)) - {"02", "03", "07", "14", "15", "43", "52"}
LISTED = 5  # stations that a message names
BIGGEST = 2 * 1024**3  # bytes; EPA's yearly table unpacks to well under it

_KEY = ["State Code", "County Code", "Site Num", "POC", "Date Local"]
_COLUMNS = [
    *_KEY,
    "Parameter Code",
    "Latitude",
    "Longitude",
    "Sample Duration",
    "Pollutant Standard",
    "Units of Measure",
    "Event Type",
    "Arithmetic Mean",
]


def cube(year: int, last: int | None = None) -> xr.Dataset:
    """Return PM2.5 of a calendar year, or of `year` to `last`, at the contiguous US stations, with day of year.

    Reads the compact table, or EPA's ``daily_88101_YEAR.zip``, from the folder ``PLACEPRIOR_DATA`` names. Stations
    are those of any year; the last year's record may end before December does.
    """
    paths = [path for path in files(year, last) if path.name != STATIONS]
    folder = paths[0].parent
    if paths[0].name == PARQUET:
        table = read_compact(paths[0], year, last)
    else:
        years = range(year, (last or year) + 1)
        found = [_of_year(station_days(path), each, path) for each, path in zip(years, paths, strict=True)]
        # The flag of an event is part of what was measured: in the table it would become an input.
        table = settle(pd.concat(found, ignore_index=True).drop(columns="event"), folder.name)
    cube = from_table(table)
    cube["pm25"].attrs["long_name"] = "daily mean PM2.5 (AQS 88101)"
    span = f"{year}" if last is None else f"{year} to {last}"
    cube.attrs.update(
        title=f"EPA AQS daily PM2.5, {span}, contiguous US",
        source=f"US EPA Air Quality System, parameter {PARAMETER} ({', '.join(path.name for path in paths)})",
        licence="public domain (US government work)",
    )
    return cube


def _of_year(table: pd.DataFrame, year: int, path: Path) -> pd.DataFrame:
    """Refuse a file whose rows are of another year than its name says."""
    other = table["date"].str.match(r"\d{4}-") & ~table["date"].str.startswith(f"{year}-")
    if other.any():
        raise CubeError(
            f"{path.name} holds {table['date'][other].iloc[0]!r}, not {year} as its name says; fetch it anew"
        )
    return table


def find(year: int) -> Path:
    """Return the file in the data folder that holds a year of PM2.5."""
    return tables.find([PARQUET, f"daily_{PARAMETER}_{year}.zip"], f"PM2.5 of {year}")


def files(year: int, last: int | None = None) -> list[Path]:
    """Return every file that decides the cube of these years: the values and, where they stand apart, the places."""
    found: dict[Path, None] = {}
    for each in range(year, (last or year) + 1):
        path = find(each)
        found |= dict.fromkeys([path, path.with_name(STATIONS)] if path.name == PARQUET else [path])
    return list(found)


def read_compact(path: Path, year: int, last: int | None = None) -> pd.DataFrame:
    """Return ``station, date, lon, lat, pm25`` of a year, or of `year` to `last`, of the compact table.

    Places are from its list of stations beside it.
    """
    first, after = pd.Timestamp(year, 1, 1), pd.Timestamp((last or year) + 1, 1, 1)
    days = [("date", ">=", first), ("date", "<", after)]
    table = tables.read_parquet(path, ["station", "date", "pm25"], days)
    if table.empty:
        raise CubeError(f"{path} has no row of {year}; ask for a year it holds")
    table["station"] = table["station"].astype(str)
    places = tables.read_csv(path.with_name(STATIONS), ["station", "lon", "lat"], text=["station"])
    stray = ~table["station"].isin(places["station"])
    if stray.any():
        raise CubeError(
            f"station {table['station'][stray].iloc[0]!r} of {path.name} is not in {STATIONS}; add its place"
        )
    table = _contiguous(table.merge(places, on="station", validate="many_to_one"), path)
    can = _can_be(table["lon"], table["lat"], table["station"].str[:2])
    _tell_places(table[~can], path.with_name(STATIONS))
    table.loc[~can, ["lon", "lat"]] = np.nan
    return settle(table, path)


def read_zip(path: str | Path, parameter: str = PARAMETER, events: bool = False) -> pd.DataFrame:
    """Return ``station, date, lon, lat, pm25``, one row a station-day, of EPA's yearly daily file.

    Parameters
    ----------
    path : path
        ``daily_PARAMETER_YYYY.zip`` as downloaded; read as a stream, nothing is unpacked to disk.
    parameter : str
        The parameter that it should hold.
    events : bool
        Add ``event``: True where an exceptional event is flagged at one of the monitors whose mean is the value.
    """
    table = settle(station_days(path, parameter), path)
    return table if events else table.drop(columns="event")


def station_days(path: str | Path, parameter: str = PARAMETER) -> pd.DataFrame:
    """Return :func:`read_zip` with ``event``, each day at its own place, or NaN where it cannot be (:func:`settle`)."""
    path = Path(path)
    rows = read_rows(path)
    for spelled in rows["Units of Measure"].unique():
        try:
            pm25_units(spelled)
        except CubeError as error:
            row = rows[rows["Units of Measure"] == spelled].iloc[0]
            site = "-".join(row[name] for name in _KEY[:3])
            raise CubeError(f"{path}: station {site!r} on {row['Date Local']}: {error}") from None
    other = rows["Parameter Code"] != parameter
    if other.any():
        found = rows["Parameter Code"][other].iloc[0]
        raise CubeError(
            f"{path} holds parameter {found!r}, expected {parameter} ({PARAMETERS.get(parameter, 'PM2.5')}); "
            f"fetch daily_{parameter}"
        )
    duration = rows["Sample Duration"].str.strip().str.upper()
    event = _event(rows, path)
    whole, included = duration.isin(DURATIONS), event.isin(EVENTS)
    if not (whole & included).any():
        lasting, events = (
            ", ".join(sorted(map(repr, rows.loc[~counts, name].unique()))) or "none"
            for name, counts in (("Sample Duration", whole), ("Event Type", included))
        )
        raise CubeError(
            f"{path} has no 24-hour value that counts: of {len(rows)} rows {(~whole).sum()} have another duration "
            f"({lasting}), and {(whole & ~included).sum()} of the others leave out an event ({events}); check the file"
        )
    rows = rows.assign(duration=duration, event=event)[whole & included]
    rows = rows.assign(
        station=rows["State Code"].str.zfill(2)
        + "-"
        + rows["County Code"].str.zfill(3)
        + "-"
        + rows["Site Num"].str.zfill(4)
        + f"-{parameter}",
        pm25=_number(rows, "Arithmetic Mean", path),
        lon=wrapped(_number(rows, "Longitude", path, blank=True)),
        lat=_number(rows, "Latitude", path, blank=True),
        duration=rows["duration"].map(DURATIONS.index),
        event=rows["event"].map(EVENTS.index),
        standard=rows["Pollutant Standard"].str.extract(r"(\d{4})", expand=False).fillna("0").astype(int),
    )
    rows = rows.sort_values(["duration", "event", "standard"], ascending=[True, True, False], kind="stable")
    rows = rows.drop_duplicates(["station", "Date Local", "POC"])
    rows["event"] = rows["event"] == EVENTS.index("Included")
    can = _can_be(rows["lon"], rows["lat"], rows["station"].str[:2])
    _tell_places(rows[~can & rows["station"].str[:2].isin(STATES)], path)
    rows.loc[~can, ["lon", "lat"]] = np.nan
    table = rows.groupby(["station", "Date Local"], as_index=False).agg(
        lon=("lon", "first"), lat=("lat", "first"), pm25=("pm25", "mean"), event=("event", "any")
    )
    return _contiguous(table.rename(columns={"Date Local": "date"}), path)


def settle(table: pd.DataFrame, where: Path | str) -> pd.DataFrame:
    """Return station-days with each station at its last plausible place; a station without one is left out, and said.

    Parameters
    ----------
    table : pandas.DataFrame
        ``station, date, lon, lat`` and more; NaN where a row's place cannot be.
    where : path
        Named in the message.
    """
    # "last" passes over NaN: a site whose coordinates were corrected stands where its last good row says.
    last = table.sort_values("date", kind="stable").groupby("station")[["lon", "lat"]].last()
    lost = last.index[last["lon"].isna()]
    if len(lost):
        out = table["station"].isin(lost)
        listed = ", ".join(map(repr, lost[:LISTED])) + " …" * (len(lost) > LISTED)
        said = (
            f"{where}: {len(lost)} station{'s' * (len(lost) > 1)} left out with {int(out.sum())} station-days, as no "
            f"row says a place that can be: {listed}"
        )
        if out.all():
            raise CubeError(f"{said}; no station is left: check the file's Latitude and Longitude")
        warnings.warn(said, stacklevel=3)
        table = table[~out].reset_index(drop=True)
    return table.assign(**{name: last.loc[table["station"], name].to_numpy() for name in ("lon", "lat")})


def _can_be(lon: pd.Series, lat: pd.Series, state: pd.Series) -> NDArray[np.bool_]:
    return in_state(np.column_stack([lon, lat]), state.to_numpy(str))


def _tell_places(wrong: pd.DataFrame, path: Path) -> None:
    """Say which stations' places are not in their states."""
    if len(wrong):
        first = wrong.drop_duplicates("station")
        listed = ", ".join(f"{r.station!r} at lon {r.lon:g}, lat {r.lat:g}" for r in first[:LISTED].itertuples())
        warnings.warn(
            f"{path.name}: {len(wrong)} row{'s' * (len(wrong) > 1)} of {len(first)} station{'s' * (len(first) > 1)} "
            f"without a place in the state named ({listed}{' …' * (len(first) > LISTED)}); their last plausible place "
            "is taken, where there is one",
            stacklevel=4,
        )


def _event(rows: pd.DataFrame, path: Path) -> pd.Series:
    """``Included``, ``None`` or ``Excluded``, however it is spelled."""
    known = {"": "None", "none": "None", "no events": "None", "included": "Included", "events included": "Included"}
    spelled = rows["Event Type"].str.strip().str.lower()
    event = spelled.map(known).mask(spelled.str.contains("excluded", regex=False), "Excluded")
    if event.isna().any():
        row = rows[event.isna()].iloc[0]
        site = "-".join(row[key] for key in _KEY[:3])
        raise CubeError(
            f"{path}: station {site!r} on {row['Date Local']}: Event Type is {row['Event Type']!r}, which says neither "
            "included nor excluded; its layout may have changed: see EPA's FileFormats page"
        )
    return event


def read_rows(path: Path, first: int | None = None) -> pd.DataFrame:
    """Return EPA's rows as text, all or the ``first`` so many, or say why the file is not EPA's."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > BIGGEST:
                raise CubeError(f"{path} unpacks to more than {BIGGEST} bytes: not EPA's file; download it again")
            inside = [info for info in archive.infolist() if info.filename.lower().endswith(".csv")]
            if len(inside) != 1:
                raise CubeError(f"{path} holds {len(inside)} CSV files, expected one; fetch EPA's yearly zip again")
            if set(inside[0].filename) & set("/\\"):
                raise CubeError(
                    f"{path} holds {inside[0].filename!r}, a file in a folder: not EPA's file; download it again"
                )
            with archive.open(inside[0]) as stream:
                names = []  # all of them, for the message

                def wanted(name: str) -> bool:
                    names.append(name)
                    return name in _COLUMNS

                rows = read_text(stream, usecols=wanted, nrows=first)
    except FileNotFoundError:
        raise CubeError(f"{path}: no such file; fetch it from EPA's AirData download page") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise CubeError(f"{path} is damaged ({error}); download it again") from None
    except (
        csv.Error,
        pd.errors.EmptyDataError,
        pd.errors.ParserError,
        pd.errors.ParserWarning,
        UnicodeDecodeError,
    ) as error:
        raise CubeError(f"{path}: the table inside cannot be read ({error}); download it again") from None
    tables.refuse_missing(path, _COLUMNS, names)
    if rows.empty:
        raise CubeError(f"{path}: the table inside has no rows; download it again")
    return rows


def _number(rows: pd.DataFrame, name: str, path: Path, blank: bool = False) -> pd.Series:
    values = pd.to_numeric(rows[name], errors="coerce")
    wrong = values.isna() & ~(blank & rows[name].str.strip().isin(BLANK))
    if wrong.any():
        row = rows[wrong].iloc[0]
        site = "-".join(row[key] for key in _KEY[:3])
        raise CubeError(
            f"{path}: station {site!r} on {row['Date Local']}: {name} is {row[name]!r}; it must be a number"
        )
    return values


def _contiguous(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    kept = table[table["station"].str[:2].isin(STATES)]
    if kept.empty:
        raise CubeError(
            f"{path} has no station in the contiguous US: its {len(table)} station-days are of the state codes "
            f"{', '.join(sorted(map(repr, table['station'].str[:2].unique())))}, none of the 48 states or DC (FIPS)"
        )
    return kept.reset_index(drop=True)
