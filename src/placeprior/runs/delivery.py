"""What a person takes along from their comparison: scores and predictions as tables that need nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from placeprior.arms import arm, with_arm
from placeprior.files.replacing import replacing
from placeprior.runs import store
from placeprior.runs.plan import Run


def write_scores(profile: str, path: Path) -> None:
    """``scores.csv``: a row a run and score; scores that are about PM2.5 alone are left out."""
    frame = with_arm(store.scores(profile))
    frame = frame[frame["metric"] != "rmse_35"]
    with replacing(path) as aside:
        frame[["arm", "split", "fold", "seed", "metric", "value", "n", "run"]].to_csv(aside, index=False)


def write_predictions(runs: Sequence[Run], cube: xr.Dataset, path: Path) -> int:
    """``predictions.parquet``: every tested station-day of every run, a run at a time, so that memory stays small.

    Returns
    -------
    int
        Rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = pa.array([str(name) for name in cube["station"].values])
    days = cube["time"].values.astype("datetime64[D]")
    total = 0
    with replacing(path) as aside:
        writer = None
        for run in runs:
            table = store.table(run.id, "predictions")
            rows = len(table)
            columns = {
                "arm": pa.DictionaryArray.from_arrays(
                    pa.array(np.zeros(rows, np.int32)), [arm(run.variant, run.fusion)]
                ),
                "split": pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), [run.split]),
                "fold": np.full(rows, run.fold, np.int16),
                "seed": np.full(rows, run.seed, np.int16),
                "station": pa.DictionaryArray.from_arrays(pa.array(table["station"].to_numpy(np.int32)), names),
                "date": pa.array(days[table["day"]]),
                "measured": table["pm25"].to_numpy(),
                "estimate": table["estimate"].to_numpy(),
            }
            made = pa.table(columns)
            writer = writer or pq.ParquetWriter(aside, made.schema, compression="zstd")
            writer.write_table(made)
            total += rows
        if writer is not None:
            writer.close()
    return total


def errors(profile: str, name: str, split: str) -> pd.DataFrame:
    """Errors of an arm at every station that a split tests, over its folds and seeds.

    Returns
    -------
    pandas.DataFrame
        ``name, lon, lat, rmse, bias, n``; the target's unit.
    """
    frame = with_arm(store.scores(profile)).drop_duplicates("run")
    runs = frame.loc[(frame["arm"] == name) & (frame["split"] == split), "run"]
    own = store.sums(profile)
    own = own[own["run"].isin(runs)]
    total = own.groupby("name").agg({"lon": "first", "lat": "first", "n": "sum", "sum_e": "sum", "sum_e2": "sum"})
    total["rmse"], total["bias"] = np.sqrt(total["sum_e2"] / total["n"]), total["sum_e"] / total["n"]
    return total.reset_index()[["name", "lon", "lat", "rmse", "bias", "n"]]
