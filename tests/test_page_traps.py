"""What the page about traps draws and tabulates, on made-up numbers."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from placeprior.book import traps

TOLD = {
    ("a", "mixed"): np.array([1.0, 2.0, 3.0]),
    ("a", "east"): np.array([-4.0, 0.0, 2000.0]),
    ("b", "mixed"): np.array([2.0, 2.0, 2.0]),
    ("b", "east"): np.array([1.0, 2.0, 3.0]),
}
TRUE = np.array([1.0, 2.0, 3.0])


pytestmark = pytest.mark.usefixtures("styled")


def test_each_encoder_has_a_mark_at_each_edge():
    jumps = pd.DataFrame({"date line": [0.0, 1.0], "poles": [0.5, 0.9]}, index=["one", "other"])
    (ax,) = traps.draw_jumps(jumps).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["one", "other"]
    assert [list(line.get_xdata()) for line in ax.lines] == [[0.0, 1.0], [0.5, 0.9]]


def test_a_wave_is_drawn_on_each_grid_as_it_was_asked():
    waves = {}
    for step in (1.0, 0.5):
        lat, lon = np.arange(37 + step / 2, 41, step), np.arange(-107 + step / 2, -103, step)
        waves[step] = xr.DataArray(np.sin(lon) + 0 * lat[:, None], {"lat": lat, "lon": lon})
    fig = traps.draw_alias(waves)
    coarse, fine = (ax.collections[0].get_array() for ax in fig.axes[:2])
    assert coarse.shape == (4, 4) and fine.shape == (8, 8)
    np.testing.assert_allclose(coarse[0], np.sin([-106.5, -105.5, -104.5, -103.5]))
    assert [ax.get_title(loc="left") for ax in fig.axes[:2]] == ["cells of 1°", "cells of 0.5°"]


def test_a_probe_is_drawn_from_its_lowest_to_its_highest_estimate():
    (ax,) = traps.draw_probes(TOLD, TRUE).axes
    bars = [list(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    assert bars == [[1.0, 3.0], [2.0, 2.0], [-4.0, 2000.0], [1.0, 3.0]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
