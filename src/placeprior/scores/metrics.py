"""What is measured, on the original scale (µg m-3).

Scores are computed from sums per test station: leaving stations out, or drawing them again, is then a sum or a matrix
product. Days of one monitor are not independent, so no interval is ever taken over rows.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import xarray as xr

from placeprior.coords import arrays
from placeprior.errors import TrainingError

HIGH = 35.0  # µg m-3, the level of the US daily standard (40 CFR 50.18), the paper's "high" subset
SUMS = ["n", "sum_e", "sum_e2", "sum_abs", "sum_y", "sum_y2", "n_35", "sum_e2_35"]
METRICS = ("r2", "rmse", "mae", "mbe", "rmse_35")


def station_sums(station: np.ndarray, y: np.ndarray, prediction: np.ndarray) -> pd.DataFrame:
    """Sufficient sums per station; the error is prediction minus truth.

    Parameters
    ----------
    station : ndarray, shape (n,)
        Which station each row belongs to.
    y, prediction : ndarray, shape (n,)
        µg m-3, finite.

    Returns
    -------
    pandas.DataFrame
        Index ``station``, columns :data:`SUMS`.

    Raises
    ------
    TrainingError
        If a value is not a finite number: a sum would pass over it, and the row count as estimated without error.
    """
    y, prediction = (arrays.numbers(each, what, TrainingError) for each, what in ((y, "y"), (prediction, "prediction")))
    station = np.asarray(station)
    wrong = ~(np.isfinite(y) & np.isfinite(prediction))
    if wrong.any():
        raise TrainingError(
            f"{wrong.sum()} of {wrong.size} estimates or measurements are not finite numbers, first at "
            f"station {station[wrong.argmax()]}; check the predictors for extreme values"
        )
    e = prediction - y
    high = y >= HIGH
    columns = (np.ones_like(y), e, e**2, np.abs(e), y, y**2, high.astype(float), high * e**2)
    table = pd.DataFrame(dict(zip(SUMS, columns, strict=True)))
    return table.groupby(pd.Index(station, name="station")).sum()


def from_sums(sums: np.ndarray) -> dict[str, np.ndarray]:
    """The metrics from summed columns.

    Parameters
    ----------
    sums : ndarray, shape (..., 8)
        Totals in the order of :data:`SUMS`.

    Returns
    -------
    dict of ndarray, shape (...)
        ``r2 = 1 - sum e^2 / sum (y - mean y)^2``; ``rmse``, ``mae``, ``mbe`` in µg m-3; ``rmse_35`` is the RMSE where
        the truth is at least 35 µg m-3, NaN where no row is.
    """
    n, e, e2, absolute, y, y2, n35, e35 = np.moveaxis(np.asarray(sums, np.float64), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "r2": 1 - e2 / (y2 - y**2 / n),
            "rmse": np.sqrt(e2 / n),
            "mae": absolute / n,
            "mbe": e / n,
            "rmse_35": np.sqrt(e35 / n35),
        }


def between_seeds(fits: pd.DataFrame) -> float:
    """Standard deviation between the seeds of a fold, pooled over folds; NaN where no fold has two.

    Parameters
    ----------
    fits : pandas.DataFrame
        ``fold`` and ``value`` of single fits.
    """
    folds = fits.groupby("fold")["value"]
    dof = int((folds.count() - 1).clip(lower=0).sum())
    return float(np.sqrt(((fits["value"] - folds.transform("mean")) ** 2).sum() / dof)) if dof else float("nan")


@lru_cache(maxsize=4)
def resamples(units: int, draws: int, seed: int) -> np.ndarray:
    """How often each unit is drawn in each resample of as many, with replacement (Efron, 1979): (draws, units)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(units, np.full(units, 1 / units), size=draws).astype(np.float64)


def bootstrap(sums: np.ndarray, draws: int = 2000, seed: int = 0) -> dict[str, np.ndarray]:
    """Scores of ``draws`` resamples of stations, with replacement (Efron, 1979, with the station as the unit).

    Parameters
    ----------
    sums : ndarray, shape (variant, station, 8)
        The same stations for every variant: one resample serves all, so differences are paired.
    draws, seed : int

    Returns
    -------
    dict of ndarray, shape (variant, draws)
    """
    counts = resamples(sums.shape[1], draws, seed)
    return from_sums(np.einsum("ds,vsk->vdk", counts, sums, optimize=True))


def over_area(estimate: xr.DataArray, truth: xr.DataArray) -> dict[str, float]:
    """Scores of a map, each cell weighing by its area, the cosine of its latitude.

    Parameters
    ----------
    estimate, truth : xarray.DataArray, (y, x)
        µg m-3, on the same grid with a coordinate ``lat`` (degrees); cells where either is NaN do not count.

    Returns
    -------
    dict
        ``rmse`` and the mean error ``mbe``, µg m-3; the correlation ``r``, NaN where a map is constant.
    """
    keep = np.isfinite(estimate.values) & np.isfinite(truth.values)
    weight = np.broadcast_to(np.cos(np.radians(truth["lat"].values))[:, None], truth.shape)[keep]
    e, y = (field.values[keep].astype(float) for field in (estimate, truth))

    def mean(x: np.ndarray) -> float:
        return float(np.average(x, weights=weight))

    covariance = mean((e - mean(e)) * (y - mean(y)))
    spread = np.sqrt(mean((e - mean(e)) ** 2) * mean((y - mean(y)) ** 2))
    return {
        "rmse": float(np.sqrt(mean((e - y) ** 2))),
        "mbe": mean(e - y),
        "r": float(covariance / spread) if spread else float("nan"),
    }
