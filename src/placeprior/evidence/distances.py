"""How far what a split tests lies from what it trains on, beside what a map asks, and what distance does to scores.

Which stations a split holds out depends on their places and its seed alone, so distances need no measurement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import wasserstein_distance

from placeprior import coords
from placeprior.arms import with_arm
from placeprior.errors import StoreError
from placeprior.evidence import tables
from placeprior.runs import store
from placeprior.runs.plan import Run
from placeprior.scores import metrics, paired
from placeprior.space.matched_folds import to_map
from placeprior.space.splits import HISTORY, NAMES, Split, folds, lonlat_of, split, state_folds

HELD = (*(name for name in NAMES if name != "random"), "state")  # the splits that hold out stations
CLASSES = (0.0, 15.0, 50.0, 150.0, 400.0, 1e5)  # km, edges of the classes of distance
FEWEST = 5  # stations in a class, or it is left out
NEAR_KM = 50.0
QUANTILES = (0.1, 0.5, 0.9)


# --- a split and its parts --------------------------------------------------------------------------------------------


def sizes(parts: Mapping[tuple[str, int], Split], cube: xr.Dataset) -> pd.DataFrame:
    """How much is in each part of some splits, and how different the test sets are.

    Parameters
    ----------
    parts : mapping
        Splits by name and fold.
    cube : xarray.Dataset
        What they were made of.

    Returns
    -------
    pandas.DataFrame
        Index ``split, fold``: ``regime``; ``<part>_rows`` and ``<part>_stations`` of train, validation and test; and
        of the tested station-days ``mean`` and ``sd`` of PM2.5 in µg m-3, and ``high``, the share of at least
        :data:`.HIGH`.
    """
    pm25, rows = cube["pm25"].values.astype(float), {}
    for key, part in parts.items():
        tested = pm25[part.test]
        counts = {f"{of}_{what}": n for of, size in part.sizes().items() for what, n in size.items()}
        spread = {"mean": tested.mean(), "sd": tested.std(), "high": (tested >= metrics.HIGH).mean()}
        rows[key] = {"regime": part.regime} | counts | spread
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["split", "fold"])


def cells(names: Iterable[str], lonlat: np.ndarray, latitude: float = 40.0) -> pd.DataFrame:
    """The cells of checkerboards: how many have a station, and their sides.

    Parameters
    ----------
    names : iterable of str
        Such as ``"checkerboard-16"``.
    lonlat : ndarray, shape (station, 2)
    latitude : float
        Where their width is told, degrees.

    Returns
    -------
    pandas.DataFrame
        By ``split``: ``used`` cells; ``height``, km from south to north; ``width``, km from west to east.
    """
    rows = {}
    for name in names:
        degrees = float(name.partition("-")[2])
        place = np.floor((lonlat - np.array(coords.CONUS_BOX[:2])) / degrees).astype(int)
        height = degrees * 111.0  # km of a degree of latitude
        width = height * float(np.cos(np.radians(latitude)))
        rows[name] = {"used": len(np.unique(place, axis=0)), "height": height, "width": width}
    columns = ["used", "height", "width"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("split")


# --- distances --------------------------------------------------------------------------------------------------------


def land_cells(degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Cells of a regular grid on the land of the contiguous United States.

    Returns
    -------
    lonlat : ndarray, shape (n, 2)
    weight : ndarray, shape (n,)
        In proportion to area: cells of equal degrees shrink towards the north.
    """
    places = coords.Land(degrees).places
    return places, np.cos(np.radians(places[:, 1]))


def nearness(km: np.ndarray, weight: np.ndarray | None = None) -> dict[str, float]:
    """Quantiles of distances, and the share below :data:`NEAR_KM`.

    Parameters
    ----------
    km : ndarray, shape (n,)
    weight : ndarray, shape (n,), optional
        Of each distance, such as the area that it stands for. Without it quantiles are interpolated.

    Returns
    -------
    dict
        ``10 %``, ``median``, ``90 %``, km; ``near``, 0 … 1; ``n``.
    """
    if weight is None:
        found, near = np.percentile(km, [100 * q for q in QUANTILES]), np.mean(km < NEAR_KM)
    else:
        order = np.argsort(km)
        share = np.cumsum(weight[order]) / weight.sum()
        found = [km[order][np.searchsorted(share, q)] for q in QUANTILES]
        near = weight[km < NEAR_KM].sum() / weight.sum()
    return dict(zip(("10 %", "median", "90 %"), map(float, found), strict=True)) | {"near": float(near), "n": len(km)}


