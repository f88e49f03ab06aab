"""A basis for one region: the smooth functions on the sphere that live almost wholly on its land."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from placeprior.coords import grid, inside, unit_xyz
from placeprior.encoders.basis.frame import Position
from placeprior.errors import ConfigError

ROWS = 128
CELL = 1.0  # degrees, of the grid that stands for the land: several cells a half-wave at the default degrees


def series(cosine: torch.Tensor, weight: list[float]) -> torch.Tensor:
    """Sum of ``weight[l] P_l(cosine)`` over the Legendre polynomials P_l, by Clenshaw's recurrence (1955)."""
    last, before = torch.zeros_like(cosine), torch.zeros_like(cosine)
    for degree in range(len(weight) - 1, 0, -1):
        ahead = (2 * degree + 1) / (degree + 1) * cosine * last - (degree + 1) / (degree + 2) * before + weight[degree]
        last, before = ahead, last
    return cosine * last - before / 2 + weight[0]


class Slepian(Position):
    """Slepian functions of the contiguous United States, from coarse to fine.

    Among all functions on the sphere with spherical harmonics of degree below L, those that have the largest share of
    their energy inside a region (Simons, Dahlen & Wieczorek, 2006, *Spatiospectral concentration on a sphere*, SIAM
    Review 48, 504-536). About :math:`L^2 A/4\\pi` of them, the Shannon number, have more than half of it there; A is
    the region's area in steradians. They resolve a country as finely as :math:`L^2` harmonics resolve the globe, with
    a hundredth of the numbers.

    No harmonic is needed to find them: by the addition theorem the sum of all products
    :math:`Y_{lm}(x)Y_{lm}(x')` is :math:`K(x, x') = \\sum_{l<L} \\frac{2l+1}{4\\pi} P_l(x\\cdot x')`, and the functions
    are the eigenvectors of K over the cells of the land. Many share an eigenvalue close to 1, which leaves it open
    which of their mixtures come out. So the basis is turned, within itself, to the mixtures of least bending:
    eigenvectors of :math:`K_\\Delta = \\sum l(l+1)\\frac{2l+1}{4\\pi}P_l`, the smoothest first.

    Parameters
    ----------
    degrees : int
        L. Half a wave is ``180 / degrees`` degrees long: 3 degrees, or 330 km, at 60.
    """

    def __init__(self, degrees: int = 60) -> None:
        super().__init__()
        if not 20 <= degrees <= 100:
            raise ConfigError(
                f"degrees {degrees} must be from 20 (fewer leave a handful of functions) to 100 (the "
                f"land is a grid of {CELL:g} degree)"
            )
        self.degrees = degrees
        nodes, mixture = _functions(degrees)
        self.register_buffer("nodes", torch.from_numpy(nodes))
        self.register_buffer("mixture", torch.from_numpy(mixture))
        self.dim = mixture.shape[1]

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """Each function at each place: unit mean square over the land, near zero far from it."""
        lam, phi = torch.deg2rad(lon), torch.deg2rad(lat)
        place = torch.stack([torch.cos(phi) * torch.cos(lam), torch.cos(phi) * torch.sin(lam), torch.sin(phi)], dim=1)
        # A few places at a time: what the recurrence reads and writes again and again then stays in the cache.
        for start in range(0, len(place), ROWS):
            near = place[start : start + ROWS] @ self.nodes.T
            out[start : start + ROWS] = series(near, _weights(self.degrees)) @ self.mixture


def _weights(degrees: int) -> list[float]:
    return [(2 * degree + 1) / (4 * math.pi) for degree in range(degrees)]


@cache
def _functions(degrees: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The land's cells as unit vectors (cells, 3), and each function as a mixture of their kernels (cells, dim)."""
    lon, lat = (axis.ravel() for axis in np.meshgrid(*grid(CELL)))
    land = inside(np.column_stack([lon, lat]))
    nodes = unit_xyz(np.column_stack([lon, lat])[land])
    area = np.cos(np.radians(lat[land])) * np.radians(CELL) ** 2  # steradians
    cosine = torch.from_numpy(nodes @ nodes.T).clamp(-1, 1)
    root = np.sqrt(area)
    kernel = series(cosine, _weights(degrees)).numpy()
    share, vector = np.linalg.eigh(root[:, None] * kernel * root)
    kept = share > 0.5
    mixture = root[:, None] * vector[:, kept] / np.sqrt(share[kept])  # of unit energy on the whole sphere
    steeper = [weight * degree * (degree + 1) for degree, weight in enumerate(_weights(degrees))]
    bending = series(cosine, steeper).numpy()
    _, turn = np.linalg.eigh(mixture.T @ bending @ mixture)
    mixture = mixture @ turn
    at_nodes = kernel @ mixture
    size = np.sqrt((area[:, None] * at_nodes**2).sum(0) / area.sum())
    sign = np.sign(at_nodes[np.abs(at_nodes).argmax(0), np.arange(at_nodes.shape[1])])
    return nodes, mixture * sign / size
