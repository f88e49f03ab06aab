"""How like real years some worlds are: the moments of each, and whether they lie in the band of EPA's monitors."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from placeprior import data
from placeprior.data.world.moments import bands, moments
from placeprior.runs import store
from placeprior.runs.plan import Run

COLUMNS = ["task", "moment", "value", "low", "high", "inside"]


def real(profile: str = "aqs") -> pd.DataFrame:
    """Moments of real years, by moment, a column a year: what ``placeprior data moments`` wrote."""
    return pd.read_csv(store.results(profile) / "moments.csv", index_col="moment")


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """Moments of every world that some runs are about; of the runs nothing else is read.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`, a row a task and moment; ``inside`` is 1 in the band of real years
        (:func:`placeprior.data.world.moments.bands`), else 0.
    """
    band, tables = bands(real()), []
    for task, spec in {run.task: run.data for run in runs}.items():
        found = moments(data.load(spec["load"], **spec["options"])).reindex(band.index)
        table = band.assign(task=task, value=found, inside=found.between(band["low"], band["high"]).astype(int))
        tables.append(table.rename_axis("moment").reset_index()[COLUMNS])
    return pd.concat(tables, ignore_index=True)
