"""Scores of parts of the test rows: high days, smoke days and seasons, and of what errs at a place (``anatomy``).

Everything is computed from sums per test station (:mod:`placeprior.anatomy`): one resample of stations is one matrix
product for every part, score and arm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.spatial import cKDTree

from placeprior import anatomy, ledger, metrics
from placeprior.coords import EARTH_RADIUS_KM, unit_xyz
from placeprior.errors import StoreError
from placeprior.experiment import cube_of
from placeprior.matrix import Run
from placeprior.splits import stations

SEASONS = {"DJF": (12, 1, 2), "MAM": (3, 4, 5), "JJA": (6, 7, 8), "SON": (9, 10, 11)}
FIRE_SEASON = range(5, 11)  # months
NEAR_KM, NEAR_MONITORS, NEAR_LEVEL = 300.0, 3, 20.0  # the last in µg m-3
ENOUGH_STATIONS = 10  # for an interval: resampling a handful of stations says nothing
DRAWS = 2000
REFERENCES = {"none": "none", "none+head": "head"}
EVERYWHERE = ("rmse", "mbe", "pinball_90")  # scores that mean something whatever the rows were chosen by
COLUMNS = ["task", "variant", "fusion", "split", "stratum", "metric", "value", "sd", "fits", "n", "stations",
           *(f"{what}_{name}" for name in REFERENCES.values() for what in ("difference", "low", "high", "up", "fits"))]


# --- which rows -------------------------------------------------------------------------------------------------------


def around(cube: xr.Dataset, km: float = NEAR_KM, monitors: int = NEAR_MONITORS) -> np.ndarray:
    """Median PM2.5 of the *other* monitors within a distance on each day.

    Returns
    -------
    ndarray, shape (station, time)
        µg m-3; NaN where fewer than `monitors` others measured.
    """
    pm25, points = cube["pm25"].values, unit_xyz(stations(cube))
    chord = 2 * np.sin(km / EARTH_RADIUS_KM / 2)
    found = np.full(pm25.shape, np.nan)
    for i, near in enumerate(cKDTree(points).query_ball_point(points, chord)):
        values = np.sort(pm25[[j for j in near if j != i]], axis=0)  # NaN come last
        count = np.isfinite(values).sum(0)
        days = np.flatnonzero(count >= monitors)
        middle = count[days]
        found[i, days] = (values[(middle - 1) // 2, days] + values[middle // 2, days]) / 2
    return found


def masks(cube: xr.Dataset) -> dict[str, np.ndarray]:
    """The strata of a cube: station-days by name, each of shape (station, time).

    ``all``; ``high-35`` and ``high-55`` (measured at least that); the seasons (winter is January, February and
    December of one calendar year); ``episode`` and ``no-episode``; and, where the cube has analysts' smoke classes,
    ``smoke`` (any class drawn) and ``no-smoke``.

    An episode is a *proxy* of smoke: a day from May to October with a median of at least 20 µg m-3 over at least three
    other monitors within 300 km. It is made of measurements, the station's own excepted: choosing days by the value
    that is scored would make every estimate look too low. Where too few monitors measured, a day is neither.
    """
    pm25, months = cube["pm25"].values, cube["time"].dt.month.values
    found = {"all": np.ones(pm25.shape, bool)}
    found |= {f"high-{level:.0f}": pm25 >= level for level in anatomy.LEVELS}
    found |= {name: np.broadcast_to(np.isin(months, of), pm25.shape) for name, of in SEASONS.items()}
    near = around(cube)
    found["episode"] = (near >= NEAR_LEVEL) & np.isin(months, FIRE_SEASON)
    found["no-episode"] = np.isfinite(near) & ~found["episode"]
    if "smoke" in cube:
        found |= {"smoke": cube["smoke"].values >= 1, "no-smoke": cube["smoke"].values < 1}
    return found


# --- the table --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scored:
    """One run's scores as they are and on every resample of stations.

    Attributes
    ----------
    rows : dict
        Of each stratum: number of rows, sum of the measurements, and which stations.
    points : dict
        Score by (stratum, metric).
    drawn : dict
        The same scores of all resamples, each of shape (draw,).
    """

    rows: dict[str, tuple[int, float, frozenset[int]]]
    points: dict[tuple[str, str], float]
    drawn: dict[tuple[str, str], np.ndarray]


def score(table: pd.DataFrame, strata: dict[str, np.ndarray], weights: np.ndarray, place: np.ndarray) -> Scored:
    """Score one run's test rows in every stratum.

    Parameters
    ----------
    table : pandas.DataFrame
        ``station, day, pm25, estimate``, as a stored run's predictions.
    strata : dict
        As :func:`masks`.
    weights : ndarray, shape (draw, place)
        How often each place is drawn.
    place : ndarray of int, shape (station,)
        Which column of `weights` a station of the cube has.
    """
    station, day = table["station"].to_numpy(), table["day"].to_numpy()
    y, estimate = (table[name].to_numpy(np.float64) for name in ("pm25", "estimate"))
    present, number = np.unique(station, return_inverse=True)
    weights = np.ascontiguousarray(weights[:, place[present]])  # of a checkerboard, half are somewhere else
    rows, points, drawn = {}, {}, {}
    for stratum, mask in strata.items():
        here = mask[station, day]
        if not here.any():
            continue
        at, whole = number[here], stratum == "all"
        sums = anatomy.station_sums(at, y[here], estimate[here], present.size, quantiles=whole)
        rows[stratum] = (int(here.sum()), float(y[here].sum()), frozenset(present[sums[:, 0] > 0].tolist()))
        totals = _drawn(weights, sums)
        found = anatomy.scores(totals)
        if whole:
            daily = np.zeros((3, present.size, int(day.max()) + 1))
            daily[:, at, day] = np.ones_like(y), estimate - y, y
            found |= anatomy.by_day(np.stack([_drawn(weights, layer) for layer in daily]), totals)
        else:
            # R2 divides by the spread of the rows, which says nothing where they were chosen by the measurement.
            kept = EVERYWHERE if stratum.startswith("high") else ("r2", *EVERYWHERE)
            found = {metric: found[metric] for metric in kept}
        points |= {(stratum, metric): float(values[0]) for metric, values in found.items()}
        drawn |= {(stratum, metric): values[1:].astype(np.float32) for metric, values in found.items()}
    return Scored(rows, points, drawn)


def collect(runs: Iterable[Run], draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Scores of all strata, with paired differences to no location and to its matched network.

    Parameters
    ----------
    runs : iterable of Run
        Stored ones.
    draws, seed : int
        Of the bootstrap over stations. One resample serves every fit of a split, as in
        :func:`placeprior.compare.differences`.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`; a row for each task, arm, split, stratum and metric (:func:`placeprior.anatomy.scores`,
        :func:`placeprior.anatomy.by_day`). ``value`` and ``sd`` are over ``fits`` (seeds and folds), ``n`` is rows a
        fit, ``stations`` counts those of all fits. ``difference_…`` is the mean over ``fits_…`` shared fits, of which
        ``up_…`` are above zero, and ``low_…, high_…`` its 95 % interval: ``none`` against no location, ``head`` against
        no location with the extra head. Empty where there is no such fit; no interval where fewer than ten
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
            tables = {run: ledger.table(run.id, "predictions") for run in own}
            tested = np.unique(np.concatenate([table["station"].unique() for table in tables.values()]))
            place = np.zeros(cube.sizes["station"], int)
            place[tested] = np.arange(tested.size)
            weights = metrics.resamples(tested.size, draws, seed)
            fits: dict[tuple[str, str], dict[tuple[int, int], Scored]] = {}
            for run, table in tables.items():
                scored = score(table, strata, weights, place)
                fits.setdefault((run.variant, run.fusion), {})[run.fold, run.seed] = scored
            for arm, mine in fits.items():
                against = {name: {} if arm[0] == name else fits.get((name, "-"), {}) for name in REFERENCES}
                rows += [[own[0].task, *arm, own[0].split, *found] for found in _rows(mine, against)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    # Five digits: the parts of an error still add up, and the table stays small.
    for column in table.columns[6:]:
        if column.startswith(("up", "fits")):
            table[column] = table[column].astype("Int64")
        elif column not in ("n", "stations"):
            table[column] = [float(f"{value:.5g}") for value in table[column]]
    return table


def _drawn(weights: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Totals of the stations' sums: as they are in the first row, of each resample in the others."""
    return np.vstack([sums.sum(0), weights @ sums])


