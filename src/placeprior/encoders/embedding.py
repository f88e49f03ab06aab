"""From places to vectors, as they are or fitted to a run's places, with a cache of what was encoded before."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

import placeprior
from placeprior.coords import arrays, check_lonlat
from placeprior.encoders.registry import load
from placeprior.errors import CubeError
from placeprior.files.folders import cache_dir
from placeprior.files.replacing import replacing

log = logging.getLogger(__name__)


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
