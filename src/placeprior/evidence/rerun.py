"""Where the runs of this machine differ from those that are committed, and by how much."""

from __future__ import annotations

import pandas as pd

from placeprior.arms import with_arm
from placeprior.runs import plan, store

#: Decimals of the committed scores: what agrees to so many is the same.
DECIMALS = 6


def rerun(profile: str) -> pd.DataFrame:
    """Scores of the profile's runs that are both in the store and committed.

    Parameters
    ----------
    profile : str

    Returns
    -------
    pandas.DataFrame
        One row a run and metric: :data:`~placeprior.runs.store.KEY`, ``arm``, ``metric``, ``committed``, ``own`` and
        their ``difference``, own minus committed (µg m-3, or none for R2), 0 where they agree to :data:`DECIMALS`.
    """
    frame = store.scores(profile)
    own = {run: store.read(run)["scores"] for run in frame["run"].unique() if store.is_stored(run)}
    found = frame[frame["run"].isin(own)].rename(columns={"value": "committed"})
    values = [own[run][metric] for run, metric in zip(found["run"], found["metric"], strict=True)]
    found = found.assign(own=pd.Series(values, found.index, dtype=float).round(DECIMALS))
    found["difference"] = (found["own"] - found["committed"]).round(DECIMALS)
    return with_arm(found)[[*store.KEY, "arm", "metric", "committed", "own", "difference"]].reset_index(drop=True)


def processors(profile: str) -> pd.Series:
    """How many committed runs were made on each processor, with which instructions.

    Returns
    -------
    pandas.Series
        Counts, by ``processor`` and ``instructions``.
    """
    stamps = store.stamps(profile).values()
    told = pd.DataFrame([{key: stamp.get(key, "unknown") for key in ("processor", "instructions")} for stamp in stamps])
    return told.value_counts()


def missing(profile: str) -> list[str]:
    """Labels of the runs that ``make book`` makes and that are not committed; a page cannot show them."""
    lacking = plan.live(profile) - set(store.scores(profile)["run"])
    return [run.label for run in plan.runs(profile) if run.id in lacking]
