"""Windows are slices of one array; scalers know training rows only."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior.errors import ConfigError
from placeprior.network.windows import Scaler, Windows


def toy(stations=6, days=30, features=4, window=5, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(stations, days, features)).astype(np.float32)
    place = rng.normal(size=(stations, 3)).astype(np.float32)
    target = rng.normal(size=(stations, days)).astype(np.float32)
    return Windows(x, window, place, target), x, place, target


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 21), st.integers(0, 2**32 - 1))
def test_gathered_windows_are_slices(window, seed):
    windows, x, place, target = toy(window=window, seed=seed)
    rng = np.random.default_rng(seed)
    rows = np.column_stack([rng.integers(0, 6, 9), rng.integers(window - 1, 30, 9)])
    got, where, y = windows.gather(torch.as_tensor(rows))
    for i, (s, t) in enumerate(rows):
        np.testing.assert_array_equal(got[i], x[s, t - window + 1 : t + 1])
    np.testing.assert_array_equal(where, place[rows[:, 0]])
    np.testing.assert_array_equal(y, target[rows[:, 0], rows[:, 1]])


def test_place_and_target_may_be_absent():
    windows = Windows(np.zeros((2, 9, 1), np.float32), 3)
    x, place, target = windows.gather(torch.tensor([[1, 8]]))
    assert x.shape == (1, 3, 1) and place is None and target is None


def test_rows_are_the_true_cells_of_the_mask():
    windows, *_ = toy()
    mask = np.zeros((6, 30), bool)
    mask[[1, 5, 5], [20, 4, 29]] = True
    assert windows.rows(mask).tolist() == [[1, 20], [5, 4], [5, 29]]


def test_a_row_without_a_full_window_is_refused():
    windows, *_ = toy(window=5)
    mask = np.zeros((6, 30), bool)
    mask[2, 3] = True
    with pytest.raises(ConfigError, match="day 3.*window of 5"):
        windows.rows(mask)


def test_features_are_kept_once():
    windows, x, place, target = toy(stations=50, days=100)
    assert windows.features.data_ptr() == x.ctypes.data  # not even copied
    kept = {k: v for k, v in vars(windows).items() if isinstance(v, torch.Tensor)}
    numbers = sum(v.untyped_storage().nbytes() for v in kept.values())
    assert numbers <= x.nbytes + place.nbytes + target.nbytes + 8 * windows.window


def test_scaler_centres_and_scales_and_ignores_missing_values():
    rng = np.random.default_rng(0)
    values = rng.normal([3, -200, 0.01], [2, 50, 0.001], (500, 3)).astype(np.float32)
    values[rng.random(values.shape) < 0.3] = np.nan
    scaler = Scaler.fit(values)
    np.testing.assert_allclose(scaler.mean, np.nanmean(values.astype(float), 0), rtol=1e-5)
    np.testing.assert_allclose(scaler.scale, np.nanstd(values.astype(float), 0), rtol=1e-4)
    scaled = scaler(values)
    assert scaled.dtype == np.float32 and np.isfinite(scaled).all()
    assert (scaled[np.isnan(values)] == 0).all()
    np.testing.assert_allclose(
        np.where(np.isnan(values), np.nan, scaled * scaler.scale + scaler.mean), values, rtol=1e-3, atol=1e-5
    )


def test_scaler_of_nothing_leaves_finite_numbers():
    scaler = Scaler.fit(np.full((4, 2), np.nan, np.float32))
    assert (scaler.mean == 0).all() and (scaler.scale == 1).all()
    np.testing.assert_array_equal(scaler(np.array([[np.nan, 2.0]])), [[0, 2]])


@settings(max_examples=60, deadline=None)
@given(st.floats(-1e7, 1e7, width=32), st.integers(1, 3000))
def test_a_feature_that_is_constant_in_training_keeps_its_unit(value, n):
    scaler = Scaler.fit(np.full((n, 1), value, np.float32))
    assert scaler.scale[0] == 1
    elsewhere = np.array([[value + 5]], np.float32)
    assert abs(float(scaler(elsewhere)[0, 0])) <= 6


def test_scaler_does_not_depend_on_rows_it_was_not_given(cube):
    from placeprior.space.splits import split

    parts = split("spatial", cube, 0)
    values = cube["wind"].values[..., None]
    changed = np.where(parts.train[..., None], values, 1e6).astype(np.float32)
    one, two = Scaler.fit(values[parts.train]), Scaler.fit(changed[parts.train])
    assert one.mean == two.mean and one.scale == two.scale


def test_a_scaler_gives_back_what_it_scaled():
    values = np.random.default_rng(0).normal([5, -20], [2, 9], (50, 2)).astype(np.float32)
    np.testing.assert_allclose(Scaler.fit(values).inverse(Scaler.fit(values)(values)), values, rtol=1e-4)
    one = Scaler.fit(values[:, :1])  # of a target: any shape
    np.testing.assert_allclose(
        one.inverse(one(values[:, :1])[:, 0].reshape(5, 10)), values[:, 0].reshape(5, 10), rtol=1e-4
    )
