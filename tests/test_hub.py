"""Fetching weights: a small server in the hub's place, what goes wrong on the way, and what is kept of it."""

import hashlib
import json
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants

from placeprior import encoders
from placeprior.encoders import hub, satclip
from placeprior.errors import MissingWeights, UnknownName

REPO, FILE = "someone/Model-L10", "model-l10.ckpt"
FIRST, SECOND = "1" * 40, "2" * 40
CHUNK = 10_000
CONTENT = np.random.default_rng(0).bytes(300_000)
NEWER = CONTENT[::-1]
GOLDEN = Path(__file__).parent / "golden" / "satclip_L10.ckpt"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Hub(ThreadingHTTPServer):
    """As the hub does, it names commit, size and hash of a file and sends one elsewhere for the bytes."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files, self.newest = {(REPO, FIRST, FILE): CONTENT}, FIRST
        self.served = {}  # bytes sent in place of those of a hash
        self.cut = []  # after how many bytes each coming transfer breaks off
        self.etag = None  # told in place of the hash
        self.asked, self.sent = [], 0

    def commit(self, commit, content, repo=REPO, file=FILE):
        self.files[repo, commit, file], self.newest = content, commit


class Answer(BaseHTTPRequestHandler):
    """`/owner/name/resolve/revision/file` and, under another name of this machine, `/store/hash`."""

    def do_HEAD(self):
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        repo, _, rest = self.path[1:].partition("/resolve/")
        revision, _, file = rest.partition("/")
        commit = self.server.newest if revision == "main" else revision
        content = self.server.files.get((repo, commit, file))
        if content is None:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(302)
        self.send_header("Location", f"http://localhost:{self.server.server_port}/store/{sha256(content)}")
        self.send_header("X-Repo-Commit", commit)
        self.send_header("X-Linked-Etag", f'"{self.server.etag or sha256(content)}"')
        self.send_header("X-Linked-Size", str(len(content)))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        if not self.path.startswith("/store/"):
            return self.do_HEAD()
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        known = {sha256(content): content for content in self.server.files.values()}
        digest = self.path.rpartition("/")[2]
        content = self.server.served.get(digest, known[digest])
        start = int(re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "bytes=0-"))[1])
        body = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        part = body[: self.server.cut.pop(0)] if self.server.cut else body
        self.server.sent += len(part)
        self.wfile.write(part)
        self.close_connection = True

    def log_message(self, *args):
        """Silent."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where weights are fetched to; no folder of one's own."""
    monkeypatch.setenv("PLACEPRIOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PLACEPRIOR_WEIGHTS", raising=False)
    return tmp_path / "cache" / "weights"


@pytest.fixture
def server(folder, monkeypatch):
    """The hub, without the pauses between two trials."""
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)  # what is lost when a transfer is cut
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def kept(folder):
    """What lies in the folder besides locks."""
    return sorted(file.name for file in folder.iterdir() if not file.name.endswith(".lock"))


# --- all well


def test_a_file_is_fetched_once_and_its_origin_noted(server, folder):
    path = hub.fetch(REPO, FILE)
    assert path == folder / FILE == hub.find(FILE) and path.read_bytes() == CONTENT
    assert json.loads((folder / f"{FILE}.json").read_text()) == {
        "repo": REPO,
        "commit": FIRST,
        "sha256": sha256(CONTENT),
    }
    assert hub.check(path) == sha256(CONTENT) and kept(folder) == [FILE, f"{FILE}.json"]
    assert [asked[:2] for asked in server.asked] == [
        ("HEAD", f"/{REPO}/resolve/main/{FILE}"),
        ("GET", f"/{REPO}/resolve/{FIRST}/{FILE}"),  # the commit that was told, whatever is newest by now
        ("GET", f"/store/{sha256(CONTENT)}"),
    ]
    assert hub.fetch(REPO, FILE) == path and len(server.asked) == 3


def test_no_token_is_sent_for_public_files(server):
    hub.fetch(REPO, FILE)
    assert not any(name.lower() == "authorization" for *_, headers in server.asked for name in headers)


def test_a_damaged_file_is_replaced_by_that_of_its_commit(server, folder):
    hub.fetch(REPO, FILE)
    server.commit(SECOND, NEWER)
    (folder / FILE).write_bytes(CONTENT[:1000])
    said = f"{sha256(CONTENT[:1000])[:16]}, expected {sha256(CONTENT)[:16]}; remove it and fetch it again"
    with pytest.raises(MissingWeights, match=f"is not what was fetched from {REPO}: its SHA-256 starts with {said}"):
        hub.check(folder / FILE)
    assert hub.fetch(REPO, FILE).read_bytes() == CONTENT
    assert hub.check(folder / FILE) == sha256(CONTENT)


