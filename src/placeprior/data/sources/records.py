"""What is known about a fetched file, beside it in ``<file>.json``: its hash, size, address, and the day it came."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from placeprior.files.integrity import digest
from placeprior.files.replacing import replacing


def beside(path: Path) -> Path:
    """Where a file's record lies."""
    return path.with_name(path.name + ".json")


def recorded(path: Path) -> dict[str, Any] | None:
    """A file's record: ``sha256, size, url, retrieved``, or ``absent, url`` where its provider has none.

    None where there is no record or it cannot be read: the file then counts as not fetched.
    """
    with contextlib.suppress(OSError, ValueError):
        record = json.loads(beside(path).read_text(encoding="utf-8"))
        return record if isinstance(record, dict) else None
    return None


def record(path: Path, url: str) -> None:
    """Record a file that is whole and checked."""
    keep(path, {"sha256": digest(path), "size": path.stat().st_size, "url": url, "retrieved": _today()})


def record_absent(path: Path, url: str = "") -> None:
    """Record that the provider has no such file."""
    keep(path, {"absent": _today(), "url": url})


def keep(path: Path, content: dict[str, Any]) -> None:
    """Write a file's record whole or not at all."""
    with replacing(beside(path)) as aside:
        aside.write_text(json.dumps(content, indent=1), encoding="utf-8")


def is_good(path: Path, known: str | None = None) -> bool:
    """Whether a file was fetched whole and still is what it was, or is known to be absent at its provider.

    Parameters
    ----------
    path : Path
    known : str, optional
        Hash that the provider publishes, ``sha256:…`` or ``md5:…``.
    """
    found = recorded(path)
    if found is None:
        return False
    if "absent" in found:
        return True
    if not path.is_file() or path.stat().st_size != found.get("size"):
        return False
    algorithm, _, expected = (known or f"sha256:{found.get('sha256')}").partition(":")
    return digest(path, algorithm) == expected


def is_web_page(path: Path) -> bool:
    """Whether a file that should be data begins like a page: what providers send when they are down or want a login."""
    with path.open("rb") as stream:
        return stream.read(256).lstrip().startswith(b"<")


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"
