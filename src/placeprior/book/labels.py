"""Names beside the points of a scatter plot, where there is room for them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from placeprior.book.style import MUTED, PAPER

#: Directions in which a name may stand from its point, in the order of trial.
TURNS = ((1, 0), (-1, 0), (0.8, 0.8), (-0.8, 0.8), (0.8, -0.8), (-0.8, -0.8), (0, 1.2), (0, -1.2))


def write_names(ax: Axes, points: pd.DataFrame, names: Sequence[str], taken: pd.DataFrame) -> None:
    """Write names beside points, each in the first of some directions that is free; a far one has a line to its point.

    Parameters
    ----------
    ax : matplotlib Axes
        Limits and all else that is drawn must be final.
    points, taken : DataFrame, columns x and y
        The points that are named, and all that no name may cover.
    names : sequence of str
        As many as `points`. One for which there is no room is left out.
    """
    ax.figure.canvas.draw()
    renderer = ax.figure.canvas.get_renderer()
    edge = ax.get_window_extent(renderer)
    boxes = [Bbox.from_extents(x - 4, y - 4, x + 4, y + 4) for x, y in ax.transData.transform(taken)]
    for point, name in zip(points.to_numpy(), names, strict=True):
        for far, (dx, dy) in product((8, 18, 30, 45), TURNS):
            text = _beside(ax, point, name, far * dx, far * dy, line=far > 8)
            text.update_positions(renderer)
            box = Text.get_window_extent(text, renderer)
            inside = edge.x0 <= box.x0 and box.x1 <= edge.x1 and edge.y0 <= box.y0 and box.y1 <= edge.y1
            if inside and not box.count_overlaps(boxes):
                boxes.append(box)
                break
            text.remove()


def _beside(ax: Axes, point: np.ndarray, name: str, dx: float, dy: float, *, line: bool) -> Annotation:
    """A name some points of the page away from a point of the axes."""
    text = ax.annotate(
        name,
        point,
        (dx, dy),
        textcoords="offset points",
        fontsize=8,
        ha="left" if dx > 0 else "right" if dx < 0 else "center",
        va="bottom" if dy > 0 else "top" if dy < 0 else "center",
        arrowprops={"arrowstyle": "-", "color": MUTED, "lw": 0.6, "shrinkA": 0, "shrinkB": 3} if line else None,
        zorder=6,
    )
    text.set_in_layout(False)
    text.set_bbox({"fc": PAPER, "ec": "none", "alpha": 0.65, "pad": 0.3})
    return text
