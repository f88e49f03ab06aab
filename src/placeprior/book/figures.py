"""One figure style for the whole book, and the few drawings that every chapter shares.

Four rules hold for every figure: the background is opaque white, so that a page in dark mode stays
readable; colours come from seaborn's colour-blind palette and are never the only carrier (each variant
has its own marker too); every axis and colour bar names its quantity and unit; and :func:`label` writes
under the figure which profile made it, from how many values, and whether the world is simulated.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from placeprior.arms import arm_order
from placeprior.book.layout import label, nothing, panels, rows, subplots
from placeprior.book.maps import ALBERS, conus_axes, grid_map, split_map, star, station_map
from placeprior.book.signs import signs
from placeprior.book.style import (
    GRID,
    INK,
    LAND,
    MUTED,
    PAPER,
    SIZES,
    UNIT,
    Look,
    colourbar,
    colours,
    look,
    save,
    style,
)

__all__ = [
    "ALBERS",
    "GRID",
    "INK",
    "LAND",
    "MUTED",
    "PAPER",
    "SIZES",
    "UNIT",
    "Look",
    "colourbar",
    "colours",
    "conus_axes",
    "forest",
    "forests",
    "grid_map",
    "label",
    "legend",
    "legend_above",
    "look",
    "nothing",
    "panels",
    "rows",
    "save",
    "signs",
    "split_map",
    "star",
    "station_map",
    "style",
    "subplots",
]


def forest(
    ax: Axes,
    table: pd.DataFrame,
    quantity: str,
    *,
    unit: str | None = None,
    x: str = "value",
    by: str = "arm",
    reference: float | None = None,
    names: bool = True,
) -> list[str]:
    """Scores of several arms, one row each: every fit as a pale dot, their mean as the arm's marker.

    The bar spans ``low`` to ``high`` when the table has these columns (none where they are NaN), else the smallest to
    the largest fit. Say in the caption which of the two it is. Next to intervals, a single fit far beyond all of them
    is written as a number at the edge, so that it does not flatten the rest. The marker is at ``difference`` where the
    table has that column.

    Parameters
    ----------
    ax : matplotlib Axes
    table : DataFrame
        One row per fit (seed and fold): column `by` names the arm (see :func:`placeprior.arms.arm`), column `x` the
        score.
    quantity, unit : str
        Label of the x axis.
    reference : float, optional
        Where to draw a vertical line, for example 0 for differences.

    Returns
    -------
    arms : list of str
        The arms drawn, top to bottom.
    """
    arms = arm_order(table[by])
    ranged = {"low", "high"} <= set(table.columns)
    left, right = -np.inf, np.inf
    if ranged and table["low"].notna().any():
        ends = [table["low"].min(), table["high"].max(), *([] if reference is None else [reference])]
        room = 1.5 * (max(ends) - min(ends))
        left, right = min(ends) - room, max(ends) + room
    for row, name in enumerate(arms):
        part, drawn = table[table[by] == name], look(name)
        values = part[x].to_numpy(dtype=float)
        low = float(part["low"].min()) if ranged else float(values.min())
        high = float(part["high"].max()) if ranged else float(values.max())
        inside = values[(values >= left) & (values <= right)]
        if len(values) > 1:
            ax.scatter(inside, np.full(len(inside), row), s=14, color=drawn.colour, alpha=0.4, lw=0, zorder=3)
        for edge, beyond in ((0.01, values[values < left]), (0.99, values[values > right])):
            if len(beyond):
                numbers = ", ".join(f"{v:.2g}" for v in sorted(beyond)).replace("-", "−")
                ax.text(
                    edge,
                    row - 0.32,
                    f"◂ {numbers}" if edge < 0.5 else f"{numbers} ▸",
                    color=drawn.colour,
                    transform=ax.get_yaxis_transform(),
                    ha="left" if edge < 0.5 else "right",
                    va="center",
                    fontsize="small",
                )
        ax.plot([low, high], [row, row], color=drawn.colour, lw=2, zorder=2, solid_capstyle="round")
        ax.scatter(
            [part["difference"].iloc[0] if "difference" in part else values.mean()],
            [row],
            s=58,
            marker=drawn.marker,
            color=drawn.colour,
            ec=PAPER,
            lw=0.7,
            zorder=4,
        )
    if reference is not None:
        ax.axvline(reference, color=MUTED, lw=1, ls="--", zorder=1)
    rows(ax, [textwrap.fill(look(name).name, 17) if names else "" for name in arms], zero=False)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.set_xlabel(f"{quantity} [{unit}]" if unit else quantity)
    return arms


def forests(panels: Mapping[str, pd.DataFrame], quantity: str, *, columns: int = 2, **options: Any) -> Figure:
    """One :func:`forest` a panel, two side by side: narrow enough for letters to stay readable on a phone.

    Parameters
    ----------
    panels : mapping
        Title to table, as :func:`forest` takes it. Rows are named once where all panels have the same ones.
    quantity : str
        Label of the x axes.
    **options
        Handed to :func:`forest`.

    Returns
    -------
    figure
    """
    arms = [tuple(arm_order(table[options.get("by", "arm")])) for table in panels.values()]
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    size = (6.4 if columns > 1 else 4.8, rows * (0.34 * max(map(len, arms)) + 0.55) + 0.6)
    fig, axes = subplots(rows, columns, size=size, squeeze=False)
    for number, (ax, (title, table)) in enumerate(zip(axes.flat, panels.items(), strict=False)):
        lowest = number + columns >= len(panels)
        forest(ax, table, quantity if lowest else "", **options)
        ax.set_title(title)
        if number % columns and len(set(arms)) == 1:
            ax.tick_params(labelleft=False)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    return fig


def legend(ax: Axes, arms: Sequence[str], **options: Any) -> Any:
    """Legend of arms with their colours and markers, in the book's order."""
    handles = [Line2D([], [], color=look(a).colour, marker=look(a).marker, label=look(a).name) for a in arm_order(arms)]
    return ax.legend(handles=handles, **options)


def legend_above(fig: Figure, arms: Iterable[str], **options: Any) -> Any:
    """Legend of arms above all panels, two side by side, in the book's order.

    Parameters
    ----------
    fig : matplotlib Figure
    arms : iterable of str
    **options
        Handed to :meth:`matplotlib.figure.Figure.legend`; ``linestyle=""`` leaves the markers alone.
    """
    line = options.pop("linestyle", "-")
    handles = [
        Line2D([], [], color=look(a).colour, marker=look(a).marker, ls=line, label=look(a).name)
        for a in arm_order(arms)
    ]
    return fig.legend(handles=handles, **{"loc": "outside upper center", "ncols": 2, **options})
