"""What every arm adds to the network without a place: the one difference that front page, claims and grids show.

A gain is the paired difference of an arm's score to a reference on the same test rows
(:mod:`placeprior.scores.paired`). How far errors are alike on a split, and how much two trainings differ, is asked of
all networks of a task together, each against the network without a place: so a difference turned round is the same with
the other sign, whichever arm is the reference, and an arm has one gain wherever it is shown.

An arm that was trained once tells nothing of its training's chance. It borrows that of the split's other networks
(:func:`placeprior.scores.interval.pooled_noise`); where none has two seeds, there is no interval.
"""

from __future__ import annotations

import functools

import pandas as pd

from placeprior.arms import FORMULAS, HEAD_ONLY, RIVALS, arm_order, of_part, splits_in, with_arm
from placeprior.runs import store
from placeprior.scores.interval import Noise, pooled_noise
from placeprior.scores.paired import BLOCK_KM, FOUND, Term, fits, paired, residual_range

REFERENCE = HEAD_ONLY
#: Rivals that give the same whatever the seed; trees and the rest draw rows or start anew.
WITHOUT_CHANCE = ("mean", "idw", "kriging", "eof+kriging", "eof+gbt")


def gains(
    profile: str,
    task: str,
    *,
    against: str = REFERENCE,
    metric: str = "r2",
    few: bool = False,
    block_km: float = BLOCK_KM,
) -> pd.DataFrame:
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
        Whether splits that train on a part of the stations (``spatial@100``) are meant, and only these.
    block_km : float
        Least side of the blocks that intervals are taken over.

    Returns
    -------
    pandas.DataFrame
        Columns ``arm, split`` and :data:`placeprior.scores.paired.FOUND`, in the book's order; empty where nothing was
        run. The caller may change it.
    """
    committed = store.results(profile) / "scores.csv"
    state = (str(committed), committed.stat().st_mtime_ns if committed.exists() else 0)
    return _gains(profile, task, against, metric, few, block_km, state).copy()


def matched_gains(profile: str, task: str) -> pd.DataFrame:
    """Difference in R2 of every arm to the network without a place that has all its layers.

    Rivals, which have no layers, stand against ``none+head``.

    Parameters
    ----------
    profile, task : str
        Of the committed results.

    Returns
    -------
    pandas.DataFrame
        As :func:`gains`, with the column ``reference``.
    """
    found = []
    for reference in (REFERENCE, "none"):
        table = gains(profile, task, against=reference)
        found.append(table[table["arm"].map(reference_of).eq(reference)].assign(reference=reference))
    found = [table for table in found if len(table)] or found[:1]
    return _in_order(pd.concat(found, ignore_index=True))


def reference_of(arm: str) -> str:
    """The network without a place that has all layers of an arm's: a vector brings one along, channels bring none.

    >>> reference_of("geoclip-hadamard"), reference_of("lonlat"), reference_of("geoclip-channels")
    ('none+head', 'none', 'none')
    """
    return "none" if arm in FORMULAS or arm.endswith("-channels") else REFERENCE


@functools.lru_cache(maxsize=64)
def _gains(
    profile: str, task: str, against: str, metric: str, few: bool, block_km: float, _state: tuple[str, int]
) -> pd.DataFrame:
    frame = with_arm(store.scores(profile))
    frame = frame[(frame["task"] == task) & (of_part(frame["split"]) == few)]
    sums = store.sums(profile)
    sums = sums[sums["run"].isin(frame["run"])]
    rows = []
    for split in splits_in(frame):
        here = frame[frame["split"] == split]
        reach, noise = _alike(here, sums, metric, block_km)
        terms = _terms(here, against)
        sure = {arm: pair for arm, pair in terms.items() if {arm, against} <= set(WITHOUT_CHANCE)}
        chancy = {arm: pair for arm, pair in terms.items() if arm not in sure}
        for asked, chance in ((sure, Noise(0.0, 1.0)), (chancy, noise)):
            found = paired(asked, sums, metric=metric, range_km=reach, block_km=block_km, noise=chance)
            if len(found):
                found = found.rename_axis("arm").reset_index().assign(split=split)
                # a rival without chance is one run a fold, however many trainings it stands beside
                found["fits"] = found["fits"].where(~found["arm"].isin(WITHOUT_CHANCE), found["folds"])
                rows.append(found)
    if not rows:
        return pd.DataFrame(columns=["arm", "split", *FOUND])
    return _in_order(pd.concat(rows, ignore_index=True))


def _in_order(found: pd.DataFrame) -> pd.DataFrame:
    """Rows in the book's order of splits and arms."""
    order = {arm: place for place, arm in enumerate(arm_order(found["arm"]))}
    places = {split: place for place, split in enumerate(splits_in(found))}
    keys = found.assign(place=found["split"].map(places), order=found["arm"].map(order))
    return found.loc[keys.sort_values(["place", "order"]).index].reset_index(drop=True)


def _alike(here: pd.DataFrame, sums: pd.DataFrame, metric: str, block_km: float) -> tuple[float, Noise | None]:
    """How far errors are alike on a split, km, and the variance between trainings, from its networks."""
    networks = here[~here["arm"].isin(RIVALS)]
    base = REFERENCE if (networks["arm"] == REFERENCE).any() else "none"
    terms = _terms(networks, base)
    reach = residual_range(terms, sums)
    found = paired(terms, sums, metric=metric, range_km=reach, block_km=block_km)
    return reach, pooled_noise(found) if len(found) else None


def _terms(here: pd.DataFrame, against: str) -> dict[str, list[Term]]:
    """Each arm against one, fit by fit; one that no training's chance decides stands beside every seed of the other."""
    base = fits(here, arm=against)
    terms: dict[str, list[Term]] = {}
    for arm in arm_order(here["arm"]):
        own = fits(here, arm=arm)
        if arm in WITHOUT_CHANCE:
            pair = _beside(own, base), base
        elif against in WITHOUT_CHANCE:
            pair = own, _beside(base, own)
        else:
            pair = own, base
        if arm != against:
            terms[arm] = [(1.0, pair[0]), (-1.0, pair[1])]
    return terms


def _beside(one: pd.Series, other: pd.Series) -> pd.Series:
    """The runs of an arm without chance, one a fold, by the fits of another."""
    run = one.groupby(level="fold").first()
    there = other.index[other.index.get_level_values("fold").isin(run.index)]
    return pd.Series(run[there.get_level_values("fold")].to_numpy(), there, dtype=object)