def _rows(own: dict[tuple[int, int], Scored], against: dict[str, dict[tuple[int, int], Scored]]) -> Iterator[list]:
    """What :func:`collect` says of one arm in one split, after the columns that name it."""
    pairs = {name: _pairs(own, base) for name, base in against.items()}
    for stratum, metric in dict.fromkeys(key for fit in own.values() for key in fit.points):
        fits = [fit for fit in own.values() if stratum in fit.rows]
        values = np.array([fit.points[stratum, metric] for fit in fits])
        values = values[np.isfinite(values)]
        if not values.size:
            continue
        n = round(np.mean([fit.rows[stratum][0] for fit in fits]))
        places = len(frozenset().union(*(fit.rows[stratum][2] for fit in fits)))
        sd = values.std(ddof=1) if values.size > 1 else np.nan
        differences = (_difference(pairs[name], (stratum, metric), places) for name in REFERENCES)
        yield [stratum, metric, values.mean(), sd, values.size, n, places, *(v for row in differences for v in row)]


def _pairs(own: dict[tuple[int, int], Scored], base: dict[tuple[int, int], Scored]) -> list[tuple[Scored, Scored]]:
    shared = sorted(set(own) & set(base))
    for key in shared:
        if own[key].rows != base[key].rows:
            raise StoreError(f"two runs of fold {key[0]}, seed {key[1]} do not test the same rows; make them again")
    return [(own[key], base[key]) for key in shared]


def _difference(pairs: list[tuple[Scored, Scored]], key: tuple[str, str], places: int) -> list:
    """Mean difference over fits, its interval, how many fits point up, and how many there are."""
    here = [(a.points[key] - b.points[key], a.drawn[key] - b.drawn[key]) for a, b in pairs if key in a.points]
    # A fit that has nothing to score (no day was told to be high, say) says nothing; the others still do.
    here = [pair for pair in here if np.isfinite(pair[0])]
    if not here:
        return [np.nan, np.nan, np.nan, None, None]
    points, drawn = np.array([p for p, _ in here]), np.array([d for _, d in here], np.float64)
    low, high = np.nan, np.nan
    defined = np.isfinite(drawn).all(0)  # on a few resamples a rare thing does not occur
    if places >= ENOUGH_STATIONS and defined.mean() > 0.95:
        low, high = np.quantile(drawn[:, defined].mean(0), [0.025, 0.975])
    return [points.mean(), low, high, int((points > 0).sum()), points.size]