def test_a_removed_file_is_held_to_its_record(server, folder):
    hub.fetch(REPO, FILE)
    server.commit(SECOND, NEWER)
    (folder / FILE).unlink()
    assert hub.fetch(REPO, FILE).read_bytes() == CONTENT
    # Without the record, the newest is trusted.
    (folder / FILE).unlink()
    (folder / f"{FILE}.json").unlink()
    assert hub.fetch(REPO, FILE).read_bytes() == NEWER


def test_ones_own_folder_comes_first_and_nothing_is_asked(server, folder, monkeypatch, tmp_path):
    hub.fetch(REPO, FILE)
    asked = len(server.asked)
    monkeypatch.setenv("PLACEPRIOR_WEIGHTS", str(tmp_path / "mine"))
    assert hub.find(FILE) == folder / FILE
    mine = tmp_path / "mine" / FILE
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    assert hub.find(FILE) == hub.fetch(REPO, FILE) == mine and hub.check(mine) == sha256(b"mine")
    assert hub.fetch(REPO, "absent.ckpt", FILE) == mine
    assert len(server.asked) == asked
    # It may have been copied there with its record, and is then held to it, but never written over.
    (mine.parent / f"{FILE}.json").write_bytes((folder / f"{FILE}.json").read_bytes())
    with pytest.raises(MissingWeights, match=f"{mine} is not what was fetched"):
        hub.fetch(REPO, FILE)
    assert mine.read_bytes() == b"mine" and len(server.asked) == asked


def test_two_at_once_fetch_one_file(server):
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: hub.fetch(REPO, FILE), range(4)))
    assert len(set(paths)) == 1 and paths[0].read_bytes() == CONTENT
    assert server.sent == len(CONTENT)


# --- what goes wrong on the way


def test_a_cut_transfer_goes_on_where_it_ended(server, folder):
    server.cut = [105_000, 105_000]
    assert hub.fetch(REPO, FILE).read_bytes() == CONTENT
    assert len(CONTENT) < server.sent <= len(CONTENT) + 2 * CHUNK and kept(folder) == [FILE, f"{FILE}.json"]


def test_a_transfer_given_up_goes_on_the_next_time(server, folder):
    server.cut = [105_000] + [0] * 10
    with pytest.raises(MissingWeights, match="cannot fetch model-l10.ckpt .*what has come so far is kept"):
        hub.fetch(REPO, FILE)
    (part,) = kept(folder)
    assert (folder / part).read_bytes() == CONTENT[:100_000] and hub.find(FILE) is None
    server.cut, server.sent = [], 0
    assert hub.fetch(REPO, FILE).read_bytes() == CONTENT
    assert server.sent == len(CONTENT) - 100_000 and kept(folder) == [FILE, f"{FILE}.json"]


@pytest.mark.parametrize("rest", [CONTENT + b"more", b"\0" * 1000], ids=["longer than it may be", "of something else"])
def test_a_left_part_that_does_not_fit_costs_a_trial_at_most(server, folder, rest):
    folder.mkdir(parents=True)
    (folder / f".{FILE}.{sha256(CONTENT)[:16]}.part").write_bytes(rest)
    try:
        hub.fetch(REPO, FILE)
    except MissingWeights as error:
        assert "it was thrown away, fetch again" in str(error)
    assert hub.fetch(REPO, FILE).read_bytes() == CONTENT


def test_what_is_not_what_was_published_is_thrown_away(server, folder):
    server.served = {sha256(CONTENT): NEWER}
    said = f"its SHA-256 starts with {sha256(NEWER)[:16]}, expected {sha256(CONTENT)[:16]}"
    with pytest.raises(MissingWeights, match=f"is not what {REPO} published: {said}"):
        hub.fetch(REPO, FILE)
    assert kept(folder) == [] and hub.find(FILE) is None
    server.served = {}
    assert hub.fetch(REPO, FILE).read_bytes() == CONTENT


def test_a_commit_whose_file_is_another_one_now_is_refused(server, folder):
    hub.fetch(REPO, FILE)
    (folder / FILE).unlink()
    server.commit(FIRST, NEWER)
    said = f"was {sha256(CONTENT)[:16]} at commit 11111111 of {REPO}, but is {sha256(NEWER)[:16]}"
    with pytest.raises(MissingWeights, match=said):
        hub.fetch(REPO, FILE)
    assert kept(folder) == [f"{FILE}.json"]


def test_without_a_network_the_ways_out_are_named(server, folder, monkeypatch):
    path = hub.fetch(REPO, FILE)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    assert hub.fetch(REPO, FILE) == path  # a good file needs none
    path.write_bytes(b"damaged")
    before = kept(folder)
    for file in (FILE, "other.ckpt"):
        said = (
            rf"cannot fetch {file} \(Connect.*\); try again where there is a network, .* or put the file from "
            rf"https://huggingface.co/{REPO} into {folder} or a folder that PLACEPRIOR_WEIGHTS names$"
        )
        with pytest.raises(MissingWeights, match=said):
            hub.fetch(REPO, file)
    assert kept(folder) == before and path.read_bytes() == b"damaged"


