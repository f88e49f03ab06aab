"""Paired differences: known answers, symmetries, and an interval that is over places and trainings together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from placeprior.arms import with_arm
from placeprior.coords import great_circle_km
from placeprior.errors import StoreError
from placeprior.runs import store
from placeprior.scores import metrics, paired
from placeprior.scores.interval import Noise, clear, interval, pooled_noise, surviving
from placeprior.space.correlogram import correlation_range, correlogram


def places(n):
    """Places over the country that no random generator is needed for."""
    i = np.arange(1, n + 1)
    return np.column_stack([-120 + 42 * (i * 0.6180339887498949 % 1), 30 + 17 * (i * 0.7548776662466927 % 1)])


def made(errors, fits=((1, 0), (1, 1)), stations=40, days=20, seed=0):
    """Scores and station sums of arms whose errors are noise of the given sizes; a fold tests the same rows in all."""
    rows, tables = [], []
    for fold, number in fits:
        rng = np.random.default_rng([seed, fold])
        station = np.repeat(np.arange(stations), days)
        y = rng.gamma(4, 5, station.size)
        for arm, size in errors.items():
            own = np.random.default_rng([seed, fold, number, *arm.encode()])
            run = f"{arm}-{fold}-{number}"
            sums = metrics.station_sums(station, y, y + size * own.normal(size=y.size))
            rows += [
                ["world", arm, "-", "spatial", fold, number, name, float(value), len(y), run]
                for name, value in metrics.from_sums(sums.to_numpy().sum(0)).items()
            ]
            names = [f"f{fold}s{i:02d}" for i in range(stations)]
            lonlat = places(stations)
            tables.append(sums.reset_index(drop=True).assign(run=run, name=names, lon=lonlat[:, 0], lat=lonlat[:, 1]))
    return with_arm(pd.DataFrame(rows, columns=store.COLUMNS)), pd.concat(tables, ignore_index=True)


def difference(scores, first="a", second="b"):
    return [(1.0, paired.fits(scores, arm=first)), (-1.0, paired.fits(scores, arm=second))]


# --- known answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", metrics.METRICS)
def test_difference_is_that_of_the_scores_with_equal_folds(metric):
    scores, sums = made({"a": 2.0, "b": 4.0}, fits=[(1, 0), (1, 1), (2, 0)])
    found = paired.single(difference(scores), sums, metric=metric)
    by = scores[scores["metric"] == metric].pivot(index=["fold", "seed"], columns="arm", values="value")
    each = by["a"] - by["b"]
    assert found["each"].to_numpy() == pytest.approx(each.to_numpy())
    assert found["apart"].to_dict() == pytest.approx(each.groupby(level=0).mean().to_dict())
    assert found["difference"] == pytest.approx(each.groupby(level=0).mean().mean())
    assert [found[key] for key in ("fits", "folds", "seeds", "stations")] == [3, 2, 2, 80]


def test_interval_is_the_formula_written_out():
    scores, sums = made({"a": 2.0, "b": 3.0}, fits=[(1, 0), (1, 1), (1, 2)])
    found = paired.single(difference(scores), sums, metric="rmse")
    block = pd.Series(paired.squares(places(40)))

    def mean(kept):
        of = {
            run: metrics.from_sums(
                part.loc[kept[part["name"].str[-2:].astype(int)].to_numpy(), metrics.SUMS].to_numpy().sum(0)
            )["rmse"]
            for run, part in sums.groupby("run")
        }
        return np.array([of[f"a-1-{s}"] - of[f"b-1-{s}"] for s in range(3)])

    each = mean(block == block)
    left = np.array([mean(block != name).mean() for name in block.unique()])
    count = len(left)
    of_places = (count - 1) / count * ((left - each.mean()) ** 2).sum()
    of_training = each.var(ddof=1) / 3
    share = block.value_counts(normalize=True).to_numpy()
    dof = (of_places + of_training) ** 2 / (
        of_places**2 / ((share**2).sum() ** 2 / (share**4).sum() - 1) + of_training**2 / 2
    )
    half = stats.t.ppf(0.975, dof) * np.sqrt(of_places + of_training)
    assert found["dof"] == pytest.approx(dof)
    assert [found["low"], found["high"]] == pytest.approx([each.mean() - half, each.mean() + half])
    assert found["noise"] == pytest.approx(each.var(ddof=1)) and found["blocks"] == count
    assert found["clear"] == -1


def test_blocks_grow_with_the_range_and_are_as_named_where_named():
    scores, sums = made({"a": 2.0, "b": 3.0})
    small, large = (paired.single(difference(scores), sums, range_km=km) for km in (0, 1200))
    assert large["blocks"] == len(set(paired.squares(places(40), 1200))) < small["blocks"]
    named = sums.drop(columns=["lon", "lat"]).assign(block=sums["name"].str[-1])
    assert paired.single(difference(scores), named)["blocks"] == 10


def test_a_run_against_itself_is_exactly_zero():
    scores, sums = made({"a": 3.0})
    found = paired.single(difference(scores, "a", "a"), sums)
    assert [found[key] for key in ("difference", "low", "high", "clear")] == [0, 0, 0, 0]


# --- symmetries -------------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0.5, 4.0), min_size=4, max_size=4), st.floats(-3, 3).filter(lambda x: abs(x) > 0.01))
def test_a_contrast_is_linear_and_turns_with_its_sign(sizes, factor):
    scores, sums = made(dict(zip("abcd", sizes, strict=True)), stations=12)
    terms = [(w, paired.fits(scores, arm=a)) for a, w in zip("abcd", (1, -1, -1, 1), strict=True)]
    found = paired.paired(
        {
            "both": terms,
            "first": terms[:2],
            "second": terms[2:],
            "turned": [(-w, runs) for w, runs in terms],
            "scaled": [(factor * w, runs) for w, runs in terms],
        },
        sums,
    )
    value = found["difference"]
    assert value["both"] == pytest.approx(value["first"] + value["second"])
    both, turned, scaled = (found.loc[name] for name in ("both", "turned", "scaled"))
    assert [turned["low"], turned["high"]] == pytest.approx([-both["high"], -both["low"]])
    assert turned["clear"] == -both["clear"]
    assert scaled["se"] == pytest.approx(abs(factor) * both["se"]) and scaled["dof"] == pytest.approx(both["dof"])


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_of_rows_fits_and_seeds_does_not_matter(random):
    scores, sums = made({"a": 2.0, "b": 3.0}, fits=[(1, 0), (1, 1), (2, 0), (2, 1)], stations=15)
    found = paired.single(difference(scores), sums)
    rows, runs = list(range(len(sums))), list(range(len(scores)))
    random.shuffle(rows), random.shuffle(runs)
    seeds = {0: 1, 1: 0}
    other = scores.iloc[runs].assign(seed=lambda frame: frame["seed"].map(seeds))
    again = paired.single(difference(other), sums.iloc[rows])
    for key in ("difference", "low", "high", "dof", "noise"):
        assert again[key] == pytest.approx(found[key], rel=1e-9)


def test_many_contrasts_at_once_are_each_by_itself():
    scores, sums = made({"a": 2.0, "b": 3.0, "c": 5.0})
    pairs = {(x, y): difference(scores, x, y) for x in "abc" for y in "abc" if x != y}
    together = paired.paired(pairs, sums, metric="mae")
    for name, terms in pairs.items():
        alone = paired.single(terms, sums, metric="mae")
        columns = [c for c in paired.FOUND if c not in ("apart", "each")]
        assert together.loc[[name], columns].iloc[0].tolist() == pytest.approx(alone[columns].tolist())


# --- few seeds --------------------------------------------------------------------------------------------------------


def test_one_seed_has_a_difference_and_no_interval():
    scores, sums = made({"a": 1.0, "b": 6.0}, fits=[(1, 0)])
    found = paired.single(difference(scores), sums)
    assert found["difference"] > 0 and np.isnan([found["low"], found["high"], found["noise"]]).all()
    assert found["clear"] == 0 and found["seeds"] == 1
    two = made({"a": 1.0, "b": 6.0}, fits=[(1, 0), (2, 0)])  # two partitions are two questions, not two trainings
    assert paired.single(difference(two[0]), two[1])["clear"] == 0


def test_noise_from_elsewhere_gives_one_seed_its_interval():
    scores, sums = made({"a": 1.0, "b": 6.0, "c": 5.0}, fits=[(1, 0), (1, 1), (1, 2)])
    alone = scores[scores["seed"] == 0]
    others = paired.paired({"c": difference(scores, "c", "b"), "a": difference(scores, "a", "c")}, sums)
    noise = pooled_noise(others)
    assert noise == pytest.approx(Noise(others["noise"].mean(), 4))
    found = paired.single(difference(alone), sums, noise=noise)
    assert found["low"] > 0 and found["clear"] == 1 and found["noise"] == noise.variance
    wider = paired.single(difference(alone), sums, noise=Noise(100 * noise.variance, 4))
    assert wider["high"] - wider["low"] > found["high"] - found["low"]
    # Where the fits tell it themselves, they are believed.
    assert paired.single(difference(scores), sums, noise=Noise(9.0, 1))["noise"] < 1
    assert pooled_noise(paired.paired({"": difference(alone)}, sums)) is None


def test_the_spread_of_many_folds_stands_in_for_that_of_seeds():
    scores, sums = made({"a": 2.0, "b": 3.0}, fits=[(fold, 0) for fold in (1, 2, 3, 4)])
    found = paired.single(difference(scores), sums)
    assert found["noise"] == pytest.approx(found["each"].var(ddof=1)) and found["noise_dof"] == 3
    assert found["low"] < found["difference"] < found["high"]


def test_one_block_alone_has_no_interval():
    scores, sums = made({"a": 1.0, "b": 6.0})
    found = paired.single(difference(scores), sums.assign(block="here"))
    assert np.isnan(found["low"]) and found["clear"] == 0


# --- what is left out, and what is refused ----------------------------------------------------------------------------


def test_only_shared_fits_count_and_none_is_none():
    scores, sums = made({"a": 2.0, "b": 3.0})
    second = scores[scores["seed"] == 1]
    terms = [(1.0, paired.fits(second, arm="a")), (-1.0, paired.fits(scores, arm="b"))]
    assert paired.single(terms, sums)["fits"] == 1
    assert paired.single(difference(scores, "a", "z"), sums) is None
    assert paired.paired({}, sums).empty and list(paired.paired({}, sums)) == paired.FOUND
    assert paired.single(difference(scores), sums[sums["run"] != "b-1-0"])["fits"] == 1


def test_a_fit_without_a_row_to_score_says_nothing():
    scores, sums = made({"a": 2.0, "b": 3.0}, fits=[(1, 0), (1, 1), (2, 0), (2, 1)])
    whole = paired.single(difference(scores), sums, metric="rmse_35")
    sums.loc[sums["name"].str.startswith("f2"), ["n_35", "sum_e2_35"]] = 0
    found = paired.single(difference(scores), sums, metric="rmse_35")
    assert found["difference"] == pytest.approx(whole["apart"][1]) and found["fits"] == 2
    assert paired.single(difference(scores), sums.assign(n_35=0, sum_e2_35=0), metric="rmse_35") is None


@pytest.mark.parametrize(("column", "change"), [("n", 1), ("sum_y", 50)])
def test_other_rows_are_refused(column, change):
    scores, sums = made({"a": 2.0, "b": 3.0})
    sums.loc[sums["run"] == "a-1-0", column] += change
    with pytest.raises(StoreError, match="runs a-1-0 and b-1-0 do not test the same rows"):
        paired.single(difference(scores), sums)


def test_other_stations_are_refused_and_so_are_ambiguous_fits():
    scores, sums = made({"a": 2.0, "b": 3.0})
    with pytest.raises(StoreError, match="do not test the same rows"):
        paired.single(difference(scores), sums[(sums["run"] != "a-1-1") | (sums["name"] != "f1s03")])
    with pytest.raises(StoreError, match="fold 1, seed 0 has several runs"):
        paired.fits(scores, split="spatial")


def test_clear_is_beyond_zero_and_nothing_else():
    assert clear(np.array([0.1, -0.2, -0.1, np.nan]), np.array([0.2, -0.1, 0.1, np.nan])).tolist() == [1, -1, 0, 0]
    assert clear(0.0, 1.0) == 0


# --- it holds ---------------------------------------------------------------------------------------------------------


def test_interval_holds_for_many_quantities_at_once():
    """Places and trainings both vary: 95 % intervals hold nearly that often, and those from places alone do not."""
    rng = np.random.default_rng(0)
    count, blocks, seeds = 4000, 35, 3
    per_block = rng.normal(size=(blocks, count, 1)) + rng.normal(size=(1, count, seeds))  # a block mean of each fit
    values = per_block.mean(0)
    without = (per_block.sum(0) - per_block) / (blocks - 1)
    found = interval(values, without, np.ones_like(without), [1] * seeds)
    held = (found["low"] <= 0) & (found["high"] >= 0)
    assert 0.91 < held.mean() < 0.975
    only_places = interval(values, without, np.ones_like(without), [1] * seeds, Noise(0.0, np.inf))
    assert only_places["noise"] == pytest.approx(found["noise"])  # three seeds tell their noise: no way around it
    one = interval(values[:, :1], without[..., :1], np.ones_like(without[..., :1]), [1], Noise(0.0, np.inf))
    assert ((one["low"] <= 0) & (one["high"] >= 0)).mean() < 0.5


# --- how far errors are alike -----------------------------------------------------------------------------------------


def test_range_of_a_field_is_found_and_noise_has_none():
    rng = np.random.default_rng(0)
    lonlat = places(150)
    root = np.linalg.cholesky(np.exp(-great_circle_km(lonlat, lonlat) / 150) + 1e-9 * np.eye(150))
    field = root @ rng.normal(size=(150, 60))
    assert correlation_range(field, lonlat) == pytest.approx(600, rel=0.25)
    km, rho, pairs = correlogram(field, lonlat)
    assert rho[0] > rho[4] > rho[9] and pairs.sum() > 0 and (np.diff(km) > 0).all()
    assert correlation_range(rng.normal(size=(150, 60)), lonlat) == 0
    assert correlation_range(np.ones((150, 1)), lonlat) == 0
    assert correlation_range(field[:1], lonlat[:1]) == 0


def test_residual_range_is_that_of_the_stations_differences():
    scores, sums = made({"a": 2.0, "b": 3.0})
    terms = {"": difference(scores)}
    mse = (sums["sum_e2"] / sums["n"]).groupby([sums["run"], sums["name"]]).first().unstack()
    columns = np.column_stack([mse.loc[f"a-1-{s}"] - mse.loc[f"b-1-{s}"] for s in (0, 1)])
    assert paired.residual_range(terms, sums) == correlation_range(columns, places(40))
    assert paired.residual_range({}, sums) == 0


# --- many looks -------------------------------------------------------------------------------------------------------


def test_holm_keeps_what_is_clear_among_many_looks():
    found = pd.DataFrame({"difference": [5.0, -2.6, 2.3, 0.1, 1.0, 0.0], "se": [1.0, 1, 1, 1, 1, 0], "dof": [50.0] * 6})
    half = stats.t.ppf(0.975, 50) * found["se"]
    found = found.assign(low=found["difference"] - half, high=found["difference"] + half)
    found.loc[4, ["low", "high"]] = np.nan  # one seed: no interval, no look
    found["clear"] = clear(found["low"], found["high"])
    p = 2 * stats.t.sf(found["difference"].abs(), 50)
    assert p[1] < 0.05 / 4 and 0.05 / 3 < p[2] < 0.05, "the third is clear alone, and not together"
    assert surviving(found).index.tolist() == [0, 1] and found["clear"].tolist() == [1, -1, 1, 0, 0, 0]
    assert surviving(found.iloc[[2]]).index.tolist() == [2], "one look is no many"
    assert surviving(found.iloc[:0]).empty
