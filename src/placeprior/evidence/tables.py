"""Where the tables of evidence are kept, and whether they are what was written.

``runs.yml`` says for each profile which evidence there is and from which runs it is made.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd

from placeprior.errors import StoreError, UnknownName
from placeprior.files import integrity, lock
from placeprior.runs import configuration, plan, store

STAMPS = "evidence.json"  # of each table: the runs it was made from, and its SHA-256


def path(profile: str, name: str) -> Path:
    """Where the table is kept."""
    if name not in configuration.EVIDENCE:
        raise UnknownName("evidence", name, configuration.EVIDENCE)
    return store.results(profile) / f"{name}.{configuration.EVIDENCE[name]}"


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
        raise StoreError(
            f"{file} is not what was written: its SHA-256 is not that in {STAMPS}; bring both back with "
            f"`git checkout -- {file.parent.relative_to(configuration.root())}`, or {again}"
        )
    return pd.read_parquet(io.BytesIO(raw)) if file.suffix == ".parquet" else pd.read_csv(io.BytesIO(raw))


def is_fresh(profile: str, name: str) -> bool:
    """Whether the table was made from the runs that ``runs.yml`` names now, and is still what was written."""
    file, stamp = path(profile, name), _stamps(profile).get(name, {})
    return (
        file.is_file() and stamp.get("runs") == _digest(profile, name) and stamp.get("sha256") == integrity.digest(file)
    )


def write(profile: str, name: str, table: pd.DataFrame, seconds: float) -> dict[str, Any]:
    """Keep a table that was made from the runs that ``runs.yml`` names now, and stamp it.

    Returns
    -------
    dict
        The stamp of the table that was there before; empty if there was none.
    """
    file = path(profile, name)
    stamp = {"runs": _digest(profile, name), "count": len(plan.evidence(profile, name)), "seconds": round(seconds, 1)}
    with lock.hold(
        configuration.root() / f".evidence-{profile}.lock", f"writing evidence of profile {profile}", wait=60
    ):
        known = _stamps(profile)
        if file.suffix == ".parquet":
            store.replace(file, lambda p: table.to_parquet(p, index=False, compression="zstd"))
        else:
            store.replace(file, lambda p: table.to_csv(p, index=False, float_format="%.6g", lineterminator="\n"))
        stamp["sha256"] = integrity.digest(file)
        stamps = json.dumps(known | {name: stamp}, indent=1, sort_keys=True)
        store.replace(store.results(profile) / STAMPS, lambda p: p.write_text(stamps + "\n", encoding="utf-8"))
    return known.get(name, {})


def _stamps(profile: str) -> dict[str, Any]:
    file = store.results(profile) / STAMPS
    try:
        found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        if not isinstance(found, dict) or not all(isinstance(stamp, dict) for stamp in found.values()):
            raise ValueError("it does not hold one entry a table")
        return found
    except ValueError as error:
        shown = file.relative_to(configuration.root())
        raise StoreError(
            f"{file} cannot be read ({error}); bring it back with `git checkout -- {shown}`, or remove it "
            "and make the evidence again"
        ) from error


def _digest(profile: str, name: str) -> str:
    """What stands for the runs that a table is made from: a hash of their ids."""
    ids = sorted(run.id for run in plan.evidence(profile, name))
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()[:16]
