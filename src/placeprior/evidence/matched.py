"""Comparisons of arms that differ in one thing only.

Every function takes scores of one task and the station sums of at least these runs
(:func:`placeprior.runs.store.scores`, :func:`placeprior.runs.store.sums`), and speaks of arms by the names of
:func:`placeprior.book.style.arm`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from placeprior.arms import arm_order, splits_in, with_arm
from placeprior.runs import store
from placeprior.scores import paired

#: Of one row for each split and arm.
FOUND = ["split", "arm", *paired.FOUND]


def shared(frame: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Scores of these arms, in the fits (split, fold, seed) that all of them have.

    Means over fits can then be subtracted from each other.
    """
    part = with_arm(frame)
    part = part[part["arm"].isin(arms)]
    have = part.groupby(["split", "fold", "seed"])["arm"].nunique()
    whole = have.index[have == len(set(arms))]
    return part[pd.MultiIndex.from_frame(part[["split", "fold", "seed"]]).isin(whole)]


def terms(frame: pd.DataFrame, reference: str | Mapping[str, str]) -> dict[tuple[str, str], list[paired.Term]]:
    """The paired difference of each arm in each split to its reference, as :func:`.paired` takes it.

    Parameters
    ----------
    frame : pandas.DataFrame
    reference : str or mapping
        The arm that all others are compared with, or arm to the arm it is compared with. Arms that `frame` does not
        have are passed over.
    """
    part = with_arm(frame)
    names = arm_order(part["arm"])
    pairs = dict.fromkeys(names, reference) if isinstance(reference, str) else reference
    pairs = {name: pairs[name] for name in names if name in pairs and name != pairs[name]}
    found = {}
    for split in splits_in(part):
        here = part[part["split"] == split]
        runs = {name: paired.fits(here, arm=name) for name in {*pairs, *pairs.values()}}
        found |= {(split, name): [(1.0, runs[name]), (-1.0, runs[base])] for name, base in pairs.items()}
    return found


def reach(profile: str, task: str) -> dict[str, float]:
    """How far the errors of a task are alike on each split, from the main variants' differences to no location.

    Returns
    -------
    defaultdict
        Km by split (:func:`placeprior.scores.paired.residual_range`), 0 for a split that the main comparison does not
        have.
    """
    frame, sums = store.scores(profile, "core"), store.sums(profile)
    found: dict[str, float] = defaultdict(float)
    for (own, split), part in frame.groupby(["task", "split"]):
        if own == task:
            found[split] = paired.residual_range(terms(part, "none"), sums)
    return found


def differences(
    frame: pd.DataFrame,
    sums: pd.DataFrame,
    reference: str | Mapping[str, str] = "none",
    *,
    reach: Mapping[str, float] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Paired differences of arms to their references, one row for each split and arm.

    Parameters
    ----------
    frame, sums : pandas.DataFrame
    reference : str or mapping
        As for :func:`terms`.
    reach : mapping, optional
        How far errors are alike on each split, km (:func:`reach`); of ``spatial@100`` what is said of ``spatial``.
    **options
        Handed to :func:`placeprior.scores.paired.paired`, such as ``metric``.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`FOUND`. Fits whose counterpart is missing are left out.
    """
    asked: dict[float, dict] = {}
    for key, pair in terms(frame, reference).items():
        asked.setdefault((reach or {}).get(key[0].partition("@")[0], 0.0), {})[key] = pair
    tables = [paired.paired(pairs, sums, range_km=km, **options) for km, pairs in asked.items()]
    filled = [
        table.assign(split=[key[0] for key in table.index], arm=[key[1] for key in table.index])
        for table in tables
        if len(table)
    ]
    if not filled:
        return pd.DataFrame(columns=FOUND)
    found = pd.concat(filled, ignore_index=True)[FOUND]
    order = {split: number for number, split in enumerate(splits_in(found))}
    return found.sort_values("split", key=lambda s: s.map(order), kind="stable", ignore_index=True)


def same_folds(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores (with ``arm``) on the folds that all arms of a split have, whatever their seeds."""
    kept = []
    for _, own in scores.groupby("split", sort=False):
        shared_folds = set.intersection(*(set(part["fold"]) for _, part in own.groupby("arm")))
        kept.append(own[own["fold"].isin(shared_folds)])
    return pd.concat(kept) if kept else scores


def common(frame: pd.DataFrame) -> pd.DataFrame:
    """Scores in the fits that all arms of a split have, so that means over them rank the arms.

    Parameters
    ----------
    frame : pandas.DataFrame
        Of one task, as :func:`placeprior.runs.store.scores`.

    Returns
    -------
    pandas.DataFrame
        With ``arm``. Where no fit is common to all arms of a split, those with the fewest fits are left out.
    """
    kept = []
    for _, part in with_arm(frame).groupby("split"):
        arms = part.drop_duplicates("run")["arm"].value_counts().index.tolist()
        while (found := shared(part, arms)).empty:
            arms.pop()
        kept.append(found)
    return pd.concat(kept) if kept else with_arm(frame)
