"""The committed results of a profile: its tables and the manifest that holds them together.

``results/<profile>/`` holds ``scores.csv``, ``stamps.json``, ``values.json`` and, in one piece for each task and arm,
``stations/<task>/<arm>.parquet``: new runs leave the pieces of others as they are. All are written together, with
``manifest.json`` last (:mod:`placeprior.files.integrity`), and read only as they were written: a table that was cut,
mended by hand or merged, or that lost its companions, is named with the way back.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from placeprior.arms import FUSIONS, arm
from placeprior.errors import ConfigError, StoreError
from placeprior.files import integrity
from placeprior.runs import configuration
from placeprior.scores.metrics import METRICS, SUMS, between_seeds
from placeprior.space.splits import folds

#: What names a run in every table, beside its id.
KEY = ["task", "variant", "fusion", "split", "fold", "seed"]
COLUMNS = [*KEY, "metric", "value", "n", "run"]
STATIONS = ["run", "name", "lon", "lat", "nearest_km", *SUMS]
SCORES, STAMPS, VALUES = FILES = ("scores.csv", "stamps.json", "values.json")
PIECES = "stations"  # the folder of the station sums, a file for each task and arm
MANIFEST = "manifest.json"
UNDEFINED = ("r2", "rmse_35")  # metrics that some test rows leave without a value
TRIES = 4  # for a reader that meets another process between two of its renames


def scores(folder: Path) -> pd.DataFrame:
    """The long table of scores, :data:`COLUMNS`; empty where nothing is committed."""
    return _table(_read(folder, {SCORES}.__contains__)[SCORES]) if is_there(folder) else pd.DataFrame(columns=COLUMNS)


def sums(folder: Path) -> pd.DataFrame:
    """Sums per run and test station, :data:`STATIONS`, sorted by run and name; empty where nothing is committed."""
    pieces = [_piece(raw) for raw in _read(folder, _is_piece).values()] if is_there(folder) else []
    if not pieces:
        return pd.DataFrame(columns=STATIONS)
    return pd.concat(pieces).sort_values(["run", "name"], ignore_index=True)


def stamps(folder: Path) -> dict[str, dict[str, Any]]:
    """The stamp of each run, by id; empty where nothing is committed."""
    return json.loads(_read(folder, {STAMPS}.__contains__)[STAMPS]) if is_there(folder) else {}


def check(folder: Path) -> None:
    """Compare everything with the manifest.

    Raises
    ------
    StoreError
        Something is not what was written.
    """
    if is_there(folder):
        _read(folder, lambda name: True)


def is_there(folder: Path) -> bool:
    """Whether any part of a profile's results is there: where one is, all must be."""
    return any((folder / name).exists() for name in (integrity.STAGED, MANIFEST, PIECES, *FILES))


def write(
    folder: Path,
    frame: pd.DataFrame,
    summed: pd.DataFrame,
    stamped: dict[str, Any],
    quoted: Callable[[pd.DataFrame], dict[str, float]],
) -> None:
    """Replace a profile's results, all together or not at all.

    Parameters
    ----------
    folder : Path
    frame, summed, stamped
        As :func:`scores`, :func:`sums` and :func:`stamps` return them, of the same runs.
    quoted : callable
        What prose may quote, from the scores as written: their digits, so that the next machine quotes the same.

    Raises
    ------
    StoreError
        They do not fit together, or cannot be written; what was there is unchanged.
    """
    if reason := flaw(frame, summed, stamped):
        raise StoreError(f"cannot write {folder}: {reason}; what was there is unchanged; make that run again")

    known = _read(folder, _is_piece) if is_there(folder) else {}
    arms = frame.drop_duplicates("run").set_index("run")
    where = {run: _piece_name(row.task, arm(row.variant, row.fusion)) for run, row in arms.iterrows()}
    pieces = {name: part for name, part in summed.groupby(summed["run"].map(where))}

    def fill(aside: Path) -> tuple[str, ...]:
        frame.to_csv(aside / SCORES, index=False, float_format="%.6f", lineterminator="\n")
        for name, part in pieces.items():
            path, part = aside / name, part.reset_index(drop=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            if name in known and _piece(known[name]).equals(part):
                path.write_bytes(known[name])  # another version of the library would write the same rows as other bytes
            else:
                part.to_parquet(path, index=False, compression="zstd")
        (aside / STAMPS).write_text(json.dumps(stamped, indent=0, sort_keys=True), encoding="utf-8")
        as_written = quoted(_table((aside / SCORES).read_bytes()))
        (aside / VALUES).write_text(json.dumps(as_written, indent=0), encoding="utf-8")
        return (*FILES, *pieces)

    try:
        integrity.replace(folder, MANIFEST, fill, runs=len(stamped))
        for path in (folder / PIECES).rglob("*.parquet"):
            if path.relative_to(folder).as_posix() not in pieces:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot write {folder} ({error.strerror or error}); make room or make it writable; what was "
            "there is unchanged"
        ) from error


def core_minutes(stamps: Iterable[dict[str, Any]]) -> float:
    """What runs took, in minutes of a core; of the clock where that is not known.

    On a machine that does other work beside a run, the clock runs for longer.

    Parameters
    ----------
    stamps : iterable of dict
        As :func:`stamps` has them.
    """
    return sum(map(core_seconds, stamps)) / 60


def core_seconds(stamp: dict[str, Any]) -> float:
    """What a run took, in seconds of a core; of the clock where that is not known."""
    return stamp.get("core_seconds", stamp["seconds"])


