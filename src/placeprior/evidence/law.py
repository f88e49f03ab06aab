r"""What place is worth: the gain over the same network without it, by what is near, and by how many places were seen.

The gain of an arm at some test rows :math:`R` is how much smaller its mean squared error is than the reference's, in
units of the variance of daily PM2.5 in a split's test rows, :math:`s^2` (the mean over fits, one number for a task):

.. math:: G = \frac{1}{s^2} \sum_{f} \frac{|R_f|}{\sum_g |R_g|} \frac{1}{S_f} \sum_s \frac{1}{|R_f|}
          \sum_{i \in R_f} \left(e_{i,\text{reference}}^2 - e_{i,\text{arm}}^2\right)

Fold :math:`f` (of any split) has :math:`S_f` seeds; each of its rows counts once. Over all rows of a split this is the
difference in R2. Of a few rows, R2 would be divided by the spread of those few, and places that hardly vary would look
like places where nothing is gained: hence one unit for all. The interval is that of :mod:`placeprior.scores.interval`,
over blocks of the map and trainings together; a station that several splits test lies in one block. A block is as wide
as the errors of all networks of the task are alike, whichever are asked for. In two things it differs from that of a
whole split (:mod:`placeprior.evidence.gains`): a fold counts with its rows, because at one distance some folds have
next to none, and an arm that was trained once has no interval.

Noise of the instruments does not enter: it adds the same to both squared errors, on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from placeprior import data
from placeprior.arms import RIVALS, with_arm
from placeprior.errors import StoreError
from placeprior.scores.interval import Noise, interval
from placeprior.scores.paired import BLOCK_KM, FOUND, fits, paired, residual_range, squares
from placeprior.space.splits import HISTORY

REFERENCE = "none+head"
ARMS = ("geoclip-hadamard", "urban-hadamard", "lonlat", "random-vector-hadamard")
#: Bins of the distance to the nearest training station, km: one that is trained on itself, then in steps of four.
EDGES_KM = (0.0, 1e-9, 10.0, 40.0, 160.0, 640.0, np.inf)
BINS_KM = tuple(pairwise(EDGES_KM))
#: Neighbouring bins as one, each with more stations: near by, and far away.
MERGED_KM = ((1e-9, 40.0), (160.0, np.inf))
ORACLE = "place itself"  # who knew nothing but what place does to PM2.5
UNKNOWN = Noise(np.nan, np.nan)  # one training tells nothing of the noise of training, and then there is no interval
KEY = ["split", "fold", "seed"]
COLUMNS = ["low_km", "high_km", "km", "arm", "gain", "low", "high", "clear", "stations", "blocks", "splits", "rows"]


def by_distance(
    scores: pd.DataFrame,
    sums: pd.DataFrame,
    arms: Sequence[str] = ARMS,
    *,
    bins: Sequence[tuple[float, float]] = BINS_KM,
    oracle: pd.Series | None = None,
) -> pd.DataFrame:
    """Gain by the distance from a test station to its nearest training station, pooled over all splits.

    Parameters
    ----------
    scores, sums : pandas.DataFrame
        Of one task, as :func:`placeprior.runs.store.scores` and :func:`placeprior.runs.store.sums`. Splits that train
        on few stations or validate on whole regions are left out. An arm counts in the fits that it shares with the
        reference.
    arms : sequence of str
        One that shares no fit with the reference is left out.
    bins : sequence of (float, float)
        From, and to less than, km; they may overlap.
    oracle : pandas.Series, optional
        By station, the gain (µg² m-6) of one who knew what place does there (:func:`place_part`): an arm
        :data:`ORACLE` is added.

    Returns
    -------
    pandas.DataFrame
        One row a bin and arm: ``low_km, high_km, km`` (median over stations and folds), ``arm``, ``gain, low, high,
        clear`` (as a share of the variance), ``stations, blocks, splits, rows``. Bins without a station are left out.

    Raises
    ------
    StoreError
        If the two arms of a fit do not test the same rows.
    """
    table, unit = _errors(scores, sums, arms)
    if oracle is not None and len(table):
        known = table.drop_duplicates([*KEY, "name"])  # any arm's rows are those of the reference
        less = known["n"] * oracle.reindex(known["name"]).to_numpy()
        table = pd.concat([table, known.assign(arm=ORACLE, less=less)], ignore_index=True)
    found = []
    for low, high in bins:
        part = table[(table["nearest_km"] >= low) & (table["nearest_km"] < high)]
        for arm in dict.fromkeys(part["arm"]):
            own = part[part["arm"] == arm]
            place = own.drop_duplicates(["split", "fold", "name"])
            told = {"km": place["nearest_km"].median(), "stations": place["name"].nunique()}
            told |= {"splits": place["split"].nunique(), "rows": int(place["n"].sum())}
            found.append({"low_km": low, "high_km": high, "arm": arm} | _gain([(1.0, own)], unit) | told)
    return pd.DataFrame(found, columns=COLUMNS)


def between(
    scores: pd.DataFrame, sums: pd.DataFrame, arm: str, at: tuple[float, float], less: tuple[float, float] | None = None
) -> dict[str, Any] | None:
    """Gain of one arm between two distances from training, or how much larger it is there than between two others.

    Parameters
    ----------
    scores, sums : pandas.DataFrame
        As for :func:`by_distance`.
    arm : str
    at, less : (float, float)
        From, and to less than, km.

    Returns
    -------
    dict or None
        ``gain, low, high, clear, blocks``, ``fits``, and ``whole``: whether both partitions of each checkerboard are in
        it. None where no fit tests a station at these distances.
    """
    table, unit = _errors(scores, sums, [arm])
    terms = []
    for weight, reach in ((1.0, at), (-1.0, less)):
        if reach is not None:
            part = table[(table["nearest_km"] >= reach[0]) & (table["nearest_km"] < reach[1])]
            if part.empty:
                return None
            terms.append((weight, part))
    fits = pd.concat([part for _, part in terms]).drop_duplicates(KEY)
    folds = fits[fits["split"].str.startswith("checkerboard")].groupby("split")["fold"].nunique()
    return _gain(terms, unit) | {"fits": len(fits), "whole": bool((folds == 2).all())}


def _errors(scores: pd.DataFrame, sums: pd.DataFrame, arms: Sequence[str]) -> tuple[pd.DataFrame, float]:
    """By how much each arm's squared errors are smaller than the reference's, a row an arm, fit and test station.

    And the unit of all gains: the variance of PM2.5 in a split's test rows. Column ``block`` names squares of the map
    as wide as the differences of neighbouring stations are alike, over all networks that share a fit with the
    reference.
    """
    sums = sums[sums["nearest_km"].notna()]
    runs = with_arm(scores).drop_duplicates("run")
    runs = runs[~runs["split"].str.contains(r"[@+]|^year-|^transfer$") & runs["run"].isin(set(sums["run"]))]
    wide = runs.pivot(index=KEY, columns="arm", values="run")
    wide = wide.reindex(columns=wide.columns.union([REFERENCE, *arms]))
    sums = sums.set_index("run")
    parts, contrasts = [], {}
    for arm in wide.columns.drop([REFERENCE, *RIVALS], errors="ignore"):
        pairs = wide[[REFERENCE, arm]].dropna()
        if pairs.empty:
            continue
        cells = pd.MultiIndex.from_arrays([_cell(pairs.reset_index()), pairs.index.get_level_values("seed")])
        contrasts[arm] = [(1.0, pairs[REFERENCE].set_axis(cells)), (-1.0, pairs[arm].set_axis(cells))]
    for arm in arms:
        pairs = wide[[REFERENCE, arm]].dropna()
        if pairs.empty:
            continue
        one, other = (
            sums.join(pairs.reset_index().set_index(name)[KEY], how="inner").set_index([*KEY, "name"])
            for name in (REFERENCE, arm)
        )
        _same_rows(one, other, arm)
        one = one[["lon", "lat", "nearest_km", "n", "sum_y", "sum_y2"]].assign(less=one["sum_e2"] - other["sum_e2"])
        parts.append(one.reset_index().assign(arm=arm))
    if not parts:
        return pd.DataFrame(columns=[*KEY, "name", "nearest_km", "n", "less", "arm"]), np.nan
    table = pd.concat(parts, ignore_index=True)
    side = max(BLOCK_KM, residual_range(contrasts, sums.reset_index()))
    table["block"] = squares(table[["lon", "lat"]].to_numpy(np.float64), side)
    whole = table.drop_duplicates([*KEY, "name"]).groupby(KEY)[["n", "sum_y", "sum_y2"]].sum()
    return table, float((whole["sum_y2"] / whole["n"] - (whole["sum_y"] / whole["n"]) ** 2).mean())


def _same_rows(one: pd.DataFrame, other: pd.DataFrame, arm: str) -> None:
    same = one["n"].eq(other["n"]) & np.isclose(one["sum_y"], other["sum_y"].reindex(one.index), rtol=1e-4)
    if not same.all() or len(one) != len(other):
        split, fold, seed, name = next(iter(same.index[~same])) if not same.all() else other.index[-1]
        raise StoreError(
            f"{REFERENCE} and {arm} of {split} fold {fold}, seed {seed}, do not test the same rows at {name}; collect "
            "the results again"
        )


def _cell(frame: pd.DataFrame) -> pd.Series:
    return frame["split"] + " " + frame["fold"].astype(str)


def _gain(terms: Sequence[tuple[float, pd.DataFrame]], unit: float) -> dict[str, Any]:
    """Weighted sum of one arm's gains at some rows each, and its interval; a fold counts with its rows."""
    whole = pd.concat([part for _, part in terms])
    whole = whole.assign(cell=_cell(whole))
    fits = pd.MultiIndex.from_frame(whole[["cell", "seed"]].drop_duplicates())
    blocks, cells = whole["block"].unique(), fits.get_level_values("cell")
    values, without, rows = 0.0, 0.0, 0.0
    for weight, part in terms:
        wide = part.assign(cell=_cell(part)).pivot_table(
            index="block", columns=["cell", "seed"], values=["n", "less"], aggfunc="sum", fill_value=0.0
        )
        n, less = (wide[name].reindex(index=blocks, columns=fits).fillna(0.0) for name in ("n", "less"))
        n = n.T.groupby(level="cell").max().sum().to_numpy()  # by block: equal for all seeds of a fold
        less = less.to_numpy(np.float64)
        # The mean over folds of these is the sum over folds: each counts with its rows.
        scale = weight * cells.nunique() / unit
        values = values + scale * less.sum(0) / n.sum()
        with np.errstate(invalid="ignore", divide="ignore"):  # without the only block nothing is left
            without = without + scale * (less.sum(0) - less) / (n.sum() - n)[:, None]
        rows = rows + n
    found = interval(values, without, np.asarray(rows)[:, None], cells, UNKNOWN)
    told = {name: np.asarray(found[name]).item() for name in ("difference", "low", "high", "clear", "blocks")}
    return {"gain": told.pop("difference"), **told}


