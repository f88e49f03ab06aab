"""What can be read from encoders' vectors at the monitors: probes of known facts, near training places and far off.

:func:`vectors` alone asks the encoders; all else is made from what it returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from placeprior import data, encoders
from placeprior.arms import BASES
from placeprior.coords import nearest_km
from placeprior.encoders import pretrained
from placeprior.evidence.gallery import SATCLIP, TRAINED
from placeprior.runs import plan, store
from placeprior.scores import interval, metrics, probes
from placeprior.space import neighbours
from placeprior.space.splits import lonlat_of

Floats = NDArray[np.float64]

WR, OOR = "spatial", "checkerboard-16"  # test places among the training places, and far from them
GAINS = (("fmow", "untrained"), ("yfcc", "untrained"), ("yfcc", "fmow"))
#: Encoders that are no pair of a basis and a corpus.
OTHERS = ("lonlat", "siren-sh", "slepian", "geoclip", "geoclip-slepian")
IDW = "idw"  # the inverse-distance mean, which reads no vector
SPREAD = [2.5, 97.5]  # percentiles of the bootstrap


# --- places, facts, encoders ------------------------------------------------------------------------------------------


def monitors(real: str, task: str, profile: str) -> tuple[pd.DataFrame, bool]:
    """Where facts are asked: monitors with committed measurements or, where there are none, the embedded world's.

    Parameters
    ----------
    real, task : str
        Profile and task of the measurements.
    profile : str
        Of the embedded world.

    Returns
    -------
    places : pandas.DataFrame
        ``lon, lat``, and, of measurements, ``name`` and ``pm25``.
    measured : bool
    """
    places = probes.monitors(store.scores(real), store.sums(real), task)
    if len(places):
        return places, True
    world = next(iter(plan.profile(profile)["tasks"].values()))
    cube = data.load(world["load"], **world.get("options", {}))
    return pd.DataFrame(lonlat_of(cube), columns=["lon", "lat"]), False


def facts(places: pd.DataFrame) -> pd.DataFrame:
    """What is known of each place: :func:`placeprior.scores.probes.truth`, and ``pm25`` where it was measured."""
    known = probes.truth(places[["lon", "lat"]].to_numpy())
    return known.assign(pm25=places["pm25"].to_numpy()) if "pm25" in places else known


def bases() -> list[str]:
    """Architectures whose weights were published for both corpora, in the book's order."""
    return sorted((name for name, files in pretrained.names().items() if len(files) == 2), key=list(BASES).index)


def exact(among: Iterable[str]) -> list[str]:
    """Architectures whose two published files differ in nothing but the corpus."""
    return [base for base in among if not pretrained.unlike(base)]


def others() -> list[str]:
    """:data:`OTHERS`, and SatCLIP where its weights are here."""
    return [*OTHERS, *filter(encoders.is_at_hand, SATCLIP)]


def trained(base: str) -> list[str]:
    """One architecture with random weights and trained on each corpus.

    >>> trained("xyz")
    ['xyz-untrained', 'xyz-fmow', 'xyz-yfcc']
    """
    return [f"{base}-{how}" for how in TRAINED]


def vectors(names: Iterable[str], lonlat: Floats) -> dict[str, Floats]:
    """Vectors of places (n, 2) by encoder, each (n, dim)."""
    everywhere = np.ones(len(lonlat), bool)
    return {name: encoders.fit(name, lonlat, everywhere, 0)(lonlat).astype(np.float64) for name in names}


def alive(found: Mapping[str, Floats]) -> pd.Series:
    """Share of a vector's numbers that differ between the places at all, by encoder, 0 … 1."""
    return pd.Series({name: float(np.mean(probes.Scale.fit(table).kept)) for name, table in found.items()})


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


def read(found: Mapping[str, Floats], known: pd.DataFrame, lonlat: Floats) -> Reading:
    """Read known facts from vectors with places held out in every way of :data:`.probes.SPLITS`.

    Parameters
    ----------
    found : mapping
        As :func:`vectors`; the inverse-distance mean is added as :data:`IDW`.
    known : pandas.DataFrame
        As :func:`facts`.
    lonlat : ndarray, shape (n, 2)
    """
    y = known.to_numpy(np.float64)
    mixed = y[np.random.default_rng(1).permutation(len(y))]  # the same facts at wrong places: nothing can be read
    rows, draws, control = [], {}, []
    for split, (fold, unit) in dealt(lonlat).items():
        for name in [*found, IDW]:
            if name == IDW:
                estimates = interpolated(lonlat, y, fold)
            else:
                both = probes.held_out(found[name], np.column_stack([y, mixed]), fold, unit)
                estimates = both[:, : y.shape[1]]
                control += r2_of(lonlat, mixed, both[:, y.shape[1] :]).tolist()
            sums = probes.block_sums(lonlat, y, estimates)
            draws[name, split] = metrics.bootstrap(sums)["r2"]
            low, high = np.percentile(draws[name, split], SPREAD, axis=1)
            auc = {"city": roc_auc_score(known["city"], estimates[:, list(known).index("city")])}
            for i, target in enumerate(known):
                score = float(metrics.from_sums(sums[i].sum(0))["r2"])
                rows.append([name, split, target, score, low[i], high[i], auc.get(target, np.nan)])
    columns = ["encoder", "split", "target", "r2", "low", "high", "auc"]
    scores = pd.DataFrame(rows, columns=columns).set_index(["encoder", "split", "target"])
    return Reading(scores, draws, np.array(control))


def r2_of(lonlat: Floats, y: Floats, estimates: Floats) -> Floats:
    """R2 over all places, shape (target,), of facts and estimates (n, target)."""
    return metrics.from_sums(probes.block_sums(lonlat, y, estimates).sum(1))["r2"]


def unbounded(found: Floats, known: pd.DataFrame, fold: np.ndarray, unit: np.ndarray) -> Floats:
    """Estimates (n, target) as :func:`.probes.held_out`, but for numbers that count whatever their range was.

    Parameters
    ----------
    found : ndarray, shape (n, dim)
        One encoder's vectors.
    known : pandas.DataFrame
    fold, unit : ndarray of int, shape (n,)
    """
    y = known.to_numpy(np.float64)
    estimates = np.empty_like(y)
    for number in np.unique(fold):
        here = fold != number
        one = probes.Probe.fit(found[here], y[here], unit[here])
        free = replace(one, scale=replace(one.scale, low=-np.inf, high=np.inf))
        estimates[~here] = free(found[~here])
    return estimates


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


def is_prior(reading: Reading, found: pd.DataFrame, corpus: str, among: Sequence[str]) -> bool:
    """Whether people are read far from training places, and clearly better than with random weights.

    Parameters
    ----------
    reading : Reading
    found : pandas.DataFrame
        As :func:`gains`.
    corpus : str
    among : sequence of str
        Architectures.
    """
    own = found[(found["first"] == corpus) & (found["second"] == TRAINED[0]) & (found["split"] == OOR)]
    clear, names = own.set_index("target")["clear"], [f"{base}-{corpus}" for base in among]
    return all(clear[target] > 0 and reading.level(names, OOR, target)[1] > 0 for target in ("density", "city"))


def apart(lonlat: Floats) -> pd.Series:
    """Median distance of a test place to the nearest training place, km by split, from near to far."""
    found = {}
    for split, (fold, _) in dealt(lonlat).items():
        km = [nearest_km(lonlat[fold == number], lonlat[fold != number])[0] for number in np.unique(fold)]
        found[split] = float(np.median(np.concatenate(km)))
    return pd.Series(found).sort_values(kind="stable")
