"""The public interface: its signatures as committed, documented with examples that run, and shown on its page."""

from __future__ import annotations

import doctest
import inspect
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from placeprior.book import api, counts

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden" / "signatures.txt"
PAGE = ROOT / "book" / "api.md"


def test_signatures_are_those_that_were_promised():
    wanted = GOLDEN.read_text(encoding="utf-8")
    assert api.signatures() == wanted, (
        "names or parameters of the public interface moved: programs of others would break. If that is meant, write "
        f"`placeprior.book.api.signatures()` into {GOLDEN.name} and say so in CHANGELOG.md"
    )


@pytest.mark.parametrize("name", api.public())
def test_everything_public_is_documented_and_its_parameters_are_named(name):
    each = api.public()[name]
    text = inspect.getdoc(each)
    assert text and len(text.splitlines()[0]) > 20
    if inspect.isclass(each) and issubclass(each, Exception):
        return
    of = [each, *(vars(base).get("__init__") and base for base in getattr(each, "__mro__", ())[1:])]
    told = "\n".join(inspect.getdoc(one) or "" for one in of if one)
    for parameter in inspect.signature(each).parameters:
        assert re.search(rf"\b{parameter}\b|`{parameter}`", told), f"{name} does not say what {parameter!r} is"
    for method, own in (api.methods(each) if inspect.isclass(each) else {}).items():
        assert inspect.getdoc(own), f"{name}.{method} is not documented"


@pytest.mark.parametrize(
    "module", sorted({sys.modules[each.__module__] for each in api.public().values()}, key=str), ids=str
)
def test_its_examples_run(module):
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0


def test_the_main_forms_have_an_example():
    for name, each in api.public().items():
        if ".validators." in name or name.endswith(("LocationFeatures", "PlaceRegressor")):
            assert ">>>" in inspect.getdoc(each), f"{name} has no example"


def test_the_package_is_imported_in_under_a_second():
    code = "import time; t = time.process_time(); import placeprior; print(time.process_time() - t)"
    took = float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert took < 1


def test_the_page_shows_all_of_it(tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    for name in api.public():
        assert f" {name}\n" in text, f"{PAGE.name} does not show {name}"
    page, warnings = build(tmp_path, text)
    assert not warnings
    assert 'id="placeprior.encoders.LocationFeatures.save"' in page and "Training stations nearer than this" in page
    assert "Great-circle distance of every place" in page and "As in" not in page
    article = counts.Article(f'<article class="bd-article">{page}</article>')
    assert counts.words(article.prose) < 1_000


def build(folder, text):
    """The page as Sphinx writes it, and what it warned of."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    (folder / "chapters").mkdir()
    (folder / "chapters" / "sklearn.md").write_text("---\norphan: true\n---\n# A search\n", encoding="utf-8")
    (folder / "index.md").write_text(text, encoding="utf-8")
    (folder / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'book/_ext')!r})\n"
        "extensions = ['myst_parser', 'teaching', 'reference']\nhtml_theme = 'basic'\n"
        "myst_enable_extensions = ['dollarmath']\n",
        encoding="utf-8",
    )
    warnings = io.StringIO()
    with docutils_namespace():
        Sphinx(folder, folder, folder / "out", folder / "trees", "html", status=None, warning=warnings).build()
    return (folder / "out" / "index.html").read_text(encoding="utf-8"), warnings.getvalue()
