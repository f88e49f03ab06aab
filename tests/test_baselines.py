"""The baselines: none reads a label held out, all are repeatable and finite, each finds what it is there to find."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from conftest import toy_cube

from placeprior import baselines, experiment, ledger
from placeprior.baselines import Rows, estimate, out_of_fold
from placeprior.coords import great_circle_km
from placeprior.errors import UnknownName
from placeprior.matrix import BASELINES, Run
from placeprior.splits import split, stations

TREES = [name for name in BASELINES if name.startswith(("gbt", "rf"))]
POOL_ONLY = ["idw", "kriging", "eof"]
TINY = {"width": 8, "summary": 8, "window": 3, "epochs": 2, "batch": 128, "rows_per_epoch": 512}


def a_run(name="gbt", split="spatial", seed=0, **changes):
    config = TINY if name == "none+kriging" else {}
    data = {"load": "toy", "options": {}}
    return replace(Run("toy", name, "-", split, 1, seed, data, "-", config), **changes)


def changed(cube, mask, add=500.0):
    """The cube with other labels where the mask (station, time) is true."""
    pm25 = cube["pm25"].values.copy()
    pm25[mask] += add
    return cube.assign(pm25=(cube["pm25"].dims, pm25, cube["pm25"].attrs))


def error(found, cube, parts):
    return np.sqrt(((found - cube["pm25"].values[parts.test]) ** 2).mean())


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(baselines, "TREES", baselines.TREES | {"max_iter": 40, "min_samples_leaf": 20})
    monkeypatch.setattr(baselines, "FOREST", baselines.FOREST | {"n_estimators": 5})


@pytest.fixture(scope="module")
def neighbourly(cube):
    """The toy cube as a task with the neighbour feature."""
    return cube.assign_attrs(neighbours=1)


@pytest.mark.parametrize("where", ["spatial", "checkerboard-16", "random"])
@pytest.mark.parametrize("name", [name for name in BASELINES if name != "none+kriging"])
def test_no_baseline_reads_a_label_held_out(name, where, neighbourly):
    run = a_run(name, where)
    parts = split(where, neighbourly, 0, 1)
    found = estimate(name, run, neighbourly, parts)
    assert found.shape == (parts.test.sum(),) and np.isfinite(found).all()
    np.testing.assert_array_equal(estimate(name, run, changed(neighbourly, parts.test), parts), found)
    learnt = estimate(name, run, changed(neighbourly, parts.train), parts)
    assert np.median(learnt - found) > 100  # while what it may read, it reads
    if name in POOL_ONLY:
        validation = changed(neighbourly, ~parts.pool & ~parts.train)
        np.testing.assert_array_equal(estimate(name, run, validation, parts), found)


def test_the_corrected_network_reads_no_label_held_out(project, cube, monkeypatch):
    run = a_run("none+kriging")
    parts = split("spatial", cube, 0, 1)
    found = estimate("none+kriging", run, cube, parts)
    assert found.shape == (parts.test.sum(),) and np.isfinite(found).all()
    plain = replace(run, variant="none")
    assert ledger.is_stored(plain.id)  # the network is a run like any other, trained at most once
    np.testing.assert_array_equal(estimate("none+kriging", run, cube, parts), found)
    shutil.rmtree(ledger.store() / plain.id)
    other = changed(cube, parts.test)
    monkeypatch.setattr(experiment, "cube_of", lambda run: other)
    np.testing.assert_array_equal(estimate("none+kriging", run, other, parts), found)


@pytest.mark.parametrize("name", ["gbt+kriging", "rf+geoclip", "eof"])
def test_a_seed_decides_every_draw(name, cube, monkeypatch):
    monkeypatch.setattr(baselines, "ROWS", 300)  # so that rows are drawn
    parts = split("spatial", cube, 0, 1)
    first, again, other = (estimate(name, a_run(name, seed=seed), cube, parts) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def field_cube(stations_=150, days=45):
    """A toy cube with a smooth daily field on top that no predictor tells."""
    cube = toy_cube(stations_, days, missing=0.1)
    covariance = np.exp(-great_circle_km(stations(cube), stations(cube)) / 900) + 1e-6 * np.eye(stations_)
    field = 4 * np.linalg.cholesky(covariance) @ np.random.default_rng(1).normal(size=(stations_, days))
    return changed(cube, slice(None), field.astype(np.float32))


def test_kriging_what_trees_missed_finds_a_field_that_no_predictor_tells():
    cube = field_cube()
    parts = split("spatial", cube, 0, 1)
    found = {name: error(estimate(name, a_run(name), cube, parts), cube, parts)
             for name in ("gbt", "kriging", "gbt+kriging")}  # fmt: skip
    assert found["gbt+kriging"] < 0.9 * found["gbt"]
    assert found["gbt+kriging"] < 0.9 * found["kriging"]


def test_the_network_too_is_corrected_by_kriging(project, monkeypatch):
    cube = field_cube()
    monkeypatch.setattr(experiment, "cube_of", lambda run: cube)
    parts = split("spatial", cube, 0, 1)
    run = a_run("none+kriging")
    corrected = error(estimate("none+kriging", run, cube, parts), cube, parts)
    plain = ledger.table(replace(run, variant="none").id, "predictions")["estimate"].to_numpy()
    assert corrected < 0.9 * error(plain, cube, parts)


def test_errors_out_of_fold_are_larger_than_at_rows_learnt_and_whole_stations_are_left_out(monkeypatch):
    cube = field_cube(60)
    parts = split("spatial", cube, 0, 1)
    rows = Rows(a_run(), cube, parts)
    missed = out_of_fold(rows, 1)
    np.testing.assert_array_equal(np.isfinite(missed), parts.train)
    learnt = rows.y(parts.train) - baselines._boosted(rows, 1).predict(rows.x(parts.train))
    assert missed[parts.train].std() > 1.1 * learnt.std()

    fitted = []
    real = baselines._boosted
    monkeypatch.setattr(baselines, "_boosted", lambda r, s, f: (fitted.append(f), real(r, s, f))[1])
    out_of_fold(rows, 1)
    whole = parts.train.sum(1)
    assert len(fitted) == baselines.FOLDS and all(np.isin(f.sum(1) - whole, [0]).sum() < len(whole) for f in fitted)
    assert all(((f.sum(1) == 0) | (f.sum(1) == whole)).all() for f in fitted)


def test_told_their_place_trees_find_what_only_the_place_tells():
    cube = toy_cube(150, 40)
    east = stations(cube)[:, :1] > -95
    cube = changed(cube, slice(None), np.where(east, 20, 0).astype(np.float32))
    parts = split("spatial", cube, 0, 1)
    found = {name: error(estimate(name, a_run(name), cube, parts), cube, parts) for name in ("gbt", "gbt+lonlat")}
    assert found["gbt+lonlat"] < 0.5 * found["gbt"]


def test_eof_finds_a_pattern_in_time_that_changes_across_the_map():
    cube = toy_cube(150, 60, missing=0.2)
    lonlat = stations(cube)
    wave = np.sin(np.arange(60) / 4)
    known = np.isfinite(cube["pm25"].values)
    pm25 = 10 + 0.3 * (lonlat[:, :1] + 95) * wave + np.random.default_rng(0).normal(0, 0.2, known.shape)
    cube["pm25"].values[:] = np.where(known, pm25, np.nan)
    parts = split("spatial", cube, 0, 1)
    found = estimate("eof", a_run("eof"), cube, parts)
    assert error(found, cube, parts) < 0.5 * cube["pm25"].values[parts.test].std()


@pytest.mark.parametrize("name", ["idw", "kriging", "gbt+kriging", "eof"])
def test_a_day_without_any_monitor_is_still_estimated(name, cube):
    parts = split("spatial", cube, 0, 1)
    blind = np.zeros_like(parts.pool)
    blind[:, 30] = True
    parts = replace(parts, pool=parts.pool & ~blind, train=parts.train & ~blind)
    found = estimate(name, a_run(name), cube, parts)
    assert np.isfinite(found).all()
    if name in ("idw", "kriging"):
        that_day = np.nonzero(parts.test)[1] == 30
        np.testing.assert_allclose(found[that_day], cube["pm25"].values[parts.train].mean(), rtol=1e-5)


def test_trees_see_the_days_before_and_nothing_after(cube):
    parts = split("spatial", cube, 0, 1)
    rows = Rows(a_run(), cube, parts, "lonlat")
    x = rows.x(parts.test)
    station, day = np.argwhere(parts.test)[5]
    features = rows.features.shape[-1]
    assert x.shape == (parts.test.sum(), baselines.WINDOW * features + 2)
    expected = rows.features[station, day + 1 - baselines.WINDOW : day + 1].ravel()
    np.testing.assert_array_equal(x[5, :-2], expected)
    np.testing.assert_array_equal(x[5, -2:], stations(cube)[station].astype(np.float32))


def test_a_name_that_is_no_baseline_is_refused(cube):
    with pytest.raises(UnknownName, match="did you mean 'kriging'"):
        estimate("krigin", a_run(), cube, split("spatial", cube, 0, 1))
