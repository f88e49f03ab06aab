"""Figures and tables of splits: whom each holds out, how far its tests are, and what that does to scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placeprior.arms import where
from placeprior.book import figures
from placeprior.book.style import BLUE, GREEN, INK, MUTED, ORANGE, PAPER, PINK, VERMILION, VIOLET
from placeprior.evidence.distances import Distances
from placeprior.evidence.redundancy import LAGS
from placeprior.evidence.split_scores import CLASSES
from placeprior.space.splits import PATTERN, Split

#: Colour, marker and line of the splits that hold out stations.
LOOKS = {
    "spatial": (BLUE, "s", "-"),
    "knndm": (VERMILION, "P", "-"),
    "blocks": (VIOLET, "h", "--"),
    "state": (INK, "*", ":"),
    "checkerboard-8": (GREEN, "D", "--"),
    "checkerboard-16": (ORANGE, "^", "-."),
    "checkerboard-30": (PINK, "v", ":"),
}
NEAREST = 1.0  # km, the smallest distance that is drawn


def degrees(name: str) -> float | None:
    """Side of a checkerboard's cells; None of another split.

    >>> degrees("checkerboard-16"), degrees("spatial")
    (16.0, None)
    """
    kind = PATTERN.fullmatch(name)
    return float(kind["delta"]) if kind and kind["delta"] else None


def draw_splits(parts: Mapping[str, Split], lonlat: np.ndarray) -> Figure:
    """A map of the stations a split, and the cells of checkerboards.

    Parameters
    ----------
    parts : mapping
        Splits by the title of their map.
    lonlat : ndarray, shape (station, 2)
    """
    fig, axes = figures.panels(len(parts), row=2.35, extra=0.5, width=6.8, maps=True)
    for ax, (title, part) in zip(axes, parts.items(), strict=True):
        figures.split_map(ax, lonlat, part.train, part.test, part.validation, delta=degrees(part.name), legend=False)
        ax.set_title(title)
    handles, names = axes[0].get_legend_handles_labels()
    fig.legend(handles, [name.partition(" (")[0] for name in names], loc="outside upper center", ncols=3)
    return fig


def rising(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances in order, none below :data:`NEAREST`, and the share of all up to each, in percent."""
    km = np.sort(np.maximum(values, NEAREST))
    return km, 100 * np.arange(1, len(km) + 1) / len(km)


