"""Scores of geographic bias of every arm's map of errors (:mod:`placeprior.evidence.station_errors`), beside chance.

:func:`collect` scores maps with :mod:`placeprior.scores.fairness.unevenness` and
:mod:`placeprior.scores.fairness.geobias`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from placeprior.errors import StoreError
from placeprior.evidence.station_errors import LEAST, by_station, climates
from placeprior.runs import store
from placeprior.runs.plan import Run
from placeprior.scores.fairness.geobias import sri, ssi
from placeprior.scores.fairness.nearby import ScoreError, p_value
from placeprior.scores.fairness.unevenness import moran, unevenness
from placeprior.space import splits

RADIUS_KM = 600.0  # of a neighbourhood of relative information
STEPS = {"scale": 200.0, "distance": 150.0, "direction": 45.0}  # km, km, degrees
SSI_KM, SSI_K = 200.0, 4
PERMUTATIONS, ARRANGEMENTS = 199, 49  # the second for self-information, which takes longer
COLUMNS = ["task", "variant", "fusion", "split", "seed", "measure", "value", "chance", "sd", "p"]


def better_half(errors: ArrayLike) -> np.ndarray:
    """+1 for the half of the places with the smaller errors, -1 for the rest, shape (n,); of an odd number, one more.

    However good a model is, as many places are marked +1: what is scored is where they lie.
    """
    errors = np.asarray(errors, np.float64)
    marks = np.full(len(errors), -1.0)
    marks[np.argsort(errors, kind="stable")[: (len(errors) + 1) // 2]] = 1.0
    return marks


def self_information(lonlat: np.ndarray, marks: np.ndarray) -> float:
    """Mean marked self-information of the places' neighbourhoods, nats, by the tail of the normal distribution."""
    return ssi(lonlat, marks, radius_km=SSI_KM, k=SSI_K, definition="tail").average


def chance(
    lonlat: np.ndarray, *, permutations: int = PERMUTATIONS, arrangements: int = ARRANGEMENTS, seed: int = 0
) -> dict[str, np.ndarray]:
    """What the scores come to when errors are dealt to the places at random.

    The scores see ranks only (quarters for relative information, halves for self-information), and every map of the
    same places has the same ranks to deal: one null serves all arms.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
    permutations, arrangements : int
        Dealings for relative information, and for self-information.
    seed : int

    Returns
    -------
    dict of ndarray, shape (permutation,)
        By measure; without those that these places are too few for.
    """
    found, ranks = {}, np.arange(len(lonlat), dtype=float)
    for kind, step in STEPS.items():
        rng = np.random.default_rng(seed)
        try:
            found[kind] = sri(
                lonlat,
                ranks,
                kind=kind,
                radius_km=RADIUS_KM,
                step=step,
                least=LEAST,
                permutations=permutations,
                rng=rng,
            ).null
        except ScoreError:
            continue
    rng, marks = np.random.default_rng(seed), better_half(ranks)
    found["ssi"] = np.array([self_information(lonlat, rng.permutation(marks)) for _ in range(arrangements)])
    return found


def score(table: pd.DataFrame, null: Mapping[str, np.ndarray], seed: int = 0) -> Iterator[tuple[Any, ...]]:
    """Measures of one map, each beside what chance gives.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`.station_errors.by_station`.
    null : mapping
        As :func:`chance` of the same places.
    seed : int
        Of the permutations that are not shared.

    Yields
    ------
    measure, value, chance, sd, p
        ``rmse`` (µg m-3); ``regions``, the spread of regional RMSE (µg m-3); ``moran`` of the stations' bias; relative
        information of their RMSE by ``scale``, ``distance`` and ``direction``, and marked self-information of the
        better half, ``ssi`` (nats). NaN where not defined.
    """
    lonlat, rmse = table[["lon", "lat"]].to_numpy(), table["rmse"].to_numpy()
    nothing = (np.nan, np.nan, np.nan)
    yield "rmse", float(np.sqrt(table["sum_e2"].sum() / table["n"].sum())), *nothing
    drawn = {"permutations": PERMUTATIONS, "rng": np.random.default_rng(seed)}
    try:
        found = unevenness(table, climates(lonlat), least=LEAST, **drawn)
        yield "regions", found.spread, found.null.mean(), found.null.std(ddof=1), found.p
    except ScoreError:
        yield "regions", np.nan, *nothing
    alike = moran(lonlat, table["bias"].to_numpy(), **drawn)
    yield "moran", alike.value, alike.null.mean(), alike.null.std(ddof=1), alike.p
    for kind, step in STEPS.items():
        if kind not in null:
            yield kind, np.nan, *nothing
            continue
        whole = sri(lonlat, rmse, kind=kind, radius_km=RADIUS_KM, step=step, least=LEAST, permutations=0)
        yield kind, whole.score, *_beside(null[kind], whole.score)
    value = self_information(lonlat, better_half(rmse))
    yield "ssi", value, *_beside(null["ssi"], value)


def _beside(null: np.ndarray, value: float) -> tuple[float, float, float]:
    """Mean and standard deviation of chance, and how often it scores as high."""
    return float(null.mean()), float(null.std(ddof=1)), p_value(null, value)


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """Measures of geographic bias of every map that some stored runs make.

    Parameters
    ----------
    runs : iterable of Run
        Stored ones, or in committed results. The folds of one task, arm, split and seed make one map.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`, a row a map and measure, as :func:`score`; four digits.

    Raises
    ------
    StoreError
        If a fold of a map is missing: half a country is not compared with a whole one.
    """
    runs = list(runs)
    known, maps = store.stored_sums(run.id for run in runs), {}
    for run in runs:
        maps.setdefault((run.task, run.variant, run.fusion, run.split, run.seed), []).append(run)
    nulls: dict[bytes, dict[str, np.ndarray]] = {}
    rows = []
    for key, fits in maps.items():
        if missing := set(splits.folds(key[3])) - {run.fold for run in fits}:
            raise StoreError(
                f"{fits[0].label}: a map needs every fold of the split, but not fold {min(missing)}; name "
                "all folds in runs.yml"
            )
        table = by_station(pd.concat([known[run.id] for run in fits]))
        lonlat = np.ascontiguousarray(table[["lon", "lat"]].to_numpy())
        if lonlat.tobytes() not in nulls:
            nulls[lonlat.tobytes()] = chance(lonlat)
        rows += [[*key, *found] for found in score(table, nulls[lonlat.tobytes()], key[4])]
    table = pd.DataFrame(rows, columns=COLUMNS)
    for column in COLUMNS[6:]:
        table[column] = [float(f"{value:.4g}") for value in table[column]]
    return table
