"""What makes a page a lesson: a box of goals at its top, and questions that answer at once.

A page says what it asks for and what it gives; the time to read is counted, never typed::

    ```{goals}
    :needs: {doc}`splits`, {doc}`scores`
    say which split answers a question about a map
    compute a paired difference by hand
    ```

A quiz gives a reason for every option, the right ones too. With one right option the reader chooses one, with more of
them several::

    ```{quiz} Which split stands for a map between known stations?
    - [ ] random | A test day's station is in training too, so its level is known.
    - [x] spatial | Whole stations are left out, as a place without a monitor is.
    ```

Without JavaScript, and in builders other than HTML, the options are a list and the reasons lie below them.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

#: Words a minute, as for the book's other counts.
PACE = 230
#: What a reader looks at and does not read word by word.
_UNREAD = (nodes.table, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.comment, nodes.image)
_WORD = re.compile(r"[^\W_]")
_OPTION = re.compile(r"- \[(?P<mark>[ xX])\] (?P<rest>.*)")


class reading(nodes.inline):  # docutils names node classes in lower case
    """Stands where the time to read will stand: the page has to be whole before its words can be counted."""


class quiz(nodes.General, nodes.Element):
    """A question with its options and their reasons."""


class quiz_question(nodes.TextElement):
    """What is asked."""


class quiz_options(nodes.bullet_list):
    """What to choose from; ``kind`` is ``radio`` or ``checkbox``."""


class quiz_answers(nodes.General, nodes.Element):
    """The reasons, in the order of the options."""


class quiz_reason(nodes.list_item):
    """Why one option is right or wrong; ``right`` is ``yes`` or ``no``."""


def words(doctree: nodes.Node) -> int:
    """How many words a page has outside tables, code and formulas."""
    if isinstance(doctree, _UNREAD):
        return 0
    if isinstance(doctree, nodes.Text):
        return sum(bool(_WORD.search(each)) for each in doctree.astext().split())
    return sum(words(child) for child in doctree.children)


def minutes(count: int) -> int:
    """Whole minutes that so many words take, and never none."""
    return max(1, round(count / PACE))


def counted(number: int, what: str) -> str:
    """A number and its noun.

    >>> counted(1, "exercise"), counted(3, "exercise")
    ('1 exercise', '3 exercises')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


class Goals(SphinxDirective):
    """The ``goals`` directive."""

    has_content = True
    option_spec = {"needs": str}

    def run(self) -> list[nodes.Node]:
        goals = [(line.strip(), number) for number, line in enumerate(self.content, 1) if line.strip()]
        if not goals:
            raise self.error("goals: a page needs at least one line that says what its reader will be able to do")
        box = nodes.container(classes=["goals"])
        parts = nodes.definition_list()
        parts += self._part("To read", nodes.paragraph("", "", reading()))
        if needs := self.options.get("needs", "").strip():
            parts += self._part("You need", self._line(needs, nodes.paragraph, self.lineno))
        able = nodes.bullet_list(bullet="-")
        for line, number in goals:
            able += nodes.list_item("", self._line(line.removeprefix("- "), nodes.paragraph, self.lineno + number))
        parts += self._part("You will be able to", able)
        box += parts
        return [box]

    def _line(self, text: str, kind: type[nodes.TextElement], line: int) -> nodes.TextElement:
        children, messages = self.parse_inline(text, lineno=line)
        return kind("", "", *children, *messages)

    def _part(self, name: str, body: nodes.Node) -> nodes.definition_list_item:
        return nodes.definition_list_item("", nodes.term("", name), nodes.definition("", body))


