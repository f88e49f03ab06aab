"""A deck takes its parts from the pages, says what is still to be run, and refuses what is not there."""

import io
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DECKS = [path for path in [ROOT / "_build/html/book/slides.html"] if path.is_file()]
DECK = """---
deck: true
---
# A deck

For a class.

## A figure

```{{from}} ../pages/given
:figure: fig-dot
```

```{{notes}}
Minute 5: let them guess.
```

{more}
"""
GIVEN = """# A page

```{quiz} Which?
- [x] this | Because.
- [ ] that | No.
```

```{figure} dot.svg
:name: fig-dot
:alt: A dot

See [here](#anchor), [there](other.md) and [away](https://example.org).
```

(anchor)=
## Below

```{admonition} Exercise: one
:class: exercise
Do one.
```

```{admonition} Exercise: two
:class: exercise
Do two.
```
"""


@pytest.fixture(scope="module", autouse=True)
def slides():
    if find_spec("sphinx_revealjs") is None:
        pytest.skip("sphinx-revealjs, which brings reveal.js, is not installed; run `make setup`")
    sys.path.insert(0, str(ROOT / "book/_ext"))
    try:
        return pytest.importorskip("slides")
    finally:
        sys.path.pop(0)


def build(folder, more="", other="Nothing waits."):
    """A deck as HTML, and what its build warned of."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    (folder / "pages").mkdir()
    (folder / "talks").mkdir()
    (folder / "talks/deck.md").write_text(DECK.format(more=more), encoding="utf-8")
    (folder / "pages/given.md").write_text(GIVEN, encoding="utf-8")
    (folder / "pages/other.md").write_text(f"# Another page\n\n{other}\n", encoding="utf-8")
    (folder / "pages/dot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    (folder / "index.md").write_text("# Book\n\n```{toctree}\ntalks/deck\npages/given\npages/other\n```\n")
    (folder / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'book/_ext')!r})\nproject = 'Book'\nlanguage = 'en'\n"
        "extensions = ['myst_parser', 'teaching', 'slides']\nhtml_theme = 'basic'\nmathjax_path = 'mathjax/a.js'\n"
        f"html_static_path = [{str(ROOT / 'book/_static')!r}]\nmyst_heading_anchors = 3\n",
        encoding="utf-8",
    )
    warnings = io.StringIO()
    with docutils_namespace():
        Sphinx(folder, folder, folder / "out", folder / "trees", "html", status=None, warning=warnings).build()
    return (folder / "out/talks/deck.html").read_text(encoding="utf-8"), warnings.getvalue()


def pick(page, what):
    return f"## Picked\n\n```{{from}} ../{page}\n{what}\n```\n"


def test_each_section_is_a_slide_and_nothing_comes_from_another_host(tmp_path):
    deck, warnings = build(tmp_path)
    assert not warnings
    slides = re.findall(r"<section.*?</section>", deck, re.S)
    assert [re.search(r"<h1>([^<]*)<", slide)[1] for slide in slides] == ["A deck", "A figure"]
    assert '<aside class="notes">' in deck
    for kind, address in re.findall(r'(src|href)="([^"#]+)', deck):
        if address.startswith("https://example.org") or "mathjax" in address:
            continue
        assert "//" not in address, f"{kind} leads away"
        assert (tmp_path / "out/talks" / address).resolve().is_file(), f"{address} is not there"


def test_links_of_a_part_lead_where_they_led(tmp_path):
    deck, _ = build(tmp_path)
    assert 'href="../pages/given.html#anchor"' in deck
    assert 'href="../pages/other.html"' in deck
    assert 'href="https://example.org"' in deck


def test_questions_and_exercises_can_be_taken(tmp_path):
    deck, warnings = build(tmp_path, pick("pages/given", ":quiz:") + pick("pages/given", ":exercise: 2"))
    assert not warnings
    assert 'class="quiz"' in deck and "Do two." in deck and "Do one." not in deck
    page = (tmp_path / "out/pages/given.html").read_text(encoding="utf-8")
    assert "Do one." in page and 'class="quiz"' in page, "what is taken stays where it was"


@pytest.mark.parametrize(
    ("page", "what", "complaint"),
    [
        ("pages/given", ":figure: fig-dott", "has no figure fig-dott"),
        ("pages/given", ":exercise: 3", "has no exercise 3"),
        ("pages/given", ":answer:", "has no answer"),
        ("pages/gone", ":answer:", "there is no page 'pages/gone'"),
        ("pages/given", ":picture: fig-dot", "picture"),
    ],
)
def test_what_is_not_there_is_a_warning(tmp_path, page, what, complaint):
    _, warnings = build(tmp_path, pick(page, what))
    assert complaint in warnings


def test_of_a_figure_a_part_is_shown_alone_and_its_caption_is_the_speakers(tmp_path, slides):
    svg = '<div><svg class="figure" viewBox="0 0 200 100" style=""><g/></svg></div>'
    cut = slides.cut(svg, (0.5, 0.2, 1, 0.7))
    assert '<svg class="figure" viewBox="100 20 100 50" style="">' in cut
    assert '<svg x="100" y="20" width="100" height="50" viewBox="100 20 100 50"><g/></svg></svg></div>' in cut
    deck, _ = build(tmp_path)
    figure = deck[deck.index("<figure") : deck.index("</figure>")]
    assert "anchor" not in figure and "See" in deck[deck.index("</figure>") :]
    with pytest.raises(ValueError, match=r"0 0\.5 1 1"):
        slides._fractions("0 1 1 0.5")


def test_what_the_class_computes_on_the_board_is_what_the_page_computes():
    jupytext = pytest.importorskip("jupytext")
    from placeprior import coords

    found = {}
    cells = jupytext.read(ROOT / "notebooks/63_leak.py").cells
    exec("import numpy as np\nfrom placeprior.space.neighbours import neighbour_pm25", found)
    exec(next(cell.source for cell in cells if "lonlat = np.array" in cell.source), found)
    slide = (ROOT / "book/slides.md").read_text(encoding="utf-8").partition("## One input")[2].partition("\n## ")[0]
    rows = [[word.strip() for word in line.strip("|").split("|")] for line in slide.splitlines() if line[:1] == "|"]
    letters, km, measured = rows[0][1:], rows[2][1:], rows[3][1:]
    other = ["ABCDEF".index(letter) for letter in letters]
    apart = coords.great_circle_km(found["lonlat"], found["lonlat"])[3, other]
    assert [f"{each:.0f}" for each in apart] == km
    assert [f"{each:.0f}" for each in found["measured"][other]] == measured
    told = {name: f"{values[3]:.1f}" for name, values in found["inputs"].items()}
    assert f"Clean: C, B, A, {told['clean']}. Leaky: E, F, C, {told['leaky']}." in slide


@pytest.mark.parametrize(
    "waiting", ["*Still to be run: `core` of profile `aqs`.*", "```{admonition} Its runs are being made\nWait.\n```"]
)
def test_what_is_still_to_be_run_is_said_on_its_slide(tmp_path, waiting):
    deck, warnings = build(tmp_path, pick("pages/other", ":figure: fig-later"), waiting)
    assert not warnings
    assert "Still to be run: the page Another page will show it here." in deck


@pytest.fixture(scope="module")
def browser(chromium):
    return chromium((1280, 720))


def opened(browser, path):
    from selenium.webdriver.support.wait import WebDriverWait

    browser.get(path.as_uri())
    WebDriverWait(browser, 20).until(lambda window: window.execute_script("return window.deck?.isReady()"))


@pytest.mark.browser
def test_keys_lead_through_the_slides_and_the_class_sees_no_notes(tmp_path, browser):
    from selenium.webdriver import ActionChains, Keys

    build(tmp_path)
    opened(browser, tmp_path / "out/talks/deck.html")
    assert browser.execute_script("return deck.getTotalSlides()") == 2
    ActionChains(browser).send_keys(Keys.ARROW_RIGHT).perform()
    shown = browser.execute_script("return document.querySelector('section.present').innerText")
    assert "A figure" in shown and "let them guess" not in shown


@pytest.mark.browser
@pytest.mark.skipif(not DECKS, reason="the book is not built; run `make book` first")
@pytest.mark.parametrize("path", DECKS, ids=lambda path: path.stem)
def test_every_slide_of_the_book_fits_its_screen(browser, path):
    opened(browser, path)
    tall = browser.execute_script(
        "return [...document.querySelectorAll('.slides > section')].map((slide, number) => {"
        " deck.slide(number); return [slide.innerText.split('\\n')[0], slide.scrollHeight] }).filter(s => s[1] > 720)"
    )
    assert not tall
