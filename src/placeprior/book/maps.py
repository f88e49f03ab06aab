"""Maps of the contiguous US in one equal-area projection, with outlines that the package carries itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import cartopy.crs as ccrs
import matplotlib.patheffects as effects
import matplotlib.pyplot as plt
import numpy as np
import shapely
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from placeprior import coords
from placeprior.book.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LAND,
    MUTED,
    ORANGE,
    PAPER,
    PINK,
    SIZES,
    UNIT,
    colourbar,
    colours,
    extend,
    limits,
)

#: EPSG:5070, the equal-area projection of ``coords.project``; areas on the maps compare fairly.
ALBERS = ccrs.AlbersEqualArea(central_longitude=-96, central_latitude=23, standard_parallels=(29.5, 45.5))

GRAIN = 4e3  # metres: half a dot of a map over a whole page; on a map half as wide a dot is twice as much
WHOLE = 5.0  # inches: such a map before its figure is laid out
SMALLEST = 1e8  # of an island, square metres


def _rings(geometry: Any) -> list[shapely.LinearRing]:
    """Exterior rings of a (multi)polygon, in projected metres."""
    rings = []
    for part in getattr(geometry, "geoms", [geometry]):
        lonlat = np.asarray(part.exterior.coords)[:, :2]
        xy = ALBERS.transform_points(ccrs.PlateCarree(), lonlat[:, 0], lonlat[:, 1])[:, :2]
        rings.append(shapely.LinearRing(xy))
    return rings


@lru_cache(maxsize=8)
def _outlines(grain: float) -> tuple[Path, Path]:
    """Outline of the nation, and lines between the states: once per process, and no finer than they show.

    A line that two states share is drawn once, and none along the coast: a page gets each map's lines as letters.

    Parameters
    ----------
    grain : float
        Metres.
    """
    coast = [ring for ring in _rings(coords.nation()) if shapely.Polygon(ring).area > SMALLEST]
    states = shapely.union_all([ring for state in coords.states().values() for ring in _rings(state)])
    between = shapely.line_merge(states.difference(shapely.union_all(coast).buffer(GRAIN)))
    lines = shapely.get_parts(shapely.simplify(between, grain))
    return (
        Path.make_compound_path(*[Path(np.asarray(shapely.simplify(i, grain).coords), closed=True) for i in coast]),
        Path.make_compound_path(*[Path(np.asarray(line.coords)) for line in lines]),
    )


def _grain(ax: Any) -> float:
    """Metres that half a dot of this map stands for, in whole steps of :data:`GRAIN`."""
    width = ax.get_position(original=True).width * ax.figure.get_figwidth()
    return GRAIN * max(1, round(WHOLE / width))


def conus_axes(ax: Any = None, *, states: bool = True) -> Any:
    """Make an axes a map of the contiguous US in Albers equal area (EPSG:5070).

    The outlines are the package's own, so nothing is downloaded when a map is drawn.

    Parameters
    ----------
    ax : cartopy GeoAxes, optional
        Axes made with ``projection=figures.ALBERS``; a new figure is made when left out.
    states : bool
        Draw the state lines too.

    Returns
    -------
    ax : cartopy GeoAxes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=SIZES["map"], subplot_kw={"projection": ALBERS}, layout="constrained")
    nation, inner = _outlines(_grain(ax))
    if states:
        ax.add_patch(PathPatch(inner, fc="none", ec=MUTED, lw=0.3, zorder=3))
    ax.add_patch(PathPatch(nation, fc="none", ec=MUTED, lw=0.7, zorder=3.1))
    (west, south), (east, north) = nation.get_extents().get_points()
    ax.set_xlim(west - 5e4, east + 5e4)
    ax.set_ylim(south - 5e4, north + 5e4)
    ax.set_frame_on(False)
    ax.grid(False)
    return ax


def projected(lonlat: np.ndarray, ax: Any = None) -> np.ndarray:
    """Metres (n, 2) on a map, in the book's projection when left out, of lon/lat degrees (n, 2)."""
    lonlat = np.asarray(lonlat, dtype=float)
    return getattr(ax, "projection", ALBERS).transform_points(ccrs.PlateCarree(), lonlat[:, 0], lonlat[:, 1])[:, :2]


def station_map(
    ax: Any,
    lonlat: np.ndarray,
    values: np.ndarray,
    quantity: str,
    *,
    unit: str | None = UNIT,
    kind: str = "amount",
    vmin: float | None = None,
    vmax: float | None = None,
    size: float = 14.0,
    bar: bool = True,
) -> PathCollection:
    """Stations as coloured dots; the extreme values are drawn last, on top.

    Parameters
    ----------
    ax : cartopy GeoAxes
        From :func:`conus_axes` or ``subplots(maps=True)``.
    lonlat : ndarray, (n, 2)
        Degrees.
    values : ndarray, (n,)
        NaN is drawn as a small grey cross.
    quantity, unit : str
        Label of the colour bar.
    kind : {"amount", "difference", "similarity", "count"}
        Which colour map; "difference" is symmetric about zero.
    """
    xy, values = projected(lonlat, ax), np.asarray(values, dtype=float)
    low, high = limits(values, kind, vmin, vmax)
    absent = ~np.isfinite(values)
    if absent.any():
        ax.scatter(*xy[absent].T, s=size * 0.7, marker="x", color=MUTED, linewidths=0.7, zorder=4)
    order = np.argsort(np.abs(values) if kind == "difference" else values)
    order = order[~absent[order]]
    dots = ax.scatter(
        *xy[order].T,
        c=values[order],
        s=size,
        cmap=colours(kind),
        vmin=low,
        vmax=high,
        edgecolors=GREY,  # on dark paper, the darkest dots need a rim too
        linewidths=0.4,
        zorder=5,
    )
    if bar:
        colourbar(ax, dots, quantity, unit, extend=extend(values, low, high) if order.size else "neither")
    return dots


