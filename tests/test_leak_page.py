"""Leaks beside their clean twins: which runs are compared, and what a leak changes."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from placeprior.book import contrasts, leak_diagrams
from placeprior.book import leak as page
from placeprior.book.verdicts import NOT_RUN
from placeprior.errors import UnknownName
from placeprior.evidence import leak, matched
from placeprior.runs import store
from placeprior.scores import metrics, paired
from placeprior.space.neighbours import neighbour_pm25

#: How far each arm errs, clean; leaks of neighbours halve it, those of scalers change nothing.
ERRORS = {"idw": 4.0, "none": 3.0, "none+head": 3.0, "geoclip-hadamard": 2.0}
WORTH = {"": 1.0, "pool": 0.5, "scalers": 1.0, "both": 0.5}
STATIONS = 30
FOLDS = (("spatial", 1), ("checkerboard-16", 2))


pytestmark = pytest.mark.usefixtures("styled")


@pytest.fixture(scope="module")
def results():
    """Scores and sums of three arms, with two seeds on two splits, clean and leaky; half the stations are tested."""
    score_rows, sum_rows = [], []
    rng = np.random.default_rng(0)
    lonlat = np.column_stack([rng.uniform(-120, -75, STATIONS), rng.uniform(30, 47, STATIONS)])
    for split, fold, seed in [(split, fold, seed) for split, fold in FOLDS for seed in (0, 1)]:
        draw = np.random.default_rng(fold)
        tested = np.sort(draw.permutation(STATIONS)[: STATIONS // 2])
        y = 10 + draw.normal(size=(len(tested), 20)) * 5
        for name, size in ERRORS.items():
            for kind, worth in WORTH.items():
                if kind == "scalers" and name == "idw":
                    continue
                error = worth * size * np.random.default_rng([fold, seed, len(name)]).normal(size=y.shape)
                table = metrics.station_sums(np.repeat(tested, 20), y.ravel(), (y + error).ravel())
                run, (variant, _, fusion) = f"{len(sum_rows):012x}", name.partition("-")
                task = "toy" + (f"+{kind}" if kind else "")
                total = metrics.from_sums(table.to_numpy().sum(0))
                score_rows += [
                    [task, variant, fusion or "-", split, fold, seed, metric, float(total[metric]), y.size, run]
                    for metric in ("r2", "rmse")
                ]
                names = [f"s{i:02d}" for i in tested]
                places = {"lon": lonlat[tested, 0], "lat": lonlat[tested, 1]}
                sum_rows.append(table.reset_index(drop=True).assign(run=run, name=names, **places))
    alone = [["toy", "lonlat", "channels", "spatial", 1, 0, "r2", 0.1, 9, "alone"]]
    other = [["another+pool", "none", "-", "spatial", 1, 0, "r2", 0.1, 9, "other"]]
    return pd.DataFrame(score_rows + alone + other, columns=store.COLUMNS), pd.concat(sum_rows, ignore_index=True)


@pytest.fixture
def twins(results, monkeypatch):
    monkeypatch.setattr(store, "scores", lambda profile: results[0])
    return leak.twins(leak.runs("aqs", "toy"))


@pytest.fixture
def reach():
    return {"spatial": 0.0, "checkerboard-16": 0.0}


def test_only_clean_runs_with_a_leaky_twin_are_compared(twins):
    assert set(twins["leak"]) == {"clean", "pool", "scalers", "both"} and leak.kinds(twins) == list(leak.KINDS)
    assert not {"alone", "other"} & set(twins["run"])


def test_no_runs_are_no_rows(monkeypatch, reach):
    monkeypatch.setattr(store, "scores", lambda profile: pd.DataFrame(columns=store.COLUMNS))
    none = leak.twins(leak.runs("aqs", "toy"))
    sums = pd.DataFrame(columns=["run", "name", "n"])
    found, gained = leak.changes(none, sums, reach), leak.gains(none, sums, reach)
    assert none.empty and found.empty and gained.empty
    for text in (page.draw_changes(found, "aqs"), page.draw_gains(gained, "aqs")):
        assert "n = 0 runs" in text
    assert page.levels(none).empty


def test_a_leak_is_the_paired_difference_to_the_clean_twin(twins, results, reach):
    found = leak.changes(twins, results[1], reach).set_index(["split", "arm", "leak"])
    assert ("spatial", "idw", "scalers") not in found.index, "it was not run"
    assert found.loc[("spatial", "none", "scalers"), "difference"] == 0
    runs = [paired.fits(twins, leak=kind, split="spatial", arm="none") for kind in ("both", "clean")]
    alone = paired.single([(1.0, runs[0]), (-1.0, runs[1])], results[1])
    assert found.loc[("spatial", "none", "both"), ["difference", "low"]].tolist() == [alone["difference"], alone["low"]]
    assert (leak.changes(twins, results[1], reach, "rmse").query("leak == 'both'")["difference"] < 0).all()


def test_the_change_of_a_gain_is_leaky_minus_clean(twins, results, reach):
    found = leak.gains(twins, results[1], reach).set_index(["arm", "split", "which"])["difference"]
    assert set(found.index.get_level_values("arm")) == {"geoclip-hadamard"}
    own = found.sort_index()["geoclip-hadamard", "spatial"]
    assert own["change"] == pytest.approx(own["leaky"] - own["clean"]) and own["leaky"] < own["clean"]


def test_a_gain_is_over_the_same_network_without_a_place(twins, results, reach):
    found = leak.gains(twins, results[1], reach).set_index(["split", "which"])["difference"]
    runs = [paired.fits(twins, leak="clean", split="spatial", arm=arm) for arm in ("geoclip-hadamard", "none+head")]
    alone = paired.single([(1.0, runs[0]), (-1.0, runs[1])], results[1])
    assert found["spatial", "clean"] == alone["difference"]


def test_the_table_has_a_row_for_each_split_and_arm(twins):
    table = page.levels(twins)
    assert table.columns.tolist() == ["split", "arm", "clean", "neighbours leak", "scalers leak", "both leak"]
    assert table.loc[0, ["split", "scalers leak"]].tolist() == ["WR · spatial", "–"], "inverse distance has no scalers"
    assert len(table) == 2 * len(ERRORS)


def test_every_drawing_shows_what_it_is_given(twins, results, reach):
    found, gained = leak.changes(twins, results[1], reach), leak.gains(twins, results[1], reach)
    assert "n = 15 stations at most" in page.draw_changes(found, "aqs")
    axes = plt.gcf().axes
    assert [ax.get_title("left") for ax in axes] == ["WR · spatial", "OoR · 16°"]
    assert axes[0].get_xlim() == axes[1].get_xlim(), "one scale"
    page.draw_gains(gained, "aqs")
    (ax,) = plt.gcf().axes
    assert ax.get_title("left") == "GeoCLIP, Hadamard" and len(ax.collections) == 3 * 2, "clean, leaky and change"


def test_claims_ask_what_a_leak_changes(twins, results, reach, monkeypatch):
    monkeypatch.setattr(store, "sums", lambda profile: results[1])
    monkeypatch.setattr(matched, "reach", lambda profile, task: reach)
    asked = {"task": "toy", "split": "spatial", "arm": "none", "expects": "above"}
    found = leak.changes(twins, results[1], reach).set_index(["split", "arm", "leak"])["difference"]
    assert contrasts.leak("aqs", **asked, leak="pool").values["difference"] == found["spatial", "none", "pool"]
    gained = leak.gains(twins, results[1], reach).set_index(["split", "which"])["difference"]
    told = contrasts.leak("aqs", **asked | {"arm": "geoclip-hadamard"}, of="gain")
    assert told.values["difference"] == gained["spatial", "change"]
    assert contrasts.leak("aqs", **asked | {"arm": "sincos"}) == NOT_RUN
    # One partition of a checkerboard alone.
    assert contrasts.leak("aqs", **asked | {"split": "checkerboard-16"}) == NOT_RUN
    with pytest.raises(UnknownName, match="tap"):
        contrasts.leak("aqs", **asked, leak="tap")
    with pytest.raises(UnknownName, match="score"):
        contrasts.leak("aqs", **asked, of="rank")


def test_held_out_labels_reach_inputs_only_when_leaky():
    lonlat = np.array([[-103.0, 40.3], [-102.0, 39.5], [-101.0, 40.4], [-98.8, 39.6], [-97.6, 40.4], [-96.6, 39.5]])
    measured, training = np.array([6.0, 7, 8, 30, 36, 33]), np.arange(6) < 3
    pools = {"clean": training, "leaky": np.ones(6, bool)}
    inputs = {name: neighbour_pm25(measured[:, None], lonlat, pool[:, None], k=3)[:, 0] for name, pool in pools.items()}
    fig = leak_diagrams.draw_example(lonlat, measured, training, inputs)
    dashed = [sum(line.get_linestyle() == "--" for line in ax.lines) for ax in fig.axes]
    assert dashed[0] == 0 and dashed[1] > 0
    arrows = [
        sum(type(patch).__name__ == "FancyArrowPatch" for patch in ax.patches) for ax in leak_diagrams.draw_paths().axes
    ]
    assert arrows == [2, 4]
