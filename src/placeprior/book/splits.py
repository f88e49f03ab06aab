"""Figures and tables of what each split holds out: maps, sizes, nearness, and scores by distance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placeprior.book import figures
from placeprior.book.style import BLUE, GREEN, INK, MUTED, ORANGE, PAPER, PINK, VERMILION, VIOLET
from placeprior.book.words import gain, minus
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
#: What a split's test asks for.
QUESTIONS = {
    "random": "other days at known places",
    "spatial": "places among the monitors",
    "knndm": "places as on a map",
    "blocks": "places at least a buffer away",
    "state": "a state that has no monitors",
    "checkerboard-8": "regions",
    "checkerboard-16": "large regions",
    "checkerboard-30": "half of the country",
    "map": "every piece of land",
}
NEAREST = 1.0  # km, the smallest distance that is drawn
METRICS = {"r2": "R²", "rmse": f"RMSE [{figures.UNIT}]"}


def degrees(name: str) -> float | None:
    """Side of a checkerboard's cells; None of another split.

    >>> degrees("checkerboard-16"), degrees("spatial")
    (16.0, None)
    """
    kind = PATTERN.fullmatch(name)
    return float(kind["delta"]) if kind and kind["delta"] else None


# --- maps and sizes ---------------------------------------------------------------------------------------------------


def draw_splits(parts: Mapping[str, Split], lonlat: np.ndarray, *, row: float, width: float) -> Figure:
    """A map of the stations a split, and the cells of checkerboards.

    Parameters
    ----------
    parts : mapping
        Splits by the title of their map.
    lonlat : ndarray, shape (station, 2)
    row, width : float
        Height of a row and width of the figure, inches.
    """
    fig, axes = figures.panels(len(parts), row=row, extra=0.0, width=width, maps=True)
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.02), "ncols": 2}
    for ax, (title, part) in zip(axes, parts.items(), strict=True):
        masks, cell = (part.train, part.test, part.validation), degrees(part.name)
        figures.split_map(ax, lonlat, *masks, delta=cell, legend=False)
        ax.legend(**place, fontsize="small", columnspacing=0.8, handletextpad=0.1)
        ax.set_title(title)
    return fig


def sizes_table(sizes: pd.DataFrame) -> pd.DataFrame:
    """Sizes of splits as text, a row a fold.

    Parameters
    ----------
    sizes : pandas.DataFrame
        As :func:`placeprior.evidence.distances.sizes`.
    """
    asks = {"random": QUESTIONS["random"], "spatial": "new places among known ones"}
    rows = []
    for (name, fold), row in sizes.iterrows():
        rows.append(
            {
                "split": f"`{name}`" + (f", fold {fold}" if degrees(name) else ""),
                "regime": row["regime"],
                "the test asks for": asks.get(name, "new regions"),
            }
            | {of: f"{row[f'{of}_rows']:,} ({row[f'{of}_stations']:,})" for of in ("train", "validation", "test")}
            | {"test mean": f"{row['mean']:.1f}", "test SD": f"{row['sd']:.1f}", "≥ 35": f"{100 * row['high']:.1f} %"}
        )
    return pd.DataFrame(rows)


# --- distances --------------------------------------------------------------------------------------------------------


def rising(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances in order, none below :data:`NEAREST`, and the share of all up to each, in percent."""
    km = np.sort(np.maximum(values, NEAREST))
    return km, 100 * np.arange(1, len(km) + 1) / len(km)


