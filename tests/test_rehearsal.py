"""From providers to cubes by the real steps: killed anywhere, they end in the same bytes."""

import importlib.util
import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from providers import aqs, elevation, gridmet, hms, modis, power, serve

from placeprior.data import build, calendar, tables
from placeprior.data.cube import check_cube, predictors
from placeprior.data.sources import Period, Region, chosen
from placeprior.data.sources.transfer import Transfer
from placeprior.runs import configuration

PERIOD, REGION = Period.parse("2021-08-30/2021-09-02"), Region.parse("-117.5,37,-116.5,38")
NAMES = ["aqs", "gridmet", "maiac", "power", "hms", "elevation"]
MOMENTS = 10


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    """Every provider's files, served while this file's tests run."""
    root = tmp_path_factory.mktemp("mirror")
    for source in (aqs, gridmet, power, hms, elevation):
        source.make(root, PERIOD, REGION)
    modis.make(root, "MCD19A2", PERIOD.days, REGION)
    with serve(root) as provider, pytest.MonkeyPatch.context() as patch:
        provider.answers += [modis.answer(root), power.answer]
        patch.setenv("PLACEPRIOR_MIRROR", provider.url)
        patch.setenv("EARTHDATA_TOKEN", "rehearsal")
        yield provider


def both(folder, names=NAMES, period=PERIOD):
    """Fetch, and build both cubes."""
    for source in chosen(names):
        source.fetch(period, REGION, folder / "cache", Transfer(pause=0.01, retries=1, timeout=10))
    given = (period, REGION, names, folder / "cache", folder / "out")
    return build.at_monitors(*given, say=lambda line: None), build.grid(*given, 0.1, say=lambda line: None)


def test_the_cubes_hold_every_variable_and_keep_the_contract(mirror, tmp_path):
    at_stations, on_grid = (build.load(path) for path in both(tmp_path))
    provided = {name for source in chosen(NAMES) for name in source.provides if name != "pm25"}
    for cube in (at_stations, on_grid):
        check_cube(cube)
        assert set(cube.data_vars) - {"pm25", "event"} == provided | set(calendar.PROVIDES)
    assert "event" not in predictors(at_stations)
    assert at_stations.attrs["gaps"] == "aod_047 aod_055"
    day = PERIOD.days[1]
    for name, short in (("wind_speed", "vs"), ("precipitation", "pr")):
        for station in at_stations["station"].values:
            one = at_stations.sel(station=station, time=day)
            centre = gridmet.centre(float(one["lon"]), float(one["lat"]))
            assert float(one[name]) == pytest.approx(gridmet.value(short, *centre, day.date()), abs=0.06)


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_in_the_same_bytes(mirror, tmp_path):
    few, days = [name for name in NAMES if name != "gridmet"], Period(PERIOD.days[0].date(), PERIOD.days[1].date())
    both(tmp_path / "first", few, days)  # with what is loaded once
    started = time.perf_counter()
    whole = [tables.digest(path) for path in both(tmp_path / "whole", few, days)]
    seconds = time.perf_counter() - started
    rng, fork = np.random.default_rng(0), multiprocessing.get_context("fork")
    killed = 0
    for moment, share in enumerate(rng.uniform(0.02, 0.95, MOMENTS)):
        folder = tmp_path / str(moment)
        child = fork.Process(target=both, args=(folder, few, days))
        child.start()
        child.join(share * seconds)
        if child.is_alive():
            os.kill(child.pid, signal.SIGKILL)
            killed += 1
        child.join()
        assert [tables.digest(path) for path in both(folder, few, days)] == whole
        assert not list((folder / "out").glob(".*"))
    assert killed >= MOMENTS // 2


def test_the_plan_of_the_whole_rehearsal_can_be_read(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("rehearse", Path(__file__).parents[1] / "scripts" / "rehearse.py")
    rehearse = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rehearse)
    monkeypatch.setattr(rehearse, "FOLDER", tmp_path)
    monkeypatch.chdir(rehearse.project())
    assert set(configuration.content()["profiles"]) == {rehearse.PROFILE} and len(configuration.content()["pages"]) > 1
