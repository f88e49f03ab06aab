"""How a place vector joins the dynamic model.

``channels`` appends it to every time step, before the recurrent layers. The others act once, on the sequence summary
``z``: the vector is projected to z's width, ``p = relu(W e + b)``, and then

==============  =========================
``hadamard``    ``z * p``
``concat``      ``[z; p]``
==============  =========================

A new fusion is one class with a ``width`` and one entry in :data:`FUSIONS`.
"""

from __future__ import annotations

import torch
from torch import nn


class Hadamard(nn.Module):
    """Element-wise product of summary and projected place (Karimzadeh, Wang & Crooks, 2025)."""

    def __init__(self, dim: int, summary: int) -> None:
        super().__init__()
        self.project = nn.Linear(dim, summary)
        self.width = summary

    def forward(self, z: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """(b, summary), (b, dim) -> (b, summary)."""
        return z * torch.relu(self.project(place))


class Concat(nn.Module):
    """Summary and projected place side by side."""

    def __init__(self, dim: int, summary: int) -> None:
        super().__init__()
        self.project = nn.Linear(dim, summary)
        self.width = 2 * summary

    def forward(self, z: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """(b, summary), (b, dim) -> (b, 2 * summary)."""
        return torch.cat([z, torch.relu(self.project(place))], dim=-1)


FUSIONS: dict[str, type[nn.Module]] = {"hadamard": Hadamard, "concat": Concat}
CHANNELS = "channels"
NONE = "-"
