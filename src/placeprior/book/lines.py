"""Several arms beside each other with an interval each: along something that was varied, and split by split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from placeprior.arms import arm_order, splits_in
from placeprior.book.style import MUTED, PAPER, UNIT, look

ROOM = 0.5  # of the distance between two positions, over which the arms are spread


def draw(
    ax: Axes, table: pd.DataFrame, labels: Sequence[str], *, y: str = "difference", breaks: str | None = None
) -> None:
    """Draw one line an arm over positions 0, 1, 2 …, around a dashed line at zero; hollow where a value is not clear.

    A point without an interval is a cross in the arm's colour: nothing is known of whether it is clear.

    Parameters
    ----------
    ax : matplotlib Axes
    table : pandas.DataFrame
        Columns ``arm``, ``position``, `y`, ``low`` and ``high``; a point without an interval has NaN there. Where there
        is a column ``clear``, points with 0 in it are hollow.
    labels : sequence of str
        Of the positions.
    y : str
        Column of the value.
    breaks : str, optional
        Column between whose values a line is broken.
    """
    arms = arm_order(table["arm"])
    for shift, arm in zip(np.linspace(-ROOM / 2, ROOM / 2, max(len(arms), 2)), arms, strict=False):
        own, drawn = table[table["arm"] == arm].sort_values("position"), look(arm)
        for _, part in own.groupby(breaks, sort=False) if breaks else [(None, own)]:
            bars = [(part[y] - part["low"]).fillna(0), (part["high"] - part[y]).fillna(0)]
            x = part["position"] + shift
            style = {"color": drawn.colour, "lw": 0.8, "elinewidth": 1.6, "zorder": 2}
            ax.errorbar(x, part[y], yerr=bars, **style)
            told = part["low"].notna()
            ax.plot(x[~told], part.loc[~told, y], ls="", marker="x", color=drawn.colour, mew=1.6, ms=6, zorder=3)
            part = part[told]
            for open_, points in part.groupby(part["clear"] == 0) if "clear" in part else [(False, part)]:
                face, edge = (PAPER, drawn.colour) if open_ else (drawn.colour, PAPER)
                style = {"marker": drawn.marker, "mfc": face, "mec": edge, "mew": 1.2 if open_ else 0.4, "ms": 6}
                ax.plot(x[points.index], points[y], ls="", zorder=3, **style)
    ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
    ax.set_xticks(range(len(labels)), labels)
    ax.set_xlim(-0.6, len(labels) - 0.4)


def pairs(ax: Axes, curves: pd.DataFrame, named: Callable[[Any], str]) -> None:
    """Draw differences with the plain budget and with twice as much: a pair of positions a cell, a short line an arm.

    Parameters
    ----------
    ax : matplotlib Axes
    curves : pandas.DataFrame
        Of one task, as :func:`placeprior.evidence.budget.curve`.
    named : callable
        A row of it as its cell is written under the axis.
    """
    cells = curves.drop_duplicates(["split", "fold"]).sort_values(["split", "fold"], ascending=[False, True])
    at = {(row.split, row.fold): 2 * number for number, row in enumerate(cells.itertuples())}
    curves = curves.assign(cell=[at[row.split, row.fold] for row in curves.itertuples()])
    draw(ax, curves.assign(position=curves["cell"] + curves["budget"] - 1), [""] * 2 * len(at), breaks="cell")
    ax.set_xticks([first + 0.5 for first in at.values()], [named(row) for row in cells.itertuples()])


def covered(axes: Sequence[Axes], table: pd.DataFrame, level: float, named: Callable[[Any], str]) -> list[str]:
    """Draw the coverage and the width of intervals, a row a split and fold, the arms a little below each other.

    Parameters
    ----------
    axes : two matplotlib Axes
        For coverage and for width; a width without bounds is not drawn.
    table : pandas.DataFrame
        As :func:`placeprior.evidence.uncertainty.collect`, with a column ``arm``, of the one level.
    level : float
        What was promised.
    named : callable
        A row of the table as its cell is written beside the axis.

    Returns
    -------
    list of str
        The arms.
    """
    cells = [
        row
        for split in splits_in(table)
        for row in table[table["split"] == split].drop_duplicates("fold").sort_values("fold").itertuples()
    ]
    at, arms = {(row.split, row.fold): i for i, row in enumerate(cells)}, arm_order(table["arm"])
    for shift, arm in zip(np.linspace(-ROOM / 2, ROOM / 2, max(len(arms), 2)), arms, strict=False):
        own, drawn = table[table["arm"] == arm], look(arm)
        y = [at[row.split, row.fold] + shift for row in own.itertuples()]
        bars = [(own["coverage"] - own["low"]).fillna(0), (own["high"] - own["coverage"]).fillna(0)]
        style = {"color": drawn.colour, "marker": drawn.marker, "mec": PAPER, "mew": 0.4, "ms": 5.5, "ls": ""}
        axes[0].errorbar(own["coverage"], y, xerr=bars, elinewidth=1.4, **style)
        axes[1].plot(own["width"].replace(np.inf, np.nan), y, **style)
    axes[0].axvline(level, color=MUTED, lw=1, ls="--", zorder=1)
    axes[0].xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes[0].set_yticks(range(len(cells)), [named(row) for row in cells])
    axes[0].set(ylim=(len(cells) - 0.5, -0.5), xlabel="coverage")
    axes[1].set_xlabel(f"width [{UNIT}]")
    return arms


def limit(axes: Sequence[Axes], values: Sequence[float], *, room: float = 0.6) -> None:
    """Give axes one range about their values and zero, so that no wide interval flattens the lines: it leaves the axes.

    Parameters
    ----------
    axes : sequence of matplotlib Axes
    values : sequence of float
        All that are drawn on them.
    room : float
        Beyond them, as a share of how far they lie apart.
    """
    ends = np.array([0.0, *(value for value in values if np.isfinite(value))])
    beyond = room * (np.ptp(ends) or 0.1)
    for ax in axes:
        ax.set_ylim(ends.min() - beyond, ends.max() + beyond)
