"""A year of maps of the embedded world: the truth, what runs estimate, and the error, day by day."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from placeprior import coords
from placeprior.book.interactive.widget import Widget, bar, canvas, cells, country, packed, radios, ramp, row, slider
from placeprior.book.layout import origin
from placeprior.book.style import UNIT, look
from placeprior.errors import StoreError
from placeprior.runs import daily_maps
from placeprior.runs.inputs import cube_of
from placeprior.runs.plan import Run

RESOLUTION = 1.25  # degrees a cell
EVERY = 3  # days
COLOURED = 99.5  # percentile of the amounts, and of the errors' size, at which colours end
LEVELS = 255


def days(profile: str, runs: Mapping[str, Run], every: int = EVERY, resolution: float = RESOLUTION) -> Widget:
    """Maps of the truth, the estimate and the error of some runs, with a slider for the day.

    Parameters
    ----------
    profile : str
    runs : mapping
        Stored runs on one task of the embedded world, by arm.
    every : int
        Of so many days one is shown.
    resolution : float
        Side of a cell, degrees.

    Raises
    ------
    StoreError
        There is no run.
    """
    if not runs:
        raise StoreError(
            f"no run of profile {profile!r} is given to map; `placeprior runs list {profile}` shows them, and "
            "`make book` makes those of the book"
        )
    return shown(profile, *estimated(runs, every, resolution), resolution)


def shown(profile: str, truth: xr.DataArray, made: Mapping[str, xr.DataArray], resolution: float) -> Widget:
    """The same from maps (time, y, x) of the truth and of each arm, as :func:`estimated` makes them."""
    amounts = [truth.values, *(field.values for field in made.values())]
    top = float(np.nanmax(amounts))
    land = coords.Land(resolution)
    on_land = np.isfinite(land.raster(np.zeros(len(land.places))))
    errors = [np.abs(field - truth.values) for field in amounts[1:]]
    body = [
        row(
            radios("run", "Told about the place", {arm: look(arm).name for arm in made}),
            slider("day", "Day", 0, truth.sizes["time"] - 1, 1, int(truth.mean(("y", "x")).values.argmax())),
            '<button type="button" name="play">Play</button>',
        ),
        row(
            canvas("truth", "Map of true PM2.5", "Truth"),
            canvas("estimate", "Map of estimated PM2.5", "Estimate"),
            canvas("error", "Map of the error, estimate minus truth", "Error"),
        ),
        row(bar("amount"), bar("difference")),
    ]
    return Widget(
        "days",
        "maps of the embedded world, day by day",
        "\n".join(body),
        {
            "country": country(),
            "cells": cells(land),
            "days": [str(day)[:10] for day in truth["time"].values],
            "top": top,
            "ends": [float(np.ceil(np.nanpercentile(each, COLOURED))) for each in (amounts, errors)],
            "truth": packed(level(truth.values[:, on_land], top), "u1"),
            "runs": {
                arm: {"name": look(arm).name, "values": packed(level(field.values[:, on_land], top), "u1")}
                for arm, field in made.items()
            },
            "unit": UNIT,
            "amount": ramp("amount"),
            "difference": ramp("difference"),
        },
        origin(profile, n=len(land.places), of=f"land cells of {resolution:g}°", embedded=True, note="one fit an arm"),
    )


def estimated(runs: Mapping[str, Run], every: int, resolution: float) -> tuple[xr.DataArray, dict[str, xr.DataArray]]:
    """Maps (time, y, x), µg m-3, of the truth and by arm, from the first day with a whole window of every run."""
    longest = max(runs.values(), key=lambda run: run.window)
    record = cube_of(longest)["time"].values
    asked = record[longest.window - 1 :: every]
    fields = daily_maps.fields_on(longest, asked, coords.grid(resolution))
    made = {}
    for arm, run in runs.items():
        maps = [daily_maps.daily_map(run, fields.sel(time=slice(None, day))) for day in asked]
        made[arm] = xr.concat(maps, xr.DataArray(asked, dims="time", name="time"))
    return fields[daily_maps.TRUTH].sel(time=asked), made


def level(values: np.ndarray, top: float) -> np.ndarray:
    """Amounts, µg m-3, as whole numbers of 0 … :data:`LEVELS`: steps grow with the amount, as its root does.

    An estimate below zero becomes zero; :func:`amount` undoes the rest.
    """
    return np.rint(LEVELS * np.sqrt(np.clip(values, 0, top) / top))


def amount(levels: np.ndarray, top: float) -> np.ndarray:
    """The amounts, µg m-3, that whole numbers of :func:`level` stand for; off by at most ``top / 255``."""
    return top * (levels / LEVELS) ** 2
