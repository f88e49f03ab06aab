"""The baselines: none reads a label held out, all are repeatable and finite, each finds what it is there to find."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from conftest import toy_cube

from placeprior.arms import APART, CORRECTED, RIVALS
from placeprior.coords import great_circle_km
from placeprior.errors import ConfigError, UnknownName
from placeprior.runs import estimators, inputs, making, store
from placeprior.runs.estimators import kinds, patterns, pseudo, trees
from placeprior.runs.estimators.trees import Rows, out_of_fold
from placeprior.runs.inputs import Inputs
from placeprior.runs.plan import Run
from placeprior.space import clusters
from placeprior.space.splits import lonlat_of, split

POOL_ONLY = ("idw", "kriging")  # the others are stopped by the validation rows, or start from what is
TINY = {"width": 8, "summary": 8, "window": 3, "epochs": 4, "batch": 128}


def a_run(name="gbt", split="spatial", seed=0, **changes):
    config = TINY if name == "none+kriging" else {}
    # Matched neighbours depend on which places are tested, though on no label: not what is asked here.
    data = {"load": "toy", "options": {}, "neighbours": "unmatched"}
    return replace(Run("toy", name, "-", split, 1, seed, data, "-", config), **changes)


def estimate(name, run, cube, parts):
    """The test rows by a baseline; the network that one of them corrects is made by whoever asks."""
    seen = Inputs(replace(run, variant=name), cube, parts)
    return estimators.estimate(seen, making._plain_network(seen) if name == CORRECTED else None)


def changed(cube, mask, add=500.0):
    """The cube with other labels where the mask (station, time) is true."""
    pm25 = cube["pm25"].values.copy()
    pm25[mask] += add
    return cube.assign(pm25=(cube["pm25"].dims, pm25, cube["pm25"].attrs))


def error(found, cube, parts):
    return np.sqrt(((found - cube["pm25"].values[parts.test]) ** 2).mean())


def anywhere(cube, load, options, lonlat, days, names):
    """Predictors of the toy where no monitor stands; the truth of a world, far above every measurement."""
    rng = np.random.default_rng(5)
    made = {"wind": rng.normal(3, 1, (len(lonlat), len(days))), "warmth": rng.normal(15, 8, (len(lonlat), len(days)))}
    made |= {pseudo.TRUTH: np.full((len(lonlat), len(days)), 400.0)}
    return {name: made[name] for name in names}


def weather(cube):
    """The two predictors of the toy; clusters take no gaps."""
    return np.stack([np.nan_to_num(cube[name].values.astype(float)) for name in ("wind", "warmth")], -1)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Baselines as they are, only smaller."""
    monkeypatch.setattr(trees, "TREES", trees.TREES | {"max_iter": 20, "min_samples_leaf": 20})
    monkeypatch.setattr(trees, "FOREST", trees.FOREST | {"n_estimators": 4})
    monkeypatch.setattr(trees, "ROWS", 150)  # so that rows are drawn
    monkeypatch.setattr(trees, "WINDOW", 2)
    monkeypatch.setattr(pseudo, "LABELLED", 100)
    monkeypatch.setattr(clusters, "behaviour", weather)
    monkeypatch.setattr(pseudo.elsewhere, "fields", anywhere)
    monkeypatch.setattr(patterns, "LAYERS", (32, 32))
    monkeypatch.setattr(patterns, "EPOCHS", 60)


@pytest.fixture(scope="module")
def cube():
    """A small toy cube, as a task with the neighbour feature."""
    return toy_cube(49, 30).assign_attrs(neighbours=1)


@pytest.fixture(scope="module")
def field_cube():
    """A toy cube with a smooth daily field on top that no predictor tells, and twice the usual effect of the wind."""
    cube = toy_cube(121, 30, missing=0.1)
    covariance = np.exp(-great_circle_km(lonlat_of(cube), lonlat_of(cube)) / 900) + 1e-6 * np.eye(121)
    field = 4 * np.linalg.cholesky(covariance) @ np.random.default_rng(1).normal(size=(121, 30))
    return changed(cube, slice(None), (field + 2 * cube["wind"].values).astype(np.float32))


