"""The page of the public interface, from docstrings: each object's purpose, parameters and what it returns."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

#: Sections of a numpydoc docstring that the page leaves to `help()`.
LEFT_OUT = {"Attributes", "Examples", "Notes", "Raises", "Returns", "Yields"}


def shorten(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Keep the parameters of classes, and of everything else the first paragraph."""
    kept, section = [], ""
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if below and set(below) == {"-"}:
            section = line.strip()
        if section not in LEFT_OUT:
            kept.append(line)
    if what != "class":
        kept = kept[: kept.index("")] if "" in kept else kept
    lines[:] = kept


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.connect("autodoc-process-docstring", shorten, priority=100)  # before napoleon reads the sections
    app.config.autodoc_typehints = "none"
    app.config.autodoc_member_order = "bysource"
    app.config.napoleon_google_docstring = False
    return {"parallel_read_safe": True, "parallel_write_safe": True}
