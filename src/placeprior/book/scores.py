"""Figures and tables of the page about scores: pairs of fits, and how often the book's interval holds."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from placeprior.arms import where
from placeprior.book import figures
from placeprior.book.style import BLUE, INK, MUTED, ORANGE, PAPER
from placeprior.scores import interval

#: Whether training differs more than places do, and how it is drawn.
LUCK = (
    (False, "o", BLUE, "training differs less than places"),
    (True, "s", ORANGE, "training differs more than places"),
)


def draw_pairs(scores: pd.DataFrame, found: pd.DataFrame, arm: str, reference: str) -> Figure:
    """R2 of two arms, a line a fit, and the difference with its interval, a column a split.

    Parameters
    ----------
    scores : pandas.DataFrame
        R2 of single fits: ``arm, split, fold, seed, value``.
    found : pandas.DataFrame
        As :func:`placeprior.evidence.matched.differences`, of `arm` to `reference`.
    arm, reference : str
    """
    fig, (above, below) = figures.subplots(2, 1, size=(6.4, 5.2), height_ratios=(1.5, 1), sharex=True)
    splits = list(found["split"])
    for column, split in enumerate(splits):
        wide = scores[scores["split"] == split].pivot(index=["fold", "seed"], columns="arm", values="value").dropna()
        for value in wide[[reference, arm]].to_numpy():
            above.plot([column - 0.2, column + 0.2], value, color=MUTED, lw=1, zorder=1)
        for shift, name in ((-0.2, reference), (0.2, arm)):
            drawn = figures.look(name)
            marked = {"color": drawn.colour, "mec": PAPER, "ms": 8, "ls": "", "label": None if column else drawn.name}
            above.plot([column + shift] * len(wide), wide[name], marker=drawn.marker, **marked)
    for column, row in enumerate(found.itertuples()):
        drawn = figures.look(arm)
        below.plot([column] * 2, [row.low, row.high], color=drawn.colour, lw=2.5)
        below.plot(column, row.difference, ls="", marker=drawn.marker, color=drawn.colour, ms=9, mec=PAPER)
    below.axhline(0, color=INK, lw=0.8)
    above.set_ylabel("R² of single fits")
    below.set(ylabel="difference of R²", xlim=(-0.6, len(splits) - 0.4))
    below.set_xticks(range(len(splits)), [where(split) for split in splits])
    fig.legend(*above.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return fig


def draw_coverage(found: pd.DataFrame) -> Figure:
    """Share of intervals that hold the truth by number of seeds, a panel for each number of stations and distance.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.coverage.collect`.
    """
    designs = list(found.groupby(["stations", "range_km"]))
    fig, axes = figures.panels(len(designs), row=2.3, sharex=True, sharey=True)
    for number, (ax, ((stations, reach), part)) in enumerate(zip(axes, designs, strict=True)):
        for luck, marker, colour, text in LUCK:
            own, drawn = part[(part["training"] > 1) == luck], {"color": colour, "marker": marker, "lw": 1.2}
            ax.plot(own["seeds"], own["held"], label=text, **drawn)
            ax.plot(own["seeds"], own["naive"], ls=":", mfc=PAPER, label=f"{text}; stations alone", **drawn)
        ax.axhline(interval.LEVEL, color=MUTED, lw=1, ls="--", zorder=1)
        ax.set_title(f"{stations} stations, alike over {reach:.0f} km")
        ax.set_xticks(sorted(found["seeds"].unique()))
        ax.set_ylim(0, 1.02)
        if number + 2 >= len(designs):
            ax.set_xlabel("seeds")
        if number % 2 == 0:
            ax.set_ylabel("intervals that hold")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=1, fontsize="small")
    return fig


def alarms_table(counted: pd.DataFrame) -> pd.DataFrame:
    """False alarms as text, a row a task and split.

    Parameters
    ----------
    counted : pandas.DataFrame
        As :func:`placeprior.evidence.against_itself.alarms`.
    """
    return pd.DataFrame(
        {
            "task": [f"`{task}`" for task in counted["task"]],
            "split": [where(split) for split in counted["split"]],
            "pairs": counted["pairs"],
            "called clear": counted["clear"],
            "median difference": [f"{value:.3f}" for value in counted["difference"]],
            "median half interval": [f"{value:.3f}" for value in counted["half"]],
        }
    )
