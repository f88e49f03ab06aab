"""GeoCLIP's location encoder, rewritten from its formulas, with the weights of the ``geoclip`` package.

Vivanco Cepeda, V., Nayak, G. K. & Shah, M. 2023, *GeoCLIP: Clip-inspired alignment between locations and
images for effective worldwide geo-localization*, NeurIPS. Longitude and latitude go through the Equal Earth
projection, then through three random Fourier feature networks, from coarse to fine, whose outputs are added:
512 values, frozen, float32.

The package itself is not imported: it would load transformers, pandas and more for three sets of matrices.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import math
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import check_lonlat
from placeprior.encoders.registry import register
from placeprior.errors import MissingWeights

if TYPE_CHECKING:
    import torch

SHA256 = "94b80ae3af89fca78539e129dd2929d321247f5ceeeb0a31bc2c31041a253394"
"""Hash of ``location_encoder_weights.pth``, the same in geoclip 1.0.19, 1.2.0 and 1.3.0."""

REMEDY = "install them with: pip install --no-deps geoclip==1.3.0"

DIM = 512
CHUNK = 4096  # as many places, or fewer, are encoded as they come: a run's stations, whose vectors keep their last bit
TILE = 512  # of more places, those of a part of the map together; their numbers fit into a core's cache
CAPSULES = ("LocEnc0", "LocEnc1", "LocEnc2")
LINEAR = ("capsule.1", "capsule.3", "capsule.5", "head.0")


def find_weights() -> Path:
    """Path of the weights inside the installed ``geoclip`` package, found without importing it."""
    spec = importlib.util.find_spec("geoclip")
    if spec is None or not spec.submodule_search_locations:
        raise MissingWeights(f"GeoCLIP's weights are absent: the geoclip package is not installed; {REMEDY}")
    return Path(spec.submodule_search_locations[0]) / "model" / "weights" / "location_encoder_weights.pth"


def read_weights(file: Path) -> dict[str, torch.Tensor]:
    """Read the weights after checking that they are the published ones.

    Raises
    ------
    MissingWeights
        No such file, or its SHA-256 is another one.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise MissingWeights(f"cannot read GeoCLIP's weights {file} ({error.strerror}); {REMEDY}") from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise MissingWeights(
            f"{file} is not GeoCLIP's location encoder: its SHA-256 starts with {digest[:16]}, "
            f"expected {SHA256[:16]}; {REMEDY}"
        )
    import torch

    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def equal_earth(lonlat: torch.Tensor) -> torch.Tensor:
    """Equal Earth projection, scaled so that longitude 180 on the equator is x = 1.

    Parameters
    ----------
    lonlat : tensor, shape (n, 2), float32
        Degrees.

    Returns
    -------
    tensor, shape (n, 2)
        x in -1 … 1 and y in -0.487 … 0.487, no unit.

    Notes
    -----
    Šavrič, B., Patterson, T. & Jenny, B. 2019, *The Equal Earth map projection*, International Journal of
    Geographical Information Science 33, 454-465:
    :math:`\\sin\\theta = \\frac{\\sqrt 3}{2}\\sin\\phi`,
    :math:`x = 2\\sqrt 3\\,\\lambda\\cos\\theta / (3(9A_4\\theta^8 + 7A_3\\theta^6 + 3A_2\\theta^2 + A_1))`,
    :math:`y = A_4\\theta^9 + A_3\\theta^7 + A_2\\theta^3 + A_1\\theta`.
    The map is cut at the date line, and so is the encoder.
    """
    import torch

    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    lon, lat = torch.deg2rad(lonlat).unbind(1)
    theta = torch.asin(math.sqrt(3) / 2 * torch.sin(lat))
    slope = 9 * a4 * theta**8 + 7 * a3 * theta**6 + 3 * a2 * theta**2 + a1
    x = 2 * math.sqrt(3) * lon * torch.cos(theta) / (3 * slope)
    y = a4 * theta**9 + a3 * theta**7 + a2 * theta**3 + a1 * theta
    # The finest frequencies make 1e-5 of 1e-7 here: multiply, then divide, as the weights were trained.
    return torch.stack([x, y], dim=1) * 66.50336 / 180


def fourier(xy: torch.Tensor, frequencies: torch.Tensor) -> torch.Tensor:
    """Random Fourier features :math:`[\\cos 2\\pi Bv, \\sin 2\\pi Bv]`.

    Tancik, M. et al. 2020, *Fourier features let networks learn high frequency functions in low dimensional
    domains*, NeurIPS. GeoCLIP drew B once from a normal distribution of standard deviation 1, 16 and 256 and
    stores it with the weights.

    Parameters
    ----------
    xy : tensor, shape (n, 2)
        Projected places.
    frequencies : tensor, shape (256, 2)
        The matrix B, cycles a unit of the map.

    Returns
    -------
    tensor, shape (n, 512)
    """
    import torch

    angle = 2 * math.pi * xy @ frequencies.T
    return torch.cat([torch.cos(angle), torch.sin(angle)], dim=1)


