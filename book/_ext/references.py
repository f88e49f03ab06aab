"""The list of references in the style ``short``: of many authors the first is named."""

from __future__ import annotations

from typing import Any

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style
from pybtex.style.template import FieldIsMissing, join, node, sentence
from sphinx.application import Sphinx

MOST = 4  # authors who are all named


@node
def few(children: list[Any], context: dict[str, Any], role: str) -> Any:
    """All names, or the first and others."""
    style, persons = context["style"], context["entry"].persons.get(role)
    if not persons:
        raise FieldIsMissing(role, context["entry"])
    names = [style.format_name(person, style.abbreviate_names) for person in persons]
    if len(names) > MOST:
        return join(sep=" ")[names[0], "et al"].format_data(context)
    return join(sep=", ", sep2=" and ", last_sep=", and ")[names].format_data(context)


class Short(Style):
    """As ``plain``, with at most :data:`MOST` authors."""

    def format_names(self, role: str, as_sentence: bool = True) -> Any:
        """The names of a role, as a sentence or not."""
        return sentence[few(role)] if as_sentence else few(role)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the style."""
    register_plugin("pybtex.style.formatting", "short", Short)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
