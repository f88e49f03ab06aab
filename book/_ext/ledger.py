"""The answer at the top of a page, and the claims that it rests on.

    ```{answer} geoclip-new-stations law-distance
    :question: What does a location encoder add between known stations?
    Two sentences, with numbers by the role ``val``.
    ```

    ```{ledger} others
    ```

lists the claims of others, with ``ours`` those of this book, and with ``neighbours`` all that are made on pages about
neighbouring methods, each with the rule that decides it.

The box counts the verdicts of its claims (``book/claims.yml``), as :mod:`placeprior.book.claims` computed them, and
links to their rows in the ledger. A claim that is not in the ledger, or whose recorded verdict is not the computed one,
is a warning, so that a build with ``-W`` fails.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from placeprior.book import counts, texts

LOG = logging.getLogger(__name__)
LEDGER = Path("book", "chapters", "claims.json")
PAGES = {"ours": "book/claims", "others": "book/others", "neighbours": "book/neighbours"}
#: What stands before a verdict's word, so that colour is never alone.
MARKS = {"supported": "✓", "contradicted": "✗", "undecided": "?", "not run": "–"}
#: What a profile is called beside a verdict.
SCALES = {"aqs": "real", "demo": "world", "paper": "paper's size"}


def load(root: Path) -> dict[str, Any]:
    """The ledger as the last build computed it, by id of claim; ``moved`` lists what is no longer as recorded."""
    file = root / LEDGER
    if not file.is_file():
        return {"claims": {}, "moved": [f"{LEDGER} is not there; `doit claims` makes it"]}
    return _decoded(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _decoded(file: Path, _changed: int) -> dict[str, Any]:
    """The file's content: every answer and hundreds of numbers ask for it."""
    found = json.loads(file.read_text(encoding="utf-8"))
    return {"claims": {claim["id"]: claim for claim in found["claims"]}, "moved": found["moved"]}


def neighbours(root: Path) -> set[str]:
    """Names of the pages about neighbouring methods."""
    return {page.rsplit("/", 1)[-1] for page in texts.part(root, counts.NEIGHBOURS)}


def kind(claim: dict[str, Any], near: set[str]) -> str:
    """On which page of the ledger a claim stands: a key of :data:`PAGES`."""
    if claim["page"] in near:
        return "neighbours"
    return "ours" if claim["who"] == "ours" else "others"


def tally(claims: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """How often claims were decided how: (scale, verdict, ids of claims), real measurements first."""
    found = [
        (scale, verdict, [c["id"] for c in claims if scale in asked(c) and c["at"][scale]["verdict"] == verdict])
        for scale in SCALES
        for verdict in MARKS
    ]
    return [one for one in found if one[2]]


def drawn(page: Path, figure: str) -> bool:
    """Whether an executed page shows a figure: a page, or a section of it, may still wait for its runs."""
    cells = json.loads(page.read_text(encoding="utf-8"))["cells"] if figure and page.is_file() else []
    return any(
        cell["metadata"].get("mystnb", {}).get("figure", {}).get("name") == figure
        and any(kind.startswith("image/") for output in cell.get("outputs", []) for kind in output.get("data", {}))
        for cell in cells
    )


def asked(claim: dict[str, Any]) -> list[str]:
    """The scales of a claim, real measurements first; the paper's own size once anything was run at it."""
    at = claim["at"]
    return [scale for scale in SCALES if scale in at and (scale != "paper" or at[scale]["verdict"] != "not run")]


class Answer(SphinxDirective):
    """The ``answer`` directive."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"question": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Build the box: question, answer, and how the claims behind it were decided."""
        box = nodes.container(classes=["answer"])
        if "question" in self.options:
            asked = nodes.paragraph(classes=["question"])
            asked += self.state.inline_text(self.options["question"], self.lineno)[0]
            box += asked
        self.state.nested_parse(self.content, self.content_offset, box)
        self.env.note_dependency(str(Path(self.env.app.confdir) / LEDGER))
        known = load(Path(self.env.app.confdir))["claims"]
        names = self.arguments[0].split() if self.arguments else []
        for name in names:
            if name not in known:
                LOG.warning("no claim %r in book/claims.yml", name, location=self.get_location(), type="ledger")
        claims = [known[name] for name in names if name in known]
        if claims:
            box += self._verdicts(claims)
        return [box]

    def _verdicts(self, claims: list[dict[str, Any]]) -> nodes.paragraph:
        """How the claims behind an answer were decided, each number a link to the first of them."""
        claims_by = {claim["id"]: claim for claim in claims}
        line = nodes.paragraph("", "In the ledger: ", classes=["verdicts"])
        for scale, verdict, names in tally(claims):
            text = f"{SCALES[scale]}: {MARKS[verdict]} {len(names)} {verdict}"
            link = nodes.reference("", text, internal=True, classes=["verdict", verdict.replace(" ", "-")])
            page = PAGES[kind(claims_by[names[0]], neighbours(Path(self.env.app.confdir)))]
            link["refuri"] = self.env.app.builder.get_relative_uri(self.env.docname, page) + f"#claim-{names[0]}"
            line += [link, nodes.Text(" ")]
        return line


class Ledger(SphinxDirective):
    """The ``ledger`` directive."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """List the claims of one kind, page by page as the ledger has them."""
        self.env.note_dependency(str(Path(self.env.app.confdir) / LEDGER))
        if self.arguments[0] not in PAGES:
            raise self.error(f"ledger of {self.arguments[0]!r}: known are {', '.join(PAGES)}")
        near = neighbours(Path(self.env.app.confdir))
        rows = nodes.container(classes=["ledger"])
        for claim in load(Path(self.env.app.confdir))["claims"].values():
            if kind(claim, near) == self.arguments[0]:
                row = nodes.container(classes=["claim"])
                lines = StringList(self._lines(claim), source=PAGES[self.arguments[0]])
                self.state.nested_parse(lines, self.content_offset, row)
                rows += row
        return [rows]

    def _lines(self, claim: dict[str, Any]) -> list[str]:
        book = Path(self.env.app.confdir) / "book"
        page = claim["page"] if (book / f"{claim['page']}.md").is_file() else f"chapters/{claim['page']}"
        figure = claim["figure"] or ""
        see = f"{{numref}}`{figure}`" if drawn(book / f"{page}.ipynb", figure) else f"{{doc}}`{page}`"
        verdicts = []
        scales = asked(claim)
        if all(claim["at"][scale]["verdict"] == "not run" for scale in scales):
            verdicts.append(f"- [{MARKS['not run']} not run]{{.verdict .not-run}}")
            scales = []
        for scale in scales:
            one = claim["at"][scale]
            kind = one["verdict"].replace(" ", "-")
            word = f"[{SCALES[scale]}: {MARKS[one['verdict']]} {one['verdict']}]{{.verdict .{kind}}}"
            verdicts.append(f"- {word} {one['text']}")
        lines = [f"(claim-{claim['id']})=", f"**{claim['says']}** {see}", ""]
        if claim["who"] != "ours":
            lines += [f"{{cite:t}}`{claim['who']}`: {claim['where']}. Here: {claim['decided']}.", ""]
        return [*lines, *verdicts]


def check(app: Sphinx) -> None:
    """Say what is no longer as it was recorded."""
    for line in load(Path(app.confdir))["moved"]:
        LOG.warning("%s", line, type="ledger")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("answer", Answer)
    app.add_directive("ledger", Ledger)
    app.connect("builder-inited", check)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
