"""The book keeps to its length: words of the texts, and what the built pages hold and weigh."""

from __future__ import annotations

from pathlib import Path

import pytest

from placeprior.book import counts, texts

ROOT = Path(__file__).parents[1]
APART = texts.part(ROOT, counts.NEIGHBOURS)
HTML = ROOT / "_build" / "html"


def test_the_texts_keep_to_the_limits():
    assert not counts.excess(texts.sources(ROOT), APART)


@pytest.mark.skipif(not (HTML / "index.html").is_file(), reason="the book is not built; run `make book` first")
def test_the_built_book_keeps_to_the_limits():
    found = [counts.built(HTML, page) for page in texts.sources(ROOT)]
    whole = counts.total(found)
    assert not counts.excess({count.page: count.words for count in found}, APART)
    assert whole.figures <= counts.LIMITS["figures"] and whole.tables <= counts.LIMITS["tables"]
    assert counts.site(HTML) <= counts.LIMITS["bytes of the site"]
