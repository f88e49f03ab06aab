"""Figures of the page about how a model is told where it is: waves, components, similarity and its decay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import cartopy.crs as ccrs
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from placeprior.book import figures
from placeprior.coords import EARTH_RADIUS_KM, Land
from placeprior.scores.spectra import SIGMAS


def draw_waves(
    wave: Callable[[str, np.ndarray, np.ndarray], np.ndarray],
    scales: Mapping[str, int],
    country: tuple[np.ndarray, np.ndarray],
    box: tuple[np.ndarray, np.ndarray],
    centre: Mapping[str, tuple[float, float]],
) -> Figure:
    """One Fourier feature of each of three scales over the country, and the finest again in a box.

    Parameters
    ----------
    wave : callable
        Name of a scale, longitudes (nx,) and latitudes (ny,) -> values (ny, nx), -1 … 1.
    scales : mapping of str to int
        Name of a scale to its number, the finest last.
    country, box : (lon, lat)
        Centres of the cells.
    centre : mapping
        A place in the box, starred: name to (lon, lat).
    """
    fig, axes = figures.subplots(2, 2, size=(7.2, 5.4), subplot_kw={"projection": figures.ALBERS})
    colours = {"vmin": -1, "vmax": 1}
    for ax, (name, scale) in zip(axes.flat, scales.items(), strict=False):
        figures.conus_axes(ax)
        values = wave(name, *country)
        drawn = figures.grid_map(ax, *country, values, "", unit=None, kind="difference", bar=False, **colours)
        ax.set_title(f"scale {scale}")
    last = axes[1, 1]
    look = {"cmap": figures.CMAPS["difference"], "transform": ccrs.PlateCarree(), "rasterized": True}
    last.pcolormesh(*box, wave(name, *box), **look, **colours)
    last.set_title(f"scale {scale}, around {next(iter(centre))}")
    last.set_frame_on(False)
    figures.star(last, centre)
    figures.colourbar(axes, drawn, "value of the feature", None)
    return fig


def wave_table(weights: Mapping[str, torch.Tensor]) -> pd.DataFrame:
    """Wavelengths of GeoCLIP's Fourier features at the equator, scale by scale, as text.

    Parameters
    ----------
    weights : mapping
        As :func:`placeprior.encoders.geoclip.read_weights`.
    """
    unit, rows = np.pi * EARTH_RADIUS_KM, []  # of the projected map: half the equator, km
    for name, sigma in SIGMAS.items():
        cycles = weights[f"{name}.capsule.0.b"].numpy()
        spread = (f"{km:,.0f}" for km in np.percentile(unit / np.linalg.norm(cycles, axis=1), [10, 50, 90]))
        rows.append((sigma, f"{cycles.std():.1f}", len(cycles), *spread))
    columns = ["σ", "σ found in the weights", "waves", "10 % shorter than [km]", "median [km]", "90 % [km]"]
    return pd.DataFrame(rows, columns=columns)


def draw_components(land: Land, components: np.ndarray, share: np.ndarray) -> Figure:
    """Maps of the first six principal components.

    Parameters
    ----------
    land : Land
    components : ndarray, (n, 6)
        At the land's places, in standard deviations.
    share : ndarray, (dim,)
        Of the variance.
    """
    fig, axes = figures.subplots(3, 2, size=(7.2, 7.6), maps=True)
    look = {"unit": None, "kind": "difference", "vmin": -2.5, "vmax": 2.5, "bar": False}
    for k, ax in enumerate(axes.flat):
        drawn = figures.grid_map(ax, land.lon, land.lat, land.raster(components[:, k]), "", **look)
        ax.set_title(f"component {k + 1} ({100 * share[k]:.0f} %)")
    figures.colourbar(axes, drawn, "standard deviations", None, extend="both")
    return fig


def draw_similarity(
    land: Land, maps: list[tuple[str, str, np.ndarray]], places: Mapping[str, tuple[float, float]]
) -> Figure:
    """Maps of the similarity of starred places to all others.

    Parameters
    ----------
    land : Land
    maps : list of (place, title, values)
        Four of them; values (n,) at the land's places.
    places : mapping
        Name to (lon, lat).
    """
    fig, axes = figures.subplots(2, 2, size=(7.2, 5.6), maps=True)
    look = {"unit": None, "kind": "similarity", "vmin": -0.2, "vmax": 0.6, "bar": False}
    for ax, (name, title, values) in zip(axes.flat, maps, strict=True):
        drawn = figures.grid_map(ax, land.lon, land.lat, land.raster(values), "", **look)
        figures.star(ax, {name: places[name]})
        ax.set_title(title)
    figures.colourbar(axes, drawn, "cosine similarity", None, extend="both")
    return fig


def city_table(towns: pd.DataFrame, names: Sequence[str], alike: np.ndarray, km: np.ndarray) -> pd.DataFrame:
    """The three towns most similar to each of some, anywhere and beyond 500 km, as text.

    Parameters
    ----------
    towns : pandas.DataFrame
        With ``name``.
    names : sequence of str
        Of the towns asked about.
    alike, km : ndarray, (towns, towns)
        Similarity and distance of each to each.
    """
    rows = []
    for name in names:
        i = int(towns.index[towns.name == name][0])
        ranked = [j for j in np.argsort(-alike[i]) if j != i]
        first = (ranked[:3], [j for j in ranked if km[i, j] > 500][:3])
        rows.append((name, *("; ".join(f"{towns.name[j]} ({km[i, j]:,.0f} km)" for j in who) for who in first)))
    return pd.DataFrame(rows, columns=["city", "most similar", "most similar beyond 500 km"])


def draw_decay(curves: pd.DataFrame, variants: Mapping[str, str]) -> Figure:
    """Likeness of the vectors of two places against their distance: medians, and the middle 80 %.

    Parameters
    ----------
    curves : pandas.DataFrame
        A row a variant and pair: ``variant, group, km, cosine, apart``; a group is a class of distance.
    variants : mapping of str to str
        Variant to fusion, for its colour.
    """
    fig, axes = figures.subplots(1, 2, size=(6.4, 3.4))
    for name, fusion in variants.items():
        drawn = figures.look(name, fusion)
        groups = curves[curves.variant == name].groupby("group")
        km = groups.km.median()
        for ax, column in zip(axes, ("cosine", "apart"), strict=True):
            low, middle, high = (groups[column].quantile(q) for q in (0.1, 0.5, 0.9))
            ax.fill_between(km, low, high, color=drawn.colour, alpha=0.15, lw=0)
            text = drawn.name.partition(",")[0]
            ax.plot(km, middle, color=drawn.colour, marker=drawn.marker, ms=4, label=text)
    for ax in axes:
        ax.set(xscale="log", xlabel="distance [km]")
    axes[0].set_ylabel("cosine similarity")
    axes[1].set_ylabel("distance of the vectors\n[typical distance]")
    axes[1].legend(fontsize="small")
    return fig
