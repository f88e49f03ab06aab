"""Daymet version 4 R1: daily weather of North America, 1 km, from NASA's ORNL DAAC; needs a free login.

A file a variable and year, ``daymet_v4_daily_na_<variable>_<year>.nc``, netCDF-4: float32 on (time, y, x), fill value
-9999, on a Lambert conformal conic grid of 8,075 x 7,814 cells of 1 km, ``y`` descending. User guide:
https://daac.ornl.gov/DAYMET/guides/Daymet_Daily_V4R1.html.

- Every year has 365 days: leap years have 29 February and lack 31 December (user guide, "The Daymet calendar"; also
  https://daymet.ornl.gov/datasupport.html). That day is NaN here.
- Radiation is the mean of the *daylight* hours, not of 24; it stays so, as in the study. gridMET's is of 24 hours: do
  not mix the two.
- The files hold a continent and are large, up to 21 GB each; nothing smaller is published without a service that cuts.
"""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from placeprior.coords import CONUS_BOX
from placeprior.data.sources import earthdata
from placeprior.data.sources.source import Item, Period, Region, Source
from placeprior.errors import SourceError

if TYPE_CHECKING:
    import xarray as xr

    from placeprior.data.sources.transfer import Transfer

COLLECTION, VERSION = "Daymet_Daily_V4R1_2129", "4.1"
CRS = "+proj=lcc +lat_1=25 +lat_2=60 +lat_0=42.5 +lon_0=-100 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
#: Name there, name here, gigabytes a year (measured on version 4; each year differs a little), possible values.
FILES: dict[str, tuple[str, float, tuple[float, float]]] = {
    "prcp": ("precipitation", 3.9, (0, 2000)),  # mm
    "srad": ("radiation", 18.7, (0, 1500)),  # W m-2
    "tmax": ("temperature_max", 11.6, (-80, 70)),  # degC
    "tmin": ("temperature_min", 11.4, (-90, 60)),  # degC
    "vp": ("vapour_pressure", 21.5, (0, 12000)),  # Pa
}
DAYS = 365  # in every year


class Daymet(Source):
    """Weather at 1 km from Daymet."""

    name = "daymet"
    title = "Daymet daily surface weather, version 4 R1, 1 km"
    version = VERSION
    licence = "open, without restriction (NASA Earth Science data and information policy)"
    citation = (
        "Thornton, M. M., Shrestha, R., Wei, Y., Thornton, P. E., Kao, S.-C., & Wilson, B. E. (2022). Daymet: "
        "Daily Surface Weather Data on a 1-km Grid for North America, Version 4 R1. ORNL DAAC. "
        "doi:10.3334/ORNLDAAC/2129"
    )
    homepage = "https://daac.ornl.gov/cgi-bin/dsviewer.pl?ds_id=2129"
    account = earthdata.ACCOUNT
    provides = {
        "precipitation": ("mm", "precipitation, total of the day"),
        "radiation": ("W m-2", "downward shortwave radiation, mean of the daylight hours"),
        "temperature_max": ("degC", "highest air temperature of the day, 2 m"),
        "temperature_min": ("degC", "lowest air temperature of the day, 2 m"),
        "vapour_pressure": ("Pa", "vapour pressure, mean of the day"),
    }

    def list(self, period: Period, region: Region) -> list[Item]:
        """Five files a year, 67 GB together: all of North America, whatever the region."""
        return [
            Item(_name(short, year), "", int(size * 1e9))
            for year in period.years
            for short, (_, size, _) in FILES.items()
        ]

    def headers(self) -> dict[str, str]:
        """The login; see :func:`placeprior.data.sources.earthdata.headers`."""
        return earthdata.headers(self)

    def resolve(self, items: list[Item], transfer: Transfer) -> list[Item]:
        """Look up addresses, sizes and hashes in NASA's catalogue."""
        years = [int(Path(item.path).stem[-4:]) for item in items]
        found = {
            granule.name: granule
            for granule in earthdata.granules(
                self, transfer, COLLECTION, VERSION, date(min(years), 1, 1), date(max(years), 12, 31), CONUS_BOX
            )
        }
        resolved = []
        for item in items:
            granule = found.get(item.path)
            if granule is None:
                raise SourceError(
                    f"daymet: NASA's catalogue has no {item.path}; a year is published some months after "
                    "it ended: ask for an earlier one, or use gridmet, which needs no account"
                )
            resolved.append(
                dataclasses.replace(item, url=granule.url, size=granule.size or item.size, hash=granule.hash)
            )
        return resolved

    def check(self, path: Path) -> None:
        """Refuse what is not this variable and year."""
        from placeprior.data.sources import netcdf

        short, year = path.stem.split("_")[-2:]
        netcdf.checked(self, path, short, _layout(), int(year), DAYS, FILES[short][2])

    def read(self, folder: Path, period: Period, region: Region) -> xr.Dataset:
        """Read a part; see :meth:`Source.read`. Lazy, one chunk a day."""
        from placeprior.data.sources import netcdf

        data: dict[str, xr.DataArray] = {}
        for short, (here, _, _) in FILES.items():
            data[here] = netcdf.daily(
                self,
                lambda year, short=short: folder / _name(short, year),
                short,
                _layout(),
                period,
                region,
                data.get("precipitation"),
            )
        return netcdf.dataset(self, data, _layout())


def _name(short: str, year: int) -> str:
    return f"daymet_v4_daily_na_{short}_{year}.nc"


def _layout():
    from placeprior.data.sources.netcdf import Layout

    return Layout("time", "y", "x", CRS, 1000.0, (8075, 7814))


SOURCE = Daymet()
