"""What a person should know of their stations before anything is compared: what cannot work, and what looks odd."""

from __future__ import annotations

import warnings

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from placeprior.data.cube import predictors
from placeprior.errors import CubeError

LEAST_STATIONS, FEW_STATIONS = 20, 60
CLASSES = 10  # as few different whole numbers look like classes
DISGUISED = 0.999  # of the correlation with the target, as numbers or as ranks
TINY = 1e-10  # standard deviation, in whatever unit, below which scaling takes a target for a constant, and some more
SAMPLE = 100_000  # station-days that correlations are taken over


def survey(cube: xr.Dataset, history: int) -> tuple[xr.Dataset, list[str]]:
    """Refuse a cube that cannot be compared on; leave out predictors that say nothing; warn of the rest.

    Parameters
    ----------
    cube : xarray.Dataset
        From :func:`placeprior.data.stations.read`.
    history : int
        Days before a day that an estimate may look at.

    Returns
    -------
    cube : xarray.Dataset
    warnings : list of str
        A line each.

    Raises
    ------
    CubeError
        One station, one day, a value a month, no variation, a class.
    """
    name, y = cube.attrs["target"], cube["pm25"].values
    measured = np.isfinite(y)
    warned: list[str] = []
    stations = int(measured.any(1).sum())
    places = len(np.unique(np.column_stack([cube["lon"].values, cube["lat"].values])[measured.any(1)], axis=0))
    if stations < LEAST_STATIONS:
        raise CubeError(
            f"{name} is measured at {stations} station{'s' * (stations != 1)}; a comparison leaves stations "
            "out and needs "
            f"{LEAST_STATIONS} or more, better {FEW_STATIONS}: what place adds cannot be seen from fewer places"
        )
    if places < LEAST_STATIONS:
        raise CubeError(
            f"the {stations} stations stand at {places} place{'s' * (places != 1)}; a comparison of places needs "
            f"{LEAST_STATIONS} or more: are lon and lat each station's own?"
        )
    if _is_monthly(measured):
        raise CubeError(
            "values of a station are a month apart: these are monthly, and an estimate here is of a day, from the days "
            "before it; give daily values (an average over a month can be taken afterwards)"
        )
    days = y.shape[1]
    if days < 2 * history:
        raise CubeError(
            f"the table spans {days} day{'s' * (days != 1)}; an estimate looks at up to {history} days, the "
            "first days are "
            f"history only: give {2 * history} or more"
        )
    values = np.unique(y[measured])
    if values.size == 1:
        raise CubeError(f"{name} is {values[0]:g} on every station-day: without variation there is nothing to estimate")
    if values.std(dtype=np.float64) < TINY:
        raise CubeError(
            f"{name} is {values[0]:g} to {values[-1]:g}, numbers too small to tell apart when scaled: give it in a "
            "unit of larger numbers"
        )
    if values.size == 2:
        raise CubeError(
            f"{name} has two values, {values[0]:g} and {values[1]:g}: a class, and this compares estimates of "
            "a number; "
            "give the number behind the class"
        )
    if values.size <= CLASSES and (values == values.round()).all():
        warned.append(
            f"{name} has {values.size} different values, all whole: if they are classes, errors of a number mean little"
        )
    if stations < FEW_STATIONS:
        warned.append(f"{stations} stations are few: intervals will be wide")
    share = measured.mean()
    if share < 0.2:
        warned.append(f"{name} is measured on {share:.0%} of all station-days; the rest counts as not measured")
    if (years := jumps(cube)) is not None:
        warned.append(years)
    cube, said = _predictors(cube, measured)
    return cube, warned + said


def _is_monthly(measured: np.ndarray) -> bool:
    """Whether stations have a value a month: a month's mean is no value of its first day."""
    station, day = np.nonzero(measured)
    step = np.diff(day)[np.diff(station) == 0]
    return bool(step.size and 27 <= np.median(step) <= 32 and np.quantile(step, 0.05) >= 27)


def jumps(cube: xr.Dataset) -> str | None:
    """A word where nothing is known at any station for more than a year in between."""
    names = [name for name in ("pm25", *predictors(cube)) if name in cube and not name.startswith("doy_")]
    if not names:
        return None
    days = np.flatnonzero(np.logical_or.reduce([np.isfinite(cube[name].values).any(0) for name in names]))
    gap = int(np.diff(days).max(initial=0))
    if gap <= 366:
        return None
    at = cube["time"].values[days[int(np.diff(days).argmax())]].astype("datetime64[D]")
    return f"no row has a value for {gap:,} days after {at}: is a date in another year?"


def _predictors(cube: xr.Dataset, measured: np.ndarray) -> tuple[xr.Dataset, list[str]]:
    said, empty = [], []
    rows = np.flatnonzero(measured)
    rows = rows[:: max(1, rows.size // SAMPLE)]
    y = cube["pm25"].values.ravel()[rows]
    for name in predictors(cube):
        if name.startswith("doy_"):
            continue
        values = cube[name].values
        known = np.isfinite(values)
        if np.nanmin(values) == np.nanmax(values):
            empty.append(name)
            continue
        x = values.ravel()[rows]
        both = np.isfinite(x)
        if both.sum() > 10 and max(_alike(x[both], y[both]), _alike(rankdata(x[both]), rankdata(y[both]))) > DISGUISED:
            said.append(
                f"{name} is {cube.attrs['target']} in disguise (correlation above {DISGUISED}): whatever is "
                "told about place "
                f"cannot add to it; leave it out with --drop '{name}'"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a station without any value
            low, high = np.nanmin(values, 1), np.nanmax(values, 1)
        if np.array_equal(low, high, equal_nan=True):
            cube[name].attrs["static"] = 1
            said.append(
                f"{name} never changes in time: as a predictor it can name the place; leave it out with --drop '{name}'"
            )
        elif (missing := 1 - known[measured].mean()) > 0.5:
            said.append(f"{name} is missing on {missing:.0%} of the measured station-days: there it counts as its mean")
    if empty:
        said.insert(0, f"left out: {', '.join(empty)} (the same everywhere)")
    return cube.drop_vars(empty), said


def _alike(x: np.ndarray, y: np.ndarray) -> float:
    with np.errstate(invalid="ignore", divide="ignore"):
        r = abs(float(np.corrcoef(x.astype(np.float64), y.astype(np.float64))[0, 1]))
    return r if r == r else 0.0
