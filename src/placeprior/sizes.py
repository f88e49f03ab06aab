"""How big a model is and how long it trains: ``paper``, as published, and ``small``, for two cores."""

from __future__ import annotations

from dataclasses import dataclass, replace

from placeprior.errors import ConfigError, UnknownName
from placeprior.splits import HISTORY


@dataclass(frozen=True)
class Config:
    """Size of the model and of its training.

    Attributes
    ----------
    width, summary : int
        See :class:`~placeprior.model.PlaceModel`.
    window : int
        Days an estimate looks at, the day itself included.
    batch, epochs, patience : int
        Patience counts epochs without a better validation loss before stopping.
    rows_per_epoch : int
        Training rows drawn for an epoch (without replacement until all were seen); 0 for all. A fixed number gives
        every split and variant the same budget of steps.
    rate, decay, decay_steps
        Adam's learning rate is multiplied by ``decay`` every ``decay_steps`` steps.
    dropout : float
    """

    width: int = 256
    summary: int = 256
    window: int = 21
    batch: int = 256
    epochs: int = 100
    patience: int = 30
    rows_per_epoch: int = 0
    rate: float = 1e-3
    decay: float = 0.8
    decay_steps: int = 30_000
    dropout: float = 0.2

    def __post_init__(self) -> None:
        for name in ("width", "summary", "window", "batch", "epochs", "patience", "decay_steps"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ConfigError(f"{name} must be a whole number of at least 1; got {getattr(self, name)!r}")
        if not isinstance(self.rows_per_epoch, int) or self.rows_per_epoch < 0:
            raise ConfigError(f"rows_per_epoch must be a whole number, 0 for all rows; got {self.rows_per_epoch!r}")
        for name, low, high in (("rate", 1e-9, 1.0), ("decay", 1e-9, 1.0), ("dropout", 0.0, 0.99)):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not low <= value <= high:
                raise ConfigError(f"{name} must be a number from {low:g} to {high:g}; got {value!r}")
        if self.window > HISTORY:
            raise ConfigError(f"window must be at most {HISTORY} days, the history that every scored row has; "
                              f"got {self.window}")
        if self.width % 2:
            raise ConfigError(f"width must be even (the later layers have half of it); got {self.width}")

    def with_(self, **changes: object) -> Config:
        """A copy with some fields changed; a name that is not a field is refused."""
        known = [f for f in self.__dataclass_fields__]
        for name in changes:
            if name not in known:
                raise UnknownName("training setting", name, known)
        return replace(self, **changes)


# Measured on two cores, by validation loss and seconds on both real tasks: half-width layers cost half as much as
# 32 units at the same loss, batches of 256 learn more from the same rows than larger ones at the same speed.
SIZES = {
    "paper": Config(),
    "small": Config(width=16, summary=32, window=7, batch=256, epochs=5, patience=3, rows_per_epoch=65_536,
                    rate=5e-3, decay=0.8, decay_steps=160),
}
