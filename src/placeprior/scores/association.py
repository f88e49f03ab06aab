"""What goes with PM2.5: rank correlations from day to day and from place to place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from placeprior.data.cube import predictors


def associations(cube: xr.Dataset) -> pd.DataFrame:
    """Rank correlation (Spearman, 1904) of each predictor with the measured PM2.5, looked at in two ways.

    Parameters
    ----------
    cube : xarray.Dataset
        Station-days, as :func:`placeprior.data.load`.

    Returns
    -------
    pandas.DataFrame
        A row a predictor, ascending by ``within``, with ``name``; ``within``: from day to day, after each station's
        mean is subtracted from both; ``between``: from place to place, of the stations' means, NaN for the calendar,
        whose means differ only by which days were measured; ``n``: station-days that have both.
    """
    pm25 = cube["pm25"].transpose("station", "time").values
    rows = []
    for name in predictors(cube):
        x = cube[name].transpose("station", "time").values
        both = np.isfinite(pm25) & np.isfinite(x)
        part = pd.DataFrame({"station": np.nonzero(both)[0], "x": x[both], "y": pm25[both]})
        stations = part.groupby("station")
        within = (part[["x", "y"]] - stations.transform("mean")).corr("spearman").iloc[0, 1]
        between = np.nan if name.startswith("doy_") else stations.mean().corr("spearman").iloc[0, 1]
        rows.append((name, within, between, len(part)))
    found = pd.DataFrame(rows, columns=["name", "within", "between", "n"])
    return found.sort_values("within").reset_index(drop=True)
