"""Arms without a network, which any network must beat.

Each gives fields of the test period in µg m-3, shape (draw, t, ny, nx), with one draw where it knows no chance.
"""

from __future__ import annotations

import numpy as np

from placeprior.downscaling.fields import Fields, Inputs, bilinear


def between(fields: Fields) -> np.ndarray:
    """The coarse field read bilinearly."""
    return bilinear(fields.coarse[fields.test], fields.setting.factor)[None]


def yesterday(fields: Fields) -> np.ndarray:
    """The true fine field of the day before: nobody has it who needs downscaling, and it sees no coarse field."""
    test = fields.test
    return fields.fine[test.start - 1 : test.stop - 1][None]


def mean_map(fields: Fields) -> np.ndarray:
    """The mean map of the training days, every day."""
    return np.broadcast_to(fields.fine[fields.train].mean(0), fields.fine[fields.test].shape)[None]


def regression(fields: Fields, inputs: Inputs, draws: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Least squares of log PM2.5 on the bilinear log coarse field, cell by cell.

    Returns
    -------
    one : ndarray, shape (1, t, ny, nx)
        Its estimate, times one number that brings training's sum right (Duan, 1983, *Journal of the American
        Statistical Association* 78, 605, with one factor for all cells).
    drawn : ndarray, shape (draws, t, ny, nx)
        The same with what it left on a training day, a whole map chosen by lot, put on again.
    """
    train, test = fields.train, fields.test
    x, y = inputs.base.numpy().astype(float), inputs.z.numpy().astype(float)
    dx, dy = x[train] - x[train].mean(0), y[train] - y[train].mean(0)
    slope = (dx * dy).sum(0) / (dx**2).sum(0)
    fit = y[train].mean(0) + slope * (x - x[train].mean(0))
    left = y[train] - fit[train]

    def micrograms(z: np.ndarray) -> np.ndarray:
        return np.exp(inputs.spread * z + inputs.mean)

    level = fields.fine[train].sum() / micrograms(fit[train]).sum()
    lot = rng.integers(len(left), size=(draws, len(fit[test])))
    return level * micrograms(fit[test])[None], micrograms(fit[test] + left[lot])
