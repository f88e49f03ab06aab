"""What all interactive figures share: their frame, their controls, and how numbers and the country are packed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike

from placeprior import coords
from placeprior.book.style import stops

TOLERANCE = 0.05  # degrees, by which the drawn outline may be off: less than a pixel
LONGEST = 1.0  # degrees: the border along a parallel is bent on the map
STEP = 0.01  # degrees, to which it is rounded


@dataclass(frozen=True)
class Widget:
    """An interactive figure, as a notebook's cell shows it.

    Attributes
    ----------
    kind : str
        Names the script that draws it, ``book/_static/interactive/<kind>.js``.
    name : str
        What it shows; also what a screen reader calls it.
    body : str
        Controls and canvases, HTML.
    data : mapping
        What the script reads, as JSON.
    origin : str
        What it was made of, as :func:`placeprior.book.layout.origin` says it.
    """

    kind: str
    name: str
    body: str
    data: Mapping[str, Any]
    origin: str

    def _repr_html_(self) -> str:
        # Hidden until its script has drawn it: without scripts the figure above is all there is.
        return (
            f'<div class="interactive" data-kind="{self.kind}" role="group" aria-label="{escape(self.name)}" hidden>\n'
            # In a form of its own: the radio buttons of another figure are then another choice.
            f'<p class="title">Try it: {escape(self.name)}</p>\n<form>\n{self.body}\n</form>\n'
            f'<p class="said" aria-live="polite"></p>\n<p class="origin">{escape(self.origin)}</p>\n'
            f'<script type="application/json">{self.json()}</script>\n</div>'
        )

    def __repr__(self) -> str:
        return f"interactive figure: {self.name}"

    def json(self) -> str:
        """The data as text that may stand in a page: no number is NaN, and nothing can end the element early."""
        return json.dumps(dict(self.data), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


# --- controls ---------------------------------------------------------------------------------------------------------


def radios(name: str, legend: str, options: Mapping[str, str]) -> str:
    """A choice of one among a few; the first is chosen.

    Parameters
    ----------
    name : str
        By which the script finds it.
    legend : str
    options : mapping of str to str
        Value to label.
    """
    choices = (
        f'<label><input type="radio" name="{name}" value="{escape(value)}"{" checked" * (number == 0)}>'
        f"<span>{escape(label)}</span></label>"
        for number, (value, label) in enumerate(options.items())
    )
    return f"<fieldset><legend>{escape(legend)}</legend>{''.join(choices)}</fieldset>"


def slider(name: str, label: str, low: float, high: float, step: float, value: float) -> str:
    """A slider with its value beside it; not in an ``output``, which the label would then be of."""
    return (
        f'<label class="slide"><span>{escape(label)} <span class="value"></span></span>'
        f'<input type="range" name="{name}" min="{low:g}" max="{high:g}" step="{step:g}" value="{value:g}"></label>'
    )


def select(name: str, label: str, options: Sequence[str]) -> str:
    """A list to choose from; the value is the number of the option."""
    listed = "".join(f'<option value="{number}">{escape(text)}</option>' for number, text in enumerate(options))
    return f'<label class="pick"><span>{escape(label)}</span> <select name="{name}">{listed}</select></label>'


def canvas(name: str, label: str, title: str = "", *, reached: bool = False) -> str:
    """Where something is drawn.

    Parameters
    ----------
    name : str
        By which the script finds it.
    label : str
        What a screen reader says it is.
    title : str
        Written above it.
    reached : bool
        Whether the keyboard reaches it.
    """
    role = 'tabindex="0" role="application"' if reached else 'role="img"'
    above = f"<figcaption>{escape(title)}</figcaption>" if title else ""
    return f'<figure>{above}<canvas data-name="{name}" {role} aria-label="{escape(label)}"></canvas></figure>'


def row(*parts: str) -> str:
    """Parts side by side, or below each other on a narrow screen."""
    return f'<div class="beside">{"".join(parts)}</div>'


def bar(name: str) -> str:
    """Where a scale of colours is drawn."""
    return f'<div class="bar" data-name="{name}"></div>'


def key() -> str:
    """Where colours and shapes are explained."""
    return '<p class="key"></p>'


# --- numbers ----------------------------------------------------------------------------------------------------------


def packed(values: ArrayLike, kind: str) -> str:
    """Numbers as base64 of little-endian bytes, row by row.

    Parameters
    ----------
    values : array_like
    kind : {"u1", "i1", "i2", "f8"}
    """
    return base64.b64encode(np.ascontiguousarray(values, dtype=f"<{kind}").tobytes()).decode()


def ramp(kind: str) -> list[str]:
    """The book's colours of a kind of quantity, low to high."""
    return stops(kind, 33)


@lru_cache(maxsize=1)
def country() -> dict[str, Any]:
    """Outline of the contiguous United States: ``rings`` with the number of points of each, ``points`` and ``step``.

    Points are in units of ``step`` degrees, longitude before latitude.
    """
    outline = shapely.segmentize(shapely.simplify(coords.nation(), TOLERANCE), LONGEST)
    parts = shapely.get_parts(outline)
    rings = [shapely.get_coordinates(part.exterior) for part in parts]
    points = np.rint(np.concatenate(rings) / STEP)
    return {"rings": [len(ring) for ring in rings], "points": packed(points, "i2"), "step": STEP}


def cells(land: coords.Land) -> dict[str, Any]:
    """Cells on land: ``lonlat`` of their centres in units of half a ``size``, degrees, row by row from the south."""
    half = land.resolution / 2
    return {"lonlat": packed(np.rint(land.places / half), "i2"), "size": land.resolution}
