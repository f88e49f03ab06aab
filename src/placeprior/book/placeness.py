"""Drawings and tables of the page on negative and positive controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from placeprior.arms import arm_order, called, splits_in, where
from placeprior.book import figures
from placeprior.book.style import MUTED, PAPER, UNIT, look
from placeprior.book.words import minus, signed
from placeprior.evidence import map_error

#: Parts of a map in the order of figure and table.
PIECES = {
    "stations": "test stations",
    "map": "all land",
    "near": f"within {map_error.NEAR_KM:.0f} km",
    "far": "farther away",
    "mean": "mean of a place",
    "days": "days of a place",
}
FALSE_ALARMS = 0.05  # more than this share of clear gains where there is nothing to gain is too many


def by_placeness(
    found: pd.DataFrame, cell: Callable[[Any], str], values: Sequence[float], *, against: bool = False
) -> pd.DataFrame:
    """A row for each split and arm, a column for each setting of the knob.

    Parameters
    ----------
    found : pandas.DataFrame
        Columns ``split, arm, placeness`` and what `cell` reads.
    cell : callable
        A row of it as text.
    values : sequence of float
        The settings; a dash where there is no row.
    against : bool
        Also name the arm that each is compared with, from the column of that name.
    """
    texts = {(row.split, row.arm, row.placeness): cell(row) for row in found.itertuples()}
    bases = dict(zip(found["arm"], found["against"], strict=True)) if against else {}
    rows = [
        [where(split), called(arm)]
        + ([called(bases[arm])] if against else [])
        + [texts.get((split, arm, value), "–") for value in values]
        for split in splits_in(found)
        for arm in arm_order(found["arm"])
    ]
    names = ["split", "arm", *(["against"] if against else []), *(f"placeness {value:g}" for value in values)]
    return pd.DataFrame(rows, columns=names)


def level(row: Any) -> str:
    """A row of :func:`placeprior.evidence.placeness.levels` as a cell."""
    return minus(f"{row.level:.2f}" + (f" ± {row.sd:.2f}" if np.isfinite(row.sd) else ""))


def verdict(row: Any) -> str:
    """What is said of a difference."""
    return {1: "better", -1: "worse", 0: "not told apart"}[row.clear]


def starts(table: pd.DataFrame) -> pd.DataFrame:
    """:func:`placeprior.evidence.placeness.starts` as a page shows it; *never* where an arm is not better."""
    own = {(row.split, row.arm): row for row in table.itertuples()}
    rows = [
        [where(split), called(arm), called(row.against), f"{row.start:g}" if np.isfinite(row.start) else "never"]
        for split in splits_in(table)
        for arm in arm_order(table["arm"])
        if (row := own.get((split, arm)))
    ]
    return pd.DataFrame(rows, columns=["split", "arm", "against", "clearly better from placeness"])


def clears(shares: pd.DataFrame) -> pd.DataFrame:
    """:func:`placeprior.evidence.placeness.clears` as a page shows it."""
    rows = [
        [
            called(row.arm),
            called(row.against),
            str(row.worlds),
            str(row.above),
            f"{100 * row.low:.0f} to {100 * row.high:.0f} %",
            str(row.below),
            minus(f"{row.mean:+.4f}")
            + (f" ({signed(row.mean - row.half, row.mean + row.half, 4)})" if np.isfinite(row.half) else ""),
        ]
        for row in shares.itertuples()
    ]
    columns = ["arm", "against", "worlds and splits", "clearly better", "binomial interval", "clearly worse"]
    return pd.DataFrame(rows, columns=[*columns, "mean ΔR²"])


def passed(shares: pd.DataFrame) -> str:
    """Whether the negative control is passed, as a sentence.

    Parameters
    ----------
    shares : pandas.DataFrame
        As :func:`placeprior.evidence.placeness.clears`, of the arms that are told a place.
    """
    if shares.empty:
        return "One seed alone has no interval, so nothing can be judged here."
    failed = int((shares["low"] > FALSE_ALARMS).sum())
    if not failed:
        return (
            "No arm is clearly better more often than luck allows: the interval of each share includes one in twenty. "
            "The control is passed, as far as so few worlds can tell."
        )
    return (
        f"Of {len(shares)} {'arm' if len(shares) == 1 else 'arms'}, {failed} {'is' if failed == 1 else 'are'} clearly "
        "better more often than luck allows: **there the control fails**."
    )


def truth(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores against the truth by split and arm, a column for each of :data:`PIECES`, and R2 over all land.

    Parameters
    ----------
    scores : pandas.DataFrame
        As :func:`placeprior.evidence.map_error.by_part`, with a column ``arm``; means over runs are shown.
    """
    means = scores.groupby(["split", "arm", "part"])[["rmse", "r2"]].mean()
    rows = []
    for split in splits_in(scores):
        for arm in arm_order(scores.loc[scores["split"] == split, "arm"]):
            own = means.loc[split, arm]
            cells = [f"{own.loc[piece, 'rmse']:.2f}" if piece in own.index else "–" for piece in PIECES]
            r2 = f"{own.loc['map', 'r2']:.2f}" if "map" in own.index else "–"
            rows.append([where(split), called(arm), *cells, minus(r2)])
    return pd.DataFrame(rows, columns=["split", "arm", *PIECES.values(), "R², all land"])


