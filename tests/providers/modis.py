"""Tiles of MCD19A2 and MOD13A2 as NASA lays them out, made up, and the search that finds them.

Each file has the true grid of 1200 x 1200 cells, compressed, and numbers within a region, fill values outside, so that
it is small and quickly made. The numbers follow :func:`aod` and :func:`ndvi` in steps of a tenth of a degree; where
:func:`cloudy` says so, the quality is not good.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import numpy as np
import pandas as pd
from pyhdf.SD import SD, SDC

from placeprior.data.sources import sinusoidal

HOST = "data.lpdaac.earthdatacloud.nasa.gov/lp-prod-protected"
SEARCH = "cmr.earthdata.nasa.gov/search/granules.umm_json"
PRODUCED = "2023140112233"
ORBITS = 3  # overpasses a day: a good one, a better one, and one that must not count
LENGTH = {"MCD19A2": 1, "MOD13A2": 16}  # days
GRID = {"MCD19A2": "grid1km", "MOD13A2": "MODIS_Grid_16DAY_1km_VI"}
FILL = {"MCD19A2": -28672, "MOD13A2": -3000}


def coarse(values):
    return np.floor(np.asarray(values) * 10) / 10


def aod(lon, lat, day, orbit=None):
    """AOD at 0.47 µm in thousandths, of an overpass or of the mean over the good ones; at 0.55 µm it is 30 less."""
    field = 1000 + 4 * coarse(lon) + 10 * coarse(lat) + day.day_of_year
    return np.round(field) + {0: -20, 1: 20, 2: 3000, None: 0}[orbit]


def ndvi(lon, lat, day):
    """The index times 10,000, of the composite that begins on a day."""
    return np.round(5000 + 20 * coarse(lon) + 50 * coarse(lat) + 5 * day.day_of_year)


def cloudy(lon, lat):
    """Where nothing is known."""
    return np.round(coarse(lon) * 10) % 7 == 0


def lonlat(tile, rows, columns):
    """Of the centres of some of a tile's cells; each (row, column)."""
    left, top = tile.corner
    x, y = (left + (columns + 0.5) * sinusoidal.CELL), (top - (rows + 0.5) * sinusoidal.CELL)
    lat = np.degrees(y / sinusoidal.RADIUS)[:, None]
    return np.degrees(x / sinusoidal.RADIUS) / np.cos(np.radians(lat)), np.broadcast_to(lat, (len(y), len(x)))


def fields(product, tile, day, region):
    """Name, values, fill value, scale and valid range of each field."""
    part = sinusoidal.window(region).part(tile)[2:]
    lon, lat = lonlat(tile, *(np.arange(each.start, each.stop) for each in part))
    cloud = cloudy(lon, lat)

    def whole(values, outside, kind):
        full = np.full(values.shape[:-2] + (sinusoidal.CELLS,) * 2, outside, kind)
        full[..., part[0], part[1]] = values
        return full

    if product == "MOD13A2":
        odd = np.floor(lat * 10) % 2 == 1
        index = np.where(cloud, np.where(odd, FILL[product], 9000), ndvi(lon, lat, day))
        rank = np.where(cloud, np.where(odd, -1, 3), odd)
        return [
            ("1 km 16 days NDVI", whole(index, FILL[product], "int16"), FILL[product], 10000.0, (-2000, 10000)),
            ("1 km 16 days pixel reliability", whole(rank, -1, "int8"), -1, None, (0, 3)),
        ]
    blue = np.stack([np.where(cloud, FILL[product], aod(lon, lat, day, orbit)) for orbit in range(ORBITS)])
    green = np.where(blue == FILL[product], blue, blue - 30)
    best = 1 | 1 << 13  # clear; smoke, which is a model and no fault
    # The third overpass counts nowhere: possibly cloudy, next to cloud, on former snow, or of the research kind.
    poor = np.choose(np.floor(lat * 20).astype(int) % 4, [2, 1 | 1 << 5 | 3 << 8, 1 | 5 << 5, 1 | 11 << 8])
    quality = np.where(cloud, 3 | 5 << 8, np.stack([np.full_like(poor, best), np.full_like(poor, 1), poor]))
    return [
        ("Optical_Depth_047", whole(blue, FILL[product], "int16"), FILL[product], 0.001, (-100, 8000)),
        ("Optical_Depth_055", whole(green, FILL[product], "int16"), FILL[product], 0.001, (-100, 8000)),
        ("AOD_QA", whole(quality, 0, "uint16"), 0, None, (1, 65535)),
    ]


