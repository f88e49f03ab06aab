"""Drawings and tables of the page on negative and positive controls."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from placeprior.arms import arm_order, called, with_arm
from placeprior.book import figures
from placeprior.book.style import MUTED, PAPER, look
from placeprior.book.words import gain, minus, signed
from placeprior.evidence import map_error, placeness
from placeprior.evidence.gains import REFERENCE
from placeprior.evidence.map_error import NEAR_KM

__all__ = ["NEAR_KM", "clears", "draw_gains", "handed", "truth"]

#: Parts of a map in the order of the table.
PIECES = {
    "stations": "test stations",
    "map": "all land",
    "near": "near a station",
    "far": "farther away",
    "mean": "mean of a place",
    "days": "days of a place",
}


def handed(found: pd.DataFrame) -> pd.DataFrame:
    """The columns of a table of differences that a reader takes along: one value a cell."""
    return found[["task", "placeness", "split", "arm", "difference", "low", "high", "clear", "stations", "fits"]]


def clears(shares: pd.DataFrame) -> pd.DataFrame:
    """:func:`placeprior.evidence.placeness.clears` as a page shows it."""
    rows = [
        [
            called(row.arm),
            str(row.worlds),
            f"{row.above} ({100 * row.low:.0f} to {100 * row.high:.0f} %)",
            str(row.below),
            minus(f"{row.mean:+.3f}")
            + (f" ({signed(row.mean - row.half, row.mean + row.half)})" if np.isfinite(row.half) else ""),
        ]
        for row in shares.itertuples()
    ]
    return pd.DataFrame(rows, columns=["arm", "worlds", "clearly better", "clearly worse", "mean ΔR²"])


def truth(table: pd.DataFrame) -> pd.DataFrame:
    """RMSE against the truth at placeness 1 without a place, and the change by each arm, a column for each part.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`placeprior.evidence.map_error.collect`; the first of its worlds is shown, at the largest placeness
        where none is 1.
    """
    table = with_arm(table.astype({"run": str}))
    home = 1.0 if 1.0 in set(table["placeness"]) else table["placeness"].max()
    here = table[(table["placeness"] == home) & (table["world"] == table["world"].min())]
    plain = here[here["arm"] == REFERENCE]
    level = map_error.by_part(plain).groupby("part")["rmse"].mean() if len(plain) else pd.Series(dtype=float)
    found = placeness.on_maps(here)
    cells = {(row.arm, row.piece): gain(row, 2) for row in found.itertuples()}
    rows = [[called(REFERENCE), *(f"{level[piece]:.2f}" if piece in level else "–" for piece in PIECES)]]
    rows += [[called(arm), *(cells.get((arm, piece), "–") for piece in PIECES)] for arm in arm_order(found["arm"])]
    return pd.DataFrame(rows, columns=["arm", *PIECES.values()])


def draw_gains(found: pd.DataFrame) -> Figure:
    """Draw one line an arm against placeness, with intervals.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.placeness.turned`, of worlds that differ in placeness alone.
    """
    values = sorted(found["placeness"].unique())
    arms = arm_order(found.loc[found["placeness"] != 1, "arm"])  # those that were asked in other worlds too
    fig, ax = figures.subplots(size=(6.4, 4.2))
    apart = 0.022 * max(np.ptp(values), 0.5)
    for number, arm in enumerate(arms):
        drawn, shift = look(arm), (number - (len(arms) - 1) / 2) * apart
        own = found[found["arm"] == arm].sort_values("placeness")
        x = own["placeness"] + shift
        ax.plot(x, own["difference"], color=drawn.colour, lw=1, alpha=0.7, zorder=2)
        ax.vlines(x, own["low"].astype(float), own["high"].astype(float), color=drawn.colour, lw=2, zorder=3)
        ax.scatter(x, own["difference"], color=drawn.colour, marker=drawn.marker, s=42, ec=PAPER, lw=0.6, zorder=4)
    ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
    ax.set(xlabel="placeness", ylabel="ΔR² to the network without a place", xticks=values)
    figures.legend_above(fig, arms, fontsize="small")
    return fig
