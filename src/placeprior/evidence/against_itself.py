"""The interval against nothing at all: an arm compared with itself, other seeds on each side.

Whatever differs there is the chance of training alone, so no such difference should be clear, save one in twenty.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import pandas as pd

from placeprior.arms import HEAD_ONLY, splits_in, with_arm
from placeprior.errors import StoreError
from placeprior.evidence import tables
from placeprior.runs import store
from placeprior.runs.plan import Run
from placeprior.scores import interval, paired

ARMS = ("none", HEAD_ONLY)
SIDE = 2  # seeds on either side: one alone has no interval
COLUMNS = ["task", "split", "arm", "pair", "difference", "low", "high"]


def aa(scores: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """Differences of an arm to itself, for every way of choosing two seeds and two others.

    Parameters
    ----------
    scores, sums : pandas.DataFrame
        As :func:`placeprior.runs.store.scores` and :func:`placeprior.runs.store.sums`. All seeds of a fold must test
        the same rows.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`, in R2; ``pair`` names the seeds, such as ``0+1 − 2+3``. Six seeds make 45 pairs of an
        arm and split; fewer than four make none.

    Raises
    ------
    StoreError
        If two seeds of a fold do not test the same rows.
    """
    frame = with_arm(scores)
    frame = frame[frame["arm"].isin(ARMS)]
    rows = []
    for (task, split, arm), own in frame.groupby(["task", "split", "arm"], sort=False):
        runs = paired.fits(own)
        contrasts = {
            f"{'+'.join(map(str, one))} − {'+'.join(map(str, two))}": [
                (1.0, _side(runs, one)),
                (-1.0, _side(runs, two)),
            ]
            for one, two in sides(sorted(set(runs.index.get_level_values("seed"))))
        }
        found = paired.paired(contrasts, sums, range_km=paired.residual_range(contrasts, sums))
        rows += [
            [task, split, arm, pair, row.difference, row.low, row.high]
            for pair, row in zip(found.index, found.itertuples(), strict=True)
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def sides(seeds: list[int]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Every way of choosing two seeds, and two others for the other side, each once.

    >>> sides([0, 1, 2, 3])
    [((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))]
    """
    pairs = list(combinations(seeds, SIDE))
    return [(one, two) for one in pairs for two in pairs if one < two and not set(one) & set(two)]


def _side(runs: pd.Series, seeds: tuple[int, ...]) -> pd.Series:
    """The runs of some seeds, the seeds counted from 0, so that both sides have the same fits."""
    own = runs[runs.index.get_level_values("seed").isin(seeds)]
    number = {seed: place for place, seed in enumerate(seeds)}
    return own.set_axis(
        pd.MultiIndex.from_tuples([(fold, number[seed]) for fold, seed in own.index], names=["fold", "seed"])
    )


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """:func:`aa` of stored runs, or of those in committed results."""
    runs = list(runs)
    sums = pd.concat([table.assign(run=run_id) for run_id, table in store.stored_sums(run.id for run in runs).items()])
    scores = pd.DataFrame(
        [[*(getattr(run, key) for key in store.KEY), run.id] for run in runs], columns=[*store.KEY, "run"]
    )
    return aa(scores, sums)


def committed(*profiles: str) -> pd.DataFrame:
    """The committed differences of some profiles.

    Returns
    -------
    pandas.DataFrame
        ``profile``, :data:`COLUMNS` and ``clear`` (+1, -1, or 0); no rows of a profile that has none yet.
    """
    found = [pd.DataFrame(columns=["profile", *COLUMNS])]
    for profile in dict.fromkeys(profiles):
        try:
            found.append(tables.read(profile, "against_itself").assign(profile=profile))
        except StoreError:  # not made yet
            continue
    pairs = pd.concat(found[1:] or found, ignore_index=True)
    return pairs.assign(clear=interval.clear(pairs["low"].to_numpy(float), pairs["high"].to_numpy(float)))


def alarms(pairs: pd.DataFrame) -> pd.DataFrame:
    """How many differences of an arm to itself are called clear.

    Parameters
    ----------
    pairs : pandas.DataFrame
        As :func:`committed`.

    Returns
    -------
    pandas.DataFrame
        A row a profile, task and split: ``pairs`` and ``clear``, how many there are and how many are clear;
        ``difference`` and ``half``, the median size of a difference and the median half width of its interval, R2.
    """
    rows = []
    for (profile, task), own in pairs.groupby(["profile", "task"], sort=False):
        for split in splits_in(own):
            part = own[own["split"] == split]
            size, half = part["difference"].abs().median(), (part["high"] - part["low"]).median() / 2
            rows.append([profile, task, split, len(part), int((part["clear"] != 0).sum()), size, half])
    return pd.DataFrame(rows, columns=["profile", "task", "split", "pairs", "clear", "difference", "half"])
