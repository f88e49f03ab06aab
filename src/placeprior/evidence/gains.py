"""What every arm adds to the network without a place: the one difference that front page, claims and grids show.

A gain is the paired difference of an arm's score to a reference on the same test rows
(:mod:`placeprior.scores.paired`). All arms of a task that were run on a split are looked at together, whichever matrix
asked for them, so that how far errors are alike and how much trainings differ are the same for all, and an arm has one
gain wherever it is shown.
"""

from __future__ import annotations

import functools

import pandas as pd

from placeprior.arms import CORRECTED, HEAD_ONLY, RIVALS, arm_order, splits_in, with_arm
from placeprior.runs import store
from placeprior.scores.interval import pooled_noise
from placeprior.scores.paired import FOUND, fits, paired, residual_range

REFERENCE = HEAD_ONLY


def gains(profile: str, task: str, *, against: str = REFERENCE, metric: str = "r2", few: bool = False) -> pd.DataFrame:
    """Difference of every arm of a task to one of them, on each split.

    Parameters
    ----------
    profile, task : str
        Of the committed results.
    against : str
        The arm that the others are compared with; a split without it is passed over.
    metric : str
        Of :data:`placeprior.scores.metrics.METRICS`.
    few : bool
        Whether splits that train on few stations (``spatial@100``) are meant, and only these.

    Returns
    -------
    pandas.DataFrame
        Columns ``arm, split`` and :data:`placeprior.scores.paired.FOUND`, in the book's order; empty where nothing was
        run. The caller may change it.
    """
    committed = store.results(profile) / "scores.csv"
    state = (str(committed), committed.stat().st_mtime_ns if committed.exists() else 0)
    return _gains(profile, task, against, metric, few, state).copy()


@functools.lru_cache(maxsize=64)
def _gains(profile: str, task: str, against: str, metric: str, few: bool, _state: tuple[str, int]) -> pd.DataFrame:
    frame = with_arm(store.scores(profile))
    frame = frame[(frame["task"] == task) & (frame["split"].str.contains("@") == few)]
    sums = store.sums(profile)
    sums = sums[sums["run"].isin(frame["run"])]
    rows = []
    for split in splits_in(frame):
        here = frame[frame["split"] == split]
        base = fits(here, arm=against)
        terms = {
            arm: [(1.0, _beside(fits(here, arm=arm), base, arm)), (-1.0, base)]
            for arm in arm_order(here["arm"])
            if arm != against
        }
        reach = residual_range(terms, sums)
        found = paired(terms, sums, metric=metric, range_km=reach)
        if len(found):
            found = paired(terms, sums, metric=metric, range_km=reach, noise=pooled_noise(found))
            rows.append(found.rename_axis("arm").reset_index().assign(split=split))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["arm", "split", *FOUND])


def _beside(own: pd.Series, base: pd.Series, arm: str) -> pd.Series:
    """An arm's fits by those of the reference: a rival that no training's chance decides stands beside every seed."""
    if arm not in RIVALS or arm == CORRECTED:
        return own
    one = own.groupby(level="fold").first()
    there = base.index[base.index.get_level_values("fold").isin(one.index)]
    return pd.Series(one[there.get_level_values("fold")].to_numpy(), there)
