"""What the date and the latitude tell by themselves: calendar terms and the length of the day."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import arrays

YEAR = 365.25  # days of its cycle
#: Units and meaning, as every source states them.
PROVIDES = {
    "doy_sin": ("1", "sine of the day of year"),
    "doy_cos": ("1", "cosine of the day of year"),
    "month_sin": ("1", "sine of the month"),
    "month_cos": ("1", "cosine of the month"),
    "year": ("1", "calendar year"),
    "day_length": ("s", "time from sunrise to sunset"),
}


def day_length(lat: ArrayLike, doy: ArrayLike) -> NDArray[np.float64]:
    """Seconds from sunrise to sunset.

    Parameters
    ----------
    lat : array_like, shape (n,)
        Latitude, degrees.
    doy : array_like, shape (t,)
        Day of the year, 1 to 366.

    Returns
    -------
    ndarray, shape (n, t)

    Notes
    -----
    Allen, R. G. et al. 1998, *Crop evapotranspiration*, FAO Irrigation and Drainage Paper 56, eq. 24, 25 and 34:
    declination :math:`\\delta = 0.409\\sin(2\\pi J/365 - 1.39)`, sunset hour angle
    :math:`\\omega = \\arccos(-\\tan\\phi\\tan\\delta)`, day length :math:`24\\omega/\\pi` hours. The sun is taken for a
    point and the air for nothing, so true days are some minutes longer. Beyond the polar circles it is 0 or 24 hours.
    """
    declination = 0.409 * np.sin(2 * np.pi * arrays.numbers(doy, "doy") / 365 - 1.39)
    tangent = -np.tan(np.radians(arrays.numbers(lat, "lat")))[:, None] * np.tan(declination)
    return 86_400 / np.pi * np.arccos(tangent.clip(-1, 1))


def season(
    day: NDArray[np.integer], year: float | NDArray[np.integer] = YEAR
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sine and cosine of 2π (day - 1) / year, each of the shape of ``day``.

    Parameters
    ----------
    day : ndarray of int
        Day of the year, 1 to 366.
    year : float or ndarray of int
        Its length, days.
    """
    angle = 2 * np.pi * (day - 1) / year
    return np.sin(angle).astype(np.float32), np.cos(angle).astype(np.float32)


def terms(days: pd.DatetimeIndex, lat: ArrayLike) -> dict[str, NDArray[np.float32]]:
    """Every variable of :data:`PROVIDES` at n latitudes on t days, each of shape (n, t).

    The year's cycle has :data:`YEAR` days, as in :func:`placeprior.data.cube.add_calendar`; the month's twelve months.
    """
    lat = arrays.numbers(lat, "lat")
    day, month = days.day_of_year.to_numpy(), 2 * np.pi * days.month.to_numpy() / 12
    sine, cosine = season(day)
    by_day = {
        "doy_sin": sine,
        "doy_cos": cosine,
        "month_sin": np.sin(month),
        "month_cos": np.cos(month),
        "year": days.year.to_numpy().astype(float),
    }
    made = {name: np.broadcast_to(values, (len(lat), len(days))) for name, values in by_day.items()}
    made["day_length"] = day_length(lat, day)
    return {name: made[name].astype(np.float32) for name in PROVIDES}
