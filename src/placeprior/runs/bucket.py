"""A store at a URL: its entries are objects of S3, or files of whatever else fsspec knows.

The layout is that of a folder, ``<URL>/<id>/run.json`` and the files beside it, so that one may be copied to the other.
An object appears whole or not at all; an entry does because ``run.json`` is put last, and nothing counts without it.
Two that put one entry at the same moment may mix their files: then a SHA-256 does not match, and it is made again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from placeprior.errors import ConfigError, MissingData, StoreError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

VARIABLE = "PLACEPRIOR_STORE"
INDEX = "run.json"
SOME = 64  # objects fetched at once


def url() -> str | None:
    """Where the store is, if it is at a URL: what :data:`VARIABLE` says, when that is no folder."""
    named = os.environ.get(VARIABLE, "").rstrip("/")
    return named if "://" in named else None


@contextmanager
def reached() -> Iterator[tuple[AbstractFileSystem, str]]:
    """The file system of :func:`url` and the store's path in it.

    Raises
    ------
    ConfigError
        There is no such kind of URL.
    MissingData
        What reads such URLs is not installed.
    StoreError
        It does not answer, or refuses. A missing object stays a FileNotFoundError.
    """
    from fsspec.core import url_to_fs

    where = str(url())
    try:
        files, path = url_to_fs(where, use_listings_cache=False)  # others put things there too
    except ImportError as error:
        raise MissingData(f"the store {where} cannot be read: {error}; `pip install 'placeprior[s3]'`") from None
    except ValueError as error:
        raise ConfigError(
            f"{VARIABLE} is {where!r}: {error}; name a folder, or a URL such as s3://BUCKET/NAME"
        ) from None
    try:
        yield files, path
    except (FileNotFoundError, StoreError):
        raise
    except Exception as error:  # each kind of store has errors of its own
        if not _theirs(error):
            raise
        raise StoreError(
            f"the store {where} does not answer or refuses ({type(error).__name__}: {str(error).strip()}); "
            "check its name, the network and your credentials"
        ) from error


def _theirs(error: Exception) -> bool:
    """Whether an error comes from the store's side, not from a mistake in this package."""
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] not in ("builtins", "placeprior")


def has(run_id: str) -> bool:
    """Whether there is an entry."""
    return sizes(run_id) is not None


def sizes(run_id: str) -> dict[str, int] | None:
    """Bytes of an entry's files by name; None where there is no entry, or a part of one that was never finished."""
    with reached() as (files, path):
        try:
            found = files.find(f"{path}/{run_id}", detail=True)
        except FileNotFoundError:
            return None
    named = {key.rpartition("/")[2]: told["size"] for key, told in found.items()}
    return named if INDEX in named else None


def content(run_id: str, name: str) -> bytes:
    """A file of an entry; FileNotFoundError where it is missing."""
    with reached() as (files, path):
        return files.cat_file(f"{path}/{run_id}/{name}")


def ids() -> set[str]:
    """Of all entries."""
    return set(entries())


def entries() -> dict[str, tuple[bytes, dict[str, int]]]:
    """Of each entry by id, its index and the sizes of its files: one listing, and the indexes side by side."""
    with reached() as (files, path):
        try:
            found = files.find(path, detail=True)
        except FileNotFoundError:
            return {}
        named: dict[str, dict[str, int]] = {}
        for key, told in found.items():
            run_id, _, name = key.removeprefix(path).lstrip("/").partition("/")
            named.setdefault(run_id, {})[name] = told["size"]
        known = [run_id for run_id in named if INDEX in named[run_id]]
        if not known:
            return {}
        raw = files.cat([f"{path}/{run_id}/{INDEX}" for run_id in known], on_error="omit", batch_size=SOME)
        by_id = {key.rpartition("/")[0].rpartition("/")[2]: each for key, each in raw.items()}
        return {run_id: (by_id[run_id], named[run_id]) for run_id in known if run_id in by_id}


def put(folder: Path, run_id: str) -> None:
    """Put a complete entry there; ``run.json`` goes first where there was one, and comes last."""
    with reached() as (files, path):
        entry = f"{path}/{run_id}"
        if files.exists(f"{entry}/{INDEX}"):
            files.rm_file(f"{entry}/{INDEX}")
        for file in sorted(folder.iterdir(), key=lambda file: file.name == INDEX):
            if not file.name.startswith("."):
                files.put_file(str(file), f"{entry}/{file.name}")


def try_writing() -> None:
    """Write something small, so that a store that cannot be written is told of before any work; raises as above."""
    with reached() as (files, path), tempfile.NamedTemporaryFile() as empty:
        try:
            files.put_file(empty.name, f"{path}/.writable")
        except FileNotFoundError as error:
            raise StoreError(
                f"the store {url()} cannot be written ({error}); make its bucket or folder first"
            ) from None
