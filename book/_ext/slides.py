"""A deck of slides that is a page of the book: it takes answers, figures and questions from other pages.

A document with ``deck: true`` in its front matter becomes slides: its title the first, each section below it one more::

    ## What a held-out day repeats

    ```{from} chapters/splits
    :figure: fig-splits-redundancy
    ```

    ```{notes}
    Minute 25. Let them guess first.
    ```

``:answer:`` takes a page's answer, ``:quiz:`` its first quiz, ``:exercise: 2`` its second exercise, ``:figure:`` a
figure or table by its label, ``:part: 0 0.6 1 1`` of a figure what lies between these fractions of its width and height
(left, top, right, bottom). A figure's caption goes to the speaker's notes, so that the figure has the slide. What a
page does not have is a warning, unless runs of that page are still to be made: then the slide says so. Slides are shown
by reveal.js (MIT), files of the package ``sphinx-revealjs``; nothing comes from another host.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

LOG = logging.getLogger(__name__)
#: What of reveal.js a deck loads.
SCRIPTS = ("dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js")
#: What begins a line, or the title of a box, on pages whose runs are not all made.
_WAITING = ("Still to be run", "Its runs are being made", "Not run here")
_FIGURES = (nodes.figure, nodes.table, nodes.container)
_SVG = re.compile(
    r'(?P<tag><svg [^>]*?viewBox=")0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)(?P<rest>"[^>]*>)(?P<body>.*)</svg>', re.S
)


class taken(nodes.General, nodes.Element):  # docutils names node classes in lower case
    """Stands where a part of another page will stand."""


class notes(nodes.General, nodes.Element):
    """What only the speaker sees."""


def _fractions(argument: str) -> tuple[float, ...]:
    """Left, top, right and bottom of a part of a figure, 0 … 1."""
    box = tuple(map(float, argument.split()))
    if len(box) != 4 or not (0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1):
        raise ValueError(
            f"part must be left, top, right, bottom between 0 and 1, such as 0 0.5 1 1; it is {argument!r}"
        )
    return box


class From(SphinxDirective):
    """The ``from`` directive."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "answer": directives.flag,
        "quiz": directives.flag,
        "exercise": directives.positive_int,
        "figure": directives.unchanged_required,
        "part": _fractions,
    }

    def run(self) -> list[nodes.Node]:
        box = self.options.pop("part", None)
        if len(self.options) != 1 or (box and "figure" not in self.options):
            known = ", ".join(f":{name}:" for name in self.option_spec)
            raise self.error(f"from {self.arguments[0]}: say which part to take, one of {known}")
        [(what, which)] = self.options.items()
        page, _ = self.env.relfn2path(self.arguments[0])
        place = taken("", page=page, what=what, which=which, box=box)
        self.set_source_info(place)
        return [place]


class Notes(SphinxDirective):
    """The ``notes`` directive."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        box = notes()
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


def part(doctree: nodes.document, what: str, which: Any) -> nodes.Element | None:
    """A page's answer, quiz, exercise or figure, or None."""
    if what == "figure":
        name = nodes.make_id(which)
        found = [node for node in doctree.findall(nodes.Element) if name in node.get("ids", ())]
        return next((node for node in found if isinstance(node, _FIGURES)), None)
    if what == "exercise":
        found = [node for node in doctree.findall(nodes.Admonition) if "exercise" in node["classes"]]
        return found[which - 1] if which <= len(found) else None
    if what == "quiz":
        return next((node for node in doctree.findall(nodes.Element) if node.tagname == "quiz"), None)
    return next((node for node in doctree.findall(nodes.container) if "answer" in node["classes"]), None)


def waits(doctree: nodes.document) -> bool:
    """Whether runs of a page are still to be made."""
    return any(node.astext().startswith(_WAITING) for node in doctree.findall(nodes.TextElement))


def moved(node: nodes.Element, here: str, there: str) -> nodes.Element:
    """A copy of a part of a page for another page, its links led back to where they led.

    Parameters
    ----------
    node : nodes.Element
    here, there : str
        Addresses, from the root of the book, of the page that takes and of the page that gives.
    """
    copied = node.deepcopy()
    for offer in list(copied.findall(nodes.legend)):  # the figure's data, file and code, to take from its page
        offer.parent.remove(offer)
    for link in copied.findall(nodes.reference):
        if "refid" in link:
            link["refuri"] = f"{there}#{link.attributes.pop('refid')}"
        elif link.get("internal"):
            path, mark, anchor = link["refuri"].partition("#")
            link["refuri"] = (posixpath.join(posixpath.dirname(there), path) if path else there) + mark + anchor
        else:
            continue
        path, mark, anchor = link["refuri"].partition("#")
        link["refuri"] = posixpath.relpath(path, posixpath.dirname(here) or ".") + mark + anchor
    return copied


