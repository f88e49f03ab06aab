"""The embedded world with its knob turned: gains where place has no role, its usual one, or a larger one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from placeprior.arms import arm_order, with_arm
from placeprior.evidence import map_error, matched
from placeprior.evidence.gains import REFERENCE, gains
from placeprior.runs import configuration


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


def turned(profile: str, split: str) -> pd.DataFrame:
    """What every arm adds to the network without a place, in every embedded world of a profile.

    Inverse distance, which reads the day's monitors and no place, is left out.

    Parameters
    ----------
    profile, split : str

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`placeprior.evidence.gains.gains`, ``task`` and ``placeness``.
    """
    found = [gains(profile, task).assign(task=task, placeness=value) for task, value in knobs(profile).items()]
    table = pd.concat([own for own in found if len(own)] or found[:1], ignore_index=True)
    return table[(table["split"] == split) & (table["arm"] != "idw")].reset_index(drop=True)


def clears(found: pd.DataFrame) -> pd.DataFrame:
    """How many worlds' differences are clear, arm by arm.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`turned`; rows without an interval are left out.

    Returns
    -------
    pandas.DataFrame
        ``arm``, ``worlds`` (differences with an interval), ``above`` and ``below`` (clear ones), ``low``
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
        rows.append([arm, len(own), above, below, share.low, share.high, values.mean(), half])
    return pd.DataFrame(rows, columns=["arm", "worlds", "above", "below", "low", "high", "mean", "half"])


def on_maps(table: pd.DataFrame) -> pd.DataFrame:
    """Differences in RMSE against the truth to the network without a place, by part of the map.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`placeprior.evidence.map_error.collect`.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`placeprior.evidence.matched.differences`, ``piece`` (of
        :data:`placeprior.evidence.map_error.PARTS`), ``placeness`` and ``world``; empty where no arm has its reference.
    """
    found = [
        matched.differences(own, map_error.part(own, piece), REFERENCE, metric="rmse").assign(
            piece=piece, placeness=placeness, world=world
        )
        for (placeness, world), own in with_arm(table).groupby(["placeness", "world"])
        for piece in map_error.PARTS
        if (with_arm(own)["arm"] == REFERENCE).any()
    ]
    found = [part for part in found if len(part)]
    if not found:
        return pd.DataFrame(columns=[*matched.FOUND, "piece", "placeness", "world"])
    return pd.concat(found, ignore_index=True)
