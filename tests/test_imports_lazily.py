"""What is heavy is imported by who uses it, not by everybody who asks for help or opens a page."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "xarray", "pandas", "numpy", "scipy", "sklearn", "matplotlib", "seaborn", "cartopy", "dask", "fsspec"}


def imported(code: str, *words: str) -> set[str]:
    """Names of the modules that a fresh process has imported in the end."""
    told = "; import sys; print('modules', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code + told, *words], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("words", [(), ("--help",), ("runs", "--help"), ("compare", "--help")])
def test_the_command_line_imports_nothing_heavy_before_a_command_needs_it(words):
    ask = "import placeprior.cli" + "\ntry: placeprior.cli.main()\nexcept SystemExit: pass\npass" * bool(words)
    modules = imported(ask, *words)
    assert "placeprior.cli" in modules and not HEAVY & modules


def test_a_page_begins_without_what_only_some_pages_need():
    modules = imported("from placeprior.book import figures; figures.style()")
    assert "matplotlib" in modules
    slow = {"scipy.spatial", "scipy.optimize", "scipy.stats"}
    assert not {"torch", "sklearn", "seaborn", "dask", "fsspec", *slow} & modules
