"""Files over the network into a cache: hashes checked, retries with growing pauses, cut transfers continued.

A file appears under its name only when it is whole and checked; beside it, ``<file>.json`` records its SHA-256, size,
address and the day it came. Until then it is ``<file>.part``, from which the next attempt goes on.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import LocationParseError
from urllib3.util import Retry, parse_url

from placeprior.data.sources.records import is_good, record, record_absent, recorded
from placeprior.errors import SourceError

if TYPE_CHECKING:
    from placeprior.data.sources.source import Item, Source

MIRROR = "PLACEPRIOR_MIRROR"
BUSY = (429, 500, 502, 503, 504)  # worth another try
CHUNK = 1 << 18  # bytes


@dataclass
class Transfer:
    """How files are fetched.

    Parameters
    ----------
    workers : int
        Files at a time; providers ask for few.
    retries : int
        Further attempts at a file.
    pause : float
        Seconds before the first of them, doubled each time; a provider's ``Retry-After`` wins.
    timeout : float
        Seconds without a byte after which an attempt is given up.
    progress : callable
        Called with (item, bytes) as bytes arrive, and with (item, None) when the file is done.
    """

    workers: int = 4
    retries: int = 5
    pause: float = 2.0
    timeout: float = 60.0
    progress: Callable[[Item, int | None], Any] = lambda item, count: None
    _local: threading.local = field(default_factory=threading.local, repr=False)

    def fetch(self, source: Source, items: list[Item], folder: Path) -> list[Path]:
        """Fetch a source's items; see :meth:`placeprior.data.sources.Source.fetch`."""
        todo = [item for item in items if not is_good(folder / item.path, item.hash)]
        for item in items:
            if item not in todo:
                self.progress(item, None)
        if todo:
            headers = source.headers()
            failures: list[SourceError] = []
            with ThreadPoolExecutor(self.workers) as pool:
                futures = [pool.submit(self._one, source, item, folder, headers) for item in source.resolve(todo, self)]
                try:
                    for future in futures:
                        try:
                            future.result()
                        except SourceError as error:
                            failures.append(error)
                except BaseException:  # Ctrl-C: let what is running end its chunk, start nothing more
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
            if failures:
                more = f" ({len(failures)} of {len(items)} files failed, the others are kept)"
                raise SourceError(f"{failures[0]}{more if len(items) > 1 else ''}") from failures[0]
        return [folder / item.path for item in items if (folder / item.path).is_file()]

    def text(self, source: Source, url: str, params: dict[str, str] | None = None) -> str:
        """The body of a small answer, such as that of a search."""
        try:
            answer = self._session().get(mirrored(url), params=params, headers=source.headers(), timeout=self.timeout)
        except requests.RequestException as error:
            raise SourceError(
                f"{source.name}: {url} cannot be reached ({_reason(error)}); check the network and start again"
            ) from error
        if answer.status_code != 200:
            raise refused(source, url, answer.status_code)
        return answer.text

    def _one(self, source: Source, item: Item, folder: Path, headers: dict[str, str]) -> None:
        import pooch  # here, as it brings a progress bar that warns in notebooks

        pooch.get_logger().setLevel(logging.WARNING)
        path = folder / item.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            before = recorded(path)
            known = item.hash or (before and before.get("sha256") and f"sha256:{before['sha256']}")
            pooch.retrieve(
                item.url,
                known_hash=known or None,
                fname=path.name,
                path=path.parent,
                downloader=lambda url, out, _: self._download(source, item, headers, path, Path(out)),
            )
            source.check(path)
        except _Absent:
            record_absent(path, item.url)
        except SourceError:
            path.unlink(missing_ok=True)
            raise
        except ValueError as error:  # what pooch raises for a wrong hash
            path.unlink(missing_ok=True)
            raise SourceError(
                f"{source.name}: {item.path} from {item.url} is not the file it should be (wrong hash); "
                f"start again, and if it stays so, remove {path.name}.json beside it if the provider "
                "has published a new version"
            ) from error
        except OSError as error:
            raise SourceError(
                f"{source.name}: {path} cannot be written ({error.strerror or error}); free some space "
                "and start again, finished files are kept"
            ) from error
        else:
            record(path, item.url)
        self.progress(item, None)

    def _download(self, source: Source, item: Item, headers: dict[str, str], path: Path, out: Path) -> None:
        """Bring the whole file to ``out``, in as many attempts as are allowed, each from where the last one ended.

        Goes on only with what is known to be the same file: an answer that is not the part that was asked for, or of
        a file with another mark or length, is begun anew.
        """
        part, tag = path.with_name(path.name + ".part"), path.with_name(path.name + ".tag")
        resume = True
        for attempt in range(self.retries + 1):
            begun = _Begun.read(tag) if resume and part.is_file() else None
            have = part.stat().st_size if begun else 0
            ask = headers | {"Accept-Encoding": "identity"}  # else a range would be one of the packed file
            if have:
                ask |= {"Range": f"bytes={have}-", "If-Range": begun.mark}
            try:
                with self._session().get(mirrored(item.url), headers=ask, stream=True, timeout=self.timeout) as answer:
                    if answer.status_code == 404 and item.may_lack:
                        raise _Absent
                    if answer.status_code not in (200, 206, 416):
                        raise refused(source, item.url, answer.status_code)
                    told = _Told.of(answer)
                    start = told.start if answer.status_code == 206 else 0
                    other = (
                        begun
                        and have
                        and (
                            (told.mark or begun.mark) != begun.mark
                            or None not in (told.size, begun.size)
                            and told.size != begun.size
                        )
                    )
                    # A part from the first byte on is the whole of a file, even if it is another than was begun.
                    if answer.status_code == 416 or start is None or start not in (0, have) or (start and other):
                        part.unlink(missing_ok=True)  # not what was asked for: begin anew, and in one go
                        tag.unlink(missing_ok=True)
                        resume = False
                        continue
                    tag.unlink(missing_ok=True)
                    if told.mark and not told.mark.startswith("W/") and told.plain:
                        _Begun(told.mark, told.size).write(tag)
                    with part.open("ab" if start else "wb") as stream:
                        for chunk in answer.iter_content(CHUNK):
                            stream.write(chunk)
                            self.progress(item, len(chunk))
                got = part.stat().st_size
                if told.plain and told.size is not None and got != told.size:
                    raise requests.ConnectionError(f"{got:,} of {told.size:,} bytes arrived")
                os.replace(part, out)
                tag.unlink(missing_ok=True)
                return
            except requests.RequestException as error:
                if attempt == self.retries:
                    raise SourceError(
                        f"{source.name}: {item.path} did not arrive from {item.url} "
                        f"({_reason(error)}); check the network and start again, it goes on from "
                        "there"
                    ) from error
                threading.Event().wait(self.pause * 2**attempt)
        raise SourceError(f"{source.name}: {item.path} did not arrive from {item.url}; start again")

    def _session(self) -> requests.Session:
        """One a thread: they are not meant to be shared."""
        if not hasattr(self._local, "session"):
            retry = Retry(
                total=self.retries,
                backoff_factor=self.pause,
                status_forcelist=BUSY,
                raise_on_status=False,
                respect_retry_after_header=True,
            )
            self._local.session = _Session()
            self._local.session.headers["User-Agent"] = "placeprior (research; one person's download)"
            for scheme in ("https://", "http://"):
                self._local.session.mount(scheme, HTTPAdapter(max_retries=retry))
        return self._local.session


