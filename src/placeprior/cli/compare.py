"""``placeprior compare``: from a table of one's own stations to a verdict."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from placeprior.cli import common, progress
from placeprior.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from placeprior.data.stations import Found
    from placeprior.runs.comparing import Asked, Plan

EXAMPLE = "Example: placeprior compare stations.csv --target 'ozone [ppb]'"
_TARGET = re.compile(r"\s*(?P<name>.*?)\s*(?:\[(?P<unit>[^\[\]]+)\])?\s*")
HEAVY = 0.9  # GB that a process needs beside what it reads

Table = Annotated[
    Path,
    typer.Argument(
        metavar="STATIONS", show_default=False, help="A long table (CSV, Parquet), or netCDF/Zarr with (station, time)."
    ),
]
Target = Annotated[
    str, typer.Option("--target", metavar="NAME [UNIT]", show_default=False, help="What is to be estimated.")
]
Column = {
    name: typer.Option(f"--{name}", metavar="COLUMN", show_default=False) for name in ("station", "date", "lon", "lat")
}
Daily = Annotated[
    str, typer.Option("--daily", metavar="mean", show_default=False, help="Average several rows of a day.")
]
Names = Annotated[str, typer.Option("--predictors", metavar="A,B…", show_default=False, help="Only these are inputs.")]
Drop = Annotated[str, typer.Option("--drop", metavar="A,B…", show_default=False, help="These are no inputs.")]
Out = Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the report goes.")]
Jobs = Annotated[int, typer.Option("--jobs", min=0, help="Processes at once; 0: as many as cores and memory allow.")]
Scheduler = Annotated[
    str | None, common.scheduler("Dask workers that see the report's folder, in place of processes of this machine.")
]


def compare(
    table: Table,
    target: Target = "",
    station: Annotated[str, Column["station"]] = "",
    date: Annotated[str, Column["date"]] = "",
    lon: Annotated[str, Column["lon"]] = "",
    lat: Annotated[str, Column["lat"]] = "",
    daily: Daily = "",
    predictors: Names = "",
    drop: Drop = "",
    towards: Annotated[
        Path | None,
        typer.Option(
            "--towards",
            metavar="PLACES.csv",
            show_default=False,
            help="Where you want estimates; else among the stations.",
        ),
    ] = None,
    encoders: Annotated[
        str, typer.Option("--encoders", metavar="A,B…", show_default=False, help="In place of geoclip and urban.")
    ] = "",
    thorough: Annotated[bool, typer.Option("--thorough", help="Three seeds, all folds, the larger network.")] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what would be done, and how long it takes; do nothing.")
    ] = False,
    output: Out = Path("report"),
    jobs: Jobs = 0,
    scheduler: Scheduler = None,
) -> None:
    """Answer for your own stations: should a model be told where it is, and will that hold where there are none?"""
    from placeprior.files.replacing import replacing
    from placeprior.runs import comparing

    choice = choose(target, station, date, lon, lat, daily, predictors, drop)
    asked = comparing.Asked(_list(encoders), places(towards) if towards else None, thorough)
    _known(asked)
    started = time.perf_counter()
    found, cube, notes = look(table, choice)
    for note in notes:
        typer.echo(f"note: {note}")
    cube = comparing.prepare(cube, asked)
    size = "study" if thorough else "demo"
    with contextlib.ExitStack() as stack:
        workers = None
        if scheduler and not plan:
            from placeprior.runs import cluster

            workers = stack.enter_context(cluster.client(scheduler))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) if plan else _folder(output)
        if not plan:
            from placeprior.files import lock

            stack.enter_context(lock.hold(folder / ".compare.lock", "comparing"))
        left_out = comparing.lay(folder, cube, asked)
        stack.enter_context(contextlib.chdir(folder))
        made = comparing.planned(cube, left_out)
        core, clock = comparing.trial(cube, size)
        each = comparing.seconds(made, core, comparing.trial(cube, "demo")[0] if thorough else core, size)
        processes = (cluster.count(workers) if workers else 0) or jobs or _processes(cube)
        show(made, cube, found, each, processes, clock / core, time.perf_counter() - started)
        if not thorough:
            typer.echo(f"left for --thorough: {left_for_thorough(made)}")
        if plan:
            return
        about = {
            "table": table.name,
            "target": cube.attrs["target"],
            "unit": cube["pm25"].attrs["units"],
            "embedded": int(cube.attrs["embedded"]),
            "rows": found.rows,
            "size": size,
            "notes": notes,
            "left_out": left_out,
            "towards": "your places" if towards else "the hull of the stations",
            "neighbours": int(cube.attrs["neighbours"]),
        }
        with replacing(folder / "about.json") as aside:
            aside.write_text(json.dumps(about, indent=1, sort_keys=True), encoding="utf-8")
        progress.carry_out(made, each, folder, processes, workers)
        verdict = _deliver(made, cube, output_of(folder))
    typer.echo(f"{output}/index.html: the report; scores.csv, predictions.parquet and report.json beside it")
    typer.echo(f"verdict: {verdict}")


def choose(target: str, station: str, date: str, lon: str, lat: str, daily: str, predictors: str, drop: str) -> Any:
    """What the options say of the columns."""
    from placeprior.data.columns import Choice

    if daily not in ("", "mean"):
        raise ConfigError(f"--daily {daily!r}: several values of a day can be averaged; write --daily mean")
    told = _TARGET.fullmatch(target)
    name, unit = (told["name"], told["unit"] or "") if told else (target, "")
    return Choice(station, date, lon, lat, name, unit, daily, _list(predictors), _list(drop))


def look(table: Path, choice: Any) -> tuple[Found, xr.Dataset, list[str]]:
    """Read and check a table; what is to be said of it."""
    from placeprior.data.stations import read
    from placeprior.data.survey import survey
    from placeprior.errors import CubeError
    from placeprior.space.splits import HISTORY

    found = read(table, choice)
    try:
        cube, warned = survey(found.cube, HISTORY)
    except CubeError as error:
        raise CubeError(f"{table}: {error}") from None
    return found, cube, found.notes + warned


def places(path: Path) -> np.ndarray:
    """Places of a CSV by the usual names of their columns, lonlat (m, 2)."""
    import csv

    import numpy as np
    import pandas as pd

    from placeprior.coords import check_lonlat, wrapped
    from placeprior.data import read_table
    from placeprior.data.labelled import dimension
    from placeprior.data.text import read_text
    from placeprior.errors import CoordinateError, CubeError

    try:
        with path.open("rb") as stream:
            table = read_text(stream)
    except (OSError, ValueError, csv.Error, pd.errors.ParserWarning) as error:
        why = getattr(error, "strerror", None) or error
        raise CubeError(f"{path} cannot be read as CSV of places ({why}); give columns lon and lat") from None
    found = {dimension(tuple(table.columns), part, str(path)): part for part in ("lon", "lat")}
    if not len(table):
        raise CubeError(f"{path} has no row; give at least one place")
    try:
        read_table.refuse_twice([name for name in table.columns if name in found])
        lon, lat = (read_table.numbers(table.rename(columns=found), part) for part in found.values())
        return check_lonlat(np.column_stack([wrapped(lon), lat]))
    except (CubeError, CoordinateError) as error:
        raise type(error)(f"{path}: {error}") from None


def show(
    made: Plan, cube: xr.Dataset, found: Found, each: dict[str, float], processes: int, busy: float, took: float
) -> None:
    """Print the plan; `busy` is how much longer than a core's own time things take at this moment."""
    import numpy as np

    from placeprior.arms import RIVALS, arm
    from placeprior.data.cube import predictors
    from placeprior.evidence.verdict import asks, spoken
    from placeprior.runs import store
    from placeprior.space.splits import folds

    measured, day = np.isfinite(cube["pm25"].values), cube["time"].values.astype("datetime64[D]")
    typer.echo(
        f"{cube.attrs['target']} [{cube['pm25'].attrs['units']}] on {measured.sum():,} station-days "
        f"({found.rows:,} rows) of "
        f"{cube.sizes['station']:,} stations, {day[0]} to {day[-1]}; read and checked in {took:.0f} s"
    )
    typer.echo(
        f"inputs: {', '.join(predictors(cube))}{', and the neighbours of the day' * bool(cube.attrs['neighbours'])}"
    )
    rows = [
        (
            asks(row.split),
            row.split,
            f"{row.folds} of {len(folds(row.split))}",
            f"{row.rows:,}",
            row.train,
            row.test,
            f"{row.km:.0f} km",
        )
        for row in made.splits.itertuples()
    ]
    common.show(["asks", "split", "folds", "rows learned from", "at stations", "tested at", "nearest, median"], rows)
    typer.echo(f"where estimates are wanted, the nearest station is {np.median(made.wanted_km):.0f} km away (median)")
    names = list(dict.fromkeys(spoken(arm(run.variant, run.fusion)) for run in made.runs))
    typer.echo(f"arms: {'; '.join(names)}")
    for name, why in made.left_out.items():
        typer.echo(f"note: without {name}: {why}")
    left = [run for run in made.runs if not store.is_stored(run.id)]
    trained = sum(run.variant not in RIVALS for run in made.runs)
    done = f"; {len(made.runs) - len(left)} are made already" if len(left) < len(made.runs) else ""
    minutes = sum(each[run.id] for run in left) / 60
    typer.echo(
        f"{len(made.runs)} fits, {trained} of them networks{done}: about {minutes:.0f} minutes of one core, "
        f"{max(minutes / processes, 0.5):.0f} minutes with {processes} at once, by a trial of a few batches"
        + f"; {busy:.1f} times that while the machine is as busy as now"
        * (busy > common.BUSY)
    )


