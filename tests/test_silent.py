"""Many places through a ReLU network: the same numbers as place by place, whatever is left out."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import linear, relu

from placeprior.encoders import silent


@given(count=st.integers(1, 300), size=st.integers(1, 70), seed=st.integers(0, 9), flat=st.booleans())
def test_every_place_is_in_one_tile(count, size, seed, flat):
    xy = np.random.default_rng(seed).uniform(-1, 1, (count, 2)) * (1, 0 if flat else 1)
    found = list(silent.tiles(xy, size))
    assert max(map(len, found)) <= size
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.arange(count))


def test_a_tile_is_a_small_part_of_the_map():
    xy = np.random.default_rng(0).uniform(0, 1, (4096, 2)) * (4, 1)
    for tile in silent.tiles(xy, 64):  # 64 tiles of a 4 x 1 map: a quarter wide and high
        assert (np.ptp(xy[tile], axis=0) < 0.5).all()


@pytest.mark.parametrize("onednn", [True, False])
@pytest.mark.parametrize("shift", [-3.0, 0.0, 3.0])
def test_layers_are_the_network_however_many_units_are_silent(monkeypatch, shift, onednn):
    if not onednn:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    rng = torch.Generator().manual_seed(0)
    layers = [
        (torch.randn(out, into, generator=rng) / into**0.5, torch.randn(out, generator=rng) + shift)
        for into, out in ((6, 40), (40, 30), (30, 5))
    ]
    ours = silent.Layers(layers)
    for count in (16, 1, 7):
        x = torch.randn(count, 6, generator=rng)
        plain = linear(relu(linear(relu(linear(x, *layers[0])), *layers[1])), *layers[2])
        torch.testing.assert_close(ours(x.clone()), plain, atol=1e-5, rtol=1e-5)
