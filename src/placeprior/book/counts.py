"""How long the book is: words, figures and tables of its pages, built or in their sources, beside the limits.

A built page is counted as a reader sees it with everything unfolded: text, captions, exercises and solutions are
*words*; what stands in cells of tables is counted apart; code, formulas, figures' own labels and the stamp at a page's
foot are not counted. Sources are counted the same way, but for what code writes into a page.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import yaml

#: The most that the whole book may have.
LIMITS = {"words": 38_000, "figures": 90, "tables": 80, "bytes of the site": 30_000_000, "serious or critical": 0}
PAGE_WORDS = 2_500
#: What the edition had that came before the book was rewritten around its answer.
FORMER = {
    "words": 76_000,
    "table words": 38_000,
    "figures": 177,
    "tables": 224,
    "exercises": 80,
    "bytes of the site": 78_000_000,
    "serious or critical": 284,
}

_VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_WORD = re.compile(r"\S*\w\S*")
_UNREAD = {"script", "style", "svg", "template", "pre", "button"}
_UNREAD_CLASSES = {"headerlink", "math", "cell_input", "stamp", "highlight", "toctree-wrapper", "data-download"}
_BLOCKS = {"p", "li", "td", "th", "dt", "dd", "div", "figcaption", "caption", "section", "br"} | {
    f"h{level}" for level in range(1, 7)
}


def words(text: str) -> int:
    """Number of words: runs without a blank that hold a letter or a digit.

    >>> words("R² rose by 0.06 – not much")
    6
    """
    return len(_WORD.findall(text))


@dataclass
class Section:
    """A part of a page under one heading: its anchor (empty for what stands before any), heading and text."""

    anchor: str
    heading: str = ""
    text: str = ""


class Article(HTMLParser):
    """The article of a built page, taken apart.

    Parameters
    ----------
    html : str
        A whole page as the theme writes it.

    Attributes
    ----------
    prose, cells : str
        Text outside of tables, and in their cells.
    sections : list of Section
        Prose and cells by heading, in order.
    figures, tables, exercises : int
    images : set of str
        Addresses of the pictures shown, relative to the page.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.prose, self.cells = "", ""
        self.sections = [Section("")]
        self.figures = self.tables = self.exercises = 0
        self.images: set[str] = set()
        self._open: list[tuple[str, str]] = []  # tags that are open, each with what it makes of the text in it
        self._anchors: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = set(given.get("class", "").split())
        if tag == "article" and "bd-article" in classes:
            self._open = [(tag, "prose")]
            return
        if not self._open:
            return
        around = self._kind
        if around != "none":
            self._count(tag, classes, given)
            if tag in _BLOCKS:
                self._put(" ")
        if tag in _VOID:
            return
        kind = around
        if around == "none" or tag in _UNREAD or classes & _UNREAD_CLASSES:
            kind = "none"
        elif tag == "caption":
            kind = "prose"
        elif tag == "table":
            kind = "cells"
        if tag == "section" and given.get("id"):
            self.sections.append(Section(given["id"]))
        if re.fullmatch("h[1-6]", tag):
            kind = "heading" if kind == "prose" else kind
        self._open.append((tag, kind))

    def _count(self, tag: str, classes: set[str], given: dict[str, str]) -> None:
        if tag == "img" and given.get("src"):
            self.images.add(given["src"])
        alone = tag in ("img", "svg") and not any(name == "figure" for name, _ in self._open)
        self.figures += tag == "figure" or alone
        self.tables += tag == "table" and self._kind != "cells"
        self.exercises += "exercise" in classes

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return

    @property
    def _kind(self) -> str:
        return self._open[-1][1]

    def handle_data(self, data: str) -> None:
        if self._open:
            self._put(data)

    def _put(self, data: str) -> None:
        kind = self._kind
        if kind == "none":
            return
        if kind == "cells":
            self.cells += data
        else:
            self.prose += data
        if kind == "heading":
            self.sections[-1].heading += data
        else:
            self.sections[-1].text += data


@dataclass
class Count:
    """What one page has, or all of them."""

    page: str
    words: int = 0
    cells: int = 0
    figures: int = 0
    tables: int = 0
    exercises: int = 0
    bytes: int = 0
    images: set[Path] = field(default_factory=set, repr=False)


def built(html: Path, page: str) -> Count:
    """Count a built page.

    Parameters
    ----------
    html : path
        Folder of the built book.
    page : str
        Such as ``book/chapters/place``.

    Returns
    -------
    Count
        ``bytes`` is the page and the pictures it shows.
    """
    path = html / f"{page}.html"
    article = Article(path.read_text(encoding="utf-8"))
    images = {(path.parent / address).resolve() for address in article.images if ":" not in address}
    weight = path.stat().st_size + sum(image.stat().st_size for image in images if image.is_file())
    return Count(
        page,
        words(article.prose),
        words(article.cells),
        article.figures,
        article.tables,
        article.exercises,
        weight,
        images,
    )


def site(html: Path) -> int:
    """Weight of a built book in bytes, with everything that is served."""
    return sum(path.stat().st_size for path in html.rglob("*") if path.is_file())


def total(counts: list[Count]) -> Count:
    """The sum over pages; a picture that two of them show weighs in both."""
    names = ("words", "cells", "figures", "tables", "exercises", "bytes")
    return Count("all", **{name: sum(getattr(count, name) for count in counts) for name in names})


