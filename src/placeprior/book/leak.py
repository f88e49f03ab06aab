"""What leaks are worth, as drawings and a table; drawings are labelled, and say so where there are no results.

Diagrams of the page on leaks are in :mod:`placeprior.book.leak_diagrams`.
"""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from placeprior.arms import arm_order, called, splits_in, where
from placeprior.book import figures
from placeprior.book.style import BLUE, GREEN, INK, PAPER, PLUM, VERMILION
from placeprior.book.words import minus
from placeprior.evidence import leak
from placeprior.evidence.law import REFERENCE
from placeprior.evidence.leak import BOTH, CLEAN

LEAKS = {"pool": "neighbours leak", "scalers": "scalers leak", BOTH: "both leak"}
DRAWN = {CLEAN: (INK, "o"), "pool": (VERMILION, "s"), "scalers": (BLUE, "D"), BOTH: (PLUM, "^")}
CHANGE = (GREEN, "s")


def levels(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean R2 over fits: a row for each split and arm, a column clean and for each leak; a dash where nothing was run.

    Parameters
    ----------
    scores : pandas.DataFrame
        As :func:`placeprior.evidence.leak.twins`.
    """
    means = scores[scores["metric"] == "r2"].groupby(["split", "arm", "leak"])["value"].mean()
    shown, rows = [CLEAN, *leak.kinds(scores)], []
    for split in splits_in(scores):
        for arm in arm_order(scores["arm"]):
            values = [means.get((split, arm, kind)) for kind in shown]
            rows.append([where(split), called(arm), *("–" if v is None else minus(f"{v:.2f}") for v in values)])
    return pd.DataFrame(rows, columns=["split", "arm", *(LEAKS.get(kind, kind) for kind in shown)])


def draw_changes(in_r2: pd.DataFrame, profile: str) -> str:
    """Draw what each leak changes in R2 with its interval, one panel a split, the arms below each other."""
    if in_r2.empty:
        return figures.nothing("The leak", profile, embedded=False)
    splits, arms, shown = splits_in(in_r2), arm_order(in_r2["arm"]), leak.kinds(in_r2)
    size = (4.6, 1.2 + len(splits) * (0.5 + 0.36 * len(arms)))
    fig, axes = figures.subplots(len(splits), 1, size=size, sharex=True, squeeze=False)
    for ax, split in zip(axes[:, 0], splits, strict=True):
        here = in_r2[in_r2["split"] == split]
        for shift, kind in zip(np.linspace(-0.25, 0.25, len(shown)), shown, strict=True):
            for row in here[here["leak"] == kind].itertuples():
                _draw_interval(ax, row, arms.index(row.arm) + shift, *DRAWN[kind])
        figures.rows(ax, [textwrap.fill(called(arm), 17) for arm in arms])
        ax.set_title(where(split))
    axes[-1, 0].set_xlabel("ΔR², leaky − clean")
    handles = [Line2D([], [], color=DRAWN[kind][0], marker=DRAWN[kind][1], label=LEAKS[kind]) for kind in shown]
    fig.legend(handles=handles, loc="outside upper center", ncols=3)
    data = in_r2.drop(columns=["apart", "each"])
    return figures.label(fig, profile, n=in_r2["stations"].max(), of="stations at most", embedded=False, data=data)


def _draw_interval(ax: Axes, row: Any, y: float, colour: str, marker: str, *, filled: bool = True) -> None:
    ax.plot([row.low, row.high], [y, y], color=colour, lw=2, solid_capstyle="round")
    face, edge = (colour, PAPER) if filled else (PAPER, colour)
    ax.scatter(row.difference, y, s=44, marker=marker, fc=face, ec=edge, lw=0.8 if filled else 1.4, zorder=3)


def draw_gains(found: pd.DataFrame, profile: str) -> str:
    """Draw the gain from place clean (open) and leaky (filled), and the change (square), with intervals.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.leak.gains`.
    profile : str
    """
    if found.empty:
        return figures.nothing("Gain from place, clean and leaky", profile, embedded=False)
    arms, splits = arm_order(found["arm"]), splits_in(found)
    size = (4.6, 1.2 + len(arms) * (0.5 + 0.6 * len(splits)))
    fig, axes = figures.subplots(len(arms), 1, size=size, sharex=True, squeeze=False)
    drawn = {"clean": DRAWN[CLEAN], "leaky": DRAWN[BOTH], "change": CHANGE}
    for ax, arm in zip(axes[:, 0], arms, strict=True):
        for shift, (which, look) in zip((-0.25, 0.0, 0.25), drawn.items(), strict=True):
            for row in found[(found["arm"] == arm) & (found["which"] == which)].itertuples():
                _draw_interval(ax, row, splits.index(row.split) + shift, *look, filled=which != "clean")
        figures.rows(ax, [where(split) for split in splits])
        ax.set_title(called(arm))
    axes[-1, 0].set_xlabel(f"ΔR² to {called(REFERENCE)}")
    words = {"clean": "clean", "leaky": "with both leaks", "change": "leaky − clean"}
    handles = [
        Line2D([], [], color=colour, marker=marker, mfc=PAPER if which == "clean" else colour, label=words[which])
        for which, (colour, marker) in drawn.items()
    ]
    fig.legend(handles=handles, loc="outside upper center", ncols=3)
    data = found.drop(columns=["apart", "each"])
    return figures.label(fig, profile, n=found["stations"].max(), of="stations at most", embedded=False, data=data)
