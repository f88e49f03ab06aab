"""Patterns in time: known decompositions, coefficients by kriging, an honest basis against one that saw the test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import toy_cube
from hypothesis import given
from hypothesis import strategies as st

from placeprior.coords import great_circle_km
from placeprior.errors import CubeError
from placeprior.evidence import decomposition
from placeprior.runs import estimators
from placeprior.runs.estimators import patterns
from placeprior.runs.inputs import Inputs
from placeprior.runs.plan import Run
from placeprior.space import kriging, variogram
from placeprior.space.splits import lonlat_of, split


def planted(seed=0, stations=200, days=365, rank=3, noise=0.5):
    """A table of a low rank with noise, and the table without it."""
    rng = np.random.default_rng(seed)
    loads = rng.normal(size=(stations, rank)) * np.array([2.0, 1.4, 0.5])[:rank]
    truth = rng.normal(10, 2, days) + loads @ rng.normal(size=(rank, days))
    return truth + rng.normal(0, noise, truth.shape), truth


def places(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-120, -80, n), rng.uniform(30, 48, n)])


def test_a_table_of_one_pattern_has_one_singular_value():
    found = patterns.decompose(np.array([[1.0, 2, 3], [2, 4, 6], [3, 6, 9]]))
    # Less its mean row (2, 4, 6) it is (-1, 0, 1) times (1, 2, 3): the one singular value is sqrt(2) sqrt(14).
    sizes = np.sqrt((found.coefficients**2).sum(0))
    np.testing.assert_allclose(sizes, [np.sqrt(28), 0, 0], atol=1e-9)
    # The paper divides by the root of the stations less one: sqrt(14).
    assert sizes[0] / np.sqrt(3 - 1) == pytest.approx(3.741657, abs=1e-6)
    np.testing.assert_allclose(found.variance, [1, 0, 0], atol=1e-12)


def test_a_planted_rank_is_found_and_noise_left_out():
    noisy, truth = planted()
    found = patterns.decompose(noisy)
    assert found.variance[2] > 5 * found.variance[3]
    rebuilt = found.field(found.coefficients[:, :3])
    expected = 0.5 * np.sqrt(1 / 200 + 3 * (1 / 365 + 1 / 200))
    assert np.sqrt(((rebuilt - truth) ** 2).mean()) == pytest.approx(expected, rel=0.05)


@given(seed=st.integers(0, 10**6), rank=st.integers(1, 3))
def test_a_table_of_low_rank_is_rebuilt_exactly(seed, rank):
    exact = planted(seed, 12, 20, rank, 0.0)[0]
    found = patterns.decompose(exact)
    np.testing.assert_allclose(found.field(found.coefficients[:, :rank]), exact, atol=1e-8)
    np.testing.assert_allclose(found.patterns @ found.patterns.T, np.eye(len(found.patterns)), atol=1e-8)


def test_kriging_all_coefficients_is_kriging_each_day():
    series, lonlat, target = planted(0, 60, 40)[0], places(60), places(9, 1)
    curve = variogram.variogram(series, lonlat)
    found = patterns.decompose(series)
    said = found.field(patterns.kriged_coefficients(found.coefficients, lonlat, target, curve))
    daily = kriging.krige(series, lonlat, target, np.ones((9, 40), bool), curve)
    np.testing.assert_allclose(said, daily, atol=1e-6)


def test_each_patterns_coefficients_are_kriged_by_a_curve_of_their_own():
    lonlat, target = places(80), places(7, 1)
    smooth, rough = 0.1 * lonlat[:, 0], np.random.default_rng(2).normal(size=80)
    said = patterns.kriged_coefficients(np.column_stack([smooth, rough]), lonlat, target)
    np.testing.assert_allclose(said[:, 0], 0.1 * target[:, 0], atol=0.4)
    assert said[:, 1].std() < 0.5 * rough.std()  # noise is not interpolated but averaged


@pytest.mark.parametrize("series", [np.zeros((0, 5)), np.array([[1.0, np.nan], [0, 1]]), np.zeros(3)])
def test_a_table_with_gaps_or_without_stations_is_refused(series):
    with pytest.raises(CubeError, match="without gaps"):
        patterns.decompose(series)


# --- on a cube --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def low_rank():
    """A cube of exactly two patterns in time, whose coefficients are planes in longitude and latitude."""
    cube = toy_cube(120, 60)
    lonlat, day = lonlat_of(cube), np.arange(60)
    east, north = (lonlat - lonlat.mean(0)).T / 10
    pm25 = 12 + east[:, None] * 3 * np.sin(day / 5) + north[:, None] * 2 * np.cos(day / 9)
    known = np.isfinite(cube["pm25"].values)
    return cube.assign(pm25=(cube["pm25"].dims, np.where(known, pm25, np.nan).astype(np.float32), cube["pm25"].attrs))


def seen(cube, name, where="spatial", fold=1):
    run = Run("toy", name, "-", where, fold, 0, {"load": "toy", "options": {}, "neighbours": "unmatched"}, "-", {})
    return Inputs(run, cube, split(where, cube, 0, fold))


@pytest.mark.parametrize("name", ["eof+kriging", "eof+gbt", "eof+lonlat"])
def test_a_field_of_low_rank_is_recovered_at_unseen_places(name, low_rank):
    inputs = seen(low_rank, name)
    truth = low_rank["pm25"].values[inputs.parts.test]
    found = estimators.estimate(inputs)
    error = np.sqrt(((found - truth) ** 2).mean())
    assert error < {"eof+kriging": 0.05, "eof+gbt": 0.5, "eof+lonlat": 0.3}[name] * truth.std()


def test_as_many_patterns_are_kept_as_serve_the_validation_rows(low_rank):
    inputs = seen(low_rank, "eof+kriging")
    basis = patterns.training_basis(inputs)
    said = basis.coefficients  # true of the stations that shaped it; others are asked here
    everywhere = np.zeros((len(basis.used), 2))
    everywhere[basis.used] = said[:, :2]
    parts = replace(inputs.parts, validation=inputs.parts.train)
    losses = patterns._losses(Inputs(inputs.run, low_rank, parts), basis, everywhere, [1, 2])
    assert losses[1] < 0.01 * losses[0]  # what is left is of filled gaps


def test_a_basis_that_saw_the_test_flatters_what_patterns_can_say():
    rng, cube = np.random.default_rng(0), toy_cube(100, 60)
    lonlat = lonlat_of(cube)
    field = np.linalg.cholesky(np.exp(-great_circle_km(lonlat, lonlat) / 300) + 1e-8 * np.eye(100))
    pm25 = (10 + field @ rng.normal(size=(100, 60)) + rng.normal(0, 0.5, (100, 60))).astype(np.float32)
    inputs = seen(cube.assign(pm25=(cube["pm25"].dims, pm25, {})), "eof", "checkerboard-16")
    known = inputs.parts.test.any(1)[:, None] & np.isfinite(pm25)
    honest = patterns.training_basis(inputs)
    leaky = patterns.basis(pm25, lonlat, inputs.parts.pool | known, 10.0)
    errors = [decomposition.projection_rmse(pm25, known, found, 15) for found in (honest, leaky)]
    assert errors[1] < 0.9 * errors[0]
    # One more pattern never fits a series worse.
    more = [decomposition.projection_rmse(pm25, known, honest, k) for k in (0, 1, 5, 15)]
    assert more == sorted(more, reverse=True)
