"""What the page on traps measures, on encoders that are known by hand."""

import numpy as np
import pytest

from placeprior import encoders
from placeprior.errors import MissingWeights
from placeprior.evidence import kept, traps

KEPT = ("xyz-fmow", "xyz-yfcc", "nerf-yfcc", "sphere2vec-c-fmow")


def test_jumps_at_the_edges_of_a_map_and_none_on_a_sphere():
    plane, ball = traps.jumps("lonlat"), traps.jumps("xyz")
    assert plane["date line"] > 1 and max(ball.values()) < 1e-3
    sines = traps.jumps("sincos")
    assert sines["date line"] < 1e-3 < 0.1 < sines["poles"]


def test_what_is_known_by_name_is_nothing_elsewhere():
    _, places = traps.land()
    for name in ("lonlat", "urban"):
        same, new = traps.by_lot(name, places)
        assert same < 0.1 and new < 0.1
    train = traps.sides(places)
    assert abs(train["mixed"].mean() - train["east"].mean()) < 0.1
    read = traps.probe("urban", places, train["mixed"])
    density = encoders.load("urban")(places)[:, 1][~train["mixed"]]
    assert np.corrcoef(read, density)[0, 1] > 0.99


def test_numbers_are_counted_and_scaled():
    cells, places = traps.land()
    found = traps.blown_up("xyz", places, cells)
    assert found["dead"] == 0 and found["numbers"] == 3 and 0 < found["one"] < 20 and 0 < found["each"] < 20


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_is_what_the_weights_say(name, monkeypatch):
    if not kept._kept("traps"):
        pytest.skip("the table is not made yet")
    cells, places = traps.land()
    told = {}
    for way in ("kept", "computed"):
        if way == "kept":
            with monkeypatch.context() as patch:
                patch.setattr(encoders, "require", lambda name: (_ for _ in ()).throw(MissingWeights(name)))
                told[way] = [*traps.jumps(name).values(), *traps.blown_up(name, places, cells).values()]
        elif encoders.is_at_hand(name):
            told[way] = [*traps.jumps(name).values(), *traps.blown_up(name, places, cells).values()]
            np.testing.assert_allclose(told["kept"], told["computed"], rtol=1e-4)
