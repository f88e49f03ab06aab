"""What one model learns from several regions together, chosen for a target in several ways, beside its own model.

Of the split ``union-<way>-<budget>``, whose fold is the target; one region is what ``transfer`` tried, in which any
source was, so that a lot of one is the mean of all, and the best of one is known.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from placeprior.arms import arm
from placeprior.evidence.choosing import BEST, COLUMNS, EVERY, LOT
from placeprior.evidence.transfer import by_task, stations
from placeprior.runs import store
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run
from placeprior.scores import metrics
from placeprior.space import unions
from placeprior.space.regions import REGIONS, WAYS
from placeprior.space.splits import lonlat_of

KINDS = (*[way for way in WAYS if not way.startswith(LOT)], LOT)


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """What every union loses in its target.

    Parameters
    ----------
    runs : iterable of Run
        Of the splits ``transfer``, all folds, and ``union-…``, the same arms and seeds.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`.choosing.COLUMNS`, of the targets that unions were made for. ``way``: ``centroids``, ``km`` and
        ``geoclip``; ``lot``, the mean loss of the draws; ``best``, of one region alone; ``every``, all others. ``loss``
        is the log of the RMSE over that of the target's own model.
    """
    rows = []
    for task, fits in by_task(runs).items():
        cube = cube_of(fits[0])
        usable, region = stations(cube)
        lonlat, lies = lonlat_of(cube)[usable], dict(zip(cube["station"].values[usable], region, strict=True))
        known = store.stored_sums(run.id for run in fits)
        single, several = pd.Series(dtype=float), []
        for run in fits:
            errors = _rmse(known[run.id], lies)
            key = (arm(run.variant, run.fusion), run.seed)
            if run.split == "transfer":
                single = pd.concat([single, pd.Series({(*key, run.fold, to): e for to, e in errors.items()})])
            else:
                _, way, budget = run.split.split("-")
                several.append((*key, run.fold, way, int(budget), errors[run.fold]))
        table = pd.DataFrame(several, columns=["arm", "seed", "target", "way", "budget", "rmse"])
        targets = sorted(table["target"].unique())
        chosen = {t: {way: unions.chosen(way, 1, lonlat, region, t)[0] for way in KINDS[:-1]} for t in targets}
        table["way"] = table["way"].str.replace(r"\d$", "", regex=True).mask(table["budget"] == REGIONS - 1, EVERY)
        for name, seed in table[["arm", "seed"]].drop_duplicates().itertuples(index=False):
            for target in targets:
                alone = {s: single[name, seed, s, target] for s in range(1, REGIONS + 1)}
                own = alone.pop(target)
                lost = {(way, 1): np.log(alone[source] / own) for way, source in chosen[target].items()}
                lost[LOT, 1] = np.mean(np.log(np.array(list(alone.values())) / own))
                lost[BEST, 1] = np.log(min(alone.values()) / own)
                part = table[(table["arm"] == name) & (table["seed"] == seed) & (table["target"] == target)]
                lost |= np.log(part.set_index(["way", "budget"])["rmse"] / own).groupby(level=[0, 1]).mean().to_dict()
                rows += [(task, name, way, budget, target, seed, value) for (way, budget), value in lost.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _rmse(sums: pd.DataFrame, lies: dict[str, int]) -> dict[int, float]:
    """RMSE by the region of the tested stations, µg m-3."""
    totals = sums.groupby(sums["name"].map(lies))[metrics.SUMS].sum()
    return dict(zip(totals.index.astype(int), metrics.from_sums(totals.to_numpy())["rmse"], strict=True))
