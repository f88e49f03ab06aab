"""The interval holds where the truth is known, and finds nothing where nothing is."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from placeprior.arms import with_arm
from placeprior.book import scores as page
from placeprior.errors import StoreError
from placeprior.evidence import against_itself, coverage, tables
from placeprior.runs import configuration, store
from placeprior.runs.plan import Run
from placeprior.scores import metrics, paired


def places(n):
    """Places over the country that no random generator is needed for."""
    i = np.arange(1, n + 1)
    return np.column_stack([-120 + 42 * (i * 0.6180339887498949 % 1), 30 + 17 * (i * 0.7548776662466927 % 1)])


# --- coverage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", [1, 3])
def test_it_holds_where_intervals_over_single_stations_do_not(seeds):
    found = coverage.measured(
        places(150), stations=150, folds=1, seeds=seeds, range_km=80, training=0.15, replicates=160
    )
    true = coverage.truth(0.15)
    held = (found["low"] <= true) & (found["high"] >= true)
    naive = found.dropna(subset=["naive_low"])
    assert held.mean() >= 0.9
    assert ((naive["naive_low"] <= true) & (naive["naive_high"] >= true)).mean() < held.mean() - 0.05
    assert np.isfinite(found["low"]).all() and (found["noise"] > 0).all()


def test_truth_is_what_many_places_and_trainings_show():
    rng = np.random.default_rng(0)
    made = coverage.simulate(places(200), rng, folds=1, seeds=4, range_km=1, training=0.5, pairs=80)
    found = paired.paired(*made)["difference"]
    assert found.mean() == pytest.approx(coverage.truth(0.5), abs=4 * found.std() / np.sqrt(len(found)))


def test_two_folds_are_the_partitions_of_a_checkerboard():
    contrasts, sums = coverage.simulate(
        places(60), np.random.default_rng(0), folds=2, seeds=2, range_km=80, training=0.2, pairs=3
    )
    found = paired.paired(contrasts, sums)
    assert found[["stations", "folds", "seeds", "fits"]].drop_duplicates().values.tolist() == [[60, 2, 2, 4]]
    tested = sums.groupby("run")["name"].agg(frozenset)
    assert len(set(tested)) == 2 and not frozenset.intersection(*set(tested))
    assert set(sums) >= {"run", "name", "lon", "lat", *metrics.SUMS}


def test_coverage_is_collected_at_the_places_of_runs(monkeypatch):
    table = pd.DataFrame(places(30), columns=["lon", "lat"]).assign(name=[f"s{i}" for i in range(30)])
    monkeypatch.setattr(store, "stored_sums", lambda ids: {run: table for run in ids})
    found = coverage.collect([Run("toy", "none", "-", "spatial", 1, 0, {}, "-", {})], replicates=4)
    assert list(found) == coverage.COLUMNS and (found["stations"] == 30).all()
    assert len(found) == len(coverage.STATIONS) * len(coverage.SEEDS) * len(coverage.RANGE_KM) * len(coverage.TRAINING)
    assert found["held"].between(0, 1).all() and (found["replicates"] == 4).all()


# --- an arm against itself --------------------------------------------------------------------------------------------


def fits_of(seeds, folds=(1, 2), arms=("none", "none+head", "lonlat")):
    """Scores and sums of arms that are one model, with a luck for each training."""
    rng, rows, tables = np.random.default_rng(0), [], []
    for fold in folds:
        station = np.repeat(np.arange(40), 20)
        y = np.random.default_rng(fold).gamma(4, 5, station.size)
        for arm in arms:
            for seed in range(seeds):
                run = f"{len(tables):012x}"
                own = metrics.station_sums(station, y, y + (3 + 0.2 * rng.normal()) * rng.normal(size=y.size))
                lonlat = places(80)[fold - 1 :: 2]
                names = [f"f{fold}s{i}" for i in range(40)]
                tables.append(own.assign(run=run, name=names, lon=lonlat[:, 0], lat=lonlat[:, 1]))
                rows.append(["world", arm, "-", "checkerboard-16", fold, seed, run])
    return pd.DataFrame(rows, columns=[*store.KEY, "run"]), pd.concat(tables, ignore_index=True)


def test_six_seeds_make_45_pairs_of_an_arm_and_few_are_clear():
    scores, sums = fits_of(6)
    found = against_itself.aa(scores, sums)
    assert list(found) == against_itself.COLUMNS
    assert found.groupby("arm").size().to_dict() == {"none": 45, "none+head": 45}
    assert not found.duplicated(["arm", "pair"]).any()
    assert ((found["low"] > 0) | (found["high"] < 0)).mean() <= 0.1
    one = found[(found["arm"] == "none") & (found["pair"] == "0+3 − 1+4")].iloc[0]
    frame = with_arm(scores)
    r2 = {
        (row.fold, row.seed): metrics.from_sums(sums.loc[sums["run"] == row.run, metrics.SUMS].to_numpy().sum(0))["r2"]
        for row in frame[frame["arm"] == "none"].itertuples()
    }
    mean = {seed: np.mean([r2[fold, seed] for fold in (1, 2)]) for seed in range(6)}
    assert one["difference"] == pytest.approx((mean[0] + mean[3] - mean[1] - mean[4]) / 2)


def test_three_seeds_make_no_pair_and_other_rows_are_refused():
    assert against_itself.aa(*fits_of(3)).empty
    scores, sums = fits_of(4)
    sums.loc[sums["run"] == scores["run"][0], "n"] += 1
    with pytest.raises(StoreError, match="same rows"):
        against_itself.aa(scores, sums)


def test_evidence_of_runs_is_that_of_their_scores(monkeypatch):
    scores, sums = fits_of(4, arms=("none",))
    runs = [Run(*row[:-1], {}, "-", {}) for row in scores.itertuples(index=False)]
    tables = {
        run.id: sums[sums["run"] == old].drop(columns="run") for run, old in zip(runs, scores["run"], strict=True)
    }
    monkeypatch.setattr(store, "stored_sums", lambda ids: {run: tables[run] for run in ids})
    found, wanted = against_itself.collect(runs), against_itself.aa(scores, sums)
    pd.testing.assert_frame_equal(found, wanted)
    assert {"against_itself", "coverage"} <= set(configuration.EVIDENCE)


def test_committed_differences_of_profiles_that_have_some(monkeypatch):
    def read(profile, name):
        if profile != "demo":
            raise StoreError("none yet")
        return pd.DataFrame(
            [["world", "spatial", "none", "0+1 − 2+3", 0.01, low, 0.03] for low in (0.005, -0.01)],
            columns=against_itself.COLUMNS,
        )

    monkeypatch.setattr(tables, "read", read)
    pairs = against_itself.committed("demo", "aqs", "demo")
    assert pairs["profile"].tolist() == ["demo"] * 2 and pairs["clear"].tolist() == [1, 0]
    alarms = against_itself.alarms(pairs)
    assert alarms.iloc[0].tolist() == ["demo", "world", "spatial", 2, 1, 0.01, pytest.approx(0.01625)]
    shown = page.alarms_table(alarms)
    assert shown.iloc[0].tolist() == ["`world`", "WR · spatial", 2, 1, "0.010", "0.016"]
    nothing = against_itself.committed("aqs")
    assert nothing.empty and against_itself.alarms(nothing).empty


def test_coverage_is_shown_a_panel_for_each_stations_and_distance():
    found = pd.DataFrame(
        [[97, 1, seeds, 80.0, ratio, 1000, 500.0, 0.951, 0.6, 0.1] for seeds in (1, 2) for ratio in (0.4, 1.6)],
        columns=coverage.COLUMNS,
    )
    found = pd.concat([found, found.assign(range_km=250.0), found.assign(stations=500)])
    fig = page.draw_coverage(found)
    shown = [ax for ax in fig.axes if ax.get_visible()]
    assert len(shown) == 3 and all(len(ax.lines) == 5 for ax in shown)
    plt.close(fig)


def test_pairs_of_fits_are_joined_and_their_difference_stands_below():
    rows = [
        (arm, "spatial", 1, seed, 0.5 + 0.1 * seed + (arm == "lonlat") * 0.05)
        for arm in ("none", "lonlat")
        for seed in (0, 1)
    ]
    scores = pd.DataFrame([*rows, ("none", "spatial", 1, 2, 0.9)], columns=["arm", "split", "fold", "seed", "value"])
    found = pd.DataFrame([["spatial", 0.05, -0.01, 0.11]], columns=["split", "difference", "low", "high"])
    fig = page.draw_pairs(scores, found, "lonlat", "none")
    above, below = fig.axes
    joined = [line.get_ydata() for line in above.lines if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"]
    assert [list(np.round(ends, 2)) for ends in joined] == [[0.5, 0.55], [0.6, 0.65]]  # a fit alone is in no pair
    assert list(below.lines[0].get_ydata()) == [-0.01, 0.11] and below.lines[1].get_ydata()[0] == 0.05
    plt.close(fig)
