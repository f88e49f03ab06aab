"""Figures of the page on who is served: maps of errors, a row an arm, semivariograms, the rose, bias against error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from placeprior.arms import arm_order
from placeprior.book import figures
from placeprior.book.served import CONTROLS, DRAWN, GAPS, GEOCLIP, HEAD, MAIN, SCORES, Served, short
from placeprior.book.style import BLUE, LAND, MUTED, ORANGE, PAPER, SILVER, VERMILION
from placeprior.book.words import NOTE, minus
from placeprior.scores.fairness.geobias import RelativeInformation
from placeprior.scores.fairness.unevenness import semivariogram

LEAST_PAIRS = 30  # of stations in a bin of a semivariogram
COMPASS = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"]


def _label(fig: Figure, shown: Sequence[Served], n: int, of: str) -> str:
    """The line under a figure of one task or both, the embedded world on the left."""
    own, rest = shown[-1].results, [one.results for one in shown[:-1]]
    note = "".join(f"left: embedded world (simulated), profile {one.profile}" for one in rest)
    return figures.label(fig, own.profile, n=n, of=of, embedded=own.embedded, note=note)


def _nothing(own: Served, what: str) -> str:
    return figures.nothing(what, own.results.profile, embedded=own.results.embedded, of="maps")


def _style(name: str) -> dict[str, Any]:
    """Line style: an encoder of the other page is dashed, as its colour may be that of an arm of this one."""
    look = figures.look(name)
    return {"color": look.colour, "marker": look.marker, "ls": "-" if name in MAIN else "--"}


def _legend(fig: Figure, arms: Sequence[str]) -> None:
    handles = [Line2D([], [], **_style(name), label=short(name)) for name in arm_order(arms)]
    fig.legend(handles=handles, loc="outside upper left", ncols=3, fontsize="small")


def draw_maps(own: Served) -> str:
    """RMSE of the network without a place, and the change by three arms, station by station."""
    if not own.out.whole:
        return _nothing(own, "maps of errors")
    shown = [name for name in ("lonlat", GEOCLIP, *own.best, "urban-hadamard") if name in own.out.whole][:3]
    base = own.out.whole[HEAD]["rmse"].to_numpy()
    change = {name: own.out.whole[name]["rmse"].to_numpy() - base for name in shown}
    fig, axes = figures.panels(1 + len(change), row=2.4, maps=True)
    size = 9 if len(base) < 600 else 5
    dots = figures.station_map(axes[0], own.out.lonlat, base, "RMSE", size=size, bar=False)
    axes[0].set_title("no location, extra head")
    figures.colourbar(axes[0], dots, "RMSE", extend="both", shrink=0.9)
    top = float(np.quantile(np.abs(np.concatenate(list(change.values()))), 0.95)) if change else 1.0
    ends = {"kind": "difference", "vmin": -top, "vmax": top}
    for ax, (name, values) in zip(axes[1:], change.items(), strict=True):
        dots = figures.station_map(ax, own.out.lonlat, values, "change", size=size, bar=False, **ends)
        ax.set_title(f"change by {short(name)}")
        figures.colourbar(ax, dots, "change of RMSE", extend="both", shrink=0.9)
    return _label(fig, [own], len(base), "stations")


def _rows(axes: Sequence[Axes], tables: Mapping[str, pd.DataFrame], arms: Sequence[str], quantities: list[str]) -> None:
    """Small forests, a row an arm: tables by title with the columns arm, value, and perhaps low and high."""
    for place, (ax, (title, table), quantity) in enumerate(zip(axes, tables.items(), quantities, strict=True)):
        for row, name in enumerate(arms):
            own, look = table[table["arm"] == name], figures.look(name)
            if own.empty or own["value"].isna().all():
                continue
            value = own["value"]
            ends = own[["low", "high"]].iloc[0] if "low" in own else (value.min(), value.max())
            ax.plot(ends, [row, row], color=look.colour, lw=1.6, zorder=2)
            if len(own) > 1:
                ax.scatter(value, [row] * len(own), s=10, color=look.colour, alpha=0.45, lw=0, zorder=3)
            mark = {"marker": look.marker, "color": look.colour, "ec": PAPER, "lw": 0.5}
            ax.scatter(value.mean(), row, s=36, zorder=4, **mark)
        ax.set(title=title, xlabel=quantity, ylim=(len(arms) - 0.4, -0.6))
        ax.set_yticks(range(len(arms)), [short(name).replace("concatenated", "concat.") for name in arms], fontsize=8)
        if place % 2:
            ax.tick_params(labelleft=False)
        ax.xaxis.set_major_locator(MaxNLocator(4))
        ax.grid(axis="y", visible=False)


def draw_gaps(own: Served, even: pd.DataFrame) -> str:
    """Gaps between groups and the spread over regions with their intervals, a row an arm."""
    if even.empty:
        return _nothing(own, "gaps between groups")
    keys = [gap for gap in GAPS if gap in set(even["who"])]
    arms = [name for name in own.arms if name != "idw"]
    ends = even[["arm", "who", "value", "value_low", "value_high"]].set_axis(
        ["arm", "who", "value", "low", "high"], axis=1
    )
    tables = {who: ends[ends["who"] == who] for who in keys}
    tables["spread over regions"] = ends[ends["who"] == "spread"]
    fig, axes = figures.panels(len(tables), row=0.2 * len(arms) + 0.75)
    quantities = [f"gap [{figures.UNIT}]"] * len(keys) + [f"SD of regional RMSE [{figures.UNIT}]"]
    _rows(axes, tables, arms, quantities)
    for ax in axes[:-1]:
        ax.axvline(0, color=MUTED, lw=1, ls="--", zorder=1)
    results_of = own.results
    return figures.label(
        fig, results_of.profile, n=own.stations, of="stations", embedded=results_of.embedded, note=NOTE
    )


def draw_semivariograms(present: Sequence[Served]) -> str:
    """Semivariograms of the stations' bias of a few arms, one panel a task."""
    fig, axes = figures.panels(len(present), len(present), row=2.8)
    drawn = []
    for ax, own in zip(axes, present, strict=True):
        shown = [name for name in (HEAD, "urban-hadamard", "lonlat", GEOCLIP, *own.best[:1]) if name in own.out.whole]
        for name in shown:
            curve = semivariogram(own.out.lonlat, own.out.whole[name]["bias"].to_numpy())
            curve = curve[curve["pairs"] >= LEAST_PAIRS]
            ax.plot(curve["km"], curve["semivariance"], **_style(name), ms=4, lw=1.3)
        drawn += shown
        ax.set(title=own.results.title, xlabel="distance [km]", ylim=(0, None))
    axes[0].set_ylabel("semivariance of the bias\n[(µg m⁻³)²]")
    _legend(fig, drawn)
    return _label(fig, present, max(own.stations for own in present), "stations at most")


