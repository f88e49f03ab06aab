"""Everything that turns a place into a vector: a registry, and a cache of what was encoded before.

An encoder joins by one call, ``register(name, factory)``, from anywhere; a module put into this package is
found and imported by itself at the first look at the registry. No weights lie here: they come in packages of their own,
or are fetched at their user's wish (:mod:`placeprior.encoders.hub`).
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
import pkgutil
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

import placeprior
from placeprior.coords import arrays, check_lonlat
from placeprior.errors import CubeError, MissingWeights, UnknownName
from placeprior.files.folders import cache_dir
from placeprior.files.replacing import replacing

if TYPE_CHECKING:
    from placeprior.encoders.basis.frame import Position

__all__ = ["Encoder", "adopt", "embed", "fit", "is_at_hand", "list_encoders", "load", "position", "register", "require"]

log = logging.getLogger(__name__)


class Encoder(Protocol):
    """What every location encoder offers."""

    name: str
    """The name it is registered under."""
    dim: int
    """Length of a place's vector."""
    fingerprint: str
    """Changes whenever the vectors do: the hash of the weights, or the name of the formula."""
    costly: bool
    """Whether its vectors are worth keeping on disk."""

    def __call__(self, lonlat: ArrayLike) -> NDArray[np.float32]:
        """Encode places: lonlat (n, 2), degrees -> (n, dim)."""
        ...


Factory = Callable[[Path | None], Encoder]

_FACTORIES: dict[str, Factory] = {}


def register(name: str, factory: Factory) -> None:
    """Add an encoder to the registry.

    Parameters
    ----------
    name : str
        What a user types: lower case, a dash before a size, such as ``"satclip-l40"``.
    factory : callable
        Called with the path of a weights file, or None for the encoder's own; returns an `Encoder`. Keep slow
        imports and reading of weights inside it: registering is done for every encoder, loading for one.
    """
    if name in _FACTORIES and _FACTORIES[name] is not factory:
        raise ValueError(f"an encoder named {name!r} is registered already; choose another name")
    _FACTORIES[name] = factory


@cache
def _discover() -> None:
    """Import the modules of this package, each of which registers its encoders."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)


def list_encoders(pattern: str = "*") -> list[str]:
    """Names of the registered encoders, sorted.

    Parameters
    ----------
    pattern : str
        Shell wildcards, such as ``"sat*"``.
    """
    _discover()
    return sorted(name for name in _FACTORIES if fnmatchcase(name, pattern))


def load(name: str, weights: str | os.PathLike[str] | None = None) -> Encoder:
    """Load an encoder.

    Parameters
    ----------
    name : str
        One of `list_encoders`.
    weights : path, optional
        A weights file to read instead of the one the encoder finds by itself.

    Raises
    ------
    UnknownName
        No such encoder; the message lists close matches.
    MissingWeights
        The weights are absent or are not the expected file.
    """
    if name not in list_encoders():
        raise UnknownName("encoder", name, _FACTORIES)
    return _FACTORIES[name](None if weights is None else Path(weights))


def require(name: str) -> None:
    """Look for what an encoder reads from disk, without reading it.

    Raises
    ------
    UnknownName
        No such encoder.
    MissingWeights
        Its weights are not at hand; the message says how to get them.
    """
    encoder = load(name)
    _ = encoder.fingerprint, getattr(encoder, "path", None)  # either raises where a file that it needs is absent


def is_at_hand(name: str) -> bool:
    """Whether an encoder finds what it reads from disk (:func:`require`)."""
    try:
        require(name)
    except MissingWeights:
        return False
    return True


def embed(name: str, lonlat: ArrayLike, weights: str | os.PathLike[str] | None = None) -> NDArray[np.float32]:
    """Encode places, each distinct place once, and remember the answer on disk.

    Parameters
    ----------
    name : str
        One of `list_encoders`.
    lonlat : array_like, shape (n, 2)
        Longitude and latitude, degrees; repeated places are welcome.
    weights : path, optional
        As in `load`.

    Returns
    -------
    ndarray, shape (n, dim), float32

    Notes
    -----
    The vectors of costly encoders are kept under `cache_dir`, in a file named by the encoder's fingerprint
    and the places. They are safe to delete; a damaged file, or a folder that cannot be written, costs
    only the time to encode again.
    """
    places = check_lonlat(lonlat)
    encoder = load(name, weights)
    distinct, row = np.unique(places, axis=0, return_inverse=True)
    if not (encoder.costly and len(distinct)):
        return encoder(distinct)[row]
    # The package's version is part of the key, so that a corrected formula is not hidden by an old answer.
    key = f"{placeprior.__version__}\n{encoder.fingerprint}\n".encode() + distinct.tobytes()
    file = cache_dir() / "embeddings" / f"{name}-{hashlib.sha256(key).hexdigest()[:32]}.npz"
    embedding = _read(file, (len(distinct), encoder.dim))
    if embedding is None:
        embedding = encoder(distinct)
        _write(file, embedding)
    return embedding[row]


def fit(
    name: str, lonlat: ArrayLike, trained: NDArray[np.bool_], seed: int
) -> Callable[[ArrayLike], NDArray[np.float32]]:
    """Return what encodes the places of one run.

    An encoder as it is, through `embed`; a control that must first see the places (a permutation of them, or a basis
    over those trained on) after it has.

    Parameters
    ----------
    name : str
        One of `list_encoders`.
    lonlat : array_like, shape (n, 2)
        All stations of the run.
    trained : ndarray of bool, shape (n,)
        Those it trains on.
    seed : int
        The run's.

    Returns
    -------
    callable
        lonlat (m, 2) -> (m, dim), float32.
    """
    encoder, places = load(name), check_lonlat(lonlat)
    trained = arrays.flags(trained, "trained")[arrays.order(arrays.labels(trained), arrays.labels(lonlat), "trained")]
    if trained.shape != (len(places),):
        raise CubeError(f"trained has shape {trained.shape} for {len(places)} places; give true or false for each")
    if hasattr(encoder, "fit"):
        lonlat = places
        return encoder.fit(lonlat, trained, seed)
    return partial(embed, name)


def adopt(name: str, source: Any, *, trained: bool = False) -> Encoder:
    """Register a table, function or network of one's own: see :func:`placeprior.encoders.own.adopt`."""
    from placeprior.encoders import own

    return own.adopt(name, source, trained=trained)


def position(name: str, **hyperparameters: Any) -> Position:
    """A position encoding before any learnt head: see :func:`placeprior.encoders.basis.position`."""
    from placeprior.encoders import basis

    return basis.position(name, **hyperparameters)


def _read(file: Path, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """Return a cached embedding, or None where it is absent or damaged (zip members carry a checksum)."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            embedding = stored["embedding"]
    except FileNotFoundError:
        return None
    except Exception as error:  # a damaged file can fail in any way, and is never worth a failed run
        log.warning("cached embedding %s is damaged (%s); encoding again", file, error)
        return None
    if embedding.shape != shape or embedding.dtype != np.float32:
        found = embedding.shape
        log.warning("cached embedding %s has shape %s, not %s; encoding again", file, found, shape)
        return None
    return embedding


def _write(file: Path, embedding: NDArray[np.float32]) -> None:
    """Put an embedding into the cache by one rename, so that no reader ever meets half a file."""
    try:
        with replacing(file) as aside, aside.open("wb") as opened:
            np.savez(opened, embedding=embedding)
    except OSError as error:
        log.warning(
            "cannot keep the embedding in %s (%s); set PLACEPRIOR_CACHE to a writable folder", file.parent, error
        )
