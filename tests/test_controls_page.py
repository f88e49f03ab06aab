"""The page on controls: pairs that mean something where they are shown, and gains by the length of a vector."""

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
