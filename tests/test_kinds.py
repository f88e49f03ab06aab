"""No public function returns another number for masked, labelled or unsorted input than for the same data plain.

Each of the functions below is given the same places and values in every kind of array or table that people have. It
must return what it returns for plain arrays, or refuse in its own words.
"""

from __future__ import annotations

import dataclasses
from collections import namedtuple

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior import coords, encoders
from placeprior.coords import arrays
from placeprior.data import calendar, cube, gapfill
from placeprior.data.sources import align
from placeprior.encoders.basis import BASES
from placeprior.errors import PlacePriorError
from placeprior.scores.fairness import geobias, unevenness
from placeprior.space import kriging, matched_folds, neighbours, splits, variogram

N, T = 24, 6
RNG = np.random.default_rng(7)
PLACES = np.column_stack([RNG.uniform(-118, -78, N), RNG.uniform(32, 46, N)]).round(4)
MARKS = RNG.normal(size=N).round(3)
DAYS = pd.date_range("2021-03-01", periods=T)
PM25 = (9 + 0.2 * PLACES[:, :1] * np.sin(np.arange(T)) + RNG.normal(size=(N, T))).round(3)
POOL = RNG.random((N, T)) < 0.8
NAMES = [f"s{i:02d}" for i in range(N)]
CURVE = variogram.Variogram(0.2, 1.0, 300.0)
FIELD = xr.Dataset(
    {"v": (("y", "x"), np.arange(1800.0).reshape(30, 60))},
    {"x": np.arange(-124.5, -64.5), "y": np.arange(50.5, 20.5, -1)},
    {"crs": "EPSG:4326"},
)
Place = namedtuple("Place", "lat lon")

#: What takes places: name -> function of lonlat.
OF_PLACES = {
    "check_lonlat": coords.check_lonlat,
    "great_circle_km, first": lambda p: coords.great_circle_km(p, PLACES),
    "great_circle_km, second": lambda p: coords.great_circle_km(PLACES, p),
    "unit_xyz": coords.unit_xyz,
    "nearest_km, first": lambda p: coords.nearest_km(p, PLACES, k=2)[0],
    "nearest_km, second": lambda p: coords.nearest_km(PLACES, p, k=2)[0],
    "project": coords.project,
    "inside": coords.inside,
    "at_home": lambda p: coords.at_home(p, "x"),
    "in_state": lambda p: coords.in_state(p, ["06"] * len(PLACES)),
    "embed": lambda p: encoders.embed("sincos", p),
    "load": lambda p: encoders.load("lonlat")(p),
    "load, costly": lambda p: encoders.load("geoclip")(p),
    "load, untrained": lambda p: encoders.load("xyz-untrained")(p),
    "load, urban": lambda p: encoders.load("urban")(p),
    "fit": lambda p: encoders.fit("rbf", p, np.ones(N, bool), 0)(PLACES),
    "fit, asked": lambda p: encoders.fit("random-vector", PLACES, np.ones(N, bool), 0)(p),
    "fit, numbered": lambda p: encoders.fit("onehot", p, np.arange(N) < 9, 0)(PLACES),
    **{f"position {name}": lambda p, name=name: encoders.position(name)(p).detach().numpy() for name in BASES},
    "ssi": lambda p: geobias.ssi(p, radius_km=500).scores,
    "ssi, at": lambda p: geobias.ssi(PLACES, radius_km=500, at=p).scores,
    "sri": lambda p: geobias.sri(p, MARKS, kind="distance", radius_km=900, step=300, least=2, permutations=9).null,
    "moran": lambda p: unevenness.moran(p, MARKS, k=3, permutations=9).null,
    "states": unevenness.states,
    "empirical": lambda p: variogram.empirical(PM25, p)[1],
    "variogram": lambda p: dataclasses.astuple(variogram.variogram(PM25, p)),
    "krige": lambda p: kriging.krige(PM25, p, PLACES + 0.1, np.ones((N, T), bool), CURVE),
    "krige, target": lambda p: kriging.krige(PM25, PLACES, p, np.ones((N, T), bool), CURVE),
    "neighbour_pm25": lambda p: neighbours.neighbour_pm25(PM25, p, POOL),
    "neighbour_pm25, target": lambda p: neighbours.neighbour_pm25(PM25, PLACES, POOL, target=p),
    "to_map": matched_folds.to_map,
    "matched_folds": lambda p: matched_folds.matched_folds(p, 3, np.random.default_rng(0)),
    "align.cells": lambda p: align.cells(FIELD, p)[1],
    "align.at_places": lambda p: align.at_places(FIELD, p)["v"].values,
}


