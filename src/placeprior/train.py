"""One training run, from arrays to predictions, in a loop that can be read in a lecture."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import huber_loss

from placeprior.errors import TrainingError
from placeprior.model import PlaceModel
from placeprior.sizes import Config
from placeprior.windows import Windows

ADAM_EPS = 1e-7  # Keras' default
PREDICT_BATCH = 4096


@dataclass
class Trained:
    """What a training run leaves: the best weights are in the model."""

    model: PlaceModel
    history: list[dict[str, float]]
    best_epoch: int
    seconds: float


def train(
    model: PlaceModel,
    data: Windows,
    train_rows: torch.Tensor,
    validation_rows: torch.Tensor,
    config: Config,
    *,
    huber: float,
    seed: int,
    progress: Callable[[dict[str, float]], None] | None = None,
) -> Trained:
    """Fit ``model``; keep the weights of the epoch with the lowest validation loss.

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
    progress : callable, optional
        Called with each epoch's record.

    Returns
    -------
    Trained

    Raises
    ------
    TrainingError
        If the loss is not a finite number.
    """
    started = time.perf_counter()
    device = data.features.device
    order = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(_groups(model, config.rate), lr=config.rate, eps=ADAM_EPS)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, config.decay_steps, config.decay)
    rows_per_epoch = min(config.rows_per_epoch or len(train_rows), len(train_rows))
    queue = torch.empty(0, dtype=torch.long)
    best, best_state, best_epoch, history = math.inf, None, 0, []

    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)  # dropout draws from the global generator
        for epoch in range(1, config.epochs + 1):
            while len(queue) < rows_per_epoch:
                queue = torch.cat([queue, torch.randperm(len(train_rows), generator=order)])
            picked, queue = queue[:rows_per_epoch].to(device), queue[rows_per_epoch:]
            model.train()
            total = torch.zeros((), device=device)
            for rows in picked.split(config.batch):
                x, place, y = data.gather(train_rows[rows])
                loss = huber_loss(model(x, place), y, delta=huber)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                total += loss.detach() * len(rows)
            record = {
                "epoch": epoch,
                "loss": float(total) / rows_per_epoch,
                "validation_loss": _loss(model, data, validation_rows, huber),
                "rate": schedule.get_last_lr()[0],
                "seconds": time.perf_counter() - started,
            }
            if not (math.isfinite(record["loss"]) and math.isfinite(record["validation_loss"])):
                raise TrainingError(
                    f"the loss is not a number in epoch {epoch} (train {record['loss']}, validation "
                    f"{record['validation_loss']}); check the predictors for extreme values, or lower the rate "
                    f"(now {config.rate})"
                )
            history.append(record)
            if progress:
                progress(record)
            if record["validation_loss"] < best:
                best, best_epoch = record["validation_loss"], epoch
                best_state = {k: v.detach().clone() for k, v in model.state_dict().items()}
            elif epoch - best_epoch >= config.patience:
                break
    model.load_state_dict(best_state)
    return Trained(model, history, best_epoch, time.perf_counter() - started)


def _groups(model: PlaceModel, rate: float) -> list[dict[str, object]]:
    """The parameters and their learning rates: a pretrained encoder may learn more slowly than what is new."""
    own = [p for name, p in model.named_parameters() if not name.startswith("encoder.")]
    pretrained = list(model.encoder.parameters())
    slow = [{"params": pretrained, "lr": rate * model.encoder.rate}] if pretrained else []
    return [{"params": own}, *slow]


@torch.inference_mode()
def predict(model: PlaceModel, data: Windows, rows: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Scaled predictions and attention of ``rows``.

    Returns
    -------
    prediction : ndarray of float32, shape (n,)
    attention : ndarray of float32, shape (window,)
        Mean attention weight by position in the window, the day itself last.
    """
    model.eval()
    predictions, attention = [], torch.zeros(data.window, device=rows.device)
    for part in rows.split(PREDICT_BATCH):
        x, place, _ = data.gather(part)
        y, weight = model(x, place, return_attention=True)
        predictions.append(y)
        attention += weight.sum(0)
    return torch.cat(predictions).cpu().numpy(), (attention / max(len(rows), 1)).cpu().numpy()


@torch.inference_mode()
def _loss(model: PlaceModel, data: Windows, rows: torch.Tensor, huber: float) -> float:
    model.eval()
    total = torch.zeros((), device=rows.device)
    for part in rows.split(PREDICT_BATCH):
        x, place, y = data.gather(part)
        total += huber_loss(model(x, place), y, delta=huber, reduction="sum")
    return float(total) / len(rows)
