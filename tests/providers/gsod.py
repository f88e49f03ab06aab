"""NOAA's yearly archives of station tables, in the columns, units and sentinels of its description."""

from __future__ import annotations

import io
import tarfile
from datetime import timedelta
from pathlib import Path

HOST = "www.ncei.noaa.gov/data/global-summary-of-the-day/archive"
HEADER = (
    "STATION,DATE,LATITUDE,LONGITUDE,ELEVATION,NAME,TEMP,TEMP_ATTRIBUTES,DEWP,DEWP_ATTRIBUTES,SLP,SLP_ATTRIBUTES,STP,"
    "STP_ATTRIBUTES,VISIB,VISIB_ATTRIBUTES,WDSP,WDSP_ATTRIBUTES,MXSPD,GUST,MAX,MAX_ATTRIBUTES,MIN,MIN_ATTRIBUTES,PRCP,"
    "PRCP_ATTRIBUTES,SNDP,FRSHTT"
).split(",")
#: Number, and where in the region (share of its width and height); one elsewhere in the world.
STATIONS = {"72000000001": (0.25, 0.25), "72000000002": (0.75, 0.3), "72000000003": (0.5, 0.8)}
ABROAD = "01001099999"


def fahrenheit(name, day):
    """A station's mean temperature of a day."""
    return round(50 + 3 * int(name[-1]) + day.day / 10, 1)


def rows_of(name, lonlat, days):
    """A station's rows, station pressures as they are printed."""
    for day in days:
        t = fahrenheit(name, day)
        yield [
            name, f"{day:%Y-%m-%d}", f"{lonlat[1]:.4f}", f"{lonlat[0]:.4f}", "100.0", "MADE UP, US",
            f"{t:6.1f}", "24", f"{t - 20:6.1f}", "24", "1020.0", "24", "  5.2", "24", " 10.0", "24", "  6.0", "24",
            "  9.9", " 12.0", f"{t + 12:6.1f}", "*", f"{t - 12:6.1f}", "*", " 0.02", "G", "999.9", "010000",
        ]  # fmt: skip


def table(name, lonlat, days):
    """A station's CSV."""
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in (HEADER, *rows_of(name, lonlat, days))) + "\n"


def pack(files):
    """Return the bytes of an archive of texts by name."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def make(root: Path, period, region):
    """Write the archive of every year of a period, with the period's days."""
    west, south, east, north = region
    days = [period.first + timedelta(n) for n in range((period.last - period.first).days + 1)]
    places = {name: (west + x * (east - west), south + y * (north - south)) for name, (x, y) in STATIONS.items()}
    for year in period.years:
        own = [day for day in days if day.year == year]
        path = root / HOST / f"{year}.tar.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            pack({f"{name}.csv": table(name, place, own) for name, place in (places | {ABROAD: (-8.7, 70.9)}).items()})
        )
