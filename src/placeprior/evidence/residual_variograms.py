"""What structure in space an arm's errors have left: nugget, partial sill and range of the residuals at test stations.

Residuals of a day are divided by the standard deviation of what was measured that day at the tested stations, the same
number for every arm: nugget and sill are shares of a day's variance, and a few days of smoke do not decide for all.
Pairs are compared within days, so that an error all stations share is not seen. Beside the arms stands what was
measured, as if nothing had been estimated (:data:`MEASURED`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from placeprior.runs import store
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run
from placeprior.scores.interval import Noise, interval
from placeprior.scores.paired import squares
from placeprior.space import variogram
from placeprior.space.splits import lonlat_of

MEASURED = "measured"  # the variant of rows that are about the measurements themselves
REFERENCE = "none"
FEWEST_MONITORS = 10  # tested stations that measured on a day, for a standard deviation to divide by
WHAT = ("nugget", "sill", "range", "share")  # of the curve; the share is that of the sill in nugget and sill
GAMMA = "gamma"  # rows that hold the empirical variogram: value at ``km``
COLUMNS = ["task", "variant", "fusion", "split", "what", "km", "value", "low", "high"]
COLUMNS += ["difference", "difference_low", "difference_high", "stations", "fits"]


@dataclass(frozen=True)
class _Fit:
    """One run's residuals: empirical variogram, the numbers of :data:`WHAT`, and these without each block."""

    km: np.ndarray
    gamma: np.ndarray
    numbers: np.ndarray  # (1 + block, what); the range as its logarithm
    blocks: tuple[str, ...]
    rows: np.ndarray  # (block,) rows in each
    stations: int


def residuals(table: pd.DataFrame, stations: int, *, of: str = "error") -> np.ndarray:
    """Residuals, or what was measured, in standard deviations of the day's measurements.

    Parameters
    ----------
    table : pandas.DataFrame
        ``station, day, pm25, estimate``, as a stored run's predictions.
    stations : int
        Of the cube.
    of : {"error", "measured"}

    Returns
    -------
    ndarray, shape (station, day)
        NaN where nothing was tested, and on days with fewer than :data:`FEWEST_MONITORS` tested stations.
    """
    station, day = table["station"].to_numpy(), table["day"].to_numpy()
    pm25 = table["pm25"].to_numpy(np.float64)
    values = pm25 - (table["estimate"].to_numpy(np.float64) if of == "error" else 0.0)
    found = np.full((stations, int(day.max()) + 1), np.nan)
    counted = pd.Series(pm25).groupby(day)
    spread = counted.transform("std", ddof=0).to_numpy()
    usable = (counted.transform("size").to_numpy() >= FEWEST_MONITORS) & (spread > 0)
    found[station[usable], day[usable]] = values[usable] / spread[usable]
    return found


def collect(runs: Sequence[Run]) -> pd.DataFrame:
    """Nugget, sill and range of every arm's residuals, with intervals, and their difference to no location.

    Parameters
    ----------
    runs : sequence of Run
        Stored ones.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`. A row for each task, arm, split and number of :data:`WHAT`: its mean over fits, and its
        interval (:mod:`placeprior.scores.interval`) over blocks of the map and trainings; with one seed over places
        alone. ``difference`` is that to no location in the same fits, for the range its ratio, and has no interval with
        one seed. The range's interval is taken of its logarithm. Rows of :data:`GAMMA` have the empirical variogram, a
        mean over fits.
    """
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.task, run.split), []).append(run)
    rows = []
    for (task, split), own in groups.items():
        lonlat = lonlat_of(cube_of(own[0]))
        block = squares(lonlat)
        arms: dict[tuple[str, str], dict[tuple[int, int], _Fit]] = {}
        for run in own:
            table = store.table(run.id, "predictions")
            arms.setdefault((run.variant, run.fusion), {})[run.fold, run.seed] = _fit(table, lonlat, block)
            measured = arms.setdefault((MEASURED, "-"), {})
            if (run.fold, run.seed) not in measured:  # the same for all arms of a fit
                measured[run.fold, run.seed] = _fit(table, lonlat, block, of="measured")
        base = arms.get((REFERENCE, "-"), {})
        for arm, fits in arms.items():
            rows += [[task, *arm, split, *row] for row in _rows(fits, {} if arm[0] == REFERENCE else base)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _fit(table: pd.DataFrame, lonlat: np.ndarray, block: np.ndarray, of: str = "error") -> _Fit:
    values = residuals(table, len(lonlat), of=of)
    used = np.isfinite(values).any(1)
    curves = variogram.structure(values, lonlat, block)
    nugget, sill, km = curves.T
    share = sill / (nugget + sill)
    names, where = np.unique(block[used], return_inverse=True)
    count = np.bincount(where, np.isfinite(values[used]).sum(1))
    numbers = np.stack([nugget, sill, np.log(km), share], axis=1)
    return _Fit(*variogram.empirical(values, lonlat)[:2], numbers, tuple(names), count, int(used.sum()))


def _rows(fits: dict[tuple[int, int], _Fit], base: dict[tuple[int, int], _Fit]) -> list[list[object]]:
    """What :func:`collect` says of one arm in one split, after the columns that name it."""
    stations = len(fits) and max(fit.stations for fit in fits.values())
    own = _intervals(fits)
    shared = {key: fit for key, fit in fits.items() if key in base}
    apart = _intervals(shared, base) if shared else np.full((3, len(WHAT)), np.nan)
    rows: list[list[object]] = []
    for number, what in enumerate(WHAT):
        said = [np.exp(part) if what == "range" else part for part in (own[:, number], apart[:, number])]
        rows.append([what, np.nan, *said[0], *said[1], stations, len(fits)])
    points = pd.concat([pd.DataFrame({"km": fit.km, "gamma": fit.gamma}) for fit in fits.values()])
    classes = points.groupby(np.searchsorted(variogram.edges(), points["km"]))  # a fit may lack a class of distance
    rows += [[GAMMA, *point, *[np.nan] * 5, stations, len(fits)] for point in classes.mean().itertuples(index=False)]
    return rows


def _intervals(fits: dict[tuple[int, int], _Fit], base: dict[tuple[int, int], _Fit] | None = None) -> np.ndarray:
    """Value, low and high of each number (3, what), of fits or of what they have more than others of the same rows."""
    names = sorted({name for fit in fits.values() for name in fit.blocks})
    values, without, rows = [], [], []
    for key, fit in fits.items():
        numbers = fit.numbers - (base[key].numbers if base else 0.0)
        place = [names.index(name) for name in fit.blocks]
        left = np.tile(numbers[0], (len(names), 1))  # a block that a fit does not test changes nothing
        left[place] = np.where(np.isfinite(numbers[1:]), numbers[1:], numbers[0])
        count = np.zeros(len(names))
        count[place] = fit.rows
        values.append(numbers[0])
        without.append(left)
        rows.append(np.tile(count[:, None], (1, len(WHAT))))
    found = interval(
        np.stack(values, -1),
        np.stack(without, -1),
        np.stack(rows, -1),
        [fold for fold, _ in fits],
        # With one seed nothing tells the chance of training: a number has its interval over places, a difference none.
        Noise(np.nan, np.nan) if base else Noise(0.0, 1.0),
    )
    return np.array([found[part] for part in ("difference", "low", "high")])
