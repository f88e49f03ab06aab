"""Families of encoders: what a place vector is made of, and what those that were made alike have in common.

Single encoders are hard to tell apart; groups are easier. :func:`group_differences` compares group means on the same
rows, and :func:`spearman` asks whether two quantities order encoders alike.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from placeprior import encoders
from placeprior.arms import arm, splits_in, with_arm
from placeprior.encoders.basis import BASES
from placeprior.errors import MissingWeights
from placeprior.evidence import gallery, matched
from placeprior.runs import configuration
from placeprior.scores import paired

HEAD, URBAN = "none+head", "urban-hadamard"
GEOCLIP, HYBRID = "geoclip-hadamard", "geoclip-slepian-hadamard"
#: Kinds of place vectors: formulas with a trained head, vectors that are frozen, and all that encode a place.
LEARNT = ("planar", "spherical", "regional")
FROZEN = ("untrained", "fmow", "yfcc", "geoclip", "satclip")
ENCODERS = ("coordinates", *LEARNT, *FROZEN)
MATRICES = ("core", "controls", "controls-concat", "capacity", "zoo", "upstream", "satclip")
FLAT, LEARNED = 0.05, 0.2  # R2 of a network that says the same everywhere, and of one that has learned something
FEWEST = 8  # pairs of values, for a correlation of ranks

_KINDS = {
    "idw": "baseline",
    "none": "none",
    HEAD: "none",
    "lonlat": "coordinates",
    "sincos": "coordinates",
    "random-vector": "control",
    "smooth-random": "control",
    "shuffled": "control",
    "urban": "control",
    "geoclip": "geoclip",
    "geoclip-slepian": "geoclip",
}


# --- what a vector is made of -----------------------------------------------------------------------------------------


def variant(name: str) -> str:
    """An arm without its way of joining.

    >>> variant("xyz-fmow-hadamard"), variant("geoclip-concat"), variant("lonlat")
    ('xyz-fmow', 'geoclip', 'lonlat')
    """
    return name.removesuffix("-hadamard").removesuffix("-concat")


def kind(name: str) -> str | None:
    """What an arm's vector is made of; None for an arm that is no encoder and no reference of them.

    >>> kind("xyz-hadamard"), kind("xyz-fmow-hadamard"), kind("geoclip-concat"), kind("gbt")
    ('spherical', 'fmow', 'geoclip', None)
    """
    own = variant(name)
    if own in BASES:
        return BASES[own][0]
    if own.startswith("satclip"):
        return "satclip"
    last = own.rpartition("-")[2]
    return _KINDS.get(own, last if last in ("untrained", "fmow", "yfcc") else None)


def trained(basis: str, *training: str) -> str:
    """The arm of a basis with a training; without one it is trained with the task.

    >>> trained("xyz", "fmow", "tuned"), trained("xyz")
    ('xyz-fmow-tuned-hadamard', 'xyz-hadamard')
    """
    return "-".join([basis, *training, "hadamard"])


def asked(profile: str) -> set[str]:
    """Encoders and their references that ``runs.yml`` asks for in a profile, run or not."""
    known = configuration.profile(profile)["matrices"]
    models = [model.partition("/") for name in MATRICES if name in known for model in known[name]["model"]]
    names = {arm(own, fusion or None) for own, _, fusion in models}
    return {name for name in names | {"satclip-l10-hadamard", "satclip-l40-hadamard"} if kind(name)}


def collapsed(scores: pd.DataFrame) -> pd.Series:
    """Ids of runs whose network says nearly the same everywhere, in fits in which the one without a place does not.

    That is a failure of training, no verdict on a vector: R2 is below :data:`FLAT`, with ``none+head`` above
    :data:`LEARNED`.
    """
    r2 = scores[scores["metric"] == "r2"]
    plain = r2[r2["arm"] == HEAD].set_index(["split", "fold", "seed"])["value"]
    beside = plain.reindex(pd.MultiIndex.from_frame(r2[["split", "fold", "seed"]])).to_numpy(float)
    return r2.loc[(r2["value"].to_numpy(float) < FLAT) & (beside > LEARNED), "run"]


# --- groups -----------------------------------------------------------------------------------------------------------


class Group(NamedTuple):
    """Two groups of arms to compare; the members of twins are paired, by position."""

    first: Sequence[str]
    second: Sequence[str]
    twins: bool = False

    def within(self, arms: Collection[str]) -> Group:
        """What is left of both where only these arms were run: of twins, whole pairs."""
        if self.twins:
            pairs = [pair for pair in zip(self.first, self.second, strict=True) if set(pair) <= set(arms)]
            return Group([pair[0] for pair in pairs], [pair[1] for pair in pairs], True)
        return Group([a for a in self.first if a in arms], [a for a in self.second if a in arms])


def twins(first: str, second: str) -> Group:
    """Arms of the same formulas, `first` and `second` being the ends of their names (``"-fmow"``; none: trained here).

    >>> twins("-fmow", "-yfcc").first[0], twins("-fmow", "-yfcc").second[0]
    ('nerf-fmow-hadamard', 'nerf-yfcc-hadamard')
    """
    shared = sorted(_stems(first) & _stems(second))
    return Group([f"{n}{first}-hadamard" for n in shared], [f"{n}{second}-hadamard" for n in shared], True)


def _stems(end: str) -> set[str]:
    return {name.removesuffix(end) for name in encoders.list_encoders(f"*{end}")} if end else set(BASES)


def of_kind(word: str, *without: str) -> list[str]:
    """Arms of the bases of a kind, trained here."""
    return [trained(n) for n, (module, *_) in BASES.items() if module == word and n not in without]


def group_differences(
    frame: pd.DataFrame,
    sums: pd.DataFrame,
    groups: Mapping[str, Group],
    *,
    reach: Mapping[str, float] | None = None,
    least: int = 1,
    **options: Any,
) -> pd.DataFrame:
    """Mean score of one group of arms minus that of another, on the same rows.

    Parameters
    ----------
    frame, sums : pandas.DataFrame
    groups : mapping
        By name; of each, what was run counts (:meth:`Group.within`).
    reach : mapping, optional
        As for :func:`placeprior.evidence.matched.differences`.
    least : int
        Members that each side must have.
    **options
        Handed to :func:`placeprior.scores.paired.paired`.

    Returns
    -------
    pandas.DataFrame
        :data:`placeprior.evidence.matched.FOUND`, with the group's name as ``arm``, and the members of the first and of
        the second group.
    """
    part, tables = with_arm(frame), []
    for split in splits_in(part):
        here = part[part["split"] == split]
        runs = {name: paired.fits(here, arm=name) for name in here["arm"].unique()}
        kept = {name: group.within(runs) for name, group in groups.items()}
        kept = {name: group for name, group in kept.items() if min(len(group.first), len(group.second)) >= least}
        terms = {
            name: [(sign / len(side), runs[a]) for sign, side in ((1, group.first), (-1, group.second)) for a in side]
            for name, group in kept.items()
        }
        table = paired.paired(terms, sums, range_km=(reach or {}).get(split, 0.0), **options)
        members = [(len(kept[name].first), len(kept[name].second)) for name in table.index]
        table[["first", "second"]] = np.array(members, int).reshape(-1, 2)
        tables.append(table.assign(split=split, arm=table.index))
    columns = [*matched.FOUND, "first", "second"]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True)[columns] if filled else pd.DataFrame(columns=columns)


# --- order ------------------------------------------------------------------------------------------------------------


class Rank(NamedTuple):
    """Spearman's correlation of `count` pairs of values, and its 95 % interval over them."""

    rho: float
    low: float
    high: float
    count: int


