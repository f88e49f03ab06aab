"""The country cut into regions of equally many stations, to ask whether what one teaches holds in another.

States are too unequal for that: a quarter of the monitors are in a few of them, and some have three. So the stations
are halved on the equal-area plane, across the longer side of the box around them, and each half again, as a k-d tree
does (Bentley, J. L. 1975, *Communications of the ACM* 18, 509). Nothing but places decides, and no number is chosen but
how often to cut.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placeprior.coords import check_lonlat, project
from placeprior.errors import ConfigError

CUTS = 4
REGIONS = 2**CUTS  # a demo world of 400 stations has 25 in each, of which 5 are tested
TESTED = 0.2  # share of each region's stations that is tested, whichever region teaches
#: Ways to choose regions to learn from (:mod:`.unions`): the nearest centroids; transport in kilometres, and between
#: GeoCLIP's vectors; one of three draws.
WAYS = ("centroids", "km", "geoclip", "lot1", "lot2", "lot3")
LEAST = 3  # stations in a region: one to test, one to validate, one to learn from


def regions(lonlat: ArrayLike) -> NDArray[np.int_]:
    """The region of each place, 1 to :data:`REGIONS`; sizes differ by one at most.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees, of the contiguous United States.

    Returns
    -------
    ndarray of int, shape (n,)
        Numbers of regions that were cut apart last are next to each other, the western or southern first.

    Raises
    ------
    ConfigError
        Fewer than :data:`LEAST` places a region.
    """
    plane = project(check_lonlat(lonlat))
    if len(plane) < LEAST * REGIONS:
        raise ConfigError(
            f"{len(plane)} stations are too few for {REGIONS} regions of at least {LEAST}; use more stations"
        )
    found = np.ones(len(plane), int)
    parts = [np.arange(len(plane))]
    for _ in range(CUTS):
        parts = [half for part in parts for half in _halves(part, plane)]
    for number, part in enumerate(parts, start=1):
        found[part] = number
    return found


def _halves(part: NDArray[np.int_], plane: NDArray[np.float64]) -> list[NDArray[np.int_]]:
    """Rows of a part, cut at the median across the longer side of its box; the order of stations decides nothing."""
    own = plane[part]
    longer = int(np.argmax(np.ptp(own, axis=0)))
    order = part[np.lexsort([own[:, 1 - longer], own[:, longer]])]
    return [order[: len(order) // 2], order[len(order) // 2 :]]


def tested(region: NDArray[np.int_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which stations are tested, shape (n,): of every region, :data:`TESTED` of its stations, drawn at random."""
    drawn = np.zeros(len(region), bool)
    for number in np.unique(region):
        own = np.flatnonzero(region == number)
        drawn[rng.permutation(own)[: max(1, round(TESTED * len(own)))]] = True
    return drawn
