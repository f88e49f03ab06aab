"""Splits: what may be scored, what is held out, what a model may see, and the reference's cell rule."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import toy_cube
from hypothesis import given
from hypothesis import strategies as st

from placeprior.errors import ConfigError, UnknownName
from placeprior.splits import HISTORY, NAMES, folds, partition, split, stations

CASES = [(name, fold) for name in NAMES for fold in folds(name)]
SPATIAL = [case for case in CASES if case[0] != "random"]


@pytest.mark.parametrize(("name", "fold"), CASES)
def test_parts_are_disjoint_and_cover_every_row_that_can_be_scored(cube, name, fold):
    parts = split(name, cube, 0, fold)
    counted = parts.train.astype(int) + parts.validation + parts.test
    scored = np.isfinite(cube["pm25"].values)
    scored[:, : HISTORY - 1] = False
    np.testing.assert_array_equal(counted, scored.astype(int))
    assert counted[:, : HISTORY - 1].sum() == 0 and counted[:, HISTORY - 1].sum() > 0


@pytest.mark.parametrize(("name", "fold"), CASES)
def test_pool_holds_measured_rows_and_no_held_out_label(cube, name, fold):
    parts = split(name, cube, 0, fold)
    assert not (parts.pool & (parts.validation | parts.test)).any()
    assert (parts.pool & parts.train == parts.train).all()
    assert np.isfinite(cube["pm25"].values[parts.pool]).all()
    if name != "random":  # not even the early days of a place that is held out
        assert not parts.pool[parts.test.any(1) | parts.validation.any(1)].any()


@pytest.mark.parametrize(("name", "fold"), SPATIAL)
def test_whole_stations_are_held_out(cube, name, fold):
    parts = split(name, cube, 0, fold)
    assert ((parts.train.any(1).astype(int) + parts.validation.any(1) + parts.test.any(1)) <= 1).all()


def test_a_tenth_is_tested_and_a_tenth_of_the_rest_validates(cube):
    rows = split("random", cube, 0)
    total = rows.train.sum() + rows.validation.sum() + rows.test.sum()
    assert rows.test.sum() == round(0.1 * total)
    assert rows.validation.sum() == round(0.1 * (total - rows.test.sum()))
    sizes = split("spatial", cube, 0).sizes()
    assert sizes["test"]["stations"] == 4 and sizes["validation"]["stations"] == round(0.1 * 36)
    board = split("checkerboard-16", cube, 0, 2).sizes()
    rest = board["train"]["stations"] + board["validation"]["stations"]
    assert board["validation"]["stations"] == round(0.1 * rest)


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("checkerboard")])
def test_the_two_partitions_test_every_station_once(cube, name):
    first, second = (split(name, cube, 0, fold).test for fold in (1, 2))
    np.testing.assert_array_equal(first.any(1) ^ second.any(1), True)


@pytest.mark.parametrize(("name", "fold"), CASES)
def test_regime_and_identity_are_stated(cube, name, fold):
    parts = split(name, cube, 7, fold)
    assert (parts.name, parts.fold, parts.seed) == (name, fold, 7)
    assert parts.regime == ("OoR" if name.startswith("checkerboard") else "WR")


@pytest.mark.parametrize(("name", "fold"), CASES)
def test_same_seed_same_split_other_seed_other_split(cube, name, fold):
    one, again, other = split(name, cube, 1, fold), split(name, cube, 1, fold), split(name, cube, 2, fold)
    for part in ("train", "validation", "test", "pool"):
        np.testing.assert_array_equal(getattr(one, part), getattr(again, part))
    assert (one.validation != other.validation).any()
    assert (one.test != other.test).any() == (not name.startswith("checkerboard"))


def test_values_do_not_decide_the_split(cube):
    changed = cube.copy(deep=True)
    changed["pm25"] = changed["pm25"] * 3 - 1
    for name, fold in CASES:
        np.testing.assert_array_equal(split(name, cube, 0, fold).test, split(name, changed, 0, fold).test)


# Corners by hand from the reference's origin (-124.706553, 25.120779).
@pytest.mark.parametrize(
    ("delta", "lon", "lat", "expected"),
    [
        (8, -124.0, 26.0, 1),  # cell (0, 0)
        (8, -116.71, 26.0, 1),  # just west of the first edge, -116.706553
        (8, -116.70, 26.0, 2),  # just east of it: (1, 0)
        (8, -116.70, 33.13, 1),  # north of 33.120779: (1, 1)
        (8, -124.0, 33.12, 1),  # just south of it: (0, 0)
        (8, -118.24, 34.05, 2),  # Los Angeles: (0, 1), as read off the paper's figure
        (8, -122.33, 47.61, 1),  # Seattle: (0, 2), Pacific Northwest
        (8, -71.06, 42.36, 1),  # Boston: (6, 2), New England
        (8, -104.99, 39.74, 2),  # Denver: (2, 1), Colorado
        (8, -80.19, 25.76, 2),  # Miami: (5, 0), Florida
        (16, -108.71, 30.0, 1),  # (0, 0)
        (16, -108.70, 30.0, 2),  # (1, 0)
        (16, -108.70, 41.13, 1),  # (1, 1)
        (16, -70.0, 45.0, 1),  # (3, 1)
        (30, -94.7066, 40.0, 1),  # a hair west of the cut
        (30, -94.7065, 40.0, 2),  # a hair east
    ],
)
def test_cell_rule_against_points_by_hand(delta, lon, lat, expected):
    assert partition(np.array([[lon, lat]]), delta).tolist() == [expected]


@given(
    lon=st.floats(-124.7, -66.98), lat=st.floats(25.13, 49.38), delta=st.sampled_from([2.0, 8.0, 16.0, 30.0])
)
def test_a_step_of_one_cell_changes_the_partition_and_of_two_does_not(lon, lat, delta):
    here, east, north, both, far = partition(
        np.array([[lon, lat], [lon + delta, lat], [lon, lat + delta], [lon + delta, lat + delta],
                  [lon + 2 * delta, lat]]), delta,
    )  # fmt: skip
    edge = min((lon + 124.706553) % delta, (lat - 25.120779) % delta)
    if 1e-6 < edge < delta - 1e-6:
        assert here == both == far and here != east and east == north


def test_thirty_degrees_cut_the_country_into_west_and_east(cube):
    west = split("checkerboard-30", cube, 0, 1).test.any(1)
    np.testing.assert_array_equal(west, cube["lon"].values < -94.706553)


@pytest.mark.parametrize("name", ["spatal", "checkerboard", "checkerboard-0", "checkerboard-x", "", "Random"])
def test_an_unknown_split_is_refused_by_name(cube, name):
    with pytest.raises(UnknownName, match="unknown split") as caught:
        split(name, cube, 0)
    assert repr(name) in str(caught.value) and "spatial" in str(caught.value)


@pytest.mark.parametrize(("name", "fold"), [("random", 2), ("spatial", 0), ("checkerboard-8", 3)])
def test_an_unknown_fold_is_refused_by_number(cube, name, fold):
    with pytest.raises(ConfigError, match=rf"{name}.*fold {fold}"):
        split(name, cube, 0, fold)


def _brute_km(a, b):
    lon1, lat1, lon2, lat2 = np.radians([*a, *b])
    cosine = np.sin(lat1) * np.sin(lat2) + np.cos(lat1) * np.cos(lat2) * np.cos(lon1 - lon2)
    return 6371.0 * np.arccos(np.clip(cosine, -1, 1))


@pytest.mark.parametrize(("name", "fold"), SPATIAL)
def test_distances_equal_brute_force(cube, name, fold):
    parts, places = split(name, cube, 0, fold), stations(cube)
    expected = [
        min(_brute_km(here, there) for there in places[parts.train.any(1)]) for here in places[parts.test.any(1)]
    ]
    np.testing.assert_allclose(parts.distance_km(cube), expected, rtol=1e-6, atol=1e-3)
    assert parts.distance_km(cube).min() > 0


def test_distances_are_zero_where_the_same_stations_train(cube):
    assert (split("random", cube, 0).distance_km(cube) == 0).all()


@pytest.mark.parametrize(
    ("name", "stations", "days"), [("random", 2, 22), ("spatial", 4, 40), ("checkerboard-8", 2, 40), ("random", 9, 20)]
)
def test_too_small_a_cube_is_refused_with_its_size(name, stations, days):
    with pytest.raises(ConfigError, match="no (train|validation|test) rows.*use more stations or days"):
        split(name, toy_cube(stations, days), 0)
