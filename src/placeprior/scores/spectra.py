"""How much of a map varies over which distances: an equal-area grid, power spectra, and what is local."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from scipy.signal.windows import hann

from placeprior import coords, encoders
from placeprior.encoders import geoclip

CELL_KM = 25.0
PARALLEL = np.radians(38.0)  # where the grid keeps shapes as well as areas: the middle of the country
BOX = (-117.2, 32.8, -88.0, 46.6)  # the largest box of the grid that is all land: a spectrum bears no gaps
LOCAL_KM = 200.0  # shorter waves count as local
SIGMAS = {"LocEnc0": 1, "LocEnc1": 16, "LocEnc2": 256}  # of GeoCLIP's three networks, in the weights' names
UNIT_KM = coords.EARTH_RADIUS_KM * 180 / 66.50336  # the unit of GeoCLIP's map, which keeps areas


def axes() -> tuple[np.ndarray, np.ndarray]:
    r"""Centres of equal-area cells over the country: longitudes (nx,) and latitudes (ny,), degrees.

    Lambert's cylindrical projection (Snyder, J. P. 1987, *Map projections: a working manual*, p. 76),
    :math:`x = R\lambda\cos\varphi_0`, :math:`y = R\sin\varphi/\cos\varphi_0`, in squares of :data:`CELL_KM`. Away from
    the parallel :math:`\varphi_0` a cell is as large but not as square: within the box of the spectra a wavelength is
    off by at most 15 %.
    """
    west, south, east, north = coords.CONUS_BOX
    step = CELL_KM / coords.EARTH_RADIUS_KM
    width, low, high = np.degrees(step / np.cos(PARALLEL)), np.sin(np.radians(south)), np.sin(np.radians(north))
    lon = np.arange(west + width / 2, east + width / 2, width)
    return lon, np.degrees(np.arcsin(np.arange(low, high, step * np.cos(PARALLEL)) + step * np.cos(PARALLEL) / 2))


def spectrum(fields: np.ndarray, cell: float = CELL_KM) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Radially averaged power spectra of fields on a square grid.

    A plane is taken off each field, which else would pass for long waves cut at the edges (Errico, R. M. 1985, *Monthly
    Weather Review* 113, 1554); a Hann window in both directions keeps a wave's power near its wavelength (Harris,
    F. J. 1978, *Proceedings of the IEEE* 66, 51). The power of the two-dimensional Fourier transform is averaged over
    rings of equal wavenumber, up to the Nyquist wavenumber.

    Parameters
    ----------
    fields : ndarray, shape (n, ny, nx)
        Without gaps.
    cell : float
        Side of a cell, km.

    Returns
    -------
    wavelength : ndarray, shape (rings,)
        km, falling.
    power : ndarray, shape (n, rings)
        Power per unit of the wavenumber plane, square of the field's unit times km2; over the plane it adds up to the
        variance of the windowed field.
    local, total : ndarray, shape (n,)
        That variance, of waves shorter than :data:`LOCAL_KM` and of all waves.
    """
    n, ny, nx = fields.shape
    y, x = (np.linspace(-1, 1, m) for m in (ny, nx))
    plane = np.stack([np.ones((ny, nx)), *np.meshgrid(x, y)]).reshape(3, -1).T
    flat = fields.reshape(n, -1).T
    left = (flat - plane @ np.linalg.lstsq(plane, flat, rcond=None)[0]).T.reshape(fields.shape)
    window = hann(ny, sym=False)[:, None] * hann(nx, sym=False)
    # By Parseval's theorem these add up to the mean square of the windowed field, over that of the window.
    power = np.abs(np.fft.fft2(left * window)) ** 2 / (ny * nx * (window**2).sum())
    waves = np.hypot(np.fft.fftfreq(ny, cell)[:, None], np.fft.fftfreq(nx, cell))
    power[:, waves == 0] = 0
    thick = 1 / (min(ny, nx) * cell)
    ring = np.rint(waves / thick).astype(int)
    rings = np.arange(1, int(np.floor(0.5 / cell / thick)) + 1)
    averaged = np.stack([power[:, ring == r].mean(1) for r in rings], axis=1) * (ny * nx * cell**2)
    return 1 / (rings * thick), averaged, power[:, waves > 1 / LOCAL_KM].sum(1), power.sum((1, 2))


def box(lon: np.ndarray, lat: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of a grid that lie in :data:`BOX`."""
    return slice(*np.searchsorted(lat, BOX[1::2])), slice(*np.searchsorted(lon, BOX[::2]))


def highpass(field: np.ndarray, on_land: np.ndarray, cell: float = CELL_KM) -> np.ndarray:
    r"""What is left of a field (ny, nx) when its Gaussian mean over the land around is taken off; NaN off land.

    The Gaussian of standard deviation :math:`\sigma` passes a wave of wavenumber :math:`k` by
    :math:`\exp(-2\pi^2\sigma^2k^2)`; :math:`\sigma` is such that it passes half at :data:`LOCAL_KM`.
    """
    sigma = LOCAL_KM * np.sqrt(np.log(2) / 2) / np.pi / cell
    smooth = gaussian_filter(np.where(on_land, field, 0.0), sigma, mode="constant")
    return np.where(
        on_land, field - smooth / np.maximum(gaussian_filter(on_land * 1.0, sigma, mode="constant"), 1e-9), np.nan
    )


def capsules(lonlat: np.ndarray) -> dict[str, np.ndarray]:
    """GeoCLIP's three networks by themselves, ``scale 1`` …: each (n, 512); their sum is the embedding."""
    encoder = encoders.load("geoclip")
    with torch.inference_mode():
        xy = geoclip.equal_earth(torch.from_numpy(coords.check_lonlat(lonlat).astype(np.float32)))
        return {f"scale {sigma}": encoder.capsule(name, xy).numpy() for name, sigma in SIGMAS.items()}


def middle_wave(name: str, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """The cosine whose wavelength is the median of one of GeoCLIP's scales, on a grid.

    Parameters
    ----------
    name : str
        A key of :data:`SIGMAS`.
    lon, lat : ndarray, shape (nx,) and (ny,)
        Degrees.

    Returns
    -------
    ndarray, shape (ny, nx)
        -1 … 1.
    """
    frequencies = encoders.load("geoclip").weights[f"{name}.capsule.0.b"]
    order = torch.argsort(torch.linalg.norm(frequencies, dim=1))
    cells = torch.from_numpy(np.stack(np.meshgrid(lon, lat), axis=-1).reshape(-1, 2).astype(np.float32))
    middle = frequencies[order[len(order) // 2]]
    return geoclip.fourier(geoclip.equal_earth(cells), middle[None])[:, 0].numpy().reshape(len(lat), len(lon))


def wavelengths(sigma: float, quantiles: tuple[float, ...] = (0.1, 0.5, 0.9)) -> np.ndarray:
    r"""Wavelengths of random Fourier features of a scale, km: the given quantiles.

    Both components of a frequency are normal with standard deviation :math:`\sigma` a unit of the map, so its length
    :math:`k` has a Rayleigh distribution, :math:`P(k > K) = \exp(-K^2/2\sigma^2)`. The wavelength :math:`1/k` is below
    :math:`1/(\sigma\sqrt{-2\ln p})` with probability :math:`p`; times :data:`UNIT_KM` it is in km.
    """
    return UNIT_KM / (sigma * np.sqrt(-2 * np.log(np.asarray(quantiles))))
