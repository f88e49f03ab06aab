"""Errors that carry their remedy: what happened, the offending value, and the next step."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PlacePriorError(Exception):
    """Base of every error a user can cause and mend; the command line prints it as one line."""


class CoordinateError(PlacePriorError):
    """Longitude or latitude is missing, out of range or swapped."""


class CubeError(PlacePriorError):
    """A table or cube of station-days breaks the data contract."""


class MissingData(PlacePriorError):
    """A real data source is not at hand."""


class SourceError(PlacePriorError):
    """A provider's file could not be fetched, is damaged, or is not as documented."""


class MissingWeights(PlacePriorError):
    """A pretrained encoder's weights are absent or are not the expected file."""


class ConfigError(PlacePriorError):
    """``runs.yml`` or a configuration says something impossible."""


class StoreError(PlacePriorError):
    """A stored result is missing, damaged or cannot be written."""


class DamagedEntry(StoreError):
    """A stored run is not what was written; making it again mends it."""


class MissingEntry(StoreError):
    """There is no such stored run."""


class BusyError(PlacePriorError):
    """Another process does what only one may do at a time."""


class TrainingError(PlacePriorError):
    """Training could not go on (for example, the loss is not a number)."""


class ScoreError(PlacePriorError):
    """A score of geographic bias cannot be computed from these places, values or settings."""


class TransportError(PlacePriorError):
    """A distance between two sets of places cannot be computed from these places, vectors or settings."""


def apart(*values: float) -> tuple[str, ...]:
    """Numbers as text, with as many digits as it takes to tell those apart that differ.

    >>> apart(1 / 3, 2 / 3), apart(-118.243683, -118.243684)
    (('0.333333', '0.666667'), ('-118.243683', '-118.243684'))
    """
    numbers = [float(value) for value in values]
    for digits in range(6, 18):
        texts = tuple(f"{number:.{digits}g}" for number in numbers)
        if len(set(texts)) >= len(set(numbers)):
            break
    return texts


class UnknownName(ConfigError):
    """A name is not in a registry.

    Parameters
    ----------
    kind : str
        What was named: "variant", "encoder", "split", "profile" …
    name : str
        The name as given.
    known : iterable of str
        The names that exist.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        folded = {each.casefold(): each for each in map(str, known)}
        close = difflib.get_close_matches(str(name).casefold(), folded, n=1)
        hint = f"did you mean {folded[close[0]]!r}? " if close else ""
        super().__init__(f"unknown {kind} {name!r}; {hint}known: {', '.join(known)}")
