"""Encoders of one architecture and two corpora: differences, parts of scores, probes, and drawings."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from test_families import two_splits

from placeprior.book import upstream as drawn
from placeprior.evidence import facts, matched, upstream
from placeprior.evidence.families import HEAD, trained

EXACT = ["xyz", "nerf"]
ARMS = {HEAD: 3, "geoclip-hadamard": 1.5} | {
    trained(b, c): size
    for b, sizes in {"xyz": (2.5, 2, 1.7), "nerf": (2.6, 1.8, 2.2)}.items()
    for c, size in zip(("untrained", "fmow", "yfcc"), sizes, strict=True)
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def probed():
    r2 = {
        (f"{b}-{c}", s): np.full(2, i + j / 10)
        for i, b in enumerate(EXACT)
        for j, c in enumerate(("fmow", "yfcc"))
        for s in ("spatial", "checkerboard-16")
    }
    r2 |= {(f"{b}-untrained", s): np.zeros(2) for b in EXACT for s in ("spatial", "checkerboard-16")}
    drawn_ = {key: value[:, None] + np.linspace(-0.01, 0.01, 5) * key[0].count("yfcc") for key, value in r2.items()}
    return upstream.Probed(["density", "pm25"], r2, drawn_)


def test_parts_of_an_additive_table_are_its_rows_and_columns():
    means = np.array([[0.0], [0.2]]) + np.array([[0.0, 0.1]])
    assert upstream.spreads(means) == pytest.approx([0.1, 0.05, 0])


def test_chance_is_the_spread_of_noise_alone():
    rng = np.random.default_rng(0)
    tables = [rng.normal(0, 1, (3, 2, 4)) for _ in range(400)]
    chance = np.sqrt(np.mean([upstream.by_chance(t) ** 2 for t in tables], axis=0))
    found = np.sqrt(np.mean([upstream.spreads(t.mean(2)) ** 2 for t in tables], axis=0))
    assert chance == pytest.approx(found, rel=0.1)
    assert np.isnan(upstream.by_chance(np.zeros((3, 2, 1)))).all()


def test_scores_are_taken_apart_split_by_split():
    scores, sums = two_splits(ARMS)
    found = upstream.two_way(scores, sums, EXACT)
    assert found["part"].tolist() == 2 * list(upstream.PARTS) and set(found["fits"]) == {2}
    r2 = scores[(scores["metric"] == "r2") & (scores["split"] == "spatial")].groupby("arm")["value"].mean()
    means = np.array([[r2[trained(b, c)] for c in upstream.CORPORA] for b in EXACT])
    assert found["spread"].iloc[:3].to_numpy() == pytest.approx(upstream.spreads(means), rel=1e-3)
    assert upstream.two_way(scores, sums, ["xyz"]).empty
    told = drawn.spreads({"a task": found, "none": found.iloc[:0]})
    assert len(told) == 6 and told.iloc[0].tolist()[:3] == ["a task", "WR · spatial", "basis"]


def test_facts_are_read_at_held_out_monitors():
    rng = np.random.default_rng(0)
    places = pd.DataFrame({"lon": rng.uniform(-118, -78, 60), "lat": rng.uniform(33, 46, 60)})
    places["pm25"] = 8 + 0.1 * places["lon"]
    read = upstream.probed(places, ["lonlat"], ("spatial",), draws=20)
    assert read.targets[-1] == "pm25" and read.r2["lonlat", "spatial"][-1] > 0.99
    assert read.drawn["lonlat", "spatial"].shape == (len(read.targets), 20)
    empty = upstream.probed(places.iloc[:0], ["lonlat"], ("spatial",))
    assert not empty.targets and not empty.r2


def test_a_gap_is_the_mean_over_bases():
    read = probed()
    value, low, high = read.gap("yfcc", "fmow", "spatial", EXACT)
    assert value == pytest.approx([0.1, 0.1]) and (low < value).all() and (value < high).all()
    fig, table = drawn.draw_probes(read, EXACT, "spatial")
    assert [text.get_text() for text in fig.axes[0].get_yticklabels()] == ["population density", "mean PM2.5"]
    mean = table[(table["basis"] == "mean") & (table["against"] == "satellite scenes")]
    assert mean["difference"].to_numpy() == pytest.approx([0.1, 0.1]) and len(table) == 12


def test_the_exact_pairs_differ_in_nothing():
    assert facts.exact() == ["wrap-ffn", "xyz", "nerf"] and len(facts.pairs()) > 3
    assert {"xyz-hadamard", "nerf-fmow-tuned-hadamard", "xyz-untrained-hadamard"} < set(upstream.ways())


def test_means_pair_each_basis_with_itself_and_need_two():
    scores, sums = two_splits(ARMS)
    asked = {"corpus": ([trained(b, "yfcc") for b in EXACT], [trained(b, "fmow") for b in EXACT])}
    found = upstream.answers(scores, sums, asked)
    single = matched.differences(scores, sums, dict(zip(*asked["corpus"], strict=True))).set_index(["split", "arm"])
    own = found.set_index(["split", "arm"])["difference"]
    for split in ("spatial", "checkerboard-16"):
        pairs = [single.loc[(split, trained(b, "yfcc")), "difference"] for b in EXACT]
        assert [own[split, b] for b in EXACT] == pytest.approx(pairs)
        assert own[split, "mean"] == pytest.approx(np.mean(pairs))
    alone = upstream.answers(scores[~scores["arm"].str.startswith("nerf")], sums, asked)
    assert set(alone["arm"]) == {"xyz"} and set(alone["question"]) == {"corpus"}
    fig = drawn.draw_questions({"a task": found, "another": found}, EXACT)
    assert [len(ax.collections) for ax in fig.axes] == [3] * 4, "two bases and their mean"
    assert list(drawn.handed({"a task": found})["task"].unique()) == ["a task"]
