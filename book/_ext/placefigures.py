"""The book's figures as a journal would print them: in the page itself, in its colours, with what a reader may take.

A figure of an executed page is an SVG file. Here it becomes part of the page: its neutral colours (those of
``placeprior.book.style``) turn into colours of the theme, so that it is dark on light or light on dark as the text is;
its letters are the page's; a screen reader hears its description. Under its caption stand the data that were drawn,
where the page has them (``book/chapters/data``, see ``placeprior.book.handing``), the way to the code, and the drawing
as a file. It does not lie beside the page a second time: ``book/_static/drawings.js`` makes it from the page.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from placeprior.book import handing, style

#: A neutral colour and the name it has in ``book.css``.
NEUTRALS = {
    style.INK: "var(--ink)",
    style.MUTED: "var(--muted)",
    style.GRID: "var(--grid)",
    style.PAPER: "var(--paper)",
    style.LAND: "var(--land)",
}
OURS = "<dc:title>placeprior</dc:title>"  # in a file that `placeprior.book.style` had written
DOTS = 4 / 3  # of a screen, for a point of a figure
#: Dots: no letter of a figure is smaller, however narrow the screen. So a figure 7 in wide, with letters of 9 points,
#: fits a phone of 390 dots whole: its right panel often says what its left one only prepares.
LEGIBLE = 7.0
WIDER = 1.25  # how much larger than measured a figure may be shown
HEAVY = 1_600_000  # bytes of figures in one page; beyond it, the heaviest stay files that the page shows
FOLDER = "_downloads/figures"
DRAWING = "data-drawing"  # says of a figure's links what its drawing is called, where a script saves it

_OUTSIDE = re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->|<defs>\s*</defs>", re.S)
_BACKGROUND = re.compile(r'(<g id="figure_1">\s*)<g id="patch_1">.*?</g>', re.S)
_VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_TEXT = re.compile(r"<text.*?</text>", re.S)
_LETTERS = re.compile(r"font(?:-size)?: [^;\"]*?([\d.]+)px")


def inlined(svg: str, name: str, description: str) -> str:
    """A figure's file as a part of a page.

    Parameters
    ----------
    svg : str
        As :func:`placeprior.book.style.save` writes it, or a notebook with :func:`placeprior.book.style.style`.
    name : str
        Begins every id in it: ids of two figures of a page may be equal.
    description : str
        What a screen reader says.

    Returns
    -------
    str
        A ``div`` that scrolls sideways where the screen is too narrow for letters of :data:`LEGIBLE` dots.
    """
    width, height = map(float, _VIEW.search(svg).groups())
    svg = _BACKGROUND.sub(r"\1", _OUTSIDE.sub("", svg))
    body = svg[svg.index(">") + 1 : svg.rindex("</svg>")]
    body = _OUTSIDE.sub("", body).replace("xlink:href", "href").replace(' transform="rotate(-0', ' transform="rotate(0')
    body = re.sub(r' transform="rotate\(0 [^"]*\)"', "", body)
    linked = set(re.findall(r'(?:url\(#|href="#)([^")]+)', body))
    body = re.sub(r' id="([^"]*)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in linked else "", body)
    body = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", body)
    # A formula's letters stand one by one where the first font has them; all others follow the page's font.
    body = re.sub(r"(<text [^>]*?)font-family: [^;\"]*;? ?", r"\1", body)
    for neutral, named in NEUTRALS.items():
        body = body.replace(neutral, named)
    # of a formula the letters, not the exponents
    letters = [max(map(float, sizes)) for text in _TEXT.findall(body) if (sizes := _LETTERS.findall(text))]
    least = width * DOTS * min(1.0, LEGIBLE / (min(letters) * DOTS)) if letters else 0.0
    body = re.sub(r">\s+<", "><", body.strip())
    size = f"width: {width * DOTS * WIDER:.0f}px; min-width: {least:.0f}px"
    return (
        f'<div class="figure-scroll"><svg class="figure" role="img" aria-label="{html.escape(description)}" '
        f'viewBox="0 0 {width:g} {height:g}" style="{size}">{body}</svg></div>'
    )


def _file(app: Sphinx, image: nodes.image) -> Path | None:
    """The file of an image that is a figure of this book."""
    path = Path(app.srcdir) / image["uri"]
    return path if path.suffix == ".svg" and path.is_file() and OURS in path.read_text("utf-8")[:2000] else None


def place(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the figures of a page into it, the lightest first, and under each what a reader may take along."""
    if app.builder.format != "html":
        return
    found = [(image, path) for image in doctree.findall(nodes.image) if (path := _file(app, image))]
    made: list[tuple[str, nodes.image, str, Path]] = []
    for number, (image, path) in enumerate(found):
        figure = image.parent
        named = figure["ids"][0] if isinstance(figure, nodes.figure) and figure["ids"] else f"figure-{number}"
        made.append((inlined(path.read_text(encoding="utf-8"), named, image.get("alt", "")), image, named, path))
    weight = 0
    for text, image, named, path in sorted(made, key=lambda each: len(each[0])):
        weight += len(text)
        within = weight <= HEAVY
        if isinstance(image.parent, nodes.figure):
            _offer(app, page, image.parent, named, None if within else path)
        if within:
            image.replace_self(nodes.raw("", text, format="html"))


