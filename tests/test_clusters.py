"""Clusters of places: distances of Gaussians against closed forms, the penalty, planted groups, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from conftest import toy_cube
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from placeprior.coords import great_circle_km
from placeprior.errors import ConfigError, CubeError
from placeprior.evidence import clusters as evidence
from placeprior.space import clusters
from placeprior.space.clusters import Curve, Gaussians
from placeprior.space.splits import FOLDS, split

ONE = [[2.0, 1.0], [1.0, 2.0]]


def two(mean, first, second):
    """Two places, the first at zero."""
    return Gaussians(np.array([np.zeros(len(mean)), mean], float), np.array([first, second], float))


@pytest.mark.parametrize(
    "mean, first, second, expected",
    [
        ([1, -1], ONE, np.diag([1, 3]), 10 - 2 * np.sqrt(14)),
        ([3, 4], np.diag([1, 4]), np.diag([9, 16]), 33.0),
        ([0, 0], ONE, ONE, 0.0),
    ],
)
def test_distances_are_those_of_the_closed_form(mean, first, second, expected):
    found = clusters.wasserstein(two(mean, first, second))
    assert found[0, 1] == pytest.approx(expected, abs=1e-6) and found[1, 0] == found[0, 1]
    assert (np.diag(found) == 0).all()


@given(seed=st.integers(0, 10**6), n=st.integers(2, 150))
def test_distances_in_blocks_are_those_of_pairs_and_a_metric(seed, n):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, 3, 4))
    found = Gaussians(rng.normal(size=(n, 3)), root @ root.transpose(0, 2, 1) + 0.1 * np.eye(3))
    squared = clusters.wasserstein(found)
    i, j, k = rng.integers(n, size=3)
    alone = clusters.wasserstein(Gaussians(*(part[[i, j]] for part in found)))[0, 1]
    assert squared[i, j] == pytest.approx(alone if i != j else 0.0, abs=1e-8)
    far = np.sqrt(squared)
    assert far[i, k] <= far[i, j] + far[j, k] + 1e-5


def test_the_penalty_is_what_is_more_than_expected_and_a_margin():
    curve = Curve(nugget=0.2, sill=3.0, length_km=300.0, power=1.0)
    squared = np.full((2, 2), 10 - 2 * np.sqrt(14))
    km = np.array([[0.0, 150.0], [150.0, 0.0]])
    assert curve(150.0) == pytest.approx(1.3804080, abs=1e-6)
    assert clusters.penalty(squared, curve(km), 1.0)[0, 1] == pytest.approx(2.1362772, abs=1e-6)
    found = clusters.dissimilarity(squared, km, curve, beta=0.5, delta=1 / 3)  # of the sill: 1
    assert found[0, 1] == pytest.approx(3.5848238, abs=1e-6)
    assert (np.diag(found) == 0).all()  # though the margin is more than the nugget
    np.testing.assert_array_equal(clusters.dissimilarity(squared, km, curve, beta=0)[0, 1], squared[0, 1])
    assert clusters.dissimilarity(squared, 100 * km, curve)[0, 1] == squared[0, 1]  # beyond the range


def test_the_range_is_where_the_curve_flattens_in_whatever_order_pairs_come():
    # An exponential rises by 1 % of its sill over a lag where exp(-h / L) = L / (100 lag).
    curve = Curve(0.1, 2.0, 300.0, 1.0)
    assert curve.reach() == pytest.approx(300 * np.log(100 * 100 / 300), abs=1.0)
    late = Curve(0.0, 1.0, 2000.0, 2.0)  # flat at zero too: its range is not there
    assert late.reach() > 2000


def test_a_variogram_finds_the_curve_it_was_made_with():
    rng = np.random.default_rng(0)
    lonlat = np.column_stack([rng.uniform(-120, -80, 300), rng.uniform(30, 48, 300)])
    km, truth = great_circle_km(lonlat, lonlat), Curve(0.5, 4.0, 500.0, 1.2)
    noise = np.triu(rng.normal(0, 0.3, km.shape), 1)
    found = clusters.variogram(truth(km) + noise + noise.T, km)
    steps = np.array([100.0, 300, 600, 1200, 2000])
    np.testing.assert_allclose(found(steps), truth(steps), rtol=0.05)


def test_a_places_gaussian_is_of_its_own_days_less_its_seasons():
    rng, season = np.random.default_rng(0), np.repeat(np.arange(4), 500)
    wave = np.array([0.0, 5, -5, 1])[season][:, None]
    days = rng.multivariate_normal([1, 2], ONE, size=(2, 2000)) + wave
    found = clusters.of_days(days, season)
    np.testing.assert_allclose(found.covariance[0], ONE, atol=0.15)
    np.testing.assert_allclose(found.mean[0], [1.25, 2.25], atol=0.15)
    other = days.copy()
    other[1] += 100 * rng.normal(size=other[1].shape)
    np.testing.assert_array_equal(clusters.of_days(other, season).covariance[0], found.covariance[0])


def test_distances_of_logarithms_know_no_rotation():
    found = Gaussians(np.zeros((2, 2)), np.array([ONE, np.diag([1.0, 3.0])]))
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    turned = Gaussians(found.mean, rotation @ found.covariance @ rotation.T)
    gaps = [np.linalg.norm(np.subtract(*clusters.log_covariances(each))) for each in (found, turned)]
    assert gaps[0] == pytest.approx(gaps[1]) and gaps[0] > 0.1
    same = Gaussians(np.zeros((1, 2)), np.array([np.diag([1.0, np.e])]))
    np.testing.assert_allclose(clusters.log_covariances(same), [[0, 0, 1]], atol=1e-12)


@pytest.mark.slow
def test_planted_zones_are_found_and_shuffled_ones_are_not():
    found = evidence.planted(range(2)).set_index(["world", "seed", "arm", "radius"])["ari"]
    best = found.xs("truth", level="radius")
    assert (best.loc["neighbours", :, "W2"] > 0.45).all()
    for where in ("neighbours", "own days"):
        assert (best.loc[where, :, "shuffled"].abs() < 0.03).all()
        assert (found.xs("-", level="radius").loc[where, :, "features, k-means"].abs() < 0.1).all()


def test_the_knee_is_where_far_places_begin():
    line = np.concatenate([np.linspace(0, 1, 50), [5.0, 9.0, 14.0]])
    unlike = np.abs(line[:, None] - line)
    radius = clusters.knee(unlike, 3)
    assert 0.02 < radius < 1
    labels = clusters.dbscan(unlike, radius, 3)
    assert (labels[:50] == 0).all() and (labels[50:] == -1).all()


def refused():
    rng = np.random.default_rng(0)
    days = rng.normal(size=(4, 50, 2))
    km = 10.0 * np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    twin = km.copy()
    twin[0, 1] = twin[1, 0] = 0
    flat, gap = days.copy(), days.copy()
    flat[2, :, 1] = 2 * flat[2, :, 0]
    gap[0, 0, 0] = np.nan
    season = np.zeros(50, int)
    return {
        "one station": (lambda: clusters.of_days(days[:1], season), "1 place cannot"),
        "singular": (lambda: clusters.of_days(flat, season), "place 2 is singular"),
        "gaps": (lambda: clusters.of_days(gap, season), "without gaps"),
        "few pairs": (lambda: clusters.variogram(km, km), "28 pairs"),
        "coincident": (lambda: clusters.variogram(km, twin), "places 0 and 1 coincide"),
    }


@pytest.mark.parametrize("case", refused())
def test_what_cannot_be_clustered_is_refused(case):
    ask, told = refused()[case]
    with pytest.raises(CubeError, match=told):
        ask()


def test_too_few_places_for_a_knee_or_for_groups_are_refused():
    with pytest.raises(ConfigError, match="20-th nearest of 3"):
        clusters.knee(np.zeros((3, 3)))
    with pytest.raises(ConfigError, match="3 places do not make 5"):
        clusters.kmeans(np.zeros((3, 2)), 5, np.random.default_rng(0))


# --- as a split -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cube():
    """A toy cube whose southern stations have a livelier temperature, with another PM2.5 in every test."""
    found, rng = toy_cube(80, 60), np.random.default_rng(0)
    spread = np.where(found["lat"].values < found["lat"].values.mean(), 6.0, 1.0)[:, None]
    shape = (found.sizes["station"], found.sizes["time"])
    return found.assign(
        {name: (("station", "time"), rng.normal(size=shape) * spread) for name in ("temperature", "dew_point")}
    )


def test_folds_by_clusters_test_every_station_once_and_read_no_label(cube):
    tested = [split("clusters", cube, 0, fold).test.any(1) for fold in range(1, FOLDS + 1)]
    np.testing.assert_array_equal(np.sum(tested, axis=0), 1)
    assert split("clusters", cube, 0, 1).regime == "OoR"
    one = clusters.folds(cube, FOLDS, np.random.default_rng(0))
    other = cube.assign(pm25=cube["pm25"] * 7 + 3)
    np.testing.assert_array_equal(clusters.folds(other, FOLDS, np.random.default_rng(0)), one)
    west = [cube["lon"].values[one == fold].mean() for fold in range(1, FOLDS + 1)]
    assert west == sorted(west)


def test_folds_by_clusters_go_by_how_predictors_vary(cube):
    lively = cube["temperature"].values.std(1) > 3
    group = clusters.folds(cube, FOLDS, np.random.default_rng(0))
    assert adjusted_rand_score(lively, group) > 0.2
    assert all(len(set(lively[group == fold])) == 1 for fold in range(1, FOLDS + 1))


def test_a_cube_without_such_predictors_is_refused(cube):
    with pytest.raises(ConfigError, match="need two of temperature"):
        clusters.folds(cube.drop_vars("dew_point"), FOLDS, np.random.default_rng(0))
    assert set(clusters.BEHAVIOUR) & set(cube) == {"temperature", "dew_point"} and isinstance(cube, xr.Dataset)
