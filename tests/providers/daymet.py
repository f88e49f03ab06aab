"""Daymet's yearly files as documented: a window of the true 1 km grid, with values known everywhere, and the search."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyproj

HOST, FOLDER = "data.ornldaac.earthdata.nasa.gov", "protected/daymet/Daymet_Daily_V4R1/data"
SEARCH = "cmr.earthdata.nasa.gov/search/granules.umm_json"
CRS = "+proj=lcc +lat_1=25 +lat_2=60 +lat_0=42.5 +lon_0=-100 +datum=WGS84 +units=m"
WEST, NORTH, STEP = -4560250.0, 4984000.0, 1000.0  # centre of the first cell, metres

#: Units, cell method, and the plane of the values: base, per degree of longitude east of 125 W, per degree of latitude
#: north of 25 N, per day of the year.
KINDS = {
    "prcp": ("mm/day", "area: mean time: sum", (1.0, 0.5, 0.9, 0.02)),
    "srad": ("W/m2", "area: mean time: mean", (90.0, 2.5, -0.7, 0.5)),
    "tmax": ("degrees C", "area: mean time: maximum", (12.0, 0.2, -0.4, 0.05)),
    "tmin": ("degrees C", "area: mean time: minimum", (2.0, 0.3, -0.5, 0.04)),
    "vp": ("Pa", "area: mean time: mean", (500.0, 9.0, -4.0, 1.0)),
}


def value(short: str, lon, lat, day: date):
    """What the file says at a cell's centre."""
    base, east, north, later = KINDS[short][2]
    return base + east * (np.asarray(lon) + 125) + north * (np.asarray(lat) - 25) + later * day.timetuple().tm_yday


def centre(lon: float, lat: float) -> tuple[float, float]:
    """Centre, in degrees, of the cell that a place lies in."""
    x, y = pyproj.Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(lon, lat)
    x, y = WEST + STEP * np.floor((x - WEST) / STEP + 0.5), NORTH - STEP * np.floor((NORTH - y) / STEP + 0.5)
    return pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x, y)


