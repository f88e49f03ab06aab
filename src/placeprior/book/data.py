"""Figures and tables of the page about the data: what a cube of station-days holds."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from scipy.stats import norm

from placeprior.book import figures
from placeprior.book.style import BLUE, LAND, MUTED, ORANGE, VERMILION
from placeprior.book.words import variable
from placeprior.evidence.record import OFTEN
from placeprior.scores.metrics import HIGH
from placeprior.space.splits import HISTORY


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


def draw_stations(stations: pd.DataFrame, days: int) -> Figure:
    """Maps of the stations: mean of what they measured, and on how many days.

    Parameters
    ----------
    stations : pandas.DataFrame
        Part ``station`` of :func:`placeprior.evidence.record.record`.
    days : int
        Of the record.
    """
    fig, axes = figures.subplots(2, 1, size=(6.4, 7.6), maps=True)
    lonlat = stations[["lon", "lat"]].to_numpy()
    figures.station_map(axes[0], lonlat, stations["value"].to_numpy(), "mean measured PM2.5", size=11)
    share = 100 * stations["n"].to_numpy() / days
    figures.station_map(axes[1], lonlat, share, "days measured", unit="%", kind="count", vmin=0, vmax=100, size=11)
    return fig


def draw_series(chosen: pd.DataFrame, days: pd.DataFrame, start: str) -> Figure:
    """PM2.5 day by day at some stations, one below the other.

    Parameters
    ----------
    chosen, days : pandas.DataFrame
        Parts ``chosen`` and ``day`` of :func:`placeprior.evidence.record.record`.
    start : str
        Date of day 0.
    """
    fig, axes = figures.subplots(len(chosen), 1, size=(6.4, 6.6), sharex=True)
    for ax, station in zip(axes, chosen.itertuples(), strict=True):
        own = days[days["name"] == station.name].set_index("x")["value"].reindex(range(int(days["x"].max()) + 1))
        rare = own.notna().mean() <= OFTEN
        at = pd.Timestamp(start) + pd.to_timedelta(own.index, unit="D")
        ax.plot(at, own, color=BLUE, lw=0 if rare else 0.9, marker="o" if rare else "", ms=3)
        ax.set_title(f"{station.name} ({station.lat:.1f}° N, {-station.lon:.1f}° W)", fontsize="small")
        ax.axhline(0, color=MUTED, lw=0.6)
        if own.max() > HIGH:
            ax.axhline(HIGH, color=VERMILION, lw=1, ls="--")
    axes[-1].xaxis.set_major_locator(mdates.MonthLocator(interval=2))
    axes[-1].xaxis.set_major_formatter(mdates.DateFormatter("%b"))
    fig.supylabel(f"PM2.5 [{figures.UNIT}]", fontsize="medium")
    return fig


def draw_tail(years: Mapping[str, Mapping[str, pd.DataFrame]]) -> Figure:
    """The share of station-days above each level, a line a year, beside a normal distribution's.

    Parameters
    ----------
    years : mapping
        By year, parts of a record: ``level`` and ``total``.
    """
    fig, ax = figures.subplots(size=(6.4, 3.8))
    for (year, parts), (colour, line) in zip(years.items(), ((BLUE, "-"), (ORANGE, "--")), strict=False):
        level, total = parts["level"], parts["total"].set_index("name")["value"]
        shown = level[level["value"] > 0]
        ax.loglog(shown["x"], 100 * shown["value"], color=colour, ls=line, lw=1.8, label=year)
        normal = 100 * norm.sf(level["x"], total["mean"], total["sd"])
        ax.loglog(level["x"], normal, color=colour, lw=1, ls=":", label=f"normal, as {year}")
    ax.axvline(HIGH, color=VERMILION, lw=1, ls="--")
    ax.set(ylim=(3e-4, 130), xlabel=f"PM2.5 [{figures.UNIT}]", ylabel="station-days above [%]")
    ax.legend(fontsize="small", loc="upper right")
    return fig


def example_of_a_window(cube: xr.Dataset) -> tuple[int, int]:
    """Row and column of an early measured value with its whole history, at the station that sees most haze by then."""
    measured = np.isfinite(cube["pm25"].values)
    seen = np.isfinite(cube["aod"].values[:, :60]).sum(1)
    station = int(np.argmax(np.where(measured.mean(1) > 0.8, seen, 0)))
    days = [day for day in range(HISTORY + 12, min(measured.shape[1], 60)) if measured[station, day]]
    return station, days[len(days) // 3]


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
        ax.set_ylabel(variable(name) + ("" if unit == "1" else f"\n[{unit}]"), fontsize="small")
        ax.axvspan(-0.5, HISTORY - 1.5, facecolor=LAND, edgecolor=MUTED, hatch="///", lw=0, zorder=0)
    for length in windows.values():
        for ax in axes[:2]:
            ax.axvspan(day - length + 0.5, day + 0.5, color=ORANGE, alpha=0.18, lw=0, zorder=0.5)
        at = {"x": day - length + 0.7, "y": 1.02, "transform": axes[0].get_xaxis_transform()}
        axes[0].text(s=f"{length} days", fontsize="small", **at)
    axes[-1].plot(day, cube["pm25"].values[station, day], "o", ms=9, mfc="none", mec=VERMILION, mew=2)
    axes[-1].set_xlabel("day of the cube (from 0)")
    return fig
