"""What place is worth from one year to another: differences from committed scores.

``year-A-B`` trains on days of year A and tests those of year B, at stations that no year trains on. ``year-A-B`` and
``year-B-B`` test the same rows.
"""

from __future__ import annotations

import pandas as pd

from placeprior.arms import NO_PLACE, arm_order, with_arm
from placeprior.evidence.law import REFERENCE
from placeprior.runs import store
from placeprior.scores import paired

YEAR = r"^year-(?P<trained>\d{4})-(?P<tested>\d{4})$"


def read(profile: str) -> pd.DataFrame:
    """Scores of a profile's runs across years of one task, with ``arm``, ``trained`` and ``tested`` (years, text)."""
    found = with_arm(store.scores(profile))
    found = found.join(found["split"].str.extract(YEAR)).dropna(subset=["trained"])
    return found[found["task"] == found["task"].iloc[0]] if len(found) else found


def carried(scores: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """Whether what place teaches in one year holds in another, over all pairs of two different years.

    Parameters
    ----------
    scores : pandas.DataFrame
        As :func:`read`.
    sums : pandas.DataFrame
        Of at least these runs, as :func:`placeprior.runs.store.sums`.

    Returns
    -------
    pandas.DataFrame
        ``arm``, ``what`` and :data:`placeprior.scores.paired.FOUND`, on the same rows throughout.
        ``what`` is the gain after training on the year of test, ``same``, and on another, ``other``; how much the
        second is larger, ``change``; and the cost of another year to the reference, ``cost``, all in R2.
    """
    asked = {}
    for arm in _told(scores):
        runs = {(name, same): _pooled(scores, name, same) for name in (arm, REFERENCE) for same in (True, False)}
        if any(part.empty for part in runs.values()):
            continue
        same, other = ([(1, runs[arm, kind]), (-1, runs[REFERENCE, kind])] for kind in (True, False))
        asked |= {
            (arm, "same"): same,
            (arm, "other"): other,
            (arm, "change"): [*other, *((-weight, part) for weight, part in same)],
            (arm, "cost"): [(1, runs[REFERENCE, False]), (-1, runs[REFERENCE, True])],
        }
    return _keyed(paired.paired(asked, sums), ["arm", "what"])


def _pooled(scores: pd.DataFrame, arm: str, same: bool) -> pd.Series:
    """Runs by pair of two different years, a fold each, and seed; trained on the year of test where `same`."""
    parts, years = [], _years(scores)
    for first, second in [(first, second) for first in years for second in years if first != second]:
        runs = paired.fits(scores, arm=arm, trained=second if same else first, tested=second)
        index = [(f"{first} {second} {fold}", seed) for fold, seed in runs.index]
        if index:
            fits = pd.MultiIndex.from_tuples(index, names=["fold", "seed"])
            parts.append(pd.Series(runs.to_numpy(), index=fits, dtype=object))
    return pd.concat(parts) if parts else pd.Series(dtype=object)


def _told(scores: pd.DataFrame) -> list[str]:
    return [arm for arm in arm_order(scores["arm"]) if arm not in (*NO_PLACE, "idw")]


def _years(scores: pd.DataFrame) -> list[str]:
    return sorted({*scores["trained"], *scores["tested"]})


def _keyed(found: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """A table of :func:`.paired` with the parts of its contrasts' names as columns."""
    keys = pd.DataFrame(list(found.index), columns=names)
    return keys.join(found.reset_index(drop=True))
