"""Drawings and tables of the page about what structure errors leave in space, and about kriging's labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, NullFormatter

from placeprior.arms import PSEUDO, arm_order, called, splits_in, where, with_arm
from placeprior.book import figures, results
from placeprior.book.style import INK, look
from placeprior.book.tables import captioned
from placeprior.book.words import INTERVAL, capital, gain, minus
from placeprior.evidence import matched, residual_variograms, tables
from placeprior.evidence.gains import gains
from placeprior.scores import metrics
from placeprior.scores.interval import clear
from placeprior.space.variogram import MAX_KM, SHORTEST_KM, Variogram

EDGES_KM = (0.0, 40.0, 80.0, 160.0, 320.0, 640.0, np.inf)  # between a test station and the nearest training monitor
FEWEST = 5  # test stations of a class of distance that is drawn
STUDENTS = ("kriging", "gbt", *PSEUDO)  # the teacher, the trees, and the students
MEASURED = "what was measured"


def residuals(profile: str) -> pd.DataFrame:
    """The committed table of residual variograms, with ``arm``; empty where there is none."""
    if not tables.path(profile, "residual_variograms").is_file():
        return pd.DataFrame(columns=[*residual_variograms.COLUMNS, "arm"])
    return with_arm(tables.read(profile, "residual_variograms"))


def _numbers(table: pd.DataFrame, column: str = "value") -> pd.DataFrame:
    """One of the columns, arms and splits by nugget, sill, range and share."""
    told = table[table["what"] != residual_variograms.GAMMA]
    return told.pivot(index=["split", "arm"], columns="what", values=column)


def draw(table: pd.DataFrame, profile: str) -> str:
    """Draw empirical variograms of the residuals (points) and their curves, a panel a split.

    Parameters
    ----------
    table : pandas.DataFrame
        Of one task of the embedded world, as :func:`residuals`.
    profile : str

    Returns
    -------
    str
        The line under the figure.
    """
    splits = list(dict.fromkeys(table["split"]))
    fig, axes = figures.panels(len(splits), sharey=True, row=3.0, extra=0.9)
    numbers, km = _numbers(table), np.linspace(0, MAX_KM, 300)
    arms = arm_order(set(table["arm"]) - {residual_variograms.MEASURED})
    for ax, split in zip(axes, splits, strict=True):
        for arm in [residual_variograms.MEASURED, *arms]:
            own = table[(table["split"] == split) & (table["arm"] == arm)]
            points = own[own["what"] == residual_variograms.GAMMA]
            if own.empty:
                continue
            known = arm != residual_variograms.MEASURED
            colour, marker = (look(arm).colour, look(arm).marker) if known else (INK, "_")
            ax.scatter(points["km"], points["value"], s=16, color=colour, marker=marker, lw=0.8, alpha=0.7, zorder=3)
            one = numbers.loc[(split, arm)]
            curve = Variogram(one["nugget"], one["sill"], one["range"])
            ax.plot(km, curve(km), color=colour, lw=1.4, ls="-" if known else ":")
        ax.set(title=where(split), xlabel="distance of two stations [km]", xlim=(0, MAX_KM), ylim=(0, None))
    axes[0].set_ylabel("semivariance [day's variance]")
    figures.legend_above(fig, arms)
    return figures.label(
        fig,
        profile,
        n=table["stations"].max(),
        of="test stations at most",
        embedded=True,
        note=f"dotted: {MEASURED}",
        data=table,
    )


def numbers(table: pd.DataFrame, profile: str, name: str) -> Any:
    """Nugget, partial sill and range of each arm's residuals, with intervals, a row an arm and split."""
    value, low, high = (_numbers(table, column) for column in ("value", "low", "high"))
    apart = [_numbers(table, column) for column in ("difference", "difference_low", "difference_high")]

    def cell(key: Any, what: str, form: str) -> str:
        ends = [part.loc[key, what] for part in (value, low, high)]
        if what == "range" and (ends[1] < SHORTEST_KM or ends[2] > 2 * MAX_KM):
            return f"{ends[0]:,.0f} (open)"  # the interval ends where no range can be told
        told = [format(end, form) for end in ends]
        return minus(f"{told[0]} ({told[1]} to {told[2]})")

    rows = []
    for split in dict.fromkeys(table["split"]):
        arms = {arm for where_, arm in value.index if where_ == split}
        for arm in [residual_variograms.MEASURED, *arm_order(arms - {residual_variograms.MEASURED})]:
            key = (split, arm)
            row = {"split": where(split), "arm": MEASURED if arm == residual_variograms.MEASURED else called(arm)}
            row |= {"nugget": cell(key, "nugget", ".2f"), "partial sill": cell(key, "sill", ".2f")}
            row["range, km"] = cell(key, "range", ",.0f")
            row["sill minus no location's"] = _apart(*(part.loc[key, "sill"] for part in apart))
            rows.append(row)
    told = pd.DataFrame(rows)
    if not np.isfinite(apart[0].to_numpy(np.float64)).any():  # the network without a place was not run
        told = told.drop(columns="sill minus no location's")
    return captioned(
        told,
        f"Residual variograms: exponentials, nugget and partial sill in units of a day's variance, {INTERVAL}s over "
        "places and trainings (of an arm that was trained once, over places alone, and a difference has none); *open* "
        f"where an interval of the range ends beyond {SHORTEST_KM:.0f} or {2 * MAX_KM:,.0f} km. Profile {profile}, "
        "embedded world.",
        name,
    )


