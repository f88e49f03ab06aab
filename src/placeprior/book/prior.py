"""Figures of what probes read from encoders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placeprior.book import figures, style
from placeprior.evidence.facts import OOR, WR
from placeprior.evidence.gallery import TRAINED
from placeprior.evidence.prior import IDW, Reading

#: Facts: how they are called, and the quantity and unit on a map.
TARGETS = {
    "density": "population density",
    "elevation": "stylised terrain",
    "city": "closeness to a city",
    "pm25": "mean PM2.5",
}
#: Name, colour and marker of each training and of GeoCLIP, as where all encoders are compared.
LOOKS = {
    "untrained": ("random weights", style.GREY, "X"),
    "fmow": ("fMoW", style.SKY, "s"),
    "yfcc": ("YFCC", style.VIOLET, "v"),
    "geoclip": ("GeoCLIP", style.BLUE, "^"),
}
NAMES = {"idw": "inverse distance (no vector)", "siren-sh": "spherical harmonics"}


def look(name: str) -> tuple[str, str, Any]:
    """Printed name, colour and marker of a training, or of an encoder: those of its training where it has one."""
    training = name.rpartition("-")[2]
    if training in TRAINED or name == "geoclip":
        return LOOKS[training]
    arm = figures.look(name, {"idw": None, "lonlat": "channels"}.get(name, "hadamard"))
    return NAMES.get(name, arm.name.partition(",")[0]), arm.colour, arm.marker


def draw_within_and_out(reading: Reading) -> Figure:
    """R2 among the training places (across) against R2 in held-out cells (upwards), a panel a fact."""
    encoders, targets = dict.fromkeys(reading.scores.index.get_level_values("encoder")), reading.targets
    fig, axes = figures.panels(len(targets), row=2.7, extra=1.1)
    handles = {}
    for number, (ax, target) in enumerate(zip(axes, targets, strict=True)):
        for name in encoders:
            text, colour, marker = look(name)
            point = [reading.scores.loc[(name, split, target), "r2"] for split in (WR, OOR)]
            drawn = {"s": 48, "color": colour, "marker": marker, "ec": figures.PAPER, "lw": 0.6}
            handles[text] = ax.scatter(*point, alpha=0.9, zorder=3, **drawn)
        ax.axline((0, 0), slope=1, color=figures.MUTED, lw=1, ls="--", zorder=1)
        ax.axhline(0, color=figures.GRID, lw=1, zorder=1)
        ax.set_title(TARGETS[target])
        _edge(ax, number, len(targets), "R², places at random", "R², cells of 16°")
    fig.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=3, fontsize="small")
    return fig


def _edge(ax: Axes, number: int, count: int, x: str, y: str) -> None:
    """Names of the axes of two columns of panels: below the last row, and left of the first column."""
    if number // 2 == (count - 1) // 2:
        ax.set_xlabel(x)
    if number % 2 == 0:
        ax.set_ylabel(y)


def draw_fading(reading: Reading, apart: pd.Series, bases: Sequence[str]) -> Figure:
    """R2 against the median distance to the nearest training place, a panel a fact; of a training, means over bases.

    Parameters
    ----------
    reading : Reading
    apart : pandas.Series
        As :func:`placeprior.evidence.prior.apart`.
    bases : sequence of str
    """
    targets = reading.targets
    fig, axes = figures.panels(len(targets), row=2.5, extra=1.1, sharex=True)
    for number, (ax, target) in enumerate(zip(axes, targets, strict=True)):
        for name in (*TRAINED, IDW, "slepian", "geoclip"):
            own = [f"{base}-{name}" for base in bases] if name in TRAINED else [name]
            text, colour, marker = look(name)
            curve = [reading.r2(own, split)[target] for split in apart.index]
            drawn = {"color": colour, "marker": marker, "ms": 5.5, "lw": 1.5}
            ax.plot(range(len(apart)), curve, label=text, **drawn)
        ax.axhline(0, color=figures.MUTED, lw=1, ls="--", zorder=1)
        ax.set_title(TARGETS[target])
        ax.set_xticks(range(len(apart)), [f"{km:.0f}" for km in apart])
        _edge(ax, number, len(targets), "median distance [km]", "R²")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=3, fontsize="small")
    return fig
