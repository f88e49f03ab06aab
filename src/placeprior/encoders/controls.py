"""Controls: vectors that carry a part of what an encoder carries, so that a gain can be put down to that part.

==================  ==========================================================================================
``random-vector``   a name for every place, of GeoCLIP's length, that knows no geography
``smooth-random``   waves over the globe of random length and direction: near places alike, and no knowledge
``shuffled``        GeoCLIP's own vectors, each at another place: its numbers without its geography
``onehot``          which training station it is, and nothing for any other place: memory alone
``urban``           population density: the plainest thing that a place can tell
``geoclip-pca8`` …  GeoCLIP's first principal components over the training places: its geography in few numbers
==================  ==========================================================================================

All but ``urban`` are fitted, like scalers, to the places of one run before they can encode: see
:func:`placeprior.encoders.fit`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import EARTH_RADIUS_KM, arrays, check_lonlat, is_home, project, unit_xyz
from placeprior.encoders import towns
from placeprior.encoders.embedding import embed
from placeprior.encoders.registry import load, register
from placeprior.errors import ConfigError, MissingWeights

COMPONENTS = (8, 16, 32, 64, 128, 256)
LIKE_GEOCLIP = 512
SMOOTH_KM = 500.0  # where the correlation of daily PM2.5 at two monitors has fallen to about half
LENGTHS = (10.0, 40.0)  # km, of a town and of a metropolitan area

Vectors = NDArray[np.float32]


class _Fitted:
    """What encoders share that know nothing until they are fitted to a run's places."""

    name: str
    costly: ClassVar[bool] = False

    def __call__(self, lonlat: ArrayLike) -> Vectors:
        """Refuse: unfitted."""
        raise ConfigError(
            f"{self.name!r} is a control that is fitted to the stations of a run; it has no vector for a "
            "place by itself. Choose an encoder, such as 'geoclip', or run it from runs.yml"
        )


@dataclass(frozen=True)
class RandomVector(_Fitted):
    """Standard normal numbers drawn from the place's coordinates and the run's seed."""

    name: str = "random-vector"
    dim: int = LIKE_GEOCLIP
    fingerprint: str = "formula:random-vector"

    def fit(self, lonlat: ArrayLike, trained: NDArray[np.bool_], seed: int) -> Callable[[ArrayLike], Vectors]:
        """The vectors of one seed: the same place always has the same."""

        def encode(places: ArrayLike) -> Vectors:
            rows = [_generator(place, seed).standard_normal(self.dim) for place in check_lonlat(places)]
            return np.array(rows, np.float32).reshape(-1, self.dim)

        return encode


@dataclass(frozen=True)
class SmoothRandom(_Fitted):
    r"""Random Fourier features of the place on the globe (Rahimi & Recht, 2007), drawn by the run's seed.

    .. math:: e_k = \sqrt 2 \cos(\omega_k^\top x + b_k), \quad \omega_k \sim N(0, (R / \ell)^2 I), \quad
        b_k \sim U(0, 2\pi)

    with :math:`x` on the unit sphere, Earth's radius :math:`R` and :math:`\ell` = :data:`SMOOTH_KM`: two places at a
    distance of :math:`\ell` have vectors that correlate by :math:`e^{-1/2}`. What an encoder of GeoCLIP's length can do
    for a network that has learned nothing of the world.
    """

    name: str = "smooth-random"
    dim: int = LIKE_GEOCLIP
    fingerprint: str = f"formula:smooth-random:{SMOOTH_KM:g}km"

    def fit(self, lonlat: ArrayLike, trained: NDArray[np.bool_], seed: int) -> Callable[[ArrayLike], Vectors]:
        """The waves of one seed; the places are not looked at."""
        rng = np.random.default_rng(seed)
        wave = rng.normal(scale=EARTH_RADIUS_KM / SMOOTH_KM, size=(3, self.dim))
        phase = rng.uniform(0, 2 * np.pi, self.dim)

        def encode(places: ArrayLike) -> Vectors:
            return (np.sqrt(2) * np.cos(unit_xyz(check_lonlat(places)) @ wave + phase)).astype(np.float32)

        return encode


