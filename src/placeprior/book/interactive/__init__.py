"""Figures that a reader can move, drawn in the browser from data in the page: no server, no library, no request.

Each function returns a :class:`.widget.Widget`, which a notebook's cell shows by naming it. What is here computes and
packs the data and writes the controls; the drawing is in ``book/_static/interactive``, which the Sphinx extension
``book/_ext/interactive.py`` puts on pages that have such a figure. Without scripts and in print a page shows the
ordinary figure that stands above each of them.
"""

from placeprior.book.interactive.checkerboard import checkerboard
from placeprior.book.interactive.days import days
from placeprior.book.interactive.scales import scales
from placeprior.book.interactive.similarity import similarity

__all__ = ["checkerboard", "days", "scales", "similarity"]
