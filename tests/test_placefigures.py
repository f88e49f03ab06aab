"""Figures in a page: part of it, in its colours, described, and to be taken along."""

import io
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import browse
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest

from placeprior.book import figures, handing, style

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.usefixtures("styled")


@pytest.fixture(scope="module")
def placefigures():
    sys.path.insert(0, str(ROOT / "book/_ext"))
    try:
        pytest.importorskip("sphinx")
        return pytest.importorskip("placefigures")
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="module")
def svg(tmp_path_factory):
    """A figure with what figures have: lines, areas, letters, a formula, an image, a clip."""
    style.style()
    fig, ax = figures.subplots()
    ax.plot([0, 1], [0, 1], "o-", color=style.BLUE, mec=style.PAPER)
    ax.axhline(0.5, color=style.MUTED)
    ax.axvspan(0.2, 0.3, color=style.LAND)
    ax.imshow(np.eye(3), extent=(0, 1, 0, 1))
    ax.set(xlabel="1 < 2 & 3", title="$10^2$")
    figures.label(fig, "demo", embedded=True)
    path = tmp_path_factory.mktemp("figure") / "figure.svg"
    figures.save(fig, path)
    plt.close(fig)
    return path.read_text(encoding="utf-8")


def elements(text):
    return list(ET.fromstring(text).iter())


def test_a_figure_in_a_page_has_the_colours_of_the_page_alone(placefigures, svg):
    body = placefigures.inlined(svg, "fig-a", "A line.")
    for neutral, named in placefigures.NEUTRALS.items():
        assert neutral in svg and neutral not in body
        assert named in body or neutral == style.PAPER
    assert style.BLUE in body
    assert f"fill: {placefigures.NEUTRALS[style.PAPER]}" not in re.sub(r"<use.*?/>", "", body), "no card behind"
    sheet = (ROOT / "book/_static/book.css").read_text(encoding="utf-8")
    for named in placefigures.NEUTRALS.values():
        assert re.search(rf"\.figure-scroll \{{[^}}]*{named[4:-1]}: var\(--pst-color", sheet), named


def test_a_figure_in_a_page_is_described_and_as_wide_as_there_is_room(placefigures, svg):
    drawn = elements(placefigures.inlined(svg, "fig-a", 'A "line" & more.'))[1]
    assert (drawn.get("role"), drawn.get("aria-label")) == ("img", 'A "line" & more.')
    assert drawn.get("viewBox") and not drawn.get("width") and not drawn.get("height")


def test_no_letter_gets_smaller_than_can_be_read(placefigures, svg):
    drawn = elements(placefigures.inlined(svg, "fig-a", "A line."))[1]
    least = float(re.search(r"min-width: (\d+)px", drawn.get("style"))[1])
    shrunk = least / float(drawn.get("viewBox").split()[2])
    sizes = [float(size) for size in re.findall(r'<text style="font-size: ([\d.]+)px', svg)]
    assert shrunk * min(sizes) == pytest.approx(placefigures.LEGIBLE, abs=0.1)


def test_a_phone_shows_a_figure_of_the_pages_width_whole(placefigures, svg):
    wide = re.sub(r'viewBox="0 0 [\d.]+', 'viewBox="0 0 498.6', svg)
    wide = re.sub(r"font-size: [\d.]+px|font: [\d.]+px", lambda found: found[0].split(":")[0] + ": 9px", wide)
    least = re.search(r"min-width: (\d+)px", placefigures.inlined(wide, "fig-a", "A line."))
    assert int(least[1]) <= 390


def test_ids_of_two_figures_in_a_page_differ_and_all_links_meet_one(placefigures, svg):
    one, other = (placefigures.inlined(svg, name, "A line.") for name in ("fig-a", "fig-b"))
    ids = [e.get("id") for text in (one, other) for e in elements(text) if e.get("id")]
    assert len(set(ids)) == len(ids) > 2
    linked = set(re.findall(r'(?:url\(#|href="#)([^")]+)', one + other))
    assert linked == set(ids)


def test_nothing_of_a_figure_reaches_the_rest_of_the_page(placefigures, svg):
    assert "<style" in svg and "<metadata" in svg
    body = placefigures.inlined(svg, "fig-a", "A line.")
    assert not re.search("<style|<metadata|<\\?xml|<!DOCTYPE|<!--|xmlns", body)


def test_letters_are_the_pages_and_words_are_kept(placefigures, svg):
    body = placefigures.inlined(svg, "fig-a", "A line.")
    assert "1 &lt; 2 &amp; 3" in body and "embedded world (simulated)" in body
    assert not [text for text in re.findall(r"<text [^>]*>", body) if "font-family" in text]


def build(folder, cells):
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    folder.mkdir(parents=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Page"), *cells])
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    handing.take(notebook, folder / "index.ipynb")
    nbformat.write(notebook, folder / "index.ipynb")
    (folder / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'book/_ext')!r})\nextensions = ['myst_nb', 'placefigures']\n"
        # a dictionary of its own: Sphinx writes what extensions add into the one that all builds share
        "source_suffix = {'.ipynb': 'myst-nb'}\nnb_execution_mode = 'off'\nhtml_theme = 'basic'\n"
        f"html_static_path = [{str(ROOT / 'book/_static')!r}]\n",
        encoding="utf-8",
    )
    with docutils_namespace():
        Sphinx(folder, folder, folder / "out", folder / "doctrees", "html", status=None, warning=None).build()
    return (folder / "out/index.html").read_text(encoding="utf-8")


