"""Moments of daily PM2.5: each as defined, and the embedded world's beside those of AQS."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from conftest import toy_cube

from placeprior import data
from placeprior.data.tables import VARIABLE
from placeprior.data.world.moments import MOMENTS, bands, correlations, left_out_r2, moments
from placeprior.data.world.simulation import World
from placeprior.errors import CubeError, MissingData
from placeprior.evidence import likeness

AQS = pd.read_csv(Path(__file__).parents[1] / "results" / "aqs" / "moments.csv", index_col="moment")
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def worlds():
    """Moments of three draws of the usual world and of the world without people, a column each."""
    return {
        people: pd.DataFrame({seed: moments(World(seed=seed, people=people).cube()) for seed in SEEDS})
        for people in (True, False)
    }


def test_the_default_world_lies_within_the_bands_of_aqs(worlds):
    band = bands(AQS)
    for told in (worlds[True][0], worlds[True].mean(axis=1)):
        outside = told[(told < band["low"]) | (told > band["high"])]
        assert outside.empty, f"{outside.to_dict()} outside {band.loc[outside.index].to_dict('index')}"


def test_every_draw_of_the_world_lies_near_the_bands(worlds):
    # one draw of a year scatters like a year: twice the width of the band is allowed
    band = bands(AQS)
    middle, half = band.mean(axis=1), (band["high"] - band["low"]) / 2
    away = worlds[True].sub(middle, axis=0).abs().div(half, axis=0)
    assert (away < 2).all(axis=None), away.round(2).to_string()


def test_without_people_place_matters_as_much_and_density_tells_nothing(worlds):
    band, other = bands(AQS), worlds[False]
    assert (other.loc["density, stations"] < 0.1).all() and (other.loc["density, blocks"] < 0.02).all()
    assert other.loc["between"].between(*band.loc["between"]).all()
    assert abs(other.loc["between"].mean() / worlds[True].loc["between"].mean() - 1) < 0.4
    rest = [name for name in MOMENTS if not name.startswith(("density", "nearby"))]
    told = other.loc[rest].mean(axis=1)
    assert ((told > band.loc[rest, "low"]) & (told < band.loc[rest, "high"])).all()


def test_without_placeness_hardly_any_variance_lies_between_stations():
    assert moments(World(placeness=0.0).cube())["between"] < 0.04


@pytest.mark.parametrize("task", AQS.columns)
def test_the_stored_moments_are_those_of_the_measurements(task):
    try:
        cube = data.load(task)
    except MissingData as error:
        pytest.skip(f"{VARIABLE}: {error}")
    assert np.allclose(moments(cube)[AQS.index], AQS[task], atol=1e-3)


def test_moments_are_as_defined():
    cube = toy_cube(stations=12, days=200)
    y = cube.pm25.values
    values = y[np.isfinite(y)].astype(float)
    found = moments(cube)
    assert list(found.index) == list(MOMENTS)
    assert np.isclose(found["mean"], values.mean()) and np.isclose(found["sd"], values.std())
    mean = np.broadcast_to(np.nanmean(y, axis=1, keepdims=True), y.shape)[np.isfinite(y)]
    assert np.isclose(found["between"], 1 - ((values - mean) ** 2).sum() / ((values - values.mean()) ** 2).sum())
    highest = np.sort(values)[-max(1, round(len(values) / 1000)) :]
    assert np.isclose(found["top"], ((highest - values.mean()) ** 2).sum() / ((values - values.mean()) ** 2).sum())


def test_a_remembered_day_and_a_shared_day_are_seen():
    rng = np.random.default_rng(0)
    cube = toy_cube(stations=20, days=800)
    shock, series = rng.normal(size=(20, 800)) + rng.normal(size=800), np.zeros((20, 800))
    for day in range(1, 800):
        series[:, day] = 0.6 * series[:, day - 1] + shock[:, day]
    found = moments(cube.assign(pm25=(cube.pm25.dims, 30 + series, cube.pm25.attrs)))
    assert abs(found["lag-1"] - 0.6) < 0.05
    assert abs(found["r 800-1600"] - 0.5) < 0.08


def test_correlations_are_pandas_own():
    rng = np.random.default_rng(1)
    y = rng.normal(size=(5, 90)) + rng.normal(size=90)
    y[rng.random(y.shape) < 0.3] = np.nan
    y[4, 20:] = np.nan
    assert np.allclose(correlations(y), pd.DataFrame(y.T).corr(min_periods=30), equal_nan=True)


def test_left_out_groups_are_not_fitted():
    x, group = np.repeat([0.0, 1.0, 2.0, 3.0], 5), np.repeat([0, 1, 2, 3], 5)
    assert np.isclose(left_out_r2(x, 2 + 3 * x, group), 1)
    level = np.repeat([0.0, 4.0, 4.0, 0.0], 5)  # no line through the others meets a group
    assert left_out_r2(x, level, group) < 0
    assert np.isnan(left_out_r2(x, 2 + x, np.zeros(20)))


def test_bands_reach_a_deviation_of_the_years_and_a_tenth_at_least():
    made = bands(pd.DataFrame({"a": [1.0, 1.0], "b": [3.0, 1.0]}, index=["differ", "agree"]))
    assert np.allclose(made.loc["differ"], [2 - np.sqrt(2), 2 + np.sqrt(2)])
    assert np.allclose(made.loc["agree"], [0.9, 1.1])


def test_a_cube_without_measurements_is_refused():
    cube = toy_cube(stations=5, days=10)
    with pytest.raises(CubeError, match="0 measured"):
        moments(cube.assign(pm25=cube.pm25.where(False)))


def test_likeness_says_which_moments_of_a_world_lie_in_the_band(monkeypatch):
    real = pd.DataFrame({"a": [10.0, 1.0], "b": [12.0, 1.0]}, index=["mean", "sd"])
    monkeypatch.setattr(likeness, "real", lambda: real)
    monkeypatch.setattr(likeness.data, "load", lambda task, **options: task)
    monkeypatch.setattr(likeness, "moments", lambda world: pd.Series({"sd": 2.0, "mean": 11.0, "top": 0.0}))
    runs = [SimpleNamespace(task="w", data={"load": "world", "options": {}})] * 2
    made = likeness.collect(runs)
    assert made[["task", "moment", "inside"]].values.tolist() == [["w", "mean", 1], ["w", "sd", 0]]
