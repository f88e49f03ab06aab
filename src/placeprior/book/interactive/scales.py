"""What a scale means: random waves of a standard deviation, and harmonics below a degree, drawn and counted."""

from __future__ import annotations

import numpy as np

from placeprior.book.interactive.widget import Widget, bar, canvas, country, key, packed, ramp, row, slider
from placeprior.book.layout import origin
from placeprior.book.style import BLUE, INK, ORANGE
from placeprior.coords import EARTH_RADIUS_KM
from placeprior.scores.spectra import UNIT_KM

WAVES = 48  # of random Fourier features; each is a sine and a cosine
DEGREES = 60  # at most: the book's finest harmonics, of the Slepian functions
SCALE = 16.0  # shown first: the middle one of GeoCLIP's three
OCTAVES = 8.0  # the largest scale is 2^8 = 256, GeoCLIP's finest


def scales(profile: str, seed: int = 0) -> Widget:
    """Random mixtures of random Fourier features and of spherical harmonics, with a slider for the scale of each.

    The page has one draw of directions (in units of the scale) and of weights; the script computes everything else, by
    the formulas of :mod:`placeprior.encoders.geoclip`, :mod:`placeprior.encoders.harmonics` and
    :func:`placeprior.scores.spectra.wavelengths`.

    Parameters
    ----------
    profile : str
    seed : int
        Of the draw.
    """
    rng = np.random.default_rng(seed)
    body = [
        row(
            slider("sigma", "Scale of the waves, σ", 0, OCTAVES, 0.25, np.log2(SCALE)),
            slider("degrees", "Degrees of the harmonics, L", 2, DEGREES, 1, 8),
        ),
        row(
            canvas("waves", "Map of a random mixture of random Fourier features", "Random Fourier features"),
            canvas("globe", "Globe with a random mixture of spherical harmonics", "Spherical harmonics"),
        ),
        bar("bar"),
        canvas("spectrum", "Share of the variance by wavelength, for both", "Where the variance is"),
        key(),
    ]
    return Widget(
        "scales",
        "how fine are random Fourier features and spherical harmonics?",
        "\n".join(body),
        {
            "country": country(),
            "directions": packed(rng.standard_normal((WAVES, 2)), "f8"),
            "weights": packed(rng.standard_normal((WAVES, 2)), "f8"),
            "coefficients": packed(rng.standard_normal(DEGREES**2), "f8"),
            "unit": UNIT_KM,
            "radius": EARTH_RADIUS_KM,
            "ramp": ramp("difference"),
            "tints": [BLUE, ORANGE],
            "ink": INK,
        },
        origin(profile, n=WAVES, of="random waves", embedded=None, note="one draw of directions and weights"),
    )
