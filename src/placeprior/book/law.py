"""Drawings of the page about what place is worth: by distance, by stations, by length of training, across years."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from placeprior.arms import called
from placeprior.book import figures, lines
from placeprior.book.results import TASKS
from placeprior.book.words import gain
from placeprior.evidence import law

#: What :func:`carried_over` tells, in order.
CARRIED = {"same": "trained on the same year", "other": "on another", "change": "the second minus the first"}


def reach(row: Any) -> str:
    """A bin of distance in words.

    >>> from types import SimpleNamespace as Row
    >>> [reach(Row(low_km=a, high_km=b)) for a, b in ((0, 1e-9), (1e-9, 10), (10, 40), (640, np.inf))]
    ['0 km', 'below 10 km', '10 to 40 km', '640 km and more']
    """
    if row.high_km <= law.EDGES_KM[1]:
        return "0 km"
    if np.isinf(row.high_km):
        return f"{row.low_km:.0f} km and more"
    return f"below {row.high_km:.0f} km" if row.low_km < 1 else f"{row.low_km:.0f} to {row.high_km:.0f} km"


def stacked(
    found: Mapping[str, pd.DataFrame],
    profiles: Mapping[str, str],
    draw: Callable[[Axes, pd.DataFrame], pd.Series],
    x: str,
    *,
    n: int,
    of: str,
) -> str:
    """Gains of several tasks below each other, on one scale, with what they rest on under them.

    Parameters
    ----------
    found : mapping
        Gains by task; one without rows is passed over, and one at least has some.
    profiles : mapping
        By task; the embedded world is that of ``world``, and all others are measured.
    draw : callable
        One of this module's, on axes; returns what was drawn.
    x : str
        Label of the lowest axis.
    n, of
        As for :func:`placeprior.book.figures.label`.

    Returns
    -------
    str
        The line under the figure.
    """
    found = {task: table for task, table in found.items() if len(table)}
    fig, axes = figures.subplots(
        len(found), 1, size=(4.6, 1.2 + 2.0 * len(found)), sharex=True, sharey=True, squeeze=False
    )
    drawn = [draw(ax, table) for ax, table in zip(axes.flat, found.values(), strict=True)]
    lines.limit(list(axes.flat), pd.concat(drawn), room=0.3)
    for ax, task in zip(axes.flat, found, strict=True):
        ax.set_title(f"{TASKS.get(task, task)}{' (simulated)' if task == 'world' else ''}")
    axes.flat[-1].set_xlabel(x)
    fig.supylabel("gain, share of the variance", fontsize="medium")
    arms = {arm for table in found.values() for arm in table["arm"]} - {law.ORACLE}
    figures.legend_above(fig, arms)
    measured = [task for task in found if task != "world"]
    note = f"below: embedded world, profile {profiles['world']}" if len(found) > len(measured) and measured else ""
    data = pd.concat([table.assign(task=task) for task, table in found.items()], ignore_index=True)
    data = data.drop(columns=["apart", "each"], errors="ignore")
    return figures.label(
        fig, profiles[(measured or ["world"])[0]], n=n, of=of, embedded=not measured, note=note, data=data
    )


def draw_by_distance(ax: Axes, gains: pd.DataFrame) -> pd.Series:
    """Gain by distance (:func:`.law.by_distance`), and dotted that of one who knows what place does; what was drawn.

    Bins of :data:`.law.MERGED_KM` stand right of a line, and nothing leads from one to the next.
    """
    bins = gains.drop_duplicates(["low_km", "high_km"])[["low_km", "high_km"]]
    merged = [(row.low_km, row.high_km) in law.MERGED_KM for row in bins.itertuples()]
    bins = bins.assign(merged=merged).sort_values(["merged", "low_km"]).assign(position=range(len(bins)))
    gains = gains.merge(bins, on=["low_km", "high_km"])
    gains["part"] = gains["position"].where(gains["merged"], -1)
    known = gains["arm"] == law.ORACLE
    for _, part in gains[known].groupby("part"):
        ends = part["position"] if len(part) > 1 else part["position"].item() + lines.ROOM * np.array([-0.5, 0.5])
        ax.plot(ends, part["gain"].to_numpy() * np.ones(len(ends)), color=figures.INK, ls=":")
    lines.draw(ax, gains[~known], [_short(row) for row in bins.itertuples()], y="gain", breaks="part")
    if bins["merged"].any():
        ax.axvline(bins.loc[bins["merged"], "position"].min() - 0.5, color=figures.MUTED, lw=1)
    return gains["gain"]


def _short(row: Any) -> str:
    """A bin of distance under an axis: 0, <10, 10–40 in two lines, 640+."""
    text = reach(row).replace("below ", "<").replace(" to ", "–\n")
    return text.replace(" km and more", "+").replace(" km", "")


def draw_by_stations(ax: Axes, gains: pd.DataFrame) -> pd.Series:
    """Gain by the number of training stations (:func:`.law.by_stations`); what was drawn."""
    numbers = sorted(gains["trained"].unique())
    lines.draw(ax, gains.assign(position=gains["trained"].map(numbers.index)), [f"{n:,.0f}" for n in numbers])
    return gains["difference"]


def carried_over(carried: pd.DataFrame) -> str:
    """Gains in the year of training and in another, and their difference (:func:`.years.carried`), as a sentence."""
    told = [
        f"{CARRIED[row.what]}, {called(row.arm)}: {gain(row, 3)}"
        for row in carried[carried["what"].isin(CARRIED)].itertuples()
    ]
    return f"Gain in R² over the same network without a place, both years and all seeds pooled: {'; '.join(told)}."