def draw_gains(found: pd.DataFrame, fits: pd.DataFrame, quantity: str) -> Figure:
    """Draw one line an arm against placeness with intervals and pale dots for fits, one panel a split.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.placeness.differences`.
    fits : pandas.DataFrame
        The same by fit (:func:`placeprior.evidence.matched.by_fit`).
    quantity : str
        Label of the y axis.
    """
    splits, arms, values = splits_in(found), arm_order(found["arm"]), sorted(found["placeness"].unique())
    fig, axes = figures.subplots(1, len(splits), size=(6.4, 3.9), squeeze=False, sharey=True)
    apart = 0.022 * max(np.ptp(values), 0.5)
    for ax, split in zip(axes.flat, splits, strict=True):
        for number, arm in enumerate(arms):
            drawn, shift = look(arm), (number - (len(arms) - 1) / 2) * apart
            own = found[(found["arm"] == arm) & (found["split"] == split)].sort_values("placeness")
            each = fits[(fits["arm"] == arm) & (fits["split"] == split)]
            x, y = own["placeness"] + shift, own["difference"]
            ax.plot(x, y, color=drawn.colour, lw=1, alpha=0.7, zorder=2)
            ax.vlines(x, own["low"], own["high"], color=drawn.colour, lw=2, zorder=3)
            ax.scatter(x, y, color=drawn.colour, marker=drawn.marker, s=42, ec=PAPER, lw=0.6, zorder=4)
            ax.scatter(each["placeness"] + shift, each["value"], color=drawn.colour, s=10, alpha=0.35, lw=0, zorder=1)
        ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
        ax.set(xlabel="placeness", title=where(split), xticks=values)
    axes[0, 0].set_ylabel(quantity)
    high = found["difference"].mean() > 0
    figures.legend(axes[0, 0], arms, fontsize="small", loc="upper left" if high else "lower left")
    return fig


def draw_null(found: pd.DataFrame) -> Figure:
    """Draw differences of several worlds with their intervals, sorted, one panel an arm; clear ones strongly."""
    arms = arm_order(found["arm"])
    fig, axes = figures.panels(len(arms), 2, row=1.9, extra=0.5)
    for number, (ax, arm) in enumerate(zip(axes, arms, strict=True)):
        own = found[found["arm"] == arm].sort_values("difference").reset_index(drop=True)
        drawn, clear = look(arm), own["clear"] != 0
        for mask, alpha in ((~clear, 0.35), (clear, 1.0)):
            part, colours = own[mask], {"color": drawn.colour, "alpha": alpha}
            ax.hlines(part.index, part["low"], part["high"], lw=2, **colours)
            ax.scatter(part["difference"], part.index, marker=drawn.marker, s=30, lw=0, **colours)
        ax.axvline(0, color=MUTED, lw=1, ls="--", zorder=1)
        ax.set(title=called(arm), yticks=[], ylim=(-0.6, len(own) - 0.4))
        ax.grid(axis="y", visible=False)
        ax.locator_params(axis="x", nbins=4)
        if number + min(2, len(arms)) >= len(arms):  # the lowest of its column
            ax.set_xlabel("ΔR² of one world")
    return fig


def draw_truth(found: pd.DataFrame) -> Figure:
    """Draw differences in RMSE against the truth with their intervals, a row a part of the map, one panel a split.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.placeness.on_maps`, of one world.
    """
    arms, splits = arm_order(found["arm"]), splits_in(found)
    fig, axes = figures.subplots(1, len(splits), size=(6.4, 4.6), squeeze=False, sharey=True)
    for ax, split in zip(axes.flat, splits, strict=True):
        for number, arm in enumerate(arms):
            own, drawn = found[(found["split"] == split) & (found["arm"] == arm)].set_index("piece"), look(arm)
            shift = (number - (len(arms) - 1) / 2) * 0.8 / len(arms)
            y = [row + shift for row, piece in enumerate(PIECES) if piece in own.index]
            own = own.loc[[piece for piece in PIECES if piece in own.index]]
            ax.hlines(y, own["low"], own["high"], color=drawn.colour, lw=2)
            ax.scatter(own["difference"], y, color=drawn.colour, marker=drawn.marker, s=36, ec=PAPER, lw=0.6, zorder=4)
        ax.axvline(0, color=MUTED, lw=1, ls="--", zorder=1)
        title = f"{where(split)}, placeness {found['placeness'].iloc[0]:g}"
        ax.set(title=title, xlabel=f"ΔRMSE [{UNIT}]")
        ax.grid(axis="y", visible=False)
    axes[0, 0].set_yticks(range(len(PIECES)), list(PIECES.values()))
    axes[0, 0].set_ylim(len(PIECES) - 0.5, -0.5)
    figures.legend_above(fig, arms, fontsize="small")
    return fig
