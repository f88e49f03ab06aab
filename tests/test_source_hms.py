"""Smoke: the densest polygon over a place, NaN where nobody knows, and every damaged file refused."""

import io
import zipfile
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import shapefile
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from providers import Fault, hms

from placeprior.data.sources import Period, Region
from placeprior.data.sources import hms as source
from placeprior.data.sources.align import at_places
from placeprior.data.sources.hms import SOURCE
from placeprior.data.sources.transfer import Transfer
from placeprior.errors import SourceError

REGION = Region(-122.0, 36.0, -118.0, 38.5)
PERIOD = Period.parse("2020-02-27/2020-03-01")
DAY = pd.Timestamp("2021-08-14")
ONE = Period.parse("2021-08-14/2021-08-14")
# Fractions of the region, none on an edge of a polygon or of a cell, none the mirror image of another.
SPOTS = [(0.155, 0.15), (0.305, 0.25), (0.5, 0.25), (0.5, 0.52), (0.625, 0.525), (0.8, 0.9), (0.25, 0.9), (0.95, 0.05)]
PLACES = np.array([hms.place(REGION, *spot) for spot in SPOTS])


def fetch(tmp_path, period=PERIOD, region=REGION):
    return SOURCE.fetch(period, region, tmp_path / "cache", Transfer(pause=0.01, retries=1, timeout=5))


def read(tmp_path, period=PERIOD, region=REGION):
    return SOURCE.read(tmp_path / "cache/hms", period, region)


def one(provider, tmp_path, content):
    """Fetch a single day with this content."""
    provider.put(hms.where(DAY), content)
    return fetch(tmp_path, ONE)


def at(tmp_path, places=PLACES):
    return at_places(read(tmp_path, ONE), places).smoke.values[:, 0]


def square(*edges, hole=False):
    return hms.ring(REGION, edges, hole)


@pytest.mark.parametrize("density", ["words", "numbers", "text"])
def test_places_get_the_densest_polygon_over_them(provider, tmp_path, density):
    hms.make(provider.root, PERIOD, REGION, density=density)
    assert len(fetch(tmp_path)) == 4
    smoke = read(tmp_path)
    found = at_places(smoke, PLACES).smoke.values
    assert np.array_equal(found, np.stack([hms.expected(REGION, PLACES, day) for day in PERIOD.days], 1))
    assert set(found.ravel()) == {0, 1, 2, 3}
    assert found[0, 0] != found[0, -1]  # the light smoke moved off between 27 February and 1 March


def test_dataset_is_on_gridmets_grid_lazy_and_described(provider, tmp_path):
    hms.make(provider.root, PERIOD, REGION)
    fetch(tmp_path)
    smoke = read(tmp_path)
    assert smoke.smoke.dims == ("time", "y", "x") and smoke.smoke.dtype == np.float32
    assert smoke.smoke.chunks[0] == (1, 1, 1, 1)
    assert smoke.smoke.attrs["units"] == "1" and smoke.smoke.attrs["long_name"] and smoke.attrs["title"]
    assert str(smoke.time.values[2])[:10] == "2020-02-29"
    for values, origin in ((smoke.x.values, -124.76666666666667), (smoke.y.values, 49.4)):
        steps = (values - origin) * 24
        assert np.allclose(steps, steps.round(), atol=1e-6)
    assert smoke.x[0] - 1 / 48 <= REGION.west < smoke.x[0] + 1 / 48
    assert smoke.y[-1] - 1 / 48 <= REGION.south < smoke.y[-1] + 1 / 48
    inner = read(tmp_path, PERIOD, Region(-120.9, 36.9, -119.8, 37.8))
    assert inner.smoke.equals(smoke.smoke.sel(x=inner.x, y=inner.y)) and inner.sizes["x"] < smoke.sizes["x"]