def test_the_hubs_own_switch_keeps_it_offline(server, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(MissingWeights, match="cannot fetch model-l10.ckpt .OfflineModeIsEnabled"):
        hub.fetch(REPO, FILE)
    assert not server.asked


def test_a_file_that_is_not_there_is_named(server):
    with pytest.raises(MissingWeights, match="cannot fetch nothing.ckpt .*404"):
        hub.fetch(REPO, "nothing.ckpt")


def test_a_file_without_a_published_hash_is_refused(server, folder):
    server.etag = "3" * 40  # of a small file, kept in git itself
    with pytest.raises(MissingWeights, match="without a commit, a size and a SHA-256"):
        hub.fetch(REPO, FILE)
    assert kept(folder) == []


def test_a_folder_that_cannot_be_written_is_named(server, folder):
    folder.parent.write_text("a file where a folder should be")
    with pytest.raises(MissingWeights, match="cannot fetch model-l10.ckpt .(NotADirectory|FileExists)Error"):
        hub.fetch(REPO, FILE)
    assert not server.asked


# --- records and files that cannot be read


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"repo": "a/b", "commit": "x", "sha256": "y"}', "\x00", "null"])
def test_a_damaged_record_is_not_ignored(server, folder, record):
    path = hub.fetch(REPO, FILE)
    (folder / f"{FILE}.json").write_text(record)
    for ask in (lambda: hub.check(path), lambda: hub.fetch(REPO, FILE)):
        with pytest.raises(MissingWeights, match=f"{FILE}.json, which says what {FILE} must be, .*remove both"):
            ask()


def test_a_file_that_a_person_put_there_is_taken_as_it_is(server, folder):
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(b"mine")
    assert hub.fetch(REPO, FILE).read_bytes() == b"mine" and not server.asked
    stamp = (folder / FILE).stat().st_mtime_ns
    assert hub.check(folder / FILE) == sha256(b"mine")
    (folder / FILE).write_bytes(b"main")
    os.utime(folder / FILE, ns=(stamp + 1, stamp + 1))
    assert hub.check(folder / FILE) == sha256(b"main")


@pytest.mark.parametrize("path", ["nowhere.ckpt", "."])
def test_what_cannot_be_read_is_named(tmp_path, path):
    with pytest.raises(MissingWeights, match="cannot read .*; name a weights file that is there"):
        hub.check(tmp_path / path)


# --- SatCLIP


@pytest.fixture
def published(server):
    """SatCLIP's layout with random weights, in its place on the hub."""
    server.commit(SECOND, GOLDEN.read_bytes(), "microsoft/SatCLIP-ResNet18-L10", "satclip-resnet18-l10.ckpt")
    return server


def test_satclip_is_fetched_and_then_found(published, folder):
    encoder = encoders.load("satclip-l10")
    with pytest.raises(MissingWeights, match="placeprior weights satclip-l10"):
        encoder([(20, 50)])
    assert not published.asked, "nothing is fetched unless it is asked for"
    path = satclip.fetch("satclip-l10")
    assert path == folder / "satclip-resnet18-l10.ckpt" == satclip.fetch("satclip-resnet18-l10")
    assert encoder.fingerprint == f"sha256:{sha256(GOLDEN.read_bytes())}"
    golden = np.load(GOLDEN.with_suffix(".npz"))
    assert np.abs(encoders.embed("satclip-l10", golden["lonlat"]) - golden["embedding"]).max() < 1e-6
    assert published.sent == GOLDEN.stat().st_size


def test_what_is_fetched_is_tried(published):
    published.commit(SECOND, b"something else", "microsoft/SatCLIP-ViT16-L40", "satclip-vit16-l40.ckpt")
    with pytest.raises(MissingWeights, match="does not give satclip-vit16-l40: it is cut short"):
        satclip.fetch("satclip-vit16-l40")


def test_only_satclip_is_fetched(folder):
    with pytest.raises(UnknownName, match="unknown SatCLIP encoder 'satclip-l20'; did you mean 'satclip-l[14]0'"):
        satclip.fetch("satclip-l20")


def test_a_cache_folder_that_may_not_be_looked_into_hinders_no_other_encoder(monkeypatch, tmp_path):
    real = Path.is_file

    def denied(path):
        if path.parent == hub.cache():
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setenv("PLACEPRIOR_CACHE", str(tmp_path / "shut"))
    monkeypatch.setattr(Path, "is_file", denied)
    assert hub.find(FILE) is None
    with pytest.raises(MissingWeights):
        assert encoders.load("satclip-l10").fingerprint
