"""SatCLIP's location encoder, rewritten from its formulas, for the weights that its authors publish.

Klemmer, K., Rolf, E., Robinson, C., Mackey, L. & Rußwurm, M. 2025, *SatCLIP: Global, general-purpose location
embeddings with satellite imagery*, AAAI. Spherical harmonics of a place go through a small network of sines, a SIREN
(Sitzmann, V. et al. 2020, *Implicit neural representations with periodic activation functions*, NeurIPS): 256 values,
frozen. What they say of a place was learnt by matching them with Sentinel-2 images, as one of three image encoders sees
them; ``l10`` and ``l40`` say up to which degree the harmonics go, that is, how fine a map can be.

The weights do not come with the package: :mod:`placeprior.encoders.hub` says where they are looked for, and
:func:`fetch` brings them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import check_lonlat
from placeprior.encoders import hub
from placeprior.encoders.harmonics import satclip_harmonics
from placeprior.encoders.registry import register
from placeprior.errors import MissingWeights, UnknownName

if TYPE_CHECKING:
    import torch

    Layers = Sequence[tuple[torch.Tensor, torch.Tensor]]

#: Image encoders beside which a location encoder was trained, and how the hub spells them.
BACKBONES = {"resnet18": "ResNet18", "resnet50": "ResNet50", "vit16": "ViT16"}
DEGREES = (10, 40)
DIM = 256
CHUNK = 4096
FIRST = 30.0  # how much faster the first sine is: Sitzmann et al.'s omega
#: What a checkpoint must say of itself for the formulas here to be its own.
SETTINGS = {"le_type": "sphericalharmonics", "pe_type": "siren", "harmonics_calculation": "analytic"}


def siren(harmonics: torch.Tensor, layers: Layers) -> torch.Tensor:
    """The network: :math:`\\sin(30(Wh + b))` in the first layer, :math:`\\sin(Wh + b)` later, linear at the end.

    Parameters
    ----------
    harmonics : tensor, shape (n, degrees**2), float64
        What :func:`~placeprior.encoders.harmonics.satclip_harmonics` gives.
    layers : sequence of (weight, bias)
        Shapes (out, in) and (out,), first to last; published ones have 512, 512 and 256 outputs.

    Returns
    -------
    tensor, shape (n, 256), float64
        As in use; the dropout of training is left out.
    """
    import torch
    from torch.nn.functional import linear

    hidden, speed = harmonics, FIRST
    for weight, bias in layers[:-1]:
        hidden, speed = torch.sin(speed * linear(hidden, weight, bias)), 1.0
    return linear(hidden, *layers[-1])


@dataclass(frozen=True)
class SatClip:
    """A SatCLIP location encoder: (n, 2) lonlat in degrees -> (n, 256), float32.

    Parameters
    ----------
    name : str
        Registered name.
    backbone : str
        One of `BACKBONES`.
    degrees : int
        L: harmonics of the degrees 0 … L - 1.
    weights : Path, optional
        A file to read instead of the one that lies in a folder for weights.

    Notes
    -----
    Places, harmonics and network are float64, as in the original, and only the vectors are rounded: harmonics of a high
    degree magnify what is lost in a place, and the first sine magnifies it again.
    """

    name: str
    backbone: str
    degrees: int
    weights: Path | None = None
    dim = DIM
    costly = True

    @property
    def repo(self) -> str:
        """Where the weights are published, on the Hugging Face hub."""
        return f"microsoft/SatCLIP-{BACKBONES[self.backbone]}-L{self.degrees}"

    @property
    def files(self) -> tuple[str, str]:
        """Names of files that will do: the published checkpoint, or the location encoder alone."""
        stem = f"satclip-{self.backbone}-l{self.degrees}"
        return f"{stem}.ckpt", f"{stem}.safetensors"

    @property
    def path(self) -> Path:
        """The weights file; where there is none, a `MissingWeights` says how to get it."""
        path = self.weights or hub.find(*self.files)
        if path is None:
            where = " or ".join(str(folder) for folder in hub.folders())
            raise MissingWeights(
                f"the weights of {self.name} are not at hand: no {self.files[0]} in {where}; put it there from "
                f"{hub.HUB}/{self.repo}, or name its folder in PLACEPRIOR_WEIGHTS, or fetch it once over the network: "
                f"placeprior weights {self.name}"
            )
        return path

    @property
    def fingerprint(self) -> str:
        """The hash of the weights file."""
        return f"sha256:{hub.check(self.path)}"

    @property
    def layers(self) -> Layers:
        """The network's weights and biases, checked, float64."""
        path = self.path
        return _read(path, hub.check(path), self)

    def __call__(self, lonlat: ArrayLike) -> NDArray[np.float32]:
        """Encode in chunks, without gradient."""
        import torch

        layers, places = self.layers, torch.from_numpy(check_lonlat(lonlat))
        embedding = np.empty((len(places), DIM), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(places), CHUNK):
                harmonics = satclip_harmonics(places[start : start + CHUNK], self.degrees)
                embedding[start : start + CHUNK] = siren(harmonics, layers).numpy()
        return embedding


def fetch(name: str) -> Path:
    """Bring the weights of an encoder from the Hugging Face hub, unless they are at hand, and try them.

    Parameters
    ----------
    name : str
        Such as ``"satclip-l40"``.

    Returns
    -------
    Path
        The file, in a folder where the encoder finds it by itself.

    Raises
    ------
    UnknownName
        No SatCLIP encoder has that name.
    MissingWeights
        They cannot be had, or are something else (:func:`placeprior.encoders.hub.fetch`).
    """
    if name not in ENCODERS:
        raise UnknownName("SatCLIP encoder", name, ENCODERS)
    encoder = ENCODERS[name]
    path = hub.fetch(encoder.repo, *encoder.files)
    _ = encoder.layers
    return path


