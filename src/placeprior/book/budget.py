"""Drawings, tables and the verdict of the page about how long a network learns and how large it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from placeprior.arms import arm_order, called, where
from placeprior.book.style import MUTED
from placeprior.book.words import minus
from placeprior.evidence import budget


def named(row: Any) -> str:
    """A cell in words: task, split, and the partition where there are two.

    >>> from types import SimpleNamespace as Row
    >>> named(Row(task="world", split="checkerboard-16", fold=2)), named(Row(task="world", split="spatial", fold=1))
    ('world, OoR · 16° 2', 'world, WR · spatial')
    """
    part = f" {row.fold}" if row.split.startswith("checkerboard") else ""
    return f"{row.task}, {where(row.split)}{part}"


def verdict(found: pd.DataFrame, order: pd.DataFrame) -> str:
    """What the doubling test says: how many differences and orders hold, and by how much levels rise.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.budget.doubled`.
    order : pandas.DataFrame
        As :func:`placeprior.evidence.budget.orders`.
    """
    reference = found["arm"] == budget.REFERENCE
    tested, rise = found[~reference], found.loc[reference, "rise"]
    if tested.empty:
        return "No difference was measured with both budgets yet."
    kept = f"**{order['kept'].sum()} of {len(order)}** clear orders stay" if len(order) else "no order is clear"
    return minus(
        f"With twice the budget, **{tested['held'].sum()} of {len(tested)}** differences to the reference move by no "
        f"more than {budget.LEAST} or half their standard error; {kept}. The level of the reference changes by "
        f"{rise.min():+.3f} to {rise.max():+.3f}, on average by {rise.mean():+.3f}."
    )


def cells(found: pd.DataFrame) -> pd.DataFrame:
    """One row a cell and arm as text: level, difference and by how much both move with twice the budget.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.budget.doubled`.
    """
    arms = arm_order(found["arm"])
    found = found.sort_values("arm", key=lambda arm: arm.map(arms.index)).sort_values(
        ["task", "split", "fold"], ascending=[True, False, True], kind="stable"
    )
    other = found["arm"] != budget.REFERENCE
    moved = found["moved"].map("{:+.3f}".format) + found["moved_se"].map(" ± {:.3f}".format)
    table = pd.DataFrame(
        {
            "cell": [named(row) for row in found.itertuples()],
            "arm": [called(arm) for arm in found["arm"]],
            "R²": found["level"].map("{:.3f}".format),
            "R² rises by": found["rise"].map("{:+.3f}".format),
            "ΔR²": found["difference"].map("{:+.3f}".format).where(other, "–"),
            "moves by": moved.where(other, "–"),
            "allowed": found["allowed"].map("{:.3f}".format).where(other, "–"),
            "verdict": found["held"].map({True: "holds", False: "**moves**"}).where(other, "reference"),
            "seeds": found["seeds"],
        }
    )
    return table.astype(str).map(lambda text: minus(text).replace(" ± nan", ""))


def draw_sizes(ax: Axes, found: pd.DataFrame) -> None:
    """Differences by size of the network (:func:`placeprior.evidence.budget.sizes`): a dot a fit, a line a cell."""
    order = list(dict.fromkeys(found["size"]))
    for number, (_, part) in enumerate(found.groupby(budget.CELL)):
        colour, marker = f"C{number}", "osD^v"[number % 5]
        ax.scatter(part["size"].map(order.index), part["difference"], s=14, color=colour, alpha=0.5, lw=0)
        means = part.groupby("size")["difference"].mean()[order]
        ax.plot(np.arange(len(order)), means, color=colour, marker=marker, label=named(next(part.itertuples())))
    ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
    ax.set_xticks(range(len(order)), [each.replace(", ", ",\n") for each in order])
    ax.legend(fontsize="small")
