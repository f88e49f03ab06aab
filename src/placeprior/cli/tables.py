"""``placeprior data``: a user's own station-days, and what the package can load, under one contract."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from placeprior.cli import common
from placeprior.cli.fetched import verify
from placeprior.errors import ConfigError, CubeError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

app = typer.Typer(
    help="Check tables of station-days and turn them into cubes.",
    no_args_is_help=True,
    epilog="Example: placeprior data check stations.csv",
)


@app.command(epilog="Example: placeprior data check stations.csv")
def check(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE|TASK]",
            show_default=False,
            help="A CSV of station-days, a cube (*.nc, *.zarr), or a task such as world.",
        ),
    ] = None,
    year: Annotated[
        str,
        typer.Option(
            "--year",
            "--period",
            metavar="PERIOD",
            show_default=False,
            help="In place of a file: the fetched files of a period.",
        ),
    ] = "",
    region: Annotated[str, typer.Option("--region", metavar="conus|W,S,E,N", help="With --year.")] = "conus",
    sources: Annotated[
        str, typer.Option("--sources", metavar="NAME,NAME…", show_default=False, help="With --year.")
    ] = "",
    cache: Annotated[
        Path | None, typer.Option("--cache", metavar="FOLDER", show_default=False, help="With --year.")
    ] = None,
    needs: Annotated[
        str,
        typer.Option("--for", metavar="PROFILE", show_default=False, help="In place of a file: what a profile reads."),
    ] = "",
) -> None:
    """Check a CSV, a cube or a task against the data contract, or fetched files against what was recorded."""
    from placeprior import data

    if what is None:
        if not year and not needs:
            raise ConfigError("name what to check: a file, a task, or --year with the period of fetched files")
        return verify(year, region, sources, cache, needs)
    path = Path(what)
    if path.suffix == ".zarr":
        _describe(what, _open_zarr(path))
    elif path.suffix.lower() == ".nc":
        _describe(what, _open(path))
    elif path.suffix or path.exists():
        _describe(what, _from_csv(path))
    elif what in data.TASKS:
        _describe(what, _told(what, lambda: data.load(what)))
    else:
        raise UnknownName("file or task", what, data.TASKS)


@app.command("from-csv", epilog="Example: placeprior data from-csv stations.csv -o stations.nc")
def from_csv(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            show_default=False,
            help="One row a station and day: "
            "station, date, lon, lat, pm25 and any predictors; units as in "
            "'wind \\[m s-1]'.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT.nc", show_default=False, help="The cube, as netCDF 3.")
    ],
) -> None:
    """Make a cube from a CSV of station-days."""
    common.target(output, (".nc",), table)
    cube = _from_csv(table)
    with common.writing(output) as part:
        cube.to_netcdf(part, engine="scipy")
    _describe(str(output), cube)


@app.command(epilog="Example: placeprior data example -o stations.csv")
def example(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT.csv", show_default=False, help="A long table, as CSV.")
    ],
    stations: Annotated[int, typer.Option(min=2, max=5000, help="How many.")] = 120,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many, from 1 January.")] = 120,
) -> None:
    """Write a small table of simulated stations, to try `placeprior compare` on."""
    from placeprior.data import example as made

    common.target(output, (".csv",))
    table = made.example(stations, days)
    with common.writing(output) as part:
        table.to_csv(part, index=False, float_format="%.6g")
    typer.echo(f"{output}: {len(table):,} rows of {stations} stations; {made.LABEL}")


@app.command(epilog="Example: placeprior data moments weather-2019 neighbours-2021 -o results/aqs/moments.csv")
def moments(
    tasks: Annotated[
        list[str], typer.Argument(metavar="TASK…", show_default=False, help="Tasks such as world or neighbours-2021.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT.csv", show_default=False, help="A table, a row a moment and a column a task."
        ),
    ] = None,
) -> None:
    """Show the moments of daily PM2.5: level, spread, tail, and how it hangs together in space and time."""
    import pandas as pd

    from placeprior import data
    from placeprior.data.world.moments import MOMENTS
    from placeprior.data.world.moments import moments as measure

    if output is not None:
        common.target(output, (".csv",))
    table = pd.DataFrame({task: measure(data.load(task)) for task in dict.fromkeys(tasks)})
    if output is not None:
        with common.writing(output) as part:
            table.to_csv(part, index_label="moment", float_format="%.4f")
    common.show(
        ["moment", "unit", *table],
        [
            (name, MOMENTS[name][0], *(f"{value:.3f}" for value in row))
            for name, row in zip(table.index, table.values, strict=True)
        ],
    )


def _from_csv(path: Path) -> xr.Dataset:
    """Read a CSV."""
    from placeprior.data import cube

    return _told(str(path), lambda: cube.from_csv(path))


def _told(what: str, read: Callable[[], xr.Dataset]) -> xr.Dataset:
    """Read something; what the reader warns of becomes one plain line each."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        made = read()
    for warning in caught:
        if warning.category is UserWarning:
            typer.echo(f"warning: {what}: {warning.message}", err=True)
    return made


def _open(path: Path) -> xr.Dataset:
    """Read and check a cube."""
    import xarray as xr

    from placeprior.data.cube import check_cube

    if not path.is_file():
        raise CubeError(f"{path}: no such file; make one with `placeprior data from-csv FILE.csv -o {path}`")
    try:
        with xr.open_dataset(path) as opened:
            cube = opened.load()
            if "station" in cube.coords and cube["station"].dtype.kind == "S":  # of a file that names no encoding
                cube = cube.assign_coords(station=cube["station"].str.decode("utf-8").astype(object))
    except (OSError, ValueError, TypeError, IndexError, KeyError) as error:
        # xarray answers a file it has no reader for with a page about installing one
        why = "no reader for its format" if "IO backends" in str(error) else str(error) or type(error).__name__
        raise CubeError(
            f"{path} cannot be read as netCDF ({why}); make it again with `placeprior data from-csv`, "
            "or convert it with `nccopy -k 64-bit-offset`"
        ) from None
    try:
        return check_cube(cube)
    except CubeError as error:
        raise CubeError(f"{path}: {error}") from None


def _open_zarr(path: Path) -> xr.Dataset:
    """Open a built cube and check it."""
    from placeprior.data.build import load
    from placeprior.data.cube import check_cube

    return check_cube(load(path))


def _describe(name: str, cube: xr.Dataset) -> None:
    import numpy as np

    from placeprior.data.cube import fingerprint

    day = cube["time"].values.astype("datetime64[D]")
    world = ", the embedded world (simulated)" if cube.attrs.get("embedded") else ""
    if "station" in cube.dims:
        size, mark = f"{cube.sizes['station']:,} stations", f"; fingerprint {fingerprint(cube)}"
    else:
        size, mark = f"{int(cube['land'].sum()):,} land cells", ""
    typer.echo(f"{name}: keeps the contract{world}; {size}, {len(day):,} days from {day[0]} to {day[-1]}{mark}")
    rows = []
    for variable, array in cube.data_vars.items():
        known = array.values[np.isfinite(array.values)]
        rows.append(
            (
                variable,
                array.attrs["units"],
                array.attrs.get("role", "-"),
                f"{known.size:,}",
                f"{1 - known.size / array.size:.1%}",
                f"{known.min():.4g}",
                f"{known.max():.4g}",
            )
        )
    common.show(["variable", "units", "role", "values", "missing", "lowest", "highest"], rows)
