"""Figures and tables of the page about the embedded world."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from placeprior.book import figures
from placeprior.book.style import BLUE, GREEN, ORANGE
from placeprior.coords import Land
from placeprior.data.world.moments import MOMENTS

LEVELS = (2, 5, 10, 20)  # µg m-3, named on an axis
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


def draw_day(land: Land, day: xr.Dataset, tops: Mapping[str, float]) -> Figure:
    """Maps of one day, two side by side.

    Parameters
    ----------
    land : Land
    day : xarray.Dataset
        Components at the land's places on one day, (place,).
    tops : mapping
        What is drawn, and the upper end of its colours.
    """
    fig, axes = figures.panels(len(tops), row=2.75, extra=0.3, width=6.8, maps=True)
    for ax, (name, top) in zip(axes, tops.items(), strict=True):
        text = {"pm25_true": "true PM2.5", "aod": "AOD (grey: cloud)"}.get(name, name.replace("_", " "))
        unit = None if name == "aod" else figures.UNIT
        figures.grid_map(ax, land.lon, land.lat, land.raster(day[name]), text, unit=unit, vmin=0, vmax=top)
    axes[0].set_title(f"{pd.Timestamp(day.time.values):%d %B}")
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
        ax.scatter(np.maximum(parts.density, 1), smokeless(parts), s=9, color=colour, marker=marker, lw=0, alpha=0.7)
        ax.set(xscale="log", yscale="log", title=f"placeness {placeness:g}", xlabel="people km⁻²")
    axes[0].set_yticks(LEVELS, map(str, LEVELS))
    axes[0].yaxis.set_minor_formatter(NullFormatter())
    axes[0].set_ylabel(f"mean PM2.5 [{figures.UNIT}]")
    return fig


def smokeless(parts: xr.Dataset) -> xr.DataArray:
    """Mean true PM2.5 of each place over its days without smoke, µg m-3, (place,)."""
    return parts.pm25_true.where(parts.smoke == 0).mean("time")


def fields(land: Land, parts: xr.Dataset) -> xr.Dataset:
    """What is known at the land's places as fields (lat, lon), to be taken along; NaN off the land.

    Parameters
    ----------
    land : Land
    parts : xarray.Dataset
        Variables (place,), or (place, 1) and more that have no days.
    """
    made = {
        name: (("lat", "lon"), land.raster(part.values.ravel()).astype(np.float32), part.attrs)
        for name, part in parts.items()
    }
    return xr.Dataset(made, {"lat": land.lat, "lon": land.lon})


def moment_table(real: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """Moments of real years, their band, the world and the world without people as text, bold outside the band.

    Parameters
    ----------
    real : pandas.DataFrame
        As :func:`placeprior.evidence.likeness.real`.
    made : pandas.DataFrame
        As :func:`placeprior.evidence.likeness.collect`.
    """
    band = made.drop_duplicates("moment").set_index("moment").loc[real.index]
    table = pd.DataFrame({"unit": [MOMENTS[name][0] for name in real.index]}, index=real.index)
    for task in real:
        table[f"EPA, {task.rpartition('-')[2]}"] = real[task].map(_short)
    table["band"] = [f"{_short(low)} to {_short(high)}" for low, high in band[["low", "high"]].to_numpy()]
    for task, title in (("world", "world"), ("world-regional", "without people")):
        own = made[made["task"] == task].set_index("moment").loc[real.index]
        table[title] = [_short(row.value) if row.inside else f"**{_short(row.value)}**" for row in own.itertuples()]
    return table.rename(lambda name: MOMENTS[name][1]).rename_axis("moment")


def _short(value: float) -> str:
    """One digit behind the point of a number from 5 on, two of a smaller one; a dash for none."""
    return "–" if np.isnan(value) else f"{value:.1f}" if abs(value) >= 5 else f"{value:.2f}".replace("-", "−")
