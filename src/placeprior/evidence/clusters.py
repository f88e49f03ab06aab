"""Do clusters of places find what was planted, and do they find the same twice? And which part does the work?

Two questions, an arm a row. **Planted**: places in three zones that differ in the covariance of five variables and in
nothing else; the truth is known. **Again**: a year's predictors at real or simulated stations, clustered once from its
odd weeks and once from its even ones; there is no truth, but what is found twice is at least no chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import xarray as xr
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from placeprior import data
from placeprior.coords import great_circle_km, project
from placeprior.runs.plan import Run
from placeprior.space import clusters
from placeprior.space.clusters import Gaussians
from placeprior.space.splits import FOLDS, lonlat_of

COLUMNS = ["question", "world", "seed", "arm", "radius", "ari", "nmi", "clusters", "outside"]
SEEDS = range(5)
PLACES, ZONES, DAYS = 600, 3, 30  # as many days a place as the published Gaussians have neighbours
BOX_KM = (4500.0, 2800.0)
COVARIANCES = (np.eye(5), 0.2 * np.eye(5) + 0.8, np.diag([4, 4, 0.25, 0.25, 1]))
PERCENTILES = (1, 2, 5, 10, 15, 20, 30, 40)  # radii among which the truth chooses: an upper bound, no result
NO_RADIUS, BY_KNEE, BY_TRUTH = "-", "knee", "truth"  # how the radius of a density clustering was found


def planted(seeds: Iterable[int] = SEEDS) -> pd.DataFrame:
    """Every arm on planted zones, with Gaussians of each place's own days and of its nearest places.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`; ``ari`` and ``nmi`` against the zones.
    """
    rows = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        corner = np.array(BOX_KM)
        plane = rng.uniform(size=(PLACES, 2)) * corner
        zone = (plane[:, 0] * ZONES // corner[0]).astype(int)
        roots = np.linalg.cholesky(np.array(COVARIANCES, float))[zone]
        days = np.einsum("npq,ndq->ndp", roots, rng.normal(size=(PLACES, DAYS, 5)))
        km = np.linalg.norm(plane[:, None] - plane, axis=-1)
        mixed = rng.permutation(PLACES)
        near = np.argsort(km, axis=1, kind="stable")[:, :DAYS]
        worlds: dict[str, tuple[np.ndarray, Callable[[np.ndarray], Gaussians]]] = {
            "own days": (days, lambda values: clusters.of_days(values, np.zeros(DAYS, int))),
            "neighbours": (days[:, 0], lambda values, near=near: clusters.of_neighbours(values, near)),
        }
        for world, (values, summed) in worlds.items():
            features = values.mean(1) if values.ndim == 3 else values
            found = _dense(summed(values), km, zone)
            found |= {"shuffled": _dense(summed(values[mixed]), km, zone)["W2 + penalty"]}
            found |= {"place, DBSCAN": _radii(km, zone), "features, DBSCAN": _radii(_apart(features), zone)}
            means = {
                "log-covariances, k-means": clusters.log_covariances(summed(values)),
                "place, k-means": plane,
                "features, k-means": features,
            }
            found |= {arm: {NO_RADIUS: clusters.kmeans(table, ZONES, rng)} for arm, table in means.items()}
            rows += [
                ["planted", world, seed, arm, radius, *_agreement(labels, zone), *_shape(labels)]
                for arm, each in found.items()
                for radius, labels in each.items()
            ]
    return pd.DataFrame(rows, columns=COLUMNS)


def again(cube: xr.Dataset, seeds: Iterable[int] = range(3)) -> pd.DataFrame:
    """Every arm on a cube's predictors, from its odd and from its even weeks.

    Returns
    -------
    pandas.DataFrame
        Columns ``seed, arm, radius, ari, nmi, clusters, outside``: the two clusterings against each other, and the
        shape of the first. Means are told to be as many as a split has folds.
    """
    values, day = clusters.behaviour(cube), np.arange(cube.sizes["time"])
    season, lonlat = cube["time"].dt.month.values, lonlat_of(cube)
    km = great_circle_km(lonlat, lonlat)
    halves = [day // 7 % 2 == odd for odd in (0, 1)]
    found = [clusters.of_days(values[:, half], season[half]) for half in halves]
    dense = [_dense(each, km) for each in found]
    mixed = np.random.default_rng(0).permutation(len(km))  # the same wrong places in both halves
    shuffled = [_dense(Gaussians(each.mean[mixed], each.covariance[mixed]), km) for each in found]
    rows = [
        [0, arm, BY_KNEE, *_agreement(dense[0][arm][BY_KNEE], dense[1][arm][BY_KNEE]), *_shape(dense[0][arm][BY_KNEE])]
        for arm in dense[0]
    ]
    one, other = (each["W2 + penalty"][BY_KNEE] for each in shuffled)
    rows.append([0, "shuffled", BY_KNEE, *_agreement(one, other), *_shape(one)])
    for seed in seeds:
        tables = {"log-covariances, k-means": [clusters.log_covariances(each) for each in found]}
        tables |= {"features, k-means": [each.mean for each in found], "place, k-means": [project(lonlat)] * 2}
        for arm, (first, second) in tables.items():
            # Two draws: else the same start would hide that k-means has more than one answer.
            one, other = (
                clusters.kmeans(t, FOLDS, np.random.default_rng([seed, i])) for i, t in enumerate((first, second))
            )
            rows.append([seed, arm, NO_RADIUS, *_agreement(one, other), *_shape(one)])
    return pd.DataFrame(rows, columns=[name for name in COLUMNS if name not in ("question", "world")])


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """Stability on every task that some runs are about, of which nothing else is read; planted zones with a world.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`; ``question`` is ``planted`` or ``again``, ``outside`` the share of places in no
        cluster.
    """
    tasks = {run.task: run.data for run in runs}
    tables = [planted()] if any(spec["load"] == "world" for spec in tasks.values()) else []
    for task, spec in tasks.items():
        found = again(_one_each(data.load(spec["load"], **spec["options"])))
        tables.append(found.assign(question="again", world=task)[COLUMNS])
    return pd.concat(tables, ignore_index=True)


def _one_each(cube: xr.Dataset) -> xr.Dataset:
    """The cube with one station at a place, and one of those that were given the same weather station's days."""
    weather = clusters.behaviour(cube).reshape(cube.sizes["station"], -1)
    first = [np.unique(table, axis=0, return_index=True)[1] for table in (lonlat_of(cube), weather)]
    return cube.isel(station=np.intersect1d(*first))


def _dense(found: Gaussians, km: np.ndarray, truth: np.ndarray | None = None) -> dict[str, dict[str, np.ndarray]]:
    """Density clusterings of every dissimilarity, by arm and way of finding the radius."""
    squared = clusters.wasserstein(found)
    curve = clusters.variogram(squared, km)
    level = float(squared[np.triu_indices(len(km), 1)].mean())
    unlike = {
        "W2 + penalty": clusters.dissimilarity(squared, km, curve),
        "W2": clusters.dissimilarity(squared, km, curve, beta=0.0),
        "W2 + penalty, no margin": clusters.dissimilarity(squared, km, curve, delta=0.0),
        "W2 + penalty, constant variogram": squared
        + 0.5 * clusters.penalty(squared, np.full_like(km, level), 0.5 * curve.sill, (km > 0) & (km <= curve.reach())),
    }
    return {arm: _radii(table, truth) for arm, table in unlike.items()}


def _radii(unlike: np.ndarray, truth: np.ndarray | None) -> dict[str, np.ndarray]:
    """Density clusters by the knee and, where the truth is known, by the radius that fits it best: an upper bound."""
    found = {BY_KNEE: clusters.dbscan(unlike, clusters.knee(unlike))}
    if truth is not None:
        tried = np.percentile(unlike[np.triu_indices(len(unlike), 1)], PERCENTILES)
        found[BY_TRUTH] = max((clusters.dbscan(unlike, r) for r in tried), key=lambda own: _agreement(own, truth)[0])
    return found


def _apart(features: np.ndarray) -> np.ndarray:
    return np.linalg.norm(features[:, None] - features, axis=-1)


def _agreement(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Adjusted Rand index and normalised mutual information; a place in no cluster is one of its own."""
    alone = [np.where(labels < 0, labels.max() + 1 + np.arange(len(labels)), labels) for labels in (one, other)]
    return float(adjusted_rand_score(*alone)), float(normalized_mutual_info_score(*alone))


def _shape(labels: np.ndarray) -> tuple[int, float]:
    """How many clusters, and the share of places in none."""
    return int(labels.max()) + 1, float((labels < 0).mean())
