"""Which places an encoder takes for similar to one that the reader chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from placeprior import coords, encoders
from placeprior.arms import called
from placeprior.book.interactive.widget import Widget, bar, canvas, cells, country, packed, radios, ramp, row, select
from placeprior.book.layout import origin
from placeprior.book.words import capital
from placeprior.errors import ConfigError

RESOLUTION = 1.25  # degrees a cell: a matrix of all pairs of 519 cells fits into the page
ENCODERS = ("geoclip", "urban", "smooth-random", "lonlat", "siren-sh", "space2vec-theory", "slepian")
PLACES = {
    "Denver": (-104.99, 39.74),
    "Los Angeles": (-118.24, 34.05),
    "New York": (-74.01, 40.71),
    "Chicago": (-87.65, 41.85),
    "Houston": (-95.36, 29.76),
    "Miami": (-80.19, 25.77),
    "Phoenix": (-112.07, 33.45),
    "Seattle": (-122.33, 47.61),
    "rural Nebraska": (-101.04, 42.04),
    "rural Montana": (-107.5, 47.2),
}
#: What an encoder by itself is called; others by the arm of that encoder.
SHORT = {"geoclip": "GeoCLIP", "smooth-random": "random waves", "urban": "population density", "siren-sh": "harmonics"}
LEVELS = 127  # of a number on either side of zero
SHORTEST = 1e-3


def similarity(
    profile: str,
    names: Sequence[str] = ENCODERS,
    places: Mapping[str, tuple[float, float]] = PLACES,
    resolution: float = RESOLUTION,
) -> Widget:
    """Map of the centred cosine of every cell's vector with that of a chosen cell, encoder by encoder.

    Parameters
    ----------
    profile : str
    names : sequence of str
        Encoders. A control that must be fitted to places is fitted to all cells, with seed 0.
    places : mapping
        Offered by name: (lon, lat), degrees.
    resolution : float
        Side of a cell, degrees.
    """
    land = coords.Land(resolution)
    drawn = {}
    for name in names:
        code, worst = coded(unit_vectors(name, land.places))
        label = SHORT.get(name) or called(name if name == "lonlat" else f"{name}-hadamard").partition(",")[0]
        drawn[name] = {"name": label, "worst": round(worst, 4)} | code
    worst = max(found["worst"] for found in drawn.values())
    body = [
        row(
            radios("encoder", "Encoder", {name: capital(found["name"]) for name, found in drawn.items()}),
            select("place", "Place", ["(chosen on the map)", *places]),
        ),
        canvas(
            "map", "Map of similarity. Arrow keys move the chosen place by a cell; a click chooses one.", reached=True
        ),
        bar("bar"),
    ]
    return Widget(
        "similarity",
        "how similar is one place's vector to all others?",
        "\n".join(body),
        {
            "country": country(),
            "cells": cells(land),
            "encoders": drawn,
            "places": [[name, *lonlat] for name, lonlat in places.items()],
            "ramp": ramp("difference"),
        },
        origin(
            profile,
            n=len(land.places),
            of=f"land cells of {resolution:g}°",
            embedded=None,
            note=f"cosines are stored to ±{worst:.2g}",
        ),
    )


def unit_vectors(name: str, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors of places, shape (n, dim), centred on their mean and scaled to length 1; zero where there is none."""
    try:
        found = encoders.embed(name, places)
    except ConfigError:  # a control that knows nothing before it has seen the places
        found = encoders.fit(name, places, np.ones(len(places), bool), 0)(places)
    apart = found - found.mean(0, dtype=np.float64)
    length = np.linalg.norm(apart, axis=1, keepdims=True)
    return apart / np.where(length > 0, length, 1)


def coded(vectors: NDArray[np.float64]) -> tuple[dict[str, Any], float]:
    """Cosines of all pairs in few bytes: short vectors of whole numbers where these do, else each cosine.

    Parameters
    ----------
    vectors : ndarray, shape (n, dim)
        Of length 1.

    Returns
    -------
    code : dict
        ``dim`` and ``vectors``: signed bytes, whose directions are those of the vectors; or ``low``, ``step`` and
        ``cosines``: of rows above columns, row by row, ``low + step * byte``.
    worst : float
        Largest error of a cosine.

    Notes
    -----
    Vectors are turned to the principal axes of the matrix of cosines. Axes shorter than :data:`SHORTEST` of the longest
    are left out, which costs next to nothing where a formula has few directions; one that has many, such as GeoCLIP,
    would lose its far places, and has every cosine kept.
    """
    exact = vectors @ vectors.T
    left, strength, _ = np.linalg.svd(vectors, full_matrices=False)
    turned = (left * strength)[:, strength > SHORTEST * strength[0]]
    whole = np.rint(turned / np.abs(turned).max() * LEVELS)
    i, j = np.tril_indices(len(vectors), -1)
    if whole.size <= len(i):
        length = np.linalg.norm(whole, axis=1, keepdims=True)
        unit = whole / np.where(length > 0, length, 1)
        code: dict[str, Any] = {"dim": whole.shape[1], "vectors": packed(whole, "i1")}
        return code, float(np.abs(unit @ unit.T - exact).max())
    cosines = exact[i, j]
    low, step = float(cosines.min()), float(np.ptp(cosines)) / 255
    level = np.rint((cosines - low) / step)
    return {"low": low, "step": step, "cosines": packed(level, "u1")}, float(np.abs(low + step * level - cosines).max())
