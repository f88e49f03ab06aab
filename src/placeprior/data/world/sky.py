"""Weather of the embedded world: what a model may be told about a day; none of it knows ``placeness``."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from placeprior import coords
from placeprior.data.world.fields import Array, Spectral, logistic

# Air masses on the move: correlation length (km), memory (days), drift (km/day towards east and north).
MOVING = {
    "ridge": (900.0, 5.0, (450.0, 0.0)),
    "moist": (700.0, 3.0, (450.0, 60.0)),
    "east": (800.0, 3.0, (450.0, 0.0)),
    "north": (800.0, 3.0, (450.0, 0.0)),
    "mixing": (350.0, 1.5, (300.0, 0.0)),
    "cloud": (350.0, 1.0, (450.0, 0.0)),
}


def weather(
    fields: dict[str, Spectral], lonlat: Array, days: Array, place: dict[str, Array], clouds: float
) -> dict[str, Array]:
    """The day's weather at each place, (n, T): latitude, terrain, climate and season under moving air masses.

    Parameters
    ----------
    fields : dict of Spectral
        The moving fields of ``MOVING``, drawn.
    lonlat, days : ndarray
        Places (n, 2) in degrees and day numbers (T,).
    place : dict of ndarray
        ``elevation`` (m) and ``arid`` (0 to 1), each (n,).
    clouds : float
        Share of days without a satellite view where ``arid`` is 0.4.
    """
    xy = coords.project(lonlat)
    f = {n: fields[n](xy, days) for n in ("ridge", "moist", "mixing", "cloud")}
    lat, arid = lonlat[:, 1:], place["arid"][:, None]
    height = place["elevation"][:, None] / 1000.0
    doy = days % 365.25
    summer = np.cos(2 * np.pi * (doy - 200.0) / 365.25)
    temperature = 25.0 - 0.75 * (lat - 26.0) - 4.0 * height + (5.0 + 0.4 * (lat - 25.0)) * summer
    temperature = temperature + 3.5 * f["ridge"] + 1.5 * f["moist"]
    humidity = 100.0 * logistic(1.1 - 1.1 * arid - 0.35 * arid * summer + 0.7 * f["moist"] - 0.45 * f["ridge"])
    wet = 0.8 * f["moist"] - 0.6 * f["ridge"] - 0.75 - 0.5 * arid * (1.0 + 0.5 * summer)
    east, north = wind(fields, xy, days)
    speed = np.maximum(np.hypot(east, north), 0.5)
    layer = np.log(850.0) + (0.35 + 0.35 * arid) * summer + 0.15 * arid + 0.25 * f["mixing"]
    layer = layer - 0.25 * f["ridge"] * (1.0 - summer) / 2 + 0.04 * (speed - 4.0)
    veil = 0.8 * f["cloud"] + 0.6 * (0.8 * f["moist"] - 0.6 * f["ridge"]) - 0.5 * (arid - 0.4)
    return {
        "temperature": temperature,
        "humidity": np.clip(humidity, 5.0, 97.0),
        "wind_speed": speed,
        "wind_sin": -east / np.hypot(east, north),
        "wind_cos": -north / np.hypot(east, north),
        "boundary_layer_height": np.clip(np.exp(layer), 120.0, 3500.0),
        "precipitation": 9.0 * np.maximum(wet, 0.0) ** 1.3,
        "cloudy": veil > -np.sqrt(0.8**2 + 0.6**2) * ndtri(max(clouds, 1e-12)),
        "doy_sin": np.broadcast_to(np.sin(2 * np.pi * doy / 365.25), temperature.shape),
        "doy_cos": np.broadcast_to(np.cos(2 * np.pi * doy / 365.25), temperature.shape),
    }


def wind(fields: dict[str, Spectral], xy: Array, days: Array, paired: bool = False) -> tuple[Array, Array]:
    """Wind at 10 m (m s-1, towards east and north): a westerly, stronger in winter and north, plus eddies."""
    read = Spectral.along if paired else Spectral.__call__
    winter = np.cos(2 * np.pi * (np.asarray(days) - 20.0) / 365.25)
    belt = xy[:, 1] / 1000.0 - 1.9
    base = 1.6 + 0.6 * winter + 0.8 * (belt if paired else belt[:, None])
    return base + 2.6 * read(fields["east"], xy, days), 2.6 * read(fields["north"], xy, days)
