"""Figures and tables of distances: of tests and of the map, and the scores of splits from near tests to far ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placeprior.arms import where
from placeprior.book import figures
from placeprior.book.splits import METRICS, QUESTIONS, draw_rising, rising
from placeprior.book.style import MUTED
from placeprior.book.words import gain, minus
from placeprior.evidence.distances import Distances

LAND = {"color": MUTED, "lw": 3.5, "ls": (0, (5, 2)), "label": "the map: land to monitor"}


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


def at(found: Distances, name: str) -> str:
    """A split and the median distance of its tests, for an axis."""
    return f"{where(name)}\n{found.median(name):,.0f} km"


def draw_scores(pooled: pd.DataFrame, found: Distances, arms: Sequence[str]) -> Figure:
    """R2 and RMSE of some arms by split, from near tests to far ones.

    Parameters
    ----------
    pooled : pandas.DataFrame
        As :func:`placeprior.evidence.split_scores.pooled`.
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
        ax.set_ylabel(METRICS[metric])
    _along(axes[1], found, names)
    axes[1].set_xlabel("split, and the median distance of its tests to training")
    figures.legend_above(fig, arms, ncols=3, fontsize="small")
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
    figures.legend_above(fig, maps.index, ncols=3, fontsize="small")
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
