"""Basis encoders that were trained beforehand, one architecture on two corpora, and the same without training.

The weights are those that the authors of TorchSpatial (Wu et al. 2024, NeurIPS Datasets and Benchmarks) publish under
the MIT licence: location encoders trained to say which class of image is likely at a place, from satellite scenes
(``fmow``: Functional Map of the World) or from Flickr photographs (``yfcc``: YFCC100M-GEO100). They do not come with
the package: :mod:`placeprior.encoders.torchspatial` says where they are found and fetches them.

``<encoder>-untrained`` is the architecture of the ``yfcc`` one (of the only one, where there is one) with random
weights, drawn by the run's seed: what the basis and the width give by themselves. It needs no file, but for ``rff``,
whose basis was drawn too.

``<encoder>-<corpus>-tuned`` goes on learning with the network, as slowly as the heads of basis encoders do;
``<encoder>-untrained-tuned`` does so from random weights.

Only ``xyz``, ``wrap-ffn`` and ``nerf`` are exact pairs. In the others a radius, an extent or the width differs too:
:func:`unlike` says which.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.encoders import hub, torchspatial
from placeprior.encoders.basis import RATE, Vectors, numbers, position
from placeprior.encoders.registry import load, register
from placeprior.encoders.torchspatial import PUBLISHED, Published
from placeprior.errors import MissingWeights, PlacePriorError

if TYPE_CHECKING:
    import torch

    from placeprior.encoders.basis.frame import Position
    from placeprior.encoders.basis.heads import FeedForward

UNTRAINED = "untrained"
TUNED = "tuned"
#: Whose weights also go on learning: exact pairs, the plainest basis and the richest.
TUNABLE = ("xyz", "nerf")
KEYS = {"first": "ffn.layers.0.linear", "norm": "ffn.layers.0.layernorm", "second": "ffn.layers.1.linear"}
SCALES = ("frequency_num", "min_radius", "max_radius")
#: Which settings the formula reads.
READS = {"nerf": SCALES[:1], "xyz": (), "wrap-ffn": (), "rff": ()}
COMPARED = ("frequency_num", "min_radius", "max_radius", "map_range", "hidden_dim", "activation")


def names() -> dict[str, dict[str, str]]:
    """The trained encoders by architecture and corpus: ``names()["xyz"]["fmow"]`` is ``"xyz-fmow"``."""
    found: dict[str, dict[str, str]] = {}
    for name, published in PUBLISHED.items():
        found.setdefault(published.encoder, {})[name.rpartition("-")[2]] = name
    return found


def reads(name: str) -> bool:
    """Whether an encoder reads a published file: one that was trained, or whose basis was drawn."""
    encoder = load(name)
    origin = encoder.origin if isinstance(encoder, Tuned) else encoder
    return isinstance(origin, Pretrained) or (isinstance(origin, Untrained) and origin.published.drawn)


def unlike(encoder: str) -> dict[str, tuple[str, str]]:
    """In what else than the corpus the two of a pair differ, of what the formula and the head read.

    Returns
    -------
    dict
        Setting: its value in ``fmow`` and in ``yfcc``; empty for an exact pair.
    """
    fmow, yfcc = (PUBLISHED[names()[encoder][corpus]].settings for corpus in ("fmow", "yfcc"))
    read = {*READS.get(encoder, SCALES), *(("map_range",) if encoder == "rff" else ()), "hidden_dim", "activation"}
    return {key: (fmow[key], yfcc[key]) for key in COMPARED if key in read and fmow[key] != yfcc[key]}


def _trained(
    file: Path, encoder: str, settings: Mapping[str, str], tensors: dict[str, torch.Tensor]
) -> tuple[Position, FeedForward]:
    """The position encoding and the head with the weights of a file, which are checked to fit each other."""
    try:
        encoding, head = _architecture(encoder, settings, tensors)
        head.load_state_dict(
            {
                f"{own}.{kind}": tensors[f"{theirs}.{kind}"]
                for own, theirs in KEYS.items()
                for kind in ("weight", "bias")
            }
        )
    except PlacePriorError as error:
        raise MissingWeights(f"{file} is no basis encoder ({error})") from error
    except Exception as error:  # a file of another origin can fail in any way
        raise MissingWeights(
            f"{file} does not fit a basis encoder ({str(error).splitlines()[0]}); give a file as "
            "`placeprior weights torchspatial` leaves them, or one in their layout"
        ) from error
    if not all(bool(p.isfinite().all()) for p in head.parameters()):
        raise MissingWeights(f"{file} holds weights that are not numbers; fetch it again")
    return encoding, head


def _architecture(
    encoder: str,
    settings: Mapping[str, str],
    tensors: Mapping[str, torch.Tensor],
    generator: torch.Generator | None = None,
) -> tuple[Position, FeedForward]:
    from placeprior.encoders.basis.heads import FeedForward

    given: dict[str, Any] = {key: float(settings[key]) for key in READS.get(encoder, SCALES)}
    if "frequency_num" in given:
        given["frequency_num"] = int(given["frequency_num"])
    if encoder == "rff":
        # The settings keep the axes as (west, east, south, north), and the weights what was drawn for them.
        given = {
            "extent": tuple(json.loads(settings["map_range"])),
            "omega": tensors["position_encoder.dirvec"],
            "shift": tensors["position_encoder.shift"],
        }
    encoding = position(encoder, **given)
    return encoding, FeedForward(
        encoding.dim,
        int(settings["hidden_dim"]),
        int(settings["dim"]),
        last=True,
        activation=settings["activation"],
        generator=generator,
    )


def _metadata(file: Path) -> dict[str, str]:
    """What a file of one's own says of itself."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "pt") as opened:
            meta = opened.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise MissingWeights(f"{file} cannot be read as safetensors ({error}); name another file") from error
    if missing := [key for key in ("name", "hidden_dim", "dim", *COMPARED) if key not in meta]:
        raise MissingWeights(
            f"{file} is no basis encoder: its metadata has no {missing[0]!r}; give a file as "
            "`placeprior weights torchspatial` leaves them, or one in their layout"
        )
    return meta


