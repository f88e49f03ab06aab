"""What splits ask of stations, scores by distance, and their tables: known answers by hand."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import toy_cube

from placeprior import evidence
from placeprior.book import distances as pages
from placeprior.book import splits as drawings
from placeprior.errors import StoreError
from placeprior.evidence import distances, split_scores
from placeprior.evidence.redundancy import LAGS
from placeprior.runs import store
from placeprior.scores import metrics
from placeprior.space.splits import folds, lonlat_of, split, state_folds


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def found():
    return distances.asked(toy_cube(60))


def sums(run, name, y, estimate, lonlat=(-100.0, 40.0)):
    """Station sums of one run, every station with the same days."""
    station = np.repeat(name, len(y))
    table = metrics.station_sums(station, np.tile(y, len(name)), np.tile(estimate, len(name))).reset_index(names="name")
    return table.assign(run=run, lon=lonlat[0], lat=lonlat[1])


# --- splits -----------------------------------------------------------------------------------------------------------


def test_sizes_count_rows_and_describe_the_test(cube):
    parts = {("checkerboard-16", fold): split("checkerboard-16", cube, 0, fold) for fold in (1, 2)}
    sizes = distances.sizes(parts, cube)
    assert list(sizes.index) == list(parts)
    tested = cube["pm25"].values[parts["checkerboard-16", 2].test].astype(float)
    row = sizes.loc[("checkerboard-16", 2)]
    assert row["test_rows"] == tested.size and row["regime"] == "OoR"
    assert (row["mean"], row["sd"], row["high"]) == pytest.approx((tested.mean(), tested.std(), 0))
    table = drawings.sizes_table(sizes)
    assert table["split"].tolist() == ["`checkerboard-16`, fold 1", "`checkerboard-16`, fold 2"]
    assert table["the test asks for"].tolist() == ["new regions"] * 2 and table["≥ 35"].tolist() == ["0.0 %"] * 2


def test_cells_of_a_checkerboard_by_hand():
    lonlat = np.array([[-120.0, 30], [-119.5, 30.1], [-90, 45]])
    table = distances.cells(["checkerboard-10", "checkerboard-60"], lonlat, latitude=60.0)
    assert table.loc["checkerboard-10"].tolist() == pytest.approx([2, 1110, 555])
    assert table.loc["checkerboard-60", "used"] == 1 and distances.cells([], lonlat).empty


def test_nearness_is_that_of_the_distances_or_of_the_area_they_stand_for():
    km = np.arange(101.0)
    assert distances.nearness(km) == {"10 %": 10, "median": 50, "90 %": 90, "near": pytest.approx(50 / 101), "n": 101}
    told = distances.nearness(np.array([60.0, 10, 20]), np.array([8.0, 1, 1]))
    assert told == {"10 %": 10, "median": 60, "90 %": 60, "near": pytest.approx(0.2), "n": 3}
    table = drawings.nearness_table({"one": told})
    assert table.iloc[0].tolist() == ["one", "10", "60", "60", "20 %", "3"]


def test_land_shrinks_towards_the_north():
    places, weight = distances.land_cells(4.0)
    assert len(places) == len(weight) and weight[places[:, 1].argmax()] == weight.min()


def test_a_network_without_measurements_is_split_like_one_with_them(cube):
    light = distances.network(cube["station"].values, lonlat_of(cube))
    for name in ("spatial", "checkerboard-8"):
        for fold in folds(name):
            one, other = (split(name, each, 0, fold) for each in (light, cube))
            assert (one.test.any(1) == other.test.any(1)).all()


def test_the_network_of_results_is_every_tested_station_once(monkeypatch):
    scores = pd.DataFrame({"task": ["a", "a", "b"], "run": ["r1", "r2", "r3"]})
    table = pd.DataFrame({"run": ["r2", "r1", "r1", "r3"], "name": ["s2", "s2", "s1", "s9"], "lon": -100, "lat": 40})
    monkeypatch.setattr(store, "scores", lambda *_: scores)
    monkeypatch.setattr(store, "sums", lambda _: table)
    assert distances.tested_network("demo", "a")["station"].values.tolist() == ["s1", "s2"]
    with pytest.raises(StoreError, match="no station of the task c"):
        distances.tested_network("demo", "c")


def test_by_states_only_states_with_a_station_are_drawn(cube):
    assert distances.drawn_folds("state", cube) == sorted({*state_folds(lonlat_of(cube)).tolist()})
    assert distances.drawn_folds("blocks", cube) == list(folds("blocks"))


def test_distances_stand_from_near_to_far_and_are_compared_with_the_map(found):
    table = found.table()
    assert table.index[0] == "random" and table.index[-1] == "map" and set(table.index[1:-1]) == set(distances.HELD)
    assert table["median"].iloc[:-1].is_monotonic_increasing
    assert table.loc["random", "wasserstein"] == pytest.approx(found.land.mean()) == -table.loc["random", "excess"]
    assert (table["wasserstein"].dropna() >= table["excess"].abs().dropna() - 1e-9).all()
    shown = pages.distances_table(found)
    assert shown["split"].iloc[[0, -1]].tolist() == ["WR · random", "the map"] and shown.iloc[-1, -1] == "–"
    assert found.median("random") == 0 and found.median("spatial") == np.median(found.tested["spatial"])


# --- scores -----------------------------------------------------------------------------------------------------------


def test_a_pooled_score_is_that_of_all_rows_together():
    rng = np.random.default_rng(0)
    y, estimate = rng.gamma(4, 3, 60), rng.gamma(4, 3, 60)
    table = pd.concat([sums("r1", ["a"], y[:20], estimate[:20]), sums("r2", ["b"], y[20:], estimate[20:])])
    scores = pd.DataFrame({"split": "spatial", "arm": "none", "run": ["r1", "r2", "r2"]})
    pooled = split_scores.pooled(scores, table).set_index("metric")
    assert pooled["fits"].tolist() == [2, 2]
    assert pooled.loc["rmse", "value"] == pytest.approx(np.sqrt(np.mean((y - estimate) ** 2)))


def test_near_and_far_adds_the_tests_of_a_seed_that_both_arms_have_taken(cube, monkeypatch):
    runs = [
        SimpleNamespace(id=f"{arm}{fold}", variant=arm, split="checkerboard-16", fold=fold, seed=0)
        for arm in ("idw", "none")
        for fold in (1, 2)
    ]
    parts = {fold: split("checkerboard-16", cube, 0, fold) for fold in (1, 2)}
    tested = {fold: cube["station"].values[part.test.any(1)] for fold, part in parts.items()}
    y = np.arange(10.0)
    committed = pd.concat([sums(run.id, list(tested[run.fold]), y, y + 1) for run in runs if run.id != "none2"])
    monkeypatch.setattr(store, "sums", lambda _: committed)
    monkeypatch.setattr(store, "is_stored", lambda _: False)
    others = [SimpleNamespace(id="x", variant="lonlat", split="spatial", fold=1, seed=0)]
    table = split_scores.near_and_far("demo", cube, runs + others)
    assert set(table["arm"]) == {"idw", "none"} and set(table["name"]) == set(tested[1])  # fold 2 has one arm alone
    assert (table["n"] == 10).all() and len(table) == 2 * len(tested[1])
    km = dict(zip(tested[1], parts[1].distance_km(cube), strict=True))
    for row in table.itertuples():
        low, high = split_scores.CLASSES[int(row.group)], split_scores.CLASSES[int(row.group) + 1]
        assert low <= km[row.name] < high
    nothing = split_scores.near_and_far("demo", cube, others)
    assert nothing.empty and split_scores.by_class(nothing).empty


def by_distance():
    """Two seeds of both arms in two classes; in the farther one inverse distance knows nothing, and few are far."""
    rng, rows = np.random.default_rng(0), []
    for group, count, wrong in ((1, 30, {"idw": 1.0, "none": 3.0}), (3, 4, {"idw": 3.0, "none": 3.0})):
        for arm in ("idw", "none"):
            for seed in (0, 1):
                for number in range(count):
                    y = np.random.default_rng(number).gamma(4, 5, 30)
                    own = sums("", [f"s{group}-{number}"], y, y + wrong[arm] * rng.normal(size=30))
                    place = {"lon": -120 + 40 * (number * 0.618 % 1), "lat": 30 + 17 * (number * 0.755 % 1)}
                    rows.append(own.assign(group=float(group), arm=arm, seed=seed, **place))
    return pd.concat(rows, ignore_index=True).drop(columns="run")


def test_scores_of_a_class_and_their_difference():
    scores = split_scores.by_class(by_distance())
    assert scores.index.tolist() == [1]
    row = scores.loc[1]
    assert row["rmse_idw"] == pytest.approx(1, abs=0.1) and row["rmse_none"] == pytest.approx(3, abs=0.2)
    assert row["difference"] == pytest.approx(row["r2_idw"] - row["r2_none"]) and row["clear"] == 1
    table = drawings.by_class_table(scores)
    assert table["distance [km]"].tolist() == ["15 to 50"] and table.iloc[0, -1].startswith("**+0.0")
    gapless = drawings.by_class_table(scores.assign(difference=np.nan))
    assert gapless.iloc[0, -1] == "–"


def test_maps_have_the_error_of_their_land(monkeypatch):
    made = pd.DataFrame(
        [["none", "r1", "near", 3, 3.0], ["none", "r1", "far", 1, 13.0], ["none", "r2", "near", 4, 64.0]],
        columns=["variant", "run", "part", "n", "sum_e2"],
    ).assign(fusion="-", task="world", split="spatial")
    monkeypatch.setattr(evidence.tables, "read", lambda *_: made)
    assert split_scores.map_rmse("demo").to_dict() == {"none": 3.0}

    def missing(*_):
        raise StoreError("none; make it")

    monkeypatch.setattr(evidence.tables, "read", missing)
    assert split_scores.map_rmse("demo").empty


def test_noise_of_instruments_is_taken_out_of_the_mean_square():
    names, days = ["a", "b"], np.arange(40)
    reading = np.where(days % 2, 12.0, 8.0) + np.zeros((2, 40))
    cube = distances.network(np.array(names), np.array([[-100.0, 40], [-90, 40]])).isel(time=[0] * 40)
    cube = cube.assign(pm25=(("station", "time"), reading), pm25_true=(("station", "time"), np.full((2, 40), 10.0)))
    scores = pd.DataFrame({"split": ["blocks", "random"], "arm": "none", "run": ["r1", "r2"]})
    y = reading[0, 20:]
    table = pd.concat([sums(run, names, y, np.full(20, 13.0)) for run in ("r1", "r2")])
    found = split_scores.without_noise(scores, table, cube)
    assert found.index.tolist() == ["blocks"] and found.loc["blocks", "none"] == pytest.approx(3.0)


# --- tables and figures -----------------------------------------------------------------------------------------------


def test_misses_are_from_near_to_far_with_their_mean_size(found):
    maps = pd.Series({"idw": 3.0, "none": 4.0})
    tested = pd.DataFrame({"idw": [3.5, 2.0], "none": [4.0, 5.0]}, index=["checkerboard-30", "spatial"])
    table = pages.misses_table(maps, tested, found)
    assert table["split"].tolist() == ["the map's RMSE", "WR · spatial", "OoR · 30°"]
    assert table["idw"].tolist() == ["3.00", "−1.00", "+0.50"] and table["mean miss"].tolist() == ["–", "1.00", "0.25"]


def pooled():
    rows = [(name, arm, metric, 0.5, 2) for name in ("spatial", "random") for arm in ARMS for metric in ("r2", "rmse")]
    return pd.DataFrame(rows, columns=["split", "arm", "metric", "value", "fits"])


ARMS = ["idw", "none", "geoclip-hadamard"]


def test_scores_stand_from_near_to_far(found):
    table = pages.scores_table(pooled(), found, ARMS)
    assert table["split"].tolist() == ["WR · random", "WR · spatial"]
    assert list(table)[3:] == [f"{short}, {arm}" for short in ("R²", "RMSE") for arm in ARMS]
    ax = pages.draw_scores(pooled(), found, ARMS).axes[1]
    assert [text.get_text().split("\n")[0] for text in ax.get_xticklabels()] == ["WR · random", "WR · spatial"]
    assert "no such runs" in pages.draw_scores(pooled()[:0], found, ARMS).axes[0].texts[0].get_text()


def test_a_caption_says_how_many_states_were_tested():
    scores = pd.DataFrame({"split": ["state", "state", "spatial"], "fold": [5, 7, 1]})
    assert pages.scores_caption(scores, "profile demo").endswith("Of the states, 2 were tested.")
    assert pages.scores_caption(scores[2:], "profile demo").endswith("those of the map.")


def test_differences_show_partitions_apart_and_a_dash_where_there_is_none(found):
    apart = pd.Series({1: 0.1, 2: 0.3})
    row = {"difference": 0.2, "low": 0.1, "high": 0.3, "clear": 1, "apart": apart}
    r2 = pd.DataFrame([{"split": "checkerboard-30", "arm": "idw"} | row, {"split": "spatial", "arm": "idw"} | row])
    table = pages.differences_table(r2, r2[:1], found)
    assert table["split"].tolist() == ["WR · spatial", "OoR · 30°"]
    assert table["idw, ΔR²"].tolist()[1] == "**+0.200** (+0.100 to +0.300; +0.100 / +0.300)"
    assert table.iloc[0, -1] == "–"


def test_curves_rise_to_all_and_every_split_has_its_own(found):
    km, share = drawings.rising(np.array([30.0, 0.0, 10.0]))
    assert km.tolist() == [1, 10, 30] and share.tolist() == pytest.approx([100 / 3, 200 / 3, 100])
    ax = pages.draw_distances(found).axes[0]
    assert len(ax.lines) == 1 + len(distances.HELD) and set(drawings.LOOKS) == set(distances.HELD)
    held = {name: found.tested[name] for name in ("spatial", "blocks")}
    assert len(drawings.draw_nearness(held, found.land, np.ones(len(found.land))).axes[0].lines) == 3


def test_maps_of_splits_draw_the_cells_of_checkerboards(cube):
    parts = {name: split(name, cube, 0, 1) for name in ("spatial", "checkerboard-16", "blocks")}
    fig = drawings.draw_splits(parts, lonlat_of(cube), row=2.0, width=6.0)
    lines = [len(ax.collections) for ax in fig.axes if ax.get_visible()]
    assert [ax.get_title() for ax in fig.axes if ax.get_visible()] == list(parts)
    assert lines[1] > lines[0]


def test_figures_of_scores_by_distance_and_of_maps_have_a_line_an_arm(found):
    fig = drawings.draw_by_class(split_scores.by_class(by_distance()))
    assert [len(ax.lines) for ax in fig.axes] == [2, 2]
    tested = pd.DataFrame({"idw": [3.5], "none": [4.0]}, index=["spatial"])
    fig = pages.draw_map_error(pd.Series({"idw": 3.0, "none": 4.0}), tested, found)
    assert len(fig.axes[0].lines) == 4
    assert (
        "no errors of maps" in pages.draw_map_error(pd.Series(dtype=float), tested, found).axes[0].texts[0].get_text()
    )


def test_redundancy_marks_the_splits(found):
    curve = pd.DataFrame({"km": [10.0, 100], "low": 0.1, "mid": 0.5, "high": 0.9})
    later = pd.DataFrame({"low": 0.1, "mid": 0.5, "high": 0.9}, index=list(LAGS))
    near, _ = drawings.draw_redundancy(curve, later, {"spatial": 40.0}).axes
    assert [text.get_text() for text in near.get_legend().get_texts()] == ["spatial"]
