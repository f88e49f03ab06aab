"""Pages depend on what they import, directly or through others, and on nothing else."""

from pathlib import Path

import pytest

from placeprior.book.imports import closure

ROOT = Path(__file__).parents[1]


@pytest.fixture
def source(tmp_path):
    """A package of four modules, of which one is imported by none."""
    files = {
        "__init__.py": "",
        "low.py": "import numpy\n",
        "high.py": "def f():\n    from placeprior.inner import deep\n",
        "inner/__init__.py": "from placeprior import low\n",
        "inner/deep.py": "",
        "apart.py": "from placeprior import high\n",
    }
    for name, text in files.items():
        path = tmp_path / "placeprior" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_closure_follows_imports_even_those_inside_functions(source):
    page = source / "page.py"
    page.write_text("from placeprior import high\nfrom placeprior.high import f\nimport pandas\n")
    found = {path.relative_to(source / "placeprior").as_posix() for path in closure(page, source)}
    assert found == {"__init__.py", "high.py", "inner/__init__.py", "inner/deep.py", "low.py"}


def test_modules_that_import_each_other_end(source):
    (source / "placeprior" / "low.py").write_text("from placeprior import apart\n")
    assert len(closure(source / "placeprior" / "apart.py", source)) == 5


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.py")), ids=lambda path: path.stem)
def test_no_page_stands_on_the_command_line(notebook):
    found = {path.relative_to(ROOT / "src" / "placeprior").as_posix() for path in closure(notebook, ROOT / "src")}
    assert "book/figures.py" in found and not any(name.startswith("cli/") for name in found)
