"""Drawings and tables of the page about patterns in time: an honest basis, and who gives the coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from placeprior.arms import where
from placeprior.book import figures, results
from placeprior.book.style import BLUE, MUTED, VERMILION
from placeprior.book.tables import captioned, cells
from placeprior.evidence import matched

#: The arms of the page: per-day kriging, and patterns with coefficients from each source.
ARMS = ("kriging", "eof", "eof+lonlat", "eof+geoclip", "eof+random-vector", "eof+kriging", "eof+gbt")


def draw_projection(tables: Mapping[str, pd.DataFrame]) -> str:
    """The error that is left of test stations' series by number of patterns, a panel a task; returns the line under it.

    Parameters
    ----------
    tables : mapping
        By profile, as :func:`placeprior.evidence.decomposition.collect`; one at least. Folds are averaged.
    """
    means = {
        (profile, task): own.groupby(["split", "patterns"], as_index=False)[["honest", "leaky", "level"]].mean()
        for profile, table in tables.items()
        for task, own in table.groupby("task", sort=False)
    }
    fig, axes = figures.subplots(1, len(means), size=(3.6 * len(means), 3.0), squeeze=False)
    for ax, ((_, task), found) in zip(axes.flat, means.items(), strict=True):
        for split, style in zip(found["split"].unique(), ("-", "--"), strict=False):
            own = found[found["split"] == split]
            ax.plot(
                own["patterns"], own["honest"], style, color=BLUE, marker="o", ms=3, label=f"{where(split)}, honest"
            )
            ax.plot(
                own["patterns"], own["leaky"], style, color=VERMILION, marker="s", ms=3, label=f"{where(split)}, leaky"
            )
        ax.set(xlabel="patterns", xscale="log", title=results.TASKS.get(task, task))
        ax.set_ylim(bottom=0)
    axes.flat[0].set_ylabel(f"RMSE [{figures.UNIT}]")
    axes.flat[0].legend(fontsize="small", labelcolor=MUTED)
    profiles = list(tables)
    simulated = [task.startswith("world") for _, task in means]
    return figures.label(
        fig,
        " and ".join(profiles),
        n=sum(int(table.groupby(["task", "split", "fold"])["stations"].first().sum()) for table in tables.values()),
        of="test stations over folds",
        embedded=all(simulated),
        note="embedded world: simulated" if any(simulated) and not all(simulated) else "",
        data=pd.concat(tables, names=["profile", None]).reset_index("profile"),
    )


def levels(asked: Sequence[tuple[str, str]], splits: Sequence[str], name: str) -> Any:
    """RMSE of every arm of the page, on the fits that arms share, by task and split.

    Parameters
    ----------
    asked : sequence of (str, str)
        Profile and task.
    splits : sequence of str
    name : str
        To refer to the table.
    """
    loaded = [results.load(profile, task, arms=set(ARMS), splits=splits) for profile, task in asked]
    shown = {
        own.title.split(",")[0]: cells(matched.same_folds(own.scores), "rmse") for own in loaded if len(own.scores)
    }
    table = pd.concat(shown, axis=1).fillna("–")
    table.columns = [f"{task}: {split}" for task, split in table.columns]
    return captioned(
        table.rename_axis("arm"),
        f"Test RMSE in {figures.UNIT}, the two partitions of a checkerboard apart; ± between the seeds of a network. "
        "Weather: real measurements; embedded world: simulated.",
        name,
    )
