"""Coarse fields made fine on the embedded world: every arm's scores, in three worlds, and which differences are clear.

A seed draws the world, the noise of the coarse field, and the networks. The table has a row a number: ``arm, seed,
metric, at`` (lag, km, block of days or cell of a map, where the metric has one) and ``value``.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from placeprior.downscaling import judging, learned, simple
from placeprior.downscaling.fields import CELL, KM, Fields, Inputs, Setting, simulate
from placeprior.downscaling.networks import Encoder
from placeprior.runs.plan import Run
from placeprior.scores.interval import interval

#: Arms in the order of the page, and what each is called there.
ARMS = {
    "climatology": "mean map",
    "persistence": "yesterday's truth",
    "bilinear": "bilinear",
    "regression": "regression a cell",
    "regression drawn": "regression, drawn",
    "unet": "U-Net",
    "vae": "autoencoder",
    "diffusion": "diffusion, pretrained",
    "diffusion random": "diffusion, random",
    "diffusion tuned": "diffusion, tuned",
}
TRUTH = "truth"
DOMAINS = "domains"  # what is known before anything is handed on
COLUMNS = ["arm", "seed", "metric", "at", "value"]
MAPPED = (TRUTH, "bilinear", "unet", "diffusion")  # arms of which a day's map is kept, of the first world
LONGER = ("unet", "diffusion", "diffusion random")  # arms that also learn twice as long
TIMES = 2
NEAR_KM = 100  # upper edge of the bins of the semivariogram that count as near
BLOCKED = {"nse": "block mse", "crps": "block crps"}  # by which metric a difference is judged, block by block


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """All arms in the worlds of the runs' seeds; of the runs nothing else is read.

    Returns
    -------
    pandas.DataFrame
        :data:`COLUMNS`.
    """
    seeds = sorted({run.seed for run in runs})
    return pd.concat([of_world(seed, maps=seed == seeds[0]) for seed in seeds], ignore_index=True)


def longer(runs: Iterable[Run]) -> pd.DataFrame:
    """The arms of :data:`LONGER` in the same worlds, with :data:`TIMES` as many steps: does the answer depend on them?

    Returns
    -------
    pandas.DataFrame
        :data:`COLUMNS`.
    """
    usual = learned.Effort()
    effort = replace(usual, pretrain=TIMES * usual.pretrain, fit=TIMES * usual.fit)
    return pd.concat(
        [of_world(seed, effort=effort, only=LONGER) for seed in sorted({run.seed for run in runs})], ignore_index=True
    )


def of_world(
    seed: int,
    setting: Setting | None = None,
    effort: learned.Effort | None = None,
    *,
    maps: bool = False,
    only: Collection[str] = tuple(ARMS),
) -> pd.DataFrame:
    """Arms in one world; with ``maps``, also one day's: that of the test period with the most PM2.5."""
    effort = effort or learned.Effort()
    fields = simulate(seed, setting)
    inputs = Inputs(fields)
    factor, truth = fields.setting.factor, fields.fine[fields.test].astype(np.float64)
    usual = fields.fine[fields.train].mean(0, dtype=np.float64)
    rows: list[tuple[Any, ...]] = []
    fullest = int(truth.mean((1, 2)).argmax())

    def keep(arm: str, drawn: np.ndarray, began: float) -> None:
        used = time.process_time() - began
        found = judging.judge(truth, drawn.astype(np.float64), usual, factor, CELL * KM)
        rows.extend((arm, seed, *row) for row in [*found, ("cpu seconds", np.nan, used)])
        if maps and arm in MAPPED:
            rows.extend((arm, seed, "map", cell, value) for cell, value in enumerate(drawn[0, fullest].ravel()))

    began = time.process_time()
    keep(TRUTH, truth[None], began)
    rows.append((TRUTH, seed, "variance", np.nan, ((truth - truth.mean(0)) ** 2).mean()))
    for arm, make in (
        ("climatology", simple.mean_map),
        ("persistence", simple.yesterday),
        ("bilinear", simple.between),
    ):
        if arm in only:
            keep(arm, make(fields), time.process_time())
    if {"regression", "regression drawn"} & set(only):
        one, drawn = simple.regression(fields, inputs, effort.draws, np.random.default_rng(seed))
        keep("regression", one, time.process_time())
        keep("regression drawn", drawn, time.process_time())
    for arm, fit in (("unet", learned.unet), ("vae", learned.autoencoder)):
        if arm in only:
            began = time.process_time()
            keep(arm, fit(fields, inputs, effort, seed), began)
    for arm, encoder, told in _encoders(fields, effort, seed):
        rows.extend((DOMAINS, seed, *row) for row in told)
        if arm in only:
            began = time.process_time()
            model = learned.diffuser(fields, inputs, encoder, effort, seed, tuned=arm.endswith("tuned"))
            keep(arm, learned.rollout(model, fields, inputs, effort, seed), began)
    return pd.DataFrame(rows, columns=COLUMNS)


