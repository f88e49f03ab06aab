"""Splits: what may be scored, what is held out, what a model may see, and the reference's cell rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import toy_cube
from hypothesis import given
from hypothesis import strategies as st

from placeprior import coords
from placeprior.coords import project
from placeprior.errors import ConfigError, CoordinateError, UnknownName
from placeprior.space.splits import (
    BLOCK_KM,
    BUFFER_KM,
    FOLDS,
    HISTORY,
    KINDS,
    NAMES,
    block_folds,
    folds,
    lonlat_of,
    partition,
    split,
    state_folds,
    state_name,
)

FIXED = ("checkerboard",)  # the same stations are tested whatever the seed
CASES = [(name, fold) for name in NAMES for fold in folds(name)]
SPATIAL = [case for case in CASES if case[0] != "random"]


def test_every_kind_of_split_is_tried_here():
    of_some_cubes = {"state", "year", "transfer", "union", "clusters"}  # tests/test_{regions,unions,clusters}.py
    assert {name.partition("-")[0] for name in NAMES} | of_some_cubes == set(KINDS), "add it to splits.NAMES"


@pytest.mark.parametrize(("name", "fold"), CASES)
def test_parts_are_disjoint_and_cover_every_row_that_can_be_scored(cube, name, fold):
    parts = split(name, cube, 0, fold)
    counted = parts.train.astype(int) + parts.validation + parts.test
    scored = np.isfinite(cube["pm25"].values)
    scored[:, : HISTORY - 1] = False
    if name == "blocks":  # whole stations near the tested ones are in no part
        dropped = ~counted.any(1)
        assert dropped.sum() < len(dropped) / 2
        np.testing.assert_array_equal(counted[~dropped], scored[~dropped])
    else:
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


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("random", "spatial")])
def test_the_folds_test_every_station_once(cube, name):
    tested = sum(split(name, cube, 0, fold).test.any(1).astype(int) for fold in folds(name))
    np.testing.assert_array_equal(tested, 1)


@pytest.mark.parametrize(("name", "fold"), CASES)
def test_regime_and_identity_are_stated(cube, name, fold):
    parts = split(name, cube, 7, fold)
    assert (parts.name, parts.fold, parts.seed) == (name, fold, 7)
    assert parts.regime == ("OoR" if name.startswith(("checkerboard", "blocks")) else "WR")


def test_two_tenths_share_no_station_and_no_row(cube):
    for name in ("random", "spatial"):
        one, two = (split(name, cube, 0, fold) for fold in folds(name))
        assert not (one.test & two.test).any() and one.test.any() and two.test.any()
    assert not (one.test.any(1) & two.test.any(1)).any()


@pytest.mark.parametrize("name", ["spatial", "checkerboard-16", "blocks"])
def test_validation_by_regions_is_of_whole_blocks(cube, name):
    usual, far = split(name, cube, 0), split(f"{name}+regions", cube, 0)
    np.testing.assert_array_equal(usual.test, far.test)
    assert far.regime == usual.regime and not (far.train & far.validation).any()
    block = np.floor(project(lonlat_of(cube)) / BLOCK_KM).astype(int)
    validated, trained = (set(map(tuple, block[part.any(1)])) for part in (far.validation, far.train))
    assert validated and validated.isdisjoint(trained)
    rest = (far.train | far.validation).any(1).sum()
    assert far.validation.any(1).sum() >= 0.1 * rest


@pytest.mark.parametrize(("name", "fold"), CASES)
def test_same_seed_same_split_other_seed_other_split(cube, name, fold):
    one, again, other = split(name, cube, 1, fold), split(name, cube, 1, fold), split(name, cube, 2, fold)
    for part in ("train", "validation", "test", "pool"):
        np.testing.assert_array_equal(getattr(one, part), getattr(again, part))
    assert (one.validation != other.validation).any()
    assert (one.test != other.test).any() == (not name.startswith(FIXED))


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


@given(lon=st.floats(-124.7, -66.98), lat=st.floats(25.13, 49.38), delta=st.sampled_from([2.0, 8.0, 16.0, 30.0]))
def test_a_step_of_one_cell_changes_the_partition_and_of_two_does_not(lon, lat, delta):
    here, east, north, both, far = partition(
        np.array(
            [[lon, lat], [lon + delta, lat], [lon, lat + delta], [lon + delta, lat + delta], [lon + 2 * delta, lat]]
        ),
        delta,
    )
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


@pytest.mark.parametrize(("name", "fold"), [("random", 3), ("spatial", 0), ("checkerboard-8", 3)])
def test_an_unknown_fold_is_refused_by_number(cube, name, fold):
    with pytest.raises(ConfigError, match=rf"{name}.*fold {fold}"):
        split(name, cube, 0, fold)


def _brute_km(a, b):
    lon1, lat1, lon2, lat2 = np.radians([*a, *b])
    cosine = np.sin(lat1) * np.sin(lat2) + np.cos(lat1) * np.cos(lat2) * np.cos(lon1 - lon2)
    return 6371.0 * np.arccos(np.clip(cosine, -1, 1))


@pytest.mark.parametrize(("name", "fold"), SPATIAL)
def test_distances_equal_brute_force(cube, name, fold):
    parts, places = split(name, cube, 0, fold), lonlat_of(cube)
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


# --- blocks, states, years, fewer stations ---


@pytest.fixture(scope="module")
def dense():
    """Enough stations that blocks of one fold touch blocks of another."""
    return toy_cube(400, 25, missing=0.0)


@pytest.mark.parametrize("fold", folds("blocks"))
def test_no_station_within_the_buffer_of_a_tested_one_is_seen(dense, fold):
    parts, places = split("blocks", dense, 0, fold), lonlat_of(dense)
    tested, seen = parts.test.any(1), (parts.train | parts.validation | parts.pool).any(1)
    dropped = ~tested & ~seen
    assert dropped.any() and coords.nearest_km(places[seen], places[tested])[0].min() > BUFFER_KM
    assert coords.nearest_km(places[dropped], places[tested])[0].max() <= BUFFER_KM


def test_the_buffer_of_blocks_is_a_hundred_kilometres():
    cube = toy_cube(3000, 25, missing=0.0)
    parts, places = split("blocks", cube, 0, 1), lonlat_of(cube)
    tested, seen = parts.test.any(1), (parts.train | parts.validation | parts.pool).any(1)
    assert 100 < coords.nearest_km(places[seen], places[tested])[0].min() < 101
    assert 99 < coords.nearest_km(places[~tested & ~seen], places[tested])[0].max() <= 100


@given(seed=st.integers(0, 99))
def test_blocks_stay_whole_and_are_dealt_evenly(seed):
    rng = np.random.default_rng(seed)
    lonlat = np.column_stack([rng.uniform(-120, -75, 80), rng.uniform(30, 45, 80)])
    found = block_folds(lonlat, np.random.default_rng(seed))
    block = [tuple(cell) for cell in np.floor(coords.project(lonlat) / BLOCK_KM)]
    of_block = {cell: set(found[[b == cell for b in block]].tolist()) for cell in set(block)}
    assert all(len(one) == 1 for one in of_block.values())
    dealt = np.bincount([one.pop() for one in of_block.values()], minlength=FOLDS + 1)[1:]
    assert dealt.max() - dealt.min() <= 1


@pytest.mark.parametrize(
    ("lon", "lat", "name"),
    [
        (-118.24, 34.05, "California"),
        (-77.04, 38.90, "District of Columbia"),
        (-105.0, 39.74, "Colorado"),
        (-71.06, 42.36, "Massachusetts"),
        (-80.13, 25.79, "Florida"),
        (-124.6, 44.0, "Oregon"),  # some 40 km out at sea
    ],
)
def test_states_are_told_by_their_outline_or_the_nearest_one(lon, lat, name):
    assert state_name(state_folds(np.array([[lon, lat]]))[0]) == name


def test_a_state_is_tested_whole_by_the_others(cube):
    assert len(folds("state")) == 49
    found = state_folds(lonlat_of(cube))
    fold = int(np.bincount(found).argmax())
    parts = split("state", cube, 0, fold)
    np.testing.assert_array_equal(parts.test.any(1), found == fold)
    assert parts.regime == "OoR" and not (parts.train | parts.pool)[found == fold].any()
    empty = next(fold for fold in folds("state") if fold not in found)
    with pytest.raises(ConfigError, match=f"{state_name(empty)} has no station"):
        split("state", cube, 0, empty)


def _years(cube):
    """The toy's 45 days around New Year, measured in both years by some stations and in one by others."""
    days = np.arange("2020-12-05", 45, dtype="datetime64[D]").astype("datetime64[ns]")
    cube = cube.assign_coords(time=("time", days))
    pm25 = cube["pm25"].values.copy()
    pm25[:5, 27:], pm25[5:10, :27] = np.nan, np.nan  # closed, opened at New Year
    return cube.assign(pm25=(("station", "time"), pm25, cube["pm25"].attrs))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_split_by_years_tests_the_same_rows_whichever_year_it_learns_from(cube, seed):
    cube = _years(cube)
    year = cube["time"].dt.year.values
    later, same = split("year-2020-2021", cube, seed), split("year-2021-2021", cube, seed)
    assert (later.name, later.regime, folds(later.name)) == ("year-2020-2021", "WR", (1,))
    np.testing.assert_array_equal(later.test, same.test)
    np.testing.assert_array_equal(later.pool, same.pool)
    assert (later.test.any(0) <= (year == 2021)).all() and (same.train.any(0) <= (year == 2021)).all()
    for part in (later.train, later.validation):
        assert part.any() and (part.any(0) <= (year == 2020)).all()
    held = later.test.any(1)
    assert held.sum() == 4 and not held[:5].any()  # a tenth of the 35 measured in 2021
    assert not (later.train | later.validation | later.pool)[held].any()
    assert later.pool[:, year == 2021].any()


