"""Files over the network into a cache: hashes checked, retries with growing pauses, cut transfers continued.

A file appears under its name only when it is whole and checked; beside it, ``<file>.json`` records its SHA-256, size,
address and the day it came. Until then it is ``<file>.part``, from which the next attempt goes on.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from placeprior.data.sources.records import is_good, record, record_absent, recorded
from placeprior.errors import SourceError

if TYPE_CHECKING:
    from placeprior.data.sources import Item, Source

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
            raise SourceError(f"{source.name}: {url} cannot be reached ({_reason(error)}); check the network and start "
                              "again") from error
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
            pooch.retrieve(item.url, known_hash=known or None, fname=path.name, path=path.parent,
                           downloader=lambda url, out, _: self._download(source, item, headers, path, Path(out)))
            source.check(path)
        except _Absent:
            record_absent(path, item.url)
        except SourceError:
            path.unlink(missing_ok=True)
            raise
        except ValueError as error:  # what pooch raises for a wrong hash
            path.unlink(missing_ok=True)
            raise SourceError(f"{source.name}: {item.path} from {item.url} is not the file it should be (wrong hash); "
                              f"start again, and if it stays so, remove {path.name}.json beside it if the provider "
                              "has published a new version") from error
        except OSError as error:
            raise SourceError(f"{source.name}: {path} cannot be written ({error.strerror or error}); free some space "
                              "and start again, finished files are kept") from error
        else:
            record(path, item.url)
        self.progress(item, None)

    def _download(self, source: Source, item: Item, headers: dict[str, str], path: Path, out: Path) -> None:
        """Bring the whole file to ``out``, in as many attempts as are allowed, each from where the last one ended."""
        part, tag = path.with_name(path.name + ".part"), path.with_name(path.name + ".tag")
        for attempt in range(self.retries + 1):
            have = part.stat().st_size if part.is_file() and tag.is_file() else 0
            ask = headers | ({"Range": f"bytes={have}-", "If-Range": tag.read_text()} if have else {})
            try:
                with self._session().get(mirrored(item.url), headers=ask, stream=True, timeout=self.timeout) as answer:
                    if answer.status_code == 404 and item.may_lack:
                        raise _Absent
                    if answer.status_code == 416:  # nothing after what is there: begin anew
                        part.unlink(missing_ok=True)
                        continue
                    if answer.status_code not in (200, 206):
                        raise refused(source, item.url, answer.status_code)
                    mark = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
                    if mark and not mark.startswith("W/"):
                        tag.write_text(mark)
                    with part.open("ab" if answer.status_code == 206 else "wb") as stream:
                        for chunk in answer.iter_content(CHUNK):
                            stream.write(chunk)
                            self.progress(item, len(chunk))
                os.replace(part, out)
                tag.unlink(missing_ok=True)
                return
            except requests.RequestException as error:
                if attempt == self.retries:
                    raise SourceError(f"{source.name}: {item.path} did not arrive from {item.url} "
                                      f"({_reason(error)}); check the network and start again, it goes on from "
                                      "there") from error
                threading.Event().wait(self.pause * 2**attempt)
        raise SourceError(f"{source.name}: {item.path} did not arrive from {item.url}; start again")

    def _session(self) -> requests.Session:
        """One a thread: they are not meant to be shared."""
        if not hasattr(self._local, "session"):
            retry = Retry(total=self.retries, backoff_factor=self.pause, status_forcelist=BUSY, raise_on_status=False,
                          respect_retry_after_header=True)
            self._local.session = requests.Session()
            self._local.session.headers["User-Agent"] = "placeprior (research; one person's download)"
            for scheme in ("https://", "http://"):
                self._local.session.mount(scheme, HTTPAdapter(max_retries=retry))
        return self._local.session


class _Absent(Exception):
    """The provider has no such file, and may have none."""


def mirrored(url: str) -> str:
    """The address to ask: the provider's own, or that of a mirror.

    The environment variable ``PLACEPRIOR_MIRROR`` names one, in which ``https://host/path`` lies at ``host/path``, as
    ``wget --mirror`` leaves it.

    Raises
    ------
    SourceError
        An address that is not https.
    """
    if urlsplit(url).scheme != "https":
        raise SourceError(f"{url!r} is no https address; only such are fetched")
    base = os.environ.get(MIRROR)
    return f"{base.rstrip('/')}/{url.removeprefix('https://')}" if base else url


def refused(source: Source, url: str, status: int) -> SourceError:
    """What to say to a status that is an error."""
    if status in (401, 403):
        remedy = f"it needs {source.account}" if source.account else "the provider refuses; try again later"
        return SourceError(f"{source.name}: {url} answers {status} (no access); {remedy}")
    if status == 404:
        return SourceError(f"{source.name}: {url} does not exist (404); the provider may not have this period yet, or "
                           f"has moved: see {source.homepage}")
    return SourceError(f"{source.name}: {url} answers {status}; the provider is busy or down: start again later, "
                       "finished files are kept")


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0][:200] or type(error).__name__
