"""Position encodings that know the Earth is a sphere: from the unit vector, or from sines and cosines of its angles.

Below, phi is latitude and lam longitude, in radians, and (f) says: divided by the radius of scale f. Only ``xyz``,
``nerf`` and ``siren-sh`` are functions of the point on the sphere and so continuous everywhere; a scaled longitude
does not close at the date line nor at the poles (over the contiguous United States, neither is near).
"""

from __future__ import annotations

import math

import torch

from placeprior.encoders.basis.frame import MultiScale, Position
from placeprior.encoders.harmonics import real_harmonics
from placeprior.errors import ConfigError


class Xyz(Position):
    """The point on the unit sphere: ``[cos phi cos lam, cos phi sin lam, sin phi]``."""

    dim = 3

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """Three numbers, without any jump."""
        lam, phi = torch.deg2rad(lon), torch.deg2rad(lat)
        out[:, 0], out[:, 1] = torch.cos(phi) * torch.cos(lam), torch.cos(phi) * torch.sin(lam)
        out[:, 2] = torch.sin(phi)


class Nerf(Position):
    """Octaves of the unit vector (Mildenhall et al. 2020, *NeRF*, ECCV): sine and cosine of ``2^f pi xyz``.

    Columns: (sine, cosine), axis, octave. The finest of 16 octaves is 400 m long.

    Parameters
    ----------
    frequency_num : int
        Octaves.
    """

    def __init__(self, frequency_num: int = 16) -> None:
        super().__init__()
        if frequency_num < 1:
            raise ConfigError(f"frequency_num {frequency_num} must be at least 1")
        self.register_buffer("frequency", math.pi * 2.0 ** torch.arange(frequency_num, dtype=torch.float64))
        self.xyz = Xyz()
        self.dim = 6 * frequency_num

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """Each axis at each octave."""
        xyz = lon.new_empty(len(lon), 3)
        self.xyz.encode(lon, lat, xyz)
        angle = (xyz[..., None] * self.frequency).flatten(1)
        count = angle.shape[1]
        out[:, :count], out[:, count:] = torch.sin(angle), torch.cos(angle)


class Sphere(MultiScale):
    """Family Sphere2Vec (Mai et al. 2023, ISPRS Journal 202, 439-462): a spherical vector at many scales.

    Columns: scale by scale, inside it the components in the order of the formula. Radii in radians, so 0.001 is 6 km
    and 1 the Earth's radius; a full wave is 2 pi radii long.

    Parameters
    ----------
    frequency_num : int
    min_radius, max_radius : float
        As in :class:`~placeprior.encoders.basis.frame.MultiScale`.
    """

    components: int

    def __init__(self, frequency_num: int = 16, min_radius: float = 0.001, max_radius: float = 1.0) -> None:
        super().__init__(frequency_num, min_radius, max_radius)
        self.dim = self.components * frequency_num

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """Components of every scale, side by side."""
        lam, phi = torch.deg2rad(lon), torch.deg2rad(lat)
        whole = (torch.cos(phi)[:, None], torch.sin(lam)[:, None], torch.cos(lam)[:, None])
        columns = out.unflatten(1, (-1, self.components))
        for k, part in enumerate(self.parts(*self.waves(phi), *self.waves(lam), *whole)):
            columns[..., k] = part

    def parts(
        self,
        sin_phi_f: torch.Tensor,
        cos_phi_f: torch.Tensor,
        sin_lam_f: torch.Tensor,
        cos_lam_f: torch.Tensor,
        cos_phi: torch.Tensor,
        sin_lam: torch.Tensor,
        cos_lam: torch.Tensor,
    ) -> list[torch.Tensor]:
        """The formula of one scale: scaled (n, frequency_num) and whole (n, 1) waves -> components."""
        raise NotImplementedError


