"""Probes: what is known of a place, folds of places, and a ridge regression that stays calm where it was not fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from placeprior.errors import TrainingError, UnknownName
from placeprior.runs import store
from placeprior.scores import metrics, probes
from placeprior.space.splits import partition

SEEDS = st.integers(0, 2**32 - 1)


def places(rng, n=150):
    return np.column_stack([rng.uniform(-120, -75, n), rng.uniform(28, 48, n)])


def toy(seed, n=60, d=8, noise=0.5):
    """Vectors, two targets that depend on them, five folds and units of two places."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) * rng.uniform(0.1, 10, d) + rng.normal(size=d)
    y = x @ rng.normal(size=(d, 2)) + noise * rng.normal(size=(n, 2))
    unit = np.arange(n) // 2
    return x, y, unit % 5 + 1, unit


# --- facts ------------------------------------------------------------------------------------------------------------


def test_facts_of_places_that_everyone_knows():
    known = probes.truth([(-118.25, 34.05), (-105.8, 39.6), (-99.9, 41.9)])  # Los Angeles, a Colorado pass, Nebraska
    assert list(known["city"]) == [1, 0, 0]
    assert known["density"].idxmax() == 0
    assert known["elevation"].idxmax() == 1


def committed(splits=("checkerboard-8",), folds=(1, 2)):
    rows, sums = [], []
    for split in splits:
        for fold in folds:
            run = f"{len(sums):012x}"
            rows.append(["world", "none", "-", split, fold, 0, "r2", 0.5, 200, run])
            names = [f"s{2 * i + fold}" for i in range(3)]
            table = pd.DataFrame(0.0, index=range(3), columns=metrics.SUMS)
            table = table.assign(run=run, name=names, lon=-100.0, lat=40.0, n=[150, 99, 200])
            sums.append(table.assign(sum_y=table["n"] * [8.0, 9.0, 10.0 + fold]))
    return pd.DataFrame(rows, columns=store.COLUMNS), pd.concat(sums)


def test_monitors_are_those_with_enough_days_and_have_their_mean():
    table = probes.monitors(*committed(), "world")
    assert list(table["name"]) == ["s1", "s2", "s5", "s6"]
    assert list(table["pm25"]) == [8, 8, 11, 12]


def test_a_monitor_is_listed_once_whatever_splits_were_run():
    table = probes.monitors(*committed(("checkerboard-8", "checkerboard-16", "spatial")), "world")
    assert table["name"].is_unique


@pytest.mark.parametrize("case", [committed(folds=(1,)), committed(("spatial",))])
def test_no_monitors_without_both_partitions_of_a_checkerboard(case):
    table = probes.monitors(*case, "world")
    assert table.empty
    assert list(table) == ["name", "lon", "lat", "pm25"]


# --- folds ------------------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(probes.SPLITS))
def test_every_unit_is_in_one_fold(seed, split):
    rng = np.random.default_rng(seed)
    lonlat = places(rng)
    fold, unit = probes.deal(split, lonlat, rng)
    assert pd.Series(fold).groupby(unit).nunique().max() == 1
    assert fold.min() == 1
    assert fold.max() == (2 if split.startswith("checker") else 5)


def test_a_checkerboard_is_that_of_the_runs():
    lonlat = places(np.random.default_rng(0))
    assert np.array_equal(probes.deal("checkerboard-16", lonlat, None)[0], partition(lonlat, 16))


def test_places_of_a_block_are_near_each_other():
    lonlat = places(np.random.default_rng(0))
    for block in np.unique(probes.blocks(lonlat)):
        assert np.ptp(lonlat[probes.blocks(lonlat) == block], axis=0).max() < 12


@pytest.mark.parametrize("split", ["random", "checkerboard", "checkerboard-0", "checkerboard-8@20"])
def test_other_splits_are_refused(split):
    with pytest.raises(UnknownName, match="split of places"):
        probes.deal(split, [(-100, 40)], np.random.default_rng(0))


# --- the probe --------------------------------------------------------------------------------------------------------


