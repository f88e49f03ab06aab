"""Figures of encoders that share an architecture and differ in what they were trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from placeprior.arms import BASES, where
from placeprior.book import figures
from placeprior.book.prior import TARGETS
from placeprior.book.style import INK, PAPER, look
from placeprior.evidence.families import trained
from placeprior.evidence.upstream import Probed

_MARKERS = ("o", "s", "^", "D")
_MEAN = {"color": INK, "marker": "D"}


def handed(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Differences of all tasks as one table, for a reader to take along."""
    table = pd.concat([own.assign(task=title) for title, own in found.items()], ignore_index=True)
    columns = ["task", "split", "question", "arm", "difference", "low", "high", "clear", "stations", "fits"]
    return table[[column for column in columns if column in table]]


def spreads(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """:func:`placeprior.evidence.upstream.two_way` of all tasks as a page shows it; empty where nothing was run."""
    rows = [
        (title, where(row.split), row.part, f"{row.spread:.3f}", f"{row.chance:.3f}".replace("nan", "–"), str(row.fits))
        for title, own in found.items()
        for row in own.itertuples()
    ]
    return pd.DataFrame(rows, columns=["task", "split", "part", "spread", "chance", "fits"])


def _style(number: int, base: str) -> dict[str, Any]:
    return {"color": look(trained(base)).colour, "marker": _MARKERS[number % 4]}


def _legend(fig: Figure, bases: Sequence[str]) -> None:
    handles = [Line2D([], [], ls="", label=BASES[base], **_style(number, base)) for number, base in enumerate(bases)]
    handles += [Line2D([], [], ls="", label="mean", **_MEAN)]
    fig.legend(handles=handles, loc="outside upper left", ncols=4, fontsize="small", columnspacing=1.0)


def _panels(found: Mapping[str, pd.DataFrame], row: float, **options: Any) -> tuple[Figure, list[tuple[Axes, Any]]]:
    """A panel for each task and split, two side by side, with its title and rows."""
    parts = [
        (f"{title.split(',')[0]}, {where(split)}", own[own["split"] == split])
        for title, own in found.items()
        for split in dict.fromkeys(own["split"])
    ]
    fig, axes = figures.panels(len(parts), 2, row=row, extra=0.9, **options)
    for ax, (title, _) in zip(axes, parts, strict=True):
        ax.set_title(title, fontsize="small")
    return fig, [(ax, part) for ax, (_, part) in zip(axes, parts, strict=True)]


def draw_questions(found: Mapping[str, pd.DataFrame], bases: Sequence[str]) -> Figure:
    """Draw differences between trainings: pale marks for single bases, a diamond with its interval for their mean.

    Parameters
    ----------
    found : mapping
        Title to differences, as :func:`placeprior.evidence.upstream.answers`.
    bases : sequence of str
    """
    questions = list(dict.fromkeys(pd.concat(list(found.values()))["question"]))
    fig, panels = _panels(found, 0.42 * len(questions) + 0.5, sharey=True, sharex=True)
    for ax, part in panels:
        for row, question in enumerate(questions):
            own = part[part["question"] == question].set_index("arm")
            for number, base in enumerate(bases):
                if base in own.index:
                    value = own.loc[base, "difference"]
                    ax.scatter(value, row, s=34, alpha=0.65, lw=0, zorder=3, **_style(number, base))
            if "mean" in own.index:
                one = own.loc["mean"]
                ax.plot([one["low"], one["high"]], [row, row], color=INK, lw=2, zorder=2)
                ax.scatter(one["difference"], row, s=50, ec=PAPER, lw=0.7, zorder=4, **_MEAN)
        figures.rows(ax, questions)
        ax.tick_params(axis="y", labelsize="small")
    for ax, _ in panels[-2:]:
        ax.set_xlabel("ΔR²")
    _legend(fig, bases)
    return fig


def draw_probes(read: Probed, bases: Sequence[str], split: str) -> tuple[Figure, pd.DataFrame]:
    """Draw how much more of each fact is read after training on YFCC than on fMoW, or than without a training.

    Parameters
    ----------
    read : Probed
    bases : sequence of str
    split : str

    Returns
    -------
    figure
    table : pandas.DataFrame
        What is drawn: ``against, fact, basis, difference, low, high``; a row ``mean`` for each fact.
    """
    rows, facts = [], [TARGETS[target] for target in read.targets]
    fig, axes = figures.panels(2, 2, row=2.6, extra=0.5, sharey=True, sharex=True)
    for ax, (against, word) in zip(axes, (("fmow", "satellite scenes"), ("untrained", "random weights")), strict=True):
        for number, base in enumerate(bases):
            value = read.gap("yfcc", against, split, [base])[0]
            ax.scatter(value, range(len(facts)), s=34, alpha=0.65, lw=0, zorder=3, **_style(number, base))
            rows += [(word, fact, base, one, np.nan, np.nan) for fact, one in zip(facts, value, strict=True)]
        value, low, high = read.gap("yfcc", against, split, bases)
        ax.hlines(range(len(facts)), low, high, color=INK, lw=2, zorder=2)
        ax.scatter(value, range(len(facts)), s=58, ec=PAPER, zorder=4, **_MEAN)
        rows += [(word, fact, "mean", *one) for fact, *one in zip(facts, value, low, high, strict=True)]
        figures.rows(ax, facts)
        ax.set(title=f"photographs − {word}", xlabel="ΔR² of the probe")
        ax.title.set_fontsize("small")
    _legend(fig, bases)
    return fig, pd.DataFrame(rows, columns=["against", "fact", "basis", "difference", "low", "high"])
