"""NASA's login and search: what is sent where, and what comes back."""

import json
from datetime import date

import pytest
from providers import Fault

from placeprior.data.sources import Source, earthdata
from placeprior.data.sources.transfer import Transfer
from placeprior.errors import SourceError

SEARCH = "cmr.earthdata.nasa.gov/search/granules.umm_json"
BOX = (-122.0, 36.0, -118.0, 40.0)


class Plain(Source):
    name, title, homepage, account = "maiac", "plain files", "https://data.example", earthdata.ACCOUNT
    list = read = None

    def headers(self):
        return earthdata.headers(self)


def granule(url, **archive):
    return {
        "umm": {
            "RelatedUrls": [{"URL": url, "Type": "GET DATA"}],
            "DataGranule": {"ArchiveAndDistributionInformation": [archive] if archive else []},
        }
    }


def search(provider, *granules, text=None):
    def answer(path, query):
        if path != SEARCH:
            return None
        size, page = int(query["page_size"]), int(query["page_num"])
        found = granules[(page - 1) * size : page * size]
        return text or json.dumps({"hits": len(granules), "items": found}).encode()

    provider.answers.append(answer)
    transfer = Transfer(pause=0.01, retries=1, timeout=5)
    return earthdata.granules(Plain(), transfer, "MCD19A2", "061", date(2021, 2, 1), date(2021, 2, 28), BOX)


def test_without_a_token_it_says_how_to_get_one(monkeypatch):
    monkeypatch.delenv("PLACEPRIOR_MIRROR", raising=False)
    monkeypatch.delenv("EARTHDATA_TOKEN", raising=False)
    with pytest.raises(SourceError, match="(?s)maiac: EARTHDATA_TOKEN.*urs.earthdata.nasa.gov.*Generate Token.*power"):
        earthdata.headers(Plain())


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "clé"])
def test_what_can_be_no_token_is_refused_and_not_shown(monkeypatch, token):
    monkeypatch.delenv("PLACEPRIOR_MIRROR", raising=False)
    monkeypatch.setenv("EARTHDATA_TOKEN", token)
    with pytest.raises(SourceError, match="copy it once more") as caught:
        earthdata.headers(Plain())
    assert token not in str(caught.value)


def test_the_token_goes_to_nasa_and_to_no_mirror(monkeypatch):
    monkeypatch.setenv("EARTHDATA_TOKEN", " Bearer abc.def\n")
    monkeypatch.delenv("PLACEPRIOR_MIRROR", raising=False)
    assert earthdata.headers(Plain()) == {"Authorization": "Bearer abc.def"}
    monkeypatch.setenv("PLACEPRIOR_MIRROR", "https://mirror.example")
    assert earthdata.headers(Plain()) == {}


@pytest.mark.parametrize("token", ['"abc.def"', "'abc.def'", '"Bearer abc.def"', "Bearer 'abc.def'", " \"'abc.def'\" "])
def test_quotes_round_a_token_are_none_of_it(monkeypatch, token):
    monkeypatch.setenv("EARTHDATA_TOKEN", token)
    monkeypatch.delenv("PLACEPRIOR_MIRROR", raising=False)
    assert earthdata.headers(Plain()) == {"Authorization": "Bearer abc.def"}


def test_the_search_asks_without_the_token(provider, monkeypatch):
    monkeypatch.setenv("EARTHDATA_TOKEN", "abc")
    monkeypatch.setattr(earthdata, "headers", lambda source: {"Authorization": "Bearer abc"})
    assert search(provider) == []
    ((asked, headers),) = provider.asked
    assert "Authorization" not in headers
    for part in (
        "short_name=MCD19A2",
        "version=061",
        "temporal=2021-02-01T00%3A00%3A00Z%2C2021-02-28T23%3A59%3A59Z",
        "bounding_box=-122%2C36%2C-118%2C40",
    ):
        assert part in asked


def test_sizes_and_hashes_are_taken_where_told(provider):
    host = "https://data.lpdaac.earthdatacloud.nasa.gov/a"
    found = search(
        provider,
        granule(f"{host}/1.hdf", Name="Not provided", Size=2.5, SizeUnit="MB"),
        granule(f"{host}/2.hdf", Name="2.hdf", SizeInBytes=77, Checksum={"Value": "ABC", "Algorithm": "SHA-256"}),
        granule(f"{host}/3.hdf", Name="3.hdf", Size=1, SizeUnit="KB", Checksum={"Value": "1", "Algorithm": "CRC-32"}),
        granule(f"{host}/4.hdf"),
    )
    assert [(each.name, each.size, each.hash) for each in found] == [
        ("1.hdf", 2621440, None),
        ("2.hdf", 77, "sha256:abc"),
        ("3.hdf", 1024, None),
        ("4.hdf", 0, None),
    ]


def test_only_https_of_nasa_counts_and_a_name_once(provider):
    good = "https://data.ornldaac.earthdata.nasa.gov/protected/daymet/a.nc"
    found = search(
        provider,
        *(
            granule(url)
            for url in (
                "https://evil.example/a.nc",
                "https://evilnasa.gov/a.nc",
                "http://data.nasa.gov/a.nc",
                "s3://bucket/a.nc",
                good,
                good,
                good + ".xml",
            )
        ),
    )
    assert [each.url for each in found] == [good]


def test_all_pages_are_read(provider, monkeypatch):
    monkeypatch.setattr(earthdata, "PAGE", 3)
    found = search(provider, *(granule(f"https://a.nasa.gov/{i}.hdf") for i in range(7)))
    assert [each.name for each in found] == [f"{i}.hdf" for i in range(7)] and len(provider.asked) == 3


@pytest.mark.parametrize(
    "text",
    [
        b"<html>maintenance</html>",
        b'{"errors": ["no"]}',
        b'{"hits": 1, "items": [{}]}',
        b'{"hits": 1, "items": [{"umm": {"RelatedUrls": [{"Type": "GET DATA"}]}}]}',
        b"[]",
    ],
)
def test_another_answer_is_an_error_with_a_remedy(provider, text):
    with pytest.raises(SourceError, match="maiac: NASA's search for MCD19A2.061 .*start again later"):
        search(provider, text=text)


def test_a_search_that_is_down_is_an_error_with_a_remedy(provider):
    provider.fail(SEARCH, *[Fault(status=503)] * 2)
    with pytest.raises(SourceError, match="maiac: .*granules.umm_json answers 503.*start again later"):
        search(provider)
