"""The words of the book's sources: what a reader will read of a text or a notebook, before any page is made.

Counted like built pages (:mod:`placeprior.book.counts`), but for what code writes into a page.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import yaml

from placeprior.book.counts import words

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|:{3,}|~{3,})(?P<info>.*)$")
_DIRECTIVE = re.compile(r"^\{(?P<name>[\w:-]+)\}(?P<argument>.*)$")
#: Directives whose content is read; of others, and of fences with code, nothing is.
_READ = {"admonition", "note", "warning", "tip", "important", "seealso", "hint", "caution", "dropdown", "answer"}
_READ |= {"goals", "quiz", "epigraph", "figure", "glossary", "margin", "topic", "attention", "card", "grid", "div"}
_ROLE = re.compile(r"\{(?P<role>[\w:]+)\}`(?P<text>[^`]*)`")
_FORMULA = re.compile(r"\$\$.*?\$\$|(?<![\\$])\$[^$\n]+\$", re.DOTALL)


def prose(markdown: str) -> str:
    """What a reader reads of MyST markdown: no code, tables, formulas, directives' names and options, or targets.

    >>> prose("# A title\\n\\n| a | b |\\n|---|---|\\n\\n```{tip} Try\\n:class: x\\nit {doc}`there <page>`\\n```\\n")
    '# A title\\n\\nTry\\nit there'
    """
    lines: list[str] = []
    fences: list[tuple[str, bool]] = []
    for line in _FORMULA.sub(" ", re.sub(r"<!--.*?-->", " ", markdown, flags=re.DOTALL)).splitlines():
        found = _FENCE.match(line)
        if found:
            fence, info = found["fence"], found["info"].strip()
            if not info and fences and fence[0] == fences[-1][0][0] and len(fence) >= len(fences[-1][0]):
                fences.pop()
                continue
            directive = _DIRECTIVE.match(info)
            read = directive is not None and directive["name"] in _READ and all(reads for _, reads in fences)
            fences.append((fence, read))
            # an answer's argument holds the names of its claims, a figure's its file
            if directive and read and directive["name"] not in ("answer", "figure", "goals"):
                lines.append(directive["argument"].strip())
            continue
        text = line.strip()
        if not all(read for _, read in fences) or text.startswith("|") or re.match(r"\([\w-]+\)=$|%", text):
            continue
        option = re.match(r":(question|needs):\s*(.*)", text) if fences else None
        if fences and re.match(r":[\w-]+:", text) and option is None:
            continue
        lines.append(option[2] if option else text)
    return _read("\n".join(lines)).strip()


def _read(text: str) -> str:
    """Text with its roles and links as the page shows them; citations and references count as one word."""

    def shown(found: re.Match[str]) -> str:
        titled = re.match(r"(.*?)\s*<[^>]*>$", found["text"], flags=re.DOTALL)
        if titled:
            return titled[1]
        return "reference" if found["role"] in ("doc", "ref", "numref", "val", "eq", "math") else found["text"]

    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", _ROLE.sub(shown, text))


def notebook(text: str) -> str:
    """What a reader reads of a notebook's source: its markdown cells, and captions that its code holds.

    Parameters
    ----------
    text : str
        A notebook in jupytext's ``py:percent``.
    """
    parts = []
    for cell in re.split(r"^# %%", text, flags=re.MULTILINE)[1:]:
        head, _, body = cell.partition("\n")
        if head.strip().startswith("[markdown]"):
            parts.append(prose(re.sub(r"^# ?", "", body, flags=re.MULTILINE)))
            continue
        dressed = re.search(r"mystnb=(\{.*\})", head)
        if dressed:
            parts.append(json.loads(dressed[1]).get("figure", {}).get("caption", ""))
        parts += _captions(body)
    return _read(_FORMULA.sub(" ", "\n\n".join(parts)))


def _captions(code: str) -> list[str]:
    """Captions that code hands over: the second argument of ``captioned``, or ``caption=`` of anything."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a cell with a magic command
        return []
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        named = [key.value for key in call.keywords if key.arg == "caption"]
        function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        for value in named or (call.args[1:2] if function == "captioned" else []):
            held = [part.value for part in ast.walk(value) if isinstance(part, ast.Constant)]
            found.append(" ".join(part for part in held if isinstance(part, str)))
    return found


def part(root: Path, caption: str) -> set[str]:
    """The pages of one part of the contents; none where there is no such part."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return {chapter["file"] for part in toc["parts"] if part["caption"] == caption for chapter in part["chapters"]}


def sources(root: Path) -> dict[str, int]:
    """Words of every page's source, by page; a notebook that makes several pages counts once for each.

    Parameters
    ----------
    root : path
        The project, with ``_toc.yml``, ``runs.yml``, ``book/`` and ``notebooks/``.
    """
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    made = yaml.safe_load((root / "runs.yml").read_text(encoding="utf-8"))["pages"]
    listed = [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]
    counted = {}
    for page in listed:
        name = page.rsplit("/", 1)[-1]
        if "/chapters/" in page:
            text = notebook((root / "notebooks" / f"{made[name]['notebook']}.py").read_text(encoding="utf-8"))
        else:
            text = prose((root / f"{page}.md").read_text(encoding="utf-8"))
        counted[page] = words(text)
    return counted