def draw_null(observed: RelativeInformation | None) -> Figure:
    """A score beside its null: bars for the same errors dealt to the places at random, a line for what was observed.

    Parameters
    ----------
    observed : RelativeInformation or None
        By direction; None where there are too few stations for it.
    """
    fig, ax = figures.subplots(size=(6.4, 2.4))
    if observed is None:
        ax.set_axis_off()
        ax.text(0, 0.5, "too few stations for a score by direction", va="center")
        return fig
    ax.hist(observed.null, bins=12, color=SILVER)
    ax.axvline(observed.score, color=VERMILION, lw=2)
    ax.set(xlabel="relative information by direction [nats]", ylabel="dealings", xlim=(0, None))
    return fig


def draw_scores(own: Served) -> str:
    """Scores of each seed, a row an arm, with the band of chance."""
    tables = {key: own.bias[own.bias["measure"] == key] for key in DRAWN}
    tables = {SCORES[key][0]: table for key, table in tables.items() if table["value"].notna().any()}
    if not tables:
        return _nothing(own, "scores of geographic bias")
    arms = [name for name in own.arms if name in set(own.bias["arm"])]
    fig, axes = figures.panels(len(tables), row=0.2 * len(arms) + 0.75)
    plain = {title: table[["arm", "value"]] for title, table in tables.items()}
    _rows(axes, plain, arms, ["nats"] * len(tables))
    for ax, table in zip(axes, tables.values(), strict=True):
        chance, sd = table[["chance", "sd"]].iloc[0]
        ax.axvspan(chance - 2 * sd, chance + 2 * sd, color=LAND, lw=0, zorder=0)
        ax.set_xlim(0, None)
    note = "grey: chance, ± 2 standard deviations"
    told = {"n": own.stations, "of": "stations", "embedded": own.results.embedded, "note": note}
    return figures.label(fig, own.results.profile, **told)


