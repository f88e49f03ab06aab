"""Controls: what each keeps of a place and what it takes away."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior import encoders
from placeprior.encoders import controls
from placeprior.errors import ConfigError, MissingWeights

RNG = np.random.default_rng(0)
PLACES = np.column_stack([RNG.uniform(-120, -75, 30), RNG.uniform(30, 48, 30)])
TRAINED = np.arange(30) < 20
ELSEWHERE = np.array([[-100.5, 41.25], [-80.125, 33.5]])

needs_geoclip = pytest.mark.skipif(importlib.util.find_spec("geoclip") is None, reason="geoclip is not installed")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPRIOR_CACHE", str(tmp_path))


def fit(name, seed=0, places=PLACES, trained=TRAINED):
    return encoders.fit(name, places, trained, seed)


@settings(deadline=None, max_examples=20)
@given(st.floats(-180, 180), st.floats(-90, 90), st.integers(0, 99))
def test_a_random_vector_is_the_places_own_for_a_seed(lon, lat, seed):
    first, again = (fit("random-vector", seed)([(lon, lat)]) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(fit("random-vector", seed + 1)([(lon, lat)]) - first).max() > 0.1
    assert np.isfinite(first).all()


def test_random_vectors_know_no_geography():
    near = PLACES + 0.01
    mine, theirs = fit("random-vector")(PLACES), fit("random-vector")(near)
    assert mine.shape == (30, controls.LIKE_GEOCLIP) and mine.dtype == np.float32
    assert abs(mine.mean()) < 0.05 and abs(mine.std() - 1) < 0.05
    likeness = [np.corrcoef(a, b)[0, 1] for a, b in zip(mine, theirs, strict=True)]
    assert np.max(np.abs(likeness)) < 0.25


@needs_geoclip
def test_shuffled_permutes_geoclip_over_the_stations():
    own, shuffled = encoders.embed("geoclip", PLACES), fit("shuffled", 3)(PLACES)
    moved = (np.abs(own - shuffled).max(1) > 1e-6).sum()
    assert moved > 20
    np.testing.assert_array_equal(np.sort(own[:, 0]), np.sort(shuffled[:, 0]))
    np.testing.assert_array_equal(fit("shuffled", 3)(PLACES[::-1]), shuffled[::-1])
    away = fit("shuffled", 3)(ELSEWHERE)
    assert all((np.abs(own - row).max(1) < 1e-6).any() for row in away), "elsewhere has some station's vector"


def test_onehot_names_training_stations_and_nobody_else():
    vectors = fit("onehot")(PLACES)
    np.testing.assert_array_equal(vectors[TRAINED], np.eye(20))
    assert not vectors[~TRAINED].any() and not fit("onehot")(ELSEWHERE).any()


@needs_geoclip
def test_components_are_found_on_training_places_alone():
    other = PLACES.copy()
    other[~TRAINED] += 0.5
    np.testing.assert_array_equal(fit("geoclip-pca8")(PLACES[:3]), fit("geoclip-pca8", places=other)(PLACES[:3]))
    vectors = fit("geoclip-pca8")(PLACES[TRAINED])
    assert vectors.shape == (20, 8)
    np.testing.assert_allclose(vectors.mean(0), 0, atol=1e-4)
    covariance = np.cov(vectors.T)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-3)
    assert (np.diff(np.diag(covariance)) <= 1e-6).all()


@needs_geoclip
def test_as_many_components_as_places_keep_all_distances():
    own = encoders.embed("geoclip", PLACES[TRAINED]).astype(float)
    kept = fit("geoclip-pca16")(PLACES[TRAINED]).astype(float)
    whole = np.linalg.norm(own[:, None] - own[None], axis=-1)
    assert (np.linalg.norm(kept[:, None] - kept[None], axis=-1) <= whole + 1e-3).all()
    with pytest.raises(ConfigError, match="'geoclip-pca32' needs more than 32 training stations; there are 20"):
        fit("geoclip-pca32")


def test_urban_is_dense_in_a_city_and_empty_in_the_desert():
    new_york, nevada = encoders.embed("urban", [(-73.95, 40.7), (-116.0, 39.0)])
    assert (new_york > 3).all() and (nevada < 1.5).all()


@pytest.mark.parametrize("name", ["random-vector", "onehot"])
def test_an_unfitted_control_says_what_it_is(name):
    with pytest.raises(ConfigError, match=f"'{name}' is a control that is fitted to the stations of a run"):
        encoders.embed(name, ELSEWHERE)
    with pytest.raises(MissingWeights, match="has no weights of its own"):
        encoders.load(name, weights="some.pth")


@needs_geoclip
def test_a_tuned_encoder_starts_as_geoclip():
    torch = pytest.importorskip("torch")
    drawn = torch.Generator()
    tuned, slow = encoders.load("geoclip-tuned"), encoders.load("geoclip-tuned-slowly")
    assert tuned.fingerprint != slow.fingerprint and slow.module(drawn).rate < tuned.module(drawn).rate == 1
    module = tuned.module(drawn)
    with torch.inference_mode():
        vectors = module(torch.from_numpy(tuned(np.concatenate([PLACES, PLACES[:2]])))).numpy()
    np.testing.assert_allclose(vectors[:30], encoders.embed("geoclip", PLACES), atol=1e-5)
    np.testing.assert_array_equal(vectors[30:], vectors[:2])
    assert sum(p.requires_grad for p in module.parameters()) == 24, "three networks of four layers, all trainable"
