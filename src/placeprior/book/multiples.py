"""Small multiples of the land: one map a panel, all on one scale of colours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
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
