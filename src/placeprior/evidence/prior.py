"""What can be read from encoders' vectors at the monitors: probes of known facts, near training places and far off.

Which places, facts and vectors stands in :mod:`placeprior.evidence.facts`. What the page asks of encoders with
published weights is kept (:mod:`placeprior.evidence.kept`) by :func:`collect`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from placeprior.coords import nearest_km
from placeprior.encoders import pretrained
from placeprior.evidence import facts, kept
from placeprior.evidence.facts import OOR
from placeprior.runs import plan
from placeprior.scores import interval, metrics, probes
from placeprior.space import neighbours

Floats = NDArray[np.float64]

GAINS = (("fmow", "untrained"), ("yfcc", "untrained"), ("yfcc", "fmow"))
IDW = "idw"  # the inverse-distance mean, which reads no vector
SPREAD = [2.5, 97.5]  # percentiles of the bootstrap


# --- what is read -----------------------------------------------------------------------------------------------------


def dealt(lonlat: Floats) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Fold and unit of every place in each way of holding out (:func:`placeprior.scores.probes.deal`)."""
    return {split: probes.deal(split, lonlat, np.random.default_rng(0)) for split in probes.SPLITS}


def interpolated(lonlat: Floats, y: Floats, fold: np.ndarray) -> Floats:
    """Every place's facts as the inverse-distance mean of the nearest places of the other folds: no vector at all.

    Parameters
    ----------
    lonlat : ndarray, shape (n, 2)
    y : ndarray, shape (n, target)
    fold : ndarray of int, shape (n,)
    """
    estimates = np.empty_like(y)
    for number in np.unique(fold):
        known, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        pool = np.ones((len(known), 1), bool)
        for target in range(y.shape[1]):
            found = neighbours.neighbour_pm25(y[known, target, None], lonlat[known], pool, target=lonlat[test])
            estimates[test, target] = found[:, 0]
    return estimates


@dataclass(frozen=True)
class Reading:
    """What probes read.

    Attributes
    ----------
    scores : pandas.DataFrame
        Index ``encoder, split, target``: ``r2`` over all places, each estimated by the probe that did not see it, its
        95 % interval over blocks ``low, high``, and the ``auc`` of the yes-or-no fact ``city``.
    draws : dict
        By encoder and split, R2 of the bootstrap over blocks, shape (target, draw): one resample serves all, so
        differences are paired.
    control : ndarray
        R2 of the same facts dealt to the wrong places, of all encoders, splits and targets.
    """

    scores: pd.DataFrame
    draws: dict[tuple[str, str], Floats]
    control: Floats

    @property
    def targets(self) -> list[str]:
        """The facts."""
        return list(dict.fromkeys(self.scores.index.get_level_values("target")))

    def of(self, name: str, split: str) -> pd.DataFrame:
        """Scores of one encoder and way of holding out, a row a target."""
        return self.scores.loc[[(name, split, target) for target in self.targets]].droplevel(["encoder", "split"])

    def r2(self, names: Sequence[str], split: str) -> pd.Series:
        """Mean R2 over some encoders, by target."""
        return pd.concat([self.of(name, split)["r2"] for name in names], axis=1).mean(axis=1)

    def level(self, names: Sequence[str], split: str, target: str) -> tuple[float, float, float]:
        """Mean R2 over some encoders, and its interval."""
        row = self.targets.index(target)
        drawn = np.mean([self.draws[name, split][row] for name in names], axis=0)
        low, high = np.percentile(drawn, SPREAD)
        return float(self.r2(names, split)[target]), float(low), float(high)


