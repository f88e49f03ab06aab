"""Vegetation index of MODIS on Terra: MOD13A2, collection 6.1, 16-day composites at 1 km.

Didan, K. & Barreto Munoz, A. (2019), MODIS Vegetation Index User's Guide (MOD13 series), version 3.10, collection 6.1
(https://lpdaac.usgs.gov/documents/621/MOD13_User_Guide_V61.pdf): ``1 km 16 days NDVI`` is stored times 10,000, valid
from -2000 to 10,000, fill -3000. ``1 km 16 days pixel reliability`` is 0 good, 1 marginal, 2 snow or ice, 3 cloudy,
-1 not processed; 0 and 1 are kept.

Composites of Terra begin on day 1, 17, 33, ... 353 of each year and cover 16 days; the last reaches into January.

**The one rule of time: a day takes the last composite that had ended by then**, on that day or before. So no value
knows the future, as it must be for a forecast's first step; the price is an index that is up to 30 days old. (The
production takes some days more, which is not counted.) The reference study took the composite nearest in time instead,
future ones included, and of another product (MCD43A4). Where that composite is cloudy or snowy, there is no value: none
is carried on from an older one.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from placeprior.data.sources.modis import ModisSource
from placeprior.data.sources.source import Period

LENGTH = 16  # days
RANGE = (-2000, 10_000)
STORED = 10_000.0  # times the index; the file's scale_factor is what to divide by


def composite(day: date) -> date:
    """First day of the last composite that had ended by a day.

    >>> composite(date(2021, 1, 16)), composite(date(2021, 1, 15)), composite(date(2021, 1, 2))
    (datetime.date(2021, 1, 1), datetime.date(2020, 12, 18), datetime.date(2020, 12, 18))
    """
    latest = day - timedelta(days=LENGTH - 1)  # a composite that began later is still running
    return date(latest.year, 1, 1) + timedelta(days=(latest.timetuple().tm_yday - 1) // LENGTH * LENGTH)


class Ndvi(ModisSource):
    """How green the place was in the last 16-day composite that had ended."""

    name = "ndvi"
    title = "MODIS vegetation index, 16-day composites that have ended, 1 km (MOD13A2.061)"
    version = "6.1"
    citation = (
        "Didan, K. (2021). MODIS/Terra Vegetation Indices 16-Day L3 Global 1km SIN Grid V061. NASA LP DAAC. "
        "doi:10.5067/MODIS/MOD13A2.061"
    )
    homepage = "https://doi.org/10.5067/MODIS/MOD13A2.061"
    provides = {"ndvi": ("1", "normalised difference vegetation index, last 16-day composite that had ended")}
    product = "MOD13A2"
    size = 7_000_000
    fields = {"1 km 16 days NDVI": STORED, "1 km 16 days pixel reliability": None}

    def used(self, period: Period) -> list[date]:
        return [composite(day.date()) for day in period.days]

    def decode(self, fields: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        raw, reliability = (fields[name] for name in self.fields)
        good = np.isin(reliability, (0, 1)) & (raw >= RANGE[0]) & (raw <= RANGE[1])  # the fill value is below
        return np.where(good, raw / STORED, np.nan).astype(np.float32)[None]


SOURCE = Ndvi()
