"""gridMET's yearly files as documented: the true 1/24 degree grid, cut to a region, with values known everywhere."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

HOST = "www.northwestknowledge.net"
WEST, NORTH, STEP = -124.76666666333333, 49.4, 1 / 24  # centre of the first cell

#: Name inside, units as in the file, scale, offset, and the plane of the values: base, per degree of longitude east of
#: 125 W, per degree of latitude north of 25 N, per day of the year.
KINDS = {
    "pr": ("precipitation_amount", "mm", 0.1, 0.0, (1.0, 0.5, 0.9, 0.02)),
    "srad": ("surface_downwelling_shortwave_flux_in_air", "W m-2", 0.1, 0.0, (60.0, 1.5, -0.7, 0.3)),
    "tmmx": ("air_temperature", "K", 0.1, 220.0, (285.0, 0.2, -0.4, 0.05)),
    "tmmn": ("air_temperature", "K", 0.1, 210.0, (272.0, 0.3, -0.5, 0.04)),
    "vs": ("wind_speed", "m/s", 0.1, 0.0, (1.0, 0.05, 0.1, 0.01)),
    "th": ("wind_from_direction", "Degrees Clockwise from north", 1.0, 0.0, (10.0, 3.0, 2.0, 0.3)),
    "rmax": ("relative_humidity", "%", 0.1, 0.0, (60.0, 0.3, 0.2, 0.05)),
    "rmin": ("relative_humidity", "%", 0.1, 0.0, (20.0, 0.2, 0.1, 0.03)),
}


def value(short: str, lon, lat, day: date):
    """What the file says at a cell's centre, before packing."""
    base, east, north, later = KINDS[short][4]
    return base + east * (np.asarray(lon) + 125) + north * (np.asarray(lat) - 25) + later * day.timetuple().tm_yday


def centre(lon: float, lat: float) -> tuple[float, float]:
    """Centre of the cell that a place lies in."""
    return (WEST + STEP * np.floor((lon - WEST) / STEP + 0.5), NORTH - STEP * np.floor((NORTH - lat) / STEP + 0.5))


def make(
    root: Path,
    period,
    region,
    only=tuple(KINDS),
    until: date | None = None,
    old: bool = False,
    missing: tuple[float, float] | None = None,
    **wrong,
) -> list[Path]:
    """Write the files of a period's years, cut to a region and a few cells around.

    Parameters
    ----------
    root, period, region
    only : iterable of str
        Variables.
    until : date, optional
        Last day of files that are still growing.
    old : bool
        The layout before 2018: unpacked floats on (day, lon, lat).
    missing : (lon, lat), optional
        Place of a cell without values, as at sea.
    **wrong
        ``year`` inside the file, ``variable`` inside, ``twice`` (position of a day that is there two times),
        ``shift`` (added to every value).
    """
    import xarray as xr

    i = np.arange(int((region.west - WEST) / STEP) - 2, int((region.east - WEST) / STEP) + 4)
    j = np.arange(int((NORTH - region.north) / STEP) - 2, int((NORTH - region.south) / STEP) + 4)
    lon, lat = WEST + STEP * i[i >= 0], NORTH - STEP * j[j >= 0]
    written = []
    for year in period.years:
        inside = wrong.get("year", year)
        last = min(until or date.max, date(inside, 12, 31))
        days = [date(inside, 1, 1) + timedelta(n) for n in range((last - date(inside, 1, 1)).days + 1)]
        if "twice" in wrong:
            days[wrong["twice"]] = days[wrong["twice"] - 1]
        for short in only:
            name, units, scale, offset, _ = KINDS[short]
            values = np.stack([value(short, lon[None, :], lat[:, None], day) for day in days]) + wrong.get("shift", 0)
            if missing:
                at = centre(*missing)
                values[:, np.abs(lat - at[1]).argmin(), np.abs(lon - at[0]).argmin()] = np.nan
            array = xr.DataArray(
                values,
                dims=("day", "lat", "lon"),
                attrs={
                    "units": units,
                    "long_name": short,
                    "standard_name": short,
                    "dimensions": "lon lat time",
                    "grid_mapping": "crs",
                    "coordinate_system": "WGS84,EPSG:4326",
                },
            )
            count = [(day - date(1900, 1, 1)).days for day in days]
            file = xr.Dataset(
                {wrong.get("variable", name): array.transpose("day", "lon", "lat") if old else array},
                {
                    "lon": ("lon", lon, {"units": "degrees_east", "axis": "X"}),
                    "lat": ("lat", lat, {"units": "degrees_north", "axis": "Y"}),
                    "day": (
                        "day",
                        np.array(count, "float32"),
                        {"units": "days since 1900-01-01 00:00:00", "calendar": "gregorian", "long_name": "time"},
                    ),
                    "crs": ("crs", np.array([0], "uint16"), {"grid_mapping_name": "latitude_longitude"}),
                },
                {
                    "author": "placeprior's tests, not gridMET",
                    "Conventions": "CF-1.6",
                    "note5": "Days correspond "
                    "approximately to calendar days ending at midnight, Mountain Standard Time",
                },
            )
            if until and until.year == year:
                file.attrs["last_permanent_slice"] = str(max(0, len(days) - 60))
            chunks = tuple(min(size, most) for size, most in zip(array.shape, (61, 98, 231), strict=True))
            packed = (
                {"dtype": "float32", "_FillValue": np.float32(-32767)}
                if old
                else {
                    "dtype": "uint16",
                    "scale_factor": scale,
                    "add_offset": offset,
                    "_FillValue": np.uint16(32767),
                    "missing_value": np.uint16(32767),
                    "chunksizes": chunks,
                    "zlib": True,
                    "complevel": 1,
                }
            )
            path = root / HOST / "metdata/data" / f"{short}_{year}.nc"
            path.parent.mkdir(parents=True, exist_ok=True)
            file.to_netcdf(
                path,
                engine="h5netcdf",
                encoding={wrong.get("variable", name): packed}
                | {each: {"_FillValue": None} for each in ("lon", "lat", "day")},
            )
            written.append(path)
    return written
