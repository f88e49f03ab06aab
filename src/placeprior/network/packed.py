"""Several networks of one shape trained at once: the loop of ``training``, for all members of a pack in step.

Each member has what it has alone: its rows in its own order, its own dropout masks, learning rate, limit to the norm of
its gradient, Adam's moments, and end. An epoch lasts as long as that of the member with most rows; who has none left
stands still. Who has ended leaves the pack. What comes out is that of :func:`placeprior.network.training.train`, but
for the order in which numbers are added up.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from placeprior.errors import TrainingError
from placeprior.network.model import PlaceModel
from placeprior.network.sizes import Config
from placeprior.network.stacked import Stack
from placeprior.network.training import ADAM_EPS, Trained, diverged, schedule, shuffled
from placeprior.network.windows import Windows

BETAS = (0.9, 0.999)  # Adam's, PyTorch's and Keras' default
AT_ONCE = 16_384  # rows of all members together when nothing is learnt


@dataclass
class Member:
    """What :func:`~placeprior.network.training.train` is given, for one member, and how far it is."""

    model: PlaceModel
    data: Windows
    train_rows: torch.Tensor
    validation_rows: torch.Tensor
    huber: float
    seed: int
    history: list[dict[str, float]] = field(default_factory=list)
    best: float = math.inf
    best_epoch: int = 0
    best_weights: torch.Tensor | None = None
    failed: TrainingError | None = None

    def start(self, config: Config, device: str | torch.device) -> None:
        """Set up what is drawn, and the rates, as when it is trained alone."""
        self.order = torch.Generator().manual_seed(self.seed)
        self.model.to(device).seed_dropout(self.seed)
        self.model.train()
        self.steps = -(-len(self.train_rows) // config.batch)
        # An optimiser that moves nothing, for schedules are PyTorch's own.
        self._clock = torch.optim.SGD([torch.nn.Parameter(torch.zeros(()))], lr=config.rate)
        self.schedule = schedule(self._clock, config, config.epochs * self.steps)

    def rate(self) -> float:
        """The rate of the next step, and on to the one after."""
        rate = self.schedule.get_last_lr()[0]
        self._clock.step()
        self.schedule.step()
        return rate

    def ends(
        self, epoch: int, losses: tuple[float, float], seconds: float, weights: torch.Tensor, config: Config
    ) -> bool:
        """Note an epoch; whether it was the last one."""
        loss, validation_loss = losses
        self.failed = diverged(epoch, loss, validation_loss, config)
        if self.failed:
            return True
        rate = self.schedule.get_last_lr()[0]
        self.history.append(
            {"epoch": epoch, "loss": loss, "validation_loss": validation_loss, "rate": rate, "seconds": seconds}
        )
        if config.schedule == "cycle" or validation_loss < self.best:
            self.best, self.best_epoch, self.best_weights = validation_loss, epoch, weights.clone()
        elif epoch - self.best_epoch >= config.patience:
            return True
        return epoch == config.epochs


class Bank:
    """What members see, on the device: predictors that several share are there once."""

    def __init__(self, members: Sequence[Member], device: str | torch.device) -> None:
        distinct: list[torch.Tensor] = []
        which = []
        for member in members:
            known = (i for i, other in enumerate(distinct) if torch.equal(other, member.data.features))
            which.append(next(known, len(distinct)))
            if which[-1] == len(distinct):
                distinct.append(member.data.features)
        self.features, self.which = torch.stack(distinct).to(device), torch.tensor(which, device=device)
        self.target = torch.stack([member.data.target for member in members]).to(device)
        places = [member.data.place for member in members]
        self.place = None if places[0] is None else torch.stack(places).to(device)
        self.offset = members[0].data.offset.to(device)[:, None]

    def gather(self, who: torch.Tensor, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor]:
        """Windows (k, window, b, feature), places (k, b, dim) and targets (k, b) of each member's rows (k, b, 2)."""
        station, day = rows.unbind(-1)
        x = self.features[self.which[who][:, None, None], station[:, None], day[:, None] + self.offset]
        who = who[:, None]
        return x, None if self.place is None else self.place[who, station], self.target[who, station, day]


class Step:
    """One step down of every member that takes part; what it reads and writes stays in its place, for a CUDA graph."""

    def __init__(self, stack: Stack, moments: torch.Tensor, taken: torch.Tensor, bank: Bank, config: Config) -> None:
        self.stack, self.bank, self.config = stack, bank, config
        self.moments, self.taken = moments, taken
        device, k = stack.flat.device, len(stack.flat)
        self.who, self.huber = (torch.zeros(k, dtype=kind, device=device) for kind in (torch.int64, torch.float32))
        self.rows = torch.zeros(k, config.batch, 2, dtype=torch.int64, device=device)
        self.rows[..., 1] = bank.offset.numel() - 1  # a day with a full window behind it
        self.weight = torch.zeros(k, config.batch, device=device)
        self.rate, self.active, self.loss = torch.zeros(3, k, 1, device=device)
        first, second, last = (
            torch.ones(k, *shape, device=device) for shape in stack.dropped(bank.offset.numel(), config.batch)
        )
        self.kept = [first.transpose(1, 2).contiguous(), second.transpose(1, 2).contiguous(), last]

    def __call__(self) -> None:
        """Take the step; the losses are in ``loss``."""
        x, place, y = self.bank.gather(self.who, self.rows)
        losses = (_huber(self.stack(x, place, self.kept) - y, self.huber[:, None]) * self.weight).sum(1)
        self.stack.differentiate(losses.sum())
        self.loss.copy_(losses.detach()[:, None])
        with torch.no_grad():
            self._descend(self.stack.gradient)

    def _descend(self, gradient: torch.Tensor) -> None:
        """Adam (Kingma & Ba, 2015) for each row by itself; rows that take no part stay as they are."""
        if self.config.clip:
            norm = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
            gradient.mul_((self.config.clip / (norm + 1e-6)).clamp(max=1))
        self.taken.add_(self.active)
        first, second = self.moments
        first.add_((gradient - first).mul_((1 - BETAS[0]) * self.active))
        second.add_((gradient.square() - second).mul_((1 - BETAS[1]) * self.active))
        bias = [1 - torch.pow(beta, self.taken.clamp(min=1)) for beta in BETAS]
        change = first / (second.sqrt().div_(bias[1].sqrt()).add_(ADAM_EPS))
        self.stack.flat.sub_(change.mul_(self.rate * self.active / bias[0]))


