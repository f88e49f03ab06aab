"""Aerosol optical depth from NASA POWER: a stand-in of another kind, for those without an account.

**A study with it is not the paper's.** The paper's AOD is MAIAC's (MCD19A2): *observed* by MODIS at 1 km, absent under
cloud. This one is ``AOD_55`` of POWER's daily service, 0.55 micrometre on 1-degree cells (some 100 km) and without gaps
of cloud: as part of the solar data that POWER takes from CERES SYN1deg, it is what an aerosol transport model (MATCH)
makes of MODIS' AOD, which it assimilates, and fills in where MODIS saw nothing (Fillmore, D. W. et al. 2022,
*Atmospheric Chemistry and Physics* 22, 10115). No plume narrower than a cell is in it, there is no 0.47 micrometre, and
several stations share a cell. It stands in for the kind of predictor, not for its values. (That SYN1deg is the origin
follows from POWER's pages on its solar data, of 2001 and later; each answer names its own in ``header.sources``.)

The service (https://power.larc.nasa.gov/docs/services/api/temporal/daily/) answers a region with one parameter a
request, for boxes of 2 to 10 degrees on each side. Boxes here are fixed ones of 10 degrees, so that whatever the
region, the same file is never asked for twice. Days are those of local solar time (``time-standard=LST``, the service's
own default), which are nearer to the monitors' days, midnight to midnight local standard time, than days of UTC.
An answer in JSON is a GeoJSON ``FeatureCollection`` of cell centres; -999 (``header.fill_value``) is missing.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import numpy as np

from placeprior.data.sources.records import beside, is_good
from placeprior.data.sources.source import Item, Period, Region, Source
from placeprior.errors import SourceError, apart

if TYPE_CHECKING:
    import xarray as xr

    from placeprior.data.sources.transfer import Transfer

BASE = "https://power.larc.nasa.gov/api/temporal/daily/regional"
PARAMETER, STANDARD = "AOD_55", "LST"
SIDE = 10  # degrees of a box, the most that is answered
WEST, SOUTH = -126, 20  # a corner of the boxes' lattice: 18 of them cover the contiguous US
BYTES = 17  # of a value in JSON: "20210101":0.12, and what goes with it
BIGGEST = 32 * 1024**2  # bytes; a box and year has under one MiB
CREDIBLE = (0.0, 20.0)  # AOD; beyond is another quantity, or an undeclared fill value
REMEDY = "fetch again, and if it stays so, the service has changed"


class Power(Source):
    """Daily AOD of NASA POWER, 1 degree."""

    name = "power"
    title = "NASA POWER daily aerosol optical depth (AOD_55, 1 degree, model-filled)"
    version = "POWER daily API v2, as answered on the day of retrieval"
    licence = "public domain (US government work); POWER asks to be acknowledged"
    citation = (
        "NASA Langley Research Center, Prediction Of Worldwide Energy Resources (POWER) Project, "
        "https://power.larc.nasa.gov; Fillmore, D. W. et al. (2022), Atmospheric Chemistry and Physics 22, "
        "10115-10137, doi:10.5194/acp-22-10115-2022"
    )
    homepage = "https://power.larc.nasa.gov/docs/services/api/temporal/daily/"
    provides = {"aod_055": ("1", "aerosol optical depth at 0.55 micrometre, 1 degree, model-filled")}

    def list(self, period: Period, region: Region) -> list[Item]:
        """One file a box and year; see :meth:`placeprior.data.sources.Source.list`.

        Past years are fetched whole, the current one up to the last day of the period. SYN1deg is some months late, so
        days that were asked for too early are missing; remove the file to ask again.
        """
        items = []
        for year in period.years:
            last = date(year, 12, 31) if year < date.today().year else period.last
            for west, south in _boxes(region):
                query = {
                    "parameters": PARAMETER,
                    "community": "RE",
                    "latitude-min": south,
                    "latitude-max": south + SIDE,
                    "longitude-min": west,
                    "longitude-max": west + SIDE,
                    "start": f"{year}0101",
                    "end": f"{last:%Y%m%d}",
                    "format": "JSON",
                    "time-standard": STANDARD,
                }
                size = SIDE**2 * ((last - date(year, 1, 1)).days + 1) * BYTES
                items.append(Item(_path(west, south, year, f"{last:%Y%m%d}"), f"{BASE}?{urlencode(query)}", size))
        return items

    def fetch(self, period: Period, region: Region, cache: Path, transfer: Transfer | None = None) -> list[Path]:
        """Fetch what is not there yet; see :meth:`placeprior.data.sources.Source.fetch`.

        An answer also says how long the server took, so it never arrives with the same hash twice: what was lost or
        damaged here is fetched anew rather than held to its first hash. :meth:`check` says whether it is whole.
        """
        for item in self.list(period, region):
            path = cache / self.name / item.path
            if not is_good(path):
                path.unlink(missing_ok=True)
                beside(path).unlink(missing_ok=True)
        return super().fetch(period, region, cache, transfer)

    def check(self, path: Path) -> None:
        """Refuse what is not that box and year; see :meth:`placeprior.data.sources.Source.check`.

        How long the server took is dropped from the file: equal data are then equal files, and make equal cubes.
        """
        parse(path)
        answer = json.loads(path.read_bytes())
        if answer.pop("times", None) is not None:
            path.write_text(json.dumps(answer, separators=(",", ":")), encoding="utf-8")

    def read(self, folder: Path, period: Period, region: Region) -> xr.Dataset:
        """AOD on (time, y, x), 1-degree cells; see :meth:`placeprior.data.sources.Source.read`."""
        import pandas as pd
        import xarray as xr

        x = np.arange(np.floor(region.west), np.floor(region.east) + 1) + 0.5
        y = np.arange(np.floor(region.south), np.floor(region.north) + 1) + 0.5
        days = period.days
        aod = np.full((len(days), len(y), len(x)), np.nan, np.float32)
        for west, south in _boxes(region):
            columns, rows = (x > west) & (x < west + SIDE), (y > south) & (y < south + SIDE)
            for year in period.years:
                # One that was fetched while the year was going on may end early; the longest will do.
                found = sorted(folder.glob(_path(west, south, year, "????????")))
                needed = min(period.last, date(year, 12, 31))
                if not found or found[-1].stem[-8:] < f"{needed:%Y%m%d}":
                    wanted = folder / _path(west, south, year, f"{needed:%Y%m%d}")
                    raise SourceError(
                        f"power: {wanted} was not fetched; fetch the source power for this region up to {needed}"
                    )
                first, values = parse(found[-1])
                since = (days - pd.Timestamp(first)).days.to_numpy()
                here = (since >= 0) & (since < len(values))
                part = values[since[here]][:, (y[rows] - south).astype(int)][:, :, (x[columns] - west).astype(int)]
                aod[np.ix_(here, rows, columns)] = part
        units, meaning = self.provides["aod_055"]
        return xr.Dataset(
            {"aod_055": (("time", "y", "x"), aod, {"units": units, "long_name": meaning})},
            coords={"time": days, "y": y, "x": x},
            attrs={"title": self.title, "crs": "EPSG:4326"},
        )


def parse(path: Path) -> tuple[date, np.ndarray]:
    """First day, and AOD on (day, row from the south, column from the west) of a box and year; NaN where missing.

    Raises
    ------
    SourceError
        The file is damaged, of another box or year, or its layout is not that documented.
    """
    import pandas as pd

    named = re.fullmatch(r"aod_w(\d+)n(\d+)_(\d{8})_(\d{8})\.json", path.name)
    if not named:
        raise _wrong(path, "is no name that this source gives")
    west, south = -int(named[1]), int(named[2])
    if path.stat().st_size > BIGGEST:
        raise _wrong(path, f"has {path.stat().st_size:,} bytes, far more than a box and year")
    text = path.read_bytes()
    try:
        answer = json.loads(text)
        header, features = answer["header"], answer["features"]
        fill, standard = float(header["fill_value"]), header["time_standard"]
        centres = np.array([feature["geometry"]["coordinates"][:2] for feature in features], np.float64).reshape(-1, 2)
        series = [feature["properties"]["parameter"] for feature in features]
        if lacking := [parameter for parameter in series if PARAMETER not in parameter]:
            raise _wrong(path, f"has no {PARAMETER}, but {', '.join(map(str, lacking[0])) or 'nothing'}")
        series = [parameter[PARAMETER] for parameter in series]
        told = sorted(series[0]) if series else []
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        what = (
            "is a web page, not JSON"
            if text.lstrip()[:1] == b"<"
            else (f"is no whole answer of the regional service ({type(error).__name__}: {str(error)[:80]})")
        )
        raise _wrong(path, what) from error
    if standard != STANDARD:
        raise _wrong(path, f"has days of {standard!r}, not of local solar time ({STANDARD})")
    keys = list(pd.date_range(named[3], named[4]).strftime("%Y%m%d"))
    if told != keys and told:
        raise _wrong(path, f"has the {len(told)} days {told[0]} to {told[-1]}, not {keys[0]} to {keys[-1]}")
    cells = centres - [west, south] - 0.5
    place = np.round(cells).astype(int)
    if not np.allclose(cells, place, atol=1e-3) or (place < 0).any() or (place >= SIDE).any():
        raise _wrong(path, f"has places that are no centres of 1-degree cells of the box {west}, {south}")
    if len(np.unique(place, axis=0)) < len(place):
        raise _wrong(path, "has a place twice")
    if len(place) != SIDE**2:
        raise _wrong(path, f"has {len(place)} places, not {SIDE**2}")
    values = np.full((len(keys), SIDE, SIDE), np.nan, np.float32)
    for (column, row), days in zip(place, series, strict=True):
        try:
            values[:, row, column] = np.array([days[key] for key in keys], np.float32)  # None becomes NaN
        except (LookupError, TypeError, ValueError) as error:
            raise _wrong(path, f"lacks days or has no numbers somewhere ({error})") from error
    values[values == np.float32(fill)] = np.nan
    low, high = CREDIBLE
    if ((values < low) | (values > high)).any():
        odd = values[(values < low) | (values > high)][0]
        raise _wrong(
            path, "has an aerosol optical depth of {}, which is not within {} and {}".format(*apart(odd, low, high))
        )
    return pd.Timestamp(named[3]).date(), values


def _boxes(region: Region) -> list[tuple[int, int]]:
    """West and south edge of the boxes that a region touches."""
    columns = range(int((region.west - WEST) // SIDE), int((region.east - WEST) // SIDE) + 1)
    rows = range(int((region.south - SOUTH) // SIDE), int((region.north - SOUTH) // SIDE) + 1)
    return [(WEST + SIDE * column, SOUTH + SIDE * row) for row in rows for column in columns]


def _path(west: int, south: int, year: int, last: str) -> str:
    return f"{year}/aod_w{-west}n{south}_{year}0101_{last}.json"


def _wrong(path: Path, what: str) -> SourceError:
    return SourceError(f"power: {path.name} {what}; {REMEDY} ({path})")


SOURCE = Power()
