"""A grid of signs: every arm on every split in one glance, clear differences as triangles, the rest as dots."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from placeprior.arms import arm_order, called, splits_in, where
from placeprior.book.layout import rows, subplots
from placeprior.book.style import MUTED
from placeprior.book.words import minus

#: Mark, colour and word of a difference that is clearly above, clearly below, or neither.
MARKS = {1: ("^", "#0173b2", "clearly better"), -1: ("v", "#d55e00", "clearly worse"), 0: ("o", MUTED, "undecided")}
LARGEST = 190.0  # area of a mark, points², at LIMIT and beyond
LIMIT = 0.15
SMALLEST = 14.0


def signs(
    panels: Mapping[str, pd.DataFrame], quantity: str, *, better: int = 1, reference: str = "none+head"
) -> Figure:
    """Draw differences as marks, one panel a table, arms in rows and splits in columns.

    Triangles up are clearly better than the reference, triangles down clearly worse, dots undecided; the area grows
    with the difference, which stands beside its mark. An empty cell was not run.

    Parameters
    ----------
    panels : mapping
        Title to table with the columns ``arm, split, difference, clear``, as :func:`placeprior.evidence.gains.gains`.
        Tables without rows are passed over; arms are named once, so all panels have the same rows.
    quantity : str
        What the differences are of, for the legend.
    better : {1, -1}
        Whether more of the quantity is better, or less.
    reference : str
        The arm the others are compared with.

    Returns
    -------
    figure

    Raises
    ------
    ValueError
        If no table has a row.
    """
    panels = {title: table for title, table in panels.items() if len(table)}
    if not panels:
        raise ValueError("there is no difference to draw; guard the figure with results.has(profile, matrix)")
    arms = arm_order(pd.concat([table["arm"] for table in panels.values()]))
    widths = [max(1, len(splits_in(table))) for table in panels.values()]
    wide = 2.2 + 0.92 * sum(widths)
    fig, axes = subplots(
        1,
        len(panels),
        size=(float(np.clip(wide, 4.4, 7.2)), 0.31 * len(arms) + 1.5),
        squeeze=False,
        sharey=True,
        gridspec_kw={"width_ratios": widths},
    )
    for ax, (title, table) in zip(axes[0], panels.items(), strict=True):
        _grid(ax, table, arms, better)
        ax.set_title(title, fontsize="medium")
    rows(axes[0, 0], [called(name) for name in arms], zero=False)
    handles = [
        Line2D([], [], marker=mark, color=colour, ls="", ms=9 if sign else 6, label=word)
        for sign, (mark, colour, word) in MARKS.items()
    ]
    fig.legend(
        handles=handles,
        loc="outside upper left",
        ncols=3,
        fontsize="small",
        title=f"{quantity} minus that of {called(reference)}",
        title_fontsize="small",
        alignment="left",
    )
    return fig


def _grid(ax: Axes, table: pd.DataFrame, arms: list[str], better: int) -> None:
    splits = splits_in(table)
    for row in table.itertuples():
        mark, colour, _ = MARKS[int(row.clear) * better]
        share = min(abs(float(row.difference)) / LIMIT, 1.0)
        x, y = splits.index(row.split), arms.index(row.arm)
        ax.scatter(x - 0.22, y, s=SMALLEST + (LARGEST - SMALLEST) * share, marker=mark, color=colour, lw=0, zorder=3)
        ax.text(x + 0.02, y, minus(f"{row.difference:+.2f}"), va="center", fontsize="small", color=colour, zorder=3)
    ax.set_xticks(range(len(splits)), [where(split).replace(" · ", "\n") for split in splits])
    ax.set_xlim(-0.55, len(splits) - 0.4)
    ax.xaxis.tick_bottom()
    ax.tick_params(length=0)
    ax.grid(axis="x", visible=False)
    ax.grid(axis="y", visible=False)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
