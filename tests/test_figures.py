"""One look for every figure: the same on every page, opaque, labelled, and drawn without a network."""

import io
import socket

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

from placeprior import coords
from placeprior.arms import NAMES, arm_order
from placeprior.book import figures

ARMS = ("idw", "none", "lonlat", "sincos", "geoclip-hadamard", "geoclip-concat")
PLACES = np.array([[-122.4, 37.8], [-105.0, 39.7], [-87.6, 41.9], [-74.0, 40.7], [-80.2, 25.8]])


pytestmark = pytest.mark.usefixtures("styled")


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a figure asked for the network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def picture(fig):
    """The figure as the page will get it, (height, width, 4) in 0..1."""
    file = io.BytesIO()
    fig.savefig(file, format="png", dpi=60)
    file.seek(0)
    return imread(file)


def luminance(colour):
    """Relative luminance of WCAG 2.1."""
    parts = np.array(matplotlib.colors.to_rgb(colour))
    return float(np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def test_variants_differ_in_colour_and_in_marker():
    looks = [figures.look(a) for a in ARMS]
    assert len({look.colour for look in looks}) == len(ARMS)
    assert len({look.marker for look in looks}) == len(ARMS)


def test_variant_and_fusion_name_the_same_arm():
    assert figures.look("geoclip", "concat") == figures.look("geoclip-concat")
    assert figures.look("lonlat", "channels") == figures.look("lonlat")
    assert figures.look("none", "-") == figures.look("none", None) == figures.look("none", float("nan"))


@pytest.mark.parametrize("name", [*ARMS, "satclip-l40-hadamard", "sphere2vec-c-film"])
def test_marks_stand_out_on_white(name):
    assert 1.05 / (luminance(figures.look(name).colour) + 0.05) > 2.3


@given(st.text(min_size=1, max_size=20))
def test_an_arm_not_listed_keeps_its_look(name):
    assert figures.look(name) == figures.look(name)


def test_an_arm_without_a_mark_of_its_own_has_its_printed_name(monkeypatch):
    monkeypatch.setitem(NAMES, "geoclip-sum", "GeoCLIP, sum")
    assert figures.look("geoclip", "sum").name == "GeoCLIP, sum"


def test_order_of_arms_is_the_books():
    assert arm_order(["zzz", "geoclip-concat", "none", "idw", "none"]) == ["idw", "none", "geoclip-concat", "zzz"]


def test_background_is_opaque_white():
    fig, ax = figures.subplots()
    ax.plot([0, 1])
    image = picture(fig)
    assert (image[..., 3] == 1).all()
    assert (image[0, 0, :3] == 1).all()


def test_maps_draw_without_a_network(no_network):
    fig, ax = figures.subplots(size="map", maps=True)
    figures.station_map(ax, PLACES, np.array([1.0, 2, 3, np.nan, 50]), "mean PM2.5")
    assert picture(fig).std() > 0.01
    assert any("mean PM2.5 [µg m⁻³]" in a.get_xlabel() for a in fig.axes)


def test_map_projection_is_that_of_coords():
    xy = figures.ALBERS.transform_points(figures.ALBERS.as_geodetic(), *PLACES.T)[:, :2] / 1000
    ours = coords.project(PLACES)
    # both are NAD83/WGS84 equal-area with the same origin; datums differ by about a metre
    np.testing.assert_allclose(xy, ours, atol=0.05)


def test_extremes_beyond_the_colour_bar_are_announced():
    fig, ax = figures.subplots(size="map", maps=True)
    figures.station_map(ax, PLACES, np.array([1.0, 2, 3, 4, 50]), "PM2.5", vmin=0, vmax=10)
    assert fig.axes[-1]._colorbar.extend == "max"


def test_differences_are_symmetric_about_zero():
    _, ax = figures.subplots(size="map", maps=True)
    dots = figures.station_map(ax, PLACES, np.array([-8.0, 1, 2, 3, 4]), "error", kind="difference")
    assert dots.norm.vmin == -dots.norm.vmax


def test_grid_is_cut_at_the_coast_and_lies_where_it_should():
    lon, lat = np.arange(-124.5, -66.5, 1.0), np.arange(25.5, 49.5, 1.0)
    values = np.zeros((lat.size, lon.size))
    values[np.argmin(abs(lat - 39.5)), np.argmin(abs(lon + 105.5))] = 1
    _, ax = figures.subplots(size="map", maps=True)
    mesh = figures.grid_map(ax, lon, lat, values, "x", unit=None, bar=False, vmin=0, vmax=1)
    assert mesh.get_clip_path() is not None
    corners = mesh.get_coordinates()
    row, column = np.argwhere(np.asarray(mesh.get_array()).reshape(values.shape) == 1)[0]
    centre = corners[row : row + 2, column : column + 2].reshape(-1, 2).mean(0) / 1000
    np.testing.assert_allclose(centre, coords.project(np.array([[-105.5, 39.5]]))[0], atol=1)


@pytest.mark.parametrize("values", [np.full(5, 3.0), np.full(5, np.nan), np.array([np.nan] * 4 + [2.0])])
def test_flat_and_empty_values_still_draw(values):
    fig, ax = figures.subplots(size="map", maps=True)
    figures.station_map(ax, PLACES, values, "PM2.5")
    figures.grid_map(ax, np.arange(-110, -105.0), np.arange(35, 40.0), np.resize(values, (5, 5)), "PM2.5")
    picture(fig)


def test_rows_are_named_from_the_top_with_room_about_them():
    _, (one, other) = figures.subplots(1, 2)
    figures.rows(one, ["a", "b", "c"])
    figures.rows(other, ["a"], room=0.6, zero=False)
    assert [text.get_text() for text in one.get_yticklabels()] == ["a", "b", "c"] and one.get_ylim() == (2.5, -0.5)
    assert other.get_ylim() == (0.6, -0.6) and (len(one.lines), len(other.lines)) == (1, 0)


def test_a_star_stands_at_its_place_with_its_name_below():
    fig, ax = figures.subplots(size="map", maps=True)
    figures.star(ax, {"Denver": (-105.0, 39.7)}, below=1e5)
    (mark,), (text,) = ax.lines, ax.texts
    at = coords.project(np.array([[-105.0, 39.7]]))[0] * 1e3  # metres
    np.testing.assert_allclose([mark.get_xdata()[0], mark.get_ydata()[0]], at, atol=1.0)
    assert text.get_text() == "Denver" and text.get_position()[1] == pytest.approx(at[1] - 1e5, abs=1.0)


def test_split_map_tells_roles_apart():
    _, ax = figures.subplots(size="map", maps=True)
    train = np.array([[1, 1], [1, 0], [0, 0], [0, 0], [0, 0]], bool)
    test = np.array([[0, 0], [0, 1], [1, 1], [1, 1], [0, 0]], bool)
    validation = np.array([[0, 0], [0, 0], [0, 0], [0, 0], [1, 1]], bool)
    figures.split_map(ax, PLACES, train, test, validation, delta=8)
    texts = {text.get_text() for text in ax.get_legend().get_texts()}
    assert texts == {"train (1)", "train and test days (1)", "test (2)", "validation (1)"}


def test_forest_draws_every_fit_and_its_mean():
    table = pd.DataFrame({"arm": ["none", "none", "idw"], "value": [0.4, 0.6, 0.5]})
    _, ax = figures.subplots()
    assert figures.forest(ax, table, "R²", reference=0) == ["idw", "none"]
    means = [c.get_offsets()[0, 0] for c in ax.collections if len(c.get_offsets()) == 1]
    assert sorted(means) == [0.5, 0.5]
    names = [t.get_text().replace("\n", " ") for t in ax.get_yticklabels()]
    assert names == ["inverse distance", "no location"]


def test_label_says_world_profile_and_number():
    fig, _ = figures.subplots()
    text = figures.label(fig, "demo", n=12345, embedded=True)
    assert text == "embedded world (simulated) · profile demo · n = 12,345 station-days"
    assert "real measurements" in figures.label(fig, "aqs", embedded=False)


def test_a_figure_of_a_table_of_ones_own_names_the_table_and_no_profile():
    fig, _ = figures.subplots()
    text = figures.label(fig, "yours", n=3, of="stations", embedded=False, table="mine.csv")
    assert text == "your table mine.csv · n = 3 stations"
    text = figures.label(fig, "yours", n=3, of="stations", embedded=True, table="mine.csv")
    assert text == "embedded world (simulated) · table mine.csv · n = 3 stations"


def test_forests_name_rows_once_and_write_a_lost_fit_at_the_edge():
    table = pd.DataFrame({"arm": ["lonlat"] * 2, "value": [0.1, -9.0], "low": [0.0, 0.0], "high": [0.2, 0.2]})
    fig = figures.forests({"a": table, "b": table, "c": table}, "R²", reference=0)
    shown = [ax for ax in fig.axes if ax.get_visible()]
    assert [ax.get_title(loc="left") for ax in shown] == ["a", "b", "c"]
    assert any("−9" in text.get_text() for text in shown[0].texts)
    assert not any(label.get_visible() for label in shown[1].get_yticklabels())


def test_nothing_says_what_is_missing_and_where():
    told = figures.nothing("both splits", "demo", embedded=True, of="maps")
    assert told == "embedded world (simulated) · profile demo · n = 0 maps"
    (ax,) = plt.gcf().axes
    assert [text.get_text() for text in ax.texts] == ["both splits: no such maps in results/demo yet"]
    assert not ax.axison


def test_a_legend_above_all_panels_names_each_arm_once_in_the_books_order():
    fig, _ = figures.subplots(1, 2)
    found = figures.legend_above(fig, ["geoclip-hadamard", "none", "geoclip-hadamard"], linestyle="")
    assert [text.get_text() for text in found.get_texts()] == ["no location", "GeoCLIP, Hadamard"]
    assert {handle.get_linestyle() for handle in found.legend_handles} == {"None"}
