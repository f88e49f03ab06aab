"""The page on controls: pairs that mean something where they are shown, and gains by the length of a vector."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from placeprior.book import controls

pytestmark = pytest.mark.usefixtures("styled")


def found(arms, splits=("random",), **told):
    row = {"difference": 0.1, "low": 0.0, "high": 0.3, "clear": 0, "stations": 40, "fits": 2, "apart": 0, "each": 0}
    rows = [row | {"arm": arm, "split": split} | told for split in splits for arm in arms]
    return pd.DataFrame(rows, columns=["arm", "split", *row])


def test_a_random_vector_is_compared_with_at_known_stations_alone(monkeypatch):
    everywhere = ("random", "spatial", "checkerboard-16")
    asked = []

    def gains(profile, task, against):
        asked.append(against)
        return found(["geoclip-concat"], everywhere) if against != "onehot-concat" else found([])

    monkeypatch.setattr(controls, "gains", gains)
    table = controls.beyond({"world": "demo"}, ["geoclip-concat"]).set_index("against")
    assert asked == [f"{name}-concat" for name in ("random-vector", "shuffled", "onehot", "smooth-random")]
    names = ["random vector, concatenated", "shuffled GeoCLIP, concatenated"]
    assert table.index.tolist() == [*names, "random waves, concatenated"]
    assert (table.loc[names, "WR · random"] == "+0.100 (+0.000 to +0.300)").all()
    assert (table.loc[names, ["WR · spatial", "OoR · 16°"]] == "–").all(axis=None)
    assert (table.loc["random waves, concatenated", ["WR · spatial", "OoR · 16°"]] != "–").all()
    monkeypatch.setattr(
        controls, "gains", lambda *_, against: found(["geoclip-concat"], ["spatial", "checkerboard-16"], low=0.0)
    )
    table = controls.beyond({"world": "demo"}, ["geoclip-concat"])
    assert table.columns.tolist() == ["task", "arm", "against", "WR · spatial", "OoR · 16°"], (
        "nothing at known stations"
    )
    assert table["against"].tolist() == ["random waves, concatenated"]
    monkeypatch.setattr(
        controls, "gains", lambda *_, **__: found(["geoclip-concat"], ["spatial", "checkerboard-16"], low=float("nan"))
    )
    told = controls.beyond({"world": "demo"}, ["geoclip-concat"])
    assert (told["OoR · 16°"] == "+0.100 (one training)").all()
    monkeypatch.setattr(controls, "gains", lambda *_, **__: found([]))
    assert controls.beyond({"world": "demo"}, ["geoclip-concat"]).empty


def test_gains_are_drawn_by_the_length_of_the_vector(monkeypatch):
    monkeypatch.setattr(controls.encoders, "load", lambda name: type("E", (), {"dim": {"urban": 2}.get(name, 512)}))
    arms = ["geoclip-hadamard", "geoclip-pca16-hadamard", "geoclip-pca8-hadamard", "urban-hadamard"]
    told = pd.concat([found(arms), found(arms[:1], ["spatial"])])
    text = controls.draw_components(
        {"weather, 2019": told, "embedded world": told}, {"weather, 2019": "aqs", "embedded world": "demo"}
    )
    assert text.startswith("real measurements · profile aqs") and "simulated, profile demo" in text
    axes = plt.gcf().axes
    assert [ax.get_title("left") for ax in axes] == ["weather, 2019\nWR · random", "embedded world\nWR · random"], (
        "no cut-down vector was tried on the other split"
    )
    assert axes[0].lines[0].get_xdata().tolist() == [8, 16, 512] and axes[0].get_ylim() == axes[1].get_ylim()
    assert [text.get_text() for text in axes[0].get_xticklabels()] == ["2", "8", "16", "512"]
    alone = controls.draw_components({"embedded world": told}, {"embedded world": "demo"})
    assert alone.startswith("embedded world (simulated) · profile demo")
