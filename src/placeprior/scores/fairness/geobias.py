r"""Geographic bias: is a model worse in some places than in others, beyond what chance would scatter?

Two families of scores from information theory, both larger for more bias, in nats:

- :func:`ssi`, *spatial self-information* (Wang, Janowicz, Mai & Majic 2024, arXiv 2405.18459): how surprising is the
  arrangement of places, or of their marks, within a radius? It is told in
  :mod:`placeprior.scores.fairness.self_information`.
- :func:`sri`, *spatial relative information* (Wang et al. 2025, GeoBS, arXiv 2509.23482): how different are errors in
  the parts of a neighbourhood from those of all of it? Compared here with the same errors dealt to the places at
  random, so that the number can be read: what chance alone scores has a known mean, spread and p-value.

Measures that need no information theory are in :mod:`placeprior.scores.fairness.unevenness`; report them beside these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.special import rel_entr
from scipy.stats import rankdata

from placeprior.coords import EARTH_RADIUS_KM
from placeprior.errors import UnknownName
from placeprior.scores.fairness.nearby import ScoreError, around, checked, dealt, p_value
from placeprior.scores.fairness.self_information import SelfInformation, ssi

__all__ = ["KINDS", "RelativeInformation", "ScoreError", "SelfInformation", "sri", "ssi"]

KINDS = ("scale", "distance", "direction")
PRIOR = 1.0  # places' worth of its neighbourhood that is mixed into every patch
BATCH = 50  # permutations scored at once, which bounds the memory


@dataclass(frozen=True)
class RelativeInformation:
    """What :func:`sri` found.

    Attributes
    ----------
    score : float
        Nats: 0 where all parts of all neighbourhoods are like the whole.
    null : ndarray, shape (permutation,)
        Scores of the same values dealt to the places at random.
    centres : ndarray, shape (n,)
        The score of each place's own neighbourhood; NaN where no patch is large enough.
    patches : pandas.DataFrame
        One row a patch: ``centre`` (row of the places); where it is (``east_km`` and ``north_km``, or ``km``, or
        ``bearing`` in degrees, of its middle); ``n`` places; ``information`` in nats; and ``shift``, the mean value in
        the patch less that of the neighbourhood, in units of the values.
    """

    score: float
    null: np.ndarray
    centres: np.ndarray
    patches: pd.DataFrame

    @property
    def mean(self) -> float:
        """Mean of the null: what chance alone scores."""
        return float(self.null.mean()) if self.null.size else float("nan")

    @property
    def sd(self) -> float:
        """Standard deviation of the null."""
        return float(self.null.std(ddof=1)) if self.null.size > 1 else float("nan")

    @property
    def z(self) -> float:
        """Standard deviations above chance; 0 where chance cannot differ, as for equal values."""
        return (self.score - self.mean) / self.sd if self.sd != 0 else 0.0

    @property
    def p(self) -> float:
        """Share of dealings, the observed one included, that score as high; NaN without permutations."""
        return p_value(self.null, self.score)

    def by_patch(self) -> pd.DataFrame:
        """Mean ``information`` and ``shift`` over centres, weighted by places: for a rose, a curve or a small map.

        Returns
        -------
        pandas.DataFrame
            One row a sector, ring or cell, with ``n`` and the number of ``centres``.
        """
        keys = [name for name in self.patches if name not in ("centre", "n", "information", "shift")]
        weighted = self.patches.assign(**{c: self.patches[c] * self.patches["n"] for c in ("information", "shift")})
        table = weighted.groupby(keys, as_index=False).agg(
            centres=("centre", "size"), n=("n", "sum"), information=("information", "sum"), shift=("shift", "sum")
        )
        return table.assign(information=table["information"] / table["n"], shift=table["shift"] / table["n"])


def sri(
    lonlat: ArrayLike,
    values: ArrayLike,
    *,
    kind: str,
    radius_km: float,
    step: float,
    bins: int = 4,
    least: int = 10,
    permutations: int = 999,
    rng: np.random.Generator | None = None,
) -> RelativeInformation:
    r"""Spatial relative information: how unlike the whole are the parts of a neighbourhood? (after GeoBS, 2025)

    Each place is the centre of a neighbourhood, all places within the radius. It is cut into patches by *scale*
    (square cells), *distance* (rings) or *direction* (sectors). Values fall into classes, and with the shares
    :math:`q_b` of class :math:`b` in the neighbourhood and :math:`m_b` of the :math:`m` places of a patch in it, the
    information of the patch is the relative entropy (Kullback & Leibler 1951)

    .. math:: D = \sum_b p_b \ln \frac{p_b}{q_b}, \qquad p_b = \frac{m_b + q_b}{m + 1},

    which mixes into the patch one place's worth of its neighbourhood: a small patch counts as ordinary until it says
    otherwise, and :math:`p` still sums to one. The score is the mean of :math:`D` over the patches of all centres,
    weighted by :math:`m`. Were there one centre and no mixing, it would be the mutual information of class and patch.

    Even values without any pattern score above zero, since small patches differ by chance, and neighbourhoods overlap.
    So the same values are dealt to the places at random (Fisher 1935; Phipson & Smyth 2010), which shows what chance
    scores, and how often it scores as high.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees.
    values : array_like, shape (n,)
        One number a place, such as a station's RMSE or bias, or +1 and -1.
    kind : {"scale", "distance", "direction"}
    radius_km : float
    step : float
        Side of a cell in km, width of a ring in km, or angle of a sector in degrees, a whole part of 360. The centre
        lies in the middle of a cell on a map of equal area around it (Lambert's azimuthal); the middle of the first
        sector is north, by great-circle bearings. Places at the centre have no bearing and are left out of sectors.
    bins : int
        Number of classes. Their edges are quantiles of *all* values, the same for every patch and neighbourhood;
        equal values share a class, so +1 and -1 make two.
    least : int
        A patch of fewer places is not scored; they still count as neighbours.
    permutations : int
    rng : numpy.random.Generator, optional
        Deals the values; by default that of seed 0.

    Returns
    -------
    RelativeInformation

    Raises
    ------
    CoordinateError, UnknownName, ScoreError
        If places, values or settings are wrong, or no patch has `least` places.

    Notes
    -----
    The score does not change when values are shifted, multiplied by a positive number, or put through any other
    increasing function: it sees ranks. How large the differences are, ``shift`` tells. It sees no pattern much wider
    than the radius: there every neighbourhood is of one kind, and the score may even fall below that of chance.

    The authors' program takes the entropy of the neighbourhood relative to the patch, adds 1e-8 to empty classes,
    and finds the classes of a patch by its own range, so that a patch all right and one all wrong score the same.
    """
    if kind not in KINDS:
        raise UnknownName("kind of spatial relative information", kind, KINDS)
    places, marks = checked(lonlat, values, least=2)
    if not step > 0 or (kind == "direction" and (step > 180 or abs(360 / step - round(360 / step)) > 1e-9)):
        raise ScoreError(f"step is {step}; give kilometres above 0, or for directions degrees that divide 360")
    if bins < 2 or least < 1:
        raise ScoreError(f"bins is {bins} and least is {least}; give at least 2 classes and 1 place")
    centre, place, km, bearing = around(places, places, radius_km)
    if kind == "direction":
        centre, place, km, bearing = (part[km > 0] for part in (centre, place, km, bearing))
    where = _middles(kind, km, bearing, step)
    keys, patch, size = np.unique(
        np.column_stack([centre, *where.values()]), axis=0, return_inverse=True, return_counts=True
    )
    large = size >= least
    if not large.any():
        raise ScoreError(
            f"no patch has {least} places (the largest has {size.max(initial=0)}); widen radius_km or "
            "step, or lower least"
        )
    n, scored, number = len(places), large[patch.ravel()], np.cumsum(large) - 1
    rows = number[patch.ravel()[scored]], place[scored]
    members = csr_array((np.ones(scored.sum()), rows), shape=(large.sum(), n))
    wholes = csr_array((np.ones(len(place)), (centre, place)), shape=(n, n))
    owner, size, near = keys[large, 0].astype(int), size[large], np.bincount(centre, minlength=n)
    weight = size / size.sum()

    def information(classes: np.ndarray) -> np.ndarray:
        """Of each patch, shape (patch, arrangement), for classes of shape (n, arrangement)."""
        one_hot = (classes[:, :, None] == np.arange(bins)).astype(np.float64).reshape(n, -1)
        share = (wholes @ one_hot)[owner] / near[owner, None]
        mixed = (members @ one_hot + PRIOR * share) / (size[:, None] + PRIOR)
        return rel_entr(mixed, share).reshape(len(size), -1, bins).sum(2)

    classes = np.floor(bins * (rankdata(marks) - 0.5) / n).astype(int)
    own = information(classes[:, None])[:, 0]
    null, order = np.empty(permutations), np.lexsort((classes, *places.T))
    for start in range(0, permutations, BATCH):
        batch = null[start : start + BATCH]
        # Dealt in the order of the map, not of the rows, so that the null too is the same for rows in any order.
        arranged = np.empty((n, batch.size), int)
        arranged[order] = classes[order][np.stack(dealt(n, batch.size, rng), axis=1)]
        batch[:] = weight @ information(arranged)
    shift = members @ marks / size - (wholes @ marks)[owner] / near[owner]
    where = {name: keys[large, 1 + i] for i, name in enumerate(where)}
    table = pd.DataFrame({"centre": owner, **where, "n": size, "information": own, "shift": shift})
    with np.errstate(invalid="ignore"):
        centres = np.bincount(owner, size * own, n) / np.bincount(owner, size, n)
    return RelativeInformation(float(weight @ own), null, centres, table)


def _middles(kind: str, km: np.ndarray, bearing: np.ndarray, step: float) -> dict[str, np.ndarray]:
    """Where the middle of each neighbour's patch is: km east and north, km away, or degrees clockwise from north."""
    if kind == "distance":
        return {"km": (np.floor(km / step) + 0.5) * step}
    if kind == "direction":
        return {"bearing": np.floor(np.degrees(bearing) / step + 0.5) * step % 360}
    far = 2 * EARTH_RADIUS_KM * np.sin(km / EARTH_RADIUS_KM / 2)
    return {
        "east_km": np.floor(far * np.sin(bearing) / step + 0.5) * step,
        "north_km": np.floor(far * np.cos(bearing) / step + 0.5) * step,
    }
