"""Basis encoders that were trained beforehand, one architecture on two corpora, and the same without training.

The weights are those that the authors of TorchSpatial (Wu et al. 2024, NeurIPS Datasets and Benchmarks) publish under
the MIT licence: location encoders trained to say which class of image is likely at a place, from satellite scenes
(``fmow``: Functional Map of the World) or from Flickr photographs (``yfcc``: YFCC100M-GEO100). ``<encoder>-untrained``
is the architecture of the ``yfcc`` one (of the only one, where there is one) with random weights, drawn by the run's
seed: what the basis and the width give by themselves.

``<encoder>-<corpus>-tuned`` goes on learning with the network, as slowly as the heads of basis encoders do;
``<encoder>-untrained-tuned`` does so from random weights.

Only ``xyz``, ``wrap-ffn`` and ``nerf`` are exact pairs. In the others a radius, an extent or the width differs too:
:func:`differences` says which.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.encoders.basis import RATE, Vectors, numbers, position
from placeprior.encoders.registry import register
from placeprior.errors import MissingWeights, PlacePriorError

if TYPE_CHECKING:
    import torch

    from placeprior.encoders.basis.frame import Position
    from placeprior.encoders.basis.heads import FeedForward

#: SHA-256 of each file in ``weights/``.
SHA256 = {
    "nerf-fmow": "27a0b87d950e94b12f4b2a3c0a24cf0886abb15e6b2b9fa432b08ef08d3a8ba6",
    "nerf-yfcc": "f7cd67c3f7b7e40791d6c7ebea6ae075a9a8b845d4c24ecf58349a578c66d5e4",
    "rff-fmow": "45e1075d8dfde09cd427362e99ad5d7ef0b548c44821d18abd0096ba70de0a2b",
    "rff-yfcc": "052d62baefb3d0a73988cdd5409bed9e66cb7465585dfd5463b9636bceb0d1af",
    "space2vec-grid-yfcc": "f6f4152ce3757397c17b6d8d74b7ee832e175cc902fb532e07548677d7d18d66",
    "space2vec-theory-fmow": "f758f79b8d2155af4cc653aec0e91118c103c41330486b85b99c938bc3af7373",
    "space2vec-theory-yfcc": "c98861ad46a967b86807f02f35fd0d5c1e4dd097a1d0a738710b81d7ffec15a7",
    "sphere2vec-c+-fmow": "35baf77aee2fcab06830507bf7776902c99e957d12ff2520fd4fa23d29c5aa85",
    "sphere2vec-c-fmow": "393e7320371950861521e4bce781a0d492d58e2c23e1d937fb27a3decccb676e",
    "sphere2vec-c-yfcc": "e94c52357bebc52697b59f8d720f7db684261254ca0121aa458fceef7dbc5dde",
    "sphere2vec-m-fmow": "44649facf31d5ed8c2185d31715018d8032474e03a19a78dc2305093e6ef590e",
    "sphere2vec-m-yfcc": "41a8040c79886411af1688a35a908fff9e0debf9f1e7b6f0503a52595a0612d2",
    "wrap-ffn-fmow": "47fcd975253ca3706ecf2ee601445fa1398d93fa6cb41e13fbc35d457728cf22",
    "wrap-ffn-yfcc": "3b00d9c2ab8c4dea4c37435fa17cc11841fca3b55c16aec6031dc9fdadf44dab",
    "xyz-fmow": "3172302391a08508c607ed9a98585a01f75bbe6624901e99358dac5f51ebd9bd",
    "xyz-yfcc": "9edb6e81fb791f36c81f72eb9c30925800ed2de747166aec022a5ab6d1417828",
}
UNTRAINED = "untrained"
TUNED = "tuned"
#: Whose weights also go on learning: exact pairs, the plainest basis and the richest.
TUNABLE = ("xyz", "nerf")
KEYS = {"first": "ffn.layers.0.linear", "norm": "ffn.layers.0.layernorm", "second": "ffn.layers.1.linear"}
SCALES = ("frequency_num", "min_radius", "max_radius")
#: Which hyperparameters of a file's metadata the formula reads.
READS = {"nerf": SCALES[:1], "xyz": (), "wrap-ffn": (), "rff": ()}
COMPARED = ("frequency_num", "min_radius", "max_radius", "map_range", "hidden_dim", "activation")


def names() -> dict[str, dict[str, Path]]:
    """The files by encoder and corpus: ``names()["xyz"]["fmow"]``."""
    found: dict[str, dict[str, Path]] = {}
    for name in SHA256:
        encoder, _, corpus = name.rpartition("-")
        found.setdefault(encoder, {})[corpus] = _folder() / f"{name}.safetensors"
    return found


def unlike(encoder: str) -> dict[str, tuple[str, str]]:
    """In what else than the corpus the two of a pair differ, of what the formula and the head read.

    Returns
    -------
    dict
        Setting: its value in ``fmow`` and in ``yfcc``; empty for an exact pair.
    """
    fmow, yfcc = (_metadata(names()[encoder][corpus]) for corpus in ("fmow", "yfcc"))
    read = {*READS.get(encoder, SCALES), *(("map_range",) if encoder == "rff" else ()), "hidden_dim", "activation"}
    return {key: (fmow[key], yfcc[key]) for key in COMPARED if key in read and fmow[key] != yfcc[key]}


def read(file: Path) -> tuple[Position, FeedForward]:
    """The position encoding and the head of a published file, the weights checked to fit each other.

    Raises
    ------
    MissingWeights
        The file is absent, damaged, or holds another model.
    """
    from safetensors.torch import load_file

    meta = _metadata(file)
    try:
        tensors = load_file(file)
        encoding, head = _architecture(meta, tensors)
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
            f"{file} does not fit a basis encoder ({str(error).splitlines()[0]}); give one of the "
            "files that come with the package, or one in their layout"
        ) from error
    if not all(bool(p.isfinite().all()) for p in head.parameters()):
        raise MissingWeights(f"{file} holds weights that are not numbers; fetch it again")
    return encoding, head


def _architecture(
    meta: dict[str, str], tensors: dict[str, torch.Tensor], generator: torch.Generator | None = None
) -> tuple[Position, FeedForward]:
    from placeprior.encoders.basis.heads import FeedForward

    encoder = meta["name"].rpartition("-")[0]
    settings: dict[str, Any] = {key: float(meta[key]) for key in READS.get(encoder, SCALES)}
    if "frequency_num" in settings:
        settings["frequency_num"] = int(settings["frequency_num"])
    if encoder == "rff":
        # The file keeps the axes as (west, east, south, north) and what was drawn for them.
        settings = {
            "extent": tuple(json.loads(meta["map_range"])),
            "omega": tensors["position_encoder.dirvec"],
            "shift": tensors["position_encoder.shift"],
        }
    encoding = position(encoder, **settings)
    return encoding, FeedForward(
        encoding.dim,
        int(meta["hidden_dim"]),
        int(meta["dim"]),
        last=True,
        activation=meta["activation"],
        generator=generator,
    )


def _metadata(file: Path) -> dict[str, str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "pt") as opened:
            meta = opened.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise MissingWeights(f"{file} cannot be read as safetensors ({error}); install the package again") from error
    if missing := [key for key in ("name", "hidden_dim", "dim", *COMPARED) if key not in meta]:
        raise MissingWeights(
            f"{file} is no basis encoder: its metadata has no {missing[0]!r}; give one of the files "
            "that come with the package, or one in their layout"
        )
    return meta


def _folder() -> Path:
    return Path(str(resources.files("placeprior.encoders") / "weights"))


@dataclass(frozen=True)
class Pretrained:
    """A trained basis encoder, frozen: lonlat (n, 2), degrees -> (n, 256), float32.

    Parameters
    ----------
    name : str
        Registered name.
    file : Path
        The weights, read when the first place is encoded.
    sha256 : str
        What the file must hash to.
    """

    name: str
    file: Path
    sha256: str
    costly = False
    dim = 256

    @property
    def fingerprint(self) -> str:
        """The weights."""
        return f"sha256:{self.sha256}"

    @cached_property
    def parts(self) -> tuple[Position, FeedForward]:
        """Position encoding and head, after checking the file."""
        try:
            found = hashlib.sha256(self.file.read_bytes()).hexdigest()
        except OSError as error:
            raise MissingWeights(f"cannot read {self.file} ({error.strerror}); install the package again") from None
        if found != self.sha256:
            raise MissingWeights(
                f"{self.file} is not the published {self.name}: its SHA-256 starts with {found[:16]}, "
                f"expected {self.sha256[:16]}; install the package again"
            )
        return read(self.file)

    def __call__(self, lonlat: ArrayLike) -> Vectors:
        """Encode places, in float64 before the head and float32 in it."""
        return _vectors(*self.parts, lonlat)

    def start(self, generator: torch.Generator) -> tuple[Position, FeedForward]:
        """Where training in a run starts: the published weights."""
        return read(self.file)


@dataclass(frozen=True)
class Untrained:
    """The same architecture with random weights, frozen; by itself, those of seed 0."""

    name: str
    file: Path
    costly = False
    dim = 256

    @property
    def fingerprint(self) -> str:
        """The architecture."""
        return f"untrained:{self.file.stem}"

    def __call__(self, lonlat: ArrayLike) -> Vectors:
        """Encode places with the weights of seed 0."""
        return self.fit(lonlat, np.ones(0, bool), 0)(lonlat)

    def fit(self, lonlat: ArrayLike, trained: NDArray[np.bool_], seed: int) -> Callable[[ArrayLike], Vectors]:
        """The encoder with the weights of a run's seed, the same wherever its stations are."""
        import torch

        return partial(_vectors, *self.start(torch.Generator().manual_seed(seed)))

    def start(self, generator: torch.Generator) -> tuple[Position, FeedForward]:
        """The formula as published and a head with new weights."""
        from safetensors.torch import load_file

        return _architecture(_metadata(self.file), load_file(self.file), generator)


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
    try:
        own = Pretrained(encoder.name, weights, hashlib.sha256(weights.read_bytes()).hexdigest())
    except OSError as error:
        raise MissingWeights(f"cannot read {weights} ({error.strerror}); name a safetensors file") from None
    meant, found = encoder.name.rpartition("-")[0], _metadata(weights)["name"].rpartition("-")[0]
    if meant != found:
        raise MissingWeights(f"{weights} holds {found!r}, not {meant!r}; name the encoder that it was made for")
    _ = own.parts  # a file that a person names is refused at once
    return own


for _encoder, _files in names().items():
    _trained = [Pretrained(f"{_encoder}-{_corpus}", _file, SHA256[_file.stem]) for _corpus, _file in _files.items()]
    _random = Untrained(f"{_encoder}-{UNTRAINED}", _files.get("yfcc", _files.get("fmow")))
    _tuned = [Tuned(_start) for _start in (*_trained, _random)] if _encoder in TUNABLE else []
    for _one in (*_trained, _random, *_tuned):
        register(_one.name, partial(_make, _one))
