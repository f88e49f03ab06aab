"""How a place vector joins the dynamic model.

``channels`` appends it to every time step, before the recurrent layers. The others act once, on the sequence summary
``z``. The place vector ``e`` is projected to z's width, ``p = relu(W e + b)``, and then

==============  ==================================================
``hadamard``    ``z * p``
``concat``      ``[z; p]``
``gated``       ``g * z + (1 - g) * p``, ``g = sigmoid(V [z; p] + c)``
``film``        ``(1 + gamma) * z + beta``, both linear in ``e``
``bias``        ``z``; ``w . p`` is added to the estimate instead
``head``        ``z``; there is no place: the control
==============  ==================================================

and a dense layer follows, the same for all. So ``head`` has what the others have but for the place, and ``bias`` can
shift what is estimated but cannot change how the days before are read.

A new fusion is one class with a ``width``, one entry in :data:`FUSIONS`, and its printed name in
:data:`placeprior.arms.FUSIONS`.
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


class Gated(nn.Module):
    """A learned mixture of summary and projected place, number by number (Arevalo et al., 2017)."""

    def __init__(self, dim: int, summary: int) -> None:
        super().__init__()
        self.project = nn.Linear(dim, summary)
        self.gate = nn.Linear(2 * summary, summary)
        self.width = summary

    def forward(self, z: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """(b, summary), (b, dim) -> (b, summary)."""
        p = torch.relu(self.project(place))
        g = torch.sigmoid(self.gate(torch.cat([z, p], dim=-1)))
        return g * z + (1 - g) * p


class Film(nn.Module):
    """Feature-wise linear modulation: the place scales and shifts each number of the summary (Perez et al., 2018)."""

    def __init__(self, dim: int, summary: int) -> None:
        super().__init__()
        self.project = nn.Linear(dim, 2 * summary)
        self.width = summary

    def forward(self, z: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """(b, summary), (b, dim) -> (b, summary)."""
        gamma, beta = self.project(place).chunk(2, dim=-1)
        return (1 + gamma) * z + beta


class Bias(nn.Module):
    """Leaves the summary alone; the place adds one number to the estimate, whatever the days before were."""

    def __init__(self, dim: int, summary: int) -> None:
        super().__init__()
        self.project = nn.Linear(dim, summary)
        self.shift = nn.Linear(summary, 1, bias=False)
        self.width = summary

    def forward(self, z: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """(b, summary), (b, dim) -> (b, summary), unchanged."""
        return z

    def add(self, place: torch.Tensor) -> torch.Tensor:
        """What the place adds to the scaled estimate: (b, dim) -> (b,)."""
        return self.shift(torch.relu(self.project(place)))[:, 0]


class Head(nn.Module):
    """No place at all: what remains of a fusion is the dense layer behind it. The control for that layer."""

    def __init__(self, dim: int, summary: int) -> None:
        super().__init__()
        self.width = summary

    def forward(self, z: torch.Tensor, place: torch.Tensor | None) -> torch.Tensor:
        """(b, summary) -> (b, summary), unchanged."""
        return z


FUSIONS: dict[str, type[nn.Module]] = {
    "hadamard": Hadamard,
    "concat": Concat,
    "gated": Gated,
    "film": Film,
    "bias": Bias,
    "head": Head,
}
CHANNELS = "channels"
HEAD = "head"
NONE = "-"
