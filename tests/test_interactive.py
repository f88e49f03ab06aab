"""Interactive figures: what is packed into a page, who draws it, and that it moves in a real browser."""

import base64
import importlib
import io
import json
import re
from pathlib import Path
from types import SimpleNamespace

import browse
import nbformat
import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from conftest import toy_cube

from placeprior import coords
from placeprior.book import interactive, pages
from placeprior.book.interactive.days import amount, level
from placeprior.book.interactive.days import shown as days_of
from placeprior.book.interactive.similarity import coded, unit_vectors
from placeprior.book.interactive.widget import Widget
from placeprior.book.results import Results
from placeprior.encoders import geoclip
from placeprior.encoders.harmonics import real_harmonics
from placeprior.errors import StoreError
from placeprior.scores import metrics, spectra
from placeprior.space.splits import lonlat_of, partition, split

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "book/_static/interactive"
LIMIT = 400_000  # bytes of a figure in a page
COARSE = 4.0  # degrees a cell


@pytest.fixture(scope="module")
def results():
    rows = [("gbt", 1, 0, 0.25), ("gbt", 1, 1, 0.35), ("random-vector-hadamard", 1, 0, 0.125), ("gbt", 2, 0, 0.5)]
    scores = pd.DataFrame(rows, columns=["arm", "fold", "seed", "value"])
    return Results(
        "demo", "toy", "<b>toy</b>", scores.assign(task="toy", split="checkerboard-16", metric="r2"), pd.DataFrame()
    )


@pytest.fixture(scope="module")
def fields():
    """A truth and two estimates on three days."""
    land, rng = coords.Land(COARSE), np.random.default_rng(0)
    where = {"lon": ("x", land.lon), "lat": ("y", land.lat), "time": np.arange("2021-03-01", 3, dtype="datetime64[D]")}
    made = [
        xr.DataArray(
            np.stack([land.raster(rng.gamma(2, 5, len(land.places))) for _ in range(3)]), where, ("time", "y", "x")
        )
        for _ in range(3)
    ]
    return made[0], {"none+head": made[1], "geoclip-hadamard": made[2]}


@pytest.fixture(scope="module")
def figures(results, fields):
    return {
        "similarity": interactive.similarity("demo", ["siren-sh", "random-vector", "urban"], resolution=COARSE),
        "scales": interactive.scales("demo"),
        "checkerboard": interactive.checkerboard(toy_cube(), results),
        "days": days_of("demo", *fields, COARSE),
    }


# --- what is in a page ------------------------------------------------------------------------------------------------


def unpacked(text, kind):
    return np.frombuffer(base64.b64decode(text), f"<{kind}")


def test_what_a_figure_says_cannot_leave_its_element():
    figure = Widget("days", 'a "<b>"', "", {"text": "</script><script>alert(1)</script>"}, "<i>")
    made = figure._repr_html_()
    assert made.count("</script>") == 1 and "<b>" not in made and "<i>" not in made
    inside = re.search(r'json">(.*)</script>', made)[1]
    assert json.loads(inside) == {"text": "</script><script>alert(1)</script>"}
    assert repr(figure) == 'interactive figure: a "<b>"'


def test_no_gap_can_be_packed():
    with pytest.raises(ValueError, match="JSON"):
        Widget("days", "", "", {"value": float("nan")}, "").json()


def test_figures_of_the_book_are_light():
    assert len(interactive.similarity("demo")._repr_html_().encode()) < LIMIT
    assert len(interactive.scales("demo")._repr_html_().encode()) < LIMIT


@pytest.mark.parametrize("name", ["siren-sh", "random-vector"])
def test_cosines_are_kept_to_what_is_said(name):
    vectors = unit_vectors(name, coords.Land(COARSE).places)
    code, worst = coded(vectors)
    exact = vectors @ vectors.T
    if "vectors" in code:
        whole = unpacked(code["vectors"], "i1").reshape(-1, code["dim"]).astype(float)
        whole /= np.linalg.norm(whole, axis=1, keepdims=True)
        found = whole @ whole.T
    else:
        found = np.eye(len(vectors))
        found[np.tril_indices(len(vectors), -1)] = code["low"] + code["step"] * unpacked(code["cosines"], "u1")
        found = found + np.tril(found, -1).T
    assert ("vectors" in code) == (name == "siren-sh"), "a rough encoder has every cosine kept, a smooth one has not"
    assert 0 < np.abs(found - exact).max() <= worst + 1e-12
    assert worst < 0.02


