"""Dense daily maps from a stored run, in chunks, with the inputs a person at that place would have."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from placeprior import coords
from placeprior.arms import RIVALS
from placeprior.data import elsewhere
from placeprior.data.cube import predictors
from placeprior.errors import ConfigError
from placeprior.network.training import estimate
from placeprior.network.windows import Windows
from placeprior.runs.inputs import Inputs, cube_of
from placeprior.runs.making import device_at_hand
from placeprior.runs.networks import restore
from placeprior.runs.plan import Run

TRUTH = "pm25_true"  # of the embedded world, beside its predictors


def fields_on(run: Run, days: np.ndarray, where: tuple[np.ndarray, np.ndarray] | xr.Dataset) -> xr.Dataset:
    """Predictors of a run's task on a grid, on some days and on those before them that its network looks at.

    For runs of one task that share their fields, the run with the longest window is asked.

    Parameters
    ----------
    run : Run
        Of the embedded world, whose fields are simulated anywhere; of a task whose weather is brought from weather
        stations, or all of whose predictors are the same everywhere, such as the calendar; or of built predictors.
    days : datetime64 or array of datetime64
        The days to be mapped, each a day of the record.
    where : (lon, lat) or xarray.Dataset
        Cell centres (nx,) and (ny,), degrees, as :func:`placeprior.coords.grid` gives them; of built predictors their
        fields, as :func:`placeprior.data.build.load` reads them, which come back for the days that are needed.

    Returns
    -------
    xarray.Dataset
        As :func:`daily_map` takes it: (time, y, x) with ``lon``, ``lat`` and ``land``, float32. Of a grid of cell
        centres it is NaN off land, and the embedded world's has ``pm25_true`` too.

    Raises
    ------
    ConfigError
        If the record has not all these days, or a predictor is known at stations only.
    """
    built = isinstance(where, xr.Dataset)
    known = where["time"].values if built else cube_of(run)["time"].values
    last = np.searchsorted(known, np.atleast_1d(np.asarray(days, known.dtype)))
    missing = [
        day
        for day, at in zip(np.atleast_1d(days), last, strict=True)
        if at < run.window - 1 or at == len(known) or known[at] != day
    ]
    if missing:
        day, start, end = np.array([missing[0], known[min(run.window, len(known)) - 1], known[-1]], "datetime64[D]")
        raise ConfigError(
            f"no map of {day} can be made by run {run.id}, which looks back on {run.window - 1} days before it: "
            f"{'these fields' if built else 'its record'} can be mapped from {start} to {end}; choose a day of these"
        )
    needed = np.unique(last[:, None] + np.arange(1 - run.window, 1))
    return where.isel(time=needed) if built else _fields(run, needed, *where)


def _fields(run: Run, needed: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> xr.Dataset:
    """Predictors on the land cells of a grid, on days that are given as positions in the cube's time."""
    cube = cube_of(run)
    cells = coords.cells(lon, lat)
    land = coords.inside(cells).reshape(len(lat), len(lon))
    names = predictors(cube) + ([TRUTH] if run.data["load"] == "world" else [])
    values = elsewhere.fields(cube, run.data["load"], run.data["options"], cells[land.ravel()], needed, names)
    grid = xr.Dataset(
        coords={
            "time": cube["time"].isel(time=needed),
            "lon": ("x", lon, cube["lon"].attrs),
            "lat": ("y", lat, cube["lat"].attrs),
            "land": (("y", "x"), land, {"long_name": "inside the national outline"}),
        }
    )
    for name, value in values.items():
        layer = np.full((len(needed), *land.shape), np.nan, np.float32)
        layer[:, land] = value.T
        grid[name] = (("time", "y", "x"), layer, cube[name].attrs)
    return grid