class Quiz(SphinxDirective):
    """The ``quiz`` directive."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        options = self._options()
        right = sum(is_right for is_right, _, _ in options)
        if not right:
            raise self.error(f"quiz {self.arguments[0]!r}: no option is marked as right; write - [x] before it")
        if len(options) < 2:
            raise self.error(f"quiz {self.arguments[0]!r}: one option is no choice; add another")
        choices = quiz_options(bullet="-", kind="radio" if right == 1 else "checkbox")
        reasons = nodes.bullet_list(bullet="-")
        for is_right, text, why in options:
            choices += nodes.list_item("", nodes.paragraph("", "", *self._inline(text)))
            verdict = nodes.strong("", "Right." if is_right else "Not so.")
            said = nodes.paragraph("", "", verdict, nodes.Text(" "), *self._inline(why))
            reasons += quiz_reason("", said, right="yes" if is_right else "no")
        asked = quiz_question("", "", *self._inline(self.arguments[0]))
        made = quiz("", asked, choices, quiz_answers("", reasons))
        self.set_source_info(made)
        return [made]

    def _inline(self, text: str) -> list[nodes.Node]:
        children, messages = self.parse_inline(text, lineno=self.lineno)
        return [*children, *messages]

    def _options(self) -> list[tuple[bool, str, str]]:
        """Whether each option is right, its text, and its reason; lines without a mark go on the one before."""
        joined: list[str] = []
        for line in (line.strip() for line in self.content):
            if line.startswith("- ") or not joined:
                joined.append(line)
            else:
                joined[-1] = f"{joined[-1]} {line}".strip()
        found = []
        for line in filter(None, joined):
            option = _OPTION.fullmatch(line)
            text, bar, why = option["rest"].rpartition(" | ") if option else ("", "", "")
            if not (bar and text.strip() and why.strip()):
                raise self.error(f"quiz {self.arguments[0]!r}: {line!r} is not of the form - [x] option | reason")
            found.append((option["mark"] in "xX", text.strip(), why.strip()))
        return found


def count(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Write the time to read, and how many exercises wait, where ``goals`` left a place for them."""
    for place in list(doctree.findall(reading)):
        tasks = sum("exercise" in each["classes"] for each in doctree.findall(nodes.Admonition))
        text = counted(minutes(words(doctree)), "minute")
        place.replace_self(nodes.Text(f"{text}, and {counted(tasks, 'exercise')}" if tasks else text))


def dress(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Load styles and script on the pages that use them."""
    if doctree is None:
        return
    asks = next(iter(doctree.findall(quiz)), None) is not None
    if asks or next((box for box in doctree.findall(nodes.container) if "goals" in box["classes"]), None) is not None:
        app.add_css_file("teaching.css")
    if asks:
        app.add_js_file("quiz.js", loading_method="defer")


def _tags(start: str, end: str) -> tuple[Any, Any]:
    """A pair of visitors that write fixed tags."""
    return (lambda self, node: self.body.append(start)), (lambda self, node: self.body.append(end))


def _visit_options(self: Any, node: quiz_options) -> None:
    self.body.append(self.starttag(node, "ul", CLASS="quiz-options", **{"data-kind": node["kind"]}))


def _visit_reason(self: Any, node: quiz_reason) -> None:
    self.body.append(self.starttag(node, "li", "", **{"data-right": node["right"]}))


def _nothing(self: Any, node: nodes.Node) -> None:
    """Other builders show what is inside."""


def _paragraph(self: Any, node: nodes.Node) -> None:
    self.visit_paragraph(node)


def _end_paragraph(self: Any, node: nodes.Node) -> None:
    self.depart_paragraph(node)


def _list(self: Any, node: nodes.Node) -> None:
    self.visit_bullet_list(node)


def _end_list(self: Any, node: nodes.Node) -> None:
    self.depart_bullet_list(node)


def _item(self: Any, node: nodes.Node) -> None:
    self.visit_list_item(node)


def _end_item(self: Any, node: nodes.Node) -> None:
    self.depart_list_item(node)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register directives, nodes and the files beside them."""
    through, paragraph = (_nothing, _nothing), (_paragraph, _end_paragraph)
    items, item = (_list, _end_list), (_item, _end_item)
    answers = _tags('<details class="quiz-answers"><summary>Answers</summary>\n', "</details>\n")
    listed = (_visit_options, lambda self, node: self.body.append("</ul>\n"))
    reason = (_visit_reason, lambda self, node: self.body.append("</li>\n"))
    for node, html, other in (
        (quiz, _tags('<fieldset class="quiz">\n', "</fieldset>\n"), through),
        (quiz_question, _tags("<legend>", "</legend>\n"), paragraph),
        (quiz_options, listed, items),
        (quiz_answers, answers, through),
        (quiz_reason, reason, item),
    ):
        app.add_node(node, html=html, latex=other, text=other)
    app.add_node(reading, html=through, latex=through, text=through)
    app.add_directive("goals", Goals)
    app.add_directive("quiz", Quiz)
    app.connect("doctree-resolved", count)
    app.connect("html-page-context", dress)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
