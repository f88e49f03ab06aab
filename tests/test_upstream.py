"""Encoders of one architecture and two corpora: questions, parts of scores, probes, and how they are told."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from test_families import two_splits

from placeprior.arms import BASES
from placeprior.book import upstream as drawn
from placeprior.book.results import Results
from placeprior.evidence import facts, families, matched, upstream
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


def test_the_exact_pairs_differ_in_nothing_and_questions_name_arms_of_the_book():
    pairs = facts.pairs()
    exact = [b for b, unlike in pairs.items() if not unlike]
    assert exact == ["wrap-ffn", "xyz", "nerf"] and len(pairs) > 3
    asked = upstream.questions(exact, [b for b in pairs if b not in exact])
    assert asked["corpus"]["xyz-yfcc-hadamard"] == "xyz-fmow-hadamard"
    assert asked["end to end"] == {"xyz-hadamard": "xyz-yfcc-hadamard", "nerf-hadamard": "nerf-yfcc-hadamard"}
    assert asked["start"]["nerf-fmow-tuned-hadamard"] == "nerf-untrained-tuned-hadamard"
    assert not asked["corpus"].keys() & asked["confounded"].keys()
    assert set(upstream.ways()) <= set(asked["place"])
    told = drawn.pairs_table(pairs, "tab-x").data
    assert told.index("| xyz ") < told.index("confounded") and "nothing" in told


def test_means_pair_each_basis_with_itself_and_need_two():
    scores, sums = two_splits(ARMS)
    question, over = upstream.questions(EXACT, [])["corpus"], upstream.means(EXACT)["corpus"]
    found = upstream.answer(scores, sums, question, over).set_index(["split", "arm"])["difference"]
    for split in ("spatial", "checkerboard-16"):
        single = [found[split, trained(b, "yfcc")] for b in EXACT]
        assert found[split, "mean of pairs"] == pytest.approx(np.mean(single))
    alone = upstream.answer(scores[~scores["arm"].str.startswith("nerf")], sums, question, over)
    assert set(alone["arm"]) == {"xyz-yfcc-hadamard"}


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
    fig = drawn.draw_spreads(found)
    assert [len(ax.collections) for ax in fig.axes] == [3, 3]


def test_facts_are_read_at_held_out_monitors():
    rng = np.random.default_rng(0)
    places = pd.DataFrame({"lon": rng.uniform(-118, -78, 60), "lat": rng.uniform(33, 46, 60)})
    places["pm25"] = 8 + 0.1 * places["lon"]
    read = upstream.probed(places, ["lonlat"], ("spatial",), draws=20)
    assert read.targets[-1] == "pm25" and read.r2["lonlat", "spatial"][-1] > 0.99
    assert read.drawn["lonlat", "spatial"].shape == (len(read.targets), 20)
    empty = upstream.probed(places.iloc[:0], ["lonlat"], ("spatial",))
    assert not empty.targets and not empty.r2
    assert "No measured places" in drawn.probe_table(empty, EXACT, ("spatial",), "aqs", "tab-x").data


def test_a_gap_is_the_mean_over_bases():
    read = probed()
    value, low, high = read.gap("yfcc", "fmow", "spatial", EXACT)
    assert value == pytest.approx([0.1, 0.1]) and (low < value).all() and (value < high).all()
    told = drawn.probe_table(read, EXACT, ("spatial",), "aqs", "tab-x").data
    assert "| YFCC − fMoW " in told and "+0.10 (+0.09 to +0.11)" in told
    fig = drawn.draw_probes(read, EXACT, {"a": "spatial", "b": "checkerboard-16"})
    assert [text.get_text() for text in fig.axes[0].get_yticklabels()] == ["population density", "mean PM2.5"]


def test_probe_and_gain_stand_beside_each_other_where_enough_vectors_have_both():
    scores, sums = two_splits(ARMS)
    gain = matched.differences(scores, sums, HEAD)
    beside = upstream.foretold(probed(), gain, "pm25")
    assert set(beside["split"]) == {"spatial", "checkerboard-16"} and len(beside) == 12
    known = gain.set_index(["split", "arm"])["difference"]
    first = beside.iloc[0]
    assert first["gain"] == known[first["split"], f"{first['vector']}-hadamard"]
    assert upstream.foretold(probed(), gain, "pm25", fewest=7).empty
    assert "too few" in drawn.foretold_table(beside.iloc[:0], "aqs", "tab-x").data
    assert len(drawn.draw_foretold(beside).axes) == 2
    rows = drawn.foretold_table(beside, "aqs", "tab-x").data.splitlines()
    assert [row.split("|")[2].strip() for row in rows if row[:4] in ("| WR", "| Oo")] == ["6", "6"]


def test_arms_are_named_by_what_they_were_trained_on():
    assert drawn.named("xyz-fmow-hadamard") == "xyz, fMoW"
    assert drawn.named("nerf-hadamard") == f"{BASES['nerf']}, end to end"


def test_differences_are_drawn_and_told_by_task():
    scores, sums = two_splits(ARMS)
    found = matched.differences(scores, sums, dict.fromkeys(ARMS, HEAD))
    of = Results("demo", "world", "embedded world", scores, sums)
    told = drawn.gain_table(found, of, "`none+head`", "tab-x").data
    assert "Embedded world: test R² minus that of `none+head`" in told and "| xyz, fMoW" in told
    assert drawn.gain_table(found.iloc[:0], of, "`none+head`", "tab-x") is None
    fig = drawn.draw_forest(found, "ΔR²")
    assert "GeoCLIP" in [text.get_text() for text in fig.axes[0].get_yticklabels()]
    cells = found[found["arm"] != families.GEOCLIP]
    fig = drawn.draw_cells(cells, EXACT)
    lines = [line for line in fig.axes[0].lines if line.get_label() in (BASES[b] for b in EXACT)]
    assert [len(line.get_xdata()) for line in lines] == [3, 3]


@pytest.mark.parametrize(
    ("clear", "word"), [([], "not been compared"), ([1, 1], "agrees"), ([0, -1], "not borne out"), ([1, 0], "depends")]
)
def test_the_verdict_follows_the_comparisons(clear, word):
    assert word in drawn.verdict(clear)
