"""Wildfire smoke of the embedded world: fires in season, puffs carried by the wind, a heavy tail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from placeprior import coords
from placeprior.data.world.fields import Array

# Where fires start: share, lon, lat, spread (km), middle day of year, spread (days), strength relative to
# Northern California
FIRES = {
    "Northern California and Oregon": (0.26, -121.8, 41.5, 170, 232, 26, 1.0),
    "Northern Rockies": (0.24, -114.5, 46.0, 200, 228, 24, 0.9),
    "Washington": (0.09, -119.8, 48.2, 90, 230, 22, 0.8),
    "Southern California": (0.09, -117.8, 34.6, 90, 262, 40, 0.7),
    "Colorado and Utah": (0.09, -107.5, 39.5, 170, 205, 35, 0.6),
    "Arizona and New Mexico": (0.06, -109.5, 33.8, 150, 165, 20, 0.5),
    "Canadian prairie border": (0.09, -100.0, 51.5, 300, 205, 25, 1.6),
    "South-eastern prescribed burns": (0.08, -85.0, 31.8, 250, 75, 25, 0.12),
}


def puffs(
    years: Sequence[np.random.SeedSequence], events: int, wind: Callable[[Array, Array], tuple[Array, Array]]
) -> dict[str, Array]:
    """Follow every puff: day, x, y, sigma (km) and amount (µg m-3), one entry a quarter-day, sorted by day.

    A fire burns for a lognormal number of days (median 7) with a lognormal strength (median 20 µg m-3, log spread
    0.75) that rises and falls as half a sine, and releases four puffs a day. Each is carried by 1.5 times the 10 m
    wind, widens as ``60 + 75 age`` km (age in days), thins as its area grows, is lost with an e-folding time of
    4 days, and is followed for 7.

    Parameters
    ----------
    years : sequence of numpy.random.SeedSequence
        One for each year of the record.
    events : int
        Fires in a year.
    wind : callable
        Paired places (n, 2) in km and days (n,) to wind (m s-1) towards east and north, each (n,).
    """
    table = np.array(list(FIRES.values()), dtype=float)
    born, where, strength = [np.empty(0)], [np.empty((0, 2))], [np.empty(0)]
    for year, seed in enumerate(years):
        rng = np.random.default_rng(seed)
        region = table[rng.choice(len(table), size=events, p=table[:, 0] / table[:, 0].sum())]
        begin = rng.normal(region[:, 4], region[:, 5]) + 365 * year
        life = np.ceil(np.clip(rng.lognormal(np.log(7.0), 0.6, events), 2, 25))
        origin = coords.project(region[:, 1:3]) + rng.normal(size=(events, 2)) * region[:, 3:4]
        power = region[:, 6] * rng.lognormal(np.log(20.0), 0.75, events)
        for first, days, place, peak in zip(begin, life, origin, power, strict=True):
            step = np.arange(int(4 * days))
            born.append(np.round(first * 4) / 4 + step / 4)
            where.append(np.tile(place, (len(step), 1)))
            strength.append(peak * np.sin(np.pi * (step + 0.5) / len(step)))
    now, xy, power = np.concatenate(born), np.concatenate(where), np.concatenate(strength)
    track = []
    for age in np.arange(28) / 4:
        sigma = 60.0 + 75.0 * age
        amount = 0.25 * power * (100.0 / sigma) ** 2 * np.exp(-age / 4.0)
        track.append(np.column_stack([now + age, xy, np.full(len(now), sigma), amount]))
        east, north = wind(xy, now + age)
        xy = xy + 0.25 * 1.5 * 86.4 * np.column_stack([east, north])  # 1 m s-1 is 86.4 km a day
    table = np.concatenate(track)
    return dict(zip(("day", "x", "y", "sigma", "amount"), table[np.argsort(table[:, 0])].T, strict=True))


def column(puffs: dict[str, Array], xy: Array, days: Array) -> Array:
    """Column-mean smoke (µg m-3) at ``xy`` (n, 2) in km, (n, T): Gaussian puffs summed over the quarters."""
    xy, out = xy.astype(np.float32), np.zeros((len(xy), len(days)))
    for j, day in enumerate(days):
        today = slice(*np.searchsorted(puffs["day"], [day, day + 1]))
        x, y, sigma, amount = (puffs[name][today].astype(np.float32) for name in ("x", "y", "sigma", "amount"))
        for start in range(0, len(xy), 4096):  # keeps a national grid's table of distances small
            part = slice(start, start + 4096)
            square = (xy[part, :1] - x) ** 2 + (xy[part, 1:] - y) ** 2
            out[part, j] = np.exp(-0.5 * square / sigma**2) @ amount
    return out