def place_part(**options: Any) -> pd.Series:
    r"""Mean square of what place adds to PM2.5 at each station of the embedded world, over its scored days.

    The same world without a role for place has the same weather, smoke and hidden variation, and every place factor at
    its mean. The difference between the two is what one misses who knows everything but the place, and so the gain of
    learning it; a network that infers part of it from its predictors has less to gain.

    Parameters
    ----------
    **options
        Of the world (:class:`placeprior.data.world.simulation.World`).

    Returns
    -------
    pandas.Series
        µg² m-6, by station.
    """
    worlds = [data.load("world", **options), data.load("world", **{**options, "placeness": 0.0})]
    with_it, without = (each["pm25_true"].transpose("station", "time").values for each in worlds)
    scored = np.isfinite(worlds[0]["pm25"].transpose("station", "time").values)
    scored[:, : HISTORY - 1] = False
    part = np.where(scored, (with_it - without) ** 2, np.nan)
    return pd.Series(np.nanmean(part, axis=1), worlds[0]["station"].values)


def by_stations(
    scores: pd.DataFrame, sums: pd.DataFrame, stations: pd.Series, arms: Sequence[str] = ARMS, *, base: str = "spatial"
) -> pd.DataFrame:
    """Gain in R2 by the number of training stations, on the same test rows at every number.

    Parameters
    ----------
    scores, sums : pandas.DataFrame
        Of one task.
    stations : pandas.Series
        Training stations of each run, by id.
    arms : sequence of str
    base : str
        The split that trains on all; ``base@N`` trains on N.

    Returns
    -------
    pandas.DataFrame
        ``arm``, ``trained`` (the number, mean over fits) and :data:`placeprior.scores.paired.FOUND`; empty where no
        split trains on few.
    """
    runs = with_arm(scores).drop_duplicates("run")
    few = runs[runs["split"].str.startswith(f"{base}@")]
    if few.empty:
        return pd.DataFrame(columns=["arm", "trained", *FOUND])
    fit = pd.MultiIndex.from_frame(few[["fold", "seed"]]).unique()
    whole = runs[(runs["split"] == base) & pd.MultiIndex.from_frame(runs[["fold", "seed"]]).isin(fit)]
    runs = pd.concat([few, whole])
    trained = runs.assign(trained=runs["run"].map(stations)).groupby("split")["trained"].mean()
    contrasts = {
        (arm, split): [(1.0, fits(runs, arm=arm, split=split)), (-1.0, fits(runs, arm=REFERENCE, split=split))]
        for arm in arms
        for split in trained.index
    }
    found = paired(contrasts, sums, range_km=residual_range(contrasts, sums))
    told = found.assign(arm=[arm for arm, _ in found.index], trained=[trained[split] for _, split in found.index])
    return told.sort_values("trained", ignore_index=True)
