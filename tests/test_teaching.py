"""Goals and quizzes: what they make of what is written, and how a quiz answers in a browser."""

import io
import re
import sys
from pathlib import Path

import browse
import pytest

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "book/_static"
GOALS = """```{goals}
:needs: {doc}`other`
tell **one** thing
compute $x < 1$ by hand
```
"""
RADIO = """```{quiz} Which split stands for a map?
- [ ] `random` | Its level is
  known.
- [x] spatial | Whole stations are left out.
```
"""
BOXES = """```{quiz} Which of these are places?
- [x] a town | It has one lon and lat.
- [ ] a day | It lies in time.
- [x] a street, p(a | b) | It has many.
```
"""


@pytest.fixture(scope="module")
def teaching():
    sys.path.insert(0, str(ROOT / "book/_ext"))
    try:
        return pytest.importorskip("teaching")
    finally:
        sys.path.pop(0)


def build(folder, text, builder="html"):
    """A page and one that it names, as a builder writes it, and what it warned of."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    (folder / "index.md").write_text(f"# Title\n\n{text}\n", encoding="utf-8")
    (folder / "other.md").write_text("---\norphan: true\n---\n# Another page\n\nNo quiz here.\n", encoding="utf-8")
    (folder / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'book/_ext')!r})\nextensions = ['myst_parser', 'teaching']\n"
        f"html_theme = 'basic'\nhtml_static_path = [{str(STATIC)!r}]\nmyst_enable_extensions = ['dollarmath']\n",
        encoding="utf-8",
    )
    warnings = io.StringIO()
    with docutils_namespace():
        Sphinx(folder, folder, folder / "out", folder / "trees", builder, status=None, warning=warnings).build()
    name = {"html": "index.html", "text": "index.txt"}[builder]
    return (folder / "out" / name).read_text(encoding="utf-8"), warnings.getvalue()


def test_goals_say_time_needs_and_ends(tmp_path):
    exercise = "```{admonition} Exercise: try\n:class: exercise tip\nDo it.\n```\n"
    page, warnings = build(tmp_path, GOALS + "word " * 690 + "\n\n" + exercise)
    assert not warnings
    box = page[page.index('class="goals') : page.index("</dl>")]
    assert "3 minutes, and 1 exercise" in box
    assert 'href="other.html"' in box and "Another page" in box
    assert box.count("<li>") == 2 and "<strong>one</strong>" in box


def test_time_leaves_out_tables_code_and_formulas(tmp_path, teaching):
    unread = "```python\n" + "x = 1\n" * 900 + "```\n\n| a | b |\n|---|---|\n" + "| one two | three |\n" * 900
    page, _ = build(tmp_path, GOALS + unread + "\n$$" + "x + " * 900 + "x$$\n")
    assert "<p>1 minute</p>" in page
    assert teaching.minutes(0) == 1 and teaching.minutes(2300) == 10


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```{goals}\n```", "at least one line"),
        ("```{quiz} A?\n- [ ] b | c\n- [ ] d | e\n```", "no option is marked as right"),
        ("```{quiz} A?\n- [x] b | c\n```", "one option is no choice"),
        ("```{quiz} A?\n- [x] b | c\n- [ ] d\n```", "is not of the form"),
        ("```{quiz} A?\n- [x] b | c\n- d | e\n```", "is not of the form"),
        ("```{quiz} A?\nb | c\n- [x] d | e\n```", "is not of the form"),
    ],
)
def test_what_is_no_lesson_is_refused(tmp_path, text, complaint):
    _, warnings = build(tmp_path, text)
    assert complaint in warnings


def test_a_quiz_reads_without_a_script_and_loads_one_only_where_it_stands(tmp_path):
    page, warnings = build(tmp_path, RADIO + BOXES)
    assert not warnings
    assert page.count("<fieldset") == page.count("<legend>") == page.count("<details") == 2
    assert re.findall(r'data-kind="(\w+)"', page) == ["radio", "checkbox"]
    assert re.findall(r'data-right="(\w+)"', page) == ["no", "yes", "yes", "no", "yes"]
    assert "Its level is known." in page and "p(a | b)" in page
    assert "quiz.js" in page and "teaching.css" in page
    other = (tmp_path / "out/other.html").read_text(encoding="utf-8")
    assert "quiz.js" not in other and "teaching.css" not in other


def test_other_builders_print_question_options_and_reasons(tmp_path):
    text, warnings = build(tmp_path, GOALS + RADIO, "text")
    assert not warnings
    assert "1 minute" in text and "Which split stands for a map?" in text and "Whole stations are left out." in text


@pytest.fixture(scope="module")
def browser(chromium):
    return chromium(browse.PHONE)


@pytest.mark.browser
def test_a_quiz_answers_by_keyboard_alone(tmp_path, browser):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    build(tmp_path, RADIO + BOXES)
    browser.get((tmp_path / "out/index.html").as_uri())

    def seen():
        return [each.text for each in browser.find_elements(By.CSS_SELECTOR, ".quiz-why") if each.is_displayed()]

    def said(number):
        return browser.find_elements(By.CSS_SELECTOR, ".quiz-said")[number].get_property("textContent")

    random, _, town, day, street = browser.find_elements(By.CSS_SELECTOR, ".quiz input")
    assert not browser.find_elements(By.TAG_NAME, "details"), "the reasons have moved to their options"
    browser.find_elements(By.CSS_SELECTOR, ".quiz button")[0].send_keys(Keys.ENTER)
    assert said(0) == "Choose one first."
    random.send_keys(Keys.SPACE)
    random.send_keys(Keys.ARROW_DOWN)
    browser.switch_to.active_element.send_keys(Keys.ARROW_UP)
    assert not seen(), "moving from option to option must not tell the answer"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert seen() == ["Not so. Its level is known."] and said(0) == "Not so. Its level is known. Try again."
    browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    assert not seen(), "another choice takes the answer back"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert seen() == ["Right. Whole stations are left out."]

    town.send_keys(Keys.SPACE, Keys.ENTER)
    assert seen()[1:] == ["Right. It has one lon and lat."] and said(1).endswith("1 more to find.")
    street.send_keys(Keys.SPACE, Keys.ENTER)
    assert said(1) == "Right. It has one lon and lat. Right. It has many."
    day.send_keys(Keys.SPACE, Keys.ENTER)
    assert said(1).endswith("Try again.")
    assert browser.execute_script("return document.documentElement.scrollWidth") == 390