def _apart(difference: float, low: float, high: float) -> str:
    """A difference, its interval where there is one, bold where that excludes zero."""
    if not np.isfinite(difference):
        return "–"
    if not np.isfinite(low):
        return minus(f"{difference:+.2f}")
    text = minus(f"{difference:+.2f} ({low:+.2f} to {high:+.2f})")
    return f"**{text}**" if clear(low, high) else text


def by_distance(own: results.Results) -> pd.DataFrame:
    """RMSE of teacher, trees and students by the distance of a test station to the nearest training monitor.

    Parameters
    ----------
    own : Results
        Of one task.

    Returns
    -------
    pandas.DataFrame
        ``split, arm, low_km, km`` (median of the class), ``rmse`` (µg m-3, all folds and seeds together),
        ``stations``; classes of fewer than :data:`FEWEST` stations are left out, and folds that not every arm has.
    """
    scores = matched.same_folds(own.scores.drop_duplicates("run"))
    rows = []
    for split in splits_in(scores):
        part = scores[scores["split"] == split]
        sums = own.sums.merge(part[["run", "arm"]], on="run")
        sums = sums.assign(number=np.digitize(sums["nearest_km"], EDGES_KM) - 1)
        for (arm, number), cell in sums.groupby(["arm", "number"]):
            if cell["name"].nunique() >= FEWEST:
                total = cell[list(metrics.SUMS)].sum().to_numpy(np.float64)
                rows.append(
                    [split, arm, EDGES_KM[number], cell["nearest_km"].median(), metrics.from_sums(total)["rmse"]]
                    + [cell["name"].nunique()]
                )
    return pd.DataFrame(rows, columns=["split", "arm", "low_km", "km", "rmse", "stations"])


def draw_by_distance(found: Mapping[str, pd.DataFrame], profiles: str) -> str:
    """Draw RMSE by distance, a panel a task and split.

    Parameters
    ----------
    found : mapping
        Title of a task to what :func:`by_distance` finds; one at least has rows.
    profiles : str

    Returns
    -------
    str
        The line under the figure.
    """
    whole = pd.concat([table.assign(task=title) for title, table in found.items()], ignore_index=True)
    cells = list(dict.fromkeys(zip(whole["task"], whole["split"], strict=True)))
    fig, axes = figures.panels(len(cells), row=2.7, extra=1.0)
    for ax, (task, split) in zip(axes, cells, strict=True):
        part = whole[(whole["task"] == task) & (whole["split"] == split)]
        for arm in arm_order(part["arm"]):
            line, drawn = part[part["arm"] == arm].sort_values("km"), look(arm)
            ax.plot(line["km"], line["rmse"], color=drawn.colour, marker=drawn.marker, lw=1.2, ms=5, mec="none")
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator([20, 50, 100, 200, 500, 1000]))
        ax.xaxis.set_major_formatter("{x:,.0f}")
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set(title=f"{task}, {where(split)}", xlabel="km to the nearest training monitor", ylabel="")
        ax.set_ylim(0, None)
    for ax in axes[::2]:
        ax.set_ylabel(f"RMSE [{figures.UNIT}]")
    figures.legend_above(fig, whole["arm"])
    embedded = set(whole["task"]) == {results.TASKS["world"]}
    note = "" if embedded else "embedded world: simulated"
    return figures.label(
        fig,
        profiles,
        n=whole["stations"].max(),
        of="stations a class at most",
        embedded=embedded,
        note=note,
        data=whole,
    )


