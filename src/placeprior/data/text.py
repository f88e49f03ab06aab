"""Comma-separated text as it stands: nothing renamed, cut or guessed before it is checked."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import pandas as pd

SHOWN = 60  # letters of a header that a message shows


def read_text(stream: BinaryIO, encoding: str = "utf-8-sig", **options: Any) -> Any:
    """Read comma-separated text as it stands: every value as text, and the header before anybody renames it.

    Parameters
    ----------
    stream : binary file
    encoding : str
    **options
        Of :func:`pandas.read_csv`: ``nrows``, ``chunksize``, ``usecols`` (a function of a column's stripped name).

    Returns
    -------
    pandas.DataFrame
        Or what iterates over pieces of it, with ``chunksize``. Names are stripped, and may be empty or occur twice.

    Raises
    ------
    pandas.errors.EmptyDataError, ParserError, ParserWarning, UnicodeDecodeError, csv.Error
        No header; text that is none; a row longer than the header, such as one with a decimal comma.
    """
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        return _read_text(text, **options)
    finally:
        if "chunksize" not in options:
            text.detach()  # the stream is the caller's to close


def _read_text(text: io.TextIOWrapper, **options: Any) -> Any:
    lines = csv.reader(text, skipinitialspace=True)
    header = next((line for line in lines if any(cell.strip() for cell in line)), None)
    if header is None:
        raise pd.errors.EmptyDataError("it has no header")
    names = [name.strip() for name in header]
    if len(names) == 1 and (marks := [mark for mark in ";\t|" if mark in names[0]]):
        raise pd.errors.ParserError(f"its cells are separated by {marks[0]!r}: use commas, and points in numbers")
    wanted = options.pop("usecols", None)
    kept = [at for at, name in enumerate(names) if wanted is None or wanted(name)]
    columns = pd.Index([names[at] for at in kept], dtype=object)
    with _strictly(lines.line_num, names):
        table = pd.read_csv(
            text,
            header=None,
            names=range(len(names)),
            usecols=kept if wanted else None,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            skipinitialspace=True,
            index_col=False,
            **options,
        )
    if isinstance(table, pd.DataFrame):
        return table.set_axis(columns, axis=1)
    return _Pieces(text, table, columns, lines.line_num, names)


@contextmanager
def _strictly(before: int, header: Sequence[str]) -> Iterator[None]:
    """Refuse a row longer than the header, which pandas would cut; count lines from the start of the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            yield
        except pd.errors.ParserError as error:
            said = re.sub(r"(?<=line )\d+", lambda number: str(int(number[0]) + before), str(error))
            raise pd.errors.ParserError(said) from None
        except pd.errors.ParserWarning:
            raise pd.errors.ParserError(
                f"a row has more cells than the header {','.join(header)[:SHOWN]!r}; is that the header, and have "
                "decimals a point?"
            ) from None


@dataclass
class _Pieces:
    """The pieces of a long table, under its names."""

    text: io.TextIOWrapper
    pieces: Any
    columns: pd.Index
    before: int
    header: Sequence[str]

    def __iter__(self) -> Iterator[pd.DataFrame]:
        with _strictly(self.before, self.header):
            for piece in self.pieces:
                yield piece.set_axis(self.columns, axis=1)
        self.text.detach()
