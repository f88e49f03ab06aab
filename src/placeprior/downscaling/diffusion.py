r"""Noise that is added by rule and taken away by a network (Ho, Jain & Abbeel, 2020, arXiv 2006.11239).

A field :math:`x_0` of unit variance becomes
:math:`x_t = \sqrt{\bar\alpha_t}\,x_0 + \sqrt{1-\bar\alpha_t}\,\varepsilon`, with the cosine schedule of Nichol and
Dhariwal (2021, arXiv 2102.09672), and a network estimates :math:`x_0` from it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from placeprior.errors import ConfigError

STEPS = 2000  # of the schedule
SAMPLED = 50  # of these, visited to draw


def schedule(steps: int = STEPS) -> np.ndarray:
    r"""What is left of the signal after each step, :math:`\bar\alpha`, shape (steps,).

    :math:`\bar\alpha_t = \prod_{i \le t}(1 - \beta_i)`, :math:`\beta_i = \min(1 - f((i+1)/T) / f(i/T), 0.999)`,
    :math:`f(u) = \cos^2\left(\frac{u + 0.008}{1.008}\frac\pi2\right)`.
    """
    if steps < 1:
        raise ConfigError(f"a schedule of {steps} steps adds no noise; give 1 or more")
    f = np.cos((np.arange(steps + 1) / steps + 0.008) / 1.008 * np.pi / 2) ** 2
    return np.cumprod(1 - np.minimum(1 - f[1:] / f[:-1], 0.999))


def spoil(x0: torch.Tensor, kept: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """``x0`` (n, ...) with noise, so that the share ``kept`` (n,) of its variance is left."""
    kept = kept.view(-1, *[1] * (x0.dim() - 1))
    return kept.sqrt() * x0 + (1 - kept).sqrt() * torch.randn(x0.shape, generator=rng)


def draw(
    clean: Callable[[torch.Tensor, int], torch.Tensor],
    shape: tuple[int, ...],
    rng: torch.Generator,
    *,
    steps: int = STEPS,
    sampled: int = SAMPLED,
) -> torch.Tensor:
    r"""A field from noise, in ``sampled`` of the schedule's steps.

    From :math:`x_t` and its estimate :math:`\hat x_0` to an earlier step :math:`s` by
    :math:`q(x_s \mid x_t, \hat x_0)`, equations 6 and 7 of Ho, Jain and Abbeel with
    :math:`\beta = 1 - \bar\alpha_t / \bar\alpha_s`.

    Parameters
    ----------
    clean : callable
        From :math:`x_t` and t, the estimate of :math:`x_0`.
    shape : tuple of int
    rng : torch.Generator
    """
    if not 1 <= sampled <= steps:
        raise ConfigError(f"{sampled} of {steps} steps cannot be visited; ask for 1 to {steps}")
    kept = schedule(steps)
    visited = np.unique(np.rint(np.linspace(0, steps - 1, sampled)).astype(int))[::-1]
    x = torch.randn(shape, generator=rng)
    for number, t in enumerate(visited):
        a = kept[t]
        before = kept[visited[number + 1]] if number + 1 < len(visited) else 1.0
        beta = 1 - a / before
        x = (
            float(np.sqrt(before) * beta / (1 - a)) * clean(x, int(t))
            + float(np.sqrt(a / before) * (1 - before) / (1 - a)) * x
        )
        if before < 1:
            x = x + float(np.sqrt(beta * (1 - before) / (1 - a))) * torch.randn(shape, generator=rng)
    return x
