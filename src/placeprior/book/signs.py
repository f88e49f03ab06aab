"""A grid of signs: every arm on every split in one glance, clear differences as triangles, the rest as dots."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from placeprior.arms import arm_order, called, splits_in, where
from placeprior.book.layout import rows
from placeprior.book.style import BLUE, MUTED, VERMILION
from placeprior.book.words import minus

#: Mark, colour and word of a difference that is clearly above, clearly below, or neither.
MARKS = {1: ("^", BLUE, "clearly better"), -1: ("v", VERMILION, "clearly worse"), 0: ("o", MUTED, "undecided")}
LARGEST = 190.0  # area of a mark, points², at LIMIT and beyond
LIMIT = 0.15
SMALLEST = 14.0
WIDEST = 6  # columns side by side: a seventh number would touch its neighbour


def signs(
    panels: Mapping[str, pd.DataFrame],
    quantity: str,
    *,
    better: int = 1,
    reference: str | None = "none+head",
    by: tuple[str, str] = ("arm", "split"),
    names: Mapping[str, str] | None = None,
    limit: float = LIMIT,
    digits: int = 2,
) -> Figure:
    """Draw differences as marks, one panel a table, arms in rows and splits in columns unless told otherwise.

    Triangles up are clearly better than the reference, triangles down clearly worse, dots undecided, and hollow without
    an interval; the area grows with the difference, which stands beside its mark. An empty cell was not run.

    Parameters
    ----------
    panels : mapping
        Title to table with the columns of `by`, ``difference`` and ``clear``, as
        :func:`placeprior.evidence.gains.gains`. Tables without rows are passed over; rows are named once, so all
        panels have the same ones.
    quantity : str
        What the differences are of, for the legend.
    better : {1, -1}
        Whether more of the quantity is better, or less.
    reference : str, optional
        The arm the others are compared with; None where `quantity` says it.
    by : (str, str)
        Columns of the tables that give rows and columns of the grid.
    names : mapping, optional
        Words for what is neither an arm nor a split; their order is that of rows or columns. Of arms and splits, words
        that are shorter than their printed names, for columns.
    limit : float
        The difference from which on a mark no longer grows.
    digits : int
        Of the numbers.

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
    lines = _ordered(by[0], pd.concat([table[by[0]] for table in panels.values()]), names or {})
    columns = {title: _ordered(by[1], table[by[1]], names or {}) for title, table in panels.items()}
    places = _placed({title: len(own) for title, own in columns.items()})
    room, deep = max(end for _, _, end in places.values()), 1 + max(line for line, _, _ in places.values())
    height = deep * (0.31 * len(lines) + 0.7) + 0.8
    fig = plt.figure(figsize=(float(np.clip(2.2 + 0.92 * room, 4.4, 7.2)), height), layout="constrained")
    grid = fig.add_gridspec(deep, room)
    for title, table in panels.items():
        line, start, end = places[title]
        ax, own = fig.add_subplot(grid[line, start:end]), columns[title]
        for row in table.itertuples():
            at = list(own).index(getattr(row, by[1])), list(lines).index(getattr(row, by[0]))
            sure = bool(np.isfinite(getattr(row, "low", 0.0)))
            _mark(ax, at, float(row.difference), int(row.clear) * better, limit, digits, sure=sure)
        rows(ax, list(lines.values()), zero=False)
        if start:
            ax.set_yticklabels([])
        ax.set_xticks(range(len(own)), [word.replace(" · ", "\n") for word in own.values()])
        ax.set_xlim(-0.55, len(own) - 0.4)
        ax.tick_params(length=0)
        ax.grid(visible=False)
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.set_title(title, fontsize="medium")
    handles = [
        Line2D([], [], marker=mark, color=colour, ls="", ms=9 if sign else 6, label=word)
        for sign, (mark, colour, word) in MARKS.items()
    ]
    if any("low" in table and table["low"].isna().any() for table in panels.values()):
        mark, colour, _ = MARKS[0]
        handles.append(Line2D([], [], marker=mark, color=colour, ls="", ms=6, mfc="none", label="no interval"))
    fig.legend(
        handles=handles,
        loc="outside upper left",
        ncols=4,
        fontsize="small",
        title=f"{quantity} minus that of {called(reference)}" if reference else quantity,
        title_fontsize="small",
        alignment="left",
    )
    return fig


def _placed(widths: Mapping[str, int]) -> dict[str, tuple[int, int, int]]:
    """Where each panel stands, left to right as far as a line goes: its line, and its first and last column.

    >>> _placed({"a": 3, "b": 2, "c": 4})
    {'a': (0, 0, 3), 'b': (0, 3, 5), 'c': (1, 0, 4)}
    """
    found, line, start = {}, 0, 0
    for title, width in widths.items():
        if start and start + width > WIDEST:
            line, start = line + 1, 0
        found[title] = line, start, start + width
        start += width
    return found


def _ordered(kind: str, values: pd.Series, names: Mapping[str, str]) -> dict[str, str]:
    """The values that occur and their words: arms and splits in the book's order, others in that of their words."""
    if kind == "arm":
        return {name: names.get(name, called(name)) for name in arm_order(values)}
    if kind == "split":
        return {name: where(name) for name in splits_in(pd.DataFrame({"split": values}))}
    return {name: word for name, word in names.items() if name in set(values)}


def _mark(
    ax: Axes, at: tuple[int, int], difference: float, sign: int, limit: float, digits: int, *, sure: bool
) -> None:
    mark, colour, _ = MARKS[sign]
    size = SMALLEST + (LARGEST - SMALLEST) * min(abs(difference) / limit, 1.0)
    fill = colour if sure else "none"
    ax.scatter(at[0] - 0.22, at[1], s=size, marker=mark, fc=fill, ec=colour, lw=0 if sure else 1.2, zorder=3)
    text = minus(f"{difference:+.{digits}f}")
    ax.text(at[0] + 0.02, at[1], text, va="center", fontsize="small", color=colour, zorder=3)
