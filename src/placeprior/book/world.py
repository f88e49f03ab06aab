"""Figures and tables of the page about the embedded world."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from placeprior.book import figures
from placeprior.book.style import BLUE, GREEN, GREY, INK, ORANGE, PAPER, PINK
from placeprior.coords import Land
from placeprior.data.world.moments import MOMENTS, bands
from placeprior.data.world.simulation import World

#: Parts of the true PM2.5, from below, with colour and hatching.
PARTS = {"background": (BLUE, ""), "local": (ORANGE, "///"), "heating": (PINK, "..."), "smoke_surface": (GREY, "")}
#: How the three settings of a comparison are drawn.
MARKS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"))


def draw_ground(land: Land, fixed: xr.Dataset) -> Figure:
    """Maps of what is fixed about a place.

    Parameters
    ----------
    land : Land
    fixed : xarray.Dataset
        :meth:`placeprior.data.world.simulation.World.components` at the land's places.
    """
    fig, axes = figures.subplots(2, 2, size=(7.2, 5.6), maps=True)
    for ax, name in zip(axes.flat, ("elevation", "basin", "urbanity", "arid"), strict=True):
        unit, text = fixed[name].attrs["units"], "aridity" if name == "arid" else name
        figures.grid_map(ax, land.lon, land.lat, land.raster(fixed[name]), text, unit=None if unit == "1" else unit)
    return fig


def draw_year(parts: xr.Dataset, marked: pd.DatetimeIndex) -> Figure:
    """The parts of the true PM2.5 day by day, means over places, stacked.

    Parameters
    ----------
    parts : xarray.Dataset
        :data:`PARTS` (place, time), µg m-3.
    marked : pandas.DatetimeIndex
        Days with a dashed line.
    """
    fig, ax = figures.subplots(size="wide")
    means = [parts[name].mean("place") for name in PARTS]
    names, colours = [name.replace("_surface", "") for name in PARTS], [colour for colour, _ in PARTS.values()]
    areas = ax.stackplot(parts.time, means, labels=names, colors=colours, linewidth=0)
    for area, (_, hatch) in zip(areas, PARTS.values(), strict=True):
        area.set(hatch=hatch, edgecolor=PAPER)
    for day in marked:
        ax.axvline(day, color=INK, lw=0.9, ls="--")
    ax.set(ylabel=f"PM2.5 [{figures.UNIT}]", xlabel="day of the nominal year", xlim=(parts.time[0], parts.time[-1]))
    ax.xaxis.set_major_locator(mdates.MonthLocator(bymonth=range(1, 13, 2)))
    ax.xaxis.set_major_formatter(mdates.DateFormatter("%b"))
    ax.legend(ncols=4, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, fontsize="small")
    return fig


def draw_day(land: Land, day: xr.Dataset, tops: tuple[float, ...]) -> Figure:
    """Maps of one day: the true PM2.5, its four parts, and the satellite's view.

    Parameters
    ----------
    land : Land
    day : xarray.Dataset
        Components at the land's places on one day, (place,).
    tops : tuple of float
        Upper end of the colours of each map.
    """
    fig, axes = figures.subplots(3, 2, size=(7.2, 8.2), maps=True)
    for ax, name, top in zip(axes.flat, ("pm25_true", *PARTS, "aod"), tops, strict=True):
        text = {"pm25_true": "true PM2.5", "aod": "AOD (grey: cloud)"}.get(name, name.replace("_", " "))
        unit = None if name == "aod" else figures.UNIT
        figures.grid_map(ax, land.lon, land.lat, land.raster(day[name]), text, unit=unit, vmin=0, vmax=top)
    axes[0, 0].set_title(f"{pd.Timestamp(day.time.values):%d %B}")
    return fig


def draw_placeness(worlds: Mapping[float, xr.Dataset]) -> Figure:
    """Mean true PM2.5 of days without smoke against population density, a panel a setting of placeness.

    Parameters
    ----------
    worlds : mapping of float to xarray.Dataset
        Placeness to components at the monitors, three of them.
    """
    fig, axes = figures.subplots(1, len(worlds), size=(7.2, 3.0), sharey=True)
    for ax, (placeness, parts), (colour, marker) in zip(axes, worlds.items(), MARKS, strict=True):
        mean = parts.pm25_true.where(parts.smoke == 0).mean("time")
        ax.scatter(np.maximum(parts.density, 1), mean, s=9, color=colour, marker=marker, lw=0, alpha=0.7)
        ax.set(xscale="log", yscale="log", title=f"placeness {placeness:g}", xlabel="people km⁻²")
    axes[0].set_ylabel(f"mean PM2.5 [{figures.UNIT}]")
    return fig


def knob_table(world: World) -> pd.DataFrame:
    """The knobs of a world, their values, defaults and meaning."""
    rows = [
        (f"`{knob.name}`", getattr(world, knob.name), knob.default, knob.metadata["unit"], knob.metadata["help"])
        for knob in dataclasses.fields(world)
    ]
    return pd.DataFrame(rows, columns=["knob", "here", "default", "unit", "what it does"])


def monitor_table(cube: xr.Dataset) -> pd.DataFrame:
    """How many monitors report how often, and how much was measured, as text.

    Parameters
    ----------
    cube : xarray.Dataset
        :meth:`placeprior.data.world.simulation.World.cube`.
    """
    told = cube.attrs
    counts = {
        "every day": told["stations_daily"],
        "every third day": told["stations_every_third_day"],
        "every sixth day": told["stations_every_sixth_day"],
        "station-days measured": told["station_days_measured"],
        "station-days in all": cube["pm25"].size,
        "slightly negative values, kept": int((cube["pm25"] < 0).sum()),
    }
    return pd.DataFrame(
        [(name, f"{count:,}") for name, count in counts.items()], columns=["monitors reporting", "count"]
    )


def sizes(parts: xr.Dataset) -> pd.DataFrame:
    """Mean, median, 99th percentile and maximum of the true PM2.5 and of its parts, as text.

    Parameters
    ----------
    parts : xarray.Dataset
        ``pm25_true`` and :data:`PARTS` (place, time), µg m-3.
    """
    names = {"pm25_true": "true PM2.5", "smoke_surface": "smoke at the ground"}
    found = {}
    for name in ("pm25_true", *PARTS):
        values = parts[name].values
        told = (values.mean(), np.median(values), np.percentile(values, 99), values.max())
        found[names.get(name, name)] = [f"{value:.1f}" for value in told]
    table = pd.DataFrame.from_dict(found, orient="index", columns=["mean", "median", "99 %", "largest"])
    return table.rename_axis("at the monitors [µg m⁻³]")


def moment_table(real: pd.DataFrame, simulated: pd.DataFrame, without: pd.Series) -> pd.DataFrame:
    """Moments of the world beside those of real years and their bands, as text.

    Parameters
    ----------
    real : pandas.DataFrame
        :func:`placeprior.data.world.moments.moments` in rows, a column a year.
    simulated : pandas.DataFrame
        The same of the world, a column a seed.
    without : pandas.Series
        The same of the world without people.
    """
    band = bands(real)
    table = pd.DataFrame({"unit": [MOMENTS[name][0] for name in real.index]}, index=real.index)
    for year in real:
        table[f"AQS ({year})"] = real[year].map(_short)
    table["band"] = [f"{_short(low)} to {_short(high)}" for low, high in band[["low", "high"]].to_numpy()]
    for seed in simulated:
        table[f"world, seed {seed}"] = simulated[seed].reindex(real.index).map(_short)
    table["world without people"] = without.reindex(real.index).map(_short)
    return table.rename(lambda name: MOMENTS[name][1]).rename_axis("moment")


def _short(value: float) -> str:
    """One digit behind the point of a number from 5 on, two of a smaller one; a dash for none."""
    return "–" if np.isnan(value) else f"{value:.1f}" if abs(value) >= 5 else f"{value:.2f}".replace("-", "−")
