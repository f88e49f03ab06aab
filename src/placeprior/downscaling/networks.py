"""A U-Net in its smallest form, and the half of it that can be handed on."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import interpolate, silu

WIDTHS = (12, 24, 36)  # channels at full, half and quarter resolution
SIGNAL = 32  # numbers that tell a block how much noise there is


class Block(nn.Module):
    """Two 3 x 3 convolutions, each normalised (Wu & He, 2018, arXiv 1803.08494); a signal shifts the channels."""

    def __init__(self, given: int, made: int, signal: int = 0) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(given, made, 3, padding=1), nn.Conv2d(made, made, 3, padding=1)
        self.norms = nn.ModuleList([nn.GroupNorm(4, made), nn.GroupNorm(4, made)])
        self.shift = nn.Linear(signal, made) if signal else None

    def forward(self, x: torch.Tensor, signal: torch.Tensor | None = None) -> torch.Tensor:
        x = self.norms[0](self.first(x))
        if self.shift is not None:
            x = x + self.shift(signal)[:, :, None, None]
        return silu(self.norms[1](self.second(silu(x))))


class Encoder(nn.Module):
    """The way down: a field at three resolutions, the coarsest last."""

    def __init__(self, given: int, signal: int = 0) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(a, b, signal) for a, b in zip((given, *WIDTHS[:-1]), WIDTHS, strict=True))

    def forward(self, x: torch.Tensor, signal: torch.Tensor | None = None) -> list[torch.Tensor]:
        """(n, given, y, x) to one tensor a resolution; y and x are halved twice."""
        found = []
        for number, block in enumerate(self.blocks):
            x = block(nn.functional.avg_pool2d(x, 2) if number else x, signal)
            found.append(x)
        return found


class UNet(nn.Module):
    """Down, and up again with what was seen on the way (Ronneberger, Fischer & Brox, 2015, arXiv 1505.04597).

    Parameters
    ----------
    given : int
        Channels of the input; one comes out.
    extra : int
        Channels that join at the coarsest resolution: an encoder's, or a latent's.
    noisy : bool
        Whether a noise level in [0, 1] is told to every block.
    """

    def __init__(self, given: int, extra: int = 0, noisy: bool = False) -> None:
        super().__init__()
        signal = SIGNAL if noisy else 0
        self.encoder = Encoder(given, signal)
        self.join = Block(WIDTHS[-1] + extra, WIDTHS[-1], signal)
        ways = list(zip(WIDTHS[::-1], WIDTHS[-2::-1], strict=False))
        self.up = nn.ModuleList(Block(below + beside, beside, signal) for below, beside in ways)
        self.out = nn.Conv2d(WIDTHS[0], 1, 1)
        self.told = nn.Sequential(nn.Linear(SIGNAL, SIGNAL), nn.SiLU()) if noisy else None

    def forward(
        self, x: torch.Tensor, extra: torch.Tensor | None = None, level: torch.Tensor | None = None
    ) -> torch.Tensor:
        """(n, given, y, x) to (n, 1, y, x); ``extra`` (n, extra, y / 4, x / 4), ``level`` (n,)."""
        signal = None if self.told is None else self.told(waves(level))
        *above, x = self.encoder(x, signal)
        x = self.join(x if extra is None else torch.cat([x, extra], 1), signal)
        for block, beside in zip(self.up, above[::-1], strict=True):
            x = block(torch.cat([interpolate(x, scale_factor=2), beside], 1), signal)
        return self.out(x)


def waves(level: torch.Tensor) -> torch.Tensor:
    """Sines and cosines of a level (n,) at frequencies from pi to 2^7 pi, up to a half: (n, :data:`SIGNAL`)."""
    angles = level[:, None] * torch.pi * torch.logspace(0, 7, SIGNAL // 2, base=2.0)
    return torch.cat([angles.sin(), angles.cos()], 1)
