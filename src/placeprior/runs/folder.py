"""A store in a folder, asked the same questions as one at a URL (:mod:`placeprior.runs.bucket`)."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from placeprior.runs import configuration
from placeprior.runs.bucket import INDEX, VARIABLE


def root() -> Path:
    """``store`` in the project, or the folder that ``PLACEPRIOR_STORE`` names."""
    return configuration.root() / Path(os.environ.get(VARIABLE) or "store").expanduser()


def has(run_id: str) -> bool:
    """Whether there is an entry, whatever state it is in."""
    return (root() / run_id).exists()


def sizes(run_id: str) -> dict[str, int] | None:
    """Bytes of an entry's files by name; None where there is no entry."""
    if not has(run_id):
        return None
    return {path.name: path.stat().st_size for path in (root() / run_id).iterdir()}


def content(run_id: str, name: str) -> bytes:
    """A file of an entry; FileNotFoundError where it is missing."""
    return (root() / run_id / name).read_bytes()


def ids() -> set[str]:
    """Of all entries, whatever state they are in."""
    return {path.name for path in root().glob("[!.]*")}


def entries() -> dict[str, tuple[bytes, dict[str, int]]]:
    """Of each entry by id, its index and the sizes of its files; without those that cannot be read."""
    found = {}
    for run_id in ids():
        with contextlib.suppress(OSError):
            found[run_id] = content(run_id, INDEX), sizes(run_id) or {}
    return found
