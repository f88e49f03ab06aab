"""The built book when all its pages are written: lighter, and with what no page is.

What pages do not use is taken out of them and of the site. Added are a map of the site, a page for wrong addresses, the
first page's redirect, a picture for links, and texts for the search page.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import textwrap
from base64 import b64encode
from html import escape
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from publish import CARD, CARD_SIZE, changed, home, project, source
from sphinx.application import Sphinx

from placeprior.book import counts

#: Pages that are not text: they lead nowhere and are found by nobody.
UNLISTED = {"search", "genindex", "py-modindex", "404", "index", "book/slides"}
_SEARCH = ("searchtools.js", "language_data.js", "searchindex.js")


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Lighten the written pages and add what none of them is."""
    if exception is not None or app.builder.name != "html":
        return
    root, out = Path(app.confdir), Path(app.outdir)
    icons = shrink_icons(out)
    for drawing in out.rglob("*.svg"):
        drawing.write_text(rounded(drawing.read_text(encoding="utf-8")), encoding="utf-8")
    for notebook in (out / "_sources").rglob("*.ipynb"):
        notebook.write_text(slim(notebook.read_text(encoding="utf-8")), encoding="utf-8")
    for path in written(out):
        text = path.read_text(encoding="utf-8")
        lean = lightened(text, path.parent, search=path.name == "search.html")
        path.write_text(lean, encoding="utf-8")
    for useless in (*out.rglob("*.map"), out / "_static/scripts/fontawesome.js", *icons):
        useless.unlink(missing_ok=True)
    share_pictures(out)
    write_excerpts(out)
    draw_card(root, out / CARD)
    (out / "sitemap.xml").write_text(sitemap(root, out), encoding="utf-8")
    title, told = escape(app.config.html_title), escape(project(root)["description"])
    first = f"{app.config.root_doc}.html"
    (out / "index.html").write_text(stub(title, told, f"{home(root)}/{first}", first), encoding="utf-8")
    (out / "404.html").write_text(lost(out, title, home(root), first), encoding="utf-8")


def written(out: Path) -> list[Path]:
    """The pages of a built book, without those that only lead to another."""
    pages = (path for path in out.rglob("*.html") if "_static" not in path.parts)
    return sorted(path for path in pages if path.relative_to(out).as_posix() not in ("index.html", "404.html"))


def lightened(text: str, folder: Path, *, search: bool) -> str:
    """A page without what it does not use, its pictures loaded when they are scrolled to.

    Parameters
    ----------
    text : str
        The page as HTML.
    folder : path
        Where it lies: its pictures' sizes are read, so that nothing jumps when they arrive.
    search : bool
        Whether it is the search page, which alone uses the index.
    """
    unused = ["scripts/fontawesome.js"]  # the style sheet has the same icons as a font
    if not search:
        unused += _SEARCH
    if 'class="math' not in text:
        unused.append("tex-svg.js")
        text = re.sub(r"\s*<script>window\.MathJax = .*?</script>", "", text)
    for name in unused:
        text = re.sub(rf'\s*<script[^>]*src="[^"]*{re.escape(name)}[^"]*"[^>]*></script>', "", text)
    text = re.sub(r'(<(?:i|span) class="fa[srb]? |<(?:i|span) class="fa-)', _hidden, text)
    # a fold is named by the words on it, and the list of references is one of list items to a screen reader
    text = text.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    text = text.replace('role="doc-biblioentry"', 'role="listitem"')
    first = True

    def image(found: re.Match[str]) -> str:
        nonlocal first
        tag = found[0]
        lazy, first = ("" if first else ' loading="lazy" decoding="async"'), False
        if "loading=" in tag:
            lazy = ""
        return tag[: len("<img")] + _size(tag, folder) + lazy + tag[len("<img") :]

    before, article, after = text.partition("<article")
    return before + article + re.sub(r"<img\b[^>]*>", image, after)