def draw_distances(networks: Mapping[str, Distances]) -> Figure:
    """How near the tests of every split are, beside the land of the map, a panel a network.

    Parameters
    ----------
    networks : mapping
        By title of the panel.
    """
    fig, axes = figures.panels(len(networks), row=3.4, extra=0.9, sharey=True, sharex=True)
    for ax, (title, found) in zip(axes, networks.items(), strict=True):
        ax.plot(*rising(found.land), color=MUTED, lw=3.5, ls=(0, (5, 2)), label="the map")
        for name in (name for name in found.order if name in found.tested):
            colour, marker, line = LOOKS[name]
            km = found.tested[name]
            drawn = {"color": colour, "ls": line, "marker": marker, "ms": 6, "markevery": max(1, len(km) // 6)}
            ax.plot(*rising(km), label=where(name), lw=1.6, **drawn)
        ax.set(title=title, xscale="log", xlim=(3, 4000), ylim=(0, 101), xlabel="distance [km]")
    axes[0].set_ylabel("share nearer [%]")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize="small")
    return fig


def distances_table(made: pd.DataFrame) -> pd.DataFrame:
    """Distances of tests and of the map as text, a row a split.

    Parameters
    ----------
    made : pandas.DataFrame
        Of one task, as :func:`placeprior.evidence.distances.collect`.
    """
    return pd.DataFrame(
        {
            "split": ["the map" if name == "map" else where(name) for name in made["split"]],
            **{f"{key} [km]": [f"{km:,.0f}" for km in made[key]] for key in ("10 %", "median", "90 %")},
            "W to the map [km]": [f"{km:,.0f}" if np.isfinite(km) else "–" for km in made["wasserstein"]],
        }
    )


def draw_redundancy(curve: pd.DataFrame, later: pd.DataFrame, medians: Mapping[str, float]) -> Figure:
    """Correlation by distance with the splits' median tests marked, and correlation by days.

    Parameters
    ----------
    curve, later : pandas.DataFrame
        ``value`` between ``low`` and ``high``, by ``x``: parts ``distance`` and ``lag`` of
        :func:`placeprior.evidence.record.record`.
    medians : mapping
        Km by split.
    """
    fig, (near, far) = figures.subplots(1, 2, size=(6.8, 3.8), width_ratios=(1.5, 1), sharey=True)
    for ax, part in ((near, curve), (far, later)):
        ax.fill_between(part["x"], part["low"], part["high"], color=BLUE, alpha=0.18, lw=0)
        ax.plot(part["x"], part["value"], "o-", color=BLUE)
        ax.axhline(0, color=INK, lw=0.8)
    for name, km in medians.items():
        colour, marker, line = LOOKS[name]
        near.axvline(km, color=colour, ls=line, lw=1.2)
        drawn = {"color": colour, "ms": 7, "mec": PAPER, "ls": "", "clip_on": False, "zorder": 5}
        near.plot(km, 0.03, marker, label=where(name), transform=near.get_xaxis_transform(), **drawn)
    near.set(xscale="log", xlabel="distance of two stations [km]", ylabel="correlation of PM2.5")
    fig.legend(*near.get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize="small")
    far.set(xlabel="days later, same station", xticks=[1, 3, 7, 10, LAGS[-1]])
    return fig


def class_names() -> list[str]:
    """The classes of distance of :data:`.CLASSES` as words."""
    inner = [f"{low:g} to {high:g}" for low, high in zip(CLASSES[:-2], CLASSES[1:-1], strict=True)]
    return [*inner, f"over {CLASSES[-2]:g}"]


def draw_by_class(tasks: Mapping[str, pd.DataFrame]) -> Figure:
    """R2 of inverse distance and of no location by class of distance, a panel a task, on one scale.

    Parameters
    ----------
    tasks : mapping
        By title of the panel, as :func:`placeprior.evidence.split_scores.by_class`.
    """
    fig, axes = figures.panels(len(tasks), row=3.4, extra=0.5, sharey=True, sharex=True)
    names = class_names()
    for ax, (title, found) in zip(axes, tasks.items(), strict=True):
        for shift, arm in ((-0.1, "idw"), (0.1, "none")):
            drawn, values = figures.look(arm), found[f"r2_{arm}"].astype(float).dropna()
            ax.plot(values.index + shift, values, marker=drawn.marker, color=drawn.colour, ms=7, lw=1.6, ls=":")
        ax.axhline(0, color=INK, lw=0.8)
        ax.set_xticks(range(len(names)), names, rotation=35, ha="right", fontsize="small")
        ax.set(title=title, xlabel="distance to training [km]", xlim=(-0.5, len(names) - 0.5))
    axes[0].set_ylabel("R²")
    figures.legend_above(fig, ["idw", "none"], ncols=2)
    return fig


def draw_map_error(maps: pd.Series, tested: pd.DataFrame, found: Distances) -> Figure:
    """RMSE against the truth: of tests, by split, as markers, and of maps as lines.

    Parameters
    ----------
    maps : pandas.Series
        By arm, µg m-3.
    tested : pandas.DataFrame
        Split by arm, µg m-3.
    found : Distances
    """
    names = [name for name in found.order if name in tested.index]
    fig, ax = figures.subplots(size=(6.4, 4.2))
    for arm, value in maps.items():
        ax.axhline(value, color=figures.look(arm).colour, lw=1.4, ls=":")
    _beside(ax, tested.reindex(names)[list(maps.index)], (-0.15, 0.0, 0.15))
    ticks = [f"{where(name)}\n{found.median(name):,.0f} km" for name in names]
    ax.set_xticks(range(len(names)), ticks, rotation=40, ha="right", fontsize="small")
    ax.set_ylabel(f"RMSE against the truth [{figures.UNIT}]")
    figures.legend_above(fig, maps.index, ncols=3, fontsize="small")
    return fig


def _beside(ax: Axes, values: pd.DataFrame, shifts: Sequence[float]) -> None:
    """The arms' markers side by side at each split."""
    for shift, (arm, column) in zip(shifts, values.items(), strict=False):
        drawn = figures.look(arm)
        ax.plot(np.arange(len(values)) + shift, column, color=drawn.colour, marker=drawn.marker, ms=8, ls="")
