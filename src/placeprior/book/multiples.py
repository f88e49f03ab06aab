"""Small multiples of the land: one map a panel, all on one scale of colours."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from placeprior.book import figures
from placeprior.book.style import extend
from placeprior.coords import Land


def draw(
    land: Land,
    values: Mapping[str, np.ndarray],
    quantity: str,
    limits: tuple[float, float],
    *,
    kind: str = "difference",
    stars: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Draw a map a panel, two side by side, and one colour bar under all.

    Parameters
    ----------
    land : Land
    values : mapping of str to ndarray, (n,)
        By title of the panel, at the land's places.
    quantity : str
        Label of the colour bar.
    limits : (float, float)
        Ends of the colours.
    kind : str
        Which colour map, a key of :data:`placeprior.book.style.CMAPS`.
    stars : mapping, optional
        Title of the panel to a place, (lon, lat), that is starred in it.
    """
    fig, axes = figures.panels(len(values), row=2.2, extra=0.5, maps=True)
    look = {"unit": None, "kind": kind, "vmin": limits[0], "vmax": limits[1], "bar": False}
    for ax, (title, each) in zip(axes, values.items(), strict=True):
        drawn = figures.grid_map(ax, land.lon, land.lat, land.raster(each), "", **look)
        ax.set_title(title)
        if stars and title in stars:
            figures.star(ax, {"": stars[title]})
    ends = extend(np.concatenate(list(values.values())), *limits)
    figures.colourbar(axes, drawn, quantity, None, extend=ends)
    return fig


def fields(land: Land, values: Mapping[str, np.ndarray]) -> xr.Dataset:
    """What such maps show, for a reader to take along: fields (lat, lon) in float32, NaN off land, a name each.

    Parameters
    ----------
    land : Land
    values : mapping of str to ndarray, (n,)
        By title; in a name every sign that is no letter or digit becomes ``_``.
    """
    rasters = {
        re.sub(r"\W+", "_", title).strip("_"): (("lat", "lon"), land.raster(each).astype(np.float32))
        for title, each in values.items()
    }
    return xr.Dataset(rasters, {"lat": land.lat, "lon": land.lon})
