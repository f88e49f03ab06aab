r"""Learning a location encoder by contrast: which environment belongs to which place, and which wrong pairs count.

Two networks, one of the place and one of its environment, are trained until the vectors of a pair are alike and those
of a wrong pair are not (Radford et al. 2021, *CLIP*, ICML; Vivanco Cepeda et al. 2023, *GeoCLIP*, NeurIPS). A wrong
pair (a **negative**) may weigh more than another: by how its dissimilarity :math:`D` differs from :math:`\gamma`,
what is expected at its distance (after Chen et al. 2025, arXiv 2509.21573). A weight :math:`w` belongs *inside* the
logit,

.. math:: -\log \frac{e^{l_{ii}}}{e^{l_{ii}} + \sum_{j \ne i} w_{ij} e^{l_{ij}}}, \qquad w e^{l} = e^{l + \log w},

so that more weight always means a harder negative. No file is read here, and nothing is trained: the steps are taken by
:mod:`placeprior.runs.pretraining`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from placeprior.encoders.basis.heads import FeedForward
from placeprior.encoders.geoclip import equal_earth, fourier
from placeprior.errors import ConfigError

Floats = NDArray[np.float64]
Gamma = Callable[[Floats], Floats]  # a distance -> the dissimilarity that is expected there

SCALES = (4.0, 16.0, 64.0)  # spread of the frequencies, cycles a map: waves of some 4,000, 1,000 and 250 km
FREQUENCIES = 64  # a scale
HIDDEN = 128
DIM = 64
COLDEST = math.log(1 / 0.07)  # GeoCLIP's first (log) temperature
HOTTEST = math.log(100.0)  # and CLIP's bound on it


class PlaceTower(nn.Module):
    """The location encoder: Equal Earth projection, random Fourier features of three scales, one hidden layer."""

    dim = DIM

    def __init__(self, generator: torch.Generator | None = None) -> None:
        super().__init__()
        drawn = torch.randn(len(SCALES), FREQUENCIES, 2, generator=generator)
        self.register_buffer("frequencies", (drawn * torch.tensor(SCALES)[:, None, None]).flatten(0, 1))
        self.head = FeedForward(2 * len(self.frequencies), HIDDEN, DIM, generator=generator)

    def forward(self, lonlat: torch.Tensor) -> torch.Tensor:
        """Places (n, 2), degrees, float32 -> (n, 64)."""
        return self.head(fourier(equal_earth(lonlat), self.frequencies))


class Towers(nn.Module):
    """Place and environment, side by side: the logits of all pairs of a batch.

    Parameters
    ----------
    features : int
        Numbers of an environment.
    generator : torch.Generator, optional
        Draws the place's weights first: those of a seed are the same whatever the environment is.
    """

    def __init__(self, features: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.place = PlaceTower(generator)
        self.environment = FeedForward(features, HIDDEN, DIM, generator=generator)
        self.temperature = nn.Parameter(torch.tensor(COLDEST))

    def forward(self, lonlat: torch.Tensor, environment: torch.Tensor) -> torch.Tensor:
        """Places (m, 2) and environments (n, features) -> logits (n, m): scaled cosines, a row an environment."""
        place, world = normalize(self.place(lonlat)), normalize(self.environment(environment))
        return self.temperature.clamp(max=HOTTEST).exp() * world @ place.T


def info_nce(logits: torch.Tensor, log_weight: torch.Tensor | None = None) -> torch.Tensor:
    """Mean cross-entropy of a batch of pairs, both ways (van den Oord et al. 2018, arXiv 1807.03748; CLIP).

    Parameters
    ----------
    logits : tensor, shape (n, n)
        Right pairs on the diagonal.
    log_weight : tensor, shape (n, n), optional
        ``log w`` of every wrong pair; the diagonal is not read.
    """
    if log_weight is not None:
        logits = logits + log_weight * (1 - torch.eye(len(logits)))
    right = torch.arange(len(logits))
    return (cross_entropy(logits, right) + cross_entropy(logits.T, right)) / 2


def multiplied(logits: torch.Tensor, log_weight: torch.Tensor) -> torch.Tensor:
    """The same loss as the public code of Chen et al. weighs: negative logits *times* ``w``.

    A negative logit times ``w > 1`` is more negative: the pair is made easier where its weight should make it harder.
    """
    return info_nce(logits * (log_weight * (1 - torch.eye(len(logits)))).exp())


def dissimilarity(features: ArrayLike) -> Floats:
    r"""One minus the cosine of every two feature vectors, (n, d) -> (n, n), 0 (alike) to 2.

    For vectors of length one this is :math:`\frac12 \lVert f_i - f_j \rVert^2`: its mean at a distance is the
    semivariogram.

    Raises
    ------
    ConfigError
        A vector is not finite, or zero and so without a direction.
    """
    found = np.asarray(features, dtype=float)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    if (wrong := ~(np.isfinite(length) & (length > 0)).ravel()).any():
        raise ConfigError(
            f"feature vector {int(wrong.argmax())} has length {length[wrong][0, 0]:g} ({int(wrong.sum())} such); leave "
            "out places whose environment is unknown or all zero"
        )
    unit = found / length
    return np.clip(1 - unit @ unit.T, 0, 2)


def excess(found: ArrayLike, expected: ArrayLike) -> Floats:
    """How much less alike two places are than expected at their distance: ``max(0, D - gamma)``, of any shape."""
    return np.maximum(0, np.asarray(found, float) - np.asarray(expected, float))


def deficit(found: ArrayLike, expected: ArrayLike) -> Floats:
    """How much more alike two places are than expected at their distance: ``max(0, gamma - D)``, of any shape."""
    return excess(expected, found)


def reach(gamma: Gamma, step: float, slope: float, most: float) -> float:
    """Where a variogram levels off: the first distance of a grid after which it never rises by `slope` a unit again.

    Parameters
    ----------
    gamma : callable
    step, most : float
        Of the grid, in the unit of its distances.
    slope : float

    Raises
    ------
    ConfigError
        It still rises so fast at `most`.
    """
    grid = np.arange(0, most + step, step)
    steep = np.flatnonzero(np.diff(gamma(grid)) / step >= slope)
    if steep.size and steep[-1] == len(grid) - 2:
        raise ConfigError(f"the variogram still rises by {slope:g} or more at {most:g}; look farther")
    return float(grid[steep[-1] + 1]) if steep.size else 0.0


def log_weights(tail: ArrayLike, mean: float) -> Floats:
    r"""``log w`` with :math:`w = e^{\lambda p}` of a tail :math:`p \ge 0`; :math:`\lambda` gives w a certain mean.

    Equal means make methods comparable: they differ in where weight goes, not in how much there is.

    Parameters
    ----------
    tail : array_like, shape (n, n)
        The diagonal, a place with itself, is not read and gets 0.
    mean : float
        At least 1. A tail that is zero everywhere weighs nothing, whatever is asked.

    Raises
    ------
    ConfigError
        A tail is negative or not a number, or `mean` is below 1.
    """
    p = np.array(tail, float)
    np.fill_diagonal(p, 0.0)
    if not (np.isfinite(p).all() and (p >= 0).all() and mean >= 1):
        raise ConfigError(f"a tail must be 0 or more (here {p.min():g}) and a mean weight 1 or more; got {mean:g}")
    if mean == 1 or not p.any():
        return np.zeros_like(p)
    apart = p[~np.eye(len(p), dtype=bool)]
    # Once the largest alone makes up the mean, the strength is too large.
    most = math.log(mean * len(apart)) / apart.max()
    return p * brentq(lambda strength: np.exp(strength * apart).mean() - mean, 0, most, xtol=1e-12)
