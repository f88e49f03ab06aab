"""A station's own mean, and interpolation of the day's training monitors: by hand, or with a variogram."""

from __future__ import annotations

import numpy as np

from placeprior.runs.inputs import Inputs
from placeprior.space.kriging import krige
from placeprior.space.variogram import variogram


def station_mean(inputs: Inputs) -> np.ndarray:
    """Mean of the station's own pool at the test rows; NaN at stations without any: the least a model has to beat."""
    known, shape = inputs.parts.pool, inputs.parts.test.shape
    total = np.where(known, inputs.cube["pm25"].values, 0.0).sum(1, dtype=np.float64)
    mean = np.where(known.any(1), total / np.maximum(known.sum(1), 1), np.nan)
    return np.broadcast_to(mean[:, None], shape)[inputs.parts.test]


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
