r"""Does the interval hold? Simulated station errors whose true difference is known, and how often it lies inside.

At real places, two arms are given a mean squared error at every station, of which three things are random fields over
the map: how hard a station is for both, what an arm is good at, and what a single training is good at; and each
training has a luck of its own everywhere. With :math:`a` the arm, :math:`s` the seed and :math:`i` the station,

.. math:: \mathrm{MSE}_{asi} = k_a \exp(h_i + p_{ai} + \tau\,(q_{asi} + g_{as})), \qquad \mathrm{Var}\,y_i = 2 e^{h_i}

and fields of covariance :math:`\sigma^2\,(0.7\,e^{-d/r} + 0.3\,[d = 0])`. R2 is linear in the mean squared error, so
the difference that many places and trainings would show is known. The first arm has the smaller error, by
:data:`BETTER`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import pandas as pd

from placeprior.coords import great_circle_km
from placeprior.runs import store
from placeprior.runs.plan import Run
from placeprior.scores import metrics, paired
from placeprior.scores.interval import pooled_noise
from placeprior.space.splits import partition

STATIONS = (97, 500)  # a tenth of EPA's monitors, and one partition of a checkerboard
SEEDS = (1, 2, 3, 5)
RANGE_KM = (80.0, 250.0)  # e-folding distances
TRAINING = (0.15, 0.5)  # tau
HARD, ARM, LOCAL, LUCK = 0.6, 0.35, 0.35, 0.18  # standard deviations of h, p, q and g
NUGGET = 0.3
BETTER = 0.9
BATCH, REPLICATES = 40, 1000
OTHERS = 10  # differences from which one seed's noise is taken
CELL = 16.0  # degrees, of the checkerboard where there are two folds
COLUMNS = ["stations", "folds", "seeds", "range_km", "training", "replicates", "block_km", "held", "naive", "width"]


def truth(training: float) -> float:
    """The difference of R2 of :func:`simulate`, over all places and trainings."""
    return float((1 - BETTER) * np.exp((ARM**2 + training**2 * (LOCAL**2 + LUCK**2)) / 2) / 2)


def simulate(
    lonlat: np.ndarray,
    rng: np.random.Generator,
    *,
    folds: int,
    seeds: int,
    range_km: float,
    training: float,
    pairs: int,
) -> tuple[dict[int, list[paired.Term]], pd.DataFrame]:
    """Pairs of arms at the same places, each pair with errors of its own.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
    rng : numpy.random.Generator
    folds : {1, 2}
        All places in one fold, or the two partitions of a checkerboard.
    seeds : int
        Trainings a fold.
    range_km, training : float
        The e-folding distance r, and tau.
    pairs : int

    Returns
    -------
    contrasts, sums
        As :func:`placeprior.scores.paired.paired` takes them.
    """
    n, days = len(lonlat), rng.integers(100, 340, len(lonlat)).astype(float)
    covariance = (1 - NUGGET) * np.exp(-great_circle_km(lonlat, lonlat) / range_km) + NUGGET * np.eye(n)
    root = np.linalg.cholesky(covariance)

    def fields(*shape: int) -> np.ndarray:
        return (root @ rng.normal(size=(n, int(np.prod(shape, dtype=int))))).T.reshape(*shape, n)

    hard = HARD * fields(pairs, 1, 1, 1)
    luck = LUCK * rng.normal(size=(pairs, 2, folds, seeds, 1))
    trained = training * (LOCAL * fields(pairs, 2, folds, seeds) + luck)
    mse = np.exp(hard + ARM * fields(pairs, 2, 1, 1) + trained)
    mse[:, 0] *= BETTER
    variance = np.broadcast_to(2 * np.exp(hard), mse.shape)
    fold = np.ones(n, int) if folds == 1 else partition(lonlat, CELL)
    number = np.arange(pairs * 2 * folds * seeds).reshape(pairs, 2, folds, seeds)  # a run each
    fits = pd.MultiIndex.from_product([range(1, folds + 1), range(seeds)], names=["fold", "seed"])
    contrasts = {
        pair: [(sign, pd.Series(number[pair, arm].ravel(), fits)) for arm, sign in enumerate((1.0, -1.0))]
        for pair in range(pairs)
    }
    tested = np.broadcast_to((fold == np.arange(1, folds + 1)[:, None])[:, None], mse.shape)
    run, name = (np.broadcast_to(part, mse.shape)[tested] for part in (number[..., None], np.arange(n)))
    sums = pd.DataFrame(0.0, index=np.arange(run.size), columns=metrics.SUMS)
    sums["n"] = days[name]
    sums["sum_e2"], sums["sum_y2"] = mse[tested] * days[name], variance[tested] * days[name]
    return contrasts, sums.assign(run=run, name=name, lon=lonlat[name, 0], lat=lonlat[name, 1])


def measured(
    lonlat: np.ndarray,
    *,
    stations: int,
    folds: int,
    seeds: int,
    range_km: float,
    training: float,
    replicates: int,
    seed: int = 0,
) -> pd.DataFrame:
    """The intervals of many simulated differences, each batch at other places.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
        Of which `stations` are drawn for each batch.
    stations, folds, seeds, range_km, training
        As for :func:`simulate`.
    replicates, seed : int

    Returns
    -------
    pandas.DataFrame
        A row a difference: those of :func:`placeprior.scores.paired.paired`, ``block_km``, and, in one batch of four,
        ``naive_low, naive_high``, the interval if every station were evidence of its own and training had no noise.
    """
    found = []
    for batch in range(-(-replicates // BATCH)):
        rng = np.random.default_rng([seed, batch])
        here = lonlat[np.sort(rng.choice(len(lonlat), stations, replace=False))]
        design = {"folds": folds, "range_km": range_km, "training": training}
        count = min(BATCH, replicates - batch * BATCH)
        contrasts, sums = simulate(here, rng, seeds=seeds, pairs=count, **design)
        reach, noise = paired.residual_range(contrasts, sums), None
        if seeds == 1:
            others = simulate(here, rng, seeds=2, pairs=OTHERS, **design)
            noise = pooled_noise(paired.paired(*others, range_km=reach))
        rows = paired.paired(contrasts, sums, range_km=reach, noise=noise)
        half = np.nan
        if batch % 4 == 0:  # a block a station takes long
            alone = paired.paired(contrasts, sums.assign(block=sums["name"]), noise=noise)
            half = 1.96 * np.sqrt(alone["se"] ** 2 - alone["noise"] / alone["fits"])
        found.append(
            rows.assign(
                block_km=max(paired.BLOCK_KM, reach),
                naive_low=rows["difference"] - half,
                naive_high=rows["difference"] + half,
            )
        )
    return pd.concat(found, ignore_index=True)


def collect(runs: Iterable[Run], replicates: int = REPLICATES) -> pd.DataFrame:
    """How often the interval holds, at the stations that some runs test.

    Parameters
    ----------
    runs : iterable of Run
        Only their places are read. Of fewer stations than :data:`STATIONS` asks for, all are taken.
    replicates : int

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`, a row a design: ``held``, the share of 95 % intervals that hold the truth; ``naive``,
        the same if every station were a piece of evidence of its own and training had no noise (from one batch in
        four); ``training``, how large the standard deviation of a single fit between trainings is beside that between
        places; ``width``, of the median interval; ``block_km``, the mean side of a block.
    """
    table = pd.concat(store.stored_sums(run.id for run in runs).values()).drop_duplicates("name").sort_values("name")
    lonlat, rows = table[["lon", "lat"]].to_numpy(np.float64), []
    for size, reach, training, seeds in itertools.product(STATIONS, RANGE_KM, TRAINING, SEEDS):
        stations, folds = min(size, len(lonlat)), 1 if size == STATIONS[0] else 2
        found = measured(
            lonlat,
            stations=stations,
            folds=folds,
            seeds=seeds,
            range_km=reach,
            training=training,
            replicates=replicates,
        )
        true = truth(training)
        held, naive = (
            ((part[low] <= true) & (part[high] >= true)).mean()
            for low, high, part in (
                ("low", "high", found),
                ("naive_low", "naive_high", found.dropna(subset=["naive_low"])),
            )
        )
        places = (found["se"] ** 2 - found["noise"] / found["fits"]).mean()
        rows.append(
            [
                stations,
                folds,
                seeds,
                reach,
                np.sqrt(found["noise"].mean() / places),
                len(found),
                found["block_km"].mean(),
                held,
                naive,
                (found["high"] - found["low"]).median(),
            ]
        )
    return pd.DataFrame(rows, columns=COLUMNS).round({"training": 3, "block_km": 0, "held": 4, "naive": 4, "width": 4})
