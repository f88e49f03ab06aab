"""What an upstream corpus does to an encoder: one architecture, trained on one of two corpora or on none.

:func:`two_way` takes scores of bases and corpora apart, and :func:`probed` asks what the vectors know about places.
Differences between trainings are :func:`answers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from placeprior import encoders
from placeprior.arms import splits_in, with_arm
from placeprior.encoders import pretrained
from placeprior.evidence import facts, kept, matched
from placeprior.evidence.families import Group, group_differences, trained
from placeprior.runs.plan import Run
from placeprior.scores import metrics, paired, probes

CORPORA = ("fmow", "yfcc")
PARTS = ("basis", "corpus", "both together")


# --- questions --------------------------------------------------------------------------------------------------------


def ways() -> list[str]:
    """Arms of one basis frozen, going on learning, and trained from the start."""
    every, tuned = ("untrained", *CORPORA), pretrained.TUNABLE
    frozen, going_on = ([trained(b, c, *more) for b in tuned for c in every] for more in ((), ("tuned",)))
    return [*frozen, *going_on, *map(trained, tuned)]


def answers(
    frame: pd.DataFrame, sums: pd.DataFrame, questions: Mapping[str, tuple[Sequence[str], Sequence[str]]]
) -> pd.DataFrame:
    """Differences between trainings of one architecture, each pair by itself and the mean over pairs.

    Parameters
    ----------
    frame, sums : pandas.DataFrame
        Of one task, as :class:`placeprior.book.results.Results` has them.
    questions : mapping
        Name to arms and to what each is compared with, by position; the first begin with the names of their bases.

    Returns
    -------
    pandas.DataFrame
        As :func:`placeprior.evidence.families.group_differences`, with ``question``; ``arm`` is a basis, or ``mean``
        where two pairs were run.
    """
    tables = []
    for name, (first, second) in questions.items():
        single = {
            own.removesuffix("-hadamard").rpartition("-")[0]: Group([own], [other], twins=True)
            for own, other in zip(first, second, strict=True)
        }
        found = [group_differences(frame, sums, single)]
        found += [group_differences(frame, sums, {"mean": Group(first, second, twins=True)}, least=2)]
        tables += [table.assign(question=name) for table in found if len(table)]
    columns = [*matched.FOUND, "first", "second", "question"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


# --- two ways ---------------------------------------------------------------------------------------------------------


def two_way(
    frame: pd.DataFrame, sums: pd.DataFrame, bases: Sequence[str], corpora: Sequence[str] = CORPORA
) -> pd.DataFrame:
    """Take R2 of every basis trained on every corpus apart, split by split (Fisher 1925; see :func:`spreads`).

    Returns
    -------
    pandas.DataFrame
        A row for each split and each of :data:`PARTS`: ``spread``, the ``chance`` of it (:func:`by_chance`), and the
        ``fits``, ``bases`` and ``stations`` it rests on. Splits with fewer than two bases are left out.
    """
    rows: list[list[Any]] = []
    part = with_arm(frame)
    for split in splits_in(part):
        here = part[part["split"] == split]
        runs = {(b, c): paired.fits(here, arm=trained(b, c)) for b in bases for c in corpora}
        whole = [b for b in bases if all(len(runs[b, c]) for c in corpora)]
        if len(whole) < 2:
            continue
        found = {(b, c): paired.single([(1.0, runs[b, c])], sums) for b in whole for c in corpora}
        fits = sorted(set.intersection(*(set(one["each"].index) for one in found.values())))
        points = np.array([[found[b, c]["each"][fits].to_numpy() for c in corpora] for b in whole])
        stations = max(one["stations"] for one in found.values())
        for name, spread, chance in zip(PARTS, spreads(points.mean(2)), by_chance(points), strict=True):
            rows.append([split, name, spread, chance, len(fits), len(whole), stations])
    return pd.DataFrame(rows, columns=["split", "part", "spread", "chance", "fits", "bases", "stations"])


def spreads(means: np.ndarray) -> np.ndarray:
    """Root mean square of the three parts of means (basis, corpus): as :data:`PARTS`, shape (3,)."""
    grand = means.mean()
    basis, corpus = means.mean(1, keepdims=True) - grand, means.mean(0, keepdims=True) - grand
    return np.array([np.sqrt((part**2).mean()) for part in (basis, corpus, means - grand - basis - corpus)])


def by_chance(points: np.ndarray) -> np.ndarray:
    """The spreads that training alone would give, from how single fits of a cell scatter: shape (3,).

    Parameters
    ----------
    points : ndarray, shape (basis, corpus, fit)
        NaN is returned for one fit.
    """
    b, c, k = points.shape
    if k < 2:
        return np.full(3, np.nan)
    left = points - points.mean(2, keepdims=True) - points.mean((0, 1), keepdims=True) + points.mean()
    noise = (left**2).sum() / ((b * c - 1) * (k - 1)) / k  # variance of a cell's mean
    return np.sqrt(noise * np.array([b - 1, c - 1, (b - 1) * (c - 1)]) / (b * c))


# --- what vectors know ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Probed:
    """R2 of facts read from vectors, and draws of it from a bootstrap over blocks of places.

    Attributes
    ----------
    targets : list of str
        The facts.
    r2 : dict
        By vector and split: shape (target,).
    drawn : dict
        The same: shape (target, draw).
    """

    targets: list[str]
    r2: dict[tuple[str, str], np.ndarray]
    drawn: dict[tuple[str, str], np.ndarray]

    def gap(self, first: str, second: str, split: str, bases: Sequence[str]) -> tuple[np.ndarray, ...]:
        """R2 with the first training minus that with the second, mean over bases: value, low, high, (target,) each."""
        with np.errstate(invalid="ignore"):  # a resample may lack the fact altogether
            value, drawn = (
                np.mean([held[f"{b}-{first}", split] - held[f"{b}-{second}", split] for b in bases], axis=0)
                for held in (self.r2, self.drawn)
            )
        return value, *np.percentile(drawn, [2.5, 97.5], axis=1)


def probed(
    places: pd.DataFrame, names: Sequence[str], splits: Sequence[str], *, seeds: int = 3, draws: int = 1000
) -> Probed:
    """Read facts about monitors from the vectors of encoders, at monitors that were held out.

    Parameters
    ----------
    places : pandas.DataFrame
        As :func:`placeprior.evidence.facts.measured`; where it is empty, so is the answer.
    names : sequence of str
        Encoders.
    splits : sequence of str
        As :func:`placeprior.scores.probes.deal`.
    seeds : int
        Draws of random weights, over which scores are averaged.
    draws : int
        Of the bootstrap.
    """
    found = Probed([], {}, {})
    if places.empty:
        return found
    lonlat, known = places[["lon", "lat"]].to_numpy(float), facts.known(places)
    found.targets.extend(known)
    y, everywhere = known.to_numpy(np.float64), np.ones(len(lonlat), bool)
    sums = probes.block_sums(lonlat, y, y)  # but for the squared errors, those of every encoder
    errors = metrics.SUMS.index("sum_e2")
    for split in splits:
        fold, unit = probes.deal(split, lonlat, np.random.default_rng(0))
        for name in names:
            tables = []
            for seed in range(seeds) if name.endswith("untrained") else (0,):

                def squared(name: str = name, seed: int = seed, fold: Any = fold, unit: Any = unit) -> np.ndarray:
                    vectors = encoders.fit(name, lonlat, everywhere, seed)(lonlat)
                    return probes.block_sums(lonlat, y, probes.held_out(vectors, y, fold, unit))[..., errors]

                table = sums.copy()
                table[..., errors] = kept.answer("corpora", name, f"probed {split} {seed}", [lonlat, y], squared)
                tables.append(table)
            found.r2[name, split] = np.mean([metrics.from_sums(t.sum(1))["r2"] for t in tables], axis=0)
            found.drawn[name, split] = np.mean([metrics.bootstrap(t, draws)["r2"] for t in tables], axis=0)
    return found


# --- what is kept -----------------------------------------------------------------------------------------------------


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """What the page asks of encoders with published weights, as :func:`placeprior.evidence.kept.record` keeps it.

    Parameters
    ----------
    runs : iterable of Run
        Only which encoders they name is read, and of these those of exact pairs.
    """
    paired = {name for base in facts.exact() for name in facts.trained(base)}
    with kept.record() as made:
        names = [run.variant for run in runs if run.variant in paired]
        probed(facts.measured(facts.REAL, facts.TASK), names, (facts.WR, facts.OOR))
    return made[0]
