"""How sure an estimate is: the mean over seeds as an ensemble, and conformal intervals around it, per split and arm.

Intervals are calibrated on a run's validation stations, which lie as its split draws them: among the training stations,
or in whole regions set aside (splits named ``…+regions``).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

from placeprior.arms import RIVALS
from placeprior.errors import ConfigError, StoreError
from placeprior.runs import store
from placeprior.runs.inputs import cube_of, parts_of
from placeprior.runs.plan import Run
from placeprior.scores.conformal import coverage, radius
from placeprior.scores.paired import BLOCK_KM, squares
from placeprior.space.correlogram import correlation_range
from placeprior.space.splits import lonlat_of

LEVELS = (0.5, 0.8, 0.9)
CELL = ["task", "variant", "fusion", "split", "fold"]


def collect(runs: list[Run]) -> pd.DataFrame:
    """Scores of the ensemble of each cell's seeds, and coverage and width of its intervals.

    Parameters
    ----------
    runs : list of Run
        Stored runs of networks.

    Returns
    -------
    pandas.DataFrame
        One row a cell (:data:`CELL`) and level: ``regime`` (``WR`` or ``OoR``), ``seeds``; ``single``, the mean test R2
        of its seeds, and ``ensemble``, that of their mean estimate; ``level``, ``calibrated`` (validation stations),
        ``width`` (µg m-3) and what :func:`placeprior.scores.conformal.coverage` says of the test rows.

    Raises
    ------
    ConfigError
        If a run is not a network: only these have validation rows.
    StoreError
        If two seeds were not asked about the same rows.
    """
    cells: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        if run.variant in RIVALS:
            raise ConfigError(
                f"run {run.label} is no network and has no validation rows to calibrate on; take it out "
                "of the evidence `uncertainty` in runs.yml"
            )
        cells.setdefault(tuple(getattr(run, name) for name in CELL), []).append(run)
    return pd.DataFrame([row for cell in cells.values() for row in _cell(cell)])


def ensemble(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows of several seeds with the mean of their estimates.

    Parameters
    ----------
    tables : list of pandas.DataFrame
        ``station, day, pm25, estimate``, as :func:`placeprior.runs.store.table`.

    Raises
    ------
    StoreError
        If they are not about the same rows.
    """
    first = tables[0]
    for other in tables[1:]:
        if not other[["station", "day", "pm25"]].equals(first[["station", "day", "pm25"]]):
            raise StoreError("the seeds of an ensemble were not asked about the same rows; make its runs again")
    return first.assign(estimate=np.mean([table["estimate"].to_numpy(np.float64) for table in tables], axis=0))


def _cell(runs: list[Run]) -> list[dict[str, object]]:
    cube = cube_of(runs[0])
    single = [store.table(run.id, "predictions") for run in runs]
    test, aside = ensemble(single), ensemble([store.table(run.id, "validation") for run in runs])
    head = {name: getattr(runs[0], name) for name in CELL} | {
        "regime": parts_of(runs[0], cube).regime,
        "seeds": len(runs),
        "single": np.mean([r2_score(table["pm25"], table["estimate"]) for table in single]),
        "ensemble": r2_score(test["pm25"], test["estimate"]),
    }
    station, error = test["station"].to_numpy(), (test["estimate"] - test["pm25"]).to_numpy()
    lonlat = lonlat_of(cube)[np.unique(station)]
    by_station = test.assign(error=error**2).groupby("station")["error"].mean().to_numpy()
    block = squares(lonlat, max(BLOCK_KM, correlation_range(by_station[:, None], lonlat)))
    rows = []
    for level in LEVELS:
        half = radius((aside["estimate"] - aside["pm25"]).to_numpy(), aside["station"].to_numpy(), level)
        rows.append(
            head
            | {"level": level, "calibrated": aside["station"].nunique(), "width": 2 * half}
            | coverage(np.abs(error) <= half, station, block)
        )
    return rows


def shortfalls(table: pd.DataFrame, level: float) -> pd.DataFrame:
    """In how many arms and folds the intervals clearly cover less, or more, often than they promise.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`collect`.
    level : float
        What was promised.

    Returns
    -------
    pandas.DataFrame
        By ``regime`` (``WR``, then ``OoR``): ``less``, ``more``, and ``of`` how many. Widths without a bound do not
        count, nor do calibrations on whole regions.
    """
    own = table[(table["level"] == level) & np.isfinite(table["width"]) & ~table["split"].str.endswith("+regions")]
    own = own.assign(less=own["high"] < level, more=own["low"] > level)
    found = own.groupby("regime").agg(less=("less", "sum"), more=("more", "sum"), of=("level", "size"))
    return found.reindex([regime for regime in ("WR", "OoR") if regime in found.index])
