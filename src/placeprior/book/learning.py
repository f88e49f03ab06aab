"""Drawings and tables of the page about how many places must be seen, and about other years."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from placeprior.arms import arm_order, called
from placeprior.book import figures
from placeprior.book.style import MUTED, ON_DARK, ON_LIGHT, PAPER
from placeprior.book.words import NOTE, gain, minus
from placeprior.evidence.learning import Curve
from placeprior.scores import metrics


def _log_axis(ax: Axes, numbers: Sequence[int]) -> None:
    """A logarithmic axis whose ticks are the numbers of stations that were run."""
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(numbers))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticklabels([f"{n:,}" for n in numbers])
    ax.set_xlim(numbers[0] / 1.25, numbers[-1] * 1.25)
    ax.set_xlabel("training stations")


def draw_curves(curve: Curve | None, profile: str, *, embedded: bool) -> str:
    """R2 and RMSE against the number of training stations; the line under the figure is returned."""
    if curve is None:
        return figures.nothing("Learning curves", profile, embedded=embedded)
    fig, axes = figures.subplots(1, 2, size=(6.4, 4.0))
    for ax, (metric, title) in zip(axes, (("r2", "test R²"), ("rmse", f"test RMSE [{figures.UNIT}]")), strict=True):
        part = curve.scores[curve.scores["metric"] == metric]
        for shift, arm in zip(np.linspace(-0.03, 0.03, len(curve.arms)), curve.arms, strict=True):
            own, look = part[part["arm"] == arm], figures.look(arm)
            means = own.groupby("stations")["value"].mean()
            ax.plot(means.index * 10**shift, means, color=look.colour, marker=look.marker, lw=1.5, mec=PAPER, mew=0.5)
        _log_axis(ax, curve.numbers)
        ax.set_title(title)
    figures.legend_above(fig, curve.arms)
    return figures.label(fig, profile, n=curve.scores["run"].nunique(), of="runs", embedded=embedded)


def draw_gains(gains: pd.DataFrame | None, profile: str, *, embedded: bool) -> str:
    """Gain over the reference against the number of training stations; the line under the figure is returned.

    Parameters
    ----------
    gains : pandas.DataFrame, optional
        As :func:`placeprior.evidence.learning.gains`.
    profile : str
    embedded : bool
    """
    if gains is None:
        return figures.nothing("Gains", profile, embedded=embedded)
    fig, ax = figures.subplots(size=(6.4, 4.0))
    arms = arm_order(gains["arm"])
    style = {"lw": 1.3, "elinewidth": 1.8, "mec": PAPER, "mew": 0.5, "ms": 7}
    for shift, arm in zip(np.linspace(-0.035, 0.035, len(arms)), arms, strict=True):
        own, look = gains[gains["arm"] == arm], figures.look(arm)
        bars = [(own["difference"] - own["low"]).clip(lower=0), (own["high"] - own["difference"]).clip(lower=0)]
        x = own["trained"] * 10**shift
        ax.errorbar(x, own["difference"], yerr=bars, color=look.colour, marker=look.marker, **style)
    ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
    _log_axis(ax, sorted(gains["trained"].unique()))
    ax.set_ylabel("ΔR² to the matched reference")
    figures.legend_above(fig, arms)
    return figures.label(fig, profile, n=gains["stations"].max(), of="tested stations", embedded=embedded, note=NOTE)


def levels(curve: Curve, metric: str) -> pd.DataFrame:
    """A score by number of stations as text: mean over seeds ± their standard deviation; a dash where no run is."""
    part = curve.scores[curve.scores["metric"] == metric]
    cells = {}
    for (arm, number), own in part.groupby(["arm", "stations"]):
        mean, sd = own.groupby("fold")["value"].mean().mean(), metrics.between_seeds(own)
        cells[called(arm), f"{number:,}"] = minus(f"{mean:.2f}" + ("" if np.isnan(sd) else f" ± {sd:.2f}"))
    wide = pd.Series(cells, dtype=object).unstack()
    columns = [f"{number:,}" for number in curve.numbers]
    return wide.reindex(index=[called(arm) for arm in curve.arms], columns=columns).fillna("–").rename_axis("arm")


def gain_rows(r2: pd.DataFrame, rmse: pd.DataFrame) -> pd.DataFrame:
    """Gains in R2 and in RMSE beside each other, as text; both as :func:`placeprior.evidence.learning.gains`."""
    return pd.DataFrame(
        {
            "arm": [called(arm) for arm in r2["arm"]],
            "against": [called(arm) for arm in r2["reference"]],
            "training stations": [f"{number:,}" for number in r2["trained"]],
            "ΔR²": [gain(row) for row in r2.itertuples()],
            f"ΔRMSE [{figures.UNIT}]": [gain(row, 2) for row in rmse.itertuples()],
        }
    )


def squares(table: pd.DataFrame, column: str) -> dict[str, pd.DataFrame]:
    """A column by arm, as a square of years of training (rows) and of test."""
    years = sorted({*table["trained"], *table["tested"]})
    return {
        arm: own.pivot_table(index="trained", columns="tested", values=column).reindex(index=years, columns=years)
        for arm in arm_order(table["arm"])
        for own in [table[table["arm"] == arm]]
    }


def draw_years(found: pd.DataFrame, column: str, profile: str, *, runs: int) -> str:
    """Coloured cells of several arms side by side, two a line, with one colour bar.

    Parameters
    ----------
    found : pandas.DataFrame
        Columns ``arm``, ``trained``, ``tested`` and `column`, as :func:`placeprior.evidence.learning.across_years` of
        R2 alone or :func:`placeprior.evidence.learning.by_year`.
    column : {"value", "difference"}
        Test R2 itself, or the gain in it, whose colours are symmetric about zero.
    profile : str
    runs : int
        How many it rests on.

    Returns
    -------
    str
        The line under the figure.
    """
    if found.empty:
        what = {"value": "Years", "difference": "Gain by year"}[column]
        return figures.nothing(what, profile, embedded=False)
    kind, quantity, digits = "amount", "test R²", 2
    if column == "difference":
        kind, quantity, digits = "difference", f"ΔR² to {called(found['reference'].iloc[0])}", 3
    tables = squares(found, column)
    shown = np.concatenate([table.to_numpy(float).ravel() for table in tables.values()])
    low, high = np.nanmin(shown), np.nanmax(shown)
    if kind == "difference":
        high = max(abs(low), abs(high)) or 1.0
        low = -high
    columns, rows = min(2, len(tables)), len(next(iter(tables.values())))
    width = 6.4 if columns > 1 else 4.8
    fig, axes = figures.panels(len(tables), columns, row=0.7 + 0.42 * rows, extra=1.0, width=width)
    for number, (ax, (arm, table)) in enumerate(zip(axes, tables.items(), strict=True)):
        image = ax.imshow(table.to_numpy(float), cmap=figures.CMAPS[kind], vmin=low, vmax=high, aspect="auto")
        _numbers(ax, image, table, f"{'+' if kind == 'difference' else ''}.{digits}f")
        ax.set_title(figures.look(arm).name)
        if number + columns >= len(tables):
            ax.set_xlabel("year of test")
        if number % columns == 0:
            ax.set_ylabel("year of training")
    fig.colorbar(image, ax=fig.axes, label=quantity, shrink=0.85, aspect=22)
    return figures.label(fig, profile, n=runs, of="runs", embedded=False)


def _numbers(ax: Axes, image: Any, table: pd.DataFrame, form: str) -> None:
    """Write each cell's number on it, white on dark."""
    for i, j in np.ndindex(table.shape):
        value = table.iloc[i, j]
        if np.isfinite(value):
            dark = np.dot(image.cmap(image.norm(value))[:3], [0.299, 0.587, 0.114]) < 0.5
            colour = ON_DARK if dark else ON_LIGHT
            ax.text(j, i, format(value, form).replace("-", "−"), ha="center", va="center", fontsize=9, color=colour)
    ax.set_xticks(range(len(table.columns)), table.columns)
    ax.set_yticks(range(len(table.index)), table.index)
    ax.grid(visible=False)
    ax.tick_params(length=0)


def carried_rows(found: pd.DataFrame) -> pd.DataFrame:
    """Gains in the same year and in another, a row an arm, as text; `found` as :func:`.evidence.learning.carried`."""
    headings = {
        "same": "trained on the year of test",
        "other": "trained on another year",
        "change": "difference of the two",
        "cost": "another year, without a place",
    }
    cells = found.assign(text=[gain(row) for row in found.itertuples()])
    wide = cells.pivot(index=["arm", "reference"], columns="what", values="text").reindex(columns=[*headings])
    wide = wide.rename(columns=headings).reset_index().rename(columns={"reference": "against"})
    order = arm_order(wide["arm"])
    wide = wide.sort_values("arm", key=lambda arms: arms.map(order.index))
    return wide.assign(arm=wide["arm"].map(called), against=wide["against"].map(called)).rename_axis(None, axis=1)