def test_a_year_that_the_cube_does_not_hold_is_refused(cube):
    with pytest.raises(ConfigError, match="no day of 2019, only of 2020 to 2021"):
        split("year-2019-2021", _years(cube), 0)


FEWER = ["spatial", "checkerboard-16", "knndm", "blocks", "year-2021-2021"]


@pytest.mark.parametrize("name", FEWER)
def test_fewer_training_stations_are_a_part_of_more_and_nothing_else_changes(cube, name):
    whole, ten, four = (split(name + keep, cube, 3) for keep in ("", "@10", "@4"))
    assert (ten.name, ten.regime, folds(ten.name)) == (f"{name}@10", whole.regime, folds(name))
    for part in (ten, four):
        np.testing.assert_array_equal(part.test, whole.test)
        np.testing.assert_array_equal(part.validation, whole.validation)
    assert [part.train.any(1).sum() for part in (ten, four)] == [10, 4]
    for part in ("train", "pool"):
        for fewer, more in ((four, ten), (ten, whole)):
            mask = getattr(fewer, part)
            kept = mask.any(1)
            np.testing.assert_array_equal(mask[kept], getattr(more, part)[kept])
    np.testing.assert_array_equal(ten.pool.any(1), ten.train.any(1))
    assert (split(f"{name}@10", cube, 4).train != ten.train).any()