def _encoders(fields: Fields, effort: learned.Effort, seed: int) -> Iterable[tuple[str, Encoder, list[judging.Row]]]:
    """The encoder of each arm with diffusion; with the first, what is known before it is handed on."""
    began = time.process_time()
    encoder, skill = learned.pretrain(fields, effort, seed)
    told = [("skill", np.nan, skill), ("cpu seconds", np.nan, time.process_time() - began)]
    yield (
        "diffusion",
        encoder,
        told + judging.likeness(fields.country[-fields.setting.train :], fields.fine[fields.train]),
    )
    random = learned.seeded(seed + 1, lambda: Encoder(fields.setting.past))
    yield "diffusion random", random, []
    yield "diffusion tuned", encoder, []  # last: it changes the encoder


def differences(table: pd.DataFrame, metric: str, against: str) -> pd.DataFrame:
    """How much better every arm is than one of them, with the book's interval over blocks of days and worlds.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`collect`.
    metric : str
        ``nse``, or ``crps`` (µg m-3): above zero is better in both.
    against : str
        An arm.

    Returns
    -------
    pandas.DataFrame
        By arm: ``difference, low, high, clear, blocks, fits``.
    """
    own = table[table["metric"] == BLOCKED[metric]]
    wide = own.pivot(index=["seed", "at"], columns="arm", values="value")
    unit = table[table["metric"] == "variance"].set_index("seed")["value"]
    found = {}
    for arm in [name for name in ARMS if name in wide and name != against]:
        gain = (wide[against] - wide[arm]).unstack("at")  # (seed, block)
        if metric == "nse":
            gain = gain.div(unit, axis=0)
        values = gain.to_numpy()
        n = values.shape[1]
        without = ((values.sum(1, keepdims=True) - values) / (n - 1)).T
        told = interval(values.mean(1), without, np.ones_like(without), [0] * len(values))
        found[arm] = {key: np.asarray(told[key]).item() for key in ("difference", "low", "high", "clear", "blocks")}
        found[arm]["fits"] = len(values)
    return pd.DataFrame.from_dict(found, orient="index")


def means(table: pd.DataFrame, *metrics: str) -> pd.DataFrame:
    """Mean over worlds, a row an arm in the order of :data:`ARMS`, a column a metric without an ``at``."""
    own = table[table["metric"].isin(metrics) & table["at"].isna()]
    wide = own.pivot_table(index="arm", columns="metric", values="value", aggfunc="mean", dropna=False)
    return wide.reindex(index=[arm for arm in ARMS if arm in wide.index], columns=list(metrics))


def curve(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Mean over worlds of a metric with an ``at``: a row an arm or the truth, a column an ``at``."""
    own = table[table["metric"] == metric]
    return own.pivot_table(index="arm", columns="at", values="value", aggfunc="mean")


def ratios(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """:func:`curve` of every arm over the truth's of the same world, mean over worlds."""
    own = table[table["metric"] == metric].set_index(["arm", "seed", "at"])["value"]
    share = own / own.loc[TRUTH].reindex(own.index.droplevel("arm")).to_numpy()
    return share.groupby(level=["arm", "at"]).mean().unstack("at")
