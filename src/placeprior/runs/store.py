"""What was made and what it came to: the store's entries and the committed results, read without PyTorch."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from placeprior.errors import DamagedEntry, MissingEntry, StoreError, UnknownName
from placeprior.files import integrity
from placeprior.files.folders import cache_dir
from placeprior.files.replacing import replacing
from placeprior.runs import bucket, committed, configuration, folder
from placeprior.runs.committed import COLUMNS, KEY

__all__ = ["COLUMNS", "KEY"]
#: The files of a store entry beside ``run.json``, which holds their SHA-256.
TABLES = ("history.csv", "predictions.parquet", "validation.parquet", "stations.parquet", "weights.safetensors")
NEEDED = ("id", "run", "sizes", "parameters", "scores", "n", "stamp", "files")


def store() -> Path:
    """The folder of stored runs: ``store`` in the project, or the one that ``PLACEPRIOR_STORE`` names.

    Of a store at a URL (:mod:`placeprior.runs.bucket`): the folder in which an entry is made before it is put there.
    """
    return cache_dir() / "making" if bucket.url() else folder.root()


def _kept() -> ModuleType:
    """Who answers for the store: the room for one in a folder, or that for one at a URL."""
    return bucket if bucket.url() else folder


def place(run_id: str) -> str:
    """Where a run's entry is or would be, for a person to read."""
    return f"{bucket.url() or store()}/{run_id}"


def has(run_id: str) -> bool:
    """Whether the store has an entry, whatever state it is in."""
    return _kept().has(run_id)


def entries() -> set[str]:
    """Ids of all entries, whatever state they are in."""
    return _kept().ids()


def stored() -> set[str]:
    """Ids of the entries that are complete, as :func:`is_stored` has it."""
    found = set()
    for run_id, (raw, sizes) in _kept().entries().items():
        with contextlib.suppress(ValueError):
            _compare(sizes, _parsed(run_id, raw)["files"])
            found.add(run_id)
    return found


def is_stored(run_id: str) -> bool:
    """Whether the store has an entry that is complete; :func:`check` looks into its files too."""
    try:
        read(run_id)
    except StoreError:
        has(run_id)  # raises where the store does not answer: that says nothing of the run
        return False
    return True


def is_whole(run_id: str) -> bool:
    """Whether the store has an entry, and every byte of it is what was written."""
    try:
        check(run_id)
    except (DamagedEntry, MissingEntry):  # what else is wrong, making it again would not help
        return False
    return True


def read(run_id: str) -> dict[str, Any]:
    """A stored run's ``run.json``: what it is, its scores, its stamp; its other files are there, with their sizes.

    Raises
    ------
    DamagedEntry
        The entry is not what was written.
    MissingEntry
        There is none.
    StoreError
        It may not be read.
    """
    try:
        sizes = _kept().sizes(run_id)
        if sizes is None:
            raise MissingEntry(f"run {run_id} is not in the store; make it with `placeprior runs run {run_id}`")
        result = _opened(run_id)
        _compare(sizes, result["files"])
        return result
    except (OSError, ValueError) as error:
        raise _damaged(run_id, "run.json", error) from error


def check(run_id: str) -> None:
    """Compare all files of a stored run with their SHA-256; raises as :func:`read`."""
    result = read(run_id)
    try:
        for name, told in result["files"].items():
            integrity.same(_kept().content(run_id, name), name, told)
    except (OSError, ValueError) as error:
        raise _damaged(run_id, "a file", error) from error


def seal(work: Path, result: dict[str, Any]) -> None:
    """Write ``run.json`` into a folder that holds the other files of an entry."""
    content = result | {"files": integrity.index(work, TABLES)}
    (work / bucket.INDEX).write_text(integrity.sealed(content), encoding="utf-8")
    integrity.readable(work)


def table(run_id: str, name: str) -> pd.DataFrame:
    """One of a stored run's tables.

    Parameters
    ----------
    run_id : str
    name : {"history", "predictions", "validation", "stations"}
        Training curves; test rows (``station`` and ``day`` count from 0 in the cube, ``pm25`` and ``estimate`` in
        µg m-3); validation rows, none of a rival; sums per test station.
    """
    file = "history.csv" if name == "history" else f"{name}.parquet"
    try:
        raw = io.BytesIO(_content(run_id, file))
        return pd.read_csv(raw) if name == "history" else pd.read_parquet(raw)
    except (OSError, ValueError) as error:
        raise _damaged(run_id, file, error) from error


