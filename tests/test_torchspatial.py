"""Fetching TorchSpatial's encoders: a small server in the place of its repository, and checkpoints in its layout."""

import hashlib
import io
import os
import re
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from safetensors import safe_open
from safetensors.torch import load_file
from typer.testing import CliRunner

from placeprior import encoders
from placeprior.cli import app
from placeprior.encoders import hub, pretrained, torchspatial
from placeprior.errors import MissingWeights, UnknownName

NAME = "rff-yfcc"  # the one with more tensors than a head's


def location_part(seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = {"0.linear.weight": (8, 64), "0.linear.bias": (8,), "0.layernorm.weight": (8,), "0.layernorm.bias": (8,)}
    shapes |= {"1.linear.weight": (256, 8), "1.linear.bias": (256,)}
    tensors = {f"ffn.layers.{key}": torch.randn(shape, generator=generator) for key, shape in shapes.items()}
    return tensors | {
        "position_encoder.dirvec": torch.randn(2, 64, generator=generator),
        "position_encoder.shift": torch.rand(64, generator=generator),
    }


def checkpoint(tensors, **more):
    """As the published program saves one: the location part within a model that also names classes."""
    state = {f"spa_enc.{key}": tensor for key, tensor in tensors.items()} | {"class_emb.weight": torch.ones(62, 256)}
    content = io.BytesIO()
    torch.save({"epoch": 31, "state_dict": state, "optimizer": {"state": {}}, "params": {"lr": 0.01}} | more, content)
    return content.getvalue()


TENSORS = location_part()
CONTENT = checkpoint(TENSORS)


class Repository(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.content, self.asked = CONTENT, []


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(unquote(self.path))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *args):
        """Silent."""


@pytest.fixture
def published(monkeypatch, tmp_path):
    """An encoder whose published weights are those above, and nothing at hand."""
    monkeypatch.setenv("PLACEPRIOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PLACEPRIOR_WEIGHTS", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    real = torchspatial.PUBLISHED[NAME]
    one = replace(
        real,
        checkpoint=hashlib.sha256(CONTENT).hexdigest(),
        tensors=torchspatial.digest(TENSORS),
        settings=dict(real.settings) | {"hidden_dim": "8"},
    )
    monkeypatch.setitem(torchspatial.PUBLISHED, NAME, one)
    return one


@pytest.fixture
def server(published, monkeypatch):
    server = Repository()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setattr(torchspatial, "ADDRESS", f"http://127.0.0.1:{server.server_port}/seai-lab/TorchSpatial")
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def kept():
    folder = hub.cache()
    return sorted(file.name for file in folder.iterdir() if not file.name.endswith(".lock")) if folder.exists() else []


def test_the_location_part_is_fetched_once_from_its_commit_and_kept(server, published):
    path = torchspatial.fetch(NAME)
    assert path == hub.cache() / f"{NAME}.safetensors" == published.path and kept() == [path.name]
    assert server.asked == [f"/seai-lab/TorchSpatial/raw/9f8d833/pre_trained_models/{published.file}"]
    stored = load_file(path)
    assert set(stored) == set(TENSORS) and all(torch.equal(stored[key], TENSORS[key]) for key in TENSORS)
    with safe_open(path, "np") as opened:
        about = opened.metadata()
    assert about["source_sha256"] == published.checkpoint and about["licence"] == "MIT"
    assert torchspatial.fetch(NAME) == path and len(server.asked) == 1
    lonlat = [(-100.0, 40.0), (-80.0, 35.0)]
    found = pretrained.Pretrained(published)(lonlat)
    assert found.shape == (2, 256) and np.isfinite(found).all()
    # What was kept is in the layout of a file of one's own.
    np.testing.assert_array_equal(encoders.load(NAME, weights=path)(lonlat), found)


def test_a_plus_in_a_name_reaches_the_server_as_one():
    assert "/model_fmow_Sphere2Vec-sphereC%2B_" in torchspatial.PUBLISHED["sphere2vec-c+-fmow"].address


def test_a_damaged_file_in_the_cache_is_replaced_and_one_in_ones_own_folder_is_not(server, tmp_path, monkeypatch):
    path = torchspatial.fetch(NAME)
    path.write_bytes(path.read_bytes()[:900])
    assert torchspatial.fetch(NAME) == path and load_file(path) and len(server.asked) == 2
    mine = tmp_path / "mine" / path.name
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    monkeypatch.setenv("PLACEPRIOR_WEIGHTS", str(mine.parent))
    with pytest.raises(MissingWeights, match=f"{mine} cannot be read as safetensors"):
        torchspatial.fetch(NAME)
    assert mine.read_bytes() == b"mine" and len(server.asked) == 2


def test_another_checkpoint_is_thrown_away_unopened(server, monkeypatch):
    server.content = checkpoint(location_part(1))
    monkeypatch.setattr(hub, "unpickled", lambda content: pytest.fail("opened before it was checked"))
    with pytest.raises(MissingWeights, match="is not what http.* published: its SHA-256 starts with"):
        torchspatial.fetch(NAME)
    assert kept() == []


class Code:
    def __reduce__(self):
        return os.mkdir, ("made",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (checkpoint(location_part(1)), f"does not hold the published {NAME}: the SHA-256 of its tensors starts with"),
        (checkpoint(TENSORS, params=Code()), "it asks to run code .posix.mkdir., so it was not opened"),
        (CONTENT[:1000], "it is cut short"),
        (checkpoint({**TENSORS, "other.ffn.layers.1.linear.bias": torch.ones(256)}), "it holds 2 tensors called"),
        (checkpoint({}), "it holds 0 tensors called 'ffn.layers.0.linear.weight', not one"),
        (checkpoint(TENSORS, state_dict=None), "without a 'state_dict'"),
    ],
    ids=["other weights", "code", "cut", "two of a name", "another model", "no state"],
)
def test_a_checkpoint_that_does_not_fit_is_refused(published, tmp_path, monkeypatch, content, said):
    monkeypatch.setenv("PLACEPRIOR_WEIGHTS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / Path(published.file).name).write_bytes(content)
    with pytest.raises(MissingWeights, match=said):
        torchspatial.fetch(NAME)
    assert kept() == [] and not Path("made").exists()


def test_a_checkpoint_in_ones_own_folder_needs_no_network(published, tmp_path, monkeypatch):
    monkeypatch.setattr(torchspatial, "ADDRESS", "http://127.0.0.1:1/x")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    named = re.escape(Path(published.file).name)
    with pytest.raises(MissingWeights, match=f"cannot fetch {NAME}.safetensors .*or put {named} from .* and ask again"):
        torchspatial.fetch(NAME)
    (tmp_path / Path(published.file).name).write_bytes(CONTENT)
    monkeypatch.setenv("PLACEPRIOR_WEIGHTS", str(tmp_path))
    assert torchspatial.fetch(NAME) == hub.cache() / f"{NAME}.safetensors"


@pytest.mark.parametrize("name", sorted(torchspatial.PUBLISHED))
def test_a_checkpoint_with_the_published_tensors_becomes_the_encoder_of_that_name(name, tmp_path, monkeypatch):
    try:
        tensors = torchspatial.read(torchspatial.PUBLISHED[name].path)
    except MissingWeights as error:
        pytest.skip(str(error))
    monkeypatch.setenv("PLACEPRIOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PLACEPRIOR_WEIGHTS", str(tmp_path))
    (tmp_path / Path(torchspatial.PUBLISHED[name].file).name).write_bytes(checkpoint(tensors))
    torchspatial.fetch(name)
    golden = np.load(Path(__file__).parent / "golden" / "pretrained.npz")
    found = pretrained.Pretrained(torchspatial.PUBLISHED[name])(golden["lonlat"])
    assert np.abs(found - golden[name]).max() < 1e-4 * np.abs(golden[name]).max()


def test_a_name_that_is_not_published_is_refused():
    with pytest.raises(UnknownName, match="unknown encoder of TorchSpatial 'xyz-yfc'; did you mean 'xyz-yfcc'"):
        torchspatial.fetch("xyz-yfc")


def test_the_command_fetches_by_name_and_all_sixteen_by_one(monkeypatch):
    fetched = []
    monkeypatch.setattr(torchspatial, "fetch", lambda name: fetched.append(name) or Path(name))
    done = CliRunner().invoke(app, ["weights", "xyz-yfcc", "torchspatial"])
    assert done.exit_code == 0 and fetched == ["xyz-yfcc", *torchspatial.PUBLISHED]
    assert "xyz-yfcc: xyz-yfcc" in done.stdout
    fetched.clear()
    done = CliRunner().invoke(app, ["weights", "xyz-yfcc", "xyz-yfc"])
    assert done.exit_code == 1 and "did you mean 'xyz-yfcc'" in done.stderr and not fetched