def write(path, product, tile, day, region, *, of=None, rename=None, scale=None, core=True):
    """A granule; options make it a wrong one.

    Parameters
    ----------
    of : (Tile, Timestamp)
        What the file's metadata say it is, if not what it is.
    rename : dict
        Fields that have another name.
    scale : float
        In place of the documented one.
    core : bool
        Whether there is a CoreMetadata.0.
    """
    tile_told, day_told = of or (tile, day)
    left, top = tile_told.corner
    path.parent.mkdir(parents=True, exist_ok=True)
    file = SD(str(path), SDC.WRITE | SDC.CREATE | SDC.TRUNC)
    grid = "\n".join(
        [
            "GROUP=GridStructure",
            "\tGROUP=GRID_1",
            f'\t\tGridName="{GRID[product]}"',
            f"\t\tXDim={sinusoidal.CELLS}",
            f"\t\tYDim={sinusoidal.CELLS}",
            f"\t\tUpperLeftPointMtrs=({left:.6f},{top:.6f})",
            f"\t\tLowerRightMtrs=({left + sinusoidal.SIDE:.6f},{top - sinusoidal.SIDE:.6f})",
            "\t\tProjection=GCTP_SNSOID",
            "\t\tProjParams=(6371007.181000,0,0,0,0,0,0,0,0,0,0,0,0)",
            "\t\tSphereCode=-1",
            "\tEND_GROUP=GRID_1",
            "END_GROUP=GridStructure",
            "END",
            "",
        ]
    )
    file.attr("HDFEOSVersion").set(SDC.CHAR, "HDFEOS_V2.19")
    file.attr("StructMetadata.0").set(SDC.CHAR, grid)
    if core:
        file.attr("CoreMetadata.0").set(
            SDC.CHAR,
            "\n".join(
                [
                    "GROUP = INVENTORYMETADATA",
                    "  GROUP = ECSDATAGRANULE",
                    "    OBJECT = LOCALGRANULEID",
                    "      NUM_VAL = 1",
                    f'      VALUE = "{name(product, tile_told, day_told)}"',
                    "    END_OBJECT = LOCALGRANULEID",
                    "  END_GROUP = ECSDATAGRANULE",
                    "END_GROUP = INVENTORYMETADATA",
                    "END",
                    "",
                ]
            ),
        )
    if product == "MCD19A2":
        file.attr("Orbit_amount").set(SDC.INT32, ORBITS)
        file.attr("Orbit_time_stamp").set(SDC.CHAR, "  ".join(f"{day_told:%Y%j}{17 + i}35T" for i in range(ORBITS)))
    types = {"int16": SDC.INT16, "uint16": SDC.UINT16, "int8": SDC.INT8}
    for field, values, fill, factor, valid in fields(product, tile, day, region):
        sds = file.create((rename or {}).get(field, field), types[str(values.dtype)], values.shape)
        for axis, dim in enumerate(["Orbits", "YDim", "XDim"][-values.ndim :]):
            sds.dim(axis).setname(f"{dim}:{GRID[product]}")
        sds.setcompress(SDC.COMP_DEFLATE, 1)
        sds.attr("long_name").set(SDC.CHAR, field)
        sds.setfillvalue(fill)
        if factor:
            sds.attr("scale_factor").set(SDC.FLOAT64, scale or factor)
            sds.attr("add_offset").set(SDC.FLOAT64, 0.0)
        sds.attr("valid_range").set(types[str(values.dtype)], list(valid))
        sds[:] = values
        sds.endaccess()
    file.end()


def name(product, tile, day, produced=PRODUCED):
    return f"{product}.A{day:%Y%j}.{tile}.061.{produced}.hdf"


def address(product, tile, day, produced=PRODUCED):
    """``host/path`` of a granule."""
    return f"{HOST}/{product}.061/{name(product, tile, day, produced)[:-4]}/{name(product, tile, day, produced)}"


def make(root, product, days, region, **options):
    """Write the granules of these days and of the region's tiles."""
    for day in days:
        for tile in sinusoidal.tiles(region):
            write(root / address(product, tile, day), product, tile, day, region, **options)


def record(root, path, hashed=False):
    """A granule as the search describes it (UMM-G)."""
    product, day, _, _, produced, _ = path.name.split(".")
    content = path.read_bytes()
    first = pd.to_datetime(day[1:], format="%Y%j")
    archive = {"Name": path.name, "SizeInBytes": len(content), "Size": len(content) / 1024**2, "SizeUnit": "MB"}
    if hashed:
        archive["Checksum"] = {"Value": hashlib.md5(content).hexdigest(), "Algorithm": "MD5"}
    where = path.relative_to(root).as_posix()
    return {
        "meta": {"concept-type": "granule"},
        "umm": {
            "GranuleUR": path.stem,
            "CollectionReference": {"ShortName": product, "Version": "061"},
            "TemporalExtent": {
                "RangeDateTime": {
                    "BeginningDateTime": f"{first:%Y-%m-%d}T00:00:00.000Z",
                    "EndingDateTime": f"{first + timedelta(days=LENGTH[product] - 1):%Y-%m-%d}T23:59:59.000Z",
                }
            },
            "DataGranule": {"ArchiveAndDistributionInformation": [archive]},
            "RelatedUrls": [
                {"URL": f"https://{where}", "Type": "GET DATA"},
                {"URL": f"s3://lp-prod-protected/{path.name}", "Type": "GET DATA VIA DIRECT ACCESS"},
                {"URL": f"https://{where}.xml", "Type": "GET DATA"},
                {"URL": f"https://{where}.jpg", "Type": "GET RELATED VISUALIZATION"},
            ],
        },
    }


def answer(root, hashed=False):
    """What answers the search; append it to ``provider.answers``."""

    def found(path, query):
        if path != SEARCH:
            return None
        first, last = (pd.Timestamp(each[:10]) for each in query["temporal"].split(","))
        west, south, east, north = map(float, query["bounding_box"].split(","))
        records = []
        for file in sorted((root / HOST / f"{query['short_name']}.{query['version']}").rglob("*.hdf")):
            _, day, at, *_ = file.name.split(".")
            begin = pd.to_datetime(day[1:], format="%Y%j")
            edge = sinusoidal.Tile(int(at[1:3]), int(at[4:6])).outline
            near = (edge.min(0) < (east, north)).all() and (edge.max(0) > (west, south)).all()
            if near and begin <= last and begin + timedelta(days=LENGTH[query["short_name"]] - 1) >= first:
                records.append(record(root, file, hashed))
        size, page = int(query["page_size"]), int(query["page_num"])
        return json.dumps({"hits": len(records), "took": 5, "items": records[(page - 1) * size : page * size]}).encode()

    return found