def frame(*columns, index=None):
    own = {"lon": PLACES[:, 0], "lat": PLACES[:, 1], "name": NAMES, "height": np.arange(N)}
    return pd.DataFrame(
        {name: own[name.strip().lower().replace("latitude", "lat").replace("longitude", "lon")] for name in columns},
        index=index,
    )


def array(order, dims=("place", "coord"), **labels):
    values = PLACES if order == "lonlat" else PLACES[:, ::-1]
    return xr.DataArray(values if dims[0] != "coord" else values.T, dims=dims, coords=labels)


#: The places, in every kind: each is all of them, in order, however it is labelled.
KINDS = {
    "list": lambda: PLACES.tolist(),
    "tuples": lambda: [tuple(row) for row in PLACES],
    "namedtuples, lat first": lambda: [Place(lat, lon) for lon, lat in PLACES],
    "dicts, lat first": lambda: [{"lat": lat, "lon": lon} for lon, lat in PLACES],
    "objects": lambda: PLACES.astype(object),
    "texts": lambda: PLACES.astype(str),
    "columns in memory": lambda: np.asfortranarray(PLACES),
    "read only": lambda: np.frombuffer(PLACES.tobytes()).reshape(-1, 2),
    "masked, nothing hidden": lambda: np.ma.masked_array(PLACES, False),
    "masked rows": lambda: list(np.ma.masked_array(PLACES, False)),
    "records, lat first": lambda: np.array([(lat, lon) for lon, lat in PLACES], [("lat", "f8"), ("lon", "f8")]),
    "frame": lambda: frame("lon", "lat"),
    "frame, lat first": lambda: frame("lat", "lon"),
    "frame, more columns": lambda: frame("name", "Latitude", "height", " Longitude"),
    "frame, other index": lambda: frame("lat", "lon", index=NAMES),
    "frame without names": lambda: pd.DataFrame(PLACES),
    "frame, columns that say nothing": lambda: pd.DataFrame(PLACES[:, ::-1], columns=["a", "b"]),
    "frame, two longitudes": lambda: frame("lat", "lon").assign(lng=1.0),
    "frame with extension types": lambda: frame("lat", "lon").convert_dtypes(),
    "rows of a frame, lat first": lambda: [row for _, row in frame("lat", "lon").iterrows()],
    "dict, lat first": lambda: {"lat": PLACES[:, 1], "lon": PLACES[:, 0]},
    "dataset": lambda: xr.Dataset({"lat": ("p", PLACES[:, 1]), "lon": ("p", PLACES[:, 0])}),
    "cube": lambda: cube.place_on(np.array(NAMES, object), *PLACES.T, DAYS.values),
    "dataarray": lambda: array("lonlat"),
    "dataarray, labelled lat first": lambda: array("latlon", coord=["lat", "lon"]),
    "dataarray, labelled across": lambda: array("latlon", ("coord", "place"), coord=["latitude", "longitude"]),
    "dataarray, a dimension latlon": lambda: array("latlon", ("place", "lat_lon")),
    "dataarray, labels that say nothing": lambda: array("latlon", coord=["a", "b"]),
    "tensor": lambda: torch.tensor(PLACES),
    "tensor with a gradient": lambda: torch.tensor(PLACES, requires_grad=True),
    "tensor computed from one": lambda: torch.tensor(PLACES, requires_grad=True) * 1.0,
    "list of tensors": lambda: list(torch.tensor(PLACES, requires_grad=True)),
}


def same(found, plain):
    found, plain = np.asarray(found), np.asarray(plain)
    assert found.shape == plain.shape
    if plain.dtype.kind in "fc":
        np.testing.assert_allclose(found, plain, rtol=1e-6, atol=1e-9, equal_nan=True)
    else:
        np.testing.assert_array_equal(found, plain)


def refused(call):
    """None where a call refuses in one line of its own, else what it returns."""
    try:
        return call()
    except PlacePriorError as error:
        assert "\n" not in str(error) and len(str(error)) < 600
        return None


@pytest.fixture(scope="module")
def plain():
    made = {}
    return lambda name, call: made.setdefault(name, call())


