"""``placeprior map``: PM2.5 over the country, of a day or a year, from a run whose predictors are known everywhere."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from placeprior.cli import common
from placeprior.errors import ConfigError

if TYPE_CHECKING:
    import xarray as xr

    from placeprior.runs.plan import Run

EXAMPLE = "Example: placeprior map 3f2a9c01b7de --day 2021-08-15 -o august.png"


def map_(
    run_id: Annotated[
        str,
        typer.Argument(
            metavar="RUN_ID", show_default=False, help="A stored run on the embedded world, or on built predictors."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.nc|OUT.png|OUT.zarr",
            show_default=False,
            help="Of a day: netCDF 3, of the embedded world with the truth beside it, or a picture. Of a year: Zarr.",
        ),
    ],
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to estimate.", show_default=False)
    ] = None,
    year: Annotated[
        int | None,
        typer.Option(help="Or all days of a year; what was interrupted goes on when asked again.", show_default=False),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Of a year: say what would be made, and how long it takes; make nothing.")
    ] = False,
    scheduler: Annotated[
        str | None, common.scheduler("Of a year: Dask workers, as for `placeprior runs make`.")
    ] = None,
    resolution: Annotated[float, typer.Option(min=0.05, max=5, help="Cell size in degrees, embedded world.")] = 0.5,
    fields: Annotated[
        Path | None,
        typer.Option(
            "--grid",
            metavar="GRID.zarr",
            show_default=False,
            help="For a run on built predictors: their fields, as `placeprior data build --grid` makes them.",
        ),
    ] = None,
) -> None:
    """Estimate PM2.5 of a day or of a year on every cell of the embedded world (simulated), or of built fields."""
    from placeprior.runs import store
    from placeprior.runs.plan import find

    if (day is None) == (year is None):
        raise ConfigError("name a day to map (--day 2021-08-15) or a year (--year 2021), one of them")
    if plan and year is None:
        raise ConfigError("--plan is about the maps of a year; name one (--year 2021), or leave --plan out")
    common.target(output, (".zarr",) if day is None else (".nc", ".png"))
    run = find(run_id)
    task = run.data["load"]
    if task not in ("world", "stations"):
        raise ConfigError(
            f"run {run_id} is about task {run.task!r}, whose predictors are known at stations only; a "
            "map needs them everywhere: choose a run on the embedded world or on built predictors"
        )
    if task == "stations" and fields is None:
        raise ConfigError(
            f"run {run_id} is about built predictors; name their fields with --grid (`placeprior data "
            "build --grid` makes them)"
        )
    store.read(run_id)  # says how to make it when it is not there
    from placeprior import coords
    from placeprior.data import build
    from placeprior.provenance import processor
    from placeprior.runs.networks import needs_process

    if needs_process(run):
        done = processor.unlimited(processor.COMMAND, *sys.argv[1:])
        raise typer.Exit(done.returncode)

    where = coords.grid(resolution) if task == "world" else build.load(fields)
    if plan:
        _plan(run, year, where, output)
        return
    if day is None:
        _year(run, year, where, output, scheduler)
        return
    with common.writing(output) as part:
        import numpy as np

        from placeprior.runs import daily_maps

        grid = daily_maps.fields_on(run, np.datetime64(day, "D"), where)
        estimate = daily_maps.daily_map(run, grid)
        if output.suffix == ".png":
            _draw(run, day, estimate, part)
        else:
            _pack(run, day, estimate, grid).to_netcdf(part, engine="scipy")
    typer.echo(f"{output}: PM2.5 on {day:%Y-%m-%d}, {_of(run)}, {run.model}, {int(grid['land'].sum()):,} land cells")


def _of(run: Run) -> str:
    return "embedded world (simulated)" if run.data["load"] == "world" else run.task


def _plan(run: Run, year: int, where: tuple | xr.Dataset, output: Path) -> None:
    """Say what maps of a year would be and take, here and of the country at 1 km elsewhere."""
    from placeprior.runs import atlas, reckoning

    days = atlas.days_of(run, year, where)
    found = reckoning.reckon(run, days, where, output)
    typer.echo(f"{run.label}: {found.cells:,} land cells x {found.days} days, {days[0]} to {days[-1]}")
    made = f", {found.made} of them made already" if found.made else ""
    typer.echo(f"{found.strips} strips{made}; an interruption costs one at most")
    gpu = found.device == "cuda"
    busy = f"; {found.busy:.1f} times that while the machine is as busy as now" * (found.busy > common.BUSY and not gpu)
    what = "this graphics processor" if gpu else "one core"
    typer.echo(f"about {max(found.seconds / 60, 0.5):.0f} minutes of {what}, by a trial of a few batches{busy}")
    typer.echo(f"about {found.size / 1e6:,.1f} MB in {output}")
    if found.work is None:
        return
    hours = [found.nation(devices) / 3600 for devices in (1, 8)]
    how = (
        "by the same trial"
        if gpu
        else f"NOT measured: {found.work / 1e9:.4f} GFLOP a cell and day, counted, at "
        f"{reckoning.REACHED:.0%} of {reckoning.DEVICE / 1e12:.0f} TFLOP/s"
    )
    core = "" if gpu else f"{reckoning.NATION * reckoning.YEAR * found.a_cell / 86_400:,.1f} days of one core; "
    typer.echo(
        f"the country at 1 km, {reckoning.NATION:,} cells x {reckoning.YEAR} days: {core}{hours[0]:.2f} h on 1 GPU, "
        f"{hours[1]:.2f} h on 8 ({how}), {hours[0] * reckoning.DOLLARS:.2f} dollars at {reckoning.DOLLARS:.0f} an hour"
    )


def _year(run: Run, year: int, where: tuple | xr.Dataset, output: Path, scheduler: str | None) -> None:
    """Map all days of a year, with the time left on a terminal and a line a strip in a log."""
    from rich.console import Console
    from rich.progress import Progress

    from placeprior.runs import atlas, cluster

    terminal = Console(stderr=True)
    days = atlas.days_of(run, year, where)
    with (
        nullcontext() if scheduler is None else cluster.client(scheduler) as workers,
        Progress(console=terminal, disable=not terminal.is_terminal, transient=True) as bar,
    ):
        task = bar.add_task("strips of the map", total=None)

        def tell(made: int, strips: int) -> None:
            bar.update(task, completed=made, total=strips)
            if not terminal.is_terminal:
                terminal.print(f"map: strip {made} of {strips}")

        atlas.write(run, days, where, output, progress=tell, workers=workers)
    typer.echo(f"{output}: PM2.5 of {len(days)} days, {days[0]} to {days[-1]}, {_of(run)}, {run.model}")


def _pack(run: Run, day: datetime, estimate: xr.DataArray, grid: xr.Dataset) -> xr.Dataset:
    """Return the map as a Dataset on (y, x) that says where it comes from."""
    made = estimate.to_dataset(name="estimate")
    embedded = "pm25_true" in grid
    if embedded:
        truth = grid["pm25_true"].isel(time=-1).where(grid["land"])
        made["pm25_true"] = (("y", "x"), truth.transpose("y", "x").values, truth.attrs)
    made.attrs = {
        "title": f"PM2.5 of {'the embedded world (simulated)' if embedded else run.task}, {day:%Y-%m-%d}",
        "source": f"placeprior run {run.id}: {run.label}",
        "embedded": int(embedded),
    }
    return made


def _draw(run: Run, day: datetime, estimate: xr.DataArray, part: Path) -> None:
    """Draw the map in the book's style."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    from placeprior.arms import arm
    from placeprior.book import figures
    from placeprior.runs import configuration

    profile = next(name for name in configuration.content()["profiles"] if _holds(name, run.id))
    figures.style()
    figure, axes = figures.subplots(size="map", maps=True)
    values = estimate.values
    figures.grid_map(axes, estimate["lon"].values, estimate["lat"].values, values, "estimated PM2.5")
    axes.set_title(f"{figures.look(arm(run.variant, run.fusion)).name}, {run.split} fold {run.fold}, {day:%Y-%m-%d}")
    embedded = run.data["load"] == "world"
    figures.label(figure, profile, n=int(np.isfinite(values).sum()), of="grid cells", embedded=embedded)
    figure.savefig(part, format="png")
    plt.close(figure)


def _holds(profile: str, run_id: str) -> bool:
    from placeprior.errors import MissingData
    from placeprior.runs import plan

    try:
        return any(run.id == run_id for run in plan.runs(profile))
    except MissingData:
        return False
