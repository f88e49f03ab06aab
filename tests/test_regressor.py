"""The network in scikit-learn's form: its own checks, the same numbers as a run, whole stations, order, refusals."""

from __future__ import annotations

import doctest
import pickle
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from conftest import toy_cube
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from placeprior.data import example
from placeprior.errors import ConfigError, CoordinateError, CubeError, StoreError, UnknownName
from placeprior.runs import making, plan, regressor, store
from placeprior.runs.inputs import Inputs
from placeprior.runs.regressor import PlaceRegressor
from placeprior.space.validators import Checkerboard

SMALL = {"width": 8, "summary": 8, "batch": 64}
#: The checks whose data cannot be places, where two columns are told as such: rows around (100, 100).
NOWHERE = ["check_fit_idempotent", "check_fit_check_is_fitted", "check_n_features_in"]
ROWS = {"station": None, "time": None, "epochs": 15, "settings": SMALL | {"batch": 32, "rate": 3e-2}}


@parametrize_with_checks(
    [
        PlaceRegressor(None, lon=None, lat=None, **ROWS),
        PlaceRegressor("random-vector", lon=0, lat=1, **ROWS),  # told the first two columns as a place
    ],
    expected_failed_checks=lambda estimator: (
        {} if estimator.encoder is None else dict.fromkeys(NOWHERE, "its rows are drawn around (100, 100): no places")
    ),
    xfail_strict=True,
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def small(**given):
    return PlaceRegressor(**{"encoder": "sincos", "window": 3, "epochs": 2, "settings": SMALL} | given)


@pytest.fixture(scope="module")
def cube():
    return toy_cube(20, 30)


@pytest.fixture(scope="module")
def table(cube):
    return cube.to_dataframe().reset_index()[["station", "time", "lon", "lat", "wind", "warmth", "pm25"]]


@pytest.fixture(scope="module")
def fitted(table):
    return small().fit(table.drop(columns="pm25"), table["pm25"])


def test_it_learns_what_is_there_to_learn():
    cube = toy_cube(20, 30, missing=0)
    model = small(epochs=4, settings=SMALL | {"rate": 3e-2, "batch": 32}).fit(cube, "pm25")
    assert model.score(cube, "pm25") > 0.6
    assert model.loss_curve_[-1] < 0.5 * model.loss_curve_[0] and len(model.loss_curve_) == 4


def test_trained_on_a_runs_rows_it_estimates_what_the_run_estimated(project):
    """The table's way into the network is the runs' way: same inputs, same weights, same estimates."""
    for run in plan.runs("tiny"):
        if run.variant not in ("none", "sincos"):
            continue
        making.make(run, log=lambda _: None)
        inputs = Inputs.of(run)
        cube, parts = inputs.cube, inputs.parts
        config = run.settings
        model = PlaceRegressor(
            None if run.variant == "none" else run.variant,
            run.fusion,
            window=run.window,
            epochs=config.epochs,
            settings={"width": config.width, "summary": config.summary, "batch": config.batch},
            random_state=run.stream,
        )
        model.fit(cube, cube["pm25"].where(parts.train))
        own = store.table(run.id, "predictions")
        found = model.predict(cube).values[parts.test]
        assert np.allclose(found, own["estimate"], rtol=1e-5, atol=1e-4), run.label


def test_order_of_rows_and_of_columns_of_roles_changes_nothing(table, fitted):
    x, y = table.drop(columns="pm25"), table["pm25"]
    order = np.random.default_rng(0).permutation(len(table))
    again = small().fit(x.iloc[order], y.iloc[order])
    assert np.array_equal(again.predict(x.iloc[order]), fitted.predict(x)[order])
    assert again.loss_curve_ == fitted.loss_curve_
    alone = PlaceRegressor(None, lon=None, lat=None, **ROWS | {"epochs": 2})
    rows = table[["wind", "warmth"]].fillna(0)
    one, two = (clone(alone).fit(rows.iloc[at], y.fillna(9).iloc[at]) for at in (np.arange(len(rows)), order))
    assert np.array_equal(one.predict(rows), two.predict(rows))


def test_estimates_of_a_station_need_no_other(table, fitted):
    one = table[table["station"] == "toy-003"].drop(columns="pm25")
    whole = fitted.predict(table.drop(columns="pm25"))[(table["station"] == "toy-003").to_numpy()]
    assert np.array_equal(fitted.predict(one), whole)


def test_only_days_up_to_a_row_are_looked_at(table, fitted):
    x = table.drop(columns="pm25")
    later = x.copy()
    last = x["time"] >= x["time"].max()
    later.loc[last, "wind"] = 50.0
    before, after = fitted.predict(x), fitted.predict(later)
    assert np.array_equal(before[~last], after[~last]) and not np.allclose(before[last], after[last])
    first = x.copy()
    first.loc[x["time"] == x["time"].min(), "wind"] = 50.0
    changed = fitted.predict(first) != before
    assert set(x["time"][changed].dt.day) <= {1, 2, 3} and changed.any()  # a window of three days


def test_rows_without_a_target_are_history_and_scale_nothing(table):
    x, y = table.drop(columns="pm25").copy(), table["pm25"].copy()
    held = (x["station"] < "toy-005").to_numpy()
    y[held] = np.nan
    one = small().fit(x, y)
    x.loc[held, "wind"] *= 1000
    two = small().fit(x, y)
    assert np.array_equal(one.x_scale_.mean, two.x_scale_.mean) and one.loss_curve_ == two.loss_curve_


@pytest.mark.parametrize("encoder", [None, "none+head", "sincos", "xyz", "onehot"])
def test_kept_without_pickle(encoder, cube, tmp_path):
    model = small(encoder=encoder, fusion="hadamard", epochs=1).fit(cube, "pm25")
    model.save(tmp_path / "model.safetensors")
    again = PlaceRegressor.load(tmp_path / "model.safetensors")
    assert again.get_params() == model.get_params() and again.predictors_ == ["wind", "warmth"]
    for other in (again, pickle.loads(pickle.dumps(model))):
        assert np.array_equal(other.predict(cube), model.predict(cube))
    with pytest.raises(StoreError, match="no saved PlaceRegressor"):
        PlaceRegressor.load(tmp_path / "nothing")
    (tmp_path / "cut").write_bytes((tmp_path / "model.safetensors").read_bytes()[:-50])
    with pytest.raises(StoreError):
        PlaceRegressor.load(tmp_path / "cut")


def test_xarray_in_xarray_out(cube, table, fitted):
    model = small().fit(cube, "pm25")
    found = model.predict(cube)
    assert isinstance(found, xr.DataArray) and found.dims == ("station", "time") and found["lon"].equals(cube["lon"])
    assert np.array_equal(found.values.ravel(), fitted.predict(table.drop(columns="pm25")))
    assert np.array_equal(model.predict(cube.transpose("time", "station")), found)
    assert model.score(cube, "pm25") == fitted.score(table.drop(columns="pm25"), table["pm25"])
    with pytest.raises(CubeError, match="align"):
        small().fit(cube, cube["pm25"].isel(time=slice(5)))
    with pytest.raises(CubeError, match="no 'ozone'"):
        small().fit(cube, "ozone")


def test_cross_validated_and_searched_over_encoders(table):
    known = table.dropna(subset="pm25")
    x, y = known.drop(columns="pm25"), known["pm25"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # whole stations: no day that is looked at went into another part
        search = GridSearchCV(
            small(epochs=1), {"encoder": [None, "sincos"]}, cv=Checkerboard(8), error_score="raise"
        ).fit(x, y)
    assert search.best_params_["encoder"] in (None, "sincos")
    assert len(cross_val_score(small(epochs=1), x, y, cv=Checkerboard(16), error_score="raise")) == 2
    with pytest.warns(UserWarning, match="give the rows of a station together"):
        cross_val_score(small(epochs=1), x, y, cv=KFold(5, shuffle=True, random_state=0))


def test_stations_are_held_out_where_training_stops_early(cube):
    settings = SMALL | {"schedule": "steps", "patience": 1, "rate": 1e-3}
    assert len(small(settings=settings, epochs=3).fit(cube, "pm25").loss_curve_) <= 3


REFUSED = [
    (lambda t: t.rename(columns={"lon": "lat", "lat": "lon"}), {}, CoordinateError, "swapped"),
    (lambda t: t.assign(lon=t["lon"].where(t.index != 5)), {}, CoordinateError, "row 5"),
    (lambda t: t.assign(wind=np.inf), {}, CubeError, "wind is infinite"),
    (lambda t: t.assign(wind="calm"), {}, CubeError, "wind is 'calm'; it must be a number"),
    (lambda t: t.assign(time=t["time"] + pd.Timedelta("7h")), {}, CubeError, "time of day"),
    (lambda t: t.assign(time=1), {}, CubeError, "YYYY-MM-DD"),
    (lambda t: pd.concat([t, t[:1]]), {}, CubeError, "second of station 'toy-000'"),
    (lambda t: t.assign(lon=t["lon"] + (t.index == 3)), {}, CubeError, "moves"),
    (lambda t: t.assign(station=t["station"].where(t.index != 3)), {}, CubeError, "row 4 has no station"),
    (lambda t: t.drop(columns="station"), {}, CubeError, "there is no column 'station'"),
    (lambda t: t[t["station"] == "toy-000"], {}, ConfigError, "one station"),
    (lambda t: t.assign(pm25=9.0), {}, ValueError, "the target is 9"),
    (lambda t: t.assign(pm25="bad"), {}, ValueError, "a class"),
    (lambda t: t.assign(pm25=t["pm25"] > 9), {}, ValueError, "a class"),
    (lambda t: t.assign(pm25=np.nan), {}, ValueError, "NaN alone"),
    (lambda t: t.assign(pm25=t["pm25"].where(t.index != 2, np.inf)), {}, ValueError, "infinity, in row 3"),
    (lambda t: t[:0], {}, ValueError, "0 sample"),
    (lambda t: t, {"encoder": "sinkos"}, UnknownName, "sincos"),
    (lambda t: t, {"fusion": "sum"}, UnknownName, "fusion"),
    (lambda t: t, {"size": "huge"}, UnknownName, "demo"),
    (lambda t: t, {"window": 40}, ConfigError, "at most 21"),
    (lambda t: t, {"time": None}, ConfigError, "time=None"),
    (lambda t: t, {"lon": None}, ConfigError, "do not say where the place is"),
    (lambda t: t, {"settings": {"widht": 8}}, UnknownName, "width"),
    (lambda t: t, {"settings": [1]}, ConfigError, "give a mapping"),
    (lambda t: t, {"random_state": None}, ConfigError, "random_state is None"),
    (lambda t: t.assign(wind=1e39), {}, CubeError, "wind is too large a number in row 1"),
    (lambda t: t.assign(pm25=t["pm25"].astype(float) * 1e300), {}, ValueError, "unit of smaller numbers"),
    (lambda t: t.assign(pm25=t["pm25"].astype(float) * 1e-30), {}, ValueError, "unit of larger numbers"),
]


@pytest.mark.parametrize(("change", "given", "error", "words"), REFUSED)
def test_bad_input_is_refused(table, change, given, error, words):
    changed = change(table).reset_index(drop=True)
    with pytest.raises(error, match=words):
        small(**given).fit(changed.drop(columns="pm25"), changed["pm25"])


def test_masked_numbers_are_missing_ones(table):
    rows = table[["wind", "warmth"]].fillna(0).to_numpy()[:50]
    y = np.ma.masked_array(table["pm25"].fillna(9)[:50].to_numpy(copy=True))
    y[:5] = 1e6
    y[:5] = np.ma.masked
    model = PlaceRegressor(None, lon=None, lat=None, **ROWS | {"epochs": 1})
    plain = clone(model).fit(rows, np.where(np.arange(50) < 5, np.nan, y.data))
    assert np.array_equal(clone(model).fit(rows, y).predict(rows), plain.predict(rows))


def test_a_target_in_disguise_is_warned_of(table):
    disguised = table.assign(mg=table["pm25"] / 1000)
    with pytest.warns(UserWarning, match="'mg' correlates with the target"):
        small(epochs=1).fit(disguised.drop(columns="pm25"), disguised["pm25"])


def test_codes_for_missing_are_missing_to_fit_and_to_predict_and_warned_of(table):
    x, y = table.drop(columns="pm25"), table["pm25"].copy()
    rows = x.index % 7 == 0
    blank = small(epochs=1).fit(x.assign(wind=x["wind"].where(~rows)), y.where(~rows))
    with pytest.warns(UserWarning, match="wind is -9999 in .* taken for missing"):
        with pytest.warns(UserWarning, match="the target is -999 in"):
            coded = small(epochs=1).fit(x.assign(wind=x["wind"].where(~rows, -9999.0)), y.where(~rows, -999.0))
    right = blank.predict(x.assign(wind=np.nan))
    with pytest.warns(UserWarning, match="wind is 9999 in"):  # in every row: only what was learned from tells
        np.testing.assert_array_equal(coded.predict(x.assign(wind=9999.0)), right)


def test_a_target_in_another_order_of_the_same_labels_is_warned_of(table):
    x, y = table.drop(columns="pm25"), table["pm25"]
    with pytest.warns(UserWarning, match="another order"):
        small(epochs=1).fit(x, y[::-1])


def test_a_station_whose_sign_is_lost_is_warned_of(table):
    first, other = table["station"] == table["station"][0], table[table["station"] == table["station"].iloc[-1]].iloc[0]
    moved = table.assign(lon=table["lon"].where(~first, -other["lon"]), lat=table["lat"].where(~first, other["lat"]))
    with pytest.warns(UserWarning, match="other sign of its longitude"):
        small(epochs=1).fit(moved.drop(columns="pm25"), moved["pm25"])


def test_a_dataset_without_roles_and_a_target_in_another_order_is_refused(cube):
    bare = xr.Dataset({name: cube[name].drop_attrs() for name in cube.data_vars}, cube.coords)
    with pytest.raises(CubeError, match="of other stations or days"):
        small(epochs=1).fit(bare.drop_vars("pm25"), bare["pm25"][::-1])


def test_places_are_stations_where_none_are_named(table):
    x = table.drop(columns=["pm25", "station"])
    assert np.isfinite(small(station=None, epochs=1).fit(x, table["pm25"]).predict(x)).all()


@pytest.mark.slow
def test_the_readmes_lines_run():
    """On the table that ships, under the names that the README asks for; one epoch, encoders that cost little."""
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (lines,) = [block for block in re.findall(r"```python\n(.*?)```", readme, re.S) if "PlaceRegressor" in block]
    assert lines.count("PlaceRegressor()") == 1 and lines.count('"geoclip"') == 1
    lines = lines.replace("PlaceRegressor()", "PlaceRegressor(epochs=1, window=3)").replace('"geoclip"', '"sincos"')
    names = {"site_id": "station", "date": "time", "longitude": "lon", "latitude": "lat"}
    own = example.example(40, 21).rename(columns=names).drop(columns="note")
    known = {"y": own.pop("pm25 [µg m-3]"), "X": own}
    exec(lines.replace("cross_val_score(search", "scores = cross_val_score(search"), known)
    assert known["scores"].shape == (2,) and np.isfinite(known["scores"]).all()


def test_examples_run():
    assert doctest.testmod(regressor).failed == 0
