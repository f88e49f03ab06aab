"""Scripts and style of interactive figures, on the pages that have one and on no other.

``placeprior.book.interactive`` writes such a figure as ``<div class="interactive" data-kind="KIND" …>``; it is drawn by
``book/_static/interactive/core.js`` and ``KIND.js``.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

FIGURE = re.compile(r'<div class="interactive" data-kind="(\w+)"')
FOLDER = "interactive"


def kinds(body: str) -> list[str]:
    """The kinds of interactive figures on a page, each once.

    >>> kinds('<div class="interactive" data-kind="days" role="group">')
    ['days']
    """
    return sorted(set(FIGURE.findall(body)))


def add_files(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Name the files that a page's figures need; `core` comes first, as the others register with it."""
    found = kinds(context.get("body", ""))
    for script in ["core", *found] if found else []:
        app.add_js_file(f"{FOLDER}/{script}.js", loading_method="defer")
    if found:
        app.add_css_file(f"{FOLDER}/interactive.css")


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at every page before it is written."""
    app.connect("html-page-context", add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
