"""Weighted sums of scores on the same rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior import compare, ledger, metrics
from placeprior.contrast import contrast, fits
from placeprior.errors import StoreError


def made(errors, seeds=(0, 1), stations=25, days=20):
    """Scores and station sums of arms whose errors are one noise times a factor, for some seeds."""
    rng = np.random.default_rng(0)
    rows, tables = [], []
    for seed in seeds:
        station = np.repeat(np.arange(stations), days)
        y, noise = 10 + 5 * rng.normal(size=station.size), rng.normal(size=station.size)
        for variant, factor in errors.items():
            run = f"{variant}-{seed}"
            sums = metrics.station_sums(station, y, y + factor * noise)
            rows += [["world", variant, "-", "spatial", 1, seed, name, float(value), len(y), run]
                     for name, value in metrics.scores(sums.to_numpy().sum(0)).items()]  # fmt: skip
            tables.append(sums.reset_index(drop=True).assign(run=run, name=[f"s{i:02d}" for i in range(stations)]))
    return compare.with_arm(pd.DataFrame(rows, columns=ledger.COLUMNS)), pd.concat(tables)


@pytest.mark.parametrize("metric", ["r2", "rmse"])
def test_two_terms_are_the_paired_difference(metric):
    scores, sums = made({"none": 3.0, "lonlat": 2.0})
    ours = contrast([(1, fits(scores, arm="lonlat")), (-1, fits(scores, arm="none"))], sums, metric=metric, draws=200)
    theirs = compare.arms_of(compare.differences(scores, sums, metric=metric, draws=200)).iloc[0]
    for key in ("difference", "low", "high", "stations", "fits", "clear"):
        assert ours[key] == pytest.approx(theirs[key])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0.5, 4.0), min_size=4, max_size=4))
def test_difference_of_differences_is_that_of_the_means(factors):
    scores, sums = made(dict(zip("abcd", factors, strict=True)))
    found = contrast([(w, fits(scores, arm=a)) for a, w in zip("abcd", (1, -1, -1, 1), strict=True)], sums, draws=100)
    mean = scores[scores["metric"] == "r2"].groupby("arm")["value"].mean()
    assert found["difference"] == pytest.approx(mean["a"] - mean["b"] - mean["c"] + mean["d"])
    assert found["low"] - 1e-9 <= found["high"]
    assert np.mean(found["values"]) == pytest.approx(found["difference"])


def test_a_run_against_itself_is_exactly_zero():
    scores, sums = made({"none": 3.0})
    own = fits(scores, arm="none")
    found = contrast([(1, own), (-1, own)], sums, draws=50)
    assert [found[key] for key in ("difference", "low", "high", "clear")] == [0, 0, 0, 0]


def test_only_shared_fits_count_and_none_is_none():
    scores, sums = made({"none": 3.0, "lonlat": 2.0})
    first, second = fits(scores, arm="none"), fits(scores, arm="lonlat", seed=1)
    assert contrast([(1, second), (-1, first)], sums, draws=50)["fits"] == 1
    assert contrast([(1, fits(scores, arm="sincos")), (-1, first)], sums) is None
    assert sums["n_35"].sum() == 0
    assert contrast([(1, first), (-1, second)], sums, metric="rmse_35", draws=50) is None


def test_other_rows_and_ambiguous_fits_are_refused():
    scores, sums = made({"none": 3.0, "lonlat": 2.0})
    sums.loc[sums["run"] == "lonlat-0", "n"] += 1
    with pytest.raises(StoreError, match="same rows"):
        contrast([(1, fits(scores, arm="lonlat")), (-1, fits(scores, arm="none"))], sums, draws=20)
    with pytest.raises(StoreError, match="several runs"):
        fits(scores, split="spatial")
