"""Runs that ask what an answer depends on: how long a network learns, how large it is, how fast.

``runs.yml`` lists them per profile under ``trials``; each becomes one table, ``results/<profile>/<name>.csv``, a row a
run. The trial ``recipe`` is what the training of everything else was chosen by: its table holds validation losses only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from placeprior.errors import StoreError
from placeprior.runs import configuration, plan, store
from placeprior.runs.plan import Run

#: Chosen by validation rows alone, so no test score is kept.
BLIND = ("recipe", "rates")
#: ``budget`` counts epochs in those of the profile; the settings follow, then what came out.
COLUMNS = [
    *store.KEY,
    "budget",
    "width",
    "summary",
    "window",
    "batch",
    "epochs",
    "schedule",
    "rate",
    "clip",
    "dropout",
    "precision",
    "parameters",
    "seconds",
    "validation_loss",
    "r2",
    "rmse",
    "run",
]


def path(profile: str, name: str) -> Path:
    """Where a trial's table is kept."""
    return store.results(profile) / f"{name}.csv"


def read(profile: str, name: str) -> pd.DataFrame:
    """A trial's committed table, with :data:`COLUMNS`; empty where there is none."""
    file = path(profile, name)
    return pd.read_csv(file, dtype={"run": str}) if file.is_file() else pd.DataFrame(columns=COLUMNS)


def done(profile: str) -> set[str]:
    """Ids of the trial runs that a profile's committed tables hold."""
    return {run for name in configuration.profile(profile).get("trials", {}) for run in read(profile, name)["run"]}


def collect_trial(profile: str, name: str) -> Path | None:
    """Write a trial's table from its stored runs and from the rows that are committed already.

    Returns
    -------
    Path or None
        The table; None where no run of the trial is made.
    """
    old, rows = read(profile, name).set_index("run"), []
    for run in plan.trials(profile, name):
        if store.is_stored(run.id):
            rows.append(_row(profile, run, blind=name in BLIND))
        elif run.id in old.index:
            rows.append(old.loc[run.id].to_dict() | {"run": run.id})
    if not rows:
        return None
    if dropped := sorted(set(old.index) - {row["run"] for row in rows}):
        raise StoreError(
            f"{path(profile, name)} holds {len(dropped)} runs that runs.yml does not ask for, such as "
            f"{dropped[0]}; list them again, or remove the file to begin anew"
        )
    frame = pd.DataFrame(rows).reindex(columns=COLUMNS)
    if name in BLIND:
        frame = frame.drop(columns=["r2", "rmse"])
    store.replace(path(profile, name), lambda p: frame.to_csv(p, index=False, float_format="%.6f", lineterminator="\n"))
    return path(profile, name)


def collect_trials(profile: str) -> list[str]:
    """Write the tables of all of a profile's trials (:func:`collect_trial`); the names of those that have a run."""
    return [name for name in configuration.profile(profile).get("trials", {}) if collect_trial(profile, name)]


def _row(profile: str, run: Run, *, blind: bool) -> dict[str, Any]:
    result, config = store.read(run.id), run.settings
    budget = config.epochs / plan.settings(profile).epochs if run.config else 1
    scores = {} if blind else {name: result["scores"][name] for name in ("r2", "rmse")}
    known = {name: getattr(config, name) for name in COLUMNS if hasattr(config, name)}
    return (
        {name: getattr(run, name) for name in store.KEY}
        | known
        | scores
        | {
            "budget": budget,
            "parameters": result["parameters"],
            "seconds": round(result["stamp"]["seconds"]),
            "validation_loss": result.get("validation_loss"),
            "run": run.id,
        }
    )
