"""Every notebook runs from its first cell to its last, at ``smoke`` size, in a project of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from placeprior import data, encoders
from placeprior.book import pages
from placeprior.data import pieces, sources
from placeprior.errors import MissingWeights
from placeprior.evidence import collection
from placeprior.runs import collecting, configuration, making, plan, trials

ROOT = Path(__file__).parent.parent
SPECS = configuration.read(ROOT / "runs.yml", 0.0)["pages"]


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
        for run in plan.runs("smoke"):
            making.make(run, log=lambda line: None)
        collecting.collect_scores("smoke")
        for name in configuration.profile("smoke")["trials"]:
            for run in plan.trials("smoke", name):
                making.make(run, log=lambda line: None)
            trials.collect_trial("smoke", name)
        for name in configuration.profile("smoke")["evidence"]:
            collection.make("smoke", name, log=lambda line: None)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("page", SPECS)
def test_page_runs(page: str, smoke: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(smoke)
    monkeypatch.delenv("PLACEPRIOR_DATA", raising=False)
    profile = SPECS[page].get("profile", "smoke")  # a page about other committed results keeps them
    made = pages.execute(page, smoke / f"{page}.ipynb", profile=profile)
    notebook = nbformat.read(made, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells)
    if "Its runs are being made" in text:  # what it needs of the committed results is not complete
        assert SPECS[page].get("needs")
        return
    if "} Not run here" in text:
        pytest.skip("the weights of TorchSpatial's encoders are not at hand; `placeprior weights torchspatial`")
    assert "How this page was made" in text
    shown = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    asked = any("figure" in cell.metadata.get("mystnb", {}) for cell in notebook.cells)
    assert any("image/svg+xml" in out.get("data", {}) for out in shown) or not asked or profile != "smoke"
    errors = [out for out in shown if out.output_type == "stream" and out.name == "stderr" and "Warning" in out.text]
    assert not errors, errors[0].text


def built(folder: Path) -> str:
    """Cubes as ``placeprior data build`` leaves them, with made-up values; returns their period."""
    world = data.load("world", stations=30, days=60)
    days = pd.date_range("2021-07-01", periods=60)
    about = {"source": "made up", "version": "1", "retrieved": "2026-01-01", "sha256": "0123456789abcdef"}
    stations = world[["pm25", "aod", "doy_sin"]].rename(aod="aod_055").assign_coords(time=days)
    stations.attrs |= {"embedded": 0, "title": "made up", "neighbours": 1}
    stations["temperature_max"] = stations["aod_055"].fillna(0) * 0 + 400  # nowhere is it so hot
    stations["temperature_max"].attrs = {"units": "degC", "long_name": "highest temperature", "role": "predictor"}
    for name in ("pm25", "aod_055", "temperature_max"):
        stations[name].attrs |= about
    lon, lat = np.arange(-120.0, -100.0), np.arange(34.0, 44.0)
    haze = np.full((60, 10, 20), 0.2, "float32")
    haze[:, 2:5, 3:8] = np.nan
    fields = xr.Dataset(
        {"aod_055": (("time", "y", "x"), haze, {"units": "1", "long_name": "haze", "role": "predictor"})},
        coords={"time": days, "lon": ("x", lon), "lat": ("y", lat)},
    )
    period = "2021-07-01_2021-08-29"
    for name, made in (("stations", stations), ("grid", fields)):
        made.attrs["variables"] = " ".join(map(str, made.data_vars))
        pieces.write(made, folder / f"{name}-{period}.zarr", {})
    return period


@pytest.mark.slow
def test_the_data_card_shows_what_is_in_a_cube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path))
    made = pages.execute("card", tmp_path / "card.ipynb", period=built(tmp_path))
    outputs = [out for cell in nbformat.read(made, as_version=4).cells for out in cell.get("outputs", [])]
    told = "\n".join(out.get("data", {}).get("text/markdown", "") + out.get("text", "") for out in outputs)
    assert sum("image/svg+xml" in out.get("data", {}) for out in outputs) == 1  # gaps
    assert "There is no cube" not in told and "30 monitors" in told
    assert "**outside**: 100.00 %" in told and "`temperature_max`" in told
    assert not [out for out in outputs if out.output_type == "stream" and out.name == "stderr"]


@pytest.mark.slow
def test_the_data_card_without_a_cube_says_how_to_build_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PLACEPRIOR_DATA", str(tmp_path))  # a folder that holds no cube
    made = pages.execute("card", tmp_path / "card.ipynb")
    outputs = [out for cell in nbformat.read(made, as_version=4).cells for out in cell.get("outputs", [])]
    told = "\n".join(out.get("data", {}).get("text/markdown", "") + out.get("text", "") for out in outputs)
    assert told.count("There is no cube") == 1 and "placeprior data build" in told
    assert not any("image/svg+xml" in out.get("data", {}) for out in outputs)
    assert all(f"`{name}`" in told for name in sources.NAMES)
