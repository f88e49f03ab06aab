"""Encoders trained beforehand: golden outputs, files that are refused, and what tells the arms of a pair apart."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from placeprior import encoders
from placeprior.encoders import basis, pretrained
from placeprior.encoders.torchspatial import PUBLISHED
from placeprior.errors import MissingWeights

GOLDEN = np.load(Path(__file__).parent / "golden" / "pretrained.npz")
PLACES = GOLDEN["lonlat"]


@pytest.fixture
def at_hand():
    """Ask for an encoder's published weights: the test is skipped where they are absent."""

    def ask(*names):
        for name in names:
            try:
                encoders.require(name)
            except MissingWeights as error:
                pytest.skip(str(error))

    return ask


@pytest.fixture
def nothing_at_hand(monkeypatch, tmp_path):
    monkeypatch.delenv("PLACEPRIOR_WEIGHTS", raising=False)
    monkeypatch.setenv("PLACEPRIOR_CACHE", str(tmp_path / "empty"))


def made(file, name="xyz-fmow", **changes):
    """A file in the layout of the published ones, with random weights; some tensors may be others."""
    generator = torch.Generator().manual_seed(0)
    drawn = {"position_encoder.dirvec": torch.ones(2, 64), "position_encoder.shift": torch.ones(64)}
    encoder, settings = PUBLISHED[name].encoder, PUBLISHED[name].settings
    state = pretrained._architecture(encoder, settings, drawn, generator)[1].state_dict()
    tensors = {
        f"{theirs}.{kind}": state[f"{own}.{kind}"]
        for own, theirs in pretrained.KEYS.items()
        for kind in ("weight", "bias")
    }
    save_file(tensors | (drawn if encoder == "rff" else {}) | changes, file, metadata={"name": name, **settings})
    return file


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_trained_encoders_give_the_golden_numbers(name, at_hand):
    at_hand(name)
    embedding, golden = encoders.load(name)(PLACES), GOLDEN[name]
    assert embedding.dtype == np.float32 and embedding.shape == golden.shape
    assert np.abs(embedding - golden).max() < 1e-4 * np.abs(golden).max()


def test_all_sixteen_are_registered_and_named():
    names = {name for corpora in pretrained.names().values() for name in corpora.values()}
    assert names == set(PUBLISHED) == set(GOLDEN.files) - {"lonlat"} and len(names) == 16
    assert names <= set(encoders.list_encoders())


def test_exact_pairs_differ_in_nothing_but_the_corpus():
    exact = {e for e, corpora in pretrained.names().items() if len(corpora) == 2 and not pretrained.unlike(e)}
    assert exact == {"xyz", "wrap-ffn", "nerf"}
    assert set(pretrained.unlike("sphere2vec-m")) == {"min_radius"}
    assert {"hidden_dim", "min_radius"} <= set(pretrained.unlike("space2vec-theory"))


def test_untrained_is_the_same_architecture_with_weights_of_the_seed():
    stations, trained = PLACES[:20], np.ones(20, bool)
    one, same, other = (encoders.fit("xyz-untrained", stations, trained, seed)(stations) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)
    assert one.shape == (20, encoders.load("xyz-yfcc").dim) and (one >= 0).all(), "the last activation stays"


@pytest.mark.parametrize("name", ["xyz-yfcc", "nerf-fmow"])
def test_a_tuned_encoder_starts_where_the_frozen_one_is(name, at_hand):
    at_hand(name)
    tuned = encoders.load(f"{name}-tuned")
    module = tuned.module(torch.Generator().manual_seed(0))
    with torch.inference_mode():
        vectors = module(torch.from_numpy(tuned(PLACES))).numpy()
    np.testing.assert_array_equal(vectors, encoders.load(name)(PLACES))
    assert all(p.requires_grad for p in module.parameters()) and module.rate == basis.RATE
    assert tuned.fingerprint != encoders.load(name).fingerprint


def test_untrained_tuned_draws_its_weights_from_the_generator():
    tuned = encoders.load("xyz-untrained-tuned")
    one, same, other = (tuned.module(torch.Generator().manual_seed(seed)).state_dict() for seed in (1, 1, 2))
    key = "network.first.weight"
    assert torch.equal(one[key], same[key]) and not torch.equal(one[key], other[key])


def test_many_units_are_dead_over_the_country(at_hand):
    at_hand("xyz-fmow", "xyz-yfcc")
    share = {n: (encoders.load(n)(PLACES[:50]).std(0) > 1e-6).mean() for n in ("xyz-fmow", "xyz-yfcc")}
    assert share["xyz-fmow"] < share["xyz-yfcc"] < 1


