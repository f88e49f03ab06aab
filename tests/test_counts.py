"""Words, figures and tables of a page, built or in its source."""

from __future__ import annotations

import json

import pytest

from placeprior.book import counts, texts

PAGE = """<html><body><nav>not counted at all</nav><article class="bd-article"><section id="a-title">
<h1>A title<a class="headerlink" href="#a-title">#</a></h1>
<p>Three more words, <span class="math">\\(a + b\\)</span> and <code>code</code>.</p>
<div class="cell_input"><pre>import nothing</pre></div>
<figure><img src="../x.png" alt="words that are heard"/><figcaption><p>A caption here.</p></figcaption></figure>
<section id="inside"><h2>Inside</h2>
<table><caption>Of a table</caption><tr><td>four</td><td>cells<br/>in</td><td>it</td></tr></table>
<div class="admonition exercise tip"><p class="admonition-title">Exercise: try</p><p>it</p></div>
<svg><text>labels of a figure</text></svg>
<div class="citation-list"><div class="citation"><p>Somebody. A work.</p></div></div>
<div class="admonition stamp"><p>Versions</p></div>
</section></section></article></body></html>"""


def test_a_built_page_is_counted_as_it_is_read():
    article = counts.Article(PAGE)
    assert counts.words(article.prose) == 2 + 5 + 3 + 1 + 3 + 3
    assert article.cells.split() == ["four", "cells", "in", "it", "Somebody.", "A", "work."]
    assert (article.figures, article.tables, article.exercises) == (2, 1, 1)
    assert [(each.anchor, each.heading.strip()) for each in article.sections] == [
        ("", ""),
        ("a-title", "A title"),
        ("inside", "Inside"),
    ]
    assert "caption here" in article.sections[1].text and "Exercise: try" in article.sections[2].text


def test_a_page_weighs_itself_and_the_pictures_it_shows(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "page.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "x.png").write_bytes(b"0" * 1000)
    count = counts.built(tmp_path, "book/page")
    assert count.bytes == 1000 + len(PAGE.encode())
    assert counts.total([count, count]).words == 2 * count.words


@pytest.mark.parametrize(
    ("markdown", "read"),
    [
        ("one two\n\n```python\nthree = 4\n```\n", "one two"),
        ("```{list-table} A caption\n:header-rows: 1\n* - a\n  - b\n```\n", ""),
        (
            "````{admonition} Exercise: try\n:class: exercise\nit\n```{math}\nx\n```\nnow\n````\n",
            "Exercise: try\nit\nnow",
        ),
        ("```{answer} a-claim\n:question: Does it?\nYes.\n```\n", "Does it?\nYes."),
        ("```{goals}\n:needs: {doc}`splits`\nsay it\n```\n", "reference\nsay it"),
        ("(a-target)=\n# Title\n\n$$\na = b\n$$\n\nso $x$ is {val}`demo.x:.2f`", "# Title\n\n\n\nso   is reference"),
        ("<!-- hidden\nlines -->\nseen [link](https://example.org/a-b) {doc}`there <page>`", "seen link there"),
    ],
)
def test_prose_of_a_text(markdown, read):
    assert texts.prose(markdown).split() == read.split()


def test_a_notebook_gives_its_text_and_captions():
    dressed = json.dumps({"figure": {"caption": "A caption of $x$ here", "name": "fig-a"}, "image": {"alt": "unread"}})
    text = (
        "# ---\n# jupyter: {}\n# ---\n\n# %% [markdown]\n# # Title\n#\n# Two words.\n\n"
        f"# %% mystnb={dressed}\nfigure = draw()  # no words\n\n"
        '# %%\ncaptioned(table, f"Table of {n} things", "tab-a")\n'
    )
    assert counts.words(texts.notebook(text)) == 1 + 2 + 4 + 3


def test_what_is_too_long_is_named():
    assert counts.excess({"a": 2_500, "b": 10}) == []
    assert counts.excess({"a": 2_501}) == ["a: 2,501 words, at most 2,500"]
    assert counts.excess({str(page): 2_000 for page in range(20)}) == ["the book: 40,000 words, at most 38,000"]
    neighbours = {f"n{page}": 1_900 for page in range(4)}
    assert counts.excess({"a": 2_500} | neighbours, set(neighbours)) == [
        "Neighbouring methods: 7,600 words, at most 7,500"
    ]
    assert counts.excess({str(page): 1_900 for page in range(20)} | {"n": 2_000}, {"n"}) == []
