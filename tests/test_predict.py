"""Maps from a stored run: what the run itself estimated, from the same inputs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr
from conftest import toy_cube

from placeprior import data
from placeprior.errors import ConfigError, StoreError
from placeprior.runs import plan, store
from placeprior.runs.daily_maps import daily_map
from placeprior.runs.making import make
from placeprior.runs.networks import restore


def grid_of(cube, day):
    """A grid with one row of cells whose column ``x`` has station ``x``'s longitude and its inputs.

    A regular grid cannot hold scattered stations, so each station has a row of its own: cell (i, i) is station i.
    """
    n, days = cube.sizes["station"], slice(0, day + 1)
    land = np.eye(n, dtype=bool)
    fields = {}
    for name in ("wind", "warmth"):
        values = np.full((day + 1, n, n), np.nan, np.float32)
        values[:, np.arange(n), np.arange(n)] = cube[name].values[:, days].T
        fields[name] = (("time", "y", "x"), values)
    return xr.Dataset(
        fields,
        coords={
            "time": cube["time"].values[days],
            "lon": ("x", cube["lon"].values),
            "lat": ("y", cube["lat"].values),
            "land": (("y", "x"), land),
        },
    )


def stored(model, profile="tiny"):
    run = next(run for run in plan.runs(profile) if run.model == model)
    make(run, lambda _: None)
    return run


def test_a_map_of_a_run_with_filled_gaps_is_made_from_filled_fields(project, monkeypatch):
    monkeypatch.setitem(data.TASKS, "toy", lambda: toy_cube().assign_attrs(gaps="warmth"))
    run, cube = stored("sincos/hadamard"), toy_cube()
    rows = store.table(run.id, "predictions")
    window = run.settings.window
    # Rows whose window had a gap: there filled and unfilled fields give other estimates.
    gap = np.isnan(cube["warmth"].values)
    rows = rows[[gap[s, d - window + 1 : d + 1].any() for s, d in zip(rows["station"], rows["day"], strict=True)]]
    day = int(rows["day"].mode()[0])
    rows = rows[rows["day"] == day]
    made = daily_map(run, grid_of(cube, day))
    np.testing.assert_allclose(made.values[rows["station"], rows["station"]], rows["estimate"], rtol=1e-4)


@pytest.mark.parametrize("neighbours", [0, 1])
@pytest.mark.parametrize("model", ["idw", "none", "sincos/channels", "sincos/hadamard"])
def test_a_map_is_the_runs_own_estimate_at_a_station(project, monkeypatch, model, neighbours):
    def cube_with_or_without():
        return toy_cube().assign_attrs(neighbours=neighbours)

    monkeypatch.setitem(data.TASKS, "toy", cube_with_or_without)
    run, cube = stored(model), cube_with_or_without()
    rows = store.table(run.id, "predictions")
    day = int(rows["day"].max())
    made = daily_map(run, grid_of(cube, day))
    assert made.dims == ("y", "x") and made.attrs["units"] == "µg m-3"
    rows = rows[rows["day"] == day]
    assert len(rows)
    np.testing.assert_allclose(made.values[rows["station"], rows["station"]], rows["estimate"], rtol=1e-4)
    land = np.eye(cube.sizes["station"], dtype=bool)
    assert np.isnan(made.values[~land]).all() and np.isfinite(made.values[land]).all()


def test_chunks_and_earlier_days_change_nothing(project):
    run, cube = stored("sincos/hadamard"), toy_cube()
    grid = grid_of(cube, 40)
    whole = daily_map(run, grid)
    np.testing.assert_allclose(daily_map(run, grid, chunk=7), whole, rtol=1e-4)
    np.testing.assert_array_equal(daily_map(run, grid.isel(time=slice(-3, None))), whole)


def test_too_few_days_are_refused_with_the_number(project):
    run = stored("none")
    with pytest.raises(ConfigError, match="needs 3 days of predictors; the grid has 2"):
        daily_map(run, grid_of(toy_cube(), 40).isel(time=slice(-2, None)))


def test_a_day_without_monitors_is_refused_by_date(project):
    run, grid = stored("idw"), grid_of(toy_cube(), 40)
    for shift in (365, -365):
        later = grid.assign_coords(time=grid["time"].values + np.timedelta64(shift, "D"))
        with pytest.raises(ConfigError, match="no monitor was read on 202[02]-02-1"):
            daily_map(run, later)


def test_a_run_of_the_published_configuration_has_its_window(project):
    # Only differences from the published configuration are kept with a run: here there is none.
    run = dataclasses.replace(stored("none"), config={})
    with pytest.raises(StoreError, match=run.id):
        daily_map(run, grid_of(toy_cube(), 40))


def test_restored_weights_are_the_stored_ones_and_misfits_are_named(project, monkeypatch):
    run = stored("sincos/hadamard")
    model, scalers = restore(run)
    weights = store.tensors(run.id)
    assert not model.training and set(scalers) == {"x_scale", "y_scale", "place_scale"}
    assert all((weights[f"model.{k}"] == v).all() for k, v in model.state_dict().items())
    other = stored("none")
    misfit = store.tensors(other.id)
    monkeypatch.setattr(store, "tensors", lambda _: misfit)
    with pytest.raises(StoreError, match=f"weights of run {run.id} do not fit.*remove"):
        restore(run)


def test_a_network_that_this_process_cannot_compute_says_how_to_start_one_that_can(project, monkeypatch):
    run = stored("none")
    rounded = dataclasses.replace(run, config=run.config | {"precision": "bfloat16"})
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    with pytest.raises(ConfigError, match=f"{rounded.id} computes in bfloat16.*ONEDNN_MAX_CPU_ISA=DEFAULT"):
        restore(rounded)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "DEFAULT")
    with pytest.raises(StoreError, match="not in the store"):  # it would compute, if it were there
        restore(rounded)
