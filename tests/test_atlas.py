"""Maps of a year: each is the map of its day, strips bound the memory, and an interruption costs a strip at most."""

import numpy as np
import pytest
import xarray as xr
from test_cluster import RUNS
from test_predict import grid_of, stored, toy_cube

from placeprior import coords
from placeprior.data.world.simulation import World
from placeprior.errors import ConfigError, StoreError
from placeprior.runs import atlas, cluster, daily_maps, making, plan

pytest.importorskip("zarr")


@pytest.fixture
def fields():
    """Predictors of the toy's last twelve days, on a grid whose diagonal is land."""
    return grid_of(toy_cube(), 44).isel(time=slice(-12, None))


@pytest.fixture
def world_run(project):
    """A stored run of a small embedded world, which every process knows, and a coarse grid."""
    (project / "runs.yml").write_text(RUNS.format(seeds=[0]), encoding="utf-8")
    run = next(run for run in plan.runs("tiny") if run.variant == "none")
    making.make(run, log=lambda _: None)
    return run, coords.grid(5.0)


@pytest.mark.parametrize("model", ["idw", "sincos/hadamard"])
def test_every_day_is_the_map_of_that_day(project, fields, tmp_path, model):
    run = stored(model)
    days = fields["time"].values[run.window - 1 :]
    target = atlas.write(run, days, fields, tmp_path / "maps.zarr", cells=7 * fields.sizes["x"])
    made = xr.open_zarr(target, consolidated=False)
    assert made["estimate"].dims == ("time", "y", "x") and made["estimate"].dtype == np.float32
    assert made["time"].values.tolist() == days.tolist() and made.attrs["source"].startswith(f"placeprior run {run.id}")
    for day in (0, len(days) - 1):
        one = daily_maps.daily_map(run, daily_maps.fields_on(run, days[day], fields))
        np.testing.assert_allclose(made["estimate"].values[day], one, rtol=1e-4)


def interrupted(made):
    """A mapper's ``on`` that is stopped after two strips; their heights are noted in ``made``."""
    on = daily_maps.Mapper.on

    def dies(self, part):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(part.sizes["y"])
        return on(self, part)

    return dies


def test_what_was_interrupted_goes_on_and_ends_the_same(project, fields, tmp_path, monkeypatch):
    run = stored("sincos/hadamard")
    days, cells = fields["time"].values[run.window - 1 :], 7 * fields.sizes["x"]
    whole = xr.open_zarr(atlas.write(run, days, fields, tmp_path / "whole.zarr", cells=cells), consolidated=False)
    made, on = [], daily_maps.Mapper.on
    monkeypatch.setattr(daily_maps.Mapper, "on", interrupted(made))
    with pytest.raises(KeyboardInterrupt):
        atlas.write(run, days, fields, tmp_path / "maps.zarr", cells=cells)
    assert not (tmp_path / "maps.zarr").exists()
    monkeypatch.setattr(daily_maps.Mapper, "on", lambda self, part: (made.append(part.sizes["y"]), on(self, part))[1])
    told = []
    target = atlas.write(
        run, days, fields, tmp_path / "maps.zarr", cells=cells, progress=lambda *counts: told.append(counts)
    )
    assert told[0] == (2, 6) and told[-1] == (6, 6) and sum(made) == fields.sizes["y"], "no strip is made twice"
    np.testing.assert_array_equal(xr.open_zarr(target, consolidated=False)["estimate"], whole["estimate"])
    assert not list(tmp_path.glob("*.unfinished*"))


def test_nothing_is_overwritten_and_nothing_finished_as_something_else(project, fields, tmp_path, monkeypatch):
    run = stored("sincos/hadamard")
    days = fields["time"].values[run.window - 1 :]
    (tmp_path / "there.zarr").mkdir()
    with pytest.raises(StoreError, match="there.zarr is there already"):
        atlas.write(run, days, fields, tmp_path / "there.zarr")
    with monkeypatch.context() as patched:
        patched.setattr(daily_maps.Mapper, "on", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            atlas.write(run, days, fields, tmp_path / "maps.zarr")
    with pytest.raises(StoreError, match="begun for other maps"):
        atlas.write(stored("none"), days, fields, tmp_path / "maps.zarr")


def test_days_without_a_window_before_them_are_left_out_and_other_years_refused(project, fields):
    run = stored("none")
    days = atlas.days_of(run, 2021, fields)
    assert len(days) == fields.sizes["time"] - run.window + 1 and days[0] == fields["time"].values[run.window - 1]
    with pytest.raises(ConfigError, match="no day of 2019 can be mapped"):
        atlas.days_of(run, 2019, fields)


def test_a_strip_of_the_embedded_world_is_that_part_of_the_whole(monkeypatch):
    world = World(stations=30, days=40, seed=0)
    lonlat = np.column_stack([np.linspace(-110, -80, 12), np.full(12, 40.0)])
    whole, part = world.components(lonlat, np.arange(5)), world.components(lonlat[4:7], np.arange(5))
    for name in ("aod", "pm25_true"):
        np.testing.assert_allclose(part[name].transpose("place", "time"), whole[name].transpose("place", "time")[4:7])


def test_strips_may_be_made_by_workers(world_run, tmp_path):
    pytest.importorskip("distributed")
    run, where = world_run
    days = atlas.days_of(run, 2021, where)[-3:]
    here = atlas.write(run, days, where, tmp_path / "here.zarr", cells=20)
    with cluster.client("local:2") as workers:
        there = atlas.write(run, days, where, tmp_path / "there.zarr", cells=20, workers=workers)
    one, other = (xr.open_zarr(path, consolidated=False)["estimate"] for path in (here, there))
    assert np.isfinite(one.values).any()
    np.testing.assert_array_equal(one, other)
