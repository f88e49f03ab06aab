"""What leaks are worth: runs in which held-out labels reach the inputs on purpose, beside their clean twins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from placeprior.arms import NO_PLACE, RIVALS, arm_order, splits_in, with_arm
from placeprior.evidence.law import REFERENCE
from placeprior.runs import store
from placeprior.scores import paired

#: What leaks, as the end of a task's name in ``runs.yml``: ``neighbours-2021+pool``.
KINDS = ("pool", "scalers", "both")
CLEAN, BOTH = "clean", "both"


def runs(profile: str, task: str) -> pd.DataFrame:
    """Scores of a task and of the same task with leaks, with columns ``arm`` and ``leak`` (``clean`` or of KINDS)."""
    scores = with_arm(store.scores(profile))
    told = scores["task"].astype(str).str.extract(r"^([^+]*)\+?(.*)$")
    scores = scores.assign(leak=told[1].replace("", CLEAN))
    return scores[(told[0] == task) & scores["leak"].isin([CLEAN, *KINDS])]


def twins(scores: pd.DataFrame) -> pd.DataFrame:
    """Those of :func:`runs` that leak, and the clean ones of the same arm, split, fold and seed."""
    fit = ["arm", "split", "fold", "seed"]
    leaky = scores.loc[scores["leak"] != CLEAN, fit]
    return scores[scores.set_index(fit).index.isin(leaky.set_index(fit).index)].reset_index(drop=True)


def kinds(scores: pd.DataFrame) -> list[str]:
    """Which leaks were run."""
    return [kind for kind in KINDS if kind in set(scores["leak"])]


def changes(scores: pd.DataFrame, sums: pd.DataFrame, reach: Mapping[str, float], metric: str = "r2") -> pd.DataFrame:
    """The leak: the score of each leaky run minus that of its clean twin, on the same test rows.

    Parameters
    ----------
    scores : pandas.DataFrame
        As :func:`twins`.
    sums : pandas.DataFrame
        As :func:`placeprior.runs.store.sums`.
    reach : mapping
        How far errors are alike on each split, km (:func:`placeprior.evidence.matched.reach`).
    metric : str

    Returns
    -------
    pandas.DataFrame
        Columns ``split, arm, leak`` and :data:`placeprior.scores.paired.FOUND`.
    """
    found = []
    for split in splits_in(scores):
        contrasts = {
            (split, arm, kind): [(1.0, _fits(scores, kind, split, arm)), (-1.0, _fits(scores, CLEAN, split, arm))]
            for arm in arm_order(scores["arm"])
            for kind in kinds(scores)
        }
        found.append(paired.paired(contrasts, sums, metric=metric, range_km=reach[split]))
    return _stacked(found, ["split", "arm", "leak"])


def gains(scores: pd.DataFrame, sums: pd.DataFrame, reach: Mapping[str, float]) -> pd.DataFrame:
    """Gain in R2 over the same network without a place: clean, with both leaks, and how much the leaks change it.

    Parameters
    ----------
    scores, sums, reach
        As for :func:`changes`.

    Returns
    -------
    pandas.DataFrame
        Columns ``arm, split, which`` (``clean``, ``leaky`` or ``change``) and
        :data:`placeprior.scores.paired.FOUND`.
    """
    found = []
    for arm in arm_order(scores["arm"]):
        if arm in (*NO_PLACE, *RIVALS):
            continue
        for split in splits_in(scores):
            clean, leaky = (
                [(1.0, _fits(scores, kind, split, arm)), (-1.0, _fits(scores, kind, split, REFERENCE))]
                for kind in (CLEAN, BOTH)
            )
            change = leaky + [(-weight, fits) for weight, fits in clean]
            contrasts = {(arm, split, "clean"): clean, (arm, split, "leaky"): leaky, (arm, split, "change"): change}
            found.append(paired.paired(contrasts, sums, range_km=reach[split]))
    return _stacked(found, ["arm", "split", "which"])


def _fits(scores: pd.DataFrame, kind: str, split: str, arm: str) -> pd.Series:
    return paired.fits(scores, leak=kind, split=split, arm=arm)


def _stacked(tables: Sequence[pd.DataFrame], names: list[str]) -> pd.DataFrame:
    """Tables of :func:`.paired` under each other, what their index says as columns."""
    filled = [
        table.assign(**{name: [key[i] for key in table.index] for i, name in enumerate(names)})
        for table in tables
        if len(table)
    ]
    columns = [*names, *paired.FOUND]
    return pd.concat(filled, ignore_index=True)[columns] if filled else pd.DataFrame(columns=columns)
