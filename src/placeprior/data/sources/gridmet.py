"""gridMET: daily weather of the contiguous United States since 1979, 1/24 degree, without an account.

A file a variable and year, ``https://www.northwestknowledge.net/metdata/data/<variable>_<year>.nc``, netCDF-4: one
variable on (day, lat, lon), packed in unsigned 16-bit integers with scale, offset and fill value; ``lat`` descending;
``day`` counted from 1900-01-01 (files written before 2018: floats on (day, lon, lat)). The provider's page:
https://www.climatologylab.org/gridmet.html; the method: Abatzoglou (2013), https://doi.org/10.1002/joc.3413.

A day ends at midnight Mountain Standard Time (the files' ``note5``).

A file grows until its year is over, and its latest days are revised for about two months (``last_permanent_slice`` and
``note3`` in the file). So a file that came before its year was settled is not held to its first hash for ever: when
later days are wanted, or when it was damaged, it is fetched anew; while it serves, it stays as it is, so that a cube
can be made again. ``attrs["provisional_days"]`` counts the days that may still be revised.
"""

from __future__ import annotations

import calendar
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from placeprior.data.sources.align import LONLAT
from placeprior.data.sources.records import beside, is_good, recorded
from placeprior.data.sources.source import Item, Period, Region, Source

if TYPE_CHECKING:
    import xarray as xr

    from placeprior.data.sources.transfer import Transfer

ROOT = "https://www.northwestknowledge.net/metdata/data"
#: Name inside, megabytes of a full year, and the range outside of which a file is not what it should be. The sizes of
#: pr, tmmx and vs are those of 2020; those of the others are estimates by likeness.
FILES: dict[str, tuple[str, int, tuple[float, float]]] = {
    "pr": ("precipitation_amount", 56, (0, 2000)),  # mm
    "srad": ("surface_downwelling_shortwave_flux_in_air", 140, (0, 600)),  # W m-2, mean of 24 hours
    "tmmx": ("air_temperature", 140, (200, 340)),  # K
    "tmmn": ("air_temperature", 140, (190, 330)),  # K
    "vs": ("wind_speed", 59, (0, 100)),  # m s-1 at 10 m
    "th": ("wind_from_direction", 90, (0, 360)),  # degrees clockwise from north
    "rmax": ("relative_humidity", 140, (0, 110)),  # %
    "rmin": ("relative_humidity", 140, (0, 110)),  # %
}
KELVIN = 273.15
LAG = timedelta(days=2)  # a day is published the day after, or the next
SETTLED = (3, 15)  # month and day of the next year after which a year's file is final, with some days to spare


