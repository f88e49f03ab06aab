"""PM2.5 at EPA's monitors: one zipped table a year and parameter, from AirData's pre-generated files.

https://aqs.epa.gov/aqsweb/airdata/download_files.html (Daily Summary Data, Particulates); the columns are described at
https://aqs.epa.gov/aqsweb/airdata/FileFormats.html#_daily_summary_files. Days are local standard days of the monitor.

What a station-day is: :mod:`placeprior.data.aqs` has the rule for the several rows of one parameter, monitors (POC)
and days. Of the two parameters,

- **88101** (FRM/FEM, the regulatory methods) wins wherever it has a value for a site and day;
- **88502** (other methods, accepted by EPA for the air quality index and speciation, among them IMPROVE's filters and
  many older hourly monitors) fills the days, and the sites, that have no 88101. ``attrs["filled"]`` counts these.

Negative values stay as measured. Values no daily mean can have (:data:`placeprior.data.cube.PM25_RANGE`) are left out
with a warning that names them, because one such value among millions should not cost a person all the others.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from placeprior.data.sources.records import is_web_page
from placeprior.data.sources.source import Item, Period, Region, Source
from placeprior.errors import CubeError, SourceError, apart

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

PARAMETERS = ("88101", "88502")  # in order of preference
ADDRESS = "https://aqs.epa.gov/aqsweb/airdata/daily_{parameter}_{year}.zip"
#: Kilobytes of 88101 and 88502 by year, from 2005, as AirData's page listed them in June 2022. EPA makes the files
#: anew twice a year, so they grow by a few per cent.
SIZES = {
    "88101": (1619, 1519, 1596, 1590, 2069, 2535, 2800, 3022, 3481, 3819, 4075, 4398, 4899, 5468, 5773, 5961, 6392),
    "88502": (2425, 2771, 3474, 3765, 3853, 3958, 4038, 4068, 3881, 3682, 3531, 3176, 3022, 2740, 2527, 2433, 2317),
}
_NAME = re.compile(r"daily_(\d{5})_(\d{4})\.zip")


class Aqs(Source):
    """Daily mean PM2.5 at the monitors of the contiguous United States."""

    name = "aqs"
    title = "EPA Air Quality System, daily PM2.5 (parameters 88101 and 88502)"
    version = "AirData pre-generated files, as of the day fetched"
    licence = "public domain (US government work)"
    citation = (
        "US Environmental Protection Agency. Air Quality System Data Mart, pre-generated daily summary files, "
        "https://aqs.epa.gov/aqsweb/airdata/download_files.html"
    )
    homepage = "https://aqs.epa.gov/aqsweb/airdata/download_files.html"
    provides = {"pm25": ("µg m-3", "daily mean PM2.5")}

    def list(self, period: Period, region: Region) -> list[Item]:
        """One file a year and parameter, whatever the region: EPA cuts them no smaller."""
        return [_item(parameter, year) for year in period.years for parameter in PARAMETERS]

    def check(self, path: Path) -> None:
        """Refuse what is no zip of one whole table with EPA's columns, of this parameter and year."""
        import zipfile
        import zlib

        from placeprior.data import aqs

        if is_web_page(path):
            raise SourceError(
                f"aqs: {path.name} is a web page, not a zip; start again later, and if it stays so, see {self.homepage}"
            )
        parameter, year = _NAME.fullmatch(path.name).groups()
        with _told("start again later"):
            rows = aqs.read_rows(path, first=1000)
        try:  # Reading the first rows says nothing of the rest: compare the checksum of the whole.
            with zipfile.ZipFile(path) as archive:
                torn = archive.testzip()
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
            torn = str(error)
        if torn:
            raise SourceError(f"aqs: {path.name} arrived damaged ({torn}); start again")
        _refuse_other(rows["Parameter Code"] != parameter, rows["Parameter Code"], path, f"parameter {parameter}")
        _refuse_other(~rows["Date Local"].str.startswith(f"{year}-"), rows["Date Local"], path, year)

    def read(self, folder: Path, period: Period, region: Region) -> xr.Dataset:
        """Read the stations of the region that have a value in the period.

        Returns
        -------
        xarray.Dataset
            Checked station cube with every day of the period: ``pm25``, and ``event`` (role ``flag``, so never a
            predictor): 1 where the value includes a flagged exceptional event, such as smoke of a wildfire, 0 where
            not, NaN where there is no value. Stations are named by site, ``SS-CCC-NNNN`` (state, county, site), and
            stand where the site's last row says, of those that can be right (:mod:`placeprior.data.aqs`).
        """
        import numpy as np
        import pandas as pd

        from placeprior.data import aqs
        from placeprior.data.cube import PM25_RANGE, check_cube, from_table, variable

        table = pd.concat(
            [
                _read_year(folder / _item(parameter, year).path, parameter, year, period)
                for year in period.years
                for parameter in PARAMETERS
            ],
            ignore_index=True,
        )
        # Rows come in order of preference within a year, and sites and days never share a row across years.
        table = table.drop_duplicates(["station", "date"])
        if len(table):
            with _told("remove the file named, or the whole folder, and fetch again"):
                table = aqs.settle(table, f"{period.label}, 88101 and 88502")
        west, south, east, north = region
        table = table[table["lon"].between(west, east) & table["lat"].between(south, north)]
        wrong = ~table["pm25"].between(*PM25_RANGE)
        for row in table[wrong].itertuples():
            value = apart(row.pm25, *PM25_RANGE)[0]
            warnings.warn(
                f"aqs: station {row.station!r} on {row.date:%Y-%m-%d} has {value} µg m-3, outside "
                f"{PM25_RANGE}: left out",
                stacklevel=2,
            )
        table = table[~wrong]
        if table.empty:
            raise SourceError(
                f"aqs: no station in {tuple(region)} has a value from {period.first} to {period.last}; "
                "choose a larger region or another period"
            )
        with _told("remove the file named, or the whole folder, and fetch again"):
            columns = ["station", "date", "lon", "lat", "pm25"]
            cube = from_table(table[columns], calendar=False).reindex(time=period.days)
            event = np.full(cube["pm25"].shape, np.nan, "float32")
            event[
                cube.get_index("station").get_indexer(table["station"]),
                cube.get_index("time").get_indexer(table["date"]),
            ] = table["event"]
            cube["event"] = variable(event, "1", "the value includes a flagged exceptional event", "flag")
            cube["time"].attrs["long_name"] = "day"
            cube.attrs.update(
                title=f"EPA AQS daily PM2.5, {period.label}, {region.label}",
                licence=self.licence,
                source="US EPA Air Quality System, parameter 88101, and 88502 where there is no 88101",
                filled=f"{int(table['filled'].sum())} of {len(table)} station-days are of parameter 88502",
            )
            return check_cube(cube)


