"""How measurements repeat each other, against correlations that are known by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from placeprior.coords import great_circle_km
from placeprior.evidence import redundancy


def gappy(stations=6, days=200, seed=0):
    """Stations a degree apart with a common signal, some days missing."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=days) + rng.normal(size=(stations, days)) * np.arange(1, stations + 1)[:, None]
    values[rng.random(values.shape) < 0.2] = np.nan
    return values, np.column_stack([-100.0 + np.arange(stations), np.full(stations, 40.0)])


def test_pairs_are_pearsons_over_common_days():
    values, lonlat = gappy()
    pairs = redundancy.between_stations(values, lonlat)
    i, j = np.triu_indices(len(values), 1)
    assert np.allclose(pairs["km"], great_circle_km(lonlat, lonlat)[i, j])
    wanted = [pd.Series(values[a]).corr(pd.Series(values[b])) for a, b in zip(i, j, strict=True)]
    assert np.allclose(pairs["r"], wanted)


def test_pairs_with_few_common_days_are_left_out():
    values, lonlat = gappy()
    values[0, redundancy.days_needed(200) - 1 :] = np.nan
    assert len(redundancy.between_stations(values, lonlat)) == 10
    assert redundancy.days_needed(80) == 20 and redundancy.days_needed(365) == 45


def test_classes_of_distance_have_quantiles_and_enough_pairs():
    pairs = pd.DataFrame({"km": [12.0] * 5 + [15.0] * 6 + [30.0] * 4, "r": [*np.linspace(0, 1, 11), *[0.5] * 4]})
    curve = redundancy.by_distance(pairs)
    assert curve[["km", "low", "mid", "high", "n"]].to_numpy() == pytest.approx(np.array([[15, 0.1, 0.5, 0.9, 11]]))


def test_days_later_finds_a_weekly_rhythm_and_nothing_where_days_are_few():
    week = np.tile(np.arange(7.0), 20)
    later = redundancy.days_later(np.array([week, 2 * week, -week]))
    assert list(later.index) == list(redundancy.LAGS)
    assert later.loc[[7, 14]].to_numpy() == pytest.approx(1) and (later.loc[1:6] < 0.9).all(axis=None)
    assert redundancy.days_later(np.ones((2, 15))).isna().all(axis=None)