def cut(svg: str, box: tuple[float, ...]) -> str:
    """A figure inlined in a page, and of it only what lies in a box.

    Parameters
    ----------
    svg : str
        HTML with one ``svg``.
    box : tuple of float
        Left, top, right, bottom, as fractions of its width and height.
    """
    found = _SVG.search(svg)
    if found is None:
        return svg
    width, height = float(found["width"]), float(found["height"])
    x, y = box[0] * width, box[1] * height
    w, h = box[2] * width - x, box[3] * height - y
    view = f"{x:g} {y:g} {w:g} {h:g}"
    inner = f'<svg x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" viewBox="{view}">'  # this one clips
    whole = f"{found['tag']}{view}{found['rest']}{inner}{found['body']}</svg></svg>"
    return svg[: found.start()] + whole + svg[found.end() :]


def shown(figure: nodes.Element, box: tuple[float, ...] | None) -> list[nodes.Node]:
    """A figure of another page as a slide shows it, and its caption for the speaker."""
    if box:
        for raw in figure.findall(nodes.raw):
            raw.children[:] = [nodes.Text(cut(raw.astext(), box))]
            raw.rawsource = raw.astext()
    told = notes()
    for caption in [node for node in figure.findall(nodes.caption) if isinstance(node.parent, nodes.figure)]:
        caption.parent.remove(caption)
        told += nodes.paragraph("", "", *(child.deepcopy() for child in caption.children))
    return [figure, told] if told.children else [figure]


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the parts of other pages where a deck asks for them."""
    address = app.builder.get_target_uri
    known: dict[str, nodes.document] = {}
    for place in list(doctree.findall(taken)):
        source, what, which = place["page"], place["what"], place["which"]
        if source not in app.env.found_docs:
            LOG.warning("from: there is no page %r", source, location=place, type="slides")
            continue
        if source not in known:
            known[source] = app.env.get_and_resolve_doctree(source, app.builder)
        whole = known[source]
        found = part(whole, what, which)
        if found is not None:
            place.replace_self(shown(moved(found, address(page), address(source)), place["box"]))
            continue
        if not waits(whole):
            LOG.warning("from: page %r has no %s %s", source, what, which or "", location=place, type="slides")
        told = nodes.emphasis("", "Still to be run: the page ")
        told += nodes.Text(app.env.titles[source].astext() + " will show it here.")
        place.replace_self(nodes.paragraph("", "", told))


def dress(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> str | None:
    """Show a deck as slides and not as a page of the book."""
    if doctree is None or not app.env.metadata[page].get("deck"):
        return None
    top = next(doctree.findall(nodes.section)).deepcopy()
    below = [child for child in top.children if isinstance(child, nodes.section)]
    for child in below:
        top.remove(child)
    render = app.builder.render_partial
    context["slides"] = [render(section)["fragment"] for section in (top, *below)]
    context["mathjax"] = f"_static/{app.config.mathjax_path}"
    return "slides.html"


def with_reveal(app: Sphinx) -> None:
    """Put reveal.js where the template looks for it."""
    if app.builder.format != "html":
        return
    package = find_spec("sphinx_revealjs")
    if package is None:
        raise ExtensionError("the slides need the files of reveal.js: pip install sphinx-revealjs, or make setup")
    for name in SCRIPTS:
        source = Path(package.submodule_search_locations[0]) / "_static" / "revealjs" / name
        target = Path(app.outdir) / "_static" / "reveal" / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def with_templates(app: Sphinx, config: Any) -> None:
    """Let Sphinx find the template of a deck, which lies beside this folder."""
    config.templates_path = [*config.templates_path, str(Path(__file__).parents[1] / "_templates")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register directives and nodes, and hook into the pages before they are written."""
    nothing = (lambda self, node: None, lambda self, node: None)
    aside = (
        lambda self, node: self.body.append('<aside class="notes">\n'),
        lambda self, node: self.body.append("</aside>\n"),
    )
    app.add_node(notes, html=aside, latex=nothing, text=nothing)
    app.add_node(taken, html=nothing, latex=nothing, text=nothing)
    app.add_directive("from", From)
    app.add_directive("notes", Notes)
    app.connect("config-inited", with_templates)
    app.connect("builder-inited", with_reveal)
    app.connect("doctree-resolved", fill)
    app.connect("html-page-context", dress)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
