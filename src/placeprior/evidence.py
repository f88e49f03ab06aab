"""Evidence beyond scores: small tables made from stored runs, committed beside the scores, read by the pages.

``runs.yml`` says for each profile which evidence there is and from which runs it is made. A name is the module that
makes it: its function ``collect`` takes a list of stored runs and returns a table.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import time
from pathlib import Path
from typing import Any

import pandas as pd

from placeprior import ledger, matrix
from placeprior.errors import StoreError, UnknownName

#: Evidence by the module that makes it, and how its file ends: dense maps are no reading matter.
KINDS = {
    "strata": "csv", "importance": "csv", "truth": "parquet", "artefacts": "csv", "national": "parquet",
    "served": "csv", "uncertainty": "csv",
}  # fmt: skip


def path(profile: str, name: str) -> Path:
    """Where the table is kept."""
    if name not in KINDS:
        raise UnknownName("evidence", name, KINDS)
    return ledger.results(profile) / f"{name}.{KINDS[name]}"


def read(profile: str, name: str) -> pd.DataFrame:
    """The committed table.

    Raises
    ------
    StoreError
        If there is none, or it cannot be read.
    """
    file = path(profile, name)
    try:
        return pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    except FileNotFoundError:
        raise StoreError(f"{file} does not exist; make it with `doit evidence:{profile}:{name}`") from None
    except (OSError, ValueError) as error:
        raise StoreError(f"{file} cannot be read ({error}); make it again with `doit evidence:{profile}:{name}`"
                         ) from error


def is_fresh(profile: str, name: str) -> bool:
    """Whether the table was made from the runs that ``runs.yml`` names now."""
    return path(profile, name).is_file() and _stamps(profile).get(name, {}).get("runs") == _digest(profile, name)


def make(profile: str, name: str, log: Any = print) -> Path:
    """Make the table, and whichever of its runs the store lacks.

    A module with ``FROM_SUMS`` reads nothing of a run but its sums per station: for it a run in the committed results
    will do.

    Returns
    -------
    Path
        The table's file.
    """
    from placeprior import experiment

    file, runs = path(profile, name), matrix.evidence(profile, name)
    module = importlib.import_module(f"placeprior.{name}")
    enough = set(ledger.sums(profile)["run"]) if getattr(module, "FROM_SUMS", False) else set()
    for run in runs:
        if run.id not in enough:
            experiment.make(run, log=log)
    started = time.perf_counter()
    table = module.collect(runs)
    stamp = {"runs": _digest(profile, name), "count": len(runs), "seconds": round(time.perf_counter() - started, 1)}
    if file.suffix == ".parquet":
        ledger.replace(file, lambda p: table.to_parquet(p, index=False, compression="zstd"))
    else:
        ledger.replace(file, lambda p: table.to_csv(p, index=False, float_format="%.6g", lineterminator="\n"))
    stamps = json.dumps(_stamps(profile) | {name: stamp}, indent=1, sort_keys=True)
    ledger.replace(ledger.results(profile) / "evidence.json", lambda p: p.write_text(stamps + "\n", encoding="utf-8"))
    log(f"evidence {profile}/{name}: {len(table)} rows from {len(runs)} runs, {stamp['seconds']:.0f} s")
    return file


def _stamps(profile: str) -> dict[str, Any]:
    file = ledger.results(profile) / "evidence.json"
    try:
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except ValueError as error:
        raise StoreError(f"{file} cannot be read ({error}); remove it and make the evidence again") from error


def _digest(profile: str, name: str) -> str:
    ids = sorted(run.id for run in matrix.evidence(profile, name))
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()[:16]
