"""ETOPO 2022, 60 arc-seconds, as NOAA lays it out: the true grid, of which only the chunks around a region are written.

HDF5 leaves out chunks that were never written, so that the file is small; read, they are the fill value.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from placeprior.data.sources.elevation import ADDRESS, CELL, COLUMNS, ROWS

PATH = ADDRESS.removeprefix("https://")
CHUNK = 240  # rows and columns, 4 degrees


def elevation(lon, lat):
    """Metres: rises 30 m a degree east of 125 W and falls 7 m a degree north of 24 N; never the same if swapped."""
    return 200 + 30 * (lon + 125) - 7 * (lat - 24)


def make(root: Path, period, region, *, north_first=False, rows=ROWS, names=("lat", "lon", "z"), shift=0.0, spoil=None):
    """Write the file.

    Parameters
    ----------
    north_first : bool
        Rows from north to south.
    rows : int
        Another number of rows.
    names : three str
        Of latitude, longitude and height.
    shift : float
        Degrees by which longitudes are off.
    spoil : float, optional
        Height of one cell in the middle of the region.
    """
    import h5netcdf

    path = root / PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    lat = -90 + (np.arange(rows) + 0.5) * CELL
    lat = lat[::-1] if north_first else lat
    lon = -180 + (np.arange(COLUMNS) + 0.5) * CELL + shift
    west, south, east, north = region
    y = np.flatnonzero((lat > south - 0.1) & (lat < north + 0.1))
    x = np.flatnonzero((lon > west - 0.1) & (lon < east + 0.1))
    with h5netcdf.File(path, "w") as file:
        file.attrs["Conventions"] = "CF-1.5"
        file.attrs["title"] = "made for a test"
        file.dimensions = {names[0]: rows, names[1]: COLUMNS}
        for name, values, units in ((names[0], lat, "degrees_north"), (names[1], lon, "degrees_east")):
            made = file.create_variable(name, (name,), "f8", data=values, compression="gzip", shuffle=True)
            made.attrs["units"], made.attrs["standard_name"] = units, "latitude" if "north" in units else "longitude"
        file.create_variable("crs", (), "S1").attrs["grid_mapping_name"] = "latitude_longitude"
        z = file.create_variable(
            names[2],
            names[:2],
            "f4",
            chunks=(CHUNK, CHUNK),
            compression="gzip",
            shuffle=True,
            fillvalue=np.float32(-99999),
        )
        z.attrs["units"], z.attrs["grid_mapping"] = "meters", "crs"
        if len(y) and len(x):
            values = elevation(lon[x], lat[y][:, None]).astype("f4")
            if spoil is not None:
                values[len(y) // 2, len(x) // 2] = spoil
            z[y[0] : y[-1] + 1, x[0] : x[-1] + 1] = values
