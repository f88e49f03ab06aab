"""Residual variograms: planted structure is seen, what all stations share is not, arms are compared place by place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import toy_cube

from placeprior.coords import great_circle_km
from placeprior.errors import CubeError
from placeprior.evidence import residual_variograms as room
from placeprior.runs import plan
from placeprior.space.splits import lonlat_of


@pytest.fixture(scope="module")
def cube():
    return toy_cube(120, 40, missing=0.2)


def predictions(cube, smooth, rough, seed=0, level=0.0):
    """Test rows whose errors are a smooth field and noise, of these standard deviations, and a level a day."""
    rng, lonlat = np.random.default_rng(seed), lonlat_of(cube)
    covariance = np.exp(-great_circle_km(lonlat, lonlat) / 600) + 1e-8 * np.eye(len(lonlat))
    shape = cube["pm25"].shape
    field = np.linalg.cholesky(covariance) @ rng.normal(size=shape)
    error = smooth * field + rough * rng.normal(size=shape) + level * rng.normal(size=shape[1])
    station, day = np.nonzero(np.isfinite(cube["pm25"].values))
    pm25 = cube["pm25"].values[station, day]
    return pd.DataFrame({"station": station, "day": day, "pm25": pm25, "estimate": pm25 - error[station, day]})


def collected(cube, monkeypatch, tables):
    """The evidence of runs whose predictions these are, by variant and seed."""
    runs = [plan.Run("toy", variant, "-", "spatial", 1, seed, {}, "-", {}) for variant, seed in tables]
    kept = {run.id: tables[run.variant, run.seed] for run in runs}
    monkeypatch.setattr(room.store, "table", lambda run, name: kept[run])
    monkeypatch.setattr(room, "cube_of", lambda run: cube)
    found = room.collect(runs)
    return found[found["what"] != room.GAMMA].set_index(["variant", "what"]), found


def test_structure_that_an_arm_leaves_is_seen_and_compared(cube, monkeypatch):
    spread = np.nanstd(cube["pm25"].values, axis=0).mean()
    tables = {("none", seed): predictions(cube, spread, 0.3 * spread, seed) for seed in (0, 1)}
    tables |= {("gbt", seed): predictions(cube, 0.0, 0.6 * spread, seed) for seed in (0, 1)}
    found, every = collected(cube, monkeypatch, tables)
    assert every.columns.tolist() == room.COLUMNS
    assert found.loc[("none", "share"), "value"] > 0.7 and found.loc[("gbt", "sill"), "value"] < 0.15
    assert found.loc[("gbt", "nugget"), "value"] == pytest.approx(0.36, abs=0.12)
    assert 200 < found.loc[("none", "range"), "value"] < 2000
    less = found.loc[("gbt", "sill")]
    assert less["difference"] == pytest.approx(less["value"] - found.loc[("none", "sill"), "value"])
    assert less["difference_low"] < less["difference"] < less["difference_high"] < 0
    assert np.isnan(found.loc[("none", "sill"), "difference"])
    told = found.dropna(subset=["low"])
    assert ((told["low"] <= told["value"]) & (told["value"] <= told["high"])).all()
    assert {"measured", "none", "gbt"} == set(every["variant"])
    points = every[(every["what"] == room.GAMMA) & (every["variant"] == "none")]
    assert points["km"].is_monotonic_increasing and points["value"].iloc[0] < points["value"].iloc[-1]


def test_one_training_says_nothing_of_its_chance(cube, monkeypatch):
    tables = {(name, 0): predictions(cube, 1.0, 1.0, seed) for seed, name in enumerate(("none", "gbt"))}
    found = collected(cube, monkeypatch, tables)[0].loc[("gbt", "sill")]
    assert np.isfinite(found[["low", "high", "difference"]].astype(float)).all()
    assert np.isnan(found["difference_low"]) and np.isnan(found["difference_high"])


def test_an_error_that_all_stations_share_is_not_seen(cube, monkeypatch):
    one, _ = collected(cube, monkeypatch, {("none", 0): predictions(cube, 1.0, 1.0)})
    other, _ = collected(cube, monkeypatch, {("none", 0): predictions(cube, 1.0, 1.0, level=50.0)})
    np.testing.assert_allclose(other.loc["none", "value"], one.loc["none", "value"], rtol=1e-4)


def test_two_trainings_widen_the_interval_by_what_they_differ(cube, monkeypatch):
    first, second = (predictions(cube, 1.0, rough, seed=1) for rough in (0.5, 1.5))
    alike, _ = collected(cube, monkeypatch, {("none", 0): first, ("none", 1): first})
    apart, _ = collected(cube, monkeypatch, {("none", 0): first, ("none", 1): second})
    width = [found.loc[("none", "nugget"), "high"] - found.loc[("none", "nugget"), "low"] for found in (alike, apart)]
    assert width[1] > 2 * width[0]


def test_days_with_few_stations_do_not_count_and_too_few_are_refused(cube, monkeypatch):
    table = predictions(cube, 1.0, 1.0)
    few = table[(table["day"] != 3) | (table["station"] < 6)]
    assert np.isnan(room.residuals(few, 120)[:, 3]).all() and np.isfinite(room.residuals(few, 120)[:, 4]).any()
    with pytest.raises(CubeError, match="pairs of places"):
        collected(cube, monkeypatch, {("none", 0): table[table["station"] < 8]})
