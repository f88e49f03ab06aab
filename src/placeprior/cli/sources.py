"""``placeprior data plan``, ``fetch`` and ``build``: the real predictors, from their providers to cubes."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from placeprior.cli import common
from placeprior.cli.fetched import asked, at_hand, cache_folder, data_folder, first_read, named, wanted
from placeprior.cli.tables import app
from placeprior.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from placeprior.data.sources import Item, Source


When = Annotated[
    str,
    typer.Option(
        "--year",
        "--period",
        metavar="PERIOD",
        show_default=False,
        help="A year (2021), a month (2021-08) or two days (2021-08-01/2021-09-04).",
    ),
]
For = Annotated[
    str,
    typer.Option(
        "--for",
        metavar="PROFILE",
        show_default=False,
        help="In place of a period: what a profile of runs.yml reads, such as aqs; into PLACEPRIOR_DATA.",
    ),
]
Where = Annotated[str, typer.Option("--region", metavar="conus|W,S,E,N", help="The country, or a box in degrees.")]
Which = Annotated[
    str, typer.Option("--sources", metavar="NAME,NAME…", show_default=False, help="Sources by name; `plan` lists them.")
]
Cache = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        metavar="FOLDER",
        show_default=False,
        help="Where fetched files are kept (default: the user's cache folder).",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FOLDER", show_default=False, help="Where cubes go (default: PLACEPRIOR_DATA)."
    ),
]


@app.command(epilog="Example: placeprior data plan --year 2021")
def plan(year: When = "", region: Where = "conus", sources: Which = "", needs: For = "") -> None:
    """Say what would be fetched, how big it is and under which licence; needs no network."""
    from placeprior.data.sources import LINE_RATE

    listed = wanted(year, region, named(sources) if year else [], needs, Path())
    rows, total, count, accounts = [], 0, 0, {}
    for source, items, _ in listed:
        size = sum(item.size for item in items)
        total, count = total + size, count + len(items)
        rows.append(
            (
                source.name,
                source.title,
                ", ".join(source.provides),
                f"{len(items):,}",
                _bytes(size),
                _hours(size / LINE_RATE),
                "needed" if source.account else "none",
                source.licence,
            )
        )
        accounts |= {source.account: None} if source.account else {}
    common.show(["source", "what", "variables", "files", "size", "at 50 Mbit/s", "account", "licence"], rows)
    typer.echo(
        f"{_label(year, region, needs)}: {count:,} files, about {_bytes(total)}, {_hours(total / LINE_RATE)} at "
        "50 Mbit/s; nothing was fetched"
    )
    for account in accounts:
        typer.echo(f"Account: {account}.")


@app.command(epilog="Example: placeprior data fetch --year 2021 --sources aqs,gridmet,power,hms,elevation")
def fetch(
    year: When = "",
    region: Where = "conus",
    sources: Which = "",
    cache: Cache = None,
    needs: For = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FOLDER", show_default=False, help="With --for, in place of PLACEPRIOR_DATA."
        ),
    ] = None,
    *,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what was interrupted; it always does, so this only says so.")
    ] = False,
) -> None:
    """Fetch what is not there yet; finished files are kept, so the same command goes on after an interruption.

    Without --sources: what needs no account, or, with a token in EARTHDATA_TOKEN, what the study used, Daymet aside.
    """
    failed = []
    chosen = at_hand(sources) if year else []
    for source, items, folder in wanted(year, region, chosen, needs, output if needs else cache):
        with _progress(source, items) as transfer:
            try:
                found = transfer.fetch(source, items, folder)
            except SourceError as error:
                failed.append(error)
                typer.echo(f"{source.name}: not complete", err=True)
                continue
        lacking = len(items) - len(found)
        absent = f", {lacking:,} that the provider has not" if lacking else ""
        where = f" in {folder}" if needs else ""
        typer.echo(f"{source.name}: {len(found):,} files{absent}{where}")
        if needs:
            first_read(folder)
    if failed:
        raise SourceError("; ".join(map(str, failed)))


@app.command(epilog="Example: placeprior data build --year 2021")
def build(
    year: When,
    region: Where = "conus",
    sources: Which = "",
    cache: Cache = None,
    output: Out = None,
    *,
    grid: Annotated[bool, typer.Option("--grid", help="Fields on a grid, for maps, not stations.")] = False,
    resolution: Annotated[float, typer.Option(min=0.01, max=1, help="Cell size of --grid, degrees.")] = 0.05,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what was interrupted; it always does, so this only says so.")
    ] = False,
) -> None:
    """Build a cube from what was fetched: all predictors at every monitor, or on every cell of a grid."""
    from placeprior.data import build as cubes

    period, box = asked(year, region)
    names = [source.name for source in at_hand(sources)]
    where = output or data_folder()
    if grid:
        made = cubes.grid(period, box, names, cache_folder(cache), where, resolution, say=typer.echo)
    else:
        made = cubes.at_monitors(period, box, names, cache_folder(cache), where, say=typer.echo)
    typer.echo(made)


def _label(year: str, region: str, needs: str) -> str:
    if needs:
        return f"for {needs}"
    period, box = asked(year, region)
    return f"{period.label}, {box.label}"


@contextmanager
def _progress(source: Source, items: list[Item]) -> Iterator[Any]:
    """A transfer that tells how far it is: a bar on a terminal, a line for each tenth in a log."""
    from placeprior.data.sources.transfer import Transfer

    total = sum(item.size for item in items)
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        with bar:
            task = bar.add_task(source.name, total=total)
            yield Transfer(progress=lambda item, count: bar.advance(task, count or 0))
        return
    done, told = set(), [0]

    def tell(item: Item, count: int | None) -> None:
        if count is None:
            done.add(item.path)
            tenth = 10 * len(done) // max(len(items), 1)
            if tenth > told[0]:
                told[0] = tenth
                typer.echo(f"{source.name}: {len(done):,} of {len(items):,} files", err=True)

    yield Transfer(progress=tell)


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:,.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def _hours(seconds: float) -> str:
    if seconds < 60:
        return "under a minute"
    return f"{seconds / 60:,.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