@settings(max_examples=6, deadline=None)
@given(SEEDS, st.sampled_from([5, 80]))
def test_it_is_scikit_learns_ridge_with_the_penalty_that_cross_validation_finds(seed, d):
    x, y, _, unit = toy(seed, d=d)  # fewer numbers than places, and more
    found = probes.Probe.fit(x, y, unit)

    def ridge(x, y, penalty):
        return Ridge(penalty * len(x)).fit(x, y)

    for target, penalty in enumerate(found.penalty):
        errors = []
        for tried in probes.PENALTIES:
            error = 0.0
            for train, test in GroupKFold(3).split(x, groups=unit):
                scaler = StandardScaler().fit(x[train])
                z = scaler.transform(x[train])
                own = np.clip(scaler.transform(x[test]), z.min(0), z.max(0))
                error += ((ridge(z, y[train, target], tried).predict(own) - y[test, target]) ** 2).sum()
            errors.append(error)
        assert errors[list(probes.PENALTIES).index(penalty)] <= min(errors) * (1 + 1e-6)
        z = StandardScaler().fit_transform(x)
        expected = ridge(z, y[:, target], penalty).predict(z)
        np.testing.assert_allclose(found(x)[:, target], expected, rtol=1e-6, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_estimates_do_not_depend_on_units_of_measurement_or_on_dead_numbers(seed):
    x, y, fold, unit = toy(seed)
    rng = np.random.default_rng(seed)
    own = probes.held_out(x, y, fold, unit)
    other = np.column_stack([np.full(len(x), 7.0), x * rng.uniform(0.5, 20, x.shape[1]) + rng.normal(size=x.shape[1])])
    np.testing.assert_allclose(probes.held_out(other, y, fold, unit), own, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(probes.held_out(x, 3 * y - 5, fold, unit), 3 * own - 5, rtol=1e-6, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_nothing_of_a_held_out_place_reaches_its_estimate_but_its_own_vector(seed):
    x, y, fold, unit = toy(seed)
    own = probes.held_out(x, y, fold, unit)
    here = fold == 2
    changed = y.copy()
    changed[here] += 100
    np.testing.assert_array_equal(probes.held_out(x, changed, fold, unit)[here], own[here])
    moved, first = x.copy(), np.flatnonzero(here)[0]
    moved[np.setdiff1d(np.flatnonzero(here), first)] += 100
    np.testing.assert_allclose(probes.held_out(moved, y, fold, unit)[first], own[first], rtol=1e-9)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_what_is_in_the_vector_is_read_and_what_is_not_is_not(seed):
    x, y, fold, unit = toy(seed, n=200, noise=0.0)
    assert r2_score(y, probes.held_out(x, y, fold, unit)) > 0.95
    noise = np.random.default_rng([seed, 1]).normal(size=(200, 40))
    assert r2_score(y, probes.held_out(noise, y, fold, unit)) < 0.15


def test_a_number_counts_only_within_the_range_that_it_had():
    x, y, _, unit = toy(0)
    x[:, 0] = 0
    x[3, 0] = 1e-3  # a unit that is alive at one training place
    found = probes.Probe.fit(x, y, unit)
    far, edge = x[:1].copy(), x[:1].copy()
    far[0, 0], edge[0, 0] = 10.0, 1e-3
    np.testing.assert_array_equal(found(far), found(edge))
    wild = replace(found, scale=replace(found.scale, low=-np.inf, high=np.inf))
    assert np.abs(wild(far) - y.mean(0)).max() > 20 * np.abs(y - y.mean(0)).max()


def test_a_vector_of_dead_numbers_says_the_mean_of_the_other_folds():
    _, y, fold, unit = toy(0)
    estimates = probes.held_out(np.ones((len(y), 3)), y, fold, unit)
    np.testing.assert_allclose(estimates[fold == 1], np.broadcast_to(y[fold != 1].mean(0), (np.sum(fold == 1), 2)))


@pytest.mark.parametrize("what", ["vectors", "targets"])
def test_numbers_that_are_missing_are_refused(what):
    x, y, fold, unit = toy(0)
    {"vectors": x, "targets": y}[what][4, 1] = np.nan
    with pytest.raises(TrainingError, match=f"{what} of 1 of 60 places .* row 4"):
        probes.held_out(x, y, fold, unit)


def test_shapes_and_folds_that_do_not_fit_are_refused():
    x, y, fold, unit = toy(0)
    with pytest.raises(TrainingError, match="a row a place"):
        probes.held_out(x, y[:-1], fold, unit)
    with pytest.raises(TrainingError, match="fewer than two units"):
        probes.held_out(x, y, np.ones_like(fold), unit)
    with pytest.raises(TrainingError, match="fewer than two units"):
        probes.held_out(x, y, unit % 2, unit % 2)


def test_sums_of_blocks_give_the_score_of_all_places():
    rng = np.random.default_rng(0)
    lonlat, y = places(rng), rng.normal(size=(150, 2))
    estimates = y + 0.5 * rng.normal(size=y.shape)
    table = probes.block_sums(lonlat, y, estimates)
    assert table.shape == (2, len(np.unique(probes.blocks(lonlat))), len(metrics.SUMS))
    np.testing.assert_allclose(metrics.from_sums(table.sum(1))["r2"], r2_score(y, estimates, multioutput="raw_values"))
