"""How much a trained network leans on each of its inputs, and on the place it is told: permutation importance.

Give every test row another row's values of one input, leave all else, and estimate again. How much larger the error
becomes is the importance of that input to *this* network (Breiman, 2001, *Random forests*; Fisher, Rudin & Dominici,
2019, *All models are wrong, but many are useful*, who call it model reliance)::

    importance = RMSE(permuted) - RMSE(as it was)          in µg m-3; positive: the network relies on the input

Which row the values are taken from decides what is asked:

``within``
    Another tested day of the same station. The place keeps its level and loses its days.
``across``
    Another tested station on the same day. The day keeps its level and the place loses its own.
``free``
    Any value of any row and any day of its window, as in the reference code of Karimzadeh, Wang & Crooks (2025). It
    makes windows that never were.

In the first two a window of days moves as a whole. Inputs that tell the same share the credit, so that each can look
dispensable: hence also groups of them, moved together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr

from placeprior.arms import RIVALS, arm_order, splits_in, with_arm
from placeprior.errors import ConfigError, StoreError
from placeprior.evidence import tables
from placeprior.network.windows import Windows
from placeprior.runs import store
from placeprior.runs.inputs import Inputs
from placeprior.runs.networks import THREADS, restore
from placeprior.runs.plan import Run
from placeprior.scores.interval import Noise, clear, interval
from placeprior.scores.paired import squares

SHUFFLES = ("within", "across", "free")
ROWS = 1_500  # test rows looked at in a fit: stations and fits differ by more than what further rows would tell
REPEATS = 5
PLACE, INPUTS = "place", "all inputs"
#: Inputs that tell the same thing or come from the same source.
GROUPS = {
    "calendar": ("doy_sin", "doy_cos"),
    "wind direction": ("wind_sin", "wind_cos"),
    "seen from space": ("aod", "smoke"),
    "weather": (
        "temperature",
        "temperature_max",
        "temperature_min",
        "dew_point",
        "humidity",
        "pressure",
        "visibility",
        "wind_speed",
        "wind_sin",
        "wind_cos",
        "boundary_layer_height",
        "precipitation",
    ),
}
COLUMNS = [
    *store.KEY,
    "shuffle",
    "predictor",
    "rmse",
    "value",
    "sd",
    "low",
    "high",
    "mean",
    "mean_low",
    "mean_high",
    "stations",
    "rows",
    "moved",
]


def circle(group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random permutation that leaves every row in its group and, where there is another, none in its place.

    The rows of a group are put in a circle in random order, and each takes from the next.

    Parameters
    ----------
    group : ndarray of int, shape (n,)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (n,)
        The row that each takes its values from; itself where it is alone.
    """
    order = np.lexsort((rng.random(len(group)), group))
    new = np.diff(group[order]) != 0
    first, last = np.flatnonzero(np.append(True, new)), np.flatnonzero(np.append(new, True))
    following = np.roll(order, -1)
    following[last] = order[first]
    donor = np.empty_like(order)
    donor[order] = following
    return donor


def groups_of(names: Sequence[str]) -> dict[str, list[int]]:
    """What is permuted: each predictor, each group of which two or more are there, and all together.

    Returns
    -------
    dict
        Name to positions in ``names``.
    """
    found = {name: [i] for i, name in enumerate(names)}
    together = GROUPS | {INPUTS: tuple(names)}
    wanted = {group: [i for i, name in enumerate(names) if name in members] for group, members in together.items()}
    return found | {group: columns for group, columns in wanted.items() if len(columns) > 1}


@dataclass
class Permuted:
    """Estimates with and without permutation.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Which of the rows given were looked at.
    original : ndarray, shape (n,)
    permuted : dict
        (shuffle, predictor) to estimates, shape (repeats, n).
    moved : dict
        Shuffle to the share of rows that had another to take from.
    """

    rows: np.ndarray
    original: np.ndarray
    permuted: dict[tuple[str, str], np.ndarray]
    moved: dict[str, float]