@lru_cache(maxsize=4)
def _read(file: Path, sha256: str, encoder: SatClip) -> Layers:
    """The layers of a file whose content has this hash, after checking that they are what the encoder needs."""
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise MissingWeights(f"{file} changed while it was read; try again when nothing writes it")
    try:
        tensors, settings = _open(content)
        _fit(settings, encoder)
        return _layers(tensors, encoder)
    except _Unfit as error:
        raise MissingWeights(
            f"{file} does not give {encoder.name}: {error}; name another file, or put "
            f"{encoder.files[0]} of {hub.HUB}/{encoder.repo} in its place"
        ) from error.__cause__


class _Unfit(Exception):
    """Why a file's content is not used."""


def _open(content: bytes) -> tuple[dict[str, torch.Tensor], dict[str, Any] | None]:
    """Tensors by name and, in a Lightning checkpoint, its settings; no code of the file is run."""
    import safetensors.torch

    if content[8:9] == b"{":  # safetensors: the length of the header in eight bytes, then the header, as JSON
        try:
            return safetensors.torch.load(content), None
        except Exception as error:  # a file of another origin can fail in any way
            raise _Unfit("it is cut short, or is no safetensors file") from error
    try:
        checkpoint = hub.unpickled(content)
    except ValueError as error:
        raise _Unfit(str(error)) from error.__cause__
    found = checkpoint if isinstance(checkpoint, dict) else {}
    tensors, settings = found.get("state_dict"), found.get("hyper_parameters")
    if not (isinstance(tensors, dict) and isinstance(settings, dict)):
        raise _Unfit("it is another model's, without SatCLIP's 'state_dict' and 'hyper_parameters'")
    return tensors, settings


def _fit(settings: dict[str, Any] | None, encoder: SatClip) -> None:
    """Refuse a checkpoint that says of itself that it is made otherwise."""
    if settings is None:
        return
    # Checkpoints older than the choice of a formula have the first one.
    told = {"harmonics_calculation": "analytic"} | settings
    if told["harmonics_calculation"] == "closed-form":
        raise _Unfit(
            "its harmonics_calculation is 'closed-form', whose terms of odd order have the other sign, and "
            "those of order 0 another size, than the 'analytic' ones that are computed here"
        )
    for key, wanted in SETTINGS.items():
        if told.get(key) != wanted:
            raise _Unfit(f"its {key} is {told.get(key)!r}, not {wanted!r}")
    if told.get("legendre_polys") != encoder.degrees:
        raise _Unfit(f"its harmonics are of L = {told.get('legendre_polys')!r} (legendre_polys), not {encoder.degrees}")
    image = str(told.get("vision_layers"))
    if any(backbone in image for backbone in BACKBONES) and encoder.backbone not in image:
        raise _Unfit(f"it was trained beside the image encoder {image!r}, not {encoder.backbone!r}")


def _layers(tensors: dict[str, torch.Tensor], encoder: SatClip) -> Layers:
    """First to last layer in float64; published under one or two prefixes, which end in ``nnet``."""
    import torch

    own: dict[str, torch.Tensor] = {}
    for key, tensor in tensors.items():
        _, found, part = str(key).partition("nnet.")
        if not (found and isinstance(tensor, torch.Tensor)):
            continue
        if not tensor.isfinite().all():
            raise _Unfit(f"its {key!r} holds weights that are not numbers")
        if not torch.equal(own.setdefault(part, tensor), tensor):
            raise _Unfit(f"it holds two location encoders, which differ in {part!r}")
    names = [*(f"layers.{i}" for i in range(len(own) // 2 - 1)), "last_layer"]
    if len(names) < 2 or set(own) != {f"{name}.{kind}" for name in names for kind in ("weight", "bias")}:
        raise _Unfit("it holds no location encoder of SatCLIP's, with tensors called 'nnet.layers.0.weight' and so on")
    layers = [(own[f"{name}.weight"], own[f"{name}.bias"]) for name in names]
    shapes = [tuple(weight.shape) for weight, _ in layers]
    flat = all(weight.ndim == 2 and bias.shape == weight.shape[:1] for weight, bias in layers)
    if not flat or any(before[0] != after[1] for before, after in pairwise(shapes)):
        raise _Unfit(f"its layers, of shapes {', '.join(map(str, shapes))}, do not follow each other")
    if shapes[0][1] != encoder.degrees**2:
        raise _Unfit(
            f"its network reads {shapes[0][1]} harmonics, not the {encoder.degrees**2} of L = {encoder.degrees}"
        )
    if shapes[-1][0] != DIM:
        raise _Unfit(f"its vectors have {shapes[-1][0]} values, not {DIM}")
    return tuple((weight.double(), bias.double()) for weight, bias in layers)


def _make(encoder: SatClip, weights: Path | None) -> SatClip:
    if weights is None:
        return encoder
    encoder = replace(encoder, weights=weights)
    _ = encoder.layers  # a file that a person names is refused at once
    return encoder


#: By name; the short ones are the smallest image encoder's.
ENCODERS = {
    name: SatClip(name, backbone, degrees)
    for degrees in DEGREES
    for backbone in BACKBONES
    for name in (f"satclip-{backbone}-l{degrees}", *([f"satclip-l{degrees}"] if backbone == "resnet18" else []))
}
for _encoder in ENCODERS.values():
    register(_encoder.name, partial(_make, _encoder))
