"""What place is worth by how many places were seen, and from one year to another: differences from committed scores.

A split ``spatial@25`` trains on 25 of the stations that ``spatial`` trains on and tests the same rows; ``year-A-B``
trains on days of year A and tests those of year B, at stations that no year trains on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from placeprior.arms import arm_order, with_arm
from placeprior.evidence import matched
from placeprior.network.sizes import SIZES
from placeprior.runs import configuration, store
from placeprior.scores import paired

#: Arms whose reference is no location even where the extra head alone was trained: they have no such head.
HEADLESS = ("none", "none+head", "lonlat", "sincos")
UNTOLD = ("none", "none+head", "idw")
YEAR = r"^year-(?P<trained>\d{4})-(?P<tested>\d{4})$"


def reference(arm: str, arms: Collection[str]) -> str:
    """The network without a place that is otherwise the same, of the arms that there are.

    >>> reference("geoclip-hadamard", ["none", "none+head"]), reference("lonlat", ["none", "none+head"])
    ('none+head', 'none')
    """
    return "none+head" if arm not in HEADLESS and "none+head" in arms else "none"


@dataclass(frozen=True)
class Curve:
    """Fits of one task on one split with few and with all training stations.

    Attributes
    ----------
    profile, task, split : str
    scores : pandas.DataFrame
        As :func:`placeprior.runs.store.scores`, fewest stations first, with ``arm``, and ``stations`` and ``rows``: the
        mean sizes of the training part over the fits of a split.
    sums : pandas.DataFrame
        Of these runs, as :func:`placeprior.runs.store.sums`.
    reach : float
        How far errors are alike, km.
    """

    profile: str
    task: str
    split: str
    scores: pd.DataFrame
    sums: pd.DataFrame
    reach: float

    @property
    def numbers(self) -> list[int]:
        """Numbers of training stations, fewest first."""
        return sorted(self.scores["stations"].unique())

    @property
    def arms(self) -> list[str]:
        """In the book's order."""
        return arm_order(self.scores["arm"])

    def gain(self, arm: str, number: int) -> list[paired.Term]:
        """The gain of an arm over its reference with some number of stations, for :func:`.paired`."""
        return [
            (weight, paired.fits(self.scores, arm=name, stations=number))
            for weight, name in ((1, arm), (-1, reference(arm, self.arms)))
        ]


def curve(profile: str) -> Curve | None:
    """The learning curve of a profile, or None where no split trains on few stations."""
    found, stamps = with_arm(store.scores(profile)), store.stamps(profile)
    few = found[found["split"].str.contains("@")]
    if few.empty:
        return None
    task = few["task"].iloc[0]
    few = few[few["task"] == task]
    split = few["split"].iloc[0].partition("@")[0]
    own = found[(found["task"] == task) & found["arm"].isin(few["arm"]) & found["seed"].isin(few["seed"])]
    own = own[own["split"].isin({split, *few["split"]})]
    for column in ("stations", "rows"):
        sizes = pd.Series([stamps[run]["sizes"]["train"][column] for run in own["run"]], own.index)
        own = own.assign(**{column: sizes.groupby(own["split"]).transform("mean")})
    own = own.assign(stations=own["stations"].round().astype(int)).sort_values("stations")
    sums = store.sums(profile)
    return Curve(profile, task, split, own, sums[sums["run"].isin(own["run"])], matched.reach(profile, task)[split])


def steps(curve: Curve) -> pd.DataFrame:
    """What few stations mean for the training: ``rows``, ``steps`` an epoch and ``epochs``, by ``stations``."""
    spec = configuration.profile(curve.profile)
    config = SIZES[spec["size"]].with_(**spec.get("settings", {}))
    rows = curve.scores.groupby("stations")["rows"].first()
    return pd.DataFrame({"rows": rows, "steps": np.ceil(rows / config.batch), "epochs": config.epochs})


def gains(curve: Curve, metric: str = "r2") -> pd.DataFrame:
    """Gain of each arm over its reference by the number of training stations.

    Returns
    -------
    pandas.DataFrame
        ``arm``, ``reference``, ``trained`` (stations) and :data:`placeprior.scores.paired.FOUND`, whose ``stations``
        are those tested; arms in the book's order, fewest stations first.
    """
    asked = {
        (arm, reference(arm, curve.arms), number): curve.gain(arm, number)
        for arm in curve.arms
        if arm != "none"
        for number in curve.numbers
    }
    found = paired.paired(asked, curve.sums, metric=metric, range_km=curve.reach)
    return _keyed(found, ["arm", "reference", "trained"])


