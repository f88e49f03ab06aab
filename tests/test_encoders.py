"""Encoders: the registry, the cache, the formulas, and GeoCLIP against its own package's numbers."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior import encoders
from placeprior.encoders import geoclip
from placeprior.errors import CoordinateError, MissingWeights, UnknownName
from placeprior.files.folders import cache_dir

GOLDEN = np.load(Path(__file__).parent / "golden" / "geoclip.npz")
BOULDER, NEW_YORK = (-105.2705, 40.0150), (-74.0060, 40.7128)

needs_geoclip = pytest.mark.skipif(
    importlib.util.find_spec("geoclip") is None, reason="the geoclip package, which holds the weights, is absent"
)


class Counting:
    """An encoder that counts the places it is asked for."""

    dim, costly = 3, True

    def __init__(self, name="counting", fingerprint="one"):
        self.name, self.fingerprint, self.asked = name, fingerprint, []

    def __call__(self, lonlat):
        self.asked.append(len(lonlat))
        lon, lat = np.asarray(lonlat).T
        return np.column_stack([lon, lat, lon * lat]).astype(np.float32)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache of one's own."""
    monkeypatch.setenv("PLACEPRIOR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def counting(folder, monkeypatch):
    """A registered encoder that counts, in an empty cache, gone after the test."""
    encoders.list_encoders()
    monkeypatch.setattr(encoders.registry, "_FACTORIES", dict(encoders.registry._FACTORIES))
    encoder = Counting()
    encoders.register("counting", lambda weights: encoder)
    return encoder


def cached_files(folder):
    """What lies in the cache."""
    return sorted(file for file in folder.rglob("*") if file.is_file())


# --- the registry


def test_the_own_encoders_are_listed():
    assert {"geoclip", "lonlat", "sincos"} <= set(encoders.list_encoders())
    assert encoders.list_encoders("geoc*p") == ["geoclip"]
    assert encoders.list_encoders("no-such-*") == []


def test_an_encoder_joins_by_one_call(counting):
    encoders.register("ownclip-l40", lambda weights: Counting("ownclip-l40"))
    encoders.register("ownclip-l10", lambda weights: Counting("ownclip-l10"))
    assert encoders.list_encoders("own*") == ["ownclip-l10", "ownclip-l40"]
    assert encoders.load("ownclip-l40").name == "ownclip-l40"


def test_a_name_is_registered_once(counting):
    with pytest.raises(ValueError, match="'counting' is registered already"):
        encoders.register("counting", lambda weights: None)


def test_an_unknown_encoder_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownName, match="unknown encoder 'geoclop'; did you mean 'geoclip'.*lonlat, .*sincos"):
        encoders.load("geoclop")
    with pytest.raises(UnknownName, match="unknown encoder"):
        encoders.embed("geoclop", [BOULDER])


