"""One training run, from arrays to predictions, in a loop that can be read in a lecture."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import huber_loss

from placeprior.errors import TrainingError
from placeprior.network.memory import keep_pages
from placeprior.network.model import PlaceModel
from placeprior.network.sizes import Config
from placeprior.network.windows import Windows

ADAM_EPS = 1e-7  # Keras' default
RISE = 0.3  # share of a cycle's steps in which the rate rises
PREDICT_BATCH = 4096  # rows estimated at once
ACTIVE = 2**22  # rows times days times units: what a layer holds of them on a processor at most


@dataclass
class Trained:
    """What a training run leaves: the weights of ``best_epoch`` are in the model."""

    model: PlaceModel
    history: list[dict[str, float]]
    best_epoch: int
    seconds: float


@dataclass
class Descent:
    """Steps down a loss: Adam, the gradient's norm limited to ``clip`` (0: not), a rate that moves with every step."""

    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    clip: float

    def step(self, loss: torch.Tensor) -> None:
        """One step for ``loss``, a number that depends on the parameters."""
        self.optimiser.zero_grad()
        loss.backward()
        if self.clip:
            parameters = [p for group in self.optimiser.param_groups for p in group["params"]]
            torch.nn.utils.clip_grad_norm_(parameters, self.clip)
        self.optimiser.step()
        self.schedule.step()


def cycle(parameters: Iterable[torch.nn.Parameter], rate: float, steps: int, clip: float = 1.0) -> Descent:
    """How whatever learns beside the main model learns: ``steps`` steps in one cycle of the rate, ``rate`` at its peak.

    The last step's weights count; nothing stops early.
    """
    optimiser = torch.optim.Adam([{"params": list(parameters)}], lr=rate, eps=ADAM_EPS, fused=True)
    return Descent(optimiser, _one_cycle(optimiser, steps), clip)


def train(
    model: PlaceModel,
    data: Windows,
    train_rows: torch.Tensor,
    validation_rows: torch.Tensor,
    config: Config,
    *,
    huber: float,
    seed: int,
) -> Trained:
    """Fit ``model`` as ``config.schedule`` says, see :class:`~placeprior.network.sizes.Config`.

    Parameters
    ----------
    model : PlaceModel
    data : Windows
    train_rows, validation_rows : tensor of int, shape (n, 2)
        (station, day) pairs.
    config : Config
    huber : float
        Where the Huber loss turns from square to linear, in units of the scaled target.
    seed : int
        Draws the order of rows and the dropout.

    Returns
    -------
    Trained

    Raises
    ------
    TrainingError
        If the loss is not a finite number.
    """
    started = time.perf_counter()
    keep_pages()
    order = torch.Generator().manual_seed(seed)
    model.seed_dropout(seed)
    steps = config.epochs * -(-len(train_rows) // config.batch)
    optimiser = torch.optim.Adam(_groups(model, config.rate), lr=config.rate, eps=ADAM_EPS, fused=True)
    descent = Descent(optimiser, schedule(optimiser, config, steps), config.clip)
    best, best_state, best_epoch, history = math.inf, None, 0, []

    for epoch in range(1, config.epochs + 1):
        model.train()
        total = torch.zeros((), device=data.features.device)
        for rows in shuffled(train_rows, order).split(config.batch):
            x, place, y = data.gather(rows)
            loss = huber_loss(model(x, place), y, delta=huber)
            descent.step(loss)
            total += loss.detach() * len(rows)
        record = {
            "epoch": epoch,
            "loss": float(total) / len(train_rows),
            "validation_loss": _loss(model, data, validation_rows, huber),
            "rate": descent.schedule.get_last_lr()[0],
            "seconds": time.perf_counter() - started,
        }
        if failure := diverged(epoch, record["loss"], record["validation_loss"], config):
            raise failure
        history.append(record)
        if config.schedule == "cycle":
            best_epoch = epoch
        elif record["validation_loss"] < best:
            best, best_epoch = record["validation_loss"], epoch
            best_state = {k: v.detach().clone() for k, v in model.state_dict().items()}
        elif epoch - best_epoch >= config.patience:
            break
    if best_state is not None:
        model.load_state_dict(best_state)
    return Trained(model, history, best_epoch, time.perf_counter() - started)


def diverged(epoch: int, loss: float, validation_loss: float, config: Config) -> TrainingError | None:
    """What to raise after an epoch whose losses are no numbers; None where they are."""
    if math.isfinite(loss) and math.isfinite(validation_loss):
        return None
    return TrainingError(
        f"the loss is not a number in epoch {epoch} (train {loss}, validation {validation_loss}); check the predictors "
        f"for extreme values, or lower the rate (now {config.rate})"
    )


def shuffled(rows: torch.Tensor, order: torch.Generator) -> torch.Tensor:
    """Rows in an order drawn anew: what an epoch shows."""
    return rows[torch.randperm(len(rows), generator=order).to(rows.device)]


def schedule(optimiser: torch.optim.Optimizer, config: Config, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    """The rate at every step: falling in steps, or one cycle (Smith & Topin, 2019, arXiv 1708.07120)."""
    if config.schedule == "steps":
        return torch.optim.lr_scheduler.StepLR(optimiser, config.decay_steps, config.decay)
    return _one_cycle(optimiser, steps)


def _one_cycle(optimiser: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    peaks = [group["lr"] for group in optimiser.param_groups]
    # One step more than is taken: the last step's rate is small, not zero.
    return torch.optim.lr_scheduler.OneCycleLR(optimiser, peaks, steps + 1, pct_start=RISE, cycle_momentum=False)


def _groups(model: PlaceModel, rate: float) -> list[dict[str, object]]:
    """The parameters and their learning rates: a pretrained encoder may learn more slowly than what is new."""
    own = [p for name, p in model.named_parameters() if not name.startswith("encoder.")]
    pretrained = list(model.encoder.parameters())
    slow = [{"params": pretrained, "lr": rate * model.encoder.rate}] if pretrained else []
    return [{"params": own}, *slow]


def together(model: PlaceModel, window: int) -> int:
    """Rows to estimate at once: a large network on the processor takes fewer, which stay in its cache and need no room.

    A power of two, so that oneDNN works on whole blocks of rows.
    """
    if model.out.weight.device.type != "cpu":
        return PREDICT_BATCH
    most = max(1, ACTIVE // (window * model.lstm[0].hidden_size))
    return min(PREDICT_BATCH, 1 << most.bit_length() - 1)


@torch.inference_mode()
def estimate(model: PlaceModel, data: Windows, rows: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Scaled predictions and attention of ``rows``.

    Returns
    -------
    prediction : ndarray of float32, shape (n,)
    attention : ndarray of float32, shape (window,)
        Mean attention weight by position in the window, the day itself last.
    """
    keep_pages()
    model.eval()
    predictions, attention = [], torch.zeros(data.window, device=rows.device)
    for part in rows.split(together(model, data.window)):
        x, place, _ = data.gather(part)
        y, weight = model(x, place, return_attention=True)
        predictions.append(y)
        attention += weight.sum(0)
    return torch.cat(predictions).cpu().numpy(), (attention / max(len(rows), 1)).cpu().numpy()


@torch.inference_mode()
def _loss(model: PlaceModel, data: Windows, rows: torch.Tensor, huber: float) -> float:
    model.eval()
    total = torch.zeros((), device=rows.device)
    for part in rows.split(together(model, data.window)):
        x, place, y = data.gather(part)
        total += huber_loss(model(x, place), y, delta=huber, reduction="sum")
    return float(total) / len(rows)
