"""Diagrams of the page on leaks, without any results: which labels reach which inputs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from placeprior import coords
from placeprior.book import figures
from placeprior.book.style import MUTED, PAPER, UNIT, VERMILION

HELD, KEPT = VERMILION, MUTED  # what a held-out label touches, and what it does not
BORDER = -100.0  # longitude of the border between training and held-out monitors of the example
SMALL = {"x": 0.005, "ha": "left", "fontsize": 9, "color": MUTED}  # the line under a figure without results


def draw_example(
    lonlat: np.ndarray, measured: np.ndarray, training: np.ndarray, inputs: Mapping[str, np.ndarray]
) -> Figure:
    """Draw made-up monitors and the three whose labels make the input of each, clean above and leaky below.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
    measured : ndarray, shape (n,)
        µg m-3.
    training : ndarray of bool, shape (n,)
        Monitors that are not held out.
    inputs : mapping
        ``clean`` and ``leaky``: the neighbour feature of each monitor, (n,).
    """
    fig, axes = figures.subplots(2, 1, size=(4.6, 4.8), sharex=True, sharey=True)
    apart = coords.great_circle_km(lonlat, lonlat)
    for ax, (name, values) in zip(axes, inputs.items(), strict=True):
        pool = training if name == "clean" else np.ones_like(training)
        for station in range(len(lonlat)):
            for other in [i for i in np.argsort(apart[station]) if i != station and pool[i]][:3]:
                line = {"color": KEPT, "lw": 0.9} if training[other] else {"color": HELD, "lw": 1.5, "ls": "--"}
                ax.plot(*lonlat[[station, other]].T, zorder=1, **line)
            marker, colour = ("s", KEPT) if training[station] else ("o", HELD)
            ax.scatter(*lonlat[station], s=150, marker=marker, color=colour, ec=PAPER, zorder=3)
            letter = {"color": PAPER, "ha": "center", "va": "center", "fontsize": 9, "weight": "bold"}
            ax.text(*lonlat[station], chr(ord("A") + station), zorder=4, **letter)
            ax.annotate(
                f"{measured[station]:.0f} → {values[station]:.1f}",
                lonlat[station],
                (0, -11),
                textcoords="offset points",
                ha="center",
                va="top",
                fontsize=9,
                bbox={"fc": PAPER, "ec": "none", "alpha": 0.8, "pad": 0.5},
                zorder=2,
            )
        ax.axvline(BORDER, color=MUTED, ls=":", lw=1.2)
        ax.set(ylim=(38.9, 40.8), xlim=(-103.7, -95.9), ylabel="latitude [°]")
        ax.set_title(f"{name}: measured → input [{UNIT}]")
        ax.grid(visible=False)
    axes[1].set_xlabel("longitude [°]")
    fig.supxlabel(f"made-up numbers · n = {len(lonlat)} monitors, one day", **SMALL)
    return fig


def draw_paths() -> Figure:
    """Draw which labels reach which inputs, clean at the left and leaky at the right."""
    fig, axes = figures.subplots(1, 2, size=(4.6, 3.1))
    boxes = {
        (0.02, 0.66): ("labels of\ntraining\nmonitors", KEPT),
        (0.56, 0.66): ("labels of\nheld-out\nmonitors", HELD),
        (0.02, 0.02): ("inputs of\ntraining\nrows", KEPT),
        (0.56, 0.02): ("inputs of\nheld-out\nrows", HELD),
    }
    arrows = ((0.16, 0.16, False), (0.26, 0.66, False), (0.86, 0.86, True), (0.76, 0.36, True))
    for ax, title in zip(axes, ("clean", "leaky"), strict=True):
        for (x, y), (text, colour) in boxes.items():
            ax.add_patch(FancyBboxPatch((x, y), 0.40, 0.30, boxstyle="round,pad=0.01", fc=PAPER, ec=colour, lw=1.6))
            ax.text(x + 0.20, y + 0.15, text, ha="center", va="center", fontsize=9)
        for start, end, held in arrows:
            if title == "leaky" or not held:
                drawn = {"color": HELD, "ls": "--", "lw": 1.8} if held else {"color": KEPT, "lw": 1.4}
                drawn |= {"arrowstyle": "-|>", "mutation_scale": 13, "shrinkA": 0, "shrinkB": 0}
                ax.add_patch(FancyArrowPatch((start, 0.65), (end, 0.335), **drawn))
        ax.set(xlim=(-0.04, 1.04), ylim=(0, 1), title=title)
        ax.set_axis_off()
    fig.supxlabel("a diagram: no data", **SMALL)
    return fig