@torch.inference_mode()
def permute(
    model: torch.nn.Module,
    data: Windows,
    rows: torch.Tensor,
    names: Sequence[str],
    *,
    seed: int | Sequence[int],
    count: int = ROWS,
    repeats: int = REPEATS,
) -> Permuted:
    """Estimate ``count`` of the rows with each input in turn taken from other rows.

    One draw serves all inputs and, the seed being the same, all models tested on these rows: they are compared on the
    same permutations.

    Parameters
    ----------
    model : torch.nn.Module
        Takes windows (b, window, feature) and places (b, dim) or None; gives (b,).
    data : Windows
    rows : tensor of int, shape (n, 2)
        (station, day) of every test row; values are taken from these and no others.
    names : sequence of str
        The features, in order.
    seed : int or sequence of int
    count, repeats : int

    Returns
    -------
    Permuted
        In scaled units. The place is not permuted ``within`` a station, where it is constant; groups are not permuted
        ``free``, which breaks their inputs apart as well.
    """
    rng = np.random.default_rng(seed)
    station, day = rows.numpy().T
    picked = np.sort(rng.choice(len(rows), min(count, len(rows)), replace=False))
    x, place, _ = data.gather(rows[picked])
    model.eval()
    original = model(x, place).numpy()
    result = Permuted(picked, original, {}, {})
    inputs = groups_of(names)
    for shuffle in SHUFFLES:
        asked = {k: c for k, c in inputs.items() if shuffle != "free" or k in names}
        if place is not None and shuffle != "within":
            asked |= {PLACE: []}
        made = {name: np.empty((repeats, len(picked)), original.dtype) for name in asked}
        for repeat in range(repeats):
            group = {"within": station, "across": day, "free": np.zeros_like(day)}[shuffle]
            donor = circle(group, rng)[picked]
            result.moved[shuffle] = float(np.mean(donor != picked))
            other, elsewhere, _ = data.gather(rows[donor])
            if shuffle == "free":  # over rows and days of the window alike
                single = rng.permutation(len(picked) * data.window)
                other = x.reshape(-1, len(names))[single].reshape(x.shape)
            for name, columns in asked.items():
                if name == PLACE:
                    made[name][repeat] = model(x, elsewhere).numpy()
                elif torch.equal(other[..., columns], x[..., columns]):  # the calendar, on the same day
                    made[name][repeat] = original
                else:
                    mixed = x.clone()
                    mixed[..., columns] = other[..., columns]
                    made[name][repeat] = model(mixed, place).numpy()
        result.permuted |= {(shuffle, name): values for name, values in made.items()}
    return result


@dataclass
class _Fit:
    """Squared errors of one run, summed by station: as it was first, then each repeat of each permutation."""

    run: Run
    keys: list[tuple[str, str]]
    names: np.ndarray  # (station,)
    block: np.ndarray  # (station,), of the map
    n: np.ndarray  # (station,)
    sums: np.ndarray  # (station, 1 + keys * REPEATS)
    moved: dict[str, float]

    def importance(self, weights: np.ndarray) -> np.ndarray:
        """Shape (row, key, repeat), for stations counted as often as a row of ``weights`` (row, station) says."""
        with np.errstate(invalid="ignore"):  # a block may hold all stations of a fit
            rmse = np.sqrt(weights @ self.sums / (weights @ self.n)[:, None])
        return (rmse[:, 1:] - rmse[:, :1]).reshape(len(weights), len(self.keys), REPEATS)


def collect(runs: list[Run]) -> pd.DataFrame:
    """Importance of every input of every run, with its intervals.

    Parameters
    ----------
    runs : list of Run
        Stored runs of trained networks.

    Returns
    -------
    pandas.DataFrame
        One row a run, shuffle and predictor (or group, or ``place``): the ``rmse`` of the run as it was on the rows
        looked at; ``value``, the importance as mean over repeats, with ``sd`` over repeats and the interval ``low,
        high`` over places, for this one network; and, equal for all fits of an arm in a split, the mean over folds of
        the mean over seeds ``mean`` with its interval over places and trainings ``mean_low, mean_high``
        (:mod:`placeprior.scores.interval`), all in µg m-3. ``stations`` and ``rows`` count what was looked at,
        ``moved`` is the share of rows that had another to take from.

    Raises
    ------
    ConfigError
        If a run is a baseline: it has no stored network.
    StoreError
        If a network no longer gives the estimates stored with it.
    """
    torch.set_num_threads(THREADS)
    fits: dict[tuple[str, str], dict[tuple[str, str], list[_Fit]]] = {}
    for run in runs:
        fits.setdefault((run.task, run.split), {}).setdefault((run.variant, run.fusion), []).append(_fit(run))
    rows: list[list[Any]] = []
    for arms in fits.values():
        for arm in arms.values():
            rows += _summary(arm)
    return pd.DataFrame(rows, columns=COLUMNS)


