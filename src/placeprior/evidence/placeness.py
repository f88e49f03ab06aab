"""The embedded world with its knob turned: gains where place has no role, its usual one, or a larger one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from placeprior.arms import arm_order, with_arm
from placeprior.evidence import map_error, matched
from placeprior.runs import configuration
from placeprior.scores import metrics


def _worlds(profile: str) -> dict[str, dict[str, Any]]:
    tasks = configuration.profile(profile)["tasks"]
    return {name: spec.get("options", {}) for name, spec in tasks.items() if spec["load"] == "world"}


def knobs(profile: str) -> pd.Series:
    """Placeness of every embedded world of a profile, by task; 1 where the world is left as it is."""
    return pd.Series({name: float(options.get("placeness", 1.0)) for name, options in _worlds(profile).items()})


def line(profile: str) -> list[str]:
    """Tasks of the embedded worlds that differ from ``world`` in nothing but placeness."""
    others = {name: {k: v for k, v in knobs.items() if k != "placeness"} for name, knobs in _worlds(profile).items()}
    return [name for name, rest in others.items() if rest == others.get("world", {})]


def differences(scores: pd.DataFrame, sums: pd.DataFrame, reference: Mapping[str, str], **options: Any) -> pd.DataFrame:
    """Paired differences of arms to their references, world by world.

    Parameters
    ----------
    scores : pandas.DataFrame
        As :func:`placeprior.runs.store.scores`, of one or more worlds, with a column ``placeness``.
    sums : pandas.DataFrame
        As :func:`placeprior.runs.store.sums`.
    reference : mapping
        Arm to the arm that it is compared with.
    **options
        Handed to :func:`placeprior.evidence.matched.differences`.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`placeprior.evidence.matched.differences`, ``against``, ``task`` and ``placeness``.
    """
    found = [
        matched.differences(own, sums, reference, **options).assign(task=task, placeness=placeness)
        for (task, placeness), own in scores.groupby(["task", "placeness"], sort=False)
    ]
    found = [table for table in found if len(table)]
    if not found:
        return pd.DataFrame(columns=[*matched.FOUND, "task", "placeness", "against"])
    return pd.concat(found, ignore_index=True).assign(against=lambda table: table["arm"].map(reference))


def levels(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean of a score over seeds and folds, and its standard deviation between seeds, by split, arm and placeness.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of one metric, with columns ``arm`` and ``placeness``.

    Returns
    -------
    pandas.DataFrame
        Columns ``split, arm, placeness, level, sd``; ``sd`` is NaN where no fold has two seeds.
    """
    rows = [
        [*key, own.groupby("fold")["value"].mean().mean(), metrics.between_seeds(own)]
        for key, own in scores.groupby(["split", "arm", "placeness"])
    ]
    return pd.DataFrame(rows, columns=["split", "arm", "placeness", "level", "sd"])


def starts(found: pd.DataFrame) -> pd.DataFrame:
    """From which placeness on an arm is clearly better: the smallest at which it is, there and at every larger one.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`differences`.

    Returns
    -------
    pandas.DataFrame
        Columns ``split, arm, against, start``; NaN where it is not so at the largest.
    """
    rows = []
    for key, own in found.groupby(["split", "arm", "against"]):
        own = own.sort_values("placeness", ascending=False)
        rows.append([*key, own.loc[(own["clear"] > 0).cummin(), "placeness"].min()])
    return pd.DataFrame(rows, columns=["split", "arm", "against", "start"])


def clears(found: pd.DataFrame) -> pd.DataFrame:
    """How many worlds' differences are clear, arm by arm.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`differences`; rows without an interval are left out.

    Returns
    -------
    pandas.DataFrame
        ``arm``, ``against``, ``worlds`` (differences with an interval), ``above`` and ``below`` (clear ones), ``low``
        and ``high`` (exact 95 % interval of the share above: Clopper and Pearson 1934, *Biometrika* 26, 404), ``mean``
        over worlds and ``half`` the width of its 95 % interval from the spread between them (Student's t).
    """
    rows = []
    for arm in arm_order(found["arm"]):
        own = found[(found["arm"] == arm) & found["low"].notna()]
        if own.empty:
            continue
        above, below = int((own["clear"] > 0).sum()), int((own["clear"] < 0).sum())
        share = stats.binomtest(above, len(own)).proportion_ci(method="exact")
        values = own["difference"]
        half = stats.t.ppf(0.975, len(own) - 1) * values.std() / np.sqrt(len(own)) if len(own) > 1 else np.nan
        against = own["against"].iloc[0]
        rows.append([arm, against, len(own), above, below, share.low, share.high, values.mean(), half])
    return pd.DataFrame(rows, columns=["arm", "against", "worlds", "above", "below", "low", "high", "mean", "half"])


def on_maps(table: pd.DataFrame, reference: Mapping[str, str]) -> pd.DataFrame:
    """Differences in RMSE against the truth, by part of the map.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`placeprior.evidence.map_error.collect`.
    reference : mapping
        As for :func:`differences`.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`placeprior.evidence.matched.differences`, ``piece`` (of
        :data:`placeprior.evidence.map_error.PARTS`), ``placeness`` and ``world``; empty where no arm has its reference.
    """
    found = [
        matched.differences(own, map_error.part(own, piece), reference, metric="rmse").assign(
            piece=piece, placeness=placeness, world=world
        )
        for (placeness, world), own in with_arm(table).groupby(["placeness", "world"])
        for piece in map_error.PARTS
    ]
    found = [part for part in found if len(part)]
    if not found:
        return pd.DataFrame(columns=[*matched.FOUND, "piece", "placeness", "world"])
    return pd.concat(found, ignore_index=True)


def between_places(table: pd.DataFrame) -> pd.Series:
    """Share of the truth's variance that is between places, rather than between days, by placeness.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`placeprior.evidence.map_error.collect`; the first of its worlds is asked.
    """

    def variance(own: pd.DataFrame, piece: str) -> float:
        total = map_error.part(own, piece)[["n", "sum_y", "sum_y2"]].sum()
        return total["sum_y2"] / total["n"] - (total["sum_y"] / total["n"]) ** 2

    shares = {}
    for placeness, own in table[table["world"] == table["world"].min()].groupby("placeness"):
        one = own[own["run"] == own["run"].iloc[0]]
        shares[placeness] = variance(one, "mean") / variance(one, "map")
    return pd.Series(shares, dtype=float)
