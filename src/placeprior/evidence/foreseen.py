"""Where would a model fail? What distance foretells at every tested station, beside what came out.

The model of one region is asked at the stations of all others. How much it loses there, in logarithms as in
:mod:`.transferability`, is foretold by a line in a distance from the region to the station; the line is fitted without
the station's region, as teacher and as taught. Against it stands the real loss of the same model at the station.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from placeprior import encoders
from placeprior.arms import with_arm
from placeprior.coords import Floats, great_circle_km
from placeprior.evidence.transfer import by_task, stations
from placeprior.runs import store
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run
from placeprior.space import transport
from placeprior.space.splits import lonlat_of

COLUMNS = ["task", "arm", "source", "region", "station", "lon", "lat", "loss", "km", "geoclip"]
DISTANCES = ("km", "geoclip")


def to_stations(lonlat: Floats, region: np.ndarray) -> dict[str, pd.DataFrame]:
    """Cost of moving every region onto each single station, (region, station): transport to one point is a mean."""
    vectors = encoders.embed("geoclip", lonlat).astype(float)
    costs = {"km": great_circle_km(lonlat, lonlat), "geoclip": transport.cosine(vectors, vectors)}
    return {name: pd.DataFrame(cost).groupby(region).mean() for name, cost in costs.items()}


def lines(table: pd.DataFrame, distance: str) -> Floats:
    """Losses that a line in a distance foretells, shape (row,), fitted to rows that share no region with the row's own.

    Parameters
    ----------
    table : pandas.DataFrame
        ``source, region, loss`` and the distance.
    """
    expected = np.full(len(table), np.nan)
    for number in table["region"].unique():
        asked = (table["region"] == number).to_numpy()
        known = ~asked & (table["source"] != number).to_numpy()
        slope, start = np.polyfit(table.loc[known, distance], table.loc[known, "loss"], 1)
        expected[asked] = slope * table.loc[asked, distance] + start
    return expected


def losses(runs: Iterable[Run], known: Mapping[str, pd.DataFrame], lies: Mapping[str, int]) -> pd.DataFrame:
    """Loss of every region's model at every tested station of another region: ``arm, source, region, name, loss``.

    Squared errors of a station's days are added up over seeds, and so are those of its own region's model.
    """
    rows = pd.concat(known[run.id].assign(variant=run.variant, fusion=run.fusion, source=run.fold) for run in runs)
    total = with_arm(rows).groupby(["arm", "source", "name"])["sum_e2"].sum().reset_index()
    total["region"] = total["name"].map(lies)
    own = total[total["source"] == total["region"]].set_index(["arm", "name"])["sum_e2"]
    far = total[total["source"] != total["region"]].reset_index(drop=True)
    inside = own.loc[pd.MultiIndex.from_frame(far[["arm", "name"]])].to_numpy()
    return far.assign(loss=0.5 * np.log(far["sum_e2"].to_numpy() / inside))


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """Real losses at the tested stations, and what distances foretell.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`: ``source`` taught, ``region`` holds the ``station``; ``loss`` is real, ``km`` and
        ``geoclip`` are foretold (:func:`lines`).
    """
    tables = []
    for task, fits in by_task(runs).items():
        cube = cube_of(fits[0])
        usable, region = stations(cube)
        lonlat, names = lonlat_of(cube)[usable], cube["station"].values[usable]
        found = losses(fits, store.stored_sums(run.id for run in fits), dict(zip(names, region, strict=True)))
        at = pd.Index(names).get_indexer(found["name"])
        for name, apart in to_stations(lonlat, region).items():
            found[name] = apart.to_numpy()[found["source"].to_numpy() - 1, at]
        for arm in found["arm"].unique():
            rows = (found["arm"] == arm).to_numpy()
            told = {name: lines(found[rows], name) for name in DISTANCES}
            found.loc[rows, list(DISTANCES)] = np.column_stack(list(told.values()))
        tables.append(found.assign(task=task, station=found["name"], lon=lonlat[at, 0], lat=lonlat[at, 1]))
    return pd.concat(tables, ignore_index=True)[COLUMNS].round(4)


def agreement(table: pd.DataFrame, distance: str) -> pd.Series:
    """Spearman's correlation over stations of what was foretold with what came out, by teaching region.

    Parameters
    ----------
    table : pandas.DataFrame
        Of one task and arm, as :func:`collect`.
    """
    return table.groupby("source").apply(
        lambda own: float(spearmanr(own[distance], own["loss"]).statistic), include_groups=False
    )