@pytest.mark.parametrize(
    ("name", "message"), [("spatial@500", "has 32 training stations"), ("random@5", "spatial@100")]
)
def test_stations_that_cannot_be_kept_are_refused(cube, name, message):
    with pytest.raises(ConfigError, match=message):
        split(name, cube, 0)


@pytest.mark.parametrize("name", ["spatial@0", "spatial@", "spatial@-3", "year-2018", "year-18-19", "state-1"])
def test_a_misspelt_suffix_is_no_split(name):
    with pytest.raises(UnknownName, match="unknown split"):
        folds(name)


@pytest.mark.parametrize("labelled", [pd.DataFrame, lambda p: pd.DataFrame(p)[::-1]])
def test_labels_of_a_table_decide_which_column_is_the_longitude(labelled):
    places = {"lat": [39.7, 41.9, 30.3], "lon": [-105.0, -87.6, -97.7]}
    plain = np.column_stack([places["lon"], places["lat"]])
    table = labelled(places)
    order = table.index.to_numpy()
    np.testing.assert_array_equal(partition(table, 8), partition(plain, 8)[order])
    np.testing.assert_array_equal(state_folds(table), state_folds(plain)[order])


def test_no_state_is_given_to_places_of_another_country():
    with pytest.raises(CoordinateError, match="the split by states"):
        state_folds(np.array([[13.4, 52.5], [2.3, 48.9]]))
