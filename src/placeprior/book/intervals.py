"""Figure and tables of how often the book's interval holds, and how often it raises a false alarm."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from placeprior.arms import where
from placeprior.book import figures
from placeprior.book.style import BLUE, MUTED, ORANGE, PAPER
from placeprior.scores import interval

#: Whether training differs more than places do, and how it is drawn.
LUCK = (
    (False, "o", BLUE, "training differs less than places"),
    (True, "s", ORANGE, "training differs more than places"),
)


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


def coverage_table(found: pd.DataFrame) -> pd.DataFrame:
    """The same as text, a row a design."""
    return pd.DataFrame(
        {
            "stations": found["stations"],
            "folds": found["folds"],
            "seeds": found["seeds"],
            "alike over [km]": [f"{km:.0f}" for km in found["range_km"]],
            "training / places": [f"{ratio:.1f}" for ratio in found["training"]],
            "block [km]": [f"{km:.0f}" for km in found["block_km"]],
            "holds": [f"{100 * share:.1f} %" for share in found["held"]],
            "stations alone": [f"{100 * share:.0f} %" for share in found["naive"]],
        }
    )


def alarms_table(counted: pd.DataFrame) -> pd.DataFrame:
    """False alarms as text, a row a task and split.

    Parameters
    ----------
    counted : pandas.DataFrame
        As :func:`placeprior.evidence.against_itself.alarms`.
    """
    return pd.DataFrame(
        {
            "profile": counted["profile"],
            "task": [f"`{task}`" for task in counted["task"]],
            "split": [where(split) for split in counted["split"]],
            "pairs": counted["pairs"],
            "called clear": counted["clear"],
            "median difference": [f"{value:.3f}" for value in counted["difference"]],
            "median half interval": [f"{value:.3f}" for value in counted["half"]],
        }
    )
