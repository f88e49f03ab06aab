"""Scores against scikit-learn, sums against rows, and a bootstrap whose unit is the station."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from placeprior.errors import TrainingError
from placeprior.scores.metrics import METRICS, SUMS, bootstrap, from_sums, over_area, station_sums


def toy(seed=0, stations=20, days=30, shared=0.0):
    rng = np.random.default_rng(seed)
    station = np.repeat(np.arange(stations), days)
    y = rng.gamma(2, 8, station.size)
    error = rng.normal(size=station.size) + shared * rng.normal(size=stations)[station]
    return station, y, y + 3 * error


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(2, 20))
def test_scores_equal_scikit_learn(seed, stations, days):
    station, y, estimate = toy(seed, stations, days)
    got = from_sums(station_sums(station, y, estimate).to_numpy().sum(0))
    assert set(got) == set(METRICS)
    assert got["r2"] == pytest.approx(r2_score(y, estimate), abs=1e-9)
    assert got["rmse"] == pytest.approx(root_mean_squared_error(y, estimate))
    assert got["mae"] == pytest.approx(mean_absolute_error(y, estimate))
    assert got["mbe"] == pytest.approx(np.mean(estimate - y), abs=1e-9)
    high = y >= 35
    if high.any():
        assert got["rmse_35"] == pytest.approx(root_mean_squared_error(y[high], estimate[high]))
    else:
        assert np.isnan(got["rmse_35"])


def test_high_days_start_at_35_inclusive():
    got = from_sums(station_sums(np.array([0, 0]), np.array([34.99, 35.0]), np.array([0.0, 33.0])).to_numpy()[0])
    assert got["rmse_35"] == 2


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_an_estimate_that_is_no_number_is_refused_and_never_counts_as_perfect(wrong):
    with pytest.raises(TrainingError, match="1 of 3 estimates .*station 7"):
        station_sums(np.array([5, 7, 7]), np.array([1.0, 2, 3]), np.array([1.0, wrong, 3]))


def test_a_positive_bias_is_an_estimate_that_is_too_high():
    sums = station_sums(np.array([0, 1, 1]), np.array([1.0, 2, 3]), np.array([2.0, 3, 4]))
    assert from_sums(sums.to_numpy().sum(0))["mbe"] == 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_sums_do_not_depend_on_the_order_of_rows(seed):
    station, y, estimate = toy(seed)
    order = np.random.default_rng(seed).permutation(len(y))
    one, two = station_sums(station, y, estimate), station_sums(station[order], y[order], estimate[order])
    assert list(one.columns) == SUMS and one.index.name == "station"
    np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9)
    assert one["n"].sum() == len(y)


def test_scores_of_many_sums_at_once_are_the_scores_of_each():
    sums = station_sums(*toy()).to_numpy()
    together = from_sums(sums)
    for i in range(len(sums)):
        for metric, value in from_sums(sums[i]).items():
            np.testing.assert_equal(together[metric][i], value)


def test_float32_input_is_summed_in_double():
    station, y, estimate = toy(days=2000)
    got = from_sums(station_sums(station, y.astype(np.float32), estimate.astype(np.float32)).to_numpy().sum(0))
    assert got["r2"] == pytest.approx(r2_score(y, estimate), abs=1e-6)


def test_intervals_are_wider_over_stations_than_over_rows_when_a_stations_errors_are_alike():
    station, y, estimate = toy(stations=40, days=50, shared=1.0)
    by_station = bootstrap(station_sums(station, y, estimate).to_numpy()[None], 400)["mbe"]
    rows = np.arange(len(y))
    by_row = bootstrap(station_sums(rows, y, estimate).to_numpy()[None], 400)["mbe"]
    assert by_station.std() > 3 * by_row.std()


def test_bootstrap_repeats_itself_and_covers():
    sums = station_sums(*toy(stations=80)).to_numpy()[None]
    one, two, other = bootstrap(sums, 300), bootstrap(sums, 300), bootstrap(sums, 300, seed=1)
    np.testing.assert_array_equal(one["r2"], two["r2"])
    assert (one["r2"] != other["r2"]).any() and one["r2"].shape == (1, 300)
    low, high = np.percentile(one["rmse"], [2.5, 97.5])
    assert low < from_sums(sums[0].sum(0))["rmse"] < high


def test_a_masked_measurement_is_not_a_number_and_is_refused():
    y = np.ma.masked_array([1.0, 2.0, 99999.0], [False, False, True])
    with pytest.raises(TrainingError, match="1 of 3 .* not finite numbers, first at station 2"):
        station_sums(np.array([0, 1, 2]), y, np.ones(3))


def field(values, lat):
    return xr.DataArray(np.array(values, float), dims=("y", "x"), coords={"lat": ("y", np.array(lat, float))})


def test_a_cell_of_a_map_weighs_by_its_area():
    truth = field([[1, 3], [5, 7]], [0, 60])  # at 60° a cell has half the area of one at the equator
    found = over_area(truth + field([[0, 0], [3, 3]], [0, 60]), truth)
    assert found["mbe"] == pytest.approx(1.0) and found["rmse"] == pytest.approx(np.sqrt(3.0))
    assert over_area(2 * truth, truth)["r"] == pytest.approx(1.0)


def test_cells_without_a_value_do_not_count_and_a_constant_map_has_no_correlation():
    truth = field([[1, np.nan], [5, 7]], [30, 40])
    found = over_area(field([[2, 9], [6, np.nan]], [30, 40]), truth)
    assert found["rmse"] == pytest.approx(1.0) and found["mbe"] == pytest.approx(1.0)
    assert np.isnan(over_area(field([[2, 2], [2, 2]], [30, 40]), truth)["r"])