def network(names: np.ndarray, lonlat: np.ndarray) -> xr.Dataset:
    """A cube of these stations, measured every day of a history: enough for a split to hold out stations.

    Parameters
    ----------
    names : ndarray, shape (station,)
    lonlat : ndarray, shape (station, 2)
    """
    days = np.arange("2019-01-01", HISTORY + 1, dtype="datetime64[D]").astype("datetime64[ns]")
    values = np.zeros((len(names), len(days)), np.float32)
    place = {"lon": ("station", lonlat[:, 0]), "lat": ("station", lonlat[:, 1])}
    return xr.Dataset({"pm25": (("station", "time"), values)}, {"station": names, "time": days, **place})


def tested_network(profile: str, task: str) -> xr.Dataset:
    """:func:`network` of all stations that a run of the main comparison tested, from committed results alone.

    Raises
    ------
    StoreError
        The results have no station of the task.
    """
    scores, sums = store.scores(profile, "core"), store.sums(profile)
    found = sums[sums["run"].isin(scores.loc[scores["task"] == task, "run"])]
    found = found.drop_duplicates("name").sort_values("name")
    if found.empty:
        raise StoreError(f"results/{profile} has no station of the task {task}; collect the profile first")
    return network(found["name"].to_numpy(), found[["lon", "lat"]].to_numpy(float))


def drawn_folds(name: str, cube: xr.Dataset) -> list[int]:
    """All folds of a split; by states, those of the states that have a station."""
    return [int(fold) for fold in np.unique(state_folds(lonlat_of(cube)))] if name == "state" else list(folds(name))


@dataclass(frozen=True)
class Distances:
    """What splits ask of a network's stations, and what a map asks.

    Attributes
    ----------
    cube : xarray.Dataset
        The network.
    land : ndarray, shape (place,)
        Km from every piece of land to its nearest station.
    tested : dict
        By split of :data:`HELD`, km from every tested station to its nearest training station, all folds at seed 0.
    """

    cube: xr.Dataset
    land: np.ndarray
    tested: dict[str, np.ndarray]

    @property
    def order(self) -> list[str]:
        """All splits, from near tests to far ones; the random split tests at distance zero."""
        return ["random", *sorted(self.tested, key=lambda name: np.median(self.tested[name]))]

    def median(self, name: str) -> float:
        """Km of a split's median test."""
        return float(np.median(self.tested[name])) if name in self.tested else 0.0

    def table(self) -> pd.DataFrame:
        """All splits and the map, km, index ``split``.

        Returns
        -------
        pandas.DataFrame
            ``10 %``, ``median``, ``90 %``; ``excess``, the mean less the map's; ``wasserstein``, the Wasserstein
            distance to the map's distances. The last two are NaN in the row ``map``.
        """
        rows = {}
        for name in self.order:
            km = self.tested.get(name, np.zeros(self.cube.sizes["station"]))
            apart = wasserstein_distance(km, self.land) if name in self.tested else self.land.mean()
            rows[name] = nearness(km) | {"excess": km.mean() - self.land.mean(), "wasserstein": float(apart)}
        rows["map"] = nearness(self.land) | {"excess": np.nan, "wasserstein": np.nan}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("split").drop(columns=["near", "n"])


def asked(cube: xr.Dataset) -> Distances:
    """What each split of :data:`HELD` asks of the stations of a cube, and what a map asks."""
    tested = {
        name: np.concatenate([split(name, cube, 0, fold).distance_km(cube) for fold in drawn_folds(name, cube)])
        for name in HELD
    }
    return Distances(cube, to_map(lonlat_of(cube)), tested)


# --- scores -----------------------------------------------------------------------------------------------------------


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


def near_and_far(profile: str, cube: xr.Dataset, runs: Iterable[Run]) -> pd.DataFrame:
    """Station sums of inverse distance and of no location, by how far a tested station is from training.

    Parameters
    ----------
    profile : str
    cube : xarray.Dataset
        What the runs were trained on.
    runs : iterable of Run
        Those in the store or in the committed results count, of splits that hold out stations, and only tests that
        both arms have taken.

    Returns
    -------
    pandas.DataFrame
        ``group`` (of :data:`CLASSES`), ``arm, seed, name, lon, lat`` and :data:`.SUMS`: all splits and folds of a seed
        are added, station by station, since together they are one test.
    """
    committed, found = store.sums(profile), []
    for run in runs:
        if run.variant not in ("idw", "none") or run.split == "random":
            continue
        own = store.table(run.id, "stations") if store.is_stored(run.id) else committed[committed["run"] == run.id]
        if own.empty:
            continue
        part = split(run.split, cube, 0, run.fold)
        km = dict(zip(cube["station"].values[part.test.any(1)], part.distance_km(cube), strict=True))
        test = f"{run.split} {run.fold} {run.seed}"
        found.append(own.assign(arm=run.variant, km=own["name"].map(km), test=test, seed=run.seed))
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


# --- the error of a map -----------------------------------------------------------------------------------------------


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
