"""Figures of the gallery of encoders: a row of two maps an encoder, and the measures of all."""

from __future__ import annotations

from collections.abc import Mapping

import cartopy.crs as ccrs
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from numpy.typing import NDArray

from placeprior.book import figures, style
from placeprior.coords import Land
from placeprior.evidence.gallery import TRAINED

Floats = NDArray[np.float64]

#: What a row is headed with, beside the encoder's name.
FORMULAS = {
    "tile": "$t_{c(x)}$",
    "rbf": r"$\exp(-\|x - a_m\|^2 / 2s^2)$",
    "wrap": r"$\sin\lambda,\ \sin 2\varphi,\ \cos\lambda,\ \cos 2\varphi$",
    "rff": r"$\sqrt{2/F}\,\cos(\omega_k\cdot x + b_k)$",
    "space2vec-grid": r"$\sin\lambda_f,\ \cos\lambda_f,\ \sin\varphi_f,\ \cos\varphi_f$",
    "space2vec-theory": r"$\sin(u_j\cdot x/r_f),\ \cos(u_j\cdot x/r_f)$",
    "xyz": r"$\cos\varphi\cos\lambda,\ \cos\varphi\sin\lambda,\ \sin\varphi$",
    "nerf": r"$\sin 2^f\pi v,\ \cos 2^f\pi v$",
    "siren-sh": r"$Y_{\ell m}(\lambda, \varphi),\ \ell < 8$",
    "slepian": r"$\sum\, g_{\alpha,\ell m} Y_{\ell m}(\lambda, \varphi)$",
    "sphere2vec-c": r"$\sin\varphi_f,\ \cos\varphi_f\cos\lambda_f,\ \cos\varphi_f\sin\lambda_f$",
    "sphere2vec-c+": "C and grid",
    "sphere2vec-m": r"$\cos\varphi_f\cos\lambda,\ \cos\varphi\cos\lambda_f,\ \dots$",
    "sphere2vec-m+": "M and grid",
    "sphere2vec-dfs": "all products of two waves",
    "xyz-untrained": "random weights",
    "xyz-fmow": "satellite scenes",
    "xyz-yfcc": "photographs",
    "geoclip": "photographs",
}
LIMIT = 0.7  # of the colours of a cosine
STEPS = 14  # of colour, in a map
#: What lies below is part of a map's image: so many outlines would make the page heavy. Letters lie above, since they
#: change their colour where the page is dark.
IMAGE, LETTERS = 5, 6
NEAREST = 2.0  # km: a shorter reach is drawn there
#: How a formula's numbers, or a head's on them, are marked: word, colour, marker.
MARKS = {
    "": ("formula alone", figures.INK, "o"),
    "untrained": ("random head", style.GREY, "X"),
    "fmow": ("trained on satellite scenes", style.SKY, "s"),
    "yfcc": ("trained on photographs", style.VIOLET, "v"),
}


def draw_family(
    land: Land, left: Mapping[str, Floats | tuple[Floats, float]], right: Mapping[str, Floats], star: Floats
) -> Figure:
    """Two maps an encoder, one row each: one of its numbers, or its colours, and the cosine with a place.

    Parameters
    ----------
    land : Land
    left : mapping
        By encoder, a number of every land cell, (n,); or as :func:`placeprior.evidence.gallery.colours`.
    right : mapping
        By encoder, the cosine of every land cell, (n,).
    star : ndarray, shape (1, 2)
        The place, lonlat.
    """
    size, projection = (4.6, 1.58 * len(left) + 0.7), {"projection": figures.ALBERS}
    fig, axes = figures.subplots(len(left), 2, size=size, squeeze=False, subplot_kw=projection)
    for ax in axes.flat:
        figures.conus_axes(ax, states=False)
        ax.set_rasterization_zorder(IMAGE)
    for (one, two), (name, values) in zip(axes, left.items(), strict=True):
        title = f"{name}   {FORMULAS[name]}"
        if isinstance(values, tuple):
            rgb, share = values
            _coloured(one, land, rgb)
            title = f"{title} ({100 * share:.0f} %)"
        else:
            _field(one, land, values, "count", values.min(), values.max())
        drawn = _field(two, land, right[name], "difference", -LIMIT, LIMIT)
        figures.star(two, {"": star[0]}, size=9)
        one.set_title(title, fontsize="small", zorder=LETTERS)
    figures.colourbar(axes[:, 1], drawn, "cosine with Denver", None, extend="both", shrink=0.9, aspect=18)
    return fig


def _field(ax: Axes, land: Land, values: Floats, kind: str, low: float, high: float) -> QuadMesh:
    """A map of numbers (n,), in steps of colour: an image of few colours is a small one."""
    step = (high - low) / STEPS
    values = low + step * (np.floor(np.clip((values - low) / step, 0, STEPS - 1e-6)) + 0.5)
    look = {"unit": None, "bar": False, "kind": kind, "vmin": low, "vmax": high}
    return figures.grid_map(ax, land.lon, land.lat, land.raster(values), "", **look)


def _coloured(ax: Axes, land: Land, rgb: Floats) -> None:
    """A map of colours (n, 3), clear at sea."""
    sides = []
    for axis in (land.lon, land.lat):
        step = (axis[1] - axis[0]) / 2
        sides.append(np.append(axis - step, axis[-1] + step))
    shown = np.nan_to_num(land.raster(np.column_stack([rgb, np.ones(len(rgb))])))
    ax.pcolormesh(*sides, shown, transform=ccrs.PlateCarree(), rasterized=True)


def parted(name: str) -> tuple[str, str]:
    """An encoder's formula, and how the head on it was trained; nothing where there is none.

    >>> parted("wrap-ffn-yfcc"), parted("siren-sh")
    (('wrap', 'yfcc'), ('siren-sh', ''))
    """
    base, _, training = name.rpartition("-")
    return (base.removesuffix("-ffn"), training) if training in TRAINED else (name, "")


def draw_measures(measures: pd.DataFrame) -> Figure:
    """Reach and number of directions, a row a formula, a marker a head.

    Parameters
    ----------
    measures : pandas.DataFrame
        By encoder: ``half``, the reach in km, infinite where there is none, and ``most``, the number of directions.
    """
    parts = pd.DataFrame([parted(name) for name in measures.index], measures.index, ["formula", "head"])
    table = measures[["half", "most"]].clip(lower=[NEAREST, 1]).replace(np.inf, np.nan).join(parts)
    alone = table[table["head"] == ""].set_index("formula")["half"].sort_values(kind="stable", ascending=False)
    row = {name: number for number, name in enumerate(alone.index)}
    fig, axes = figures.subplots(1, 2, size=(6.4, 0.27 * len(row) + 1.5), sharey=True)
    for head, (word, colour, marker) in MARKS.items():
        own = table[table["head"] == head]
        for ax, column in zip(axes, ("half", "most"), strict=True):
            drawn = {"s": 34, "color": colour, "marker": marker, "lw": 0, "zorder": 3, "clip_on": False}
            ax.scatter(own[column], own["formula"].map(row), label=word, **drawn)
    for ax, quantity in zip(axes, ("reach [km]", "directions"), strict=True):
        figures.rows(ax, list(row), zero=False)
        ax.grid(axis="y", visible=True)
        ax.set(xscale="log", xlabel=quantity)
    axes[0].set_xticks([2, 10, 100, 1000], ["2", "10", "100", "1,000"])
    axes[1].set_xticks([2, 10, 100], ["2", "10", "100"])
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
    return fig