def pays_from(clear: Sequence[int]) -> int:
    """From which place of a row of verdicts on all are clearly above zero; its length where the last is not.

    >>> pays_from([1, 0, 1, 1]), pays_from([1, 0]), pays_from([1, 1])
    (2, 2, 0)
    """
    start = len(clear)
    while start and clear[start - 1] > 0:
        start -= 1
    return start


def growth(curve: Curve, gains: pd.DataFrame) -> pd.DataFrame:
    """From how many stations on telling the place pays, and by how much its gain grows from the fewest to all.

    Parameters
    ----------
    curve : Curve
    gains : pandas.DataFrame
        As :func:`gains`, of R2.

    Returns
    -------
    pandas.DataFrame
        By ``arm`` that is told a place: ``reference``, ``pays_from`` (stations, NaN where it does not),
        and of the growth :data:`placeprior.scores.paired.FOUND`.
    """
    rows, asked = {}, {}
    for arm, own in gains[~gains["arm"].isin(UNTOLD)].groupby("arm", sort=False):
        start, numbers = pays_from(own["clear"].tolist()), own["trained"].tolist()
        rows[arm] = {"reference": own["reference"].iloc[0], "pays_from": [*numbers, np.nan][start]}
        few = [(-weight, runs) for weight, runs in curve.gain(arm, numbers[0])]
        asked[arm] = [*curve.gain(arm, numbers[-1]), *few]
    found = paired.paired(asked, curve.sums, range_km=curve.reach)
    return pd.DataFrame.from_dict(rows, orient="index").join(found)


def across_years(profile: str) -> pd.DataFrame:
    """Scores of the runs across years of one task, with ``arm``, ``trained`` and ``tested`` (years, text)."""
    found = with_arm(store.scores(profile))
    found = found.join(found["split"].str.extract(YEAR)).dropna(subset=["trained"])
    return found[found["task"] == found["task"].iloc[0]] if len(found) else found


def by_year(scores: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """Gain in R2 of each arm that is told a place, by year of training and of test.

    Parameters
    ----------
    scores : pandas.DataFrame
        As :func:`across_years`.
    sums : pandas.DataFrame
        Of at least these runs, as :func:`placeprior.runs.store.sums`.

    Returns
    -------
    pandas.DataFrame
        ``arm``, ``reference``, ``trained``, ``tested`` and :data:`placeprior.scores.paired.FOUND`.
    """
    arms, years = arm_order(scores["arm"]), _years(scores)
    asked = {
        (arm, base, first, second): [
            (weight, paired.fits(scores, arm=name, trained=first, tested=second))
            for weight, name in ((1, arm), (-1, base))
        ]
        for arm in arms
        if arm not in UNTOLD
        for base in [reference(arm, arms)]
        for first in years
        for second in years
    }
    return _keyed(paired.paired(asked, sums), ["arm", "reference", "trained", "tested"])


def carried(scores: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """Whether what place teaches in one year holds in another, over all pairs of two different years.

    Parameters
    ----------
    scores, sums
        As for :func:`by_year`.

    Returns
    -------
    pandas.DataFrame
        ``arm``, ``reference``, ``what`` and :data:`placeprior.scores.paired.FOUND`, on the same rows throughout.
        ``what`` is the gain after training on the year of test, ``same``, and on another, ``other``; how much the
        second is larger, ``change``; and the cost of another year to the reference, ``cost``, all in R2.
    """
    arms, asked = arm_order(scores["arm"]), {}
    for arm in [arm for arm in arms if arm not in UNTOLD]:
        base = reference(arm, arms)
        runs = {(name, same): _pooled(scores, name, same) for name in (arm, base) for same in (True, False)}
        if any(part.empty for part in runs.values()):
            continue
        same, other = ([(1, runs[arm, kind]), (-1, runs[base, kind])] for kind in (True, False))
        asked |= {
            (arm, base, "same"): same,
            (arm, base, "other"): other,
            (arm, base, "change"): [*other, *((-weight, part) for weight, part in same)],
            (arm, base, "cost"): [(1, runs[base, False]), (-1, runs[base, True])],
        }
    return _keyed(paired.paired(asked, sums), ["arm", "reference", "what"])


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


def _years(scores: pd.DataFrame) -> list[str]:
    return sorted({*scores["trained"], *scores["tested"]})


def _keyed(found: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """A table of :func:`.paired` with the parts of its contrasts' names as columns."""
    keys = pd.DataFrame(list(found.index), columns=names)
    return keys.join(found.reset_index(drop=True))
