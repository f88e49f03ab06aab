"""What a network sees: a map at a station's place and day is given, bit for bit, what the run itself saw there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr
from conftest import toy_cube
from test_predict import grid_of

from placeprior import data
from placeprior.data.world import simulation
from placeprior.data.world.simulation import World
from placeprior.errors import ConfigError
from placeprior.network.windows import Windows
from placeprior.runs import daily_maps, plan
from placeprior.runs.daily_maps import daily_map, fields_on
from placeprior.runs.inputs import Inputs
from placeprior.runs.networks import build_model

#: Task: the cube's attributes, and what `runs.yml` says of it.
TASKS = {
    "plain": ({}, {}),
    "neighbours": ({"neighbours": 1}, {}),
    "unmatched": ({"neighbours": 1}, {"neighbours": "unmatched"}),
    "leaking neighbours": ({"neighbours": 1}, {"leak": ["neighbours"]}),
    "leaking scalers": ({"neighbours": 1}, {"leak": ["scalers"]}),
    "gaps": ({"gaps": "warmth", "neighbours": 1}, {}),
}
MODELS = [
    "none",
    "none+head",
    "lonlat/channels",
    "sincos/channels",
    "sincos/hadamard",
    "geoclip/hadamard",
    "geoclip/concat",
    "space2vec-grid/hadamard",
    "siren-sh/concat",
    "slepian/gated",
    "random-vector/hadamard",
    "shuffled/hadamard",
    "smooth-random/film",
    "geoclip-pca8/concat",
]


def a_run(model, split="spatial", **data):
    variant, _, fusion = model.partition("/")
    run = replace(plan.runs("tiny")[1], variant=variant, fusion=fusion or "-", split=split)
    return replace(run, data=run.data | data)


@pytest.fixture
def seen(monkeypatch):
    """A function that says what the network is given for a run's map: windows (cell, day, feature) and places."""

    def of(run, grid):
        inputs, given = Inputs.of(run), []
        scalers = {name: getattr(inputs, name) for name in ("x_scale", "y_scale", "place_scale")}
        dim = 0 if inputs.place is None else inputs.place.shape[1]
        model = build_model(run, len(inputs.names), dim, inputs.module)
        monkeypatch.setattr(daily_maps, "restore", lambda _: (model, {k: v for k, v in scalers.items() if v}))
        monkeypatch.setattr(
            daily_maps, "estimate", lambda _, windows, rows: given.append(windows.gather(rows)) or [rows[:, 0]]
        )
        daily_map(run, grid, chunk=17)
        place = None if dim == 0 else torch.cat([part[1] for part in given])
        return torch.cat([part[0] for part in given]), place

    return of


def same(found, run, stations, day):
    """Whether a map's inputs are those that the run's network sees at its stations on a day."""
    inputs = Inputs.of(run)
    rows = torch.tensor([[station, day] for station in stations])
    x, place, _ = Windows(inputs.features, run.window, inputs.place).gather(rows)
    assert x.numpy().tobytes() == found[0].numpy().tobytes()
    assert (place is None) == (found[1] is None)
    assert place is None or place.numpy().tobytes() == found[1].numpy().tobytes()


@pytest.mark.parametrize("split", ["spatial", "random"])
@pytest.mark.parametrize("task", TASKS)
def test_of_every_task_a_map_sees_at_a_station_what_the_run_saw(project, monkeypatch, seen, task, split):
    attributes, said = TASKS[task]
    cube = toy_cube(49, 61).assign_attrs(attributes)  # the last period of matching has a day alone
    monkeypatch.setitem(data.TASKS, "toy", lambda: cube)
    run = a_run("sincos/hadamard", split, **said)
    for day in (25, 31, 60):
        grid = fields_on(run, cube["time"].values[day], grid_of(cube, 60))
        assert grid.sizes["time"] == run.window
        same(seen(run, grid), run, range(49), day)


@pytest.mark.parametrize("model", MODELS)
def test_whatever_is_told_of_a_place_a_map_tells_it_as_training_did(project, monkeypatch, seen, model):
    cube = toy_cube().assign_attrs(neighbours=1)
    monkeypatch.setitem(data.TASKS, "toy", lambda: cube)
    few = grid_of(cube, 30)
    few["land"][3:] = False  # three stations alone: matrices of another size are multiplied in another order
    same(seen(a_run(model), few), a_run(model), range(3), 30)


def test_in_the_embedded_world_a_map_sees_at_a_monitor_what_the_run_saw(project, monkeypatch, seen):
    world = World(stations=30, days=40, seed=0)
    monkeypatch.setitem(data.TASKS, "toy", world.cube)
    monkeypatch.setattr(simulation, "World", lambda **_: world)
    run = a_run("lonlat/channels", load="toy")
    cube = Inputs.of(run).cube
    monkeypatch.setattr(daily_maps, "cube_of", lambda _: cube)
    grid = fields_on(replace(run, data=run.data | {"load": "world"}), cube["time"].values[33], tuple(world.monitors.T))
    assert grid["land"].values.diagonal().all()
    grid["land"] = grid["land"] & np.eye(30, dtype=bool)
    same(seen(run, grid), run, range(30), 33)


@pytest.mark.parametrize("leak", [[], ["neighbours"]])
@pytest.mark.parametrize("split", ["spatial", "random"])
def test_a_map_by_inverse_distance_is_its_run_to_the_last_bit(project, monkeypatch, split, leak):
    cube = toy_cube()
    monkeypatch.setitem(data.TASKS, "toy", lambda: cube)
    run = a_run("idw", split, leak=leak)
    expected = Inputs.of(run).neighbour_mean(cube["time"].values)
    for day in (0, 44):
        made = daily_map(run, fields_on(run, cube["time"].values[day], grid_of(cube, 44))).values
        np.testing.assert_array_equal(made[np.eye(40, dtype=bool)], expected[:, day])


def test_other_interpolation_makes_no_map(project):
    with pytest.raises(ConfigError, match="'kriging' of run .* makes no maps"):
        daily_map(a_run("kriging"), grid_of(toy_cube(), 30))


def test_beside_a_station_a_map_reads_it_and_at_its_place_it_does_not(project, monkeypatch):
    cube = toy_cube(missing=0.0)
    monkeypatch.setitem(data.TASKS, "toy", lambda: cube)
    inputs = Inputs.of(a_run("idw"))
    station = int(np.flatnonzero(inputs.parts.pool.all(1))[0])
    at = inputs.lonlat[[station]]
    own, time = cube["pm25"].values[station], cube["time"].values
    assert np.abs(inputs.neighbour_mean(time, at + 0.001) - own).mean() < 0.1
    assert np.abs(inputs.neighbour_mean(time, at) - own).mean() > 0.5


def test_a_day_that_no_map_can_look_back_from_is_refused_with_those_that_it_can(project):
    run, time = a_run("none"), toy_cube()["time"].values
    for day in (time[1], time[-1] + np.timedelta64(1, "D")):
        with pytest.raises(
            ConfigError, match="2 days before it: these fields can be mapped from 2021-01-03 to 2021-02-14"
        ):
            fields_on(run, day, grid_of(toy_cube(), 44))


def test_fields_of_several_days_hold_each_day_once_with_those_before_it(project):
    run, time = a_run("none"), toy_cube()["time"].values
    grid = fields_on(run, time[[10, 11, 30]], grid_of(toy_cube(), 44))
    np.testing.assert_array_equal(grid["time"], time[[8, 9, 10, 11, 28, 29, 30]])
    assert isinstance(grid, xr.Dataset)