def left_for_thorough(made: Plan) -> str:
    """What a comparison that is not thorough does without, in words."""
    from placeprior.arms import RIVALS, arm
    from placeprior.evidence.verdict import spoken
    from placeprior.runs.comparing import MORE_PLACE

    networks = dict.fromkeys(run.model for run in made.runs if run.variant not in RIVALS)
    again = dict.fromkeys((run.variant, run.fusion) for run in made.runs if run.seed)
    more = [spoken(arm(name, "hadamard")) for name in MORE_PLACE if f"{name}/hadamard" not in networks]
    few = "; ".join(spoken(arm(*each)) for each in again)
    times = 1 + max((run.seed for run in made.runs), default=0)
    return (
        f"{', '.join(more)}{'; ' * bool(more)}all folds, and cells of another size; all arms on all splits; three "
        f"trainings of every network (here {times} of these alone: {few}); the larger network"
    )


def _deliver(made: Plan, cube: xr.Dataset, output: Path) -> str:
    """Write what a person takes along, and return the verdict."""
    from placeprior.book import report
    from placeprior.runs import delivery
    from placeprior.runs.comparing import PROFILE

    delivery.write_scores(PROFILE, output / "scores.csv")
    delivery.write_predictions(made.runs, cube, output / "predictions.parquet")
    report.make(output)
    return json.loads((output / "report.json").read_text(encoding="utf-8"))["verdict"]


def output_of(folder: Path) -> Path:
    """The folder of the report, of that in which its runs are made."""
    return folder.parent


def _folder(output: Path) -> Path:
    folder = output.resolve() / "work"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot write to {output}: {error.strerror}; name another folder with -o") from None
    return folder


def _list(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _known(asked: Asked) -> None:
    from placeprior import encoders
    from placeprior.errors import UnknownName

    for name in asked.encoders:
        if name not in encoders.list_encoders():
            raise UnknownName("encoder", name, encoders.list_encoders())


def _processes(cube: xr.Dataset) -> int:
    """As many as there are cores, while half of the memory that is free suffices for them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    except (ValueError, OSError):
        return min(cores, 4)
    return max(1, min(cores, int(free / 2 / (HEAVY + 5 * cube.nbytes / 1e9))))
