"""Maps of one day beside each other on shared colour scales, their fine part, and their spectra."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from placeprior import coords
from placeprior.arms import arm_order, called
from placeprior.book import figures
from placeprior.scores import spectra

ROW = 1.75  # inches a row of maps
TRUTH = "truth"
TICKS = [500, 200, 100, 50]  # km
LONGEST = 600.0  # km: of longer waves there are two or three in a box


@dataclass(frozen=True)
class Monitors:
    """What monitors measured on a day.

    Attributes
    ----------
    title : str
    lonlat : ndarray, (n, 2)
        Degrees.
    values : ndarray, (n,)
        µg m-3, NaN where nothing was measured.
    """

    title: str
    lonlat: np.ndarray
    values: np.ndarray


def side_by_side(
    layers: Mapping[str, xr.DataArray], quantity: str, top: float, *, kind: str = "amount", unit: str = figures.UNIT
) -> Figure:
    """Small maps, two in a row, with one colour bar below all of them.

    Parameters
    ----------
    layers : mapping
        Title to field (y, x) with coordinates ``lon`` and ``lat``, NaN off land.
    quantity, unit : str
        What the colour bar shows.
    top : float
        Upper end of the colours. They begin at zero, or at ``-top`` where `kind` is ``"difference"``.
    kind : str
        As for :func:`placeprior.book.maps.grid_map`.

    Returns
    -------
    figure
    """
    fig, axes = figures.panels(len(layers), row=ROW, maps=True)
    for ax, (title, layer) in zip(axes, layers.items(), strict=True):
        mesh = _map(ax, title, layer, quantity, top, kind)
    figures.colourbar(axes, mesh, quantity, unit, extend="both" if kind == "difference" else "max")
    return fig


def in_pairs(
    pairs: Mapping[str, tuple[xr.DataArray, xr.DataArray | Monitors]],
    quantities: tuple[str, str],
    tops: tuple[float, float],
) -> Figure:
    """Two columns of maps, amounts left and differences right, each column with one colour bar.

    Parameters
    ----------
    pairs : mapping
        Title of a row to its two fields, as :func:`side_by_side` takes them. In place of a difference there may be
        what monitors measured, which has the colours of the left column.
    quantities : (str, str)
        What the two colour bars show, µg m-3.
    tops : (float, float)
        Upper ends of the colours.

    Returns
    -------
    figure
    """
    fig, axes = figures.subplots(len(pairs), 2, size=(6.4, ROW * len(pairs) + 1.1), maps=True, squeeze=False)
    for line, (title, (left, right)) in zip(axes, pairs.items(), strict=True):
        amounts = _map(line[0], title, left, quantities[0], tops[0], "amount")
        if isinstance(right, Monitors):
            options = {"vmin": 0.0, "vmax": tops[0], "size": 7, "bar": False}
            figures.station_map(line[1], right.lonlat, right.values, quantities[0], **options)
            line[1].set_title(right.title)
        else:
            changes = _map(line[1], quantities[1], right, quantities[1], tops[1], "difference")
    bars = {"shrink": 0.9, "aspect": 22}
    figures.colourbar(axes[:, 0], amounts, quantities[0], extend="max", **bars)
    figures.colourbar(axes[:, 1], changes, quantities[1], extend="both", **bars)
    return fig


def _map(ax: Axes, title: str, layer: xr.DataArray, quantity: str, top: float, kind: str) -> object:
    ax.set_title(title)
    low = -top if kind == "difference" else 0.0
    options = {"kind": kind, "vmin": low, "vmax": top, "bar": False}
    return figures.grid_map(ax, layer["lon"], layer["lat"], layer.values, quantity, **options)


def fine_part(layer: xr.DataArray) -> xr.DataArray:
    """A map minus its Gaussian mean over the land around: see :func:`placeprior.scores.spectra.highpass`.

    Parameters
    ----------
    layer : xarray.DataArray
        (y, x) on even steps of degrees, NaN off land.
    """
    step = float(np.diff(layer["lat"].values[:2])[0])
    # The side of a cell, km: the mean of its two sides in the middle of the country.
    cell = np.radians(step) * coords.EARTH_RADIUS_KM * (1 + np.cos(spectra.PARALLEL)) / 2
    return layer.copy(data=spectra.highpass(layer.values, np.isfinite(layer.values), cell))


def fine_scores(layer: xr.DataArray, truth: xr.DataArray) -> dict[str, float]:
    """How large a map's fine part is, and how much of it is the truth's.

    Parameters
    ----------
    layer, truth : xarray.DataArray
        As :func:`fine_part` takes them.

    Returns
    -------
    dict
        ``size``, root mean square of the fine part, µg m-3; ``r``, its correlation with the truth's.
    """
    own, known = (fine_part(field).values[np.isfinite(truth.values)] for field in (layer, truth))
    return {"size": float(np.sqrt(np.mean(own**2))), "r": float(np.corrcoef(own, known)[0, 1])}


def draw_spectra(panels: Mapping[str, pd.DataFrame]) -> Figure:
    """Power over variance against wavelength, long waves left, one panel a task and a line an arm.

    Shaded are the wavelengths of the middle 80 % of the shortest waves that GeoCLIP reads.

    Parameters
    ----------
    panels : mapping
        Title to rows of :func:`placeprior.evidence.artefacts.collect`.
    """
    fig, axes = figures.panels(len(panels), row=3.4, extra=1.1, sharey=True)
    for ax, (title, rows) in zip(axes, panels.items(), strict=True):
        table = rows[(rows["what"] == "spectrum") & (rows["x"] <= LONGEST)]
        sources = set(table["source"])
        for name in [*arm_order(sources - {TRUTH}), *({TRUTH} & sources)]:
            part, drawn = table[table["source"] == name].sort_values("x"), figures.look(name)
            line = {"color": drawn.colour, "lw": 1.4, "marker": drawn.marker, "markevery": 5, "ms": 4}
            line |= {"color": figures.INK, "lw": 2.6, "marker": None} if name == TRUTH else {}
            ax.plot(part["x"], part["value"], label=called(name), **line)
        longest, shortest = table["x"].max() * 1.05, table["x"].min() * 0.95
        low, _, high = spectra.wavelengths(max(spectra.SIGMAS.values()))
        ax.axvspan(max(low, shortest), high, color=figures.LAND, lw=0, zorder=0)
        ax.axvline(spectra.LOCAL_KM, color=figures.MUTED, lw=1, ls=":", zorder=1)
        ax.set(xscale="log", yscale="log", xlabel="wavelength [km]", xlim=(longest, shortest), title=title)
        ax.xaxis.set_major_locator(FixedLocator([tick for tick in TICKS if tick <= longest]))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter(NullFormatter())
    axes[0].set_ylabel("power / variance [km²]")
    handles = {text: handle for ax in axes for handle, text in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=2, fontsize="small")
    return fig
