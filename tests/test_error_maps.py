"""Maps of errors over the same fits, changes counted seed by seed, and patterns that scores are tested on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from placeprior.evidence import error_maps, who_is_served
from placeprior.scores import metrics

STATIONS = 12


def fits(arms, split="checkerboard-16", seeds=(0, 1)):
    """Scores and sums of arms whose errors have one size, at twelve stations, half of them in each fold."""
    lonlat = np.column_stack([np.linspace(-120, -75, STATIONS), np.tile([33.0, 40.0, 45.0], STATIONS // 3)])
    scores, sums = [], []
    for (arm, size), seed, fold in ((a, s, f) for a in arms.items() for s in seeds for f in (1, 2)):
        run, here = f"{arm}-{fold}-{seed}", np.arange(STATIONS) % 2 == fold - 1
        scores.append({"arm": arm, "split": split, "fold": fold, "seed": seed, "run": run})
        errors = {name: 0.0 for name in metrics.SUMS} | {"n": 4.0, "sum_e": 4 * size, "sum_e2": 4 * size**2}
        names = [f"s{i:02d}" for i in np.flatnonzero(here)]
        sums.append(pd.DataFrame({"run": run, "name": names, "lon": lonlat[here, 0], "lat": lonlat[here, 1]} | errors))
    return pd.DataFrame(scores), pd.concat(sums, ignore_index=True)


def test_maps_are_of_the_arms_that_were_run_in_every_fit_of_the_reference():
    scores, sums = fits({"none+head": 2.0, "lonlat": 1.0, "sincos": 3.0})
    scores = scores[scores["run"] != "sincos-2-1"]
    found = error_maps.of_split(scores, sums, "none+head", "checkerboard-16")
    assert set(found.whole) == {"none+head", "lonlat"} and set(found.by_seed["lonlat"]) == {0, 1}
    assert found.lonlat.shape == (STATIONS, 2) and found.rmse("lonlat") == pytest.approx(1.0)
    assert {"far", "near", "west"} <= set(found.masks)


def test_without_the_reference_there_is_no_map():
    scores, sums = fits({"lonlat": 1.0})
    found = error_maps.of_split(scores, sums, "none+head", "checkerboard-16")
    assert found.whole == found.masks == {}
    assert error_maps.evenness(found, lambda _: "none+head", ["lonlat"], 0.0).empty


def test_a_split_within_region_has_no_far_and_near():
    scores, sums = fits({"none+head": 2.0}, split="spatial")
    assert not {"far", "near"} & set(error_maps.of_split(scores, sums, "none+head", "spatial").masks)


def test_errors_that_shrink_everywhere_change_the_rmse():
    maps = error_maps.of_split(*fits({"none+head": 2.0, "lonlat": 1.0}), "none+head", "checkerboard-16")
    even = error_maps.evenness(maps, lambda _: "none+head", ["none+head", "lonlat", "sincos"], 0.0).set_index(
        ["arm", "who"]
    )
    assert set(even.index.get_level_values("arm")) == {"none+head", "lonlat"}
    assert even.loc[("lonlat", "all"), "change"] == pytest.approx(-1.0)


def bias(values):
    """Scores of bias by (arm, seed): RMSE and the measure ``scale``."""
    rows = [
        {"arm": arm, "seed": seed, "measure": measure, "value": value}
        for (arm, seed), pair in values.items()
        for measure, value in zip(("rmse", "scale"), pair, strict=True)
    ]
    return pd.DataFrame(rows)


def test_changes_are_within_a_seed_and_counted_where_all_seeds_agree():
    found = {("none+head", 0): (2.0, 0.2), ("none+head", 1): (3.0, 0.3), ("idw", 0): (9.0, 0.9)}
    found |= {
        ("lonlat", 0): (1.0, 0.3),
        ("lonlat", 1): (2.0, 0.4),
        ("sincos", 0): (1.0, 0.1),
        ("sincos", 1): (1.0, 0.5),
    }
    change = error_maps.changes(bias(found), "none+head", ["idw"])
    assert set(change.index.get_level_values("arm")) == {"lonlat", "sincos"} and list(change) == ["rmse", "scale"]
    assert change.loc[("lonlat", 1)].tolist() == pytest.approx([-1.0, 0.1])
    (row,) = error_maps.raised(change, ["scale", "moran"]).itertuples(index=False)
    assert (row.measure, row.arms, row[2], row.lower) == ("scale", 2, 1, 0) and np.isnan(row.rho)


def test_nothing_changes_without_scores_of_the_reference():
    assert error_maps.changes(bias({("lonlat", 0): (1.0, 0.3)}), "none+head", []).empty
    empty = pd.DataFrame(columns=["arm", *who_is_served.COLUMNS])
    assert error_maps.raised(error_maps.changes(empty, "none+head", []), ["scale"]).empty


def test_a_rank_correlation_is_scipys_and_needs_eight():
    rng = np.random.default_rng(0)
    x = rng.normal(size=12)
    y = x + rng.normal(size=12)
    rho, low, high = error_maps.rank_correlation(np.append(x, np.nan), np.append(y, 1.0))
    assert rho == pytest.approx(spearmanr(x, y).statistic) and low < rho < high
    assert np.isnan(error_maps.rank_correlation(x[:7], y[:7])).all()


def test_a_planted_pattern_is_found_and_dealing_it_destroys_it():
    rng = np.random.default_rng(1)
    lonlat = np.column_stack([rng.uniform(-92, -82, 70), rng.uniform(35, 43, 70)])
    drawn = error_maps.patterns(lonlat, np.random.default_rng(0))
    assert all(pattern.min() >= 0 and pattern.max() <= 1 for pattern in drawn.values())
    assert drawn["worse to the west"][lonlat[:, 0].argmin()] == 1
    np.testing.assert_array_equal(np.sort(drawn["dealt at random"]), np.sort(drawn["worse to the west"]))
    found = error_maps.planted(lonlat, who_is_served.chance(lonlat, permutations=19, arrangements=9))
    assert list(found.index) == list(drawn)
    assert found.loc["worse to the west", "moran"] > 3 > abs(found.loc["dealt at random", "moran"])
