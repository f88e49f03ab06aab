r"""Plain measures of geographic bias: error by region, and whether neighbours err alike.

Two questions that need no information theory, to be read beside :mod:`placeprior.scores.fairness.geobias`:

1. :func:`unevenness`: how much does the error differ from region to region, and is that more than if the same stations
   were dealt to the regions at random?
2. :func:`moran`: do neighbouring stations err alike?
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from placeprior.coords import EARTH_RADIUS_KM, arrays, at_home, great_circle_km
from placeprior.scores import metrics
from placeprior.scores.fairness.nearby import TICK, ScoreError, checked, dealt, p_value, shares
from placeprior.space import splits


def states(lonlat: ArrayLike) -> np.ndarray:
    """The state each place lies in, or is nearest to, by name, shape (n,); see :func:`.state_folds`.

    For regions of equal area use :func:`placeprior.scores.paired.squares`.

    Raises
    ------
    CoordinateError
        Places of another country: the nearest state would mean nothing.
    """
    places = at_home(lonlat, "the list of its states", together=True)
    return np.array([splits.state_name(fold) for fold in splits.state_folds(places)])


def by_region(sums: pd.DataFrame, region: ArrayLike) -> pd.DataFrame:
    """The scores of every region, from sums per station.

    Parameters
    ----------
    sums : pandas.DataFrame
        One row a station with the columns :data:`placeprior.scores.metrics.SUMS`: a run of
        :func:`placeprior.runs.store.sums`, or several added up.
    region : array_like of str, shape (station,)
        Which region each row is in.

    Returns
    -------
    pandas.DataFrame
        Index ``region``; ``stations``, ``n`` (rows), and :data:`placeprior.scores.metrics.METRICS`.

    Raises
    ------
    ScoreError
        If there is no station, or a region is missing.
    """
    table, own = sums[metrics.SUMS].astype(np.float64), arrays.labels(region)
    if isinstance(region, np.ma.MaskedArray):
        region = np.where(np.ma.getmaskarray(region), None, region.data.astype(object))
    names = pd.Index(np.asarray(region), name="region")
    if len(names) != len(table) or not len(table) or names.hasnans:
        raise ScoreError(f"{len(table)} stations and {names.notna().sum()} regions; name one region for each station")
    names = names[arrays.order(own, sums.index, "region", ScoreError)]
    totals = table.set_index(names).groupby(level=0)
    scores = metrics.from_sums(totals.sum().to_numpy())
    return pd.DataFrame({"stations": totals.size(), "n": totals["n"].sum(), **scores})


@dataclass(frozen=True)
class Unevenness:
    """What :func:`unevenness` found.

    Attributes
    ----------
    table : pandas.DataFrame
        As :func:`by_region`, with ``counted``: whether the region has enough stations.
    overall : float
        RMSE of all rows, µg m-3.
    spread : float
        Standard deviation of the counted regions' RMSE, µg m-3; every region counts once.
    worst : str
        The counted region with the largest RMSE.
    null : ndarray, shape (permutation,)
        Spreads when the stations of the counted regions are dealt to these at random.
    """

    table: pd.DataFrame
    overall: float
    spread: float
    worst: str
    null: np.ndarray

    @property
    def p(self) -> float:
        """Share of dealings, the observed one included, with as large a spread; NaN without permutations."""
        return p_value(self.null, self.spread)


def unevenness(
    sums: pd.DataFrame,
    region: ArrayLike,
    *,
    least: int = 5,
    permutations: int = 999,
    rng: np.random.Generator | None = None,
) -> Unevenness:
    """How much the RMSE differs between regions, and how much it would by chance.

    Regions with few stations differ from each other whatever the model does: a spread means something only beside that
    of the same stations dealt to regions of the same sizes at random. A station's days stay together.

    Parameters
    ----------
    sums : pandas.DataFrame
    region : array_like of str, shape (station,)
        As for :func:`by_region`.
    least : int
        Regions with fewer stations are shown, but do not count.
    permutations : int
    rng : numpy.random.Generator, optional
        By default that of seed 0.

    Returns
    -------
    Unevenness

    Raises
    ------
    ScoreError
        If fewer than two regions have enough stations.
    """
    table = by_region(sums, region)
    table = table.assign(counted=table["stations"] >= least)
    counted = table["counted"].to_numpy()
    if counted.sum() < 2:
        raise ScoreError(
            f"{counted.sum()} of {len(table)} regions have {least} stations; use larger regions or a smaller least"
        )
    number = table.index[counted].get_indexer(np.asarray(region))
    squares, rows = (sums[name].to_numpy(np.float64)[number >= 0] for name in ("sum_e2", "n"))
    number = number[number >= 0]
    rank = np.lexsort((squares, rows, number))  # so that the null too is the same for stations in any order
    number, rows, squares = number[rank], rows[rank], squares[rank]

    def spread(where: np.ndarray) -> float:
        """Standard deviation of the RMSE of the regions, for any dealing of their stations."""
        return float(np.std(np.sqrt(np.bincount(where, squares) / np.bincount(where, rows)), ddof=1))

    null = np.array([spread(number[order]) for order in dealt(len(number), permutations, rng)])
    overall = float(np.sqrt(np.average(table["rmse"] ** 2, weights=table["n"])))
    return Unevenness(table, overall, spread(number), table.loc[counted, "rmse"].idxmax(), null)


@dataclass(frozen=True)
class Moran:
    """What :func:`moran` found.

    Attributes
    ----------
    value : float
        Moran's I: 0 for no pattern, towards 1 where neighbours are alike, below 0 where they are opposite.
    null : ndarray, shape (permutation,)
        The same of values dealt to the places at random; their expectation is ``-1 / (n - 1)``.
    """

    value: float
    null: np.ndarray

    @property
    def z(self) -> float:
        """Standard deviations above chance; NaN without permutations."""
        return float((self.value - self.null.mean()) / self.null.std(ddof=1)) if self.null.size > 1 else float("nan")

    @property
    def p(self) -> float:
        """Share of dealings, the observed one included, in which neighbours are as alike; NaN without permutations."""
        return p_value(self.null, self.value)


def moran(
    lonlat: ArrayLike, values: ArrayLike, *, k: int = 8, permutations: int = 999, rng: np.random.Generator | None = None
) -> Moran:
    r"""Moran's I of one value a place, such as its mean error (Moran 1950; Cliff & Ord 1981, *Spatial Processes*).

    .. math:: I = \frac{\sum_i \sum_{j \in \mathrm{NN}_k(i)} (x_i - \bar x)(x_j - \bar x)}{k \sum_i (x_i - \bar x)^2}

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees; nearest is by great circles. Places that tie for the last seat share it.
    values : array_like, shape (n,)
    k : int
        Neighbours of each place, 1 to n - 1.
    permutations : int
    rng : numpy.random.Generator, optional
        By default that of seed 0.

    Returns
    -------
    Moran
        The same for any `values` times a number, or plus one.

    Raises
    ------
    CoordinateError, ScoreError
        If places or values are wrong, all values are equal, or there are not more than `k` places.
    """
    places, x = checked(lonlat, values, least=3)
    n = len(places)
    if not 1 <= k < n:
        raise ScoreError(f"asked for the k={k} nearest of {n - 1} other places; give k from 1 to {n - 1}")
    if np.ptp(x) == 0:
        raise ScoreError(f"all {n} values are {x[0]:g}: whether neighbours are alike is not defined")
    apart = np.round(great_circle_km(places, places) / EARTH_RADIUS_KM, TICK)
    np.fill_diagonal(apart, np.inf)
    one, other = np.nonzero(apart <= np.partition(apart, k - 1, axis=1)[:, k - 1 : k])
    weights = csr_array((shares(one, apart[one, other], k), (one, other)), shape=(n, n))
    z = (x - x.mean()) / x.std()
    # Dealt in the order of the map, not of the rows, so that the null too is the same for rows in any order.
    rank = np.lexsort((x, *places.T))
    weights, z = weights[rank][:, rank], z[rank]
    null = [z[order] @ (weights @ z[order]) / (k * n) for order in dealt(n, permutations, rng)]
    return Moran(float(z @ (weights @ z) / (k * n)), np.array(null))