@pytest.mark.parametrize(
    "name, where",
    [
        *((name, "spatial") for name in RIVALS if name not in ("none+kriging", "gbt+pseudo-leaked", "gbt+pseudo-true")),
        ("kriging", "random"),
        ("gbt+kriging", "random"),
        ("eof", "checkerboard-16"),
    ],
)
def test_no_baseline_reads_a_label_held_out_and_each_row_has_its_own_estimate(name, where, cube):
    run, parts = a_run(name, where), split(where, cube, 0, 1)
    found = estimate(name, run, cube, parts)
    assert found.shape == (parts.test.sum(),) and np.isfinite(found).all()

    # Other labels held out, fewer rows asked for: what is said of these rows is the same to the last bit.
    kept = parts.test & (np.random.default_rng(0).random(parts.test.shape) < 0.6)
    kept[np.flatnonzero(parts.test.any(1))[0]] = False
    few = estimate(name, run, changed(cube, parts.test), replace(parts, test=kept))
    np.testing.assert_array_equal(few, found[kept[parts.test]])

    learnt = estimate(name, run, changed(cube, ~parts.test), parts)
    assert np.median(learnt - found) > 100  # while what it may read, it reads
    if name in POOL_ONLY:
        other = changed(cube, ~parts.pool)
        np.testing.assert_array_equal(estimate(name, run, other, parts), found)


def test_the_corrected_network_reads_no_label_held_out(project, cube, monkeypatch):
    run, parts = a_run("none+kriging"), split("spatial", cube, 0, 1)
    monkeypatch.setattr(inputs, "cube_of", lambda run: cube)
    found = estimate("none+kriging", run, cube, parts)
    assert found.shape == (parts.test.sum(),) and np.isfinite(found).all()
    plain = replace(run, variant="none")
    assert store.is_stored(plain.id)  # the network is a run like any other, trained at most once
    shutil.rmtree(store.store() / plain.id)
    other = changed(cube, parts.test)
    monkeypatch.setattr(inputs, "cube_of", lambda run: other)
    np.testing.assert_array_equal(estimate("none+kriging", run, other, parts), found)


@pytest.mark.parametrize("name", ["gbt+kriging", "rf", "eof"])
def test_another_seed_draws_other_rows_and_weights(name, cube):
    parts = split("spatial", cube, 0, 1)
    first, other = (estimate(name, a_run(name, seed=seed), cube, parts) for seed in (0, 1))
    assert not np.array_equal(first, other)


def test_trees_of_their_own_find_what_differs_between_kinds_of_weather_and_lots_do_not(monkeypatch):
    # Where wind and warmth go together, wind cleans; where they go against each other, it brings dust. With one day's
    # predictors no tree can tell which of the two it is.
    monkeypatch.setattr(trees, "WINDOW", 1)
    monkeypatch.setattr(trees, "ROWS", 4000)
    monkeypatch.setattr(trees, "TREES", trees.TREES | {"max_iter": 60})
    monkeypatch.setattr(kinds, "FOLDS", 2)
    rng, cube = np.random.default_rng(3), toy_cube(121, 40, missing=0.0)
    sign = rng.choice([-1.0, 1.0], size=(121, 1))
    wind, other = rng.normal(size=(2, 121, 40))
    told = {"wind": wind, "warmth": 0.8 * sign * wind + 0.6 * other}
    cube = cube.assign(
        {name: (cube[name].dims, values.astype(np.float32), cube[name].attrs) for name, values in told.items()}
    )
    cube = cube.assign(pm25=(cube["pm25"].dims, (20 + 4 * sign * wind).astype(np.float32), cube["pm25"].attrs))
    parts = split("spatial", cube, 0, 1)
    seen = Inputs(a_run("gbt+kinds"), cube, parts)
    found = kinds.groups(seen, "kinds")
    assert max((found == 1 + (sign[:, 0] > 0)).mean(), (found == 1 + (sign[:, 0] < 0)).mean()) == 1
    assert sorted(kinds.groups(seen, "lots")) == sorted(found)  # the same sizes
    missed = {name: error(estimate(name, a_run(name), cube, parts), cube, parts) for name in ("gbt", *APART)}
    assert missed["gbt+kinds"] < 0.5 * min(missed["gbt"], missed["gbt+lots"])


def test_kriging_what_trees_missed_finds_a_field_that_no_predictor_tells(field_cube, monkeypatch):
    monkeypatch.setattr(trees, "ROWS", 2000)
    monkeypatch.setattr(trees, "TREES", trees.TREES | {"max_iter": 40})
    parts = split("spatial", field_cube, 0, 1)
    found = {
        name: error(estimate(name, a_run(name), field_cube, parts), field_cube, parts)
        for name in ("gbt", "kriging", "gbt+kriging")
    }
    assert found["gbt+kriging"] < 0.9 * found["gbt"]
    assert found["gbt+kriging"] < 0.9 * found["kriging"]


