"""Aerosol optical depth of MODIS on Terra and Aqua by the MAIAC algorithm: MCD19A2, collection 6.1, daily at 1 km.

Lyapustin, A. et al. (2018), MODIS Collection 6 MAIAC algorithm, Atmos. Meas. Tech. 11, 5741-5765,
doi:10.5194/amt-11-5741-2018. Format and quality bits: MCD19 User Guide, version 6.1
(https://lpdaac.usgs.gov/documents/1500/MCD19_User_Guide_V61.pdf).

A file holds one tile and UTC day; the overpasses of that day lie along the first dimension of its fields. Values are
averaged over those that pass one rule, by the bits of ``AOD_QA`` (bit 0 is the lowest):

====== ================ ==========================================================================================
bits   meaning          kept
====== ================ ==========================================================================================
0-2    cloud mask       1, clear. (2 possibly cloudy, 3 cloudy, 5 cloud shadow, 6 hot spot of a fire, 7 sediment.)
5-7    adjacency        0, normal. (1 to 3 are next to clouds, 4 is next to snow, 5 was snow before.)
8-11   quality of AOD   0, best. (3 and 4 cloudy neighbours, 7 a climatology of high places, 11 for research.)
====== ================ ==========================================================================================

Best quality already excludes cloudy neighbours; the adjacency bits exclude snow as well, over which AOD is biased high.
The price: dense smoke is now and then taken for cloud, so the worst days are the likeliest to be missing.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from placeprior.data.sources.modis import ModisSource
from placeprior.data.sources.source import Period

FILL = -28672
RANGE = (-100, 8000)  # valid, in units of 0.001
SCALE = 0.001


class Maiac(ModisSource):
    """AOD at 0.47 and 0.55 µm where the sky was clear; most places have some on about every other day."""

    name = "maiac"
    title = "MODIS MAIAC aerosol optical depth, daily, 1 km (MCD19A2.061)"
    version = "6.1"
    citation = (
        "Lyapustin, A. & Wang, Y. (2022). MODIS/Terra+Aqua Land Aerosol Optical Depth Daily L2G Global 1km SIN "
        "Grid V061. NASA LP DAAC. doi:10.5067/MODIS/MCD19A2.061"
    )
    homepage = "https://doi.org/10.5067/MODIS/MCD19A2.061"
    provides = {
        "aod_047": ("1", "aerosol optical depth at 0.47 µm (MAIAC, clear sky, best quality)"),
        "aod_055": ("1", "aerosol optical depth at 0.55 µm (MAIAC, clear sky, best quality)"),
    }
    product = "MCD19A2"
    size = 7_000_000
    fields = {"Optical_Depth_047": SCALE, "Optical_Depth_055": SCALE, "AOD_QA": None}

    def used(self, period: Period) -> list[date]:
        return [day.date() for day in period.days]

    def decode(self, fields: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        quality = fields["AOD_QA"].astype(np.uint16)
        best = ((quality & 7) == 1) & ((quality >> 5 & 7) == 0) & ((quality >> 8 & 15) == 0)
        return np.stack([_mean(fields[name], best) for name in ("Optical_Depth_047", "Optical_Depth_055")])


def _mean(raw: NDArray[Any], best: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Over the overpasses, unscaled; NaN where none is good."""
    good = best & (raw >= RANGE[0]) & (raw <= RANGE[1])  # the fill value is below
    count = good.sum(0)
    total = np.where(good, raw, 0).sum(0, dtype=np.int32)
    return np.where(count > 0, total / np.maximum(count, 1) * SCALE, np.nan).astype(np.float32)


SOURCE = Maiac()
