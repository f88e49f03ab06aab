"""``placeprior book`` and ``placeprior versions``."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from placeprior.cli import common
from placeprior.errors import ConfigError, MissingData

EXAMPLE = "Example: placeprior book --jobs 2"
INTERRUPTED = 130  # the shell's code for Ctrl-C


def book(
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-n", min=1, show_default="the number of cores", help="Tasks at a time.")
    ] = None,
) -> None:
    """Make the book: whatever run, page or chapter is missing or out of date, and nothing else."""
    from placeprior.runs import configuration, plan

    root = configuration.root()
    if not (root / "dodo.py").is_file():
        raise ConfigError(f"no dodo.py beside {root / 'runs.yml'}; run this in a clone of the project")
    for module in ("doit", "jupyter_book", "papermill", "jupytext"):
        if importlib.util.find_spec(module) is None:
            raise ConfigError(f"the book needs {module}, which is not installed; pip install 'placeprior[book]'")
    for profile in configuration.content()["profiles"]:  # a mistake in runs.yml is told here in one line
        try:
            plan.runs(profile)
        except MissingData:
            continue
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    words = [sys.executable, "-m", "doit", "-n", str(jobs or os.cpu_count() or 1), "book"]
    doit = subprocess.Popen(words, cwd=root, env=os.environ | {"PATH": programs})
    try:
        code = doit.wait()
    except KeyboardInterrupt:
        # It has had the Ctrl-C too, and notes what is finished before it ends.
        if doit.wait() == INTERRUPTED:
            raise typer.Exit(INTERRUPTED) from None  # and has said so
        raise
    if code:
        raise typer.Exit(code)
    typer.echo(f"The book: {root / '_build' / 'html' / 'index.html'}")


def versions() -> None:
    """Show the versions of everything that can change a result."""
    from placeprior import provenance

    commit = provenance.commit()
    common.show(["what", "version"], [*provenance.versions().items(), *([("commit", commit)] if commit else [])])
