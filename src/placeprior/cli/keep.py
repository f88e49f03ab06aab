"""``placeprior fit`` and ``placeprior predict``: keep a network of a comparison, and estimate elsewhere with it."""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from placeprior.cli import common
from placeprior.errors import ConfigError, CubeError

if TYPE_CHECKING:
    import numpy as np

    from placeprior.runs.keeping import Kept
    from placeprior.runs.predicting import Estimates, Predictor

FIT = "Example: placeprior fit report -o model"
PREDICT = "Example: placeprior predict model places.csv -o estimates.csv"
TABLES, GRIDS = (".csv", ".parquet"), (".nc", ".zarr")
HALF = 0.5  # of a window's predictors


def fit(
    report: Annotated[
        Path, typer.Argument(metavar="REPORT", help="The folder that `placeprior compare` wrote.")
    ] = Path("report"),
    arm: Annotated[
        str,
        typer.Option(
            "--arm",
            metavar="MODEL",
            show_default=False,
            help="Such as geoclip/hadamard; else the best on validation rows.",
        ),
    ] = "",
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the model is kept.")] = Path(
        "model"
    ),
) -> None:
    """Train a network of a comparison on all of its data, and keep it: weights, scaling and what intervals need."""
    folder, kept = report.resolve() / "work", output.resolve()
    if not (folder / "about.json").is_file():
        raise ConfigError(f"{report} holds no comparison; make it with `placeprior compare STATIONS -o {report}`")
    with contextlib.chdir(folder):
        from placeprior.arms import RIVALS
        from placeprior.book import yours
        from placeprior.errors import UnknownName
        from placeprior.runs import keeping
        from placeprior.runs.comparing import PROFILE

        mine = yours.load(PROFILE)
        question = mine.question[0]
        known = list(
            dict.fromkeys(run.model for run in mine.runs if run.variant not in RIVALS and run.split == question)
        )
        model = arm or mine.chosen[0]
        if model not in known:
            raise UnknownName("arm of this comparison", model, known)
        own = [run for run in mine.runs if run.model == model and run.split == question]
        errors = keeping.residuals(own)
        about = {name: mine.about[name] for name in ("target", "unit", "table", "embedded")} | {"split": question}
        keeping.keep(own[0], mine.cube, errors, kept, about)
    rows = f"{int(mine.about['rows']):,} rows"
    typer.echo(
        f"{output}: {model}, trained on all {rows}; intervals from {errors['station'].nunique()} stations "
        f"held out ({question})"
    )


def predict(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", show_default=False, help="The folder that `placeprior fit` wrote.")
    ],
    where: Annotated[
        Path,
        typer.Argument(
            metavar="PLACES",
            show_default=False,
            help=(
                "Places, days and predictors: a long table (CSV, Parquet), netCDF/Zarr on (time, lat, lon) "
                "or (station, time)."
            ),
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="OUT", show_default=False, help="CSV or Parquet; of a grid, .nc or .zarr."
        ),
    ],
    level: Annotated[
        float, typer.Option("--level", min=0.5, max=0.99, help="How often the interval is to hold.")
    ] = 0.9,
) -> None:
    """Estimate at new places and days, each with an interval, and flag what is unlike the training stations."""
    import numpy as np

    from placeprior.runs import gridded, keeping
    from placeprior.runs.predicting import Predictor

    is_grid = where.suffix in GRIDS and gridded.is_grid(where)
    if not is_grid and where.suffix in GRIDS and output.suffix in GRIDS:
        raise CubeError(
            f"{where} is no grid, with dimensions of time, latitude and longitude: rename them, or, if it is of "
            f"stations, name the output {' or '.join(f'*{suffix}' for suffix in TABLES)}"
        )
    common.target(output, GRIDS if is_grid else TABLES, where)
    common.refuse_output(output)
    kept = keeping.read(model.resolve())
    work = Predictor(kept, level)
    made = _grid(work, where, output) if is_grid else _table(work, where, output)
    simulated = " (simulated)" * bool(kept.about["embedded"])
    typer.echo(f"{output}: {kept.about['target']} [{kept.about['unit']}]{simulated}, {made}")
    if not np.isfinite(work.half):
        typer.echo(
            f"note: too few stations were held out for intervals that hold {level:.0%} of the time: they have no bounds"
        )
    else:
        typer.echo(
            f"intervals of {level:.0%}: +- {work.half:.3g}, from errors at stations held out ({kept.about['split']})"
        )


def _padded(kept: Kept) -> int:
    """How many days of unknown history are put before the first day; none where the days' neighbours are inputs."""
    return 0 if kept.cube.attrs.get("neighbours") else kept.run.window - 1


