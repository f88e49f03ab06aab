"""NASA's Earthdata: the login that some archives ask for, and the search that finds a product's files.

Two small things are needed, a header and a query, so the package ``earthaccess`` (15 further packages) is not among our
dependencies; who has it can let it make the token.

- Login: a bearer token in the environment variable ``EARTHDATA_TOKEN``
  (https://urs.earthdata.nasa.gov/documentation/for_users/user_token). It is sent to NASA's hosts only, and never to a
  mirror (``PLACEPRIOR_MIRROR``), which needs none.
- Search: the Common Metadata Repository, open to all (https://cmr.earthdata.nasa.gov/search/site/docs/search/api.html).
  Its answers follow UMM-G (https://git.earthdata.nasa.gov/projects/EMFD/repos/unified-metadata-model).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from placeprior.data.sources.transfer import MIRROR, host
from placeprior.errors import SourceError

if TYPE_CHECKING:
    from placeprior.data.sources.source import Source
    from placeprior.data.sources.transfer import Transfer

TOKEN = "EARTHDATA_TOKEN"
#: For :attr:`placeprior.data.sources.Source.account`; also what a refusal (401, 403) tells.
ACCOUNT = (
    "NASA's free Earthdata login: register at https://urs.earthdata.nasa.gov, choose Generate Token there, and "
    f"set the environment variable {TOKEN} to it (a token ends after about two months)"
)
SEARCH = "https://cmr.earthdata.nasa.gov/search/granules.umm_json"
HOSTS = ".nasa.gov"  # the only hosts that are asked for files, and thereby given the token
BESIDE = (".xml", ".md5", ".sha256", ".dmrpp")  # what some archives list as data beside the file itself
PAGE = 1000  # granules an answer; CMR allows 2,000
MOST = 100  # pages; more are not what we asked for
UNITS = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256", "SHA256": "sha256", "SHA-512": "sha512", "SHA512": "sha512"}
#: Which source gives nearly the same without an account.
INSTEAD = {"daymet": "gridmet", "maiac": "power"}


class Granule(NamedTuple):
    """A file that the search found: its name, its address, bytes (0 if not told) and its hash where published."""

    name: str
    url: str
    size: int
    hash: str | None


def headers(source: Source) -> dict[str, str]:
    """The login that a request for one of the source's files carries.

    Nothing where a mirror is used: the token is for NASA alone.

    Raises
    ------
    SourceError
        No token, or one that cannot be one; tells how to get it, and which source needs no account.
    """
    if os.environ.get(MIRROR):
        return {}
    instead = f"; or use {INSTEAD[source.name]} instead, which needs no account" if source.name in INSTEAD else ""
    token = os.environ.get(TOKEN, "").strip()
    while len(token) > 1 and token[0] == token[-1] and token[0] in "\"'":  # as files of settings write it
        token = token[1:-1].strip()
    token = token.removeprefix("Bearer ").strip().strip("\"'")
    if not token:
        raise SourceError(
            f"{source.name}: {TOKEN} is not set, and these files need {ACCOUNT}; earthaccess users: "
            f"earthaccess.login() then earthaccess.get_edl_token()['access_token']{instead}"
        )
    if not re.fullmatch(r"[A-Za-z0-9._~+/=-]+", token):  # RFC 6750, section 2.1
        raise SourceError(
            f"{source.name}: {TOKEN} holds spaces or characters that no token has; copy it once more "
            f"from https://urs.earthdata.nasa.gov (Generate Token){instead}"
        )
    return {"Authorization": f"Bearer {token}"}


def granules(
    source: Source, transfer: Transfer, short_name: str, version: str, first: date, last: date, region: Iterable[float]
) -> list[Granule]:
    """Every file of a product whose time and place touch the period and the box.

    Parameters
    ----------
    source : Source
        On whose behalf; named in errors.
    transfer : Transfer
    short_name, version : str
        Of the collection, such as ``MCD19A2`` and ``061``.
    first, last : date
        Both included.
    region : west, south, east, north
        Degrees.

    Returns
    -------
    list of Granule
        In the search's order, a name once. Empty if the provider has none.

    Raises
    ------
    SourceError
        The search cannot be reached, or its answer is not as documented.
    """
    query = {
        "short_name": short_name,
        "version": version,
        "page_size": str(PAGE),
        "sort_key": "start_date",
        "temporal": f"{first}T00:00:00Z,{last}T23:59:59Z",
        "bounding_box": ",".join(f"{edge:.6g}" for edge in region),
    }
    found: dict[str, Granule] = {}
    for page in range(1, MOST + 1):
        # Pages by number: the other way, CMR-Search-After, goes by an answer's headers, which are not at hand.
        text = transfer.text(_Open(source), SEARCH, query | {"page_num": str(page)})  # type: ignore[arg-type]
        try:
            answer = json.loads(text)
            hits, items = int(answer["hits"]), answer["items"]
            for item in items:
                for granule in _files(item["umm"]):
                    found.setdefault(granule.name, granule)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            why = f"{type(error).__name__}: {str(error)[:80]}"
            raise SourceError(
                f"{source.name}: NASA's search for {short_name}.{version} ({SEARCH}) does not answer as "
                f"documented ({why}); start again later"
            ) from error
        if not items or page * PAGE >= hits:
            break
    return list(found.values())


def _files(umm: dict[str, Any]) -> list[Granule]:
    """The files of one UMM-G record that https brings from NASA's hosts."""
    archive = umm.get("DataGranule", {}).get("ArchiveAndDistributionInformation", [])
    urls = [
        each["URL"]
        for each in umm.get("RelatedUrls", [])
        if each.get("Type") == "GET DATA" and not each["URL"].endswith(BESIDE)
    ]
    files = []
    for url in urls:
        if not url.startswith("https://") or "\\" in url or not host(url).endswith(HOSTS):
            continue  # s3:// or a host that shall not see the token
        name = unquote(urlsplit(url).path).rpartition("/")[2]
        named = [each for each in archive if each.get("Name") == name]
        told = named or (archive if len(archive) == len(urls) == 1 else [])
        size, digest = _told(told[0]) if told else (0, None)
        files.append(Granule(name, url, size, digest))
    return files


def _told(archive: dict[str, Any]) -> tuple[int, str | None]:
    """Bytes and hash, as far as a record of ``ArchiveAndDistributionInformation`` tells them."""
    size = archive.get("SizeInBytes")
    if size is None:
        size = float(archive.get("Size", 0)) * UNITS.get(archive.get("SizeUnit", ""), 0)
    checksum = archive.get("Checksum") or {}
    algorithm = ALGORITHMS.get(str(checksum.get("Algorithm")).upper())
    digest = f"{algorithm}:{str(checksum['Value']).lower()}" if algorithm and checksum.get("Value") else None
    return int(size), digest


class _Open:
    """A source as the search shall see it: without its login."""

    account = None

    def __init__(self, source: Source) -> None:
        self.name, self.homepage = source.name, source.homepage

    def headers(self) -> dict[str, str]:
        return {}
