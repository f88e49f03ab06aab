"""The book's text, its extension, and, when it was built, its pages as they are served; in a browser: test_browsing."""

import hashlib
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
TEXTS = sorted(p for p in (ROOT / "book").rglob("*.md") if not {"chapters", "_static"} & set(p.parts))
# Pages that Sphinx makes and no one writes, and slides, which are no page of text
MADE = {"genindex.html", "search.html", "index.html", "404.html", "book/slides.html"}
PAGES = sorted(p for p in HTML.rglob("*.html") if "_static" not in p.parts) if HTML.is_dir() else []
WRITTEN = [p for p in PAGES if p.relative_to(HTML).as_posix() not in MADE]

built = pytest.mark.skipif(not WRITTEN, reason="the book is not built; run `make book` first")


class Page(HTMLParser):
    """Tags of a page as (name, attributes), and the ids it can be linked by."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.ids = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        self.ids |= {attrs.get("id"), attrs.get("name")} - {None}


@pytest.fixture(scope="session")
def read():
    known = {}

    def page(path):
        if path not in known:
            known[path] = Page(path)
        return known[path]

    return page


def named(path):
    return path.relative_to(HTML).as_posix()


# --- text ------------------------------------------------------------------------------------------------------------


def listed():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]


def test_every_text_is_listed_once():
    files = listed()
    assert len(files) == len(set(files))
    written = {p.relative_to(ROOT).with_suffix("").as_posix() for p in TEXTS}
    # What begins with an underscore is part of another text.
    assert {f for f in written if not f.startswith("book/_")} == {f for f in files if "/chapters/" not in f}


def test_every_page_of_the_matrix_is_a_chapter():
    pages = yaml.safe_load((ROOT / "runs.yml").read_text(encoding="utf-8"))["pages"]
    assert {f"book/chapters/{page}" for page in pages} == {f for f in listed() if "/chapters/" in f}


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.stem)
def test_fences_are_ones_that_markdown_opens(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        assert not re.match(r"`{3,}\{.*\}.*`", line), f"a fence's title must not contain backticks: {line}"


def test_every_citation_has_an_entry_and_every_entry_is_cited():
    entries = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "book/references.bib").read_text(encoding="utf-8"), re.M))
    sources = [*TEXTS, *(ROOT / "notebooks").glob("*.py"), *(ROOT / "src/placeprior/book").glob("*.py")]
    text = "\n".join(p.read_text(encoding="utf-8") for p in sources)
    cited = {key.strip() for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", text) for key in keys.split(",")}
    assert cited == entries


def test_second_hand_numbers_say_so():
    text = (ROOT / "book/question.md").read_text(encoding="utf-8")
    for number in re.finditer(r"0\.\d\d ± 0\.\d+", text):
        before = text[: number.start()]
        assert "reported (second-hand)" in before[before.rindex("```{list-table}") :]


def test_every_term_of_the_glossary_stands_in_the_book():
    glossary = ROOT / "book/glossary.md"
    sources = [*TEXTS, *(ROOT / "notebooks").glob("*.py"), *(ROOT / "src/placeprior/book").rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources if path != glossary).lower()
    text = re.sub(r"\n# |\s+", " ", text)  # a term may break over two lines of a comment
    terms = re.findall(r"^(\S.*)\n  ", glossary.read_text(encoding="utf-8"), re.M)
    words = {term: re.sub(r" \(.*", "", term).split("/")[0].lower() for term in terms}
    assert len(terms) > 50 and not [term for term, word in words.items() if word not in text]


# --- the extension ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def placebook():
    sys.path.insert(0, str(ROOT / "book/_ext"))
    try:
        return pytest.importorskip("placebook")
    finally:
        sys.path.pop(0)


def test_formulas_are_set_by_the_mathjax_that_is_expected(placebook, tmp_path):
    known = "d4295dc33744836935c1399feece5159577b34c5c8ffb9f1c6324cd82e03a882"  # es5/tex-svg.js of MathJax 3.2.2
    app = SimpleNamespace(
        builder=SimpleNamespace(format="html"), outdir=tmp_path, config=SimpleNamespace(mathjax_path="mathjax/a.js")
    )
    placebook.with_mathjax(app)
    assert hashlib.sha256((tmp_path / "_static/mathjax/a.js").read_bytes()).hexdigest() == known
    licence = (ROOT / "book/_static/mathjax/LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence, "who gets the book gets MathJax, and its licence with it"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("demo.n_runs", ("demo", "n_runs", "")),
        ("demo.r2.none:.3f", ("demo", "r2.none", ".3f")),
        (" aqs.a-b_c:+.1% ", ("aqs", "a-b_c", "+.1%")),
    ],
)
def test_key_of_a_value(placebook, text, parts):
    assert placebook.split_key(text) == parts


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (12345, "", "12,345"),
        (0.71234, ".2f", "0.71"),
        (-0.0901, ".1%", "−9.0\u00a0%"),
        ({"value": 3}, "", "3"),
        ("none", "", "none"),
        (True, "", "True"),
    ],
)
def test_value_as_shown(placebook, value, form, text):
    assert placebook.shown(value, form) == text


def _build(folder, text, values):
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    (folder / "index.md").write_text(text, encoding="utf-8")
    (folder / "results/demo").mkdir(parents=True)
    (folder / "results/demo/values.json").write_text(json.dumps(values), encoding="utf-8")
    (folder / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'book/_ext')!r})\nextensions = ['myst_parser', 'placebook']\n"
        "html_theme = 'basic'\nhtml_theme_options = {}\n",
        encoding="utf-8",
    )
    import io

    warnings = io.StringIO()
    with docutils_namespace():
        Sphinx(folder, folder, folder / "out", folder / "doctrees", "html", status=None, warning=warnings).build()
    return (folder / "out/index.html").read_text(encoding="utf-8"), warnings.getvalue()


def test_value_in_a_page(tmp_path):
    pytest.importorskip("sphinx")
    page, warnings = _build(tmp_path, "# T\n\n{val}`demo.r2.none:.2f`\n", {"r2.none": 0.7123})
    assert ">0.71</span>" in page
    assert "computed by profile demo" in page
    assert "unknown value" not in warnings


def test_unknown_value_is_a_warning_with_the_nearest_key(tmp_path):
    pytest.importorskip("sphinx")
    page, warnings = _build(tmp_path, "# T\n\n{val}`demo.r2.nome` {val}`paper.x`\n", {"r2.none": 0.7123})
    assert "did you mean 'r2.none'?" in warnings
    assert "there is no results/paper/values.json" in warnings
    assert "val-unknown" in page


# --- the built pages -------------------------------------------------------------------------------------------------


@built
def test_every_listed_page_was_built():
    assert {f"{f}.html" for f in listed()} <= {named(p) for p in PAGES}


@built
@pytest.mark.parametrize("path", WRITTEN, ids=named)
def test_page_is_whole(path, read):
    page = read(path)
    text = path.read_text(encoding="utf-8")
    html = [attrs for tag, attrs in page.tags if tag == "html"]
    assert html[0].get("lang") == "en"
    article = text[text.index("<article") : text.index("</article>")]
    assert len(re.findall(r"<h1[ >]", article)) == 1
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", article)]
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False)), f"a heading level is skipped: {levels}"
    assert "&lt;IPython." not in article, "an output that has nothing to show"
    prose = re.sub(r"<pre.*?</pre>", "", article, flags=re.S)  # code may write what a caption will be made of
    assert not re.search(r"```\{|\{(val|doc|ref|numref|cite:\w)\}`|val-unknown", prose), "unparsed markdown"


@built
@pytest.mark.parametrize("path", PAGES, ids=named)
def test_nothing_comes_from_another_host(path, read):
    for tag, attrs in read(path).tags:
        loads = [attrs.get(k) for k in ("src", "srcset", "data", "poster")]
        if tag == "link" and attrs.get("rel") not in ("canonical",):
            loads.append(attrs.get("href"))
        for address in filter(None, loads):
            assert not re.match(r"(?:[a-z]+:)?//", address), f"<{tag}> loads {address}"
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"unpkg\.com|jsdelivr\.net|cdnjs|googleapis", text)


@built
def test_no_style_sheet_loads_from_another_host():
    for path in (HTML / "_static").rglob("*.css"):
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not re.search(r"(url\(\s*['\"]?|@import\s+['\"])(https?:)?//", text), path.name


@built
@pytest.mark.parametrize("path", WRITTEN, ids=named)
def test_every_image_is_described(path, read):
    for tag, attrs in read(path).tags:
        if tag == "img" and "logo__image" not in (attrs.get("class") or ""):  # the title stands beside the logo
            alt = attrs.get("alt") or ""
            assert len(alt) > 15, f"{attrs.get('src')}: alt is {alt!r}"
            assert not re.search(r"[0-9a-f]{32}|\.(png|svg)$", alt), f"alt is a file name: {alt}"
        if tag == "svg" and "figure" in (attrs.get("class") or "").split():
            assert attrs.get("role") == "img" and len(attrs.get("aria-label") or "") > 15


@built
@pytest.mark.parametrize("path", PAGES, ids=named)
def test_internal_links_resolve(path, read):
    for tag, attrs in read(path).tags:
        address = attrs.get("href") if tag in ("a", "link") else attrs.get("src")
        if not address or address.startswith(("data:", "mailto:", "javascript:")):
            continue
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        assert target.exists(), f"{address} is nowhere"
        if parts.fragment and tag == "a" and target.suffix == ".html":
            assert unquote(parts.fragment) in read(target).ids, f"{address}: no such place on that page"


@built
def test_pages_are_light():
    heavy = {named(p): p.stat().st_size for p in WRITTEN if p.stat().st_size > 3_000_000}
    assert not heavy
    pictures = [p for p in (HTML / "_images").glob("*.*") if p.stat().st_size > 1_500_000]
    assert not pictures
