"""Figure and tables of all encoders at once: their kinds by colour and shape, ranked gains, ranks and groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from placeprior.arms import arm_order, called, where
from placeprior.book import figures
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
from placeprior.book.words import capital, looked, minus, signed
from placeprior.evidence.families import Rank, by_seed, collapsed, kind, roughness, spearman, variant

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
        ncols=2,
        fontsize="small",
        columnspacing=1.0,
        handletextpad=0.2,
    )


def handed(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Differences of all tasks as one table with the kind of each vector, for a reader to take along."""
    table = pd.concat([own.assign(task=title) for title, own in found.items()], ignore_index=True)
    table = table.assign(kind=[KINDS[kind(arm)][0] for arm in table["arm"]])
    return table[["task", "arm", "kind", "split", "difference", "low", "high", "clear", "stations", "fits"]]


def together(found: Mapping[str, pd.DataFrame], scores: Mapping[str, pd.DataFrame]) -> str:
    """What stays clear when all differences are looked at together, and how many fits collapsed, a line a task.

    Parameters
    ----------
    found : mapping
        Title to differences, as :func:`placeprior.evidence.gains.gains`.
    scores : mapping
        Title to scores of the same arms.
    """
    lines = []
    for title, table in found.items():
        runs = scores[title]["run"].nunique()
        failed = collapsed(scores[title]).nunique()
        lines.append(
            f"- **{capital(title)}.** {looked(table)} Training collapsed in {failed} of {runs} fits: the network says "
            "nearly the same everywhere, although the one without a place learns."
        )
    return "\n".join(lines)


def grid(cells: Mapping[tuple[str, str], str], heading: str) -> pd.DataFrame:
    """Cells by (column, row) as a table, in the order in which they come; a dash where there is none."""
    columns = list(dict.fromkeys(column for column, _ in cells))
    names = list(dict.fromkeys(row for _, row in cells))
    body = [[name, *(cells.get((column, name), "–") for column in columns)] for name in names]
    return pd.DataFrame(body, columns=[heading, *columns])


def ranks(found: Mapping[str, pd.DataFrame], splits: Sequence[str]) -> pd.DataFrame:
    """How alike splits, seeds, tasks and the roughness of vectors order encoders, a row a task.

    Parameters
    ----------
    found : mapping
        Title to differences, as :func:`placeprior.evidence.gains.gains`.
    splits : sequence of str
        The one out of region, and the one within.
    """

    def seeds(gains: pd.DataFrame) -> Rank | None:
        return spearman(gains["seed 0"], gains["seed 1"]) if "seed 1" in gains else None

    beyond, within = splits
    away = {title: by_seed(table, beyond)["gain"] for title, table in found.items()}
    both = spearman(*away.values()) if len(away) == 2 else None
    names = {variant(arm) for gain in away.values() for arm in gain.index}
    rough = roughness(sorted(names))
    rows = []
    for title, table in found.items():
        there, home = by_seed(table, beyond), by_seed(table, within)
        own = rough.reindex(there.index.map(variant)).set_axis(there.index)
        told = [spearman(home["gain"], there["gain"]), seeds(home), seeds(there), both, spearman(own, there["gain"])]
        rows.append((title, str(len(there.index.intersection(home.index))), *map(correlation, told)))
    heads = ["WR and OoR", "WR: two seeds", "OoR: two seeds", "OoR: both tasks", "OoR and roughness"]
    return pd.DataFrame(rows, columns=["task", "encoders", *heads])


def draw_every(found: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw all differences, one named row an arm and one panel a split, ranked by the first split of the first task.

    Parameters
    ----------
    found : mapping
        Title to differences, as :func:`placeprior.evidence.gains.gains`, on the same two splits. The first is drawn
        filled, with intervals; a second hollow.
    """
    first, *others = found.values()
    splits = list(dict.fromkeys([*sorted(first["split"].unique())]))  # checkerboard before spatial
    means = first.pivot(index="arm", columns="split", values="difference")[splits]
    order = list(means.sort_values(splits, ascending=False, na_position="last").index)
    order += [arm for own in others for arm in arm_order(own["arm"]) if arm not in order]
    fig, axes = figures.subplots(1, len(splits), size=(5.6, 0.19 * len(order) + 2.2), sharey=True, squeeze=False)
    for ax, split in zip(axes[0], splits, strict=True):
        _ranked(ax, [own[own["split"] == split].set_index("arm") for own in found.values()], order)
        ax.set(title=where(split), xlabel="ΔR²")
    names = [short(arm).replace("concatenated", "concat.") for arm in order]
    axes[0, 0].set_yticks(range(len(order)), names, fontsize=8)
    for text, arm in zip(axes[0, 0].get_yticklabels(), order, strict=True):
        text.set_color(KINDS[kind(arm)][1])
        text.set_fontweight("bold" if kind(arm) in REFERENCES else "normal")
    axes[0, 0].set_ylim(len(order) - 0.4, -0.6)
    for ax in axes[0, 1:]:
        ax.tick_params(axis="y", left=False)
    legend(fig, order)
    return fig


def _ranked(ax: Axes, parts: Sequence[pd.DataFrame], order: list[str]) -> None:
    """One split's panel; what lies beyond the axis is written as a number at its edge."""
    ends = pd.concat([parts[0][["difference", "low", "high"]].stack(), *(own["difference"] for own in parts[1:])])
    ends = ends.to_numpy(float)
    if not np.isfinite(ends).any():
        return
    left, right = bulk(ends[np.isfinite(ends)], 0.04)
    aside = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": 7}
    for row, arm in enumerate(order):
        _, colour, marker = KINDS[kind(arm)]
        size = 70 if marker == "*" else 26
        if kind(arm) in REFERENCES:
            ax.axhspan(row - 0.5, row + 0.5, color=LAND, lw=0, zorder=0)
        for own in parts[1:]:
            if arm in own.index and left < own.loc[arm, "difference"] < right:
                value = own.loc[arm, "difference"]
                ax.scatter(value, row, s=size, marker=marker, color="none", ec=colour, lw=0.8, zorder=3)
        if arm not in parts[0].index:
            continue
        one = parts[0].loc[arm]
        if left < one["difference"] < right:
            if np.isfinite(one["low"]):
                ax.plot([max(one["low"], left), min(one["high"], right)], [row, row], color=colour, lw=1.4, zorder=2)
            ax.scatter(one["difference"], row, s=size, marker=marker, color=colour, ec=PAPER, lw=0.4, zorder=4)
        elif one["difference"] <= left:
            ax.text(0.01, row, minus(f"◂ {one['difference']:.2f}"), ha="left", color=colour, **aside)
        else:
            ax.text(0.99, row, minus(f"{one['difference']:.2f} ▸"), ha="right", color=colour, **aside)
    ax.set_xlim(left, right)
    ax.axvline(0, color=MUTED, lw=1, ls="--", zorder=1)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.grid(axis="y", visible=False)