def test_the_network_too_is_corrected_by_kriging(project, field_cube, monkeypatch):
    monkeypatch.setattr(inputs, "cube_of", lambda run: field_cube)
    parts, run = split("spatial", field_cube, 0, 1), a_run("none+kriging")
    corrected = error(estimate("none+kriging", run, field_cube, parts), field_cube, parts)
    plain = store.table(replace(run, variant="none").id, "predictions")["estimate"].to_numpy()
    assert corrected < 0.9 * error(plain, field_cube, parts)


@pytest.mark.parametrize("where", ["spatial", "random"])
def test_errors_out_of_fold_leave_out_what_the_test_leaves_out(where, field_cube, monkeypatch):
    parts = split(where, field_cube, 0, 1)
    rows = Rows(Inputs(a_run(), field_cube, parts))
    fitted, real = [], trees.fit_boosted
    monkeypatch.setattr(trees, "fit_boosted", lambda r, s, f: (fitted.append(f), real(r, s, f))[1])
    missed = out_of_fold(rows, 1)
    np.testing.assert_array_equal(np.isfinite(missed), parts.train)
    left = np.array([parts.train & ~mask for mask in fitted])
    assert len(fitted) == trees.FOLDS
    np.testing.assert_array_equal(left.sum(0), parts.train)  # every training row is left out once
    folds_of_a_station = left.any(2).sum(0)[parts.train.any(1)]
    assert (folds_of_a_station == 1).all() if where == "spatial" else np.median(folds_of_a_station) > 1


def test_errors_out_of_fold_are_larger_than_at_rows_learnt(field_cube, monkeypatch):
    monkeypatch.setattr(trees, "ROWS", 2000)
    monkeypatch.setattr(trees, "TREES", trees.TREES | {"max_iter": 40})
    parts = split("spatial", field_cube, 0, 1)
    rows = Rows(Inputs(a_run(), field_cube, parts))
    missed = out_of_fold(rows, 1)[parts.train]
    learnt = rows.y(parts.train) - trees.fit_boosted(rows, 1).predict(rows.x(parts.train))
    assert missed.std() > 1.05 * learnt.std()


def test_told_their_place_trees_find_what_only_the_place_tells(monkeypatch):
    monkeypatch.setattr(trees, "ROWS", 2000)
    cube = toy_cube(100, 28)
    east = lonlat_of(cube)[:, :1] > -95
    cube = changed(cube, slice(None), np.where(east, 20, 0).astype(np.float32))
    parts = split("spatial", cube, 0, 1)
    found = {name: error(estimate(name, a_run(name), cube, parts), cube, parts) for name in ("gbt", "gbt+lonlat")}
    assert found["gbt+lonlat"] < 0.5 * found["gbt"]


def test_eof_finds_a_pattern_in_time_that_changes_across_the_map(monkeypatch):
    monkeypatch.setattr(patterns, "EPOCHS", 150)
    cube = toy_cube(100, 40, missing=0.2)
    lonlat = lonlat_of(cube)
    wave = np.sin(np.arange(40) / 4)
    known = np.isfinite(cube["pm25"].values)
    pm25 = 10 + 0.3 * (lonlat[:, :1] + 95) * wave + np.random.default_rng(0).normal(0, 0.2, known.shape)
    cube = cube.assign(pm25=(cube["pm25"].dims, np.where(known, pm25, np.nan).astype(np.float32), cube["pm25"].attrs))
    parts = split("spatial", cube, 0, 1)
    found = estimate("eof", a_run("eof"), cube, parts)
    assert error(found, cube, parts) < 0.5 * cube["pm25"].values[parts.test].std()


@pytest.mark.parametrize("name", ["idw", "kriging", "gbt+kriging", "eof"])
def test_a_day_without_any_monitor_is_still_estimated(name, cube):
    parts = split("spatial", cube, 0, 1)
    blind = np.zeros_like(parts.pool)
    blind[:, 25] = True
    parts = replace(parts, pool=parts.pool & ~blind, train=parts.train & ~blind)
    found = estimate(name, a_run(name), cube, parts)
    assert np.isfinite(found).all()
    if name in POOL_ONLY:
        that_day = np.nonzero(parts.test)[1] == 25
        np.testing.assert_allclose(found[that_day], cube["pm25"].values[parts.train].mean(), rtol=1e-5)