def test_list_needs_no_network_and_begins_with_the_archive():
    items = SOURCE.list(Period.parse("2005"), REGION)
    assert len(items) == 149 and items[0].path == "2005/hms_smoke20050805.zip"
    assert items[0].url == (
        "https://satepsanone.nesdis.noaa.gov/pub/FIRE/web/HMS/Smoke_Polygons/Shapefile/2005/08/hms_smoke20050805.zip"
    )
    assert all(item.may_lack and 1_000 < item.size < 1_000_000 for item in items)
    today = Period(date.today() - timedelta(days=1), date.today())
    assert not any(item.may_lack for item in SOURCE.list(today, REGION))


def test_a_day_without_a_file_is_unknown_and_one_without_polygons_is_clear(provider, tmp_path):
    hms.make(provider.root, PERIOD, REGION, absent=["2020-02-28"], empty=["2020-02-29"])
    assert len(fetch(tmp_path)) == 3
    smoke = read(tmp_path).smoke.values
    assert np.isnan(smoke[1]).all() and (smoke[2] == 0).all() and smoke[3].max() == 3
    with pytest.raises(SourceError, match="hms: .*20200302.zip was not fetched; fetch"):
        read(tmp_path, Period.parse("2020-03-01/2020-03-02"))
    assert np.isnan(read(tmp_path, Period.parse("2005-08-01/2005-08-02")).smoke).all()


def test_smoke_of_unknown_density_is_unknown_unless_a_known_one_covers_it(provider, tmp_path):
    shapes = [(None, [square(0.1, 0.1, 0.6, 0.6)]), ("Light", [square(0.4, 0.2, 0.9, 0.9)])]
    one(provider, tmp_path, hms.pack(DAY, shapes))
    places = np.array([hms.place(REGION, *spot) for spot in [(0.2, 0.2), (0.5, 0.5), (0.8, 0.8), (0.05, 0.9)]])
    assert np.array_equal(at(tmp_path, places), [np.nan, 1, 1, 0], equal_nan=True)


def test_the_first_years_have_no_density_at_all(provider, tmp_path):
    one(provider, tmp_path, hms.pack(DAY, hms.polygons(REGION, DAY), density="none"))
    covered = hms.expected(REGION, PLACES, DAY) > 0
    assert np.array_equal(np.isnan(at(tmp_path)), covered) and (at(tmp_path)[~covered] == 0).all()


def test_rings_that_cross_themselves_run_backwards_or_are_repeated(provider, tmp_path):
    bow = [hms.place(REGION, *spot) for spot in [(0.1, 0.1), (0.5, 0.5), (0.5, 0.1), (0.1, 0.5), (0.1, 0.1)]]
    backwards = square(0.6, 0.1, 0.9, 0.4, hole=True)
    shapes = [("Medium", [bow]), ("Light", [backwards]), ("Light", [backwards]), ("Medium", [bow])]
    one(provider, tmp_path, hms.pack(DAY, shapes))
    places = np.array([hms.place(REGION, *spot) for spot in [(0.15, 0.32), (0.45, 0.32), (0.3, 0.15), (0.73, 0.22)]])
    assert np.array_equal(at(tmp_path, places), [2, 2, 0, 1])


def test_a_zip_that_was_packed_with_its_folders_is_read(provider, tmp_path):
    one(provider, tmp_path, hms.pack(DAY, hms.polygons(REGION, DAY), folder="data/output/"))
    assert np.array_equal(at(tmp_path), hms.expected(REGION, PLACES, DAY))


