"""The writing of a store entry: aside first, then renamed (of a store at a URL: put) to its place when it is complete.

``store/<id>/`` holds ``run.json`` (what the run is, its scores, its stamp, the SHA-256 of the other files),
``history.csv``, ``predictions.parquet`` (test rows), ``validation.parquet``, ``stations.parquet`` and
``weights.safetensors``. A killed run leaves nothing that could be taken for a result.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from safetensors.torch import save_file

from placeprior.errors import BusyError, StoreError
from placeprior.files import lock
from placeprior.runs import bucket, store
from placeprior.runs.inputs import Inputs
from placeprior.scores import metrics

LIVE = ".live"  # the lock that a process holds in an entry while it makes it
LEFT_BEHIND = 2 * 86_400  # seconds after which an unfinished entry is taken for dead


@dataclass
class Made:
    """What making a run came to, before it is scored.

    Attributes
    ----------
    estimates : dict of str to ndarray
        Of the ``test`` rows and, where they are asked for, of the ``validation`` rows, µg m-3, in the order of
        ``np.nonzero`` of the part. Validation rows decide nothing here; kept, they say how wide an interval around an
        estimate must be.
    facts : dict
        What ``run.json`` says of it beside scores and stamp.
    history : list of dict
        Training curves, an entry an epoch.
    tensors : dict of str to tensor
        Weights and scalers.
    """

    estimates: dict[str, np.ndarray]
    facts: dict[str, Any]
    history: list[dict[str, float]] = field(default_factory=list)
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)


def begin(entry: Path) -> Path:
    """A folder beside an entry in which to make it; what runs that were killed left behind is swept away.

    Raises
    ------
    StoreError
        If a file stands where the entry belongs.
    """
    if entry.exists() and not entry.is_dir():
        raise StoreError(f"{entry} is a file, and the run's folder belongs there; move it away and start again")
    if bucket.url():
        bucket.try_writing()
    entry.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{entry.name}-", dir=entry.parent))
    now = work.stat().st_mtime  # by the file system's clock, as the age of the others is; this machine's may be wrong
    for left in entry.parent.glob(".*-*"):  # by runs that were killed; a live one may be on another machine
        with contextlib.suppress(FileNotFoundError, BusyError, StoreError):  # renamed since it was listed, or alive
            if now - left.stat().st_mtime > LEFT_BEHIND:
                with lock.hold(left / LIVE, "sweeping"):
                    shutil.rmtree(left, ignore_errors=True)
    return work


def put(work: Path, entry: Path) -> None:
    """Rename a complete entry to its place, unless another process has put one there; a damaged one gives way."""
    if bucket.url():
        if not store.is_whole(entry.name):
            bucket.put(work, entry.name)
        return
    with lock.hold(entry.parent / ".lock", "putting a run into the store", wait=60):
        if store.is_whole(entry.name):
            return
        aside = work.with_name(f"{work.name}-old")
        if entry.exists():
            os.rename(entry, aside)
        os.rename(work, entry)
    shutil.rmtree(aside, ignore_errors=True)


def score(made: Made, inputs: Inputs) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Score what was made on the test rows.

    Returns
    -------
    result : dict
        What ``run.json`` holds, without the stamp.
    tables : dict of str to pandas.DataFrame
        ``predictions``, ``validation`` and ``stations``, as :func:`placeprior.runs.store.table` reads them.
    """
    run, cube, parts = inputs.run, inputs.cube, inputs.parts
    nothing = np.zeros_like(parts.test), np.empty(0)  # a rival's validation rows are not asked for
    test = _rows(cube, parts.test, made.estimates["test"])
    validation = (parts.validation, made.estimates["validation"]) if "validation" in made.estimates else nothing
    sums = metrics.station_sums(test["station"], test["pm25"].to_numpy(), made.estimates["test"])
    total = sums.to_numpy().sum(0)
    result = {"run": asdict(run), "id": run.id, "sizes": parts.sizes()} | made.facts
    result["scores"] = {k: float(v) for k, v in metrics.from_sums(total).items()}
    result["n"] = int(total[0])
    sums.insert(0, "nearest_km", parts.distance_km(cube))
    sums.insert(0, "lat", cube["lat"].values[sums.index])
    sums.insert(0, "lon", cube["lon"].values[sums.index])
    sums.insert(0, "name", cube["station"].values[sums.index])
    tables = {"predictions": test, "validation": _rows(cube, *validation), "stations": sums.reset_index(drop=True)}
    return result, tables


def write(work: Path, made: Made, result: dict[str, Any], tables: dict[str, pd.DataFrame]) -> None:
    """Write all files of an entry into its folder, ``run.json`` last."""
    pd.DataFrame(made.history).to_csv(work / "history.csv", index=False)
    for name, table in tables.items():
        table.to_parquet(work / f"{name}.parquet", index=False)
    save_file(made.tensors, work / "weights.safetensors")
    store.seal(work, result)


def _rows(cube: xr.Dataset, mask: np.ndarray, estimate: np.ndarray) -> pd.DataFrame:
    """Estimates beside what was measured, in the order of ``np.nonzero(mask)``."""
    station, day = np.nonzero(mask)
    return pd.DataFrame(
        {
            "station": station.astype(np.int32),
            "day": day.astype(np.int32),
            "pm25": cube["pm25"].values[mask].astype(np.float32),
            "estimate": estimate.astype(np.float32),
        }
    )
