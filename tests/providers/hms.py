"""Smoke polygons of the Hazard Mapping System, made up: a zipped shapefile a day.

Each day has, in fractions of the region's width and height: light smoke with a hole, medium smoke over part of it, and
a heavy core in both; the light smoke drifts east day by day. :func:`expected` says what a place has to get.
"""

from __future__ import annotations

import io
import zipfile

import numpy as np
import shapefile

HOST = "satepsanone.nesdis.noaa.gov/pub/FIRE/web/HMS/Smoke_Polygons/Shapefile"
NUMBERS = {"Light": 5.0, "Medium": 16.0, "Heavy": 27.0}
HOLE, MEDIUM, HEAVY = (0.25, 0.2, 0.35, 0.3), (0.45, 0.4, 0.9, 0.95), (0.6, 0.5, 0.65, 0.55)


def light(day):
    """Edges of the day's light smoke: it drifts a hundredth of the width a day."""
    return 0.1 + 0.01 * (day.day_of_year % 10), 0.1, 0.7, 0.6


def place(region, u, v):
    """Longitude and latitude of a fraction of the region's width and height."""
    return region.west + u * (region.east - region.west), region.south + v * (region.north - region.south)


def ring(region, edges, hole=False):
    """Corners of a rectangle, clockwise as outlines are, or the other way round as holes are."""
    west, south, east, north = edges
    corners = [place(region, *at) for at in ((west, south), (west, north), (east, north), (east, south), (west, south))]
    return corners[::-1] if hole else corners


def expected(region, lonlat, day):
    """Density at places, from the rectangles."""
    u = (lonlat[:, 0] - region.west) / (region.east - region.west)
    v = (lonlat[:, 1] - region.south) / (region.north - region.south)

    def within(edges):
        return (u > edges[0]) & (u < edges[2]) & (v > edges[1]) & (v < edges[3])

    return np.max([1 * (within(light(day)) & ~within(HOLE)), 2 * within(MEDIUM), 3 * within(HEAVY)], axis=0)


def polygons(region, day):
    """Density and rings of the day."""
    return [
        ("Light", [ring(region, light(day)), ring(region, HOLE, hole=True)]),
        ("Heavy", [ring(region, HEAVY)]),
        ("Medium", [ring(region, MEDIUM)]),
    ]


def pack(day, shapes, density="words", field="Density", folder="", more=()):
    """Bytes of a day's zip.

    Parameters
    ----------
    day : pandas.Timestamp
    shapes : list of (density, rings)
        A density of None is left empty.
    density : {"words", "numbers", "text", "none"}
        As today; 5, 16, 27 as number or as text; as in the first years, without the field.
    field, folder, more
        Name of the field, folder that was packed too, further members (name, bytes).
    """
    parts = {suffix: io.BytesIO() for suffix in ("shp", "shx", "dbf")}
    with shapefile.Writer(**parts, shapeType=shapefile.POLYGON) as writer:
        if density == "none":
            writer.field("ID", "N", 10)
        else:
            writer.field("Satellite", "C", 30)
        writer.field("Start", "C", 20)
        writer.field("End", "C", 20)
        if density == "numbers":
            writer.field(field, "N", 10, 3)
        elif density != "none":
            writer.field(field, "C", 20)
        for number, (word, rings) in enumerate(shapes):
            value = word if word is None or density == "words" else NUMBERS[word]
            value = f"{value:.3f}" if density == "text" and value is not None else value
            writer.poly(rings)
            writer.record(
                number if density == "none" else "GOES-EAST",
                f"{day:%Y%j} 1500",
                f"{day:%Y%j} 2100",
                *([] if density == "none" else [value]),
            )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix, stream in parts.items():
            archive.writestr(f"{folder}hms_smoke{day:%Y%m%d}.{suffix}", stream.getvalue())
        archive.writestr(f"{folder}hms_smoke{day:%Y%m%d}.prj", 'GEOGCS["GCS_WGS_1984"]')
        for name, content in more:
            archive.writestr(name, content)
    return buffer.getvalue()


def where(day):
    """Path of a day's file on the server."""
    return f"{HOST}/{day:%Y/%m}/hms_smoke{day:%Y%m%d}.zip"


def make(root, period, region, absent=(), empty=(), **options):
    """Write the days of a period; ``absent`` days get no file, ``empty`` ones no polygon."""
    for day in period.days:
        if str(day.date()) not in absent:
            path = root / where(day)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pack(day, [] if str(day.date()) in empty else polygons(region, day), **options))
