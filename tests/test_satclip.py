"""SatCLIP: golden numbers with random weights, where weights are looked for, and files that are refused."""

import copy
import hashlib
import importlib.util
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from placeprior import encoders
from placeprior.encoders import geoclip, satclip
from placeprior.encoders.harmonics import satclip_harmonics
from placeprior.errors import CoordinateError, MissingWeights

FILES = {degrees: Path(__file__).parent / "golden" / f"satclip_L{degrees}.ckpt" for degrees in satclip.DEGREES}
GOLDEN = {degrees: np.load(file.with_suffix(".npz")) for degrees, file in FILES.items()}
PLACES = GOLDEN[10]["lonlat"]
BOULDER = (-105.2705, 40.0150)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of one's own, and no folder of weights."""
    monkeypatch.setenv("PLACEPRIOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PLACEPRIOR_WEIGHTS", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def encoder():
    return encoders.load("satclip-l10", weights=FILES[10])


def digest(file):
    return f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"


# --- the numbers


@pytest.mark.parametrize("degrees", satclip.DEGREES)
def test_satclip_gives_the_golden_numbers(degrees):
    encoder, golden = encoders.load(f"satclip-l{degrees}", weights=FILES[degrees]), GOLDEN[degrees]
    embedding = encoder(golden["lonlat"])
    assert embedding.dtype == np.float32 and embedding.shape == (len(golden["lonlat"]), encoder.dim)
    assert np.abs(embedding - golden["embedding"]).max() < 1e-6
    exact = satclip.siren(satclip_harmonics(torch.from_numpy(golden["lonlat"]), degrees), encoder.layers).numpy()
    assert np.abs(exact - golden["embedding"]).max() < 1e-12


def test_longitude_comes_first(encoder):
    one, other = encoder([(20.0, 50.0), (50.0, 20.0)])
    assert np.abs(one - other).max() > 0.1
    with pytest.raises(CoordinateError, match=r"row 0: .*swapped\?"):
        encoder([BOULDER[::-1]])


def test_the_chunk_does_not_matter(encoder, monkeypatch):
    whole = encoder(PLACES)
    monkeypatch.setattr(satclip, "CHUNK", 7)
    np.testing.assert_allclose(encoder(PLACES), whole, atol=1e-6)
    assert encoder(PLACES[:0]).shape == (0, 256)


def test_the_date_line_and_the_poles_are_no_edges(encoder):
    edge = encoder([(180, 10), (-180, 10), (0, 90), (77, 90)])
    np.testing.assert_allclose(edge[0], edge[1], atol=1e-6)
    np.testing.assert_allclose(edge[2], edge[3], atol=1e-6)


# --- files of other layouts


def checkpoint(degrees=10):
    return torch.load(FILES[degrees], weights_only=True)


def changed(**settings):
    content = checkpoint()
    content["hyper_parameters"] |= settings
    return content


def put(content, folder, name="some.ckpt"):
    torch.save(content, folder / name)
    return folder / name


def alone(tensors, folder, name="model.safetensors"):
    """The location encoder without anything else, in single precision."""
    own = {key: tensor.float().contiguous() for key, tensor in tensors.items() if key.startswith("model.location.")}
    save_file({key.removeprefix("model."): tensor.clone() for key, tensor in own.items()}, folder / name)
    return folder / name


@pytest.mark.parametrize("prefix", ["model.nnet.", "model.location.nnet."])
def test_either_prefix_alone_will_do(tmp_path, encoder, prefix):
    content = checkpoint()
    content["state_dict"] = {key: tensor for key, tensor in content["state_dict"].items() if key.startswith(prefix)}
    content["state_dict"]["model.visual.conv1.weight"] = torch.full((2, 2), float("nan"))  # no business of ours
    own = encoders.load("satclip-l10", weights=put(content, tmp_path))
    np.testing.assert_array_equal(own(PLACES), encoder(PLACES))


def test_the_location_encoder_alone_is_read_from_safetensors(tmp_path):
    file = alone(checkpoint(40)["state_dict"], tmp_path)
    encoder = encoders.load("satclip-vit16-l40", weights=file)
    whole = encoders.load("satclip-resnet18-l40", weights=FILES[40])
    for (weight, bias), (weight64, bias64) in zip(encoder.layers, whole.layers, strict=True):
        assert weight.dtype == bias.dtype == torch.float64
        assert weight.equal(weight64.float().double()) and bias.equal(bias64.float().double())
    assert np.abs(encoder(PLACES) - whole(PLACES)).max() < 0.01
    with pytest.raises(MissingWeights, match="reads 1600 harmonics, not the 100 of L = 10"):
        encoders.load("satclip-l10", weights=file)


def test_widths_and_depth_come_from_the_file(tmp_path):
    content, generator = changed(capacity=512), torch.Generator().manual_seed(0)
    sizes = {"layers.0": (512, 100), "layers.1": (512, 512), "layers.2": (16, 512), "last_layer": (256, 16)}
    content["state_dict"] = {}
    for name, size in sizes.items():
        content["state_dict"][f"model.nnet.{name}.weight"] = torch.randn(size, generator=generator) / 30
        content["state_dict"][f"model.nnet.{name}.bias"] = torch.randn(size[0], generator=generator)
    encoder = encoders.load(
        "satclip-vit16-l10",
        weights=put(content | {"hyper_parameters": changed(vision_layers="moco_vit16")["hyper_parameters"]}, tmp_path),
    )
    assert [tuple(weight.shape) for weight, _ in encoder.layers] == list(sizes.values())
    assert encoder([BOULDER]).shape == (1, 256)


# --- where the weights are looked for


def test_every_image_encoder_and_degree_has_a_name():
    assert encoders.list_encoders("satclip-*") == sorted(
        [f"satclip-{image}l{degrees}" for image in ("", "resnet18-", "resnet50-", "vit16-") for degrees in (10, 40)]
    )
    assert encoders.load("satclip-vit16-l40").repo == "microsoft/SatCLIP-ViT16-L40"
    assert encoders.load("satclip-l10").repo == "microsoft/SatCLIP-ResNet18-L10"


def test_without_weights_one_is_told_the_ways_out(cache, monkeypatch, tmp_path):
    encoder = encoders.load("satclip-l10")
    assert encoder.dim == 256 and encoder.costly
    asked = [lambda: encoder.fingerprint, lambda: encoder([BOULDER]), lambda: encoders.embed("satclip-l10", [BOULDER])]
    for ask in asked:
        with pytest.raises(MissingWeights, match="^the weights of satclip-l10 are not at hand") as caught:
            ask()
        assert str(caught.value).partition(" in ")[2] == (
            f"{cache}/weights; put it there from https://huggingface.co/microsoft/SatCLIP-ResNet18-L10, or name its "
            "folder in PLACEPRIOR_WEIGHTS, or fetch it once over the network: placeprior weights satclip-l10"
        )
    monkeypatch.setenv("PLACEPRIOR_WEIGHTS", str(tmp_path / "mine"))
    with pytest.raises(MissingWeights, match=f"in {tmp_path}/mine or {cache}/weights;"):
        _ = encoder.fingerprint
    assert not cache.exists()


def test_weights_are_found_in_ones_own_folder_then_in_the_cache(cache, monkeypatch, tmp_path):
    encoder = encoders.load("satclip-l10")
    (cache / "weights").mkdir(parents=True)
    shutil.copy(FILES[10], cache / "weights" / "satclip-resnet18-l10.ckpt")
    assert encoder.fingerprint == encoders.load("satclip-resnet18-l10").fingerprint == digest(FILES[10])
    with pytest.raises(MissingWeights, match="no satclip-resnet50-l10.ckpt in"):
        _ = encoders.load("satclip-resnet50-l10").fingerprint
    mine = tmp_path / "mine"
    mine.mkdir()
    monkeypatch.setenv("PLACEPRIOR_WEIGHTS", str(mine))
    other = alone(checkpoint()["state_dict"], mine, "satclip-resnet18-l10.safetensors")
    assert encoder.fingerprint == digest(other)
    embedding = encoders.embed("satclip-l10", [BOULDER, BOULDER])
    np.testing.assert_array_equal(embedding[0], embedding[1])
    assert len(list((cache / "embeddings").iterdir())) == 1


def test_other_weights_are_another_fingerprint_and_other_vectors(cache):
    (cache / "weights").mkdir(parents=True)
    file, content = cache / "weights" / "satclip-resnet18-l10.ckpt", checkpoint()
    shutil.copy(FILES[10], file)
    encoder = encoders.load("satclip-l10")
    first, before = encoder([BOULDER]), encoder.fingerprint
    for key in ("model.nnet.last_layer.bias", "model.location.nnet.last_layer.bias"):
        content["state_dict"][key] = content["state_dict"][key] + 1
    torch.save(content, file)
    assert encoder.fingerprint == digest(file) != before
    np.testing.assert_allclose(encoder([BOULDER]), first + 1, atol=1e-6)


def test_looking_at_the_names_and_the_fingerprint_is_cheap(cache):
    (cache / "weights").mkdir(parents=True)
    shutil.copy(FILES[40], cache / "weights" / "satclip-resnet18-l40.ckpt")
    code = (
        "import sys; from placeprior import encoders as all; all.list_encoders(); all.load('satclip-l40').fingerprint;"
        "heavy = {'torch', 'huggingface_hub', 'safetensors', 'filelock'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- files that are refused


class Malice:
    """Unpickled, it makes a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def malicious(folder):
    return put(checkpoint() | {"state_dict": Malice(folder / "harm")}, folder)


def plainly_malicious(folder):
    (folder / "some.ckpt").write_bytes(pickle.dumps(Malice(folder / "harm"), protocol=2))
    return folder / "some.ckpt"


def cut(folder):
    (folder / "some.ckpt").write_bytes(FILES[10].read_bytes()[:100_000])
    return folder / "some.ckpt"


def cut_alone(folder):
    file = alone(checkpoint()["state_dict"], folder)
    file.write_bytes(file.read_bytes()[:-1000])
    return file


def empty(folder):
    (folder / "some.ckpt").write_bytes(b"")
    return folder / "some.ckpt"


def pointer(folder):
    (folder / "some.ckpt").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    return folder / "some.ckpt"


def edited(key, edit):
    """A checkpoint in which one tensor, under both of its names, is another."""

    def make(folder):
        content = copy.deepcopy(checkpoint())
        for prefix in ("model.nnet.", "model.location.nnet."):
            content["state_dict"][prefix + key] = edit(content["state_dict"][prefix + key])
        return put(content, folder)

    return make


def hollow(tensor):
    tensor = tensor.clone()
    tensor.view(-1)[3] = float("nan")
    return tensor


def two(folder):
    content = checkpoint()
    content["state_dict"]["model.nnet.layers.1.bias"] = content["state_dict"]["model.nnet.layers.1.bias"] + 1
    return put(content, folder)


def without(part):
    def make(folder):
        content = checkpoint()
        content["state_dict"] = {key: t for key, t in content["state_dict"].items() if part not in key}
        return put(content, folder)

    return make


def shifted(folder):
    content = checkpoint()
    content["state_dict"] = {key.replace("layers.1", "layers.2"): t for key, t in content["state_dict"].items()}
    return put(content, folder)


REFUSED = {
    "absent": (lambda folder: folder / "nowhere.ckpt", "cannot read .*nowhere.ckpt .No such file"),
    "a folder": (lambda folder: folder, "cannot read"),
    "malicious": (malicious, "it asks to run code .posix.mkdir., so it was not opened"),
    "malicious, bare": (plainly_malicious, "it asks to run code .posix.mkdir., so it was not opened"),
    "cut": (cut, "cut short"),
    "cut, alone": (cut_alone, "cut short"),
    "empty": (empty, "cut short"),
    "a pointer": (pointer, "cut short, or is no PyTorch checkpoint"),
    "state alone": (lambda folder: put(checkpoint()["state_dict"], folder), "another model's"),
    "a list": (lambda folder: put([1, 2], folder), "another model's"),
    "a number": (lambda folder: put({"state_dict": 1, "hyper_parameters": {}}, folder), "another model's"),
    "another L": (lambda folder: FILES[40], r"L = 40 .legendre_polys., not 10"),
    "closed form": (lambda folder: put(changed(harmonics_calculation="closed-form"), folder), "odd order.* other sign"),
    "another form": (lambda folder: put(changed(harmonics_calculation="x"), folder), "is 'x', not 'analytic'"),
    "another encoding": (lambda folder: put(changed(le_type="grid"), folder), "le_type is 'grid', not 'sphericalhar"),
    "another network": (lambda folder: put(changed(pe_type="fcnet"), folder), "pe_type is 'fcnet', not 'siren'"),
    "another image": (lambda folder: put(changed(vision_layers="moco_vit16"), folder), "'moco_vit16', not 'resnet18'"),
    "no settings": (lambda folder: put(checkpoint() | {"hyper_parameters": {}}, folder), "le_type is None"),
    "first too wide": (edited("layers.0.weight", lambda t: t.repeat(1, 2)), "reads 200 harmonics, not the 100"),
    "too long": (edited("last_layer.weight", lambda t: t[:255]), "do not follow each other"),
    "too narrow": (edited("layers.1.weight", lambda t: t[:, :50]), "do not follow each other"),
    "flat": (edited("layers.1.weight", lambda t: t.flatten()), "do not follow each other"),
    "a scalar": (edited("layers.0.weight", lambda t: t.sum()), "do not follow each other"),
    "not numbers": (edited("layers.0.weight", hollow), "weights that are not numbers"),
    "infinite": (edited("last_layer.bias", lambda t: t / 0), "weights that are not numbers"),
    "no tensor": (edited("last_layer.bias", lambda t: "zero"), "no location encoder"),
    "two": (two, "two location encoders, which differ in 'layers.1.bias'"),
    "no network": (without("nnet"), "no location encoder"),
    "no bias": (without("layers.1.bias"), "no location encoder"),
    "shifted": (shifted, "no location encoder"),
    "without its middle": (without("layers.0"), "no location encoder"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_does_not_fit_is_refused_at_once(tmp_path, case):
    make, said = REFUSED[case]
    file = make(tmp_path)
    with pytest.raises(MissingWeights, match=said) as caught:
        encoders.load("satclip-l10", weights=file)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "harm").exists()


def test_vectors_of_another_length_are_refused(tmp_path):
    content = checkpoint()
    content["state_dict"] = {k: t[:255] if "last_layer" in k else t for k, t in content["state_dict"].items()}
    with pytest.raises(MissingWeights, match="its vectors have 255 values, not 256"):
        encoders.load("satclip-l10", weights=put(content, tmp_path))


@pytest.mark.skipif(importlib.util.find_spec("geoclip") is None, reason="the geoclip package is absent")
def test_geoclips_weights_are_refused():
    with pytest.raises(MissingWeights, match="encoder_weights.pth does not give satclip-l10: it is another model's"):
        encoders.load("satclip-l10", weights=geoclip.find_weights())


def test_what_lies_in_the_folder_is_checked_when_it_is_read(cache):
    (cache / "weights").mkdir(parents=True)
    shutil.copy(FILES[10], cache / "weights" / "satclip-resnet18-l40.ckpt")
    with pytest.raises(MissingWeights, match=r"does not give satclip-l40: its harmonics are of L = 10"):
        encoders.load("satclip-l40")([BOULDER])


def test_a_file_without_the_choice_of_a_formula_has_the_first(tmp_path, encoder):
    content = checkpoint()
    del content["hyper_parameters"]["harmonics_calculation"]
    np.testing.assert_array_equal(encoders.load("satclip-l10", weights=put(content, tmp_path))(PLACES), encoder(PLACES))
