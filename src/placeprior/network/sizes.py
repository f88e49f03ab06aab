"""How big a model is and how it is trained: ``demo`` and ``study`` for two cores, ``paper`` as published."""

from __future__ import annotations

from dataclasses import dataclass, replace

from placeprior.errors import ConfigError, UnknownName
from placeprior.space.splits import HISTORY

SCHEDULES = ("steps", "cycle")
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Config:
    """Size of the model and of its training.

    Attributes
    ----------
    width, summary : int
        See :class:`~placeprior.network.model.PlaceModel`.
    window : int
        Days an estimate looks at, the day itself included.
    batch, epochs : int
        An epoch shows every training row once.
    schedule : {"steps", "cycle"}
        ``steps``, as published: the rate is multiplied by ``decay`` every ``decay_steps`` steps, training stops after
        ``patience`` epochs without a better validation loss, and the best epoch's weights are kept. ``cycle``: the
        rate rises to ``rate`` over the first :data:`~placeprior.network.training.RISE` of all steps and falls to zero
        along a cosine (Smith & Topin, 2019); all epochs are trained and the last weights kept, so that validation rows
        decide nothing.
    patience : int
    rate, decay, decay_steps
        Adam's learning rate, and how ``steps`` lowers it.
    clip : float
        Largest norm of the gradient; 0 for no limit.
    dropout : float
    precision : {"float32", "bfloat16"}
        Of the arithmetic inside the recurrent layers; everything else is float32.
    """

    width: int = 256
    summary: int = 256
    window: int = 21
    batch: int = 256
    epochs: int = 100
    schedule: str = "steps"
    patience: int = 30
    rate: float = 1e-3
    decay: float = 0.8
    decay_steps: int = 30_000
    clip: float = 0.0
    dropout: float = 0.2
    precision: str = "float32"

    def __post_init__(self) -> None:
        for name in ("width", "summary", "window", "batch", "epochs", "patience", "decay_steps"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ConfigError(f"{name} must be a whole number of at least 1; got {getattr(self, name)!r}")
        for name, low, high in (("rate", 1e-9, 1.0), ("decay", 1e-9, 1.0), ("clip", 0.0, 1e6), ("dropout", 0.0, 0.99)):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not low <= value <= high:
                raise ConfigError(f"{name} must be a number from {low:g} to {high:g}; got {value!r}")
        for name, known in (("schedule", SCHEDULES), ("precision", PRECISIONS)):
            if getattr(self, name) not in known:
                raise UnknownName(name, getattr(self, name), known)
        if self.window > HISTORY:
            raise ConfigError(
                f"window must be at most {HISTORY} days, the history that every scored row has; got {self.window}"
            )
        if self.width % 2:
            raise ConfigError(f"width must be even (the later layers have half of it); got {self.width}")

    def with_(self, **changes: object) -> Config:
        """A copy with some fields changed; a name that is not a field is refused."""
        known = [f for f in self.__dataclass_fields__]
        for name in changes:
            if name not in known:
                raise UnknownName("training setting", name, known)
        return replace(self, **changes)


# Found on validation rows of `none+head` alone: results/<profile>/recipe.csv lists what was tried.
SIZES = {
    "paper": Config(),
    "study": Config(
        width=32,
        summary=32,
        window=14,
        batch=512,
        epochs=10,
        schedule="cycle",
        rate=1e-2,
        clip=1.0,
        precision="bfloat16",
    ),
    "demo": Config(width=16, summary=32, window=7, batch=256, epochs=10, schedule="cycle", rate=1e-2, clip=1.0),
}
