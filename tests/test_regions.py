"""Regions of equally many stations, and the split that trains in one of them alone."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import toy_cube
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior.errors import ConfigError
from placeprior.space import regions
from placeprior.space.splits import HISTORY, folds, lonlat_of, split

N = regions.REGIONS


def places(n, seed):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-120, -75, n), rng.uniform(28, 47, n)])


@settings(deadline=None)
@given(st.integers(48, 300), st.integers(0, 99))
def test_regions_are_equally_large_and_blind_to_the_order_of_stations(n, seed):
    lonlat = places(n, seed)
    found = regions.regions(lonlat)
    sizes = np.bincount(found, minlength=N + 1)[1:]
    assert len(sizes) == N and sizes.max() - sizes.min() <= 1
    order = np.random.default_rng(seed).permutation(n)
    np.testing.assert_array_equal(regions.regions(lonlat[order]), found[order])


def test_a_grid_is_cut_into_its_quarters_of_quarters():
    lon, lat = np.meshgrid(-100 + np.arange(8) * 0.1, 36 + np.arange(8) * 0.1)
    found = regions.regions(np.column_stack([lon.ravel(), lat.ravel()])).reshape(8, 8)
    assert {len(np.unique(found[i : i + 2, j : j + 2])) for i in (0, 2, 4, 6) for j in (0, 2, 4, 6)} == {1}


def test_too_few_stations_for_regions_are_refused():
    with pytest.raises(ConfigError, match="47 stations are too few for 16 regions"):
        regions.regions(places(47, 0))


@pytest.fixture(scope="module")
def cube():
    return toy_cube(130, 40)


def test_one_region_teaches_and_a_fifth_of_every_region_is_tested(cube):
    region = regions.regions(lonlat_of(cube))
    assert folds("transfer") == tuple(range(1, N + 1))
    parts = [split("transfer", cube, 0, fold) for fold in folds("transfer")]
    for fold, part in enumerate(parts, start=1):
        np.testing.assert_array_equal(part.test, parts[0].test)
        learned = (part.train | part.validation | part.pool).any(1)
        assert set(region[learned]) == {fold} and part.regime == "OoR"
        assert not learned[part.test.any(1)].any() and part.validation.any(1).sum() == 1
        scored = np.isfinite(cube["pm25"].values)
        scored[:, : HISTORY - 1] = False
        own = (region == fold)[:, None] & scored
        np.testing.assert_array_equal((part.train | part.validation | part.test) & own, own)
    tested = np.bincount(region[parts[0].test.any(1)], minlength=N + 1)[1:]
    np.testing.assert_array_equal(tested, np.round(regions.TESTED * np.bincount(region)[1:]))


def test_another_seed_tests_other_stations_of_the_same_regions(cube):
    one, other = split("transfer", cube, 0, 3), split("transfer", cube, 1, 3)
    assert (one.test != other.test).any()
    region = regions.regions(lonlat_of(cube))
    np.testing.assert_array_equal(np.bincount(region[one.test.any(1)]), np.bincount(region[other.test.any(1)]))
