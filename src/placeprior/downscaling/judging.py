"""Whether fine fields are right: errors, draws, and structure in space and time.

Errors are in µg m-3; structure is that of log PM2.5, in which fields are near normal. Squared correlation stands beside
NSE because it is what the source reports: it forgives a wrong level and a wrong spread.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import fftconvolve
from scipy.stats import wasserstein_distance

from placeprior.errors import ConfigError
from placeprior.scores.spectra import spectrum

LAGS = 5
EDGES_KM = (0.0, 40.0, 100.0, 200.0, 300.0, 400.0, 500.0)  # bins of the semivariogram
BLOCK = 12  # days that an interval leaves out at once
SHUFFLE = 16  # seed of a shuffle

Row = tuple[str, float, float]  # metric, what it is at (lag, km, block), value


def crps(truth: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    r"""Continuous ranked probability score of each value, from draws (m, ...) of it; of one draw the absolute error.

    :math:`\frac1m\sum|x_i-y| - \frac1{2m(m-1)}\sum|x_i-x_j|`, which does not punish few draws (Ferro, 2014, *Quarterly
    Journal of the Royal Meteorological Society* 140, 1917).
    """
    m = len(drawn)
    found = np.abs(drawn - truth).mean(0)
    if m == 1:
        return found
    # Sorted, each draw is above as many others as its rank says.
    rank = (2 * np.arange(m) - m + 1).reshape(-1, *[1] * truth.ndim)
    return found - (rank * np.sort(drawn, 0)).sum(0) / (m * (m - 1))


def acf(series: np.ndarray, lags: int = LAGS) -> np.ndarray:
    """Autocorrelation at lags 0 to ``lags`` along the first axis, sums over all days as divisor: (lags + 1, ...)."""
    if len(series) <= lags:
        raise ConfigError(f"a series of {len(series)} days has no lag {lags}; give more days, or ask for fewer lags")
    left = series - series.mean(0)
    found = [(left[: len(left) - lag] * left[lag:]).sum(0) for lag in range(lags + 1)]
    return np.stack(found) / found[0]


def pacf(series: np.ndarray, lags: int = LAGS) -> np.ndarray:
    """Partial autocorrelation at lags 1 to ``lags`` by the Yule-Walker equations (Box & Jenkins, 1976): (lags,)."""
    r = acf(series, lags)
    return np.array([solve_toeplitz(r[:lag], r[1 : lag + 1])[-1] for lag in range(1, lags + 1)])


def semivariogram(fields: np.ndarray, cell: float, edges: tuple[float, ...] = EDGES_KM) -> np.ndarray:
    """Half the mean square difference of all pairs of cells by distance, over all days: (bins,).

    Parameters
    ----------
    fields : ndarray, shape (t, ny, nx)
    cell : float
        Side of a square cell, km.
    edges : tuple of float
        Of the bins, km; NaN where a bin has no pair.
    """
    _, ny, nx = fields.shape
    ones = np.ones((1, ny, nx))
    fields = fields - fields.mean()

    def lagged(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return fftconvolve(a, b[:, ::-1, ::-1], axes=(1, 2)).sum(0)

    square = np.square(fields).sum(0, keepdims=True)
    sums = lagged(square, ones) + lagged(ones, square) - 2 * lagged(fields, fields)
    pairs = len(fields) * np.rint(lagged(ones, ones))
    km = cell * np.hypot(*np.ogrid[1 - ny : ny, 1 - nx : nx])
    which = np.where(km > 0, np.digitize(km, edges) - 1, -1)
    with np.errstate(invalid="ignore"):
        return np.array([sums[which == b].sum() / (2 * pairs[which == b].sum()) for b in range(len(edges) - 1)])


def structure(fields: np.ndarray, factor: int, cell: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """How log fields (t, ny, nx) vary in space and time: by name, where (km or lag) and the value.

    ``fine acf`` is the mean over cells of the autocorrelation of what a cell differs from its block's mean.
    """
    t, ny, nx = fields.shape
    mean = fields.mean((1, 2))
    blocks = fields.reshape(t, ny // factor, factor, nx // factor, factor).mean((2, 4))
    local = fields - blocks.repeat(factor, 1).repeat(factor, 2)
    wavelength, power, _, _ = spectrum(fields, cell)
    lags = np.arange(1, LAGS + 1)
    with np.errstate(invalid="ignore"):  # a map that never changes has no autocorrelation
        return {
            "variogram": (np.asarray(EDGES_KM[1:]), semivariogram(fields, cell)),
            "power": (wavelength, power.mean(0)),
            "acf": (lags, acf(mean)[1:]),
            "pacf": (lags, pacf(mean) if mean.std() > 0 else np.full(LAGS, np.nan)),
            "fine acf": (
                lags,
                np.nanmean(acf(local)[1:].reshape(LAGS, -1), 1) if local.std(0).max() > 1e-9 else np.full(LAGS, np.nan),
            ),
        }


def judge(truth: np.ndarray, drawn: np.ndarray, usual: np.ndarray, factor: int, cell: float) -> list[Row]:
    """All scores of an arm.

    Parameters
    ----------
    truth : ndarray, shape (t, ny, nx)
        µg m-3.
    drawn : ndarray, shape (draw, t, ny, nx)
        The arm's; the mean over draws is its estimate. That of m draws errs by their variance over m more than that of
        endlessly many: what m draws show of it is taken off the square errors, so that few are not punished.
    usual : ndarray, shape (ny, nx)
        Training's mean map, from which anomalies are taken.
    factor : int
        Fine cells along a side of a coarse one.
    cell : float
        Side of a fine cell, km.

    Returns
    -------
    list of (metric, at, value)
        ``rmse``, ``bias``, ``crps``; ``nse`` (1 - square error over the square about each cell's own mean),
        ``anomaly r2`` (the same about training's mean map) and ``r2`` (squared correlation over everything);
        ``block mse`` and ``block crps``, a block of days each; what :func:`structure` names, the mean over draws.
    """
    if drawn.shape[1:] != truth.shape or not np.isfinite(drawn).all():
        raise ConfigError(f"fields of shape {drawn.shape} cannot be held against {truth.shape}, or are not all numbers")
    estimate = drawn.mean(0)
    square, ranked = (estimate - truth) ** 2, crps(truth, drawn)
    if len(drawn) > 1:
        square = square - drawn.var(0, ddof=1) / len(drawn)
    flat = estimate.std() == 0
    rows = [
        ("rmse", np.nan, np.sqrt(square.mean())),
        ("bias", np.nan, (estimate - truth).mean()),
        ("crps", np.nan, ranked.mean()),
        ("nse", np.nan, 1 - square.sum() / ((truth - truth.mean(0)) ** 2).sum()),
        ("anomaly r2", np.nan, 1 - square.sum() / ((truth - usual) ** 2).sum()),
        ("r2", np.nan, np.nan if flat else np.corrcoef(estimate.ravel(), truth.ravel())[0, 1] ** 2),
    ]
    for block in range(-(-len(truth) // BLOCK)):
        days = slice(block * BLOCK, (block + 1) * BLOCK)
        rows += [("block mse", block, square[days].mean()), ("block crps", block, ranked[days].mean())]
    found = [structure(np.log(each), factor, cell) for each in drawn]
    for name, (at, _) in found[0].items():
        rows += [(name, x, value) for x, value in zip(at, np.mean([one[name][1] for one in found], 0), strict=True)]
    return [(name, float(at), float(value)) for name, at, value in rows]


def likeness(one: np.ndarray, other: np.ndarray) -> list[Row]:
    """How alike two domains' values are, before anything is handed from one to the other.

    Logarithms, scaled to [0, 1] by both domains' extremes together; first Wasserstein distance of all values
    (``pooled``), of days paired in order (``daily``, the mean), and of the second domain to itself with its cells
    shuffled (``shuffled``): zero, because values without places do not tell space.
    """
    a, b = np.log(one).reshape(len(one), -1), np.log(other).reshape(len(other), -1)
    low, high = min(a.min(), b.min()), max(a.max(), b.max())
    a, b = (a - low) / (high - low), (b - low) / (high - low)
    daily = [wasserstein_distance(x, y) for x, y in zip(a, b, strict=False)]
    shuffled = np.random.default_rng(SHUFFLE).permuted(b, axis=1)
    return [
        ("wasserstein pooled", np.nan, float(wasserstein_distance(a.ravel(), b.ravel()))),
        ("wasserstein daily", np.nan, float(np.mean(daily))),
        ("wasserstein shuffled", np.nan, float(wasserstein_distance(b.ravel(), shuffled.ravel()))),
    ]
