"""Several maps of the same day side by side, on one colour scale."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr
from matplotlib.figure import Figure

from placeprior.book import figures


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
    signed = kind == "difference"
    fig, axes = figures.panels(len(layers), row=1.95, maps=True)
    for ax, (title, layer) in zip(axes, layers.items(), strict=True):
        mesh = figures.grid_map(
            ax,
            layer["lon"],
            layer["lat"],
            layer.values,
            quantity,
            unit=unit,
            kind=kind,
            vmin=-top if signed else 0.0,
            vmax=top,
            bar=False,
        )
        ax.set_title(title)
    figures.colourbar(axes, mesh, quantity, unit, extend="both" if signed else "max")
    return fig
