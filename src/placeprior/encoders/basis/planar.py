"""Position encodings that take longitude and latitude for a plane: close by the date line they see two far ends."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from placeprior.coords import CONUS_BOX, check_lonlat
from placeprior.encoders.basis.frame import MultiScale, Position
from placeprior.errors import ConfigError

GLOBE = (-180.0, 180.0, -90.0, 90.0)  # west, east, south, north


class Tile(Position):
    """A learnt vector for each cell of a grid; nothing is shared between neighbouring cells.

    The oldest idea (Berg et al. 2014, *Birdsnap*, CVPR, as a table of counts; Tang et al. 2015, ICCV, as a feature).

    Parameters
    ----------
    interval : float
        Side of a cell, degrees.
    extent : (west, east, south, north)
        Degrees; a place outside belongs to the nearest cell of the edge.
    table : array_like, shape (cells, dim), optional
        A vector a cell, row by row from the south, from the west inside a row. Learnt. By default standard normal.
    """

    def __init__(
        self,
        interval: float = 10.0,
        extent: tuple[float, ...] = GLOBE,
        table: object = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.interval, self.extent = float(interval), check_extent(extent)
        if not 0 < self.interval <= 360:
            raise ConfigError(f"a tile of {interval} degrees cannot be; give an interval above 0 and at most 360")
        west, east, south, north = self.extent
        self.columns = math.ceil((east - west) / self.interval)
        self.rows = math.ceil((north - south) / self.interval)
        cells = self.rows * self.columns
        if table is None:
            table = torch.randn(cells, 16, dtype=torch.float64, generator=generator or seeded())
        table = torch.as_tensor(table, dtype=torch.float64)
        if table.ndim != 2 or len(table) != cells:
            raise ConfigError(
                f"the table has shape {tuple(table.shape)}; {self.rows} x {self.columns} cells of "
                f"{self.interval:g} degrees need ({cells}, dim)"
            )
        self.table = nn.Parameter(table.clone())
        self.dim = table.shape[1]

    def cell(self, lon: torch.Tensor, lat: torch.Tensor) -> torch.Tensor:
        """Number of the cell of each place, shape (n,)."""
        west, _, south, _ = self.extent
        column = ((lon - west) / self.interval).floor().clamp(0, self.columns - 1)
        row = ((lat - south) / self.interval).floor().clamp(0, self.rows - 1)
        return (row * self.columns + column).long()

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """Look the cell's row of the table up."""
        out[:] = self.table[self.cell(lon, lat)]


class Wrap(Position):
    """Sines and cosines of both coordinates (Mac Aodha et al. 2019, *Presence-only geographical priors*, ICCV).

    ``[sin(pi lon/180), sin(pi lat/90), cos(pi lon/180), cos(pi lat/90)]``. Continuous at the date line; but latitude
    goes round as well, so that both poles have one code.
    """

    dim = 4

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """One cycle around the globe, one from pole to pole."""
        lam, twice = torch.deg2rad(lon), torch.deg2rad(2 * lat)
        for column, wave in enumerate((torch.sin(lam), torch.sin(twice), torch.cos(lam), torch.cos(twice))):
            out[:, column] = wave


class Rbf(Position):
    """How near a place is to each of a set of anchors (radial basis functions; Mai et al. 2020, ICLR, baseline).

    ``exp(-||x - a||^2 / (2 s^2))``, x and a in degrees.

    Parameters
    ----------
    anchors : array_like, shape (dim, 2), optional
        lonlat, degrees. A run takes training stations; by default 100 places drawn over the contiguous United States.
    kernel_size : float
        s, degrees.
    """

    count = 100

    def __init__(self, anchors: object = None, kernel_size: float = 9.0) -> None:
        super().__init__()
        if not kernel_size > 0:
            raise ConfigError(f"kernel_size {kernel_size} must be above 0 degrees")
        if anchors is None:
            west, south, east, north = CONUS_BOX
            anchors = np.random.default_rng(0).uniform((west, south), (east, north), (self.count, 2))
        self.kernel_size = float(kernel_size)
        self.register_buffer("anchors", torch.from_numpy(check_lonlat(np.asarray(anchors))))
        self.dim = len(self.anchors)

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """A Gaussian bump around each anchor."""
        # -|x - a|^2 / 2 = x . a - |x|^2 / 2 - |a|^2 / 2: one matrix product in place of five passes over (n, dim).
        place = torch.stack([lon, lat, -(lon**2 + lat**2) / 2, torch.ones_like(lon)], dim=1)
        bump = torch.cat(
            [self.anchors, torch.ones_like(self.anchors[:, :1]), -(self.anchors**2).sum(1, keepdim=True) / 2], dim=1
        )
        out[:] = (place @ bump.T).div_(self.kernel_size**2).clamp_(max=0).exp_()


