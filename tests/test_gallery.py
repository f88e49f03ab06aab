"""Likeness by distance, components and colours, against what is known by hand."""

from pathlib import Path

import jupytext
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior import coords, encoders
from placeprior.book import gallery as drawings
from placeprior.errors import ConfigError
from placeprior.evidence import gallery
from placeprior.scores import spectra, vectors


def test_pairs_lie_on_land_as_far_apart_as_said():
    start, end, km = vectors.pairs(20, np.random.default_rng(0))
    assert coords.inside(start).all() and coords.inside(end).all()
    measured = np.diag(coords.great_circle_km(start, end))
    np.testing.assert_allclose(measured, km, rtol=1e-6)
    counts = np.histogram(km, vectors.edges())[0]
    assert len(counts) == vectors.CLASSES and counts[:-2].min() == 20 and counts[-1] > 0


@settings(deadline=None, max_examples=50)
@given(lon=st.floats(-180, 180), lat=st.floats(-89, 89), arc=st.floats(1e-4, 3.0), bearing=st.floats(0, 6.28))
def test_going_ahead_gets_as_far_as_asked(lon, lat, arc, bearing):
    there = vectors.ahead([(lon, lat)], [arc], [bearing])
    assert np.abs(there[:, 0]).max() <= 180
    km = coords.great_circle_km([(lon, lat)], there)[0, 0]
    assert km == pytest.approx(arc * coords.EARTH_RADIUS_KM, rel=1e-6)


def test_bearing_counts_clockwise_from_north():
    north, east = vectors.ahead([(10, 0), (10, 0)], [0.1, 0.1], [0, np.pi / 2])
    assert north == pytest.approx([10, np.degrees(0.1)]) and east == pytest.approx([10 + np.degrees(0.1), 0])


def test_cosine_is_seen_from_the_centre():
    a, b = np.array([[2.0, 1.0], [1.0, 1.0], [1.0, 3.0]]), np.array([[1.0, 3.0], [5.0, 5.0], [1.0, 2.0]])
    found = vectors.cosine(a, b, [1, 1])
    assert found[0] == pytest.approx(0) and np.isnan(found[1]) and found[2] == pytest.approx(1)
    np.testing.assert_allclose(vectors.cosine(a, a[:1], [0, 0])[0], 1)


def test_medians_of_each_class_of_distance():
    middle = np.sqrt(vectors.edges()[1:] * vectors.edges()[:-1])
    km = np.repeat(middle, 3)
    likeness = np.repeat(np.arange(vectors.CLASSES), 3) + np.tile([-0.5, 0.0, 9.0], vectors.CLASSES)
    far, curve = vectors.by_distance(likeness, km)
    np.testing.assert_allclose(far, middle)
    np.testing.assert_allclose(curve, np.arange(vectors.CLASSES))
    with pytest.raises(ConfigError, match="draw more pairs"):
        vectors.by_distance([1.0], [5.0])


def test_where_a_curve_falls_to_one_half():
    km = [1.0, 10.0, 100.0, 1000.0]
    assert vectors.falls_to(0.5, km, [1.0, 0.75, 0.25, 0.4]) == pytest.approx(10**1.5)
    assert vectors.falls_to(0.5, km, [1.0, 0.5, 0.0, 0.0]) == pytest.approx(10)
    assert vectors.falls_to(0.5, km, [1.0, 0.9, 0.8, 0.7]) == np.inf
    assert vectors.falls_to(0.5, km, [0.4, 0.9, 0.8, 0.7]) == 0


def test_components_of_vectors_that_were_made_of_two():
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((400, 2))
    scores -= scores.mean(0)
    scores = np.linalg.qr(scores)[0] * np.sqrt(400)
    axes = np.linalg.qr(rng.standard_normal((7, 2)))[0].T
    found, share = vectors.principal((scores * [3.0, 1.0]) @ axes + 5)
    np.testing.assert_allclose(share[:3], [0.9, 0.1, 0], atol=1e-12)
    np.testing.assert_allclose(np.abs(found[:, :2]), np.abs(scores), atol=1e-6)
    assert (found[:, 2] == 0).all() and (found[0] >= 0).all()
    assert vectors.components(share, 0.9) == 1 and vectors.components(share, 0.99) == 2
    with pytest.raises(ConfigError, match="alike"):
        vectors.principal(np.ones((5, 3)))


def test_dead_numbers_are_those_that_never_change():
    assert vectors.dead([[0, 1, 7, 0], [0, 2, 7, 1]]) == 0.5


