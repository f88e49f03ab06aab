"""The table of the page on controls, and its drawing of the gain against the length of a vector."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from placeprior import encoders
from placeprior.arms import called, splits_in, where
from placeprior.book import figures
from placeprior.book.results import TASKS
from placeprior.book.style import look
from placeprior.book.words import NOTE, gain, minus
from placeprior.evidence.gains import REFERENCE, gains

GEOCLIP = "geoclip-hadamard"
#: The split whose test stations were trained on, so that any vector can be a name there.
KNOWN = "random"
NEW = ("spatial", "checkerboard-16")  # new stations, new regions
NAMES = ("random-vector", "shuffled", "onehot")  # can be names, and nothing else
KNOW_NOTHING = (*NAMES, "smooth-random")


def beyond(tasks: Mapping[str, str], arms: Sequence[str]) -> pd.DataFrame:
    """Differences of arms to what knows nothing of the world, as text; random vectors where they can be names alone.

    Parameters
    ----------
    tasks : mapping
        Task to the profile whose results are asked.
    arms : sequence of str
        Compared with the control that joins in the same way.

    Returns
    -------
    pandas.DataFrame
        ``task, arm, against`` and a column a split. Rows and splits without a number are left out: empty where nothing
        was run.
    """
    rows = []
    for task, profile in tasks.items():
        for arm in arms:
            for control in KNOW_NOTHING:
                other = f"{control}-{arm.rpartition('-')[2]}"
                found = gains(profile, task, against=other)
                splits = [KNOWN] if control in NAMES else [KNOWN, *NEW]
                found = found[(found["arm"] == arm) & found["split"].isin(splits)]
                told = {"task": TASKS[task], "arm": called(arm), "against": called(other)}
                rows += [told | {row.split: _told(row) for row in found.itertuples()}] if len(found) else []
    table = pd.DataFrame(rows, columns=["task", "arm", "against", KNOWN, *NEW])
    return table.dropna(axis=1, how="all").rename(columns=where).fillna("–")


def _told(row: Any) -> str:
    return gain(row) if np.isfinite(row.low) else minus(f"{row.difference:+.3f} (one training)")


def components(arm: str) -> int | None:
    """How many numbers a cut-down GeoCLIP vector has, or None for another arm.

    >>> components("geoclip-pca8-hadamard"), components("geoclip-hadamard")
    (8, None)
    """
    found = re.fullmatch(r"geoclip-pca(\d+)-hadamard", arm)
    return int(found[1]) if found else None


def length(arm: str) -> int:
    """How many numbers tell the place."""
    return components(arm) or encoders.load(arm.rpartition("-")[0]).dim


def draw_components(found: Mapping[str, pd.DataFrame], profiles: Mapping[str, str]) -> str:
    """Draw the gain against the length of the vector, a panel for each task and split where a cut one was tried.

    Parameters
    ----------
    found : mapping
        Title of a task to its gains (:func:`placeprior.evidence.gains.gains`); one at least has a cut-down vector.
    profiles : mapping
        By title. The first gives the figure its name.

    Returns
    -------
    str
        The line under the figure (:func:`placeprior.book.figures.label`).
    """
    panels = {
        f"{title}\n{where(split)}": table[table["split"] == split].set_index("arm")
        for title, table in found.items()
        for split in splits_in(table)
        if any(map(components, table.loc[table["split"] == split, "arm"]))
    }
    fig, axes = figures.panels(len(panels), 2, row=2.4, extra=1.0, width=4.6, sharey=True)
    points = {"urban-hadamard": ("population density", 1), "random-vector-hadamard": ("random vector", 1.25)}
    for number, (ax, (title, part)) in enumerate(zip(axes, panels.items(), strict=True)):
        curve = sorted((arm for arm in part.index if components(arm) or arm == GEOCLIP), key=length)
        _draw_curve(ax, part.loc[curve])
        here = [arm for arm in points if arm in part.index]
        for arm in here:
            _draw_point(ax, part.loc[arm], points[arm][1], points[arm][0])
        ax.axhline(0, color=figures.MUTED, lw=1, ls="--", zorder=1)
        ax.set_xscale("log", base=2)
        ticks = sorted({length(arm) for arm in [*curve, *here]})
        ax.set_xticks(ticks, [str(tick) for tick in ticks], fontsize="small")
        ax.minorticks_off()
        ax.set_title(title)
        if number + 2 >= len(panels):
            ax.set_xlabel("numbers that tell the place")
        if number % 2 == 0:
            ax.set_ylabel(f"ΔR² to {REFERENCE}")
    handles = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=2, fontsize="small")
    data = pd.concat(found, names=["task", None]).reset_index("task").drop(columns=["apart", "each"])
    data = data[[bool(components(arm)) or arm in (GEOCLIP, *points) for arm in data["arm"]]]
    first, world = next(iter(found)), TASKS["world"]
    note = NOTE if first == world or world not in found else f"{NOTE}; {world}: simulated, profile {profiles[world]}"
    count = data["stations"].max()
    return figures.label(
        fig, profiles[first], n=count, of="stations at most", embedded=first == world, note=note, data=data
    )


def _draw_curve(ax: Axes, part: pd.DataFrame) -> None:
    lengths, drawn = [length(arm) for arm in part.index], look(GEOCLIP)
    ax.fill_between(lengths, part["low"], part["high"], color=drawn.colour, alpha=0.18, lw=0)
    ax.plot(lengths, part["difference"], color=drawn.colour, marker=drawn.marker, label="GeoCLIP, first numbers")


def _draw_point(ax: Axes, row: pd.Series, shift: float, label: str) -> None:
    drawn = look(row.name)
    ax.errorbar(
        length(row.name) * shift,
        row["difference"],
        [[row["difference"] - row["low"]], [row["high"] - row["difference"]]],
        color=drawn.colour,
        marker=drawn.marker,
        ms=7,
        capsize=3,
        lw=1.5,
        ls="none",
        label=label,
    )
