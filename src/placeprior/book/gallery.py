"""Figures and tables of the gallery of encoders: what each is, and how they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import cartopy.crs as ccrs
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from placeprior import encoders
from placeprior.book import figures
from placeprior.book.style import MUTED, PAPER, Look
from placeprior.coords import Land
from placeprior.encoders import satclip
from placeprior.evidence.gallery import TRAINED, closed
from placeprior.scores import spectra, vectors

Floats = NDArray[np.float64]

DASHES = dict(zip(TRAINED, (("-", "random weights"), ("--", "fMoW"), (":", "YFCC")), strict=True))
LINES = ("-", "--", ":")
HEAD, NOTHING = "the head", "nothing"
#: Encoders by formula: the name, what its numbers are, where it comes from, and what is learned.
FORMULAS = (
    ("lonlat", r"$\lambda,\ \varphi$", "–", NOTHING),
    ("sincos", r"$\sin\varphi,\ \cos\varphi,\ \sin\lambda,\ \cos\lambda$", "–", NOTHING),
    ("tile", r"$t_{c(x)}$, the row of cell $c$", "{cite:p}`berg2014,tang2015`", "the table $t$, the head"),
    ("wrap", r"$\sin\lambda,\ \sin 2\varphi,\ \cos\lambda,\ \cos 2\varphi$", "{cite:p}`macaodha2019`", HEAD),
    (
        "rbf",
        r"$\exp(-\lVert x - a_m\rVert^2 / 2s^2)$",
        "{cite:p}`mai2020`",
        "the head; anchors $a_m$ are training stations",
    ),
    (
        "rff",
        r"$\sqrt{2/F}\,\cos(\omega_k^\top x + b_k)$",
        "{cite:p}`rahimi2007`",
        "the head; $\\omega_k$, $b_k$ are drawn once",
    ),
    ("space2vec-grid", r"$\sin\lambda_f,\ \cos\lambda_f,\ \sin\varphi_f,\ \cos\varphi_f$", "{cite:p}`mai2020`", HEAD),
    (
        "space2vec-theory",
        r"$\sin\frac{u_j^\top x}{r_f},\ \cos\frac{u_j^\top x}{r_f}$, $u_j$ at 0°, 120°, 240°",
        "{cite:p}`mai2020,gao2019`",
        HEAD,
    ),
    ("xyz", r"$\cos\varphi\cos\lambda,\ \cos\varphi\sin\lambda,\ \sin\varphi$", "{cite:p}`mai2023`", HEAD),
    ("nerf", r"$\sin 2^f\pi v,\ \cos 2^f\pi v$, $v$ as `xyz`", "{cite:p}`mildenhall2020`", HEAD),
    (
        "sphere2vec-c",
        r"$\sin\varphi_f,\ \cos\varphi_f\cos\lambda_f,\ \cos\varphi_f\sin\lambda_f$",
        "{cite:p}`mai2023`",
        HEAD,
    ),
    ("sphere2vec-c+", "`sphere2vec-c` and `space2vec-grid`", "{cite:p}`mai2023`", HEAD),
    (
        "sphere2vec-m",
        r"$\sin\varphi_f,\ \cos\varphi_f\cos\lambda,\ \cos\varphi\cos\lambda_f,"
        r"\ \cos\varphi_f\sin\lambda,\ \cos\varphi\sin\lambda_f$",
        "{cite:p}`mai2023`",
        HEAD,
    ),
    ("sphere2vec-m+", "`sphere2vec-m` and `space2vec-grid`", "{cite:p}`mai2023`", HEAD),
    (
        "sphere2vec-dfs",
        r"all of `space2vec-grid`, and every wave of $\varphi$ times every wave of $\lambda$",
        "{cite:p}`mai2023,orszag1974`",
        HEAD,
    ),
    ("siren-sh", r"$Y_{\ell m}(\lambda, \varphi)$, $\ell < L$", "{cite:p}`russwurm2024`", "the head, of sines"),
    ("slepian", r"$\sum_{\ell m} g_{\alpha,\ell m} Y_{\ell m}(\lambda, \varphi)$", "{cite:p}`simons2006`", HEAD),
    (
        "geoclip",
        r"$\sum_{s} \mathrm{MLP}_s(\cos 2\pi B_s v,\ \sin 2\pi B_s v)$, $v$ on an equal-area map",
        "{cite:p}`vivanco2023geoclip,savric2019`",
        "all but $B_s$, beforehand, from photographs",
    ),
    (
        "satclip-l40",
        r"$\mathrm{SIREN}\bigl(Y_{\ell m}(\lambda, \varphi)\bigr)$, $\ell < L$",
        "{cite:p}`klemmer2025satclip`",
        "the SIREN, beforehand, from satellite images",
    ),
    (
        "xyz-fmow",
        r"as `xyz`, then the head",
        "{cite:p}`wu2024torchspatial`",
        "the head, beforehand, from classes of satellite scenes",
    ),
    (
        "xyz-yfcc",
        r"as `xyz`, then the head",
        "{cite:p}`wu2024torchspatial`",
        "the head, beforehand, from classes of photographs",
    ),
    ("xyz-untrained", r"as `xyz`, then the head", "–", NOTHING),
    ("geoclip-slepian", "both side by side, each divided by one number", "this project", "nothing more"),
)


def look(name: str) -> Look:
    """Colour, marker and printed name of an encoder, without a way of joining."""
    return figures.look(name, "channels" if name in ("lonlat", "sincos") else "hadamard")


def said(name: str) -> str:
    """An encoder's printed name; of a basis, without the head that the gallery leaves out.

    >>> said("siren-sh"), said("geoclip")
    ('harmonics', 'GeoCLIP')
    """
    return look(name).name.removesuffix(", Hadamard").removesuffix(", residual").removesuffix(", SIREN")


# --- maps -------------------------------------------------------------------------------------------------------------


def draw_numbers(land: Land, numbers: Mapping[str, Floats]) -> Figure:
    """One number of each encoder as a map.

    Parameters
    ----------
    land : Land
    numbers : mapping
        By encoder, of every land cell, 0 … 1.
    """
    fig, axes = figures.panels(len(numbers), row=2.25, extra=0.0, maps=True)
    options = {"unit": None, "kind": "similarity", "vmin": 0, "vmax": 1, "bar": False}
    for ax, (name, values) in zip(axes, numbers.items(), strict=True):
        figures.grid_map(ax, land.lon, land.lat, land.raster(values), "", **options)
        ax.set_title(said(name))
    return fig


def draw_fields(land: Land, fields: Mapping[str, Floats], place: Floats, where: str) -> Figure:
    """Receptive fields of one place, marked by a star.

    Parameters
    ----------
    land : Land
    fields : mapping
        By encoder, cosine of every land cell with the place.
    place : ndarray, shape (1, 2)
        lonlat.
    where : str
        The place's name.
    """
    fig, axes = figures.panels(len(fields), 3, row=1.65, extra=0.0, maps=True)
    options = {"unit": None, "kind": "difference", "vmin": -0.7, "vmax": 0.7, "bar": False}
    star = figures.ALBERS.transform_point(*place[0], ccrs.PlateCarree())
    for ax, (name, values) in zip(axes, fields.items(), strict=True):
        drawn = figures.grid_map(ax, land.lon, land.lat, land.raster(values), "", **options)
        ax.plot(*star, "*", ms=9, color=PAPER, mec=figures.INK, zorder=6)
        ax.set_title(said(name), fontsize="small")
    figures.colourbar(axes, drawn, f"cosine with {where}", None, extend="both")
    return fig


def draw_colours(land: Land, coloured: Mapping[str, tuple[Floats, float]]) -> Figure:
    """Three components as colours, and in brackets how much of the variance they hold.

    Parameters
    ----------
    land : Land
    coloured : mapping
        By encoder, as :func:`placeprior.evidence.gallery.colours`.
    """
    fig, axes = figures.subplots(-(-len(coloured) // 2), 2, size=(6.4, 6.4), maps=True)
    sides = []
    for axis in (land.lon, land.lat):
        step = (axis[1] - axis[0]) / 2
        sides.append(np.append(axis - step, axis[-1] + step))
    for ax, (name, (rgb, share)) in zip(axes.flat, coloured.items(), strict=True):
        shown = np.nan_to_num(land.raster(np.column_stack([rgb, np.ones(len(rgb))])))  # clear at sea
        ax.pcolormesh(*sides, shown, transform=ccrs.PlateCarree(), rasterized=True)
        ax.set_title(f"{said(name)} ({100 * share:.0f} %)")
    return fig


# --- curves -----------------------------------------------------------------------------------------------------------


def draw_decay(curves: pd.DataFrame, panels: Mapping[str, Sequence[str]]) -> Figure:
    """Likeness against distance; where a panel has one head trained in several ways, a dash tells how.

    Parameters
    ----------
    curves : pandas.DataFrame
        As :func:`placeprior.evidence.gallery.decay`.
    panels : mapping
        Encoders by title; four panels.
    """
    fig, axes = figures.subplots(2, 2, size=(6.4, 8.2), sharey=True)
    place = {"loc": "upper center", "bbox_to_anchor": (0.45, -0.2), "ncols": 2}
    for ax, (title, names) in zip(axes.flat, panels.items(), strict=True):
        for number, name in enumerate(names):
            base, _, training = name.rpartition("-")
            dash = DASHES[training][0] if training in DASHES else LINES[number % 3]
            text = said(base) if training == "untrained" else None if training in DASHES else said(name)
            own = curves[curves["encoder"] == name]
            ax.plot(own["km"], own["cosine"], color=look(name).colour, lw=1.6, ls=dash, label=text)
        if any(name.endswith("-untrained") for name in names):
            for dash, text in DASHES.values():
                ax.plot([], [], color=MUTED, lw=1.6, ls=dash, label=text)
        ax.axhline(0.5, color=MUTED, lw=1, ls=":", zorder=1)
        ax.set(xscale="log", title=title, ylim=(-1.05, 1.05), xlabel="distance [km]", xlim=(vectors.NEAR, vectors.FAR))
        ax.set_xticks([10, 100, 1000], ["10", "100", "1,000"])
        ax.legend(**place, fontsize="x-small", columnspacing=0.8, handlelength=2.2)
    for ax in axes[:, 0]:
        ax.set_ylabel("median cosine")
    return fig


def draw_spectra(curves: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Power over variance against wavelength, long waves left.

    Parameters
    ----------
    curves : pandas.DataFrame
        As :func:`placeprior.evidence.gallery.waves`.
    names : sequence of str
        Which encoders.
    """
    fig, ax = figures.subplots(size=(6.4, 4.6))
    for number, name in enumerate(names):
        own, drawn = curves[curves["encoder"] == name], look(name)
        line = {"color": drawn.colour, "lw": 1.8, "ls": LINES[number % 3], "marker": drawn.marker, "ms": 4}
        ax.plot(own["wavelength"], own["power"], markevery=6, label=said(name), **line)
    ax.axvline(spectra.LOCAL_KM, color=MUTED, lw=1, ls=":", zorder=1)
    shortest, longest = own["wavelength"].min() * 0.95, own["wavelength"].max() * 1.05
    ticks = [km for km in (1500, 500, 200, 100, 50) if shortest < km < longest]
    ax.set(xscale="log", yscale="log", xlabel="wavelength [km]", ylabel="power / variance [km²]")
    ax.set(xlim=(longest, shortest), ylim=(0.3, None))
    ax.set_xticks(ticks, [f"{km:,}" for km in ticks])
    ax.set_xticks([], minor=True)
    fig.legend(loc="outside upper center", ncols=3, fontsize="small")
    return fig


