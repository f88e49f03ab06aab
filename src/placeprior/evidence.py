"""Evidence beyond scores: small tables made from stored runs, committed beside the scores, read by the pages.

``runs.yml`` says for each profile which evidence there is and from which runs it is made. A name is the module that
makes it: its function ``collect`` takes a list of stored runs and returns a table.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import time
from pathlib import Path
from typing import Any

import pandas as pd

from placeprior import integrity, ledger, lock, matrix
from placeprior.errors import StoreError, UnknownName

STAMPS = "evidence.json"  # of each table: the runs it was made from, and its SHA-256


def path(profile: str, name: str) -> Path:
    """Where the table is kept."""
    if name not in matrix.EVIDENCE:
        raise UnknownName("evidence", name, matrix.EVIDENCE)
    return ledger.results(profile) / f"{name}.{matrix.EVIDENCE[name]}"


def read(profile: str, name: str) -> pd.DataFrame:
    """The committed table.

    Raises
    ------
    StoreError
        If there is none, or it cannot be read.
    """
    file, again = path(profile, name), f"make it again with `doit evidence:{profile}:{name}`"
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise StoreError(f"{file} does not exist; make it with `doit evidence:{profile}:{name}`") from None
    except OSError as error:
        raise StoreError(f"cannot read {file} ({error.strerror}); make it readable") from error
    if hashlib.sha256(raw).hexdigest() != _stamps(profile).get(name, {}).get("sha256"):
        raise StoreError(f"{file} is not what was written: its SHA-256 is not that in {STAMPS}; bring both back with "
                         f"`git checkout -- {file.parent.relative_to(matrix.root())}`, or {again}")
    return pd.read_parquet(io.BytesIO(raw)) if file.suffix == ".parquet" else pd.read_csv(io.BytesIO(raw))


def is_fresh(profile: str, name: str) -> bool:
    """Whether the table was made from the runs that ``runs.yml`` names now, and is still what was written."""
    file, stamp = path(profile, name), _stamps(profile).get(name, {})
    return (file.is_file() and stamp.get("runs") == _digest(profile, name)
            and stamp.get("sha256") == integrity.digest(file))


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
    with lock.hold(matrix.root() / f".evidence-{profile}.lock", f"writing evidence of profile {profile}", wait=60):
        known = _stamps(profile)
        if file.suffix == ".parquet":
            ledger.replace(file, lambda p: table.to_parquet(p, index=False, compression="zstd"))
        else:
            ledger.replace(file, lambda p: table.to_csv(p, index=False, float_format="%.6g", lineterminator="\n"))
        stamp["sha256"] = integrity.digest(file)
        stamps = json.dumps(known | {name: stamp}, indent=1, sort_keys=True)
        ledger.replace(ledger.results(profile) / STAMPS, lambda p: p.write_text(stamps + "\n", encoding="utf-8"))
    before = known.get(name, {}).get("count", 0)
    fewer = f" (before: {before}; `git diff` shows what is gone)" if before > len(runs) else ""
    log(f"evidence {profile}/{name}: {len(table)} rows from {len(runs)} runs{fewer}, {stamp['seconds']:.0f} s")
    return file


def _stamps(profile: str) -> dict[str, Any]:
    file = ledger.results(profile) / STAMPS
    try:
        found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        if not isinstance(found, dict) or not all(isinstance(stamp, dict) for stamp in found.values()):
            raise ValueError("it does not hold one entry a table")
        return found
    except ValueError as error:
        shown = file.relative_to(matrix.root())
        raise StoreError(f"{file} cannot be read ({error}); bring it back with `git checkout -- {shown}`, or remove it "
                         "and make the evidence again") from error


def _digest(profile: str, name: str) -> str:
    ids = sorted(run.id for run in matrix.evidence(profile, name))
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()[:16]