def _offer(app: Sphinx, page: str, figure: nodes.figure, name: str, drawn: Path | None) -> None:
    """Copy what a figure offers to where the page links it, and write the links under the caption.

    Its file is copied where the drawing is not part of the page; else a script makes it (:func:`with_script`).
    """
    source = Path(app.env.doc2path(page))
    data = [path for path in handing.folder(source).glob("*.*") if nodes.make_id(path.stem) == name]
    target = Path(app.outdir) / FOLDER / source.stem
    if data or drawn is not None:
        target.mkdir(parents=True, exist_ok=True)
    up = "../" * page.count("/") + f"{FOLDER}/{source.stem}"
    links = []
    for path in data:
        shutil.copyfile(path, target / f"{name}{path.suffix}")
        kind = {".csv": "CSV", ".nc": "NetCDF"}[path.suffix]
        links.append(f'<a href="{up}/{name}{path.suffix}" download>Data ({kind})</a>')
    if code := _code(figure):
        code["ids"].append(f"code-{name}")
        links.append(f'<a href="#code-{name}">Code</a>')
    if drawn is not None:
        shutil.copyfile(drawn, target / f"{name}.svg")
        links.append(f'<a href="{up}/{name}.svg" download>SVG</a>')
    drawing = f' {DRAWING}="{name}"' if drawn is None else ""
    line = f'<p class="figure-links"{drawing}>{" · ".join(links)}</p>'
    figure.append(nodes.legend("", nodes.raw("", line, format="html")))


def _code(figure: nodes.figure) -> nodes.Element | None:
    """What of a figure's cell holds its code; None where the page leaves it out."""
    cell = figure.parent
    while cell is not None and cell.get("nb_element") != "cell_code":
        cell = cell.parent
    holds = [] if cell is None else cell.findall(nodes.container)
    return next((node for node in holds if node.get("nb_element") == "cell_code_source"), None)


def with_script(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Load what saves drawings on the pages that have one, and tell it how a drawing looks outside of a page."""
    if f" {DRAWING}=" in context.get("body", ""):
        colours = {named: neutral for neutral, named in NEUTRALS.items()}
        outside = {"data-colours": json.dumps(colours), "data-paper": style.PAPER, "data-fonts": ", ".join(style.FONTS)}
        app.add_js_file("drawings.js", loading_method="defer", **outside)


def lazily(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Let a browser fetch an image only when a reader comes near it."""
    if "body" in context:
        context["body"] = re.sub(r"<img (?![^>]*\bloading=)", '<img loading="lazy" ', context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what is done with the figures of a page."""
    app.connect("doctree-resolved", place, priority=900)
    app.connect("html-page-context", lazily)
    app.connect("html-page-context", with_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
