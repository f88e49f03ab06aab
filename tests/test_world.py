"""The embedded world: determinism, one truth for stations and maps, sensible ranges, and the negative control."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior import coords
from placeprior.data.cube import check_cube, predictors
from placeprior.data.world import fires, land
from placeprior.data.world.fields import Spectral, white
from placeprior.data.world.labels import COMPONENTS, VERSION
from placeprior.data.world.simulation import PREDICTORS, World
from placeprior.errors import ConfigError, CoordinateError

SMALL = World(seed=3, stations=60, days=365)


@pytest.fixture(scope="module")
def small():
    return SMALL.cube()


@pytest.fixture(scope="module")
def parts():
    return SMALL.components(SMALL.monitors, np.arange(365))


def test_cube_keeps_the_contract(small):
    check_cube(small)
    assert predictors(small) == list(PREDICTORS)
    assert small.sizes == {"station": 60, "time": 365}
    assert small.attrs["embedded"] == 1 and "simulated" in small.attrs["title"]
    assert all(small[name].dtype == np.float32 and small[name].attrs["units"] for name in small.data_vars)


def test_nothing_static_is_a_predictor(small):
    spread = {name: float(small[name].std("time", skipna=True).min()) for name in PREDICTORS if name != "smoke"}
    assert min(spread.values()) > 0


def test_ranges_are_sensible():
    truth = World(stations=200).cube()["pm25_true"].values
    assert np.isfinite(truth).all() and truth.min() > 0
    assert 6 < truth.mean() < 10
    assert 20 < np.percentile(truth, 99) < 40
    assert 60 < truth.max() < 800


def test_weather_is_sensible(small):
    assert -45 < float(small.temperature.min()) and float(small.temperature.max()) < 50
    assert 0 <= float(small.humidity.min()) and float(small.humidity.max()) <= 100
    assert float(small.wind_speed.min()) > 0 and float(small.boundary_layer_height.min()) > 100
    assert set(np.unique(small.smoke)) <= {0.0, 1.0, 2.0, 3.0} and float((small.smoke > 0).mean()) > 0.02
    assert np.allclose(small.wind_sin**2 + small.wind_cos**2, 1, atol=1e-5)
    assert 0.3 < float(small.aod.isnull().mean()) < 0.7
    assert 0.1 < float((small.precipitation > 0.1).mean()) < 0.4


def test_schedules_and_counts_are_as_stated(small):
    assert [small.attrs[f"stations_{k}"] for k in ("daily", "every_third_day", "every_sixth_day")] == [30, 21, 9]
    assert small.attrs["station_days_measured"] == int(small.pm25.notnull().sum())
    days = small.pm25.notnull().sum("time").values
    assert ((days > 330).sum(), ((days > 100) & (days < 125)).sum(), (days < 65).sum()) == (30, 21, 9)


def test_noise_is_unbiased_and_can_be_negative():
    cube = World(seed=1, stations=150, fires=5).cube()
    error = (cube.pm25 - cube.pm25_true).values
    error = error[np.isfinite(error)]
    assert abs(error.mean()) < 5 * error.std() / np.sqrt(len(error))
    assert 0 < float((cube.pm25 < 0).mean()) < 0.02


def test_same_seed_same_world_other_seed_other_world(small):
    again, other = dataclasses.replace(SMALL).cube(), World(seed=4, stations=60, fires=5).cube()
    assert again.identical(small)
    assert not np.array_equal(other.lon, small.lon)
    assert not np.allclose(other.pm25_true, small.pm25_true)


def test_monitors_are_distinct_inside_and_mostly_in_towns():
    world = World(stations=300)
    assert len(np.unique(world.monitors, axis=0)) == 300 and coords.inside(world.monitors).all()
    xy = coords.project(world.monitors)
    assert land.cKDTree(xy).query(xy, k=2)[0][:, 1].min() >= 3
    urban, rural = World(stations=300, rural=0.0), World(stations=300, rural=1.0)
    median = [np.median(land.density(coords.project(w.monitors))) for w in (urban, world, rural)]
    assert median[0] > median[1] > median[2]


@pytest.mark.parametrize("placeness", [0.0, 1.0])
def test_truth_at_a_station_is_the_field_at_its_place(placeness):
    world = World(seed=3, stations=20, days=30, placeness=placeness, fires=5)
    cube, order = world.cube(), [7, 2, 13]
    days = np.array([25, 4])
    there = world.components(world.monitors[order], days)
    for name in ("pm25_true", *PREDICTORS):
        assert np.allclose(there[name], cube[name].values[np.ix_(order, days)], rtol=1e-5, atol=1e-5, equal_nan=True)


def test_the_number_of_days_or_stations_changes_no_truth():
    long, short = World(seed=5, stations=10, days=400, fires=9), World(seed=5, stations=12, days=20, fires=9)
    place = [[-122.3, 40.6], [-84.4, 33.7]]
    assert np.array_equal(long.components(place, range(15)).pm25_true, short.components(place, range(15)).pm25_true)


def test_map_agrees_with_the_field_at_its_cell_centres():
    made = SMALL.grid([200, 230], resolution=2.0)
    assert made.pm25_true.dims == ("time", "y", "x") and made.land.dtype == bool
    lon, lat = made.lon.values[10], made.lat.values[5]
    alone = SMALL.components([[lon, lat]], [200, 230])
    assert np.allclose(made.pm25_true[:, 5, 10], alone.pm25_true[0], rtol=1e-5)
    assert np.allclose(made.temperature[:, 5, 10], alone.temperature[0], rtol=1e-4)
    assert list(made.time.values) == list(alone.time.values)
    assert 0.4 < float(made.land.mean()) < 0.8


def test_parts_sum_to_the_truth(parts):
    total = parts.background + parts.local + parts.heating + parts.smoke_surface
    assert np.allclose(total, parts.pm25_true, rtol=1e-5)
    assert set(COMPONENTS) <= set(parts.data_vars)
    for name in ("background", "local", "heating", "smoke_surface", "smoke_column", "aod_true"):
        assert float(parts[name].min()) >= 0
    assert parts.elevation.dims == ("place",) and 0 <= float(parts.basin.min()) <= float(parts.basin.max()) <= 1


def _swap(world):
    """Truth of 40 places on a year of days under their own weather and chance, each told another's place."""
    rng = np.random.default_rng(0)
    lonlat, days = world.monitors[:40], np.arange(365)
    place, order = world.places(lonlat), rng.permutation(40)
    weather = world.weather(lonlat, days)
    names = ("unresolved", "regional", "analyst", "cover", "retrieval", "speckle")
    chance = {name: rng.normal(size=(40, 365)) for name in names}
    column = fires.column(world.puffs, coords.project(lonlat), days)
    moved = {name: value[order] for name, value in place.items()}
    return world.truth(place, weather, column, chance), world.truth(moved, weather, column, chance)