def rounded(text: str) -> str:
    """A drawing with coordinates to a hundredth of a point.

    >>> rounded('<path d="M 1.234567 -2.999999 L 3 4"/>')
    '<path d="M 1.23 -3 L 3 4"/>'
    """
    number = re.compile(r"-?\d+\.\d{3,}(?![\de])")

    def short(found: re.Match[str]) -> str:
        return number.sub(lambda each: f"{float(each[0]):.2f}".rstrip("0").rstrip("."), found[0])

    return re.sub(r' (?:d|x|y|points)="[^"]*"', short, text)


def slim(text: str) -> str:
    """An executed notebook without line breaks that nothing needs, its drawings rounded."""
    notebook = json.loads(text)
    for output in (output for cell in notebook["cells"] for output in cell.get("outputs", [])):
        drawing = output.get("data", {}).get("image/svg+xml")
        if drawing:
            output["data"]["image/svg+xml"] = rounded(" ".join("".join(drawing).split("\n")))
    return json.dumps(notebook, ensure_ascii=False, separators=(",", ":"))


def share_pictures(out: Path) -> None:
    """Leave out pictures that no page shows from a file, and keep one of those that lie here twice."""
    offered = {_digest(path): path for path in (out / "_downloads").rglob("*") if path.is_file()}
    texts = {path: path.read_text(encoding="utf-8") for path in written(out)}
    for image in sorted((out / "_images").rglob("*")):
        users = [page for page, text in texts.items() if image.name in text]
        if image.is_dir() or (users and _digest(image) not in offered):
            continue
        for page in users:
            other = offered[_digest(image)].relative_to(out).as_posix()
            texts[page] = texts[page].replace(f"_images/{image.name}", other)
            page.write_text(texts[page], encoding="utf-8")
        image.unlink()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _hidden(found: re.Match[str]) -> str:
    """An icon's tag, told to say nothing: the words beside it or its button's name do."""
    return found[1].replace(" class=", ' aria-hidden="true" class=', 1)


def _size(tag: str, folder: Path) -> str:
    """``width`` and ``height`` of a PNG that a tag shows; empty where they stand already or cannot be read."""
    address = re.search(r'\bsrc="([^":]+\.png)"', tag)
    if address is None or re.search(r"\b(width|height|style)=", tag):
        return ""
    try:
        start = (folder / address[1]).read_bytes()[:24]
        width, height = struct.unpack(">II", start[16:24])
    except (OSError, struct.error):
        return ""
    return f' width="{width}" height="{height}"'


def shrink_icons(out: Path) -> list[Path]:
    """Cut the fonts of icons, and the style sheet's list of them, to those in use.

    Returns
    -------
    list of Path
        The whole fonts, which nothing names any more.
    """
    sheet = out / "_static/styles/pydata-sphinx-theme.css"
    if not sheet.is_file():
        return []
    css = sheet.read_text(encoding="utf-8")
    scripts = [path for path in (out / "_static").rglob("*.js") if path.name != "fontawesome.js"]
    used = "".join(path.read_text(encoding="utf-8") for path in (*written(out), *scripts))
    names = set(re.findall(r"\bfa-[a-z0-9-]+", used))
    kept: set[int] = set()

    def rule(found: re.Match[str]) -> str:
        if not names & set(re.findall(r"\.(fa-[a-z0-9-]+):", found[1])):
            return ""
        kept.add(int(found[2], 16))
        return found[0]

    css = re.sub(r'((?:\.fa-[a-z0-9-]+:{1,2}before,?)+)\{content:"\\([0-9a-f]+)"\}', rule, css)
    sheets = css + (out / "_static/styles/sphinx-book-theme.css").read_text(encoding="utf-8")
    kept |= {int(code, 16) for code in re.findall(r'"\\([ef][0-9a-f]{3})"', sheets)}
    fonts = out / "_static/vendor/fontawesome/webfonts"
    for font in fonts.glob("*.ttf"):
        glyphs = TTFont(font)
        cut = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=False))
        cut.populate(unicodes=kept & set(glyphs.getBestCmap()))
        cut.subset(glyphs)
        glyphs.flavor = "woff"
        glyphs.save(font.with_suffix(".woff"))
    css = re.sub(
        r'src:url\(([^)]*webfonts/[\w-]+)\.woff2\) format\("woff2"\),url\([^)]*\.ttf\) format\("truetype"\)',
        r'src:url(\1.woff) format("woff")',
        css,
    )
    sheet.write_text(css, encoding="utf-8")
    return [*fonts.glob("*.ttf"), *fonts.glob("*.woff2")]


