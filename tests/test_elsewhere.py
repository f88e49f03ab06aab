"""Predictors where no monitor stands: as at the monitors, and refused where nobody knows them."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import toy_cube

from placeprior import data
from placeprior.data import elsewhere
from placeprior.data.cube import predictors
from placeprior.errors import ConfigError, CoordinateError
from placeprior.space.splits import lonlat_of

DAYS = np.array([3, 7, 8])


def test_the_world_has_at_a_monitor_what_the_monitor_sees():
    options = {"stations": 20, "days": 12}
    cube = data.load("world", **options)
    names = predictors(cube)
    found = elsewhere.fields(cube, "world", options, lonlat_of(cube)[:4], DAYS, [*names, "pm25_true"])
    for name in [*names, "pm25_true"]:
        expected = cube[name].transpose("station", "time").values[:4, DAYS]
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, atol=1e-5)


def test_weather_is_brought_to_a_place_as_to_the_monitors(monkeypatch):
    from placeprior.data import gsod, weather

    stations = toy_cube(30, 12, missing=0).rename(wind="wind_speed", warmth="temperature")
    monitors = toy_cube(9, 12, seed=1)[["pm25"]]
    monkeypatch.setattr(gsod, "cube", lambda year, fields: stations)
    fields = ["temperature", "wind_speed"]
    cube = weather.bring(monitors, stations, fields)
    season = np.broadcast_to(np.arange(12.0, dtype=np.float32), (9, 12))
    cube = cube.assign(doy_sin=(("station", "time"), season, {"role": "predictor"}))
    found = elsewhere.fields(cube, "weather-2019", {}, lonlat_of(cube)[:5], DAYS, [*fields, "doy_sin"])
    for name in [*fields, "doy_sin"]:
        np.testing.assert_array_equal(found[name], cube[name].values[:5, DAYS])


def test_what_is_known_at_stations_only_is_refused():
    cube = toy_cube()
    with pytest.raises(ConfigError, match="'wind' of task 'toy' is known at stations only"):
        elsewhere.fields(cube, "toy", {}, lonlat_of(cube), DAYS, ["wind"])
    with pytest.raises(CoordinateError):
        elsewhere.fields(cube, "toy", {}, lonlat_of(cube)[:, ::-1], DAYS, [])