@dataclass(frozen=True)
class Pretrained:
    """A trained basis encoder, frozen: lonlat (n, 2), degrees -> (n, 256), float32.

    Parameters
    ----------
    published : Published
        What it is.
    weights : Path, optional
        A file to read instead of the one that lies in a folder for weights.
    """

    published: Published
    weights: Path | None = None
    costly = False
    dim = 256

    @property
    def name(self) -> str:
        """Registered name."""
        return self.published.name

    @property
    def path(self) -> Path:
        """The weights file; where there is none, a `MissingWeights` says how to get it."""
        return self.weights or self.published.path

    @property
    def fingerprint(self) -> str:
        """The weights; known without the file, unless it is one's own."""
        return f"sha256:{hub.check(self.weights) if self.weights else self.published.known_as}"

    @cached_property
    def parts(self) -> tuple[Position, FeedForward]:
        """Position encoding and head."""
        return self.start()

    def __call__(self, lonlat: ArrayLike) -> Vectors:
        """Encode places, in float64 before the head and float32 in it."""
        return _vectors(*self.parts, lonlat)

    def start(self, generator: torch.Generator | None = None) -> tuple[Position, FeedForward]:
        """Where training in a run starts: the weights of the file, which must be the published ones or one's own."""
        path = self.path
        settings = self.published.settings if self.weights is None else _metadata(path)
        tensors = torchspatial.read(path)
        if self.weights is None:
            torchspatial.check(path, tensors, self.published)
        return _trained(path, self.published.encoder, settings, tensors)