def test_amounts_come_back_from_whole_numbers():
    values = np.linspace(0, 80, 1001)
    back = amount(level(values, 80.0), 80.0)
    assert np.abs(back - values).max() <= 80 / 255
    assert np.abs(back - values)[values < 5].max() < 0.1, "small amounts are kept better"
    assert level(np.array([-1.0]), 80.0) == 0


def test_each_day_is_estimated_from_the_days_before_it(monkeypatch):
    land = coords.Land(COARSE)
    time = np.arange("2021-01-01", 12, dtype="datetime64[D]").astype("datetime64[ns]")
    room = importlib.import_module("placeprior.book.interactive.days")
    monkeypatch.setattr(room, "cube_of", lambda _: xr.Dataset(coords={"time": time}))

    def fields_on(run, days, where):
        assert run.window == 4, "the run that looks back longest is asked"
        shape = (len(time), len(land.lat), len(land.lon))
        truth = np.broadcast_to(np.arange(len(time), dtype=float)[:, None, None], shape)
        return xr.Dataset({"pm25_true": (("time", "y", "x"), truth)}, {"time": time})

    monkeypatch.setattr(room.daily_maps, "fields_on", fields_on)
    monkeypatch.setattr(room.daily_maps, "daily_map", lambda run, grid: grid["pm25_true"].isel(time=-1) + run.window)
    runs = {"none": SimpleNamespace(window=1), "none+head": SimpleNamespace(window=4)}
    truth, made = room.estimated(runs, 3, COARSE)
    assert list(truth["time"].values) == list(time[3::3])
    assert list(truth.values[:, 0, 0]) == [3, 6, 9]
    assert {arm: list(maps.values[:, 0, 0]) for arm, maps in made.items()} == {
        "none": [4, 7, 10],
        "none+head": [7, 10, 13],
    }


def test_days_of_no_run_are_refused():
    with pytest.raises(StoreError, match="no run of profile 'demo'.*make book"):
        interactive.days("demo", {})


def test_scores_are_means_of_seeds_and_what_was_not_run_is_absent(figures):
    found = figures["checkerboard"].data["scores"]
    assert found.keys() == {"16/1", "16/2"}
    assert [(row["value"], row["fits"]) for row in found["16/1"]] == [(0.3, 2), (0.125, 1)]
    assert found["16/1"][1]["name"] == figures["checkerboard"].data["placebo"]


def test_a_page_keeps_the_markup_of_an_output(figures):
    html = figures["days"]._repr_html_()
    output = nbformat.v4.new_output("display_data", {"text/html": html, "text/plain": "…"})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("days", outputs=[output])])
    pages._tidy(notebook)
    assert notebook.cells[0].outputs[0]["data"]["text/html"] == html


# --- who draws it -----------------------------------------------------------------------------------------------------


def test_scripts_are_on_pages_that_have_a_figure_and_on_no_other(figures, tmp_path):
    sphinx = pytest.importorskip("sphinx.application")
    from sphinx.util.docutils import docutils_namespace

    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'book/_ext')!r})\n"
        "extensions = ['myst_parser', 'interactive']\nhtml_theme = 'basic'\n"
        f"html_static_path = [{str(STATIC.parent)!r}]\n"
    )
    (tmp_path / "index.md").write_text("# Plain\n\n```{toctree}\nother\n```\n\nNothing moves.\n")
    (tmp_path / "other.md").write_text(f"# Moving\n\n```{{raw}} html\n{figures['days']._repr_html_()}\n```\n")
    warnings = io.StringIO()
    with docutils_namespace():  # what it registers would meet the next test's
        sphinx.Sphinx(
            tmp_path, tmp_path, tmp_path / "out", tmp_path / "d", "html", status=None, warning=warnings
        ).build()
    plain, moving = ((tmp_path / f"out/{name}.html").read_text() for name in ("index", "other"))
    assert "_static/interactive/" not in plain
    assert re.findall(r"_static/interactive/([\w.]+)\?", moving) == ["interactive.css", "core.js", "days.js"]
    assert (tmp_path / "out/_static/interactive/days.js").is_file()


# --- in a browser -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[browse.WIDE, browse.PHONE], ids=["wide", "phone"])
def browser(request, chromium):
    return chromium(request.param)


@pytest.fixture
def wide(browser):
    if browser.execute_script("return innerWidth") == browse.PHONE[0]:
        pytest.skip("what does not depend on the width is tried once")
    return browser


