"""Matched comparisons: each arm against its own reference, and gains taken apart."""

import numpy as np
import pandas as pd
import pytest

from placeprior.arms import with_arm
from placeprior.evidence import matched
from placeprior.runs import store
from placeprior.scores import metrics, paired

CHAIN = ("none", "none+head", "random-vector-hadamard", "geoclip-hadamard")
STATIONS, DAYS = 6, 20


def made(errors, fits, split="spatial", seed=0):
    """Scores and station sums of arms whose estimates are off by noise of the given sizes."""
    rows, sums = [], []
    for name, size in errors.items():
        variant, _, fusion = name.rpartition("-") if name.count("-") else (name, "", "-")
        for fold, number in fits.get(name) or fits[None]:
            rng = np.random.default_rng([seed, fold, number])
            station = np.repeat(np.arange(STATIONS), DAYS)
            y = rng.gamma(4, 3, len(station))
            noise = np.random.default_rng([seed, fold, number, *name.encode()]).normal(0, size, len(station))
            table = metrics.station_sums(station, y, y + noise).reset_index(drop=True)
            run = f"{len(sums):012x}"
            place = {"name": [f"s{i}" for i in range(STATIONS)], "lon": -120.0 + 8 * np.arange(STATIONS), "lat": 40.0}
            sums.append(table.assign(run=run, **place))
            for metric, value in metrics.from_sums(table[metrics.SUMS].to_numpy().sum(0)).items():
                rows.append(["world", variant, fusion, split, fold, number, metric, float(value), len(y), run])
    return pd.DataFrame(rows, columns=store.COLUMNS), pd.concat(sums)


def test_shared_keeps_the_fits_that_all_arms_have():
    frame, _ = made({"none": 1, "none+head": 1}, {None: [(0, 0), (0, 1)], "none+head": [(0, 1), (0, 2)]})
    kept = matched.shared(frame, ["none", "none+head"])
    assert set(kept["arm"]) == {"none", "none+head"}
    assert set(kept["seed"]) == {1}


def test_shared_is_empty_where_an_arm_is_missing():
    frame, _ = made({"none": 1}, {None: [(0, 0)]})
    assert matched.shared(frame, ["none", "none+head"]).empty


def test_each_arm_is_compared_with_its_own_reference():
    frame, sums = made(dict(zip(CHAIN, (3, 2, 2.5, 1), strict=True)), {None: [(0, 0), (0, 1)]})
    found = matched.differences(frame, sums, {"none+head": "none", "geoclip-hadamard": "none+head"}, metric="rmse")
    plain = matched.differences(frame, sums, "none+head", metric="rmse")
    assert plain["arm"].tolist() == ["none", "random-vector-hadamard", "geoclip-hadamard"]
    own = found.set_index("arm")["difference"]
    assert set(own.index) == {"none+head", "geoclip-hadamard"}
    assert own["geoclip-hadamard"] == pytest.approx(plain.set_index("arm").loc["geoclip-hadamard", "difference"])
    assert own["none+head"] < 0  # a smaller error than its reference


def test_no_arm_at_all_gives_an_empty_table_with_its_columns():
    frame, sums = made({"none": 1}, {None: [(0, 0)]})
    found = matched.differences(frame, sums, {"geoclip-hadamard": "none+head"})
    assert found.empty
    assert found.columns.tolist() == matched.FOUND


def test_a_difference_is_that_of_paired_and_each_fit_is_told():
    frame, sums = made({"none": 3.0, "geoclip-hadamard": 2.0}, {None: [(1, 0), (1, 1), (2, 0)]})
    (row,) = matched.differences(frame, sums).itertuples()
    part = with_arm(frame)
    runs = [paired.fits(part, arm=arm) for arm in ("geoclip-hadamard", "none")]
    alone = paired.single([(1.0, runs[0]), (-1.0, runs[1])], sums)
    assert (row.split, row.arm) == ("spatial", "geoclip-hadamard")
    assert [row.difference, row.low, row.high] == pytest.approx([alone["difference"], alone["low"], alone["high"]])
    each = matched.differences(frame, sums)["each"].item()
    assert list(each.index) == [(1, 0), (1, 1), (2, 0)]
    assert each.tolist() == pytest.approx(alone["each"].tolist())


def test_blocks_follow_the_split_and_its_own_range(monkeypatch):
    frame, sums = made({"none": 3.0, "geoclip-hadamard": 2.0}, {None: [(1, 0), (1, 1)]})
    other = frame.assign(split="spatial@4", run="b" + frame["run"].str[1:])
    both = pd.concat([frame, other])
    sums = pd.concat([sums, sums.assign(run="b" + sums["run"].str[1:])])
    found = matched.differences(both, sums, reach={"spatial": 900.0}).set_index("split")["blocks"]
    assert found["spatial"] == found["spatial@4"] == len(set(paired.squares(sums[["lon", "lat"]].to_numpy(), 900)))
    assert matched.differences(frame, sums)["blocks"].iloc[0] > found["spatial"]
    monkeypatch.setattr(store, "scores", lambda *names: frame)
    monkeypatch.setattr(store, "sums", lambda profile: sums)
    reach = matched.reach("demo", "world")
    assert reach["spatial"] == paired.residual_range(matched.terms(frame, "none"), sums) and reach["random"] == 0
    assert not matched.reach("demo", "other")


def test_common_fits_leave_out_the_arms_with_the_fewest_where_none_is_shared():
    fits = {None: [(1, 0), (1, 1)], "lonlat-channels": [(1, 1)], "geoclip-hadamard": [(1, 2)]}
    frame, _ = made({"none": 1, "lonlat-channels": 1, "geoclip-hadamard": 1}, fits)
    kept = matched.common(frame)
    assert len(set(kept["run"])) == 2 and set(kept["arm"]) in ({"none", "lonlat"}, {"none"})
    assert matched.common(frame.iloc[:0]).empty


def test_same_folds_are_those_of_every_arm_whatever_the_seeds():
    rows = [("spatial", "a", 1, 0), ("spatial", "a", 2, 0), ("spatial", "b", 1, 5), ("random", "a", 3, 0)]
    scores = pd.DataFrame(rows, columns=["split", "arm", "fold", "seed"])
    found = matched.same_folds(scores)
    assert found.values.tolist() == [list(row) for row in (rows[0], rows[2], rows[3])]
    assert matched.same_folds(scores.iloc[:0]).empty