class Rff(Position):
    """Random Fourier features of a Gaussian kernel (Rahimi & Recht, 2007, NIPS).

    ``sqrt(2/F) cos(x . omega + shift)``, x the place with ``extent`` scaled to -1 … 1.

    Parameters
    ----------
    omega : array_like, shape (2, F), optional
        Directions and frequencies; by default 64, standard normal.
    shift : array_like, shape (F,), optional
        Phases; by default uniform on 0 … 2 pi.
    extent : (west, east, south, north)
        Degrees.
    """

    count = 64

    def __init__(
        self,
        omega: object = None,
        shift: object = None,
        extent: tuple[float, ...] = GLOBE,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        generator = generator or seeded()
        self.extent = check_extent(extent)
        if omega is None:
            omega = torch.randn(
                2, self.count if shift is None else len(shift), dtype=torch.float64, generator=generator
            )
        omega = torch.as_tensor(omega, dtype=torch.float64)
        if shift is None:
            shift = 2 * math.pi * torch.rand(omega.shape[-1], dtype=torch.float64, generator=generator)
        shift = torch.as_tensor(shift, dtype=torch.float64)
        if omega.shape != (2, len(shift)):
            raise ConfigError(
                f"omega has shape {tuple(omega.shape)} and shift {tuple(shift.shape)}; expected (2, F) and (F,)"
            )
        self.register_buffer("omega", omega.clone())
        self.register_buffer("shift", shift.clone())
        self.dim = len(shift)

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """A cosine along each random direction."""
        west, east, south, north = self.extent
        x = torch.stack([2 * (lon - west) / (east - west) - 1, 2 * (lat - south) / (north - south) - 1], dim=1)
        out[:] = torch.addmm(self.shift, x, self.omega).cos_().mul_(math.sqrt(2 / self.dim))


class Grid(MultiScale):
    """Sines and cosines of longitude and of latitude at many scales (Mai et al. 2020, *Space2Vec*, ICLR, "grid").

    Columns: coordinate, scale, (sine, cosine). Radii in degrees; a full wave is 2 pi radii long.
    """

    def __init__(self, frequency_num: int = 16, min_radius: float = 0.01, max_radius: float = 360.0) -> None:
        super().__init__(frequency_num, min_radius, max_radius)
        self.dim = 4 * frequency_num

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """Waves along the meridians and along the parallels."""
        columns = out.unflatten(1, (2, -1, 2))
        for k, axis in enumerate((lon, lat)):
            columns[:, k, :, 0], columns[:, k, :, 1] = self.waves(axis)


class Theory(MultiScale):
    """Waves along three directions 120 degrees apart (Mai et al. 2020, *Space2Vec*, "theory").

    After the grid cells of the mammalian brain (Gao et al. 2019, ICLR). Columns: scale, direction, (sine, cosine).
    Radii in degrees.
    """

    def __init__(self, frequency_num: int = 16, min_radius: float = 0.01, max_radius: float = 360.0) -> None:
        super().__init__(frequency_num, min_radius, max_radius)
        self.dim = 6 * frequency_num

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """The place projected on unit vectors at 0, 120 and 240 degrees."""
        half, root = -0.5, math.sqrt(3) / 2
        along = (lon, half * lon + root * lat, half * lon - root * lat)
        columns = out.unflatten(1, (-1, 3, 2))
        for k, axis in enumerate(along):
            columns[:, :, k, 0], columns[:, :, k, 1] = self.waves(axis)


def check_extent(extent: tuple[float, ...]) -> tuple[float, float, float, float]:
    """Return (west, east, south, north) as numbers, or refuse it."""
    west, east, south, north = map(float, extent)
    if not (west < east and south < north):
        raise ConfigError(f"extent {tuple(extent)} is empty; the order is west, east, south, north")
    return west, east, south, north


def seeded(seed: int = 0) -> torch.Generator:
    """A generator for what is drawn when nobody says from which."""
    return torch.Generator().manual_seed(seed)