@pytest.fixture
def show(browser, figures, tmp_path):
    """Open a page of nothing but some figures, and fail at the end if anything went wrong there."""

    def opened(*kinds):
        scripts = "".join(
            f'<script defer src="{(STATIC / f"{name}.js").as_uri()}"></script>' for name in ("core", *sorted({*kinds}))
        )
        body = "".join(figures[kind]._repr_html_() for kind in kinds)
        (tmp_path / "page.html").write_text(
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>'
            '<meta name="viewport" content="width=device-width">'
            f'<link rel="stylesheet" href="{(STATIC / "interactive.css").as_uri()}">{scripts}</head>'
            f"<body>{body}</body></html>",
            encoding="utf-8",
        )
        return Page(browser, (tmp_path / "page.html").as_uri())

    yield opened
    assert not browse.errors(browser)
    assert not browse.requests(browser)


def started(browser):
    """Wait until every figure of a page has said something; `get` may return a moment before."""
    from selenium.webdriver.support.wait import WebDriverWait

    said = "return [...document.querySelectorAll('.interactive')].every((d) => d.querySelector('.said').innerText)"
    WebDriverWait(browser, 20).until(lambda window: window.execute_script(said))


class Page:
    """What a reader does on a page, and what there is to see."""

    def __init__(self, browser, address):
        self.browser = browser
        browser.get(address)
        started(browser)

    def find(self, selector):
        return self.browser.find_element("css selector", selector)

    @property
    def said(self):
        return self.find(".said").text

    @property
    def drawn(self):
        """Every canvas, as text that differs where a pixel does."""
        return self.browser.execute_script("return [...document.querySelectorAll('canvas')].map((c) => c.toDataURL())")

    def settle(self):
        self.browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

    def slide(self, name, value):
        """Move a slider to a value by the keyboard: to its beginning, and up by steps."""
        slider = self.find(f'[name="{name}"]')
        low, step = (float(slider.get_attribute(key)) for key in ("min", "step"))
        slider.send_keys("\ue011" + "\ue014" * round((value - low) / step))  # Home, then to the right
        self.settle()
        assert float(slider.get_attribute("value")) == value

    def choose(self, value):
        """Choose a radio button."""
        self.find(f'input[type=radio][value="{value}"]').click()
        self.settle()


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["similarity", "scales", "checkerboard", "days"])
def test_figure_fits_follows_the_theme_and_is_named(show, kind):
    page = show(kind)
    assert page.said and all(page.drawn)
    assert page.browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert page.browser.execute_script(
        "return [...document.querySelectorAll('canvas')].every((c) => c.clientWidth > 100 && c.ariaLabel)"
    )
    assert page.browser.execute_script(
        "return [...document.querySelectorAll('input, select')].every((i) => i.labels[0]?.clientHeight >= 24)"
    ), "a control has no label, or one too small for a finger"
    light, colours = page.drawn, "return getComputedStyle(document.querySelector('.interactive')).color"
    ink = page.browser.execute_script(colours)
    page.browser.execute_script("document.documentElement.dataset.theme = 'dark'")
    page.settle()
    assert page.browser.execute_script(colours) != ink
    assert all(one != other for one, other in zip(page.drawn, light, strict=True)), "a canvas has kept the light theme"


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["similarity", "scales", "checkerboard", "days"])
def test_everything_is_reached_by_the_keyboard_with_a_ring(wide, show, kind):
    page = show(kind)
    wanted = page.browser.execute_script(
        "return [...document.querySelectorAll('input[type=range], select, button, [tabindex], input:checked')].length"
    )
    reached = []
    for _ in range(wanted):
        page.browser.switch_to.active_element.send_keys("\ue004")
        reached.append(page.browser.execute_script("return document.activeElement.outerHTML"))
        ring = page.browser.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
        assert ring == "solid", reached[-1]
    assert len(set(reached)) == wanted and not any(each.startswith("<body") for each in reached)


@pytest.mark.browser
def test_without_scripts_and_in_print_there_is_no_figure(wide, show):
    shown = "return getComputedStyle(document.querySelector('.interactive')).display"
    page = show("days")
    assert page.browser.execute_script(shown) == "block"
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.browser.execute_script(shown) == "none"
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    page.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.browser.refresh()
        assert not page.find(".interactive").is_displayed()
    finally:
        page.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.browser
def test_two_figures_of_a_kind_do_not_move_each_other(wide, show):
    page = show("days", "days")
    first, second = page.browser.find_elements("css selector", ".said")
    before = first.text
    page.browser.find_elements("css selector", 'input[value="geoclip-hadamard"]')[1].click()
    page.settle()
    assert "GeoCLIP" in second.text and first.text == before


@pytest.mark.browser
def test_maps_are_the_books(wide, show):
    show("similarity")
    places = coords.Land(COARSE).places
    there = wide.execute_script("return arguments[0].map(([x, y]) => interactive.albers(x, y))", places.tolist())
    assert np.abs(np.array(there) * coords.EARTH_RADIUS_KM - coords.project(places)).max() < 20
    back = wide.execute_script("return arguments[0].map(([x, y]) => interactive.unalbers(x, y))", there)
    assert np.allclose(back, places, atol=1e-9)


