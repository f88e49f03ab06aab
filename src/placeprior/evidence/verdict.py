"""The answer to a person's own question: for each way of testing, whether place helps, by fixed rules.

The intervals are those of :mod:`.gains`. Of the ways of telling a place those count that stay clear when all are looked
at together (:func:`placeprior.scores.interval.surviving`); of these the first in the order of the plan is quoted, never
the one that scored best. A gain is put beside the placebos and the rivals on the same rows.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from placeprior.arms import RIVALS, arm, called, with_arm
from placeprior.evidence.gains import REFERENCE, gains
from placeprior.runs import plan, store
from placeprior.scores.interval import surviving

PLACEBOS = ("random-vector-hadamard", "smooth-random-hadamard")
#: Degrees of freedom below which an interval is far wider than many would leave it (at 4 by 1.4: Student's t over the
#: normal's), and the share of its variance from which on trainings are to blame rather than places.
FEW, CHANCE = 4.0, 0.5
#: What each kind of split asks, as a person would.
ASKS = {
    "random": "On other days at your stations",
    "spatial": "Between your stations",
    "knndm": "At the distances at which you want estimates",
    "checkerboard": "In regions without stations",
    "year": "In another year",
}


@dataclass
class Answer:
    """What was found on one split.

    Attributes
    ----------
    split, question : str
    verdict : {"helps", "harms", "undecided", "unknown"}
        Of being told the place, against the network without it.
    arm : str
        The arm that is quoted.
    difference, low, high : float
        Its gain in R2 and the interval; NaN where there is none.
    placebos : list of str
        Those that the quoted arm is not clearly better than.
    alone : list of str
        Arms whose gain is clear by itself, and not when all are looked at together.
    down : list of str
        Arms that are clearly worse by themselves than the network without a place.
    better, worse : dict of str to float
        Rivals clearly better and worse than the quoted arm, and by how much R2.
    r2 : dict of str to float
        Of every arm, the mean over folds and seeds.
    blocks : int
        Of the map, that the interval is taken over.
    trainings : int
        Of the quoted arm, a fold.
    chance : float
        Share of the interval's variance that is between trainings; the rest is between places.
    dof : float
        Degrees of freedom of the interval.
    """

    split: str
    question: str
    verdict: str
    arm: str
    difference: float
    low: float
    high: float
    placebos: list[str] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    down: list[str] = field(default_factory=list)
    better: dict[str, float] = field(default_factory=dict)
    worse: dict[str, float] = field(default_factory=dict)
    r2: dict[str, float] = field(default_factory=dict)
    blocks: int = 0
    trainings: int = 0
    chance: float = 0.0
    dof: float = float("inf")

    @property
    def wants(self) -> str:
        """What the interval is wide for want of, ``trainings`` or ``places``; empty where it rests on enough."""
        if not self.dof < FEW:
            return ""
        return "trainings" if self.chance > CHANCE else "places"

    @property
    def sentence(self) -> str:
        """The answer in words."""
        return f"{self.question}: {self.told}."

    @property
    def told(self) -> str:
        """What follows the colon."""
        number = f"{signed(self.difference)} R² ({signed(self.low)} to {signed(self.high)})"
        name = spoken(self.arm)
        if self.verdict == "unknown":
            return "cannot be told, for the stations lie in too few blocks of the map for an interval"
        if self.verdict == "undecided":
            text = f"no evidence that place helps ({name}: {number})"
        elif self.verdict == "harms":
            text = f"being told the place makes it worse ({name}: {number})"
        else:
            text = f"place helps, {number} with {name}"
            if self.placebos:
                text += (
                    f", but {' and '.join(map(spoken, self.placebos))} "
                    f"{'do' if len(self.placebos) > 1 else 'does'} as well"
                )
        if self.better:
            names = sorted(self.better, key=self.better.get, reverse=True)
            verb = "do" if spoken(names[0]).partition(",")[0].endswith("trees") else "does"
            still = " still" * (self.verdict == "helps")
            best = f"{spoken(names[0])} {verb} better{still} ({signed(self.better[names[0]])})"
            text += f"; {best}"
        return text


def signed(value: float) -> str:
    """A number with its sign, two or three digits: ``+0.06``, ``−0.012``.

    >>> signed(0.061), signed(-0.0123), signed(float("nan"))
    ('+0.06', '−0.012', 'unknown')
    """
    if value != value:
        return "unknown"
    return f"{value:+.{2 if abs(value) >= 0.05 else 3}f}".replace("-", "−")


def spoken(name: str) -> str:
    """An arm's printed name without the way it joins, which is one for all vectors here.

    >>> spoken("geoclip-hadamard"), spoken("none+head")
    ('GeoCLIP', 'no location, extra head')
    """
    return called(name).removesuffix(", Hadamard")


def asks(split: str) -> str:
    """What a split asks."""
    return ASKS.get(split.partition("-")[0], split)


def arms_in_order(profile: str) -> list[str]:
    """The ways of telling a place, in the order in which the plan names them; encoders before coordinates."""
    found = list(dict.fromkeys(arm(run.variant, run.fusion) for run in plan.runs(profile)))
    place = [name for name in found if name not in (*RIVALS, REFERENCE, "none", *PLACEBOS)]
    return sorted(place, key=lambda name: name == "lonlat")


def answers(profile: str, task: str, block_km: float) -> list[Answer]:
    """One answer for each split, in the order of the plan."""
    order = arms_in_order(profile)
    found = gains(profile, task, block_km=block_km)
    against = {name: gains(profile, task, against=name, block_km=block_km) for name in order}
    frame = with_arm(store.scores(profile))
    frame = frame[frame["metric"] == "r2"]
    made = []
    for split in dict.fromkeys(run.split for run in plan.runs(profile)):
        here = found[(found["split"] == split) & found["arm"].isin(order)].set_index("arm")
        r2 = frame[frame["split"] == split].groupby(["arm", "fold"])["value"].mean().groupby("arm").mean()
        if here.empty:
            continue
        made.append(_answer(split, here, [name for name in order if name in here.index], against))
        made[-1].r2 = {str(name): float(value) for name, value in r2.items()}
    return made


def _answer(split: str, here: pd.DataFrame, order: list[str], against: dict[str, pd.DataFrame]) -> Answer:
    sure = surviving(here)
    up = [name for name in order if name in sure.index and sure.loc[name, "difference"] > 0]
    down = [name for name in order if name in sure.index and sure.loc[name, "difference"] < 0]
    if not np.isfinite(here["low"].astype(float)).any():
        verdict, name = "unknown", order[0]
    elif up:
        verdict, name = "helps", up[0]
    elif len(down) == len(order):
        verdict, name = "harms", down[0]
    else:
        verdict, name = "undecided", order[0]
    row = here.loc[name]
    answer = Answer(split, asks(split), verdict, name, *(float(row[key]) for key in ("difference", "low", "high")))
    answer.blocks, answer.trainings, answer.dof = int(row["blocks"]), int(row["seeds"]), float(row["dof"])
    answer.chance = float(row["noise"] / row["fits"] / row["se"] ** 2) if row["se"] > 0 else 0.0
    answer.alone = [each for each in order if here.loc[each, "clear"] > 0 and each not in up]
    answer.down = [each for each in order if here.loc[each, "clear"] < 0]
    beside = against[name]
    beside = beside[beside["split"] == split].set_index("arm")
    answer.placebos = [each for each in PLACEBOS if each in beside.index and not beside.loc[each, "clear"] < 0]
    rivals = surviving(beside[beside.index.isin(RIVALS)])
    for rival, other in rivals.iterrows():
        (answer.better if other["difference"] > 0 else answer.worse)[str(rival)] = float(other["difference"])
    return answer


def nearest_question(profile: str, wanted_km: np.ndarray) -> tuple[str, pd.DataFrame]:
    """Which split tests at distances most like those at which estimates are wanted, and the distances of each.

    Parameters
    ----------
    profile : str
    wanted_km : ndarray, shape (m,)
        From the places where estimates are wanted to the nearest station.

    Returns
    -------
    split : str
        With the smallest area between its distribution of distances and the wanted one (Wasserstein's distance).
    distances : pandas.DataFrame
        ``split, km``: every tested station's distance to the nearest trained on.
    """
    sums, scores = store.sums(profile), store.scores(profile).drop_duplicates("run")
    found = sums.merge(scores[["run", "split", "fold"]], on="run").drop_duplicates(["split", "fold", "name"])
    distances = found[["split", "nearest_km"]].rename(columns={"nearest_km": "km"})
    apart = {split: wasserstein_distance(own["km"], wanted_km) for split, own in distances.groupby("split")}
    return min(apart, key=apart.get), distances


def chosen(profile: str, split: str) -> tuple[str, pd.Series]:
    """The network to keep: the one with the smallest error on the validation rows of a split, never on its test rows.

    Returns
    -------
    model : str
        As ``runs.yml`` writes it.
    rmse : pandas.Series
        Validation RMSE by model, the mean over folds of the mean over seeds.
    """
    rows = []
    for run in plan.runs(profile):
        if run.split == split and run.variant not in (*RIVALS, "random-vector", "smooth-random"):
            table = store.table(run.id, "validation")
            error = (table["estimate"] - table["pm25"]).to_numpy(np.float64)
            rows.append((run.model, run.fold, float(np.sqrt((error**2).mean()))))
    frame = pd.DataFrame(rows, columns=["model", "fold", "rmse"])
    rmse = frame.groupby(["model", "fold"])["rmse"].mean().groupby("model").mean().sort_values()
    return str(rmse.index[0]), rmse


def line(found: list[Answer], question: str) -> str:
    """The whole verdict in one line: the splits between and beyond stations, the person's own question first."""
    kinds = ("spatial", "checkerboard", "knndm")
    told = [answer for answer in found if answer.split.startswith(kinds) or answer.split == question]
    told.sort(key=lambda answer: answer.split != question)
    return " ".join(answer.sentence for answer in told)


def as_json(found: list[Answer]) -> list[dict[str, Any]]:
    """Answers as plain values; what is not known or has no bound is None."""
    plain = [asdict(answer) | {"sentence": answer.sentence} for answer in found]
    return [
        {key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in each.items()}
        for each in plain
    ]
