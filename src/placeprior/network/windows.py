"""Windows gathered on the fly: the inputs of one station-day are its last ``window`` days.

The cube's predictors are kept once, on the training device, as (station, time, feature); a batch of windows is one
indexing operation. Memory grows with stations x days, not with stations x days x window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from placeprior.errors import ConfigError


@dataclass(frozen=True)
class Scaler:
    """Centre and scale per feature, fitted on training rows only; a missing value becomes 0, the training mean.

    Attributes
    ----------
    mean, scale : ndarray of float32, shape (feature,)
    """

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, values: np.ndarray) -> Scaler:
        """Fit on ``values``, shape (n, feature); NaN are ignored, a constant feature keeps scale 1."""
        values = values.astype(np.float64)
        with np.errstate(invalid="ignore"):
            count = np.isfinite(values).sum(0).clip(min=1)
            mean = np.nansum(values, 0) / count
            scale = np.sqrt(np.nansum((values - mean) ** 2, 0) / count)
        return cls(mean.astype(np.float32), np.where(scale > 1e-12, scale, 1.0).astype(np.float32))

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Scale ``values``, shape (..., feature), to float32 without NaN."""
        return np.nan_to_num((values - self.mean) / self.scale, nan=0.0).astype(np.float32)

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """What :meth:`__call__` scaled, in its own units again: (..., feature), or any shape where one was fitted."""
        return values * self.scale + self.mean


class Windows:
    """Scaled predictors, targets and place vectors on one device, from which batches are gathered.

    Parameters
    ----------
    features : ndarray of float32, shape (station, time, feature)
        Scaled, without NaN.
    window : int
        Days in a window; day t and the ``window - 1`` days before it.
    place : ndarray of float32, shape (station, dim), optional
        The place vector of each station.
    target : ndarray of float32, shape (station, time), optional
        Scaled target; absent when only predicting.
    device : str or torch.device
    """

    def __init__(
        self,
        features: np.ndarray,
        window: int,
        place: np.ndarray | None = None,
        target: np.ndarray | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        self.window = window
        self.features = torch.as_tensor(features, device=device)
        self.place = None if place is None else torch.as_tensor(place, device=device)
        self.target = None if target is None else torch.as_tensor(target, device=device)
        self.offset = torch.arange(1 - window, 1, device=device)

    def gather(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """The batch of ``rows``, shape (b, 2) of (station, day): inputs (b, window, feature), places, targets."""
        station, day = rows[:, 0], rows[:, 1]
        # Rows of the cube as one list: picked from it in half the time that two indices take.
        row = station * self.features.shape[1] + day
        days = (row[:, None] + self.offset).flatten()
        x = self.features.flatten(0, 1).index_select(0, days).view(len(rows), self.window, -1)
        place = None if self.place is None else self.place.index_select(0, station)
        target = None if self.target is None else self.target.flatten().index_select(0, row)
        return x, place, target

    def rows(self, mask: np.ndarray) -> torch.Tensor:
        """The (station, day) pairs where ``mask`` is true, shape (n, 2), on the device.

        Raises
        ------
        ConfigError
            If a row has fewer days before it than the window is long (a negative day would wrap around, unseen).
        """
        pairs = np.argwhere(mask)
        if len(pairs) and pairs[:, 1].min() < self.window - 1:
            raise ConfigError(
                f"a row on day {pairs[:, 1].min()} (from 0) has no full window of {self.window} days "
                "behind it; use a shorter window or later days"
            )
        return torch.as_tensor(pairs, device=self.features.device)
