"""What a split does to a score: scores by distance to training, of all fits together, and beside the error of a map."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from placeprior.arms import with_arm
from placeprior.errors import StoreError
from placeprior.evidence import tables
from placeprior.scores import metrics, paired
from placeprior.space.splits import HISTORY, split

CLASSES = (0.0, 15.0, 50.0, 150.0, 400.0, 1e5)  # km, edges of the classes of distance
FEWEST = 5  # stations in a class, or it is left out


def pooled(scores: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """One score for each split and arm: all tested rows of all fits together.

    Parameters
    ----------
    scores, sums : pandas.DataFrame
        Of one task, with a column ``arm`` in `scores`.

    Returns
    -------
    pandas.DataFrame
        ``split, arm, metric, value, fits`` for ``r2`` and ``rmse`` (µg m-3).
    """
    rows = []
    for (name, arm), part in scores.drop_duplicates("run").groupby(["split", "arm"]):
        total = sums[sums["run"].isin(part["run"])][metrics.SUMS].to_numpy(float).sum(0)
        rows += [(name, arm, metric, float(metrics.from_sums(total)[metric]), len(part)) for metric in ("r2", "rmse")]
    return pd.DataFrame(rows, columns=["split", "arm", "metric", "value", "fits"])


def near_and_far(scores: pd.DataFrame, sums: pd.DataFrame, cube: xr.Dataset) -> pd.DataFrame:
    """Station sums of inverse distance and of no location, by how far a tested station is from training.

    Parameters
    ----------
    scores, sums : pandas.DataFrame
        Of one task. Of the splits that hold out stations, tests count that both arms have taken.
    cube : xarray.Dataset
        Of the tested stations at least their names and places (:func:`placeprior.evidence.distances.network`).

    Returns
    -------
    pandas.DataFrame
        ``group`` (of :data:`CLASSES`), ``arm, seed, name, lon, lat`` and :data:`.SUMS`: all splits and folds of a seed
        are added, station by station, since together they are one test.

    Raises
    ------
    StoreError
        If a split of the cube tests other stations than the runs did.
    """
    runs, found = with_arm(scores), []
    runs = runs[runs["arm"].isin(("idw", "none")) & (runs["split"] != "random")]
    for (name, fold), own in runs.drop_duplicates("run").groupby(["split", "fold"]):
        part = split(name, cube, 0, fold)
        km = dict(zip(cube["station"].values[part.test.any(1)], part.distance_km(cube), strict=True))
        for run in own.itertuples():
            table = sums[sums["run"] == run.run]
            if set(table["name"]) != set(km):
                raise StoreError(
                    f"run {run.run} tested {table['name'].nunique()} stations, and {name} fold {fold} of this cube "
                    f"tests {len(km)} or others; use the cube that the run was trained on"
                )
            told = {"arm": run.arm, "test": f"{name} {fold} {run.seed}", "seed": run.seed}
            found.append(table.assign(**told, km=table["name"].map(km)))
    columns = ["arm", "km", "test", "seed", "name", "lon", "lat", *metrics.SUMS]
    table = pd.concat(found) if found else pd.DataFrame(columns=columns)
    table = table[table.groupby("test")["arm"].transform("nunique") == 2]
    table = table.assign(group=pd.cut(table["km"].astype(float), CLASSES, labels=False, right=False))
    how = {"lon": "first", "lat": "first"} | dict.fromkeys(metrics.SUMS, "sum")
    return table.dropna(subset=["group"]).groupby(["group", "arm", "seed", "name"]).agg(how).reset_index()


def by_class(table: pd.DataFrame) -> pd.DataFrame:
    """Scores of both arms in each class of distance with enough stations, and the interval of their difference in R2.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`near_and_far`.

    Returns
    -------
    pandas.DataFrame
        Index ``group``: ``r2_idw, r2_none, rmse_idw, rmse_none``, means over seeds, and ``difference, low, high,
        clear`` of inverse distance to no location.
    """
    rows = {}
    known = table[table.groupby("group")["name"].transform("nunique") >= FEWEST]
    for group, part in known.groupby("group"):
        part = part.assign(fold=1, run=part["arm"] + " " + part["seed"].astype(str))
        row = {}
        for arm, own in part.groupby("arm"):
            scores = [metrics.from_sums(one[metrics.SUMS].to_numpy().sum(0)) for _, one in own.groupby("run")]
            row |= {f"{metric}_{arm}": np.mean([score[metric] for score in scores]) for metric in ("r2", "rmse")}
        terms = [(sign, paired.fits(part, arm=arm)) for sign, arm in ((1.0, "idw"), (-1.0, "none"))]
        gap = paired.single(terms, part)
        told = ("difference", "low", "high", "clear")
        rows[int(group)] = row | ({} if gap is None else {key: gap[key] for key in told})
    columns = [*(f"{metric}_{arm}" for metric in ("r2", "rmse") for arm in ("idw", "none"))]
    columns += ["difference", "low", "high", "clear"]
    return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns).rename_axis("group")


def map_rmse(profile: str) -> pd.Series:
    """RMSE over all land, by arm, of the embedded world's maps by models of the split ``spatial``, µg m-3.

    Returns
    -------
    pandas.Series
        Empty where the errors of maps were not made yet.
    """
    try:
        made = tables.read(profile, "map_error")
    except StoreError:
        return pd.Series(dtype=float)
    made = made[(made["task"] == "world") & (made["split"] == "spatial") & made["part"].isin(["near", "far"])]
    made = with_arm(made).groupby(["arm", "run"])[["n", "sum_e2"]].sum()
    return np.sqrt(made["sum_e2"] / made["n"]).groupby("arm").mean()


def without_noise(scores: pd.DataFrame, sums: pd.DataFrame, cube: xr.Dataset) -> pd.DataFrame:
    """Test RMSE of each split and arm against the truth: the instruments' noise is taken out of the mean square.

    Some states are not the country, and the random split tests places that the map's model has learned from: these two
    are left out.

    Parameters
    ----------
    scores, sums : pandas.DataFrame
        Of the embedded world, with a column ``arm`` in `scores`.
    cube : xarray.Dataset
        With ``pm25`` and ``pm25_true``.

    Returns
    -------
    pandas.DataFrame
        RMSE in µg m-3, split by arm.
    """
    noise = (cube["pm25"] - cube["pm25_true"]).transpose("station", "time").values[:, HISTORY - 1 :].astype(float) ** 2
    noise = pd.Series(np.nanmean(noise, axis=1), index=cube["station"].values)
    runs, rows = scores.drop_duplicates("run"), []
    for (name, arm), part in runs[~runs["split"].isin(["random", "state"])].groupby(["split", "arm"]):
        own = sums[sums["run"].isin(part["run"])]
        square = (own["sum_e2"].astype(float) - own["n"] * own["name"].map(noise)).sum() / own["n"].sum()
        rows.append((name, arm, float(np.sqrt(max(square, 0.0)))))
    return pd.DataFrame(rows, columns=["split", "arm", "rmse"]).pivot(index="split", columns="arm", values="rmse")
