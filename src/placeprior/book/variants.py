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
    """A row a fit: what it is, its size, and its scores.

    Parameters
    ----------
    stored : mapping
        What the store holds of each run, by id (:func:`placeprior.runs.store.read`).
    runs : sequence of placeprior.runs.plan.Run

    Returns
    -------
    pandas.DataFrame
        ``run, arm, split, fold, seed, weights`` and the metrics.
    """
    rows = []
    for run in runs:
        one = stored[run.id]
        about = {"run": run.id, "arm": arm(run.variant, run.fusion)}
        about |= {key: getattr(run, key) for key in ("split", "fold", "seed")}
        rows.append(about | {"weights": one["parameters"]} | one["scores"])
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