def values(frame: pd.DataFrame, stamped: dict[str, dict[str, Any]]) -> dict[str, float]:
    """The numbers that prose may quote, each under a key.

    Parameters
    ----------
    frame : pandas.DataFrame
        Scores, as :func:`placeprior.runs.store.scores`.
    stamped : dict
        As :func:`stamps`.

    Returns
    -------
    dict
        ``runs``; ``trained`` and the ``minutes`` of a core that their making took; and
        ``<task>.<split>.<arm>.<metric>``, the mean over folds of the mean over seeds, with ``….sd`` the standard
        deviation between the seeds of a fold and ``….1``, ``….2`` the mean of each partition of a checkerboard, an arm
        being ``none``, ``lonlat``, ``geoclip-hadamard`` …
    """
    made = [stamp for stamp in stamped.values() if stamp["parameters"]]
    found: dict[str, float] = {"runs": len(stamped), "trained": len(made), "minutes": core_minutes(made)}
    arms = [arm(variant, fusion) for variant, fusion in zip(frame["variant"], frame["fusion"], strict=True)]
    grouped = frame.assign(arm=arms).groupby(["task", "split", "arm", "metric"])
    for key, own in grouped:
        means = own.groupby("fold")["value"].mean()
        found[".".join(key)] = means.mean()
        found[".".join([*key, "sd"])] = between_seeds(own)
        if key[1].startswith("checkerboard"):
            found |= {".".join([*key, str(fold)]): value for fold, value in means.items()}
    return {
        key: value if isinstance(value, int) else round(float(value), 6)
        for key, value in found.items()
        if value == value
    }


def flaw(frame: pd.DataFrame, summed: pd.DataFrame, stamped: dict[str, Any]) -> str | None:
    """What keeps three tables from being a profile's results, or None."""
    for name, columns, table in (("scores", COLUMNS, frame), ("station sums", STATIONS, summed)):
        if list(table.columns) != columns:
            return f"{name} have the columns {', '.join(map(str, table.columns))} in place of {', '.join(columns)}"
    known = set(frame["run"])
    for name, other in (("station sums", set(summed["run"])), ("stamps", set(stamped))):
        if odd := known ^ other:
            return f"run {min(map(str, odd))} is in the scores or in the {name}, not in both ({len(odd)} such)"
    whole = frame["run"].astype(str).str.fullmatch("[0-9a-f]{12}")
    value, rows = pd.to_numeric(frame["value"], errors="coerce"), pd.to_numeric(frame["n"], errors="coerce")
    wrong = {
        "is of no run": ~whole,
        "has an unknown metric": ~frame["metric"].isin(METRICS),
        "stands twice": frame.duplicated(["run", "metric"], keep=False),
        "has no finite value": ~np.isfinite(value) & ~(frame["value"].isna() & frame["metric"].isin(UNDEFINED)),
        "has no count of test rows": ~(rows > 0),
        "has no such split and fold": ~pd.Series(list(map(_is_fold, frame["split"], frame["fold"])), frame.index, bool),
        "has no such fusion": ~frame["fusion"].isin(("-", *FUSIONS)),
    }
    for what, mask in wrong.items():
        if mask.any():
            at = int(mask.to_numpy().argmax())
            return f"row {at + 1} of the scores {what}: {', '.join(map(str, frame.iloc[at]))}"
    short = frame.groupby("run")["metric"].nunique().loc[lambda count: count != len(METRICS)]
    if len(short):
        return f"run {short.index[0]} has {short.iloc[0]} of {len(METRICS)} metrics"
    numbers = summed[["lon", "lat", *SUMS]].select_dtypes("number")
    if numbers.shape[1] != len(SUMS) + 2 or not np.isfinite(numbers.to_numpy()).all():
        return "the station sums hold a value that is not a finite number"
    if summed.duplicated(["run", "name"]).any():
        return f"station {summed.loc[summed.duplicated(['run', 'name']).idxmax(), 'name']} stands twice in a run's sums"
    return None


def _is_fold(split: Any, fold: Any) -> bool:
    try:
        return fold in folds(split)
    except (ConfigError, TypeError):
        return False


def _table(raw: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(raw), dtype={"run": str})


def _piece_name(task: str, name: str) -> str:
    return f"{PIECES}/{task}/{name}.parquet"


def _is_piece(name: str) -> bool:
    return name.startswith(f"{PIECES}/")


def _piece(raw: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(raw))


def _read(folder: Path, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Read files of a profile's results, which must be those that were written with all others."""
    for left in reversed(range(TRIES)):
        try:
            integrity.finish(folder, MANIFEST)
            if not (folder / MANIFEST).is_file():
                raise ValueError(f"{MANIFEST} is missing")
            told = integrity.opened((folder / MANIFEST).read_bytes(), ("runs", "files"))["files"]
            if {name for name in told if not _is_piece(name)} != set(FILES):
                raise ValueError(f"{MANIFEST} is of other files: {', '.join(sorted(told))}")
            integrity.compare(folder, told)
            return {name: integrity.content(folder, name, told[name]) for name in told if wanted(name)}
        except (OSError, ValueError) as error:
            if not left or isinstance(error, PermissionError):
                raise _spoilt(folder, error) from error
            time.sleep(0.02)
    raise AssertionError


def _spoilt(folder: Path, error: Exception) -> StoreError:
    if isinstance(error, OSError):
        return StoreError(f"cannot read {error.filename or folder} ({error.strerror}); make it readable")
    shown = folder.relative_to(configuration.root())
    return StoreError(
        f"{shown} is not as it was written ({str(error).splitlines()[0]}); bring it back with "
        f"`git checkout -- {shown}`, or, if it was never committed, remove its "
        f"{', '.join((*FILES, MANIFEST, PIECES))} and write them from the store with "
        f"`placeprior runs collect {folder.name}`"
    )