@pytest.mark.parametrize("name", OF_PLACES)
def test_places_of_every_kind_give_what_plain_places_give(name, plain):
    expected = plain(name, lambda: OF_PLACES[name](PLACES))
    answered = 0
    for kind, made in KINDS.items():
        found = refused(lambda made=made: OF_PLACES[name](made()))
        if found is not None:
            answered += 1
            try:
                same(found, expected)
            except AssertionError as error:
                raise AssertionError(f"{name} of {kind}: {error}") from None
    assert answered >= len(KINDS) - 4  # what says nothing, or two things, is refused; all else is read


HIDDEN = {
    "masked": lambda: np.ma.masked_array(PLACES, [[0, 0]] * 5 + [[0, 1]] + [[0, 0]] * (N - 6)),
    "masked row": lambda: [*PLACES[:5], np.ma.masked_array(PLACES[5], True), *PLACES[6:]],
    "masked number": lambda: [*PLACES[:5].tolist(), [np.ma.masked, 40.0], *PLACES[6:].tolist()],
    "None": lambda: [*PLACES[:5].tolist(), [None, 40.0], *PLACES[6:].tolist()],
    "NA": lambda: frame("lat", "lon").convert_dtypes().where(lambda t: t["lon"] != PLACES[5, 0]),
    "days": lambda: np.datetime64("2021-01-01") + PLACES.astype("timedelta64[D]"),
    "complex": lambda: PLACES + 1j,
    "masked complex": lambda: np.ma.masked_array(PLACES + 1j, False),
    "words": lambda: np.full((N, 2), "north"),
    "three columns": lambda: np.column_stack([PLACES, PLACES[:, 0]]),
}


@pytest.mark.parametrize("name", OF_PLACES)
@pytest.mark.parametrize("kind", HIDDEN)
def test_hidden_and_other_places_are_refused_by_everything(name, kind):
    if name == "in_state":  # asks whether a record's place can be: what is none, can not
        found = refused(lambda: OF_PLACES[name](HIDDEN[kind]()))
        assert found is None or not found.any()
        return
    with pytest.raises(PlacePriorError, match="not a finite number|more than numbers|shape"):
        OF_PLACES[name](HIDDEN[kind]())


# --- one value a place ------------------------------------------------------------------------------------------------

LABELLED = frame("lat", "lon", index=NAMES)
OF_MARKS = {
    "ssi": lambda p, v: geobias.ssi(p, v, radius_km=500).scores,
    "sri": lambda p, v: geobias.sri(p, v, kind="distance", radius_km=900, step=300, least=2, permutations=9).score,
    "moran": lambda p, v: unevenness.moran(p, v, k=3, permutations=0).value,
    "fit, trained": lambda p, v: encoders.fit("onehot", p, v, 0)(PLACES),
}
SHUFFLED = RNG.permutation(N)


def marks(name):
    return MARKS > 0 if "trained" in name else MARKS


MARK_KINDS = {
    "list": lambda v: v.tolist(),
    "objects": lambda v: v.astype(object),
    "masked, nothing hidden": lambda v: np.ma.masked_array(v, False),
    "series": lambda v: pd.Series(v, NAMES),
    "series, other order": lambda v: pd.Series(v, NAMES).iloc[SHUFFLED],
    "series, extension type": lambda v: pd.Series(v, NAMES).convert_dtypes(),
    "dataarray": lambda v: xr.DataArray(v, {"station": NAMES}, ("station",)),
    "dataarray, other order": lambda v: xr.DataArray(v, {"station": NAMES}, ("station",))[SHUFFLED],
    "tensor": lambda v: torch.tensor(v),
    "tensor with a gradient": lambda v: torch.tensor(v, requires_grad=v.dtype.kind == "f"),
}


@pytest.mark.parametrize("name", OF_MARKS)
@pytest.mark.parametrize("kind", MARK_KINDS)
def test_values_of_every_kind_give_what_plain_values_give(name, kind):
    expected = OF_MARKS[name](PLACES, marks(name))
    for places in (PLACES, LABELLED) if "order" not in kind else (LABELLED,):
        same(OF_MARKS[name](places, MARK_KINDS[kind](marks(name))), expected)