class _Absent(Exception):
    """The provider has no such file, and may have none."""


class _Begun(NamedTuple):
    """What is known of a file that has arrived in part: the provider's mark (ETag, or date) and its length."""

    mark: str
    size: int | None

    @classmethod
    def read(cls, path: Path) -> _Begun | None:
        """As :meth:`write` left it; None where it cannot be read."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls(str(found["mark"]), found["size"])
        return None

    def write(self, path: Path) -> None:
        """Keep it beside the part."""
        path.write_text(json.dumps(self._asdict()), encoding="utf-8")


class _Told(NamedTuple):
    """What an answer's head says: where its body starts in the file (None: not said), the file's length and mark."""

    start: int | None
    size: int | None
    mark: str | None
    plain: bool  # the bytes are the file's own

    @classmethod
    def of(cls, answer: requests.Response) -> _Told:
        head = answer.headers
        plain = head.get("Content-Encoding", "identity").strip().lower() in ("identity", "")
        mark = head.get("ETag") or head.get("Last-Modified")
        if answer.status_code == 206:
            part = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", head.get("Content-Range", "").strip())
            if not part or not plain:
                return cls(None, None, mark, plain)
            return cls(int(part[1]), None if part[2] == "*" else int(part[2]), mark, plain)
        length = head.get("Content-Length", "")
        return cls(0, int(length) if length.isdigit() else None, mark, plain)


class _Session(requests.Session):
    """A session that sends the login that it was given and no other, and goes to no place without encryption.

    Left to itself, ``requests`` replaces a token by what ``~/.netrc`` has for the host, at the first request and at
    every redirect. Proxies of the environment are used as ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self.auth = _as_written

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """At a redirect: refuse one that leaves https, and take the login off where the host changes."""
        url, before = prepared_request.url, response.request.url
        same = host(url) == host(before)
        within = url.startswith("http://") and before.startswith("http://") and same  # a mirror in one's own house
        if not url.startswith("https://") and not within:
            raise SourceError(
                f"{_bare(before)} sends on to {_bare(url)}, which is no https address; start again "
                "later, and if it stays so, tell the provider"
            )
        if self.should_strip_auth(before, url) or not same:
            prepared_request.headers.pop("Authorization", None)


