"""Drawings of the page on controls: a gain taken apart into steps, and the gain against the length of a vector."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from placeprior import encoders
from placeprior.arms import splits_in, where
from placeprior.book import figures
from placeprior.book.results import Results
from placeprior.book.style import BLUE, INK, MUTED, PAPER, PLUM, SILVER, VERMILION, look
from placeprior.book.words import NOTE, minus
from placeprior.evidence import matched

GEOCLIP = "geoclip-hadamard"
#: The split whose test stations were trained on, so that any vector can be a name there.
KNOWN = "random"
#: What the steps of a gain stand for, by the beginning of the arm that ends the step: words and colour.
STEPS = {
    "none+head": ("extra head", SILVER),
    "random-vector": ("a name", PLUM),
    "geoclip": ("the gain", BLUE),
    matched.TOTAL: ("all", INK),
}


def step_name(step: str, split: str) -> str:
    """What a step of :func:`placeprior.evidence.matched.steps` is called.

    >>> step_name("geoclip-hadamard", "random"), step_name("geoclip-hadamard", "spatial")
    ('beyond a name', 'the gain')
    """
    return "beyond a name" if step.startswith("geoclip") and split == KNOWN else _step(step)[0]


def _step(step: str) -> tuple[str, str]:
    return next(drawn for beginning, drawn in STEPS.items() if step.startswith(beginning))


def draw_steps(tasks: Sequence[Results], steps: Sequence[pd.DataFrame]) -> str:
    """Draw gains taken apart: bars of which each starts where the one above ended, and the total below them.

    One panel a split; of two tasks side by side, one row a split.

    Parameters
    ----------
    tasks : sequence of Results
        One or two, of the same profile.
    steps : sequence of DataFrame
        Of each, as :func:`placeprior.evidence.matched.steps`.

    Returns
    -------
    str
        The line under the figure (:func:`placeprior.book.figures.label`).
    """
    first = tasks[0]
    known = [table for table in steps if len(table)]
    if not known:
        return figures.nothing("the steps", first.profile, embedded=first.embedded)
    panels = [
        (f"{task.title}\n{where(split)}" if len(tasks) > 1 else where(split), table[table["split"] == split])
        for split in splits_in(pd.concat(known))
        for task, table in zip(tasks, steps, strict=True)
    ]
    columns = min(2, len(panels))
    fig, axes = figures.panels(len(panels), 2, row=1.6, width=6.4 if columns > 1 else 4.8)
    for number, (ax, (title, table)) in enumerate(zip(axes, panels, strict=True)):
        if table.empty:
            ax.set_visible(False)
            continue
        _draw_waterfall(ax, table)
        ax.set_title(title)
        if number + columns >= len(panels):
            ax.set_xlabel("ΔR² to no location")
    stations = max(table["stations"].max() for table in known)
    return figures.label(
        fig, first.profile, n=stations, of="stations at most", embedded=first.embedded, note=f"orange: {NOTE}"
    )


def _draw_waterfall(ax: Axes, table: pd.DataFrame) -> None:
    start, ends = 0.0, []
    for y, step in enumerate(table.itertuples()):
        left = 0.0 if step.step == matched.TOTAL else start
        end = left + step.difference
        ax.barh(y, step.difference, left=left, height=0.62, color=_step(step.step)[1], zorder=2)
        # The interval belongs to the step, so it is drawn where the step ends.
        ax.plot([left + step.low, left + step.high], [y, y], color=PAPER, lw=3.4, zorder=3)
        ax.plot([left + step.low, left + step.high], [y, y], color=VERMILION, lw=1.7, zorder=4)
        ax.plot([end, end], [y + 0.31, y + 0.69], color=MUTED, lw=0.8, zorder=1)
        start, ends = end, [*ends, left, end, left + step.low, left + step.high]
        ax.text(
            1.02,
            y,
            minus(f"{step.difference:+.3f}"),
            va="center",
            fontsize="small",
            color=INK,
            transform=ax.get_yaxis_transform(),
            fontweight="bold" if step.clear else "normal",
        )
    figures.rows(ax, [step_name(step, split) for step, split in zip(table["step"], table["split"], strict=True)])
    room = 0.06 * (max(ends) - min(ends))
    ax.set_xlim(min(ends) - room, max(ends) + room)
    ax.locator_params(axis="x", nbins=4)


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


def draw_components(task: Results, found: pd.DataFrame, reference: str) -> str:
    """Draw the gain against the length of the vector, one panel a split in which a cut-down vector was tried.

    Parameters
    ----------
    task : Results
    found : pandas.DataFrame
        Differences to the same network without a place, as :func:`placeprior.evidence.matched.differences`.
    reference : str
        That network.

    Returns
    -------
    str
        The line under the figure (:func:`placeprior.book.figures.label`).
    """
    splits = [split for split in splits_in(found) if any(map(components, found.loc[found["split"] == split, "arm"]))]
    if not splits:
        return figures.nothing("the number of components", task.profile, embedded=task.embedded)
    columns = min(2, len(splits))
    fig, axes = figures.panels(len(splits), 2, row=2.7, extra=1.0, width=3.2 * columns + (0 if columns > 1 else 1.6))
    points = {"urban-hadamard": ("population density", 1), "random-vector-hadamard": ("random vector", 1.25)}
    seen: set[str] = set()  # in the panels so far
    for number, (ax, split) in enumerate(zip(axes, splits, strict=True)):
        part = found[found["split"] == split].set_index("arm")
        curve = sorted((arm for arm in part.index if components(arm) or arm == GEOCLIP), key=length)
        _draw_curve(ax, part.loc[curve])
        for arm, (label, shift) in points.items():
            if arm in part.index:
                _draw_point(ax, part.loc[arm], shift, label)
                seen.add(arm)
        ax.axhline(0, color=MUTED, lw=1, ls="--", zorder=1)
        ax.set_xscale("log", base=2)
        ticks = sorted({length(arm) for arm in [*curve, *(arm for arm in seen if arm in part.index)]})
        ax.set_xticks(ticks, [str(tick) for tick in ticks], fontsize="small")
        ax.minorticks_off()
        ax.set_title(where(split))
        if number + columns >= len(splits):
            ax.set_xlabel("numbers that tell the place")
        if number % columns == 0:
            ax.set_ylabel(f"ΔR² to {reference}")
    handles = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=2, fontsize="small")
    count = found["stations"].max()
    return figures.label(fig, task.profile, n=count, of="stations at most", embedded=task.embedded, note=NOTE)


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
