r"""How far two sets of places are apart: what it costs to move one onto the other (optimal transport).

With :math:`n` and :math:`m` places of equal weight and :math:`C_{ij}` the cost of moving place i to place j,

.. math:: d = \min_{P \ge 0} \sum_{ij} P_{ij} C_{ij}, \qquad P 1 = 1/n, \quad P^\top 1 = 1/m

(Kantorovich 1942; Peyré & Cuturi 2019, *Computational Optimal Transport*). A cost is a matrix made by :func:`km` or
:func:`cosine`, or both by :func:`combined`; a solver turns it into a number: :func:`emd` exactly, :func:`sinkhorn` and
:func:`divergence` with an entropy, :func:`gaussian` from means and covariances. :func:`batches` is for many places, and
for sets of unequal size: the same law twice is the farther apart the fewer are drawn, so only equal numbers compare.

A cost keeps its unit. To divide it by its largest entry, pair by pair, erases what is asked for: two neighbouring
states and two coasts then come out nearly alike. Where costs of two units are added, each is divided by one number that
all pairs share (:func:`scale`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import ot
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from placeprior import encoders
from placeprior.coords import Floats, check_lonlat, great_circle_km
from placeprior.errors import TransportError

EXACT = 4000  # places a set up to which all are moved at once: seconds, and 128 MB of costs
SMALL, BESIDE = 1_000_000, 5  # costs up to which so many times more places are, beside a few: seconds too
BATCH, DRAWS = 1000, 20  # 20,000 places are seen once each
STEPS, TOLERANCE = 20_000, 1e-9  # of Sinkhorn's iteration; the second is what the plan's margins miss in all
SIMPLEX_STEPS = 10_000_000


@dataclass(frozen=True)
class Distance:
    """A distance between two sets of places, and how it came about; ``sd`` is between draws, NaN of a single one."""

    distance: float
    unit: str
    cost: str
    n_source: int
    n_target: int
    solver: str
    sd: float = float("nan")


# --- costs ------------------------------------------------------------------------------------------------------------


def km(a: ArrayLike, b: ArrayLike) -> Floats:
    """Great-circle kilometres of all places (n, 2) to all places (m, 2): cost, shape (n, m)."""
    return great_circle_km(_some(check_lonlat(a), "source"), _some(check_lonlat(b), "target"))


def cosine(x: ArrayLike, y: ArrayLike) -> Floats:
    """One minus the cosine of all vectors (n, dim) to all vectors (m, dim): cost, shape (n, m), 0 to 2.

    Raises
    ------
    TransportError
        A set is empty, a vector is missing or zero, or dimensions differ.
    """
    one, other = _unit(x, "source"), _unit(y, "target")
    if one.shape[1] != other.shape[1]:
        raise TransportError(f"vectors of {one.shape[1]} and of {other.shape[1]} numbers; use one encoder for both")
    # Half the squared chord, not one minus a product: exactly 0 for a vector and itself.
    return np.clip(0.5 * cdist(one, other, "sqeuclidean"), 0, 2)


def scale(cost: ArrayLike) -> float:
    """The mean of a cost among all places at hand: the one number by which a cost is divided for all pairs of sets."""
    found = float(_cost(cost).mean())
    if not found > 0:
        raise TransportError("every cost is zero, so it has no scale; give places or vectors that differ")
    return found


def combined(first: ArrayLike, second: ArrayLike, scales: tuple[float, float], weight: float = 0.5) -> Floats:
    """Weighted sum of two costs (n, m), each in units of its scale: ``weight`` of the first, the rest of the second."""
    if not 0 <= weight <= 1:
        raise TransportError(f"weight is {weight}; give the share of the first cost, 0 to 1")
    if not all(np.isfinite(each) and each > 0 for each in scales):
        raise TransportError(f"scales are {scales}; give two numbers above 0, the same for all pairs of sets")
    one, other = _cost(first), _cost(second)
    if one.shape != other.shape:
        raise TransportError(f"costs of shapes {one.shape} and {other.shape}; give both for the same places")
    return weight * one / scales[0] + (1 - weight) * other / scales[1]


# --- solvers ----------------------------------------------------------------------------------------------------------


def emd(cost: ArrayLike) -> float:
    """The exact cost of moving one set onto the other, in the unit of the cost (n, m).

    Raises
    ------
    TransportError
        The cost is empty or not finite, or the network simplex did not end (Bonneel et al. 2011).
    """
    cost = _cost(cost)
    found, log = ot.emd2(*_weights(cost), cost, numItermax=SIMPLEX_STEPS, log=True)
    if log["warning"] is not None:
        raise TransportError(f"exact transport of {cost.shape} places did not end ({log['warning']}); use `batches`")
    return float(found)


def plan(cost: ArrayLike, regularisation: float) -> Floats:
    """The plan (n, m) of transport with an entropy (Cuturi 2013), by Sinkhorn's iteration.

    Parameters
    ----------
    cost : array_like, shape (n, m)
    regularisation : float
        Weight of the entropy, in the unit of the cost. The smaller, the nearer to exact and the slower.

    Raises
    ------
    TransportError
        The margins do not converge to :data:`TOLERANCE` within :data:`STEPS`, neither plainly nor in logarithms.
    """
    cost = _cost(cost)
    if not regularisation > 0:
        raise TransportError(f"regularisation is {regularisation}; give a number above 0, or solve exactly with `emd`")
    a, b = _weights(cost)
    missed = np.inf
    for method in ("sinkhorn", "sinkhorn_log"):  # the first underflows where costs are many regularisations
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # what they say is checked below, on the plan itself
            found = ot.sinkhorn(
                a, b, cost, regularisation, method, numItermax=STEPS, stopThr=TOLERANCE / 10, warn=False
            )
        missed = float(np.abs(found.sum(1) - a).sum() + np.abs(found.sum(0) - b).sum())
        if missed <= TOLERANCE:
            return found
    raise TransportError(
        f"Sinkhorn's iteration did not converge in {STEPS:,} steps (margins miss {missed:.1g}) at regularisation "
        f"{regularisation:g}, {regularisation / cost.max():.1g} of the largest cost; use a larger one, or `emd`"
    )


def sinkhorn(cost: ArrayLike, regularisation: float) -> float:
    """What the plan with an entropy costs, without the entropy: never below :func:`emd`, nor 0 of a set to itself."""
    return float((plan(cost, regularisation) * _cost(cost)).sum())


def divergence(between: ArrayLike, source: ArrayLike, target: ArrayLike, regularisation: float) -> float:
    r"""Transport with an entropy, less half of each set's to itself: 0 for a set and itself (Feydy et al. 2019).

    Parameters
    ----------
    between, source, target : array_like, shapes (n, m), (n, n), (m, m)
        Costs of one set to the other, and within each.
    regularisation : float
        As in :func:`plan`.

    Notes
    -----
    :math:`S = OT(a, b) - OT(a, a) / 2 - OT(b, b) / 2` with
    :math:`OT = \langle P, C \rangle + \varepsilon \, KL(P \mid a b^\top)`.
    """

    def value(cost: ArrayLike) -> float:
        cost = _cost(cost)
        found = plan(cost, regularisation)
        a, b = _weights(cost)
        positive = found > 0
        entropy = found[positive] * np.log(found[positive] / np.outer(a, b)[positive])
        return float((found * cost).sum() + regularisation * entropy.sum())

    return value(between) - (value(source) + value(target)) / 2


def gaussian(x: ArrayLike, y: ArrayLike) -> float:
    r"""Wasserstein-2 distance of the normal laws with the means and covariances of two sets of vectors.

    :math:`\sqrt{\|\mu - \nu\|^2 + \mathrm{tr}(S + T - 2 (S^{1/2} T S^{1/2})^{1/2})}` (Dowson & Landau 1982), in the
    unit of the vectors, shapes (n, dim) and (m, dim); a shortcut that sees no shape beyond the ellipse.
    """
    one, other = _vectors(x, "source"), _vectors(y, "target")
    if min(len(one), len(other)) < 2:
        raise TransportError(f"sets of {len(one)} and {len(other)} vectors; a covariance needs at least 2")
    means, spread = zip(*((v.mean(0), (v - v.mean(0)) / np.sqrt(len(v))) for v in (one, other)), strict=True)
    # The last trace is the sum of the singular values of one spread times the other: no root of a singular matrix.
    shared = np.linalg.svd(spread[0] @ spread[1].T, compute_uv=False).sum()
    square = ((means[0] - means[1]) ** 2).sum() + (spread[0] ** 2).sum() + (spread[1] ** 2).sum() - 2 * shared
    return float(np.sqrt(max(square, 0.0)))  # rounding may leave it a hair below zero for two equal sets


# --- many places, and sets of unequal size ----------------------------------------------------------------------------


def batches(
    cost: Callable[[NDArray[np.intp], NDArray[np.intp]], ArrayLike],
    sizes: tuple[int, int],
    rng: np.random.Generator,
    *,
    size: int = BATCH,
    draws: int = DRAWS,
    solver: Callable[[ArrayLike], float] = emd,
) -> tuple[float, float]:
    """Mean over draws of the distance between equally many places of each set, and its standard deviation.

    Parameters
    ----------
    cost : callable
        Rows of the source (k,), rows of the target (k,) -> cost (k, k).
    sizes : (int, int)
        Places in each set.
    rng : Generator
    size, draws : int
        Places of each set in a draw, without replacement; no place comes a second time before all have come.
    solver : callable
        As :func:`emd`.

    Notes
    -----
    Mini-batches (Fatras et al. 2020) overestimate: two small samples of one law are apart. Between pairs of sets that
    are drawn at the same size, that excess is alike, and the order of distances is kept; the number is not the exact
    one.
    """
    if not 1 <= size <= min(sizes) or draws < 1:
        raise TransportError(f"{draws} draws of {size} from {sizes[0]} and {sizes[1]} places; draw 1 to {min(sizes)}")

    def order(n: int) -> NDArray[np.intp]:
        rounds = -(-size * draws // (n // size * size))
        return np.concatenate([rng.permutation(n)[: n // size * size] for _ in range(rounds)])

    source, target = (order(n) for n in sizes)
    found = [solver(cost(source[i * size : (i + 1) * size], target[i * size : (i + 1) * size])) for i in range(draws)]
    return float(np.mean(found)), float(np.std(found, ddof=1)) if draws > 1 else float("nan")


def between(source: ArrayLike, target: ArrayLike, encoder: str | None = None) -> Distance:
    """How far two sets of places are apart, over great circles or in the vectors of an encoder.

    Parameters
    ----------
    source, target : array_like, shapes (n, 2) and (m, 2)
        lonlat, degrees.
    encoder : str, optional
        A registered one; then the cost is one minus the cosine of its vectors.

    Returns
    -------
    Distance
        Exact, or of more than :data:`EXACT` places (beside a few, :data:`BESIDE` times as many) by
        :func:`batches` with a fixed seed.
    """
    a, b = _some(check_lonlat(source), "source"), _some(check_lonlat(target), "target")
    if encoder is not None:
        x, y = (_unit(encoders.embed(encoder, places), what) for places, what in ((a, "source"), (b, "target")))
    make, left, right = (km, a, b) if encoder is None else (cosine, x, y)
    told = ("km", "great circle") if encoder is None else ("1 - cosine", encoder)
    most, pairs = max(len(a), len(b)), len(a) * len(b)
    if most <= EXACT or (most <= BESIDE * EXACT and pairs <= SMALL):
        return Distance(emd(make(left, right)), *told, len(a), len(b), "emd")
    size = min(BATCH, len(a), len(b))
    found, sd = batches(lambda i, j: make(left[i], right[j]), (len(a), len(b)), np.random.default_rng(0), size=size)
    return Distance(found, *told, len(a), len(b), f"emd of {DRAWS} batches of {size}", sd)


# --- checks -----------------------------------------------------------------------------------------------------------


def _some(values: Floats, what: str) -> Floats:
    if not len(values):
        raise TransportError(f"the {what} has no place; give at least one")
    return values


def _vectors(values: ArrayLike, what: str) -> Floats:
    found = np.asarray(values, np.float64)  # in float32 exp(-cost / regularisation) is soon no number at all
    if found.ndim != 2:
        raise TransportError(f"vectors of the {what} have shape {found.shape}; give one a row, (n, dim)")
    wrong = ~np.isfinite(_some(found, what)).all(1)
    if wrong.any():
        raise TransportError(
            f"{wrong.sum()} of {len(found)} vectors of the {what} are missing, first in row {wrong.argmax()}; "
            "leave these places out, or encode them"
        )
    return found


def _unit(values: ArrayLike, what: str) -> Floats:
    found = _vectors(values, what)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    if not length.all():
        raise TransportError(f"the vector in row {int(length.argmin())} of the {what} is zero and has no direction")
    return found / length


def _cost(cost: ArrayLike) -> Floats:
    found = np.ascontiguousarray(cost, np.float64)
    if found.ndim != 2 or not found.size:
        raise TransportError(
            f"the cost has shape {found.shape}; give a number for every pair of at least one place each"
        )
    if not np.isfinite(found).all() or found.min() < 0:
        raise TransportError("a cost is negative or not a finite number; costs are distances")
    return found


def _weights(cost: Floats) -> tuple[Floats, Floats]:
    return tuple(np.full(n, 1 / n) for n in cost.shape)
