"""The book's look: sizes, colours, markers and colour bars, shared by maps and charts."""

from __future__ import annotations

import hashlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from placeprior.arms import arm, called
from placeprior.book import vector
from placeprior.book.words import UNIT

#: Figure sizes in inches. A page column is 6.4 inches wide: on a phone the letters then stay readable.
SIZES = {"wide": (6.4, 3.6), "map": (6.4, 4.3), "pair": (6.4, 3.2), "square": (4.8, 4.5), "tall": (6.4, 6.8)}

#: One colour map per kind of quantity, perceptually even and safe for colour-blind readers.
CMAPS = {"amount": "rocket_r", "difference": "vlag", "similarity": "viridis", "count": "mako_r"}

DOTS = 200  #: an inch, of what is an image inside a figure: two for each dot of a common screen
#: What a file tells of itself: no date, so that the same figure is the same file.
ABOUT = {"Creator": "placeprior", "Date": None}
#: The first font measures; a reader who lacks it has one of the next, which are no wider.
FONTS = ("DejaVu Sans", "Verdana", "Helvetica", "Arial", "sans-serif")

#: The neutral colours, the only greys, black and white of the book. A page replaces them by those of its theme, so that
#: a figure is dark on light or light on dark as the text around it is.
INK = "#222222"  #: letters, axes, and marks that are nobody's colour
MUTED = "#5e6670"  #: lines at zero, outlines of maps, remarks: what stands back
GRID = "#d8d8d8"  #: grid and guide lines
PAPER = "#ffffff"  #: behind everything; the rim of a marker; what covers something
LAND = "#ececec"  #: areas: land without a value, bands, boxes
#: Letters on a coloured field, which has the same colours on every page, so that these stay as they are.
ON_DARK, ON_LIGHT = "#fdfdfd", "#161616"


#: The colours: each stands out by at least 3:1 from a white page and from a dark one, hence no yellow and no navy, and
#: all differ for readers who see red and green alike. Where that is not enough, the marker tells.
BLUE = "#0173b2"
ORANGE = "#cb8305"
GREEN = "#029e73"
VERMILION = "#d55e00"
PINK = "#c976b9"
SKY = "#4a9bc8"
VIOLET = "#7b61c9"
OLIVE = "#5c7f2b"
RUST = "#9f4c38"
PLUM = "#a63a85"
GREY = "#7a7a7a"
SILVER = "#939393"


@dataclass(frozen=True)
class Look:
    """How one arm is drawn on every page."""

    colour: str
    marker: str | tuple[int, int, int]
    name: str


#: Colour and marker of the arms of :data:`placeprior.arms.NAMES`; no two arms share both.
_DRAWN: dict[str, tuple[str, str | tuple[int, int, int]]] = {
    "mean": (INK, "o"),
    "idw": (INK, "X"),
    "kriging": (INK, "P"),
    "eof": (INK, "d"),
    "eof+lonlat": (ORANGE, "d"),
    "eof+geoclip": (BLUE, "d"),
    "eof+random-vector": (PLUM, "d"),
    "eof+kriging": (GREY, "d"),
    "eof+gbt": (OLIVE, "d"),
    "gbt": (OLIVE, "o"),
    "gbt+lonlat": (OLIVE, "s"),
    "gbt+geoclip": (OLIVE, "^"),
    "gbt+urban": (OLIVE, "D"),
    "gbt+kriging": (OLIVE, "P"),
    "gbt+pseudo": (ORANGE, (4, 0, 22)),
    "gbt+pseudo+geoclip": (PINK, (4, 0, 22)),
    "gbt+pseudo-leaked": (VERMILION, (4, 0, 22)),
    "gbt+pseudo-shuffled": (SILVER, (4, 0, 22)),
    "gbt+pseudo-true": (GREEN, (4, 0, 22)),
    "gbt+kinds": (OLIVE, "v"),
    "gbt+lots": (SILVER, "v"),
    "rf": (RUST, "o"),
    "rf+lonlat": (RUST, "s"),
    "rf+geoclip": (RUST, "^"),
    "none+kriging": (GREY, "P"),
    "none": (GREY, "o"),
    "none+head": (SILVER, "h"),
    "random-vector-hadamard": (PLUM, "<"),
    "random-vector-concat": (PLUM, ">"),
    "smooth-random-hadamard": (VIOLET, "<"),
    "smooth-random-concat": (VIOLET, ">"),
    "shuffled-hadamard": (RUST, "<"),
    "shuffled-concat": (RUST, ">"),
    "onehot-hadamard": (VIOLET, "p"),
    "urban-hadamard": (OLIVE, "p"),
    "lonlat": (ORANGE, "s"),
    "sincos": (GREEN, "D"),
    "geoclip-pca8-hadamard": (SKY, "<"),
    "geoclip-pca16-hadamard": (SKY, ">"),
    "geoclip-pca32-hadamard": (SKY, "d"),
    "geoclip-pca64-hadamard": (SKY, "p"),
    "geoclip-pca128-hadamard": (SKY, "h"),
    "geoclip-pca256-hadamard": (SKY, "8"),
    "geoclip-hadamard": (BLUE, "^"),
    "geoclip-concat": (PINK, "v"),
    "geoclip-gated": (VERMILION, "p"),
    "geoclip-film": (VIOLET, "d"),
    "geoclip-bias": (RUST, "h"),
    "geoclip-channels": (OLIVE, ">"),
    "geoclip-tuned-hadamard": (VERMILION, "v"),
    "geoclip-tuned-slowly-hadamard": (SKY, "v"),
}
#: Encoders of the whole comparison: the colour tells the basis, the marker how it was trained and joined.
BASE_COLOURS = {
    "tile": "#666080",
    "wrap": "#736456",
    "wrap-ffn": "#998454",
    "rbf": "#996b00",
    "rff": "#779f18",
    "space2vec-grid": "#00735c",
    "space2vec-theory": "#008a99",
    "xyz": "#d97777",
    "nerf": VERMILION,
    "sphere2vec-c": "#4c84d9",
    "sphere2vec-c+": "#8a81ac",
    "sphere2vec-m": SKY,
    "sphere2vec-m+": "#9085f2",
    "sphere2vec-dfs": VIOLET,
    "siren-sh": PINK,
    "slepian": PLUM,
    "geoclip-slepian": "#b26292",
    "satclip-l10": SILVER,
    "satclip-l40": "#c6455f",
    "homegrown": "#3f8f3f",
}
_JOINED_MARKERS: dict[str, dict[str, str | tuple[int, int, int]]] = {
    "hadamard": {
        "": "o",
        "untrained": "X",
        "fmow": "s",
        "yfcc": "^",
        "untrained-tuned": "P",
        "fmow-tuned": "D",
        "yfcc-tuned": "*",
    },
    # stars: how many points, that it is a star, and by how many degrees it is turned
    "concat": {
        "": (8, 1, 0),
        "untrained": (4, 1, 45),
        "fmow": (4, 1, 0),
        "yfcc": (3, 1, 0),
        "untrained-tuned": (6, 1, 0),
        "fmow-tuned": (3, 1, 180),
        "yfcc-tuned": (5, 1, 180),
    },
}
_DRAWN |= {
    "-".join(filter(None, (basis, training, fusion))): (colour, marker)
    for basis, colour in BASE_COLOURS.items()
    for fusion, markers in _JOINED_MARKERS.items()
    for training, marker in markers.items()
}
_SPARE_COLOURS = (BLUE, ORANGE, GREEN, VERMILION, PLUM, OLIVE, VIOLET)
_SPARE_MARKERS = ("H", (7, 0, 0), (5, 0, 180), (7, 1, 0), (6, 1, 30), (9, 1, 0))  # of no arm that is listed


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


