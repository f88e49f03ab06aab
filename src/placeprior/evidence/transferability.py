"""Does a distance between two regions foretell what one teaches about the other?

Ordered pairs of regions share regions, so 240 pairs are no 240 observations, and the p-value of a plain correlation is
far too small. Chance is what the same distances give when the regions' names are dealt again, in rows and columns
together (Mantel, N. 1967, *Cancer Research* 27, 209); the interval draws regions, not pairs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from placeprior.evidence import transfer
from placeprior.runs.plan import Run

PERMUTATIONS, DRAWS = 999, 999
SPREAD = (2.5, 97.5)
GIVEN = "centroids"  # what a distance has to know more than
FOUND = ["spearman", "low", "high", "p", "chance", "naive", "partial", "partial_p", "more", "more_low", "more_high"]
FOUND += ["r2", "foretold"]
Floats = NDArray[np.float64]


class Square(NamedTuple):
    """Regions by regions: what is lost from the row's to the column's, or how far they are apart; NaN of itself."""

    values: Floats

    @classmethod
    def of(cls, table: pd.DataFrame) -> Square:
        """From rows ``source, target, value``."""
        values = table.pivot(index="source", columns="target", values="value").to_numpy(float).copy()
        np.fill_diagonal(values, np.nan)
        return cls(values)

    @property
    def pairs(self) -> Floats:
        """Ordered pairs, shape (n (n - 1),)."""
        return self.values[~np.eye(len(self.values), dtype=bool)]

    def ranked(self) -> Square:
        """Ranks of the pairs."""
        ranks = np.full(self.values.shape, np.nan)
        ranks[~np.eye(len(ranks), dtype=bool)] = rankdata(self.pairs)
        return Square(ranks)

    def dealt(self, order: NDArray[np.intp]) -> Floats:
        """Pairs with the regions in other orders, (draw, region): shape (draw, n (n - 1))."""
        apart = ~np.eye(len(self.values), dtype=bool)
        return self.values[order[:, :, None], order[:, None, :]][:, apart]


def losses(table: pd.DataFrame, arm: str, kind: str = "rmse") -> Square:
    """What is lost by learning elsewhere: log of the RMSE over that of the model of the region itself, or drop in R2.

    In logarithms, so that twice and half as large an error weigh alike.
    """
    own = table[(table["kind"] == kind) & (table["name"] == arm)]
    scores = own.pivot(index="source", columns="target", values="value").to_numpy(float)
    inside = np.diag(scores)
    lost = np.log(scores / inside) if kind == "rmse" else inside - scores
    np.fill_diagonal(lost, np.nan)
    return Square(lost)


def apart(table: pd.DataFrame, name: str) -> Square:
    """A distance of the table."""
    return Square.of(table[(table["kind"] == "distance") & (table["name"] == name)])


def _correlation(a: Floats, b: Floats) -> Floats:
    """Pearson's, of one row with each of many."""
    a, b = a - a.mean(-1, keepdims=True), b - b.mean(-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (a * b).sum(-1) / np.sqrt((a**2).sum(-1) * (b**2).sum(-1))


def _without(square: Square, given: Square) -> Square:
    """What is left of a square when a straight line in another is taken away."""
    x, y = given.pairs, square.pairs
    slope, start = np.polyfit(x, y, 1)
    return Square(square.values - slope * given.values - start)


def foretold(lost: Square, distance: Square) -> float:
    """R2 of the loss into each region by a line in the distance that never saw the region, over the mean's: <= 1.

    All pairs with the region, as teacher or as taught, are left out; 0 is no better than the mean of the others.
    """
    n, missed, chance = len(lost.values), 0.0, 0.0
    for target in range(n):
        others = np.delete(np.arange(n), target)
        inner = np.ix_(others, others)
        x, y = Square(distance.values[inner]).pairs, Square(lost.values[inner]).pairs
        slope, start = np.polyfit(x, y, 1)
        asked, truth = distance.values[others, target], lost.values[others, target]
        missed += ((truth - slope * asked - start) ** 2).sum()
        chance += ((truth - y.mean()) ** 2).sum()
    return 1 - missed / chance


def drawn(lost: Square, distance: Square, seed: int = 0) -> Floats:
    """Spearman's correlation in :data:`DRAWS` draws of as many regions with replacement, by the ranks of all pairs.

    A region drawn twice counts twice, in every pair with another; never with itself. One seed draws the same regions
    for every distance, so that two of them are compared in the same draws.
    """
    n = len(lost.values)
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=DRAWS).astype(float)
    weight = (times[:, :, None] * times[:, None, :])[:, ~np.eye(n, dtype=bool)]
    weight /= weight.sum(1, keepdims=True)
    x, y = (square.ranked().pairs for square in (distance, lost))
    mean_x, mean_y = weight @ x, weight @ y
    shared = weight @ (x * y) - mean_x * mean_y
    return shared / np.sqrt((weight @ x**2 - mean_x**2) * (weight @ y**2 - mean_y**2))


