"""What every source of predictors is: facts about it, and the three steps list, fetch, read."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from placeprior.coords import CONUS_BOX
from placeprior.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from placeprior.data.sources.transfer import Transfer

FIRST_YEAR = 2005  # of the study's record, and of the smoke analyses


@dataclass(frozen=True)
class Period:
    """Days from ``first`` to ``last``, both included.

    >>> Period.parse("2021-02").label, len(Period.parse("2021-02"))
    ('2021-02', 28)
    >>> Period.parse("2021-08-01/2021-09-04").label
    '2021-08-01_2021-09-04'
    """

    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> Period:
        """A year (``2021``), a month (``2021-08``) or two days (``2021-08-01/2021-09-04``)."""
        import pandas as pd

        try:
            if re.fullmatch(r"\d{4}|\d{4}-\d{2}", text):
                span = pd.Period(text)
                found = cls(span.start_time.date(), span.end_time.date())
            else:
                first, last = text.split("/")
                found = cls(date.fromisoformat(first), date.fromisoformat(last))
        except ValueError:
            raise ConfigError(
                f"{text!r} is no period; write a year (2021), a month (2021-08) or two days (2021-08-01/2021-09-04)"
            ) from None
        if found.last < found.first:
            raise ConfigError(f"period {text!r} ends before it begins; write the earlier day first")
        if found.first.year < FIRST_YEAR or found.last > date.today():
            raise ConfigError(
                f"period {text!r} is not within {FIRST_YEAR} and today; the sources begin in {FIRST_YEAR}"
            )
        return found

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def days(self) -> pd.DatetimeIndex:
        """Every day, at midnight."""
        import pandas as pd

        return pd.date_range(self.first, self.last, freq="D", unit="ns")

    @property
    def years(self) -> list[int]:
        """The calendar years it touches."""
        return list(range(self.first.year, self.last.year + 1))

    @property
    def months(self) -> list[Period]:
        """The period cut at the ends of months."""
        days = self.days
        return [Period(part[0].date(), part[-1].date()) for part in days.groupby(days.to_period("M")).values()]

    @property
    def label(self) -> str:
        """As in the names of cubes."""
        for text in (f"{self.first:%Y}", f"{self.first:%Y-%m}"):
            if Period.parse(text) == self:
                return text
        return f"{self.first}_{self.last}"


class Region(NamedTuple):
    """A box: west, south, east and north edge, degrees.

    >>> Region.parse("-122,36,-118,40").label
    '-122_36_-118_40'
    """

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def parse(cls, text: str) -> Region:
        """``conus``, or ``WEST,SOUTH,EAST,NORTH``."""
        if text == "conus":
            return cls(*CONUS_BOX)
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            raise ConfigError(
                f"{text!r} is no region; write conus, or WEST,SOUTH,EAST,NORTH in degrees, such as -122,36,-118,40"
            ) from None
        box = cls(west, south, east, north)
        across = CONUS_BOX[0] - 1 <= west < east <= CONUS_BOX[2] + 1
        if not (across and CONUS_BOX[1] - 1 <= south < north <= CONUS_BOX[3] + 1):
            raise ConfigError(
                f"region {text!r} is no box within the contiguous United States (lon {CONUS_BOX[0]:.0f} "
                f"to {CONUS_BOX[2]:.0f}, lat {CONUS_BOX[1]:.0f} to {CONUS_BOX[3]:.0f}); write "
                "WEST,SOUTH,EAST,NORTH: are lon and lat swapped?"
            )
        return box

    @property
    def label(self) -> str:
        """As in the names of cubes."""
        return "conus" if tuple(self) == tuple(CONUS_BOX) else "_".join(f"{edge:g}" for edge in self)


@dataclass(frozen=True)
class Item:
    """One file to fetch.

    Attributes
    ----------
    path : str
        Where it lies in the source's folder of the cache.
    url : str
        ``https://…``; empty where it has to be looked up first (:meth:`Source.resolve`).
    size : int
        Bytes, an estimate where the provider does not say.
    hash : str or None
        ``sha256:…`` or ``md5:…`` where the provider publishes it. Otherwise the SHA-256 of the first fetch is recorded,
        and the file held to it ever after.
    may_lack : bool
        The provider may have no such file (a day without an analysis): its 404 is then recorded as *absent*.
    """

    path: str
    url: str
    size: int
    hash: str | None = None
    may_lack: bool = False


class Source(ABC):
    """What every source is: facts about it, and the three steps list, fetch, read.

    Attributes
    ----------
    name, title, version, licence, citation, homepage : str
    provides : dict
        Units and meaning of each variable, by name.
    account : str or None
        The account that fetching needs; None if none.
    """

    name: str
    title: str
    version: str
    licence: str
    citation: str
    homepage: str
    provides: dict[str, tuple[str, str]]
    account: str | None = None

    @abstractmethod
    def list(self, period: Period, region: Region) -> list[Item]:
        """What will be fetched, in order; needs no network."""

    @abstractmethod
    def read(self, folder: Path, period: Period, region: Region) -> xr.Dataset:
        """Read what was fetched.

        Parameters
        ----------
        folder : Path
            The source's folder of the cache; items lie at their ``path``.
        period, region
            As fetched, or a part of it.

        Returns
        -------
        xarray.Dataset
            The variables of :attr:`provides` as float32 on (time, y, x), or (y, x) if they never change, with
            ``units`` and ``long_name``. ``x`` and ``y`` are evenly spaced cell centres in the coordinate system that
            ``attrs["crs"]`` names (for pyproj). ``time`` holds every day of the period; what is not known is NaN. Large
            sources return dask arrays. (The monitors' source returns a checked station cube instead.)

        Raises
        ------
        SourceError
            A file is missing, damaged or not as documented; names the source, the file and the remedy.
        """

    def check(self, path: Path) -> None:  # noqa: B027 - a source may have nothing to check
        """Refuse a file that has just arrived and is not what it should be (an error page, a torn archive).

        Called before the file's hash is recorded, so it may also drop what differs between equal answers.

        Raises
        ------
        SourceError
        """

    def resolve(self, items: list[Item], transfer: Transfer) -> list[Item]:
        """Look up addresses, sizes and hashes that need the network; by default nothing has to be."""
        return items

    def headers(self) -> dict[str, str]:
        """What is sent along with each request, such as a login; by default nothing.

        Raises
        ------
        SourceError
            If there is no login where one is needed; says how to get one.
        """
        return {}

    def fetch(self, period: Period, region: Region, cache: Path, transfer: Transfer | None = None) -> list[Path]:
        """Fetch into ``cache/<name>`` what is not there yet; what was fetched before is checked and kept.

        Returns
        -------
        list of Path
            The files that are there now; days of which the provider has none are left out.

        Raises
        ------
        SourceError
            Some could not be fetched. All others are kept, and the same call goes on from there.
        """
        from placeprior.data.sources.transfer import Transfer  # a package of the extra `data` fetches

        return (transfer or Transfer()).fetch(self, self.list(period, region), cache / self.name)