# --- without the weights


@pytest.mark.parametrize("name", ["xyz-fmow", "xyz-fmow-tuned", "rff-untrained"])
def test_without_its_weights_an_encoder_keeps_its_name_and_says_how_to_get_them(name, nothing_at_hand):
    encoder = encoders.load(name)
    assert encoder.fingerprint, "runs made elsewhere are still known by their ids"
    start = getattr(encoder, "origin", encoder).start
    for ask in (lambda: encoders.require(name), lambda: start(torch.Generator())):
        with pytest.raises(MissingWeights, match="not at hand.*placeprior weights (xyz-fmow|rff-yfcc)$"):
            ask()


def test_random_weights_need_no_file(nothing_at_hand):
    for name in encoders.list_encoders("*-untrained*"):
        if not name.startswith("rff"):
            encoders.require(name)
            assert len(encoders.load(name)(PLACES[:3])) == 3


# --- files that are refused


def test_a_file_of_ones_own_is_read(tmp_path, nothing_at_hand):
    encoder = encoders.load("xyz-fmow", weights=made(tmp_path / "own.safetensors"))
    assert encoder.fingerprint != encoders.load("xyz-fmow").fingerprint
    untrained = encoders.fit("xyz-untrained", PLACES, np.ones(len(PLACES), bool), 0)(PLACES)
    np.testing.assert_array_equal(encoder(PLACES), untrained)


def cut(tmp_path):
    file = made(tmp_path / "cut.safetensors")
    file.write_bytes(file.read_bytes()[:5000])
    return file


def foreign(tmp_path):
    file = tmp_path / "foreign.safetensors"
    save_file({"a": torch.zeros(3)}, file)
    return file


def misfit(tmp_path):
    return made(tmp_path / "misfit.safetensors", **{"ffn.layers.0.linear.weight": torch.zeros(512, 4)})


def hollow(tmp_path):
    return made(tmp_path / "hollow.safetensors", **{"ffn.layers.1.linear.bias": torch.full((256,), torch.nan)})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (cut, "cannot be read as safetensors"),
        (foreign, "its metadata has no 'name'"),
        (misfit, "does not fit"),
        (hollow, "not numbers"),
        (lambda folder: folder / "absent.safetensors", "No such file"),
        (lambda folder: made(folder / "nerf.safetensors", "nerf-fmow"), "holds 'nerf', not 'xyz'"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path, make, said):
    with pytest.raises(MissingWeights, match=said):
        encoders.load("xyz-fmow", weights=make(tmp_path))


def test_other_weights_under_a_published_name_are_noticed(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPRIOR_WEIGHTS", str(tmp_path))
    made(tmp_path / "xyz-fmow.safetensors")
    made(tmp_path / "rff-yfcc.safetensors", "rff-yfcc")
    trained = pretrained.Pretrained(PUBLISHED["xyz-fmow"])
    for encoder in (trained, pretrained.Tuned(trained), pretrained.Untrained(PUBLISHED["rff-yfcc"])):
        with pytest.raises(MissingWeights, match="does not hold the published (xyz-fmow|rff-yfcc): "):
            encoder(PLACES)


def test_weights_are_for_the_trained_alone(tmp_path):
    for name in ("xyz-untrained", "xyz-fmow-tuned"):
        with pytest.raises(MissingWeights, match="takes no weights"):
            encoders.load(name, weights=made(tmp_path / "own.safetensors"))


# --- side by side


@pytest.mark.skipif(importlib.util.find_spec("geoclip") is None, reason="geoclip is not installed")
def test_the_hybrid_gives_both_parts_an_equal_say():
    hybrid = encoders.load("geoclip-slepian")
    lon, lat = np.meshgrid(np.arange(-120, -76, 2.0), np.arange(31, 47, 2.0))
    land = np.column_stack([lon.ravel(), lat.ravel()])
    vectors = hybrid(land).astype(float)
    assert vectors.shape == (len(land), hybrid.dim)
    first = encoders.load("geoclip").dim
    own, basis_ = vectors[:, :first].var(0).sum(), vectors[:, first:].var(0).sum()
    assert 0.5 < own / basis_ < 2
    np.testing.assert_allclose(np.corrcoef(vectors[:, 3], encoders.embed("geoclip", land)[:, 3])[0, 1], 1, atol=1e-6)
