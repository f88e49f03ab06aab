"""Tables of the page about how sure an estimate is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from placeprior.arms import SPLITS, arm_order, called, splits_in, where
from placeprior.book import budget
from placeprior.book.words import minus

REGIONS = "checkerboard-16+regions"  # calibrated on whole regions


def named(row: Any) -> str:
    """A split and its partition, short enough to stand beside an axis.

    >>> from types import SimpleNamespace as Row
    >>> named(Row(task="world", split="checkerboard-16+regions", fold=2))
    '16° + regions 2'
    """
    return budget.named(row).split(", ", 1)[1].replace(REGIONS, "16° + regions")


def ensembles(table: pd.DataFrame) -> pd.DataFrame:
    """R2 of the mean over seeds and, in brackets, its gain over a single seed on average; arms by splits, as text.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`placeprior.evidence.uncertainty.collect`, with ``arm``.
    """
    cells = table.drop_duplicates(["arm", "split", "fold"]).groupby(["arm", "split"])[["single", "ensemble"]].mean()
    text = [minus(f"{row.ensemble:.3f} ({row.ensemble - row.single:+.3f})") for row in cells.itertuples()]
    wide = pd.Series(text, cells.index).unstack(fill_value="–")
    splits = [split for split in splits_in(table) if not split.endswith("+regions")]
    return wide.loc[arm_order(wide.index), splits].rename(index=called, columns=where).rename_axis(None, axis=1)


def promised(table: pd.DataFrame, level: float) -> pd.DataFrame:
    """Coverage of each level by split and, in brackets, the width; and of a tenth of the stations at the one level.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`placeprior.evidence.uncertainty.collect`; the means are over arms and folds.
    level : float
        What was promised to the tenth of stations that are covered least.

    Returns
    -------
    pandas.DataFrame
        Splits by levels, text.
    """
    means = table.groupby(["split", "level"])[["coverage", "width", "tenth"]].mean()
    widths = ["unbounded" if np.isinf(width) else f"{width:.1f}" for width in means["width"]]
    text = [f"{coverage:.0%} ({width})" for coverage, width in zip(means["coverage"], widths, strict=True)]
    wide = pd.Series(text, means.index).unstack().rename(columns="{:.0%}".format)
    tenth = means["tenth"].xs(level, level="level").map("less than {:.0%}".format)
    wide = wide.assign(**{f"a tenth of the stations, {level:.0%}": tenth})
    names = SPLITS | {REGIONS: "OoR · 16°, calibrated on whole regions"}
    return wide.loc[splits_in(table)].rename(index=names).rename_axis("split")
