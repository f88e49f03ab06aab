"""What all position encodings share: the check of their input and the radii from fine to coarse."""

from __future__ import annotations

import torch
from torch import nn

from placeprior.coords import check_lonlat
from placeprior.errors import ConfigError


class Position(nn.Module):
    """A position encoding: lonlat (n, 2) in degrees -> (n, dim), float64, on the device of the places.

    A subclass sets ``dim`` and writes its formula in :meth:`encode`.
    """

    dim: int

    def forward(self, lonlat: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
        """Encode places.

        Parameters
        ----------
        lonlat : tensor, shape (n, 2)
            Longitude and latitude, degrees; arrays and tables are taken too. Never changed in place. A tensor that
            wants a gradient gets it.
        out : tensor, shape (n, dim), optional
            Where to write. What is computed in float64 is rounded to its precision as it is written, once.

        Returns
        -------
        tensor, shape (n, dim)
            ``out``, by default a new one, float64.

        Raises
        ------
        CoordinateError
            Wrong shape, not a number, or out of range.
        """
        if not isinstance(lonlat, torch.Tensor):
            lonlat = torch.from_numpy(check_lonlat(lonlat))
        well = lonlat.ndim == 2 and lonlat.shape[1] == 2 and lonlat.is_floating_point()
        if well and len(lonlat):
            low, high = lonlat.aminmax(dim=0)
            limit = torch.tensor([180.0, 90.0], device=lonlat.device)
            well = bool(((low >= -limit) & (high <= limit)).all())  # a NaN fails both
        if not well:
            lonlat = torch.from_numpy(check_lonlat(lonlat)).to(lonlat.device)
        lon, lat = lonlat.double().unbind(1)
        if out is None:
            out = lon.new_empty(len(lon), self.dim)
        self.encode(lon, lat, out)
        return out

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """The formula: longitude and latitude, degrees, float64, shape (n,) each, written into ``out`` (n, dim).

        Columns are written where they belong as they are made: to put them side by side afterwards takes longer than
        to compute them.
        """
        raise NotImplementedError


class MultiScale(Position):
    """A position encoding at ``frequency_num`` scales, each a fixed factor coarser than the one before.

    Parameters
    ----------
    frequency_num : int
        Number of scales, F.
    min_radius, max_radius : float
        The finest and the coarsest, in the unit of the coordinates that the formula divides by them (degrees in the
        plane, radians on the sphere): :math:`r_f = r_{min}(r_{max}/r_{min})^{f/(F-1)}`, Mai et al. (2020), eq. 6.
    """

    def __init__(self, frequency_num: int, min_radius: float, max_radius: float) -> None:
        super().__init__()
        if frequency_num < 1 or not 0 < min_radius <= max_radius:
            raise ConfigError(
                f"{frequency_num} scales from {min_radius:g} to {max_radius:g} cannot be: give "
                "frequency_num of at least 1 and 0 < min_radius <= max_radius"
            )
        share = torch.linspace(0, 1, frequency_num, dtype=torch.float64)
        self.register_buffer("frequency", 1 / (min_radius * (max_radius / min_radius) ** share))

    def waves(self, angle: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Sine and cosine of an angle at every scale: (n,) -> two of (n, frequency_num)."""
        scaled = angle[:, None] * self.frequency
        return torch.sin(scaled), torch.cos(scaled)
