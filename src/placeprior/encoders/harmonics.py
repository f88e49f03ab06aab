"""Real spherical harmonics, the sphere's Fourier series, by a recurrence that stays exact at high degrees.

Textbook formulas with factorials, or polynomials written out, lose all digits near degree 40; in single precision they
are no numbers at all. The recurrence below works with normalised functions throughout (Holmes & Featherstone, 2002,
*A unified approach to the Clenshaw summation and the recursive computation of very high degree and order normalised
associated Legendre functions*, Journal of Geodesy 76, 279-299).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def real_harmonics(lonlat: torch.Tensor, degrees: int) -> torch.Tensor:
    """Orthonormal real spherical harmonics, without the Condon-Shortley sign.

    Parameters
    ----------
    lonlat : tensor, shape (n, 2)
        Longitude and latitude, degrees.
    degrees : int
        L: degrees 0 … L - 1.

    Returns
    -------
    tensor, shape (n, degrees**2), float64
        Degree l = 0 … L - 1 and, inside it, order m = -l … l: with theta from the north pole and phi eastwards,
        :math:`\\sqrt 2\\,\\bar P_{l|m|}(\\cos\\theta)\\sin|m|\\phi` for m < 0, :math:`\\bar P_{l0}(\\cos\\theta)`, and
        :math:`\\sqrt 2\\,\\bar P_{lm}(\\cos\\theta)\\cos m\\phi` for m > 0.
    """
    import torch

    lon, lat = torch.deg2rad(lonlat.double()).unbind(1)
    return _harmonics(torch.sin(lat), torch.cos(lat), lon, degrees)


def satclip_harmonics(lonlat: torch.Tensor, degrees: int) -> torch.Tensor:
    """The harmonics that SatCLIP's weights were trained with; for these weights nothing else will do.

    They differ from :func:`real_harmonics` in two ways: theta counts from the south pole and phi from the date line,
    and the terms of order 0 are pi times as large, from a bracket that was missing in the generator of the original
    code (:math:`\\sqrt{(2l+1)/4\\cdot\\pi}` for :math:`\\sqrt{(2l+1)/(4\\pi)}`). A network that learns
    with that scale is none the worse, but a trained one given textbook values returns other vectors, without a word.

    Parameters
    ----------
    lonlat : tensor, shape (n, 2)
        Longitude and latitude, degrees.
    degrees : int

    Returns
    -------
    tensor, shape (n, degrees**2), float64
    """
    import torch

    lon, lat = torch.deg2rad(lonlat.double()).unbind(1)
    values = _harmonics(-torch.sin(lat), torch.cos(lat), lon + math.pi, degrees)
    zonal = torch.tensor([degree * (degree + 1) for degree in range(degrees)], device=values.device)
    values[:, zonal] *= math.pi
    return values


def _harmonics(cos: torch.Tensor, sin: torch.Tensor, phi: torch.Tensor, degrees: int) -> torch.Tensor:
    """Cosine and sine of theta, and phi (n,) -> (n, degrees**2).

    Degree by degree from the two before, all orders m < l at once, and the new order m = l from the last one:

    .. math::
        \\bar P_{lm} = \\sqrt{\\tfrac{4l^2-1}{l^2-m^2}}\\left(\\cos\\theta\\,\\bar P_{l-1,m}
        - \\sqrt{\\tfrac{(l-1)^2-m^2}{4(l-1)^2-1}}\\,\\bar P_{l-2,m}\\right), \\qquad
        \\bar P_{ll} = \\sqrt{\\tfrac{2l+1}{2l}}\\,\\sin\\theta\\,\\bar P_{l-1,l-1}, \\qquad
        \\bar P_{00} = \\sqrt{\\tfrac{1}{4\\pi}}

    (the "standard forward column method" of Holmes & Featherstone, in which no large terms cancel).
    """
    import torch

    # A row a function: whole rows are written at once, and the caller's layout is a view of them.
    order = torch.arange(degrees, dtype=torch.float64, device=phi.device)[:, None]
    wave_sin, wave_cos = math.sqrt(2) * torch.sin(phi * order), math.sqrt(2) * torch.cos(phi * order)
    values = phi.new_empty(degrees**2, len(phi))
    before, last = phi.new_zeros(0, len(phi)), phi.new_full((1, len(phi)), math.sqrt(1 / (4 * math.pi)))
    for degree in range(degrees):
        if degree:
            m = order[:degree]
            up = torch.sqrt((4 * degree**2 - 1) / (degree**2 - m**2))
            down = torch.sqrt(((degree - 1) ** 2 - m[:-1] ** 2) / (4 * (degree - 1) ** 2 - 1))
            inner = cos * last
            inner[:-1] -= down * before
            edge = math.sqrt((2 * degree + 1) / (2 * degree)) * sin * last[-1:]
            before, last = last, torch.cat([up * inner, edge])
        middle = degree * (degree + 1)
        values[middle] = last[0]
        values[middle + 1 : middle + degree + 1] = last[1:] * wave_cos[1 : degree + 1]
        values[middle - degree : middle] = (last[1:] * wave_sin[1 : degree + 1]).flip(0)
    return values.T
