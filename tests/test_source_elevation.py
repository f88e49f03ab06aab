"""Elevation: the cells of a region out of a file of the globe, and what is refused."""

import tracemalloc

import h5py
import numpy as np
import pytest
from providers import Fault
from providers import elevation as maker

from placeprior.data.sources import Period, Region, get
from placeprior.data.sources.align import at_places
from placeprior.data.sources.elevation import CELL, FILE, SOURCE
from placeprior.data.sources.transfer import Transfer
from placeprior.errors import SourceError

PERIOD = Period.parse("2020-02")
REGION = Region.parse("-122,36,-119,40")
PLACES = [(-121.907, 36.104), (-119.321, 39.709), (-120.494, 37.253)]


def fetch(tmp_path):
    return SOURCE.fetch(PERIOD, REGION, tmp_path / "cache", Transfer(pause=0.01, retries=1, timeout=5))


def read(tmp_path, region=REGION):
    return SOURCE.read(tmp_path / "cache" / "elevation", PERIOD, region)


def expected(lonlat):
    """The made function at the centres of the cells in which places lie."""
    lon, lat = (np.floor(np.asarray(lonlat) / CELL).T + 0.5) * CELL
    return maker.elevation(lon, lat)


@pytest.fixture
def held(provider, tmp_path):
    """A good file in the cache."""
    maker.make(provider.root, PERIOD, REGION)
    (path,) = fetch(tmp_path)
    return path


def test_list_needs_no_network():
    (item,) = SOURCE.list(PERIOD, REGION)
    assert get("elevation") is SOURCE and SOURCE.account is None
    assert item.path == FILE and item.url.startswith("https://") and 4e8 < item.size < 5e8


def test_places_get_the_height_of_their_cell(held, tmp_path):
    field = read(tmp_path)
    assert field["elevation"].dims == ("y", "x") and field["elevation"].dtype == np.float32
    assert field["elevation"].attrs["units"] == "m" and field.attrs["crs"] == "EPSG:4326"
    assert field.attrs["title"] and field["elevation"].attrs["long_name"]
    np.testing.assert_allclose(at_places(field, PLACES)["elevation"], expected(PLACES), rtol=1e-6)
    assert np.isnan(at_places(field, [(-100.0, 40.0)])["elevation"]).all()


def test_north_first_is_as_good(provider, tmp_path):
    maker.make(provider.root, PERIOD, REGION, north_first=True)
    fetch(tmp_path)
    np.testing.assert_allclose(at_places(read(tmp_path), PLACES)["elevation"], expected(PLACES), rtol=1e-6)


def test_only_the_region_is_read(held, tmp_path):
    small = Region(-121.0, 37.0, -120.5, 37.25)
    read(tmp_path, small)  # imports
    tracemalloc.start()
    field = read(tmp_path, small)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6, "the globe is 933 MB"
    # Its edges run between cells: the cells on both sides are in, so that a place on an edge has one.
    assert field.sizes == {"y": 17, "x": 32}
    corners = [(-121.0, 37.0), (-120.5, 37.25), (-121.0, 37.25), (-120.5, 37.0)]
    assert np.isfinite(at_places(field, corners)["elevation"]).all()


def test_a_file_like_it_is_not_read(provider, tmp_path):
    for options, told in [
        ({"rows": 5400}, "5400.*not 10800 lat x 21600 lon"),
        ({"names": ("lat", "lon", "Band1")}, "has no variable 'z', only .*Band1"),
        ({"names": ("y", "x", "z")}, "has no variable 'lat'"),
        ({"shift": 180.0}, "lon of .* runs from 0.0083"),
        ({"shift": CELL / 2}, "lon of .* not evenly from"),
    ]:
        maker.make(provider.root, PERIOD, REGION, **options)
        with pytest.raises(SourceError, match=f"elevation: .*{told}.*start again"):
            fetch(tmp_path)
        assert not (tmp_path / "cache" / "elevation" / FILE).exists()
    maker.make(provider.root, PERIOD, REGION)
    assert len(fetch(tmp_path)) == 1


@pytest.mark.parametrize("height", [np.nan, -99999.0, 30_000.0])
def test_a_cell_without_a_possible_height_is_not_made_up(provider, tmp_path, height):
    maker.make(provider.root, PERIOD, REGION, spoil=height)
    fetch(tmp_path)
    with pytest.raises(SourceError, match=f"elevation: {FILE} has cells .*empty or outside.*remove .* fetch it again"):
        read(tmp_path)
    assert read(tmp_path, Region(-121.9, 36.1, -121.0, 37.0)).sizes["y"] > 50


def test_pages_torn_files_and_refusals(provider, tmp_path):
    maker.make(provider.root, PERIOD, REGION)
    whole = (provider.root / maker.PATH).read_bytes()
    for content, told in [
        (b"<!DOCTYPE html><title>maintenance</title>", "is a web page"),
        (whole[: len(whole) // 2], "is damaged or no netCDF-4 file"),
        (b"CDF\x01" + bytes(400), "is damaged or no netCDF-4 file"),
        (b"", "is damaged or no netCDF-4 file"),
    ]:
        provider.put(maker.PATH, content)
        with pytest.raises(SourceError, match=f"elevation: {FILE} {told}.*start again"):
            fetch(tmp_path)
    provider.put(maker.PATH, whole)
    for status, told in [(403, "no access"), (404, "does not exist")]:
        provider.fail(maker.PATH, Fault(status=status))
        with pytest.raises(SourceError, match=f"elevation: https://.*{told}"):
            fetch(tmp_path)
    provider.fail(maker.PATH, Fault(cut=len(whole) // 2))
    (path,) = fetch(tmp_path)
    assert path.read_bytes() == whole


def test_damage_within_the_file_is_told_when_it_is_read(held, tmp_path):
    with h5py.File(held) as file:
        chunk = file["z"].id.get_chunk_info(0)
    content = bytearray(held.read_bytes())
    content[chunk.byte_offset : chunk.byte_offset + chunk.size] = bytes(chunk.size)
    held.write_bytes(content)
    with pytest.raises(SourceError, match=f"elevation: {FILE} is damaged .*remove .* and fetch it again"):
        read(tmp_path)
    assert len(fetch(tmp_path)) == 1, "its hash tells, and it is fetched again"
    read(tmp_path)


def test_not_fetched_yet(tmp_path):
    with pytest.raises(SourceError, match="elevation: .* is not there; fetch it first"):
        read(tmp_path)
