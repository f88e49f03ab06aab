"""What the tests share: one thread, a toy cube that needs no world, and a toy project folder with a ``runs.yml``."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager

os.environ.setdefault("OMP_NUM_THREADS", "1")

import browse
import numpy as np
import pytest
import torch
import xarray as xr

torch.set_num_threads(1)

RUNS_YML = """\
profiles:
  tiny:
    size: demo
    settings: {width: 8, summary: 8, window: 3, epochs: 2, batch: 128}
    live: [core]
    tasks:
      toy: {load: toy}
    matrices:
      core:
        task: [toy]
        model: [idw, none, sincos/channels, sincos/hadamard]
        split: [spatial]
        fold: [1]
        seed: [0]
  far:
    size: demo
    settings: {width: 8, summary: 8, window: 3, epochs: 2, batch: 128}
    live: []
    tasks:
      toy: {load: toy}
    matrices:
      core:
        task: [toy]
        model: [idw, none]
        split: [random, checkerboard-16]
        seed: [0]
pages:
  toy: {notebook: 00_toy, profile: tiny, parameters: {count: 3}}
"""


def toy_cube(stations: int = 40, days: int = 45, seed: int = 0, missing: float = 0.2) -> xr.Dataset:
    """Station-days whose ``pm25`` follows from two predictors and the longitude; a share of days is missing.

    The stations lie on a regular lattice across the contiguous United States, in no order, so that every split
    has something on both sides.
    """
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(stations)))
    lattice = np.stack(np.meshgrid(np.linspace(-122, -70, side), np.linspace(27, 48, side)), -1).reshape(-1, 2)
    lonlat = rng.permutation(lattice)[:stations] + rng.normal(0, 0.2, (stations, 2))
    wind = rng.normal(3, 1, (stations, days))
    warmth = rng.normal(15, 8, (stations, days))
    pm25 = 9 + 2 * (wind - 3) - 0.1 * (warmth - 15) + 0.05 * (lonlat[:, :1] + 95) + rng.normal(0, 0.3, wind.shape)
    pm25[rng.random(pm25.shape) < missing] = np.nan
    warmth[rng.random(pm25.shape) < 0.1] = np.nan

    def variable(values: np.ndarray, units: str, role: str) -> tuple:
        return ("station", "time"), values.astype(np.float32), {"units": units, "long_name": role, "role": role}

    return xr.Dataset(
        {
            "pm25": variable(pm25, "µg m-3", "target"),
            "wind": variable(wind, "m s-1", "predictor"),
            "warmth": variable(warmth, "degC", "predictor"),
        },
        coords={
            "station": ("station", np.array([f"toy-{i:03d}" for i in range(stations)], dtype=object)),
            "time": ("time", np.arange("2021-01-01", days, dtype="datetime64[D]").astype("datetime64[ns]")),
            "lon": ("station", lonlat[:, 0], {"units": "degrees_east", "long_name": "longitude"}),
            "lat": ("station", lonlat[:, 1], {"units": "degrees_north", "long_name": "latitude"}),
        },
        attrs={"title": "toy", "source": "tests", "embedded": 0, "licence": "MIT"},
    )


@pytest.fixture(scope="session")
def cube() -> xr.Dataset:
    return toy_cube()


@contextmanager
def set_up(folder):
    """Make a folder a project with a small ``runs.yml``, and the working directory; the task ``toy`` is registered."""
    from placeprior import data
    from placeprior.runs import configuration, inputs, plan

    (folder / "runs.yml").write_text(RUNS_YML, encoding="utf-8")
    (folder / "toy.csv").write_text("toy\n", encoding="utf-8")
    caches = (configuration.read, plan._data, inputs._cube)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PLACEPRIOR_CACHE", str(folder / "cache"))
        patch.delenv("PLACEPRIOR_STORE", raising=False)
        patch.setitem(data.TASKS, "toy", toy_cube)
        patch.setitem(data.FILES, "toy", lambda: [folder / "toy.csv"])
        for cached in caches:
            cached.cache_clear()
        yield folder
        for cached in caches:
            cached.cache_clear()


@pytest.fixture
def project(tmp_path):
    """A toy project of its own."""
    with set_up(tmp_path):
        yield tmp_path


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A toy project in which all runs of the profile ``tiny`` are made and collected: to copy from."""
    from placeprior.runs import collecting, making, plan

    with set_up(tmp_path_factory.mktemp("made")) as folder:
        for run in plan.runs("tiny"):
            making.make(run, log=lambda _: None)
        collecting.collect_scores("tiny")
    return folder


@pytest.fixture
def provider(tmp_path, monkeypatch):
    """A mirror of every provider on this machine, empty at first."""
    from providers import serve

    with serve(tmp_path / "mirror") as running:
        monkeypatch.setenv("PLACEPRIOR_MIRROR", running.url)
        yield running


@pytest.fixture(scope="module")
def chromium():
    """Open Chromium in the size that a test asks for, or skip it with the reason why it cannot be."""
    pytest.importorskip("selenium", reason="selenium is not installed")
    if not browse.is_there():
        pytest.skip(browse.MISSING)
    with ExitStack() as stack:
        yield lambda size=browse.WIDE: stack.enter_context(browse.opened(size))


@pytest.fixture(autouse=True)
def plain_style():
    """The book's figure style is set for a whole process: each test begins and ends without it."""
    yield
    if "matplotlib" in sys.modules:
        import matplotlib as mpl

        mpl.rcdefaults()


@pytest.fixture
def styled():
    """The book's style of figures for one test, and no figure left open after it."""
    import matplotlib.pyplot as plt  # here, because most tests draw nothing

    from placeprior.book import figures

    figures.style()
    yield
    plt.close("all")
