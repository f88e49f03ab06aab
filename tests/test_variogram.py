"""Variograms: the empirical one by hand and by gstools, known values, planted curves found again, what is refused."""

from __future__ import annotations

import gstools
import numpy as np
import pytest

from placeprior.coords import great_circle_km
from placeprior.errors import CubeError
from placeprior.scores.interval import Noise, interval
from placeprior.scores.paired import squares
from placeprior.space import variogram as room
from placeprior.space.variogram import Variogram, empirical, standardised, structure, variogram


def places(rng, n):
    return np.column_stack([rng.uniform(-120, -75, n), rng.uniform(28, 48, n)])


def fields(rng, lonlat, curve, days):
    """Days of independent Gaussian fields with a known curve, by Cholesky."""
    covariance = curve.covariance(great_circle_km(lonlat, lonlat)) + (curve.nugget + 1e-9) * np.eye(len(lonlat))
    return np.linalg.cholesky(covariance) @ rng.normal(size=(len(lonlat), days))


def test_the_curve_has_the_value_that_three_libraries_agree_on():
    assert Variogram(0.1, 1.0, 300.0)(np.array(300.0)) == pytest.approx(0.732121, abs=1e-6)
    theirs = gstools.Exponential(dim=2, var=1.0, len_scale=300.0, nugget=0.1)
    assert theirs.variogram(300.0) == pytest.approx(0.732121, abs=1e-6)


def test_the_half_is_in_it():
    values = np.random.default_rng(0).normal(size=1000)
    lonlat = places(np.random.default_rng(1), 1000)
    _, gamma, pairs = empirical(values[:, None], lonlat, max_km=20_100.0, bins=1)
    assert pairs.tolist() == [1000 * 999 / 2]
    assert gamma[0] == pytest.approx(0.955, abs=5e-4)  # the mean squared difference is 1.910


def test_gstools_finds_the_same_empirical_variogram():
    rng = np.random.default_rng(3)
    lonlat, values = places(rng, 40), rng.gamma(2, 5, (40, 5))
    values[rng.random(values.shape) < 0.3] = np.nan
    km, gamma, pairs = empirical(values, lonlat, max_km=1500, bins=6)
    edges = 1500 * np.linspace(0, 1, 7) ** 2
    _, theirs, count = gstools.vario_estimate(
        lonlat.T[::-1], values.T, edges, latlon=True, geo_scale=gstools.KM_SCALE, return_counts=True
    )
    np.testing.assert_array_equal(count[count > 0], pairs)
    np.testing.assert_allclose(theirs[count > 0], gamma)


@pytest.mark.parametrize("truth", [(0.1, 1.0, 300.0), (0.5, 0.5, 150.0)])
def test_a_simulated_variogram_is_recovered_within_its_interval(truth):
    rng = np.random.default_rng(6)
    lonlat = places(rng, 250)
    values = fields(rng, lonlat, Variogram(*truth), 40)
    values[rng.random(values.shape) < 0.3] = np.nan
    block = squares(lonlat)
    found = structure(values, lonlat, block)
    assert found.shape == (1 + len(np.unique(block)), 3)
    found[:, 2] = np.log(found[:, 2])
    rows = np.unique(block, return_counts=True)[1][:, None, None] * np.ones((1, 3, 1))
    own = interval(found[0][:, None], found[1:, :, None], rows, [1], Noise(0.0, 1.0))
    expected = [truth[0], truth[1], np.log(truth[2])]
    assert (own["low"] <= expected).all() and (expected <= own["high"]).all()
    assert (own["high"] - own["low"] < [0.2, 0.5, 1.0]).all()


def test_noise_has_a_nugget_and_hardly_a_sill():
    rng = np.random.default_rng(7)
    lonlat = places(rng, 120)
    nugget, sill, km = structure(rng.normal(size=(120, 60)), lonlat)[0]
    assert nugget + sill == pytest.approx(1, abs=0.1)
    assert sill < 0.1 or km < 50


def test_what_tells_no_structure_is_refused():
    rng = np.random.default_rng(8)
    lonlat, values = places(rng, 30), rng.normal(size=(30, 5))
    few = 8  # stations have 28 pairs
    with pytest.raises(CubeError, match=f"pairs of places .* needs {room.FEWEST_PAIRS}"):
        structure(values[:few], lonlat[:few])
    twin = lonlat.copy()
    twin[1] = twin[0]
    with pytest.raises(CubeError, match="places 0 and 1 .* average"):
        structure(values, twin)
    with pytest.raises(CubeError, match="nothing differs"):
        structure(np.ones((30, 5)), lonlat)
    near = np.array([-100.0, 40.0]) + rng.uniform(0, 1e-3, (30, 2))
    with pytest.raises(CubeError, match="classes of distance"):
        structure(values, near)
    twin[1], silent = lonlat[1], values.copy()
    silent[0] = np.nan  # a place without values does not count
    twin[0] = twin[1]
    assert np.isfinite(structure(silent, twin)).all()


def test_the_empirical_curve_is_the_mean_of_half_squared_differences_within_days():
    rng = np.random.default_rng(2)
    lonlat, values = places(rng, 15), rng.gamma(2, 5, (15, 6))
    values[rng.random(values.shape) < 0.3] = np.nan
    km, gamma, pairs = empirical(values, lonlat, max_km=1200, bins=5)
    edges, distance = 1200 * np.linspace(0, 1, 6) ** 2, great_circle_km(lonlat, lonlat)
    for b in range(5):
        picked = [
            (distance[i, j], (values[i, t] - values[j, t]) ** 2 / 2)
            for i in range(15)
            for j in range(i)
            for t in range(6)
            if edges[b] < distance[i, j] <= edges[b + 1] and np.isfinite(values[[i, j], t]).all()
        ]
        if picked:
            where = np.flatnonzero((km > edges[b]) & (km <= edges[b + 1]))
            assert pairs[where] == len(picked)
            np.testing.assert_allclose([km[where][0], gamma[where][0]], np.mean(picked, axis=0))
    assert pairs.sum() > 0


@pytest.mark.parametrize("truth", [Variogram(0.2, 0.8, 250.0), Variogram(0.1, 0.9, 300.0, 0.6)])
def test_a_planted_curve_is_found_again_even_if_one_day_is_a_hundred_times_as_rough(truth):
    rng = np.random.default_rng(4)
    lonlat = places(rng, 250)
    values = fields(rng, lonlat, truth, 60)
    values[:, 0] *= 100
    values[rng.random(values.shape) < 0.3] = np.nan
    found = variogram(values, lonlat)
    km = np.array([50.0, 100, 200, 400, 800, 1500])
    # Of a day's variance, as that is what the days are divided by.
    variance = truth(great_circle_km(lonlat, lonlat)).mean()
    np.testing.assert_allclose(found(km), truth(km) / variance, atol=0.08)
    assert found(np.array([0.0, 1e9])) == pytest.approx([found.nugget, found.nugget + found.sill])


def test_standardised_days_have_mean_zero_and_variance_one_and_a_lone_monitor_says_nothing():
    values = np.random.default_rng(7).gamma(2, 5, (9, 4))
    values[2, 0] = np.nan
    values[1:, 3] = np.nan
    days = standardised(values)
    np.testing.assert_allclose(np.nanmean(days[:, :3], axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.nanstd(days[:, :3], axis=0), 1)
    assert np.isnan(days[:, 3]).all() and np.isnan(days[2, 0])
