"""A location encoder of our own, pretrained from nothing on the embedded world, and its untrained twin.

What it is: :class:`placeprior.encoders.contrast.PlaceTower`. How it was trained, and on what, stands in
``homegrown.json`` beside its weights; ``doit homegrown`` makes both again (:mod:`placeprior.runs.pretraining`). It
knows a *simulated* country: its climate, its smoke and its haze, nothing of its PM2.5, and nothing beyond its borders.

``homegrown-untrained`` is the same network with the weights from which that training started.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import check_lonlat
from placeprior.encoders.registry import register
from placeprior.errors import MissingWeights
from placeprior.files import integrity

if TYPE_CHECKING:
    from placeprior.encoders.contrast import PlaceTower

PATH = Path(__file__).with_name("homegrown.safetensors")
REMEDY = "bring it back with `git checkout`, or make it again with `doit homegrown`"


def stamp(path: Path = PATH) -> dict[str, Any]:
    """How the weights were made, from the file beside them.

    Raises
    ------
    MissingWeights
        It cannot be read.
    """
    file = path.with_suffix(".json")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MissingWeights(f"cannot read {file}, which says how homegrown was made ({error}); {REMEDY}") from None


@dataclass(frozen=True)
class Homegrown:
    """The encoder: (n, 2) lonlat in degrees -> (n, 64), float32.

    Parameters
    ----------
    path : Path
        The weights; their stamp lies beside them.
    trained : bool
        False: the weights of the same seed before the first step.
    """

    path: Path = PATH
    trained: bool = True
    costly = False
    dim = 64

    @property
    def name(self) -> str:
        """``homegrown`` or ``homegrown-untrained``."""
        return "homegrown" if self.trained else "homegrown-untrained"

    @property
    def fingerprint(self) -> str:
        """Hash of the weights, or the seed that draws them."""
        told = stamp(self.path)
        return f"sha256:{told['sha256']}" if self.trained else f"untrained:{self.dim}:seed {told['seed']}"

    @cached_property
    def tower(self) -> PlaceTower:
        """The network.

        Raises
        ------
        MissingWeights
            The file is absent, or is not the one that its stamp tells of.
        """
        import torch
        from safetensors.torch import load_file

        from placeprior.encoders.contrast import PlaceTower

        told = stamp(self.path)
        tower = PlaceTower(torch.Generator().manual_seed(told["seed"]))
        if self.trained:
            try:
                found = integrity.digest(self.path)
            except OSError as error:
                raise MissingWeights(f"cannot read {self.path} ({error.strerror}); {REMEDY}") from None
            if found != told["sha256"]:
                raise MissingWeights(
                    f"{self.path} is not what its stamp tells of: its SHA-256 starts with {found[:16]}, expected "
                    f"{told['sha256'][:16]}; {REMEDY}"
                )
            tower.load_state_dict(load_file(self.path))
        return tower.eval()

    def __call__(self, lonlat: ArrayLike) -> NDArray[np.float32]:
        """Encode places."""
        import torch

        places = torch.from_numpy(check_lonlat(lonlat).astype(np.float32))
        with torch.inference_mode():
            return torch.cat([self.tower(some) for some in places.split(4096)] or [torch.empty(0, self.dim)]).numpy()


def _make(encoder: Homegrown, weights: Path | None) -> Homegrown:
    if weights is None:
        return encoder
    if not encoder.trained:
        raise MissingWeights(f"encoder {encoder.name!r} takes no weights, but was given {weights}; leave them out")
    own = Homegrown(weights)
    _ = own.tower  # a file that a person names is refused at once
    return own


for _encoder in (Homegrown(), Homegrown(trained=False)):
    register(_encoder.name, partial(_make, _encoder))
