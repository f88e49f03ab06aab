"""Results on the page on leaks as drawings and tables; drawings are labelled, and say so where there are none.

Its diagrams are in :mod:`placeprior.book.leak_diagrams`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from placeprior.arms import arm_order, called, splits_in, where
from placeprior.book import figures
from placeprior.book.style import BLUE, INK, MUTED, PAPER, PLUM, UNIT, VERMILION, look
from placeprior.book.words import gain, listed, minus, said
from placeprior.evidence import leak
from placeprior.evidence.leak import BOTH, CLASSES, CLEAN

LEAKS = {"pool": "neighbours leak", "scalers": "scalers leak", BOTH: "both leak"}
DRAWN = {CLEAN: (INK, "o"), "pool": (VERMILION, "s"), "scalers": (BLUE, "D"), BOTH: (PLUM, "^")}


def _means(scores: pd.DataFrame) -> pd.Series:
    return scores.groupby(["metric", "split", "arm", "leak"])["value"].mean()


def levels(scores: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Means over fits: a row for each split and arm, a column clean and for each leak; a dash where nothing was run.

    Parameters
    ----------
    scores : pandas.DataFrame
        As :func:`placeprior.evidence.leak.twins`.
    metric : str
    """
    means, shown = _means(scores), [CLEAN, *leak.kinds(scores)]
    rows = []
    for split in splits_in(scores):
        for arm in arm_order(scores["arm"]):
            values = [means.get((metric, split, arm, kind)) for kind in shown]
            rows.append([where(split), called(arm), *("–" if v is None else minus(f"{v:.2f}") for v in values)])
    return pd.DataFrame(rows, columns=["split", "arm", *(LEAKS.get(kind, kind) for kind in shown)])


def draw_levels(scores: pd.DataFrame, profile: str) -> str:
    """Draw R2 of each arm clean (open) and with both leaks (filled), joined by a line, split by split."""
    if scores.empty:
        return figures.nothing("Clean and leaky scores", profile, embedded=False)
    means, arms, splits = _means(scores), arm_order(scores["arm"]), splits_in(scores)
    fig, ax = figures.subplots(size=(6.4, 0.9 + 0.27 * (len(arms) + 0.6) * len(splits)))
    height, ticks = 0.0, []
    for split in splits:
        ticks.append(height + (len(arms) - 1) / 2)
        for arm in arms:
            pair, drawn = [means.get(("r2", split, arm, kind), np.nan) for kind in (CLEAN, BOTH)], look(arm)
            ax.plot(pair, [height, height], color=drawn.colour, lw=1.6, alpha=0.6, zorder=2)
            ax.scatter(pair[0], height, s=46, marker=drawn.marker, fc=PAPER, ec=drawn.colour, lw=1.5, zorder=3)
            ax.scatter(pair[1], height, s=52, marker=drawn.marker, color=drawn.colour, ec=PAPER, lw=0.6, zorder=4)
            height += 1
        height += 0.9
    ax.set_yticks(ticks, [where(split) for split in splits])
    ax.set_ylim(height - 0.6, -0.8)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.axvline(0, color=MUTED, lw=1, ls="--", zorder=1)
    ax.set_xlabel("test R² (open: clean, filled: leaky)")
    figures.legend_above(fig, arms)
    return figures.label(fig, profile, n=scores["run"].nunique(), of="runs", embedded=False)


def changes(in_r2: pd.DataFrame, in_rmse: pd.DataFrame) -> pd.DataFrame:
    """A row for each split and arm: what each leak changes in R2, and what both change in RMSE.

    Parameters
    ----------
    in_r2, in_rmse : pandas.DataFrame
        As :func:`placeprior.evidence.leak.changes`.
    """
    cells = {(row.split, row.arm, row.leak): gain(row) for row in in_r2.itertuples()}
    errors = {(row.split, row.arm): gain(row, 2) for row in in_rmse.itertuples() if row.leak == BOTH}
    shown = leak.kinds(in_r2)
    rows = []
    for split in splits_in(in_r2):
        for arm in arm_order(in_r2["arm"]):
            told = [cells.get((split, arm, kind), "–") for kind in shown]
            rows.append([where(split), called(arm), *told, errors.get((split, arm), "–")])
    heads = [*(f"{LEAKS[kind]}, ΔR²" for kind in shown), f"{LEAKS[BOTH]}, ΔRMSE [{UNIT}]"]
    return pd.DataFrame(rows, columns=["split", "arm", *heads])