def write_excerpts(out: Path) -> None:
    """Write the text of every section where the search page finds it: a page opened from a disk may fetch nothing."""
    texts = {}
    for path in written(out):
        page = path.relative_to(out).with_suffix("").as_posix()
        if page not in UNLISTED:
            sections = counts.Article(path.read_text(encoding="utf-8")).sections
            texts[page] = {section.anchor: " ".join(section.text.split()) for section in sections}
    data = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    (out / "_static/excerpts.js").write_text(f"window.EXCERPTS = {data};\n", encoding="utf-8")


def sitemap(root: Path, out: Path) -> str:
    """All pages with text and the days of their last change, as search engines read it."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">']
    for path in written(out):
        page = path.relative_to(out).with_suffix("").as_posix()
        if page in UNLISTED:
            continue
        file = source(root, page)
        day = changed(root, file) if file else None
        dated = f"<lastmod>{day}</lastmod>" if day else ""
        lines.append(f"<url><loc>{escape(f'{home(root)}/{page}.html')}</loc>{dated}</url>")
    return "\n".join([*lines, "</urlset>", ""])


_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>{title}</title>
{head}
</head>
<body>
{body}
</body>
</html>
"""


def stub(title: str, told: str, canonical: str, first: str) -> str:
    """The page at the root of the site: it leads to the first page."""
    lines = [
        f'<meta http-equiv="refresh" content="0; url={first}" />',
        f'<meta name="description" content="{told}" />',
        f'<link rel="canonical" href="{canonical}" />',
        '<link rel="icon" href="_static/favicon.svg" />',
    ]
    return _HEAD.format(title=title, head="\n".join(lines), body=f'<p><a href="{first}">{title}</a></p>')


def lost(out: Path, title: str, address: str, first: str) -> str:
    """The page for addresses that are nowhere. Served at any depth, it loads nothing, and its links are whole."""
    icon = "data:image/svg+xml;base64," + b64encode((out / "_static/favicon.svg").read_bytes()).decode()
    style = (
        "<style>:root { color-scheme: light dark; } body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem;"
        " margin: 15vh auto; padding: 0 1rem; } a { color: inherit; }</style>"
    )
    lines = ['<meta name="robots" content="noindex" />', f'<link rel="icon" href="{icon}" />', style]
    body = (
        f"<main>\n<h1>There is no such page</h1>\n<p>It may have moved: pages are merged and renamed.</p>\n"
        f'<ul>\n<li><a href="{address}/{first}">{title}: first page, with all contents</a></li>\n'
        f'<li><a href="{address}/search.html">Search the book</a></li>\n</ul>\n</main>'
    )
    return _HEAD.format(title=f"No such page — {title}", head="\n".join(lines), body=body)


def draw_card(root: Path, target: Path) -> None:
    """Draw the picture that stands beside a link to the book: its name, and the headline of the committed results."""
    from matplotlib.figure import Figure
    from matplotlib.image import imread

    name, _, question = project(root)["description"].partition(": ")
    figure = Figure(figsize=(CARD_SIZE[0] / 100, CARD_SIZE[1] / 100), dpi=100, facecolor="white")
    headline = root / "results" / "headline.png"
    if headline.is_file():
        axes = figure.add_axes((0.42, 0.03, 0.56, 0.94))
        axes.imshow(imread(headline))
        axes.axis("off")
    figure.text(0.04, 0.72, name, fontsize=34, fontweight="bold", color="#1b2733")
    lines = "\n".join(textwrap.wrap(question[:1].upper() + question[1:], 26))
    figure.text(0.04, 0.64, lines, fontsize=19, color="#1b2733", va="top", linespacing=1.5)
    figure.savefig(target)


def setup(app: Sphinx) -> dict[str, Any]:
    """Finish the book after every extension has written its files."""
    app.connect("build-finished", finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