@pytest.mark.parametrize("people", [True, False])
def test_without_placeness_the_same_day_is_the_same_truth_anywhere(people):
    here, there = _swap(World(stations=60, placeness=0.0, fires=20, people=people))
    for name in here:
        assert np.array_equal(here[name], there[name], equal_nan=True), name


def test_with_placeness_it_is_not():
    for placeness, least in ((0.5, 0.15), (2.0, 0.5)):
        here, there = _swap(World(stations=60, placeness=placeness, fires=20))
        assert np.abs(np.log(here["pm25_true"] / there["pm25_true"])).mean() > least * 0.5


def test_without_placeness_truth_is_weather_smoke_and_what_is_hidden():
    world = World(seed=2, stations=150, placeness=0.0, fires=20)
    parts = world.components(world.monitors, np.arange(365))
    # divide out the hidden part: what is left must be the same function of the weather as anywhere else
    noise = world.hidden * parts.hidden.values - world.hidden**2 / 2
    rest = parts.pm25_true.values - parts.smoke_surface.values
    stale = 4000 / np.maximum(parts.boundary_layer_height.values * parts.wind_speed.values, 600)
    warm = (parts.temperature.values - 14) / 10
    cold = np.maximum(16 - parts.temperature.values, 0) / 10
    told = 4.4 * np.exp(0.16 * warm) * stale**0.15 + 1.5 * stale**0.6 + 0.73 * cold * stale**0.6
    assert np.allclose(rest, told / (1 + 0.05 * parts.precipitation.values) * np.exp(noise), rtol=1e-4)
    assert np.allclose(parts.smoke_surface, 0.55 * parts.smoke_column, rtol=1e-5)


