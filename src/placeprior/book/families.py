"""Figures and tables of all encoders at once: their kinds by colour and shape, gains on two splits, properties."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from placeprior.arms import arm_order, called, where
from placeprior.book import figures
from placeprior.book.labels import write_names
from placeprior.book.results import Results
from placeprior.book.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LAND,
    MUTED,
    OLIVE,
    ORANGE,
    PAPER,
    PLUM,
    SKY,
    VERMILION,
    VIOLET,
)
from placeprior.book.tables import captioned
from placeprior.book.words import NOTE, minus, signed
from placeprior.evidence.families import (
    ENCODERS,
    FLAT,
    GEOCLIP,
    HYBRID,
    LEARNED,
    URBAN,
    Rank,
    by_seed,
    collapsed,
    kind,
    variant,
)

#: What a place vector is made of: word in tables, colour and marker in figures.
KINDS = {
    "baseline": ("no model", INK, "x"),
    "none": ("no place", GREY, "o"),
    "control": ("control", INK, "P"),
    "coordinates": ("coordinates", ORANGE, "s"),
    "planar": ("formula, plane", GREEN, "o"),
    "spherical": ("formula, sphere", VERMILION, "D"),
    "regional": ("formula, this country", PLUM, "*"),
    "untrained": ("frozen at random", GREY, "X"),
    "fmow": ("frozen, satellite scenes", SKY, "s"),
    "yfcc": ("frozen, photographs", VIOLET, "v"),
    "geoclip": ("frozen, GeoCLIP", BLUE, "^"),
    "satclip": ("frozen, SatCLIP", OLIVE, "<"),
}
REFERENCES = ("control", "none")
WITHIN, BEYOND = "spatial", "checkerboard-16"


def short(arm: str) -> str:
    """An arm's name where all are joined by a Hadamard product, which need not be said each time.

    >>> short("xyz-fmow-hadamard"), short("geoclip-concat")
    ('xyz, fMoW', 'GeoCLIP, concatenated')
    """
    return called(arm).removesuffix(", Hadamard")


def correlation(found: Rank | None) -> str:
    """A correlation of ranks as a cell of a table; a dash where there is none.

    >>> correlation(Rank(-0.25, -0.5, 0.125, 9)), correlation(None)
    ('−0.25 (−0.50 to +0.12)', '–')
    """
    return "–" if found is None else minus(f"{found.rho:+.2f} ({signed(found.low, found.high, 2)})")


def bulk(values: np.ndarray, room: float = 0.08) -> tuple[float, float]:
    """Axis limits that hold zero and most of some values: a few far ones do not flatten the rest.

    Parameters
    ----------
    values : ndarray
        Those farther from the middle half than twice its width count as far.
    room : float
        Left at either end, as a share of the range.
    """
    low, high = np.quantile(values, [0.25, 0.75])
    reach = max(2.0 * (high - low), 1e-3)
    inside = values[(values >= low - reach) & (values <= high + reach)]
    bottom, top = min(inside.min(), 0), max(inside.max(), 0)
    return bottom - room * (top - bottom), top + room * (top - bottom)


def legend(fig: Figure, arms: Collection[str]) -> None:
    """Shapes and colours of the kinds of some arms, above a figure."""
    shown = {kind(arm) for arm in arms}
    fig.legend(
        handles=[
            Line2D([], [], ls="", color=colour, marker=marker, label=word)
            for key, (word, colour, marker) in KINDS.items()
            if key in shown
        ],
        loc="outside upper left",
        ncols=3,
        fontsize="small",
        columnspacing=1.0,
        handletextpad=0.2,
    )


def collapsed_fits(scores: Mapping[str, pd.DataFrame], name: str) -> Any:
    """How many fits of which arms collapsed (:func:`placeprior.evidence.families.collapsed`), as a page shows it.

    Parameters
    ----------
    scores : mapping
        Title of a task to its scores, with a column ``arm``.
    name : str
        To refer to the table.
    """
    from IPython.display import Markdown

    rows = []
    for title, own in scores.items():
        made = own.drop_duplicates("run")
        failed = made["run"].isin(collapsed(own)).groupby(made["arm"]).agg(["sum", "size"])
        rows += [(title, short(arm), *failed.loc[arm]) for arm in arm_order(failed.index[failed["sum"] > 0])]
    if not rows:
        return Markdown("In no fit of these arms did the training collapse.")
    return captioned(
        pd.DataFrame(rows, columns=["task", "told about the place", "collapsed", "of fits"]).astype(str),
        f"Fits that collapsed: the network estimates nearly the same at every place and day (R² below {FLAT:g}), "
        f"although the one without a place learns from the same rows (R² above {LEARNED:g}).",
        name,
    )


def gains(found: pd.DataFrame, kinds: Collection[str] = (*ENCODERS, "control")) -> pd.DataFrame:
    """Differences of arms of some kinds that were run on both splits: columns (``difference, low, high``; split)."""
    part = found[found["arm"].map(kind).isin(kinds)]
    wide = part.pivot(index="arm", columns="split", values=["difference", "low", "high"]).astype(float)
    if not {WITHIN, BEYOND} <= set(part["split"]):
        return wide.iloc[:0]
    return wide[wide["difference"].notna().all(axis=1)]


def draw_both(found: pd.DataFrame, of: Results) -> str:
    """Draw one point an encoder: across its gain between known stations, upwards that in unseen regions.

    Parameters
    ----------
    found : pandas.DataFrame
        Differences to the same network without a place, as :func:`placeprior.evidence.matched.differences`.
    of : Results
        Whose they are.

    Returns
    -------
    str
        The line under the figure.
    """
    wide = gains(found)
    shown = [arm for arm in wide.index if kind(arm) in ENCODERS]
    if not shown:
        return figures.nothing("both splits", of.profile, embedded=of.embedded)
    fig, ax = figures.subplots(size=(6.4, 5.6))
    centre = wide["difference"][[WITHIN, BEYOND]]
    low, high = np.transpose([bulk(centre[s][[*shown, *({URBAN} & set(wide.index))]].to_numpy()) for s in centre])
    if URBAN in wide.index:  # the plainest reference belongs inside
        high = np.maximum(high, 1.1 * centre.loc[URBAN].to_numpy())
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
    ax.axvline(0, color=MUTED, lw=1, ls="--", zorder=1)
    inside = centre.clip(low, high, axis=1)
    for arm, (x, y) in inside.iterrows():
        _, colour, marker = KINDS[kind(arm)]
        if kind(arm) in ENCODERS:
            pale = {"color": colour, "lw": 0.8, "alpha": 0.35, "zorder": 2}
            ax.plot([wide["low"][WITHIN][arm], wide["high"][WITHIN][arm]], [y, y], **pale)
            ax.plot([x, x], [wide["low"][BEYOND][arm], wide["high"][BEYOND][arm]], **pale)
        beyond = not inside.loc[arm].equals(centre.loc[arm])
        _point(ax, x, y, arm, {"*": 130, "P": 80}.get(marker, 46), hollow=beyond, edge=1.2)
    if URBAN in wide.index and low[1] < centre[BEYOND][URBAN] < high[1]:
        ax.axhline(centre[BEYOND][URBAN], color=INK, lw=0.9, ls=":", zorder=1)
    ax.set_xlabel("gain between known stations (WR): ΔR² to none+head")
    ax.set_ylabel("gain in unseen regions (OoR, 16°): ΔR² to none+head")
    legend(fig, wide.index)
    told = figures.label(
        fig,
        of.profile,
        n=found["stations"].max(),
        of="stations at most",
        embedded=of.embedded,
        note=f"pale lines: {NOTE}",
    )
    named = _extremes(centre.loc[shown]) + [arm for arm in wide.index if kind(arm) == "control"]
    far = {arm: minus(f" ({centre[BEYOND][arm]:+.2f})") for arm in named if inside[BEYOND][arm] != centre[BEYOND][arm]}
    write_names(ax, inside.loc[named], [short(arm) + far.get(arm, "") for arm in named], inside)
    return told


def _point(ax: Axes, x: float, y: float, arm: str, size: float, *, hollow: bool, edge: float = 0.6) -> None:
    """One arm's mark; a hollow one stands at the edge for a point beyond it, drawn with a line of width `edge`."""
    _, colour, marker = KINDS[kind(arm)]
    fill, line = ("none", colour) if hollow else (colour, PAPER)
    ax.scatter(x, y, s=size, marker=marker, color=fill, ec=line, lw=edge if hollow else 0.6, zorder=5, clip_on=False)


