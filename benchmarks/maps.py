"""Maps: places x days a second of a year's maps, written to Zarr, against the network alone; and what 1 km would take.

Run with ``make bench``, which keeps the table in ``maps.txt``. A network of random weights at the study's size, with
GeoCLIP's vectors, maps made-up fields through :func:`placeprior.runs.atlas.write`, as ``placeprior map --year`` does.
The network alone estimates as many windows that are gathered and scaled already. Both on one thread, in turns, by
processor time. Where the fields come from (a file, a simulation) is not counted: they lie in memory.
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from placeprior import coords
from placeprior.encoders import embed
from placeprior.network.sizes import SIZES
from placeprior.network.training import PREDICT_BATCH
from placeprior.network.windows import Scaler
from placeprior.runs import atlas, daily_maps, inputs, networks
from placeprior.runs.plan import Run
from placeprior.runs.reckoning import DEVICE, DOLLARS, NATION, REACHED, YEAR, operations
from placeprior.space.splits import split

HERE = Path(__file__).resolve()
PREDICTORS, STATIONS, DAYS, DEGREES, ROUNDS = 19, 60, 31, 1.0, 3


def made_up() -> tuple[Run, xr.Dataset, xr.Dataset]:
    """A run at the study's size, the cube of its stations, and fields of a month and the days before it."""
    rng = np.random.default_rng(0)
    config = SIZES["study"].with_(precision="float32")
    lon, lat = coords.grid(DEGREES)
    days = np.arange("2021-01-01", DAYS + config.window - 1, dtype="datetime64[D]").astype("datetime64[ns]")
    land = coords.inside(coords.cells(lon, lat)).reshape(len(lat), len(lon))
    names = [f"predictor_{number:02}" for number in range(PREDICTORS)]
    fields = xr.Dataset(
        {n: (("time", "y", "x"), rng.standard_normal((len(days), *land.shape), np.float32)) for n in names},
        coords={"time": days, "lon": ("x", lon), "lat": ("y", lat), "land": (("y", "x"), land)},
    )
    shape = ("station", "time"), rng.standard_normal((STATIONS, len(days)), np.float32)
    places = coords.cells(lon, lat)[land.ravel()][rng.permutation(land.sum())[:STATIONS]] + 0.1
    cube = xr.Dataset(
        {"pm25": (*shape, {"role": "target"})} | {name: (*shape, {"role": "predictor"}) for name in names},
        coords={"time": days, "lon": ("station", places[:, 0]), "lat": ("station", places[:, 1])},
        attrs={"embedded": 0},
    )
    about = {"load": "made-up", "options": {}}
    return Run("made-up", "geoclip", "hadamard", "spatial", 1, 0, about, "-", asdict(config)), cube, fields


class Made(daily_maps.Mapper):
    """A mapper of a network that was not trained and is not stored."""

    def __init__(self, run: Run, cube: xr.Dataset) -> None:
        scale = {"x_scale": (PREDICTORS, 1.0), "y_scale": (1, 1.0), "place_scale": (512, 0.01)}
        self.run, self.chunk, self.device = run, 20_000, "cpu"
        self.scalers = {
            name: Scaler(np.zeros(n, np.float32), np.full(n, s, np.float32)) for name, (n, s) in scale.items()
        }
        self.model = networks.build_model(run, PREDICTORS, 512).eval()
        self.inputs = inputs.Inputs(run, cube, split("spatial", cube, 0), self.scalers)


def alone(model: torch.nn.Module, rows: int, window: int, dim: int) -> float:
    """Processor seconds of the network for so many rows, which lie in memory."""
    x, place = torch.randn(PREDICT_BATCH, window, PREDICTORS), torch.randn(PREDICT_BATCH, dim)
    started = time.process_time()
    with torch.inference_mode():
        for size in [PREDICT_BATCH] * (rows // PREDICT_BATCH) + [rows % PREDICT_BATCH]:
            model(x[:size], place[:size], return_attention=True)
    return time.process_time() - started


def main() -> None:
    """Measure in turns, plan, print and keep the table."""
    torch.set_num_threads(1)
    run, cube, fields = made_up()
    made, days = Made(run, cube), fields["time"].values[run.window - 1 :]
    atlas._mapper = lambda run: made
    inputs.cube_of = atlas.cube_of = daily_maps.cube_of = lambda run: cube
    cells = int(fields["land"].sum())
    rows, best = cells * len(days), {}
    lonlat = coords.cells(fields["lon"].values, fields["lat"].values)[fields["land"].values.ravel()]
    embed("geoclip", lonlat)  # kept on disk from the first map of a grid on
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            started = time.process_time()
            atlas.write(run, days, fields, Path(folder) / "maps.zarr", cells=2_000)
            spent = {"maps of a year, written": time.process_time() - started}
        started = time.process_time()
        made.on(fields)
        spent["maps, not written"] = time.process_time() - started
        spent["the network alone"] = alone(made.model, rows, run.window, 512)
        best = {name: min(seconds, best.get(name, np.inf)) for name, seconds in spent.items()}
    rate = {name: rows / seconds for name, seconds in best.items()}
    share = rate["maps of a year, written"] / rate["the network alone"]
    lines = [
        f"{cells:,} land cells x {len(days)} days, {run.settings.width} units, window {run.window}, "
        f"{PREDICTORS} predictors, GeoCLIP's vectors, one thread, processor time, "
        f"in turns, best of {ROUNDS}, at a load of {os.getloadavg()[0]:.1f}",
        f"{'':28}{'cells x days, 1/s':>20}{'share':>9}",
        *(f"{name:28}{one:20,.0f}{one / rate['the network alone']:9.2f}" for name, one in rate.items()),
        f"throughput of maps against the network alone: {share:.2f}",
        "",
        *plan(rate["maps of a year, written"]),
        f"torch {torch.__version__}, {platform.machine()}",
    ]
    print("\n".join(lines))
    HERE.with_suffix(".txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def plan(core: float) -> list[str]:
    """A national year at 1 km: by the rate of a core measured here, and on GPUs by the operations counted."""
    rows, base = NATION * YEAR, 0.0
    lines = [
        f"a national year at 1 km: {NATION:,} cells x {YEAR} days. One core: at the rate measured above. GPUs: NOT "
        "measured; "
        f"operations counted, at {REACHED:.0%} of {DEVICE / 1e12:.0f} TFLOP/s, {DOLLARS:.0f} dollars an hour",
        f"{'network':10}{'GFLOP a cell and day':>22}{'one core, days':>16}{'1 GPU, h':>10}"
        f"{'8 GPUs, h':>11}{'dollars':>9}",
    ]
    for size in ("study", "paper"):
        config = SIZES[size].with_(precision="float32")
        model = networks.build(config, "hadamard", PREDICTORS, 512, 0).eval()
        work = operations(model, config.window, PREDICTORS, 512)
        base = base or work
        hours = rows * work / (DEVICE * REACHED) / 3600
        days = rows * (work / base) / core / 86_400
        lines.append(f"{size:10}{work / 1e9:22.4f}{days:16,.1f}{hours:10.2f}{hours / 8:11.3f}{hours * DOLLARS:9.2f}")
    return lines


if __name__ == "__main__":
    main()
