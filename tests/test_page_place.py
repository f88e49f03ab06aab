"""The page from a coordinate to a vector: its encoders, written out on it, and what it draws, on made-up numbers."""

import itertools
import math
from pathlib import Path

import jupytext
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from placeprior import coords, encoders
from placeprior.book import multiples, place
from placeprior.data.world import land
from placeprior.encoders import geoclip, satclip
from placeprior.errors import MissingWeights

PAGE = Path(__file__).parents[1] / "notebooks" / "30_place.py"
DENVER = (-105.0, 39.7)
CORNERS = np.array([(-179.9, -89.0), (179.9, 89.0), (0.0, 0.0), DENVER, (-80.19, 25.76), (20.0, -35.0)])


pytestmark = pytest.mark.usefixtures("styled")


@pytest.fixture(scope="module")
def written():
    """What the page's cells with an encoder in them define."""
    cells = [cell.source for cell in jupytext.read(PAGE).cells if cell.cell_type == "code"]
    own = [source for source in cells if "Encoder(torch.nn.Module)" in source]
    assert len(own) == 2 and all(len(source.splitlines()) <= 55 for source in own)
    found = {"itertools": itertools, "math": math, "torch": torch}
    for source in own:
        exec(source, found)
    return found


# --- the encoders that stand on the page ------------------------------------------------------------------------------


def test_the_encoder_of_photographs_on_the_page_is_geoclip(written):
    try:
        published = geoclip.read_weights(geoclip.find_weights())
    except MissingWeights as absent:
        pytest.skip(str(absent))
    mine = written["PhotoEncoder"]().load(published)
    with torch.inference_mode():
        found = mine(torch.tensor(CORNERS, dtype=torch.float32)).numpy()
    np.testing.assert_allclose(found, encoders.load("geoclip")(CORNERS), atol=2e-4)


def test_the_projection_on_the_page_is_the_one_of_the_weights(written):
    places = torch.tensor(CORNERS)
    torch.testing.assert_close(written["equal_earth"](places), geoclip.equal_earth(places), rtol=0, atol=1e-12)


@pytest.mark.parametrize("degrees", satclip.DEGREES)
def test_the_encoder_of_satellite_images_on_the_page_is_satclip(written, degrees, tmp_path):
    torch.manual_seed(degrees)
    mine = written["SatelliteEncoder"](degrees)
    save_file(mine.state_dict(), tmp_path / "random.safetensors")
    theirs = encoders.load(f"satclip-l{degrees}", tmp_path / "random.safetensors")
    with torch.inference_mode():
        found = mine(torch.tensor(CORNERS)).numpy()
    assert found.std() > 0.1
    np.testing.assert_allclose(found, theirs(CORNERS), atol=1e-6)


def test_the_encoder_on_the_page_gives_the_numbers_of_the_original_program(written):
    golden = np.load(Path(__file__).parent / "golden" / "satclip_L10.npz")
    layers = encoders.load("satclip-l10", Path(__file__).parent / "golden" / "satclip_L10.ckpt").layers
    mine = written["SatelliteEncoder"](10, width=len(layers[0][1]))
    for own, (weight, bias) in zip([*mine.nnet.layers, mine.nnet.last_layer], layers, strict=True):
        own.weight.data, own.bias.data = weight, bias
    with torch.inference_mode():
        found = mine(torch.from_numpy(golden["lonlat"])).numpy()
    np.testing.assert_allclose(found, golden["embedding"], atol=1e-6)


# --- what it draws ----------------------------------------------------------------------------------------------------


def test_a_map_a_panel_on_one_scale_with_its_star():
    ground = coords.Land(3.0)
    values = {"one": np.zeros(len(ground.places)), "other": np.linspace(-3, 1, len(ground.places))}
    fig = multiples.draw(ground, values, "cosine", (-1, 1), stars={"other": DENVER})
    one, other, bar = fig.axes
    assert [ax.get_title(loc="left") for ax in (one, other)] == ["one", "other"]
    assert (len(one.lines), len(other.lines)) == (0, 1)
    assert {ax.collections[-1].get_clim() for ax in (one, other)} == {(-1, 1)}
    assert bar.get_xlabel() == "cosine"
    taken = multiples.fields(ground, {"SatCLIP's, L = 10": values["other"]})["SatCLIP_s_L_10"]
    np.testing.assert_allclose(taken, ground.raster(values["other"]), rtol=1e-6)


def test_waves_reach_as_far_as_their_formula_says_and_pairs_are_drawn_at_their_medians():
    pairs = pd.DataFrame({"class": [0, 0, 0, 1, 1, 1], "km": [2, 3, 4, 20, 30, 40.0]})
    ax = place.draw_reach(pairs.assign(cosine=[1, 0.9, 0.8, 0.2, 0.1, 0])).axes[0]
    coarse, middle, fine, drawn = ax.lines
    np.testing.assert_allclose(drawn.get_xydata(), [[3, 0.9], [30, 0.1]])
    half = [np.interp(-0.5, -line.get_ydata(), line.get_xdata()) for line in (middle, fine)]
    assert half[0] / half[1] == pytest.approx(16, rel=0.02), "a scale sixteen times as fine reaches a sixteenth as far"
    assert coarse.get_ydata().min() > 0.3


def test_a_city_has_its_most_similar_ones_and_how_many_are_far_away():
    towns = pd.DataFrame({"name": list("abcde")})
    alike, km = np.tile([1.0, 0.9, 0.8, 0.7, 0.6], (5, 1)), np.tile([0.0, 10, 600, 20, 1500], (5, 1))
    table = place.city_table(towns, ["a"], alike, km)
    assert list(table.iloc[0]) == ["a", "b (10 km); c (600 km); d (20 km); e (1,500 km)", "2 of 4"]


def test_towns_are_named_with_their_state_largest_first():
    towns = land.towns_of(500_000)
    assert (towns["people"] >= 500_000).all() and towns["people"].is_monotonic_decreasing
    denver = towns.set_index("name").loc["Denver, CO"]
    assert coords.great_circle_km([(denver.lon, denver.lat)], [DENVER])[0, 0] < 20
    assert not towns["name"].str.contains(", HI|, AK").any()


# --- this page and the others about encoders --------------------------------------------------------------------------

ABOUT_ENCODERS = sorted(PAGE.parent.glob("3[0-4]_*.py"))
WIDEST = 85  # letters of code that a page's column shows without scrolling


@pytest.mark.parametrize("page", ABOUT_ENCODERS, ids=lambda path: path.stem)
def test_no_line_of_code_is_cut_by_the_column(page):
    hidden = {"remove-cell", "remove-input", "parameters"}
    cells = [cell for cell in jupytext.read(page).cells if cell.cell_type == "code"]
    shown = [cell for cell in cells if not hidden & set(cell.metadata.get("tags", []))]
    assert [line for cell in shown for line in cell.source.splitlines() if len(line) > WIDEST] == []
