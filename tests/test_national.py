"""National maps: which days are chosen, what the models are given there, and what the table holds."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from conftest import toy_cube

from placeprior import coords, data
from placeprior.data.cube import add_calendar
from placeprior.data.world.simulation import World
from placeprior.errors import ConfigError, StoreError
from placeprior.evidence import national_maps
from placeprior.runs import plan
from placeprior.runs.daily_maps import daily_map, fields_on
from placeprior.runs.making import make

RUNS = """\
profiles:
  tiny:
    size: demo
    settings: {width: 8, summary: 8, window: 3, epochs: 1, batch: 128}
    tasks:
      world: {load: world, options: {stations: 30, days: 40, fires: 2}}
    matrices:
      core:
        task: [world]
        model: [idw, none]
        split: [spatial]
        fold: [1]
        seed: [0]
pages: {}
"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Two stored runs on a small world, and their maps on a coarse grid."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "runs.yml").write_text(RUNS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(national_maps, "RESOLUTION", 3.0)
        runs = plan.runs("tiny", "core")
        for run in runs:
            make(run, log=lambda line: None)
        yield runs, national_maps.collect(runs)


def year(stations=6):
    """A year in which every monitor reads 8, with marked days."""
    pm25 = np.full((stations, 365), 8.0, np.float32)
    pm25[:, 30] = 30.0
    pm25[0, 200] = 300.0
    pm25[:, 5] = 99.0  # no full history yet
    pm25[1:, 210] = np.nan  # one monitor is no network
    pm25[0, 210] = 0.0
    time = np.arange("2021-01-01", 365, dtype="datetime64[D]").astype("datetime64[ns]")
    return xr.Dataset({"pm25": (("station", "time"), pm25)}, coords={"time": time})


def test_days_are_found_by_their_rule():
    assert national_maps.days(year()) == {"stagnant": 30, "smoke": 200}


def test_a_kind_of_day_that_the_record_has_not_is_left_out():
    assert national_maps.days(year().isel(time=slice(0, 60))).keys() == {"stagnant"}


def test_models_are_given_what_the_world_has_there(drawn):
    runs, _ = drawn
    made = fields_on(runs[1], np.datetime64("2021-01-26"), coords.grid(3.0))
    full = World(**runs[0].data["options"]).grid([23, 24, 25], 3.0)
    assert made.sizes["time"] == 3 and (made["time"].values == full["time"].values).all()
    np.testing.assert_array_equal(made["land"], full["land"])
    for name in ("temperature", "aod", "smoke", "doy_sin", "pm25_true"):
        land = made["land"].values
        np.testing.assert_allclose(made[name].values[:, land], full[name].values[:, land], rtol=1e-5, atol=1e-5)
        assert np.isnan(made[name].values[:, ~land]).all()


def test_table_holds_every_runs_map_and_the_truth(drawn):
    runs, table = drawn
    assert set(table["variant"]) == {"idw", "none", "truth"} and set(table["kind"]) == {"stagnant"}
    assert (table.groupby(["variant", "kind"]).size() == table.groupby(["variant", "kind"]).size().iloc[0]).all()
    cube = World(**runs[0].data["options"]).cube()
    grid = fields_on(runs[1], cube["time"].values[national_maps.days(cube)["stagnant"]], coords.grid(3.0))
    for run in runs:
        shown = national_maps.layer(table[(table["variant"] == run.variant) & (table["kind"] == "stagnant")])
        np.testing.assert_allclose(shown.values, daily_map(run, grid).values, atol=0.0051)
    known = national_maps.layer(table[(table["variant"] == "truth") & (table["kind"] == "stagnant")])
    np.testing.assert_allclose(known.values, grid["pm25_true"].values[-1], atol=0.0051)


def test_rows_of_two_maps_are_no_map(drawn):
    _, table = drawn
    with pytest.raises(StoreError, match="are not one map"):
        national_maps.layer(table)
    with pytest.raises(StoreError, match="0 rows are not one map"):
        national_maps.layer(table.iloc[:0])


def test_a_task_of_calendar_and_neighbours_has_maps(project, monkeypatch):
    def only_calendar():
        return add_calendar(toy_cube().drop_vars(["wind", "warmth"])).assign_attrs(neighbours=1)

    monkeypatch.setitem(data.TASKS, "toy", only_calendar)
    monkeypatch.setattr(national_maps, "RESOLUTION", 4.0)
    nearest, plain = plan.runs("tiny")[:2]
    assert (nearest.variant, plain.variant) == ("idw", "none")
    table = national_maps.collect([nearest])
    assert set(table["kind"]) == {"stagnant"} and table["estimate"].notna().all()
    grid = fields_on(plain, np.datetime64("2021-01-31"), coords.grid(4.0))
    np.testing.assert_allclose(
        grid["doy_sin"].values[:, grid["land"].values][:, 0], only_calendar()["doy_sin"].values[0, 28:31]
    )


def test_a_predictor_known_at_stations_only_is_refused_by_name(project):
    with pytest.raises(ConfigError, match="'wind' of task 'toy' is known at stations only"):
        national_maps.collect([plan.runs("tiny")[0]])
