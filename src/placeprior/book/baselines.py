"""Drawings and tables of the page about something simpler: kriging's curve and weights, errors, one thing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from placeprior.arms import APART, PSEUDO, RIVALS, arm_order, called, where
from placeprior.book import figures, results
from placeprior.book.style import BLUE, GRID, MUTED, VERMILION
from placeprior.book.tables import captioned, cells
from placeprior.book.words import INTERVAL, capital, gain, minus
from placeprior.evidence import costs, matched
from placeprior.evidence.gains import gains
from placeprior.runs import store
from placeprior.space import variogram

#: What this page has of the rivals: patterns in time, students of labels, clusters have their own.
_RIVALS = tuple(name for name in RIVALS if name not in (*PSEUDO, *APART) and not name.startswith("eof+"))
#: Rows of the grid of signs: what is simpler than a network that is told the place by GeoCLIP.
ARMS = (*_RIVALS, "none", "none+head", "urban-hadamard", "lonlat")
_NETWORKS = ("none", "none+head", "urban-hadamard", "lonlat", "geoclip-hadamard", "geoclip-concat")
#: What an arm reads, for those that do not read predictors alone.
_READS = {
    "idw": "the day's monitors",
    "kriging": "the day's monitors",
    "eof": "monitors on all days",
    "gbt+kriging": "predictors, the day's monitors",
    "none+kriging": "predictors, the day's monitors",
}
#: Pairs of arms of which the first has one thing more than the second.
ADDED = {
    "gbt+lonlat": "gbt",
    "gbt+urban": "gbt",
    "gbt+geoclip": "gbt",
    "gbt+kriging": "gbt",
    "rf+lonlat": "rf",
    "rf+geoclip": "rf",
    "none+kriging": "none",
}


def handed(found: pd.DataFrame) -> pd.DataFrame:
    """The columns of a table of differences that a reader takes along: one value a cell."""
    columns = ["task", "split", "arm", "difference", "low", "high", "clear", "stations", "fits"]
    return found[[column for column in columns if column in found]]


def draw_signs(found: Mapping[str, pd.DataFrame], profiles: str, *, reference: str) -> str:
    """Draw what simpler arms have more or less than one arm, a grid a task.

    Parameters
    ----------
    found : mapping
        Title of a task to gains over `reference` (:func:`placeprior.evidence.gains.gains`); one at least has rows.
    profiles : str
        Whose results these are.
    reference : str

    Returns
    -------
    str
        The line under the figure.
    """
    drawn = pd.concat([table.assign(task=title) for title, table in found.items() if len(table)], ignore_index=True)
    fig = figures.signs(found, "R²", reference=reference)
    return figures.label(
        fig,
        profiles,
        n=drawn["stations"].max(),
        of="stations at most",
        embedded=set(drawn["task"]) == {results.TASKS["world"]},
        note="embedded world: simulated",
        data=handed(drawn),
    )


def levels(asked: Sequence[tuple[str, str]], splits: Sequence[str], name: str) -> Any:
    """RMSE of rivals and networks on the fits that all arms of a split have, with what each reads and its seconds.

    Parameters
    ----------
    asked : sequence of (str, str)
        Profile and task; those without a rival are passed over.
    splits : sequence of str
    name : str
        To refer to the table.
    """
    from IPython.display import Markdown

    loaded = [results.load(profile, task, arms={*_RIVALS, *_NETWORKS}, splits=splits) for profile, task in asked]
    shown = [own for own in loaded if own.scores["arm"].isin(set(_RIVALS) - {"idw"}).any()]
    if not shown:
        return Markdown("*No rival was run yet.*")
    # Arms without every split have fewer fits: each split has the fits that its own arms share.
    tables = [cells(matched.common(own.scores), "rmse") for own in shown]
    table = pd.concat({own.title: table for own, table in zip(shown, tables, strict=True)}, axis=1)
    table.columns = [f"{title.split(',')[0]}: {split}" for title, split in table.columns]
    arms = [arm for arm in arm_order({arm for own in shown for arm in own.scores["arm"]}) if called(arm) in table.index]
    table = table.reindex([called(arm) for arm in arms]).fillna("–")
    table.insert(0, "reads", [_READS.get(arm, "predictors") for arm in arms])
    seconds = pd.concat([costs.by_arm(own.scores, store.stamps(own.profile))["seconds"] for own in shown])
    quickest = seconds.groupby(level=0).min()
    table["seconds a run"] = [f"{quickest[arm]:,.0f}" if arm in quickest else "–" for arm in arms]
    told = ", ".join(dict.fromkeys(own.origin for own in shown))
    return captioned(
        table.rename_axis("arm"),
        f"Test RMSE in {figures.UNIT}, the two partitions of a checkerboard apart, on the fits that all arms of a "
        "split have; seconds: the quickest run, on one thread; kriged residuals: time of the correction "
        f"alone. {capital(told)}.",
        name,
    )


def additions(asked: Sequence[tuple[str, str]], splits: Sequence[str], name: str) -> Any:
    """What one addition changes in R2, additions by tasks and splits.

    Parameters
    ----------
    asked, splits, name
        As for :func:`levels`.
    """
    from IPython.display import Markdown

    columns: dict[str, dict[str, str]] = {}
    for profile, task in asked:
        for base in dict.fromkeys(ADDED.values()):
            found = gains(profile, task, against=base)
            found = found[found["split"].isin(splits)]
            for row in found[found["arm"].map(ADDED) == base].itertuples():
                head = f"{results.TASKS[task].split(',')[0]}: {where(row.split)}"
                columns.setdefault(head, {})[row.arm] = (
                    gain(row, 2) if np.isfinite(row.low) else minus(f"{row.difference:+.2f} (one seed)")
                )
    table = pd.DataFrame(columns)
    if table.empty:
        return Markdown("*No such pair was run yet.*")
    table = table.reindex(arm_order(table.index)).fillna("–")
    table.index = pd.Index([f"{called(arm)}, against {called(ADDED[arm])}" for arm in table.index], name="addition")
    return captioned(
        table,
        f"Change of R² on the same rows by one addition, {INTERVAL} over places and trainings, bold where clear; for "
        "trees, grown once, with the spread between trainings of a split's networks. Weather and neighbours: real "
        "measurements; embedded world: simulated.",
        name,
    )


def draw_variogram(
    km: np.ndarray, gamma: np.ndarray, pairs: np.ndarray, curve: variogram.Variogram, profile: str
) -> str:
    """The empirical variogram, the area of a point growing with its pairs, and the fitted curve.

    Parameters
    ----------
    km, gamma, pairs : ndarray, shape (bin,)
        Of the embedded world, as :func:`placeprior.space.variogram.empirical`.
    curve : placeprior.space.variogram.Variogram
    profile : str

    Returns
    -------
    str
        The line under the figure.
    """
    fig, ax = figures.subplots(size=(5.4, 3.2))
    style = {"s": 12 + 90 * pairs / pairs.max(), "color": BLUE, "alpha": 0.6, "lw": 0, "zorder": 3}
    ax.scatter(km, gamma, label="pairs of monitors", **style)
    line = np.linspace(0, variogram.MAX_KM, 400)
    ax.plot(line, curve(line), color=VERMILION, lw=2, label="fitted curve")
    ax.axhline(1, color=MUTED, lw=1, ls=":")
    font = {"textcoords": "offset points", "color": MUTED, "va": "bottom", "fontsize": "small"}
    ax.annotate("nugget", (0, curve.nugget), xytext=(30, -8), **font)
    ax.plot(0, curve.nugget, marker="<", color=VERMILION, ms=7, clip_on=False)
    ax.set(xlabel="distance of two monitors [km]", ylabel="variogram [day's variance]")
    ax.set_xlim(0, variogram.MAX_KM)
    ax.set_ylim(0, 1.1 * max(gamma.max(), 1))
    ax.legend(loc="lower right")
    table = pd.DataFrame({"km": km, "variogram": gamma, "pairs": pairs, "curve": curve(km)})
    return figures.label(fig, profile, n=pairs.sum(), of="pairs of monitors on a day", embedded=True, data=table)


def draw_weights(
    places: Mapping[str, tuple[float, float]], share: np.ndarray, inverse: np.ndarray, profile: str
) -> str:
    """Monitors around a place, circles that grow with their weight, and in brackets that by inverse distance.

    Parameters
    ----------
    places : mapping
        Name to km east and north of the place.
    share, inverse : ndarray, shape (monitor,)
        Weights by kriging, with a curve of the embedded world, and by inverse distance.
    profile : str

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
    table = pd.DataFrame(places, index=["east_km", "north_km"]).T.assign(kriging=share, inverse_distance=inverse)
    table = table.rename_axis("monitor").reset_index()
    return figures.label(fig, profile, n=len(places), of="monitors, made up", embedded=True, data=table)
