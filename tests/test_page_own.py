"""How the page about one's own encoder asks the command line."""

import shutil
from pathlib import Path

import pytest
import yaml

from placeprior.book import own
from placeprior.errors import PlacePriorError

ROOT = Path(__file__).parents[1]


def doubled(lonlat):
    return 2 * lonlat


def test_a_copy_of_the_project_has_the_encoders_the_matrix_and_the_code(tmp_path, monkeypatch):
    shutil.copy(ROOT / "runs.yml", tmp_path)
    monkeypatch.chdir(tmp_path)
    there = tmp_path / "copy"
    there.mkdir()
    section = 'encoders:\n  mine: {python: "mine:doubled"}\n'
    matrix = "mine:\n  task: [world]\n  model: [mine/hadamard]\n  split: [spatial]\n  seed: [0]\n"
    own.copy_project(there, "smoke", section, matrix, [doubled])
    content = yaml.safe_load((there / "runs.yml").read_text(encoding="utf-8"))
    assert (
        content["encoders"] == {"mine": {"python": "mine:doubled"}}
        and "mine" in content["profiles"]["smoke"]["matrices"]
    )
    listed = own.listed_runs(own.command(there, "runs", "list", "smoke", "--matrix", "mine"))
    assert list(listed["run"]) == [f"world mine/hadamard spatial fold {fold} seed 0" for fold in (1, 2)]
    with pytest.raises(PlacePriorError, match="nowhere"):
        own.command(there, "runs", "list", "nowhere")
