r"""What place is worth: the gain over the same network without it, by what is near, and by how many places were seen.

The gain of an arm at some test rows :math:`R` is how much smaller its mean squared error is than the reference's, in
units of the variance of daily PM2.5 in a split's test rows, :math:`s^2` (the mean over fits, one number for a task):

.. math:: G = \frac{1}{s^2} \sum_{f} \frac{|R_f|}{\sum_g |R_g|} \frac{1}{S_f} \sum_s \frac{1}{|R_f|}
          \sum_{i \in R_f} \left(e_{i,\text{reference}}^2 - e_{i,\text{arm}}^2\right)

Fold :math:`f` (of any split) has :math:`S_f` seeds; each of its rows counts once. Over all rows of a split this is the
difference in R2. Of a few rows, R2 would be divided by the spread of those few, and places that hardly vary would look
like places where nothing is gained: hence one unit for all. The interval is that of :mod:`placeprior.scores.interval`,
over blocks of the map and trainings together; a station that several splits test lies in one block.

Noise of the instruments does not enter: it adds the same to both squared errors, on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from placeprior import data
from placeprior.arms import with_arm
from placeprior.errors import StoreError
from placeprior.scores.interval import Noise, interval
from placeprior.scores.paired import BLOCK_KM, FOUND, fits, paired, residual_range, squares
from placeprior.space.splits import HISTORY

REFERENCE = "none+head"
ARMS = ("geoclip-hadamard", "urban-hadamard", "lonlat", "random-vector-hadamard")
#: Bins of the distance to the nearest training station, km: a station that is trained on itself, then doubling.
EDGES_KM = (0.0, 1e-9, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, np.inf)
ORACLE = "place itself"  # who knew nothing but what place does to PM2.5
UNKNOWN = Noise(np.nan, np.nan)  # one training tells nothing of the noise of training, and then there is no interval
KEY = ["split", "fold", "seed"]


def by_distance(
    scores: pd.DataFrame,
    sums: pd.DataFrame,
    arms: Sequence[str] = ARMS,
    *,
    edges: Sequence[float] = EDGES_KM,
    oracle: pd.Series | None = None,
) -> pd.DataFrame:
    """Gain by the distance from a test station to its nearest training station, pooled over all splits.

    Parameters
    ----------
    scores, sums : pandas.DataFrame
        Of one task, as :func:`placeprior.runs.store.scores` and :func:`placeprior.runs.store.sums`. Splits that train
        on few stations or validate on whole regions are left out, and so are fits that not all arms have.
    arms : sequence of str
    edges : sequence of float
        Of the bins, km; a bin holds its lower end.
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
        If two arms of a fit do not test the same rows.
    """
    table, side = _errors(scores, sums, arms)
    if table.empty:
        return pd.DataFrame(
            columns=[
                "low_km",
                "high_km",
                "km",
                "arm",
                "gain",
                "low",
                "high",
                "clear",
                "stations",
                "blocks",
                "splits",
                "rows",
            ]
        )
    if oracle is not None:
        table[ORACLE], arms = table["n"] * oracle.reindex(table["name"]).to_numpy(), [*arms, ORACLE]
    table["block"] = squares(table[["lon", "lat"]].to_numpy(np.float64), side)
    whole = table.groupby(KEY)[["n", "sum_y", "sum_y2"]].sum()
    unit = float((whole["sum_y2"] / whole["n"] - (whole["sum_y"] / whole["n"]) ** 2).mean())
    found = []
    for low, high in pairwise(edges):
        part = table[(table["nearest_km"] >= low) & (table["nearest_km"] < high)]
        if len(part):
            place = part.drop_duplicates(["split", "fold", "name"])
            found.append(
                _pooled(part, arms, unit).assign(
                    low_km=low,
                    high_km=high,
                    km=place["nearest_km"].median(),
                    stations=place["name"].nunique(),
                    splits=place["split"].nunique(),
                    rows=int(place["n"].sum()),
                )
            )
    return pd.concat(found, ignore_index=True)


def _errors(scores: pd.DataFrame, sums: pd.DataFrame, arms: Sequence[str]) -> tuple[pd.DataFrame, float]:
    """Fits that all arms have, a row a test station: its sums, and by how much each arm's squared errors are smaller.

    And the side of a block: as far as the differences of neighbouring stations are alike.
    """
    sums = sums[sums["nearest_km"].notna()]
    runs = with_arm(scores).drop_duplicates("run")
    runs = runs[~runs["split"].str.contains(r"[@+]|^year-") & runs["run"].isin(set(sums["run"]))]
    wide = runs.pivot(index=KEY, columns="arm", values="run").reindex(columns=[REFERENCE, *arms]).dropna()
    if wide.empty:
        return pd.DataFrame(), BLOCK_KM
    long = sums.merge(wide.stack().rename("run").reset_index(), on="run")
    values = long.pivot(index=[*KEY, "name"], columns="arm", values=["n", "sum_y", "sum_e2"]).astype(np.float64)
    n, y, e2 = (values[column] for column in ("n", "sum_y", "sum_e2"))
    same = n.eq(n[REFERENCE], axis=0) & pd.DataFrame(np.isclose(y, y[[REFERENCE]], rtol=1e-4), y.index, y.columns)
    if not same.all(axis=None):
        split, fold, seed, name = same.index[~same.all(axis=1)][0]
        raise StoreError(
            f"the arms of {split} fold {fold}, seed {seed}, do not test the same rows at {name}; collect "
            "the results again"
        )
    named = wide.set_axis(pd.MultiIndex.from_arrays([_cell(wide.reset_index()), wide.index.get_level_values("seed")]))
    contrasts = {arm: [(1.0, named[REFERENCE]), (-1.0, named[arm])] for arm in arms}
    base = long[long["arm"] == REFERENCE][[*KEY, "name", "lon", "lat", "nearest_km", "n", "sum_y", "sum_y2"]]
    less = e2.rsub(e2[REFERENCE], axis=0)[list(arms)].reset_index()
    return base.merge(less, on=[*KEY, "name"]), max(BLOCK_KM, residual_range(contrasts, sums))


def _cell(frame: pd.DataFrame) -> pd.Series:
    return frame["split"] + " " + frame["fold"].astype(str)


def _pooled(part: pd.DataFrame, arms: Sequence[str], unit: float) -> pd.DataFrame:
    """Gains of all arms in one bin, each fold with the weight of its rows; ``gain, low, high, clear, blocks, arm``."""
    wide = part.assign(cell=_cell(part)).pivot_table(
        index="block", columns=["cell", "seed"], values=["n", *arms], aggfunc="sum", fill_value=0.0
    )
    fold = wide["n"].columns.get_level_values("cell")
    rows = wide["n"].T.groupby(level="cell").first().sum().to_numpy()  # by block: equal for all seeds of a fold
    less = np.stack([wide[arm].to_numpy(np.float64) for arm in arms], 1)  # (block, arm, fit)
    folds, whole = fold.nunique(), less.sum(0)
    # The mean over folds of these is the sum over folds: each counts with its rows.
    with np.errstate(invalid="ignore", divide="ignore"):  # without the only block nothing is left
        without = folds * (whole - less) / ((rows.sum() - rows)[:, None, None] * unit)
    found = interval(folds * whole / (rows.sum() * unit), without, rows[:, None, None], fold, UNKNOWN)
    table = pd.DataFrame({name: found[name] for name in ("difference", "low", "high", "clear", "blocks")})
    return table.rename(columns={"difference": "gain"}).assign(arm=list(arms))


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
