"""Transfer matrices, distances between regions, their correlation, and choosing regions: known and planted answers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from placeprior.arms import of_part
from placeprior.errors import StoreError
from placeprior.evidence import choosing, foreseen, transfer, transferability
from placeprior.evidence.transferability import Square
from placeprior.runs import making, plan
from placeprior.space import unions
from placeprior.space.regions import REGIONS

N = 12


def square(values):
    values = values.astype(float).copy()
    np.fill_diagonal(values, np.nan)
    return Square(values)


def planted(noise, seed=0):
    """Regions on a plane whose loss is their distance and noise; that distance, and one between other places."""
    rng = np.random.default_rng(seed)
    here, elsewhere = rng.normal(size=(2, N, 2))
    apart, other = (np.linalg.norm(p[:, None] - p[None], axis=-1) for p in (here, elsewhere))
    return square(apart + noise * rng.normal(size=(N, N))), square(apart), square(other)


def test_a_planted_distance_is_found_and_another_is_not():
    lost, distance, other = planted(0.3)
    rng = np.random.default_rng(0)
    found = transferability.judge(lost, distance, other, rng)
    assert found["spearman"] == pytest.approx(spearmanr(distance.pairs, lost.pairs).statistic)
    assert found["low"] < found["spearman"] < found["high"] and found["low"] > 0.5
    assert found["p"] <= 0.002 and found["partial_p"] <= 0.002 and found["foretold"] > 0.6 and found["more_low"] > 0
    nothing = transferability.judge(lost, other, distance, rng)
    assert nothing["p"] > 0.02 and abs(nothing["partial"]) < 0.3 and nothing["foretold"] < 0.2


def test_what_is_given_leaves_nothing_of_itself():
    lost, distance, _ = planted(0.3)
    twice = Square(3 * distance.values)
    found = transferability.judge(lost, twice, distance, np.random.default_rng(0))
    assert np.isnan(found["partial"]) and found["more"] == pytest.approx(0)


def test_shared_regions_make_chance_wider_than_pairs_alone_would():
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(2, N))
    lost = square(source[:, None] + target[None] + 0.1 * rng.normal(size=(N, N)))
    _, distance, _ = planted(0.0)
    found = transferability.judge(lost, distance, distance, rng)
    assert found["chance"] > 1.2 * found["naive"]


def test_chance_is_seldom_significant():
    few = sum(
        transferability.judge(
            square(np.random.default_rng(s).normal(size=(N, N))), *planted(0, s)[1:], np.random.default_rng(s)
        )["p"]
        <= 0.05
        for s in range(40)
    )
    assert few <= 6  # of 2 expected


@pytest.mark.parametrize("value", [1.0, np.nan])
def test_a_distance_that_is_constant_or_missing_says_nothing(value):
    lost, _, other = planted(0.3)
    found = transferability.judge(lost, square(np.full((N, N), value)), other, np.random.default_rng(0))
    assert set(found) == set(transferability.FOUND) and np.isnan(list(found.values())).all()


def test_losses_compare_with_the_model_of_the_region_itself():
    rows = [("rmse", "a", s, t, value) for s, t, value in ((1, 1, 2.0), (1, 2, 6.0), (2, 1, 4.0), (2, 2, 3.0))]
    table = pd.DataFrame(rows, columns=["kind", "name", "source", "target", "value"])
    lost = transferability.losses(table, "a").values
    assert np.isnan(np.diag(lost)).all()
    assert lost[0, 1] == pytest.approx(np.log(2)) and lost[1, 0] == pytest.approx(np.log(2))


def test_a_line_that_never_saw_a_region_foretells_an_exact_loss():
    _, distance, _ = planted(0.0)
    assert transferability.foretold(Square(2 * distance.values + 1), distance) == pytest.approx(1)


# --- choosing ---------------------------------------------------------------------------------------------------------


def test_greedy_choice_completes_what_it_has_and_nearest_does_not():
    """The target is half in the west, half in the east; two western regions lie nearest to its middle."""
    line = {1: [0, 10], 2: [1, 1], 3: [1.5, 1.5], 4: [9.8, 9.8], 5: [30, 30]}
    x = np.concatenate([np.array(v, float) for v in line.values()])
    members = {number: np.array([2 * i, 2 * i + 1]) for i, number in enumerate(line)}
    cost = np.abs(x[:, None] - x[None])
    chosen = unions.greedy(unions.moved(cost), members, 1, 2)
    assert set(chosen) == {2, 4}
    lonlat = np.column_stack([-100 + x / 10, np.full(len(x), 40.0)])
    assert 5 not in unions.nearest(lonlat, members, 1, 3)


def test_a_choice_is_judged_by_the_mean_of_its_estimates():
    truth = np.zeros(4)
    estimates = {1: truth + 1, 2: truth + 3, 3: truth - 3}
    assert choosing.judged(estimates, truth, 1, [2]) == pytest.approx(np.log(3))
    assert choosing.judged(estimates, truth + 1e-9, 1, [2, 3]) < -10


def test_ways_are_compared_target_by_target():
    rows = [(t, way, 1, loss + t) for t in range(5) for way, loss in (("km", 0.0), ("lot", 0.2))]
    table = pd.DataFrame(rows, columns=["target", "way", "budget", "loss"])
    found = choosing.against(table, "km", "lot", 1, np.random.default_rng(0))
    assert found["difference"] == pytest.approx(100 * np.expm1(-0.2))
    assert found["low"] == pytest.approx(found["high"])


# --- from runs --------------------------------------------------------------------------------------------------------


def test_the_smallest_runs_give_all_three_tables(monkeypatch, tmp_path, project):
    """Of a world of sixty stations: every distance is finite, and the in-domain score is that of the runs."""
    (project / "runs.yml").write_text(
        "profiles:\n  tiny:\n    size: demo\n    settings: {width: 4, summary: 4, window: 3, epochs: 1, batch: 64}\n"
        "    tasks: {world: {load: world, options: {stations: 60, days: 60}}}\n"
        "    matrices:\n      one: {task: [world], model: [none], split: [transfer], seed: [0]}\npages: {}\n"
    )
    runs = plan.runs("tiny")
    assert len(runs) == REGIONS
    for run in runs:
        making.make(run, log=lambda _: None)
    monkeypatch.setattr(transfer, "ENCODERS", ("sincos", "random-vector"))
    table = transfer.collect(runs)
    assert list(table) == transfer.COLUMNS and np.isfinite(table["value"]).all()
    pairs = table[table["kind"] == "distance"].groupby("name").size()
    assert (pairs == REGIONS * (REGIONS - 1)).all() and {"km", "centroids", "sincos", "moments", "size"} <= set(
        pairs.index
    )
    judged = transferability.judged(table)
    assert (
        set(judged["loss"]) == {"rmse", "r2"}
        and judged.loc[judged["distance"] == "km", "spearman"].between(-1, 1).all()
    )
    chosen = choosing.collect(runs)
    own = transferability.losses(table, "none").values
    best = chosen[(chosen["way"] == "best") & (chosen["budget"] == 1)].set_index("target")["loss"]
    np.testing.assert_allclose(best.sort_index(), np.nanmin(own, axis=0), atol=1e-4)
    assert (chosen.groupby(["way", "target", "budget"]).size() == 1).all()
    maps = foreseen.collect(runs)
    assert list(maps) == foreseen.COLUMNS and (maps["source"] != maps["region"]).all()
    assert foreseen.agreement(maps, "km").between(-1, 1).all() and len(maps) == 15 * 16
    with pytest.raises(StoreError, match="trained in 15 of 16 regions"):
        transfer.matrix(runs[:-1])


# --- where a model would fail -----------------------------------------------------------------------------------------


def test_a_station_is_foretold_by_a_line_that_never_saw_its_region():
    rng = np.random.default_rng(0)
    rows = [(s, r, x, 0.1 + 0.5 * x) for s in range(1, 5) for r in range(1, 5) if s != r for x in rng.uniform(0, 1, 6)]
    table = pd.DataFrame(rows, columns=["source", "region", "km", "loss"])
    np.testing.assert_allclose(foreseen.lines(table, "km"), table["loss"])
    table.loc[(table["source"] == 3) | (table["region"] == 3), "loss"] += rng.normal(size=len(table))[:36]
    inside = table["region"] == 3
    np.testing.assert_allclose(foreseen.lines(table, "km")[inside], 0.1 + 0.5 * table.loc[inside, "km"])


def test_losses_of_stations_compare_with_the_model_of_their_own_region():
    sums = {
        "a": pd.DataFrame({"name": ["x", "y"], "sum_e2": [4.0, 9.0]}),
        "b": pd.DataFrame({"name": ["x", "y"], "sum_e2": [16.0, 1.0]}),
    }
    runs = [
        SimpleNamespace(id="a", variant="none", fusion="-", fold=1),
        SimpleNamespace(id="b", variant="none", fusion="-", fold=2),
    ]
    found = foreseen.losses(runs, sums, {"x": 1, "y": 2}).set_index("name")["loss"]
    assert found["x"] == pytest.approx(np.log(2)) and found["y"] == pytest.approx(np.log(3))


def test_runs_of_one_region_stand_on_no_table_of_the_usual_splits():
    splits = pd.Series(["spatial", "spatial@100", "transfer", "checkerboard-16+regions"])
    assert of_part(splits).tolist() == [False, True, True, False]
