"""Smoke seen from space: the daily plume polygons of NOAA's Hazard Mapping System, on gridMET's grid.

Analysts outline smoke in satellite images, above all of the geostationary GOES, and call it light, medium or heavy: a
judgement of how opaque the *column* looks, not a measurement, and not of the air one breathes
(https://www.ospo.noaa.gov/products/land/hms.html; Rolph, G. D. et al. 2009, *Weather and Forecasting* 24, 361).

One zip a day holds a shapefile in longitude and latitude. Its fields are ``Satellite``, ``Start``, ``End`` and
``Density``: words today, 5, 16 and 27 (as number or as text) in older files. What the archive lacks, as counted by
others (https://github.com/NSAPH-Data-Processing/HMS-Overview, days of 2005 to 2021):

* Almost no polygon of 2005 to 2007 and of 2009 has a density, and a quarter of those of 2008 and 2010 have none: the
  field is absent (``ID``, ``Start``, ``End`` only) or empty. So too a day in 2015 and one in 2018.
* 27 days have no file; 54 files have no polygon.

The rules made of that:

1. A cell has the densest of the polygons that cover its centre (the reference code lets a later one overwrite).
2. Where only polygons without a density cover it, there was smoke but nobody says how much: NaN.
3. A day whose file has no polygon is free of smoke: 0. A day without a file is unknown: NaN, never 0.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from datetime import date, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from placeprior.data.sources.records import recorded
from placeprior.data.sources.source import Item, Period, Region, Source
from placeprior.errors import SourceError

if TYPE_CHECKING:
    import shapely
    import xarray as xr

BASE = "https://satepsanone.nesdis.noaa.gov/pub/FIRE/web/HMS/Smoke_Polygons/Shapefile"
FIRST = date(2005, 8, 5)  # of the archive
SETTLED = timedelta(days=14)  # a file still lacking after that will not come
SIZE = 40_000  # bytes of a day, a rough mean: some 80 polygons of some 50 corners
BIGGEST = 64 * 1024**2  # bytes unpacked; a day with hundreds of polygons has under one MiB
# gridMET's grid (https://www.climatologylab.org/gridmet.html): 24 cells a degree; the first centre is at these.
STEP, WEST, NORTH = 1 / 24, -124 - 23 / 30, 49.4
DENSITIES = {"light": 1, "medium": 2, "heavy": 3, "5": 1, "16": 2, "27": 3}
# Fields that files without a density have: old ones, and those that somebody made from KML.
OTHERS = {
    "id",
    "start",
    "end",
    "satellite",
    "name",
    "descriptio",
    "timestamp",
    "begin",
    "altitudemo",
    "tessellate",
    "extrude",
    "visibility",
    "draworder",
    "icon",
}
ALIKE = 0.01  # of an area: how far rings drawn by hand may miss what they mean
REMEDY = "remove it and fetch again"


class HMS(Source):
    """Smoke polygons of the Hazard Mapping System."""

    name = "hms"
    title = "NOAA Hazard Mapping System smoke polygons"
    version = "daily shapefiles, as published on the day of retrieval"
    licence = "public domain (US government work)"
    citation = (
        "NOAA/NESDIS Office of Satellite and Product Operations, Hazard Mapping System Fire and Smoke Product; "
        "Rolph, G. D. et al. (2009), Weather and Forecasting 24, 361-378, doi:10.1175/2008WAF2222165.1"
    )
    homepage = "https://www.ospo.noaa.gov/products/land/hms.html"
    provides = {"smoke": ("1", "smoke density (0 none, 1 light, 2 medium, 3 heavy)")}

    def list(self, period: Period, region: Region) -> list[Item]:
        """One file a day, whatever the region; see :meth:`placeprior.data.sources.Source.list`.

        Days before the archive begins are left out. A file that lacks is taken for absent only after two weeks.
        """
        settled = date.today() - SETTLED
        return [
            Item(_path(day), f"{BASE}/{day:%Y/%m}/hms_smoke{day:%Y%m%d}.zip", SIZE, may_lack=day.date() <= settled)
            for day in period.days
            if day.date() >= FIRST
        ]

    def check(self, path: Path) -> None:
        """Refuse what is no shapefile of that day; see :meth:`placeprior.data.sources.Source.check`."""
        plumes(path)

    def read(self, folder: Path, period: Period, region: Region) -> xr.Dataset:
        """Smoke density on (time, y, x), a lazy chunk a day; see :meth:`placeprior.data.sources.Source.read`."""
        import dask
        import dask.array
        import xarray as xr

        x = _centres(region.west, region.east, WEST)
        y = _centres(region.south, region.north, NORTH)[::-1]
        fields = []
        for day in period.days:
            path = folder / _path(day)
            if path.is_file():
                lazy = dask.delayed(rasterise)(path, x, y)
                fields.append(dask.array.from_delayed(lazy, (len(y), len(x)), np.float32))
                continue
            if day.date() >= FIRST and "absent" not in (recorded(path) or {}):
                raise SourceError(f"hms: {path} was not fetched; fetch the source hms for {day:%Y-%m-%d}")
            fields.append(dask.array.full((len(y), len(x)), np.nan, np.float32, chunks=-1))
        units, meaning = self.provides["smoke"]
        return xr.Dataset(
            {"smoke": (("time", "y", "x"), dask.array.stack(fields), {"units": units, "long_name": meaning})},
            coords={"time": period.days, "y": y, "x": x},
            attrs={"title": self.title, "crs": "EPSG:4326"},
        )


def rasterise(path: Path, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Density of a day at cell centres.

    Parameters
    ----------
    path : Path
        The day's zip.
    x, y : ndarray
        Longitudes, ascending, and latitudes, descending, degrees.

    Returns
    -------
    ndarray of float32, shape (y, x)
        0 to 3, NaN where there is smoke of unknown density only.
    """
    import shapely

    density = np.zeros((len(y), len(x)), np.float32)
    unknown = np.zeros(density.shape, bool)
    for level, rings in plumes(path):
        low, high = np.min([ring.min(0) for ring in rings], 0), np.max([ring.max(0) for ring in rings], 0)
        columns = slice(*np.searchsorted(x, [low[0], high[0]]) + [0, 1])
        rows = slice(*np.searchsorted(-y, [-high[1], -low[1]]) + [0, 1])
        at = np.meshgrid(x[columns], y[rows])
        if not at[0].size:
            continue
        within = np.zeros(at[0].shape, bool)
        for is_hole, outline in outlines(rings):
            shapely.prepare(outline)
            inside = shapely.contains_xy(outline, *at)
            within = within & ~inside if is_hole else within | inside
        if level:
            np.maximum(density[rows, columns], level * within, out=density[rows, columns])
        else:
            unknown[rows, columns] |= within
    density[unknown & (density == 0)] = np.nan
    return density


