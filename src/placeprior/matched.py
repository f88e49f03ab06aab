"""Comparisons of arms that differ in one thing only, and gains taken apart into such differences.

Every function takes scores of one task and the station sums of at least these runs (:func:`placeprior.ledger.scores`,
:func:`placeprior.ledger.sums`), and speaks of arms by the names of :func:`placeprior.looks.arm`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from placeprior import compare

#: Of one row for each split and arm, as :func:`placeprior.compare.arms_of` gives it.
FOUND = ["split", "arm", "difference", "low", "high", "stations", "fits", "positive", "clear"]
TOTAL = "total"


def shared(frame: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Scores of these arms, in the fits (split, fold, seed) that all of them have.

    Means over fits can then be subtracted from each other.
    """
    part = compare.with_arm(frame)
    part = part[part["arm"].isin(arms)]
    have = part.groupby(["split", "fold", "seed"])["arm"].nunique()
    whole = have.index[have == len(set(arms))]
    return part[pd.MultiIndex.from_frame(part[["split", "fold", "seed"]]).isin(whole)]


def differences(frame: pd.DataFrame, sums: pd.DataFrame, reference: Mapping[str, str], **options: Any) -> pd.DataFrame:
    """Paired differences of each arm to its own reference.

    Parameters
    ----------
    frame, sums : pandas.DataFrame
    reference : mapping
        Arm to the arm it is compared with. Arms that `frame` does not have are passed over.
    **options
        Handed to :func:`placeprior.compare.differences`, such as ``metric``.

    Returns
    -------
    pandas.DataFrame
        As :func:`placeprior.compare.differences`.
    """
    part = compare.with_arm(frame)
    tables = []
    for base in dict.fromkeys(reference.values()):
        arms = {name for name, own in reference.items() if own == base and name != base}
        tables.append(compare.differences(part[part["arm"].isin({base, *arms})], sums, against=base, **options))
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else compare.differences(part.iloc[:0], sums)


def steps(frame: pd.DataFrame, sums: pd.DataFrame, chain: Sequence[str], **options: Any) -> pd.DataFrame:
    """Take the difference between the last and the first arm of a chain apart, one link at a time.

    All arms are compared in the fits that all of them have, so that the links add up to the total.

    Parameters
    ----------
    frame, sums : pandas.DataFrame
    chain : sequence of str
        Arms, each with one thing more than the one before it.
    **options
        Handed to :func:`placeprior.compare.differences`.

    Returns
    -------
    pandas.DataFrame
        ``step`` and :data:`FOUND`: for every split one row a link, ``step`` being its later arm, and one whose ``step``
        is :data:`TOTAL`. Splits in which an arm of the chain has no fit are left out.
    """
    part = shared(frame, chain)
    links = [*((later, earlier, later) for earlier, later in pairwise(chain)), (TOTAL, chain[0], chain[-1])]
    rows = []
    for name, earlier, later in links:
        found = compare.arms_of(differences(part, sums, {later: earlier}, **options))
        rows.append(found.assign(step=name)[["step", *FOUND]])
    # Split by split, as a reader meets them.
    table = pd.concat(rows, ignore_index=True)
    order = {split: number for number, split in enumerate(compare.splits_in(table))}
    return table.sort_values("split", key=lambda s: s.map(order), kind="stable", ignore_index=True)


def surviving(
    frame: pd.DataFrame,
    sums: pd.DataFrame,
    reference: Mapping[str, str],
    found: pd.DataFrame,
    *,
    looks: int,
    draws: int = 10_000,
) -> pd.DataFrame:
    """Which clear differences stay clear when every interval is widened for the number of looks.

    Bonferroni's correction: with `looks` intervals each has a level of ``1 - 0.05 / looks``, and the chance that any of
    them misses is at most 5 %.

    Parameters
    ----------
    frame, sums, reference
        As for :func:`differences`.
    found : pandas.DataFrame
        What :func:`placeprior.compare.arms_of` makes of :func:`differences`; only its clear rows can stay clear.
    looks : int
        Intervals that were looked at in all.
    draws : int

    Returns
    -------
    pandas.DataFrame
        Rows of ``arms_of`` at the stricter level, those still clear.
    """
    clear = found[found["clear"] != 0]
    part = compare.with_arm(frame)
    kept = []
    for split, arms in clear.groupby("split", sort=False)["arm"]:
        own = {name: reference[name] for name in arms}
        here = part[(part["split"] == split) & part["arm"].isin({*own, *own.values()})]
        strict = compare.arms_of(differences(here, sums, own, level=1 - 0.05 / max(looks, 1), draws=draws))
        kept.append(strict[strict["clear"] != 0])
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=FOUND)


def by_split(found: pd.DataFrame) -> str:
    """Rows of ``arms_of`` as words: the arms of each split, split by split; empty where there are none.

    Returns
    -------
    str
        Such as ``"no location and lon/lat on WR · random; sin/cos on OoR · 8°"``.
    """
    parts = []
    for split in compare.splits_in(found):
        arms = [compare.said(name) for name in found.loc[found["split"] == split, "arm"]]
        parts.append(f"{compare.listed(arms)} on {compare.SPLITS.get(split, split)}")
    return "; ".join(parts)
