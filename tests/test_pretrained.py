"""Encoders trained beforehand: golden outputs, files that are refused, and what tells the arms of a pair apart."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from placeprior import encoders
from placeprior.encoders import basis, pretrained
from placeprior.errors import MissingWeights

GOLDEN = np.load(Path(__file__).parent / "golden" / "pretrained.npz")
FILES = {f"{encoder}-{corpus}": file for encoder, files in pretrained.names().items() for corpus, file in files.items()}
PLACES = GOLDEN["lonlat"]


@pytest.mark.parametrize("name", sorted(FILES))
def test_trained_encoders_give_the_golden_numbers(name):
    embedding, golden = encoders.load(name)(PLACES), GOLDEN[name]
    assert embedding.dtype == np.float32 and embedding.shape == golden.shape
    assert np.abs(embedding - golden).max() < 1e-4 * np.abs(golden).max()


def test_all_sixteen_are_there_with_their_notice():
    assert set(FILES) == set(GOLDEN.files) - {"lonlat"} and len(FILES) == 16
    notice = next(iter(FILES.values())).with_name("LICENSE.TorchSpatial").read_text(encoding="utf-8")
    assert "MIT License" in notice and "Copyright" in notice


def test_exact_pairs_differ_in_nothing_but_the_corpus():
    exact = {e for e, files in pretrained.names().items() if len(files) == 2 and not pretrained.unlike(e)}
    assert exact == {"xyz", "wrap-ffn", "nerf"}
    assert set(pretrained.unlike("sphere2vec-m")) == {"min_radius"}
    assert {"hidden_dim", "min_radius"} <= set(pretrained.unlike("space2vec-theory"))


def test_untrained_is_the_same_architecture_with_weights_of_the_seed():
    stations, trained = PLACES[:20], np.ones(20, bool)
    one, same, other = (encoders.fit("xyz-untrained", stations, trained, seed)(stations) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)
    assert one.shape == encoders.load("xyz-yfcc")(stations).shape and (one >= 0).all(), "the last activation stays"


@pytest.mark.parametrize("name", ["xyz-yfcc", "nerf-fmow"])
def test_a_tuned_encoder_starts_where_the_frozen_one_is(name):
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


def test_many_units_are_dead_over_the_country():
    share = {n: (encoders.load(n)(PLACES[:50]).std(0) > 1e-6).mean() for n in ("xyz-fmow", "xyz-yfcc")}
    assert share["xyz-fmow"] < share["xyz-yfcc"] < 1


# --- files that are refused


def test_a_file_of_ones_own_is_read(tmp_path):
    tensors = load_file(FILES["xyz-fmow"])
    tensors["ffn.layers.1.linear.bias"] += 1
    own = tmp_path / "own.safetensors"
    save_file(tensors, own, metadata=pretrained._metadata(FILES["xyz-fmow"]))
    encoder = encoders.load("xyz-fmow", weights=own)
    assert encoder.fingerprint != encoders.load("xyz-fmow").fingerprint
    assert not np.allclose(encoder(PLACES), encoders.load("xyz-fmow")(PLACES))


def cut(tmp_path):
    file = tmp_path / "cut.safetensors"
    file.write_bytes(FILES["xyz-fmow"].read_bytes()[:5000])
    return file


def foreign(tmp_path):
    file = tmp_path / "foreign.safetensors"
    save_file({"a": torch.zeros(3)}, file)
    return file


def misfit(tmp_path):
    tensors = load_file(FILES["xyz-fmow"])
    tensors["ffn.layers.0.linear.weight"] = torch.zeros(512, 4)
    file = tmp_path / "misfit.safetensors"
    save_file(tensors, file, metadata=pretrained._metadata(FILES["xyz-fmow"]))
    return file


def hollow(tmp_path):
    tensors = load_file(FILES["xyz-fmow"])
    tensors["ffn.layers.0.linear.weight"][0, 0] = float("nan")
    file = tmp_path / "hollow.safetensors"
    save_file(tensors, file, metadata=pretrained._metadata(FILES["xyz-fmow"]))
    return file


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (cut, "cannot be read as safetensors"),
        (foreign, "its metadata has no 'name'"),
        (misfit, "does not fit"),
        (hollow, "not numbers"),
        (lambda folder: folder / "absent.safetensors", "No such file"),
        (lambda folder: FILES["nerf-fmow"], "holds 'nerf', not 'xyz'"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path, make, said):
    with pytest.raises(MissingWeights, match=said):
        encoders.load("xyz-fmow", weights=make(tmp_path))


def test_a_changed_file_of_the_package_is_noticed(tmp_path):
    file = tmp_path / "xyz-fmow.safetensors"
    file.write_bytes(FILES["xyz-yfcc"].read_bytes())
    changed = pretrained.Pretrained("xyz-fmow", file, pretrained.SHA256["xyz-fmow"])
    with pytest.raises(MissingWeights, match="is not the published xyz-fmow"):
        changed(PLACES)


def test_weights_are_for_the_trained_alone():
    for name in ("xyz-untrained", "xyz-fmow-tuned"):
        with pytest.raises(MissingWeights, match="takes no weights"):
            encoders.load(name, weights=FILES["xyz-fmow"])


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
