"""``placeprior fit`` and ``placeprior predict``: keep a network of a comparison, and estimate elsewhere with it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from placeprior.cli import common
from placeprior.errors import ConfigError, CubeError

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from placeprior.runs.keeping import Kept
    from placeprior.runs.predicting import Estimates, Predictor

FIT = "Example: placeprior fit report -o model"
PREDICT = "Example: placeprior predict model places.csv -o estimates.csv"
TABLES, GRIDS = (".csv", ".parquet"), (".nc", ".zarr")


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

    from placeprior.runs import keeping
    from placeprior.runs.predicting import Predictor

    gridded = where.suffix in GRIDS and _is_grid(where)
    common.target(output, GRIDS if gridded else TABLES, where)
    kept = keeping.read(model.resolve())
    work = Predictor(kept, level)
    made = _grid(work, where, output) if gridded else _table(work, where, output)
    typer.echo(f"{output}: {kept.about['target']} [{kept.about['unit']}], {made}")
    if not np.isfinite(work.half):
        typer.echo(
            f"note: too few stations were held out for intervals that hold {level:.0%} of the time: they have no bounds"
        )
    else:
        typer.echo(
            f"intervals of {level:.0%}: +- {work.half:.3g}, from errors at stations held out ({kept.about['split']})"
        )


def _is_grid(path: Path) -> bool:
    from placeprior.data.columns import USUAL, plain
    from placeprior.data.labelled import open_labelled

    if not path.exists():
        raise CubeError(f"{path}: no such file; give places and days")
    with open_labelled(path) as opened:
        names = {plain(str(name)) for name in opened.dims}
    return all(names & set(USUAL[part]) for part in ("date", "lon", "lat"))


def _padded(kept: Kept, time: np.ndarray) -> int:
    """How many days of unknown history are put before the first day; none where the days' neighbours are inputs."""
    return 0 if kept.cube.attrs.get("neighbours") else kept.run.window - 1


def _lacking(kept: Kept, names: list[str], where: Path) -> None:
    lacking = [name for name in kept.predictors if name not in names]
    if lacking:
        raise CubeError(
            f"{where} has no {', '.join(lacking)}, which the model was trained with; add "
            f"{'them' if len(lacking) > 1 else 'it'} (empty cells where unknown)"
        )


def _table(work: Predictor, where: Path, output: Path) -> str:
    """Estimate at every row of a table."""
    import numpy as np
    import pandas as pd

    from placeprior.data.columns import Choice
    from placeprior.data.stations import read
    from placeprior.space.splits import lonlat_of

    kept = work.kept
    found = read(where, Choice(), target=False)
    for note in found.notes:
        typer.echo(f"note: {note}")
    cube = found.cube
    _lacking(kept, [str(name) for name in cube.data_vars], where)
    before = _padded(kept, cube["time"].values)
    time = np.arange(
        cube["time"].values[0].astype("datetime64[D]") - before, cube["time"].values[-1].astype("datetime64[D]") + 1
    )
    station, day = found.at
    lonlat, parts = lonlat_of(cube), []
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


def _grid(work: Predictor, where: Path, output: Path) -> str:
    """Estimate on a grid, some rows of it at a time."""
    import numpy as np
    import xarray as xr

    from placeprior.data.labelled import dimension, open_labelled

    kept = work.kept
    with open_labelled(where) as grid:
        t, y, x = (dimension(tuple(grid.dims), part, str(where)) for part in ("date", "lat", "lon"))
        for name, kinds, what in ((t, "M", "dates"), (y, "fiu", "degrees"), (x, "fiu", "degrees")):
            if name not in grid.coords or grid[name].dtype.kind not in kinds:
                raise CubeError(f"{where}: its dimension {name} has no coordinate of {what}; give it one, or rename it")
        grid = _calendar(grid, t)
        _lacking(kept, [str(name) for name in grid.variables], where)
        days = grid[t].values.astype("datetime64[D]")
        if (np.diff(days).astype(int) != 1).any():
            raise CubeError(f"{where}: the days are not one after the other; reindex {t} to every day")
        before = _padded(kept, days)
        time = np.arange(days[0] - before, days[-1] + 1).astype("datetime64[ns]")
        kept_days = days if before else days[kept.run.window - 1 :]
        lon = grid[x].values
        shape = (len(kept_days), grid.sizes[y], grid.sizes[x])
        out = {name: np.full(shape, np.nan, np.float32) for name in ("estimate", "low", "high")}
        flag = np.zeros(shape, np.int8)
        cells = grid.sizes[x] * len(time)
        step = max(1, next(work.pieces(10**9, len(time))).stop // max(grid.sizes[x], 1)) if cells else 1
        for first in range(0, grid.sizes[y], step):
            rows = slice(first, min(first + step, grid.sizes[y]))
            part = grid.isel({y: rows})
            values = np.stack([_field(part, name, t, y, x) for name in kept.predictors], -1).astype(np.float32)
            lonlat = np.stack(np.meshgrid((lon + 180) % 360 - 180, part[y].values), -1).reshape(-1, 2)
            values = values.reshape(len(lonlat), len(days), -1)
            values = np.concatenate([np.full((len(values), before, values.shape[-1]), np.nan, np.float32), values], 1)
            made = work.at(values, time, lonlat)
            for name in out:
                out[name][:, rows] = getattr(made, name).T.reshape(len(kept_days), -1, shape[2])
            flags = made.far[:, None] + 2 * made.strange[:, None] + 4 * made.unusual
            flag[:, rows] = flags.T.reshape(len(kept_days), -1, shape[2])
        unit, name = kept.about["unit"], kept.about["target"]
        made = xr.Dataset(
            {key: ((t, y, x), value, {"units": unit, "long_name": f"{key} of {name}"}) for key, value in out.items()},
            coords={t: kept_days.astype("datetime64[ns]"), y: grid[y].values, x: lon},
        )
        words = "1 far from every station, 2 a place vector unlike theirs, 4 inputs unlike theirs; added"
        made["unlike"] = ((t, y, x), flag, {"units": "1", "long_name": words})
    made.attrs = {"title": f"{name}, estimated by {kept.run.model}", "embedded": int(kept.about["embedded"])}
    with common.writing(output) as part:
        made.to_zarr(part) if output.suffix == ".zarr" else made.to_netcdf(part, engine="scipy")
    return (
        f"{shape[1]:,} x {shape[2]:,} cells on {shape[0]:,} days, {(flag > 0).mean():.0%} of them flagged "
        "as unlike the training stations"
    )


def _calendar(grid: xr.Dataset, t: str) -> xr.Dataset:
    from placeprior.data.calendar import season

    made = dict(zip(("doy_sin", "doy_cos"), season(grid[t].dt.dayofyear.values), strict=True))
    return grid.assign({name: (t, values) for name, values in made.items() if name not in grid})


def _field(grid: xr.Dataset, name: str, t: str, y: str, x: str) -> np.ndarray:
    """A predictor on (y, x, time), whatever of these it varies along."""
    whole = {dim: grid.sizes[dim] for dim in (y, x, t)}
    return grid[name].variable.set_dims(whole).transpose(*whole).values
