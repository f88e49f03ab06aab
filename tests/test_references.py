"""The list of references names a few authors, and of many the first."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("pybtex")


def test_of_many_authors_the_first_is_named():
    from pybtex.database import parse_string
    from pybtex.plugin import find_plugin

    sys.path.insert(0, str(Path(__file__).parents[1] / "book/_ext"))
    try:
        import references
    finally:
        sys.path.pop(0)
    references.setup(None)
    names = [f"{letter}., Author{letter}" for letter in "ABCDE"]
    entry = "@article{{{key}, author={{{authors}}}, title={{T}}, journal={{J}}, year={{2020}}}}\n"
    text = entry.format(key="few", authors=" and ".join(names[:4])) + entry.format(
        key="many", authors=" and ".join(names)
    )
    style, backend = find_plugin("pybtex.style.formatting", "short")(), find_plugin("pybtex.backends", "text")()
    few, many = (each.text.render(backend) for each in style.format_bibliography(parse_string(text, "bibtex")))
    assert all(name.split()[1] in few or name.split(",")[0] in few for name in names[:4]) and "et al" not in few
    assert many.count("Author") == 1 and "et al." in many