def stored_sums(run_ids: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Sums per test station of some runs, by id: from the committed results of any profile, or else from the store."""
    wanted, found = set(run_ids), {}
    for name in configuration.content()["profiles"]:
        committed = sums(name)
        for run_id, own in committed[committed["run"].isin(wanted)].groupby("run"):
            found[str(run_id)] = own.drop(columns="run").reset_index(drop=True)
    return found | {run_id: table(run_id, "stations") for run_id in wanted - set(found)}


def tensors(run_id: str) -> dict[str, Any]:
    """A stored run's weights (``model.*``) and scalers, as tensors."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(_content(run_id, "weights.safetensors"))
    except (OSError, ValueError, SafetensorError) as error:
        raise _damaged(run_id, "weights.safetensors", error) from error


def results(profile: str) -> Path:
    """The folder of a profile's committed evidence."""
    return configuration.root() / "results" / profile


def scores(profile: str, *matrices: str) -> pd.DataFrame:
    """The committed long table of scores, :data:`COLUMNS`; empty when there is none.

    Parameters
    ----------
    profile : str
    *matrices : str
        Only runs that one of these matrices of the profile asks for; all runs when none is named.
    """
    frame = committed.scores(results(profile))
    if not matrices:
        return frame
    # By what the lists say, not by ids: those need the data, which a reader of committed results has not.
    asked, known = pd.Series(False, index=frame.index), configuration.profile(profile)["matrices"]
    model = frame["variant"].where(frame["fusion"] == "-", frame["variant"] + "/" + frame["fusion"])
    for name in matrices:
        if name not in known:
            raise UnknownName(f"matrix of profile {profile!r}", name, known)
        here = model.isin(known[name]["model"])
        for key in ("task", "seed"):
            here &= frame[key].isin(known[name][key])
        there = [
            (split, fold) for split in known[name]["split"] for fold in configuration.asked_folds(known[name], split)
        ]
        asked |= here & pd.MultiIndex.from_frame(frame[["split", "fold"]]).isin(there)
    return frame[asked]


def sums(profile: str) -> pd.DataFrame:
    """The committed sums per run and test station (see :mod:`placeprior.scores.metrics`)."""
    return committed.sums(results(profile))


def stamps(profile: str) -> dict[str, dict[str, Any]]:
    """Per run: versions, device, seconds, part sizes, number of parameters, best epoch."""
    return committed.stamps(results(profile))


def replace(path: Path, write: Callable[[Path], Any]) -> None:
    """Let ``write`` fill a temporary file, then rename it: a reader meets the old file or the new one, never half.

    Raises
    ------
    StoreError
        If it cannot be written; what was there is unchanged.
    """
    try:
        with replacing(path) as aside:
            write(aside)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}; what was there is unchanged") from error


def _opened(run_id: str) -> dict[str, Any]:
    """The content of ``run.json``; ValueError when it is not what was written, or is of another run."""
    try:
        raw = _kept().content(run_id, bucket.INDEX)
    except FileNotFoundError:
        raise ValueError("run.json is missing") from None
    return _parsed(run_id, raw)


def _parsed(run_id: str, raw: bytes) -> dict[str, Any]:
    result = integrity.opened(raw, NEEDED)
    if result["id"] != run_id:
        raise ValueError(f"it is of run {result['id']}")
    if set(result["files"]) != set(TABLES):
        raise ValueError(f"it is of other files: {', '.join(sorted(result['files']))}")
    return result


def _content(run_id: str, name: str) -> bytes:
    told = read(run_id)["files"][name]
    return integrity.same(_kept().content(run_id, name), name, told)


def _compare(sizes: dict[str, int], files: dict[str, dict[str, Any]]) -> None:
    for name, told in files.items():
        integrity.measured(sizes.get(name), name, told)


def _damaged(run_id: str, what: str, error: Exception) -> StoreError:
    entry = store() / run_id
    if isinstance(error, PermissionError):
        return StoreError(
            f"{error.filename or entry / what} may not be read; ask {_owner(entry)} for it: "
            f"`chmod -R a+rX {entry.parent}`, or work in a clone of your own"
        )
    if isinstance(error, NotADirectoryError):
        return StoreError(
            f"{entry} is a file, and the run's folder belongs there; move it away and run "
            f"`placeprior runs run {run_id}`"
        )
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return DamagedEntry(
        f"{what} of stored run {run_id} cannot be read ({reason}); `placeprior runs run {run_id}` makes the run again"
    )


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (OSError, KeyError):
        return "its owner"
