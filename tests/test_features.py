"""A location encoder in scikit-learn's form: its own checks, pipelines, searches, files; and what it refuses."""

from __future__ import annotations

import doctest
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from conftest import toy_cube
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from placeprior import encoders
from placeprior.encoders import LocationFeatures, features
from placeprior.errors import ConfigError, CoordinateError, StoreError, UnknownName
from placeprior.files import tensors
from placeprior.space.validators import Checkerboard

PLACES = pd.DataFrame({"lon": [-105.0, -93.3, 2.35, 179.9], "lat": [39.7, 44.9, 48.86, -17.0]})
NOWHERE = "its rows are drawn around (100, 100), and a latitude of 100 degrees is refused"
#: The checks whose data cannot be coordinates, and why.
FAILS = {"check_fit_idempotent": NOWHERE, "check_fit_check_is_fitted": NOWHERE, "check_n_features_in": NOWHERE}


@parametrize_with_checks(
    [
        LocationFeatures("lonlat", columns=(0, 1)),
        LocationFeatures("sincos", columns=(1, 0)),
        LocationFeatures("random-vector", columns=(0, 1)),  # fitted to places
    ],
    expected_failed_checks=lambda estimator: FAILS,
    xfail_strict=True,
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_geoclip_passes_them_too():
    if not encoders.is_at_hand("geoclip"):
        pytest.skip("the weights of GeoCLIP are not at hand")
    from sklearn.utils.estimator_checks import check_estimator

    found = check_estimator(LocationFeatures(columns=(0, 1)), expected_failed_checks=FAILS, on_fail=None, on_skip=None)
    assert {each["check_name"] for each in found if each["status"] == "failed"} == set()
    assert sum(each["status"] == "passed" for each in found) > 30


@pytest.mark.parametrize("name", ["lonlat", "sincos", "xyz", "geoclip"])
def test_vectors_are_the_encoders_own_however_the_places_come(name):
    if not encoders.is_at_hand(name):
        pytest.skip(f"the weights of {name} are not at hand")
    own = encoders.embed(name, PLACES[["lon", "lat"]].to_numpy())
    turned = PLACES.rename(columns={"lon": "Longitude", "lat": "latitude"})[["latitude", "Longitude"]].assign(site="a")
    for given in (PLACES, PLACES.to_numpy(), PLACES.to_numpy().tolist(), turned):
        made = LocationFeatures(name).fit(given)
        assert np.array_equal(made.transform(given), own) and made.transform(given).dtype == np.float32
        assert made.get_feature_names_out().tolist() == [f"{name}_{number}" for number in range(own.shape[1])]
    wide = np.column_stack([np.ones(4), PLACES["lat"], PLACES["lon"]])
    assert np.array_equal(LocationFeatures(name, columns=(2, 1)).fit_transform(wide), own)


def test_pandas_comes_out_with_its_index():
    places = PLACES.set_axis(list("abcd"))
    made = LocationFeatures("sincos").set_output(transform="pandas").fit_transform(places)
    assert made.index.tolist() == list("abcd") and made.columns.tolist() == [f"sincos_{n}" for n in range(4)]


def test_xarray_comes_out_of_xarray():
    cube = toy_cube(9)
    made = LocationFeatures("sincos").fit(cube)
    found = made.transform(cube)
    assert isinstance(found, xr.DataArray) and found.dims == ("station", "feature")
    assert found["station"].equals(cube["station"]) and np.array_equal(found["lat"], cube["lat"])
    assert np.array_equal(found, encoders.embed("sincos", np.column_stack([cube["lon"], cube["lat"]])))


def test_in_a_column_transformer_and_a_search():
    table = toy_cube(40).mean("time").to_dataframe().reset_index()
    place = make_column_transformer(
        (LocationFeatures("lonlat"), ["lon", "lat"]), ("passthrough", ["wind"]), verbose_feature_names_out=False
    )
    search = GridSearchCV(
        make_pipeline(place, Ridge()),
        {"columntransformer__locationfeatures__encoder": ["lonlat", "sincos", "smooth-random"]},
        cv=Checkerboard(8),
        error_score="raise",
    )
    search.fit(table, table["pm25"])
    assert search.best_params_["columntransformer__locationfeatures__encoder"] in ("lonlat", "sincos")
    names = search.best_estimator_[0].get_feature_names_out()
    assert names[-1] == "wind" and len(names) in (3, 5)


def test_a_control_is_fitted_to_the_training_places_alone():
    shuffled = LocationFeatures("onehot").fit(PLACES[:3])
    found = shuffled.transform(PLACES)
    assert found.shape == (4, 3) and (found[:3].sum(1) == 1).all() and not found[3].any()
    seeds = [LocationFeatures("random-vector", random_state=seed).fit_transform(PLACES) for seed in (0, 0, 1)]
    assert np.array_equal(seeds[0], seeds[1]) and not np.allclose(seeds[0], seeds[2])


@pytest.mark.parametrize("name", ["sincos", "onehot", "smooth-random"])
def test_saved_and_loaded_without_pickle(name, tmp_path):
    made = LocationFeatures(name, columns=("lon", "lat"), random_state=3).fit(PLACES)
    made.save(tmp_path / "deep" / "place.safetensors")
    again = LocationFeatures.load(tmp_path / "deep" / "place.safetensors")
    assert again.get_params() == made.get_params()
    for other in (again, pickle.loads(pickle.dumps(made))):
        assert np.array_equal(other.transform(PLACES), made.transform(PLACES))
        assert other.get_feature_names_out().tolist() == made.get_feature_names_out().tolist()
    assert not hasattr(clone(made), "n_vector_")
    raw = bytearray((tmp_path / "deep" / "place.safetensors").read_bytes())
    (tmp_path / "cut").write_bytes(raw[:20])
    for bad in ("cut", "absent"):
        with pytest.raises(StoreError, match="no saved LocationFeatures"):
            LocationFeatures.load(tmp_path / bad)


def test_another_encoder_under_the_same_name_is_refused():
    made = LocationFeatures("sincos").fit(PLACES)
    made.fingerprint_ = "formula:another"
    with pytest.raises(ConfigError, match="not the one that this was fitted with"):
        made.transform(PLACES)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (PLACES.rename(columns={"lon": "lat", "lat": "lon"}), CoordinateError, "swapped"),
        ([[39.7, -86.2], [44.9, -93.3]], CoordinateError, "swapped"),
        ([[39.7, -86.2], [41.0, -80.0]], CoordinateError, "swapped"),
        ([[250.0, 40.0]], CoordinateError, "subtract 360"),
        (PLACES.assign(lon=[np.nan, 1, 2, 3]), CoordinateError, "row 0"),
        ([[np.nan, 40.0]], ValueError, "NaN"),
        (np.ma.masked_array([[5.0, 40.0]], mask=[[True, False]]), ValueError, "NaN"),
        (PLACES.rename(columns={"lon": "east"}), CoordinateError, "which is the longitude"),
        (np.ones((3, 5)), CoordinateError, r"expected \(n, 2\)"),
        (PLACES[:0], ValueError, "0 sample"),
    ],
)
def test_what_cannot_be_a_place_is_refused(given, error, words):
    with pytest.raises(error, match=words):
        LocationFeatures("sincos").fit(given)


