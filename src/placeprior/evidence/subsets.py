"""Scores of parts of the test rows: high days, smoke days and seasons, and of what errs at a place (``anatomy``).

Which rows a part has stands in :mod:`placeprior.evidence.strata`. Everything is computed from sums per test station
(:mod:`placeprior.scores.error_parts`): leaving a block of the map out is one matrix product for every part, score and
arm (:mod:`placeprior.scores.interval`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from placeprior.arms import arm_order, with_arm
from placeprior.errors import StoreError
from placeprior.evidence.strata import masks
from placeprior.runs import store
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run
from placeprior.scores import error_parts
from placeprior.scores.interval import clear, interval
from placeprior.scores.metrics import between_seeds
from placeprior.scores.paired import BLOCK_KM, squares
from placeprior.space.correlogram import correlation_range
from placeprior.space.splits import lonlat_of

ENOUGH_STATIONS = 10  # for an interval: a handful of stations says nothing
REFERENCES = {"none": "none", "none+head": "head"}
EVERYWHERE = ("rmse", "mbe", "pinball_90")  # scores that mean something whatever the rows were chosen by
COLUMNS = [
    "task",
    "variant",
    "fusion",
    "split",
    "stratum",
    "metric",
    "value",
    "sd",
    "fits",
    "n",
    "stations",
    *(f"{what}_{name}" for name in REFERENCES.values() for what in ("difference", "low", "high", "fits")),
]


@dataclass(frozen=True)
class Scored:
    """One run's scores as they are and without each block of the map.

    Attributes
    ----------
    rows : dict
        Of each stratum: number of rows, sum of the measurements, and which stations.
    points : dict
        Score by (stratum, metric).
    without : dict
        The same scores without each block, of shape (block,).
    tested : dict
        Of each stratum: number of rows in each block, of shape (block,).
    """

    rows: dict[str, tuple[int, float, frozenset[int]]]
    points: dict[tuple[str, str], float]
    without: dict[tuple[str, str], np.ndarray]
    tested: dict[str, np.ndarray]


def score(table: pd.DataFrame, strata: dict[str, np.ndarray], block: np.ndarray) -> Scored:
    """Score one run's test rows in every stratum.

    Parameters
    ----------
    table : pandas.DataFrame
        ``station, day, pm25, estimate``, as a stored run's predictions.
    strata : dict
        As :func:`.strata.masks`.
    block : ndarray of int, shape (station,)
        Which block of the map a station of the cube lies in, counted from 0.
    """
    station, day = table["station"].to_numpy(), table["day"].to_numpy()
    y, estimate = (table[name].to_numpy(np.float64) for name in ("pm25", "estimate"))
    present, number = np.unique(station, return_inverse=True)
    inside = (block[present] == np.arange(block.max() + 1)[:, None]).astype(np.float64)  # (block, place)
    rows, points, without, tested = {}, {}, {}, {}
    for stratum, mask in strata.items():
        here = mask[station, day]
        if not here.any():
            continue
        at, whole = number[here], stratum == "all"
        sums = error_parts.station_sums(at, y[here], estimate[here], present.size, quantiles=whole)
        rows[stratum] = (int(here.sum()), float(y[here].sum()), frozenset(present[sums[:, 0] > 0].tolist()))
        tested[stratum] = inside @ sums[:, 0]
        totals = _left(inside, sums)
        found = error_parts.from_sums(totals)
        if whole:
            daily = np.zeros((3, present.size, int(day.max()) + 1))
            daily[:, at, day] = np.ones_like(y), estimate - y, y
            found |= error_parts.by_day(np.stack([_left(inside, layer) for layer in daily]), totals)
        else:
            # R2 divides by the spread of the rows, which says nothing where they were chosen by the measurement.
            kept = EVERYWHERE if stratum.startswith("high") else ("r2", *EVERYWHERE)
            found = {metric: found[metric] for metric in kept}
        points |= {(stratum, metric): float(values[0]) for metric, values in found.items()}
        without |= {(stratum, metric): values[1:] for metric, values in found.items()}
    return Scored(rows, points, without, tested)


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """Scores of all strata, with paired differences to no location and to its matched network.

    Parameters
    ----------
    runs : iterable of Run
        Stored ones.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`; a row for each task, arm, split, stratum and metric
        (:func:`placeprior.scores.error_parts.from_sums`, :func:`placeprior.scores.error_parts.by_day`). ``value`` is
        the mean over ``fits`` (over folds of the mean over seeds), ``sd`` that between the seeds of a fold; ``n`` is
        rows a fit, ``stations`` counts those of all fits. ``difference_…`` is that of ``fits_…`` shared fits, and
        ``low_…, high_…`` its interval (:mod:`placeprior.scores.interval`): ``none`` against no location, ``head``
        against no location with the extra head. Empty where there is no such fit; no interval where fewer than ten
        stations have a row.

    Raises
    ------
    StoreError
        If runs to be compared do not test the same rows.
    """
    rows: list[list] = []
    tasks: dict[str, dict[str, list[Run]]] = {}
    for run in runs:
        tasks.setdefault(run.task, {}).setdefault(run.split, []).append(run)
    for splits in tasks.values():
        cube = cube_of(next(iter(splits.values()))[0])
        strata = masks(cube)
        for own in splits.values():
            tables = {run: store.table(run.id, "predictions") for run in own}
            side = max(BLOCK_KM, _reach(tables, lonlat_of(cube)))
            block = np.unique(squares(lonlat_of(cube), side), return_inverse=True)[1]
            fits: dict[tuple[str, str], dict[tuple[int, int], Scored]] = {}
            for run, table in tables.items():
                scored = score(table, strata, block)
                fits.setdefault((run.variant, run.fusion), {})[run.fold, run.seed] = scored
            for arm, mine in fits.items():
                against = {name: {} if arm[0] == name else fits.get((name, "-"), {}) for name in REFERENCES}
                rows += [[own[0].task, *arm, own[0].split, *found] for found in _rows(mine, against)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    # Five digits: the parts of an error still add up, and the table stays small.
    for column in table.columns[6:]:
        if column.startswith("fits"):
            table[column] = table[column].astype("Int64")
        elif column not in ("n", "stations"):
            table[column] = [float(f"{value:.5g}") for value in table[column]]
    return table


def _left(inside: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Totals of the stations' sums: as they are in the first row, without each block in the others."""
    whole = sums.sum(0)
    return np.vstack([whole, whole - inside @ sums])


def _reach(tables: dict[Run, pd.DataFrame], lonlat: np.ndarray) -> float:
    """How far errors are alike, km: from the differences of all arms to no location, as in the comparison."""
    mse = {}
    for run, table in tables.items():
        squared = (table["estimate"].astype(float) - table["pm25"]) ** 2
        mse[run.variant, run.fusion, run.fold, run.seed] = squared.groupby(table["station"]).mean()
    columns = [
        (own - mse["none", "-", *fit]).reindex(range(len(lonlat)))
        for (variant, _, *fit), own in mse.items()
        if variant != "none" and ("none", "-", *fit) in mse
    ]
    return correlation_range(np.column_stack(columns), lonlat) if columns else 0.0


def _rows(own: dict[tuple[int, int], Scored], against: dict[str, dict[tuple[int, int], Scored]]) -> Iterator[list]:
    """What :func:`collect` says of one arm in one split, after the columns that name it."""
    pairs = {name: _pairs(own, base) for name, base in against.items()}
    for stratum, metric in dict.fromkeys(key for fit in own.values() for key in fit.points):
        fits = {fit: scored for fit, scored in own.items() if np.isfinite(scored.points.get((stratum, metric), np.nan))}
        if not fits:
            continue
        values = pd.DataFrame(
            {"fold": [fold for fold, _ in fits], "value": [scored.points[stratum, metric] for scored in fits.values()]}
        )
        n = round(np.mean([scored.rows[stratum][0] for scored in fits.values()]))
        places = len(frozenset().union(*(scored.rows[stratum][2] for scored in fits.values())))
        mean = values.groupby("fold")["value"].mean().mean()
        differences = (_difference(pairs[name], stratum, metric, places) for name in REFERENCES)
        yield [
            stratum,
            metric,
            mean,
            between_seeds(values),
            len(fits),
            n,
            places,
            *(value for row in differences for value in row),
        ]


def _pairs(
    own: dict[tuple[int, int], Scored], base: dict[tuple[int, int], Scored]
) -> dict[tuple[int, int], tuple[Scored, Scored]]:
    shared = sorted(set(own) & set(base))
    for key in shared:
        if own[key].rows != base[key].rows:
            raise StoreError(f"two runs of fold {key[0]}, seed {key[1]} do not test the same rows; make them again")
    return {key: (own[key], base[key]) for key in shared}


def _difference(
    pairs: dict[tuple[int, int], tuple[Scored, Scored]], stratum: str, metric: str, places: int
) -> list[Any]:
    """Difference, its interval, and how many fits there are."""
    key = stratum, metric
    # A fit that has nothing to score (no day was told to be high, say) says nothing; the others still do.
    here = {
        fit: pair
        for fit, pair in pairs.items()
        if key in pair[0].points and np.isfinite(pair[0].points[key] - pair[1].points[key])
    }
    if not here:
        return [np.nan, np.nan, np.nan, None]
    values = np.array([own.points[key] - base.points[key] for own, base in here.values()])
    without = np.column_stack([own.without[key] - base.without[key] for own, base in here.values()])
    rows = np.column_stack([own.tested[stratum] for own, _ in here.values()])
    found = interval(values, without, rows, [fold for fold, _ in here])
    low, high = (float(found[end]) if places >= ENOUGH_STATIONS else np.nan for end in ("low", "high"))
    return [float(found["difference"]), low, high, len(here)]


# --- what pages read from it ------------------------------------------------------------------------------------------

#: Arms that are not told where they are, or are no network.
UNTOLD = ("none", "none+head", "idw")


def referenced(table: pd.DataFrame) -> pd.DataFrame:
    """Give each arm its difference to the network that has all but the place.

    An encoder's vector comes with one more layer: where the same layer without a place was trained (``none+head``), it
    is the reference of encoders; else, and for coordinates, no location is.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`collect`.

    Returns
    -------
    pandas.DataFrame
        The table in the book's order of arms, with ``arm, reference, difference, low, high, clear``; NaN where an arm
        has no reference.
    """
    table = with_arm(table)
    order = arm_order(table["arm"])
    table = table.sort_values("arm", key=lambda arms: arms.map(order.index), kind="stable")
    headed = table["fusion"].isin(["hadamard", "concat"]) & table["difference_head"].notna()
    for column in ("difference", "low", "high"):
        table[column] = table[f"{column}_head"].where(headed, table[f"{column}_none"])
    table["reference"] = np.where(headed, "none+head", "none")
    table["clear"] = clear(table["low"].to_numpy(float), table["high"].to_numpy(float))
    return table


def told(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of :func:`referenced` of arms that are told a place and have a reference."""
    return table[table["difference"].notna() & ~table["arm"].isin(UNTOLD)]