@dataclass(frozen=True)
class Untrained:
    """The architecture of a published encoder with random weights, frozen; by itself, those of seed 0."""

    published: Published
    costly = False
    dim = 256

    @property
    def name(self) -> str:
        """``<encoder>-untrained``."""
        return f"{self.published.encoder}-{UNTRAINED}"

    @property
    def path(self) -> Path | None:
        """The file that holds what was drawn for the basis, if anything was."""
        return self.published.path if self.published.drawn else None

    @property
    def fingerprint(self) -> str:
        """The architecture."""
        return f"untrained:{self.published.name}"

    def __call__(self, lonlat: ArrayLike) -> Vectors:
        """Encode places with the weights of seed 0."""
        return self.fit(lonlat, np.ones(0, bool), 0)(lonlat)

    def fit(self, lonlat: ArrayLike, trained: NDArray[np.bool_], seed: int) -> Callable[[ArrayLike], Vectors]:
        """The encoder with the weights of a run's seed, the same wherever its stations are."""
        import torch

        return partial(_vectors, *self.start(torch.Generator().manual_seed(seed)))

    def start(self, generator: torch.Generator) -> tuple[Position, FeedForward]:
        """The formula as published and a head with new weights."""
        tensors: dict[str, torch.Tensor] = {}
        if path := self.path:
            tensors = torchspatial.read(path)
            torchspatial.check(path, tensors, self.published)
        return _architecture(self.published.encoder, self.published.settings, tensors, generator)


@dataclass(frozen=True)
class Tuned:
    """A trained or untrained one whose head goes on learning in a run; by itself, the numbers that the head reads."""

    origin: Pretrained | Untrained
    costly = False

    @property
    def name(self) -> str:
        """``<encoder>-<corpus>-tuned``."""
        return f"{self.origin.name}-{TUNED}"

    @property
    def path(self) -> Path | None:
        """The weights that it starts from, if any."""
        return self.origin.path

    @property
    def fingerprint(self) -> str:
        """Where it starts."""
        return f"tuned-{RATE:g}:{self.origin.fingerprint}"

    @cached_property
    def encoding(self) -> Position:
        """The formula before the head."""
        import torch

        return self.origin.start(torch.Generator())[0]

    @property
    def dim(self) -> int:
        """How many numbers the formula gives."""
        return self.encoding.dim

    def __call__(self, lonlat: ArrayLike) -> Vectors:
        """Encode places by the formula: lonlat (n, 2), degrees -> (n, dim)."""
        return numbers(self.encoding, lonlat)

    def module(self, generator: torch.Generator) -> torch.nn.Module:
        """The head with the weights that it starts from."""
        from placeprior.encoders.basis.heads import Centred

        head = self.origin.start(generator)[1]
        return Centred(head, head.dim, RATE)


def _vectors(encoding: Position, head: FeedForward, lonlat: ArrayLike) -> Vectors:
    import torch

    inputs = torch.from_numpy(numbers(encoding, lonlat))
    with torch.inference_mode():
        return torch.cat([head(part) for part in inputs.split(4096)] or [inputs.new_zeros(0, head.dim)]).numpy()


def _make(encoder: Pretrained | Untrained | Tuned, weights: Path | None) -> Pretrained | Untrained | Tuned:
    if weights is None:
        return encoder
    if not isinstance(encoder, Pretrained):
        raise MissingWeights(f"encoder {encoder.name!r} takes no weights, but was given {weights}; leave them out")
    own = replace(encoder, weights=weights)
    _ = own.fingerprint  # a file that cannot be read is named
    meant, found = encoder.published.encoder, _metadata(weights)["name"].rpartition("-")[0]
    if meant != found:
        raise MissingWeights(f"{weights} holds {found!r}, not {meant!r}; name the encoder that it was made for")
    _ = own.parts  # a file that a person names is refused at once
    return own


for _encoder, _corpora in names().items():
    _frozen = [Pretrained(PUBLISHED[_name]) for _name in _corpora.values()]
    _random = Untrained(PUBLISHED[_corpora.get("yfcc") or _corpora["fmow"]])
    _tuned = [Tuned(_start) for _start in (*_frozen, _random)] if _encoder in TUNABLE else []
    for _one in (*_frozen, _random, *_tuned):
        register(_one.name, partial(_make, _one))