@pytest.mark.parametrize("name", OF_MARKS)
def test_values_of_other_places_or_hidden_ones_are_refused(name):
    values = marks(name)
    for wrong in (
        pd.Series(values, [f"t{i}" for i in range(N)]),
        np.ma.masked_array(values, np.arange(N) == 3),
        values[:-1],
        pd.Series([None, *values[1:]], NAMES, dtype=object),
        values + 1j,
        DAYS.repeat(N // T),
    ):
        with pytest.raises(PlacePriorError):
            OF_MARKS[name](LABELLED, wrong)


def test_regions_follow_their_stations():
    from placeprior.scores.metrics import station_sums

    sums = station_sums(np.repeat(NAMES, T), PM25.ravel(), PM25.ravel() + np.repeat(MARKS, T))
    region = np.where(PLACES[:, 0] < -98, "west", "east")
    expected = unevenness.by_region(sums, region)
    pd.testing.assert_frame_equal(unevenness.by_region(sums, pd.Series(region, NAMES).iloc[SHUFFLED]), expected)
    pd.testing.assert_frame_equal(unevenness.by_region(sums, region.tolist()), expected)
    for wrong in (np.ma.masked_array(region, np.arange(N) == 3), pd.Series(region, [f"t{i}" for i in range(N)])):
        with pytest.raises(PlacePriorError):
            unevenness.by_region(sums, wrong)


# --- values on (station, day) -----------------------------------------------------------------------------------------

HOLES = np.where(POOL, PM25, np.nan)
OF_DAYS = {
    "standardised": lambda p, v: variogram.standardised(v),
    "empirical": lambda p, v: variogram.empirical(v, p)[1],
    "variogram": lambda p, v: dataclasses.astuple(variogram.variogram(v, p)),
    "krige": lambda p, v: kriging.krige(v, p, PLACES + 0.1, np.ones((N, T), bool), CURVE),
    "neighbour_pm25": lambda p, v: neighbours.neighbour_pm25(v, p, POOL),
    "cube.variable": lambda p, v: cube.variable(v, "1", "x")[1],
}
GRID = {"station": NAMES, "time": DAYS}
DAY_KINDS = {
    "list": lambda v: v.tolist(),
    "masked": lambda v: np.ma.masked_invalid(v),
    "masked, of another number": lambda v: np.ma.masked_array(np.where(np.isnan(v), 1e6, v), np.isnan(v)),
    "tensor with a gradient": lambda v: torch.tensor(v, requires_grad=True),
    "dataarray": lambda v: xr.DataArray(v, GRID, ("station", "time")),
    "dataarray, days first": lambda v: xr.DataArray(v, GRID, ("station", "time")).T,
    "dataarray, no labels, days first": lambda v: xr.DataArray(v, dims=("station", "time")).T,
    "frame": lambda v: pd.DataFrame(v, NAMES, DAYS),
    "frame, days first": lambda v: pd.DataFrame(v, NAMES, DAYS).T,
    "frame, extension type": lambda v: pd.DataFrame(v, NAMES, DAYS).convert_dtypes(),
    "frame, other order": lambda v: pd.DataFrame(v, NAMES, DAYS).iloc[SHUFFLED],
    "dataarray, other order, days first": lambda v: xr.DataArray(v, GRID, ("station", "time"))[SHUFFLED].T,
}


@pytest.mark.parametrize("name", OF_DAYS)
@pytest.mark.parametrize("kind", DAY_KINDS)
def test_station_days_of_every_kind_give_what_plain_ones_give(name, kind):
    if "order" in kind and name in ("standardised", "neighbour_pm25", "cube.variable"):
        pytest.skip("no other labelled argument to bring them in step with")
    expected = OF_DAYS[name](PLACES, HOLES)
    places = LABELLED if "order" in kind else PLACES
    same(OF_DAYS[name](places, DAY_KINDS[kind](HOLES)), expected)


def test_masks_of_station_days_follow_their_labels():
    values = xr.DataArray(PM25, GRID, ("station", "time"))
    pool = xr.DataArray(POOL, GRID, ("station", "time"))
    expected = neighbours.neighbour_pm25(PM25, PLACES, POOL)
    backwards = DAYS[::-1]
    for other in (
        pool.T,
        pool[SHUFFLED],
        pool.sel(time=backwards),
        pd.DataFrame(POOL, NAMES, DAYS).T,
        POOL.tolist(),
        torch.tensor(POOL),
        POOL.astype(int),
    ):
        same(neighbours.neighbour_pm25(values, LABELLED, other), expected)
    for wrong in (
        np.ma.masked_array(POOL, POOL),
        pool.assign_coords(station=[f"t{i}" for i in range(N)]),
        POOL[:, 1:],
        POOL * 0.5,
        pool.assign_coords(time=DAYS + pd.Timedelta("1D")),
    ):
        with pytest.raises(PlacePriorError):
            neighbours.neighbour_pm25(values, LABELLED, wrong)
    wanted = xr.DataArray(POOL, GRID, ("station", "time"))
    expected = kriging.krige(PM25, PLACES, PLACES + 0.1, POOL, CURVE)
    target = LABELLED + 0.1
    same(kriging.krige(values, LABELLED, target, wanted[SHUFFLED].T, CURVE), expected)


def test_fillers_follow_labels():
    rng = np.random.default_rng(3)
    time = pd.date_range("2021-01-01", periods=40)
    weather = rng.normal(size=(N, 40, 2)).astype("f4")
    features = np.concatenate([weather, weather[..., :1] + 1], axis=2)
    features[..., 2][rng.random((N, 40)) < 0.3] = np.nan
    fitted = np.arange(N)[:, None] < rng.integers(15, N, 40)
    names = ["a", "b", "aod"]

    def filled(features, fitted, places):
        return gapfill.Filler(features, names, ["aod"], fitted, places, time.values, seed=0)(features, time.values)

    expected = filled(features, fitted, PLACES)
    grid = {"station": NAMES, "time": time}
    for changed in (
        (np.ma.masked_array(np.nan_to_num(features, nan=9.0), np.isnan(features)), fitted, PLACES.tolist()),
        (torch.tensor(features), torch.tensor(fitted), torch.tensor(PLACES, requires_grad=True)),
        (features, pd.DataFrame(fitted, NAMES, time).iloc[SHUFFLED].T, LABELLED),
        (features, xr.DataArray(fitted, grid, ("station", "time")), frame("lat", "lon")),
    ):
        np.testing.assert_array_equal(filled(*changed), expected)
    with pytest.raises(PlacePriorError):
        filled(features, np.ma.masked_array(fitted, fitted), PLACES)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(N)), st.sampled_from(["moran", "ssi"]))
