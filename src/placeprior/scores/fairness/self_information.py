"""Spatial self-information: how surprising is the arrangement of places, or of marks at places, around a centre?

The probability that neighbours are as alike as they are, or more so, if everything were dealt at random; its negative
logarithm is the surprise. With no marks the question is how places are strewn over their surroundings, with marks it
is about both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree
from scipy.special import log_ndtr

from placeprior.coords import EARTH_RADIUS_KM, check_lonlat
from placeprior.errors import UnknownName
from placeprior.scores.fairness.nearby import TICK, ScoreError, around, checked, shares

DEFINITIONS = ("tail", "density")
CROWD = 5  # background points for each place of a neighbourhood, as in the authors' program
PAIRS = 2_000_000  # pairs of places handled at once, which bounds the memory


@dataclass(frozen=True)
class SelfInformation:
    """What :func:`ssi` found.

    Attributes
    ----------
    scores : ndarray, shape (m,)
        Nats, one a centre; NaN where the score is not defined.
    neighbours : ndarray of int, shape (m,)
        Places within the radius, the centre included where it is one.
    """

    scores: np.ndarray
    neighbours: np.ndarray

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        """The scores, wherever an array is expected."""
        return np.array(self.scores, dtype=dtype)

    @property
    def average(self) -> float:
        """Mean of the defined scores, nats; NaN where none is."""
        known = self.scores[np.isfinite(self.scores)]
        return float(known.mean()) if known.size else float("nan")


def rings(radius_km: float, density: float) -> tuple[np.ndarray, np.ndarray]:
    r"""The background of a neighbourhood: points on rings :math:`d = 1/\sqrt{\text{density}}` apart.

    Ring :math:`i` of :math:`1, \dots, \lceil r/d \rceil` has :math:`\lceil 2\pi i \rceil` points, the first due north.
    So one point stands for about :math:`d^2` of land, and the outermost ring may lie beyond the radius.

    Parameters
    ----------
    radius_km : float
    density : float
        Points per km2.

    Returns
    -------
    km, bearing : ndarray, shape (b,)
        From the centre; radians clockwise from north.
    """
    spacing = 1 / np.sqrt(density)
    ring = np.arange(1, np.ceil(radius_km / spacing) + 1)
    count = np.ceil(2 * np.pi * ring).astype(int)
    turn = np.concatenate([np.arange(c) / c for c in count])
    return np.repeat(ring * spacing, count), 2 * np.pi * turn


def ssi(
    lonlat: ArrayLike,
    values: ArrayLike | None = None,
    *,
    radius_km: float,
    k: int = 4,
    density: float | str = "auto",
    definition: str = "tail",
    at: ArrayLike | None = None,
) -> SelfInformation:
    r"""Spatial self-information of the neighbourhood of each place (Wang et al. 2024, arXiv 2405.18459).

    The :math:`n` places within the radius carry their marks :math:`x`, and a background of :func:`rings` carries 0;
    together they are :math:`N` points with mean :math:`\bar x`. Neighbours are the `k` nearest. The more alike they
    are, the larger the unscaled Moran's I,

    .. math:: U = \sum_i \sum_{j \in \mathrm{NN}_k(i)} (x_i - \bar x)(x_j - \bar x).

    Were the values dealt to the points at random, the number of neighbours of class :math:`q` (the :math:`n_q` points
    of value :math:`c_q`) that class :math:`p` has would be about binomial, and :math:`U` about normal with

    .. math:: \mu = -\frac{k}{N} \sum_i (x_i - \bar x)^2 - \sum_q (c_q - \bar x)^2,

    .. math:: \sigma^2 = \frac{k}{N} \Bigl[\sum_{p \ne q} c_p^2 c_q^2\, n_p n_q
              \Bigl(1 - \frac{k \max(n_p, n_q)}{N}\Bigr)
              + 2 \sum_q c_q^4\, n_q (n_q - 1) \Bigl(1 - \frac{k (2 n_q - 1)}{3 N}\Bigr)\Bigr],

    sums over classes other than the background (class 0). The score is how surprising the observed :math:`U` is:

    - ``"tail"``, of GeoBS 2025: :math:`-\ln 2\Phi(-|U - \mu| / (\sigma + 1))`;
    - ``"density"``, of TorchSpatial 2024 (arXiv 2406.15658): :math:`-\ln N(U; \mu, \sigma^2)`.

    The two do not compare. Clustered and evenly spread places both score high. A mark's sign means nothing: all right
    scores as all wrong. Nor is it a test: random marks score above the 1 nat of a uniform p-value, since where places
    lie enters too. Compare scores of the *same places* only; :func:`placeprior.scores.fairness.geobias.sri` is a test.

    Parameters
    ----------
    lonlat : array_like, shape (n, 2)
        Degrees.
    values : array_like, shape (n,), optional
        Marks other than 0, such as +1 (right) and -1 (wrong), or errors. Ones when absent: then the score is about
        where the places are (unmarked).
    radius_km : float
        Up to a quarter of the globe. Every place within it counts, however many.
    k : int
    density : float or "auto"
        Background points per km2; ``"auto"`` is five for each place in the neighbourhood, spread over the disc.
    definition : {"tail", "density"}
    at : array_like, shape (m, 2), optional
        Centres, lonlat; the places themselves when absent.

    Returns
    -------
    SelfInformation
        A score is NaN where no place is within the radius and, by density, where one is alone (:math:`\sigma = 0`).

    Raises
    ------
    CoordinateError, UnknownName, ScoreError
        If places or values are wrong, or the background is too sparse for `k` neighbours.

    Notes
    -----
    The density changes by :math:`2 \ln s` when marks are multiplied by :math:`s`; the tail, with its 1 beside
    :math:`\sigma`, changes in no simple way. Adding to marks changes both: 0 is the background.

    The authors' program differs where its result is an accident: it looks at the 100 nearest places only, breaks ties
    by row, stops at 589.46 (it adds 1e-256 to the probability), and weighs pairs of classes by a square that is not
    symmetric when marks are unbalanced. On places without ties and balanced marks the numbers are the same.
    """
    if definition not in DEFINITIONS:
        raise UnknownName("definition of spatial self-information", definition, DEFINITIONS)
    places, marks = checked(lonlat, values)
    centres = places if at is None else check_lonlat(at)
    if (marks == 0).any():
        raise ScoreError(
            f"{(marks == 0).sum()} marks are 0, first in row {(marks == 0).argmax()}, but 0 is the "
            "background; code right and wrong as +1 and -1"
        )
    if not 0 < radius_km <= np.pi / 2 * EARTH_RADIUS_KM:
        raise ScoreError(f"radius_km is {radius_km}; give kilometres above 0 and up to a quarter of the globe")
    if not (density == "auto" or (not isinstance(density, str) and density > 0)):
        raise ScoreError(f"density is {density!r}; give points per km2 above 0, or 'auto'")
    if k < 1:
        raise ScoreError(f"k is {k}; give at least 1 neighbour")
    centre, place, km, bearing = around(centres, places, radius_km)
    points = _on_cap(km, bearing)
    size = np.bincount(centre, minlength=len(centres))
    start = np.cumsum(size) - size
    scores = np.full(len(centres), np.nan)
    for n in np.unique(size[size > 0]):  # as many places, as dense a background: one serves them all
        spread = CROWD * n / (np.pi * radius_km**2) if density == "auto" else density
        background = _on_cap(*rings(radius_km, spread))
        same = np.flatnonzero(size == n)
        for which in np.split(same, range(block := max(1, PAIRS // n**2), len(same), block)):
            rows = start[which][:, None] + np.arange(n)
            scores[which] = _surprise(points[rows], marks[place[rows]], background, k, definition)
    return SelfInformation(scores, size)


def _on_cap(km: np.ndarray, bearing: np.ndarray) -> np.ndarray:
    """Unit vectors with the centre at the pole, where distances are what they are around any centre."""
    far = km / EARTH_RADIUS_KM
    return np.stack([np.sin(far) * np.cos(bearing), np.sin(far) * np.sin(bearing), np.cos(far)], axis=-1)


def _surprise(points: np.ndarray, x: np.ndarray, background: np.ndarray, k: int, definition: str) -> np.ndarray:
    """The scores of c neighbourhoods of n places each: points (c, n, 3), marks (c, n), background (b, 3)."""
    c, n = x.shape
    total = n + len(background)
    alike = x[:, :, None] == x[:, None, :]
    number = alike.sum(2)  # of its class, for each place
    if k * number.max() >= total or len(background) <= k:
        raise ScoreError(
            f"{len(background)} background points around {n} places are too few for k={k} neighbours; "
            "give a larger density or a smaller k"
        )
    mean = x.sum(1) / total
    z = x - mean[:, None]
    mu = -k / total * ((z**2).sum(1) + len(background) * mean**2) - (z**2 / number).sum(1) - mean**2
    larger = np.maximum(number[:, :, None], number[:, None, :])
    across = (x[:, :, None] * x[:, None, :]) ** 2 * (1 - k * larger / total) * ~alike
    within = 2 * x**4 * (number - 1) * (1 - k * (2 * number - 1) / (3 * total))
    sigma = np.sqrt(k / total * (across.sum((1, 2)) + within.sum(1)))
    deviation = np.abs(_moran(points, x, background, k, mean) - mu)
    if definition == "tail":
        return -np.log(2) - log_ndtr(-deviation / (sigma + 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        score = 0.5 * (deviation / sigma) ** 2 + np.log(sigma * np.sqrt(2 * np.pi))
    return np.where(sigma > 0, score, np.nan)


def _moran(points: np.ndarray, x: np.ndarray, background: np.ndarray, k: int, mean: np.ndarray) -> np.ndarray:
    """The unscaled Moran's I. The background's marks are 0: of its links only those that end at a place matter."""
    (c, n), b = x.shape, len(background)
    flat = points.reshape(-1, 3)
    tree, rivals = cKDTree(background), min(2 * k, b - 1)  # more than k, to see who ties for the last seat
    from_place = np.round(tree.query(flat, np.arange(1, rivals + 1))[0], TICK)
    from_background = np.round(tree.query(background, np.arange(2, rivals + 2))[0], TICK)
    apart = np.round(np.sqrt(sum((points[:, :, None, i] - points[:, None, :, i]) ** 2 for i in range(3))), TICK)
    apart[:, np.arange(n), np.arange(n)] = np.inf
    within = from_place[:, k - 1].copy().reshape(c, n)
    crowded = (apart <= within[:, :, None]).sum(2) > 4 * k
    if crowded.any():  # in a town, where a place's own kind leave the background no seat, not all can be candidates
        within[crowded] = np.minimum(within[crowded], np.partition(apart[crowded], k - 1, axis=1)[:, k - 1])
    group, one, other = np.nonzero(apart <= within[:, :, None])
    reach = from_background[:, k - 1].max() + 10.0**-TICK
    near = tree.sparse_distance_matrix(cKDTree(flat), reach, output_type="ndarray")
    near = near[np.round(near["v"], TICK) <= from_background[near["i"], k - 1]]
    source = np.concatenate([group * n + one, c * n + near["j"] // n * b + near["i"]])
    target = np.concatenate([group * n + other, near["j"]])
    distance = np.concatenate([apart[group, one, other], np.round(near["v"], TICK)])
    others = np.concatenate([from_place[group * n + one], from_background[near["i"]]])
    weight = shares(source, distance, k, others)
    of_source = np.concatenate([x.ravel()[group * n + one], np.zeros(len(near))])
    whose, pull = target // n, weight * x.ravel()[target]
    products, received = np.bincount(whose, pull * of_source, c), np.bincount(whose, pull, c)
    return products - mean * (k * x.sum(1) + received) + k * (n + b) * mean**2
