"""Files that know each other: an index holds the size and SHA-256 of every file of a folder, and a seal on itself.

A store entry's index is its ``run.json``, a profile's is ``manifest.json``. One flipped bit in any file, the index not
excepted, is noticed when it is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

SEAL = "seal"
STAGED = ".new"  # a whole new set of files, which counts from the moment that it bears this name


def sealed(content: dict[str, Any]) -> str:
    """An index as text: JSON whose last entry is the SHA-256 of the rest."""
    digest = hashlib.sha256(json.dumps(content, indent=1).encode()).hexdigest()
    return json.dumps(content | {SEAL: digest}, indent=1) + "\n"


def opened(raw: bytes, needed: Iterable[str]) -> dict[str, Any]:
    """The content of an index.

    Raises
    ------
    ValueError
        It is not, byte for byte, what :func:`sealed` wrote, or has no such entry.
    """
    try:
        content = json.loads(raw.decode("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(content, dict):
        raise ValueError(f"it holds a {type(content).__name__}, not entries by name")
    for name in (*needed, SEAL):
        if name not in content:
            raise ValueError(f"it has no {name!r}")
    del content[SEAL]
    if raw != sealed(content).encode():
        raise ValueError("it is not what was written: its seal does not match")
    return content


def index(folder: Path, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Size and SHA-256 of files of a folder, by name, for the entry ``files`` of its index."""
    return {name: {"bytes": (folder / name).stat().st_size, "sha256": digest(folder / name)} for name in sorted(names)}


def digest(path: Path, algorithm: str = "sha256") -> str:
    """Hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def content(folder: Path, name: str, told: dict[str, Any]) -> bytes:
    """Read a file of a folder; these very bytes are compared with what its index tells of it.

    Raises
    ------
    ValueError
        It is missing or is not the one that was written.
    """
    try:
        raw = (folder / name).read_bytes()
    except FileNotFoundError:
        raise ValueError(f"{name} is missing") from None
    return same(raw, name, told)


def same(raw: bytes, name: str, told: dict[str, Any]) -> bytes:
    """The bytes of a file, if they are those that its index tells of; else ValueError."""
    if len(raw) != told["bytes"] or hashlib.sha256(raw).hexdigest() != told["sha256"]:
        raise ValueError(
            f"{name} is not what was written: {len(raw):,} bytes of {told['bytes']:,}, and their SHA-256 does not match"
        )
    return raw


def compare(folder: Path, files: dict[str, dict[str, Any]], *, whole: bool = False) -> None:
    """Compare the files of a folder with its index: the size of each or, where asked, the SHA-256 too.

    Raises
    ------
    ValueError
        A file is missing or is not the one that was written.
    OSError
        A file cannot be read.
    """
    for name, told in files.items():
        try:
            size = (folder / name).stat().st_size
        except FileNotFoundError:
            size = None
        measured(size, name, told)
        if whole and digest(folder / name) != told["sha256"]:
            raise ValueError(f"{name} is not what was written: its SHA-256 does not match")


def measured(size: int | None, name: str, told: dict[str, Any]) -> None:
    """Compare a file's size, None where it is missing, with what its index tells of it; ValueError if it differs."""
    if size is None:
        raise ValueError(f"{name} is missing")
    if size != told["bytes"]:
        raise ValueError(f"{name} has {size:,} bytes in place of {told['bytes']:,}")


def replace(folder: Path, index_name: str, write: Callable[[Path], Iterable[str]], **content: Any) -> None:
    """Replace a set of files of a folder and its index, all together or not at all.

    The new set is written aside and renamed to :data:`STAGED` when it is whole; from then on it counts, and
    :func:`finish`, here or in whichever process comes next, puts its files into their places.

    Parameters
    ----------
    folder : Path
        Only one process may replace its files at a time (:mod:`placeprior.files.lock`).
    index_name : str
    write : callable
        Writes the files into the folder that it is given; returns their names.
    **content
        What the index says beside ``files``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    finish(folder, index_name)
    for left in folder.glob(f"{STAGED}-*"):  # by a process that was killed; whoever replaces is alone
        shutil.rmtree(left, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix=f"{STAGED}-", dir=folder))
    try:
        names = write(aside)
        (aside / index_name).write_text(sealed(content | {"files": index(aside, names)}), encoding="utf-8")
        readable(aside)
        os.rename(aside, folder / STAGED)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    finish(folder, index_name)


def finish(folder: Path, index_name: str) -> None:
    """Put a staged set of files into place, the index last; nothing to do where there is none."""
    staged = folder / STAGED
    if not staged.is_dir():
        return
    # By os.walk, which passes over a folder that vanishes: another process may do the same.
    files = [Path(where, name) for where, _, names in os.walk(staged) for name in names]
    for path in sorted(files, key=lambda path: path.name == index_name):
        place = folder / path.relative_to(staged)
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, place)
    for left, _, _ in os.walk(staged, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(left)


def readable(folder: Path) -> None:
    """Let others read a folder and its files, which some writers make for their owner alone."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