@pytest.mark.parametrize("people", [True, False])
def test_placeness_changes_the_role_of_place_and_nothing_else(people):
    worlds = {p: World(seed=3, stations=80, placeness=p, people=people) for p in (0.0, 0.5, 1.0, 2.0)}
    made = {p: world.components(world.monitors, np.arange(365)) for p, world in worlds.items()}
    same = {"hidden", "smoke_surface", "smoke_column", "cloudy", *PREDICTORS} - {"aod"}
    for placeness, parts in made.items():
        for name in same:
            assert np.array_equal(parts[name], made[1.0][name]), (placeness, name)
    cubes = {p: world.cube() for p, world in worlds.items()}  # the chance of instruments too
    usual = (cubes[1.0].pm25 - cubes[1.0].pm25_true) / (1.2 + 0.05 * cubes[1.0].pm25_true)
    for cube in cubes.values():
        drawn = (cube.pm25 - cube.pm25_true) / (1.2 + 0.05 * cube.pm25_true)
        assert np.array_equal(drawn.isnull(), usual.isnull()) and np.allclose(drawn, usual, atol=1e-3, equal_nan=True)


def test_placeness_keeps_the_level_and_the_days_and_moves_the_places():
    level, days, places = [], [], []
    for placeness in (0.0, 0.5, 1.0, 2.0):
        world = World(seed=3, stations=150, placeness=placeness)
        parts = world.components(world.monitors, np.arange(365))
        log = np.log((parts.pm25_true - parts.smoke_surface).values)
        level.append(float(parts.pm25_true.mean()))
        days.append((log - log.mean(axis=1, keepdims=True)).std())
        places.append(log.mean(axis=1).std())
    assert np.ptp(level) < 0.15 * level[2]
    assert np.ptp(days) < 0.1 * days[2]  # the spread of a place's days, in logarithms
    assert places[0] < 0.25 * places[2] and places[0] < places[1] < places[2] < places[3]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_hidden_part_has_a_neighbourhood_and_a_memory_but_no_level_of_a_place(seed):
    world = World(seed=seed, stations=150, placeness=0.0, fires=0)
    hidden = world.components(world.monitors, np.arange(365)).hidden.values
    near = land.cKDTree(coords.project(world.monitors)).query(coords.project(world.monitors), k=2)[1][:, 1]
    assert 0.7 < np.corrcoef(hidden.ravel(), hidden[near].ravel())[0, 1] < 0.9
    assert 0.6 < np.corrcoef(hidden[:, 1:].ravel(), hidden[:, :-1].ravel())[0, 1] < 0.85
    # days drawn independently would leave 1/365 of the variance between the places' means
    assert hidden.mean(axis=1).var() < 1 / 365 and abs(hidden.var() - 1) < 0.2


def test_no_wave_of_a_bounded_field_is_slower_than_said():
    field = Spectral.draw(np.random.default_rng(0), 800.0, 20.0, (50.0, 0.0), features=2000, slowest=60.0)
    free = Spectral.draw(np.random.default_rng(0), 800.0, 20.0, (50.0, 0.0), features=2000)
    assert np.abs(field.frequency).min() >= 2 * np.pi / 60 > np.abs(free.frequency).min()
    assert np.array_equal(field.waves, free.waves)


def test_another_crowd_has_the_spread_of_people_but_not_their_places():
    usual, other = (World(stations=300, people=p) for p in (True, False))
    here, there = usual.places(usual.monitors), other.places(other.monitors)
    assert np.array_equal(usual.monitors, other.monitors)
    assert set(here) == set(there)
    for name in set(here) - {"crowd", "urbanity"}:
        assert np.array_equal(here[name], there[name]), name
    assert np.array_equal(here["crowd"], np.maximum(here["density"], 1))
    log = {name: np.log(place["crowd"]) for name, place in (("people", here), ("other", there))}
    assert abs(log["other"].std() / log["people"].std() - 1) < 0.3
    assert abs(np.corrcoef(log["people"], log["other"])[0, 1]) < 0.3


def test_weather_does_not_depend_on_placeness():
    place, days = World(stations=30).monitors, range(40)
    none, full = (World(stations=30, placeness=p, fires=5).components(place, days) for p in (0.0, 1.0))
    for name in PREDICTORS:
        if name != "aod":
            assert np.array_equal(none[name], full[name]), name


