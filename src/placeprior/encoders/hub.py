"""Weights that do not come with the package: found in a folder, or fetched once over the network.

Nothing is fetched unless a person asks for it. :func:`bring` brings what has a known SHA-256. :func:`fetch` takes the
newest commit of a repository on the Hugging Face hub and compares what arrives with the SHA-256 that the hub publishes.
That is trust on first use: that the first file is the right one rests on the hub alone; repository, commit and SHA-256
are written beside the file, which is held to them ever after.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from placeprior.errors import MissingWeights
from placeprior.files import integrity
from placeprior.files.folders import cache_dir
from placeprior.files.replacing import replacing

HUB = "https://huggingface.co"
SHA256 = re.compile("[0-9a-f]{64}")
COMMIT = re.compile("[0-9a-f]{40}")


class Record(NamedTuple):
    """Where a file came from, as kept in ``<file>.json`` beside it."""

    repo: str
    commit: str
    sha256: str


def folders() -> list[Path]:
    """Where weights may lie, first come first served.

    The folder that ``PLACEPRIOR_WEIGHTS`` names, if it is set, and ``weights`` in
    :func:`~placeprior.files.folders.cache_dir`.
    """
    own = os.environ.get("PLACEPRIOR_WEIGHTS")
    return [*([Path(own)] if own else []), cache()]


def find(*files: str) -> Path | None:
    """Path of the first of these files that lies in a folder for weights, or None."""
    return next((path for folder in folders() for file in files if _is_file(path := folder / file)), None)


def _is_file(path: Path) -> bool:
    """Whether a file lies there: in a folder that may not be looked into, none does."""
    try:
        return path.is_file()
    except OSError:
        return False


def check(path: Path) -> str:
    """SHA-256 of a file, compared with its record if it was fetched; a file that a person put there has none.

    Raises
    ------
    MissingWeights
        The file cannot be read, or is no longer the one that was fetched.
    """
    try:
        state = path.stat()
        digest = _hash(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise MissingWeights(f"cannot read {path} ({error.strerror}); name a weights file that is there") from None
    record = _recorded(path)
    if record is not None and record.sha256 != digest:
        raise MissingWeights(
            f"{path} is not what was fetched from {record.repo}: its SHA-256 starts with "
            f"{digest[:16]}, expected {record.sha256[:16]}; remove it and fetch it again"
        )
    return digest


def fetch(repo: str, file: str, *others: str) -> Path:
    """Find a file, or fetch it over the network into the cache folder.

    A transfer that was cut goes on where it ended, also the next time. A fetched file that was damaged is replaced by
    that of the same commit; one in a folder of the user's own is left alone.

    Parameters
    ----------
    repo : str
        ``owner/name`` on the hub; the environment variable ``HF_ENDPOINT`` names a mirror of it.
    file : str
        Name of the file there and here.
    *others : str
        Names of files that will do as well, if they are at hand.

    Returns
    -------
    Path
        A whole file, the one that was published.

    Raises
    ------
    MissingWeights
        No network, no such file, or what arrived is something else; what was there before is as it was.
    """
    path, found = cache() / file, find(file, *others)
    if found is not None and (found != path or _is_good(path)):
        check(found)
        return found
    by_hand = f"or put the file from {HUB}/{repo} into {path.parent} or a folder that PLACEPRIOR_WEIGHTS names"
    with fetching(path, f"and what has come so far is kept, {by_hand}"):
        if not _is_good(path):  # another process may just have fetched it
            _download(repo, path, _recorded(path))
    return path


@contextmanager
def fetching(path: Path, otherwise: str) -> Iterator[None]:
    """Let one process at a time fetch a file of the cache; whatever fails is told as a `MissingWeights`.

    Parameters
    ----------
    path : Path
        What is fetched.
    otherwise : str
        How to get it without a network: the end of the message.
    """
    try:
        from filelock import FileLock

        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            yield
    except MissingWeights:
        raise
    except Exception as error:  # network, server, disk: a client of many layers can fail in any way
        reason = " ".join([type(error).__name__, *str(error).strip().splitlines()[:1]])
        raise MissingWeights(
            f"cannot fetch {path.name} ({reason}); try again where there is a network, {otherwise}"
        ) from error


def bring(address: str, part: Path, sha256: str, *, origin: str, size: int | None = None) -> None:
    """Bring a file over the network, and throw away what is not what was published.

    Parameters
    ----------
    address : str
        Where it is.
    part : Path
        Where it is put. If its size is known, a transfer that was cut goes on where it ended.
    sha256 : str
        What the file must hash to.
    origin : str
        Who published it, for the message.
    size : int, optional
        Bytes.

    Raises
    ------
    MissingWeights
        What arrived is something else.
    """
    from huggingface_hub.file_download import http_get

    with part.open("wb" if size is None else "ab") as opened:
        if size is not None and opened.tell() > size:
            opened.seek(0)
            opened.truncate()
        http_get(
            address,
            opened,
            resume_size=opened.tell(),
            expected_size=size,
            displayed_filename=address.rpartition("/")[2],
        )
    arrived = integrity.digest(part)
    if arrived != sha256:
        part.unlink()
        raise MissingWeights(
            f"what arrived as {address.rpartition('/')[2]} is not what {origin} published: its SHA-256 starts with "
            f"{arrived[:16]}, expected {sha256[:16]}; it was thrown away, fetch again"
        )


def unpickled(content: bytes) -> Any:
    """What a PyTorch checkpoint holds, without running any code of it.

    Raises
    ------
    ValueError
        It asks to run code, or is no checkpoint; the message says which.
    """
    import torch

    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # a file of another origin can fail in any way
        code = re.search(r"GLOBAL (\S+)", str(error))
        raise ValueError(
            f"it asks to run code ({code[1]}), so it was not opened"
            if code
            else "it is cut short, or is no PyTorch checkpoint"
        ) from error


def cache() -> Path:
    """The folder into which weights are fetched."""
    return cache_dir() / "weights"


def _is_good(path: Path) -> bool:
    try:
        return bool(check(path))
    except MissingWeights:
        return False


@lru_cache(maxsize=16)
def _hash(path: Path, _size: int, _changed: int) -> str:
    return integrity.digest(path)


def _recorded(path: Path) -> Record | None:
    file = path.with_name(f"{path.name}.json")
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        record = Record(**{key: str(stored[key]) for key in Record._fields})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MissingWeights(
            f"{file}, which says what {path.name} must be, is damaged ({type(error).__name__}); "
            "remove both and fetch again"
        ) from None
    if not (SHA256.fullmatch(record.sha256) and COMMIT.fullmatch(record.commit)):
        raise MissingWeights(
            f"{file}, which says what {path.name} must be, holds no hashes; remove both and fetch again"
        )
    return record


def _download(repo: str, path: Path, record: Record | None) -> None:
    """Bring the recorded file, or the newest, and put it into its place when it is whole."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    def address(revision: str | None) -> str:
        endpoint = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
        return hf_hub_url(repo, path.name, revision=revision, endpoint=endpoint)

    # The files are public, so no token of the user's is sent.
    meta = get_hf_file_metadata(address(record.commit if record else None), token=False)
    if not (SHA256.fullmatch(meta.etag or "") and COMMIT.fullmatch(meta.commit_hash or "") and meta.size):
        raise MissingWeights(
            f"{address(None)} comes without a commit, a size and a SHA-256 to hold it to; unset "
            "HF_ENDPOINT to ask the hub itself"
        )
    told = Record(repo, meta.commit_hash, meta.etag)
    if record not in (None, told):
        raise MissingWeights(
            f"{path.name} was {record.sha256[:16]} at commit {record.commit[:8]} of {record.repo}, but is "
            f"{told.sha256[:16]} at commit {told.commit[:8]} of {repo} now; if you trust that, remove {path} and its "
            "record (.json) and fetch again"
        )
    part = path.with_name(f".{path.name}.{told.sha256[:16]}.part")
    bring(address(told.commit), part, told.sha256, origin=repo, size=meta.size)
    # The record first: without it, the file would count as one that a person put there.
    with replacing(path.with_name(f"{path.name}.json")) as note:
        note.write_text(json.dumps(told._asdict(), indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)
