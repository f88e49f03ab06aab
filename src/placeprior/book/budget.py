"""Drawings and tables of the page about how long a network learns and how large it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from placeprior.arms import arm_order, called, where
from placeprior.book import figures, lines
from placeprior.book.words import minus
from placeprior.evidence import budget


def named(row: Any) -> str:
    """A cell in words: task, split, and the partition where there are two.

    >>> from types import SimpleNamespace as Row
    >>> named(Row(task="world", split="checkerboard-16", fold=2)), named(Row(task="world", split="spatial", fold=1))
    ('world, OoR · 16° 2', 'world, WR · spatial')
    """
    part = f" {row.fold}" if row.split.startswith("checkerboard") else ""
    return f"{row.task}, {where(row.split)}{part}"


def _origin(found: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """How a figure of several profiles is labelled: the first, and which of the others are simulated."""
    simulated = [profile for profile, table in found.items() if table["task"].str.startswith("world").all()]
    first = next(iter(found))
    note = "; ".join(f"profile {profile}: embedded world (simulated)" for profile in simulated if profile != first)
    return {"profile": first, "embedded": first in simulated, "note": note}


def draw_doubling(doubled: Mapping[str, pd.DataFrame]) -> str:
    """Draw differences with the plain budget and with twice as much, a panel a task; the line under it is returned.

    Parameters
    ----------
    doubled : mapping
        By profile, as :func:`placeprior.evidence.budget.doubled`; one at least.
    """
    curves = pd.concat([budget.curve(found).assign(profile=name) for name, found in doubled.items()])
    curves = curves[curves["arm"] != budget.REFERENCE]
    tasks = curves["task"].unique()
    fig, axes = figures.subplots(len(tasks), 1, size=(4.6, 1.2 + 2.1 * len(tasks)), sharey=True, squeeze=False)
    for ax, task in zip(axes.flat, tasks, strict=True):
        lines.pairs(ax, curves[curves["task"] == task], lambda row: named(row).split(", ")[1])
        ax.set(title=task, ylabel="ΔR²")
    lines.limit(list(axes.flat), curves["difference"])
    figures.legend_above(fig, curves["arm"])
    count = sum(len(found) * 2 * found["seeds"].max() for found in doubled.values())
    data = pd.concat(doubled, names=["profile", None]).reset_index("profile")
    return figures.label(fig, n=count, of="runs", data=data, **_origin(doubled))


def counts(doubled: Mapping[str, pd.DataFrame], orders: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """How many differences and clear orders hold with twice the budget, and by how much levels rise, as text.

    Parameters
    ----------
    doubled, orders : mapping
        By profile, as :func:`placeprior.evidence.budget.doubled` and :func:`placeprior.evidence.budget.orders`.
    """
    rows = []
    for profile, found in doubled.items():
        for task, own in found.groupby("task", sort=False):
            reference = own["arm"] == budget.REFERENCE
            tested, rise = own[~reference], own.loc[reference, "rise"]
            order = orders[profile][orders[profile]["task"] == task]
            rows.append(
                [
                    task,
                    f"{tested['held'].sum()} of {len(tested)}",
                    f"{tested['moved'].abs().max():.3f}",
                    f"{order['kept'].sum()} of {len(order)}",
                    minus(f"{rise.min():+.3f} to {rise.max():+.3f}"),
                ]
            )
    heads = ["task", "differences that hold", "largest move", "clear orders that stay", "level rises by"]
    return pd.DataFrame(rows, columns=heads)


def draw_sizes(sized: Mapping[str, pd.DataFrame]) -> str:
    """Draw differences by size of the network, a panel a profile; the line under it is returned.

    Parameters
    ----------
    sized : mapping
        By profile, as :func:`placeprior.evidence.budget.sizes`; one at least.
    """
    fig, axes = figures.subplots(len(sized), 1, size=(4.6, 0.9 + 2.3 * len(sized)), sharey=True, squeeze=False)
    for ax, (profile, found) in zip(axes.flat, sized.items(), strict=True):
        _draw_sizes(ax, found)
        ax.set(title=f"profile {profile}", ylabel="ΔR²")
    data = pd.concat(sized, names=["profile", None]).reset_index("profile")
    return figures.label(fig, n=len(data), of="differences", data=data, **_origin(sized))


def _draw_sizes(ax: Axes, found: pd.DataFrame) -> None:
    """A dot a fit, a line a cell."""
    order = list(dict.fromkeys(found["size"]))
    for number, (_, part) in enumerate(found.groupby(budget.CELL)):
        colour, marker = f"C{number}", "osD^v"[number % 5]
        ax.scatter(part["size"].map(order.index), part["difference"], s=14, color=colour, alpha=0.5, lw=0)
        means = part.groupby("size")["difference"].mean()[order]
        ax.plot(np.arange(len(order)), means, color=colour, marker=marker, label=named(next(part.itertuples())))
    ax.axhline(0, color=figures.MUTED, lw=1, ls="--", zorder=1)
    ax.set_xticks(range(len(order)), order)
    ax.legend(fontsize="small")


def rates(served: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What one rate for all costs each arm, mean over cells and largest, as text; a row an arm.

    Parameters
    ----------
    served : mapping
        By profile, as :func:`placeprior.evidence.budget.rates`.
    """
    cells = {
        (called(arm), f"profile {profile}"): f"{own['cost'].mean():.1%} (largest {own['cost'].max():.1%})"
        for profile, found in served.items()
        for arm, own in found.groupby("arm")
    }
    arms = [called(arm) for arm in arm_order(pd.concat([found["arm"] for found in served.values()]))]
    return pd.Series(cells).unstack().reindex(arms).fillna("–").rename_axis("arm")


def recipes(tried: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What was tried for the recipe, as text, profiles beside each other; a row a change.

    Parameters
    ----------
    tried : mapping
        By profile, as :func:`placeprior.evidence.budget.tried`.
    """
    columns = {}
    for profile, loss in tried.items():
        for name in loss:
            form = "{:,.0f}".format if name == "seconds" else "{:.4f}".format
            columns[f"{profile}, {where(name)}"] = loss[name].map(form)
    changes = list(dict.fromkeys(change for loss in tried.values() for change in loss.index))
    return pd.DataFrame(columns).reindex(changes).fillna("–").rename_axis("setting changed")
