"""The built book in Chromium, from the disk: wide and on a phone, light and dark, by keyboard, and searched."""

from __future__ import annotations

from pathlib import Path

import browse
import pytest

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
LEADING = {"index.html"}  # leads to the first page at once
PAGES = (
    sorted(
        p for p in HTML.rglob("*.html") if "_static" not in p.parts and p.relative_to(HTML).as_posix() not in LEADING
    )
    if HTML.is_dir()
    else []
)
CHAPTERS = [p for p in PAGES if "book" in p.parts]
TABS = 10

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not PAGES, reason="the book is not built; run `make book` first")]


def named(path):
    return path.relative_to(HTML).as_posix()


@pytest.fixture(scope="module", params=[browse.WIDE, browse.PHONE], ids=["wide", "phone"])
def window(request, chromium):
    return chromium(request.param)


@pytest.mark.parametrize("path", CHAPTERS, ids=named)
def test_page_opens_whole_and_asks_nobody(window, path):
    browse.visit(window, path)
    assert not browse.errors(window)
    assert not browse.requests(window)
    state = window.execute_script(
        "return [document.documentElement.scrollWidth, innerWidth,"
        " [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src),"
        " document.querySelectorAll('mjx-merror, [data-mjx-error]').length,"
        " document.querySelectorAll('.math').length, document.querySelectorAll('mjx-container').length]"
    )
    page, width, broken, wrong, formulas, set_ = state
    assert page <= width, f"the page is {page} pixels wide in a window of {width}"
    assert not broken
    assert wrong == 0, "a formula has an error"
    assert set_ >= formulas, "a formula was not typeset"


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_nothing_keeps_a_reader_out(window, path):
    pytest.importorskip("selenium_axe_python", reason="selenium-axe-python is not installed")
    browse.visit(window, path)
    for theme in ("light", "dark"):
        browse.colour(window, theme)
        assert not browse.grave(window), theme


def focused(window):
    """What has the focus: its tag, text or name, and whether it stands in the article."""
    return window.execute_script(
        "const it = document.activeElement; return [it.tagName, (it.innerText || it.ariaLabel || '').trim(),"
        " !!it.closest('article.bd-article')]"
    )


@pytest.mark.parametrize("path", [p for p in CHAPTERS if p.stem in ("index", "question", "comparison")], ids=named)
def test_a_keyboard_skips_to_the_text(window, path):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def press(key):
        ActionChains(window).send_keys(key).perform()

    browse.visit(window, path)
    press(Keys.TAB)
    assert focused(window)[1] == "Skip to main content"
    press(Keys.ENTER)
    passed = []
    for _ in range(TABS):
        press(Keys.TAB)
        passed.append(focused(window))
        if passed[-1][2]:
            return
    pytest.fail(f"{TABS} Tabs after skipping, the focus is still before the text: {passed}")


def test_a_search_shows_where_the_words_stand(window):
    from selenium.webdriver.support.wait import WebDriverWait

    browse.visit(window, HTML / "search.html", "?q=GeoCLIP")
    found = WebDriverWait(window, 20).until(
        lambda w: w.execute_script("return [...document.querySelectorAll('#search-results li')].map(i => i.innerText)")
    )
    shown = WebDriverWait(window, 20).until(
        lambda w: w.execute_script(
            "return [...document.querySelectorAll('#search-results li p.context mark')].map(m => m.innerText)"
        )
    )
    assert found and {word.lower() for word in shown} == {"geoclip"}
    lines = window.execute_script("return document.querySelectorAll('#search-results li p.context').length")
    assert lines >= len(found) / 2