@dataclass(frozen=True)
class Shuffled(_Fitted):
    """GeoCLIP's vectors, permuted over the stations; any other place has the vector of a station drawn by lot."""

    name: str = "shuffled"
    dim: int = LIKE_GEOCLIP

    @property
    def fingerprint(self) -> str:
        """GeoCLIP's weights."""
        return f"shuffled:{load('geoclip').fingerprint}"

    def fit(self, lonlat: ArrayLike, trained: NDArray[np.bool_], seed: int) -> Callable[[ArrayLike], Vectors]:
        """Permute over all places, trained on or not, by the seed."""
        places = check_lonlat(lonlat)
        own = embed("geoclip", places)[np.random.default_rng(seed).permutation(len(places))]
        number = {place.tobytes(): row for row, place in enumerate(places)}

        def encode(asked: ArrayLike) -> Vectors:
            rows = [
                number.get(place.tobytes(), int(_generator(place, seed).integers(len(places))))
                for place in check_lonlat(asked)
            ]
            return own[rows]

        return encode


@dataclass(frozen=True)
class OneHot(_Fitted):
    """One number a training station, 1 at that station; all zero elsewhere."""

    name: str = "onehot"
    dim: int = 0  # as many as there are training stations
    fingerprint: str = "formula:onehot"

    def fit(self, lonlat: ArrayLike, trained: NDArray[np.bool_], seed: int) -> Callable[[ArrayLike], Vectors]:
        """Number the training stations."""
        known = check_lonlat(lonlat)[arrays.flags(trained, "trained")]
        number = {place.tobytes(): row for row, place in enumerate(known)}

        def encode(places: ArrayLike) -> Vectors:
            asked = check_lonlat(places)
            vectors = np.zeros((len(asked), len(known)), np.float32)
            for row, place in enumerate(asked):
                if place.tobytes() in number:
                    vectors[row, number[place.tobytes()]] = 1.0
            return vectors

        return encode


@dataclass(frozen=True)
class Components(_Fitted):
    """GeoCLIP's vectors in their first principal components (Pearson, 1901; Hotelling, 1933)."""

    dim: int

    @property
    def name(self) -> str:
        """``geoclip-pca<dim>``."""
        return f"geoclip-pca{self.dim}"

    @property
    def fingerprint(self) -> str:
        """GeoCLIP's weights and the number of components."""
        return f"pca{self.dim}:{load('geoclip').fingerprint}"

    def fit(self, lonlat: ArrayLike, trained: NDArray[np.bool_], seed: int) -> Callable[[ArrayLike], Vectors]:
        """Find the components over the training places alone.

        Raises
        ------
        ConfigError
            If there are no more training places than components.
        """
        from sklearn.decomposition import PCA

        places = check_lonlat(lonlat)[arrays.flags(trained, "trained")]
        if len(places) <= self.dim:
            raise ConfigError(
                f"{self.name!r} needs more than {self.dim} training stations; there are {len(places)}: "
                "choose fewer components"
            )
        axes = PCA(self.dim, svd_solver="full").fit(embed("geoclip", places).astype(np.float64))

        def encode(asked: ArrayLike) -> Vectors:
            return axes.transform(embed("geoclip", asked).astype(np.float64)).astype(np.float32)

        return encode


@dataclass(frozen=True)
class Urban:
    """Population density around a place, ``log10(1 + people km-2)``, smoothed over a town and over a metropolitan area.

    From the populated places of GeoNames: in the contiguous United States those of at least 5,000 people
    (:func:`placeprior.data.world.land.density`), elsewhere those of at least 15,000 (:mod:`.towns`). The embedded
    world's emissions are made from the same places: there it is close to the truth itself, in reality it is not.
    """

    name: str = "urban"
    dim: int = len(LENGTHS)
    fingerprint: str = "formula:urban"
    costly: bool = False

    def __call__(self, lonlat: ArrayLike) -> Vectors:
        """Encode places: lonlat (n, 2), degrees -> (n, 2)."""
        from placeprior.data.world.land import density

        places = check_lonlat(lonlat)
        home = is_home(places)
        people = np.empty((len(places), len(LENGTHS)))
        xy = project(places[home])
        for column, length in enumerate(LENGTHS):
            people[home, column] = density(xy, (length,))
            people[~home, column] = towns.density(places[~home], length)
        return np.log10(1 + people).astype(np.float32)


def _generator(place: NDArray[np.float64], seed: int) -> np.random.Generator:
    digest = hashlib.sha256(place.tobytes() + seed.to_bytes(8, "little")).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def _make(encoder: _Fitted | Urban, weights: Path | None) -> _Fitted | Urban:
    if weights is not None:
        raise MissingWeights(
            f"control {encoder.name!r} has no weights of its own, but was given {weights}; leave them out"
        )
    return encoder


for _encoder in (RandomVector(), SmoothRandom(), Shuffled(), OneHot(), Urban(), *map(Components, COMPONENTS)):
    register(_encoder.name, partial(_make, _encoder))