def draw_rose(sources: Sequence[Served]) -> str:
    """Mean RMSE of a sector minus that of the neighbourhood, by bearing, one panel a task."""
    shown = [own for own in sources if own.bias["measure"].str.startswith("towards").any()]
    if not shown:
        return _nothing(sources[0], "the rose")
    fig, axes = figures.panels(len(shown), len(shown), row=3.3, subplot_kw={"projection": "polar"})
    drawn = []
    for ax, own in zip(axes, shown, strict=True):
        rose = own.bias[own.bias["measure"].str.startswith("towards")]
        rose = rose.assign(bearing=rose["measure"].str.removeprefix("towards-").astype(float))
        arms = [name for name in ("idw", HEAD, "lonlat", GEOCLIP, *own.best[:1]) if name in set(rose["arm"])]
        for name in arms:
            mean = rose[rose["arm"] == name].groupby("bearing")["value"].mean()
            turn = np.radians([*mean.index, mean.index[0]])
            ax.plot(turn, [*mean, mean.iloc[0]], **_style(name), ms=4, lw=1.4)
        drawn += arms
        _compass(ax)
        ax.set_title(own.results.title)
    _legend(fig, drawn)
    of = f"stations at most · radius: RMSE minus that of the neighbourhood [{figures.UNIT}]"
    return _label(fig, shown, max(own.stations for own in shown), of)


def _compass(ax: Any) -> None:
    """North up, clockwise, a dashed circle at zero and three labelled radii."""
    ax.plot(np.linspace(0, 2 * np.pi, 90), np.zeros(90), color=figures.INK, lw=1, ls="--")
    ax.set_theta_zero_location("N")
    ax.set_theta_direction(-1)
    ax.set_thetagrids(range(0, 360, 45), COMPASS)
    low, high = ax.get_ylim()
    reach = max(-low, high)
    ax.set_ylim(-1.6 * reach, 1.1 * reach)
    ax.set_rticks([-reach / 2, 0, reach / 2], ["", "", ""])
    box = {"fc": PAPER, "ec": "none", "alpha": 0.8, "pad": 0.5}
    for value in (-reach / 2, 0, reach / 2):
        text = minus(f"{value:+.1f}") if value else "0"
        ax.text(np.radians(22.5), value, text, fontsize=8, ha="center", va="center", zorder=6, bbox=box)


def draw_trade(sources: Sequence[Served], changes: Mapping[str, pd.DataFrame]) -> str:
    """Change of error against change of two measures of bias, one point an arm, one column a task.

    Parameters
    ----------
    sources : sequence of Served
    changes : mapping
        Task to its changes, as :func:`placeprior.evidence.error_maps.changes`.
    """
    shown = [own for own in sources if len(changes[own.results.task])]
    if not shown:
        return _nothing(sources[0], "changes of bias")
    means = [changes[own.results.task].groupby("arm").mean() for own in shown]
    fig, axes = figures.panels(2 * len(shown), len(shown), row=2.4)
    colours = {"encoder": (BLUE, "o"), "coordinates": (ORANGE, "o"), "control": (figures.INK, "P")}
    for ax, (key, column) in zip(axes, ((k, c) for k in ("scale", "regions") for c in range(len(shown))), strict=True):
        for name, one in means[column].iterrows():
            kind = "control" if name in CONTROLS else "coordinates" if name in ("lonlat", "sincos") else "encoder"
            colour, marker = colours[kind]
            size = 44 if kind == "control" else 30
            ax.scatter(one["rmse"], one[key], s=size, marker=marker, zorder=3, color=colour, ec=PAPER, lw=0.5)
        ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
        ax.axvline(0, color=MUTED, lw=1, ls="--", zorder=1)
        ax.xaxis.set_major_locator(MaxNLocator(4))
        if key == "scale":
            ax.set_title(shown[column].results.title)
        else:
            ax.set_xlabel(f"change of RMSE [{figures.UNIT}]")
    axes[0].set_ylabel("change of the score\nby scale [nats]")
    axes[len(shown)].set_ylabel(f"change of the spread\nover regions [{figures.UNIT}]")
    handles = [Line2D([], [], ls="", color=c, marker=m, label=kind) for kind, (c, m) in colours.items()]
    fig.legend(handles=handles, loc="outside upper left", ncols=3, fontsize="small")
    return _label(fig, shown, max(map(len, means)), "arms at most, means over seeds")
