"""How long the book is: words, figures and tables of its built pages, beside the limits.

A page is counted as a reader sees it with everything unfolded: text, captions, exercises and solutions are *words*;
what is looked up, in cells of tables and in the list of references, is counted apart; code, formulas, figures' own
labels and the stamp at a page's foot are not counted. :mod:`placeprior.book.texts` counts sources the same way.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

#: The most that the whole book may have; of words, without the part that has its own limit.
LIMITS = {"words": 38_000, "figures": 90, "tables": 80, "bytes of the site": 30_000_000, "serious or critical": 0}
PAGE_WORDS = 2_500
#: The part on methods of other systems came after the limit was set; it has one of its own.
NEIGHBOURS = "Neighbouring methods"
NEIGHBOURS_WORDS = 7_500
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
        Text that is read, and text that is looked up: in cells of tables and in the list of references.
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
        elif tag == "table" or "citation-list" in classes:
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


def excess(counts: Mapping[str, int], apart: Collection[str] = ()) -> list[str]:
    """What is over a limit, one line each: pages with too many words, the book, and the part on neighbouring methods.

    Parameters
    ----------
    counts : mapping of str to int
        Words by page.
    apart : collection of str
        The pages of :data:`NEIGHBOURS` (:func:`placeprior.book.texts.part`).
    """
    over = [f"{page}: {count:,} words, at most {PAGE_WORDS:,}" for page, count in counts.items() if count > PAGE_WORDS]
    neighbours = sum(count for page, count in counts.items() if page in apart)
    sums = {"the book": (sum(counts.values()) - neighbours, LIMITS["words"])}
    sums[NEIGHBOURS] = neighbours, NEIGHBOURS_WORDS
    return over + [f"{what}: {count:,} words, at most {most:,}" for what, (count, most) in sums.items() if count > most]