def test_colours_are_those_of_a_screen_and_lightness_is_the_first():
    grid = np.stack(np.meshgrid(*[np.linspace(-4, 4, 7)] * 3, indexing="ij"), -1).reshape(-1, 3)
    shown = vectors.colours(grid)
    assert shown.min() >= 0 and shown.max() <= 1
    grey = vectors.colours([[0, 0, 0], [-2, 0, 0], [2, 0, 0]])
    assert np.ptp(grey, axis=1).max() < 2e-3 and grey[1].mean() < grey[0].mean() < grey[2].mean()
    blue, yellow, green, red = vectors.colours([[0, -2, 0], [0, 2, 0], [0, 0, -2], [0, 0, 2]])
    assert blue.argmax() == 2 and yellow.argmin() == 2 and green[1] > green[0] and red[0] > red[1]


def test_middle_grey_is_the_one_of_the_definition():
    """L* = 60, without colour: 0.566 of the screen's range, from the formulas by hand."""
    y = ((60 + 16) / 116) ** 3
    np.testing.assert_allclose(vectors.colours([[0, 0, 0]]), 1.055 * y ** (1 / 2.4) - 0.055, atol=1e-3)


# --- what the gallery asks of encoders --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def land():
    return coords.Land(4.0)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_the_gallery_has_every_formula_and_every_head_once():
    names = gallery.every()
    assert len(names) == len(set(names)) and {*gallery.PLANE, *gallery.SPHERE, *gallery.others()} <= set(names)
    assert names.index("xyz-fmow") < names.index("xyz-untrained") < names.index("xyz-yfcc")
    assert set(names) <= set(encoders.list_encoders("*"))


def test_equal_radii_leave_a_handful_of_dimensions(land):
    assert gallery.dimensions("sphere2vec-dfs", 3, 1.0, land.places) <= 8
    assert gallery.dimensions("sphere2vec-dfs", 3, 0.01, land.places) > 15


def test_a_receptive_field_is_one_at_the_place_itself(land):
    place = land.places[[5]]
    field = gallery.receptive_field("xyz", place, land.places)
    assert field.argmax() == 5 and field[5] == pytest.approx(1) and field.min() < 0


def test_likeness_fades_and_its_half_is_read_off(land):
    start, end, km = vectors.pairs(15, np.random.default_rng(0))
    curves = gallery.decay(["xyz", "sphere2vec-c"], land.places, start, end, km)
    assert curves.groupby("encoder").size().tolist() == [vectors.CLASSES] * 2
    half = gallery.half(curves)
    assert half["xyz"] > half["sphere2vec-c"]
    own = curves[curves["encoder"] == "xyz"]
    assert half["xyz"] == vectors.falls_to(0.5, own["km"], own["cosine"])


def test_directions_and_colours_of_coordinates(land):
    row = gallery.directions(["lonlat"], land.places).loc["lonlat"]
    assert row[["numbers", "all", "dead"]].tolist() == [2, 2, 0] and row["most"] <= 2
    rgb, share = gallery.colours("lonlat", land.places)
    assert rgb.shape == (len(land.places), 3) and share == pytest.approx(1)


def test_waves_of_a_rough_encoder_are_local():
    lon, lat = gallery.box(24)
    assert (len(lon), len(lat)) == (24, 24) and len(gallery.box()[0]) > 24
    curves, local = gallery.waves(["xyz", "nerf"], lon, lat)
    assert local["xyz"] < 0.01 < local["nerf"] <= 1
    assert (curves.groupby("encoder")["wavelength"].max() > spectra.LOCAL_KM).all()


# --- the page ---------------------------------------------------------------------------------------------------------


FAMILIES = ("cells", "plane", "sphere", "sphere2vec")


@pytest.fixture(scope="module")
def written():
    """What the page's cells define that write formulas out, over coarse cells."""
    page = Path(__file__).parents[1] / "notebooks" / "31_gallery.py"
    found = {"profile": "smoke"}
    own = ("coords.Land", "land.places.T", "def check", *(f"\n{name} = {{" for name in FAMILIES))
    for cell in jupytext.read(page).cells:
        if cell.cell_type == "code" and "figure" not in cell.metadata.get("mystnb", {}):
            if any(part in cell.source for part in own):
                exec(cell.source, found)
    return found


