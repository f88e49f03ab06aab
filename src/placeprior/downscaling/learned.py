"""Arms with a network: a plain U-Net, a variational autoencoder, and diffusion with an encoder that is handed to it.

All see the same maps of a day (:class:`~placeprior.downscaling.fields.Inputs`) and learn in the loop of
:mod:`placeprior.network.training`, a fixed number of steps: nothing is chosen, or stopped, by a test day. Diffusion
alone looks back, on the fine days it drew itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import l1_loss, mse_loss

from placeprior.downscaling import diffusion
from placeprior.downscaling.fields import Fields, Inputs
from placeprior.downscaling.networks import WIDTHS, Encoder, UNet
from placeprior.errors import TrainingError
from placeprior.network.training import cycle

LATENT = 4  # channels of the autoencoder's latent maps, at a quarter of the resolution
APART = 90  # last days of the coarse series, kept from pretraining to see what it learned


@dataclass(frozen=True)
class Effort:
    """How long networks learn, and how much is drawn."""

    pretrain: int = 300  # steps
    fit: int = 500  # steps
    batch: int = 16
    rate: float = 3e-3
    draws: int = 5
    sampled: int = diffusion.SAMPLED


def seeded(seed: int, make: Callable[[], nn.Module]) -> nn.Module:
    """A network whose first weights a seed draws, whatever was drawn before."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()


def descend(parameters: list[nn.Parameter], loss: Callable[[], torch.Tensor], steps: int, rate: float) -> None:
    """Take a number of steps down a loss that is drawn anew each time.

    Raises
    ------
    TrainingError
        If the loss is no longer a number.
    """
    descent = cycle(parameters, rate, steps)
    for step in range(steps):
        value = loss()
        descent.step(value)
        if not math.isfinite(value.item()):
            raise TrainingError(f"the loss is {value.item()} after {step} steps; lower the rate (now {rate})")


def pretrain(fields: Fields, effort: Effort, seed: int) -> tuple[Encoder, float]:
    """An encoder of past days, from a U-Net that learned to say the next coarse day of the country.

    Returns
    -------
    encoder : Encoder
    skill : float
        Of the last days, which it has not seen: 1 - mean square error over that of saying the same as yesterday.
    """
    logs, past, rng = np.log(fields.country), fields.setting.past, torch.Generator().manual_seed(seed)
    seen = len(logs) - APART
    z = torch.from_numpy(((logs - logs[:seen].mean()) / logs[:seen].std()).astype(np.float32))
    net = seeded(seed, lambda: UNet(past))
    back = torch.arange(-past, 0)

    def loss() -> torch.Tensor:
        day = torch.randint(past, seen, (effort.batch,), generator=rng)
        return l1_loss(net(z[day[:, None] + back])[:, 0], z[day])

    descend(list(net.parameters()), loss, effort.pretrain, effort.rate)
    with torch.inference_mode():
        day = torch.arange(seen, len(z))
        error = mse_loss(net(z[day[:, None] + back])[:, 0], z[day])
    return net.encoder, 1 - float(error / mse_loss(z[day - 1], z[day]))


def unet(fields: Fields, inputs: Inputs, effort: Effort, seed: int) -> np.ndarray:
    """A U-Net from scratch, one estimate a day, in µg m-3 (1, t, ny, nx); training's sum brought right as a whole."""
    rng = torch.Generator().manual_seed(seed)
    net = seeded(seed, lambda: UNet(inputs.given.shape[1]))

    def loss() -> torch.Tensor:
        day = torch.randint(fields.setting.train, (effort.batch,), generator=rng)
        return mse_loss(net(inputs.given[day]), inputs.target[day])

    descend(list(net.parameters()), loss, effort.fit, effort.rate)
    train, test = fields.train, fields.test
    with torch.inference_mode():
        known, asked = (
            inputs.micrograms(inputs.unscaled(net(inputs.given[days])[:, 0], days)) for days in (train, test)
        )
    return fields.fine[train].sum() / known.sum() * asked[None]


