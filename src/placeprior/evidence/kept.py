"""Answers of encoders whose weights do not come with the book, kept so that pages are the same without them.

A page puts questions to encoders: how alike are these places, what can be read from these vectors. Where an encoder's
weights are at hand, :func:`answer` computes; where they are not, it looks the same question up in the committed
evidence of profile :data:`PROFILE`, which :func:`record` made. The kept numbers are float32, more than pages print.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from placeprior import encoders
from placeprior.encoders import pretrained
from placeprior.errors import MissingWeights, StoreError
from placeprior.evidence import tables

Floats = NDArray[np.float64]

PROFILE = "demo"  # that of the pages
DECIMALS = 6  # to which two askers' places must agree: processors differ in the last digit
_RECORDED: ContextVar[dict[str, Floats] | None] = ContextVar("recorded", default=None)


def answer(
    table: str, name: str, question: str, about: Sequence[ArrayLike], compute: Callable[[], ArrayLike]
) -> Floats:
    """What an encoder answers, computed with its weights or, without them, as it was kept.

    An encoder that reads no published file (:func:`.pretrained.reads`) is always asked itself, and nothing is kept.

    Parameters
    ----------
    table : str
        The evidence that keeps it.
    name : str
        The encoder.
    question : str
        In a few words; part of the key.
    about : sequence of array_like
        Places and whatever else the answer depends on; the other part of the key.
    compute : callable
        Returns the answer, an array of numbers of any shape.

    Raises
    ------
    MissingWeights
        The weights are not at hand, and no answer to this very question is kept.
    """
    if not pretrained.reads(name):
        return np.asarray(compute())
    key = f"{question} {name} {_digest(about)}"
    recorded = _RECORDED.get()
    try:
        encoders.require(name)
    except MissingWeights:
        if recorded is None and (found := _kept(table).get(key)) is not None:
            return found
        raise
    found = np.asarray(compute(), dtype=np.float64)
    if recorded is not None:
        recorded[key] = found
    return found


@contextmanager
def record() -> Iterator[list[pd.DataFrame]]:
    """Note every answer that is computed; at the end the list holds one table, as the evidence keeps it.

    The table's columns are ``question``, ``shape`` (such as ``4x48``) and ``value``, a row a number.
    """
    made: list[pd.DataFrame] = []
    token = _RECORDED.set({})
    try:
        yield made
        parts = [
            pd.DataFrame({"question": key, "shape": "x".join(map(str, found.shape)), "value": found.ravel()})
            for key, found in _RECORDED.get().items()
        ]
        made.append(pd.concat(parts, ignore_index=True).astype({"value": np.float32}))
    finally:
        _RECORDED.reset(token)


def numbers(said: Mapping[str, float]) -> pd.DataFrame:
    """Single numbers as rows of such a table, for claims that rest on them: ``question`` is what each is called."""
    table = pd.DataFrame({"question": list(said), "shape": "", "value": list(said.values())})
    return table.astype({"value": np.float32})


def _digest(about: Sequence[ArrayLike]) -> str:
    found = hashlib.sha256()
    for each in about:
        values = np.round(np.asarray(each, dtype=np.float64), DECIMALS) + 0.0  # no negative zero
        found.update(f"{values.shape}".encode() + values.tobytes())
    return found.hexdigest()[:12]


def _kept(table: str) -> dict[str, Floats]:
    try:
        file = tables.path(PROFILE, table)
        return _read(table, file.stat().st_mtime_ns)
    except (OSError, StoreError):
        return {}


@lru_cache(maxsize=4)
def _read(table: str, _changed: int) -> dict[str, Floats]:
    found = {}
    for (key, shape), part in tables.read(PROFILE, table).groupby(["question", "shape"], sort=False):
        sides = [int(side) for side in shape.split("x") if side]
        found[key] = part["value"].to_numpy(np.float64).reshape(sides)
    return found
