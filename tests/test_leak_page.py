"""Leaks beside their clean twins: which runs are compared, what a leak changes, and how far the next label is."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from placeprior.book import leak as page
from placeprior.book import leak_diagrams
from placeprior.evidence import leak
from placeprior.runs import store
from placeprior.scores import metrics, paired
from placeprior.space.neighbours import neighbour_pm25

#: How far each arm errs, clean; leaks of neighbours halve it, those of scalers change nothing.
ERRORS = {"idw": 4.0, "none": 3.0, "geoclip-hadamard": 2.0}
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


@pytest.fixture
def sites(results):
    return results[1].drop_duplicates("name").set_index("name")[["lon", "lat"]]


def test_only_clean_runs_with_a_leaky_twin_are_compared(twins):
    assert set(twins["leak"]) == {"clean", "pool", "scalers", "both"} and leak.kinds(twins) == list(leak.KINDS)
    assert not {"alone", "other"} & set(twins["run"])


def test_no_runs_are_no_rows(monkeypatch, reach):
    monkeypatch.setattr(store, "scores", lambda profile: pd.DataFrame(columns=store.COLUMNS))
    none = leak.twins(leak.runs("aqs", "toy"))
    sums = pd.DataFrame(columns=["run", "name", "n"])
    found, gained = leak.changes(none, sums, reach), leak.gains(none, sums, reach)
    stations = leak.by_station(none, sums, pd.DataFrame({"lon": [], "lat": []}))
    assert none.empty and found.empty and gained.empty and stations.empty
    for text in (
        page.draw_levels(none, "aqs"),
        page.draw_changes(found, "aqs"),
        page.draw_by_distance(stations, "aqs"),
        page.draw_gains(gained, "aqs"),
    ):
        assert "n = 0 runs" in text
    assert page.levels(none, "r2").empty and page.changes(found, found).empty and page.gains(gained, none).empty
    assert page.distances(leak.distances(stations)).empty
    shown = page.defects(found, gained, pd.DataFrame(columns=["lon", "lat"]))
    assert shown["size here"].str.startswith("no runs yet").sum() == 3 and len(shown) == 6


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


def test_distances_are_to_the_nearest_label_that_may_be_read(twins, results, sites):
    stations = leak.by_station(twins, results[1], sites)
    assert (stations["km_leaky"] <= stations["km"]).all() and set(stations["split"]) == {"spatial", "checkerboard-16"}
    own = stations[(stations["split"] == "spatial") & (stations["arm"] == "none")]
    assert own["name"].value_counts().eq(2).all(), "two seeds"
    assert np.allclose(own["leaky"], own["clean"] / 4), "errors are halved"
    table = leak.distances(stations)
    assert table.index.tolist() == ["spatial", "checkerboard-16"] and set(table["tested"]) == {STATIONS // 2}
    shown = page.distances(table)
    assert shown["split"].tolist() == ["WR · spatial", "OoR · 16°"] and shown["tested stations"].tolist() == [
        "15",
        "15",
    ]
    random = twins.assign(split=twins["split"].replace("spatial", "random"))
    assert set(leak.by_station(random, results[1], sites)["split"]) == {"checkerboard-16"}


def test_errors_by_distance_leave_out_classes_of_few_stations():
    stations = pd.DataFrame(
        {"name": [f"s{i}" for i in range(25)], "km": [30.0] * 20 + [450.0] * 5, "n": 2, "clean": 8.0, "leaky": 2.0}
    )
    table = leak.by_distance(stations)
    assert table.to_dict("index") == {"25–50": {"clean": 2.0, "leaky": 1.0}}


def test_dropped_neighbours_are_counted_in_mercator():
    crowd = pd.DataFrame({"lon": -100 + np.linspace(0, 0.2, 9), "lat": 60.0})
    assert leak.without_neighbours(crowd) == 1
    assert leak.without_neighbours(crowd.assign(lon=-100 + np.linspace(0, 20, 9))) == 0
    assert np.isnan(leak.without_neighbours(crowd.iloc[:0]))


def test_tables_have_a_row_for_each_split_and_arm(twins, results, reach):
    table = page.levels(twins, "rmse")
    assert table.columns.tolist() == ["split", "arm", "clean", "neighbours leak", "scalers leak", "both leak"]
    assert table.loc[0, ["split", "scalers leak"]].tolist() == ["WR · spatial", "–"], "inverse distance has no scalers"
    found = leak.changes(twins, results[1], reach)
    errors = leak.changes(twins, results[1], reach, "rmse")
    shown = page.changes(found, errors)
    assert len(shown) == 6 and shown.columns[-1] == "both leak, ΔRMSE [µg m⁻³]"
    assert shown.loc[0, "scalers leak, ΔR²"] == "–" and shown.loc[0, shown.columns[-1]].startswith("**−")
    gained = page.gains(leak.gains(twins, results[1], reach), twins)
    assert gained["order, clean"].iloc[0].startswith("GeoCLIP (Hadamard), no location and inverse distance")
    assert set(gained["order, leaky"]) == {"the same"}


def test_sizes_of_the_defects_are_told_from_the_runs(twins, results, reach, sites):
    found, gained = leak.changes(twins, results[1], reach), leak.gains(twins, results[1], reach)
    sizes = page.defects(found, gained, sites)["size here"]
    assert sizes[0].startswith("ΔR² +0.000 to +0.000") and "0 of 4 are clear" in sizes[0]
    assert "of 4 are clear" in sizes[1] and f"{len(sites)} monitors" in sizes[2]
    assert sizes[4].startswith("gain of place on a checkerboard") and "over 1 comparisons" in sizes[4]


def test_every_drawing_shows_what_it_is_given(twins, results, reach, sites):
    found, gained = leak.changes(twins, results[1], reach), leak.gains(twins, results[1], reach)
    assert f"n = {twins['run'].nunique()} runs" in page.draw_levels(twins, "aqs")
    assert [text.get_text() for text in plt.gca().get_yticklabels()] == ["WR · spatial", "OoR · 16°"]
    assert "n = 15 stations at most" in page.draw_changes(found, "aqs")
    assert [ax.get_title("left") for ax in plt.gcf().axes] == ["WR · spatial", "OoR · 16°"]
    page.draw_gains(gained, "aqs")
    assert [ax.get_title("left") for ax in plt.gcf().axes] == ["GeoCLIP, Hadamard"]
    stations = leak.by_station(twins, results[1], sites).assign(km=60.0)
    assert f"n = {len(sites)} stations" in page.draw_by_distance(stations, "aqs")
    assert [ax.get_title("left") for ax in plt.gcf().axes] == ["inverse distance (no model)", "no location"]


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
