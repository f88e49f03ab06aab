"""What each region teaches about each other one, and how far apart regions are by every measure of distance at hand.

:func:`collect` keeps both in one long table; :mod:`.transferability` asks whether the second foretells the first.
Distances read places and predictors, never a tested measurement; the two that read measurements (``moments``, ``otdd``)
read those of stations that are not tested.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

import numpy as np
import ot
import pandas as pd
import xarray as xr

from placeprior import encoders
from placeprior.arms import BASES, with_arm
from placeprior.coords import EARTH_RADIUS_KM, Floats, great_circle_km, nearest_km, project, unit_xyz
from placeprior.data.cube import predictors
from placeprior.errors import StoreError, TransportError
from placeprior.runs import store
from placeprior.runs.inputs import cube_of, parts_of
from placeprior.runs.plan import Run
from placeprior.scores import metrics
from placeprior.space import transport
from placeprior.space.regions import REGIONS, regions
from placeprior.space.splits import HISTORY, lonlat_of
from placeprior.space.unions import moved

RANDOM = ("random-vector", "smooth-random", "shuffled")  # vectors that hold nothing, only nearness, or another's place
#: Encoders whose vectors are compared, where their weights are at hand.
ENCODERS = ("geoclip", "lonlat", "sincos", "urban", *BASES, *RANDOM)
PUBLISHED = 0.01  # regularisation of the public code, of a cost divided by its largest entry
COLUMNS = ["task", "kind", "name", "source", "target", "value", "sd"]
Pairs = dict[str, Callable[[np.ndarray, np.ndarray], float]]


def by_task(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Runs by the task that they are about, in the order of its names."""
    ordered = sorted(runs, key=lambda run: run.task)
    return {task: list(own) for task, own in itertools.groupby(ordered, lambda run: run.task)}


