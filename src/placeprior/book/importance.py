"""Drawings of the page about what a network leans on: permutation importance, and what is gained by leaning.

Most functions take what was measured in a task (:class:`placeprior.evidence.reliance.Measured`) and the results of
the same task (:class:`placeprior.book.results.Results`), which say how it is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from placeprior.arms import splits_in, where
from placeprior.book import figures
from placeprior.book.results import Results
from placeprior.book.style import BLUE, INK, MUTED, PAPER
from placeprior.book.words import INTERVAL, NOTE, variable
from placeprior.evidence.permutation import INPUTS, PLACE
from placeprior.evidence.reliance import Measured

#: Colour, marker and words of the two shuffles.
SHUFFLES = {"within": (INK, "o", "within a station, other day"), "across": (BLUE, "^", "across stations, same day")}
Series = tuple[str, str, str, pd.DataFrame]  # colour, marker, label, and importance by predictor


def _bars(ax: Axes, series: Sequence[Series], names: Sequence[str]) -> None:
    """Rows of means with intervals, the series of a row below one another."""
    for number, (colour, marker, label, found) in enumerate(series):
        shift = (number - (len(series) - 1) / 2) * 0.7 / len(series)
        for row, name in enumerate(names):
            if name in found.index:
                ax.plot(found.loc[name, ["low", "high"]], [row + shift] * 2, color=colour, lw=1.6, zorder=2)
                style = {"s": 26, "color": colour, "marker": marker, "ec": PAPER, "lw": 0.5, "zorder": 3}
                ax.scatter(found.loc[name, "mean"], row + shift, **style)
        ax.plot([], [], color=colour, marker=marker, lw=1.6, ms=5, label=label)
    figures.rows(ax, [variable(name) for name in names], room=0.6)
    ax.xaxis.set_major_locator(MaxNLocator(5))


def draw_singles(source: Results, found: Measured, *, embedded: bool) -> str:
    """Every input by itself, for the lead arm, both shuffles, one panel a split; returns the line under the figure."""
    arm = found.lead
    if arm is None:
        return figures.nothing(source.title, source.profile, embedded=embedded)
    names = [*found.singles, PLACE] if arm in found.told else found.singles
    order = found.asked[found.asked["arm"] == arm].groupby("predictor")["mean"].max()
    names = sorted(names, key=lambda name: -order[name])
    size = (6.4, 0.36 * len(names) + 1.5)
    fig, axes = figures.subplots(1, len(found.splits), size=size, sharex=True, sharey=True, squeeze=False)
    for ax, split in zip(axes[0], found.splits, strict=True):
        _bars(ax, [(*look, found.of(split, arm, shuffle)) for shuffle, look in SHUFFLES.items()], names)
        ax.set_title(where(split))
        ax.set_xlabel(f"importance [{figures.UNIT}]")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    runs = len(found.fits[found.fits["arm"] == arm].drop_duplicates(["split", "fold", "seed"]))
    data = found.asked[(found.asked["arm"] == arm) & found.asked["predictor"].isin(names)]
    return figures.label(fig, source.profile, n=runs, of="fits", embedded=embedded, note=NOTE, data=data)


def draw_groups(source: Results, found: Measured, *, embedded: bool) -> str:
    """Groups of inputs and the place, all arms, a panel a split and shuffle; returns the line under the figure."""
    if found.fits.empty:
        return figures.nothing(source.title, source.profile, embedded=embedded)
    names = [INPUTS, "seen from space", "weather", "neighbour_pm25", "calendar", PLACE]
    names = [name for name in names if name in set(found.arms["predictor"])]
    shown = {"within": [n for n in names if n != PLACE], "across": [n for n in names if n != "calendar"]}
    heights = [len(rows) for rows in shown.values()]
    size = (6.4, sum(heights) * (0.13 * len(found.names) + 0.16) + 2.1)
    options = {"sharex": True, "sharey": "row", "squeeze": False, "gridspec_kw": {"height_ratios": heights}}
    fig, axes = figures.subplots(2, len(found.splits), size=size, **options)
    looks = {arm: figures.look(arm) for arm in found.names}
    for line, (shuffle, rows) in zip(axes, shown.items(), strict=True):
        for ax, split in zip(line, found.splits, strict=True):
            series = [(k.colour, k.marker, k.name, found.of(split, arm, shuffle)) for arm, k in looks.items()]
            _bars(ax, series, rows)
            ax.set_title(f"{where(split)}: {shuffle}", fontsize="small")
    for ax in axes[-1]:
        ax.set_xlabel(f"importance [{figures.UNIT}]")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    runs = len(found.fits.drop_duplicates(["arm", "split", "fold", "seed"]))
    data = found.asked[found.asked["predictor"].isin(names)]
    return figures.label(fig, source.profile, n=runs, of="fits", embedded=embedded, note=NOTE, data=data)


def draw_leaning(found: Mapping[str, pd.DataFrame], profile: str, *, embedded: bool) -> str:
    """Gain against leaning, a dot a fit: a row of panels a task, a column a split; returns the line under the figure.

    Parameters
    ----------
    found : mapping
        By the task's title, as :func:`placeprior.evidence.reliance.leaning`.
    profile : str
    embedded : bool
    """
    filled = {title: table for title, table in found.items() if len(table)}
    if not filled:
        return figures.nothing("leaning and gain", profile, embedded=embedded)
    whole = pd.concat(filled.values())
    splits, size = splits_in(whole), (6.4, 2.6 * len(filled) + 1.3)
    shared = {"sharex": "row", "sharey": "row", "squeeze": False}
    fig, axes = figures.subplots(len(filled), len(splits), size=size, **shared)
    for line, (title, table) in zip(axes, filled.items(), strict=True):
        for ax, split in zip(line, splits, strict=True):
            _dots(ax, table[table["split"] == split])
            ax.set_title(f"{title}: {where(split)}" if len(filled) > 1 else where(split), fontsize="small")
    for ax in axes[:, 0]:
        ax.set_ylabel(f"gain [{figures.UNIT}]")
    for ax in axes[-1]:
        ax.set_xlabel(f"leaning [{figures.UNIT}]")
    figures.legend_above(fig, whole["arm"])
    note = f"bars: {INTERVAL}s over places"
    data = pd.concat([table.assign(data=title) for title, table in filled.items()])
    return figures.label(fig, profile, n=len(whole), of="fits", embedded=embedded, note=note, data=data)


def _dots(ax: Axes, table: pd.DataFrame) -> None:
    """Gain against leaning of some fits, with the diagonal."""
    ax.axhline(0, color=MUTED, lw=1, ls="--")
    ax.axvline(0, color=MUTED, lw=1, ls="--")
    for arm, own in table.groupby("arm"):
        look = figures.look(arm)
        ax.hlines(own["gain"], own["low"], own["high"], color=look.colour, lw=0.8, alpha=0.5)
        style = {"s": 30, "color": look.colour, "marker": look.marker, "ec": PAPER, "lw": 0.5, "zorder": 3}
        ax.scatter(own["leaning"], own["gain"], **style)
    ax.axline((0, 0), slope=1, color=MUTED, lw=1, ls=":")
