"""Drawings and tables of the page about what a user would pick instead: kriging's curve and weights, best pairs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from placeprior.arms import called, splits_in, where
from placeprior.book import figures
from placeprior.book.results import TASKS, Results
from placeprior.book.style import BLUE, GRID, MUTED, VERMILION
from placeprior.book.words import NOTE, gain, minus
from placeprior.evidence import matched
from placeprior.space import kriging


def draw_variogram(
    km: np.ndarray, gamma: np.ndarray, pairs: np.ndarray, curve: kriging.Variogram, profile: str, *, embedded: bool
) -> str:
    """The empirical variogram, the area of a point growing with its pairs, and the fitted curve.

    Parameters
    ----------
    km, gamma, pairs : ndarray, shape (bin,)
        As :func:`placeprior.space.kriging.empirical`.
    curve : placeprior.space.kriging.Variogram
    profile : str
    embedded : bool

    Returns
    -------
    str
        The line under the figure.
    """
    fig, ax = figures.subplots(size=(5.4, 3.2))
    style = {"s": 12 + 90 * pairs / pairs.max(), "color": BLUE, "alpha": 0.6, "lw": 0, "zorder": 3}
    ax.scatter(km, gamma, label="pairs of monitors", **style)
    line = np.linspace(0, kriging.MAX_KM, 400)
    ax.plot(line, curve(line), color=VERMILION, lw=2, label="fitted curve")
    ax.axhline(1, color=MUTED, lw=1, ls=":")
    font = {"textcoords": "offset points", "color": MUTED, "va": "bottom", "fontsize": "small"}
    ax.annotate("nugget", (0, curve.nugget), xytext=(12, 2), **font)
    ax.plot(0, curve.nugget, marker="<", color=VERMILION, ms=7, clip_on=False)
    ax.set(xlabel="distance of two monitors [km]", ylabel="variogram [day's variance]")
    ax.set_xlim(0, kriging.MAX_KM)
    ax.set_ylim(0, 1.1 * max(gamma.max(), 1))
    ax.legend(loc="lower right")
    return figures.label(fig, profile, n=pairs.sum(), of="pairs of monitors on a day", embedded=embedded)


def draw_weights(
    places: Mapping[str, tuple[float, float]], share: np.ndarray, inverse: np.ndarray, profile: str, *, embedded: bool
) -> str:
    """Monitors around a place, circles that grow with their weight, and in brackets that by inverse distance.

    Parameters
    ----------
    places : mapping
        Name to km east and north of the place.
    share, inverse : ndarray, shape (monitor,)
        Weights by kriging and by inverse distance.
    profile : str
    embedded : bool

    Returns
    -------
    str
        The line under the figure.
    """
    fig, ax = figures.subplots(size=(5.4, 3.9))
    for (name, (x, y)), weight, plain in zip(places.items(), share, inverse, strict=True):
        ax.plot([0, x], [0, y], color=GRID, lw=1, zorder=1)
        colour = BLUE if weight >= 0 else VERMILION
        ax.scatter(x, y, s=40 + 2400 * abs(weight), color=colour, alpha=0.35, lw=0, zorder=2)
        ax.scatter(x, y, s=14, color=colour, zorder=3)
        beside = {"xytext": (0, -26 if name == "D" else 20), "textcoords": "offset points"}  # C and D stand together
        text = minus(f"{name}: {weight:.0%} ({plain:.0%})")
        ax.annotate(text, (x, y), ha="center", va="center", fontsize="small", **beside)
    ax.scatter(0, 0, marker="X", s=70, color=figures.INK, zorder=4)
    ax.set(xlabel="east [km]", ylabel="north [km]", xlim=(-260, 290), ylim=(-240, 170), aspect="equal")
    return figures.label(fig, profile, n=len(places), of="monitors, made up", embedded=embedded)


def draw_differences(source: Results, found: pd.DataFrame, *, embedded: bool) -> str:
    """Differences in RMSE to the network without a place, one panel a split; the line under the figure is returned.

    Parameters
    ----------
    source : Results
    found : pandas.DataFrame
        As :func:`placeprior.evidence.matched.differences`.
    embedded : bool
    """
    if found.empty:
        return figures.nothing(f"{source.title}, baselines", source.profile, embedded=embedded)
    fits = matched.by_fit(found)
    panels = {where(split): fits[fits["split"] == split] for split in splits_in(fits)}
    fig = figures.forests(panels, f"ΔRMSE [{figures.UNIT}]", reference=0)
    fig.set_size_inches(fig.get_figwidth(), 1.2 * fig.get_figheight())  # names of three lines
    note = f"{NOTE}; left is better"
    return figures.label(
        fig, source.profile, n=found["stations"].max(), of="stations at most", embedded=embedded, note=note
    )


def pair_rows(found: Mapping[str, pd.DataFrame], first: str, second: str) -> pd.DataFrame:
    """The best arms of two groups beside each other, as text.

    Parameters
    ----------
    found : mapping
        By task, as :func:`placeprior.evidence.matched.best_pairs`.
    first, second : str
        What the groups are called.
    """
    rows = [
        (
            TASKS.get(task, task),
            where(row.split),
            called(row.arm),
            f"{row.value:.2f}",
            called(row.against),
            f"{row.value_against:.2f}",
            gain(row, 2),
        )
        for task, table in found.items()
        for row in table.itertuples()
    ]
    return pd.DataFrame(rows, columns=["data", "split", first, "RMSE", second, "its RMSE", "difference"])
