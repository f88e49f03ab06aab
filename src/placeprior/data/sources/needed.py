"""What the project's own real tasks are read from, as files to fetch: EPA's and NOAA's, a year each."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from placeprior.data import READ_FROM
from placeprior.data.sources.source import Item, Period, Region, Source
from placeprior.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

PARAMETER = "88101"  # FRM/FEM alone, as :mod:`placeprior.data.aqs` reads it by name


def files(tasks: Iterable[str]) -> list[tuple[Source, list[Item]]]:
    """The files that tasks are read from, by source and in order of years.

    They are to lie in one folder, the one that ``PLACEPRIOR_DATA`` names, under their providers' own names, which
    :func:`placeprior.data.load` looks for.

    Parameters
    ----------
    tasks : iterable of str
        Names in ``placeprior.data.TASKS``; tasks that are simulated or built need none.

    Raises
    ------
    ConfigError
        None of the tasks is read from such files.
    """
    from placeprior.data.sources import aqs, gsod

    tasks = list(dict.fromkeys(tasks))
    found = []
    for source in (aqs.SOURCE, gsod.SOURCE):
        years = sorted({year for task in tasks for year in READ_FROM.get(task, {}).get(source.name, ())})
        items = [
            item
            for year in years
            for item in source.list(Period(date(year, 1, 1), date(year, 12, 31)), Region.parse("conus"))
            if source is not aqs.SOURCE or PARAMETER in item.path
        ]
        found += [(source, items)] if items else []
    if not found:
        raise ConfigError(
            f"nothing is to be fetched for {', '.join(tasks) or 'no task'}: only {', '.join(READ_FROM)} are read from "
            "EPA's and NOAA's files"
        )
    return found
