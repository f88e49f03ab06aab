"""Figures and tables of what each split holds out: maps, distances, and scores by distance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placeprior.arms import where
from placeprior.book import figures
from placeprior.book.words import gain, minus
from placeprior.evidence.distances import CLASSES, Distances
from placeprior.evidence.redundancy import LAGS
from placeprior.space.splits import PATTERN, Split

#: Colour, marker and line of the splits that hold out stations.
LOOKS = {
    "spatial": ("#0173b2", "s", "-"),
    "knndm": ("#d55e00", "P", "-"),
    "blocks": ("#7b61c9", "h", "--"),
    "state": ("#222222", "*", ":"),
    "checkerboard-8": ("#029e73", "D", "--"),
    "checkerboard-16": ("#de8f05", "^", "-."),
    "checkerboard-30": ("#cc78bc", "v", ":"),
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
LAND = {"color": "#777777", "lw": 3.5, "ls": (0, (5, 2)), "label": "the map: land to monitor"}
NEAREST = 1.0  # km, the smallest distance that is drawn
NAMES = {"r2": "R²", "rmse": f"RMSE [{figures.UNIT}]"}


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
    drawn = {"color": "#555555", "lw": 2, "ls": (0, (5, 2)), "label": "land of the country"}
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


def draw_distances(found: Distances) -> Figure:
    """Distances of tests of every split, beside those of the map."""
    fig, ax = figures.subplots(size=(6.4, 4.4))
    ax.plot(*rising(found.land), **LAND)
    draw_rising(ax, {name: found.tested[name] for name in found.order if name in found.tested}, marks=7, size=6, lw=1.6)
    ax.set(ylabel="share nearer [%]", xlim=(3, None))
    ax.legend(fontsize="small", loc="upper left")
    return fig


def distances_table(found: Distances) -> pd.DataFrame:
    """:meth:`.Distances.table` as text, from near tests to far ones."""
    table = found.table()
    return pd.DataFrame(
        {
            "split": [where(name) if name != "map" else "the map" for name in table.index],
            "the test asks for": [QUESTIONS[name] for name in table.index],
            **{key: [f"{km:,.0f}" for km in table[key]] for key in ("10 %", "median", "90 %")},
            "mean, less the map's": [minus(f"{km:+,.0f}") if np.isfinite(km) else "–" for km in table["excess"]],
            "W to the map": [f"{km:,.0f}" if np.isfinite(km) else "–" for km in table["wasserstein"]],
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
        ax.fill_between(x, part["low"], part["high"], color="#0173b2", alpha=0.18, lw=0)
        ax.plot(x, part["mid"], "o-", color="#0173b2")
    for name, km in medians.items():
        colour, marker, line = LOOKS[name]
        near.axvline(max(km, 3), color=colour, ls=line, lw=1.2)
        drawn = {"color": colour, "ms": 7, "mec": "white", "ls": "", "clip_on": False, "zorder": 5}
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
        As :func:`placeprior.evidence.distances.by_class`.
    """
    fig, axes = figures.subplots(1, 2, size=(6.8, 3.8))
    ticks = class_names()
    for ax, metric in zip(axes, ("r2", "rmse"), strict=True):
        for shift, arm in ((-0.1, "idw"), (0.1, "none")):
            drawn, values = figures.look(arm), found[f"{metric}_{arm}"].astype(float).dropna()
            line = {"color": drawn.colour, "marker": drawn.marker, "ms": 7, "lw": 1.6, "ls": ":"}
            ax.plot(values.index + shift, values, label=drawn.name, **line)
        ax.set_xticks(range(len(ticks)), ticks, rotation=30, ha="right", fontsize="small")
        ax.set(xlabel="distance to training [km]", xlim=(-0.5, len(ticks) - 0.5), ylabel=NAMES[metric])
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


def at(found: Distances, name: str) -> str:
    """A split and the median distance of its tests, for an axis."""
    return f"{where(name)}\n{found.median(name):,.0f} km"


def draw_scores(pooled: pd.DataFrame, found: Distances, arms: Sequence[str]) -> Figure:
    """R2 and RMSE of some arms by split, from near tests to far ones.

    Parameters
    ----------
    pooled : pandas.DataFrame
        As :func:`placeprior.evidence.distances.pooled`.
    found : Distances
    arms : sequence of str
    """
    if pooled.empty:
        return _nothing("no such runs yet")
    names = [name for name in found.order if name in set(pooled["split"])]
    fig, axes = figures.subplots(2, 1, size=(6.4, 6.4), sharex=True)
    for ax, metric in zip(axes, ("r2", "rmse"), strict=True):
        own = pooled[pooled["metric"] == metric].pivot(index="split", columns="arm", values="value").reindex(names)
        _beside(ax, own[list(arms)], (-0.18, 0, 0.18), 7)
        ax.set_ylabel(NAMES[metric])
    _along(axes[1], found, names)
    axes[1].set_xlabel("split, and the median distance of its tests to training")
    _above(fig, axes[0], arms)
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
    if maps.empty:
        return _nothing("no errors of maps yet")
    names = [name for name in found.order if name in tested.index]
    fig, ax = figures.subplots(size=(6.4, 4.2))
    for arm, value in maps.items():
        ax.axhline(value, color=figures.look(arm).colour, lw=1.4, ls=":")
    _beside(ax, tested.reindex(names)[list(maps.index)], (-0.15, 0.0, 0.15), 8)
    _along(ax, found, names)
    ax.set_ylabel(f"RMSE against the truth [{figures.UNIT}]")
    _above(fig, ax, list(maps.index))
    return fig


