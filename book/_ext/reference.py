"""The page of the public interface, from docstrings: each object's purpose and parameters; `help()` has the rest."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def shorten(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Keep a class's purpose and what its parameters mean, and of everything else the first paragraph."""
    sections: dict[str, list[str]] = {"": []}
    section = ""
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if below and set(below) == {"-"}:
            section = line
            sections[section] = []
        elif not (line and set(line) == {"-"}):
            sections[section].append(line)
    if what == "class":
        lines[:] = [*sections[""], *definitions(sections.get("Parameters", [])), ""]
    else:
        lines[:] = lines[: lines.index("")] if "" in lines else lines


def definitions(lines: list[str]) -> list[str]:
    """A section of parameters as a list of definitions without types; without those that another class explains."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line and not line.startswith(" "):
            found.append((line.partition(" : ")[0], []))
        elif line.strip():
            found[-1][1].append(line.strip())
    told = [(names, text) for names, text in found if text and not text[0].startswith("As in")]
    return [
        line for names, text in told for line in (f"``{names.replace(', ', '``, ``')}``", f"    {' '.join(text)}", "")
    ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.autosummary")
    app.connect("autodoc-process-docstring", shorten)
    app.config.autodoc_typehints = "none"
    app.config.autodoc_member_order = "bysource"
    app.config.autosummary_generate = False
    return {"parallel_read_safe": True, "parallel_write_safe": True}
