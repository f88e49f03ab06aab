"""Many places through a ReLU network: units that are silent for a whole part of the map are left out of the products.

After a ReLU about two thirds of GeoCLIP's numbers are zero, and at neighbouring places they are the same ones. So places
are sorted into tiles of the map, and of each tile's product only the rows of units that answer somewhere in it are
taken. Nothing is approximated: what is left out is zero times a weight. How much that saves depends on how near the
places are to each other; far apart, it costs the look alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch

WORTH = 0.8  # share of units up to which gathering the rows of those that answer costs less than it saves


def tiles(xy: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Positions of places, in tiles of at most `size` neighbours.

    Strips along y, each cut along x: sort-tile packing (Leutenegger, Lopez & Edgington, 1997), with as many strips
    as make the tiles square.

    Parameters
    ----------
    xy : ndarray, shape (n, 2)
        Places on a plane.
    size : int

    Yields
    ------
    ndarray of int, shape (up to size,)
    """
    (width, height), count = np.ptp(xy, axis=0), -(-len(xy) // size)
    strips = min(count, max(1, round(math.sqrt(count * height / max(width, 1e-12)))))
    deep = -(-count // strips) * size  # places of a strip: whole tiles
    along = np.argsort(xy[:, 1], kind="stable")
    for start in range(0, len(along), deep):
        strip = along[start : start + deep]
        across = strip[np.argsort(xy[strip, 0], kind="stable")]
        yield from (across[first : first + size] for first in range(0, len(across), size))


class Layers:
    """Linear layers with ReLUs between them, for one tile after the other; working memory is taken once.

    Parameters
    ----------
    layers : sequence of (weight, bias)
        Shapes (out, in) and (out,), float32.
    most : int
        Places of a tile at most.
    """

    def __init__(self, layers: Sequence[tuple[torch.Tensor, torch.Tensor]], most: int) -> None:
        self._layers = [(weight.T.contiguous(), bias) for weight, bias in layers]  # a unit's weights in one piece
        widest = max(len(bias) for _, bias in layers)
        self._room = [torch.empty(most * widest) for _ in range(2)]

    def __call__(self, hidden: torch.Tensor) -> torch.Tensor:
        """(n, in) -> (n, out); what is returned is overwritten by the next call."""
        for number, (weight, bias) in enumerate(self._layers):
            if number:
                hidden, weight = _answering(hidden.relu_(), weight)
            room = self._room[number % 2][: len(hidden) * len(bias)].view(len(hidden), len(bias))
            hidden = torch.addmm(bias, hidden, weight, out=room)
        return hidden


def _answering(hidden: torch.Tensor, weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The columns that are not zero at all places, and their weights, where these are few enough."""
    units = torch.nonzero(hidden.amax(0) > 0)[:, 0]
    if len(units) > WORTH * len(weight):
        return hidden, weight
    return hidden.index_select(1, units), weight.index_select(0, units)
