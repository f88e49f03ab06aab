"""Dense daily maps from a stored run, in chunks, with the inputs a person at that place would have."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from placeprior.data.cube import predictors
from placeprior.errors import ConfigError, StoreError
from placeprior.network.training import estimate
from placeprior.network.windows import Scaler, Windows
from placeprior.runs import plan, store
from placeprior.runs.making import build_model, cube_of, filler_of, parts_of, place_encoder, pool_of, trainable
from placeprior.runs.plan import Run
from placeprior.space.neighbours import neighbour_features
from placeprior.space.splits import lonlat_of


def restore(run: Run) -> tuple[torch.nn.Module, dict[str, Scaler]]:
    """A stored run's network with its best weights, and its scalers.

    Returns
    -------
    model : PlaceModel
    scalers : dict
        ``x_scale``, ``y_scale`` and, where a place is told, ``place_scale``.
    """
    tensors = store.tensors(run.id)
    scalers = {
        name: Scaler(tensors[f"{name}.mean"].numpy(), tensors[f"{name}.scale"].numpy())
        for name in ("x_scale", "y_scale", "place_scale")
        if f"{name}.mean" in tensors
    }
    dim = scalers["place_scale"].mean.size if "place_scale" in scalers else 0
    try:
        model = build_model(run, scalers["x_scale"].mean.size, dim, trainable(run))
        model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")})
    except (RuntimeError, ValueError, KeyError) as error:
        raise StoreError(
            f"the weights of run {run.id} do not fit its model; remove {store.store() / run.id} and run "
            f"`placeprior runs run {run.id}`"
        ) from error
    return model.eval(), scalers


def daily_map(run: Run, grid: xr.Dataset, *, chunk: int = 20_000) -> xr.DataArray:
    """Estimate PM2.5 on every land cell of a grid, for its last day.

    Parameters
    ----------
    run : Run
        A stored run.
    grid : xarray.Dataset
        Predictors on (time, y, x) with coordinates ``lon``, ``lat`` and a mask ``land`` (y, x); the last ``window``
        days of ``time`` are read. A task with a neighbour feature gets it from the run's own training stations.
    chunk : int
        Cells estimated at once, which bounds the memory.

    Returns
    -------
    xarray.DataArray
        (y, x), µg m-3; NaN off land.
    """
    config = run.settings
    lon, lat = np.meshgrid(grid["lon"].values, grid["lat"].values)
    land = grid["land"].values
    lonlat = np.column_stack([lon[land], lat[land]])
    values = np.full(land.shape, np.nan, np.float32)
    if run.variant in plan.BASELINES and run.variant != "idw":
        raise ConfigError(f"baseline {run.variant!r} of run {run.id} makes no maps; choose 'idw' or a trained run")
    if run.variant == "idw":
        values[land] = _neighbours(run, lonlat, grid["time"].values[-1:])[:, 0, 0]
    else:
        model, scalers = restore(run)
        days = grid.isel(time=slice(-config.window, None))
        if days.sizes["time"] < config.window:
            raise ConfigError(
                f"a map needs {config.window} days of predictors; the grid has {days.sizes['time']}: "
                "give it the days before as well"
            )
        cube = cube_of(run)
        parts = parts_of(run, cube)
        fields = np.stack([days[name].transpose("y", "x", "time").values[land] for name in predictors(cube)], -1)
        if filler := filler_of(run, cube, parts):
            fields = filler(fields.astype(np.float32), days["time"].values)
        layers = [fields]
        if cube.attrs.get("neighbours"):
            layers.append(_neighbours(run, lonlat, days["time"].values))
        features = scalers["x_scale"](np.concatenate(layers, -1).astype(np.float32))
        place = None
        if "place_scale" in scalers:
            place = scalers["place_scale"](place_encoder(run, cube, parts)(lonlat))
        estimates = []
        for start in range(0, len(lonlat), chunk):
            part = slice(start, start + chunk)
            windows = Windows(features[part], config.window, None if place is None else place[part])
            cells = torch.arange(len(features[part]))
            rows = torch.stack([cells, torch.full_like(cells, config.window - 1)], dim=1)
            estimates.append(estimate(model, windows, rows)[0])
        scale = scalers["y_scale"]
        values[land] = np.concatenate(estimates) * scale.scale[0] + scale.mean[0]
    return xr.DataArray(
        values,
        dims=("y", "x"),
        coords={"lon": grid["lon"], "lat": grid["lat"]},
        attrs={"units": "µg m-3", "long_name": f"estimated PM2.5, {run.model}"},
        name="estimate",
    )


def _neighbours(run: Run, lonlat: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The neighbour features at any place, from the run's training stations only, shape (n, time, 2)."""
    cube = cube_of(run)
    parts = parts_of(run, cube)
    known = cube["time"].values
    day = np.searchsorted(known, times).clip(max=len(known) - 1)
    if not np.array_equal(known[day], times):
        missing, first, last = np.array([times[known[day] != times][0], known[0], known[-1]], "datetime64[D]")
        raise ConfigError(
            f"no monitor was read on {missing}: task {run.task!r} has {first} to {last}; choose among these days"
        )
    return neighbour_features(
        cube["pm25"].values[:, day], lonlat_of(cube), pool_of(run, cube, parts)[:, day], target=lonlat
    )
