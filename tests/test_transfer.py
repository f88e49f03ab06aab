"""Fetching: whole or not at all, whatever the provider does."""

import gzip
import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from providers import Fault

from placeprior.data.sources import Item, Source, earthdata
from placeprior.data.sources.records import is_good
from placeprior.data.sources.transfer import Transfer, _Session, host, mirrored
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


# --- answers that are not what was asked, and secrets that nobody asked for -------------------------------------------


@contextmanager
def answering(answer):
    """A server whose ``answer(handler)`` does everything; gives its address and the headers it was asked with."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            asked.append((self.path, dict(self.headers)))
            answer(self)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def reply(handler, body, status=200, told=None, cut=None, **headers):
    handler.send_response(status)
    for name, value in ({"ETag": '"a"', "Content-Length": told or len(body)} | headers).items():
        if value is not None:
            handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    handler.wfile.write(body[:cut])
    handler.wfile.flush()
    if cut is not None:
        handler.close_connection = True
        handler.connection.shutdown(2)


WHOLE, HALF = len(CONTENT), len(CONTENT) // 2
#: What the server says to the request for the rest; it has sent half of the file before.
ODD = {
    "from the first byte": lambda h, at: reply(h, CONTENT, 206, Content_Range=f"bytes 0-{WHOLE - 1}/{WHOLE}"),
    "another part": lambda h, at: reply(h, CONTENT[at + 7 :], 206, Content_Range=f"bytes {at + 7}-{WHOLE - 1}/{WHOLE}"),
    "no range": lambda h, at: reply(h, CONTENT[at:], 206),
    "nonsense": lambda h, at: reply(h, CONTENT[at:], 206, Content_Range="bytes */*"),
    "another mark": lambda h, at: reply(
        h, CONTENT[::-1][at:], 206, ETag='"b"', Content_Range=f"bytes {at}-{WHOLE - 1}/{WHOLE}"
    ),
    "another length": lambda h, at: reply(h, CONTENT[at:] + b"x", 206, Content_Range=f"bytes {at}-{WHOLE}/{WHOLE + 1}"),
    "packed": lambda h, at: reply(
        h, gzip.compress(CONTENT[at:]), 206, Content_Encoding="gzip", Content_Range=f"bytes {at}-{WHOLE - 1}/{WHOLE}"
    ),
    "nothing left": lambda h, at: reply(h, b"", 416),
    "the whole": lambda h, at: reply(h, CONTENT),
    "fewer bytes": lambda h, at: reply(h, CONTENT[at:-9], 206, Content_Range=f"bytes {at}-{WHOLE - 10}/{WHOLE}"),
}


@pytest.mark.parametrize("odd", ODD)
def test_a_part_that_is_not_the_part_asked_for_is_never_joined(monkeypatch, tmp_path, odd):
    first = []

    def answer(handler):
        asked = handler.headers.get("Range")
        if asked:
            at = int(asked[6:].rstrip("-"))
            rest = handler.headers.get("Range") and len(first) > 1
            first.append(1)
            return (
                reply(handler, CONTENT[at:], 206, Content_Range=f"bytes {at}-{WHOLE - 1}/{WHOLE}")
                if rest
                else (ODD[odd](handler, at))
            )
        first.append(1)
        return reply(handler, CONTENT, cut=HALF if len(first) == 1 else None)

    with answering(answer) as (url, _):
        monkeypatch.setenv("PLACEPRIOR_MIRROR", url)
        (path,) = fetch(tmp_path, item(), retries=3)
    assert path.read_bytes() == CONTENT
    assert sorted(file.name for file in path.parent.iterdir()) == ["a.bin", "a.bin.json"]


def test_a_file_that_was_replaced_is_taken_whole_when_it_comes_whole(monkeypatch, tmp_path):
    other, first = CONTENT[::-1] + b"longer", []

    def answer(handler):
        first.append(1)
        if len(first) == 1:
            return reply(handler, CONTENT, cut=HALF)
        return reply(
            handler,
            other,
            206 if "Range" in handler.headers else 200,
            ETag='"b"',
            Content_Range=f"bytes 0-{len(other) - 1}/{len(other)}",
        )

    with answering(answer) as (url, _):
        monkeypatch.setenv("PLACEPRIOR_MIRROR", url)
        assert fetch(tmp_path, item())[0].read_bytes() == other


def test_what_is_shorter_than_it_says_is_not_recorded_as_good(monkeypatch, tmp_path):
    with answering(lambda h: reply(h, CONTENT[:HALF], told=WHOLE, cut=HALF)) as (url, _):
        monkeypatch.setenv("PLACEPRIOR_MIRROR", url)
        with pytest.raises(SourceError, match="did not arrive"):
            fetch(tmp_path, item(), retries=0)
    assert not is_good(tmp_path / "cache/plain/a.bin")


class Secret(Plain):
    def headers(self):
        return {"Authorization": "Bearer asked-for"}


@pytest.fixture
def secrets(monkeypatch, tmp_path):
    """Logins of the machine for every host: none of them was asked for."""
    (tmp_path / "netrc").write_text("default login me password hidden\nmachine 127.0.0.1 login me password hidden\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hidden@127.0.0.1:9")


def test_no_login_of_the_machine_is_sent(secrets, monkeypatch, tmp_path):
    with answering(lambda h: reply(h, b"data")) as (url, asked):
        monkeypatch.setenv("PLACEPRIOR_MIRROR", url)
        fetch(tmp_path, item())
        Secret([item("b.bin")]).fetch(None, None, tmp_path / "cache", Transfer(pause=0.01, retries=0))
        Transfer(retries=0).text(Plain([]), f"https://{HOST}/search")
    logins = [headers.get("Authorization") for _, headers in asked]
    assert logins == [None, "Bearer asked-for", None]


def test_a_redirect_takes_no_login_along_and_brings_none(secrets, monkeypatch, tmp_path):
    with answering(lambda h: reply(h, b"data")) as (other, seen):
        port = other.rpartition(":")[2]

        def answer(handler):
            reply(handler, b"", 302, Location=f"http://127.0.0.1:{port}/elsewhere")

        with answering(answer) as (url, _):
            monkeypatch.setenv("PLACEPRIOR_MIRROR", url)
            Secret([item()]).fetch(None, None, tmp_path / "cache", Transfer(pause=0.01, retries=0))
    assert [headers.get("Authorization") for _, headers in seen] == [None]


def test_a_mirrors_own_login_is_used_and_not_shown(secrets, monkeypatch, tmp_path):
    with answering(lambda h: reply(h, b"data")) as (url, asked):
        monkeypatch.setenv("PLACEPRIOR_MIRROR", url.replace("//", "//you:own@"))
        fetch(tmp_path, item())
    assert asked[0][1]["Authorization"] == "Basic eW91Om93bg=="
    monkeypatch.setenv("PLACEPRIOR_MIRROR", "http://you:own@127.0.0.1:1")
    with pytest.raises(SourceError, match="did not arrive") as caught:
        fetch(tmp_path, item("c.bin"), retries=0)
    assert "own@" not in str(caught.value)


@pytest.mark.parametrize("target", ["http://127.0.0.2:{port}/x", "http://example.invalid/x", "ftp://127.0.0.1/x"])
def test_a_hop_that_leaves_https_is_refused(monkeypatch, tmp_path, target):
    def answer(handler):
        reply(handler, b"", 302, Location=target.format(port=handler.server.server_port))

    with answering(answer) as (url, asked):
        monkeypatch.setenv("PLACEPRIOR_MIRROR", url)
        with pytest.raises(SourceError, match="sends on to .*no https address"):
            fetch(tmp_path, item(), retries=0)
    assert len(asked) == 1


def test_a_hop_from_https_to_the_machine_itself_is_refused():
    session, before, hop = _Session(), requests.Response(), requests.PreparedRequest()
    before.request = requests.Request("GET", "https://data.example/a").prepare()
    hop.prepare("GET", "http://127.0.0.1:80/a")
    with pytest.raises(SourceError, match="no https address"):
        session.rebuild_auth(hop, before)


ATTACKS = [
    r"https://localhost:8000\@x.nasa.gov/f",
    "https://x.nasa.gov@localhost/f",
    "https://localhost#@x.nasa.gov/f",
    "https://localhost\\.x.nasa.gov/f",
    "https://x.nasa.gov\n@localhost/f",
    "https://",
    "https:///x.nasa.gov/f",
    "https://u:p@x.nasa.gov/f",
    "HTTP://x.nasa.gov/f",
    "https://local\thost/f",
]


@pytest.mark.parametrize("url", ATTACKS)
def test_an_address_whose_host_is_not_plain_is_not_fetched_nor_given_the_token(monkeypatch, url):
    monkeypatch.delenv("PLACEPRIOR_MIRROR", raising=False)
    if "#" not in url:  # that one is plainly at localhost, which is no host of NASA's
        with pytest.raises(SourceError):
            mirrored(url)
    umm = {"RelatedUrls": [{"URL": url, "Type": "GET DATA"}], "DataGranule": {}}
    found = earthdata._files(umm)
    assert not found or all(host(granule.url).endswith(".nasa.gov") for granule in found)
    assert not found or "@" in url  # and then mirrored() refuses it
