"""The drawing of the network: what stands between a window of days and an estimate, and the shape of what passes."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle
from torch import nn

from placeprior.book import figures
from placeprior.book.style import BLUE, GREEN, INK, MUTED, ORANGE, PAPER

MEMORY, FOCUS, PLACE = BLUE, ORANGE, GREEN
WIDE, HIGH = 4.4, 0.62  # of a box


def shapes(model: nn.Module, *given: torch.Tensor) -> dict[str, tuple[int, ...]]:
    """Shape of what each named part of a network returns, the first where it returns several.

    Parameters
    ----------
    model : torch.nn.Module
    *given : tensor
        What its ``forward`` takes.
    """
    found, hooks = {}, []

    def keep(name: str, made: object) -> None:
        found[name] = tuple((made[0] if isinstance(made, tuple) else made).shape)

    for name, part in model.named_modules():
        hooks.append(part.register_forward_hook(lambda _, __, made, name=name or "estimate": keep(name, made)))
    with torch.inference_mode():
        model.eval()(*given)
    for hook in hooks:
        hook.remove()
    return found


def draw(passed: Mapping[str, tuple[int, ...]], window: tuple[int, ...], place: tuple[int, ...]) -> Figure:
    """The network from top to bottom, the place at the right, every tensor with its shape.

    Parameters
    ----------
    passed : mapping
        As :func:`shapes`, of a model with a Hadamard product.
    window, place : tuple of int
        Shapes of the inputs: (batch, days, inputs) and (batch, numbers).
    """
    fig, ax = figures.subplots(size=(6.4, 7.6))
    ax.set(xlim=(-2.6, 6.2), ylim=(-9.3, 0.9))
    ax.set_axis_off()
    left = [
        ("the last days at the place", None, window, INK),
        ("Bi-LSTM, layer norm, dropout", "lstm.0", passed["norm.0"], MEMORY),
        ("Bi-LSTM, layer norm, dropout", "lstm.1", passed["norm.1"], MEMORY),
        ("Bi-LSTM, layer norm", "lstm.2", passed["norm.2"], MEMORY),
        ("attention", "attention", passed["attention"], FOCUS),
        ("z ⊙ p: the place joins", "join", passed["join"], PLACE),
        ("dense, ReLU", "hidden", passed["hidden"], INK),
        ("dense: scaled PM2.5", "out", passed["estimate"], INK),
    ]
    for row, (text, name, shape, colour) in enumerate(left):
        y = -1.25 * row
        _box(ax, 0, y, text, name, colour)
        _shape(ax, 0.05, y - 0.62, shape)
        if row < len(left) - 1:
            _cells(ax, -0.25, y - 0.62, shape[1] if len(shape) == 3 else 1, colour)
        if row:
            _arrow(ax, (0, y + 1.25 - HIGH / 2), (0, y + HIGH / 2))
    joins = -1.25 * 5
    for y, text, name, shape in (
        (joins + 2.5, "encoder, frozen", None, place),
        (joins + 1.25, "dense, ReLU", "join.project", passed["join.project"]),
    ):
        _box(ax, 4.4, y, text, name, PLACE, wide=2.9)
        _shape(ax, 4.45, y - 0.62, shape)
    ax.text(4.4, joins + 3.5, "longitude, latitude", ha="center", va="center", color=INK)
    _arrow(ax, (4.4, joins + 3.3), (4.4, joins + 2.5 + HIGH / 2))
    _arrow(ax, (4.4, joins + 2.5 - HIGH / 2), (4.4, joins + 1.25 + HIGH / 2))
    ax.plot([4.4, 4.4], [joins + 1.25 - HIGH / 2, joins], color=MUTED, lw=1.2)
    _arrow(ax, (4.4, joins), (WIDE / 2, joins))
    return fig


def _box(ax: Axes, x: float, y: float, text: str, name: str | None, colour: str, wide: float = WIDE) -> None:
    style = {"boxstyle": "round,pad=0.02,rounding_size=0.12", "fc": PAPER, "ec": colour, "lw": 2, "zorder": 2}
    ax.add_patch(FancyBboxPatch((x - wide / 2, y - HIGH / 2), wide, HIGH, **style))
    shift = 0.13 if name else 0.0
    ax.text(x, y + shift, text, ha="center", va="center", color=INK, zorder=3)
    if name:
        ax.text(x, y - 0.17, f"model.{name}", ha="center", va="center", color=MUTED, zorder=3, fontsize="x-small")


def _shape(ax: Axes, x: float, y: float, shape: tuple[int, ...]) -> None:
    """A tensor's shape beside the arrow that it passes along."""
    days, numbers = ([f"{shape[1]} days"], shape[2:]) if len(shape) == 3 else ([], shape[1:])
    text = ", ".join(["batch", *days, *map(str, numbers)])
    ax.text(x + 0.1, y, f"({text}{'' if shape[1:] else ','})", ha="left", va="center", fontsize="small", color=INK)


def _cells(ax: Axes, right: float, y: float, days: int, colour: str) -> None:
    """A cell a day that is still told apart, the estimated day filled."""
    side = 0.09
    for day in range(days):
        at = (right - (day + 1) * side, y - 0.09)
        ax.add_patch(Rectangle(at, 0.8 * side, 0.18, fc=PAPER if day else colour, ec=colour, lw=0.7))


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": MUTED, "lw": 1.2}, zorder=1)
