"""Which encoders there are, by name: what each offers, how one joins, and how one is loaded."""

from __future__ import annotations

import os
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.errors import MissingWeights, UnknownName


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


def list_encoders(pattern: str = "*") -> list[str]:
    """Names of the registered encoders, sorted.

    Parameters
    ----------
    pattern : str
        Shell wildcards, such as ``"sat*"``.
    """
    return sorted(name for name in _FACTORIES if fnmatchcase(name, pattern))


def load(name: str, weights: str | os.PathLike[str] | None = None) -> Encoder:
    """Load an encoder by its name.

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
