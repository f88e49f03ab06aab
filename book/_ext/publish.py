"""The book's publishing layer: what a page says of itself to search engines and links, and what it weighs.

While pages are written, each gets its description, a card for links, its canonical address, the date of its last change
and a link to its *source*. When all are written, what they do not use is taken out, and what no page is, is added: a map
of the site, a page for wrong addresses, the first page's redirect, texts for the search page.
"""

from __future__ import annotations

import json
import re
import struct
import subprocess
import textwrap
import tomllib
from base64 import b64encode
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from placeprior.book import counts

LOG = logging.getLogger(__name__)
CARD = "_static/card.png"
CARD_SIZE = (1200, 630)  # pixels; what the large networks crop a card to
LONGEST = 200  # characters of a description that a search engine shows, and a little
#: Pages that are not text: they lead nowhere and are found by nobody.
UNLISTED = {"search", "genindex", "py-modindex", "404", "index"}
_SEARCH = ("searchtools.js", "language_data.js", "searchindex.js")


@lru_cache
def project(root: Path) -> dict[str, Any]:
    """The project's table of ``pyproject.toml``: the one place of its addresses."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def home(root: Path) -> str:
    """Address under which the book is published, without a slash at its end."""
    return project(root)["urls"]["Homepage"].rstrip("/")


def source(root: Path, page: str) -> str | None:
    """The file that a person edits to change a page, relative to the project; None for pages without one.

    A computed chapter is made from a notebook, which ``runs.yml`` names.
    """
    folder, _, name = page.rpartition("/")
    if folder == "book/chapters":
        made = yaml.safe_load((root / "runs.yml").read_text(encoding="utf-8"))["pages"]
        found = f"notebooks/{made[name]['notebook']}.py" if name in made else None
    else:
        found = f"{page}.md"
    return found if found and (root / found).is_file() else None


def changed(root: Path, file: str) -> str | None:
    """Day of a file's last commit; None where there is no git, no commit of it, or only the last commit is at hand."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        if git("rev-parse", "--is-shallow-repository") == "true":
            return None  # every file would seem to have changed with the last commit
        return git("log", "-1", "--format=%cs", "--", file) or None
    except (OSError, subprocess.CalledProcessError):
        return None


def description(doctree: nodes.Node) -> str:
    """A page's answer, or else its first paragraph of text, in at most 200 characters.

    >>> description(nodes.paragraph("", "Two words."))
    'Two words.'
    """
    answers = [node for node in doctree.findall(nodes.Element) if "answer" in node.get("classes", [])]
    for within in (*answers, doctree):
        for paragraph in within.findall(nodes.paragraph):
            # a question above an answer has a class; a paragraph in a box or a list does not tell what a page is about
            plain = within is not doctree or isinstance(paragraph.parent, (nodes.section, nodes.document, type(None)))
            if plain and not paragraph.get("classes"):
                return shortened(" ".join(paragraph.astext().split()))
    return ""


def shortened(text: str) -> str:
    """A text cut after a sentence, or else after a word.

    >>> shortened("One. " * 60) == "One. " * 39 + "One."
    True
    """
    if len(text) <= LONGEST:
        return text
    sentence = text[: LONGEST + 1].rpartition(". ")[0]
    return f"{sentence}." if len(sentence) > LONGEST / 2 else text[:LONGEST].rpartition(" ")[0] + " …"


def address_of_the_book(app: Sphinx, config: Any) -> None:
    """Give Sphinx the address that canonical links begin with."""
    config.html_baseurl = home(Path(app.confdir)) + "/"


def head(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Write what a page says of itself: description, card, date of change, and where its source is edited."""
    root = Path(app.confdir)
    if doctree is None:
        context["metatags"] = context.get("metatags", "") + '\n<meta name="robots" content="noindex" />'
        return
    about = project(root)
    title = re.sub(r"<[^>]*>", "", context.get("title", "")) or app.config.html_title
    told = description(doctree) or about["description"]
    properties = {
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": told,
        "og:url": f"{home(root)}/{page}.html",
        "og:image": f"{home(root)}/{CARD}",
        "og:image:width": CARD_SIZE[0],
        "og:image:height": CARD_SIZE[1],
        "og:image:alt": about["description"],
    }
    tags = [f'<meta name="description" content="{escape(told)}" />']
    tags += [f'<meta property="{key}" content="{escape(str(value))}" />' for key, value in properties.items()]
    tags.append('<meta name="twitter:card" content="summary_large_image" />')
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags])
    file = source(root, page)
    if file is None:
        return
    branch = app.config.html_theme_options.get("repository_branch") or "main"
    edit = f"{about['urls']['Repository']}/edit/{branch}/{file}"
    context["get_edit_provider_and_url"] = lambda: ("GitHub", edit)
    day = changed(root, file)
    dated = f'Last changed on <time datetime="{day}">{day}</time>. ' if day else ""
    context["theme_extra_footer"] = f'<p class="origin">{dated}<a href="{edit}">Edit <code>{file}</code></a></p>'


#: Where the project can be opened without installing it: name, the file that it starts from there, what to expect.
PLACES = {
    "Binder": (".binder/postBuild", "a Jupyter server that is built from the repository; the first start takes minutes"),
    "Colab": ("launch/start.ipynb", "one notebook, which fetches and installs the project; wants a Google account"),
    "Codespaces": (".devcontainer/devcontainer.json", "an editor and a shell in the browser; wants a GitHub account"),
}
START = "launch/start.ipynb"


def launches(root: Path) -> dict[str, str]:
    """Addresses that open the project elsewhere, by the names of :data:`PLACES`."""
    path = project(root)["urls"]["Repository"].removeprefix("https://github.com/")
    return {
        "Binder": f"https://mybinder.org/v2/gh/{path}/main?urlpath=lab/tree/{START}",
        "Colab": f"https://colab.research.google.com/github/{path}/blob/main/{START}",
        "Codespaces": f"https://codespaces.new/{path}",
    }


class Launch(SphinxDirective):
    """The ``launch`` directive: a list of places where the project opens, for pages that say how to run it."""

    def run(self) -> list[nodes.Node]:
        """Build the list; a place whose file is not there is a warning, so that the build fails."""
        root = Path(self.env.app.confdir)
        rows = nodes.bullet_list(classes=["launch"])
        for name, address in launches(root).items():
            file, told = PLACES[name]
            if not (root / file).is_file():
                LOG.warning("launch: %s starts from %s, which is not there", name, file, location=self.get_location())
            link = nodes.reference("", name, refuri=address)
            rows += nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(f": {told}")))
        return [rows]


# --- when all pages are written -----------------------------------------------------------------------------------------


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Lighten the written pages and add what none of them is."""
    if exception is not None or app.builder.name != "html":
        return
    root, out = Path(app.confdir), Path(app.outdir)
    icons = shrink_icons(out)
    for path in written(out):
        text = path.read_text(encoding="utf-8")
        lean = lightened(text, path.parent, search=path.name == "search.html")
        path.write_text(lean, encoding="utf-8")
    for useless in (*out.rglob("*.map"), out / "_static/scripts/fontawesome.js", *icons):
        useless.unlink(missing_ok=True)
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
        f"<main>\n<h1>There is no such page</h1>\n<p>It may have moved: pages of this book are merged and renamed.</p>\n"
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
    """Connect the layer to the build."""
    app.add_directive("launch", Launch)
    app.connect("config-inited", address_of_the_book)
    # after the theme's own link for editing, before its buttons are made
    app.connect("html-page-context", head, priority=501)
    app.connect("build-finished", finish, priority=900)  # after every extension has written its files
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