def _item(parameter: str, year: int) -> Item:
    sizes = SIZES[parameter]
    url = ADDRESS.format(parameter=parameter, year=year)
    return Item(url.rsplit("/", 1)[1], url, 1024 * sizes[min(year - 2005, len(sizes) - 1)])


def _read_year(path: Path, parameter: str, year: int, period: Period) -> pd.DataFrame:
    """Return a year's station-days within the period: ``station, date, lon, lat, pm25, event, filled``."""
    import pandas as pd

    from placeprior.data import aqs

    if not path.is_file():
        raise SourceError(f"aqs: {path} is not there; fetch it first (88101 and 88502 of every year are needed)")
    with _told(f"remove {path.name} and fetch it again"):
        table = aqs.station_days(path, parameter)
        _refuse_other(~table["date"].str.startswith(f"{year}-"), table["date"], path, str(year))
        try:
            table["date"] = pd.to_datetime(table["date"], format="%Y-%m-%d")
        except ValueError as error:
            raise CubeError(f"{path}: a Date Local is no date ({str(error).splitlines()[0]})") from None
    # Where a station's rows within the period say no place that can be, another day's will do.
    known = table.sort_values("date", kind="stable").groupby("station")[["lon", "lat"]].last()
    for name in ("lon", "lat"):
        table[name] = table[name].fillna(table["station"].map(known[name]))
    inside = table["date"].between(pd.Timestamp(period.first), pd.Timestamp(period.last))
    table = table[inside]
    return table.assign(station=table["station"].str.removesuffix(f"-{parameter}"), filled=parameter != PARAMETERS[0])


def _refuse_other(wrong: pd.Series, values: pd.Series, path: Path, wanted: str) -> None:
    if wrong.any():
        raise SourceError(
            f"aqs: {path.name} holds {values[wrong].iloc[0]!r}, not {wanted} as its name says; remove it "
            "and start again later"
        )


@contextmanager
def _told(remedy: str) -> Iterator[None]:
    """Say which source it was, and what to do."""
    try:
        yield
    except CubeError as error:
        raise SourceError(f"aqs: {error}; {remedy}") from error


SOURCE = Aqs()