def _extremes(centre: pd.DataFrame) -> list[str]:
    """Encoders to name: highest and lowest in unseen regions, highest between known stations, and the well known."""
    y, x = centre[BEYOND], centre[WITHIN]
    known = [arm for arm in (GEOCLIP, HYBRID, "slepian-hadamard", "sincos", "lonlat") if arm in centre.index]
    return list(dict.fromkeys([*y.nlargest(4).index, *x.nlargest(3).index, *y.nsmallest(2).index, *known]))


def draw_ranked(found: pd.DataFrame) -> Figure:
    """Draw all differences, one row an arm, the two splits side by side, ranked by the gain in unseen regions.

    Parameters
    ----------
    found : pandas.DataFrame
        As for :func:`draw_both`.
    """
    means = found.pivot(index="arm", columns="split", values="difference").reindex(columns=[BEYOND, WITHIN])
    order = list(means.sort_values([BEYOND, WITHIN], ascending=False, na_position="last").index)
    fig, axes = figures.subplots(1, 2, size=(6.4, 0.185 * len(order) + 1.5), sharey=True)
    for ax, split in zip(axes, means, strict=True):
        _ranked(ax, found[found["split"] == split].set_index("arm"), order)
        ax.set(title=where(split), xlabel="ΔR² to none+head")
    axes[0].set_yticks(range(len(order)), [short(a).replace("concatenated", "concat.") for a in order], fontsize=8)
    for text, arm in zip(axes[0].get_yticklabels(), order, strict=True):
        text.set_color(KINDS[kind(arm)][1])
        text.set_fontweight("bold" if kind(arm) in REFERENCES else "normal")
    axes[0].set_ylim(len(order) - 0.4, -0.6)
    axes[1].tick_params(axis="y", left=False)
    legend(fig, order)
    return fig


