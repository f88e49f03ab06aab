"""Anywhere on the globe: outlines, maps, checkerboards and towns, across the antimeridian and about the poles."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior import coords, encoders
from placeprior.book import figures
from placeprior.coords import world
from placeprior.encoders import towns
from placeprior.errors import CoordinateError
from placeprior.space.splits import partition

RNG = np.random.default_rng(5)
US = np.column_stack([RNG.uniform(-120, -75, 60), RNG.uniform(31, 47, 60)])


def around(lon, lat, width=20.0, n=80):
    """Places about a middle, longitudes from -180 to 180."""
    x, y = RNG.uniform(lon - width, lon + width, n), RNG.uniform(max(lat - width, -89.5), min(lat + width, 89.5), n)
    return np.column_stack([(x + 180) % 360 - 180, y])


# --- longitudes in one stretch ----------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(st.lists(st.floats(0, 170), min_size=1, max_size=20), st.floats(-180, 180))
def test_the_shortest_stretch_holds_all_longitudes(offsets, start):
    lon = (start + np.array(offsets) + 180) % 360 - 180
    west, east = coords.span(lon)
    assert east - west <= max(offsets) - min(offsets) + 1e-9
    found = coords.unwrapped(lon)
    assert np.ptp(found) == pytest.approx(east - west, abs=1e-9)
    np.testing.assert_allclose((found - lon) % 360, 0, atol=1e-9)


def test_longitudes_that_cross_nothing_are_left_as_they_are():
    np.testing.assert_array_equal(coords.unwrapped(US[:, 0]), US[:, 0])
    assert coords.unwrapped([]).size == 0
    for wrong in ([], [np.nan], [200.0, 500.0]):
        with pytest.raises(CoordinateError, match="longitudes"):
            coords.span(wrong)


# --- checkerboards ----------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.sampled_from([1.5, 4.5, 9.0, 15.0, 30.0]), st.integers(-12, 12))
def test_moving_all_places_by_pairs_of_cells_leaves_the_partition(delta, steps):
    """An even number of such cells makes a circle."""
    moved = (US + [2 * delta * steps, 0] + [180, 0]) % 360 - [180, 0]
    assert (partition(moved, delta) == partition(US, delta)).mean() > 0.99  # but for rounding at an edge


@pytest.mark.parametrize("delta", [1.0, 8.0, 16.0, 7.3])
def test_two_places_at_the_antimeridian_are_neighbours(delta):
    """A board over the antimeridian has the cells of one elsewhere: no edge lies along 180 degrees for its own sake."""
    fiji = around(180, -20)
    board, (west, south) = partition(fiji, delta), coords.CONUS_BOX[:2]
    j = np.floor((fiji[:, 1] - south) / delta)
    turns = [np.where(fiji[:, 0] > 0, fiji[:, 0], fiji[:, 0] + 360) - turn for turn in (0, 360)]
    assert any(((np.floor((lon - west) / delta) + j) % 2 + 1 == board).all() for lon in turns)
    # Ever so little to both sides: one cell, unless an edge happens to be there.
    pair = np.array([[179.999, -17.5], [-179.999, -17.5], [170.0, -17.5], [-170.0, -17.5]])
    if np.floor((-180.001 - west) / delta) == np.floor((-179.999 - west) / delta):
        assert partition(pair, delta)[0] == partition(pair, delta)[1]


@pytest.mark.parametrize("pole", [-85, 85])
def test_a_board_about_a_pole_has_both_colours(pole):
    assert set(partition(around(0, pole, 179), 16)) == {1, 2}


def test_the_united_states_are_parted_as_ever():
    west, south = coords.CONUS_BOX[:2]
    plain = np.floor((US - [west, south]) / 8).astype(int).sum(1) % 2 + 1
    np.testing.assert_array_equal(partition(US, 8), plain)


# --- outlines and maps ------------------------------------------------------------------------------------------------


def test_land_is_where_it_is_on_both_sides_of_the_antimeridian_and_at_the_pole():
    ashore = [(10, 50), (179.9, 68), (-179.9, 68), (178, -17.8), (0, -90), (120, -85), (55, 47)]
    at_sea = [(0, 0), (-30, 40), (-179, -20), (0, 90), (51, 42), (179.9, 50)]
    assert world.on_land(ashore).all() and not world.on_land(at_sea).any()


def test_countries_fill_the_land_and_no_line_runs_along_the_cut():
    countries = world.countries()
    assert {"Fiji", "Russia", "Antarctica", "Germany"} <= set(countries) and len(countries) > 200
    assert sum(shape.area for shape in countries.values()) == pytest.approx(world.land().area, rel=0.01)
    for lines in world.lines():
        assert lines.bounds[0] >= -180 and lines.bounds[2] <= 180
        cut = shapely.MultiLineString([[(x, -90), (x, 90)] for x in (-180, 180)] + [[(-180, -90), (180, -90)]])
        assert shapely.intersection(lines, cut.buffer(1e-6)).length < 0.1


DOMAINS = {
    "United States": (US, "AlbersEqualArea"),
    "Europe": (around(15, 50, 12), "AlbersEqualArea"),
    "New Zealand and Fiji": (around(178, -30, 12), "AlbersEqualArea"),
    "Arctic": (around(0, 78, 15) * [9, 1], "NorthPolarStereo"),
    "Antarctica": (around(180, -78, 15), "SouthPolarStereo"),
    "Congo": (around(20, 0, 12), "LambertAzimuthalEqualArea"),
    "globe": (np.column_stack([RNG.uniform(-180, 180, 90), RNG.uniform(-60, 70, 90)]), "EqualEarth"),
    "one place": (np.array([[7.0, 46.5]]), "AlbersEqualArea"),
    "a row": (np.column_stack([np.linspace(6, 10, 9), np.full(9, 46.5)]), "AlbersEqualArea"),
}


@pytest.mark.parametrize("name", DOMAINS)
def test_a_map_shows_its_places_in_a_projection_that_suits_them(name):
    places, kind = DOMAINS[name]
    fig, ax = figures.subplots(size=(3, 2.4), maps=places)
    assert type(ax.projection).__name__ == kind
    dots = figures.station_map(ax, places, np.arange(len(places)), "values", unit=None, bar=False)
    xy = dots.get_offsets()
    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    assert len(xy) == len(places) and np.isfinite(xy).all()
    assert ((xy[:, 0] > west) & (xy[:, 0] < east) & (xy[:, 1] > south) & (xy[:, 1] < north)).all()
    if name != "globe":  # neighbours stay neighbours: what is drawn is no wider than it is
        km = coords.great_circle_km(places, places)
        drawn = np.linalg.norm(xy[:, None] - xy[None], axis=-1).max() / 1000
        assert drawn <= 1.3 * max(km.max(), 1)
    assert len(ax.patches) + len(ax.get_children()) > 3
    plt.close(fig)


# --- towns ------------------------------------------------------------------------------------------------------------


def test_people_are_where_towns_are_in_any_country():
    paris, sahara, suva, ocean = encoders.embed("urban", [(2.35, 48.86), (5, 24), (178.44, -18.14), (-150, -50)])
    assert (paris > 2.5).all() and (paris > sahara + 2).all() and (suva > 0.3).all() and (ocean == 0).all()


def test_the_plane_and_the_sphere_agree_about_towns():
    """By the same towns, at home: the two ways differ as a plane does from the sphere, and with fewer towns."""
    here = [(-87.65, 41.85), (-118.25, 34.05), (-104.99, 39.74)]
    plane = encoders.embed("urban", here)
    sphere = np.log10(1 + np.column_stack([towns.density(here, length) for length in (10.0, 40.0)]))
    np.testing.assert_allclose(sphere, plane, atol=0.25)


def test_a_place_at_home_is_encoded_as_ever_whoever_is_beside_it():
    alone = encoders.embed("urban", US)
    beside = encoders.embed("urban", np.vstack([US, [(2.35, 48.86)]]))
    np.testing.assert_array_equal(beside[:-1], alone)
