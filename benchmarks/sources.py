"""How long a year of cubes takes to build, and in how much memory, at the size of the real thing.

The inputs are made up as they are read, on the grids of the real products (gridMET's 1/24 degree, MODIS' sinusoidal
kilometre, a minute of arc): what is measured is bringing them to places and writing the cubes, not reading files. One
station cube of 1,000 stations, 365 days and 23 features; one grid of the country at 0.05 degrees for 31 days. Peak
memory is that of the whole process. The table is kept in ``sources.txt``.

    python benchmarks/sources.py [--small]
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from placeprior import coords
from placeprior.data import build
from placeprior.data.cube import place_on
from placeprior.data.sources import Item, Period, Region, Source
from placeprior.data.sources.align import LONLAT, SINUSOIDAL
from placeprior.data.sources.records import keep

SMALL = "--small" in sys.argv
STATIONS = 50 if SMALL else 1000
YEAR = Period.parse("2021-01-01/2021-02-14" if SMALL else "2021")
MONTH = Period.parse("2021-08-01/2021-08-03" if SMALL else "2021-08")
CONUS = Region.parse("conus")
KILOMETRE = 926.625433


class Monitors(Source):
    name, title, version, licence, citation, homepage = (
        "aqs",
        "made-up monitors",
        "1",
        "none",
        "none",
        "https://x.example",
    )
    provides = {"pm25": ("µg m-3", "daily mean PM2.5")}

    def list(self, period, region):
        return [Item("x", "https://x.example", 1)]

    def read(self, folder, period, region):
        rng = np.random.default_rng(0)
        drawn = rng.uniform(region[:2], region[2:], (4 * STATIONS, 2))
        lonlat = drawn[coords.inside(drawn)][:STATIONS]
        cube = place_on([f"s{i:04d}" for i in range(len(lonlat))], *lonlat.T, period.days.to_numpy())
        values = rng.gamma(2, 4, (len(lonlat), len(period))).astype(np.float32)
        return cube.assign(pm25=(("station", "time"), values, {"units": "µg m-3", "long_name": "daily mean PM2.5"}))


class Field(Source):
    """Made-up fields, a dask chunk a day, computed as they are read."""

    version, licence, citation, homepage = "1", "none", "none", "https://x.example"

    def __init__(
        self, name: str, names: list[str], crs: str, x: np.ndarray, y: np.ndarray, static: bool = False
    ) -> None:
        self.name, self.title, self.crs, self.x, self.y, self.static = name, f"made-up {name}", crs, x, y, static
        self.provides = {each: ("1", each) for each in names}

    def list(self, period, region):
        return [Item("x", "https://x.example", 1)]

    def read(self, folder, period, region):
        import dask.array

        def day(block_info=None):
            (index, *_), shape = block_info[None]["chunk-location"], block_info[None]["chunk-shape"]
            return np.random.default_rng([period.first.toordinal(), index]).random(shape, np.float32)

        count, shape = 1 if self.static else len(period), (len(self.y), len(self.x))
        made = {}
        for each in self.provides:
            values = dask.array.map_blocks(day, chunks=((1,) * count, shape[:1], shape[1:]), dtype=np.float32)
            made[each] = (("y", "x"), values[0]) if self.static else (("time", "y", "x"), values)
        field = xr.Dataset(made, coords={"x": self.x, "y": self.y}, attrs={"crs": self.crs})
        return field if self.static else field.assign_coords(time=period.days)


def degrees(step: float) -> tuple[np.ndarray, np.ndarray]:
    """Cell centres of a lon/lat grid of the country."""
    west, south, east, north = CONUS
    return np.arange(west, east, step), np.arange(south, north, step)[::-1]


def main() -> None:
    """Build both cubes and print what it took."""
    tile = 1200 * KILOMETRE
    sinusoidal = (np.arange(-10 * tile, -4 * tile, KILOMETRE), np.arange(2 * tile, 5 * tile, KILOMETRE)[::-1])
    weather = [
        "precipitation",
        "radiation",
        "temperature_max",
        "temperature_min",
        "wind_speed",
        "wind_sin",
        "wind_cos",
        "humidity",
        "vapour_pressure",
        "further_1",
        "further_2",
        "further_3",
    ]  # 23 features in all
    every = {
        s.name: s
        for s in (
            Monitors(),
            Field("gridmet", weather, LONLAT, *degrees(1 / 24)),
            Field("maiac", ["aod_047", "aod_055"], SINUSOIDAL, *sinusoidal),
            Field("ndvi", ["ndvi"], SINUSOIDAL, *sinusoidal),
            Field("hms", ["smoke"], LONLAT, *degrees(1 / 24)),
            Field("elevation", ["elevation"], LONLAT, *degrees(1 / 60), True),
        )
    }
    build.chosen = lambda names: [s for n, s in every.items() if n in names]
    with tempfile.TemporaryDirectory() as folder:
        cache, out = Path(folder) / "cache", Path(folder) / "out"
        for source in every.values():
            (cache / source.name).mkdir(parents=True)
            keep(cache / source.name / "x", {"sha256": "00", "size": 1, "retrieved": "2026-01-01"})
        rows = []
        for what, make, period in (("stations", build.at_monitors, YEAR), ("grid", build.grid, MONTH)):
            started = time.perf_counter()
            path = make(period, CONUS, list(every), cache, out, say=lambda line: None)
            seconds = time.perf_counter() - started
            cube = xr.open_zarr(path, consolidated=False)
            size = sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            dims = " x ".join(f"{n:,} {d}" for d, n in cube.sizes.items())
            rows.append((what, dims, len(cube.data_vars), f"{seconds:,.0f}", f"{peak:.1f}", f"{size / 1e6:,.0f}"))
    table = pd.DataFrame(rows, columns=["cube", "size", "variables", "seconds", "peak GiB so far", "MB on disk"])
    text = f"{os.cpu_count()} cores; inputs made up as they are read\n{table.to_string(index=False)}\n"
    print(text)
    if not SMALL:
        Path(__file__).with_suffix(".txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