def spearman(x: pd.Series, y: pd.Series, draws: int = 1000) -> Rank | None:
    """Rank correlation of two quantities of the same encoders, with an interval from resampling encoders.

    Parameters
    ----------
    x, y : pandas.Series
        By arm; those that both have count.
    draws : int

    Returns
    -------
    Rank or None
        None for fewer than :data:`FEWEST` values, or where half of that many are all the values that occur.
    """
    both = x.index.intersection(y.index)
    a, b = x[both].to_numpy(float), y[both].to_numpy(float)
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    if min(len(a), 2 * len(set(a)), 2 * len(set(b))) < FEWEST:
        return None
    rng = np.random.default_rng(0)
    chosen = np.vstack([np.arange(len(a)), rng.integers(len(a), size=(draws, len(a)))])
    a, b = (rankdata(values[chosen], axis=1) for values in (a, b))
    a, b = (ranks - ranks.mean(1, keepdims=True) for ranks in (a, b))
    with np.errstate(invalid="ignore"):  # a resample may draw one value only
        rho = (a * b).sum(1) / np.sqrt((a**2).sum(1) * (b**2).sum(1))
    low, high = np.nanquantile(rho[1:], [0.025, 0.975])
    return Rank(float(rho[0]), float(low), float(high), a.shape[1])


def by_seed(found: pd.DataFrame, split: str) -> pd.DataFrame:
    """Gain of every encoder on a split, by arm: ``gain``, and ``seed 0``, ``seed 1`` … as far as there are any."""
    part = found[(found["split"] == split) & found["arm"].map(kind).isin(ENCODERS)]
    each = {row.arm: row.each.groupby(level="seed").mean() for row in part.itertuples()}
    frame = pd.DataFrame(each).T.rename(columns=lambda seed: f"seed {seed}") if each else pd.DataFrame()
    return frame.assign(gain=part.set_index("arm")["difference"].astype(float))


def roughness(names: Collection[str]) -> pd.Series:
    """Roughness of vectors (:func:`placeprior.evidence.gallery.roughness`) by encoder; NaN without its weights."""
    found = {}
    for name in names:
        try:
            found[name] = gallery.roughness(name)
        except MissingWeights:  # committed results may have encoders that a reader has not fetched
            found[name] = np.nan
    return pd.Series(found, dtype=float)