def test_the_formulas_on_the_page_are_those_of_the_encoders(written):
    families = [written[name] for name in FAMILIES]
    names = {name for family in families for name in family}
    assert names == {*gallery.PLANE, *gallery.SPHERE, "slepian"} - {"lonlat", "sincos"}
    for family in families:
        written["check"](family)
    with pytest.raises(AssertionError, match="xyz"):
        written["check"]({"xyz": written["sphere"]["xyz"][:, ::-1]})


def test_a_row_an_encoder_headed_by_its_formula(land):
    flat = np.linspace(0, 1, len(land.places))
    colours = np.zeros((len(flat), 3)), 0.5
    fig = drawings.draw_family(
        land, {"xyz": flat, "geoclip": colours}, {"xyz": flat, "geoclip": flat}, land.places[[0]]
    )
    titles = [ax.get_title() for ax in fig.axes]
    assert titles[:4] == [f"xyz   {drawings.FORMULAS['xyz']}", "", "geoclip   photographs (50 %)", ""]
    assert [len(ax.lines) for ax in fig.axes[:4]] == [0, 1, 0, 1]
    assert all(ax.title.get_zorder() > ax.get_rasterization_zorder() for ax in fig.axes[:4:2]), "titles stay letters"
    assert set(drawings.FORMULAS) <= set(encoders.list_encoders("*"))


def test_a_head_stands_in_the_row_of_its_formula():
    measures = pd.DataFrame(
        {"half": [0.0, np.inf, 500.0, 900.0], "most": [140, 2, 9, 2]},
        index=["xyz-untrained", "xyz-fmow", "xyz", "wrap-ffn-yfcc"],
    )
    measures.loc["wrap"] = [1000.0, 2]
    reach, most = drawings.draw_measures(measures).axes
    assert [text.get_text() for text in reach.get_yticklabels()] == ["wrap", "xyz"]
    alone, random, scenes, photographs = (marks.get_offsets().data.tolist() for marks in reach.collections)
    assert sorted(alone) == [[500.0, 1.0], [1000.0, 0.0]] and photographs == [[900.0, 0.0]]
    assert random == [[drawings.NEAREST, 1.0]], "a shorter reach stands at the edge"
    assert np.isnan(scenes[0][0]), "one that never falls is not drawn"


def test_pairs_begin_near_the_given_places():
    there = np.array([[-105.0, 39.7], [-87.6, 41.7]])
    start, end, km, group = vectors.pairs_from(there, 240, np.random.default_rng(0))
    assert np.abs(start[:, None] - there).max(-1).min(1).max() <= 0.2
    np.testing.assert_allclose(np.diag(coords.great_circle_km(start, end)), km, rtol=1e-6)
    assert (np.diff(group) >= 0).all() and np.bincount(group, minlength=12).max() == 20
    assert (np.digitize(km, vectors.edges()) - 1 == group).all() and coords.inside(end).all()


def test_a_smooth_surface_explains_a_cubic_and_no_noise():
    rng = np.random.default_rng(0)
    places = rng.uniform((-120, 30), (-80, 48), (4000, 2))
    east, north = ((places - places.mean(0)) / 10).T
    cubic, noise = 1 + east**3 - 2 * east * north**2 + north, rng.normal(size=4000)
    assert vectors.smooth_share(places, cubic) == pytest.approx(1)
    assert vectors.smooth_share(places, noise) < 0.01
    both = np.column_stack([cubic / cubic.std(), noise / noise.std()])
    assert vectors.smooth_share(places, both) == pytest.approx(0.5, abs=0.01)


def test_jumps_are_none_on_the_sphere_and_whole_where_two_places_are_strangers():
    sphere = vectors.jumps(coords.unit_xyz)
    assert max(sphere.values()) < 1e-6
    degrees = vectors.jumps(lambda lonlat: lonlat)
    assert degrees["date line"] > 1.5 and degrees["poles"] > 0.5
    closed = vectors.jumps(lambda lonlat: np.column_stack([np.sin(np.radians(lonlat[:, 0])), lonlat[:, 1] / 90]))
    assert closed["date line"] < 1e-5 < 0.1 < closed["poles"]


def test_a_first_look_counts_what_varies_and_how_alike_neighbours_are():
    stations = np.random.default_rng(0).uniform((-120, 30), (-80, 48), (50, 2))
    seen = vectors.first_look(lambda lonlat: np.column_stack([lonlat, np.ones(len(lonlat)), 1e-3 * lonlat]), stations)
    assert (seen["numbers"], seen["never vary"], seen["components for 90 %"]) == (5, 1, 2)
    assert seen["cosine with the nearest station"] > 0.9 and seen["µs a place"] > 0