def _summary(arm: list[_Fit]) -> list[list[Any]]:
    """Rows of the table for the fits of one arm in one split."""
    blocks = np.unique(np.concatenate([fit.block for fit in arm]))
    inside = [(fit.block == blocks[:, None]).astype(np.float64) for fit in arm]  # (block, station)
    values = np.stack([fit.importance(np.ones((1, len(fit.names))))[0] for fit in arm], axis=-1)  # (key, repeat, fit)
    without = np.stack([fit.importance(1 - own).mean(2) for fit, own in zip(arm, inside, strict=True)], axis=-1)
    tested = np.stack([own @ fit.n for fit, own in zip(arm, inside, strict=True)], axis=-1)[:, None]
    together = interval(values.mean(1), without, tested, [fit.run.fold for fit in arm])
    rows = []
    for number, fit in enumerate(arm):
        one = slice(number, number + 1)
        alone = interval(values.mean(1)[:, one], without[..., one], tested[..., one], [0], Noise(0.0, np.inf))
        run, rmse = fit.run, float(np.sqrt(fit.sums[:, 0].sum() / fit.n.sum()))
        for i, (shuffle, name) in enumerate(fit.keys):
            rows.append(
                [
                    run.task,
                    run.variant,
                    run.fusion,
                    run.split,
                    run.fold,
                    run.seed,
                    shuffle,
                    name,
                    rmse,
                    values[i, :, number].mean(),
                    values[i, :, number].std(ddof=1),
                    alone["low"][i],
                    alone["high"][i],
                    together["difference"][i],
                    together["low"][i],
                    together["high"][i],
                    len(fit.names),
                    int(fit.n.sum()),
                    fit.moved[shuffle],
                ]
            )
    return rows


def _fit(run: Run) -> _Fit:
    if run.variant in RIVALS:
        raise ConfigError(
            f"importance of {run.model!r} (run {run.id}) cannot be measured: a baseline leaves no "
            "network in the store; name trained models only"
        )
    inputs, (model, _) = Inputs.of(run), restore(run)
    data = Windows(inputs.features, run.window, inputs.place)
    found = permute(model, data, data.rows(inputs.parts.test), inputs.names, seed=[run.seed, run.fold])
    cube, stored = inputs.cube, store.table(run.id, "predictions").iloc[found.rows]
    truth = stored["pm25"].to_numpy(np.float64)
    original = inputs.y_scale.inverse(found.original)
    off = np.abs(original - stored["estimate"])
    if not (off <= 0.05 + 0.01 * np.abs(original)).all():  # another device rounds otherwise, but not as much
        raise StoreError(
            f"run {run.id} no longer gives the estimates stored with it (up to {off.max():.2g} µg m-3 "
            f"apart); remove {store.store() / run.id} and run `placeprior runs run {run.id}`"
        )
    estimates = inputs.y_scale.inverse(np.concatenate([found.original[None], *found.permuted.values()]))
    squared = pd.DataFrame((estimates.astype(np.float64) - truth).T ** 2)
    grouped = squared.groupby(cube["station"].values[stored["station"].to_numpy()].astype(str))
    sums = grouped.sum()
    block = pd.Series(squares(inputs.lonlat), cube["station"].values.astype(str))
    return _Fit(
        run,
        list(found.permuted),
        sums.index.to_numpy(),
        block[sums.index].to_numpy(),
        grouped.size().to_numpy(),
        sums.to_numpy(),
        found.moved,
    )


