"""Making the runs of a comparison while saying how far it is: a bar on a terminal, now and then a line in a log."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from distributed import Client

    from placeprior.runs.comparing import Plan

LINES = 20.0  # seconds between two lines of progress in a log
SURE = 0.05  # of the work, before what is left is foretold


def carry_out(made: Plan, each: dict[str, float], folder: Path, processes: int, workers: Client | None = None) -> None:
    """Make the runs, and say how far it is."""
    from placeprior.runs import carrying
    from placeprior.runs.comparing import PROFILE

    total, gone, began, spoke = sum(each.values()), 0.0, time.perf_counter(), 0.0
    fresh, known = 0.0, True
    with contextlib.ExitStack() as stack:
        bar = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeRemainingColumn(),
            )
            bar = stack.enter_context(Progress(*columns, console=Console(stderr=True)))
            task = bar.add_task("comparing", total=total)
        for number, run in enumerate(carrying.carry_out(made.runs, folder, processes, workers), 1):
            gone += each[run.id]
            took = time.perf_counter() - began
            if known and took < 2:  # made before: they say nothing of how long the others take
                began = time.perf_counter()
            else:
                known, fresh = False, fresh + each[run.id]
            if bar is not None:
                bar.update(task, completed=gone, description=f"{number} of {len(made.runs)}: {run.model} {run.split}")
            elif took - spoke > LINES or number == len(made.runs):
                spoke = took
                left = (
                    f", about {took / fresh * (total - gone) / 60:.0f} min left"
                    if fresh > SURE * total and number < len(made.runs)
                    else ""
                )
                typer.echo(f"{number} of {len(made.runs)} fits made{left}", err=True)
    from placeprior.runs.collecting import collect_scores

    collect_scores(PROFILE, drop=True)