def train_together(
    members: Sequence[Member], config: Config, device: str | torch.device
) -> list[Trained | TrainingError]:
    """Fit the members' models, each as :func:`~placeprior.network.training.train` would alone.

    Parameters
    ----------
    members : sequence of Member
        Models of one shape, and data of one shape; rows and data may still lie on the processor.
    config : Config
    device : str or torch.device

    Returns
    -------
    list of Trained or TrainingError
        In the members' order. A member whose loss is not a number leaves the others alone.
    """
    started, bank = time.perf_counter(), Bank(members, device)
    for member in members:
        member.start(config, device)
    stack, there = Stack.of([member.model for member in members], device), list(range(len(members)))
    moments, taken = torch.zeros(2, *stack.flat.shape, device=device), torch.zeros(len(members), 1, device=device)
    step, take = None, None
    for epoch in range(1, config.epochs + 1):
        if step is None:
            step = Step(stack, moments, taken, bank, config)
            step.who.copy_(torch.tensor(there))
            step.huber.copy_(torch.tensor([members[i].huber for i in there]))
            take = captured(step)
        losses = _epoch([members[i] for i in there], step, take)
        held = _validate([members[i] for i in there], stack, bank, step.who)
        seconds, left = time.perf_counter() - started, []
        for row, (number, *both) in enumerate(zip(there, losses, held, strict=True)):
            if not members[number].ends(epoch, tuple(both), seconds, stack.flat[row], config):
                left.append(row)
        if not left:
            break
        if len(left) < len(there):  # who has ended leaves
            there = [there[row] for row in left]
            stack, moments, taken, step = Stack(stack.like, stack.flat[left]), moments[:, left], taken[left], None
    for member in members:
        if member.best_weights is not None:
            member.model.load_state_dict(stack.named(member.best_weights))
    seconds = time.perf_counter() - started
    return [m.failed or Trained(m.model, m.history, m.best_epoch, seconds / len(members)) for m in members]


def captured(step: Step) -> Callable[[], None]:
    """The step as one CUDA graph, whose thousands of kernels are started by one call; elsewhere the step itself."""
    if step.stack.flat.device.type != "cuda":
        return step
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):  # libraries set themselves up at the first calls; no member takes part, none moves
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def _epoch(members: Sequence[Member], step: Step, take: Callable[[], None]) -> list[float]:
    """Show every member all its training rows; their mean losses."""
    batch, device = step.config.batch, step.rows.device
    batches = [shuffled(member.train_rows, member.order).split(batch) for member in members]
    total = torch.zeros_like(step.loss)
    for number in range(max(map(len, batches))):
        rows, weight = torch.zeros(len(members), batch, 2, dtype=torch.int64), torch.zeros(len(members), batch)
        rate, counts = torch.zeros(len(members), 1), torch.zeros(len(members), 1)
        for i, (member, own) in enumerate(zip(members, batches, strict=True)):
            rows[i] = own[0][:1]  # a row to fill up with, of no weight
            if number < len(own):
                count = len(own[number])
                rows[i, :count], weight[i, :count], counts[i], rate[i] = own[number], 1 / count, count, member.rate()
                window = step.bank.offset.numel()
                for kept, drawn in zip(step.kept, step.stack.masks(member.model, window, count), strict=True):
                    kept[i, ..., :count, :].copy_(drawn)
        counts = counts.to(device, non_blocking=True)
        for static, value in ((step.rows, rows), (step.weight, weight), (step.rate, rate), (step.active, counts > 0)):
            static.copy_(value, non_blocking=True)
        take()
        total += step.loss * counts
    lengths = torch.tensor([[len(member.train_rows)] for member in members])
    return (total.cpu() / lengths)[:, 0].tolist()


@torch.inference_mode()
def _validate(members: Sequence[Member], stack: Stack, bank: Bank, who: torch.Tensor) -> list[float]:
    """Every member's mean loss on its validation rows."""
    huber = torch.tensor([[member.huber] for member in members], device=who.device)
    lengths = torch.tensor([[len(member.validation_rows)] for member in members])
    longest, part = int(lengths.max()), max(AT_ONCE // len(members), 1)
    filled = torch.arange(longest)[None].clamp(max=lengths - 1)
    rows = torch.stack([m.validation_rows.cpu()[at] for m, at in zip(members, filled, strict=True)]).to(who.device)
    real = (torch.arange(longest) < lengths).to(who.device)
    total = torch.zeros(len(members), device=who.device)
    for one, counted in zip(rows.split(part, dim=1), real.split(part, dim=1), strict=True):
        x, place, y = bank.gather(who, one)
        total += (_huber(stack(x, place) - y, huber) * counted).sum(1)
    return (total.cpu() / lengths[:, 0]).tolist()


def _huber(error: torch.Tensor, delta: torch.Tensor) -> torch.Tensor:
    """Huber's loss of each error; every member has a ``delta`` of its own, where PyTorch takes one."""
    size = error.abs()
    return torch.where(size <= delta, 0.5 * error.square(), delta * (size - 0.5 * delta))
