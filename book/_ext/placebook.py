"""The book's own Sphinx extension: numbers in prose that come from a run, never from a keyboard; formulas offline.

``{val}`demo.comparison.r2_none:.2f` `` prints the value ``comparison.r2_none`` of profile ``demo``, read from
``results/demo/values.json``, in the given format; ``{val}`claims.some-claim.aqs.difference:+.3f` `` prints a number
that decided a claim. An unknown profile or key is a warning, so that a build with ``-W`` fails, and the page shows the
key in red. Hovering tells where the number comes from.

Formulas are set in the reader's browser by MathJax 3.2.2, a file of the package ``sphinx-mathjax-offline``, so that no
page asks another host.
"""

from __future__ import annotations

import difflib
import json
import re
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

import ledger
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

LOG = logging.getLogger(__name__)


def split_key(text: str) -> tuple[str, str, str]:
    """``profile.key[:format]`` as its three parts; the format may be empty.

    >>> split_key("demo.r2.none:.3f")
    ('demo', 'r2.none', '.3f')
    """
    address, _, form = text.strip().partition(":")
    profile, _, key = address.partition(".")
    return profile, key, form


def shown(value: Any, form: str) -> str:
    """The value in its format; integers get thousands separators when no format is given."""
    if isinstance(value, dict):
        value = value["value"]
    if form:
        return re.sub(r"^-(?=[\d.])", "−", format(value, form)).replace("%", "\u00a0%")  # as the text writes it
    if isinstance(value, bool) or not isinstance(value, int):
        return str(value)
    return f"{value:,}"


class computed(nodes.inline):  # docutils names node classes in lower case
    """A number in prose that a run computed."""


def visit_computed(translator: Any, node: computed) -> None:
    """Write a ``span`` with the number's origin as its tooltip; docutils would drop the title."""
    translator.body.append(translator.starttag(node, "span", "", title=node["title"]))


def depart_computed(translator: Any, node: computed) -> None:
    """Close the ``span``."""
    translator.body.append("</span>")


def visit_plain(translator: Any, node: computed) -> None:
    """Other builders print the bare number."""


class Value(SphinxRole):
    """The ``val`` role."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        profile, key, form = split_key(self.text)
        if profile == "claims":
            return self._claimed(key, form)
        path = Path(self.env.app.confdir) / "results" / profile / "values.json"
        self.env.note_dependency(str(path))
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return self._unknown(f"there is no results/{profile}/values.json; run the profile {profile!r} first")
        except ValueError as error:
            return self._unknown(f"results/{profile}/values.json is not valid JSON ({error})")
        if key not in values:
            close = difflib.get_close_matches(key, values, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            return self._unknown(f"results/{profile}/values.json has no key {key!r}{hint}")
        try:
            text = shown(values[key], form)
        except (ValueError, TypeError, KeyError) as error:
            return self._unknown(f"cannot print {values[key]!r} as {form!r} ({error})")
        title = f"{key}: computed by profile {profile}, results/{profile}/values.json"
        return [computed(text, text, classes=["val"], title=title)], []

    def _claimed(self, key: str, form: str) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """A number of the ledger of claims: its id, the profile, and which number."""
        root = Path(self.env.app.confdir)
        self.env.note_dependency(str(root / ledger.LEDGER))
        if not (root / ledger.LEDGER).is_file():
            return self._unknown(f"there is no {ledger.LEDGER.name}; `doit claims` makes it")
        name, _, rest = key.partition(".")
        scale, _, field = rest.partition(".")
        values = ledger.load(root)["claims"].get(name, {}).get("at", {}).get(scale, {}).get("values", {})
        if field not in values:
            had = f"it has {', '.join(values)}" if values else "it has none: no such claim, or not run at this scale"
            return self._unknown(f"claim {name!r} has no value {field!r} of profile {scale!r}; {had}")
        try:
            text = shown(values[field], form)
        except (ValueError, TypeError) as error:
            return self._unknown(f"cannot print {values[field]!r} as {form!r} ({error})")
        title = f"{field} of claim {name}: computed from results/{scale}"
        return [computed(text, text, classes=["val"], title=title)], []

    def _unknown(self, why: str) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        LOG.warning("unknown value %r: %s", self.text, why, location=self.get_location(), type="placebook")
        return [nodes.inline(self.text, self.text, classes=["val", "val-unknown"])], []


def theme_options(app: Sphinx, config: Any) -> None:
    """Options of the theme that ``_config.yml`` cannot name without losing those Jupyter Book derives from it."""
    config.html_theme_options |= {
        "logo": {"text": config.html_title, "alt_text": "", "image_light": "logo.svg", "image_dark": "logo.svg"},
        "navbar_persistent": [],  # the search field stands in the side bar already
        "show_toc_level": 2,
        "navigation_with_keys": False,
    }


def mathjax() -> Path:
    """MathJax's TeX reader, SVG writer and glyphs in one file, as the package of that name has it."""
    return Path(str(resources.files("sphinx-mathjax-offline"))) / "static" / "mathjax" / "tex-svg.js"


def with_mathjax(app: Sphinx) -> None:
    """Put MathJax where ``mathjax_path`` says, before the pages, which name its checksum."""
    if app.builder.format == "html":
        target = Path(app.outdir) / "_static" / app.config.mathjax_path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(mathjax(), target)


def without_thebe(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Leave out the live-code loader that Jupyter Book puts on every page: its script lives on another host."""
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context.get(kind, []) if not _is_thebe(file)]
    context["thebe_config"] = ""


def _is_thebe(file: Any) -> bool:
    """Whether a page's script or style belongs to thebe; inline scripts have a body and no name."""
    attributes = getattr(file, "attributes", {})
    return "thebe" in str(getattr(file, "filename", file)) or "THEBE" in str(attributes.get("body", ""))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the role and its node."""
    plain = (visit_plain, visit_plain)
    app.add_node(computed, html=(visit_computed, depart_computed), latex=plain, text=plain)
    app.add_role("val", Value())
    app.connect("config-inited", theme_options)
    app.connect("builder-inited", with_mathjax)
    # after every extension has added its files
    app.connect("html-page-context", without_thebe, priority=999)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
