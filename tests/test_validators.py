"""The splits as cross-validators: the project's own geometry, rows with their stations, order ignored."""

from __future__ import annotations

import doctest
import inspect

import numpy as np
import pandas as pd
import pytest
from conftest import toy_cube
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import GridSearchCV, check_cv, cross_val_predict, cross_val_score

from placeprior.errors import ConfigError, CoordinateError, CubeError
from placeprior.space import matched_folds, splits, station_folds, validators
from placeprior.space.validators import Checkerboard, LeaveRegionOut, NearestNeighbourMatched, SpatialBlocks

LAND = [(-98.0 + dx, 39.0 + dy) for dx in range(-18, 19, 6) for dy in range(-6, 7, 3)]


def long(cube, days=3):
    """A long table of a cube: a row a station and day."""
    kept = cube.isel(time=slice(days))
    table = kept.to_dataframe().reset_index()
    return table[["station", "time", "lon", "lat", "wind", "warmth", "pm25"]]


@pytest.fixture(scope="module")
def clustered():
    """Three towns and what lies between, so that kNNDM has something to match."""
    cube = toy_cube(60)
    lonlat = splits.lonlat_of(cube)
    lonlat[:45] = lonlat[[0, 1, 2] * 15] + np.random.default_rng(1).normal(0, 0.3, (45, 2))
    return cube.assign_coords(lon=("station", lonlat[:, 0]), lat=("station", lonlat[:, 1]))


def owned(cube, name, fold, seed=0):
    """The stations that a fold of the project's own split tests."""
    return set(cube["station"].values[splits.split(name, cube, seed, fold).test.any(1)])


SAME = [
    ("checkerboard-16", Checkerboard(16)),
    ("checkerboard-8", Checkerboard(8)),
    ("blocks", SpatialBlocks()),
    ("knndm", NearestNeighbourMatched(matched_folds.land())),
]


@pytest.mark.parametrize(("name", "validator"), SAME, ids=[name for name, _ in SAME])
def test_folds_are_those_of_the_projects_own_splits(clustered, name, validator):
    table = long(clustered)
    found = validator.folds(table)
    for fold in splits.folds(name):
        assert set(found.index[found == fold]) == owned(clustered, name, fold)


def test_the_buffer_of_blocks_leaves_out_whom_the_projects_own_leaves_out(clustered):
    own = splits.split("blocks", clustered, 0, 2)
    train, test = list(SpatialBlocks().split(long(clustered)))[1]
    names = long(clustered)["station"].to_numpy()
    assert set(names[train]) == set(clustered["station"].values[(own.train | own.validation).any(1)])
    assert set(names[test]) == set(clustered["station"].values[own.test.any(1)])


def test_regions_are_the_states_of_the_projects_own_split(clustered):
    table = long(clustered)
    regions = LeaveRegionOut().regions(table)
    fold = splits.state_folds(splits.lonlat_of(clustered))
    assert regions.tolist() == [splits.state_name(number) for number in fold]
    assert LeaveRegionOut().get_n_splits(table) == regions.nunique()
    for train, test in LeaveRegionOut().split(table):
        tested = regions[table["station"].to_numpy()[test]]
        assert tested.nunique() == 1 and tested.iloc[0] not in set(regions[table["station"].to_numpy()[train]])


EVERY = [
    Checkerboard(8),
    Checkerboard(8, buffer_km=150),
    SpatialBlocks(3),
    NearestNeighbourMatched(n_splits=4),
    NearestNeighbourMatched([[-98, 39], [-97, 40]], n_splits=3, random_state=4),
    LeaveRegionOut("part"),
]


@pytest.mark.parametrize("validator", EVERY, ids=repr)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_rows_stay_with_their_station_and_order_changes_nothing(validator, data):
    places = data.draw(st.lists(st.sampled_from(LAND), min_size=20, max_size=30, unique=True))
    count = data.draw(st.integers(1, 3))
    table = pd.DataFrame(places, columns=["lon", "lat"]).assign(part=[place[0] > -98 for place in places])
    table["station"] = [f"s{number:02}" for number in np.random.default_rng(0).permutation(len(table))]
    table = pd.concat([table] * count, ignore_index=True)
    shuffled = table.sample(frac=1, random_state=data.draw(st.integers(0, 99)))
    try:
        parts = list(validator.split(table))
    except ConfigError as error:
        with pytest.raises(ConfigError) as again:
            list(validator.split(shuffled))
        assert str(again.value) == str(error)
        return
    assert len(parts) == validator.get_n_splits(table)
    tested = np.concatenate([test for _, test in parts])
    assert np.array_equal(np.sort(tested), np.arange(len(table)))  # each row is tested once
    for (train, test), (train_again, test_again) in zip(parts, validator.split(shuffled), strict=True):
        assert not set(table["station"].iloc[train]) & set(table["station"].iloc[test])
        assert set(shuffled.index[train_again]) == set(train) and set(shuffled.index[test_again]) == set(test)
        near = splits.nearest_km(table[["lon", "lat"]].iloc[train], table[["lon", "lat"]].iloc[test])[0]
        assert near.min() > validator.buffer_km


