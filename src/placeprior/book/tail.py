"""Drawings of the page about parts of an error: means of places and their days, kinds of days, hits and alarms.

Every function takes rows of :func:`placeprior.evidence.subsets.referenced` of one or several profiles, and draws a
panel a task and split, real measurements first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from placeprior.arms import arm_order, splits_in, where
from placeprior.book import figures
from placeprior.book.results import TASKS
from placeprior.book.style import GRID, MUTED, PAPER
from placeprior.scores import error_parts

#: The strata of :func:`placeprior.evidence.strata.masks` in words.
STRATA = {
    "all": "all days",
    "high-35": "at least 35",
    "high-55": "at least 55",
    "smoke": "smoke",
    "no-smoke": "no smoke",
    "episode": "smoke proxy",
    "no-episode": "other days",
    "DJF": "winter",
    "MAM": "spring",
    "JJA": "summer",
    "SON": "autumn",
}
LEVELS = [f"{level:.0f}" for level in error_parts.LEVELS]
#: The parts of R2 in words.
PARTS = {
    "r2_between": "means of\nplaces",
    "r2_within": "their\ndays",
    "r2_day": "the day's\nmean",
    "r2_map": "the day's\nmap",
}
#: Arms as heads of columns.
HEADS = {"geoclip-hadamard": "GeoCLIP,\nHadamard", "geoclip-concat": "GeoCLIP,\nconcat."}
ORDER = sorted(TASKS, key=lambda task: task == "world")


def panels(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """A title and the rows of each task and split, real measurements first.

    Parameters
    ----------
    table : pandas.DataFrame
    """
    for task in [task for task in ORDER if task in set(table["task"])]:
        own = table[table["task"] == task]
        for split in splits_in(own):
            yield f"{TASKS[task]}\n{where(split)}", own[own["split"] == split]


def draw_parts(table: pd.DataFrame, profiles: Sequence[str]) -> str:
    """Differences of the parts of R2, arms by parts.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`placeprior.evidence.subsets.told`.
    profiles : sequence of str
        Whose tables it holds.

    Returns
    -------
    str
        The line under the figure.
    """
    shown = table[(table["stratum"] == "all") & table["metric"].isin(PARTS)]
    if shown.empty:
        return figures.nothing("Parts of R²", " and ".join(profiles), embedded=None)
    fig = figures.signs(
        dict(panels(shown)), "R² minus that of the reference", reference=None, by=("arm", "metric"), names=PARTS
    )
    return _label(fig, shown, profiles)


def draw_strata(table: pd.DataFrame, profiles: Sequence[str]) -> str:
    """Differences of RMSE in per cent of the reference's, kinds of days by arms; as :func:`draw_parts`."""
    shown = table[(table["metric"] == "rmse") & table["stratum"].isin(STRATA)]
    if shown.empty:
        return figures.nothing("Kinds of days", " and ".join(profiles), embedded=None)
    share = 100 / (shown["value"] - shown["difference"])
    shown = shown.assign(**{name: shown[name] * share for name in ("difference", "low", "high")})
    fig = figures.signs(
        dict(panels(shown)),
        "RMSE minus that of the reference, in % of it",
        better=-1,
        reference=None,
        by=("stratum", "arm"),
        names=STRATA | HEADS,
        limit=15.0,
        digits=0,
    )
    return _label(fig, shown, profiles)


def draw_events(table: pd.DataFrame, profiles: Sequence[str]) -> str:
    """Hit rate against the share of right alarms, a column a task and split, a row a level; as :func:`draw_parts`."""
    metrics = [f"{what}_{level}" for level in LEVELS for what in ("far", "pod")]
    shown = table[(table["stratum"] == "all") & table["metric"].isin(metrics)]
    every = list(panels(shown))
    if not every:
        return figures.nothing("Hits and alarms", " and ".join(profiles), embedded=None)
    fig, axes = figures.subplots(
        len(LEVELS), len(every), size=(7.2, 2.2 * len(LEVELS) + 1.2), squeeze=False, sharex=True, sharey=True
    )
    arms: set[str] = set()
    for line, level in zip(axes, LEVELS, strict=True):
        for ax, (title, part) in zip(line, every, strict=True):
            values = part.pivot(index="arm", columns="metric", values="value").reindex(arm_order(part["arm"]))
            arms |= _hits(ax, values.reindex(columns=[f"far_{level}", f"pod_{level}"]).set_axis([0, 1], axis=1))
            if level == LEVELS[0]:
                ax.set_title(title, fontsize="small")
        line[0].set_ylabel(f"hit rate, {level} {figures.UNIT}")
    for ax in axes[-1]:
        ax.set_xlabel("right alarms")
    if arms:
        figures.legend_above(fig, arms, linestyle="", fontsize="small")
    return _label(fig, shown, profiles)


def _hits(ax: Axes, values: pd.DataFrame) -> set[str]:
    """One panel: false alarm ratio (0) and hit rate (1) of the arms, over lines of equal critical success."""
    x, y = np.meshgrid(np.linspace(0.01, 1, 60), np.linspace(0.01, 1, 60))
    ax.contour(x, y, 1 / (1 / x + 1 / y - 1), levels=[0.2, 0.4, 0.6, 0.8], colors=GRID, linewidths=0.8)
    ax.plot([0, 1], [0, 1], color=MUTED, lw=1, ls="--")
    drawn = values.dropna()
    for arm, alarms, hits in drawn.itertuples():
        look = figures.look(arm)
        style = {"s": 46, "ec": PAPER, "lw": 0.6, "zorder": 3, "clip_on": False}
        ax.scatter(1 - alarms, hits, marker=look.marker, color=look.colour, **style)
    if drawn.empty:
        ax.text(0.5, 0.5, "no such day told", ha="center", va="center", fontsize="x-small")
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    return set(drawn.index)


def _label(fig: figures.Figure, shown: pd.DataFrame, profiles: Sequence[str]) -> str:
    """The line under a figure; panels say which are simulated where both kinds are drawn."""
    simulated = set(shown["task"]) == {"world"}
    mixed = "world" in set(shown["task"]) and not simulated
    columns = ["task", "split", "arm", "stratum", "metric", "value", "difference", "low", "high", "clear", "fits"]
    return figures.label(
        fig,
        " and ".join(profiles),
        n=int(shown["n"].max()),
        of="station-days a fit at most",
        embedded=simulated,
        note="and simulated where a panel says so" if mixed else "",
        data=shown[columns],
    )
