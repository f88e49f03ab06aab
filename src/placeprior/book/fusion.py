"""The diagram of the ways in which a place joins the summary of the days."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placeprior.book import figures
from placeprior.book.style import BLUE, INK, LAND, MUTED, PAPER

DAYS, PLACE, PLAIN = LAND, (BLUE, 0.22), PAPER
TOP, LOW = 3.0, 1.0  # where the row of the days and that of the place stand
#: The sign at which days and place meet, what of the place goes there, and what happens.
WAYS = {
    "Hadamard": ("×", "p", "multiplies"),
    "concatenation": ("[ ; ]", "p", "sets side by side"),
    "gated sum": ("g", "p", "mixes z and p,\nnumber by number"),
    "FiLM": ("× +", "γ, β", "stretches by 1 + γ,\nshifts by β"),
    "bias only": ("+", "p", "shifts the estimate"),
    "channels": ("[ ; ]", None, "one more input\non every day"),
}


def draw_ways() -> Figure:
    """Draw every way of :data:`WAYS`, from left to right: the days above, the place below."""
    fig, axes = figures.panels(len(WAYS), 2, row=4.6 / 3, extra=0)
    for ax, name in zip(axes, WAYS, strict=True):
        ax.set(xlim=(0, 10), ylim=(0.4, 3.6), title=name)
        ax.set_axis_off()
        _draw_way(ax, name)
    return fig


def _draw_way(ax: Axes, name: str) -> None:
    mark, middle, said = WAYS[name]
    shifts, enters_early = name == "bias only", name == "channels"
    end = ax.text(9.4, TOP, "ŷ", ha="center", va="center", fontsize=11, bbox={"fc": "none", "ec": "none", "pad": 2})
    place = _box(ax, 1.0, LOW, "place e", PLACE)
    days = _box(ax, 1.0, TOP, "days x" if enters_early else "z", DAYS)
    meet = _sign(ax, *((8.2, 1.7) if shifts else (3.1 if enters_early else 4.4, TOP)), mark)
    inner = _box(ax, 5.4 if enters_early else 7.0, TOP, "LSTMs" if enters_early else "dense", PLAIN)
    told = place if middle is None else _box(ax, 3.6 if shifts else 3.2, LOW, middle, PLACE)
    if told is not place:
        _arrow(ax, place, told, of_place=True)
    _arrow(ax, told, meet, of_place=True)
    if shifts:
        links = [(days, inner), (inner, meet), (meet, end)]
    elif enters_early:
        summary = _box(ax, 7.6, TOP, "z", DAYS)
        links = [(days, meet), (meet, inner), (inner, summary), (summary, end)]
    else:
        links = [(days, meet), (meet, inner), (inner, end)]
    for first, second in links:
        _arrow(ax, first, second)
    ax.text(*((4.9, 0.75) if shifts else (5.0, 1.25)), said, ha="left", va="center", fontsize=9, color=MUTED)


def _box(ax: Axes, x: float, y: float, text: str, colour: Any) -> Any:
    pad = {"boxstyle": "round,pad=0.32", "fc": colour, "ec": INK, "lw": 0.9}
    return ax.text(x, y, text, ha="center", va="center", fontsize=9, bbox=pad)


def _sign(ax: Axes, x: float, y: float, text: str) -> Any:
    ring = {"boxstyle": "circle,pad=0.25", "fc": PAPER, "ec": BLUE, "lw": 1.4}
    return ax.text(x, y, text, ha="center", va="center", fontsize=9, bbox=ring)


def _arrow(ax: Axes, start: Any, end: Any, *, of_place: bool = False) -> None:
    """From the edge of one text's box to that of another's."""
    style = {"arrowstyle": "-|>", "color": BLUE if of_place else INK, "lw": 1.2, "shrinkA": 1, "shrinkB": 1}
    patches = {"patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch()}
    ax.annotate("", end.get_position(), start.get_position(), arrowprops=style | patches)