def cell(svg, name, *, data=None, tags=()):
    outputs = [nbformat.v4.new_output("display_data", {handing.MIME: handing.packed(data)})] if data is not None else []
    outputs.append(nbformat.v4.new_output("display_data", {"image/svg+xml": svg, "text/plain": "<Figure>"}))
    shown = {"figure": {"name": name, "caption": f"Caption of {name}."}, "image": {"alt": f"Alt of {name}"}}
    return nbformat.v4.new_code_cell(f"draw({name!r})", outputs=outputs, metadata={"mystnb": shown, "tags": list(tags)})


def test_under_a_figure_stand_its_data_and_its_code(placefigures, svg, tmp_path):
    table = pd.DataFrame({"x": [1, 2]})
    cells = [cell(svg, "fig-a", data=table, tags=["hide-input"]), cell(svg, "fig-b", tags=["remove-input"])]
    page = build(tmp_path / "book", cells)
    assert page.count("<svg ") == 2 and 'aria-label="Alt of fig-a"' in page and "<img" not in page
    first, second = re.findall(r"<figcaption>.*?</figcaption>", page, flags=re.S)
    assert "Caption of fig-a." in first and "Caption of fig-b." in second
    links = dict(re.findall(r'<a href="([^"]+)"(?: download)?>([^<]+)</a>', first))
    assert list(links.values()) == ["Data (CSV)", "Code"]
    data, code = links
    assert (tmp_path / "book/out" / data).read_text() == "x\n1\n2\n"
    assert re.search(rf'<details.*?id="{code[1:]}".*?draw.*?</details>', page, flags=re.S)
    assert "<a" not in second.partition("figure-links")[2]
    assert not list((tmp_path / "book/out/_downloads").rglob("*.svg")), "a drawing lies in its page and nowhere else"


def test_the_heaviest_figures_stay_files(placefigures, svg, tmp_path, monkeypatch):
    heavy = svg.replace("</svg>", f"<desc>{'x' * 5000}</desc></svg>")
    monkeypatch.setattr(placefigures, "HEAVY", len(placefigures.inlined(svg, "fig-b", "Alt of fig-b")) + 100)
    page = build(tmp_path / "book", [cell(heavy, "fig-a"), cell(svg, "fig-b")])
    assert page.count("<svg ") == 1 and 'aria-label="Alt of fig-b"' in page
    (image,) = re.findall("<img [^>]*>", page)
    assert 'alt="Alt of fig-a"' in image and 'loading="lazy"' in image
    assert (tmp_path / "book/out" / re.search('src="([^"]+)"', image)[1]).is_file()
    ((name, file),) = re.findall(r'<a href="[^"]*?([\w-]+)\.svg" (download)>SVG</a>', page)
    assert (name, file) == ("fig-a", "download") and re.findall('data-drawing="([^"]+)"', page) == ["fig-b"]
    offered = tmp_path / "book/out/_downloads/figures/index/fig-a.svg"
    assert offered.read_text(encoding="utf-8").startswith("<?xml")


def test_a_drawing_by_hand_stays_an_image(placefigures, tmp_path):
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M 0 0"/></svg>'
    page = build(tmp_path / "book", [cell(drawing, "fig-a")])
    assert "<svg " not in page and "<img " in page and "figure-links" not in page and "drawings.js" not in page


@pytest.fixture(scope="module")
def browser(chromium):
    return chromium()


def saved(browser, folder, name, how):
    """What a reader saves by the button under a figure."""
    from selenium.webdriver.support.wait import WebDriverWait

    folder.mkdir()
    where = {"behavior": "allow", "downloadPath": str(folder)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", where)
    how(browser.find_element("css selector", f'[data-drawing="{name}"] button'))
    WebDriverWait(browser, 20).until(lambda _: (folder / f"{name}.svg").is_file())
    return (folder / f"{name}.svg").read_text(encoding="utf-8")


def painted(browser, path):
    """A drawing as pixels, opened from its file."""
    browser.get(path.as_uri())
    return plt.imread(io.BytesIO(browser.get_screenshot_as_png()))[..., :3]


@pytest.mark.browser
def test_the_drawing_of_a_page_is_saved_as_it_was_drawn_by_day_and_by_night(placefigures, svg, tmp_path, browser):
    page = build(tmp_path / "book", [cell(svg, "fig-a", data=pd.DataFrame({"x": [1]})), cell(svg, "fig-b")])
    assert page.count("drawings.js") == 1
    browse.visit(browser, tmp_path / "book/out/index.html")
    button = browser.find_element("css selector", "[data-drawing=fig-a] button")
    assert (button.accessible_name, button.text) == ("SVG: save this drawing", "SVG")
    light = saved(browser, tmp_path / "light", "fig-a", lambda button: button.click())
    browse.colour(browser, "dark")
    dark = saved(browser, tmp_path / "dark", "fig-a", lambda button: button.send_keys("\ue007"))  # Enter
    assert light == dark and not browse.errors(browser)
    root = ET.fromstring(light)
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and "var(" not in light
    for neutral in placefigures.NEUTRALS:
        assert neutral in light, "neutral colours are those of the book's style again"
    (tmp_path / "drawn.svg").write_text(svg, encoding="utf-8")
    apart = np.abs(painted(browser, tmp_path / "drawn.svg") - painted(browser, tmp_path / "light/fig-a.svg")).max(-1)
    assert (apart > 0.1).mean() < 1e-3
    sizes = [[float(each.get(key)[:-2]) for key in ("width", "height")] for each in (root, ET.fromstring(svg))]
    assert sizes[0] == pytest.approx(sizes[1], abs=0.01)


@pytest.mark.browser
def test_without_scripts_no_button_is_shown(placefigures, svg, tmp_path, browser):
    build(tmp_path / "book", [cell(svg, "fig-a")])
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get((tmp_path / "book/out/index.html").as_uri())
        assert "SVG" not in browser.find_element("tag name", "figcaption").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
