"""What a computation costs as it grows: processor seconds against stations, days, window, width, places and grid.

Inputs are made up, except for the map, which is a stored run's. Every size of a quantity is measured in turn, several
times, and the best counts: processor time and its best are nearly the same on a busy machine as on a quiet one. What
a quantity costs is expected to grow with a power of it, whose exponent is counted from the arithmetic beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from scipy.stats import linregress

from placeprior import coords, encoders
from placeprior.network.model import PlaceModel
from placeprior.network.sizes import SIZES
from placeprior.network.training import train
from placeprior.network.windows import Windows
from placeprior.runs import networks
from placeprior.runs.daily_maps import Mapper, fields_on
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run

ROUNDS = 2
FEATURES, STATIONS, DAYS = 10, 100, 60
ROWS = 1024  # of a training whose window or width grows
#: Of each quantity its unit, the exponent that the arithmetic gives, and its sizes.
GROWING: dict[str, tuple[str, float, tuple[float, ...]]] = {
    "stations": ("stations, one epoch", 1, (100, 200, 400)),
    "days": ("days, one epoch", 1, (60, 120, 240)),
    "window": ("days of a window, one epoch", 1, (5, 9, 14, 21)),
    "width": ("units, one epoch", 2, (64, 128, 256)),
    "encoder": ("places, GeoCLIP", 1, (5_000, 10_000, 20_000)),
    "grid": ("cells along a degree, one map", 2, (0.5, 1, 2)),
}


def collect(runs: Sequence[Run]) -> pd.DataFrame:
    """Measure everything, on one thread.

    Parameters
    ----------
    runs : sequence of Run
        Of which the first is mapped.

    Returns
    -------
    pandas.DataFrame
        Columns ``what, size, seconds``: processor time; and of each quantity what :func:`slopes` tells of it.
    """
    rows = []
    with networks.one_thread():
        for what, (_, _, sizes) in GROWING.items():
            tasks = [_task(what, size, runs[0]) for size in sizes]
            for task in tasks[:1]:
                task()  # what is loaded once is no part of the cost
            best = np.min([[_seconds(task) for task in tasks] for _ in range(ROUNDS)], axis=0)
            rows += [(what, size, seconds) for size, seconds in zip(sizes, best, strict=True)]
    table = pd.DataFrame(rows, columns=["what", "size", "seconds"])
    return table.join(slopes(table), on="what")


def slopes(table: pd.DataFrame) -> pd.DataFrame:
    r"""The exponent that was measured beside the one expected.

    Least squares of :math:`\log t = a \log n + b` over the sizes of each quantity.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``what, size, seconds``.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``what``: ``expected``, ``slope``, ``error`` (its standard error) and ``off`` (how far it is from the
        expected one, either way).
    """
    rows = {}
    for what, own in table.groupby("what", sort=False):
        fit, expected = linregress(np.log(own["size"]), np.log(own["seconds"])), GROWING[what][1]
        rows[what] = expected, fit.slope, fit.stderr, abs(fit.slope - expected)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["expected", "slope", "error", "off"])


def _seconds(task: Callable[[], object]) -> float:
    started = time.process_time()
    task()
    return time.process_time() - started


def _task(what: str, size: float, run: Run) -> Callable[[], object]:
    """The computation at one size."""
    if what == "encoder":
        west, south, east, north = coords.CONUS_BOX
        places = np.random.default_rng(0).uniform((west, south), (east, north), (int(size), 2))
        encoder = encoders.load("geoclip")
        return lambda: encoder(places)
    if what == "grid":
        day = cube_of(run)["time"].values[-1:]
        mapper, fields = Mapper(run), fields_on(run, day, coords.grid(1 / size))
        return lambda: mapper.on(fields)
    return _training(**{what: int(size)})


def _training(*, stations: int = STATIONS, days: int = DAYS, window: int = 7, width: int = 16) -> Callable[[], object]:
    """One epoch on made-up station-days: on all of them, or on ROWS where the network is what grows."""
    config = SIZES["demo"].with_(window=window, width=width, epochs=1)
    rng = np.random.default_rng(0)
    features = rng.normal(size=(stations, days, FEATURES)).astype(np.float32)
    data = Windows(features, window, target=rng.normal(size=(stations, days)).astype(np.float32))
    rows = data.rows(np.broadcast_to(np.arange(days) >= window - 1, (stations, days)))
    if (window, width) != (7, 16):
        rows = rows[:ROWS]
    held = rows[: config.batch]

    def epoch() -> None:
        model = PlaceModel(FEATURES, width=width, summary=config.summary, generator=torch.Generator().manual_seed(0))
        train(model, data, rows, held, config, huber=1.0, seed=0)

    return epoch
