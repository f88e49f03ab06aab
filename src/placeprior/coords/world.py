"""The land and the countries of the whole world, for maps of any region; generalised, and no judge of who owns what."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import topology
from placeprior.coords.convention import Floats, check_lonlat

FILE = "countries-50m.json"


@cache
def land() -> shapely.MultiPolygon:
    """The land, longitude and latitude in degrees; cut at 180 degrees."""
    found = topology.read(FILE)
    whole = _polygons(found, found.objects["land"][0])
    shapely.prepare(whole)
    return whole


@cache
def countries() -> dict[str, shapely.MultiPolygon]:
    """The countries by name, longitude and latitude in degrees; cut at 180 degrees."""
    found = topology.read(FILE)
    return {item["properties"]["name"]: _polygons(found, item) for item in found.objects["countries"]}


@cache
def lines() -> tuple[shapely.MultiLineString, shapely.MultiLineString]:
    """Shores, and borders between countries, each line once; where polygons are cut at 180 degrees there is none."""
    found = topology.read(FILE)
    shores = {n if n >= 0 else ~n for item in found.objects["land"] for n in _numbers(item["arcs"])}
    drawn: tuple[list, list] = ([], [])
    for n, arc in enumerate(found.arcs):
        for line in _off_the_cut(arc):
            drawn[n not in shores].extend(shapely.get_parts(_cut(shapely.LineString(_unwrapped(line)))))
    shore, border = (shapely.MultiLineString([part for part in parts if part.length > 0]) for parts in drawn)
    return shore, border


def on_land(lonlat: ArrayLike) -> NDArray[np.bool_]:
    """Whether each place is on land, by a 1:50 million outline: within some ten kilometres of a shore it may err.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    return shapely.intersects_xy(land(), *check_lonlat(lonlat).T)


def _numbers(arcs: list) -> list[int]:
    """All arcs of a shape, however deep its rings lie."""
    return [n for each in arcs for n in (_numbers(each) if isinstance(each, list) else [each])]


def _unwrapped(line: Floats) -> Floats:
    """A line whose longitudes go on beyond 180 degrees where it crosses them."""
    return np.column_stack([np.unwrap(line[:, 0], period=360), line[:, 1]])


def _polygons(found: topology.Topology, item: dict) -> shapely.MultiPolygon:
    """A shape on the sphere as polygons on the map. What goes round a pole is closed along it."""
    kinds = {"Polygon": [item["arcs"]], "MultiPolygon": item["arcs"]}
    parts = []
    for rings in kinds[item["type"]]:
        walked = (found.ring(ring) for ring in rings)
        outer, *holes = (_closed(_unwrapped(ring)) for ring in walked if not _at_pole(ring))
        # A hole may have been unwrapped to another turn than its rim.
        turn = [360 * np.round((outer[:, 0].mean() - hole[:, 0].mean()) / 360) for hole in holes]
        shape = shapely.Polygon(outer, [hole + [by, 0] for hole, by in zip(holes, turn, strict=True)])
        shape = shape if shape.is_valid else shapely.make_valid(shape, method="structure", keep_collapsed=False)
        parts += [part for part in shapely.get_parts(_cut(shape)) if part.area > 0]
    return shapely.MultiPolygon(parts)


def _at_pole(line: Floats) -> bool:
    """Whether a line is no line but a pole, drawn out: Antarctica is stored as a ring between it and the shore."""
    return bool((np.abs(line[:, 1]) > 89.9).all())


def _off_the_cut(arc: Floats) -> list[Floats]:
    """An arc without its steps along 180 degrees, where some islands are stored in two halves, and at a pole."""
    cut = (np.abs(arc[:, 0]) > 179.99) | (np.abs(arc[:, 1]) > 89.9)
    runs = np.split(np.arange(len(arc)), np.flatnonzero(cut[:-1] & cut[1:]) + 1)
    return [arc[run] for run in runs if len(run) > 1]


def _closed(ring: Floats) -> Floats:
    """A ring; one that comes back to its start by going round a pole, closed along that pole."""
    if np.isclose(ring[0, 0], ring[-1, 0]):
        return ring
    pole = np.copysign(90.0, ring[:, 1].mean())
    return np.vstack([ring, [ring[-1, 0], pole], [ring[0, 0], pole], ring[:1]])


def _cut(shape: shapely.Geometry) -> shapely.Geometry:
    """A shape that may reach beyond 180 degrees, cut there and brought back to -180 to 180."""
    west, _, east, _ = shape.bounds
    if shape.is_empty or (west >= -180 and east <= 180):
        return shape
    turns = range(int(np.floor((west + 180) / 360)), int(np.floor((east + 180) / 360)) + 1)
    box = shapely.box(-180, -90, 180, 90)
    back = [shapely.intersection(shapely.transform(shape, lambda xy, by=by: xy - [360 * by, 0]), box) for by in turns]
    return shapely.union_all(back)
