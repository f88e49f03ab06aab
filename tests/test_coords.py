"""Coordinates: refusals that name the row, distances against references, and the outline of the country."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from placeprior import coords
from placeprior.errors import CoordinateError

HALF_TURN_KM = np.pi * coords.EARTH_RADIUS_KM
CITIES = {
    "Denver": (-104.99, 39.74, "Colorado"),
    "Los Angeles": (-118.24, 34.05, "California"),
    "Miami": (-80.30, 25.80, "Florida"),
    "Seattle": (-122.30, 47.60, "Washington"),
    "Portland, Oregon": (-122.65, 45.50, "Oregon"),
    "Dover": (-75.52, 39.16, "Delaware"),
    "Chicago": (-87.70, 41.88, "Illinois"),
    "the Mall": (-77.02, 38.89, "District of Columbia"),
}
ELSEWHERE = {
    "Lake Michigan": (-87.0, 43.0),
    "the Atlantic": (-72.0, 38.0),
    "the Gulf": (-90.0, 27.0),
    "Toronto": (-79.4, 43.7),
    "Monterrey": (-100.3, 25.7),
    "Honolulu": (-157.8, 21.3),
    "Denver, swapped and valid": (39.74, -80.0),
}


def places(count: tuple[int, int] = (1, 6)):
    """Strategy: a few places anywhere on the globe."""
    lon, lat = (st.floats(-limit, limit, allow_subnormal=False) for limit in (180, 90))
    return st.lists(st.tuples(lon, lat), min_size=count[0], max_size=count[1]).map(np.array)


def plain_haversine(a, b):
    """One distance by the textbook, with scalars."""
    (lon_a, lat_a), (lon_b, lat_b) = np.radians(a), np.radians(b)
    h = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return 2 * 6371.0 * np.arctan2(np.sqrt(h), np.sqrt(max(0.0, 1 - h)))


@settings(deadline=None)
@given(places(), places())
def test_distance_equals_the_haversine_formula_and_is_symmetric(a, b):
    km = coords.great_circle_km(a, b)
    expected = [[plain_haversine(p, q) for q in b] for p in a]
    # At the antipode the arc sine loses half the digits; a metre is what float64 leaves there.
    np.testing.assert_allclose(km, expected, atol=1e-3)
    np.testing.assert_allclose(km, coords.great_circle_km(b, a).T, atol=1e-9)
    assert (km >= 0).all() and (km <= HALF_TURN_KM + 1e-9).all()


@settings(deadline=None)
@given(places((3, 3)))
def test_distance_obeys_the_triangle_inequality(three):
    km = coords.great_circle_km(three, three)
    assert np.diag(km) == pytest.approx(0, abs=1e-9)
    assert km[0, 2] <= km[0, 1] + km[1, 2] + 1e-3


def test_distance_agrees_with_proj_on_the_same_sphere():
    rng = np.random.default_rng(0)
    a, b = (np.column_stack([rng.uniform(-180, 180, 50), rng.uniform(-90, 90, 50)]) for _ in range(2))
    sphere = pyproj.Geod(a=6371000.0, b=6371000.0)
    metres = sphere.inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])[2]
    np.testing.assert_allclose(np.diag(coords.great_circle_km(a, b)), np.array(metres) / 1000, rtol=1e-9)


@settings(deadline=None)
@given(places((1, 8)), places((3, 8)), st.integers(1, 3))
def test_nearest_equals_brute_force(query, reference, k):
    km, index = coords.nearest_km(query, reference, k=k)
    every = coords.great_circle_km(query, reference)
    brute = np.sort(every, axis=1)[:, :k]
    assert km.shape == index.shape == ((len(query),) if k == 1 else (len(query), k))
    np.testing.assert_allclose(km.reshape(brute.shape), brute, atol=1e-3)
    chosen = np.take_along_axis(every, index.reshape(brute.shape), axis=1)
    np.testing.assert_allclose(chosen, brute, atol=1e-3)


@pytest.mark.parametrize("k", [0, 3])
def test_nearest_refuses_more_than_there_are(k):
    with pytest.raises(CoordinateError, match=f"k={k} nearest of 2 reference places; give k from 1 to 2"):
        coords.nearest_km([(-100, 40)], [(-100, 40), (-90, 40)], k=k)


@settings(deadline=None)
@given(places())
def test_unit_vectors_have_length_one(lonlat):
    np.testing.assert_allclose(np.linalg.norm(coords.unit_xyz(lonlat), axis=1), 1)


@pytest.mark.parametrize(
    ("rows", "region", "message"),
    [
        ([(-105, 40), (40, -105)], None, r"station 'b': lon=40, lat=-105 .* lon and lat swapped\?"),
        ([(-105, 40), (39.7, -86.2)], coords.CONUS_BOX, r"station 'b': lon=39.7, .* swapped\?"),
        ([(-105, 40), (-105, 60)], coords.CONUS_BOX, r"station 'b'.* outside the region .*widen"),
        ([(-105, np.nan), (-105, 40)], None, r"station 'a': lon=-105, lat=nan is not a finite"),
        ([(np.inf, np.nan), (np.nan, 40)], None, r"station 'a': .*\(2 such rows of 2\); fill in .* or drop"),
        ([(-105, 40), (255, 40)], None, r"station 'b': lon=255, .*subtract 360"),
        ([(-105, 40), (-361, 40)], None, r"station 'b': lon=-361, lat=40 has a longitude beyond"),
        ([(-105, 40), (-105, 400)], None, r"station 'b': lon=-105, lat=400 has a latitude beyond"),
    ],
)
def test_bad_places_are_refused_by_row_and_station(rows, region, message):
    with pytest.raises(CoordinateError, match=message):
        coords.check_lonlat(rows, names=["a", "b"], region=region)


def test_swapped_input_is_refused_by_everything_that_takes_places():
    swapped = [(40.0, -105.0)]
    fine = [(-105.0, 40.0)]
    for call in (
        coords.unit_xyz,
        coords.project,
        coords.inside,
        lambda p: coords.great_circle_km(fine, p),
        lambda p: coords.nearest_km(p, fine),
    ):
        with pytest.raises(CoordinateError, match=r"row 0: lon=40, lat=-105 .*swapped\?"):
            call(swapped)


@pytest.mark.parametrize(
    ("lonlat", "message"),
    [([1.0, 2.0], r"shape \(2,\)"), ([[1, 2, 3]], r"shape \(1, 3\)"), ([["x", "y"]], "more than numbers")],
)
def test_wrong_shapes_and_types_are_refused(lonlat, message):
    with pytest.raises(CoordinateError, match=message):
        coords.check_lonlat(lonlat)


def test_names_must_match_the_places():
    with pytest.raises(CoordinateError, match="1 names for 2 places"):
        coords.check_lonlat([(0, 0), (1, 1)], names=["a"])


@settings(deadline=None)
@given(arrays(np.float64, (4, 2), elements=st.floats(-90, 90)))
def test_good_places_come_back_as_a_float64_copy(lonlat):
    checked = coords.check_lonlat(lonlat)
    assert checked.dtype == np.float64 and not np.shares_memory(checked, lonlat)
    np.testing.assert_array_equal(checked, lonlat)


def test_no_places_are_no_error():
    assert coords.check_lonlat(np.empty((0, 2))).shape == (0, 2)
    assert coords.inside(np.empty((0, 2))).shape == (0,)


def test_projection_is_in_kilometres_about_its_origin():
    # EPSG:5070 has its origin at 96 W, 23 N; a meridian through it is straight north.
    origin, north = coords.project([(-96.0, 23.0), (-96.0, 40.0)])
    np.testing.assert_allclose(origin, 0, atol=1e-6)
    assert north[0] == pytest.approx(0, abs=1e-6)
    assert north[1] == pytest.approx(coords.great_circle_km([(-96, 23)], [(-96, 40)]).item(), rel=0.02)


def test_projected_area_of_the_nation_is_right():
    # Census land area of the 48 states and DC is 7.66 million km2; the outline adds inland water.
    area = shapely.transform(coords.nation(), coords.project).area
    assert 7.66e6 < area < 8.0e6


def test_there_are_48_states_and_dc_and_together_they_are_the_nation():
    states = coords.states()
    assert len(states) == 49 and "District of Columbia" in states
    assert not {"Alaska", "Hawaii", "Puerto Rico"} & set(states)
    assert all(shape.is_valid for shape in states.values())
    assert shapely.union_all(list(states.values())).symmetric_difference(coords.nation()).area < 1e-6
    west, south, east, north = coords.nation().bounds
    np.testing.assert_allclose((west, east, north), np.array(coords.CONUS_BOX)[[0, 2, 3]], atol=0.05)


def test_the_dictionary_of_states_is_the_callers_own():
    coords.states().clear()
    assert coords.states()


@pytest.mark.parametrize("city", CITIES)
def test_cities_are_inside_the_nation_and_their_state_only(city):
    lon, lat, home = CITIES[city]
    assert coords.inside([(lon, lat)]).tolist() == [True]
    assert [name for name, shape in coords.states().items() if shapely.contains_xy(shape, lon, lat)] == [home]


@pytest.mark.parametrize("place", ELSEWHERE)
def test_sea_lakes_and_other_countries_are_outside(place):
    assert coords.inside([ELSEWHERE[place]]).tolist() == [False]


@pytest.mark.parametrize("resolution", [0.1, 0.25, 0.5, 1.0, 3.0])
def test_grid_covers_its_region_with_regular_cells(resolution):
    west, south, east, north = coords.CONUS_BOX
    for centres, low, high in zip(coords.grid(resolution), (west, south), (east, north), strict=True):
        np.testing.assert_allclose(np.diff(centres), resolution)
        assert low - resolution < centres[0] - resolution / 2 <= low
        assert high <= centres[-1] + resolution / 2 < high + resolution


def test_grids_of_one_resolution_share_their_cells():
    lon, lat = coords.grid(0.1, (-110.0, 30.0, -100.0, 40.0))
    assert (len(lon), len(lat)) == (100, 100)
    inner, _ = coords.grid(0.1, (-105.03, 33.0, -104.0, 34.0))
    assert np.isclose(inner[:, None], lon[None]).any(axis=1).all()


@pytest.mark.parametrize(("resolution", "region"), [(0, coords.CONUS_BOX), (1, (-60, 30, -100, 40))])
def test_impossible_grids_are_refused(resolution, region):
    with pytest.raises(CoordinateError, match="give"):
        coords.grid(resolution, region)


# --- this country alone -----------------------------------------------------------------------------------------------

BEIJING, TORONTO = [(116.4, 39.9), (116.5, 39.8)], [(-79.4, 43.9), (-79.6, 44.1), (-79.3, 44.3)]


def abroad():
    """Everything that knows one country, by name."""
    from placeprior import encoders
    from placeprior.scores.fairness import unevenness
    from placeprior.space import matched_folds

    return {
        "kNNDM": lambda p: matched_folds.matched_folds(p, 2, np.random.default_rng(0)),
        "map": matched_folds.to_map,
        "states": unevenness.states,
        "slepian": encoders.load("slepian"),
        "hybrid": encoders.load("geoclip-slepian"),
    }


@pytest.mark.parametrize("name", ["kNNDM", "map", "states", "slepian", "hybrid"])
def test_what_knows_one_country_refuses_another(name):
    with pytest.raises(CoordinateError, match="row 0: lon=116.4, lat=39.9 is not in the contiguous United States"):
        abroad()[name](BEIJING)
    with pytest.raises(CoordinateError, match=r"row 1: .*\(1 such rows of 2\)"):
        abroad()[name]([(-90, 40), (-157.8, 21.3)])
    abroad()[name]([(-90.0, 40), (-100, 38), (-87, 27.4)])  # one is a buoy


@pytest.mark.parametrize("name", ["kNNDM", "map", "states"])
def test_a_set_of_stations_over_the_border_is_of_another_country(name):
    with pytest.raises(CoordinateError, match="3 such rows of 3"):
        abroad()[name](TORONTO)


@pytest.mark.parametrize(
    ("code", "place", "can"),
    [
        ("06", (-118.25, 34.05), True),
        ("06", (0, 0), False),
        ("06", (118.25, 34.05), False),
        ("06", (34.05, -118.25), False),
        ("06", (np.nan, 34), False),
        ("06", (-119.1, 39.5), False),
        ("32", (-119.1, 39.5), True),
        ("11", (-77.0, 38.9), True),
        ("48", (-97.1577, 26.0711), True),
        ("15", (0, 0), True),
        ("CC", (0, 0), True),
    ],
)
def test_a_place_can_be_in_the_state_named_or_not(code, place, can):
    assert coords.in_state([place], [code]).tolist() == [can]


@given(st.floats(-180, 360))
def test_a_wrapped_longitude_is_the_same_meridian(lon):
    wrapped = coords.wrapped([lon]).item()
    assert -180 <= wrapped <= 180 and (wrapped - lon) % 360 in (0, pytest.approx(360), pytest.approx(0))
    assert wrapped == lon or lon > 180


def test_land_gives_its_cells_back_as_a_map():
    land = coords.Land(3.0)
    assert coords.inside(land.places).all() and land.places.shape[1] == 2
    field = land.raster(land.places[:, 1])
    assert field.shape == (len(land.lat), len(land.lon)) and np.isfinite(field).sum() == len(land.places)
    row = np.flatnonzero(np.isfinite(field).any(1))[4]
    assert set(field[row][np.isfinite(field[row])]) == {land.lat[row]}
    assert land.raster(np.zeros((len(land.places), 3))).shape == (*field.shape, 3)
