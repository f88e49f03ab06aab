"""The neighbour feature: against a slow reference, and without a trace of any label outside the pool."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior.coords import great_circle_km
from placeprior.space import neighbours
from placeprior.space.neighbours import (
    FLOOR_KM,
    matched_exclusion,
    matched_features,
    neighbour_features,
    neighbour_pm25,
)
from placeprior.space.splits import NAMES, folds, lonlat_of, split


def reference(pm25, lonlat, pool, k=9, power=1.0, exclusion_km=0.0, target=None):
    """Day by day, station by station, by sorting all distances."""
    places = lonlat if target is None else target
    out = np.full((len(places), pm25.shape[1]), np.nan)
    for s, place in enumerate(places):
        km = great_circle_km(place[None], lonlat)[0]
        for t in range(pm25.shape[1]):
            near = [
                i
                for i in np.argsort(km, kind="stable")
                if pool[i, t] and not (target is None and i == s) and not (exclusion_km > 0 and km[i] <= exclusion_km)
            ][:k]
            if near:
                weight = np.maximum(km[near], FLOOR_KM) ** -power
                out[s, t] = (weight * pm25[near, t]).sum() / weight.sum()
    return out


@st.composite
def small_cases(draw):
    n, days = draw(st.integers(1, 9)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    # Few distinct places, so that some stations share one.
    lonlat = np.column_stack([rng.integers(-120, -110, n), rng.integers(30, 36, n)]).astype(float)
    pm25 = rng.gamma(2, 5, (n, days)).astype(np.float32)
    pm25[rng.random((n, days)) < draw(st.sampled_from([0, 0.3, 0.8]))] = np.nan
    pool = np.isfinite(pm25) & (rng.random((n, days)) < draw(st.sampled_from([0.5, 1.0])))
    return pm25, lonlat, pool, rng


@settings(max_examples=80, deadline=None)
@given(small_cases(), st.integers(1, 12), st.sampled_from([0.5, 1.0, 2.0]), st.sampled_from([0.0, 150.0]))
def test_equals_the_slow_reference(case, k, power, exclusion_km):
    pm25, lonlat, pool, rng = case
    options = {"k": k, "power": power, "exclusion_km": exclusion_km}
    fast = neighbour_pm25(pm25, lonlat, pool, **options)
    assert fast.dtype == np.float32
    # Ties among equally distant stations may be cut either way; distinct distances below k leave no tie.
    lonlat = lonlat + rng.uniform(0, 0.01, lonlat.shape)
    fast = neighbour_pm25(pm25, lonlat, pool, **options)
    np.testing.assert_allclose(fast, reference(pm25, lonlat, pool, **options), rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(small_cases(), st.integers(9, 12))
def test_collocated_stations_are_weighted_not_divided_by_zero(case, k):
    pm25, lonlat, pool, _ = case  # k covers all stations: no ties to cut
    fast = neighbour_pm25(pm25, lonlat, pool, k=k)
    np.testing.assert_allclose(fast, reference(pm25, lonlat, pool, k=k), rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(small_cases())
def test_any_place_equals_the_slow_reference(case):
    pm25, lonlat, pool, rng = case
    target = np.column_stack([rng.uniform(-121, -109, 4), rng.uniform(29, 37, 4)])
    fast = neighbour_pm25(pm25, lonlat, pool, target=target, k=12)
    np.testing.assert_allclose(fast, reference(pm25, lonlat, pool, k=12, target=target), rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(small_cases())
def test_estimate_lies_between_the_pools_values_and_is_absent_without_a_pool(case):
    pm25, lonlat, pool, _ = case
    estimate = neighbour_pm25(pm25, lonlat, pool)
    for t in range(pm25.shape[1]):
        for s in range(len(lonlat)):
            others = pool[:, t] & (np.arange(len(lonlat)) != s)
            if not others.any():
                assert np.isnan(estimate[s, t])
            else:
                seen = pm25[others, t]
                assert seen.min() * (1 - 1e-6) <= estimate[s, t] <= seen.max() * (1 + 1e-6)


@pytest.mark.parametrize(("name", "fold"), [(n, f) for n in NAMES for f in folds(n)])
def test_no_held_out_label_changes_a_single_bit(cube, name, fold):
    parts = split(name, cube, 0, fold)
    pm25, places = cube["pm25"].values, lonlat_of(cube)
    changed = np.where(parts.pool, pm25, np.float32(1999.0))
    before = neighbour_pm25(pm25, places, parts.pool)
    after = neighbour_pm25(changed, places, parts.pool)
    assert before.tobytes() == after.tobytes()
    assert (changed[parts.test] != pm25[parts.test]).all()


def test_a_station_never_sees_itself(cube):
    pm25, places = cube["pm25"].values, lonlat_of(cube)
    pool = np.isfinite(pm25)
    before = neighbour_pm25(pm25, places, pool)
    for s in (0, 17, 39):
        changed = pm25.copy()
        changed[s] += 500
        after = neighbour_pm25(changed, places, pool)
        assert before[s].tobytes() == after[s].tobytes()
        assert (before != after)[np.arange(40) != s].any()


def test_two_stations_alone_see_each_other():
    pm25 = np.array([[1.0, 2.0, np.nan], [5.0, np.nan, 7.0]], np.float32)
    lonlat = np.array([[-100.0, 40.0], [-99.0, 40.0]])
    got = neighbour_pm25(pm25, lonlat, np.isfinite(pm25))
    np.testing.assert_array_equal(got, np.array([[5, np.nan, 7], [1, 2, np.nan]], np.float32))


def test_inverse_distance_by_hand():
    # On the equator distances are proportional to the difference of longitude: 1 and 3 degrees, weights 3 to 1.
    lonlat = np.array([[0.0, 0.0], [1.0, 0.0], [-3.0, 0.0]])
    pm25 = np.array([[0.0], [10.0], [30.0]], np.float32)
    pool = np.ones((3, 1), bool)
    assert neighbour_pm25(pm25, lonlat, pool)[0, 0] == pytest.approx((3 * 10 + 30) / 4)
    assert neighbour_pm25(pm25, lonlat, pool, power=2)[0, 0] == pytest.approx((9 * 10 + 30) / 10)
    assert neighbour_pm25(pm25, lonlat, pool, k=1)[0, 0] == 10


def test_neighbours_inside_the_exclusion_radius_are_ignored():
    lonlat = np.array([[0.0, 0.0], [0.1, 0.0], [1.0, 0.0], [0.0, 0.0]])  # 0, 11, 111 and 0 km away
    pm25 = np.array([[0.0], [10.0], [20.0], [99.0]], np.float32)
    pool = np.ones((4, 1), bool)
    assert neighbour_pm25(pm25, lonlat, pool, exclusion_km=30)[0, 0] == 20
    assert np.isnan(neighbour_pm25(pm25, lonlat, pool, exclusion_km=500)).all()


def test_a_constant_field_stays_constant(cube):
    pm25 = np.full(cube["pm25"].shape, 7.5, np.float32)
    pool = np.isfinite(cube["pm25"].values)
    np.testing.assert_allclose(neighbour_pm25(pm25, lonlat_of(cube), pool), 7.5, rtol=1e-6)


def test_no_pool_at_all_is_no_estimate():
    pm25 = np.ones((3, 4), np.float32)
    lonlat = np.array([[-100.0, 40.0], [-99.0, 40.0], [-98.0, 40.0]])
    assert np.isnan(neighbour_pm25(pm25, lonlat, np.zeros((3, 4), bool))).all()


def test_few_near_stations_reporting_on_a_day_are_looked_for_farther_away():
    rng = np.random.default_rng(5)
    n, days = neighbours.CANDIDATES + 80, 5
    lonlat = np.column_stack([rng.uniform(-120, -70, n), rng.uniform(26, 48, n)])
    pm25 = rng.gamma(2, 5, (n, days)).astype(np.float32)
    pool = rng.random((n, days)) < np.array([1.0, 0.5, 0.08, 0.03, 0.0])
    np.testing.assert_allclose(neighbour_pm25(pm25, lonlat, pool), reference(pm25, lonlat, pool), rtol=1e-5)


@pytest.mark.slow
def test_a_national_year_takes_seconds_also_when_some_days_are_almost_empty():
    import time

    rng = np.random.default_rng(0)
    n, days = 968, 365
    lonlat = np.column_stack([rng.uniform(-124, -67, n), rng.uniform(25, 49, n)])
    pm25 = rng.gamma(2, 5, (n, days)).astype(np.float32)
    pool = (rng.random((n, days)) < 0.8) & (np.arange(n) % 10 > 0)[:, None]
    pool[:, 100] = False
    pool[:5, 200] = True
    pool[5:, 200] = False
    started = time.process_time()
    neighbour_pm25(pm25, lonlat, pool)
    assert time.process_time() - started < 10  # seconds of one core: under 5 s on two idle ones


def test_a_sum_over_neighbours_does_not_depend_on_how_many_days_are_asked_for():
    values = np.random.default_rng(0).gamma(2, 5, (7, 200, 3))
    whole = neighbours._in_order(values)
    for day in range(3):
        np.testing.assert_array_equal(neighbours._in_order(values[:, :, [day]]), whole[:, [day]])


def test_a_place_that_is_a_station_does_not_see_itself_and_sees_what_stands_beside_it():
    lonlat = np.array([[-100.0, 40.0], [-100.0, 40.0], [-99.0, 40.0]])
    pm25, pool = np.array([[5.0], [50.0], [20.0]]), np.ones((3, 1), bool)
    found = neighbour_features(pm25, lonlat, pool, target=lonlat[[0, 0]], itself=np.array([0, -1]))
    np.testing.assert_array_equal(found[0], neighbour_features(pm25, lonlat, pool)[0])
    assert found[1, 0, 0] == pytest.approx(27.5, abs=0.1)


def test_the_distance_told_is_that_of_the_nearest_neighbour_that_reported():
    rng = np.random.default_rng(3)
    lonlat = np.column_stack([rng.uniform(-120, -80, 12), rng.uniform(30, 45, 12)])
    pm25 = rng.uniform(1, 20, (12, 6))
    pool = rng.random((12, 6)) < 0.5
    found = neighbour_features(pm25, lonlat, pool)[..., 1]
    apart = great_circle_km(lonlat, lonlat) + np.where(np.eye(12), np.inf, 0)
    for day in range(6):
        reported = np.flatnonzero(pool[:, day])
        expected = [np.log10(min((apart[i, j] for j in reported if j != i), default=np.nan)) for i in range(12)]
        np.testing.assert_allclose(found[:, day], expected, rtol=1e-5)


def test_matched_neighbours_are_as_far_as_the_test_rows_and_never_nearer_than_there_are():
    rng = np.random.default_rng(0)
    lonlat = np.column_stack([rng.uniform(-120, -80, 300), rng.uniform(30, 45, 300)])
    east = lonlat[:, 0] > -95
    apart = great_circle_km(lonlat, lonlat[~east])
    radius = matched_exclusion(lonlat, ~east, ~east, np.where(east, 5, 0), 8, rng)
    assert (radius[east] == 0).all()
    own = np.where(apart[~east] > 0, apart[~east], np.inf)
    seen = np.array([[own[i][own[i] > r].min() for r in radius[~east][i]] for i in range(len(own))])
    assert (seen >= own.min(1)[:, None]).all()
    wanted = apart[east].min(1)
    for share in (0.25, 0.5, 0.75):
        assert np.quantile(seen, share) == pytest.approx(np.quantile(wanted, share), rel=0.2)


def test_a_station_with_one_tested_row_counts_as_one_row():
    rng = np.random.default_rng(3)
    lonlat = np.column_stack([rng.uniform(-120, -80, 60), rng.uniform(30, 45, 60)])
    east = lonlat[:, 0] > -95
    few, many = (
        matched_exclusion(lonlat, ~east, ~east, np.where(east, rows, 0), 4, np.random.default_rng(0)) for rows in (1, 7)
    )
    np.testing.assert_array_equal(few, many)


def test_other_labels_do_not_change_which_neighbours_are_ignored():
    rng = np.random.default_rng(1)
    lonlat = np.column_stack([rng.uniform(-120, -80, 40), rng.uniform(30, 45, 40)])
    pm25, pool = rng.uniform(1, 20, (40, 70)), rng.random((40, 70)) < 0.8
    train = pool & (np.arange(40) < 30)[:, None]
    test = ~train
    radius = matched_exclusion(lonlat, train.any(1), train.any(1), test.sum(1), 3, np.random.default_rng(5))
    one, two = (matched_features(labels, lonlat, train, radius) for labels in (pm25, np.where(test, pm25 + 300, pm25)))
    np.testing.assert_array_equal(one, two)


def test_an_exclusion_radius_may_be_less_than_a_kilometre():
    lonlat = np.array([[-100.0, 40.0], [-100.004, 40.0], [-99.0, 40.0]])  # 0.3 km and 85 km from the first
    pm25, pool = np.array([[5.0], [50.0], [20.0]]), np.ones((3, 1), bool)
    assert neighbour_pm25(pm25, lonlat, pool, exclusion_km=0.5)[0, 0] == 20
    assert neighbour_pm25(pm25, lonlat, pool, exclusion_km=0.1)[0, 0] > 45
