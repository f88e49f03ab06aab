"""What was made and what it came to: the store's entries and the committed results, read without PyTorch."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from placeprior import matrix
from placeprior.errors import StoreError, UnknownName
from placeprior.metrics import SUMS, between_seeds

#: What names a run in every table, beside its id.
KEY = ["task", "variant", "fusion", "split", "fold", "seed"]
COLUMNS = [*KEY, "metric", "value", "n", "run"]


def store() -> Path:
    """The folder of stored runs."""
    return matrix.root() / "store"


def is_stored(run_id: str) -> bool:
    """Whether the store has a complete entry."""
    return (store() / run_id / "run.json").is_file()


def read(run_id: str) -> dict[str, Any]:
    """A stored run's ``run.json``: what it is, its scores, its stamp.

    Raises
    ------
    StoreError
        If there is none, or it is damaged.
    """
    path = store() / run_id / "run.json"
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        if result["id"] != run_id or not result["scores"]:
            raise KeyError("id")
        return result
    except FileNotFoundError:
        raise StoreError(f"run {run_id} is not in the store; make it with `placeprior runs run {run_id}`") from None
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(run_id, "run.json", error) from error


def table(run_id: str, name: str) -> pd.DataFrame:
    """One of a stored run's tables.

    Parameters
    ----------
    run_id : str
    name : {"history", "predictions", "stations"}
        Training curves; test rows (``station`` and ``day`` count from 0 in the cube, ``pm25`` and ``estimate`` in
        µg m-3); sums per test station.
    """
    folder = store() / run_id
    try:
        if name == "history":
            return pd.read_csv(folder / "history.csv")
        return pd.read_parquet(folder / f"{name}.parquet")
    except (OSError, ValueError) as error:
        raise _damaged(run_id, name, error) from error


def stations(run_ids: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Sums per test station of some runs, by id: from the committed results of any profile, or else from the store."""
    wanted, found = set(run_ids), {}
    for name in matrix.configuration()["profiles"]:
        committed = sums(name)
        for run_id, own in committed[committed["run"].isin(wanted)].groupby("run"):
            found[str(run_id)] = own.drop(columns="run").reset_index(drop=True)
    return found | {run_id: table(run_id, "stations") for run_id in wanted - set(found)}


def tensors(run_id: str) -> dict[str, Any]:
    """A stored run's weights (``model.*``) and scalers, as tensors."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(store() / run_id / "weights.safetensors")
    except (OSError, SafetensorError) as error:
        raise _damaged(run_id, "weights.safetensors", error) from error


def results(profile: str) -> Path:
    """The folder of a profile's committed evidence."""
    return matrix.root() / "results" / profile


def scores(profile: str, *matrices: str) -> pd.DataFrame:
    """The committed long table of scores, :data:`COLUMNS`; empty when there is none.

    Parameters
    ----------
    profile : str
    *matrices : str
        Only runs that one of these matrices of the profile asks for; all runs when none is named.
    """
    frame = _committed(results(profile) / "scores.csv", lambda path: pd.read_csv(path, dtype={"run": str}), COLUMNS)
    if not matrices:
        return frame
    # By what the lists say, not by ids: those need the data, which a reader of committed results has not.
    asked, known = pd.Series(False, index=frame.index), matrix.profile(profile)["matrices"]
    model = frame["variant"].where(frame["fusion"] == "-", frame["variant"] + "/" + frame["fusion"])
    for name in matrices:
        if name not in known:
            raise UnknownName(f"matrix of profile {profile!r}", name, known)
        here = model.isin(known[name]["model"])
        for key in ("task", "split", "seed", "fold"):
            here &= frame[key].isin(known[name][key]) if key in known[name] else True
        asked |= here
    return frame[asked]


def sums(profile: str) -> pd.DataFrame:
    """The committed sums per run and test station (see :mod:`placeprior.metrics`)."""
    return _committed(results(profile) / "stations.parquet", pd.read_parquet, ["run", "name", "lon", "lat", *SUMS])


