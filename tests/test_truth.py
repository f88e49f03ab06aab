"""Maps scored against the embedded world's truth: which cells count, by how much, and how the parts add up."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from placeprior import coords
from placeprior.arms import with_arm
from placeprior.data.world.labels import START
from placeprior.errors import ConfigError, UnknownName
from placeprior.evidence import map_error, matched
from placeprior.runs import plan, store
from placeprior.runs.inputs import cube_of
from placeprior.runs.making import make
from placeprior.scores import paired
from placeprior.scores.interval import Noise

RUNS = """\
profiles:
  tiny:
    size: demo
    settings: {width: 8, summary: 8, window: 3, epochs: 1, batch: 128}
    tasks:
      world: {load: world, options: {stations: 30, days: 40, fires: 2}}
    matrices:
      core:
        task: [world]
        model: [idw, none]
        split: [spatial]
        fold: [1]
        seed: [0]
pages: {}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two stored runs on a small world with few fires, drawn on a coarse grid."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "runs.yml").write_text(RUNS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(map_error, "RESOLUTION", 4.0)
        found = plan.runs("tiny", "core")
        for run in found:
            make(run, log=lambda line: None)
        yield found


def drawn_by(error):
    """A stand-in for ``daily_map`` whose estimate is the truth plus ``error(day, (y, x))``."""

    def daily_map(run, grid):
        day = int((grid["time"].values[-1] - START) // np.timedelta64(1, "D"))
        field = grid["pm25_true"].isel(time=-1).values + error(day, grid["land"].shape)
        return xr.DataArray(np.where(grid["land"], field, np.nan), dims=("y", "x"))

    return daily_map


def of(scored, part, run):
    found = scored[(scored["part"] == part) & (scored["run"] == run.id)]
    assert len(found) == 1
    return found.iloc[0]


def test_scores_are_those_of_all_cells_weighted_by_area(runs):
    table = map_error.collect(runs)
    scored = map_error.by_part(table)
    assert set(scored["run"]) == {run.id for run in runs} and (table["placeness"] == 1).all()
    for run in runs:
        lonlat, estimate, known = map_error.maps(run, map_error.fields([run]))
        weight = np.broadcast_to(np.cos(np.radians(lonlat[:, 1:])), known.shape)
        error = (estimate - known).astype(float)
        found = of(scored, "map", run)
        assert found["rmse"] == pytest.approx(np.sqrt(np.average(error**2, weights=weight)), rel=1e-4)
        centre = np.average(known, weights=weight)
        spread = np.average((known - centre) ** 2, weights=weight)
        assert found["r2"] == pytest.approx(1 - np.average(error**2, weights=weight) / spread, abs=1e-4)
        mean = np.sqrt(np.average(error.mean(1) ** 2, weights=weight[:, 0]))
        assert of(scored, "mean", run)["rmse"] == pytest.approx(mean, rel=1e-4)


def test_squared_errors_of_the_parts_add_up(runs):
    scored = map_error.by_part(map_error.collect(runs))
    for run in runs:
        squared = {name: of(scored, name, run)["rmse"] ** 2 for name in ("map", "mean", "days", "near", "far")}
        share = of(scored, "near", run)["share"]
        assert 0 < share < 1
        assert squared["map"] == pytest.approx(squared["mean"] + squared["days"], rel=1e-4)
        both = share * squared["near"] + (1 - share) * squared["far"]
        assert squared["map"] == pytest.approx(both, rel=1e-4)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (lambda day, shape: 0.0, {"map": 0.0, "mean": 0.0, "days": 0.0}),
        (lambda day, shape: 2.0, {"map": 2.0, "mean": 2.0, "days": 0.0}),
        # One day of the three up, one down: right in the mean of days, wrong on the days.
        (lambda day, shape: 3.0 * ((day == 20) - (day == 39.0)), {"map": 6**0.5, "mean": 0.0, "days": 6**0.5}),
    ],
)
def test_errors_of_known_size_are_found(runs, monkeypatch, error, expected):
    monkeypatch.setattr(map_error, "daily_map", drawn_by(error))
    scored = map_error.by_part(map_error.collect(runs[:1]))
    for part, rmse in expected.items():
        assert of(scored, part, runs[0])["rmse"] == pytest.approx(rmse, abs=2e-3)


def test_pairs_of_runs_can_be_compared_square_by_square(runs):
    table = with_arm(map_error.collect(runs))
    for part in map_error.PARTS:
        noise = Noise(0.01, 4)  # one seed alone tells nothing of training
        found = matched.differences(table, map_error.part(table, part), metric="rmse", noise=noise)
        scored = map_error.by_part(table)
        rmse = {run.variant: of(scored, part, run)["rmse"] for run in runs}
        assert found["arm"].tolist() == ["idw"]
        assert found["difference"].iloc[0] == pytest.approx(rmse["idw"] - rmse["none"], rel=1e-4)
        assert found["low"].iloc[0] < found["high"].iloc[0] and found["blocks"].iloc[0] > 1


def test_stations_are_scored_against_truth_not_readings(runs):
    table, run = map_error.collect(runs), runs[0]
    rows = store.table(run.id, "predictions")
    known = cube_of(run)["pm25_true"].values[rows["station"], rows["day"]]
    rmse = np.sqrt(np.mean((rows["estimate"] - known) ** 2))
    assert of(map_error.by_part(table), "stations", run)["rmse"] == pytest.approx(rmse, rel=1e-4)
    assert rmse != pytest.approx(np.sqrt(np.mean((rows["estimate"] - rows["pm25"]) ** 2)), rel=1e-3)


def test_only_the_embedded_world_has_a_truth(runs):
    run = dataclasses.replace(runs[0], data={"load": "toy", "options": {}})
    with pytest.raises(ConfigError, match="not about the embedded world.*take it out"):
        map_error.collect([run])
    with pytest.raises(UnknownName, match="part of a map 'nearby'"):
        map_error.part(pd.DataFrame({"part": []}), "nearby")


@given(st.integers(21, 1500))
def test_days_cover_the_record(count):
    days = map_error.days_of(count)
    assert days[0] == 20 and days[-1] == count - 1
    assert all(0 < step <= map_error.STEP for step in np.diff(days))


@given(st.lists(st.tuples(st.floats(-124, -68), st.floats(26, 49)), min_size=2, max_size=20), st.floats(50, 1000))
def test_places_of_one_square_are_near(places, km):
    lonlat = np.array(places)
    names, xy = paired.squares(lonlat, km), coords.project(lonlat)
    for name in set(names):
        assert (np.ptp(xy[names == name], axis=0) <= km * (1 + 1e-9)).all()