def style(dots: int = DOTS) -> None:
    """Set the book's figure style; call it once, in a notebook's first cell.

    In a notebook, figures are from then on vector graphics that are the same to the last byte each time.

    Parameters
    ----------
    dots : int
        An inch, of images inside a figure: fewer on a page of many maps, which else is heavy.
    """
    # Lengths in points, as seaborn's theme `ticks` has them; to ask seaborn would cost every page half a second.
    mpl.rcParams.update(
        {
            **dict.fromkeys(("font.size", "axes.labelsize", "legend.title_fontsize"), 10.8),
            **dict.fromkeys(("legend.fontsize", "xtick.labelsize", "ytick.labelsize"), 9.9),
            **dict.fromkeys(("xtick.major.size", "ytick.major.size"), 6),
            **dict.fromkeys(("xtick.minor.size", "ytick.minor.size"), 4),
            "axes.axisbelow": True,
            "lines.solid_capstyle": "round",
            "patch.edgecolor": "w",
            "patch.force_edgecolor": True,
            "figure.figsize": SIZES["wide"],
            "figure.dpi": 150,
            "savefig.dpi": dots,
            # One opaque rectangle behind all, which a page takes out; a file without it would vanish on a dark screen.
            "figure.facecolor": PAPER,
            "savefig.facecolor": PAPER,
            "savefig.transparent": False,
            "axes.facecolor": "none",
            "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, VERMILION, PINK, OLIVE, VIOLET, SKY, RUST, PLUM]),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.titlesize": "medium",
            "axes.titlelocation": "left",
            "grid.color": GRID,
            "grid.linewidth": 0.7,
            **dict.fromkeys(("axes.linewidth", "xtick.major.width", "ytick.major.width"), 0.9),
            **dict.fromkeys(("xtick.minor.width", "ytick.minor.width"), 0.7),
            "legend.frameon": False,
            **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
            "hatch.color": PAPER,
            "lines.markersize": 6,
            "font.family": FONTS[-1],
            "font.sans-serif": [*FONTS[:-1]],
            "image.cmap": CMAPS["similarity"],
            "svg.fonttype": "none",
            "svg.hashsalt": "placeprior",
        }
    )
    shell = sys.modules.get("IPython")  # no part of the package needs it outside of pages
    if shell and shell.get_ipython():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg", dpi=dots, metadata=ABOUT)


def save(fig: Figure, path: Path) -> None:
    """Write a figure as a vector graphic, the same bytes each time, on opaque paper.

    Parameters
    ----------
    fig : matplotlib Figure
        Drawn after :func:`style`.
    path : Path
        Ends in ``.svg``.
    """
    text = io.StringIO()
    fig.savefig(text, format="svg", dpi=DOTS, bbox_inches="tight", metadata=ABOUT)
    path.write_text(vector.slim(text.getvalue()), encoding="utf-8")


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
    bar.outline.set(edgecolor=MUTED, linewidth=0.4)
    return bar


def colours(kind: str) -> Colormap:
    """The colour map of a kind of quantity, a key of :data:`CMAPS`."""
    if CMAPS[kind] not in mpl.colormaps:
        # It registers its own. Here, because it is the heaviest of all that a page could import before its first line.
        import seaborn.cm  # noqa: F401
    return mpl.colormaps[CMAPS[kind]]


def stops(kind: str, count: int) -> list[str]:
    """Colours of a kind of quantity at even steps, low to high, as ``#rrggbb``.

    Parameters
    ----------
    kind : str
        A key of :data:`CMAPS`.
    count : int
    """
    return [mpl.colors.to_hex(colour) for colour in colours(kind)(np.linspace(0, 1, count))]
