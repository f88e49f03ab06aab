"""Peak resident memory of training, from a cube to its estimates, each size in a process of its own.

Run with ``make bench``, which keeps the table in ``memory.txt``. A made-up cube of real size goes the whole way that a
run goes: split, scaling, windows, one epoch, estimates of what is held out, scores. The network is small, so that
reading all station-days takes minutes: its memory is little beside theirs, and the paper's adds what it is said to.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from placeprior.provenance import processor

HERE = Path(__file__).resolve()
PREDICTORS = 19
#: What is trained: stations, days, size of the network, its epochs' rows (all when None), and what it may take.
SIZES = {
    "a year of 1,000 stations, study": (1_000, 365, "study", None, 1.5),
    "a year of 1,000 stations, paper, 20 batches": (1_000, 365, "paper", 20 * 256, 1.5),
    "17 years of 500 stations, study, 40 batches": (500, 6_209, "study", 40 * 512, 8.0),
}


def cube(stations: int, days: int) -> xr.Dataset:
    """Made-up station-days under the data contract, float32."""
    rng = np.random.default_rng(0)
    west, south, east, north = -124, 25, -67, 49
    lonlat = rng.uniform((west, south), (east, north), (stations, 2))

    def values() -> tuple[tuple[str, str], np.ndarray, dict[str, str]]:
        made = rng.standard_normal((stations, days), np.float32)
        return ("station", "time"), made, {"units": "1", "long_name": "made up", "role": "predictor"}

    names = [f"predictor_{number:02}" for number in range(PREDICTORS)]
    target = ("station", "time"), values()[1] + 9, {"units": "µg m-3", "long_name": "PM2.5", "role": "target"}
    return xr.Dataset(
        {"pm25": target} | {name: values() for name in names},
        coords={
            "station": np.array([f"s{number:04}" for number in range(stations)], object),
            "time": np.arange("2003-01-01", days, dtype="datetime64[D]").astype("datetime64[ns]"),
            "lon": ("station", lonlat[:, 0], {"units": "degrees_east"}),
            "lat": ("station", lonlat[:, 1], {"units": "degrees_north"}),
        },
        attrs={"title": "made up", "source": "made up", "embedded": 0, "licence": "MIT"},
    )


def peak() -> float:
    """GiB at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def some(rows: Any, most: int) -> Any:
    """At most so many rows, drawn from all of them: a tensor (n, 2)."""
    return rows[np.random.default_rng(0).permutation(len(rows))[:most]]


def one(name: str) -> dict[str, float]:
    """Train at one size; GiB after imports, with the cube, and at the peak, and processor seconds."""
    import torch

    from placeprior.network.sizes import SIZES as KNOWN
    from placeprior.network.windows import Windows
    from placeprior.runs.inputs import Inputs
    from placeprior.runs.making import trained
    from placeprior.runs.plan import Run
    from placeprior.space.splits import split

    stations, days, size, most, _ = SIZES[name]
    torch.set_num_threads(1)
    found = {"imports": peak()}
    made = cube(stations, days)
    found["cube"] = peak()
    config = asdict(KNOWN[size].with_(epochs=1))
    inputs = Inputs(
        Run("made-up", "geoclip", "hadamard", "spatial", 1, 0, {}, "-", config), made, split("spatial", made, 0)
    )
    if most is not None:  # some batches drawn from all of the data: every other one takes the same room
        every = Windows.rows
        Windows.rows = lambda self, mask: some(every(self, mask), most)
    trained(inputs, "cpu")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return found | {"peak": peak(), "seconds": usage.ru_utime + usage.ru_stime}


def main() -> None:
    """Measure each size in a process of its own, print and keep the table."""
    lines = [f"{'peak resident memory, GiB':46}{'imports':>9}{'cube':>9}{'peak':>9}{'at most':>9}{'core s':>9}"]
    print(lines[0], flush=True)
    for name, (*_, most) in SIZES.items():
        lifted = os.environ | processor.LIFTED  # the study computes in bfloat16
        done = subprocess.run([sys.executable, str(HERE), name], env=lifted, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{name} failed:\n{done.stderr[-2000:]}")
        found = json.loads(done.stdout.strip().splitlines()[-1])
        numbers = f"{found['imports']:9.2f}{found['cube']:9.2f}{found['peak']:9.2f}{most:9.1f}{found['seconds']:9.0f}"
        lines.append(f"{name:46}{numbers}")
        print(lines[-1], flush=True)
    HERE.with_suffix(".txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        print(json.dumps(one(sys.argv[1])))
    else:
        main()
