"""Differences of several arms along something that was varied: one line an arm, with the interval of every point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from placeprior.looks import arm_order, look

ROOM = 0.5  # of the distance between two positions, over which the arms are spread


def draw(
    ax: Axes, table: pd.DataFrame, labels: Sequence[str], *, y: str = "difference", breaks: str | None = None
) -> None:
    """Draw one line an arm over positions 0, 1, 2 …, around a dashed line at zero.

    Parameters
    ----------
    ax : matplotlib Axes
    table : pandas.DataFrame
        Columns ``arm``, ``position``, `y`, ``low`` and ``high``; a point without an interval has NaN there.
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
            ax.errorbar(part["position"] + shift, part[y], yerr=bars, color=drawn.colour, marker=drawn.marker, lw=0.8,
                        elinewidth=1.6, ms=5, mec="white", mew=0.4)  # fmt: skip
    ax.axhline(0, color="#777777", lw=1, ls="--", zorder=1)
    ax.set_xticks(range(len(labels)), labels)
    ax.set_xlim(-0.6, len(labels) - 0.4)