# --- tables -----------------------------------------------------------------------------------------------------------


def formulas_table() -> pd.DataFrame:
    """Every kind of encoder: its formula, length, whether it is whole at date line and pole, and what is learned."""
    answers, rows = {True: "yes", False: "no"}, []
    for name, formula, source, learned in FORMULAS:
        line, pole = (answers[answer] for answer in whole) if (whole := closed(name)) else ("–", "–")
        rows.append((f"`{name}`", formula, source, f"{encoders.load(name).dim:,}", line, pole, learned))
    columns = ["encoder", "numbers", "source", "how many", "whole at the date line", "at the pole", "what is learned"]
    return pd.DataFrame(rows, columns=columns)


def measures_table(measures: pd.DataFrame) -> pd.DataFrame:
    """Measures as text, a row an encoder.

    Parameters
    ----------
    measures : pandas.DataFrame
        By encoder: ``numbers, most, all, dead`` of :func:`placeprior.evidence.gallery.directions`, ``half`` in km, and
        ``local``, 0 … 1, NaN where it was not measured.
    """
    half = ["< 2" if km == 0 else "–" if np.isinf(km) else f"{km:,.0f}" for km in measures["half"]]
    return pd.DataFrame(
        {
            "encoder": [f"`{name}`" for name in measures.index],
            "numbers": [f"{count:,.0f}" for count in measures["numbers"]],
            "cosine of ½ at [km]": half,
            "components for 90 %": [f"{count:.0f}" for count in measures["most"]],
            "for 99 %": [f"{count:.0f}" for count in measures["all"]],
            "dead units": [f"{100 * share:.0f} %" for share in measures["dead"]],
            "below 200 km": [f"{100 * share:.0f} %" if np.isfinite(share) else "–" for share in measures["local"]],
        }
    )