@pytest.mark.parametrize("validator", EVERY, ids=repr)
def test_scikit_learn_takes_them(validator):
    table = long(toy_cube(40)).dropna()
    table = table.assign(part=table["lon"] > -98)
    x, y = table[["lon", "lat", "part", "wind", "warmth"]], table["pm25"]
    assert check_cv(validator) is validator and type(validator).__name__ in repr(validator)
    scores = cross_val_score(HistGradientBoostingRegressor(max_iter=20), x, y, cv=validator)
    assert len(scores) == validator.get_n_splits(x) and np.isfinite(scores).all()
    assert len(cross_val_predict(DummyRegressor(), x, y, cv=validator)) == len(x)
    inner = validator if "Region" not in repr(validator) else Checkerboard(4)  # one region is left to the search
    search = GridSearchCV(HistGradientBoostingRegressor(max_iter=5), {"max_leaf_nodes": [4, 8]}, cv=inner)
    assert np.isfinite(cross_val_score(search, x, y, cv=Checkerboard(16))).all()


def test_an_array_names_its_columns_and_places_may_come_apart():
    table = long(toy_cube(40))
    x = table[["wind", "lat", "lon"]].to_numpy()
    wanted = Checkerboard().folds(table).to_numpy()
    assert np.array_equal(Checkerboard(columns=(2, 1)).folds(x, table["station"]), wanted)
    given = Checkerboard(lonlat=table[["lon", "lat"]])
    assert np.array_equal(given.folds(table[["station", "wind"]]), wanted)
    half = table.sample(frac=0.5, random_state=1)  # a part, as within a nested search
    apart = list(given.split(half[["wind"]]))
    assert [set(test) for _, test in apart] == [set(test) for _, test in Checkerboard().split(half)]
    with pytest.raises(CubeError, match="nested search"):
        list(Checkerboard(lonlat=x[:, [2, 1]], columns=None).split(x[:10]))


def test_any_country_is_its_own_middle():
    rng = np.random.default_rng(0)
    degrees = rng.uniform(-4, 4, (60, 2))
    europe, dateline = degrees + (10, 50), degrees + (180, 50)
    dateline[:, 0] -= 360 * (dateline[:, 0] > 180)
    for validator in (SpatialBlocks(3, km=200, buffer_km=0), NearestNeighbourMatched(n_splits=3)):
        # the same stations, turned about the axis of the globe, are in the same folds
        names = [f"{number:02}" for number in range(60)]
        assert np.array_equal(validator.folds(europe, names), validator.folds(dateline, names))


def test_what_folds_ask_is_told():
    table = long(toy_cube(40))
    told = SpatialBlocks(4, buffer_km=200).describe(table)
    assert told["test_rows"].sum() == len(table) and (told["median_km"] > 200).all()
    assert (told["train_stations"] + told["test_stations"] <= 40).all()


@pytest.mark.parametrize(
    ("validator", "change", "error", "words"),
    [
        (Checkerboard(), {"lon": "lat", "lat": "lon"}, CoordinateError, "swapped"),
        (Checkerboard(0), {}, ConfigError, "above 0"),
        (Checkerboard(100), {}, ConfigError, "one fold"),
        (Checkerboard(buffer_km=-1), {}, ConfigError, "buffer_km"),
        (Checkerboard(buffer_km="100"), {}, ConfigError, "buffer_km is '100'"),
        (SpatialBlocks(random_state=None), {}, ConfigError, "random_state is None"),
        (NearestNeighbourMatched(np.empty((0, 2))), {}, ConfigError, "towards has no place"),
        (Checkerboard(buffer_km=9_000), {}, ConfigError, "none is left to train on"),
        (SpatialBlocks(30, km=2_000), {}, ConfigError, "too few for 30 folds"),
        (SpatialBlocks(1), {}, ConfigError, "at least 2"),
        (NearestNeighbourMatched([[10, 100]]), {}, CoordinateError, "latitude"),
        (LeaveRegionOut("country"), {}, ConfigError, "no column 'country'"),
        (LeaveRegionOut("wind"), {}, CubeError, "names no region, or two"),
        (Checkerboard(columns=("x", "y")), {}, CoordinateError, "no column 'x'"),
    ],
)
def test_bad_input_is_refused(validator, change, error, words):
    with pytest.raises(error, match=words):
        list(validator.split(long(toy_cube(40)).rename(columns=change)))


def test_places_that_are_none_are_refused():
    table = long(toy_cube(40))
    hole = table.assign(lon=table["lon"].where(table.index != 7))
    with pytest.raises(CoordinateError, match="row 7"):
        list(Checkerboard().split(hole))
    masked = np.ma.masked_array(table[["lon", "lat"]], mask=False)
    masked[3, 0] = np.ma.masked
    with pytest.raises(CoordinateError, match="row 3"):
        list(Checkerboard().split(masked))
    with pytest.raises(CubeError, match="moves"):
        list(Checkerboard().split(table.assign(station="one")))
    with pytest.raises(ConfigError, match="one station"):
        list(Checkerboard().split(table[table["station"] == "toy-000"]))
    with pytest.raises(CubeError, match="name it for every row"):
        list(Checkerboard().split(table, groups=table["station"].where(table.index > 3)))
    line = np.column_stack([np.linspace(-120, -80, 12), np.full(12, 0.0)])
    with pytest.raises((CoordinateError, ConfigError)):
        list(NearestNeighbourMatched().split(np.repeat(line[:1], 12, 0)))


def test_examples_run():
    for module in (validators, station_folds):
        assert doctest.testmod(module).failed == 0
    assert all(inspect.getdoc(each) for each in (Checkerboard, SpatialBlocks, NearestNeighbourMatched, LeaveRegionOut))