@dataclass(frozen=True)
class GeoClip:
    """GeoCLIP's location encoder: (n, 2) lonlat in degrees -> (n, 512), float32.

    Parameters
    ----------
    path : Path
        The weights file, read when the first place is encoded: naming the encoder costs nothing.
    """

    path: Path
    name = "geoclip"
    dim = DIM
    fingerprint = f"sha256:{SHA256}"
    costly = True

    @cached_property
    def weights(self) -> dict[str, torch.Tensor]:
        """What `read_weights` returns."""
        return read_weights(self.path)

    def __call__(self, lonlat: ArrayLike) -> NDArray[np.float32]:
        """Encode without gradient; in float32, as half precision ruins the fine frequencies."""
        import torch

        places = torch.from_numpy(check_lonlat(lonlat).astype(np.float32))
        with torch.inference_mode():
            xy = equal_earth(places)
            if len(places) > CHUNK:
                return self._many(xy)
            return np.asarray(sum(self.capsule(capsule, xy) for capsule in CAPSULES), np.float32)

    def _many(self, xy: torch.Tensor) -> NDArray[np.float32]:
        """The same of many projected places, tile by tile of the map (:mod:`placeprior.encoders.silent`)."""
        import torch

        from placeprior.encoders.silent import Layers, tiles

        networks = {c: Layers([self._layer(c, layer) for layer in LINEAR]) for c in CAPSULES}
        embedding = np.zeros((len(xy), DIM), np.float32)
        for tile in tiles(xy.numpy(), TILE):
            places = xy[torch.from_numpy(tile)]
            for capsule, layers in networks.items():
                embedding[tile] += layers(fourier(places, self.weights[f"{capsule}.capsule.0.b"])).numpy()
        return embedding

    def capsule(self, name: str, xy: torch.Tensor) -> torch.Tensor:
        """One of the networks: Fourier features, three ReLU layers of 1,024, a linear head; (n, 2) -> (n, 512)."""
        from torch.nn.functional import linear, relu

        hidden = fourier(xy, self.weights[f"{name}.capsule.0.b"])
        for layer in LINEAR[:-1]:
            hidden = relu(linear(hidden, *self._layer(name, layer)))
        return linear(hidden, *self._layer(name, LINEAR[-1]))

    def _layer(self, name: str, layer: str) -> tuple[torch.Tensor, torch.Tensor]:
        return self.weights[f"{name}.{layer}.weight"], self.weights[f"{name}.{layer}.bias"]


@dataclass(frozen=True)
class Tuned:
    """GeoCLIP whose weights go on learning with the network that reads it.

    Its vectors are only the projected coordinates, (n, 2); :meth:`module` turns them into 512 values and is trained.

    Parameters
    ----------
    name : str
        Registered name.
    rate : float
        Its learning rate, as a share of that of the new layers: 1, or less, as is usual for weights that already know
        something (Howard & Ruder, 2018, "discriminative fine-tuning").
    """

    name: str
    rate: float
    dim = 2
    costly = False

    @property
    def fingerprint(self) -> str:
        """The weights it starts from, and how fast they learn."""
        return f"tuned-{self.rate:g}:{SHA256}"

    def __call__(self, lonlat: ArrayLike) -> NDArray[np.float32]:
        """Project places: lonlat (n, 2), degrees -> (n, 2)."""
        import torch

        return equal_earth(torch.from_numpy(check_lonlat(lonlat).astype(np.float32))).numpy()

    def module(self, generator: torch.Generator) -> torch.nn.Module:
        """The three networks with the published weights, all trainable; nothing is drawn."""
        import torch

        weights, share = read_weights(find_weights()), self.rate

        class Capsules(torch.nn.Module):
            """Projected places (n, 2) -> (n, 512), centred and scaled as the frozen vectors are."""

            dim = DIM
            rate = share

            def __init__(self) -> None:
                super().__init__()
                self.layers = torch.nn.ModuleDict()
                for capsule in CAPSULES:
                    self.register_buffer(f"{capsule}_frequencies", weights[f"{capsule}.capsule.0.b"].clone())
                    self.layers[capsule] = torch.nn.ModuleList(
                        _linear(weights[f"{capsule}.{layer}.weight"], weights[f"{capsule}.{layer}.bias"])
                        for layer in LINEAR
                    )
                self.register_buffer("mean", torch.zeros(DIM))
                self.register_buffer("scale", torch.ones(DIM))

            def forward(self, xy: torch.Tensor) -> torch.Tensor:
                # Many rows of a batch are days of one station: each place is encoded once.
                places, row = torch.unique(xy, dim=0, return_inverse=True)
                added = xy.new_zeros(())
                for capsule, layers in self.layers.items():
                    hidden = fourier(places, getattr(self, f"{capsule}_frequencies"))
                    for layer in layers[:-1]:
                        hidden = torch.relu(layer(hidden))
                    added = added + layers[-1](hidden)
                return ((added - self.mean) / self.scale)[row]

        return Capsules()


def _linear(weight: torch.Tensor, bias: torch.Tensor) -> torch.nn.Linear:
    import torch

    layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight.data, layer.bias.data = weight.clone(), bias.clone()
    return layer


def _make_tuned(encoder: Tuned, weights: Path | None) -> Tuned:
    if weights is not None:
        raise MissingWeights(
            f"{encoder.name} starts from GeoCLIP's own weights, but was given {weights}; leave them out"
        )
    return encoder


def _make(weights: Path | None) -> GeoClip:
    encoder = GeoClip(find_weights() if weights is None else weights)
    if weights is not None:
        _ = encoder.weights  # a file that a person names is refused at once
    return encoder


register(GeoClip.name, _make)
for _tuned in (Tuned("geoclip-tuned", 1.0), Tuned("geoclip-tuned-slowly", 0.01)):
    register(_tuned.name, partial(_make_tuned, _tuned))