def read(found: facts.Vectors, known: pd.DataFrame) -> Reading:
    """Read known facts from vectors with places held out in every way of :data:`.probes.SPLITS`.

    Parameters
    ----------
    found : Vectors
        The inverse-distance mean is added as :data:`IDW`.
    known : pandas.DataFrame
        As :func:`.facts.known`.
    """
    y, lonlat, city = known.to_numpy(np.float64), found.lonlat, list(known).index("city")
    sums = probes.block_sums(lonlat, y, y)  # but for the squared errors, those of every encoder
    errors = metrics.SUMS.index("sum_e2")

    def scored(estimates: Floats) -> Floats:
        """Squared errors of every block, target by target, then the AUC."""
        squared = probes.block_sums(lonlat, y, estimates)[..., errors]
        return np.append(squared, roc_auc_score(known["city"], estimates[:, city]))

    mixed = y[np.random.default_rng(1).permutation(len(y))]  # the same facts at wrong places: nothing can be read
    rows, draws, control = [], {}, []
    for split, (fold, unit) in dealt(lonlat).items():
        for name in [*found, IDW]:

            def probed(table: Floats, fold: np.ndarray = fold, unit: np.ndarray = unit) -> Floats:
                """R2 of the control, target by target, then what is scored."""
                both = probes.held_out(table, np.column_stack([y, mixed]), fold, unit)
                wrong = r2_of(lonlat, mixed, both[:, y.shape[1] :])
                return np.append(wrong, scored(both[:, : y.shape[1]]))

            if name == IDW:
                *squared, area = scored(interpolated(lonlat, y, fold))
            else:
                told = found.answer(name, f"read {split}", [known], probed)
                control += told[: y.shape[1]].tolist()
                *squared, area = told[y.shape[1] :]
            sums[..., errors] = np.reshape(squared, sums.shape[:2])
            draws[name, split] = metrics.bootstrap(sums)["r2"]
            low, high = np.percentile(draws[name, split], SPREAD, axis=1)
            auc = {"city": area}
            for i, target in enumerate(known):
                score = float(metrics.from_sums(sums[i].sum(0))["r2"])
                rows.append([name, split, target, score, low[i], high[i], auc.get(target, np.nan)])
    columns = ["encoder", "split", "target", "r2", "low", "high", "auc"]
    scores = pd.DataFrame(rows, columns=columns).set_index(["encoder", "split", "target"])
    return Reading(scores, draws, np.array(control))


def r2_of(lonlat: Floats, y: Floats, estimates: Floats) -> Floats:
    """R2 over all places, shape (target,), of facts and estimates (n, target)."""
    return metrics.from_sums(probes.block_sums(lonlat, y, estimates).sum(1))["r2"]


def gains(reading: Reading, among: Sequence[str]) -> pd.DataFrame:
    """What training adds: differences of R2 between trainings, mean over architectures.

    Parameters
    ----------
    reading : Reading
    among : sequence of str
        Architectures.

    Returns
    -------
    pandas.DataFrame
        ``first, second`` (of :data:`GAINS`), ``split, target, difference, low, high, clear``: the interval is over
        blocks, and a difference clear where it excludes zero.
    """
    tables = []
    for first, second in GAINS:
        one, other = ([f"{base}-{how}" for base in among] for how in (first, second))
        for split in probes.SPLITS:
            gap = np.mean(
                [reading.draws[a, split] - reading.draws[b, split] for a, b in zip(one, other, strict=True)], axis=0
            )
            low, high = np.percentile(gap, SPREAD, axis=1)
            point = reading.r2(one, split) - reading.r2(other, split)
            own = pd.DataFrame({"target": point.index, "difference": point.to_numpy(), "low": low, "high": high})
            tables.append(own.assign(first=first, second=second, split=split))
    found = pd.concat(tables, ignore_index=True)
    return found.assign(clear=interval.clear(found["low"].to_numpy(), found["high"].to_numpy()))


def apart(lonlat: Floats) -> pd.Series:
    """Median distance of a test place to the nearest training place, km by split, from near to far."""
    found = {}
    for split, (fold, _) in dealt(lonlat).items():
        km = [nearest_km(lonlat[fold == number], lonlat[fold != number])[0] for number in np.unique(fold)]
        found[split] = float(np.median(np.concatenate(km)))
    return pd.Series(found).sort_values(kind="stable")


# --- what is kept -----------------------------------------------------------------------------------------------------


def collect(runs: Iterable[plan.Run]) -> pd.DataFrame:
    """What the page asks of encoders with published weights (:mod:`placeprior.evidence.kept`), and numbers of claims.

    Parameters
    ----------
    runs : iterable of Run
        Only which encoders they name is read.
    """
    places, bases = facts.measured(facts.REAL, facts.TASK), list(facts.pairs())
    known, asked = facts.known(places), {run.variant for run in runs}
    names = [name for base in bases for name in facts.trained(base) if name in asked or not pretrained.reads(name)]
    with kept.record() as made:
        reading = read(facts.Vectors([*names, "geoclip"], places[["lon", "lat"]].to_numpy()), known)
    return pd.concat([made[0], kept.numbers(claimed(reading))], ignore_index=True)


def claimed(reading: Reading) -> dict[str, float]:
    """What a claim rests on: R2 of population density read from GeoCLIP far from training places, and its interval.

    Returns
    -------
    dict
        ``geoclip r2``, ``geoclip low``, ``geoclip high``.
    """
    level = reading.level(["geoclip"], OOR, "density")
    return {f"geoclip {end}": value for end, value in zip(("r2", "low", "high"), level, strict=True)}