def test_a_grid_is_no_list_of_places_and_a_lost_sign_is_warned_of():
    grid = xr.Dataset(coords={"lon": [1.0, 2.0, 3.0], "lat": [4.0, 5.0, 6.0]})
    with pytest.raises(CoordinateError, match="a grid and no list of places"):
        LocationFeatures("sincos").fit(grid)
    plain = xr.DataArray([[-100.0, 40.0], [-90.0, 35.0]], dims=("place", "axis"))
    made = LocationFeatures("sincos").fit_transform(plain)
    assert np.array_equal(made, LocationFeatures("sincos").fit_transform(plain.values))
    places = np.array([[-100.0 + at / 9, 40] for at in range(12)] + [[100.0, 40]])
    with pytest.warns(UserWarning, match="row 13 .* other sign of its longitude"):
        LocationFeatures("sincos").fit(places)
    with pytest.raises(ConfigError, match="random_state is None"):
        LocationFeatures("random-vector", random_state=None).fit(places[:3])


def test_unknown_encoders_and_foreign_places_are_refused():
    with pytest.raises(UnknownName, match="did you mean 'sincos'"):
        LocationFeatures("sincoss").fit(PLACES)
    with pytest.raises(CoordinateError):
        LocationFeatures("slepian").fit_transform(PLACES)  # knows the United States alone, and says so


def test_the_package_and_its_encoders_are_imported_without_what_they_do_not_need():
    code = "import sys, placeprior, placeprior.encoders as e; assert not {'sklearn', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="LocationFeature'"):
        encoders.LocationFeature  # noqa: B018


def test_examples_run():
    assert doctest.testmod(features).failed == 0


def test_a_file_keeps_what_it_says_and_nothing_else(tmp_path):
    path = tmp_path / "kept"
    with pytest.raises(StoreError, match="cannot write"):
        tensors.write(path, "Thing", {"a": np.arange(3)}, {"rate": {1, 2}})  # JSON knows no sets
    assert not list(tmp_path.iterdir())
    tensors.write(path, "Thing", {"a": np.arange(6).reshape(2, 3).T}, {"rate": 0.5})
    arrays, about = tensors.read(path, "Thing")
    assert np.array_equal(arrays["a"], np.arange(6).reshape(2, 3).T) and about == {"kind": "Thing", "rate": 0.5}
    with pytest.raises(StoreError, match="it keeps a Thing"):
        LocationFeatures.load(path)
