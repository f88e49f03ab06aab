"""What leaks are worth: runs in which held-out labels reach the inputs on purpose, beside their clean twins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from placeprior import coords
from placeprior.arms import arm_order, splits_in, with_arm
from placeprior.runs import store
from placeprior.scores import paired
from placeprior.space.neighbours import NEAREST

#: What leaks, as the end of a task's name in ``runs.yml``: ``neighbours-2021+pool``.
KINDS = ("pool", "scalers", "both")
CLEAN, BOTH = "clean", "both"
#: Classes of distance, km, and how many stations one must have to be shown.
EDGES = (0, 25, 50, 100, 200, 400, np.inf)
CLASSES = ("< 25", "25–50", "50–100", "100–200", "200–400", "> 400")
FEWEST = 20
EARTH_RADIUS_M = 6_378_137.0  # of the sphere of Web Mercator
DROPPED_M = 30_000.0  # neighbours nearer than this are dropped by the reference code, in Web Mercator metres


def runs(profile: str, task: str) -> pd.DataFrame:
    """Scores of a task and of the same task with leaks, with columns ``arm`` and ``leak`` (``clean`` or of KINDS)."""
    scores = with_arm(store.scores(profile))
    told = scores["task"].astype(str).str.extract(r"^([^+]*)\+?(.*)$")
    scores = scores.assign(leak=told[1].replace("", CLEAN))
    return scores[(told[0] == task) & scores["leak"].isin([CLEAN, *KINDS])]


def twins(scores: pd.DataFrame) -> pd.DataFrame:
    """Those of :func:`runs` that leak, and the clean ones of the same arm, split, fold and seed."""
    fit = ["arm", "split", "fold", "seed"]
    leaky = scores.loc[scores["leak"] != CLEAN, fit]
    return scores[scores.set_index(fit).index.isin(leaky.set_index(fit).index)].reset_index(drop=True)


def kinds(scores: pd.DataFrame) -> list[str]:
    """Which leaks were run."""
    return [kind for kind in KINDS if kind in set(scores["leak"])]


def changes(scores: pd.DataFrame, sums: pd.DataFrame, reach: Mapping[str, float], metric: str = "r2") -> pd.DataFrame:
    """The leak: the score of each leaky run minus that of its clean twin, on the same test rows.

    Parameters
    ----------
    scores : pandas.DataFrame
        As :func:`twins`.
    sums : pandas.DataFrame
        As :func:`placeprior.runs.store.sums`.
    reach : mapping
        How far errors are alike on each split, km (:func:`placeprior.evidence.matched.reach`).
    metric : str

    Returns
    -------
    pandas.DataFrame
        Columns ``split, arm, leak`` and :data:`placeprior.scores.paired.FOUND`.
    """
    found = []
    for split in splits_in(scores):
        contrasts = {
            (split, arm, kind): [(1.0, _fits(scores, kind, split, arm)), (-1.0, _fits(scores, CLEAN, split, arm))]
            for arm in arm_order(scores["arm"])
            for kind in kinds(scores)
        }
        found.append(paired.paired(contrasts, sums, metric=metric, range_km=reach[split]))
    return _stacked(found, ["split", "arm", "leak"])


def gains(scores: pd.DataFrame, sums: pd.DataFrame, reach: Mapping[str, float]) -> pd.DataFrame:
    """Gain in R2 of each arm over no location: clean, with both leaks, and how much the leaks change it.

    Parameters
    ----------
    scores, sums, reach
        As for :func:`changes`.

    Returns
    -------
    pandas.DataFrame
        Columns ``arm, split, which`` (``clean``, ``leaky`` or ``change``) and
        :data:`placeprior.scores.paired.FOUND`.
    """
    found = []
    for arm in arm_order(scores["arm"]):
        if arm in ("none", "idw"):
            continue
        for split in splits_in(scores):
            clean, leaky = (
                [(1.0, _fits(scores, kind, split, arm)), (-1.0, _fits(scores, kind, split, "none"))]
                for kind in (CLEAN, BOTH)
            )
            change = leaky + [(-weight, fits) for weight, fits in clean]
            contrasts = {(arm, split, "clean"): clean, (arm, split, "leaky"): leaky, (arm, split, "change"): change}
            found.append(paired.paired(contrasts, sums, range_km=reach[split]))
    return _stacked(found, ["arm", "split", "which"])


def _fits(scores: pd.DataFrame, kind: str, split: str, arm: str) -> pd.Series:
    return paired.fits(scores, leak=kind, split=split, arm=arm)


def _stacked(tables: Sequence[pd.DataFrame], names: list[str]) -> pd.DataFrame:
    """Tables of :func:`.paired` under each other, what their index says as columns."""
    filled = [
        table.assign(**{name: [key[i] for key in table.index] for i, name in enumerate(names)})
        for table in tables
        if len(table)
    ]
    columns = [*names, *paired.FOUND]
    return pd.concat(filled, ignore_index=True)[columns] if filled else pd.DataFrame(columns=columns)


def by_station(scores: pd.DataFrame, sums: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Squared errors of tested stations, clean and with both leaks, and how far the next label is that may be read.

    The random split is left out: there a station is in all parts, on different days.

    Parameters
    ----------
    scores, sums
        As for :func:`changes`.
    sites : pandas.DataFrame
        ``lon`` and ``lat`` of every station of the task, by name.

    Returns
    -------
    pandas.DataFrame
        A row a fit and station: ``split, arm, name, n``, ``clean`` and ``leaky`` (sums of squared errors), ``km`` to
        the nearest station that is not tested, and ``km_leaky`` to the nearest of all.
    """
    lonlat = sites[["lon", "lat"]].to_numpy(np.float64)
    between = coords.great_circle_km(lonlat, lonlat)
    np.fill_diagonal(between, np.inf)
    number = pd.Series(range(len(sites)), sites.index)
    tables = dict(iter(sums.groupby("run")))
    found = []
    for split in splits_in(scores):
        for arm in arm_order(scores["arm"]) if split != "random" else []:
            clean, leaky = (_fits(scores, kind, split, arm) for kind in (CLEAN, BOTH))
            for fit in clean.index.intersection(leaky.index):
                one, two = (tables[fits[fit]].set_index("name")[["n", "sum_e2"]] for fits in (clean, leaky))
                own = one.rename(columns={"sum_e2": "clean"}).assign(leaky=two["sum_e2"], split=split, arm=arm)
                tested = number[own.index].to_numpy()
                kept = np.setdiff1d(np.arange(len(sites)), tested)
                own["km"] = between[np.ix_(tested, kept)].min(axis=1)
                own["km_leaky"] = between[tested].min(axis=1)
                found.append(own.reset_index())
    columns = ["split", "arm", "name", "n", "clean", "leaky", "km", "km_leaky"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def distances(stations: pd.DataFrame) -> pd.DataFrame:
    """How far the next label is, by split: from :func:`by_station`, of the first arm.

    Returns
    -------
    pandas.DataFrame
        ``tested`` stations, ``median`` and ``most`` (nine in ten are within) of the distance when clean, and
        ``median_leaky``, ``most_leaky``, km, indexed by split in the book's order.
    """
    first = stations[stations["arm"].isin(arm_order(stations["arm"])[:1])]
    found = first.groupby("split").agg(
        tested=("name", "nunique"),
        median=("km", "median"),
        most=("km", lambda km: km.quantile(0.9)),
        median_leaky=("km_leaky", "median"),
        most_leaky=("km_leaky", lambda km: km.quantile(0.9)),
    )
    return found.loc[splits_in(first)]


def by_distance(stations: pd.DataFrame) -> pd.DataFrame:
    """RMSE clean and leaky by class of distance to the next label, from :func:`by_station` of one arm.

    Returns
    -------
    pandas.DataFrame
        Columns ``clean`` and ``leaky``, indexed by :data:`CLASSES`; classes of few stations are left out.
    """
    classes = pd.cut(stations["km"], EDGES, labels=CLASSES, right=False)
    table = stations.groupby(classes, observed=True).agg(
        n=("n", "sum"), clean=("clean", "sum"), leaky=("leaky", "sum"), stations=("name", "nunique")
    )
    table = table[table["stations"] >= FEWEST]
    return np.sqrt(table[["clean", "leaky"]].div(table["n"], axis=0))


def mercator_km(latitude: float, metres: float = DROPPED_M) -> float:
    """True length in km, at a latitude in degrees, of a length in Web Mercator metres.

    >>> mercator_km(0), round(mercator_km(60), 6)
    (30.0, 15.0)
    """
    return metres / 1000 * float(np.cos(np.radians(latitude)))


def without_neighbours(sites: pd.DataFrame) -> float:
    """Share of stations whose nearest neighbours all lie within :data:`DROPPED_M` of Web Mercator; NaN without sites.

    Parameters
    ----------
    sites : pandas.DataFrame
        As for :func:`by_station`.
    """
    if sites.empty:
        return float("nan")
    lon, lat = np.radians(sites[["lon", "lat"]].to_numpy(np.float64)).T
    plane = np.column_stack([lon, np.arctanh(np.sin(lat))]) * EARTH_RADIUS_M
    apart = np.hypot(*(plane[:, None] - plane[None]).transpose(2, 0, 1))
    nth = min(NEAREST, len(sites)) - 1
    return float(np.mean(np.sort(apart, axis=1)[:, nth] <= DROPPED_M))