def _ranked(ax: Axes, part: pd.DataFrame, order: list[str]) -> None:
    """One split's panel; what lies beyond the axis is written as a number at its edge."""
    if part.empty:
        return
    ends = part[["difference", "low", "high"]].to_numpy(float).ravel()
    left, right = bulk(ends[np.isfinite(ends)], 0.04)
    aside = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": 7}
    for row, arm in enumerate(order):
        _, colour, marker = KINDS[kind(arm)]
        if kind(arm) in REFERENCES:
            ax.axhspan(row - 0.5, row + 0.5, color=LAND, lw=0, zorder=0)
        if arm not in part.index:
            ax.text(0.5, row, "not run", ha="center", color=MUTED, **aside)
            continue
        one = part.loc[arm]
        fits = one["each"][(one["each"] > left) & (one["each"] < right)]
        ax.scatter(fits, np.full(len(fits), row), s=7, color=colour, alpha=0.35, lw=0, zorder=3)
        if left < one["difference"] < right:
            ax.plot([max(one["low"], left), min(one["high"], right)], [row, row], color=colour, lw=1.4, zorder=2)
            size = 70 if marker == "*" else 26
            ax.scatter(one["difference"], row, s=size, marker=marker, color=colour, ec=PAPER, lw=0.4, zorder=4)
        elif one["difference"] <= left:
            ax.text(0.01, row, minus(f"◂ {one['difference']:.2f}"), ha="left", color=colour, **aside)
        else:
            ax.text(0.99, row, minus(f"{one['difference']:.2f} ▸"), ha="right", color=colour, **aside)
    ax.set_xlim(left, right)
    ax.axvline(0, color=MUTED, lw=1, ls="--", zorder=1)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.grid(axis="y", visible=False)


def draw_property(values: pd.Series, gains: Mapping[str, pd.DataFrame], quantity: str) -> Figure:
    """Draw the gain in unseen regions against a property of the vector, one panel a task.

    Parameters
    ----------
    values : pandas.Series
        The property, by encoder.
    gains : mapping
        Title to differences, as for :func:`draw_both`; at least one.
    quantity : str
        Label of the property, whose axis is logarithmic.
    """
    fig, axes = figures.panels(len(gains), len(gains), row=3.6, extra=0)
    for ax, (title, found) in zip(axes, gains.items(), strict=True):
        gain = by_seed(found, BEYOND)["gain"]
        low, high = bulk(gain.to_numpy())
        for arm, value in gain.items():
            size, beyond = 90 if KINDS[kind(arm)][2] == "*" else 34, not low < value < high
            _point(ax, values[variant(arm)], np.clip(value, low, high), arm, size, hollow=beyond)
        ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
        ax.set(xscale="log", ylim=(low, high), title=title, xlabel=quantity)
    axes[0].set_ylabel("gain out of region (16°): ΔR²")
    every = pd.concat(list(gains.values()))["arm"]
    legend(fig, [arm for arm in every if kind(arm) in ENCODERS])
    return fig
