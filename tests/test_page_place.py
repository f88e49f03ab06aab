"""What the page about telling a model where it is draws, on made-up numbers."""

import numpy as np
import pandas as pd
import pytest
import torch

from placeprior import coords
from placeprior.book import place
from placeprior.data.world import land
from placeprior.data.world.simulation import World
from placeprior.evidence import strangeness
from placeprior.space.splits import folds

DENVER = {"Denver": (-105.0, 39.7)}


pytestmark = pytest.mark.usefixtures("styled")


@pytest.fixture(scope="module")
def ground():
    return coords.Land(3.0)


def titles(fig):
    return [ax.get_title(loc="left") for ax in fig.axes if ax.get_title(loc="left")]


def test_the_finest_wave_is_shown_again_in_the_box():
    asked = []

    def wave(name, lon, lat):
        asked.append((name, len(lon)))
        return np.zeros((len(lat), len(lon)))

    box = coords.grid(0.5, (-107.5, 37.25, -102.5, 42.25))
    fig = place.draw_waves(wave, {"a": 1, "b": 16, "c": 256}, coords.grid(3.0), box, DENVER)
    assert titles(fig) == ["scale 1", "scale 16", "scale 256", "scale 256, around Denver"]
    assert asked[-1] == ("c", len(box[0])) and [text.get_text() for text in fig.axes[3].texts] == ["Denver"]


def test_waves_of_known_frequencies_have_their_lengths():
    half = coords.EARTH_RADIUS_KM * np.pi
    cycles = torch.tensor([[3.0, 4.0]] * 11)
    table = place.wave_table({f"{name}.capsule.0.b": cycles for name in ("LocEnc0", "LocEnc1", "LocEnc2")})
    assert list(table["σ"]) == [1, 16, 256] and set(table["waves"]) == {11}
    assert set(table["median [km]"]) == {f"{half / 5:,.0f}"}


def test_next_door_is_less_strange_than_a_new_region():
    cube = World(stations=80, days=60).cube()
    near, usual = strangeness.by_fold(cube, "spatial", "lonlat", "channels")
    far, _ = strangeness.by_fold(cube, "checkerboard-16", "lonlat", "channels")
    assert len(near) == len(folds("spatial")) and len(far) == 2
    assert near.mean() < far.mean() and (usual < 1).all()


def test_components_are_titled_with_their_share(ground):
    numbers = np.random.default_rng(0).normal(size=(len(ground.places), 6))
    fig = place.draw_components(ground, numbers, np.array([0.5, 0.2, 0.1, 0.1, 0.06, 0.04]))
    assert titles(fig)[0] == "component 1 (50 %)" and len(titles(fig)) == 6


def test_similar_places_are_mapped_around_their_star(ground):
    maps = [("Denver", f"map {k}", np.full(len(ground.places), 0.1 * k)) for k in range(4)]
    fig = place.draw_similarity(ground, maps, DENVER)
    assert titles(fig) == ["map 0", "map 1", "map 2", "map 3"]
    assert all([text.get_text() for text in ax.texts] == ["Denver"] for ax in fig.axes[:4])


def test_a_line_a_variant_at_the_medians_of_its_classes():
    rows = pd.DataFrame({"group": [0, 0, 0, 1, 1, 1], "km": [2, 3, 4, 20, 30, 40.0]})
    rows = rows.assign(cosine=[1, 0.9, 0.8, 0.2, 0.1, 0], apart=[0.1, 0.2, 0.3, 1, 1.1, 1.2])
    curves = pd.concat([rows.assign(variant=name) for name in ("lonlat", "geoclip")])
    left, right = place.draw_decay(curves, {"lonlat": "channels", "geoclip": "hadamard"}).axes
    np.testing.assert_allclose(left.lines[0].get_xydata(), [[3, 0.9], [30, 0.1]])
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["lon/lat", "GeoCLIP"]


def test_a_city_has_its_most_similar_ones_anywhere_and_far_away():
    towns = pd.DataFrame({"name": list("abcde")})
    alike, km = np.tile([1.0, 0.9, 0.8, 0.7, 0.6], (5, 1)), np.tile([0.0, 10, 600, 20, 1500], (5, 1))
    table = place.city_table(towns, ["a"], alike, km)
    assert list(table.iloc[0]) == ["a", "b (10 km); c (600 km); d (20 km)", "c (600 km); e (1,500 km)"]


def test_towns_are_named_with_their_state_largest_first():
    towns = land.towns_of(500_000)
    assert (towns["people"] >= 500_000).all() and towns["people"].is_monotonic_decreasing
    denver = towns.set_index("name").loc["Denver, CO"]
    assert coords.great_circle_km([(denver.lon, denver.lat)], [DENVER["Denver"]])[0, 0] < 20
    assert not towns["name"].str.contains(", HI|, AK").any()
