"""Strata of the test rows: which station-days are high days, smoke days, a season, an episode."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.spatial import cKDTree

from placeprior.coords import EARTH_RADIUS_KM, unit_xyz
from placeprior.scores import error_parts
from placeprior.space.splits import lonlat_of

SEASONS = {"DJF": (12, 1, 2), "MAM": (3, 4, 5), "JJA": (6, 7, 8), "SON": (9, 10, 11)}
FIRE_SEASON = range(5, 11)  # months
NEAR_KM, NEAR_MONITORS, NEAR_LEVEL = 300.0, 3, 20.0  # the last in µg m-3


def others_near(cube: xr.Dataset, km: float = NEAR_KM, monitors: int = NEAR_MONITORS) -> np.ndarray:
    """Median PM2.5 of the *other* monitors within a distance on each day.

    Returns
    -------
    ndarray, shape (station, time)
        µg m-3; NaN where fewer than `monitors` others measured.
    """
    pm25, points = cube["pm25"].values, unit_xyz(lonlat_of(cube))
    chord = 2 * np.sin(km / EARTH_RADIUS_KM / 2)
    found = np.full(pm25.shape, np.nan)
    for i, near in enumerate(cKDTree(points).query_ball_point(points, chord)):
        values = np.sort(pm25[[j for j in near if j != i]], axis=0)  # NaN come last
        count = np.isfinite(values).sum(0)
        days = np.flatnonzero(count >= monitors)
        middle = count[days]
        found[i, days] = (values[(middle - 1) // 2, days] + values[middle // 2, days]) / 2
    return found


def masks(cube: xr.Dataset) -> dict[str, np.ndarray]:
    """The strata of a cube: station-days by name, each of shape (station, time).

    ``all``; ``high-35`` and ``high-55`` (measured at least that); the seasons (winter is January, February and
    December of one calendar year); ``episode`` and ``no-episode``; and, where the cube has analysts' smoke classes,
    ``smoke`` (any class drawn) and ``no-smoke``.

    An episode is a *proxy* of smoke: a day from May to October with a median of at least 20 µg m-3 over at least three
    other monitors within 300 km. It is made of measurements, the station's own excepted: choosing days by the value
    that is scored would make every estimate look too low. Where too few monitors measured, a day is neither.
    """
    pm25, months = cube["pm25"].values, cube["time"].dt.month.values
    found = {"all": np.ones(pm25.shape, bool)}
    found |= {f"high-{level:.0f}": pm25 >= level for level in error_parts.LEVELS}
    found |= {name: np.broadcast_to(np.isin(months, of), pm25.shape) for name, of in SEASONS.items()}
    near = others_near(cube)
    found["episode"] = (near >= NEAR_LEVEL) & np.isin(months, FIRE_SEASON)
    found["no-episode"] = np.isfinite(near) & ~found["episode"]
    if "smoke" in cube:
        found |= {"smoke": cube["smoke"].values >= 1, "no-smoke": cube["smoke"].values < 1}
    return found


def proxy_agreement(cube: xr.Dataset) -> dict[str, float]:
    """How well the smoke proxy of :func:`masks` finds the smoke days of a cube that has analysts' smoke classes.

    Returns
    -------
    dict
        Counts of measured station-days: ``days``, ``smoke``, ``episode``. Shares: ``right``, of the proxy's days those
        with smoke; ``found``, of the smoke days those it finds; ``heavy_found``, of the smoke days measured at 35 µg
        m-3 or more. NaN where there is no such day.
    """
    chosen, pm25 = masks(cube), cube["pm25"].values
    seen = np.isfinite(pm25)
    smoke, episode = chosen["smoke"] & seen, chosen["episode"] & seen
    heavy = smoke & (pm25 >= error_parts.LEVELS[0])

    def share(of: np.ndarray, what: np.ndarray) -> float:
        return float(what[of].mean()) if of.any() else np.nan

    return {
        "days": int(seen.sum()),
        "smoke": int(smoke.sum()),
        "episode": int(episode.sum()),
        "right": share(episode, smoke),
        "found": share(smoke, episode),
        "heavy_found": share(heavy, episode),
    }
