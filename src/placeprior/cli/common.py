"""What the commands share: tables on the terminal, and files that appear whole or not at all."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from placeprior.errors import ConfigError, StoreError
from placeprior.files.replacing import replacing

PIPED_WIDTH = 160  # columns of a table that goes to a file or another program, where nothing should be folded
BUSY = 1.3  # times as long as on a quiet machine: worth a word


def scheduler(what: str) -> Any:
    """The option ``--scheduler``: who does the work (:func:`placeprior.runs.cluster.client`)."""
    return typer.Option("--scheduler", metavar="tcp://HOST:PORT|local:N|QUEUE.yml", show_default=False, help=what)


def show(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; the first column is never folded, so that it can be copied."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(*map(str, row))
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    Console(width=width, markup=False, highlight=False, emoji=False).print(table)


def declared() -> None:
    """Register the encoders that the project's ``runs.yml`` names, where there is a project around."""
    from placeprior.runs import configuration

    try:
        configuration.root()
    except ConfigError:
        return
    configuration.content()


def target(path: Path, suffixes: Sequence[str], source: Path | None = None) -> None:
    """Refuse a file to write that has another suffix, or that is the file to be read."""
    if path.suffix not in suffixes:
        wanted = " or ".join(f"*{suffix}" for suffix in suffixes)
        raise ConfigError(
            f"{path} ends in {path.suffix!r}; name it {wanted}"
            if path.suffix
            else f"{path} has no suffix; name it {wanted}"
        )
    if source is not None and path.resolve() == source.resolve():
        raise ConfigError(f"{path} is the file to read; give the result another name")


def refuse_output(path: Path) -> None:
    """Refuse a file that cannot be written, before any work is done.

    Raises
    ------
    StoreError
        It is a folder, or its folder is absent or not writable.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "there is a folder of that name")
        with tempfile.NamedTemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}; give another name, in a folder that exists and is "
            "writable"
        ) from None


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``, renamed to it at the end, removed when anything fails.

    Raises
    ------
    StoreError
        If it cannot be written, which is tried before any work is done.
    """
    refuse_output(path)
    try:
        with replacing(path) as aside:
            yield aside
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}; free some space or name another folder"
        ) from error
