"""Kriging: its laws, and its numbers against PyKrige and those solved by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior.coords import EARTH_RADIUS_KM, great_circle_km
from placeprior.errors import CubeError
from placeprior.space.kriging import NEAREST, krige, variances, weights
from placeprior.space.variogram import Variogram, fit, variogram


def places(rng, n):
    return np.column_stack([rng.uniform(-120, -75, n), rng.uniform(28, 48, n)])


def fields(rng, lonlat, curve, days):
    """Days of independent Gaussian fields with a known curve, by Cholesky."""
    covariance = curve.covariance(great_circle_km(lonlat, lonlat)) + (curve.nugget + 1e-9) * np.eye(len(lonlat))
    return np.linalg.cholesky(covariance) @ rng.normal(size=(len(lonlat), days))


def everything(values):
    return np.ones(values.shape, bool)


@st.composite
def cases(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, days = draw(st.integers(1, 12)), draw(st.integers(1, 5))
    values = rng.gamma(2, 5, (n, days))
    values[rng.random(values.shape) < draw(st.floats(0, 0.9))] = np.nan
    curve = Variogram(
        draw(st.floats(0, 2)), draw(st.floats(0.1, 5)), draw(st.floats(20, 2000)), draw(st.floats(0.3, 1))
    )
    return values, places(rng, n), places(rng, 3), curve, draw(st.integers(1, 14))


@settings(deadline=None, max_examples=25)
@given(cases())
def test_weights_sum_to_one_so_a_level_is_added_unchanged(case):
    values, lonlat, target, curve, k = case
    wanted = np.ones((3, values.shape[1]), bool)
    one = krige(values, lonlat, target, wanted, curve, k=k)
    assert np.array_equal(np.isfinite(one), np.broadcast_to(np.isfinite(values).any(0), one.shape))
    np.testing.assert_allclose(krige(values + 100, lonlat, target, wanted, curve, k=k), one + 100, atol=1e-5)
    np.testing.assert_allclose(krige(values * -2, lonlat, target, wanted, curve, k=k), one * -2, atol=1e-5)
    flat = krige(np.where(np.isfinite(values), 7.0, np.nan), lonlat, target, wanted, curve, k=k)
    np.testing.assert_allclose(flat[np.isfinite(one)], 7.0, atol=1e-6)


@settings(deadline=None, max_examples=12)
@given(cases(), st.floats(0.01, 100))
def test_weights_do_not_depend_on_the_scale_of_the_day(case, scale):
    values, lonlat, target, curve, k = case
    wanted = np.ones((3, values.shape[1]), bool)
    scaled = Variogram(curve.nugget * scale, curve.sill * scale, curve.range_km, curve.power)
    np.testing.assert_allclose(
        krige(values, lonlat, target, wanted, scaled, k=k), krige(values, lonlat, target, wanted, curve, k=k), atol=1e-5
    )


def test_without_nugget_the_monitors_are_met_exactly_and_with_one_they_are_smoothed():
    rng = np.random.default_rng(0)
    lonlat, values = places(rng, 25), rng.gamma(2, 5, (25, 4))
    exact = krige(values, lonlat, lonlat, everything(values), Variogram(0.0, 1.0, 300.0))
    np.testing.assert_allclose(exact, values, atol=1e-4)
    smooth = krige(values, lonlat, lonlat, everything(values), Variogram(1.0, 1.0, 300.0))
    assert smooth.std() < 0.8 * values.std()


@pytest.mark.parametrize(
    "nugget, expected, value",
    [(0.0, [0.505287, 0.292580, 0.202133], 11.595914922), (0.25, [0.457741, 0.308035, 0.234224], 12.042832299)],
)
def test_weights_of_three_monitors_solved_by_hand(nugget, expected, value):
    at = np.array([[0.0, 0.0], [300.0, 0.0], [0.0, 400.0]])  # km on a plane
    curve = Variogram(nugget, 1.0, 300.0)
    between = curve.covariance(np.linalg.norm(at[:, None] - at, axis=-1)) + nugget * np.eye(3)
    towards = curve.covariance(np.linalg.norm(at - [100.0, 100.0], axis=-1))
    found = weights(between[None], towards[None])[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found @ [8.0, 12.0, 20.0] == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize("power", [1.0, 0.6])
def test_pykrige_says_the_same_on_the_sphere(power):
    ok = pytest.importorskip("pykrige.ok")
    rng = np.random.default_rng(3)
    lonlat, target, values = places(rng, NEAREST), places(rng, 12), rng.gamma(2, 5, (NEAREST, 1))
    curve = Variogram(0.3, 1.7, 450.0, power)
    oracle = ok.OrdinaryKriging(  # which measures great circles in degrees
        *lonlat.T,
        values[:, 0],
        coordinates_type="geographic",
        variogram_model="custom",
        variogram_parameters=[],
        variogram_function=lambda _, degrees: curve(np.radians(degrees) * EARTH_RADIUS_KM),
    )
    expected = np.asarray(oracle.execute("points", *target.T)[0])
    ours = krige(values, lonlat, target, np.ones((12, 1), bool), curve)[:, 0]
    np.testing.assert_allclose(ours, expected, rtol=1e-6)
    if power == 1:  # and with its own exponential, whose range is where 95 % are reached
        parameters = {"psill": 1.7, "range": 3 * np.degrees(450 / EARTH_RADIUS_KM), "nugget": 0.3}
        own = ok.OrdinaryKriging(
            *lonlat.T,
            values[:, 0],
            coordinates_type="geographic",
            variogram_model="exponential",
            variogram_parameters=parameters,
        )
        np.testing.assert_allclose(ours, np.asarray(own.execute("points", *target.T)[0]), rtol=1e-6)


def test_only_the_nearest_reporting_monitors_enter_and_nothing_is_said_where_nobody_reports():
    rng = np.random.default_rng(1)
    lonlat, target, values = places(rng, 20), places(rng, 1), rng.gamma(2, 5, (20, 3))
    order = np.argsort(great_circle_km(target, lonlat)[0])
    values[order[0], 1] = np.nan
    values[:, 2] = np.nan
    wanted, curve = np.ones((1, 3), bool), Variogram(0.2, 1.0, 400.0)
    first = krige(values, lonlat, target, wanted, curve, k=4)
    assert np.isfinite(first[0, :2]).all() and np.isnan(first[0, 2])
    far = values.copy()
    far[order[5:]] += 50
    np.testing.assert_array_equal(krige(far, lonlat, target, wanted, curve, k=4), first)
    fifth = values.copy()
    fifth[order[4]] += 50  # among the nearest four on the second day only, when the nearest is silent
    moved = krige(fifth, lonlat, target, wanted, curve, k=4)
    assert moved[0, 0] == first[0, 0] and moved[0, 1] != first[0, 1]
    only = krige(values, lonlat, target, np.array([[True, False, True]]), curve, k=4)
    np.testing.assert_array_equal(only, np.where([True, False, False], first, np.nan))


def test_two_monitors_at_one_place_are_solved_and_share_their_weight():
    lonlat = np.array([[-100.0, 40.0], [-100.0, 40.0], [-95.0, 40.0]])
    values = np.array([[4.0], [8.0], [6.0]])
    found = krige(values, lonlat, np.array([[-100.0, 40.0]]), np.ones((1, 1), bool), Variogram(0.0, 1.0, 300.0))
    assert found[0, 0] == pytest.approx(6.0, abs=1e-3)


def test_with_the_right_curve_kriging_beats_the_nearest_monitor_and_the_mean():
    rng = np.random.default_rng(5)
    lonlat, truth = places(rng, 200), Variogram(0.1, 0.9, 400.0)
    values = fields(rng, lonlat, truth, 20)
    known, left = lonlat[:150], lonlat[150:]
    found = krige(values[:150], known, left, np.ones((50, 20), bool), variogram(values[:150], known))
    nearest = values[:150][great_circle_km(left, known).argmin(1)]

    def error(estimate):
        return ((estimate - values[150:]) ** 2).mean()

    assert error(found) < 0.9 * error(nearest)
    assert error(found) < 0.9 * error(values[:150].mean(0))


def test_values_without_any_variation_give_a_plain_mean():
    lonlat = places(np.random.default_rng(6), 6)
    for values in (np.full((6, 3), 5.0, np.float32), np.full((6, 3), np.nan), np.full((6, 3), 0.1)):
        curve = variogram(values, lonlat)
        assert curve.sill == 0 and curve.nugget > 0
    values = np.arange(6.0)[:, None]
    assert krige(values, lonlat, lonlat[:1], np.ones((1, 1), bool), curve) == pytest.approx(2.5)
    assert fit(np.array([10.0, 50.0]), np.array([1.0, 2.0]), np.array([5.0, 5.0])).sill == 0


def test_the_jitter_smooths_and_never_sharpens():
    # At a monitor without a nugget, jitter on the diagonal leaves the other monitors a positive weight, if a tiny one.
    lonlat = np.array([[-100.0, 40.0], [-97.0, 40.0]])
    values = np.array([[0.0], [1e9]])
    found = krige(values, lonlat, lonlat[:1], np.ones((1, 1), bool), Variogram(0.0, 1.0, 300.0))
    assert 1 < found[0, 0] < 100


@pytest.mark.parametrize(
    "at, nugget, value, variance",
    [
        ([[0.0, 0.0], [400.0, 0.0]], 0.0, 15.0, 0.604964331),
        ([[-100.0, 0.0], [300.0, 0.0]], 0.0, 12.632736866, 0.464852746),
        ([[-100.0, 0.0], [300.0, 0.0]], 0.25, 13.232710575, 0.610770941),
        ([[-100.0, -100.0], [200.0, -100.0], [-100.0, 300.0]], 0.0, None, 0.517422010),
        ([[-100.0, -100.0], [200.0, -100.0], [-100.0, 300.0]], 0.25, None, 0.609611938),
    ],
)
def test_the_expected_error_is_that_solved_by_hand(at, nugget, value, variance):
    at = np.array(at)  # km from the place that is asked for, or (first case) with it in the middle
    at = at - [200.0, 0.0] if value == 15.0 else at
    curve = Variogram(nugget, 1.0, 300.0)
    between = curve.covariance(np.linalg.norm(at[:, None] - at, axis=-1)) + nugget * np.eye(len(at))
    towards = curve.covariance(np.linalg.norm(at, axis=-1))
    share = weights(between[None], towards[None])
    if value is not None:
        assert share[0] @ [10.0, 20.0] == pytest.approx(value, abs=1e-8)
    assert variances(share, between[None], towards[None], curve)[0] == pytest.approx(variance, abs=1e-8)


def test_the_expected_error_grows_away_from_monitors_and_changes_no_estimate():
    rng = np.random.default_rng(8)
    lonlat, values = places(rng, 40), rng.gamma(2, 5, (40, 3))
    target = np.vstack([lonlat[:1] + 0.05, [[-60.0, 60.0]]])
    curve, wanted = Variogram(0.2, 1.0, 300.0), np.array([[True, True, False]] * 2)
    variance = np.full((2, 3), np.nan)
    found = krige(values, lonlat, target, wanted, curve, variance=variance)
    np.testing.assert_array_equal(found, krige(values, lonlat, target, wanted, curve))
    assert np.array_equal(np.isfinite(variance), wanted)
    assert (0 < variance[0, :2]).all() and (variance[0, :2] < 0.5).all() and (variance[1, :2] > 0.9).all()


def test_a_singular_matrix_is_refused_with_its_remedy():
    between, towards = np.ones((1, 2, 2)), np.array([[0.5, 0.5]])
    with pytest.raises(CubeError, match="nugget"):
        weights(between, towards)
