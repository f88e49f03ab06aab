"""kNNDM: known answers by hand, its choice against random folds, and what every dealing of clusters keeps."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from placeprior import coords
from placeprior.space.matched_folds import land, matched_folds, merged, to_map, to_other_folds


def distance(lonlat, fold):
    """Wasserstein distance between what the folds ask and what a map asks, km."""
    return wasserstein_distance(to_other_folds(coords.great_circle_km(lonlat, lonlat), fold), to_map(lonlat))


def clustered(seed, towns=8, each=12):
    """Stations in towns some 20 km wide."""
    rng = np.random.default_rng(seed)
    centres = np.column_stack([rng.uniform(-118, -78, towns), rng.uniform(32, 46, towns)])
    return np.repeat(centres, each, axis=0) + rng.normal(0, 0.1, (towns * each, 2))


@pytest.mark.parametrize("name", ["Texas", "Montana", "Kansas"])
def test_a_state_holds_its_share_of_the_places_that_stand_for_the_land(name):
    def km2(shape):
        return shapely.transform(shape, coords.project).area

    within = shapely.contains_xy(coords.states()[name], *land().T).mean()
    assert within == pytest.approx(km2(coords.states()[name]) / km2(coords.nation()), rel=0.03)
    assert coords.inside(land()).all()


def test_distances_to_other_folds_by_hand():
    between = np.abs(np.subtract.outer([0.0, 1, 3, 7], [0.0, 1, 3, 7]))
    assert to_other_folds(between, np.array([1, 1, 2, 2])).tolist() == [3, 2, 2, 6]
    assert to_other_folds(between, np.arange(4)).tolist() == [1, 1, 2, 4]
    assert np.isinf(to_other_folds(between, np.ones(4))).all()


def test_the_map_asks_for_the_distance_of_its_land():
    lonlat = np.array([[-100.0, 40.0], [-80.0, 35.0]])
    np.testing.assert_allclose(to_map(lonlat), coords.great_circle_km(land(), lonlat).min(1), atol=1e-6)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 999))
def test_matched_folds_of_clustered_stations_are_nearer_to_the_map_than_random_ones(seed):
    lonlat = clustered(seed)
    found = matched_folds(lonlat, 5, np.random.default_rng(seed))
    assert np.bincount(found, minlength=6)[1:].min() > 0 and np.bincount(found).max() <= len(lonlat) / 2
    rng = np.random.default_rng(seed + 1)
    chance = min(distance(lonlat, rng.permutation(len(lonlat)) % 5 + 1) for _ in range(5))
    assert distance(lonlat, found) < chance


def test_stations_spread_like_the_land_are_dealt_at_random():
    lonlat = land()[::17]
    one, other = (matched_folds(lonlat, 5, np.random.default_rng(seed)) for seed in (0, 1))
    assert (one != other).any() and np.ptp(np.bincount(one)[1:]) <= 1


def test_the_same_generator_deals_the_same_folds():
    lonlat = clustered(3)
    one, again = (matched_folds(lonlat, 5, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, again)


def test_dealing_by_hand():
    """A cluster with a k-th of the places is a fold; the rest go in turn from one end of the long axis."""
    x = np.array([0, 1, 10, 11, 20, 21, 30, 31, 32, 33, 34, 35.0])
    plane = np.column_stack([x, 0.01 * x])
    cluster = np.array([2, 2, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1])
    found = merged(plane, cluster, 3)
    large = found[-1]
    assert (found[-6:] == large).all() and (found[:6] != large).all()
    assert found[0] == found[4] != found[2]


@settings(deadline=None)
@given(seed=st.integers(0, 999), k=st.integers(2, 6), clusters=st.integers(6, 25))
def test_dealing_keeps_clusters_whole_and_fills_every_fold(seed, k, clusters):
    rng = np.random.default_rng(seed)
    cluster = np.concatenate([np.arange(clusters), rng.integers(0, clusters, 30)])
    found = merged(rng.normal(size=(len(cluster), 2)), cluster, k)
    assert all(np.unique(found[cluster == c]).size == 1 for c in range(clusters))
    assert set(found.tolist()) == set(range(1, k + 1))
