"""Temporal patterns of the training monitors, mixed by a network of longitude and latitude."""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPRegressor

from placeprior.runs.inputs import Inputs
from placeprior.space.kriging import krige
from placeprior.space.variogram import variogram

KEPT = 0.95  # share of the variance that the temporal patterns keep, as published
REPORTED = 0.5  # share of the days a station must have reported to shape the temporal patterns
LAYERS = (100,) * 5  # as published
EPOCHS, PATIENCE = 500, 50  # of the network of coefficients: an epoch is one pass over the stations


def eof(inputs: Inputs) -> np.ndarray:
    r"""Empirical orthogonal functions with coefficients from a network (Amato et al. 2020, *Sci. Rep.* 10, 22243).

    .. math:: \hat y(s, t) = m(t) + \sum_{k=1}^{K} a_k(s)\, \phi_k(t)

    with the network mean of each day :math:`m`, the first right singular vectors :math:`\phi_k` of the centred
    matrix, and coefficients :math:`a_k` that a network learns from longitude and latitude. Its squared error over the
    coefficients is that of the series, since the :math:`\phi_k` are orthonormal (the paper takes absolute errors). The
    validation rows stop it.

    A singular value decomposition knows no gaps, and many monitors report every third or sixth day only. Gaps are
    filled by the day's kriging estimate, at stations that reported on at least half of the days; stations with fewer
    are left out, for the patterns would be kriging's rather than theirs.
    """
    parts, measured, lonlat = inputs.parts, inputs.cube["pm25"].values, inputs.lonlat
    mean = float(measured[parts.train].mean(dtype=np.float64))
    pm25 = np.where(parts.pool, measured, np.nan).astype(np.float64)
    reported = parts.pool[:, parts.pool.any(0)].mean(1)
    used = reported >= REPORTED if (reported >= REPORTED).any() else reported > 0
    filled = krige(pm25, lonlat, lonlat[used], ~parts.pool[used], variogram(pm25, lonlat))
    series = np.where(parts.pool[used], pm25[used], np.where(np.isfinite(filled), filled, mean))
    daily = series.mean(0)
    u, s, patterns = np.linalg.svd(series - daily, full_matrices=False)
    share = np.cumsum(s**2) / max((s**2).sum(), 1e-12)
    kept = min(int(np.searchsorted(share, KEPT)) + 1, len(s))
    coefficients = u[:, :kept] * s[:kept]

    scale = coefficients.std() + 1e-9  # one number for all: a pattern counts by its variance
    where = (lonlat - lonlat[used].mean(0)) / (lonlat[used].std(0) + 1e-9)
    # A state, not a number: with a number every epoch would shuffle alike. (scikit-learn takes no Generator.)
    network = MLPRegressor(hidden_layer_sizes=LAYERS, random_state=np.random.RandomState(inputs.run.stream))
    held = measured[parts.validation]
    best, best_epoch, field = np.inf, 0, np.tile(daily, (len(lonlat), 1))
    for epoch in range(EPOCHS):
        network.partial_fit(where[used], (coefficients / scale).squeeze())
        said = daily + network.predict(where).reshape(len(lonlat), -1) * scale @ patterns[:kept]
        loss = float(((said[parts.validation] - held) ** 2).mean())
        if loss < best:
            best, best_epoch, field = loss, epoch, said
        elif epoch - best_epoch >= PATIENCE:
            break
    return field[parts.test]
