"""The book's look: sizes, colours, markers and colour bars, shared by maps and charts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns

from placeprior.arms import JOINED, arm, called

#: Figure sizes in inches. A page column is 6.4 inches wide: on a phone the letters then stay readable.
SIZES = {"wide": (6.4, 3.6), "map": (6.4, 4.3), "pair": (6.4, 3.2), "square": (4.8, 4.5), "tall": (6.4, 6.8)}

#: One colour map per kind of quantity, perceptually even and safe for colour-blind readers.
CMAPS = {"amount": "rocket_r", "difference": "vlag", "similarity": "viridis", "count": "mako_r"}

UNIT = "µg m⁻³"

#: The neutral colours, the only greys, black and white of the book. A page replaces them by those of its theme, so that
#: a figure is dark on light or light on dark as the text around it is.
INK = "#222222"  #: letters, axes, and marks that are nobody's colour
MUTED = "#5e6670"  #: lines at zero, outlines of maps, remarks: what stands back
GRID = "#d8d8d8"  #: grid and guide lines
PAPER = "#ffffff"  #: behind everything; the rim of a marker; what covers something
LAND = "#ececec"  #: areas: land without a value, bands, boxes


@dataclass(frozen=True)
class Look:
    """How one arm is drawn on every page."""

    colour: str
    marker: str
    name: str


#: Colour and marker of the arms of :data:`placeprior.arms.NAMES`.
_DRAWN = {
    "idw": ("#222222", "X"),
    "kriging": ("#222222", "P"),
    "eof": ("#4d4d4d", "d"),
    "gbt": ("#5c7f2b", "o"),
    "gbt+lonlat": ("#5c7f2b", "s"),
    "gbt+geoclip": ("#5c7f2b", "^"),
    "gbt+urban": ("#5c7f2b", "D"),
    "gbt+kriging": ("#5c7f2b", "P"),
    "rf": ("#ca9161", "o"),
    "rf+lonlat": ("#ca9161", "s"),
    "rf+geoclip": ("#ca9161", "^"),
    "none+kriging": ("#7a7a7a", "P"),
    "none": ("#7a7a7a", "o"),
    "none+head": ("#9a9a9a", "h"),
    "random-vector-hadamard": ("#b35a8c", "<"),
    "random-vector-concat": ("#b35a8c", ">"),
    "smooth-random-hadamard": ("#7a3e9d", "<"),
    "smooth-random-concat": ("#7a3e9d", ">"),
    "shuffled-hadamard": ("#ca9161", "<"),
    "shuffled-concat": ("#ca9161", ">"),
    "onehot-hadamard": ("#7b61c9", "*"),
    "urban-hadamard": ("#5c7f2b", "p"),
    "lonlat": ("#de8f05", "s"),
    "sincos": ("#029e73", "D"),
    "geoclip-pca8-hadamard": ("#56b4e9", "<"),
    "geoclip-pca16-hadamard": ("#56b4e9", ">"),
    "geoclip-pca32-hadamard": ("#56b4e9", "d"),
    "geoclip-pca64-hadamard": ("#56b4e9", "p"),
    "geoclip-pca128-hadamard": ("#56b4e9", "h"),
    "geoclip-pca256-hadamard": ("#56b4e9", "P"),
    "geoclip-hadamard": ("#0173b2", "^"),
    "geoclip-concat": ("#cc78bc", "v"),
    "geoclip-gated": ("#d55e00", "P"),
    "geoclip-film": ("#7b61c9", "d"),
    "geoclip-bias": ("#ca9161", "h"),
    "geoclip-channels": ("#5c7f2b", ">"),
    "geoclip-tuned-hadamard": ("#d55e00", "*"),
    "geoclip-tuned-slowly-hadamard": ("#56b4e9", "*"),
}
#: Encoders of the whole comparison: the colour tells the basis, the marker how it was trained.
BASE_COLOURS = {
    "tile": "#222222",
    "wrap": "#8c613c",
    "wrap-ffn": "#8c613c",
    "rbf": "#7a7a7a",
    "rff": "#5c7f2b",
    "space2vec-grid": "#029e73",
    "space2vec-theory": "#004d40",
    "xyz": "#de8f05",
    "nerf": "#d55e00",
    "sphere2vec-c": "#0173b2",
    "sphere2vec-c+": "#1f4e79",
    "sphere2vec-m": "#56b4e9",
    "sphere2vec-m+": "#3a86a8",
    "sphere2vec-dfs": "#7b61c9",
    "siren-sh": "#cc78bc",
    "slepian": "#b35a8c",
    "geoclip-slepian": "#b35a8c",
    "satclip-l10": "#5c7f2b",
    "satclip-l40": "#5c7f2b",
}
_TRAINED_MARKERS = {
    "": "o",
    "untrained": "X",
    "fmow": "s",
    "yfcc": "^",
    "untrained-tuned": "P",
    "fmow-tuned": "D",
    "yfcc-tuned": "*",
}
_DRAWN |= {
    "-".join(filter(None, (basis, training, fusion))): (colour, "d" if fusion == "concat" else marker)
    for basis, colour in BASE_COLOURS.items()
    for training, marker in _TRAINED_MARKERS.items()
    for fusion in JOINED
}
_SPARE_COLOURS = ("#d55e00", "#ca9161", "#56b4e9", "#b35a8c", "#5c7f2b", "#7b61c9")
_SPARE_MARKERS = ("P", "p", "h", "<", ">", "d", "*")


def look(variant: str, fusion: str | None = None) -> Look:
    """Colour, marker and printed name of an arm; the same on every page.

    Arms that are not listed here get a colour and marker drawn from their name, so that a new
    encoder looks the same on every page without being registered here.
    """
    key = arm(variant, fusion)
    if key in _DRAWN:
        return Look(*_DRAWN[key], called(key))
    number = int(hashlib.sha256(key.encode()).hexdigest(), 16)
    colour = _SPARE_COLOURS[number % len(_SPARE_COLOURS)]
    return Look(colour, _SPARE_MARKERS[number // 7 % len(_SPARE_MARKERS)], called(key))


def style() -> None:
    """Set the book's figure style; call it once, in a notebook's first cell."""
    sns.set_theme(context="notebook", style="ticks", palette="colorblind", font_scale=0.9)
    mpl.rcParams.update(
        {
            "figure.figsize": SIZES["wide"],
            "figure.dpi": 150,
            "savefig.dpi": 150,
            "figure.facecolor": PAPER,
            "axes.facecolor": PAPER,
            # transparent figures vanish on a dark page
            "savefig.facecolor": PAPER,
            "savefig.transparent": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.titlesize": "medium",
            "axes.titlelocation": "left",
            "grid.color": GRID,
            "legend.frameon": False,
            **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
            "hatch.color": PAPER,
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
