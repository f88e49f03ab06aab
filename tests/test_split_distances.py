"""What splits ask of stations, scores by distance, and their tables: known answers by hand."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import toy_cube

from placeprior import evidence
from placeprior.book import splits as pages
from placeprior.errors import StoreError
from placeprior.evidence import distances, split_scores
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
    assert table["times"].min() == 1 == table.loc[table["wasserstein"].idxmin(), "times"]
    assert table.loc["map", ["excess", "wasserstein", "times"]].isna().all()
    shown = pages.distances_table(table.reset_index())
    assert shown["split"].iloc[[0, -1]].tolist() == ["WR · random", "the map"] and shown.iloc[-1, -1] == "–"
    assert found.median("random") == 0 and found.median("spatial") == np.median(found.tested["spatial"])


def test_the_table_of_a_task_is_of_the_stations_that_its_runs_test(monkeypatch, found):
    cube, runs = toy_cube(60), [SimpleNamespace(task=task, id=task + half) for task in "ab" for half in "12"]
    places = pd.DataFrame({"name": cube["station"].values, "lon": cube["lon"].values, "lat": cube["lat"].values})
    halves = {run.id: places.iloc[slice(int(run.id[1]) % 2, None, 2)] for run in runs}
    monkeypatch.setattr(store, "stored_sums", lambda ids: {run: halves[run] for run in ids})
    made = distances.collect(runs)
    assert made.groupby("task").size().tolist() == [len(found.table())] * 2
    own = made[made["task"] == "b"].set_index("split")
    order = np.argsort(cube["station"].values)
    wanted = distances.asked(distances.network(cube["station"].values[order], lonlat_of(cube)[order])).table()
    assert own["wasserstein"].to_dict() == pytest.approx(wanted["wasserstein"].to_dict(), abs=1e-3, nan_ok=True)


# --- scores -----------------------------------------------------------------------------------------------------------


def test_a_pooled_score_is_that_of_all_rows_together():
    rng = np.random.default_rng(0)
    y, estimate = rng.gamma(4, 3, 60), rng.gamma(4, 3, 60)
    table = pd.concat([sums("r1", ["a"], y[:20], estimate[:20]), sums("r2", ["b"], y[20:], estimate[20:])])
    scores = pd.DataFrame({"split": "spatial", "arm": "none", "run": ["r1", "r2", "r2"]})
    pooled = split_scores.pooled(scores, table).set_index("metric")
    assert pooled["fits"].tolist() == [2, 2]
    assert pooled.loc["rmse", "value"] == pytest.approx(np.sqrt(np.mean((y - estimate) ** 2)))


def near_and_far(cube, lacking=()):
    """Runs of two arms on both partitions, their sums at the stations they test, and what is made of them."""
    tested = {
        fold: cube["station"].values[split("checkerboard-16", cube, 0, fold).test.any(1)].tolist() for fold in (1, 2)
    }
    rows = [(arm, "-", "checkerboard-16", fold, 0, f"{arm}{fold}") for arm in ("idw", "none") for fold in (1, 2)]
    rows.append(("lonlat", "channels", "spatial", 1, 0, "x"))
    scores = pd.DataFrame(rows, columns=["variant", "fusion", "split", "fold", "seed", "run"])
    scores = scores[~scores["run"].isin(lacking)]
    y = np.arange(10.0)
    made = pd.concat([sums(f"{arm}{fold}", tested[fold], y, y + 1) for arm in ("idw", "none") for fold in (1, 2)])
    return scores, made, tested


def test_near_and_far_adds_the_tests_of_a_seed_that_both_arms_have_taken(cube):
    scores, made, tested = near_and_far(cube, lacking=["none2"])
    table = split_scores.near_and_far(scores, made, cube)
    assert set(table["arm"]) == {"idw", "none"} and set(table["name"]) == set(tested[1])  # fold 2 has one arm alone
    assert (table["n"] == 10).all() and len(table) == 2 * len(tested[1])
    km = dict(zip(tested[1], split("checkerboard-16", cube, 0, 1).distance_km(cube), strict=True))
    for row in table.itertuples():
        low, high = split_scores.CLASSES[int(row.group)], split_scores.CLASSES[int(row.group) + 1]
        assert low <= km[row.name] < high
    nothing = split_scores.near_and_far(scores[scores["run"] == "x"], made, cube)
    assert nothing.empty and split_scores.by_class(nothing).empty


def test_a_cube_of_other_stations_is_refused(cube):
    scores, made, tested = near_and_far(cube)
    with pytest.raises(StoreError, match="use the cube that the run was trained on"):
        split_scores.near_and_far(scores, made[made["name"] != tested[1][0]], cube)


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


# --- figures ----------------------------------------------------------------------------------------------------------


def test_curves_rise_to_all_and_every_split_has_its_own(found):
    km, share = pages.rising(np.array([30.0, 0.0, 10.0]))
    assert km.tolist() == [1, 10, 30] and share.tolist() == pytest.approx([100 / 3, 200 / 3, 100])
    axes = pages.draw_distances({"a": found, "b": found}).axes
    assert [ax.get_title(loc="left") or ax.get_title() for ax in axes] == ["a", "b"]
    assert len(axes[0].lines) == 1 + len(distances.HELD) and set(pages.LOOKS) == set(distances.HELD)


def test_maps_of_splits_draw_the_cells_of_checkerboards(cube):
    parts = {name: split(name, cube, 0, 1) for name in ("spatial", "checkerboard-16", "blocks")}
    fig = pages.draw_splits(parts, lonlat_of(cube))
    shown = [ax for ax in fig.axes if ax.get_visible()]
    assert [ax.get_title(loc="left") or ax.get_title() for ax in shown] == list(parts)
    lines = [len(ax.collections) for ax in shown]
    assert lines[1] > lines[0]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["train", "validation", "test"]


def test_scores_by_distance_have_a_panel_a_task_and_a_line_an_arm():
    fig = pages.draw_by_class(dict.fromkeys(("real", "world"), split_scores.by_class(by_distance())))
    assert [sum(line.get_marker() != "None" for line in ax.lines) for ax in fig.axes] == [2, 2]


def test_errors_of_maps_are_lines_and_those_of_tests_markers(found):
    tested = pd.DataFrame({"idw": [3.5], "none": [4.0]}, index=["spatial"])
    ax = pages.draw_map_error(pd.Series({"idw": 3.0, "none": 4.0}), tested, found).axes[0]
    assert len(ax.lines) == 4 and ax.get_xticklabels()[0].get_text().startswith("WR · spatial\n")


def test_redundancy_marks_the_splits():
    curve = pd.DataFrame({"x": [10.0, 100], "low": 0.1, "value": 0.5, "high": 0.9})
    fig = pages.draw_redundancy(curve, curve.assign(x=[1, 2]), {"spatial": 40.0})
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["WR · spatial"]
