"""Figures of the page about traps: jumps at the edges of a map, aliased waves, probes that go astray."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from placeprior.book import figures
from placeprior.book.style import BLUE, ORANGE

#: What a probe told: estimates by encoder, and by where it was asked ("mixed": all over, "east": fitted there).
Told = Mapping[tuple[str, str], np.ndarray]


def draw_jumps(jumps: pd.DataFrame) -> Figure:
    """Two marks an encoder: how far it jumps at the date line and at the poles.

    Parameters
    ----------
    jumps : pandas.DataFrame
        ``date line, poles`` by encoder, as :func:`placeprior.scores.vectors.jumps`.
    """
    fig, ax = figures.subplots(size=(6.4, 5.2))
    for shift, edge, marker, colour in ((0.14, "date line", "o", BLUE), (-0.14, "poles", "s", ORANGE)):
        at = np.arange(len(jumps)) + shift
        ax.plot(jumps[edge], at, marker, ms=6, color=colour, label=edge, clip_on=False, zorder=3)
    ax.set_yticks(range(len(jumps)), jumps.index)
    ax.grid(axis="y", visible=True)
    ax.set_xlim(left=-0.03)
    ax.set_xlabel("jump [distance of two random places]")
    ax.legend(loc="lower right")
    return fig


def draw_alias(waves: Mapping[float, xr.DataArray]) -> Figure:
    """One wave, asked once a cell of some grids.

    Parameters
    ----------
    waves : mapping of float to xarray.DataArray
        Side of a cell in degrees to values -1 … 1, latitude by longitude.
    """
    fig, axes = figures.subplots(1, len(waves), size=(6.4, 3.3), sharey=True)
    for ax, (step, wave) in zip(axes, waves.items(), strict=True):
        lat, lon = (wave[dim].to_numpy() for dim in wave.dims)
        look = {"cmap": figures.colours("difference"), "vmin": -1, "vmax": 1, "rasterized": True}
        drawn = ax.pcolormesh(lon, lat, wave.to_numpy(), **look)
        ax.set(title=f"cells of {step:g}°", xlabel="longitude [°]", aspect=1 / np.cos(np.radians(lat.mean())))
        ax.grid(False)
    axes[0].set_ylabel("latitude [°]")
    figures.colourbar(axes, drawn, "value of the wave", None)
    return fig


def draw_probes(told: Told, truth: np.ndarray) -> Figure:
    """Range of what a probe reads from each encoder, fitted all over the country and fitted in the east.

    Parameters
    ----------
    told : mapping
        :data:`Told`.
    truth : ndarray, (n,)
        log10(1 + people km-2) over the country.
    """
    names = list(dict.fromkeys(name for name, _ in told))
    fig, ax = figures.subplots(size=(6.4, 3.8))
    ax.axvspan(truth.min(), truth.max(), color=figures.LAND, lw=0, zorder=0)
    for shift, where, marker, colour, width, text in (
        (-0.16, "mixed", "o", BLUE, 1.6, "fitted all over"),
        (0.16, "east", "s", ORANGE, 3.2, "fitted in the east, asked in the west"),
    ):
        for row, name in enumerate(names):
            estimates, at = told[name, where], row + shift
            ax.plot([estimates.min(), estimates.max()], [at] * 2, color=colour, lw=width, solid_capstyle="butt")
            called = text if row == 0 else None
            ax.plot(np.median(estimates), at, marker, ms=7, color=colour, mec=figures.PAPER, label=called)
    ax.set_xscale("symlog", linthresh=1, linscale=0.8)
    figures.rows(ax, names, zero=False)
    ax.set_xlabel("estimated log10(1 + people km⁻²)")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.16), ncols=2, frameon=False)
    return fig
