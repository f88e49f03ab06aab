"""Filling AOD: observed values stay, nothing held out shapes the filler, and its accuracy is measured."""

import numpy as np
import pytest

from placeprior.data import gapfill
from placeprior.errors import CubeError, UnknownName

NAMES = ["aod_047", "humidity", "elevation", "wind", "aod_055"]
GAPS = ["aod_047", "aod_055"]
A, B = 0, 4
STATIONS, DAYS = 40, 120
TIME = np.arange("2020-06-01", DAYS, dtype="datetime64[D]")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setitem(gapfill.TREES, "max_iter", 50)


def truth(features):
    """AOD at both bands as a function of the weather."""
    blue = 0.2 + 0.15 * np.sin(features[..., 1]) + 0.05 * features[..., 3]
    return np.stack([blue, 0.7 * blue], -1)


def world(seed=0, hidden=0.5, one=0.1):
    """Predictors with gaps, and the truth: days of cloud hide both bands, some days lack one."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(STATIONS, DAYS, 5)).astype(np.float32)
    features[..., 2] = rng.uniform(0, 3000, (STATIONS, 1))
    features[rng.random((STATIONS, DAYS)) < 0.05, 3] = np.nan
    known = np.nan_to_num(features)
    features[..., [A, B]] = truth(known)
    whole = features.copy()
    features[rng.random((STATIONS, DAYS)) < hidden] *= np.array([np.nan, 1, 1, 1, np.nan])
    features[rng.random((STATIONS, DAYS)) < one, B] = np.nan
    features[rng.random((STATIONS, DAYS)) < one, A] = np.nan
    return features, whole


def mask(stations=30):
    fitted = np.zeros((STATIONS, DAYS), bool)
    fitted[:stations] = True
    return fitted


def places(seed=0):
    return np.random.default_rng(seed).uniform([-120, 30], [-70, 48], (STATIONS, 2))


def fill(features, fitted=None, lonlat=None, gaps=GAPS, seed=3):
    filler = gapfill.Filler(
        features,
        NAMES,
        gaps,
        mask() if fitted is None else fitted,
        places() if lonlat is None else lonlat,
        TIME,
        seed=seed,
    )
    return filler(features, TIME), filler.accuracy()


def test_other_places_and_days_are_filled_as_the_stations_were():
    features, _ = world()
    filler = gapfill.Filler(features, NAMES, GAPS, mask(), places(), TIME, seed=3)
    few = filler(features[5:9, 10:20], TIME[10:20])
    np.testing.assert_array_equal(few, filler(features, TIME)[5:9, 10:20])
    # A gap that no station had, both bands at once, is filled too.
    both = features[:2].copy()
    both[..., [A, B]] = np.nan
    assert np.isfinite(filler(both, TIME)[..., [A, B]]).all()


def test_observed_values_stay_and_no_gap_is_left():
    features, _ = world()
    before = features.copy()
    filled, _ = fill(features)
    assert filled.dtype == np.float32 and filled.shape == features.shape
    assert np.array_equal(features, before, equal_nan=True)  # the input is not changed
    assert np.isfinite(filled[..., [A, B]]).all()
    known = np.isfinite(features)
    assert np.array_equal(filled[known], features[known])
    assert np.array_equal(filled[..., 1:4], features[..., 1:4], equal_nan=True)  # other gaps are not its business


def test_a_known_function_is_recovered_and_the_accuracy_is_honest():
    features, whole = world()
    filled, accuracy = fill(features)
    for band in (A, B):
        gap = np.isnan(features[..., band]) & ~mask() & np.isfinite(features[..., 3])
        error = filled[gap, band] - whole[gap, band]
        assert 1 - (error**2).mean() / whole[gap, band].var() > 0.95
    assert accuracy.columns.tolist() == gapfill.COLUMNS
    assert accuracy.variable.tolist() == ["aod_047", "aod_047", "aod_055", "aod_055"]
    assert accuracy.beside.tolist() == ["", "aod_055", "", "aod_047"]
    assert (accuracy.r2 > 0.85).all() and (accuracy.mbe.abs() < 0.01).all() and (accuracy.rmse < 0.05).all()
    sharper = accuracy.rmse.to_numpy().reshape(2, 2)
    assert (sharper[:, 1] < sharper[:, 0]).all()  # the other band tells most of it
    observed = np.isfinite(features[..., A]) & mask()
    counted = accuracy.iloc[0]
    assert counted.n_fitted + counted.n_held_out == observed.sum()
    assert counted.n_held_out == pytest.approx(0.2 * observed.sum(), rel=0.1)
    shares = accuracy.groupby("variable").share.sum()
    assert shares["aod_047"] == pytest.approx(np.isnan(features[:30, :, A]).mean())


def test_days_without_either_band_are_not_filled_by_the_model_that_leans_on_the_other():
    features, whole = world(one=0.0)
    features[:5, 20:40, B] = np.nan  # a few days with one band, so that both fillers are there
    filled, accuracy = fill(features)
    assert set(accuracy.beside) == {"", "aod_047"}
    cloud = np.isnan(features[..., A]) & np.isfinite(features[..., 3])
    assert np.corrcoef(filled[cloud, B], whole[cloud, B])[0, 1] > 0.95


def test_nothing_held_out_reaches_what_is_fitted():
    features, _ = world()
    fitted = mask()
    fitted[:, -30:] = False  # days are held out too
    filled, accuracy = fill(features, fitted)
    other = features.copy()
    other[~fitted] = np.random.default_rng(9).normal(5, 3, (int((~fitted).sum()), 5))
    other[~fitted & (np.random.default_rng(8).random(fitted.shape) < 0.3)] *= np.array([np.nan, 1, 1, 1, np.nan])
    again, same = fill(other, fitted)
    assert np.array_equal(again[fitted], filled[fitted], equal_nan=True)
    assert same.equals(accuracy)
    assert not np.array_equal(again[~fitted], filled[~fitted], equal_nan=True)


def test_held_out_gaps_follow_their_own_weather_not_their_own_aod():
    features, _ = world(one=0.0)
    filled, _ = fill(features)
    other = features.copy()
    rows = ~mask() & np.isfinite(features[..., A])
    other[rows, A], other[rows, B] = 9.0, 9.0
    again, _ = fill(other)
    gap = np.isnan(features[..., A])
    assert np.array_equal(again[gap], filled[gap], equal_nan=True)


def test_neither_the_place_nor_what_never_changes_is_an_input():
    features, _ = world()
    filled, accuracy = fill(features)
    other = features.copy()
    other[..., 2] = other[::-1, :, 2]  # elevation
    order = np.argsort(places()[:, 0])
    moved = np.empty_like(places())
    moved[order] = np.sort(places(), axis=0) * 0.9  # other places that sort alike: the same are drawn
    again, same = fill(other, lonlat=moved)
    assert np.array_equal(again[..., [A, B]], filled[..., [A, B]]) and same.equals(accuracy)


def test_stations_at_one_place_are_held_out_together():
    order = gapfill._order(np.repeat(places()[:20], 2, axis=0), 1)
    assert np.array_equal(order[::2], order[1::2]) and len(np.unique(order)) == 20
    held = gapfill._held_out(order, mask(40)).any(1)
    assert np.array_equal(held[::2], held[1::2]) and held.sum() == 8


def test_equal_seeds_give_equal_bits_and_others_other_stations():
    features, _ = world()
    first, accuracy = fill(features)
    again, same = fill(features)
    assert first.tobytes() == again.tobytes() and same.equals(accuracy)
    other, different = fill(features, seed=4)
    assert not np.array_equal(other, first, equal_nan=True) and not different.equals(accuracy)


def test_rows_are_capped(monkeypatch):
    monkeypatch.setattr(gapfill, "ROWS", 500)
    features, _ = world()
    first, accuracy = fill(features)
    assert accuracy.n_fitted.tolist() == [500] * 4
    assert first.tobytes() == fill(features)[0].tobytes()


def test_one_band_alone_and_nothing_to_fill():
    features, whole = world()
    filled, accuracy = fill(features, gaps=["aod_055"])
    assert accuracy.beside.tolist() == [""] and np.isfinite(filled[..., B]).all()
    assert np.array_equal(filled[..., A], features[..., A], equal_nan=True)
    same, empty = fill(whole)
    assert np.array_equal(same, whole, equal_nan=True) and empty.empty and list(empty) == gapfill.COLUMNS


def test_one_place_has_no_accuracy_but_is_filled():
    features, _ = world()
    filled, accuracy = fill(features, fitted=mask(1))
    assert np.isfinite(filled[..., [A, B]]).all()
    assert (accuracy.n_held_out == 0).all() and accuracy.rmse.isna().all()


def test_a_predictor_unknown_where_aod_is_known_does_no_harm():
    features, _ = world()
    features[..., 3] = np.where(np.isfinite(features[..., A]), np.nan, 1 + 0.1 * np.arange(DAYS))
    assert np.isfinite(fill(features)[0][..., [A, B]]).all()


def test_what_cannot_be_filled_is_said():
    features, _ = world()
    gone = features.copy()
    gone[:30, :, B] = np.nan  # known at held-out stations only
    with pytest.raises(CubeError, match="aod_055 was observed on 0 of 3600 fitted station-days.*leave it out"):
        fill(gone)
    with pytest.raises(UnknownName, match="variable 'aod_55'; did you mean 'aod_055'"):
        fill(features, gaps=["aod_55"])
    with pytest.raises(CubeError, match="do not fit each other"):
        fill(features, fitted=mask()[:, 1:])