def stamps(profile: str) -> dict[str, dict[str, Any]]:
    """Per run: versions, device, seconds, part sizes, number of parameters, best epoch."""
    path = results(profile) / "stamps.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if not isinstance(found, dict):
            raise TypeError(f"holds a {type(found).__name__}, not one entry a run")
        return found
    except (OSError, ValueError, TypeError) as error:
        raise _spoilt(path, error) from error


def values(frame: pd.DataFrame, stamped: dict[str, dict[str, Any]]) -> dict[str, float]:
    """The numbers that prose may quote, each under a key.

    Parameters
    ----------
    frame : pandas.DataFrame
        Scores, as :func:`scores`.
    stamped : dict
        As :func:`stamps`.

    Returns
    -------
    dict
        ``runs``; ``trained`` and the ``minutes`` their making took; and ``<task>.<split>.<arm>.<metric>``, the mean
        over folds of the mean over seeds, with ``….sd`` the standard deviation between the seeds of a fold and
        ``….1``, ``….2`` the mean of each partition of a checkerboard, an arm being ``none``, ``lonlat``,
        ``geoclip-hadamard`` …
    """
    made = [stamp["seconds"] for stamp in stamped.values() if stamp["parameters"]]
    found: dict[str, float] = {"runs": len(stamped), "trained": len(made), "minutes": sum(made) / 60}
    arms = [matrix.arm(variant, fusion) for variant, fusion in zip(frame["variant"], frame["fusion"], strict=True)]
    grouped = frame.assign(arm=arms).groupby(["task", "split", "arm", "metric"])
    for key, own in grouped:
        means = own.groupby("fold")["value"].mean()
        found[".".join(key)] = means.mean()
        found[".".join([*key, "sd"])] = between_seeds(own)
        if key[1].startswith("checkerboard"):
            found |= {".".join([*key, str(fold)]): value for fold, value in means.items()}
    return {key: value if isinstance(value, int) else round(float(value), 6) for key, value in found.items()
            if value == value}


def done(profile: str) -> set[str]:
    """Ids that need no training: stored ones and, where no page needs more of them, those of the committed scores."""
    stored = {path.parent.name for path in store().glob("[!.]*/run.json")}
    return stored | (set(scores(profile)["run"]) - matrix.live(profile))


def replace(path: Path, write: Callable[[Path], Any]) -> None:
    """Let ``write`` fill a temporary file, then rename it: a reader meets the old file or the new one, never half.

    Raises
    ------
    StoreError
        If it cannot be written; what was there is unchanged.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}; what was there is unchanged") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _committed(path: Path, read: Callable[[Path], pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Read a committed table, or give an empty one where there is none."""
    if not path.is_file():
        return pd.DataFrame(columns=columns)
    try:
        frame = read(path)
        if missing := [name for name in columns if name not in frame.columns]:
            raise ValueError(f"no column {missing[0]!r}")
        whole = frame["run"].astype(str).str.fullmatch("[0-9a-f]{12}")
        if not whole.all():  # the last column of the scores
            raise ValueError(f"row {int((~whole).to_numpy().argmax()) + 1} is cut short")
        return frame
    except (OSError, ValueError) as error:
        raise _spoilt(path, error) from error


def _spoilt(path: Path, error: Exception) -> StoreError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return StoreError(f"{path} cannot be read ({reason}); bring back the committed file with "
                      f"`git checkout -- {path.relative_to(matrix.root())}`, or remove it if it was never committed: "
                      "it is written again from the store")


def _damaged(run_id: str, what: str, error: Exception) -> StoreError:
    folder = store() / run_id
    return StoreError(f"{what} of stored run {run_id} cannot be read ({error!r}); remove {folder} and run "
                      f"`placeprior runs run {run_id}`")