def outlines(rings: list[np.ndarray]) -> list[tuple[bool, shapely.Geometry]]:
    """What each ring of a polygon encloses, and whether it is a hole, in the order in which to paint them.

    Rings are drawn by hand. What one of them goes round at least once, in either direction, is enclosed, also where it
    crosses itself, runs back over itself or goes round twice. A ring is a hole where it lies in an odd number of larger
    ones; the direction that the format prescribes for holes is what files get wrong. Rings that only overlap are all
    outlines, and a ring that is there twice counts once.
    """
    import shapely

    drawn: list[shapely.Geometry] = []
    for shape in sorted(map(_enclosed, rings), key=lambda shape: -shape.area):
        same = any(shapely.symmetric_difference(shape, other).area <= ALIKE * other.area for other in drawn)
        if shape.area > 0 and not same:
            drawn.append(shape)
    found = []
    for number, shape in enumerate(drawn):
        around = sum(shapely.intersection(shape, other).area >= (1 - ALIKE) * shape.area for other in drawn[:number])
        found.append((around % 2 == 1, shape))
    return found


def _enclosed(ring: np.ndarray) -> shapely.Geometry:
    """Where the winding number of a ring is not zero."""
    import shapely

    whole = shapely.Polygon(ring)
    if whole.is_valid:
        return whole
    lines = shapely.union_all(shapely.linestrings(np.stack([ring, np.roll(ring, -1, axis=0)], axis=1)))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    points = shapely.get_coordinates(shapely.point_on_surface(faces)) if len(faces) else np.empty((0, 2))
    return shapely.union_all(faces[_winding(ring, points) != 0]) if len(faces) else shapely.Polygon()


