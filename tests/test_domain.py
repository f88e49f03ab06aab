"""How large a domain is, anywhere on the globe."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior.coords import great_circle_km, nearest_km, planar, plane, project
from placeprior.scores.paired import squares
from placeprior.space import domain
from placeprior.space.matched_folds import matched_folds
from placeprior.space.splits import partition


def around(lon, lat, n=80, spread=5.0, seed=0):
    places = np.random.default_rng(seed).uniform(-spread, spread, (n, 2)) + [lon, lat]
    places[:, 0] = (places[:, 0] + 180) % 360 - 180
    return places


@settings(max_examples=30, deadline=None)
@given(st.floats(-180, 179), st.floats(-75, 75))
def test_the_plane_keeps_near_distances_anywhere(lon, lat):
    places = around(lon, lat, 20, 1.0)
    xy = planar(places)
    flat = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    np.testing.assert_allclose(flat, great_circle_km(places, places), rtol=0.02, atol=1.0)


def test_in_the_united_states_the_plane_is_the_one_of_every_map():
    places = around(-100, 40)
    np.testing.assert_array_equal(planar(places), project(places))
    there = plane(around(179, 60))
    back = there.transform(*there.transform(-179.5, 60.0), direction="INVERSE")
    assert back == pytest.approx((-179.5, 60.0))


@pytest.mark.parametrize("lon, lat", [(-100, 40), (10, 50), (179, -17), (-179.9, 65), (25, -30)])
def test_cells_blocks_and_hull_suit_the_domain_across_the_date_line_too(lon, lat):
    places = around(lon, lat)
    side = domain.cell_degrees(places)
    assert 360 / side % 2 == 0  # as many cells of one colour as of the other round the globe
    share = (partition(places, side) == 1).mean()
    assert domain.LEAST_SHARE <= share <= 1 - domain.LEAST_SHARE
    assert 5 <= len(set(squares(places, domain.block_km(places)))) <= 60
    wanted = domain.hull_places(places)
    assert len(wanted) == pytest.approx(domain.WANTED, rel=0.1)
    assert nearest_km(wanted, places)[0].max() < 500


def test_neighbouring_cells_across_the_date_line_differ_in_colour():
    for side in domain.SIDES:
        middle = np.array([[180 - side / 2, 10.0], [-180 + side / 2, 10.0]])
        west = partition(np.array([[-124.706553 + side / 2, 10.0], [-124.706553 + 1.5 * side, 10.0]]), side)
        assert west[0] != west[1] and len(set(partition(middle, side))) == 2 or side > 20


def test_small_domains_have_small_blocks():
    assert domain.block_km(around(-119, 37, spread=1.0)) < 50 < domain.block_km(around(-100, 40, spread=20)) == 500


def test_folds_are_matched_towards_any_places():
    places = around(10, 50)
    rng = np.random.default_rng(0)
    folds = matched_folds(places, 5, rng, towards=domain.hull_places(places))
    assert set(folds) == {1, 2, 3, 4, 5}