def satclip_table() -> pd.DataFrame:
    """Sizes of SatCLIP's location encoders as published, a row an encoder."""
    rows = []
    for degrees in satclip.DEGREES:
        widths = (degrees**2, 512, 512, satclip.DIM)
        weights = sum(out * (into + 1) for into, out in pairwise(widths))
        shortest = f"{360 / (degrees - 1):.0f}°"
        sizes = (f"{degrees**2:,}", shortest, "512, 512", f"{satclip.DIM}", f"{weights:,}")
        rows.append((f"`satclip-l{degrees}`", f"{degrees}", *sizes))
    columns = ["encoder", "L", "harmonics", "shortest wave", "hidden", "numbers", "weights"]
    return pd.DataFrame(rows, columns=columns)


def costs_table(lines: Iterable[str]) -> pd.DataFrame:
    """Seconds for 100,000 places from the kept output of the benchmark of encoders; empty where there is none.

    Parameters
    ----------
    lines : iterable of str
        A row has a name and a length, and then either speed and memory here, or speed of the public way and here, their
        ratio, and memory of both; places a second.
    """
    rows = []
    for name, *rest in (line.split() for line in lines if line.strip()):
        if len(rest) not in (3, 6) or not rest[0].replace(",", "").isdigit():
            continue
        theirs, ours, ratio = rest[1:4] if len(rest) == 6 else ("–", rest[1], "–")
        seconds = (f"{1e5 / float(rate.replace(',', '')):.2f}" if rate != "–" else "–" for rate in (theirs, ours))
        title = f"`{name.removesuffix('-random')}`" + (" (random weights)" if name.endswith("-random") else "")
        rows.append((title, rest[0], *seconds, ratio))
    return pd.DataFrame(rows, columns=["encoder", "numbers", "public way [s]", "here [s]", "ratio"])
