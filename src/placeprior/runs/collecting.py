"""From the store to the committed tables: a profile's scores, station sums and stamps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from placeprior.errors import StoreError
from placeprior.files import lock
from placeprior.runs import committed, configuration, plan, store


def collect_scores(profile: str, *, drop: bool = False) -> Path:
    """Write a profile's scores, station sums and stamps from all runs made so far, here or elsewhere.

    Runs known only from the committed tables are kept, those of models whose weights are not at hand here among them.

    Parameters
    ----------
    profile : str
    drop : bool
        Drop the committed runs that ``runs.yml`` no longer asks for. A slip in that file looks the same, so that it
        must be said.

    Returns
    -------
    Path
        ``results/<profile>/scores.csv``.

    Raises
    ------
    StoreError
        Runs would be dropped, a stored run or a committed table is damaged, or nothing was made yet.
    BusyError
        Another process is collecting.
    """
    with lock.hold(configuration.root() / f".collect-{profile}.lock", f"collecting profile {profile}", wait=60):
        return _collect(profile, drop)


def _collect(profile: str, drop: bool) -> Path:
    wanted = {run.id: run for run in plan.runs(profile)}
    there = store.entries()
    stored = [i for i in wanted if i in there]
    folder = store.results(profile)
    committed.check(folder)
    old_scores, old_sums = store.scores(profile), store.sums(profile)
    model = old_scores["variant"] + "/" + old_scores["fusion"]
    asked = old_scores["run"].isin(wanted) | model.isin(plan.absent(profile))
    if not (drop or asked.all()):
        raise StoreError(_would_drop(profile, old_scores[~asked], old_scores["run"].nunique()))
    keep = set(old_scores.loc[asked, "run"]) - set(stored)
    stamps = {i: s for i, s in store.stamps(profile).items() if i in keep}
    score_rows, sum_rows = [], [part for part in [old_sums[old_sums["run"].isin(keep)]] if len(part)]
    for run_id in stored:
        result, run = store.read(run_id), wanted[run_id]
        head = [run.task, run.variant, run.fusion, run.split, run.fold, run.seed]
        score_rows += [[*head, metric, value, result["n"], run_id] for metric, value in result["scores"].items()]
        entry = store.table(run_id, "stations")
        entry.insert(0, "run", run_id)
        sum_rows.append(entry)
        stamps[run_id] = result["stamp"] | {
            "sizes": result["sizes"],
            "parameters": result["parameters"],
            "best_epoch": result.get("best_epoch"),
            "attention": result.get("attention"),
        }
        if "gaps" in result:
            stamps[run_id]["gaps"] = result["gaps"]
    score_rows += old_scores[old_scores["run"].isin(keep)].values.tolist()
    frame = pd.DataFrame(score_rows, columns=store.COLUMNS).sort_values([*store.KEY, "metric"])
    if not score_rows:
        raise StoreError(f"no run of profile {profile!r} was made yet; `placeprior runs list {profile}` shows them")
    station_sums = pd.concat(sum_rows).sort_values(["run", "name"])
    for column in station_sums.select_dtypes("float64"):
        station_sums[column] = station_sums[column].astype(np.float32)
    committed.write(folder, frame, station_sums, stamps, lambda written: committed.values(written, stamps))
    return folder / committed.SCORES


def _would_drop(profile: str, rows: pd.DataFrame, total: int) -> str:
    """Name the runs that a collection would drop, and the two ways on."""
    runs = rows.drop_duplicates("run")
    named = [
        f"{run.task} {run.variant}{'' if run.fusion == '-' else '/' + run.fusion} {run.split} fold {run.fold} "
        f"seed {run.seed}"
        for run in runs.head(3).itertuples()
    ]
    more = f" and {len(runs) - len(named):,} more" if len(runs) > len(named) else ""
    return (
        f"runs.yml no longer asks for {len(runs):,} of the {total:,} committed runs of profile {profile!r}: "
        f"{', '.join(named)}{more}; if that is a slip, mend runs.yml; if it is meant, drop them with "
        f"`placeprior runs collect {profile} --drop`"
    )