def _edges(centres: np.ndarray) -> np.ndarray:
    """Cell edges (n + 1,) of evenly spaced centres (n,)."""
    step = centres[1] - centres[0] if centres.size > 1 else 1.0
    return np.concatenate([centres - step / 2, centres[-1:] + step / 2])


def grid_map(
    ax: Any,
    lon: np.ndarray,
    lat: np.ndarray,
    values: np.ndarray,
    quantity: str,
    *,
    unit: str | None = UNIT,
    kind: str = "amount",
    vmin: float | None = None,
    vmax: float | None = None,
    bar: bool = True,
) -> QuadMesh:
    """A field on a lon/lat grid; in the United States, cut at the national outline.

    Parameters
    ----------
    ax : cartopy GeoAxes
    lon, lat : ndarray, (nx,) and (ny,)
        Cell centres, degrees, evenly spaced.
    values : ndarray, (ny, nx)
        Where it is NaN, the land shows.
    quantity, unit, kind, vmin, vmax
        As in :func:`station_map`.
    """
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    values = np.ma.masked_invalid(np.asarray(values, dtype=float))
    low, high = limits(values.filled(np.nan), kind, vmin, vmax)
    corners = np.stack(np.meshgrid(_edges(lon), _edges(lat)), axis=-1)
    xy = projected(corners.reshape(-1, 2), ax).reshape(corners.shape)
    mesh = ax.pcolormesh(
        xy[..., 0],
        xy[..., 1],
        values,
        cmap=colours(kind).with_extremes(bad=(0, 0, 0, 0)),
        vmin=low,
        vmax=high,
        shading="flat",
        rasterized=True,
        zorder=1,
    )
    home = getattr(ax, "projection", ALBERS) == ALBERS
    if home and values.mask.any():  # in the field, it would be a grey of an image, which no page could change
        ax.add_patch(PathPatch(_outlines(_grain(ax))[0], fc=LAND, ec="none", zorder=0.5))
    if home:
        mesh.set_clip_path(PathPatch(_outlines(_grain(ax))[0], transform=ax.transData))
    if bar:
        colourbar(ax, mesh, quantity, unit, extend=extend(values, low, high) if values.count() else "neither")
    return mesh


def star(ax: Any, places: Mapping[str, Any], *, size: float = 11.0, below: float | None = None) -> None:
    """A star at each place, its name under it.

    Parameters
    ----------
    ax : cartopy GeoAxes
    places : mapping of str to (lon, lat)
        Degrees, by name.
    size : float
        Of the star, points.
    below : float, optional
        How far under the star the name is, metres; 3 % of the map's height when left out.
    """
    below = 0.03 * np.ptp(ax.get_ylim()) if below is None else below
    for (x, y), name in zip(projected(np.array(list(places.values())), ax), places, strict=True):
        ax.plot(x, y, "*", ms=size, color=PAPER, mec=INK, zorder=6)
        text = ax.text(x, y - below, name, ha="center", va="top", fontsize="small", zorder=7)
        text.set_path_effects([effects.withStroke(linewidth=2.5, foreground=PAPER)])


def split_map(
    ax: Any,
    lonlat: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    validation: np.ndarray | None = None,
    *,
    delta: float | None = None,
    legend: bool = True,
) -> None:
    """Which stations a split trains on and which it tests.

    Parameters
    ----------
    ax : cartopy GeoAxes
    lonlat : ndarray, (n, 2)
    train, test, validation : ndarray of bool, (n,) or (n, time)
        A station with both training and test days is drawn as "train and test days".
    delta : float, optional
        Cell size of a checkerboard, degrees; draws its cells, from the south-west corner of the box.
    """
    xy = projected(lonlat, ax)
    masks = [np.asarray(m).reshape(len(xy), -1).any(axis=1) for m in (train, test)]
    held = np.zeros(len(xy), bool)
    if validation is not None:
        held = np.asarray(validation).reshape(len(xy), -1).any(axis=1) & ~masks[0] & ~masks[1]
    groups = [
        ("train", masks[0] & ~masks[1], BLUE, "o"),
        ("validation", held, GREEN, "s"),
        ("train and test days", masks[0] & masks[1], PINK, "D"),
        ("test", masks[1] & ~masks[0], ORANGE, "^"),
    ]
    if delta:
        _checkerboard(ax, delta)
    for name, chosen, colour, marker in groups:
        if chosen.any():
            text = f"{name} ({int(chosen.sum()):,})"
            ax.scatter(*xy[chosen].T, s=13, marker=marker, color=colour, lw=0.2, ec=PAPER, label=text, zorder=5)
    if legend:
        ax.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, 0.0),
            ncols=4,
            columnspacing=1.0,
            handletextpad=0.2,
            fontsize="small",
        )


def _checkerboard(ax: Any, delta: float) -> None:
    """Cell edges of a checkerboard as curved lines; an edge of constant latitude is no straight line here."""
    west, south, east, north = coords.CONUS_BOX
    xs = west + delta * np.arange(int((east - west) / delta) + 2)
    ys = south + delta * np.arange(int((north - south) / delta) + 2)
    lines = [np.column_stack([np.full(60, x), np.linspace(ys[0], ys[-1], 60)]) for x in xs]
    lines += [np.column_stack([np.linspace(xs[0], xs[-1], 120), np.full(120, y)]) for y in ys]
    ax.add_collection(
        LineCollection(
            [projected(line, ax) for line in lines], colors=MUTED, linewidths=0.8, linestyles="--", zorder=4
        ),
        autolim=False,
    )
