"""Maps of a day share one colour scale; their fine part and spectra are those of the fields."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh

from placeprior import coords
from placeprior.book import layers

LON, LAT = np.arange(-110.0, -104), np.arange(36.0, 41)


pytestmark = pytest.mark.usefixtures("styled")


def field(value):
    return xr.DataArray(
        np.full((len(LAT), len(LON)), value), dims=("y", "x"), coords={"lon": ("x", LON), "lat": ("y", LAT)}
    )


def drawn(fig):
    return [mesh for ax in fig.axes for mesh in ax.collections if isinstance(mesh, QuadMesh) and ax.get_visible()][:3]


@pytest.mark.parametrize(("kind", "ends"), [("amount", (0, 20)), ("difference", (-20, 20))])
def test_all_maps_have_the_same_colours_and_their_titles(kind, ends):
    fig = layers.side_by_side({"one": field(1.0), "two": field(30.0), "three": field(5.0)}, "PM2.5", 20.0, kind=kind)
    assert {(mesh.norm.vmin, mesh.norm.vmax) for mesh in drawn(fig)} == {ends}
    assert [ax.get_title(loc="left") for ax in fig.axes if ax.get_title(loc="left")] == ["one", "two", "three"]
    assert [ax.get_xlabel() for ax in fig.axes if ax.get_xlabel()] == ["PM2.5 [µg m⁻³]"]


def test_each_column_of_pairs_has_its_own_colours_and_monitors_have_those_of_amounts():
    monitors = layers.Monitors("measured", np.array([[-108.0, 38.0]]), np.array([3.0]))
    pairs = {"truth": (field(9.0), monitors), "one": (field(5.0), field(-4.0))}
    fig = layers.in_pairs(pairs, ("PM2.5", "error"), (20, 6))
    maps = [ax for ax in fig.axes if ax.get_title(loc="left")]
    assert [ax.get_title(loc="left") for ax in maps] == ["truth", "measured", "one", "error"]
    coloured = [next(c for c in ax.collections if c.get_array() is not None) for ax in maps]
    assert [(each.norm.vmin, each.norm.vmax) for each in coloured] == [(0, 20)] * 3 + [(-6, 6)]
    assert [ax.get_xlabel() for ax in fig.axes if ax.get_xlabel()] == ["PM2.5 [µg m⁻³]", "error [µg m⁻³]"]


def grid(values):
    lon, lat = coords.grid(1.0)
    values = np.broadcast_to(values, (len(lat), len(lon))).astype(float)
    return xr.DataArray(values, dims=("y", "x"), coords={"lon": ("x", lon), "lat": ("y", lat)})


def test_the_fine_part_of_a_flat_map_is_nothing():
    assert np.abs(layers.fine_part(grid(7.0))).max() < 1e-9


def test_a_fine_part_is_scored_by_size_and_likeness():
    lon, _ = coords.grid(1.0)
    fine = grid(np.where(np.arange(len(lon)) % 2, 1.0, -1.0))
    same, opposite = (layers.fine_scores(5 + factor * fine, fine) for factor in (3.0, -1.0))
    assert same["r"] == pytest.approx(1) and opposite["r"] == pytest.approx(-1)
    assert same["size"] == pytest.approx(3 * opposite["size"])


def test_spectra_have_a_panel_a_task_and_name_every_arm():
    rows = [(source, x, 1 / x) for source in ("truth", "none", "geoclip-hadamard") for x in (60.0, 400.0, 1200.0)]
    table = pd.DataFrame(rows, columns=["source", "x", "value"]).assign(what="spectrum")
    fig = layers.draw_spectra({"world": table, "measured": table[table["source"] != "truth"]})
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["world", "measured"]
    assert fig.axes[0].lines[0].get_xdata().tolist() == [60, 400]
    assert [len(ax.lines) for ax in fig.axes] == [4, 3]  # and the line where waves begin to be short
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["no location", "GeoCLIP, Hadamard", "truth"]
