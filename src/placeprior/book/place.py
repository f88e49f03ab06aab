"""What the page from a coordinate to a vector draws and tabulates: the reach of waves, and cities that are alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from placeprior.book import figures
from placeprior.scores.spectra import SIGMAS, UNIT_KM
from placeprior.scores.vectors import FAR, NEAR

DASHES = ("-", "--", ":")


def draw_reach(pairs: pd.DataFrame) -> Figure:
    r"""Likeness against distance: GeoCLIP's, and of random Fourier features of its scales by their formula.

    The cosine of many features is :math:`\exp(-2\pi^2\sigma^2 d^2)` (Rahimi & Recht 2007, *Random features for
    large-scale kernel machines*, NIPS), :math:`d` the distance on GeoCLIP's map.

    Parameters
    ----------
    pairs : pandas.DataFrame
        A row a pair of places: ``km``, ``class`` of distance, and the ``cosine`` of GeoCLIP's vectors.
    """
    fig, ax = figures.subplots(size=(6.4, 3.6))
    km = np.geomspace(NEAR, FAR, 200)
    for dash, sigma in zip(DASHES, SIGMAS.values(), strict=True):
        curve = np.exp(-2 * (np.pi * sigma * km / UNIT_KM) ** 2)
        ax.plot(km, curve, dash, color=figures.INK, lw=1.5, label=f"scale {sigma}")
    drawn, classes = figures.look("geoclip", "hadamard"), pairs.groupby("class")
    low, middle, high = (classes["cosine"].quantile(q) for q in (0.1, 0.5, 0.9))
    far = classes["km"].median()
    ax.fill_between(far, low, high, color=drawn.colour, alpha=0.15, lw=0)
    ax.plot(far, middle, color=drawn.colour, marker=drawn.marker, label="GeoCLIP")
    ax.set(xscale="log", xlabel="distance [km]", ylabel="cosine", ylim=(-0.35, 1.05))
    ax.set_xticks([10, 100, 1000], ["10", "100", "1,000"])
    fig.legend(loc="outside upper left", ncols=4)
    return fig


def city_table(towns: pd.DataFrame, names: Sequence[str], alike: np.ndarray, km: np.ndarray) -> pd.DataFrame:
    """The four towns most similar to each of some, and how many of the ten most similar lie beyond 500 km, as text.

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
        ranked = [j for j in np.argsort(-alike[i]) if j != i][:10]
        first = "; ".join(f"{towns.name[j]} ({km[i, j]:,.0f} km)" for j in ranked[:4])
        rows.append((name, first, f"{sum(km[i, j] > 500 for j in ranked)} of {len(ranked)}"))
    return pd.DataFrame(rows, columns=["city", "most similar", "of ten, beyond 500 km"])
