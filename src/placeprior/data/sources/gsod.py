"""Weather at stations: NOAA's Global Surface Summary of the Day, a packed folder of station tables a year.

https://www.ncei.noaa.gov/data/global-summary-of-the-day/archive/ has ``YYYY.tar.gz``, one CSV a station of the
world; its columns and units are those of :mod:`placeprior.data.gsod`, which reads it as a stream. Not one of the
predictors of the study: what the project's own weather task is made from (:mod:`.needed`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from placeprior.data.sources.records import is_web_page
from placeprior.data.sources.source import Item, Period, Region, Source
from placeprior.errors import CubeError, SourceError

if TYPE_CHECKING:
    import xarray as xr

ADDRESS = "https://www.ncei.noaa.gov/data/global-summary-of-the-day/archive/{year}.tar.gz"
SIZE = 110_000_000  # bytes, roughly: 12,000 stations with some 0.1 MB each, packed to a tenth


class Gsod(Source):
    """Daily weather at the stations in and around the contiguous United States."""

    name = "gsod"
    title = "NOAA Global Surface Summary of the Day"
    version = "yearly archives, as of the day fetched"
    licence = "public domain in the US; stations elsewhere free for research, not for re-export"
    citation = (
        "NOAA National Centers for Environmental Information. Global Surface Summary of the Day, "
        "https://www.ncei.noaa.gov/data/global-summary-of-the-day/"
    )
    homepage = "https://www.ncei.noaa.gov/data/global-summary-of-the-day/"

    @property
    def provides(self) -> dict[str, tuple[str, str]]:
        """Units and meaning of each variable, by name."""
        from placeprior.data import gsod

        return {name: (units, meaning) for name, (_, _, units, meaning, _) in gsod.FIELDS.items()}

    def list(self, period: Period, region: Region) -> list[Item]:
        """One archive a year, whatever the region: NOAA cuts them no smaller."""
        return [Item(f"{year}.tar.gz", ADDRESS.format(year=year), SIZE) for year in period.years]

    def check(self, path: Path) -> None:
        """Refuse what is no whole archive of NOAA's station tables of this year; it is read to its end."""
        from placeprior.data import gsod

        if is_web_page(path):
            raise SourceError(
                f"gsod: {path.name} is a web page, no archive; start again later, and if it stays so, see "
                f"{self.homepage}"
            )
        year = path.name[:4]
        try:
            days = gsod.first_days(path)
        except CubeError as error:
            raise SourceError(f"gsod: {error}; start again") from error
        if not days:
            raise SourceError(f"gsod: {path.name} holds no station's table; see {self.homepage}")
        if other := {day for day in days if not day.startswith(f"{year}-")}:
            raise SourceError(f"gsod: {path.name} holds {min(other)!r}, not {year} as its name says; start again later")

    def read(self, folder: Path, period: Period, region: Region) -> xr.Dataset:
        """Read the stations near the contiguous US: a checked cube without PM2.5, of the period's years."""
        import pandas as pd

        from placeprior.data import gsod

        paths = [folder / f"{year}.tar.gz" for year in period.years]
        for path in paths:
            if not path.is_file():
                raise SourceError(f"gsod: {path} is not there; fetch it first")
        try:
            table = pd.concat([gsod.read_archive(path) for path in paths], ignore_index=True)
            inside = table["DATE"].between(pd.Timestamp(period.first), pd.Timestamp(period.last))
            return gsod.weather(table[inside], ", ".join(path.name for path in paths), list(gsod.FIELDS))
        except CubeError as error:
            raise SourceError(f"gsod: {error}; remove the file named and fetch it again") from error


SOURCE = Gsod()