def students(asked: Sequence[tuple[str, str]], splits: Sequence[str], name: str, *, against: str = "gbt") -> Any:
    """What the students have more or less of R² than the trees without labels, arms by tasks and splits.

    Parameters
    ----------
    asked : sequence of (str, str)
        Profile and task.
    splits : sequence of str
    name : str
        To refer to the table.
    against : str
    """
    from IPython.display import Markdown

    columns: dict[str, dict[str, str]] = {}
    for profile, task in asked:
        found = gains(profile, task, against=against)
        found = found[found["split"].isin(splits) & found["arm"].isin([*STUDENTS, "gbt+geoclip", "gbt+kriging"])]
        for row in found.itertuples():
            seeds = f", {row.seeds} seed{'s' if row.seeds > 1 else ''}"
            text = gain(row, 3) if np.isfinite(row.low) else minus(f"{row.difference:+.3f}")
            columns.setdefault(f"{results.TASKS[task].split(',')[0]}: {where(row.split)}", {})[row.arm] = text + seeds
    table = pd.DataFrame(columns)
    if table.empty:
        return Markdown("*No student was run yet.*")
    table = table.reindex(arm_order(table.index)).fillna("–")
    table.index = pd.Index([called(arm) for arm in table.index], name="arm")
    return captioned(
        table,
        f"R² minus that of {called(against)} on the same rows, {INTERVAL} over places and trainings, bold where clear. "
        "Weather: real measurements; embedded world: simulated.",
        name,
    )


def teachers(asked: Sequence[tuple[str, str]], splits: Sequence[str]) -> str:
    """What the student has more or less of R² than its teacher, and than trees that its teacher corrects, in words.

    Parameters
    ----------
    asked : sequence of (str, str)
        Profile and task.
    splits : sequence of str

    Returns
    -------
    str
        A paragraph a task; empty where no student was run beside either.
    """
    found = []
    for profile, task in asked:
        told = []
        for against, word in (("kriging", "its teacher"), ("gbt+kriging", "trees whose residuals are kriged")):
            table = gains(profile, task, against=against)
            rows = table[(table["arm"] == "gbt+pseudo") & table["split"].isin(splits)]
            cells = [
                f"{where(row.split)} {gain(row, 3) if np.isfinite(row.low) else minus(f'{row.difference:+.3f}')}"
                for row in rows.itertuples()
            ]
            if cells:
                told.append(f"against {word}, {called(against)}: {', '.join(cells)}")
        if told:
            found.append(f"**{capital(results.TASKS[task])}**, R² of the student {'; '.join(told)}.")
    return "\n\n".join(found)


def tried(table: pd.DataFrame) -> str:
    """A student's RMSE at validation stations by number, weight and noise of the labels, as a sentence.

    Parameters
    ----------
    table : pandas.DataFrame
        Of one cell of the embedded world, as :func:`placeprior.evidence.pseudo_trials.collect`.
    """
    told = [
        ("no labels" if not row.labels else f"{row.labels:,}{', weight 1' * row.alike}{', noise' * row.noisy}")
        + f" {row.rmse:.2f}"
        for row in table.itertuples()
    ]
    return f"Labels and validation RMSE in {figures.UNIT}, embedded world: {'; '.join(told)}."
