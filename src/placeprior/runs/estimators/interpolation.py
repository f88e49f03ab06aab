"""Interpolation of the day's training monitors: what one would draw by hand, or with a variogram."""

from __future__ import annotations

import numpy as np

from placeprior.runs.inputs import Inputs
from placeprior.space.kriging import krige
from placeprior.space.variogram import variogram


def idw(inputs: Inputs) -> np.ndarray:
    """Inverse-distance mean of the day's pool at the test rows (Shepard, 1968); NaN on days without any."""
    return inputs.neighbour_mean(inputs.cube["time"].values)[inputs.parts.test]


def kriging(inputs: Inputs) -> np.ndarray:
    """Ordinary kriging of the day's pool at the test rows; NaN on days without any."""
    return kriged(np.where(inputs.parts.pool, inputs.cube["pm25"].values, np.nan), inputs)


def kriged(values: np.ndarray, inputs: Inputs) -> np.ndarray:
    """Values (station, time), NaN where unknown, kriged to the test rows; NaN on days without any."""
    fitted = variogram(values, inputs.lonlat)
    return krige(values, inputs.lonlat, inputs.lonlat, inputs.parts.test, fitted)[inputs.parts.test]
