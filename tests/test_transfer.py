"""Fetching: whole or not at all, whatever the provider does."""

import hashlib
import json

import pytest
from providers import Fault

from placeprior.data.sources import Item, Source
from placeprior.data.sources.records import is_good
from placeprior.data.sources.transfer import Transfer, mirrored
from placeprior.errors import SourceError

HOST = "data.example"
CONTENT = bytes(range(256)) * 4096  # 1 MiB, several chunks


class Plain(Source):
    name, title, homepage = "plain", "plain files", "https://data.example"
    account = None

    def __init__(self, items):
        self.items = items

    def list(self, period, region):
        return self.items

    def read(self, folder, period, region):
        raise NotImplementedError

    def check(self, path):
        if path.read_bytes()[:6] == b"<html>":
            path_name = path.name
            raise SourceError(f"plain: {path_name} is a web page, not data; start again later")


def item(name="a.bin", **changes):
    return Item(**({"path": name, "url": f"https://{HOST}/{name}", "size": len(CONTENT)} | changes))


def fetch(tmp_path, *items, **settings):
    settings = {"pause": 0.01, "retries": 2, "timeout": 5, **settings}
    return Plain(list(items)).fetch(None, None, tmp_path / "cache", Transfer(**settings))


def test_a_file_arrives_and_is_not_fetched_twice(provider, tmp_path):
    provider.put(f"{HOST}/a.bin", CONTENT)
    (path,) = fetch(tmp_path, item())
    assert path.read_bytes() == CONTENT
    record = json.loads((path.parent / "a.bin.json").read_text())
    assert record["sha256"] == hashlib.sha256(CONTENT).hexdigest() and record["size"] == len(CONTENT)
    asked = len(provider.asked)
    assert fetch(tmp_path, item()) == [path] and len(provider.asked) == asked


def test_a_cut_transfer_goes_on_where_it_was(provider, tmp_path):
    provider.put(f"{HOST}/a.bin", CONTENT)
    provider.fail(f"{HOST}/a.bin", Fault(cut=600_000))
    (path,) = fetch(tmp_path, item())
    assert path.read_bytes() == CONTENT
    assert any(headers.get("Range", "bytes=0-") != "bytes=0-" for _, headers in provider.asked)


def test_what_was_cut_for_good_goes_on_next_time(provider, tmp_path):
    provider.put(f"{HOST}/a.bin", CONTENT)
    provider.put(f"{HOST}/b.bin", b"good")
    provider.fail(f"{HOST}/a.bin", *[Fault(cut=300_000)] * 1)
    with pytest.raises(SourceError, match="plain: a.bin did not arrive.*start again"):
        fetch(tmp_path, item(), item("b.bin"), retries=0)
    assert (tmp_path / "cache/plain/b.bin").read_bytes() == b"good"
    assert not (tmp_path / "cache/plain/a.bin").exists()
    (path, _) = fetch(tmp_path, item(), item("b.bin"))
    assert path.read_bytes() == CONTENT


def test_a_file_that_changed_in_between_is_not_patched_together(provider, tmp_path):
    provider.put(f"{HOST}/a.bin", CONTENT)
    provider.fail(f"{HOST}/a.bin", Fault(cut=300_000))
    with pytest.raises(SourceError):
        fetch(tmp_path, item(), retries=0)
    provider.put(f"{HOST}/a.bin", CONTENT[::-1])
    (path,) = fetch(tmp_path, item())
    assert path.read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_provider_is_asked_again(provider, tmp_path, status):
    provider.put(f"{HOST}/a.bin", b"data")
    provider.fail(f"{HOST}/a.bin", Fault(status=status))
    (path,) = fetch(tmp_path, item())
    assert path.read_bytes() == b"data"


REFUSALS = [(403, "no access"), (404, "does not exist"), (500, "busy or down"), (429, "busy")]


@pytest.mark.parametrize(("status", "told"), REFUSALS)
def test_a_refusal_names_source_file_and_remedy(provider, tmp_path, status, told):
    provider.fail(f"{HOST}/a.bin", *[Fault(status=status)] * 4)
    with pytest.raises(SourceError, match=f"plain: https://{HOST}/a.bin .*{told}"):
        fetch(tmp_path, item())


def test_a_wrong_hash_is_refused_and_the_next_run_mends_it(provider, tmp_path):
    provider.put(f"{HOST}/a.bin", CONTENT)
    known = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    provider.fail(f"{HOST}/a.bin", Fault(spoil=True))
    with pytest.raises(SourceError, match="plain: a.bin .*wrong hash.*start again"):
        fetch(tmp_path, item(hash=known))
    assert not (tmp_path / "cache/plain/a.bin").exists()
    (path,) = fetch(tmp_path, item(hash=known))
    assert path.read_bytes() == CONTENT


def test_a_file_that_was_damaged_here_is_fetched_again_and_held_to_its_first_hash(provider, tmp_path):
    provider.put(f"{HOST}/a.bin", b"first")
    (path,) = fetch(tmp_path, item())
    path.write_bytes(b"fiRst")
    assert not is_good(path)
    assert fetch(tmp_path, item())[0].read_bytes() == b"first"
    path.unlink()
    provider.put(f"{HOST}/a.bin", b"other")
    with pytest.raises(SourceError, match="wrong hash"):
        fetch(tmp_path, item())


def test_an_error_page_is_not_data(provider, tmp_path):
    provider.put(f"{HOST}/a.bin", b"<html>maintenance</html>")
    with pytest.raises(SourceError, match="web page"):
        fetch(tmp_path, item())
    assert not (tmp_path / "cache/plain/a.bin").exists()
    provider.put(f"{HOST}/a.bin", b"data")
    assert fetch(tmp_path, item())[0].read_bytes() == b"data"


def test_a_file_that_may_lack_is_remembered_as_absent(provider, tmp_path):
    provider.put(f"{HOST}/b.bin", b"data")
    found = fetch(tmp_path, item(may_lack=True), item("b.bin"))
    assert [path.name for path in found] == ["b.bin"]
    asked = len(provider.asked)
    fetch(tmp_path, item(may_lack=True), item("b.bin"))
    assert len(provider.asked) == asked


def test_a_slow_provider_is_given_up_in_time(provider, tmp_path):
    provider.put(f"{HOST}/a.bin", b"data")
    provider.fail(f"{HOST}/a.bin", Fault(wait=1.0), Fault(wait=1.0))
    with pytest.raises(SourceError, match="did not arrive"):
        fetch(tmp_path, item(), retries=0, timeout=0.2)
    assert fetch(tmp_path, item())[0].read_bytes() == b"data"


def test_only_https_is_fetched(monkeypatch):
    monkeypatch.delenv("PLACEPRIOR_MIRROR", raising=False)
    with pytest.raises(SourceError, match="no https"):
        mirrored("http://data.example/a")
    assert mirrored("https://data.example/a") == "https://data.example/a"