def _table(work: Predictor, where: Path, output: Path) -> str:
    """Estimate at every row of a table."""
    import numpy as np
    import pandas as pd

    from placeprior.data.columns import Choice
    from placeprior.data.slips import elsewhere
    from placeprior.data.stations import TAKEN, column_of, read
    from placeprior.data.survey import jumps
    from placeprior.runs.predicting import cleared
    from placeprior.space.splits import lonlat_of

    kept = work.kept
    own = [name for name in kept.predictors if name not in TAKEN]
    found = read(where, Choice(), target=False, needed=[column_of(name) for name in own])
    cube, notes = found.cube, found.notes
    for name in own:
        cube[name].values, codes, odd = cleared(kept, name, cube[name].values, cube[name].attrs["units"])
        notes += [f"{name} is {code:g} in {count:,} rows: taken for missing" for code, count in codes.items()]
        notes += [odd] * bool(odd)
    lonlat, parts = lonlat_of(cube), []
    for line in (*notes, elsewhere(lonlat, kept.inputs.lonlat), jumps(cube)):
        if line:
            typer.echo(f"note: {line}")
    before = _padded(kept)
    time = np.arange(
        cube["time"].values[0].astype("datetime64[D]") - before, cube["time"].values[-1].astype("datetime64[D]") + 1
    )
    station, day = found.at
    skipped = 0 if before else kept.run.window - 1
    for piece in work.pieces(len(lonlat), len(time)):
        values = np.stack([cube[name].values[piece] for name in kept.predictors], -1)
        values = np.concatenate([np.full((len(values), before, values.shape[-1]), np.nan, np.float32), values], 1)
        made = work.at(values, time.astype("datetime64[ns]"), lonlat[piece])
        rows = np.flatnonzero((station >= piece.start) & (station < piece.stop) & (day >= skipped))
        parts.append(_rows(made, station[rows] - piece.start, day[rows] - skipped, rows))
    table = pd.concat(parts).sort_values("row")
    rows = table.pop("row").to_numpy()
    table.insert(0, "lat", lonlat[station[rows], 1])
    table.insert(0, "lon", lonlat[station[rows], 0])
    table.insert(0, "date", cube["time"].values[day[rows]].astype("datetime64[D]").astype(str))
    table.insert(0, "station", cube["station"].values[station[rows]])
    with common.writing(output) as part:
        table.to_parquet(part, index=False) if output.suffix == ".parquet" else table.to_csv(
            part, index=False, float_format="%.6g"
        )
    _say_history(table["history_known"].to_numpy(), "rows")
    flagged = table[["far", "unlike_place", "unlike_inputs"]].any(axis=1).mean()
    lost = f"; the first {skipped} days are history only" if skipped else ""
    return (
        f"{len(table):,} rows at {len(lonlat):,} places, {flagged:.0%} of them flagged as unlike the "
        f"training stations{lost}"
    )


def _rows(made: Estimates, station: np.ndarray, day: np.ndarray, rows: np.ndarray):
    import pandas as pd

    return pd.DataFrame(
        {
            "row": rows,
            "estimate": made.estimate[station, day],
            "low": made.low[station, day],
            "high": made.high[station, day],
            "nearest_station_km": made.km[station].round(1),
            "far": made.far[station],
            "unlike_place": made.strange[station],
            "unlike_inputs": made.unusual[station, day],
            "history_known": made.known[station, day].round(3),
        }
    )


def _say_history(known: np.ndarray, what: str) -> None:
    """Say where little or nothing is known of the window."""
    if blank := (known == 0).mean():
        typer.echo(f"note: {blank:.0%} of the {what} have no predictor on any day of their window: no estimate there")
    if little := ((known > 0) & (known < HALF)).mean():
        typer.echo(
            f"note: {little:.0%} of the {what} know less than half of their window (history_known): what is unknown is "
            "told as the mean, and their intervals, of full windows, promise too much"
        )


def _grid(work: Predictor, where: Path, output: Path) -> str:
    """Estimate on a grid, some rows of it at a time."""
    import numpy as np
    import xarray as xr

    from placeprior.coords import wrapped
    from placeprior.data.slips import elsewhere
    from placeprior.runs.gridded import Grid

    kept = work.kept
    grid = Grid(where, kept)
    some = np.stack(
        np.meshgrid(wrapped(grid.lon)[:: 1 + grid.lon.size // 50], grid.lat[:: 1 + grid.lat.size // 50]), -1
    )
    for line in (*grid.notes, elsewhere(some.reshape(-1, 2), kept.inputs.lonlat)):
        if line:
            typer.echo(f"note: {line}")
    before = _padded(kept)
    time = np.arange(grid.days[0] - before, grid.days[-1] + 1).astype("datetime64[ns]")
    days = grid.days if before else grid.days[kept.run.window - 1 :]
    shape = (len(days), len(grid.lat), len(grid.lon))
    out = {name: np.full(shape, np.nan, np.float32) for name in ("estimate", "low", "high", "known")}
    flag = np.zeros(shape, np.int8)
    step = max(1, next(work.pieces(10**9, len(time))).stop // len(grid.lon))
    for rows, values, lonlat in grid.pieces(step):
        values = np.concatenate([np.full((len(values), before, values.shape[-1]), np.nan, np.float32), values], 1)
        made = work.at(values, time, lonlat)
        for name in out:
            out[name][:, rows] = getattr(made, name).T.reshape(len(days), -1, shape[2])
        flags = made.far[:, None] + 2 * made.strange[:, None] + 4 * made.unusual
        flag[:, rows] = flags.T.reshape(len(days), -1, shape[2])
    grid.close()
    unit, name = kept.about["unit"], kept.about["target"]
    known, dims = out.pop("known"), grid.dims
    made = xr.Dataset(
        {key: (dims, value, {"units": unit, "long_name": f"{key} of {name}"}) for key, value in out.items()},
        coords=dict(zip(dims, (days.astype("datetime64[ns]"), grid.lat, grid.lon), strict=True)),
    )
    words = "1 far from every station, 2 a place vector unlike theirs, 4 inputs unlike theirs; added"
    made["unlike"] = (dims, flag, {"units": "1", "long_name": words})
    share = "share of the predictors of the window that were known"
    made["history_known"] = (dims, known, {"units": "1", "long_name": share})
    made.attrs = {"title": f"{name}, estimated by {kept.run.model}", "embedded": int(kept.about["embedded"])}
    with common.writing(output) as part, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of Zarr, that not every reader knows consolidated metadata
        made.to_zarr(part) if output.suffix == ".zarr" else made.to_netcdf(part, engine="scipy")
    _say_history(known, "cells and days")
    return (
        f"{shape[1]:,} x {shape[2]:,} cells on {shape[0]:,} days, {(flag > 0).mean():.0%} of them flagged "
        "as unlike the training stations"
    )
