"""What pages say of themselves, what they weigh, and the doors into the project: the book's publishing layer."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
URLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
# slides are no page of text
PAGES = sorted(p for p in (HTML / "book").rglob("*.html") if p.stem != "slides") if HTML.is_dir() else []

built = pytest.mark.skipif(not PAGES, reason="the book is not built; run `make book` first")
nodes = pytest.importorskip("docutils.nodes")


def extension(name):
    sys.path.insert(0, str(ROOT / "book/_ext"))
    try:
        return pytest.importorskip(name)
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="module")
def publish():
    return extension("publish")


@pytest.fixture(scope="module")
def finishing():
    return extension("finishing")


def named(path):
    return path.relative_to(HTML).as_posix()


def section(*children):
    made = nodes.section()
    made += children
    return made


# --- the head of a page ----------------------------------------------------------------------------------------------


def test_the_book_is_published_where_its_repository_publishes():
    owner, name = URLS["Repository"].rsplit("/", 2)[1:]
    assert URLS["Homepage"] == f"https://{owner}.github.io/{name}"


def test_a_page_is_described_by_its_answer(publish):
    answer = nodes.container(classes=["answer"])
    answer += [nodes.paragraph("", "Does it?", classes=["question"]), nodes.paragraph("", "It\ndoes.")]
    assert publish.description(section(nodes.paragraph("", "Before."), answer)) == "It does."


def test_a_page_without_an_answer_is_described_by_its_first_sentences(publish):
    boxed = nodes.note("", nodes.paragraph("", "In a box."))
    goals = nodes.container(classes=["goals"])
    goals += nodes.bullet_list("", nodes.list_item("", nodes.paragraph("", "A goal.")))
    assert publish.description(section(boxed, goals, nodes.paragraph("", "The text."))) == "The text."
    assert publish.description(section(boxed)) == ""


def test_a_long_description_ends_with_a_sentence_or_a_word(publish):
    assert publish.shortened("A sentence of this length is kept. " * 9).endswith("is kept.")
    assert len(publish.shortened("A sentence of this length is kept. " * 9)) <= publish.LONGEST
    assert publish.shortened("word " * 90).endswith("word …")


def test_the_source_of_a_chapter_is_its_notebook(publish):
    assert publish.source(ROOT, "book/chapters/world") == "notebooks/10_world.py"
    assert publish.source(ROOT, "book/question") == "book/question.md"
    assert publish.source(ROOT, "book/chapters/nowhere") is None and publish.source(ROOT, "search") is None


def test_a_file_changed_when_it_was_last_committed(publish, tmp_path):
    def git(*words):
        author = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *author, *words], check=True, capture_output=True)

    assert publish.changed(tmp_path, "a.md") is None
    git("init", "-q")
    (tmp_path / "a.md").write_text("a")
    git("add", "a.md")
    git("commit", "-q", "-m", "a", "--date", "2020-01-01T00:00:00")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", publish.changed(tmp_path, "a.md"))
    assert publish.changed(tmp_path, "b.md") is None


@built
@pytest.mark.parametrize("path", PAGES, ids=named)
def test_a_built_page_says_what_and_where_it_is(path):
    text = path.read_text(encoding="utf-8")
    head = text.partition("</head>")[0]
    page = named(path)
    told = re.findall(r'<meta name="description" content="([^"]*)"', head)
    assert len(told) == 1 and 20 < len(told[0])
    assert f'<link rel="canonical" href="{URLS["Homepage"]}/{page}" />' in head
    for name in ("title", "description", "url", "image", "image:alt"):
        assert len(re.findall(rf'<meta property="og:{name}" content="[^"]+"', head)) == 1, name
    edits = set(re.findall(rf'href="{re.escape(URLS["Repository"])}/edit/main/([^"]*)"', text))
    assert len(edits) == 1, "one source, in the menu and at the foot"
    assert (ROOT / edits.pop()).is_file()


@built
def test_descriptions_differ():
    told = [re.search(r'<meta name="description" content="([^"]*)"', p.read_text(encoding="utf-8"))[1] for p in PAGES]
    assert len(set(told)) == len(told)


# --- what a page weighs ----------------------------------------------------------------------------------------------

SCRIPTS = """<html><head>
<script defer src="../_static/scripts/fontawesome.js?digest=1"></script>
<script>window.MathJax = {"options": {}}</script>
<script defer="defer" src="../_static/mathjax/tex-svg.js?v=1"></script>
<script src="../_static/book.js?v=1"></script>
<script src="../_static/searchtools.js"></script>
<script src="../_static/language_data.js"></script>
<script src="../searchindex.js"></script>
</head><body><i class="fa-solid fa-bars"></i><article>%s</article></body></html>"""


def test_a_page_loads_what_it_uses(finishing, tmp_path):
    plain = finishing.lightened(SCRIPTS % "<p>text</p>", tmp_path, search=False)
    assert re.findall(r'src="([^"?]*)', plain) == ["../_static/book.js"] and "MathJax" not in plain
    assert '<i aria-hidden="true" class="fa-solid fa-bars">' in plain
    formula = finishing.lightened(SCRIPTS % '<span class="math notranslate">x</span>', tmp_path, search=False)
    assert "tex-svg.js" in formula and "window.MathJax" in formula
    assert "searchindex.js" in finishing.lightened(SCRIPTS % "", tmp_path, search=True)


def test_pictures_have_their_size_and_wait_until_they_are_near(finishing, tmp_path):
    import matplotlib.pyplot as plt

    plt.imsave(tmp_path / "a.png", [[0.0, 1.0, 0.0]])
    text = SCRIPTS % ('<img alt="first" src="a.png" />' + '<img alt="second" src="a.png" /><img src="gone.png" />')
    first, second, gone = re.findall(r"<img[^>]*>", finishing.lightened(text, tmp_path, search=False))
    assert 'width="3" height="1"' in first and "lazy" not in first
    assert 'width="3" height="1"' in second and 'loading="lazy"' in second
    assert "width" not in gone


def test_a_drawing_is_rounded_in_its_file_and_in_a_notebook(finishing):
    drawing = '<g transform="scale(0.015625)"><path d="M 1.234567 -0.001 Q 2.5 3"/></g>'
    short = '<g transform="scale(0.015625)"><path d="M 1.23 -0 Q 2.5 3"/></g>'
    assert finishing.rounded(drawing) == short
    cell = nbformat.v4.new_code_cell("x = 1.234567\ny = 2")
    cell.outputs = [nbformat.v4.new_output("display_data", {"image/svg+xml": drawing.replace(" Q", "\nQ")})]
    slim = finishing.slim(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])))
    (kept,) = nbformat.reads(slim, as_version=4).cells
    assert kept.source == cell.source and kept.outputs[0].data["image/svg+xml"] == short


def test_pictures_lie_in_one_place_and_only_where_a_page_shows_them(finishing, tmp_path):
    for folder in ("_images", "_downloads/figures", "book"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "_images/a.svg").write_text("the same")
    (tmp_path / "_downloads/figures/fig-a.svg").write_text("the same")
    (tmp_path / "_images/b.svg").write_text("shown")
    (tmp_path / "_images/c.svg").write_text("not shown")
    page = tmp_path / "book/page.html"
    page.write_text('<img src="../_images/a.svg" /><img src="../_images/b.svg" />')
    finishing.share_pictures(tmp_path)
    assert page.read_text() == '<img src="../_downloads/figures/fig-a.svg" /><img src="../_images/b.svg" />'
    assert [p.name for p in (tmp_path / "_images").iterdir()] == ["b.svg"]


@built
def test_the_site_carries_nothing_that_no_page_names():
    named_somewhere = "".join(p.read_text(encoding="utf-8") for p in PAGES)
    assert not list(HTML.rglob("*.map"))
    images = [p for p in (HTML / "_images").rglob("*") if p.is_file()] if (HTML / "_images").is_dir() else []
    assert not [p.name for p in images if p.name not in named_somewhere]
    offered = [p for p in (HTML / "_downloads").rglob("*") if p.is_file()]
    contents = [p.read_bytes() for p in images]
    assert len(set(contents)) == len(contents), "a picture lies here twice"
    assert not set(contents) & {p.read_bytes() for p in offered}, "a picture lies here again as a download"
    assert not [p for p in (HTML / "_static").rglob("*") if p.suffix in (".ttf", ".woff2")]
    sheet = (HTML / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    fonts = set(re.findall(r"url\(\.\./(vendor/[^)]*)\)", sheet))
    assert fonts and all((HTML / "_static" / font).is_file() for font in fonts)


@built
@pytest.mark.parametrize("path", PAGES, ids=named)
def test_formulas_alone_bring_mathjax(path):
    text = path.read_text(encoding="utf-8")
    assert ("tex-svg.js" in text) == ('class="math' in text)
    assert "fontawesome.js" not in text and "searchindex.js" not in text


# --- beside the pages ------------------------------------------------------------------------------------------------


@built
def test_the_sitemap_lists_every_page():
    tree = ElementTree.parse(HTML / "sitemap.xml")
    spaces = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    listed = {each.text for each in tree.findall("s:url/s:loc", spaces)}
    assert listed == {f"{URLS['Homepage']}/{named(p)}" for p in PAGES}


def test_the_page_for_wrong_addresses_works_at_any_depth(finishing, tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "favicon.svg").write_text("<svg/>")
    text = finishing.lost(tmp_path, "T", "https://example.org/t", "book/index.html")
    addresses = re.findall(r'(?:href|src)="([^"]*)"', text)
    assert addresses and all(re.match("https://example.org/t/|data:", address) for address in addresses)


@built
def test_the_root_leads_to_the_first_page_and_has_an_icon():
    text = (HTML / "index.html").read_text(encoding="utf-8")
    assert "url=book/index.html" in text and 'rel="icon"' in text and "<title>" in text
    assert (HTML / "_static/card.png").read_bytes().startswith(b"\x89PNG")


@built
def test_the_search_page_has_the_text_of_every_section():
    text = (HTML / "_static/excerpts.js").read_text(encoding="utf-8")
    texts = json.loads(text.removeprefix("window.EXCERPTS = ").rstrip(";\n"))
    assert set(texts) == {named(p).removesuffix(".html") for p in PAGES}
    for page, parts in texts.items():
        ids = set(re.findall(r'<section[^>]*\bid="([^"]+)"', (HTML / f"{page}.html").read_text(encoding="utf-8")))
        assert set(parts) == ids | {""}


# --- doors -----------------------------------------------------------------------------------------------------------


def test_every_door_starts_from_a_file_that_is_there(publish):
    doors = publish.launches(ROOT)
    assert set(doors) == set(publish.PLACES)
    assert all((ROOT / file).is_file() for file, _ in publish.PLACES.values())
    repository = URLS["Repository"].removeprefix("https://github.com/")
    assert all(repository in address for address in doors.values())
    assert publish.START in doors["Binder"] and publish.START in doors["Colab"] and (ROOT / publish.START).is_file()


def test_the_doors_are_on_the_page_that_tells_how_to_run_the_book():
    assert "```{launch}" in (ROOT / "book/reproduce.md").read_text(encoding="utf-8")


def test_binder_and_the_container_install_what_make_installs():
    script = ROOT / ".binder" / "postBuild"
    assert "make setup" in script.read_text() and script.stat().st_mode & stat.S_IXUSR
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["postCreateCommand"] == "make setup"
    python = (ROOT / ".binder" / "runtime.txt").read_text().strip()
    assert python == "python-3.11" and "python:3.11" in container["image"]


def test_the_starting_notebook_fetches_this_repository():
    notebook = nbformat.read(ROOT / "launch" / "start.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert re.findall(r"https://[^\"]*", code) == [URLS["Repository"]]
    assert not any(cell.get("outputs") for cell in notebook.cells)
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(r"geoclip==[\d.]+", code)[0] in lock


@pytest.mark.slow
def test_the_starting_notebook_runs():
    nbclient = pytest.importorskip("nbclient")
    from placeprior import encoders
    from placeprior.errors import MissingWeights

    try:
        encoders.load("geoclip")
    except MissingWeights as error:
        pytest.skip(str(error))
    notebook = nbformat.read(ROOT / "launch" / "start.ipynb", as_version=4)
    here = {"metadata": {"path": str(ROOT / "launch")}}
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources=here).execute()
    answer = notebook.cells[-2].outputs[-1]["data"]["text/plain"]
    assert "geoclip-hadamard" in answer and "NaN" not in answer


def test_a_door_without_its_file_is_a_warning(publish, tmp_path, caplog):
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    env = SimpleNamespace(app=SimpleNamespace(confdir=str(tmp_path)))
    state = SimpleNamespace(document=SimpleNamespace(settings=SimpleNamespace(env=env)))
    told = []
    directive = publish.Launch("launch", [], {}, [], 1, 0, "", state, SimpleNamespace(reporter=None))
    directive.get_location = lambda: "page"
    publish.LOG, kept = SimpleNamespace(warning=lambda *words, **_: told.append(words)), publish.LOG
    try:
        (rows,) = directive.run()
    finally:
        publish.LOG = kept
    assert len(told) == len(publish.PLACES) == len(rows)


TEMPLATES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


@pytest.mark.parametrize("path", [p for p in TEMPLATES if p.stem != "config"], ids=lambda p: p.stem)
def test_a_template_for_issues_asks_for_what_a_maintainer_needs(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    ids = [field["id"] for field in form["body"]]
    assert len(set(ids)) == len(ids)
    assert sum(field.get("validations", {}).get("required", False) for field in form["body"]) >= 2
    assert all(field["type"] in ("input", "textarea", "dropdown") for field in form["body"])


def test_printing_says_what_is_missing_where_there_is_no_browser(tmp_path):
    here = {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, str(ROOT / "scripts/pdf.py")], capture_output=True, text=True, env=here)
    assert done.returncode == 1 and "apt-get install chromium" in done.stderr and "Traceback" not in done.stderr


def test_pages_that_are_joined_keep_their_places_apart():
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import pdf
    finally:
        sys.path.pop(0)
    html = (
        '<article class="bd-article"><h1 id="a">T<a class="headerlink" href="#a">#</a></h1><a href="#a">here</a>'
        '<a href="../two.html#b">there</a><a href="../gone.html">lost</a><a href="https://example.org/">out</a>'
        '<img loading="lazy" src="../../_images/x.png" /><svg><clipPath id="c"/><g clip-path="url(#c)"/></svg>'
        "<details><summary>s</summary></details></article>"
    )
    text = pdf.article(html, "book/x/one", {"book/x/one", "book/two"})
    assert 'id="book-x-one"' in text and 'id="book-x-one--a"' in text and "headerlink" not in text
    assert 'href="#book-x-one--a"' in text and 'href="#book-two--b"' in text and "gone.html" not in text
    assert 'href="https://example.org/"' in text and 'src="_images/x.png"' in text and "lazy" not in text
    assert 'id="book-x-one--c"' in text and "url(#book-x-one--c)" in text and "<details open" in text