def test_rows_in_any_order_give_the_same(order, name):
    order = list(order)
    found, expected = OF_MARKS[name](PLACES[order], MARKS[order]), OF_MARKS[name](PLACES, MARKS)
    np.testing.assert_allclose(found, expected[order] if name == "ssi" else expected, rtol=1e-8, atol=1e-10)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(N * T)), st.permutations(["station", "date", "lon", "lat", "pm25", "wind"]))
def test_a_table_in_any_order_of_rows_and_columns_is_the_same_cube(order, columns):
    table = pd.DataFrame(
        {
            "station": np.repeat(NAMES, T),
            "date": np.tile(DAYS.strftime("%Y-%m-%d"), N),
            "lon": np.repeat(PLACES[:, 0], T),
            "lat": np.repeat(PLACES[:, 1], T),
            "pm25": HOLES.ravel(),
            "wind": PM25.ravel(),
        }
    )
    made = cube.from_table(table)
    assert cube.fingerprint(cube.from_table(table.iloc[list(order)][list(columns)])) == cube.fingerprint(made)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=5), st.data())
def test_what_is_hidden_is_missing_wherever_it_is(rows, data):
    values = np.array(rows)
    pair = st.tuples(st.booleans(), st.booleans())
    hidden = np.array(data.draw(st.lists(pair, min_size=len(rows), max_size=len(rows))))
    found = arrays.places(np.ma.masked_array(values, hidden))
    np.testing.assert_array_equal(found, np.where(hidden, np.nan, values))
    table = pd.DataFrame({"lat": values[:, 1], "lon": values[:, 0]}).mask(hidden[:, ::-1])
    np.testing.assert_array_equal(arrays.places(table), np.where(hidden, np.nan, values))


def test_day_lengths_and_terms_pass_over_masks():
    lat = np.ma.masked_array(PLACES[:, 1], np.arange(N) == 3)
    assert np.flatnonzero(np.isnan(calendar.day_length(lat, [1, 2])).any(1)).tolist() == [3]
    wants = torch.tensor(PLACES[:, 1], requires_grad=True)
    same(calendar.day_length(wants, [5]), calendar.day_length(PLACES[:, 1], [5]))


def test_a_split_of_a_cube_sees_its_places():
    lon, lat = np.ma.masked_array(PLACES[:, 0], False), PLACES[:, 1].tolist()
    made = cube.place_on(np.array(NAMES, object), lon, lat, DAYS.values)
    np.testing.assert_array_equal(splits.lonlat_of(made), PLACES)
    hidden = cube.place_on(
        np.array(NAMES, object), np.ma.masked_array(PLACES[:, 0], np.arange(N) == 3), PLACES[:, 1], DAYS.values
    )
    with pytest.raises(PlacePriorError, match="'s03'.*not a finite number"):
        cube.check_cube(hidden.assign(pm25=cube.variable(PM25, "µg m-3", "x", "target")))
