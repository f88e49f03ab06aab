"""The book's look: sizes, colours, markers and colour bars, shared by maps and charts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns

from placeprior.matrix import arm

#: Figure sizes in inches. A page column is 6.4 inches wide: on a phone the letters then stay readable.
SIZES = {"wide": (6.4, 3.6), "map": (6.4, 4.3), "pair": (6.4, 3.2), "square": (4.8, 4.5), "tall": (6.4, 6.8)}

#: One colour map per kind of quantity, perceptually even and safe for colour-blind readers.
CMAPS = {"amount": "rocket_r", "difference": "vlag", "similarity": "viridis", "count": "mako_r"}

UNIT = "µg m⁻³"
MISSING = "#d9d9d9"
INK = "#222222"


@dataclass(frozen=True)
class Look:
    """How one arm is drawn on every page."""

    colour: str
    marker: str
    name: str


#: In the order of every table and figure: baselines, no place, controls, coordinates, encoders.
_LOOKS = {
    "idw": Look("#222222", "X", "inverse distance (no model)"),
    "kriging": Look("#222222", "P", "ordinary kriging (no model)"),
    "eof": Look("#4d4d4d", "d", "EOFs and a network of coordinates"),
    "gbt": Look("#5c7f2b", "o", "boosted trees"),
    "gbt+lonlat": Look("#5c7f2b", "s", "boosted trees, lon/lat"),
    "gbt+geoclip": Look("#5c7f2b", "^", "boosted trees, GeoCLIP"),
    "gbt+urban": Look("#5c7f2b", "D", "boosted trees, population density"),
    "gbt+kriging": Look("#5c7f2b", "P", "boosted trees, residuals kriged"),
    "rf": Look("#ca9161", "o", "random forest"),
    "rf+lonlat": Look("#ca9161", "s", "random forest, lon/lat"),
    "rf+geoclip": Look("#ca9161", "^", "random forest, GeoCLIP"),
    "none+kriging": Look("#7a7a7a", "P", "no location, residuals kriged"),
    "none": Look("#7a7a7a", "o", "no location"),
    "none+head": Look("#9a9a9a", "h", "no location, extra head"),
    "random-vector-hadamard": Look("#b35a8c", "<", "random vector, Hadamard"),
    "random-vector-concat": Look("#b35a8c", ">", "random vector, concatenated"),
    "smooth-random-hadamard": Look("#7a3e9d", "<", "random waves, Hadamard"),
    "smooth-random-concat": Look("#7a3e9d", ">", "random waves, concatenated"),
    "shuffled-hadamard": Look("#ca9161", "<", "shuffled GeoCLIP, Hadamard"),
    "shuffled-concat": Look("#ca9161", ">", "shuffled GeoCLIP, concatenated"),
    "onehot-hadamard": Look("#7b61c9", "*", "station identity, Hadamard"),
    "urban-hadamard": Look("#5c7f2b", "p", "population density, Hadamard"),
    "lonlat": Look("#de8f05", "s", "lon/lat"),
    "sincos": Look("#029e73", "D", "sin/cos"),
    "geoclip-pca8-hadamard": Look("#56b4e9", "<", "GeoCLIP, 8 components"),
    "geoclip-pca16-hadamard": Look("#56b4e9", ">", "GeoCLIP, 16 components"),
    "geoclip-pca32-hadamard": Look("#56b4e9", "d", "GeoCLIP, 32 components"),
    "geoclip-pca64-hadamard": Look("#56b4e9", "p", "GeoCLIP, 64 components"),
    "geoclip-pca128-hadamard": Look("#56b4e9", "h", "GeoCLIP, 128 components"),
    "geoclip-pca256-hadamard": Look("#56b4e9", "P", "GeoCLIP, 256 components"),
    "geoclip-hadamard": Look("#0173b2", "^", "GeoCLIP, Hadamard"),
    "geoclip-concat": Look("#cc78bc", "v", "GeoCLIP, concatenated"),
    "geoclip-gated": Look("#d55e00", "P", "GeoCLIP, gated sum"),
    "geoclip-film": Look("#7b61c9", "d", "GeoCLIP, FiLM"),
    "geoclip-bias": Look("#ca9161", "h", "GeoCLIP, bias only"),
    "geoclip-channels": Look("#5c7f2b", ">", "GeoCLIP, channels"),
    "geoclip-tuned-hadamard": Look("#d55e00", "*", "GeoCLIP fine-tuned, Hadamard"),
    "geoclip-tuned-slowly-hadamard": Look("#56b4e9", "*", "GeoCLIP fine-tuned slowly, Hadamard"),
}
#: Encoders of the whole comparison: colour and printed name of each basis, marker and word of how it was trained.
BASES = {
    "tile": ("#222222", "tile"), "wrap": ("#8c613c", "wrap, residual"), "wrap-ffn": ("#8c613c", "wrap"),
    "rbf": ("#7a7a7a", "RBF"), "rff": ("#5c7f2b", "RFF"), "space2vec-grid": ("#029e73", "Space2Vec grid"),
    "space2vec-theory": ("#004d40", "Space2Vec theory"), "xyz": ("#de8f05", "xyz"), "nerf": ("#d55e00", "NeRF"),
    "sphere2vec-c": ("#0173b2", "Sphere2Vec-C"), "sphere2vec-c+": ("#1f4e79", "Sphere2Vec-C+"),
    "sphere2vec-m": ("#56b4e9", "Sphere2Vec-M"), "sphere2vec-m+": ("#3a86a8", "Sphere2Vec-M+"),
    "sphere2vec-dfs": ("#7b61c9", "Sphere2Vec-DFS"), "siren-sh": ("#cc78bc", "harmonics, SIREN"),
    "slepian": ("#b35a8c", "Slepian"), "geoclip-slepian": ("#b35a8c", "GeoCLIP and Slepian"),
    "satclip-l10": ("#5c7f2b", "SatCLIP L10"), "satclip-l40": ("#5c7f2b", "SatCLIP L40"),
}  # fmt: skip
TRAINED = {
    "": ("o", ""), "untrained": ("X", "untrained"), "fmow": ("s", "fMoW"), "yfcc": ("^", "YFCC"),
    "untrained-tuned": ("P", "from random weights"), "fmow-tuned": ("D", "from fMoW"), "yfcc-tuned": ("*", "from YFCC"),
}  # fmt: skip
JOINED = {"hadamard": "Hadamard", "concat": "concatenated"}
_LOOKS |= {
    "-".join(filter(None, (basis, training, fusion))): Look(
        colour, "d" if fusion == "concat" else marker, ", ".join(filter(None, (name, word, joined)))
    )
    for basis, (colour, name) in BASES.items()
    for training, (marker, word) in TRAINED.items()
    for fusion, joined in JOINED.items()
}
_SPARE_COLOURS = ("#d55e00", "#ca9161", "#56b4e9", "#b35a8c", "#5c7f2b", "#7b61c9")
_SPARE_MARKERS = ("P", "p", "h", "<", ">", "d", "*")


def look(variant: str, fusion: str | None = None) -> Look:
    """Colour, marker and printed name of an arm; the same on every page.

    Arms that the book does not list by hand get a colour and marker drawn from their name, so that a new
    encoder looks the same on every page without being registered here.
    """
    key = arm(variant, fusion)
    if key in _LOOKS:
        return _LOOKS[key]
    number = int(hashlib.sha256(key.encode()).hexdigest(), 16)
    colour = _SPARE_COLOURS[number % len(_SPARE_COLOURS)]
    return Look(colour, _SPARE_MARKERS[number // 7 % len(_SPARE_MARKERS)], key)


def arm_order(arms: Iterable[str]) -> list[str]:
    """Sort arms as every table and figure lists them: baseline, none, formulas, encoders, others."""
    known = list(_LOOKS)
    return sorted(set(arms), key=lambda a: (known.index(a) if a in known else len(known), a))


def style() -> None:
    """Set the book's figure style; call it once, in a notebook's first cell."""
    sns.set_theme(context="notebook", style="ticks", palette="colorblind", font_scale=0.9)
    mpl.rcParams.update(
        {
            "figure.figsize": SIZES["wide"],
            "figure.dpi": 150,
            "savefig.dpi": 150,
            "figure.facecolor": "white",
            "axes.facecolor": "white",
            # transparent figures vanish on a dark page
            "savefig.facecolor": "white",
            "savefig.transparent": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.titlesize": "medium",
            "axes.titlelocation": "left",
            "grid.color": "#e6e6e6",
            "legend.frameon": False,
            "text.color": INK,
            "axes.labelcolor": INK,
            "lines.markersize": 6,
            "font.family": "DejaVu Sans",
            "image.cmap": CMAPS["similarity"],
        }
    )


def limits(values: np.ndarray, kind: str, vmin: float | None, vmax: float | None) -> tuple[float, float]:
    """Colour limits from the 2nd and 98th percentile; symmetric about zero for differences."""
    finite = np.asarray(values, dtype=float)[np.isfinite(values)]
    if finite.size == 0:
        finite = np.array([0.0, 1.0])
    if kind == "difference":
        top = vmax if vmax is not None else float(np.percentile(np.abs(finite), 98)) or 1.0
        return (vmin if vmin is not None else -top), top
    low = float(np.percentile(finite, 2)) if vmin is None else vmin
    high = float(np.percentile(finite, 98)) if vmax is None else vmax
    return low, high if high > low else low + 1.0


def extend(values: np.ndarray, low: float, high: float) -> str:
    """Whether the colour bar must point beyond its ends because values lie outside the limits."""
    below, above = bool(np.nanmin(values) < low), bool(np.nanmax(values) > high)
    return {(False, False): "neither", (True, False): "min", (False, True): "max"}.get((below, above), "both")


def colourbar(ax: Any, mappable: Any, quantity: str, unit: str | None = UNIT, **options: Any) -> Any:
    """Colour bar under an axes, labelled ``quantity [unit]``; ``unit=None`` for a plain number."""
    settings = {"orientation": "horizontal", "shrink": 0.72, "aspect": 32, "pad": 0.02} | options
    bar = np.ravel(ax)[0].figure.colorbar(mappable, ax=ax, **settings)
    bar.set_label(f"{quantity} [{unit}]" if unit else quantity)
    bar.outline.set_visible(False)
    return bar