def draw_changes(in_r2: pd.DataFrame, profile: str) -> str:
    """Draw what each leak changes in R2 with its interval, one panel a split, the arms below each other."""
    if in_r2.empty:
        return figures.nothing("The leak", profile, embedded=False)
    splits, arms, shown = splits_in(in_r2), arm_order(in_r2["arm"]), leak.kinds(in_r2)
    fig, axes = figures.panels(len(splits), 2, row=0.55 + 0.5 * len(arms), extra=0.9, sharey=True)
    names = [called(arm).replace(" (", "\n(").replace(", ", ",\n") for arm in arms]
    for number, (ax, split) in enumerate(zip(axes, splits, strict=True)):
        here = in_r2[in_r2["split"] == split]
        for shift, kind in zip(np.linspace(-0.25, 0.25, len(shown)), shown, strict=True):
            for row in here[here["leak"] == kind].itertuples():
                _draw_interval(ax, row, arms.index(row.arm) + shift, kind)
        figures.rows(ax, names)
        ax.locator_params(axis="x", nbins=5)
        ax.set_title(where(split))
        if number + min(2, len(splits)) >= len(splits):
            ax.set_xlabel("ΔR², leaky − clean")
    handles = [Line2D([], [], color=DRAWN[kind][0], marker=DRAWN[kind][1], label=LEAKS[kind]) for kind in shown]
    fig.legend(handles=handles, loc="outside upper center", ncols=3)
    return figures.label(fig, profile, n=in_r2["stations"].max(), of="stations at most", embedded=False)


def _draw_interval(ax: Axes, row: Any, y: float, kind: str) -> None:
    colour, marker = DRAWN[kind]
    ax.plot([row.low, row.high], [y, y], color=colour, lw=2, solid_capstyle="round")
    ax.scatter(row.difference, y, s=38, marker=marker, color=colour, ec=PAPER, lw=0.6, zorder=3)


def distances(table: pd.DataFrame) -> pd.DataFrame:
    """:func:`placeprior.evidence.leak.distances` as a page shows it."""
    shown = table.map("{:.0f}".format)
    shown["tested"] = table["tested"].map("{:,}".format)
    shown.insert(0, "split", [where(split) for split in table.index])
    heads = ["clean: median", "clean: nine in ten within", "leaky: median", "leaky: nine in ten within"]
    return shown.set_axis(["split", "tested stations", *heads], axis=1).reset_index(drop=True)


def draw_by_distance(stations: pd.DataFrame, profile: str) -> str:
    """Draw RMSE by class of distance, clean and leaky, one panel an arm.

    Parameters
    ----------
    stations : pandas.DataFrame
        As :func:`placeprior.evidence.leak.by_station`.
    profile : str
    """
    if stations.empty:
        return figures.nothing("Error by distance", profile, embedded=False)
    arms = arm_order(stations["arm"])
    arms = [arm for arm in ("idw", "none") if arm in arms] or arms[:2]
    fig, axes = figures.subplots(1, len(arms), size=(6.4, 3.6), sharey=True, squeeze=False)
    for ax, arm in zip(axes[0], arms, strict=True):
        error = leak.by_distance(stations[stations["arm"] == arm])
        x = [CLASSES.index(name) for name in error.index]
        ax.plot(x, error["clean"], color=DRAWN[CLEAN][0], marker="o", mfc=PAPER, lw=1.6, label="clean")
        ax.plot(x, error["leaky"], color=DRAWN[BOTH][0], marker="^", ls="--", lw=1.6, label="leaky")
        ax.set_xticks(range(len(CLASSES)), CLASSES, rotation=40)
        ax.set_title(called(arm))
        ax.set_xlabel("distance to training [km]")
    axes[0, 0].set_ylabel(f"test RMSE [{UNIT}]")
    axes[0, 0].set_ylim(bottom=0)
    axes[0, 0].legend()
    return figures.label(fig, profile, n=stations["name"].nunique(), of="stations", embedded=False)


def draw_gains(found: pd.DataFrame, profile: str) -> str:
    """Draw the gain from place clean (open) and leaky (filled) with intervals, one panel an arm.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.leak.gains`.
    profile : str
    """
    if found.empty:
        return figures.nothing("Gain from place, clean and leaky", profile, embedded=False)
    arms, splits = arm_order(found["arm"]), splits_in(found)
    size = (6.4, 1.0 + len(arms) * (0.5 + 0.45 * len(splits)))
    fig, axes = figures.subplots(len(arms), 1, size=size, squeeze=False)
    for ax, arm in zip(axes[:, 0], arms, strict=True):
        for which, shift, kind in (("clean", -0.15, CLEAN), ("leaky", 0.15, BOTH)):
            colour, marker = DRAWN[kind]
            fill = colour if which == "leaky" else PAPER
            for row in found[(found["arm"] == arm) & (found["which"] == which)].itertuples():
                y = splits.index(row.split) + shift
                ax.plot([row.low, row.high], [y, y], color=colour, lw=2, solid_capstyle="round")
                ax.scatter(row.difference, y, s=46, marker=marker, fc=fill, ec=colour, lw=1.4, zorder=3)
        figures.rows(ax, [where(split) for split in splits])
        ax.set_title(called(arm))
    axes[-1, 0].set_xlabel("ΔR² to no location (open: clean, filled: leaky)")
    return figures.label(fig, profile, n=found["stations"].max(), of="stations at most", embedded=False)


