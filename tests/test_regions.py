"""Error by region, Moran's I: other programs' numbers, chance that is chance, planted patterns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from placeprior.errors import CoordinateError
from placeprior.evidence.map_error import squares
from placeprior.runs import store
from placeprior.scores.fairness.nearby import ScoreError
from placeprior.scores.fairness.unevenness import by_region, moran, states, unevenness
from placeprior.scores.metrics import METRICS, SUMS, from_sums, station_sums


def spread_out(n=40):
    """Places that no random generator is needed for, and values with a pattern."""
    i = np.arange(1, n + 1)
    lon, lat = -120 + 45 * (i * 0.6180339887498949 % 1), 28 + 20 * (i * 0.7548776662466927 % 1)
    return np.column_stack([lon, lat]), np.sin(lon / 6) + 0.5 * np.cos(lat / 3) + i * 0.5698402909980532 % 1


def sums_of(rng, errors, days=30):
    """Station sums of errors around one level a station."""
    station = np.repeat(np.arange(len(errors)), days)
    y = rng.gamma(2, 8, station.size)
    return station_sums(station, y, y + np.asarray(errors)[station] * rng.choice([-1, 1], station.size))


# --- by region --------------------------------------------------------------------------------------------------------


def test_places_are_in_their_states():
    lonlat = [[-86.16, 39.77], [-104.99, 39.74], [-77.04, 38.90], [-71.0, 30.0]]
    assert states(lonlat)[:3].tolist() == ["Indiana", "Colorado", "District of Columbia"]
    assert states(lonlat)[3] in ("North Carolina", "South Carolina", "Georgia", "Florida")  # at sea: the nearest


def test_a_regions_scores_are_those_of_its_rows():
    rng = np.random.default_rng(0)
    sums, region = sums_of(rng, rng.gamma(2, 1, 30)), rng.choice(["a", "b", "c"], 30)
    table = by_region(sums.astype(np.float32), region)
    assert table.index.tolist() == ["a", "b", "c"] and list(table) == ["stations", "n", *METRICS]
    assert table["stations"].sum() == 30 and table["n"].sum() == sums["n"].sum()
    for name in "abc":
        for metric, value in from_sums(sums[region == name].to_numpy().sum(0)).items():
            assert table.loc[name, metric] == pytest.approx(value, rel=1e-4, nan_ok=True)


def test_a_bad_region_is_named_and_is_not_chance():
    rng = np.random.default_rng(1)
    region = np.repeat(["coast", "plains", "hills", "islet"], [20, 20, 20, 2])
    errors = np.where(region == "plains", 4.0, 2.0)
    errors[-2:] = 30.0  # two stations that decide nothing
    sums = sums_of(rng, errors)
    found = unevenness(sums, region, rng=rng)
    assert found.worst == "plains" and found.p == 0.001 and found.null.shape == (999,)
    assert found.table["counted"].to_dict() == {"coast": True, "hills": True, "islet": False, "plains": True}
    assert found.spread == pytest.approx(np.std([2, 2, 4], ddof=1))
    assert found.overall == pytest.approx(from_sums(sums.to_numpy().sum(0))["rmse"])
    assert unevenness(sums, region, least=2, permutations=0).worst == "islet"
    assert np.isnan(unevenness(sums, region, permutations=0).p)


def test_the_spread_of_regions_does_not_depend_on_the_order_of_stations():
    rng = np.random.default_rng(2)
    sums, region, order = sums_of(rng, rng.gamma(2, 1, 40)), rng.choice(["a", "b", "c"], 40), rng.permutation(40)
    one, other = (
        unevenness(sums.iloc[o], region[o], permutations=50, rng=np.random.default_rng(0))
        for o in (np.arange(40), order)
    )
    assert other.spread == pytest.approx(one.spread) and other.worst == one.worst
    np.testing.assert_allclose(other.null, one.null)


def test_regions_drawn_at_random_have_uniform_p_values():
    rng = np.random.default_rng(3)
    p = [
        unevenness(
            sums_of(rng, rng.gamma(2, 1, 30), days=3), np.repeat(["a", "b", "c"], 10), permutations=99, rng=rng
        ).p
        for _ in range(100)
    ]
    assert kstest(p, "uniform").pvalue > 0.01


def test_regions_that_are_refused():
    sums, rng = sums_of(np.random.default_rng(4), np.ones(12)), np.random.default_rng(0)
    with pytest.raises(ScoreError, match="12 stations and 11 regions"):
        by_region(sums, ["a"] * 11)
    with pytest.raises(ScoreError, match="12 stations and 11 regions"):
        by_region(sums, [None] + ["a"] * 11)
    with pytest.raises(ScoreError, match="0 stations"):
        by_region(sums.iloc[:0], [])
    with pytest.raises(ScoreError, match="1 of 2 regions have 5 stations"):
        unevenness(sums, ["a"] * 8 + ["b"] * 4, rng=rng)


def test_the_committed_table_is_enough():
    every = store.sums("demo")
    if every.empty:
        pytest.skip("no committed results of the profile demo")
    sums = max((part for _, part in every.groupby("run")), key=len)
    lonlat = sums[["lon", "lat"]].to_numpy(np.float64)
    found = unevenness(sums, squares(lonlat), permutations=20, rng=np.random.default_rng(0))
    assert found.table["stations"].sum() == len(sums)
    assert found.overall == pytest.approx(from_sums(sums[SUMS].to_numpy(np.float64).sum(0))["rmse"])
    bias = from_sums(sums[SUMS].to_numpy(np.float64))["mbe"]
    assert -1 < moran(lonlat, bias, permutations=0).value < 1


# --- Moran's I --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "value"), [(4, 0.627259716300817), (8, 0.49007101915723256)])
def test_morans_i_is_that_of_esda(k, value):
    """Numbers from esda 2.9.0 (pysal.org) with its weights from great-circle neighbours, row-standardised."""
    lonlat, x = spread_out()
    assert moran(lonlat, x, k=k, permutations=0).value == pytest.approx(value, abs=1e-12)


def test_alike_neighbours_are_told_from_opposite_ones_and_from_chance():
    rng = np.random.default_rng(5)
    column, row = (part.ravel() for part in np.mgrid[:12, :12])
    lonlat = np.column_stack([-100 + 0.13 * column, 40 + 0.1 * row])
    trend, board = column + rng.normal(0, 1, 144), np.where((column + row) % 2, 1.0, -1.0)
    alike, opposite = (moran(lonlat, x, k=4, rng=rng) for x in (trend, board))
    assert alike.value > 0.7 and alike.p == 0.001 and alike.z > 5
    assert opposite.value < -0.7 and opposite.p == 1 and opposite.z < -5
    assert alike.null.mean() == pytest.approx(-1 / 143, abs=4 * alike.null.std() / np.sqrt(999))
    assert np.isnan([moran(lonlat, trend, permutations=0).p, moran(lonlat, trend, permutations=0).z]).all()


def test_values_without_a_pattern_have_uniform_p_values():
    rng = np.random.default_rng(6)
    p = [moran(rng.normal([-90, 40], 3, (40, 2)), rng.gamma(2, 1, 40), permutations=99, rng=rng).p for _ in range(150)]
    assert kstest(p, "uniform").pvalue > 0.01


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(-50, 50), st.integers(1, 12))
def test_morans_i_sees_neither_level_nor_scale_nor_the_order_of_places(seed, scale, level, k):
    rng = np.random.default_rng(seed)
    lonlat, x, order = rng.normal([179, -40], 2, (30, 2)), rng.normal(size=30), rng.permutation(30)
    lonlat[:, 0] = (lonlat[:, 0] + 180) % 360 - 180
    lonlat[5:12] = lonlat[5]  # monitors that share a site
    one = moran(lonlat, x, k=k, permutations=20, rng=np.random.default_rng(0))
    other = moran(lonlat[order], scale * x[order] + level, k=k, permutations=20, rng=np.random.default_rng(0))
    assert other.value == pytest.approx(one.value, abs=1e-9)
    np.testing.assert_allclose(other.null, one.null, atol=1e-9)


def test_what_morans_i_refuses():
    lonlat, x = spread_out(10)
    for wrong, error, message in [
        ((lonlat[:, ::-1], x), CoordinateError, "swapped"),
        ((lonlat, np.where(x == x[3], np.nan, x)), ScoreError, "1 of 10 values.*row 3"),
        ((lonlat[:2], x[:2]), ScoreError, "2 places.*at least 3"),
        ((lonlat, np.full(10, 2.5)), ScoreError, "all 10 values are 2.5"),
    ]:
        with pytest.raises(error, match=message):
            moran(*wrong, k=1, permutations=0)
    with pytest.raises(ScoreError, match="k=10 nearest of 9 other places"):
        moran(lonlat, x, k=10, permutations=0)