def judge(lost: Square, distance: Square, given: Square, rng: np.random.Generator) -> dict[str, float]:
    """How a distance goes with a loss.

    Returns
    -------
    dict
        ``spearman`` over ordered pairs with the interval ``low`` to ``high`` over draws of regions; ``p``, how often
        chance does as well, and ``chance``, its standard deviation; ``naive``, that of losses shuffled pair by pair;
        ``partial`` and ``partial_p``, the same once ranks of ``given`` are taken from both; ``more``, how much higher
        ``spearman`` is than that of ``given``, with its interval; ``r2`` of a line, and ``foretold``. All NaN where the
        distance is constant, or a pair has none.
    """
    if not np.isfinite(distance.pairs).all() or np.ptp(distance.pairs) == 0:
        return dict.fromkeys(FOUND, np.nan)
    order = rng.permuted(np.tile(np.arange(len(lost.values)), (PERMUTATIONS, 1)), axis=1)
    ranks, own, base = lost.ranked(), distance.ranked(), given.ranked()
    spearman = float(_correlation(own.pairs, ranks.pairs))
    null = _correlation(own.dealt(order), ranks.pairs[None])
    shuffled = _correlation(own.pairs[None], rng.permuted(np.tile(ranks.pairs, (PERMUTATIONS, 1)), axis=1))
    told = {"partial": np.nan, "partial_p": np.nan}
    left, rest = _without(own, base), _without(ranks, base)
    if np.std(left.pairs) > 1e-9 * np.std(own.pairs):
        partial = float(_correlation(left.pairs, rest.pairs))
        told = {"partial": partial, "partial_p": _as_high(_correlation(left.dealt(order), rest.pairs[None]), partial)}
    draws = drawn(lost, distance)
    more = spearman - float(_correlation(base.pairs, ranks.pairs))
    (low, high), (more_low, more_high) = (np.percentile(d, SPREAD) for d in (draws, draws - drawn(lost, given)))
    return told | {
        "more": more,
        "more_low": float(more_low),
        "more_high": float(more_high),
        "spearman": spearman,
        "low": float(low),
        "high": float(high),
        "p": _as_high(null, spearman),
        "chance": float(null.std()),
        "naive": float(shuffled.std()),
        "r2": float(_correlation(distance.pairs, lost.pairs)) ** 2,
        "foretold": foretold(lost, distance),
    }


def _as_high(null: Floats, value: float) -> float:
    return float((1 + (null >= value).sum()) / (1 + len(null)))


def collect(runs: Iterable[Run]) -> pd.DataFrame:
    """Every distance of every task against what every arm loses.

    Parameters
    ----------
    runs : iterable of Run
        As of :func:`placeprior.evidence.transfer.collect`.

    Returns
    -------
    pandas.DataFrame
        As :func:`judged`.
    """
    return judged(transfer.collect(runs))


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """The same from the table of :func:`placeprior.evidence.transfer.collect`.

    Returns
    -------
    pandas.DataFrame
        ``task, arm, loss`` (``rmse`` or ``r2``), ``distance`` and :data:`FOUND`.
    """
    rows = []
    for task, own in table.groupby("task"):
        names = own.loc[own["kind"] == "distance", "name"].unique()
        squares = {name: apart(own, name) for name in names}
        for arm in own.loc[own["kind"] == "rmse", "name"].unique():
            for kind in ("rmse", "r2"):
                lost = losses(own, arm, kind)
                for name, square in squares.items():
                    found = judge(lost, square, squares[GIVEN], np.random.default_rng(0))
                    rows.append({"task": task, "arm": arm, "loss": kind, "distance": name} | found)
    return pd.DataFrame(rows)[["task", "arm", "loss", "distance", *FOUND]]
