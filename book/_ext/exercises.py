"""Notebooks for a class: each executed page without its solutions, offered at the page's first exercise.

A notebook is made from the page while the book is built, beside the page: no solutions, no outputs, an empty cell after
each exercise. Numbers that a page prints from its runs, as those of its answer, are left as blanks, for they are what a
class is to find. What only Sphinx understands becomes plain Markdown, so that the notebook reads well in Jupyter;
figures and equations keep the names by which the text points to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

BLANK = "\\_\\_\\_\\_"
_FENCE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<title>[^\n]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.M | re.S
)
_OPTIONS = re.compile(r"\A(?:[ \t]*:[\w-]+:[^\n]*\n)*\n?")
_ROLE = re.compile(r"\{(?P<name>[\w:+-]+)\}`(?P<text>[^`]+)`")
_UNSAID = re.compile(r"^(?:\([\w-]+\)=|% ).*\n", re.M)  # labels and comments
_EQUATION = re.compile(r"\$\$[ \t]*\(([\w-]+)\)")
_TITLED = re.compile(r"(?P<title>[^<]*[^<\s])\s*<[^>]+>")
#: Blocks that a class is to find out, or does not need.
_LEFT_OUT = {"goals", "quiz", "include", "toctree"}
_POINTERS = {"fig": "figure *{}*", "tab": "table *{}*", "eq": "equation *{}*"}


def blocks(text: str) -> Iterator[tuple[str, str, str]]:
    """The parts of a cell in order: ``("", "", text)`` between blocks, and ``(name, title, body)`` of each.

    The options of a block stand at the head of its body.
    """
    end = 0
    for found in _FENCE.finditer(text):
        yield "", "", text[end : found.start()]
        yield found["name"], found["title"].strip(), found["body"]
        end = found.end()
    yield "", "", text[end:]


def is_solution(name: str, title: str) -> bool:
    """Whether a block is a solution."""
    return name == "admonition" and title.startswith("Solution")


def is_exercise(name: str, title: str, body: str) -> bool:
    """Whether a block is an exercise."""
    classes = re.findall(r"^:class:(.*)$", body, re.M)
    return name == "admonition" and (title.startswith("Exercise") or "exercise" in " ".join(classes).split())


def plain(text: str, titles: Callable[[str], str]) -> str:
    """Text whose roles, labels and named equations are plain Markdown.

    Parameters
    ----------
    text : str
    titles : callable
        From what ``{doc}`` names to that page's title.
    """

    def role(found: re.Match[str]) -> str:
        name, inside = found["name"], found["text"]
        titled = _TITLED.fullmatch(inside)
        if name == "val":
            return BLANK
        if titled:
            return titled["title"]
        if name == "doc":
            return f"*{titles(inside)}*"
        if name.startswith("cite"):
            return f"({inside})"
        if name == "math":
            return f"${inside}$"
        kind = inside.partition("-")[0] if name == "numref" else name
        return _POINTERS.get(kind, "{}").format(inside)

    return _EQUATION.sub(r"\\tag{\1}\n$$", _UNSAID.sub("", _ROLE.sub(role, text)))


def code(cell: nbformat.NotebookNode, titles: Callable[[str], str]) -> nbformat.NotebookNode:
    """A cell of code, and above it the name and the caption of the figure that it draws."""
    tags = cell.metadata.get("tags", [])
    figure = cell.metadata.get("mystnb", {}).get("figure", {})
    source = cell.source
    if figure.get("name"):
        caption = plain(figure.get("caption", ""), titles)
        source = f"# figure {figure['name']}: {caption}\n{source}"
    return nbformat.v4.new_code_cell(source, metadata={"tags": tags} if tags else {})


def without_solutions(
    page: nbformat.NotebookNode, title: str, titles: Callable[[str], str]
) -> nbformat.NotebookNode | None:
    """A page's notebook for a class, or None where it has no exercise.

    Parameters
    ----------
    page : nbformat.NotebookNode
        As it was executed.
    title : str
        Of the page.
    titles : callable
        As for :func:`plain`.
    """
    cells: list[nbformat.NotebookNode] = []
    found = 0

    def write(text: str) -> None:
        if text.strip():
            cells.append(nbformat.v4.new_markdown_cell(text.strip()))

    for cell in page.cells:
        if "solution" in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "code":
            cells.append(code(cell, titles))
            continue
        text = ""
        for name, heading, body in blocks(cell.source):
            inside = plain(_OPTIONS.sub("", body), titles) if name else plain(body, titles)
            if not name:
                text += inside
            elif is_solution(name, heading) or name in _LEFT_OUT or ":class: stamp" in body:
                continue
            elif is_exercise(name, heading, body):
                found += 1
                heading = heading if heading.startswith("Exercise") else f"Exercise {heading}"
                write(text + f"### {plain(heading, titles)}\n\n{inside}")
                cells.append(nbformat.v4.new_code_cell(""))
                text = ""
            elif name == "literalinclude":
                text += f"See `{heading.rpartition('../')[2]}`."
            elif name == "math":
                label = re.search(r"^[ \t]*:label:[ \t]*(\S+)", body, re.M)
                tag = f"\\tag{{{label[1]}}}\n" if label else ""
                text += f"$$\n{inside.strip()}\n{tag}$$"
            elif name == "answer":
                asked = re.search(r"^[ \t]*:question:[ \t]*(.*)$", body, re.M)
                lines = [f"**{plain(asked[1], titles)}**", ""] if asked else []
                text += "\n".join(f"> {line}".rstrip() for line in [*lines, *inside.strip().splitlines()])
            else:
                lines = [f"**{plain(heading, titles)}**", "", *inside.strip().splitlines()] if heading else [inside]
                text += "\n".join(f"> {line}".rstrip() for line in lines)
        write(text)
    if not found:
        return None
    note = (
        f"*Exercises of the page “{title}”, without solutions and without outputs. It runs in the folder of the "
        f"project, with its environment, after `make book`. {BLANK} is a number for you to find.*"
    )
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(note), *cells])
    made.metadata = {"kernelspec": page.metadata.get("kernelspec", {}), "language_info": {"name": "python"}}
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number}"  # the same file every time
    return made


def offer(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Write the notebook of a page that has exercises beside the page, and link it before the first of them."""
    source = Path(app.env.doc2path(page))
    if app.builder.format != "html" or source.suffix != ".ipynb":
        return

    def titles(name: str) -> str:
        address = (source.parent / name).resolve() if not name.startswith("/") else Path(app.srcdir) / name[1:]
        try:
            known = address.relative_to(Path(app.srcdir).resolve()).as_posix()
        except ValueError:
            return name
        return app.env.titles[known].astext() if known in app.env.titles else name

    notebook = nbformat.read(source, as_version=4)
    made = without_solutions(notebook, app.env.titles[page].astext(), titles)
    first = next((box for box in doctree.findall(nodes.Admonition) if "exercise" in box["classes"]), None)
    if made is None or first is None:
        return
    target = Path(app.outdir) / f"{page}-exercises.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, target)
    link = addnodes.download_reference("", "", refuri=target.name, reftype="download", classes=["exercises"])
    link += nodes.Text("Notebook without solutions")
    first.parent.insert(first.parent.index(first), nodes.paragraph("", "", link, classes=["exercises"]))


def setup(app: Sphinx) -> dict[str, Any]:
    """Hook into the pages before they are written."""
    app.connect("doctree-resolved", offer)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