class Mapper:
    """A stored run's estimates wherever its predictors are known: what it needs for a map is made once, for all maps.

    Parameters
    ----------
    run : Run
        A stored run, or one of inverse-distance weighting, which stores nothing that a map needs.
    chunk : int
        Cells estimated at once, which bounds the memory.

    Raises
    ------
    ConfigError
        If the run is a rival that makes no maps.
    """

    def __init__(self, run: Run, *, chunk: int = 20_000) -> None:
        if run.variant in RIVALS and run.variant != "idw":
            raise ConfigError(f"rival {run.variant!r} of run {run.id} makes no maps; choose 'idw' or a trained run")
        self.run, self.chunk = run, chunk
        self.model, self.scalers = (None, {}) if run.variant == "idw" else restore(run)
        self.inputs, self.device = Inputs.of(run, self.scalers), device_at_hand()
        if self.model is not None:
            self.model.to(self.device)

    def on(self, fields: xr.Dataset) -> xr.DataArray:
        """Estimate PM2.5 on every land cell, on every day that has the run's window before it.

        Parameters
        ----------
        fields : xarray.Dataset
            Predictors on (time, y, x) with coordinates ``lon``, ``lat`` and a mask ``land`` (y, x), as
            :func:`fields_on` gives them, of days that follow each other. A task with a neighbour feature gets it from
            the run's own training stations.

        Returns
        -------
        xarray.DataArray
            (time, y, x), µg m-3; NaN off land; ``window - 1`` days fewer than the fields have.

        Raises
        ------
        ConfigError
            If the fields have fewer days than the run's window.
        """
        window = self.run.window
        if fields.sizes["time"] < window:
            raise ConfigError(
                f"a map needs {window} days of predictors; the grid has {fields.sizes['time']}: "
                "give it the days before as well"
            )
        lon, lat = np.meshgrid(fields["lon"].values, fields["lat"].values)
        land, time = fields["land"].values, fields["time"].values
        lonlat = np.column_stack([lon[land], lat[land]])
        values = np.full((len(time) - window + 1, *land.shape), np.nan, np.float32)
        if self.model is None:
            values[:, land] = self.inputs.neighbour_mean(time[window - 1 :], lonlat).T
        elif len(lonlat):
            values[:, land] = self._estimated(fields, time, lonlat)
        return xr.DataArray(
            values,
            dims=("time", "y", "x"),
            coords={"time": fields["time"][window - 1 :], "lon": fields["lon"], "lat": fields["lat"]},
            attrs={"units": "µg m-3", "long_name": f"estimated PM2.5, {self.run.model}"},
            name="estimate",
        )

    def _estimated(self, fields: xr.Dataset, time: np.ndarray, lonlat: np.ndarray) -> np.ndarray:
        """The network's estimates, (day, cell)."""
        land, window = fields["land"].values, self.run.window
        days = torch.arange(window - 1, len(time))
        layers = [fields[name].transpose("y", "x", "time").values[land] for name in predictors(self.inputs.cube)]
        features, place = self.inputs.at(np.stack(layers, -1), time, lonlat)
        found = np.empty((len(days), len(lonlat)), np.float32)
        for start in range(0, len(lonlat), self.chunk):
            part = slice(start, start + self.chunk)
            windows = Windows(features[part], window, None if place is None else place[part], device=self.device)
            rows = torch.cartesian_prod(days, torch.arange(len(features[part]))).flip(1).to(self.device)
            estimated = np.asarray(estimate(self.model, windows, rows)[0]).reshape(len(days), -1)
            found[:, part] = self.scalers["y_scale"].inverse(estimated)
        return found


def daily_map(run: Run, grid: xr.Dataset, *, chunk: int = 20_000) -> xr.DataArray:
    """Estimate PM2.5 on every land cell of a grid, for its last day; see :class:`Mapper`.

    Parameters
    ----------
    run : Run
        A stored run.
    grid : xarray.Dataset
        Of whose days the last ``window`` are read.
    chunk : int
        Cells estimated at once.

    Returns
    -------
    xarray.DataArray
        (y, x), µg m-3; NaN off land.
    """
    return Mapper(run, chunk=chunk).on(grid.isel(time=slice(-run.window, None))).isel(time=0, drop=True)
