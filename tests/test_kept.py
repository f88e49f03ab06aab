"""Answers kept for encoders without weights: the same question, or none."""

import numpy as np
import pandas as pd
import pytest

from placeprior import encoders
from placeprior.encoders import pretrained
from placeprior.errors import MissingWeights
from placeprior.evidence import kept, tables
from placeprior.evidence.facts import Vectors

PLACES = np.array([(-100.0, 40.0), (-80.0, 35.0)])


@pytest.fixture
def shelf(monkeypatch, tmp_path):
    """One table in place of the committed ones, and an encoder whose weights may be elsewhere."""
    held, here = {}, {"weights": True}

    def require(name):
        if not here["weights"]:
            raise MissingWeights(f"the weights of {name} are not at hand")

    monkeypatch.setattr(encoders, "require", require)
    monkeypatch.setattr(pretrained, "reads", lambda name: True)
    monkeypatch.setattr(tables, "path", lambda profile, name: tmp_path / name)
    monkeypatch.setattr(tables, "read", lambda profile, name: held["table"])
    kept._read.cache_clear()
    (tmp_path / "some").touch()
    yield held, here
    kept._read.cache_clear()


def ask(places=PLACES, question="sum", compute=None):
    return kept.answer("some", "far", question, [places], compute or (lambda: np.cumsum(places, axis=0)))


def test_an_answer_is_kept_in_its_shape_and_given_without_weights(shelf):
    held, here = shelf
    with kept.record() as made:
        found, single = ask(), ask(question="one", compute=lambda: 0.25)
    held["table"] = made[0]
    assert list(made[0]) == ["question", "shape", "value"] and made[0]["value"].dtype == np.float32
    here["weights"] = False
    again = ask(compute=lambda: pytest.fail("computed without weights"))
    np.testing.assert_allclose(again, found, rtol=1e-6)
    assert again.shape == (2, 2) and ask(question="one") == single == 0.25
    assert np.array_equal(ask(PLACES + 1e-9), again), "processors differ in the last digits of a place"
    for other in ({"question": "difference"}, {"places": PLACES + 0.5}):
        with pytest.raises(MissingWeights, match="not at hand"):
            ask(**other)


def test_numbers_that_claims_rest_on_stand_beside_answers(shelf):
    held, here = shelf
    with kept.record() as made:
        found = ask()
    held["table"], here["weights"] = pd.concat([made[0], kept.numbers({"a gain, low": -0.25})]), False
    np.testing.assert_allclose(ask(), found, rtol=1e-6)
    table = held["table"].set_index("question")
    assert table.loc["a gain, low", "value"] == -0.25


def test_with_weights_an_encoder_is_asked_itself(shelf):
    held, _ = shelf
    held["table"] = pd.DataFrame({"question": [], "shape": [], "value": []})
    assert ask(compute=lambda: [1, 2]).tolist() == [1, 2]


def test_what_is_not_there_is_not_recorded(shelf):
    held, here = shelf
    with kept.record() as made:
        ask()
    held["table"], here["weights"] = made[0], False
    with pytest.raises(MissingWeights), kept.record():
        ask()


def test_encoders_that_read_no_published_file_are_never_looked_up(monkeypatch):
    monkeypatch.setattr(encoders, "require", lambda name: pytest.fail(f"weights of {name} are asked for"))
    read = {name for name in encoders.list_encoders() if pretrained.reads(name)}
    assert {"xyz-yfcc", "xyz-yfcc-tuned", "rff-untrained"} <= read
    assert not {"xyz", "xyz-untrained", "xyz-untrained-tuned", "geoclip", "lonlat"} & read
    found = Vectors(["xyz-untrained", "lonlat"], PLACES)
    assert list(found) == ["xyz-untrained", "lonlat"] and found["lonlat"].shape == (2, 2)
    assert found.answer("lonlat", "first", [], lambda table: table[0]).shape == (2,)
