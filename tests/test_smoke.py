"""Every notebook runs from its first cell to its last, at ``smoke`` size, in a project of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from placeprior import encoders, evidence, experiment, matrix, pages
from placeprior.errors import MissingWeights

ROOT = Path(__file__).parent.parent
SPECS = matrix._read(ROOT / "runs.yml", 0.0)["pages"]
# One page a notebook, and for the notebook that makes several the two that differ most.
SHOWN = ("variant-none", "variant-geoclip-hadamard")
PAGES = [page for page in SPECS if not page.startswith("variant-") or page in SHOWN]


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with the smoke runs made."""
    try:
        encoders.load("geoclip")
    except MissingWeights as error:
        pytest.skip(str(error))
    root = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "runs.yml", root)
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    if (ROOT / "results").is_dir():
        shutil.copytree(ROOT / "results", root / "results", ignore=shutil.ignore_patterns("smoke"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for run in matrix.runs("smoke"):
            experiment.make(run, log=lambda line: None)
        experiment.collect("smoke")
        for name in matrix.profile("smoke")["evidence"]:
            evidence.make("smoke", name, log=lambda line: None)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_page_runs(page: str, smoke: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(smoke)
    monkeypatch.delenv("PLACEPRIOR_DATA", raising=False)
    profile = SPECS[page].get("profile", "smoke")  # a page about other committed results keeps them
    made = pages.execute(page, smoke / f"{page}.ipynb", profile=profile)
    notebook = nbformat.read(made, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "How this page was made" in text
    shown = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    assert any("image/png" in out.get("data", {}) for out in shown) or profile not in ("smoke",)
    errors = [out for out in shown if out.output_type == "stream" and out.name == "stderr" and "Warning" in out.text]
    assert not errors, errors[0].text