def make(
    root: Path,
    period,
    region,
    only=tuple(KINDS),
    missing: tuple[float, float] | None = None,
    unlimited: bool = False,
    **wrong,
) -> list[Path]:
    """Write the files of a period's years, cut to a region and a few cells around.

    Parameters
    ----------
    root, period, region
    only : iterable of str
        Variables.
    missing : (lon, lat), optional
        Place of a cell without values, as at sea.
    unlimited : bool
        Time is an unlimited dimension, as in the true files; these take twice as long to open.
    **wrong
        ``year`` inside the file, ``variable`` inside, ``days`` in the year, ``twice`` (position of a day that is there
        two times), ``shift`` (added to every value), ``step`` between cells.
    """
    import xarray as xr

    box = pyproj.Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform_bounds(*region, densify_pts=21)
    step = wrong.get("step", STEP)
    x = WEST + step * np.arange(int((box[0] - WEST) / step) - 2, int((box[2] - WEST) / step) + 4)
    y = NORTH - step * np.arange(int((NORTH - box[3]) / step) - 2, int((NORTH - box[1]) / step) + 4)
    lon, lat = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(*np.meshgrid(x, y))
    written = []
    for year in period.years:
        inside = wrong.get("year", year)
        days = [date(inside, 1, 1) + timedelta(n) for n in range(wrong.get("days", 365))]  # in leap years as well
        if "twice" in wrong:
            days[wrong["twice"]] = days[wrong["twice"] - 1]
        noon = np.array([(day - date(1950, 1, 1)).days + 0.5 for day in days], "float32")
        for short in only:
            units, method, _ = KINDS[short]
            name = wrong.get("variable", short)
            values = np.stack([value(short, lon, lat, day) for day in days]).astype("float32") + wrong.get("shift", 0)
            if missing:
                values[:, np.hypot(lon - missing[0], lat - missing[1]) < 0.004] = np.nan
            file = xr.Dataset(
                {
                    name: (
                        ("time", "y", "x"),
                        values,
                        {
                            "long_name": short,
                            "units": units,
                            "cell_methods": method,
                            "grid_mapping": "lambert_conformal_conic",
                        },
                    ),
                    "yearday": ("time", np.arange(1, len(days) + 1, dtype="int16"), {"long_name": "day of year (DOY)"}),
                    "time_bnds": (("time", "nv"), np.stack([noon - 0.5, noon + 0.5], 1)),
                    "lambert_conformal_conic": (
                        (),
                        np.int16(-32767),
                        {
                            "grid_mapping_name": "lambert_conformal_conic",
                            "longitude_of_central_meridian": -100.0,
                            "latitude_of_projection_origin": 42.5,
                            "false_easting": 0.0,
                            "false_northing": 0.0,
                            "standard_parallel": [25.0, 60.0],
                            "semi_major_axis": 6378137.0,
                            "inverse_flattening": 298.257223563,
                        },
                    ),
                },
                {
                    "x": ("x", x.astype("float32"), {"units": "m", "standard_name": "projection_x_coordinate"}),
                    "y": ("y", y.astype("float32"), {"units": "m", "standard_name": "projection_y_coordinate"}),
                    "lon": (("y", "x"), lon.astype("float32"), {"units": "degrees_east"}),
                    "lat": (("y", "x"), lat.astype("float32"), {"units": "degrees_north"}),
                    "time": (
                        "time",
                        noon,
                        {
                            "units": "days since 1950-01-01 00:00:00",
                            "calendar": "standard",
                            "bounds": "time_bnds",
                            "long_name": "24-hour day based on local time",
                        },
                    ),
                },
                {"start_year": inside, "Conventions": "CF-1.6", "source": "placeprior's tests, not Daymet"},
            )
            path = root / HOST / FOLDER / f"daymet_v4_daily_na_{short}_{year}.nc"
            path.parent.mkdir(parents=True, exist_ok=True)
            file.to_netcdf(
                path,
                engine="h5netcdf",
                unlimited_dims=["time"] if unlimited else [],
                encoding={
                    name: {
                        "dtype": "float32",
                        "_FillValue": np.float32(-9999),
                        "missing_value": np.float32(-9999),
                        "zlib": True,
                        "complevel": 1,
                        "chunksizes": (1, *values.shape[1:]),
                    }
                },
            )
            written.append(path)
    return written


def answering(root: Path, hashes: bool = True):
    """Answer the search with the files that are there now, as NASA's catalogue does (UMM-G).

    Append what is returned to ``provider.answers``.
    """

    def answer(path: str, query: dict[str, str]) -> bytes | None:
        if path != SEARCH or not query.get("short_name", "").startswith("Daymet"):
            return None
        first, last = (each[:4] for each in query["temporal"].split(","))
        items = []
        for file in sorted((root / HOST / FOLDER).glob("*.nc")):
            if first <= file.stem[-4:] <= last:
                content = file.read_bytes()
                told = {"Name": file.name, "SizeInBytes": len(content)}
                if hashes:
                    told["Checksum"] = {"Value": hashlib.sha256(content).hexdigest(), "Algorithm": "SHA-256"}
                items.append(
                    {
                        "meta": {"native-id": file.name},
                        "umm": {
                            "GranuleUR": f"Daymet_Daily_V4R1.{file.name}",
                            "DataGranule": {"ArchiveAndDistributionInformation": [told]},
                            "RelatedUrls": [
                                {"URL": f"https://{HOST}/{FOLDER}/{file.name}", "Type": "GET DATA"},
                                {
                                    "URL": f"s3://ornl-cumulus-prod-protected/daymet/{file.name}",
                                    "Type": "GET DATA VIA DIRECT ACCESS",
                                },
                            ],
                        },
                    }
                )
        page = int(query.get("page_num", 1)) - 1
        size = int(query.get("page_size", 10))
        return json.dumps({"hits": len(items), "items": items[page * size : (page + 1) * size]}).encode()

    return answer