def test_looking_at_the_registry_is_cheap():
    code = (
        "import sys; from placeprior import encoders; encoders.embed('sincos', [(1, 2)]);"
        "heavy = {'torch', 'geoclip', 'transformers', 'pandas'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- formulas


@settings(deadline=None)
@given(st.floats(-180, 180), st.floats(-90, 90))
def test_formulas_keep_longitude_and_latitude_in_their_order(lon, lat):
    raw = encoders.load("lonlat")([(lon, lat)])
    wrapped = encoders.load("sincos")([(lon, lat)])
    assert raw.dtype == wrapped.dtype == np.float32
    np.testing.assert_array_equal(raw, np.float32([(lon, lat)]))
    phi, lam = np.radians(lat), np.radians(lon)
    np.testing.assert_allclose(wrapped, [[np.sin(phi), np.cos(phi), np.sin(lam), np.cos(lam)]], atol=1e-7)


def test_a_formula_takes_no_weights():
    with pytest.raises(MissingWeights, match="'sincos' is a formula"):
        encoders.load("sincos", weights="some.pth")


@pytest.mark.parametrize("name", ["lonlat", "sincos"])
def test_formulas_are_not_cached(folder, name):
    embedding = encoders.embed(name, [BOULDER, NEW_YORK, BOULDER])
    assert embedding.shape == (3, encoders.load(name).dim)
    np.testing.assert_array_equal(embedding[0], embedding[2])
    assert not folder.exists()


@pytest.mark.parametrize("name", ["lonlat", "sincos"])
def test_swapped_places_are_refused_by_row(name):
    with pytest.raises(CoordinateError, match=r"row 1: .*swapped\?"):
        encoders.embed(name, [BOULDER, BOULDER[::-1]])


# --- the cache


def test_distinct_places_are_encoded_once_and_remembered(counting, folder):
    rows = [NEW_YORK, BOULDER, NEW_YORK, BOULDER, BOULDER]
    first = encoders.embed("counting", rows)
    assert counting.asked == [2] and first.dtype == np.float32
    np.testing.assert_allclose(first[:, :2], rows, rtol=1e-6)
    # Another order and other repetitions of the same places are the same question.
    again = encoders.embed("counting", [BOULDER, NEW_YORK])
    assert counting.asked == [2] and len(cached_files(folder)) == 1
    np.testing.assert_array_equal(again, first[[1, 0]])


def test_other_places_and_other_weights_are_other_entries(counting, folder):
    encoders.embed("counting", [BOULDER])
    encoders.embed("counting", [NEW_YORK])
    counting.fingerprint = "two"
    encoders.embed("counting", [BOULDER])
    assert counting.asked == [1, 1, 1] and len(cached_files(folder)) == 3


def flip(content):
    """One bit changed in the numbers themselves."""
    middle = content.rindex(b"\n") + 3
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [lambda c: b"", lambda c: c[: len(c) // 2], lambda c: b"not a zip file at all", flip, lambda c: c[::-1]],
    ids=["emptied", "cut", "overwritten", "one bit", "reversed"],
)
def test_a_damaged_entry_is_encoded_again_and_mended(counting, folder, damage):
    first = encoders.embed("counting", [BOULDER, NEW_YORK])
    (file,) = cached_files(folder)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert file.read_bytes() != whole
    np.testing.assert_array_equal(encoders.embed("counting", [BOULDER, NEW_YORK]), first)
    np.testing.assert_array_equal(encoders.embed("counting", [BOULDER, NEW_YORK]), first)
    assert counting.asked == [2, 2] and cached_files(folder) == [file]


def test_an_entry_of_another_shape_is_encoded_again(counting, folder):
    encoders.embed("counting", [BOULDER])
    (file,) = cached_files(folder)
    np.savez(file, embedding=np.zeros((1, 7), np.float32))
    assert encoders.embed("counting", [BOULDER]).shape == (1, 3)
    assert counting.asked == [1, 1]


def test_a_cache_that_cannot_be_written_costs_only_time(counting, tmp_path, monkeypatch, caplog):
    blocked = tmp_path / "a-file-where-a-folder-should-be"
    blocked.write_text("")
    monkeypatch.setenv("PLACEPRIOR_CACHE", str(blocked))
    for _ in range(2):
        assert encoders.embed("counting", [BOULDER]).shape == (1, 3)
    assert counting.asked == [1, 1] and "set PLACEPRIOR_CACHE to a writable folder" in caplog.text


def test_a_failed_write_leaves_nothing_behind(counting, folder, monkeypatch):
    def no_space(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", no_space)
    assert encoders.embed("counting", [BOULDER]).shape == (1, 3)
    assert cached_files(folder) == []


def test_where_the_cache_lies(monkeypatch, tmp_path):
    monkeypatch.delenv("PLACEPRIOR_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "placeprior"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir() == Path.home() / ".cache" / "placeprior"
    monkeypatch.setenv("PLACEPRIOR_CACHE", str(tmp_path / "own"))
    assert cache_dir() == tmp_path / "own"


def test_no_places_give_no_rows(counting):
    assert encoders.embed("counting", np.empty((0, 2))).shape == (0, 3)


# --- GeoCLIP


@pytest.fixture(scope="module")
def encoder():
    """GeoCLIP with its published weights."""
    return encoders.load("geoclip")


@needs_geoclip
def test_geoclip_equals_its_own_package(encoder):
    embedding = encoder(GOLDEN["lonlat"])
    assert embedding.shape == (len(GOLDEN["lonlat"]), encoder.dim) and embedding.dtype == np.float32
    assert np.abs(embedding - GOLDEN["embedding"]).max() <= 1e-5


@needs_geoclip
def test_geoclip_takes_longitude_first(encoder):
    # Published for (lat, lon) = (40.0150, -105.2705); as (lon, lat) it is this row, and its swap is no place.
    values = encoder([BOULDER])[0, :4]
    np.testing.assert_allclose(values, [0.0121887, -0.0004518, 0.0050667, 0.0053721], atol=1e-5)
    with pytest.raises(CoordinateError, match=r"row 0: .*swapped\?"):
        encoder([BOULDER[::-1]])
    # An asymmetric pair valid either way round must differ from its swap.
    one, other = encoder([(20.0, 50.0), (50.0, 20.0)])
    assert np.abs(one - other).max() > 0.01


@needs_geoclip
def test_many_places_have_the_vectors_that_few_have(encoder, monkeypatch):
    near = np.random.default_rng(0).uniform((-100, 38), (-97, 41), (100, 2))  # where many units are silent
    places = np.concatenate([GOLDEN["lonlat"], near])
    few = encoder(places)
    monkeypatch.setattr(geoclip, "CHUNK", 10)
    monkeypatch.setattr(geoclip, "TILE", 20)
    np.testing.assert_allclose(encoder(places), few, atol=1e-6)
    assert np.abs(encoder(GOLDEN["lonlat"]) - GOLDEN["embedding"]).max() <= 1e-5


@needs_geoclip
def test_no_place_and_one_place_are_encoded(encoder):
    assert encoder(np.empty((0, 2))).shape == (0, encoder.dim)
    assert encoder([BOULDER]).shape == (1, encoder.dim)


@needs_geoclip
def test_geoclip_is_remembered_and_takes_weights_by_path(folder):
    weights = geoclip.find_weights()
    first = encoders.embed("geoclip", [BOULDER, NEW_YORK, BOULDER], weights=weights)
    assert first.shape == (3, 512) and len(cached_files(folder)) == 1
    np.testing.assert_array_equal(encoders.embed("geoclip", [BOULDER, NEW_YORK, BOULDER]), first)
    assert len(cached_files(folder)) == 1


@needs_geoclip
def test_geoclip_is_read_without_importing_its_package(encoder):
    encoder([BOULDER])
    assert not {"geoclip", "transformers"} & set(sys.modules)


def test_missing_geoclip_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingWeights, match="not installed; install .*pip install --no-deps geoclip==1.3.0"):
        encoders.load("geoclip")


def test_absent_and_wrong_weights_are_refused_by_path(tmp_path):
    with pytest.raises(MissingWeights, match="cannot read GeoCLIP's weights .*nowhere.pth"):
        encoders.load("geoclip", weights=tmp_path / "nowhere.pth")
    wrong = tmp_path / "wrong.pth"
    wrong.write_bytes(b"cut short")
    with pytest.raises(MissingWeights, match="wrong.pth is not GeoCLIP's location encoder: its SHA-256"):
        encoders.load("geoclip", weights=str(wrong))


def test_equal_earth_has_its_published_shape():
    torch = pytest.importorskip("torch")
    xy = geoclip.equal_earth(torch.tensor([[180.0, 0.0], [0.0, 90.0], [0.0, 0.0], [-180.0, 0.0]])).numpy()
    np.testing.assert_allclose(xy, [[1, 0], [0, 0.4867], [0, 0], [-1, 0]], atol=1e-4)