def stations(cube: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a cube's stations that can be scored, and the region of each, 1 to :data:`.REGIONS`."""
    usable = np.flatnonzero(np.isfinite(cube["pm25"].values)[:, HISTORY - 1 :].any(1))
    return usable, regions(lonlat_of(cube)[usable])


# --- what was learned -------------------------------------------------------------------------------------------------


def matrix(runs: Iterable[Run]) -> pd.DataFrame:
    """Scores of every arm trained in each region, in each region.

    Parameters
    ----------
    runs : iterable of Run
        Of the split ``transfer`` and one task, stored or in committed results: all folds.

    Returns
    -------
    pandas.DataFrame
        ``kind`` (``r2``, or ``rmse`` in µg m-3), ``name`` (the arm), ``source``, ``target``, ``value``, the mean over
        seeds, and ``sd`` between them.

    Raises
    ------
    StoreError
        A region has not taught an arm.
    """
    runs = list(runs)
    cube = cube_of(runs[0])
    usable, region = stations(cube)
    lies = dict(zip(cube["station"].values[usable], region, strict=True))
    known, rows = store.stored_sums(run.id for run in runs), []
    for run in runs:
        sums = known[run.id]
        totals = sums.groupby(sums["name"].map(lies))[metrics.SUMS].sum()
        scores = metrics.from_sums(totals.to_numpy())
        rows += [
            (kind, run.variant, run.fusion, run.seed, run.fold, int(target), float(value))
            for kind in ("r2", "rmse")
            for target, value in zip(totals.index, scores[kind], strict=True)
        ]
    table = with_arm(pd.DataFrame(rows, columns=["kind", "variant", "fusion", "seed", "source", "target", "value"]))
    taught = table.groupby("arm")["source"].nunique()
    if (taught < REGIONS).any():
        raise StoreError(f"{taught.idxmin()} was trained in {taught.min()} of {REGIONS} regions; make all folds")
    found = table.groupby(["kind", "arm", "source", "target"])["value"].agg(["mean", "std"]).reset_index()
    return found.rename(columns={"arm": "name", "mean": "value", "std": "sd"})


# --- how far apart regions are ----------------------------------------------------------------------------------------


def summaries(cube: xr.Dataset, usable: np.ndarray) -> Floats:
    """Mean and standard deviation of each station's predictors over the year, standardised: (station, 2 predictors)."""
    values = np.stack([cube[name].transpose("station", "time").values[usable] for name in predictors(cube)], -1)
    told = np.concatenate([np.nanmean(values, 1), np.nanstd(values, 1)], -1).astype(float)
    told = np.where(np.isfinite(told), told, np.nanmean(told, 0))
    varies = told.std(0) > 1e-6 * (1 + np.abs(told.mean(0)))
    return (told[:, varies] - told[:, varies].mean(0)) / told[:, varies].std(0)


def mean_difference(vectors: Floats) -> Callable[[np.ndarray, np.ndarray], float]:
    """Length of the difference between the mean vectors of two sets of rows."""
    return lambda a, b: float(np.linalg.norm(vectors[a].mean(0) - vectors[b].mean(0)))


def discrepancy(vectors: Floats) -> Callable[[np.ndarray, np.ndarray], float]:
    """Maximum mean discrepancy (Gretton et al. 2012) with a Gaussian kernel as wide as the median distance of all."""
    square = ot.dist(vectors, vectors)
    kernel = np.exp(-square / np.median(square[square > 0]))

    def between(a: np.ndarray, b: np.ndarray) -> float:
        inside = kernel[np.ix_(a, a)].mean() + kernel[np.ix_(b, b)].mean()
        return float(np.sqrt(max(inside - 2 * kernel[np.ix_(a, b)].mean(), 0.0)))

    return between


def by_places(lonlat: Floats) -> Pairs:
    """Distances that read longitude and latitude alone."""
    km, xyz, plane = great_circle_km(lonlat, lonlat), unit_xyz(lonlat), project(lonlat)

    def centroids(a: np.ndarray, b: np.ndarray) -> float:
        mean = [xyz[rows].mean(0) / np.linalg.norm(xyz[rows].mean(0)) for rows in (a, b)]
        return EARTH_RADIUS_KM * float(np.arccos(np.clip(mean[0] @ mean[1], -1, 1)))

    return {
        "km": moved(km),
        "km, own largest": lambda a, b: transport.emd(km[np.ix_(a, b)]) / km[np.ix_(a, b)].max(),
        "km, normal laws": lambda a, b: transport.gaussian(plane[a], plane[b]),
        "centroids": centroids,
        "nearest": lambda a, b: float(nearest_km(lonlat[b], lonlat[a])[0].mean()),
    }


def by_vectors(lonlat: Floats) -> Pairs:
    """Distances between encoders' vectors at the places; of GeoCLIP's also plain ones, and as published."""
    every = np.ones(len(lonlat), bool)
    made: Pairs = {}
    for name in ENCODERS:
        if not encoders.is_at_hand(name):
            continue
        vectors = encoders.fit(name, lonlat, every, 0)(lonlat).astype(float)
        made[name] = moved(transport.cosine(vectors, vectors))
        if name == "geoclip":
            unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            made |= {"geoclip, means": mean_difference(unit), "geoclip, MMD": discrepancy(unit)}
            km, cost = great_circle_km(lonlat, lonlat), transport.cosine(vectors, vectors)
            made["km and geoclip"] = moved(transport.combined(km, cost, (transport.scale(km), transport.scale(cost))))

            def published(a: np.ndarray, b: np.ndarray, cost: Floats = cost) -> float:
                own = cost[np.ix_(a, b)]
                try:
                    return transport.sinkhorn(own / own.max(), PUBLISHED)
                except TransportError:  # the public code goes on with what it has; here such a pair has no distance
                    return float("nan")

            made["geoclip, published"] = published
    return made


def by_inputs(told: Floats) -> Pairs:
    """Distances between summaries of the predictors (:func:`summaries`)."""
    return {
        "inputs": moved(ot.dist(told, told, metric="euclidean")),
        "inputs, means": mean_difference(told),
        "inputs, MMD": discrepancy(told),
    }


def by_targets(told: Floats, pm25: Floats, hidden: np.ndarray) -> Pairs:
    """Distances that read measurements, of stations that are not tested: a bound for what is foretold without them.

    ``moments``: between the normal laws of two regions' daily PM2.5. ``otdd``: transport of stations at a cost of
    predictors and of their own laws, as the distance between labelled data sets (Alvarez-Melis & Fusi 2020) with a
    station for a class.
    """
    laws = np.column_stack([np.nanmean(pm25, 1), np.nanstd(pm25, 1)])
    inputs, labels = (ot.dist(each, each, metric="euclidean") for each in (told, laws))
    cost = transport.combined(inputs, labels, (transport.scale(inputs), transport.scale(labels)))
    pooled = {}

    def law(rows: np.ndarray) -> Floats:
        values = pm25[rows[~hidden[rows]]]
        return np.array([np.nanmean(values), np.nanstd(values)])

    def moments(a: np.ndarray, b: np.ndarray) -> float:
        for rows in (a, b):
            pooled.setdefault(rows.tobytes(), law(rows))
        return float(np.linalg.norm(pooled[a.tobytes()] - pooled[b.tobytes()]))

    return {
        "moments": moments,
        "otdd": lambda a, b: transport.emd(cost[np.ix_(a[~hidden[a]], b[~hidden[b]])]),
        "size": lambda a, b: float(abs(np.log(np.isfinite(pm25[a]).sum() / np.isfinite(pm25[b]).sum()))),
    }


def distances(pairs: Mapping[str, Callable[[np.ndarray, np.ndarray], float]], region: np.ndarray) -> pd.DataFrame:
    """Every distance from each region to each other one: ``name, source, target, value``."""
    members = {number: np.flatnonzero(region == number) for number in np.unique(region)}
    rows = [
        (name, int(a), int(b), between(members[a], members[b]))
        for name, between in pairs.items()
        for a, b in itertools.permutations(members, 2)
    ]
    return pd.DataFrame(rows, columns=["name", "source", "target", "value"])


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """Transfer matrices and distances of every task that some runs of the split ``transfer`` are about.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`; ``kind`` is ``r2``, ``rmse`` or ``distance``, ``name`` the arm or the distance.
    """
    return _collected(tuple(runs)).copy()


@lru_cache(maxsize=1)  # asked for twice in a row: by the table of pairs and by that of correlations
def _collected(runs: tuple[Run, ...]) -> pd.DataFrame:
    tables = []
    for task, fits in by_task(runs).items():
        cube = cube_of(fits[0])
        usable, region = stations(cube)
        lonlat, told = lonlat_of(cube)[usable], summaries(cube, usable)
        hidden = parts_of(fits[0], cube).test.any(1)[usable]
        pm25 = cube["pm25"].values[usable].astype(float)
        pairs = by_places(lonlat) | by_vectors(lonlat) | by_inputs(told) | by_targets(told, pm25, hidden)
        tables += [matrix(fits).assign(task=task), distances(pairs, region).assign(task=task, kind="distance")]
    return pd.concat(tables, ignore_index=True)[COLUMNS]