def gains(found: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Gains from place clean and leaky, their change, and the order of all arms by mean R2, best first.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.leak.gains`.
    scores : pandas.DataFrame
        As :func:`placeprior.evidence.leak.twins`.
    """
    means = _means(scores)
    cells = {(row.arm, row.split, row.which): gain(row) for row in found.itertuples()}
    rows = []
    for arm in arm_order(found["arm"]):
        for split in splits_in(found):
            told = [cells.get((arm, split, which)) for which in ("clean", "leaky", "change")]
            if None in told:
                continue
            orders = [
                listed([said(name) for name in means["r2", split].xs(kind, level="leak").sort_values().index[::-1]])
                for kind in (CLEAN, BOTH)
            ]
            same = orders[0] == orders[1]
            rows.append([where(split), called(arm), *told, orders[0], "the same" if same else orders[1]])
    columns = ["split", "arm", "clean", "leaky", "change", "order, clean", "order, leaky"]
    return pd.DataFrame(rows, columns=columns)


def span(in_r2: pd.DataFrame, kind: str) -> str:
    """Smallest and largest change that a leak makes over splits and trained arms, and how many are clear."""
    own = in_r2[(in_r2["leak"] == kind) & (in_r2["arm"] != "idw")]
    if own.empty:
        return "no runs yet"
    low, high, clear = own["difference"].min(), own["difference"].max(), int((own["clear"] != 0).sum())
    return minus(f"ΔR² {low:+.3f} to {high:+.3f} over splits and trained arms; {clear} of {len(own)} are clear")


def scatter(found: pd.DataFrame) -> str:
    """How far single fits of a clean gain on a checkerboard lie apart: between seeds, and between its partitions.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.leak.gains`.
    """
    own = found[(found["which"] == "clean") & found["split"].astype(str).str.startswith("checker")]
    if own.empty:
        return "no runs yet"
    seeds = np.nanmean(np.sqrt(own["noise"].astype(float)))
    partitions = np.mean([apart.max() - apart.min() for apart in own["apart"]])
    return (
        f"gain of place on a checkerboard: standard deviation between seeds {seeds:.3f}, difference of the two "
        f"partitions {partitions:.3f} (R², means over {len(own)} comparisons)"
    )


def defects(in_r2: pd.DataFrame, found: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Defects of the reference code that touch what a score means, and how large each is here.

    Parameters
    ----------
    in_r2 : pandas.DataFrame
        As :func:`placeprior.evidence.leak.changes`.
    found : pandas.DataFrame
        As :func:`placeprior.evidence.leak.gains`.
    sites : pandas.DataFrame
        ``lon`` and ``lat`` of every station of the task.
    """
    dropped = (
        f"the 30 km are {leak.mercator_km(30):.0f} km at 30° N and {leak.mercator_km(48):.0f} km at 48° N; "
        f"{100 * leak.without_neighbours(sites):.0f} % of {len(sites):,} monitors have no neighbour left if all report"
    )
    by_construction = "not run: at a monitor it is the label by construction"
    rows = [
        ("scalers fitted on training and test rows", "tells the level and spread of the test", span(in_r2, "scalers")),
        ("neighbour feature from all monitors", "tells a tested place the labels around it", span(in_r2, "pool")),
        (
            "neighbours within 30 km dropped, in Web Mercator metres",
            "shrinks with latitude; empties the feature in dense cities",
            dropped,
        ),
        ("maps from a feature with the cell's own monitor", "at a monitor the input is the label", by_construction),
        ("two single fits a cell size, no seeds, no intervals", "cannot tell a gain from chance", scatter(found)),
        ("best weights not restored", "uses a model past its best", "not run here"),
    ]
    table = pd.DataFrame(rows, columns=["in the reference code", "what it does", "size here"])
    table.insert(0, "No.", [str(number) for number in range(1, len(rows) + 1)])
    return table