class Autoencoder(nn.Module):
    """A variational autoencoder of what the bilinear reading leaves, given the day (Sohn, Lee & Yan, 2015, NeurIPS).

    Its noise at a cell, one number for all, is learned too, and drawn with the rest.
    """

    def __init__(self, given: int) -> None:
        super().__init__()
        self.recogniser, self.moments = Encoder(1 + given), nn.Conv2d(WIDTHS[-1], 2 * LATENT, 1)
        self.decoder = UNet(given, extra=LATENT)
        self.noise = nn.Parameter(torch.zeros(()))  # logarithm of its standard deviation

    def loss(self, x: torch.Tensor, given: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """Minus the evidence's lower bound, a cell (Kingma & Welling, 2014, arXiv 1312.6114), but for a constant."""
        mean, log = self.moments(self.recogniser(torch.cat([x, given], 1))[-1]).chunk(2, 1)
        latent = mean + (log / 2).exp() * torch.randn(mean.shape, generator=rng)
        misfit = mse_loss(self.decoder(given, latent), x) / (2 * (2 * self.noise).exp()) + self.noise
        return misfit + (mean**2 + log.exp() - 1 - log).sum() / 2 / x.numel()

    def draw(self, given: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """A draw (n, 1, y, x) for each of some days (n, channel, y, x)."""
        n, _, y, x = given.shape
        found = self.decoder(given, torch.randn((n, LATENT, y // 4, x // 4), generator=rng))
        return found + self.noise.exp() * torch.randn(found.shape, generator=rng)


def autoencoder(fields: Fields, inputs: Inputs, effort: Effort, seed: int) -> np.ndarray:
    """Draws of the test period from :class:`Autoencoder`, µg m-3 (draw, t, ny, nx)."""
    rng = torch.Generator().manual_seed(seed)
    net = seeded(seed, lambda: Autoencoder(inputs.given.shape[1]))

    def loss() -> torch.Tensor:
        day = torch.randint(fields.setting.train, (effort.batch,), generator=rng)
        return net.loss(inputs.target[day], inputs.given[day], rng)

    descend(list(net.parameters()), loss, effort.fit, effort.rate)
    with torch.inference_mode():
        drawn = torch.stack([net.draw(inputs.given[fields.test], rng)[:, 0] for _ in range(effort.draws)])
    return inputs.micrograms(inputs.unscaled(drawn, fields.test))


class Diffuser(nn.Module):
    """A U-Net that takes noise off, told how much there is, the day's maps, and an encoder's view of the past days."""

    def __init__(self, given: int, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.net = UNet(1 + given, extra=WIDTHS[-1], noisy=True)

    def forward(self, x: torch.Tensor, given: torch.Tensor, past: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        """(n, 1, y, x) with noise of steps (n,) to without; ``past`` (n, width, y / 4, x / 4) of :meth:`view`."""
        return self.net(torch.cat([x, given], 1), past, step / diffusion.STEPS)

    def view(self, history: torch.Tensor) -> torch.Tensor:
        """What the encoder makes of past days (n, past, y, x)."""
        return self.encoder(history)[-1]


def diffuser(fields: Fields, inputs: Inputs, encoder: Encoder, effort: Effort, seed: int, *, tuned: bool) -> Diffuser:
    """Fit diffusion around an encoder, which learns on where ``tuned`` and else stays as it is.

    The past days it learns with are true ones (Williams & Zipser, 1989, *Neural Computation* 1, 270).
    """
    rng = torch.Generator().manual_seed(seed)
    model = seeded(seed, lambda: Diffuser(inputs.given.shape[1], encoder))
    encoder.requires_grad_(tuned)
    kept = torch.from_numpy(diffusion.schedule()).float()
    if not tuned:
        with torch.inference_mode():
            views = model.view(inputs.history(torch.arange(inputs.past, fields.setting.train)))
        views = views.clone()  # an ordinary tensor, which may stand beside what learns

    def loss() -> torch.Tensor:
        day = torch.randint(inputs.past, fields.setting.train, (effort.batch,), generator=rng)
        step = torch.randint(diffusion.STEPS, (effort.batch,), generator=rng)
        past = model.view(inputs.history(day)) if tuned else views[day - inputs.past]
        noisy = diffusion.spoil(inputs.target[day], kept[step], rng)
        return mse_loss(model(noisy, inputs.given[day], past, step), inputs.target[day])

    descend([p for p in model.parameters() if p.requires_grad], loss, effort.fit, effort.rate)
    return model


@torch.inference_mode()
def rollout(model: Diffuser, fields: Fields, inputs: Inputs, effort: Effort, seed: int) -> np.ndarray:
    """Draws of the test period, day after day, each looking back on its own days alone: µg m-3 (draw, t, ny, nx).

    Before the first day it looks back on the bilinear reading of the coarse field: of the fine field nothing is known
    since training.
    """
    rng, test = torch.Generator().manual_seed(seed), fields.test
    history = inputs.base[test.start - inputs.past : test.start].repeat(effort.draws, 1, 1, 1)
    days = []
    for day in range(test.start, test.stop):
        given = inputs.given[day].expand(effort.draws, -1, -1, -1)
        past = model.view(history)

        def clean(x: torch.Tensor, step: int, given: torch.Tensor = given, past: torch.Tensor = past) -> torch.Tensor:
            return model(x, given, past, torch.full((len(x),), step))

        found = diffusion.draw(clean, (effort.draws, 1, *history.shape[2:]), rng, sampled=effort.sampled)
        days.append(inputs.unscaled(found[:, 0], day))
        history = torch.cat([history[:, 1:], days[-1][:, None]], 1)
    return inputs.micrograms(torch.stack(days, 1))
