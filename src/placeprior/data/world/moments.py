"""Moments of daily PM2.5 at stations, by which the embedded world is held against real measurements.

Plain statistics of a cube's ``pm25`` and a line through station means: no network and no encoder, so that the world
can be made like reality before anything that this book judges is run on it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from placeprior import coords
from placeprior.data.world import land
from placeprior.data.world.fields import Array
from placeprior.errors import CubeError

__all__ = ["MOMENTS", "bands", "moments"]

ENOUGH = 30  # days on which a correlation rests at least
DISTANCES = ((0, 200), (200, 400), (400, 800), (800, 1600))  # km
NEAR = 50.0  # km
BLOCK = 500.0  # km
MOMENTS = {
    "mean": ("µg m-3", "mean of all station-days"),
    "sd": ("µg m-3", "standard deviation of all station-days"),
    "p99.9": ("µg m-3", "99.9th percentile of all station-days"),
    "top": ("1", "share of the variance that lies in the highest 0.1 % of station-days"),
    "between": ("1", "share of the variance that lies between stations' means"),
    "lag-1": ("1", "correlation of a day with the day before, median over stations"),
    **{
        f"r {low}-{high}": ("1", f"correlation of stations {low} to {high} km apart, mean over pairs")
        for low, high in DISTANCES
    },
    "nearby": ("1", f"semivariance of log means of stations within {NEAR:.0f} km, over their variance"),
    "density, stations": ("1", "R² of log station means on log population density, each station left out in turn"),
    "density, blocks": ("1", f"the same, each square of {BLOCK:.0f} km left out in turn"),
}


def moments(cube: xr.Dataset) -> pd.Series:
    """Moments of the measured ``pm25`` of a cube, by the names of :data:`MOMENTS`.

    Parameters
    ----------
    cube : xarray.Dataset
        Station-days with ``pm25`` (station, time), ``lon`` and ``lat`` (station,) within the contiguous US.

    Returns
    -------
    pandas.Series of float
        NaN where too little was measured: a correlation rests on at least ``ENOUGH`` common days.

    Raises
    ------
    CubeError
        Fewer than two station-days were measured, or all are equal.
    """
    y = cube["pm25"].transpose("station", "time").values.astype(float)
    reporting = np.isfinite(y).any(axis=1)
    y, lonlat = y[reporting], np.column_stack([cube["lon"].values, cube["lat"].values])[reporting]
    values = y[np.isfinite(y)]
    if len(values) < 2 or np.ptp(values) == 0:
        raise CubeError(
            f"pm25 has {len(values)} measured station-days with {len(np.unique(values))} different values; moments "
            "need two at least"
        )
    square, station = (values - values.mean()) ** 2, np.nanmean(y, axis=1)
    highest = np.argsort(values)[-max(1, round(len(values) / 1000)) :]
    days = np.isfinite(y).sum(axis=1)
    found = {
        "mean": values.mean(),
        "sd": values.std(),
        "p99.9": np.percentile(values, 99.9),
        "top": square[highest].sum() / square.sum(),
        "between": (days * (station - values.mean()) ** 2).sum() / square.sum(),
        "lag-1": _lag(y),
    }
    far, together = coords.great_circle_km(lonlat, lonlat), correlations(y)
    pair = np.triu(np.isfinite(together), 1)
    for low, high in DISTANCES:
        here = together[pair & (far >= low) & (far < high)]
        found[f"r {low}-{high}"] = here.mean() if here.size else np.nan
    xy, usable = coords.project(lonlat), station > 0
    x, log = np.log(np.maximum(land.density(xy), 1.0))[usable], np.log(station[usable])
    near = np.triu(far[np.ix_(usable, usable)] < NEAR, 1)
    apart = (log[:, None] - log)[near]
    found["nearby"] = 0.5 * (apart**2).mean() / log.var() if apart.size and np.ptp(log) else np.nan
    square_of = np.unique(np.floor(xy[usable] / BLOCK), axis=0, return_inverse=True)[1].ravel()
    found["density, stations"] = left_out_r2(x, log, np.arange(len(x)))
    found["density, blocks"] = left_out_r2(x, log, square_of)
    return pd.Series(found, dtype=float)


def _lag(y: Array) -> float:
    """Median over stations of the correlation of consecutive measured days."""
    found = []
    for row in y:
        both = np.isfinite(row[1:]) & np.isfinite(row[:-1])
        if both.sum() >= ENOUGH and np.ptp(row[1:][both]) > 0 and np.ptp(row[:-1][both]) > 0:
            found.append(np.corrcoef(row[1:][both], row[:-1][both])[0, 1])
    return float(np.median(found)) if found else np.nan


def correlations(y: Array) -> Array:
    """Correlation of every pair of rows of ``y`` (n, T) over the days that both measured: (n, n), NaN if too few."""
    known = np.isfinite(y)
    # Pearson's r is the same about any origin; the station's own mean keeps the sums small.
    z, one = np.where(known, y - np.nanmean(y, axis=1, keepdims=True), 0.0), known.astype(float)
    n, sums, squares = one @ one.T, z @ one.T, (z * z) @ one.T
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = z @ z.T - sums * sums.T / n
        variance = squares - sums**2 / n
        r = covariance / np.sqrt(variance * variance.T)
    return np.where((n >= ENOUGH) & (np.minimum(variance, variance.T) > 1e-9), r, np.nan)


def left_out_r2(x: Array, y: Array, group: Array) -> float:
    """R2 of the line ``y ~ x``, each group (n,) predicted by a line fitted without it; NaN without two groups."""
    if len(np.unique(group)) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan
    told = np.empty_like(y)
    for own in np.unique(group):
        out = group == own
        slope, offset = np.polyfit(x[~out], y[~out], 1) if np.ptp(x[~out]) else (0.0, y[~out].mean())
        told[out] = offset + slope * x[out]
    return float(1.0 - ((y - told) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def bands(years: pd.DataFrame) -> pd.DataFrame:
    """Band around real years in which a moment counts as real: columns ``low`` and ``high``.

    The years' mean, one standard deviation of theirs to either side, and at least a tenth of the mean: two years
    that happen to agree do not show how much years differ.

    Parameters
    ----------
    years : pandas.DataFrame
        Moments in rows, at least two years in columns.
    """
    middle, spread = years.mean(axis=1), years.std(axis=1, ddof=1)
    half = np.maximum(spread, 0.1 * middle.abs())
    return pd.DataFrame({"low": middle - half, "high": middle + half})