class SphereC(Sphere):
    """``[sin phi(f), cos phi(f) cos lam(f), cos phi(f) sin lam(f)]``."""

    components = 3

    def parts(self, sin_phi_f, cos_phi_f, sin_lam_f, cos_lam_f, cos_phi, sin_lam, cos_lam):
        """The unit vector of the scaled angles."""
        return [sin_phi_f, cos_phi_f * cos_lam_f, cos_phi_f * sin_lam_f]


class SphereCPlus(Sphere):
    """``[sin phi(f), cos phi(f), sin lam(f), cos lam(f), cos phi(f) cos lam(f), cos phi(f) sin lam(f)]``."""

    components = 6

    def parts(self, sin_phi_f, cos_phi_f, sin_lam_f, cos_lam_f, cos_phi, sin_lam, cos_lam):
        """``sphere2vec-c`` together with ``space2vec-grid``."""
        return [sin_phi_f, cos_phi_f, sin_lam_f, cos_lam_f, cos_phi_f * cos_lam_f, cos_phi_f * sin_lam_f]


class SphereM(Sphere):
    """``[sin phi(f), cos phi(f) cos lam, cos phi cos lam(f), cos phi(f) sin lam, cos phi sin lam(f)]``."""

    components = 5

    def parts(self, sin_phi_f, cos_phi_f, sin_lam_f, cos_lam_f, cos_phi, sin_lam, cos_lam):
        """One angle is scaled at a time, so that a fine scale of the one meets the whole of the other."""
        return [sin_phi_f, cos_phi_f * cos_lam, cos_phi * cos_lam_f, cos_phi_f * sin_lam, cos_phi * sin_lam_f]


class SphereMPlus(SphereM):
    """``sphere2vec-m`` and ``[cos phi(f), sin lam(f), cos lam(f)]``."""

    components = 8

    def parts(self, sin_phi_f, cos_phi_f, sin_lam_f, cos_lam_f, cos_phi, sin_lam, cos_lam):
        """``sphere2vec-m`` together with ``space2vec-grid``."""
        mixed = super().parts(sin_phi_f, cos_phi_f, sin_lam_f, cos_lam_f, cos_phi, sin_lam, cos_lam)
        return [*mixed, cos_phi_f, sin_lam_f, cos_lam_f]


class Dfs(MultiScale):
    """Double Fourier sphere (Orszag, 1974; Mai et al. 2023, "dfs"): every scale of one angle times every of the other.

    ``[sin phi(f), cos phi(f), sin lam(f), cos lam(f)]`` for each f, and all products of a wave of phi(f) and one of
    lam(f'): 4 F + 4 F^2 numbers, hence few scales.
    """

    def __init__(self, frequency_num: int = 6, min_radius: float = 0.001, max_radius: float = 1.0) -> None:
        super().__init__(frequency_num, min_radius, max_radius)
        self.dim = 4 * frequency_num + 4 * frequency_num**2

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """Waves of each angle, then their products."""
        phi = torch.cat(self.waves(torch.deg2rad(lat)), dim=1)
        lam = torch.cat(self.waves(torch.deg2rad(lon)), dim=1)
        count = phi.shape[1]
        out[:, :count], out[:, count : 2 * count] = phi, lam
        out[:, 2 * count :].unflatten(1, (count, count))[:] = phi[:, :, None] * lam[:, None, :]


class Harmonics(Position):
    """Spherical harmonics, the Fourier series of the sphere (Rußwurm et al. 2024, ICLR).

    Parameters
    ----------
    degrees : int
        All orders of the degrees below this one: ``degrees**2`` numbers, detail down to ``180 / degrees`` degrees.
    """

    def __init__(self, degrees: int = 8) -> None:
        super().__init__()
        if degrees < 1:
            raise ConfigError(f"degrees {degrees} must be at least 1")
        self.degrees, self.dim = degrees, degrees**2

    def encode(self, lon: torch.Tensor, lat: torch.Tensor, out: torch.Tensor) -> None:
        """Real, orthonormal, by degree and order (:mod:`placeprior.encoders.harmonics`)."""
        out[:] = real_harmonics(torch.stack([lon, lat], dim=1), self.degrees)