class Gridmet(Source):
    """Weather at 4 km from gridMET."""

    name = "gridmet"
    title = "gridMET daily surface meteorology, 1/24 degree"
    version = "METDATA, yearly files as on the day of fetching"
    licence = "public domain (CC0 1.0)"
    citation = (
        "Abatzoglou, J. T. (2013). Development of gridded surface meteorological data for ecological "
        "applications and modelling. International Journal of Climatology 33, 121-131. doi:10.1002/joc.3413"
    )
    homepage = "https://www.climatologylab.org/gridmet.html"
    account = None
    provides = {
        "precipitation": ("mm", "precipitation, total of the day"),
        "radiation": ("W m-2", "downward shortwave radiation, mean of 24 hours"),
        "temperature_max": ("degC", "highest air temperature of the day, 2 m"),
        "temperature_min": ("degC", "lowest air temperature of the day, 2 m"),
        "vapour_pressure": ("Pa", "vapour pressure, from relative humidity and temperature"),
        "wind_speed": ("m s-1", "wind speed, mean of the day, 10 m"),
        "wind_sin": ("1", "sine of the direction that the wind comes from"),
        "wind_cos": ("1", "cosine of the direction that the wind comes from"),
        "humidity": ("%", "relative humidity, mean of the day's highest and lowest"),
    }

    def list(self, period: Period, region: Region) -> list[Item]:
        """Eight files a year, the whole country in each: the provider cuts none, so the region does not matter."""
        items = []
        for year in period.years:
            share = min(1.0, max(1, (date.today() - date(year, 1, 1)).days) / 365)
            items += [
                Item(f"{short}_{year}.nc", f"{ROOT}/{short}_{year}.nc", int(size * 1e6 * share))
                for short, (_, size, _) in FILES.items()
            ]
        return items

    def check(self, path: Path) -> None:
        """Refuse what is not this variable and year, and a year that is over but not whole."""
        from placeprior.data.sources import netcdf

        short, year = path.stem.split("_")
        variable, _, limits = FILES[short]
        over = date.today() >= date(int(year) + 1, *SETTLED)
        days = 365 + calendar.isleap(int(year)) if over else 1
        netcdf.checked(self, path, variable, _layout(), int(year), days, limits)

    def fetch(self, period: Period, region: Region, cache: Path, transfer: Transfer | None = None) -> list[Path]:
        """Fetch what is not there; a file of a year not yet settled also when it lacks days that are wanted now."""
        with ExitStack() as stack:
            for item in self.list(period, region):
                path = cache / self.name / item.path
                if _outgrown(path, period):
                    stack.enter_context(_Aside(path))
            return super().fetch(period, region, cache, transfer)

    def read(self, folder: Path, period: Period, region: Region) -> xr.Dataset:
        """Read a part; see :meth:`Source.read`. Lazy, one chunk a day."""
        from placeprior.data.sources import netcdf

        raw: dict[str, xr.DataArray] = {}
        for short, (variable, _, _) in FILES.items():
            raw[short] = netcdf.daily(
                self,
                lambda year, short=short: folder / f"{short}_{year}.nc",
                variable,
                _layout(),
                period,
                region,
                raw.get("pr"),
            )
        high, low, direction = raw["tmmx"] - KELVIN, raw["tmmn"] - KELVIN, np.deg2rad(raw["th"])
        data = {
            "precipitation": raw["pr"],
            "radiation": raw["srad"],
            "temperature_max": high,
            "temperature_min": low,
            "vapour_pressure": vapour_pressure(low, high, raw["rmin"], raw["rmax"]),
            "wind_speed": raw["vs"],
            "wind_sin": np.sin(direction),
            "wind_cos": np.cos(direction),
            "humidity": (raw["rmax"] + raw["rmin"]) / 2,
        }
        provisional = max(array.attrs["provisional_days"] for array in raw.values())
        return netcdf.dataset(self, data, _layout(), provisional)


def vapour_pressure(
    low: xr.DataArray, high: xr.DataArray, driest: xr.DataArray, moistest: xr.DataArray
) -> xr.DataArray:
    """Actual vapour pressure of a day.

    From relative humidity, because the way from specific humidity needs the air's pressure, which gridMET does not
    give. Air is moistest when it is coldest: FAO Irrigation and Drainage Paper 56, equations 11 and 17
    (https://www.fao.org/3/x0490e/x0490e07.htm), in Pa.

    Parameters
    ----------
    low, high : array
        Temperature, degC.
    driest, moistest : array
        Relative humidity, %.
    """

    def saturation(temperature):
        return 610.8 * np.exp(17.27 * temperature / (temperature + 237.3))

    return (saturation(low) * moistest + saturation(high) * driest) / 200


def _layout():
    from placeprior.data.sources.netcdf import Layout

    return Layout("day", "lat", "lon", LONLAT, 1 / 24, (585, 1386))


def _outgrown(path: Path, period: Period) -> bool:
    """Whether a file came before its year was settled, and is damaged or lacks days that are wanted and out by now."""
    record, year = recorded(path), int(path.stem.split("_")[1])
    if record is None or "retrieved" not in record:
        return False
    came = date.fromisoformat(record["retrieved"])
    if came >= date(year + 1, *SETTLED):
        return False
    wanted = min(period.last, date(year, 12, 31))
    return not is_good(path) or (came < date.today() and came < wanted + LAG)


class _Aside:
    """A file and its record, put aside until another has come in their place; put back if none does."""

    def __init__(self, path: Path) -> None:
        self.path, self.record = path, beside(path)

    def __enter__(self) -> None:
        for path in (self.path, self.record):
            if path.exists():
                path.replace(path.with_name(f"{path.name}.old"))

    def __exit__(self, *_) -> None:
        come = self.path.exists() and self.record.exists()
        for path in (self.path, self.record):
            old = path.with_name(f"{path.name}.old")
            if old.exists():
                old.unlink() if come else old.replace(path)


SOURCE = Gridmet()