# --- sources ----------------------------------------------------------------------------------------------------------

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|:{3,}|~{3,})(?P<info>.*)$")
_DIRECTIVE = re.compile(r"^\{(?P<name>[\w:-]+)\}(?P<argument>.*)$")
#: Directives whose content is read; of others, and of fences with code, nothing is.
_READ = {"admonition", "note", "warning", "tip", "important", "seealso", "hint", "caution", "dropdown", "answer"}
_READ |= {"goals", "quiz", "epigraph", "figure", "glossary", "margin", "topic", "attention", "card", "grid", "div"}
_ROLE = re.compile(r"\{(?P<role>[\w:]+)\}`(?P<text>[^`]*)`")
_FORMULA = re.compile(r"\$\$.*?\$\$|(?<![\\$])\$[^$\n]+\$", re.DOTALL)


def prose(markdown: str) -> str:
    """What a reader reads of MyST markdown: no code, tables, formulas, directives' names and options, or targets.

    >>> prose("# A title\\n\\n| a | b |\\n|---|---|\\n\\n```{tip} Try\\n:class: x\\nit {doc}`there <page>`\\n```\\n")
    '# A title\\n\\nTry\\nit there'
    """
    lines: list[str] = []
    fences: list[tuple[str, bool]] = []
    for line in _FORMULA.sub(" ", re.sub(r"<!--.*?-->", " ", markdown, flags=re.DOTALL)).splitlines():
        found = _FENCE.match(line)
        if found:
            fence, info = found["fence"], found["info"].strip()
            if not info and fences and fence[0] == fences[-1][0][0] and len(fence) >= len(fences[-1][0]):
                fences.pop()
                continue
            directive = _DIRECTIVE.match(info)
            read = directive is not None and directive["name"] in _READ and all(reads for _, reads in fences)
            fences.append((fence, read))
            # an answer's argument holds the names of its claims, a figure's its file
            if directive and read and directive["name"] not in ("answer", "figure", "goals"):
                lines.append(directive["argument"].strip())
            continue
        text = line.strip()
        if not all(read for _, read in fences) or text.startswith("|") or re.match(r"\([\w-]+\)=$|%", text):
            continue
        option = re.match(r":(question|needs):\s*(.*)", text) if fences else None
        if fences and re.match(r":[\w-]+:", text) and option is None:
            continue
        lines.append(option[2] if option else text)
    return _read("\n".join(lines)).strip()


def _read(text: str) -> str:
    """Text with its roles and links as the page shows them; citations and references count as one word."""

    def shown(found: re.Match[str]) -> str:
        titled = re.match(r"(.*?)\s*<[^>]*>$", found["text"], flags=re.DOTALL)
        if titled:
            return titled[1]
        return "reference" if found["role"] in ("doc", "ref", "numref", "val", "eq", "math") else found["text"]

    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", _ROLE.sub(shown, text))


def notebook(text: str) -> str:
    """What a reader reads of a notebook's source: its markdown cells, and captions that its code holds.

    Parameters
    ----------
    text : str
        A notebook in jupytext's ``py:percent``.
    """
    parts = []
    for cell in re.split(r"^# %%", text, flags=re.MULTILINE)[1:]:
        head, _, body = cell.partition("\n")
        if head.strip().startswith("[markdown]"):
            parts.append(prose(re.sub(r"^# ?", "", body, flags=re.MULTILINE)))
            continue
        dressed = re.search(r"mystnb=(\{.*\})", head)
        if dressed:
            parts.append(json.loads(dressed[1]).get("figure", {}).get("caption", ""))
        parts += _captions(body)
    return _read(_FORMULA.sub(" ", "\n\n".join(parts)))


def _captions(code: str) -> list[str]:
    """Captions that code hands over: the second argument of ``captioned``, or ``caption=`` of anything."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a cell with a magic command
        return []
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        named = [key.value for key in call.keywords if key.arg == "caption"]
        function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        for value in named or (call.args[1:2] if function == "captioned" else []):
            held = [part.value for part in ast.walk(value) if isinstance(part, ast.Constant)]
            found.append(" ".join(part for part in held if isinstance(part, str)))
    return found


def sources(root: Path) -> dict[str, int]:
    """Words of every page's source, by page; a notebook that makes several pages counts once for each.

    Parameters
    ----------
    root : path
        The project, with ``_toc.yml``, ``runs.yml``, ``book/`` and ``notebooks/``.
    """
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    made = yaml.safe_load((root / "runs.yml").read_text(encoding="utf-8"))["pages"]
    listed = [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]
    counted = {}
    for page in listed:
        name = page.rsplit("/", 1)[-1]
        if "/chapters/" in page:
            text = notebook((root / "notebooks" / f"{made[name]['notebook']}.py").read_text(encoding="utf-8"))
        else:
            text = prose((root / f"{page}.md").read_text(encoding="utf-8"))
        counted[page] = words(text)
    return counted


def excess(counts: dict[str, int]) -> list[str]:
    """What is over a limit, one line each: pages with too many words, and the book.

    Parameters
    ----------
    counts : dict of str to int
        Words by page.
    """
    long = [
        f"{page}: {count:,} words, at most {PAGE_WORDS:,}"
        for page, count in counts.items()
        if count > PAGE_WORDS
    ]
    whole = sum(counts.values())
    over = [f"the book: {whole:,} words, at most {LIMITS['words']:,}"] if whole > LIMITS["words"] else []
    return long + over
