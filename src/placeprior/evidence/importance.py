"""The table of permutation importance (:mod:`placeprior.evidence.permutation`) of trained networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from placeprior.arms import RIVALS
from placeprior.errors import ConfigError, StoreError
from placeprior.evidence.permutation import REPEATS, permute
from placeprior.network.windows import Windows
from placeprior.runs import store
from placeprior.runs.inputs import Inputs
from placeprior.runs.networks import THREADS, restore
from placeprior.runs.plan import Run
from placeprior.scores.interval import Noise, interval
from placeprior.scores.paired import squares

COLUMNS = [
    *store.KEY,
    "shuffle",
    "predictor",
    "rmse",
    "value",
    "sd",
    "low",
    "high",
    "mean",
    "mean_low",
    "mean_high",
    "stations",
    "rows",
    "moved",
]


@dataclass
class _Fit:
    """Squared errors of one run, summed by station: as it was first, then each repeat of each permutation."""

    run: Run
    keys: list[tuple[str, str]]
    names: np.ndarray  # (station,)
    block: np.ndarray  # (station,), of the map
    n: np.ndarray  # (station,)
    sums: np.ndarray  # (station, 1 + keys * REPEATS)
    moved: dict[str, float]

    def importance(self, weights: np.ndarray) -> np.ndarray:
        """Shape (row, key, repeat), for stations counted as often as a row of ``weights`` (row, station) says."""
        with np.errstate(invalid="ignore"):  # a block may hold all stations of a fit
            rmse = np.sqrt(weights @ self.sums / (weights @ self.n)[:, None])
        return (rmse[:, 1:] - rmse[:, :1]).reshape(len(weights), len(self.keys), REPEATS)


def collect(runs: list[Run]) -> pd.DataFrame:
    """Importance of every input of every run, with its intervals.

    Parameters
    ----------
    runs : list of Run
        Stored runs of trained networks.

    Returns
    -------
    pandas.DataFrame
        One row a run, shuffle and predictor (or group, or ``place``): the ``rmse`` of the run as it was on the rows
        looked at; ``value``, the importance as mean over repeats, with ``sd`` over repeats and the interval ``low,
        high`` over places, for this one network; and, equal for all fits of an arm in a split, the mean over folds of
        the mean over seeds ``mean`` with its interval over places and trainings ``mean_low, mean_high``
        (:mod:`placeprior.scores.interval`), all in µg m-3. ``stations`` and ``rows`` count what was looked at,
        ``moved`` is the share of rows that had another to take from.

    Raises
    ------
    ConfigError
        If a run is a baseline: it has no stored network.
    StoreError
        If a network no longer gives the estimates stored with it.
    """
    torch.set_num_threads(THREADS)
    fits: dict[tuple[str, str], dict[tuple[str, str], list[_Fit]]] = {}
    for run in runs:
        fits.setdefault((run.task, run.split), {}).setdefault((run.variant, run.fusion), []).append(_fit(run))
    rows: list[list[Any]] = []
    for arms in fits.values():
        for arm in arms.values():
            rows += _summary(arm)
    return pd.DataFrame(rows, columns=COLUMNS)


def _summary(arm: list[_Fit]) -> list[list[Any]]:
    """Rows of the table for the fits of one arm in one split."""
    blocks = np.unique(np.concatenate([fit.block for fit in arm]))
    inside = [(fit.block == blocks[:, None]).astype(np.float64) for fit in arm]  # (block, station)
    values = np.stack([fit.importance(np.ones((1, len(fit.names))))[0] for fit in arm], axis=-1)  # (key, repeat, fit)
    without = np.stack([fit.importance(1 - own).mean(2) for fit, own in zip(arm, inside, strict=True)], axis=-1)
    tested = np.stack([own @ fit.n for fit, own in zip(arm, inside, strict=True)], axis=-1)[:, None]
    together = interval(values.mean(1), without, tested, [fit.run.fold for fit in arm])
    rows = []
    for number, fit in enumerate(arm):
        one = slice(number, number + 1)
        alone = interval(values.mean(1)[:, one], without[..., one], tested[..., one], [0], Noise(0.0, np.inf))
        run, rmse = fit.run, float(np.sqrt(fit.sums[:, 0].sum() / fit.n.sum()))
        for i, (shuffle, name) in enumerate(fit.keys):
            rows.append(
                [
                    run.task,
                    run.variant,
                    run.fusion,
                    run.split,
                    run.fold,
                    run.seed,
                    shuffle,
                    name,
                    rmse,
                    values[i, :, number].mean(),
                    values[i, :, number].std(ddof=1),
                    alone["low"][i],
                    alone["high"][i],
                    together["difference"][i],
                    together["low"][i],
                    together["high"][i],
                    len(fit.names),
                    int(fit.n.sum()),
                    fit.moved[shuffle],
                ]
            )
    return rows


def _fit(run: Run) -> _Fit:
    if run.variant in RIVALS:
        raise ConfigError(
            f"importance of {run.model!r} (run {run.id}) cannot be measured: a baseline leaves no "
            "network in the store; name trained models only"
        )
    inputs, (model, _) = Inputs.of(run), restore(run)
    data = Windows(inputs.features, run.window, inputs.place)
    found = permute(model, data, data.rows(inputs.parts.test), inputs.names, seed=[run.seed, run.fold])
    cube, stored = inputs.cube, store.table(run.id, "predictions").iloc[found.rows]
    truth = stored["pm25"].to_numpy(np.float64)
    original = inputs.y_scale.inverse(found.original)
    off = np.abs(original - stored["estimate"])
    if not (off <= 0.05 + 0.01 * np.abs(original)).all():  # another device rounds otherwise, but not as much
        raise StoreError(
            f"run {run.id} no longer gives the estimates stored with it (up to {off.max():.2g} µg m-3 "
            f"apart); remove {store.place(run.id)} and run `placeprior runs run {run.id}`"
        )
    estimates = inputs.y_scale.inverse(np.concatenate([found.original[None], *found.permuted.values()]))
    squared = pd.DataFrame((estimates.astype(np.float64) - truth).T ** 2)
    grouped = squared.groupby(cube["station"].values[stored["station"].to_numpy()].astype(str))
    sums = grouped.sum()
    block = pd.Series(squares(inputs.lonlat), cube["station"].values.astype(str))
    return _Fit(
        run,
        list(found.permuted),
        sums.index.to_numpy(),
        block[sums.index].to_numpy(),
        grouped.size().to_numpy(),
        sums.to_numpy(),
        found.moved,
    )
