"""Many places through a ReLU network: units that are silent for a part of the map are left out of its products.

After a ReLU about two thirds of GeoCLIP's numbers are zero, and at neighbouring places the same ones. So places
are sorted into tiles of the map, and of each tile's product only the weights of units that answer somewhere in it
are taken. Nothing is approximated: what is left out is zero times a weight. How much that saves depends on how near the
places are to each other; far apart, it costs the look alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.nn.functional import linear

WORTH = 0.75  # share of units that answer below which gathering their weights costs less than it saves


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
    """Linear layers with ReLUs between them, for one tile after the other.

    The products are oneDNN's where PyTorch has it: MKL, which is told to add up alike on every maker's processor
    (:mod:`placeprior.provenance.processor`), takes more than twice as long for them.

    Parameters
    ----------
    layers : sequence of (weight, bias)
        Shapes (out, in) and (out,), float32.
    """

    def __init__(self, layers: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> None:
        self._layers = [(weight, _fast(weight), bias) for weight, bias in layers]

    def __call__(self, hidden: torch.Tensor) -> torch.Tensor:
        """(n, in) -> (n, out)."""
        for number, (plain, whole, bias) in enumerate(self._layers):
            weight = whole
            if number:
                units = torch.nonzero(hidden.relu_().amax(0) > 0)[:, 0]  # that are not silent everywhere
                if len(units) < WORTH * hidden.shape[1]:
                    hidden, weight = hidden.index_select(1, units), _fast(plain.index_select(1, units))
            hidden = linear(_fast(hidden), weight, bias)
            hidden = hidden.to_dense() if hidden.is_mkldnn else hidden
        return hidden


def _fast(values: torch.Tensor) -> torch.Tensor:
    """The same numbers as oneDNN takes them, where it is there and there are any."""
    return values.to_mkldnn() if torch.backends.mkldnn.is_available() and values.numel() else values
