"""What arms cost: the weights they train, and the time that their runs took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from placeprior.runs.committed import core_seconds


def by_arm(scores: pd.DataFrame, stamps: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Median of the trained weights, and seconds of a core of the quickest run, by arm.

    The quickest, because a run on a busy machine takes several times as long as the same run on a quiet one.

    Parameters
    ----------
    scores : pandas.DataFrame
        With columns ``arm`` and ``run``.
    stamps : mapping
        ``parameters`` and ``core_seconds``, or else ``seconds``, by run (:func:`placeprior.runs.store.stamps`). Runs
        without are left out.

    Returns
    -------
    pandas.DataFrame
        Columns ``weights`` and ``seconds``, indexed by arm.
    """
    runs = scores.drop_duplicates("run")
    runs = runs[runs["run"].isin(list(stamps))]
    told = pd.DataFrame(
        {
            "arm": runs["arm"],
            "weights": np.array([stamps[run]["parameters"] for run in runs["run"]], np.float64),
            "seconds": np.array([core_seconds(stamps[run]) for run in runs["run"]], np.float64),
        }
    )
    return told.groupby("arm").agg({"weights": "median", "seconds": "min"})
