"""What every figure of the book has: its size, panels side by side, and the line under it that says its origin."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from placeprior.book import handing, regions
from placeprior.book.maps import ALBERS, conus_axes
from placeprior.book.style import MUTED, PAPER, SIZES

MANY = 300  # marks of one kind


def subplots(
    rows: int = 1,
    columns: int = 1,
    *,
    size: str | tuple[float, float] = "wide",
    maps: bool | np.ndarray = False,
    **options: Any,
) -> tuple[Figure, Any]:
    """Figure and axes in the book's sizes.

    Parameters
    ----------
    rows, columns : int
    size : str or (float, float)
        A key of :data:`SIZES`, or width and height in inches.
    maps : bool, or ndarray, shape (n, 2)
        Make every axes a map, outlines drawn: of the contiguous US (see :func:`conus_axes`), or of the region of these
        places, lonlat in degrees (:func:`placeprior.book.regions.region_axes`).
    **options
        Handed to :func:`matplotlib.pyplot.subplots`.

    Returns
    -------
    figure, axes
        As from matplotlib: one axes, or an array of axes.
    """
    figsize = SIZES[size] if isinstance(size, str) else size
    home = isinstance(maps, bool)
    if not home or maps:
        options["subplot_kw"] = {"projection": ALBERS if home else regions.projection(maps)} | options.get(
            "subplot_kw", {}
        )
    fig, axes = plt.subplots(rows, columns, figsize=figsize, layout="constrained", **options)
    if not home or maps:
        for ax in np.ravel(axes):
            conus_axes(ax) if home else regions.region_axes(maps, ax)
    return fig, axes


def panels(
    count: int, columns: int = 2, *, row: float = 2.7, extra: float = 0.6, width: float = 6.4, **options: Any
) -> tuple[Figure, list[Axes]]:
    """Figure with `count` axes side by side, row by row; what is left of the last row stays empty.

    Parameters
    ----------
    count, columns : int
        Fewer axes than columns stand in one row.
    row, extra, width : float
        Height of a row, what is added for titles and legends, and the width of the figure, inches.
    **options
        Handed to :func:`subplots`.

    Returns
    -------
    figure
    axes : list of Axes, length `count`
    """
    columns = max(1, min(columns, count))
    rows = max(1, -(-count // columns))
    fig, axes = subplots(rows, columns, size=(width, rows * row + extra), squeeze=False, **options)
    for ax in axes.flat[count:]:
        ax.set_visible(False)
    return fig, list(axes.flat[:count])


def rows(ax: Axes, names: Sequence[str], *, room: float = 0.5, zero: bool = True) -> None:
    """Name the rows 0, 1, 2 … of a panel, from top to bottom, and draw a dashed line at zero.

    Parameters
    ----------
    ax : matplotlib Axes
    names : sequence of str
    room : float
        Above the first and below the last row, in rows.
    zero : bool
        Whether zero is marked.
    """
    if zero:
        ax.axvline(0, color=MUTED, lw=1, ls="--", zorder=1)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 1 + room, -room)
    ax.grid(axis="y", visible=False)


def _thin(fig: Figure) -> None:
    """Let what has very many marks be an image inside the figure: as one line of text a mark, a page would be heavy.

    The rim of such a mark would be of the paper of a light page, also on a dark one: it goes.
    """
    for marks in fig.findobj(lambda artist: isinstance(artist, PathCollection | PolyCollection | QuadMesh)):
        if not marks.get_rasterized() and max(len(marks.get_offsets()), len(marks.get_paths())) > MANY:
            marks.set_rasterized(True)
            if len(rim := marks.get_edgecolor()) and to_hex(rim[0]) == PAPER:
                marks.set_linewidth(0)


def origin(
    profile: str, *, n: int | None = None, of: str = "station-days", embedded: bool | None, note: str = ""
) -> str:
    """What a figure was made of, as one line; see :func:`label`."""
    world = {True: "embedded world (simulated)", False: "real measurements", None: "real places, no measurements"}
    parts = [world[embedded], f"profile {profile}"]
    if n is not None:
        parts.append(f"n = {int(n):,} {of}")
    return " · ".join(parts + ([note] if note else []))


def label(
    fig: Figure,
    profile: str,
    *,
    n: int | None = None,
    of: str = "station-days",
    embedded: bool | None,
    note: str = "",
    data: pd.DataFrame | xr.Dataset | None = None,
    table: str = "",
) -> str:
    """Write the figure's origin under it: world, profile and sample size; every figure of the book has one.

    Parameters
    ----------
    fig : matplotlib Figure
        Laid out by :func:`subplots`, which keeps room for the line.
    profile : str
    n : int, optional
        How many values the figure shows, and `of` what.
    embedded : bool or None
        True for the simulated world, False for measurements, None for a figure of neither (an encoder's map).
    note : str
        Added at the end.
    data : pandas.DataFrame or xarray.Dataset, optional
        What is drawn, for a reader to take along under the figure: a table as CSV, fields as NetCDF.
    table : str
        Name of a person's own table, said in place of the profile; whether it was measured, they know.

    Returns
    -------
    text : str
        The line as written.
    """
    _thin(fig)
    if data is not None:
        handing.hand(data)
    origin = {True: "embedded world (simulated)", False: "real measurements", None: "no measurements"}
    parts = [origin[embedded], f"profile {profile}"]
    if table:
        parts = [origin[True], f"table {table}"] if embedded else [f"your table {table}"]
    if n is not None:
        parts.append(f"n = {int(n):,} {of}")
    text = " · ".join(parts + ([note] if note else []))
    letters = int(fig.get_figwidth() * 72 / (9 * 0.54))  # a letter is about half its size wide
    fig.supxlabel(textwrap.fill(text, letters), x=0.005, ha="left", fontsize=9, color=MUTED)
    return text


def nothing(what: str, profile: str, *, embedded: bool | None, of: str = "runs") -> str:
    """Hold a figure's place on a page with a line that says what is missing, where its results are not there.

    Parameters
    ----------
    what : str
        What the figure would show.
    profile : str
        Whose results lack it.
    embedded : bool or None
        As for :func:`label`.
    of : str
        What there is none of.

    Returns
    -------
    text : str
        The line under the figure, as :func:`label` writes it.
    """
    fig, ax = subplots(size=(6.4, 1.0))
    ax.set_axis_off()
    ax.text(0, 0.5, f"{what}: no such {of} in results/{profile} yet", va="center")
    return label(fig, profile, n=0, of=of, embedded=embedded)