def swap(member, content):
    """The good zip with one member's content replaced, or without it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if not name.endswith(member):
                new.writestr(name, old.read(name))
            elif content is not None:
                new.writestr(name, content(old.read(name)))
    return buffer.getvalue()


def bomb():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix in ("shp", "dbf"):
            archive.writestr(f"hms_smoke20210814.{suffix}", bytes(40 << 20))
    return buffer.getvalue()


SHAPES = hms.polygons(REGION, DAY)
GOOD = hms.pack(DAY, SHAPES)
FAR = [("Light", [[(x * 1e5, y * 1e5) for x, y in square(0.1, 0.1, 0.5, 0.5)]])]
BAD = {
    "truncated": (GOOD[: len(GOOD) // 2], "damaged zip"),
    "page": (b"<!DOCTYPE html><html>maintenance</html>", "web page"),
    "nothing": (b"", "damaged zip"),
    "other day": (hms.pack(DAY - pd.Timedelta(days=366), SHAPES), "hms_smoke20200813.shp, another day"),
    "renamed field": (hms.pack(DAY, SHAPES, field="Thickness"), "no field Density, but Thickness.*layout"),
    "new words": (hms.pack(DAY, [("Dense", rings) for _, rings in SHAPES]), "'Dense'.*layout"),
    "leads out": (hms.pack(DAY, SHAPES, more=[("../../evil.shp", b"x")]), "'../../evil.shp', which leads out"),
    "absolute": (hms.pack(DAY, SHAPES, more=[("/etc/evil", b"x")]), "leads out"),
    "two": (hms.pack(DAY, SHAPES, more=[("more.shp", b"x")]), "2 .shp files"),
    "no table": (swap(".dbf", None), "0 .dbf files"),
    "bomb": (bomb(), "83,886,080 bytes"),
    "shapes cut": (swap(".shp", lambda old: old[: len(old) - 60]), "damaged shapefile"),
    "shapes spoilt": (swap(".shp", lambda old: old[:104] + b"\xff" * 60 + old[164:]), "damaged|corners|holds"),
    "table cut": (swap(".dbf", lambda old: old[:40]), "damaged shapefile|records"),
    "metres": (hms.pack(DAY, FAR), "no longitude and latitude"),
}


@pytest.mark.filterwarnings("ignore:Declared file size")
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_and_a_second_fetch_finishes(provider, tmp_path, kind):
    content, told = BAD[kind]
    period = Period.parse("2021-08-13/2021-08-14")
    hms.make(provider.root, period, REGION)
    provider.put(hms.where(DAY), content)
    with pytest.raises(SourceError, match=f"(?s)hms: hms_smoke20210814.zip .*({told}).*fetch again") as caught:
        fetch(tmp_path, period)
    assert "\n" not in str(caught.value)
    kept = [path.name for path in (tmp_path / "cache/hms").rglob("*.zip")]
    assert kept == ["hms_smoke20210813.zip"] and not list(tmp_path.rglob("evil*"))
    provider.put(hms.where(DAY), GOOD)
    assert len(fetch(tmp_path, period)) == 2
    assert np.array_equal(at(tmp_path), hms.expected(REGION, PLACES, DAY))


@pytest.mark.parametrize(("fault", "told"), [(403, "no access"), (500, "busy or down")])
def test_a_refusal_is_no_clear_sky(provider, tmp_path, fault, told):
    hms.make(provider.root, ONE, REGION)
    provider.fail(hms.where(DAY), *[Fault(status=fault)] * (1 if fault == 403 else 2))  # 403 is not asked again
    with pytest.raises(SourceError, match=f"hms: .*20210814.zip.*{told}"):
        fetch(tmp_path, ONE)
    with pytest.raises(SourceError, match="was not fetched"):
        read(tmp_path, ONE)
    assert len(fetch(tmp_path, ONE)) == 1


def test_a_file_that_changed_since_is_held_to_its_hash(provider, tmp_path):
    (path,) = one(provider, tmp_path, GOOD)
    path.unlink()
    with pytest.raises(SourceError, match="hms: 2021/hms_smoke20210814.zip .*wrong hash"):
        one(provider, tmp_path, hms.pack(DAY, SHAPES[:1]))


# --- rings as hands draw them, and fields that nobody needs -----------------------------------------------------------

GRID = np.arange(-110.25, -90, 0.5), np.arange(45.25, 35, -0.5)


def day(tmp_path, rings, satellite="GOES-WEST", encoding="utf-8"):
    """Density on a grid, of one heavy polygon."""
    parts = {kind: io.BytesIO() for kind in ("shp", "shx", "dbf")}
    writer = shapefile.Writer(**parts, shapeType=shapefile.POLYGON, encoding=encoding)
    for name in ("Satellite", "Start", "End", "Density"):
        writer.field(name, "C", 20)
    writer.poly(rings)
    writer.record(satellite, "2021227 1200", "2021227 1800", "Heavy")
    writer.close()
    path = tmp_path / "hms_smoke20210815.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for kind, content in parts.items():
            packed.writestr(f"{path.stem}.{kind}", content.getvalue())
    return source.rasterise(path, *GRID)


def box(west, south, east, north):
    return [[west, south], [west, north], [east, north], [east, south], [west, south]]


def cells(*inside):
    """Which cells of the grid are in one of the boxes."""
    x, y = np.meshgrid(*GRID)
    return np.any([(x > w) & (x < e) & (y > s) & (y < n) for w, s, e, n in inside], axis=0) * 3


OVER = [[-103, 38], [-103, 42], [-99, 42], [-99, 39], [-101, 39], [-101, 41], [-97, 41], [-97, 38], [-103, 38]]
OUTER, HOLE, ISLAND = (-104, 36, -96, 44), (-102, 38, -98, 42), (-101, 39, -99, 41)
RINGS = {
    "over itself": ([OVER], cells((-103, 38, -99, 42), (-101, 38, -97, 41))),
    "twice round": ([box(*HOLE)[:-1] * 2 + [[-102, 38]]], cells(HOLE)),
    "twice the same": ([box(*HOLE), box(*HOLE)], cells(HOLE)),
    "and back again": ([box(*HOLE), box(*HOLE)[::-1]], cells(HOLE)),
    "two that overlap": ([box(-104, 38, -100, 42), box(-101, 38, -97, 42)], cells((-104, 38, -97, 42))),
    "with a hole": ([box(*OUTER), box(*HOLE)[::-1]], cells(OUTER) - cells(HOLE)),
    "with a hole drawn the wrong way round": ([box(*OUTER), box(*HOLE)], cells(OUTER) - cells(HOLE)),
    "an island in a hole": ([box(*ISLAND), box(*HOLE), box(*OUTER)], cells(OUTER) - cells(HOLE) + cells(ISLAND)),
}


@pytest.mark.parametrize("drawn", RINGS)
@pytest.mark.parametrize("turn", [0, 360, -360])
def test_rings_drawn_by_hand_are_smoke_and_holes_are_holes(tmp_path, drawn, turn):
    rings, expected = RINGS[drawn]
    turned = [[[x + turn, y] for x, y in ring] for ring in rings]
    if turn < 0:  # beyond what a longitude can be
        with pytest.raises(SourceError, match="no longitude and latitude"):
            day(tmp_path, turned)
    else:
        np.testing.assert_array_equal(day(tmp_path, turned), expected)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-104, -96), st.integers(36, 44)), min_size=3, max_size=9))
def test_a_centre_is_in_smoke_where_the_ring_goes_round_it(corners):
    ring = np.array([*corners, corners[0]], float)
    points = np.column_stack([axis.ravel() for axis in np.meshgrid(*GRID)])
    angle = np.unwrap(np.arctan2(*(ring[None] - points[:, None]).T[::-1]), axis=0)
    rounds = np.rint((angle[-1] - angle[0]) / (2 * np.pi))
    shape = source._enclosed(ring)
    clear = shapely.distance(shapely.linestrings(ring), shapely.points(points)) > 1e-9
    assert np.array_equal(shapely.contains_xy(shape, *points.T)[clear], (rounds != 0)[clear])


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8"])
def test_text_in_another_encoding_in_a_field_that_is_not_needed_is_no_harm(tmp_path, encoding):
    np.testing.assert_array_equal(day(tmp_path, [box(*HOLE)], "Qu\u00e9bec", encoding), cells(HOLE))