@pytest.mark.browser
def test_similarity_moves_by_click_arrow_list_and_encoder(show):
    page = show("similarity")
    said, drawn = [page.said], [page.drawn]

    def moved():
        page.settle()
        assert page.said not in said and page.drawn not in drawn
        said.append(page.said)
        drawn.append(page.drawn)

    canvas = page.find("canvas")
    canvas.send_keys("\ue014")
    moved()
    canvas.send_keys("\ue015")
    moved()
    page.find("select").send_keys("New York")
    moved()
    assert "New York" in page.said
    from selenium.webdriver import ActionChains

    ActionChains(page.browser).move_to_element_with_offset(canvas, -canvas.size["width"] // 4, 0).click().perform()
    moved()
    assert "New York" not in page.said and page.find("select").get_attribute("value") == "0"
    page.choose("urban")
    moved()
    assert page.said.startswith("Population density")


@pytest.mark.browser
@pytest.mark.parametrize("name", ["siren-sh", "random-vector"])
def test_similarity_is_that_of_the_vectors(wide, show, figures, name):
    show("similarity")
    vectors, data = unit_vectors(name, coords.Land(COARSE).places), figures["similarity"].data["encoders"][name]
    for chosen in (0, 17, len(vectors) - 1):
        found = wide.execute_script("return [...interactive.cosines(...arguments)]", data, len(vectors), chosen)
        assert np.abs(np.array(found) - vectors @ vectors[chosen]).max() <= data["worst"] + 1e-4


@pytest.mark.browser
def test_formulas_of_scales_are_those_of_the_encoders(wide, show, figures):
    show("scales")
    rng = np.random.default_rng(1)
    places = np.column_stack([rng.uniform(-180, 180, 12), rng.uniform(-89, 89, 12)])
    directions = unpacked(figures["scales"].data["directions"], "f8").reshape(-1, 2)
    flat = geoclip.equal_earth(torch.from_numpy(places))
    for sigma in (1.0, 16.0, 256.0):
        ours = geoclip.fourier(flat, torch.from_numpy(sigma * directions)).numpy()
        script = "return arguments[0].map(([x, y]) => interactive.fourier(x, y, arguments[1], arguments[2]))"
        assert (
            np.abs(wide.execute_script(script, places.tolist(), directions.ravel().tolist(), sigma) - ours).max() < 1e-6
        )
        lengths = wide.execute_script(
            "return interactive.wavelengths(...arguments)", sigma, [0.1, 0.5], spectra.UNIT_KM
        )
        assert np.allclose(lengths, spectra.wavelengths(sigma, (0.1, 0.5)), rtol=1e-9)
    for degrees in (1, 2, 8, 60):
        script = "return arguments[0].map(([x, y]) => interactive.harmonics(x, y, arguments[1]))"
        found = wide.execute_script(script, places.tolist(), degrees)
        assert np.abs(found - real_harmonics(torch.from_numpy(places), degrees).numpy()).max() < 1e-6


@pytest.mark.browser
def test_globe_is_the_sum_of_its_harmonics(wide, show, figures):
    show("scales")
    coefficients, degrees = unpacked(figures["scales"].data["coefficients"], "f8"), 20
    places = np.array([(-96.0, 38.0), (10.0, -50.0), (179.0, 0.0)])
    whole = real_harmonics(torch.from_numpy(places), degrees).numpy()[:, 1:] @ coefficients[1 : degrees**2]
    script = """const field = interactive.globeField(arguments[0], arguments[1]);
                return arguments[2].map(([x, y]) => interactive.between(field, x, y))"""
    found = wide.execute_script(script, coefficients.tolist(), degrees, places.tolist())
    assert np.allclose(found, whole * np.sqrt(4 * np.pi / (degrees**2 - 1)), atol=1e-6)


@pytest.mark.browser
def test_scales_follow_their_sliders(show):
    page = show("scales")
    waves, globe, spectrum = page.drawn
    half = f"{spectra.wavelengths(16.0, (0.5,))[0]:,.0f}"
    assert f"σ = 16: half of the waves are shorter than {half} km" in page.said
    page.slide("sigma", 4.25)
    assert page.drawn[0] != waves and page.drawn[1] == globe and page.drawn[2] != spectrum
    page.slide("degrees", 12)
    assert page.drawn[1] != globe and "144 harmonics" in page.said


@pytest.mark.browser
def test_partition_is_that_of_the_splits(wide, show):
    show("checkerboard")
    west, south, east, north = coords.CONUS_BOX
    rng = np.random.default_rng(2)
    places = np.column_stack([rng.uniform(west - 3, east + 3, 400), rng.uniform(south - 3, north + 3, 400)])
    script = "return arguments[0].map(([x, y]) => interactive.partition(x, y, arguments[1], arguments[2]))"
    for size in (2, 7, 8, 16, 30):
        found = wide.execute_script(script, places.tolist(), size, coords.CONUS_BOX)
        assert np.array_equal(found, partition(places, size))


@pytest.mark.browser
def test_parts_and_distances_are_those_of_the_splits(wide, show, figures):
    show("checkerboard")
    cube, data = toy_cube(), dict(figures["checkerboard"].data)
    script = "return interactive.parted(arguments[0], arguments[1], arguments[2], arguments[3])"
    for size in (3, 8, 16, 30):
        for fold in (1, 2):
            found = wide.execute_script(script, data, lonlat_of(cube).ravel().tolist(), size, fold)
            ours = split(f"checkerboard-{size}", cube, seed=0, fold=fold)
            for part in ("train", "validation", "test"):
                assert np.array_equal(np.array(found["part"]) == part, getattr(ours, part).any(1))
            assert np.allclose(found["km"], np.sort(ours.distance_km(cube)), rtol=1e-9)


@pytest.mark.browser
def test_checkerboard_follows_its_controls_and_says_what_was_not_run(show):
    page = show("checkerboard")
    before = page.drawn
    assert "0.300" in page.find(".scores").text and "(placebo)" in page.find(".scores").text
    page.choose("2")
    assert "partition 2 tested" in page.said and "0.500" in page.find(".scores").text
    assert all(one != other for one, other in zip(page.drawn, before, strict=True))
    page.slide("size", 9)
    assert "Cells of 9°" in page.said and "No run has this size." in page.said
    assert page.find(".scores").text == "Not run with cells of 9°; scores there are at 16°."


@pytest.mark.browser
def test_days_say_the_error_of_the_maps(show, fields):
    page = show("days")
    truth, made = fields
    before = page.drawn
    day = (int(page.find('[name="day"]').get_attribute("value")) + 1) % 3
    page.slide("day", day)
    page.choose("geoclip-hadamard")
    assert all(one != other for one, other in zip(page.drawn, before, strict=True))
    found = metrics.over_area(made["geoclip-hadamard"].isel(time=day), truth.isel(time=day))
    assert f"{day + 1} March" in page.said and "GeoCLIP" in page.said
    assert float(re.search(r"RMSE ([\d.]+)", page.said)[1]) == pytest.approx(found["rmse"], abs=0.1)
    assert page.find('[name="day"]').get_attribute("aria-valuetext") == f"{day + 1} March"


@pytest.mark.browser
def test_days_play_and_a_reader_who_wants_less_motion_steps(wide, show):
    from selenium.webdriver.support.wait import WebDriverWait

    page = show("days")
    button, first = page.find("button"), page.find('[name="day"]').get_attribute("value")
    button.click()
    assert button.text == "Pause" and page.find(".said").get_attribute("aria-live") == "off"
    WebDriverWait(wide, 5).until(lambda _: page.find('[name="day"]').get_attribute("value") != first)
    button.click()
    assert button.text == "Play" and page.find(".said").get_attribute("aria-live") == "polite"

    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    wide.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        page = show("days")
        button, day = page.find("button"), page.find('[name="day"]')
        assert button.text == "Next day"
        start = int(day.get_attribute("value"))
        button.click()
        assert int(day.get_attribute("value")) == (start + 1) % 3
        page.browser.execute_async_script("setTimeout(arguments[0], 700)")
        assert int(day.get_attribute("value")) == (start + 1) % 3, "nothing may move by itself"
    finally:
        wide.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


# --- in the built book ------------------------------------------------------------------------------------------------

HTML = ROOT / "_build" / "html"
MOVING = [p for p in sorted(HTML.rglob("*.html")) if '<div class="interactive"' in p.read_text(encoding="utf-8")]


@pytest.mark.browser
@pytest.mark.skipif(not MOVING, reason="the book is not built, or has no interactive figure; run `make book` first")
@pytest.mark.parametrize("path", MOVING, ids=lambda path: path.stem)
def test_figures_of_the_built_book_have_started(browser, path):
    browser.get(path.as_uri())
    started(browser)
    wide = "return [...document.querySelectorAll('.interactive canvas')].every((canvas) => canvas.clientWidth > 100)"
    assert browser.execute_script(wide)
