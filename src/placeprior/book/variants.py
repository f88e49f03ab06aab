"""What the page about the trained variants draws and tabulates, a panel or a line a variant, on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from placeprior.arms import arm, arm_order, called, where
from placeprior.book import figures
from placeprior.book.words import minus

#: How two splits are told apart in one panel.
LINES = ("-", "--")


def fits(stored: Mapping[str, Mapping[str, Any]], runs: Sequence[Any]) -> pd.DataFrame:
    """A row a fit: what it is, its size and time, and its scores.

    Parameters
    ----------
    stored : mapping
        What the store holds of each run, by id (:func:`placeprior.runs.store.read`).
    runs : sequence of placeprior.runs.plan.Run

    Returns
    -------
    pandas.DataFrame
        ``run, arm, split, fold, seed, weights, seconds`` and the metrics.
    """
    rows = []
    for run in runs:
        one = stored[run.id]
        about = {"run": run.id, "arm": arm(run.variant, run.fusion)}
        about |= {key: getattr(run, key) for key in ("split", "fold", "seed")}
        rows.append(about | {"weights": one["parameters"], "seconds": one["stamp"]["seconds"]} | one["scores"])
    return pd.DataFrame(rows)


def scores(fits: pd.DataFrame) -> pd.DataFrame:
    """R2 and RMSE (µg m-3) of every variant by split as text, means over seeds, the partitions of a checkerboard apart.

    Parameters
    ----------
    fits : pandas.DataFrame
        As :func:`fits`.
    """
    rows = []
    for name in arm_order(fits["arm"]):
        own = fits[fits["arm"] == name]
        row = {"variant": called(name), "weights": f"{own['weights'].iloc[0]:,}"}
        row["seconds"] = f"{own['seconds'].mean():.0f}"
        for split in dict.fromkeys(fits["split"]):
            by_fold = own[own["split"] == split].groupby("fold")[["r2", "rmse"]].mean()
            for metric, name in (("r2", "R²"), ("rmse", "RMSE")):
                title = f"{name}, {where(split).rpartition(' · ')[2]}"  # the whole name would not fit a page
                row[title] = minus(" / ".join(f"{value:.2f}" for value in by_fold[metric]))
        rows.append(row)
    return pd.DataFrame(rows)


def draw_curves(curves: pd.DataFrame) -> Figure:
    """Loss after each epoch, a panel a variant, a line a split: validation in colour, training muted.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``arm, split, epoch, loss, validation_loss``, means over fits.
    """
    names = arm_order(curves["arm"])
    fig, axes = figures.panels(len(names), row=2.1, extra=0.6, sharey=True, sharex=True)
    for number, (ax, name) in enumerate(zip(axes, names, strict=True)):
        drawn = figures.look(name)
        for line, (split, own) in zip(LINES, curves[curves["arm"] == name].groupby("split", sort=False), strict=False):
            ax.plot(own["epoch"], own["loss"], color=figures.MUTED, lw=1, ls=line, label=f"training, {where(split)}")
            look = {"color": drawn.colour, "lw": 1.8, "ls": line, "marker": drawn.marker, "ms": 4}
            ax.plot(own["epoch"], own["validation_loss"], label=f"validation, {where(split)}", **look)
        ax.set_title(drawn.name)
        if number >= len(names) - 2:  # nothing stands below
            ax.set_xlabel("epoch")
            ax.tick_params(labelbottom=True)
        ax.set_ylabel("" if number % 2 else "Huber loss (scaled)")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize="small")
    return fig


def draw_attention(weights: pd.DataFrame) -> Figure:
    """Mean attention weight of each day of the window, a line a variant, a panel a split.

    Parameters
    ----------
    weights : pandas.DataFrame
        ``arm, split, lag, weight``; the estimated day is at lag 0.
    """
    splits = list(dict.fromkeys(weights["split"]))
    fig, axes = figures.panels(len(splits), row=3.0, extra=0.6, sharey=True)
    for ax, split in zip(axes, splits, strict=True):
        here = weights[weights["split"] == split]
        for name in arm_order(here["arm"]):
            own, drawn = here[here["arm"] == name], figures.look(name)
            ax.plot(own["lag"], own["weight"], color=drawn.colour, marker=drawn.marker, lw=1.6, ms=6)
        ax.axhline(1 / here["lag"].nunique(), color=figures.MUTED, lw=1, ls=":")
        ax.set(title=where(split), xlabel="lag [days]")
    axes[0].set_ylim(0, 1.1 * weights["weight"].max())
    axes[0].set_ylabel("attention weight")
    figures.legend_above(fig, weights["arm"].unique(), ncols=2, fontsize="small")
    return fig
