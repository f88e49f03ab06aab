"""Where the study's predictors come from: one file a source, and one interface for all of them.

A source can **list** what will be fetched and how big it is (no network needed), **fetch** it into a cache, and
**read** it as an ``xarray.Dataset`` with units. :mod:`placeprior.data.build` brings what they read to stations and
grids. Nothing is fetched unless a person asks for it.

Planning is to answer at once: what only reading needs is imported by the functions that read.
"""

from __future__ import annotations

from placeprior.data.sources.source import FIRST_YEAR, Item, Period, Region, Source
from placeprior.errors import UnknownName

__all__ = [
    "FIRST_YEAR",
    "NAMES",
    "WITHOUT_ACCOUNT",
    "WITH_ACCOUNT",
    "Item",
    "Period",
    "Region",
    "Source",
    "chosen",
    "get",
]

LINE_RATE = 50e6 / 8  # bytes a second that times are told for: a line of 50 Mbit/s
#: Every source, in order of preference: of two that provide a variable, the first one chosen gives it.
NAMES = ("aqs", "daymet", "gridmet", "maiac", "power", "ndvi", "hms", "elevation")
#: What is used where no account is at hand: everything but what needs NASA's Earthdata login.
WITHOUT_ACCOUNT = ("aqs", "gridmet", "power", "hms", "elevation")
#: What is used with that login. Daymet, most of the bytes for the least difference, has to be asked for.
WITH_ACCOUNT = ("aqs", "gridmet", "maiac", "ndvi", "hms", "elevation")


def _every() -> dict[str, Source]:
    """Every source by its name."""
    # Not before one is asked for: some need packages of the extra `data`, which reading a built cube does not.
    from placeprior.data.sources import aqs, daymet, elevation, gridmet, hms, maiac, ndvi, power

    return {source.SOURCE.name: source.SOURCE for source in (aqs, daymet, gridmet, maiac, power, ndvi, hms, elevation)}


def get(name: str) -> Source:
    """The source of this name."""
    if name not in NAMES:
        raise UnknownName("source", name, NAMES)
    return _every()[name]


def chosen(names: list[str] | None = None) -> list[Source]:
    """These sources in order of preference; all of them where none is named."""
    for name in names or ():
        if name not in NAMES:
            raise UnknownName("source", name, NAMES)
    return [get(name) for name in NAMES if names is None or name in names]
