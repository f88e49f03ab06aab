"""The drawing of the network says the shapes that pass through it."""

import pytest
import torch

from placeprior.book import network
from placeprior.network.model import PlaceModel

pytestmark = pytest.mark.usefixtures("styled")


def test_shapes_are_those_that_the_network_passes_on_and_the_drawing_says_them():
    x, place = torch.zeros(2, 7, 5), torch.zeros(2, 30)
    model = PlaceModel(5, 30, "hadamard", width=8, summary=6)
    passed = network.shapes(model, x, place)
    assert passed["lstm.0"] == (2, 7, 16) and passed["lstm.2"] == (2, 7, 8)
    assert passed["attention"] == passed["join"] == passed["join.project"] == (2, 6) and passed["estimate"] == (2,)
    assert not any(part._forward_hooks for part in model.modules())
    said = [text.get_text() for text in network.draw(passed, tuple(x.shape), tuple(place.shape)).axes[0].texts]
    assert {"(batch, 7 days, 5)", "(batch, 7 days, 16)", "(batch, 6)", "(batch, 30)", "(batch,)"} <= set(said)
    assert {"model.lstm.0", "model.join", "model.out"} <= set(said)
