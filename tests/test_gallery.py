"""Likeness by distance, components and colours, against what is known by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior import coords
from placeprior.errors import ConfigError
from placeprior.scores import vectors


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
