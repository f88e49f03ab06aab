"""Elevation of ETOPO 2022: one file of the whole globe at 60 arc-seconds (1.9 km), no account.

NOAA National Centers for Environmental Information, https://doi.org/10.25921/fd45-gt74; *ETOPO 2022 v1 60 arc-second,
ice surface elevation*, netCDF-4: ``z(lat, lon)``, float32, metres above the geoid EGM2008, WGS84; 10,800 rows from
south to north and 21,600 columns from west to east, each cell registered at its centre.

Chosen over GMTED2010, which the reference study took: that is cut into archives of another format, and neither needs
an account. ETOPO is a relief model, so under water it tells the height of the floor, of the sea and of the Great Lakes:
cells offshore are far below zero, and a station on a shore may be in a cell a little below.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from placeprior.data.sources.records import is_web_page
from placeprior.data.sources.source import Item, Period, Region, Source
from placeprior.errors import SourceError, apart

if TYPE_CHECKING:
    import xarray as xr

FILE = "ETOPO_2022_v1_60s_N90W180_surface.nc"
ADDRESS = f"https://www.ngdc.noaa.gov/thredds/fileServer/global/ETOPO2022/60s/60s_surface_elev_netcdf/{FILE}"
SIZE = 478_000_000  # bytes
ROWS, COLUMNS = 10_800, 21_600
CELL = 1 / 60  # degrees
OFF = 1e-3  # of a cell: how far a centre may be from where it should be
HEIGHTS = (-11_000.0, 9_000.0)  # m: the deepest trench and the highest peak are within


class Elevation(Source):
    """Height of the ground, or of the floor under water."""

    name = "elevation"
    title = "ETOPO 2022 global relief model, 60 arc-seconds, ice surface"
    version = "2022 v1"
    licence = "public domain (US government work)"
    citation = (
        "NOAA National Centers for Environmental Information. 2022: ETOPO 2022 15 Arc-Second Global Relief "
        "Model. https://doi.org/10.25921/fd45-gt74"
    )
    homepage = "https://www.ncei.noaa.gov/products/etopo-global-relief-model"
    provides = {"elevation": ("m", "elevation above the geoid, of the floor under water")}

    def list(self, period: Period, region: Region) -> list[Item]:
        """One file, whatever the period and the region."""
        return [Item(FILE, ADDRESS, SIZE)]

    def check(self, path: Path) -> None:
        """Refuse what is no whole netCDF-4 file with this grid."""
        _open(path, "start again").close()

    def read(self, folder: Path, period: Period, region: Region) -> xr.Dataset:
        """Read the cells that touch the region, and only these; ``elevation`` on (y, x)."""
        import numpy as np

        path = folder / FILE
        if not path.is_file():
            raise SourceError(f"elevation: {path} is not there; fetch it first")
        remedy = f"remove {FILE} and fetch it again"
        west, south, east, north = region
        with _open(path, remedy) as whole:
            box = whole[["z"]].rename(lat="y", lon="x", z="elevation")
            reach = (0.5 + OFF) * CELL  # a little more than half, so that a region's edge between cells gets both
            near = {
                axis: np.flatnonzero((box[axis] >= low - reach) & (box[axis] <= high + reach))
                for axis, low, high in (("y", south, north), ("x", west, east))
            }
            # Slices, because a list of rows would have HDF5 pick them one by one.
            box = box.isel({axis: slice(rows[0], rows[-1] + 1) for axis, rows in near.items()})
            try:
                box = box.transpose("y", "x").astype("float32").load()
            except (OSError, RuntimeError, ValueError) as error:
                raise SourceError(f"elevation: {path.name} is damaged ({error}); {remedy}") from error
        values = box["elevation"].values
        if not ((values >= HEIGHTS[0]) & (values <= HEIGHTS[1])).all():
            raise SourceError(
                f"elevation: {path.name} has cells in {tuple(region)} that are empty or outside {HEIGHTS} m; {remedy}"
            )
        units, long_name = self.provides["elevation"]
        box["elevation"].attrs = {"units": units, "long_name": long_name}
        box["elevation"].encoding = {}
        for axis, name, unit in (("y", "latitude", "degrees_north"), ("x", "longitude", "degrees_east")):
            box[axis].attrs = {"long_name": name, "units": unit}
        box.attrs = {"title": self.title, "crs": "EPSG:4326"}
        return box


def _open(path: Path, remedy: str) -> xr.Dataset:
    """Open without reading values, or say what is wrong with the file."""
    import numpy as np
    import xarray as xr

    if is_web_page(path):
        raise SourceError(
            f"elevation: {path.name} is a web page, not data; {remedy}, and if it stays so, see {SOURCE.homepage}"
        )
    try:
        field = xr.open_dataset(path, engine="h5netcdf", cache=False)
    except (OSError, RuntimeError, ValueError, KeyError) as error:  # what HDF5 says to a torn file is an OSError
        raise SourceError(f"elevation: {path.name} is damaged or no netCDF-4 file ({error}); {remedy}") from error
    try:
        for name in ("lat", "lon", "z"):
            if name not in field.variables:
                raise SourceError(
                    f"elevation: {path.name} has no variable {name!r}, only "
                    f"{', '.join(map(str, field.variables)) or 'none'}; {remedy}, and if it stays so, "
                    "its layout has changed"
                )
        if dict(field["z"].sizes) != {"lat": ROWS, "lon": COLUMNS}:
            raise SourceError(
                f"elevation: z of {path.name} is {dict(field['z'].sizes)}, not {ROWS} lat x {COLUMNS} lon; {remedy}"
            )
        for name, edge, count in (("lat", -90.0, ROWS), ("lon", -180.0, COLUMNS)):
            values, wanted = field[name].values, edge + (np.arange(count) + 0.5) * CELL
            if values[0] > values[-1]:  # from north to south is as good: places find their cells by its coordinates
                wanted = wanted[::-1]
            if not np.abs(values - wanted).max() < OFF * CELL:
                first, last, start, end = apart(values[0], values[-1], wanted[0], wanted[-1])
                raise SourceError(
                    f"elevation: {name} of {path.name} runs from {first} to {last}, not evenly from "
                    f"{start} to {end}; {remedy}"
                )
    except BaseException:
        field.close()
        raise
    return field


SOURCE = Elevation()
