"""Families of encoders: kinds, groups, order, and how they are drawn and named."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from test_matched import made

from placeprior import encoders
from placeprior.arms import NAMES, with_arm
from placeprior.book import families as drawn
from placeprior.errors import MissingWeights
from placeprior.evidence import families, gallery, matched
from placeprior.evidence.families import Group

FITS = {None: [(1, 0), (1, 1)]}
ARMS = {"none+head": 3, "urban-hadamard": 2.8, "xyz-hadamard": 2, "nerf-hadamard": 1, "geoclip-hadamard": 1.5}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def two_splits(arms=ARMS):
    tables = [made(arms, FITS, split, seed) for seed, split in enumerate(("spatial", "checkerboard-16"))]
    for number, (scores, sums) in enumerate(tables):  # ids of their own
        for table in (scores, sums):
            table["run"] = f"{number}" + table["run"].str[1:]
    return with_arm(pd.concat([t[0] for t in tables], ignore_index=True)), pd.concat([t[1] for t in tables])


def test_every_kind_is_drawn_and_every_encoder_has_one():
    assert set(families.ENCODERS) < set(drawn.KINDS)
    arms = ["lonlat", "tile-hadamard", "slepian-hadamard", "urban-hadamard", "none+head"]
    assert [*map(families.kind, arms)] == ["coordinates", "planar", "regional", "control", "none"]
    assert families.kind("rff-untrained-hadamard") == "untrained" and families.kind("satclip-l40-concat") == "satclip"
    assert all(families.kind(name) in (None, *drawn.KINDS) for name in NAMES)


def test_what_is_asked_for_are_encoders_and_references(monkeypatch):
    matrices = {"core": {"model": ["idw", "none", "gbt", "lonlat/channels"]}, "zoo": {"model": ["xyz/hadamard"]}}
    monkeypatch.setattr(families.configuration, "profile", lambda name: {"matrices": matrices})
    assert families.asked("p") == {
        "idw",
        "none",
        "lonlat",
        "xyz-hadamard",
        "satclip-l10-hadamard",
        "satclip-l40-hadamard",
    }


def test_a_flat_fit_has_collapsed_only_where_the_one_without_a_place_learned():
    rows = [("none+head", 1, 0.5), ("none+head", 2, 0.1), ("xyz-hadamard", 1, 0.01), ("xyz-hadamard", 2, 0.01)]
    table = pd.DataFrame(rows, columns=["arm", "fold", "value"]).assign(split="spatial", seed=0, metric="r2")
    table["run"] = [f"{arm}{fold}" for arm, fold, _ in rows]
    assert families.collapsed(table).tolist() == ["xyz-hadamard1"]
    none = pd.DataFrame(columns=["arm", "difference", "low", "se", "dof", "clear"])
    assert "collapsed in 1 of 4 fits" in drawn.together({"a task": none}, {"a task": table})


def test_twins_share_their_formulas_and_only_whole_pairs_count():
    first, second, twins = families.twins("", "-untrained")
    assert twins and [a.removesuffix("-hadamard") + "-untrained-hadamard" for a in first] == second
    group = Group(["a", "b"], ["c", "d"], twins=True)
    assert group.within({"a", "b", "d"}) == (["b"], ["d"], True)
    assert group._replace(twins=False).within({"a", "b", "d"}) == (["a", "b"], ["d"], False)
    assert "tile-hadamard" not in families.of_kind("planar", "tile")


def test_a_group_difference_is_the_mean_of_its_members_differences():
    scores, sums = two_splits()
    groups = {
        "two": Group(["xyz-hadamard", "nerf-hadamard", "rff-hadamard"], ["geoclip-hadamard"]),
        "one": Group(["nerf-hadamard"], ["geoclip-hadamard"]),
        "none": Group(["tile-hadamard"], ["geoclip-hadamard"]),
    }
    found = families.group_differences(scores, sums, groups)
    single = matched.differences(scores, sums, dict.fromkeys(ARMS, "geoclip-hadamard")).set_index(["split", "arm"])
    for split in ("spatial", "checkerboard-16"):
        own = found[found["split"] == split].set_index("arm")
        mean = single["difference"].loc[[(split, "xyz-hadamard"), (split, "nerf-hadamard")]].mean()
        assert set(own.index) == {"two", "one"} and own["difference"]["two"] == pytest.approx(mean)
        assert own["difference"]["one"] == pytest.approx(single["difference"][split, "nerf-hadamard"])
        assert (own["first"]["two"], own["second"]["two"]) == (2, 1)
    assert set(families.group_differences(scores, sums, groups, least=2)["arm"]) == set()
    assert families.group_differences(scores.iloc[:0], sums, groups).empty


def test_ranks_know_order_and_their_limits():
    x = pd.Series(range(10), list("abcdefghij"))
    same = families.spearman(x, x**3)
    assert (same.rho, same.low, same.high, same.count) == pytest.approx((1, 1, 1, 10))
    assert families.spearman(x, -x).rho == pytest.approx(-1)
    shuffled = x.sample(frac=1, random_state=0)
    assert families.spearman(x, shuffled) == same, "values are matched by name"
    assert families.spearman(x, x.iloc[:7]) is None and families.spearman(x, x.mask(x > 6)) is None
    assert families.spearman(x, x * 0.0) is None


def test_gains_by_seed_average_to_the_gain():
    scores, sums = two_splits()
    found = matched.differences(scores, sums, "none+head")
    table = families.by_seed(found, "spatial")
    assert set(table.index) == {"xyz-hadamard", "nerf-hadamard", "geoclip-hadamard"}, "no control, no reference"
    assert table[["seed 0", "seed 1"]].mean(axis=1).to_numpy() == pytest.approx(table["gain"].to_numpy())
    assert families.by_seed(found, "random").empty


def test_a_vector_that_hardly_changes_is_smooth_and_one_without_weights_has_no_roughness(monkeypatch):
    smooth, rough = gallery.roughness("lonlat"), gallery.roughness("tile")
    assert 0 < smooth < 0.05 < rough < 2
    assert gallery.roughness("slepian") > 0, "no step may leave the country that it knows"

    def absent(name, *_):
        raise MissingWeights(f"{name} is not at hand; fetch it")

    monkeypatch.setattr(encoders, "embed", absent)
    assert families.roughness(["satclip-l10"]).isna().all()


# --- drawn ------------------------------------------------------------------------------------------------------------


def test_axis_limits_hold_zero_and_leave_far_values_out():
    low, high = drawn.bulk(np.array([0.1, 0.11, 0.12, 0.13, 9.0]))
    assert low < 0 and 0.13 < high < 0.2


def test_every_arm_has_a_named_row_ranked_by_the_gain_in_unseen_regions():
    scores, sums = two_splits()
    found = matched.differences(scores, sums, "none+head")
    found = found[(found["split"] != "spatial") | (found["arm"] != "xyz-hadamard")]
    other = found.assign(difference=0.0)
    fig = drawn.draw_every({"weather, 2019": found, "embedded world": other})
    names = [text.get_text() for text in fig.axes[0].get_yticklabels()]
    own = found[found["split"] == "checkerboard-16"].sort_values("difference", ascending=False)
    assert names == [drawn.short(arm) for arm in own["arm"]]
    assert [len(ax.collections) for ax in fig.axes] == [8, 6], "a filled mark and a hollow one, where it was run"
    handed = drawn.handed({"weather, 2019": found, "embedded world": other})
    assert len(handed) == 2 * len(found) and "formula, sphere" in set(handed["kind"])


def test_a_gain_beyond_the_axis_is_written_at_its_edge():
    scores, sums = two_splits(ARMS | {"tile-hadamard": 40})
    fig = drawn.draw_every({"a task": matched.differences(scores, sums, "none+head")})
    assert [text.get_text()[0] for text in fig.axes[0].texts] == ["◂"]


def test_cells_without_a_value_are_dashes_and_ranks_need_enough_encoders():
    table = drawn.grid({("a", "x"): "1", ("b", "y"): "2"}, "what")
    assert table.values.tolist() == [["x", "1", "–"], ["y", "–", "2"]]
    scores, sums = two_splits()
    ranks = drawn.ranks({"a task": matched.differences(scores, sums, "none+head")}, ["checkerboard-16", "spatial"])
    assert ranks.iloc[0].tolist() == ["a task", "3", *["–"] * 5]
