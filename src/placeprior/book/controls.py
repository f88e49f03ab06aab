"""The table of the page on controls, and its drawing of the gain against the length of a vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from placeprior.arms import called, where
from placeprior.book.results import TASKS
from placeprior.book.words import gain, minus
from placeprior.evidence.gains import gains

#: The split whose test stations were trained on, so that any vector can be a name there.
KNOWN = "random"
NEW = ("spatial", "checkerboard-16")  # new stations, new regions
NAMES = ("random-vector", "shuffled", "onehot")  # can be names, and nothing else
KNOW_NOTHING = (*NAMES, "smooth-random")


def beyond(tasks: Mapping[str, str], arms: Sequence[str]) -> pd.DataFrame:
    """Differences of arms to what knows nothing of the world, as text; random vectors where they can be names alone.

    Parameters
    ----------
    tasks : mapping
        Task to the profile whose results are asked.
    arms : sequence of str
        Compared with the control that joins in the same way.

    Returns
    -------
    pandas.DataFrame
        ``task, arm, against`` and a column a split. Rows and splits without a number are left out: empty where nothing
        was run.
    """
    rows = []
    for task, profile in tasks.items():
        for arm in arms:
            for control in KNOW_NOTHING:
                other = f"{control}-{arm.rpartition('-')[2]}"
                found = gains(profile, task, against=other)
                splits = [KNOWN] if control in NAMES else [KNOWN, *NEW]
                found = found[(found["arm"] == arm) & found["split"].isin(splits)]
                told = {"task": TASKS[task], "arm": called(arm), "against": called(other)}
                rows += [told | {row.split: _told(row) for row in found.itertuples()}] if len(found) else []
    table = pd.DataFrame(rows, columns=["task", "arm", "against", KNOWN, *NEW])
    return table.dropna(axis=1, how="all").rename(columns=where).fillna("–")


def _told(row: Any) -> str:
    return gain(row) if np.isfinite(row.low) else minus(f"{row.difference:+.3f} (one training)")
