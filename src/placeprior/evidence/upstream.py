"""What an upstream corpus does to an encoder: one architecture, trained on one of two corpora or on none.

:func:`two_way` takes scores of bases and corpora apart, and :func:`probed` asks what the vectors know about places.
Differences of groups are :func:`placeprior.evidence.families.group_differences`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from placeprior import encoders
from placeprior.arms import splits_in, with_arm
from placeprior.evidence.families import trained
from placeprior.scores import metrics, paired, probes

CORPORA = ("fmow", "yfcc")
PARTS = ("basis", "corpus", "both together")


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
        As :func:`placeprior.scores.probes.monitors`; where it is empty, so is the answer.
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
    lonlat = places[["lon", "lat"]].to_numpy(float)
    known = probes.truth(lonlat).assign(pm25=places["pm25"])
    found.targets.extend(known)
    facts = known.to_numpy(np.float64)
    for split in splits:
        fold, unit = probes.deal(split, lonlat, np.random.default_rng(0))
        for name in names:
            tables = []
            for seed in range(seeds) if name.endswith("untrained") else (0,):
                vectors = encoders.fit(name, lonlat, np.ones(len(lonlat), bool), seed)(lonlat)
                tables.append(probes.block_sums(lonlat, facts, probes.held_out(vectors, facts, fold, unit)))
            found.r2[name, split] = np.mean([metrics.from_sums(t.sum(1))["r2"] for t in tables], axis=0)
            found.drawn[name, split] = np.mean([metrics.bootstrap(t, draws)["r2"] for t in tables], axis=0)
    return found