def test_towns_are_dirtier_and_basins_trap(parts):
    mean = parts.pm25_true.where(parts.smoke == 0).mean("time").values
    assert mean[parts.urbanity.values > 0.6].mean() > 1.1 * mean[parts.urbanity.values < 0.2].mean()
    told = land.basin(coords.project([[-119.8, 36.7], [-93.6, 41.6]]))  # Fresno, Des Moines
    assert told[0] > told[1]
    high = land.elevation(coords.project([[-105.7, 39.6], [-90.1, 30.0]]))  # Front Range, New Orleans
    assert high[0] > 2000 and high[1] < 150


def test_smoke_has_a_season_a_side_and_a_heavy_tail():
    world = World(stations=100)
    smoke = world.components(world.monitors, range(365)).smoke_column
    by_day = smoke.mean("place").values
    assert by_day[190:290].mean() > 3 * by_day[:60].mean()
    west = smoke.lon.values < -105
    assert float(smoke.values[west].mean()) > 2 * float(smoke.values[~west].mean())
    assert float(smoke.max()) > 50 * float(smoke.mean())
    none = World(stations=10, fires=0).components([[-120.0, 40.0]], range(200, 260))
    assert float(none.smoke_column.max()) == 0


def test_random_field_has_the_stated_moments():
    values = []
    for seed in range(150):
        field = Spectral.draw(np.random.default_rng(seed), 300.0, 4.0)
        values.append(field(np.array([[0.0, 0.0], [300.0, 0.0], [5000.0, 0.0]]), np.arange(0, 400, 40)))
    values = np.array(values)
    assert abs(values.mean()) < 0.1 and abs(values.var() - 1) < 0.1
    far, near = (np.mean(values[:, 0] * values[:, i]) for i in (2, 1))
    matern = (1 + np.sqrt(3)) * np.exp(-np.sqrt(3))
    assert abs(near - matern) < 0.12 and abs(far) < 0.12


@given(st.integers(0, 2**32), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_fields_read_the_same_one_by_one(seed, day):
    field = Spectral.draw(np.random.default_rng(seed), 100.0, 2.0, (10.0, 0.0), features=16)
    xy = np.array([[10.0, 20.0], [-500.0, 900.0]])
    table = field(xy, np.array([day, day + 1]))
    assert np.allclose(table[:, :1], field(xy, np.array([day])))
    assert np.allclose(table[:, 0], field.along(xy, np.array([day, day])))


@given(st.integers(0, 2**63), st.integers(-5, 4000))
@settings(max_examples=20, deadline=None)
def test_white_noise_depends_on_place_and_day_only(key, day):
    places = np.column_stack([np.linspace(-124, -67, 40), np.linspace(25, 49, 40)])
    table = white(key, places, np.array([day, day + 1]))
    assert np.isfinite(table).all() and len(np.unique(table)) == table.size
    assert np.array_equal(white(key, places[::-1], np.array([day + 1])), table[::-1, 1:])


def test_white_noise_is_normal_and_independent():
    places = np.column_stack([np.repeat(np.linspace(-100, -99, 200), 1), np.full(200, 40.0)])
    table = white(7, places, np.arange(300))
    assert abs(table.mean()) < 0.02 and abs(table.std() - 1) < 0.02
    assert abs(np.corrcoef(table[:-1].ravel(), table[1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(table[:, :-1].ravel(), table[:, 1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(table.ravel(), white(8, places, np.arange(300)).ravel())[0, 1]) < 0.02


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("placeness", -1),
        ("placeness", 2.5),
        ("stations", 1),
        ("days", 2.5),
        ("seed", "a"),
        ("noise", float("nan")),
        ("people", 0.5),
        ("people", 1),
    ],
)
def test_a_wrong_knob_is_refused_by_name(knob, value):
    with pytest.raises(ConfigError, match=knob):
        World(**{knob: value})


def test_swapped_coordinates_are_refused():
    with pytest.raises(CoordinateError, match="swapped"):
        SMALL.components([[40.0, -105.0]], [0])


def test_the_world_moves_only_with_its_version():
    made = World(seed=7, stations=10).components([[-122.3, 40.6], [-84.4, 33.7], [-105.0, 39.7]], [15, 230])
    golden = np.array([[10.4335, 2.7262], [7.4102, 5.2814], [4.5215, 9.6517]])
    assert VERSION == 3 and np.allclose(made.pm25_true, golden, rtol=1e-3), (
        f"the world changed: raise labels.VERSION, then store {made.pm25_true.values.round(4).tolist()} here"
    )