def _as_written(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request's login as it is; a name and password count where the address itself has them (a mirror's)."""
    name, password = requests.utils.get_auth_from_url(request.url)
    if name and "Authorization" not in request.headers:
        requests.auth.HTTPBasicAuth(name, password)(request)
    return request


def host(url: str) -> str:
    """The host that a request for an address goes to, by the parser that sends it; empty where it cannot be sent.

    Another parser may see another host: of ``https://a\\@b/`` Python's own names b, while the request goes to a.
    """
    try:
        return (parse_url(url).host or "").lower().rstrip(".")
    except LocationParseError:
        return ""


def mirrored(url: str) -> str:
    """The address to ask: the provider's own, or that of a mirror.

    The environment variable ``PLACEPRIOR_MIRROR`` names one, in which ``https://host/path`` lies at ``host/path``, as
    ``wget --mirror`` leaves it.

    Raises
    ------
    SourceError
        An address that is not https.
    """
    if not url.startswith("https://") or not host(url):
        raise SourceError(f"{url!r} is no https address; only such are fetched")
    if re.search(r"[\\\s\x00-\x1f]", url) or "@" in url.split("/", 3)[2] or host(url) != urlsplit(url).hostname:
        raise SourceError(f"{url!r} does not say plainly which host it is at; it is not fetched")
    base = os.environ.get(MIRROR)
    return f"{base.rstrip('/')}/{url.removeprefix('https://')}" if base else url


def refused(source: Source, url: str, status: int) -> SourceError:
    """What to say to a status that is an error."""
    if status in (401, 403):
        remedy = f"it needs {source.account}" if source.account else "the provider refuses; try again later"
        return SourceError(f"{source.name}: {url} answers {status} (no access); {remedy}")
    if status == 404:
        return SourceError(
            f"{source.name}: {url} does not exist (404); the provider may not have this period yet, or "
            f"has moved: see {source.homepage}"
        )
    return SourceError(
        f"{source.name}: {url} answers {status}; the provider is busy or down: start again later, "
        "finished files are kept"
    )


def _reason(error: Exception) -> str:
    return _bare((str(error).splitlines() or [""])[0])[:200] or type(error).__name__


def _bare(text: str) -> str:
    """Without the name and password that an address (a proxy's, a mirror's) may have."""
    return re.sub(r"//[^/@\s]*@", "//", text)
