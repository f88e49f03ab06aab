"""What the page about traps draws and tabulates, on made-up numbers."""

import numpy as np
import pandas as pd
import pytest
import torch

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


def test_a_wave_is_asked_once_a_cell_of_each_grid():
    class East(torch.nn.Module):
        def forward(self, lonlat):
            return torch.stack([lonlat[:, 1], torch.sin(lonlat[:, 0])], dim=1)

    fig = traps.draw_alias(East(), 1, (1.0, 0.5), (-107.0, 37.0, -103.0, 41.0))
    coarse, fine = (ax.collections[0].get_array() for ax in fig.axes[:2])
    assert coarse.shape == (4, 4) and fine.shape == (8, 8)
    np.testing.assert_allclose(coarse[0], np.sin([-106.5, -105.5, -104.5, -103.5]))
    assert [ax.get_title(loc="left") for ax in fig.axes[:2]] == ["cells of 1°", "cells of 0.5°"]


def test_a_probe_is_drawn_from_its_lowest_to_its_highest_estimate():
    (ax,) = traps.draw_probes(TOLD, TRUE).axes
    bars = [list(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    assert bars == [[1.0, 3.0], [2.0, 2.0], [-4.0, 2000.0], [1.0, 3.0]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