def test_trees_see_the_days_before_and_nothing_after(cube):
    parts = split("spatial", cube, 0, 1)
    rows = Rows(Inputs(a_run(), cube, parts), "lonlat")
    x = rows.x(parts.test)
    station, day = np.argwhere(parts.test)[5]
    features = rows.features.shape[-1]
    assert x.shape == (parts.test.sum(), trees.WINDOW * features + 2)
    expected = rows.features[station, day + 1 - trees.WINDOW : day + 1].ravel()
    np.testing.assert_array_equal(x[5, :-2], expected)
    np.testing.assert_array_equal(x[5, -2:], lonlat_of(cube)[station].astype(np.float32))


def test_a_name_that_is_no_baseline_is_refused(cube):
    with pytest.raises(UnknownName, match="did you mean 'kriging'"):
        estimate("krigin", a_run(), cube, split("spatial", cube, 0, 1))


# --- kriging's labels where no monitor stands -------------------------------------------------------------------------


def seen(cube, parts, load="toy"):
    run = a_run("gbt+pseudo")
    return Inputs(replace(run, data=run.data | {"load": load}), cube, parts)


def test_labels_are_krigings_of_training_monitors_weighted_by_what_it_knows(field_cube):
    parts = split("spatial", field_cube, 0, 1)
    found = pseudo.labelled(seen(field_cube, parts))
    assert len(found.label) == len(set(zip(found.place, found.day, strict=True))) == 100
    assert set(found.day) <= set(np.flatnonzero(parts.train.any(0)))
    assert (
        np.isfinite(found.label).all() and (found.spread > 0).all() and ((0 < found.weight) & (found.weight < 1)).all()
    )
    km = great_circle_km(pseudo.places()[found.place], lonlat_of(field_cube)[parts.pool.any(1)]).min(1)
    near = km < np.median(km)
    assert found.weight[near].mean() > found.weight[~near].mean()
    for part, other in (("held out", changed(field_cube, ~parts.pool)), ("learnt", changed(field_cube, parts.pool))):
        again = pseudo.labelled(seen(other, parts))
        assert np.array_equal(found.label, again.label) == (part == "held out")
        np.testing.assert_array_equal(found.place, again.place)
    np.testing.assert_allclose(again.label, found.label + 500, rtol=1e-6)  # a level is added unchanged


def test_the_leaked_teacher_reads_the_test_and_the_clean_one_does_not(field_cube):
    parts = split("checkerboard-16", field_cube, 0, 1)
    other = changed(field_cube, parts.test)
    clean, leaked = (pseudo.labelled(seen(other, parts), labels).label for labels in ("kriged", "leaked"))
    np.testing.assert_array_equal(clean, pseudo.labelled(seen(field_cube, parts)).label)
    assert np.median(leaked - clean) > 50


def test_shuffled_labels_are_the_same_dealt_anew_and_true_ones_are_the_truth(field_cube):
    parts = split("spatial", field_cube, 0, 1)
    found, dealt = (pseudo.labelled(seen(field_cube, parts), labels) for labels in ("kriged", "shuffled"))
    np.testing.assert_array_equal(np.sort(dealt.label), np.sort(found.label))
    assert (dealt.label != found.label).mean() > 0.5
    np.testing.assert_array_equal(dealt.weight, found.weight)
    true = pseudo.labelled(seen(field_cube, parts, "world"), "true")
    assert (true.label == 400).all() and (true.weight == 1).all()
    with pytest.raises(ConfigError, match="embedded world alone"):
        pseudo.labelled(seen(field_cube, parts), "true")


def test_the_student_learns_from_labels(cube):
    parts = split("spatial", cube, 0, 1)
    inputs = seen(cube, parts, "world")
    plain, told = estimators.estimate(Inputs(a_run("gbt"), cube, parts)), pseudo.student(inputs, "true")
    assert told.mean() > plain.mean() + 20  # labels that lie far above all measurements
    silent = replace(pseudo.labelled(inputs, "true"), weight=np.zeros(100))
    rows = Rows(inputs)
    model = trees.fit_boosted(rows, 1, more=pseudo.examples(inputs, rows, silent))
    assert model.predict(rows.x(parts.test)).max() < 100  # what weighs nothing teaches nothing
