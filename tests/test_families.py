"""Families of encoders: kinds, groups, order, and how they are drawn and named."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from test_matched import made

from placeprior import encoders
from placeprior.arms import NAMES, with_arm
from placeprior.book import families as drawn
from placeprior.book import figures, labels
from placeprior.book.results import Results
from placeprior.errors import MissingWeights
from placeprior.evidence import families, gallery, matched
from placeprior.evidence.families import Group
from placeprior.scores import interval

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
    told = drawn.collapsed_fits({"a task": table}, "tab-x").data
    assert "xyz" in told and "tab-x" in told
    fine = table.assign(value=0.5)
    assert drawn.collapsed_fits({"a task": fine}, "tab-x").data == "In no fit of these arms did the training collapse."


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


def test_looks_are_counted_one_by_one_and_together():
    found = pd.DataFrame({"difference": [1.0, 0.21, -0.21, 0.1], "se": 0.1, "dof": 1e6, "question": list("aabb")})
    found = found.assign(low=found["difference"] - 0.196, high=found["difference"] + 0.196)
    found["clear"] = interval.clear(found["low"], found["high"])
    counts = families.looks(found, "question").set_index("question")
    assert counts.loc["a"].tolist() == [2, 2, 0, 1, 0]
    assert counts.loc["b"].tolist() == [2, 0, 1, 0, 0]
    assert families.looks(found.iloc[:0], ["question"]).empty


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


def test_a_vector_that_hardly_changes_is_smooth_and_one_without_weights_has_no_properties(monkeypatch):
    smooth, rough = gallery.roughness("lonlat"), gallery.roughness("tile")
    assert 0 < smooth < 0.05 < rough < 2
    assert gallery.roughness("slepian") > 0, "no step may leave the country that it knows"

    def absent(name, *_):
        raise MissingWeights(f"{name} is not at hand; fetch it")

    monkeypatch.setattr(encoders, "embed", absent)
    assert families.properties(["satclip-l10"]).isna().all(axis=None)


# --- drawn ------------------------------------------------------------------------------------------------------------


def test_axis_limits_hold_zero_and_leave_far_values_out():
    low, high = drawn.bulk(np.array([0.1, 0.11, 0.12, 0.13, 9.0]))
    assert low < 0 and 0.13 < high < 0.2


def test_gains_on_both_splits_need_both():
    scores, sums = two_splits()
    found = matched.differences(scores, sums, "none+head")
    assert set(drawn.gains(found).index) == set(ARMS) - {"none+head"}
    assert drawn.gains(found[found["split"] == "spatial"]).empty


def test_a_scatter_names_its_points_and_says_where_there_are_none():
    scores, sums = two_splits(ARMS | {"tile-hadamard": 40})
    found = matched.differences(scores, sums, "none+head")
    of = Results("demo", "world", "embedded world", scores, sums)
    assert "profile demo" in drawn.draw_both(found, of)
    names = {text.get_text() for text in plt.gcf().axes[0].texts}
    assert {"xyz", "NeRF", "GeoCLIP"} <= names and any(name.startswith("tile (−") for name in names)
    assert drawn.draw_both(found[found["split"] == "spatial"], of).endswith("n = 0 runs")


def test_a_ranking_is_by_the_gain_in_unseen_regions_and_says_what_was_not_run():
    scores, sums = two_splits()
    found = matched.differences(scores, sums, "none+head")
    found = found[(found["split"] != "spatial") | (found["arm"] != "xyz-hadamard")]
    fig = drawn.draw_ranked(found)
    names = [text.get_text() for text in fig.axes[0].get_yticklabels()]
    own = found[found["split"] == "checkerboard-16"].sort_values("difference", ascending=False)
    assert names == [drawn.short(arm) for arm in own["arm"]]
    assert "not run" in [text.get_text() for text in fig.axes[1].texts]


def test_a_property_is_drawn_by_encoder():
    scores, sums = two_splits()
    found = matched.differences(scores, sums, "none+head")
    values = pd.Series({"xyz": 0.1, "nerf": 0.2, "geoclip": 0.3})
    fig = drawn.draw_property(values, {"one": found, "two": found}, "roughness")
    assert [ax.get_title() for ax in fig.axes] == ["one", "two"]
    assert sorted(float(c.get_offsets()[0, 0]) for c in fig.axes[0].collections) == pytest.approx([0.1, 0.2, 0.3])


def test_names_cover_neither_points_nor_each_other():
    _, ax = figures.subplots(size=(5, 4))
    points = pd.DataFrame(np.random.default_rng(0).uniform(0.3, 0.7, (12, 2)))
    ax.set(xlim=(0, 1), ylim=(0, 1))
    labels.write_names(ax, points, [f"name {i}" for i in range(12)], points)
    renderer = ax.figure.canvas.get_renderer()
    boxes = [plt.Text.get_window_extent(text, renderer) for text in ax.texts]
    assert 6 <= len(boxes) <= 12
    assert not any(box.count_overlaps([other for other in boxes if other is not box]) for box in boxes)
    marks = ax.transData.transform(points)
    assert not any(box.contains(*mark) for box in boxes for mark in marks)
