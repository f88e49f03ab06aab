"""Which regions to learn from for another one, under a budget: by a distance to it, by nearness, or by lot.

A choice reads places, and vectors of places, of every station, and no measurement. A union of regions is farther from
or nearer to a target as a whole, so transport chooses greedily: one after the other the region that brings the union of
all chosen nearest (as GeoSpOT does; Zhang et al. 2026). Regions are those of :mod:`.regions`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from placeprior import encoders
from placeprior.coords import Floats, great_circle_km, unit_xyz
from placeprior.errors import ConfigError
from placeprior.space import transport
from placeprior.space.regions import REGIONS

Union = Callable[[np.ndarray, np.ndarray], float]


def costs(lonlat: Floats, *names: str) -> dict[str, Floats]:
    """Costs of moving each place to each other one, (n, n), by name: ``km``, or ``geoclip``, one minus the cosine."""
    made: dict[str, Callable[[], Floats]] = {
        "km": lambda: great_circle_km(lonlat, lonlat),
        "geoclip": lambda: transport.cosine(*[encoders.embed("geoclip", lonlat).astype(float)] * 2),
    }
    return {name: made[name]() for name in names}


def moved(cost: Floats) -> Union:
    """Exact transport of one set of rows to another at a cost between all rows."""
    return lambda a, b: transport.emd(cost[np.ix_(a, b)])


def greedy(distance: Union, members: Mapping[int, np.ndarray], target: int, budget: int) -> list[int]:
    """Regions, one after the other that which brings the union of all chosen nearest to the target."""
    chosen: list[int] = []
    while len(chosen) < budget:
        others = [number for number in members if number not in (target, *chosen)]
        apart = [distance(np.concatenate([members[n] for n in (*chosen, one)]), members[target]) for one in others]
        chosen.append(others[int(np.argmin(apart))])
    return chosen


def nearest(lonlat: Floats, members: Mapping[int, np.ndarray], target: int, budget: int) -> list[int]:
    """The regions whose centroids are nearest to the target's."""
    centre = {number: unit_xyz(lonlat[rows]).mean(0) for number, rows in members.items()}
    others = [number for number in members if number != target]
    return sorted(others, key=lambda number: float(((centre[number] - centre[target]) ** 2).sum()))[:budget]


def chosen(way: str, budget: int, lonlat: Floats, region: np.ndarray, target: int) -> list[int]:
    """The regions of the split ``union-<way>-<budget>`` whose fold is the target; fewer are the first of more.

    Parameters
    ----------
    way : str
        Of :data:`.regions.WAYS`.
    budget : int
        How many; all others, whatever the way, are one fewer than there are regions.
    lonlat : ndarray, shape (n, 2)
    region : ndarray of int, shape (n,)
        The region of each place.
    target : int

    Raises
    ------
    ConfigError
        The budget is larger than there are other regions.
    """
    if not 1 <= budget < REGIONS:
        raise ConfigError(f"a union of {budget} regions: there are {REGIONS - 1} beside the target; choose 1 to that")
    members = {number: np.flatnonzero(region == number) for number in range(1, REGIONS + 1)}
    if way.startswith("lot"):
        others = [number for number in members if number != target]
        return np.random.default_rng([int(way.removeprefix("lot")), target]).permutation(others)[:budget].tolist()
    if way == "centroids" or budget == REGIONS - 1:
        return nearest(lonlat, members, target, budget)
    return greedy(moved(costs(lonlat, way)[way]), members, target, budget)