def _winding(ring: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How often a ring goes round each point, shape (n,): edges that cross its parallel east of it, up less down."""
    (x, y), (to_x, to_y) = ring.T, np.roll(ring, -1, axis=0).T
    px, py = points[:, :1], points[:, 1:]
    side = (to_x - x) * (py - y) - (px - x) * (to_y - y)
    up, down = (y <= py) & (to_y > py) & (side > 0), (y > py) & (to_y <= py) & (side < 0)
    return up.sum(1) - down.sum(1)


def _wrapped(ring: np.ndarray) -> np.ndarray:
    """A ring with longitudes from -180 to 180, where they are counted from 0 to 360."""
    lon = ring[:, 0]
    if lon.max() <= 180 and lon.min() >= -180:
        return ring
    # All of it is moved alike, so that a ring over the date line stays in one piece; not so one that mixes both ways.
    turned = lon - 360 * np.round(lon.mean() / 360) if np.ptp(lon) <= 180 else (lon + 180) % 360 - 180
    return np.column_stack([turned, ring[:, 1]])


def plumes(path: Path) -> list[tuple[int, list[np.ndarray]]]:
    """Density (0 if unknown) and rings (corner, lonlat) of a day's polygons.

    Raises
    ------
    SourceError
        The file is damaged, of another day, or its layout is not that documented.
    """
    import shapefile

    members = _members(path)
    try:
        # Only Density is needed, which has plain letters: what other fields hold, in whatever encoding, is no harm.
        with shapefile.Reader(**members, encodingErrors="replace") as reader:
            names = {field[0].lower(): field[0] for field in reader.fields if field[0] != "DeletionFlag"}
            shapes, records = reader.shapes(), reader.records()
            given = [record[names["density"]] if "density" in names else None for record in records]
    except Exception as error:  # whatever foreign bytes can do to a parser
        raise _wrong(path, f"holds a damaged shapefile ({str(error) or type(error).__name__})") from error
    if len(shapes) != len(records):
        raise _wrong(path, f"holds {len(shapes)} polygons but {len(records)} records")
    if "density" not in names and (strange := set(names) - OTHERS):
        raise _wrong(
            path,
            f"has no field Density, but {', '.join(sorted(names[key] for key in strange))}; if it stays "
            "so, the layout has changed",
        )
    levels = [_level(value) for value in given]
    told = [str(value).strip() for value in given if value is not None and str(value).strip()]
    if told and not any(levels):
        raise _wrong(
            path,
            f"gives densities such as {told[0]!r}, none of them light, medium, heavy, 5, 16 or 27; if "
            "it stays so, the layout has changed",
        )
    found = []
    for level, shape in zip(levels, shapes, strict=True):
        if shape.shapeType == shapefile.NULL:
            continue
        if shape.shapeType not in (shapefile.POLYGON, shapefile.POLYGONZ, shapefile.POLYGONM):
            raise _wrong(path, f"holds shapes of the type {shape.shapeTypeName}, not polygons")
        corners = np.array([point[:2] for point in shape.points], np.float64).reshape(-1, 2)
        if not (np.isfinite(corners).all() and (np.abs(corners) <= [360, 90]).all()):
            raise _wrong(path, "holds corners that are no longitude and latitude")
        rings = [_wrapped(ring) for ring in np.split(corners, shape.parts[1:]) if len(ring) > 2]
        if rings:
            found.append((level, rings))
    return found


def _members(path: Path) -> dict[str, Any]:
    """The shapefile's parts as open streams, by suffix. They are read in memory: nothing is unpacked to disk."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [member for member in archive.infolist() if not member.is_dir()]
            for member in inside:
                # Some files were packed with their folders, so a folder as such is no harm; leaving it would be.
                if re.match(r"[/\\]|[A-Za-z]:", member.filename) or ".." in re.split(r"[/\\]", member.filename):
                    raise _wrong(path, f"holds the name {member.filename!r}, which leads out of the archive")
            if (total := sum(member.file_size for member in inside)) > BIGGEST:
                raise _wrong(path, f"unpacks to {total:,} bytes, far more than a day of polygons")
            parts: dict[str, Any] = {}
            for suffix in ("shp", "dbf"):
                named = [m for m in inside if PurePosixPath(m.filename).suffix.lower() == f".{suffix}"]
                if len(named) != 1:
                    raise _wrong(path, f"holds {len(named)} .{suffix} files, not one")
                day = re.search(r"\d{8}", PurePosixPath(named[0].filename).name)
                if day and day[0] not in path.name:
                    raise _wrong(path, f"holds {named[0].filename}, another day")
                parts[suffix] = io.BytesIO(archive.read(named[0]))
            return parts
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        with path.open("rb") as stream:
            page = stream.read(64).lstrip()[:1] == b"<"
        raise _wrong(path, "is a web page, not a zip" if page else f"is a damaged zip ({error})") from error


def _level(value: Any) -> int:
    """1 to 3; 0 where it is empty or not known."""
    text = "" if value is None else str(value).strip().lower()
    if re.fullmatch(r"\d+\.0*", text):
        text = text.split(".")[0]
    return DENSITIES.get(text, 0)


def _centres(low: float, high: float, origin: float) -> np.ndarray:
    """Ascending centres of the cells that the stretch from ``low`` to ``high`` touches."""
    first, last = np.floor((np.array([low, high]) - origin) / STEP + 0.5).astype(int)
    return origin + np.arange(first, last + 1) * STEP


def _path(day: date) -> str:
    return f"{day:%Y}/hms_smoke{day:%Y%m%d}.zip"


def _wrong(path: Path, what: str) -> SourceError:
    return SourceError(f"hms: {path.name} {what}; {REMEDY} ({path})")


SOURCE = HMS()
