"""Figures and tables of the page about the data: what a cube of station-days holds."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

from placeprior.book import figures
from placeprior.book.style import BLUE, GRID, LAND, MUTED, ORANGE, PAPER, VERMILION
from placeprior.data.cube import predictors
from placeprior.scores.metrics import HIGH
from placeprior.space.splits import HISTORY, lonlat_of

#: Names of variables on an axis, where they are not the cube's own.
NAMES = {
    "pm25": "PM2.5",
    "aod": "AOD",
    "boundary_layer_height": "mixed layer height",
    "doy_sin": "season (sine)",
    "doy_cos": "season (cosine)",
}


def on_axis(variable: str) -> str:
    """A variable's name for an axis.

    >>> on_axis("wind_speed"), on_axis("pm25")
    ('wind speed', 'PM2.5')
    """
    return NAMES.get(variable, variable.replace("_", " "))


def variable_table(cube: xr.Dataset) -> pd.DataFrame:
    """Name, dimensions, unit, meaning and role of all that a cube holds, as text."""
    rows = [
        (f"`{name}`", "station", cube[name].attrs["units"].replace("degrees_", "° "), cube[name].attrs["long_name"])
        for name in ("lon", "lat")
    ]
    rows += [
        (f"`{name}`", " × ".join(array.dims), array.attrs["units"], array.attrs["long_name"])
        for name, array in cube.data_vars.items()
    ]
    table = pd.DataFrame(rows, columns=["name", "dimensions", "unit", "meaning"])
    return table.assign(role=["where", "where", *(array.attrs["role"] for array in cube.data_vars.values())])


def draw_stations(cube: xr.Dataset) -> Figure:
    """Maps of the stations: mean of what they measured, and on how many days."""
    fig, axes = figures.subplots(1, 2, size=(7.2, 3.1), maps=True)
    lonlat, share = lonlat_of(cube), 100 * np.isfinite(cube["pm25"].values).mean(1)
    figures.station_map(axes[0], lonlat, means(cube), "mean measured PM2.5", size=9)
    figures.station_map(axes[1], lonlat, share, "days measured", unit="%", kind="count", vmin=0, vmax=100, size=9)
    return fig


def means(cube: xr.Dataset) -> np.ndarray:
    """Mean measured PM2.5 of each station, µg m-3, shape (station,), NaN where there is none."""
    pm25 = cube["pm25"].values
    days = np.isfinite(pm25).sum(1)
    return np.where(days > 0, np.nansum(pm25, 1) / np.maximum(days, 1), np.nan)


def telling_stations(cube: xr.Dataset) -> dict[str, int]:
    """Four stations chosen by rule: why, and which row. All but the last report more than four days in five."""
    pm25, mean = cube["pm25"].values, means(cube)
    days = np.isfinite(pm25).sum(1)
    often = np.flatnonzero(days > 0.8 * pm25.shape[1])
    peak = often[np.nanargmax(np.nanmax(pm25[often], axis=1))]
    others = often[often != peak]
    return {
        "highest single day": int(peak),
        "highest mean of the others": int(others[np.nanargmax(mean[others])]),
        "lowest mean": int(others[np.nanargmin(mean[others])]),
        "fewest days measured": int(np.argmin(np.where(days > 0, days, 10**6))),
    }


def example_of_a_window(cube: xr.Dataset) -> tuple[int, int]:
    """Row and column of an early measured value with its whole history, at the station that sees most haze by then."""
    measured = np.isfinite(cube["pm25"].values)
    seen = np.isfinite(cube["aod"].values[:, :60]).sum(1)
    station = int(np.argmax(np.where(measured.mean(1) > 0.8, seen, 0)))
    days = [day for day in range(HISTORY + 12, min(measured.shape[1], 60)) if measured[station, day]]
    return station, days[len(days) // 3]


def draw_series(cube: xr.Dataset, stations: Mapping[str, int]) -> Figure:
    """PM2.5 day by day at some stations, one below the other.

    Parameters
    ----------
    cube : xarray.Dataset
    stations : mapping of str to int
        Why each is shown, and its row. One that reports less than four days in five is drawn as dots.
    """
    days, lonlat = pd.DatetimeIndex(cube["time"].values), lonlat_of(cube)
    fig, axes = figures.subplots(len(stations), 1, size=(6.4, 6.6), sharex=True)
    for ax, (why, i) in zip(axes, stations.items(), strict=True):
        values = cube["pm25"].values[i]
        rare = np.isfinite(values).mean() <= 0.8
        ax.plot(days, values, color=BLUE, lw=0 if rare else 0.9, marker="o" if rare else "", ms=3)
        place = f"{cube['station'].values[i]} ({lonlat[i, 1]:.1f}° N, {-lonlat[i, 0]:.1f}° W)"
        ax.set_title(f"{why}: {place}", fontsize="small")
        ax.axhline(0, color=MUTED, lw=0.6)
        if np.nanmax(values) > HIGH:
            ax.axhline(HIGH, color=VERMILION, lw=1, ls="--")
    axes[-1].xaxis.set_major_locator(mdates.MonthLocator(interval=2 if len(days) > 120 else 1))
    axes[-1].xaxis.set_major_formatter(mdates.DateFormatter("%b"))
    fig.supylabel(f"PM2.5 [{figures.UNIT}]", fontsize="medium")
    return fig


def draw_tail(values: np.ndarray) -> Figure:
    """Histogram of measured values, and the share of them above each level beside a normal distribution's.

    Parameters
    ----------
    values : ndarray, (n,)
        µg m-3, ascending.
    """
    fig, (left, right) = figures.subplots(1, 2, size="pair")
    left.hist(values[values <= np.percentile(values, 99)], bins=60, color=BLUE, lw=0)
    left.axvline(0, color=MUTED, lw=0.8)
    left.set(xlabel=f"measured PM2.5 [{figures.UNIT}]", ylabel="station-days")
    above = 1 - np.arange(1, len(values) + 1) / len(values)
    shown = (values > 1) & (above > 0)
    right.loglog(values[shown], 100 * above[shown], color=BLUE, lw=1.8, label="measured")
    level = np.geomspace(1, values[-1], 200)
    right.loglog(level, 100 * norm.sf(level, values.mean(), values.std()), color=MUTED, ls=":", label="normal")
    right.axvline(HIGH, color=VERMILION, lw=1, ls="--")
    right.set(ylim=(100 * max(above[shown].min(), 1e-6), 130), xlabel=f"PM2.5 [{figures.UNIT}]")
    right.set_ylabel("station-days above [%]")
    right.legend(fontsize="small", loc="lower left")
    return fig


def missing_by_month(cube: xr.Dataset, names: list[str]) -> pd.DataFrame:
    """Share of station-days without a value, %, a row a variable and a column a month.

    Parameters
    ----------
    cube : xarray.Dataset
    names : list of str
        Variables of the cube.

    Returns
    -------
    pandas.DataFrame
        Columns by period.
    """
    days = pd.DatetimeIndex(cube["time"].values)
    gaps = pd.DataFrame({name: np.isnan(cube[name].values).mean(0) for name in names}, index=days)
    return 100 * gaps.groupby(days.to_period("M")).mean().T


def shade_missing(ax: Axes, by_month: pd.DataFrame, letters: float, aspect: float, **bar: float) -> None:
    """A cell a variable and month, darker where more is missing.

    Parameters
    ----------
    ax : matplotlib Axes
    by_month : pandas.DataFrame
        As :func:`missing_by_month`, columns renamed for the axis.
    letters : float
        Size of the numbers in the cells, points; there are none where two years do not fit.
    aspect : float
        Of the colour bar; `bar` has more for it.
    """
    sns.heatmap(
        by_month,
        ax=ax,
        cmap=figures.CMAPS["count"],
        vmin=0,
        vmax=100,
        annot=by_month.shape[1] <= 24,
        fmt=".0f",
        annot_kws={"fontsize": letters},
        cbar_kws={"label": "missing [%]", "orientation": "horizontal", "shrink": 0.7, "aspect": aspect} | bar,
        linewidths=0.5,
    )
    ax.tick_params(length=0)


def draw_missing(cube: xr.Dataset) -> Figure:
    """Which variables miss values in which month, and which stations measured on which day."""
    fig, axes = figures.subplots(1, 2, size=(7.2, 3.8), width_ratios=(1.25, 1))
    by_month = missing_by_month(cube, ["pm25", *predictors(cube)])
    by_month = by_month.rename(index=on_axis, columns=lambda month: f"{month:%b}"[0])
    shade_missing(axes[0], by_month, letters=6.5, aspect=30)
    axes[0].set(xlabel="month")
    measured = np.isfinite(cube["pm25"].values)
    order = np.argsort(-measured.sum(1), kind="stable")
    axes[1].imshow(~measured[order], aspect="auto", cmap="gray", interpolation="nearest", vmin=0, vmax=1.25)
    axes[1].grid(False)
    axes[1].set(xlabel="day (from 0)", ylabel="station, by days measured")
    return fig


def draw_associations(found: pd.DataFrame) -> Figure:
    """A pair of bars a predictor: its rank correlation with PM2.5 from day to day and from place to place.

    Parameters
    ----------
    found : pandas.DataFrame
        As :func:`placeprior.scores.association.associations`.
    """
    fig, ax = figures.subplots(size=(6.4, 4.2))
    at = np.arange(len(found))
    ax.barh(at + 0.19, found.within, height=0.36, color=BLUE, label="from day to day")
    ax.barh(at - 0.19, found.between, height=0.36, color=ORANGE, hatch="///", ec=PAPER, label="from place to place")
    ax.axvline(0, color=figures.INK, lw=0.8)
    ax.set_yticks(at, found.name.map(on_axis))
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("rank correlation with measured PM2.5")
    ax.legend(fontsize="small", loc="lower right")
    return fig


def draw_window(cube: xr.Dataset, station: int, day: int, windows: Mapping[str, int]) -> Figure:
    """The days of two predictors that models read to estimate one value of PM2.5.

    Parameters
    ----------
    cube : xarray.Dataset
    station, day : int
        Row and column of the value.
    windows : mapping of str to int
        Sizes of a model, and the days that each reads.
    """
    fig, axes = figures.subplots(3, 1, size=(6.4, 4.6), sharex=True)
    for ax, name in zip(axes, ("aod", "boundary_layer_height", "pm25"), strict=True):
        unit = cube[name].attrs["units"].replace("m-3", "m⁻³")
        ax.plot(cube[name].values[station, : day + 6], "o-", ms=3, lw=0.8, color=BLUE)
        ax.set_ylabel(on_axis(name) + ("" if unit == "1" else f"\n[{unit}]"), fontsize="small")
        ax.axvspan(-0.5, HISTORY - 1.5, facecolor=LAND, edgecolor=GRID, hatch="///", lw=0, zorder=0)
    longest_first = sorted(windows.items(), key=lambda window: -window[1])
    for shade, (size, length) in zip((0.18, 0.35), longest_first, strict=False):
        for ax in axes[:2]:
            ax.axvspan(day - length + 0.5, day + 0.5, color=ORANGE, alpha=shade, lw=0, zorder=0.5)
        at = {"x": day - length + 0.7, "y": 1.02, "transform": axes[0].get_xaxis_transform()}
        axes[0].text(s=f"{size}: {length} days", fontsize="small", **at)
    axes[-1].plot(day, cube["pm25"].values[station, day], "o", ms=9, mfc="none", mec=VERMILION, mew=2)
    axes[-1].set_xlabel("day of the cube (from 0)")
    return fig
