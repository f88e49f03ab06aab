"""Basis encoders: a formula that spreads a place over many numbers, and a small network that learns to read them.

Unlike GeoCLIP or SatCLIP they bring no knowledge along: they are trained with the task. As an encoder by itself
(:func:`placeprior.encoders.load`), each gives its formula's numbers; in a run, a head (:mod:`.heads`) with the run's
own initial weights turns these into 256, and is trained with the network.

=====================  ================================================================  =============================
name                   formula                                                           head
=====================  ================================================================  =============================
``tile``               :class:`.planar.Tile`                                             common
``wrap``               :class:`.planar.Wrap`                                             residual
``wrap-ffn``           :class:`.planar.Wrap`                                             common
``rbf``                :class:`.planar.Rbf`                                              common
``rff``                :class:`.planar.Rff`                                              common
``space2vec-grid``     :class:`.planar.Grid`                                             common
``space2vec-theory``   :class:`.planar.Theory`                                           common
``xyz``                :class:`.spherical.Xyz`                                           common
``nerf``               :class:`.spherical.Nerf`                                          common
``sphere2vec-c``       :class:`.spherical.SphereC`                                       common
``sphere2vec-c+``      :class:`.spherical.SphereCPlus`                                   common
``sphere2vec-m``       :class:`.spherical.SphereM`                                       common
``sphere2vec-m+``      :class:`.spherical.SphereMPlus`                                   common
``sphere2vec-dfs``     :class:`.spherical.Dfs`                                           common
``siren-sh``           :class:`.spherical.Harmonics`                                     sines
``slepian``            :class:`.regional.Slepian`, ours, for the contiguous US           common
=====================  ================================================================  =============================

Nothing here imports PyTorch before a place is encoded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import arrays, at_home, check_lonlat
from placeprior.encoders.registry import register
from placeprior.errors import MissingWeights, UnknownName

if TYPE_CHECKING:
    import torch

    from placeprior.encoders.basis.frame import Position

REGIONAL = "slepian"
CHUNK = 2**19  # numbers at a time: what is computed in between stays in the processor's cache
#: How fast a head learns beside the rest, as a share. Over one country a basis gives nearly equal numbers everywhere,
#: so that steps of full size move all places at once; a ReLU behind them can die, and with it the place. Chosen by
#: validation loss of four of them on the embedded world (one seed, spatial split) among 1, 0.1, 0.03, 0.01 and 0.003.
RATE = 0.01
Vectors = NDArray[np.float32]
#: Name: module and class of the position encoding, its defaults, its head.
BASES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "tile": ("planar", "Tile", {"interval": 10.0}, "common"),
    "wrap": ("planar", "Wrap", {}, "residual"),
    "wrap-ffn": ("planar", "Wrap", {}, "common"),
    "rbf": ("planar", "Rbf", {"kernel_size": 9.0}, "common"),
    "rff": ("planar", "Rff", {}, "common"),
    "space2vec-grid": ("planar", "Grid", {"frequency_num": 16, "min_radius": 0.01, "max_radius": 360.0}, "common"),
    "space2vec-theory": ("planar", "Theory", {"frequency_num": 16, "min_radius": 0.01, "max_radius": 360.0}, "common"),
    "xyz": ("spherical", "Xyz", {}, "common"),
    "nerf": ("spherical", "Nerf", {"frequency_num": 16}, "common"),
    "sphere2vec-c": ("spherical", "SphereC", {"frequency_num": 16, "min_radius": 0.001, "max_radius": 1.0}, "common"),
    "sphere2vec-c+": (
        "spherical",
        "SphereCPlus",
        {"frequency_num": 16, "min_radius": 0.001, "max_radius": 1.0},
        "common",
    ),
    "sphere2vec-m": ("spherical", "SphereM", {"frequency_num": 16, "min_radius": 0.001, "max_radius": 1.0}, "common"),
    "sphere2vec-m+": (
        "spherical",
        "SphereMPlus",
        {"frequency_num": 16, "min_radius": 0.001, "max_radius": 1.0},
        "common",
    ),
    "sphere2vec-dfs": ("spherical", "Dfs", {"frequency_num": 6, "min_radius": 0.001, "max_radius": 1.0}, "common"),
    "siren-sh": ("spherical", "Harmonics", {"degrees": 8}, "sines"),
    "slepian": ("regional", "Slepian", {"degrees": 60}, "common"),
}


def position(name: str, **hyperparameters: Any) -> Position:
    """A position encoding, before any learnt head.

    Parameters
    ----------
    name : str
        A key of :data:`BASES`.
    **hyperparameters
        As the class of that name takes them, instead of its defaults: ``frequency_num``, ``min_radius``,
        ``max_radius`` …

    Returns
    -------
    torch.nn.Module
        lonlat (n, 2), degrees -> (n, dim), float64; ``dim`` is its attribute.

    Raises
    ------
    UnknownName
        No such encoding, or it has no such hyperparameter.
    """
    import inspect

    from placeprior.encoders.basis import planar, regional, spherical  # with PyTorch, which a list of names needs not

    if name not in BASES:
        raise UnknownName("position encoding", name, BASES)
    module, made, defaults, _ = BASES[name]
    make = getattr({"planar": planar, "spherical": spherical, "regional": regional}[module], made)
    known = set(inspect.signature(make).parameters)
    for key in hyperparameters:
        if key not in known:
            raise UnknownName(f"hyperparameter of {name!r}", key, known - {"generator"})
    return make(**defaults | hyperparameters)


def numbers(encoding: Position, lonlat: ArrayLike) -> NDArray[np.float32]:
    """Encode places in chunks, without gradient: lonlat (n, 2), degrees -> (n, dim), computed in float64."""
    import torch

    places = torch.from_numpy(check_lonlat(lonlat))
    encoded = torch.empty(len(places), encoding.dim)
    rows = max(1, CHUNK // encoding.dim)
    with torch.inference_mode():
        for some, out in zip(places.split(rows), encoded.split(rows), strict=True):
            encoding(some, out=out)
    return encoded.numpy()


@dataclass(frozen=True)
class Basis:
    """A basis encoder under its registered name: its formula's numbers, and in a run the head that reads them."""

    name: str
    costly = False

    @property
    def fingerprint(self) -> str:
        """The formula's name, its defaults and its head: there are no weights."""
        _, formula, defaults, head = BASES[self.name]
        return f"basis:{formula}:{json.dumps(defaults, sort_keys=True)}:{head}:{RATE:g}"

    @cached_property
    def encoding(self) -> Position:
        """The formula with its defaults."""
        return position(self.name)

    @property
    def dim(self) -> int:
        """How many numbers the formula gives."""
        return self.encoding.dim

    def __call__(self, lonlat: ArrayLike) -> NDArray[np.float32]:
        """Encode places: lonlat (n, 2), degrees -> (n, dim).

        Slepian functions are all but zero, and tell nothing, far from the country they were made for: refused there.
        """
        if self.name == REGIONAL:
            lonlat = at_home(lonlat, "the basis of Slepian functions")
        return numbers(self.encoding, lonlat)

    def fit(self, lonlat: ArrayLike, trained: NDArray[np.bool_], seed: int) -> Callable[[ArrayLike], Vectors]:
        """What the head of one run reads, with what is random drawn by the run's seed and anchors at its stations."""
        if self.name == "tile":
            return self._cells
        if self.name == "rff":
            import torch

            return partial(numbers, position(self.name, generator=torch.Generator().manual_seed(seed)))
        if self.name == "rbf":
            known, count = check_lonlat(lonlat)[arrays.flags(trained, "trained")], self.encoding.dim
            drawn = np.random.default_rng(seed).choice(len(known), count, replace=len(known) < count)
            return partial(numbers, position(self.name, anchors=known[drawn]))
        return self

    def _cells(self, lonlat: ArrayLike) -> NDArray[np.float32]:
        import torch

        places = torch.from_numpy(check_lonlat(lonlat))
        return self.encoding.cell(*places.unbind(1))[:, None].numpy().astype(np.float32)

    def module(self, generator: torch.Generator) -> torch.nn.Module:
        """The head, with new weights; before ``tile``'s, its table."""
        from torch import nn

        from placeprior.encoders.basis import heads

        kind = {"common": heads.FeedForward, "residual": heads.Residual, "sines": heads.Siren}[BASES[self.name][3]]
        if self.name == "tile":
            table = heads.Lookup(*self.encoding.table.shape, generator)
            head = kind(self.dim, generator=generator)
            return heads.Centred(nn.Sequential(table, head), head.dim, RATE)
        head = kind(self.dim, generator=generator)
        return heads.Centred(head, head.dim, RATE)


def _make(encoder: Basis, weights: Path | None) -> Basis:
    if weights is not None:
        raise MissingWeights(
            f"encoder {encoder.name!r} is a formula whose head is trained in each run; it reads no "
            f"weights, but was given {weights}: leave them out"
        )
    return encoder


for _name in BASES:
    register(_name, partial(_make, Basis(_name)))