def _nothing(text: str) -> Figure:
    """A figure's place, held by a line that says what is missing."""
    fig, ax = figures.subplots(size=(6.4, 1.0))
    ax.set_axis_off()
    ax.text(0, 0.5, text, va="center")
    return fig


def _beside(ax: Axes, values: pd.DataFrame, shifts: Sequence[float], size: float) -> None:
    """The arms' markers side by side at each split."""
    for shift, (arm, column) in zip(shifts, values.items(), strict=False):
        drawn = figures.look(arm)
        ax.plot(np.arange(len(values)) + shift, column, color=drawn.colour, marker=drawn.marker, ms=size, ls="")


def _along(ax: Axes, found: Distances, names: Sequence[str]) -> None:
    """Splits and their distances along the horizontal axis."""
    ax.set_xticks(range(len(names)), [at(found, name) for name in names], rotation=40, ha="right", fontsize="small")


def _above(fig: Figure, ax: Axes, arms: Sequence[str]) -> None:
    """One legend of arms above all panels."""
    handles = figures.legend(ax, arms).legend_handles
    ax.get_legend().remove()
    fig.legend(handles=handles, loc="outside upper center", ncols=3, fontsize="small")


def scores_table(pooled: pd.DataFrame, found: Distances, arms: Sequence[str]) -> pd.DataFrame:
    """R2 and RMSE of some arms as text, a row a split, from near tests to far ones, with W of its distances."""
    apart, rows = found.table()["wasserstein"], []
    for name in found.order:
        if (own := pooled[pooled["split"] == name]).empty:
            continue
        values = own.set_index(["metric", "arm"])["value"]
        row = {"split": where(name), "W [km]": f"{apart[name]:,.0f}", "fits an arm": str(int(own["fits"].max()))}
        for metric, short in (("r2", "R²"), ("rmse", "RMSE")):
            row |= {f"{short}, {arm}": minus(f"{values[metric, arm]:.2f}") for arm in arms}
        rows.append(row)
    return pd.DataFrame(rows)


def scores_caption(scores: pd.DataFrame, origin: str) -> str:
    """What :func:`scores_table` holds.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of the runs that were pooled.
    origin : str
        As :attr:`placeprior.book.results.Results.origin`.
    """
    states = scores.loc[scores["split"] == "state", "fold"].nunique()
    text = (
        f"R² and RMSE ({figures.UNIT}) over all tested rows of a split together, all folds and seeds; {origin}. W says "
        "how far the test distances are from those of the map."
    )
    return text + (f" Of the states, {states} were tested." if states else "")


def differences_table(r2: pd.DataFrame, rmse: pd.DataFrame, found: Distances) -> pd.DataFrame:
    """Differences to no location in R2 and RMSE as text, a row a split, bold where the interval excludes zero.

    Parameters
    ----------
    r2, rmse : pandas.DataFrame
        As :func:`placeprior.evidence.matched.differences`.
    found : Distances
    """
    rows = []
    for name in (name for name in found.order if name in set(r2["split"])):
        row = {"split": where(name)}
        for arm in dict.fromkeys(r2["arm"]):
            for table, short, digits in ((r2, "ΔR²", 3), (rmse, f"ΔRMSE [{figures.UNIT}]", 2)):
                here, cell = table[(table["split"] == name) & (table["arm"] == arm)], "–"
                for one in here.itertuples():
                    apart = one.apart if name.startswith("checkerboard") and len(one.apart) > 1 else None
                    cell = gain(one, digits, apart)
                row[f"{arm}, {short}"] = cell
        rows.append(row)
    return pd.DataFrame(rows)


def misses_table(maps: pd.Series, tested: pd.DataFrame, found: Distances) -> pd.DataFrame:
    """How far each split's test error is from that of the map, µg m-3, as text.

    Parameters
    ----------
    maps, tested, found
        As for :func:`draw_map_error`.
    """
    misses = (tested[list(maps.index)] - maps).reindex([name for name in found.order if name in tested.index])
    rows = [{"split": "the map's RMSE"} | {arm: f"{value:.2f}" for arm, value in maps.items()} | {"mean miss": "–"}]
    for name, row in misses.iterrows():
        told = {arm: minus(f"{value:+.2f}") for arm, value in row.items()}
        rows.append({"split": where(name)} | told | {"mean miss": f"{row.abs().mean():.2f}"})
    return pd.DataFrame(rows)