def draw_rising(ax: Axes, km: Mapping[str, np.ndarray], *, marks: int, size: float, **options: float) -> None:
    """A curve a split: the share of tested stations with a training station nearer than a distance.

    Parameters
    ----------
    ax : matplotlib Axes
    km : mapping
        Distances by split.
    marks : int
        About how many markers a curve has.
    size : float
        Of a marker, points.
    **options
        Of the lines.
    """
    for name, values in km.items():
        colour, marker, line = LOOKS[name]
        drawn = {"color": colour, "ls": line, "marker": marker, "ms": size, "markevery": max(1, len(values) // marks)}
        ax.plot(*rising(values), label=name, **drawn, **options)
    ax.set(xscale="log", xlabel="distance to the nearest training station [km]", ylim=(0, 101))


def draw_nearness(km: Mapping[str, np.ndarray], land: np.ndarray, weight: np.ndarray) -> Figure:
    """Distances of tests, beside those of the land of the country.

    Parameters
    ----------
    km : mapping
        Km from tested to training stations, by split.
    land, weight : ndarray, shape (cell,)
        Km from a cell of the land to the nearest station, and its area.
    """
    fig, ax = figures.subplots(size="wide")
    draw_rising(ax, km, marks=8, size=5)
    order = np.argsort(land)
    share = 100 * np.cumsum(weight[order]) / weight.sum()
    drawn = {"color": MUTED, "lw": 2, "ls": (0, (5, 2)), "label": "land of the country"}
    ax.plot(np.maximum(land[order], NEAREST), share, **drawn)
    ax.set_ylabel("share closer [%]")
    ax.set_xlim(left=2)
    ax.legend(fontsize="small", loc="upper left")
    return fig


def nearness_table(found: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Distances as text, a row an entry.

    Parameters
    ----------
    found : mapping
        By what a row is of, as :func:`placeprior.evidence.distances.nearness`.
    """
    return pd.DataFrame(
        {
            "split": list(found),
            "10 % [km]": [f"{row['10 %']:,.0f}" for row in found.values()],
            "median [km]": [f"{row['median']:,.0f}" for row in found.values()],
            "90 % [km]": [f"{row['90 %']:,.0f}" for row in found.values()],
            "closer than 50 km": [f"{100 * row['near']:.0f} %" for row in found.values()],
            "n": [f"{row['n']:,}" for row in found.values()],
        }
    )


# --- how measurements repeat each other -------------------------------------------------------------------------------


def draw_redundancy(curve: pd.DataFrame, later: pd.DataFrame, medians: Mapping[str, float]) -> Figure:
    """Correlation by distance with the splits' median tests marked, and correlation by days.

    Parameters
    ----------
    curve, later : pandas.DataFrame
        As :func:`placeprior.evidence.redundancy.by_distance` and :func:`placeprior.evidence.redundancy.days_later`.
    medians : mapping
        Km by split.
    """
    fig, axes = figures.subplots(1, 2, size=(6.8, 3.8), width_ratios=(1.5, 1), sharey=True)
    near, far = axes
    for ax, x, part in ((near, curve["km"], curve), (far, LAGS, later)):
        ax.fill_between(x, part["low"], part["high"], color=BLUE, alpha=0.18, lw=0)
        ax.plot(x, part["mid"], "o-", color=BLUE)
    for name, km in medians.items():
        colour, marker, line = LOOKS[name]
        near.axvline(max(km, 3), color=colour, ls=line, lw=1.2)
        drawn = {"color": colour, "ms": 7, "mec": PAPER, "ls": "", "clip_on": False, "zorder": 5}
        near.plot(max(km, 3), 0.03, marker, label=name, transform=near.get_xaxis_transform(), **drawn)
    near.set(xscale="log", xlabel="distance of two stations [km]", ylabel="correlation of PM2.5")
    near.legend(fontsize="small", loc="upper right")
    far.set(xlabel="days later, same station", xticks=[1, 3, 7, 10, 14])
    for ax in axes:
        ax.axhline(0, color=figures.INK, lw=0.8)
    return fig


# --- scores by distance -----------------------------------------------------------------------------------------------


def class_names() -> list[str]:
    """The classes of distance of :data:`.CLASSES` as words."""
    inner = [f"{low:g} to {high:g}" for low, high in zip(CLASSES[:-2], CLASSES[1:-1], strict=True)]
    return [*inner, f"over {CLASSES[-2]:g}"]


def draw_by_class(found: pd.DataFrame) -> Figure:
    """R2 and RMSE of inverse distance and of no location by class of distance.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.evidence.split_scores.by_class`.
    """
    fig, axes = figures.subplots(1, 2, size=(6.8, 3.8))
    ticks = class_names()
    for ax, metric in zip(axes, ("r2", "rmse"), strict=True):
        for shift, arm in ((-0.1, "idw"), (0.1, "none")):
            drawn, values = figures.look(arm), found[f"{metric}_{arm}"].astype(float).dropna()
            line = {"color": drawn.colour, "marker": drawn.marker, "ms": 7, "lw": 1.6, "ls": ":"}
            ax.plot(values.index + shift, values, label=drawn.name, **line)
        ax.set_xticks(range(len(ticks)), ticks, rotation=30, ha="right", fontsize="small")
        ax.set(xlabel="distance to training [km]", xlim=(-0.5, len(ticks) - 0.5), ylabel=METRICS[metric])
    axes[0].legend(fontsize="small")
    return fig


def by_class_table(found: pd.DataFrame) -> pd.DataFrame:
    """The same as text, with the difference in R2 and its interval."""
    gaps = ["–" if pd.isna(row.difference) else gain(row, 2) for row in found.itertuples()]
    return pd.DataFrame(
        {
            "distance [km]": [class_names()[group] for group in found.index],
            "R², `idw`": [minus(f"{value:.2f}") for value in found["r2_idw"]],
            "R², `none`": [minus(f"{value:.2f}") for value in found["r2_none"]],
            "`idw` less `none`": gaps,
        }
    )