def attention(scores: pd.DataFrame, stamps: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Mean attention weight by lag of every trained run.

    Parameters
    ----------
    scores, stamps
        As :func:`placeprior.runs.store.scores`, of which only the runs are read, and
        :func:`placeprior.runs.store.stamps`.

    Returns
    -------
    pandas.DataFrame
        ``task, variant, fusion, split, fold, seed, lag, weight``: lag 0 is the estimated day, -1 the day before; the
        weights of a run sum to one.
    """
    runs = scores.drop_duplicates("run")
    rows = []
    for run, *key in runs[["run", *store.KEY]].itertuples(index=False):
        weights = stamps.get(run, {}).get("attention") or []
        rows += [[*key, lag + 1 - len(weights), weight] for lag, weight in enumerate(weights)]
    return pd.DataFrame(rows, columns=[*store.KEY, "lag", "weight"])


# --- what pages read from it ------------------------------------------------------------------------------------------

UNTOLD = ("none", "none+head")
ASKED = ["split", "arm", "shuffle", "predictor"]


@dataclass(frozen=True)
class Measured:
    """Importance in one task.

    Attributes
    ----------
    fits : pandas.DataFrame
        As :func:`collect`, with a column ``arm``.
    arms : pandas.DataFrame
        One row of ``split, arm, shuffle, predictor``: ``mean, low, high, clear``, over fits.
    """

    fits: pd.DataFrame
    arms: pd.DataFrame

    @property
    def splits(self) -> list[str]:
        """In the book's order."""
        return splits_in(self.fits)

    @property
    def names(self) -> list[str]:
        """Arms in the book's order."""
        return arm_order(self.fits["arm"])

    @property
    def told(self) -> list[str]:
        """Arms that are told a place."""
        return [arm for arm in self.names if arm not in UNTOLD]

    @property
    def untold(self) -> str | None:
        """The arm without a place: no location, or the extra head alone where that is missing."""
        return next((arm for arm in UNTOLD if arm in self.names), None)

    @property
    def lead(self) -> str | None:
        """The arm that is shown first: GeoCLIP by Hadamard product, or else the first that is told a place."""
        return next((arm for arm in ("geoclip-hadamard", *self.told) if arm in self.told), self.untold)

    @property
    def singles(self) -> list[str]:
        """Inputs by themselves, in the order of the task; neither groups nor the place."""
        free = self.fits.loc[self.fits["shuffle"] == "free", "predictor"].unique()
        return [name for name in free if name != PLACE]

    @property
    def asked(self) -> pd.DataFrame:
        """The rows of ``arms`` that are shown: within and across; of the calendar, the same everywhere, only within."""
        calendar = self.arms["predictor"].isin(["calendar", *GROUPS["calendar"]])
        shuffle = self.arms["shuffle"]
        return self.arms[(shuffle == "within") | ((shuffle == "across") & ~calendar)]

    def of(self, split: str, arm: str, shuffle: str) -> pd.DataFrame:
        """``mean, low, high, clear`` by predictor, of one arm and shuffle on one split."""
        asked = self.asked
        same = (asked["split"] == split) & (asked["arm"] == arm) & (asked["shuffle"] == shuffle)
        return asked[same].set_index("predictor")[["mean", "low", "high", "clear"]]


def measured(profile: str, task: str) -> Measured:
    """Importance in a task, from a profile's committed table; of no fits where there is no table."""
    there = tables.path(profile, "importance").is_file()
    fits = with_arm(tables.read(profile, "importance") if there else pd.DataFrame(columns=COLUMNS))
    fits = fits[fits["task"] == task]
    arms = fits.groupby(ASKED, sort=False)[["mean", "mean_low", "mean_high"]].first().reset_index()
    arms = arms.rename(columns={"mean_low": "low", "mean_high": "high"})
    return Measured(fits, arms.assign(clear=clear(arms["low"].to_numpy(float), arms["high"].to_numpy(float))))


def leaning(fits: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """How much each fit that is told a place leans on it, and what it gains from being told.

    Parameters
    ----------
    fits : pandas.DataFrame
        Of :class:`Measured`.
    scores : pandas.DataFrame
        Of the same task, with a column ``arm``.

    Returns
    -------
    pandas.DataFrame
        ``split, arm, fold, seed``; ``leaning``, the importance of the place shuffled across stations, with the interval
        ``low, high`` of this one network; ``reference``, the arm without a place that is otherwise the same
        (``none+head`` for encoders, where it was trained); ``gain``, its RMSE minus that of the fit, µg m-3. Fits
        without a reference are left out.
    """
    rmse = scores[scores["metric"] == "rmse"].pivot_table(
        index=["split", "fold", "seed"], columns="arm", values="value"
    )
    rows = []
    for fit in fits[(fits["predictor"] == PLACE) & (fits["shuffle"] == "across")].itertuples():
        own = rmse.loc[key] if (key := (fit.split, fit.fold, fit.seed)) in rmse.index else pd.Series(dtype=float)
        wanted = UNTOLD[:1] if fit.fusion == "channels" else UNTOLD[::-1]
        base = next((arm for arm in wanted if np.isfinite(own.get(arm, np.nan))), None)
        if base and np.isfinite(own.get(fit.arm, np.nan)):
            told = (fit.value, fit.low, fit.high, own[base] - own[fit.arm])
            rows.append((fit.split, fit.arm, fit.fold, fit.seed, base, *told))
    return pd.DataFrame(rows, columns=["split", "arm", "fold", "seed", "reference", "leaning", "low", "high", "gain"])


def leaning_counts(found: pd.DataFrame) -> dict[str, float]:
    """How leaning and gain go together over the fits of :func:`leaning`.

    Returns
    -------
    dict
        ``fits``; ``lean``, those whose interval of the leaning lies above zero, and ``helped``, those of these with a
        gain; ``below`` the diagonal, and ``harm``, by how much more these err with a wrong place than with none (mean,
        µg m-3); rank correlations of leaning and gain over all fits, ``correlation``, and among those of one split and
        fold, ``alike`` (mean); NaN where there are too few fits.
    """
    lean, below = found[found["low"] > 0], found[found["gain"] < found["leaning"]]
    groups = [own for _, own in found.groupby(["split", "fold"]) if len(own) >= 4]
    alike = [value for own in groups if np.isfinite(value := _rank_correlation(own["leaning"], own["gain"]))]
    return {
        "fits": len(found),
        "lean": len(lean),
        "helped": int((lean["gain"] > 0).sum()),
        "below": len(below),
        "harm": float((below["leaning"] - below["gain"]).mean()),
        "correlation": _rank_correlation(found["leaning"], found["gain"]) if len(found) >= 8 else np.nan,
        "alike": float(np.mean(alike)) if len(found) >= 8 and alike else np.nan,
    }


def _rank_correlation(one: pd.Series, other: pd.Series) -> float:
    varied = one.nunique() > 1 and other.nunique() > 1
    return float(spearmanr(one, other)[0]) if varied else np.nan


def ranking(found: Measured) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every input by itself, in networks that are told no place: importance by shuffle, and the rank each way gives it.

    Returns
    -------
    wide : pandas.DataFrame
        Importance, µg m-3, mean over splits: predictors by shuffles.
    ranks : pandas.DataFrame
        1 for the largest; in column ``reference`` as the reference code would list them, upside down.
    """
    own = found.arms[(found.arms["arm"] == found.untold) & found.arms["predictor"].isin(found.singles)]
    wide = own.pivot_table(index="predictor", columns="shuffle", values="mean")
    ranks = wide.rank(ascending=False, method="first").astype(int)
    ranks.insert(0, "reference", (-wide["free"]).rank(ascending=False, method="first").astype(int))
    return wide, ranks


def ranking_agreement(wide: pd.DataFrame) -> dict[str, float]:
    """Rank correlation of the free shuffle with the other two; with ``across`` without the calendar. See ranking."""
    apart = wide.drop(index=list(GROUPS["calendar"]), errors="ignore")
    return {
        "within": _rank_correlation(wide["free"], wide["within"]),
        "across": _rank_correlation(apart["free"], apart["across"]),
    }
