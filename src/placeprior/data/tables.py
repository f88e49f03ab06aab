"""Finding and opening the real tables: one environment variable, and errors that say what is missing."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from placeprior.data import read_table
from placeprior.data.text import read_text
from placeprior.errors import CubeError, MissingData

VARIABLE = "PLACEPRIOR_DATA"


def folder() -> Path:
    """Return the folder named by the environment variable ``PLACEPRIOR_DATA``."""
    named = os.environ.get(VARIABLE, "")
    if not named:
        raise MissingData(f"{VARIABLE} is not set; export {VARIABLE}=FOLDER with the real tables, or use task 'world'")
    path = Path(named).expanduser()
    if not path.is_dir():
        raise MissingData(f"{VARIABLE}={named} is no folder; set it to the folder that holds the real tables")
    return path


def find(names: Sequence[str], what: str) -> Path:
    """Return the first of ``names`` that exists in the data folder."""
    root = folder()
    for name in names:
        if (root / name).exists():
            return root / name
    raise MissingData(f"{what}: none of {', '.join(names)} is in {VARIABLE}={root}; put one of them there")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files in the order of their names."""
    total = hashlib.sha256()
    for part in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if part.is_file():
            with part.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()


def read_parquet(path: Path, columns: Sequence[str], filters: list | None = None) -> pd.DataFrame:
    """Read the named columns of a Parquet file; a missing column or a damaged file is refused by name."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        known = pq.read_schema(path).names
        refuse_missing(path, columns, known)
        return pq.read_table(path, columns=list(columns), filters=filters, use_threads=False).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise CubeError(f"{path} cannot be read as Parquet ({error}); fetch or copy it again") from None


def read_csv(path: Path, columns: Sequence[str], text: Sequence[str] = ()) -> pd.DataFrame:
    """Read the named columns of a CSV file, ``text`` as text, others as numbers; refuse as :func:`read_parquet`."""
    try:
        with path.open("rb") as stream:
            table = read_text(stream)
    except FileNotFoundError:
        raise MissingData(f"{path} is missing; put it beside the other tables in {VARIABLE}") from None
    except (OSError, ValueError, csv.Error, pd.errors.ParserWarning) as error:
        raise CubeError(f"{path} cannot be read as CSV ({error}); fetch or copy it again") from None
    refuse_missing(path, columns, table.columns)
    table = table[list(columns)].copy()
    for name in set(columns) - set(text):
        try:
            table[name] = (
                table[name].where(~table[name].str.strip().isin(read_table.BLANK), "nan").to_numpy().astype(float)
            )
        except ValueError as error:
            raise CubeError(f"{path}: {name} is not everywhere a number ({error}); fetch or copy it again") from None
    return table


def refuse_missing(path: Path | str, wanted: Sequence[str], known: Sequence[str]) -> None:
    """Raise when a wanted column is not among the known ones, or is there twice."""
    missing = [name for name in wanted if name not in set(known)]
    if missing:
        listed = ", ".join(map(repr, missing))
        raise CubeError(f"{path} has no column {listed}; it has {', '.join(map(str, known)) or 'none'}")
    read_table.refuse_twice([name for name in map(str, known) if name in set(wanted)], f"{path}: ")
