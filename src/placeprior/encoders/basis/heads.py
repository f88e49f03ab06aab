"""What turns a position encoding into a place vector: small networks, trained with the task or beforehand."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from placeprior.errors import UnknownName

ACTIVATIONS = {"relu": functional.relu, "leakyrelu": lambda x: functional.leaky_relu(x, 0.2)}


class FeedForward(nn.Module):
    """The common head: linear, activation, LayerNorm, linear.

    Parameters
    ----------
    dim_in, hidden, dim : int
        Lengths of the position encoding, of the layer between, and of the place vector.
    activation : {"relu", "leakyrelu"}
    last : bool
        Whether the activation follows the second layer too. Mai et al.'s published weights were trained so; it leaves
        a vector without negative numbers, many of them zero, and is not done when the head is trained here.
    generator : torch.Generator, optional
    """

    def __init__(
        self,
        dim_in: int,
        hidden: int = 256,
        dim: int = 256,
        *,
        activation: str = "relu",
        last: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise UnknownName("activation", activation, ACTIVATIONS)
        self.first, self.norm, self.second = nn.Linear(dim_in, hidden), nn.LayerNorm(hidden), nn.Linear(hidden, dim)
        self.activation, self.last, self.dim = activation, last, dim
        for layer in (self.first, self.second):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)

    def forward(self, position: torch.Tensor) -> torch.Tensor:
        """(n, dim_in) -> (n, dim)."""
        act = ACTIVATIONS[self.activation]
        vector = self.second(self.norm(act(self.first(position))))
        return act(vector) if self.last else vector


class Residual(nn.Module):
    """A linear layer and four residual blocks of two (Mac Aodha et al. 2019, ICCV): ``wrap`` came with it."""

    def __init__(self, dim_in: int, dim: int = 256, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.first = nn.Linear(dim_in, dim)
        self.blocks = nn.ModuleList(nn.ModuleList([nn.Linear(dim, dim), nn.Linear(dim, dim)]) for _ in range(4))
        self.dim = dim
        for layer in (m for m in self.modules() if isinstance(m, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)

    def forward(self, position: torch.Tensor) -> torch.Tensor:
        """(n, dim_in) -> (n, dim)."""
        vector = torch.relu(self.first(position))
        for one, two in self.blocks:
            vector = vector + torch.relu(two(torch.relu(one(vector))))
        return vector


class Siren(nn.Module):
    """A network of sines (Sitzmann et al. 2020, NeurIPS), as Rußwurm et al. (2024, ICLR) put behind harmonics.

    The first layer oscillates fast, ``sin(30 (W x + b))``, the second slowly; its weights start as Sitzmann et al.
    (2020, sec. 3.2) derive.
    """

    fast = 30.0

    def __init__(
        self, dim_in: int, hidden: int = 256, dim: int = 256, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.first, self.second, self.out = nn.Linear(dim_in, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, dim)
        self.dim = dim
        for layer, bound in (
            (self.first, 1 / dim_in),
            (self.second, math.sqrt(6 / hidden)),
            (self.out, math.sqrt(6 / hidden)),
        ):
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            nn.init.zeros_(layer.bias)

    def forward(self, position: torch.Tensor) -> torch.Tensor:
        """(n, dim_in) -> (n, dim)."""
        return self.out(torch.sin(self.second(torch.sin(self.fast * self.first(position)))))


class Lookup(nn.Module):
    """A learnt table of cells (:class:`~placeprior.encoders.basis.planar.Tile`) before a head: cell numbers (n, 1)."""

    def __init__(self, cells: int, width: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(cells, width, generator=generator))

    def forward(self, cell: torch.Tensor) -> torch.Tensor:
        """(n, 1), whole numbers -> (n, width)."""
        return self.table[cell[:, 0].long()]


class Centred(nn.Module):
    """Any such network as part of the model: its vectors centred and scaled as frozen ones are, and how fast it learns.

    Parameters
    ----------
    network : torch.nn.Module
        Has ``dim``, the length of its vectors.
    rate : float
        Its learning rate, as a share of the rest's.
    """

    def __init__(self, network: nn.Module, dim: int, rate: float = 1.0) -> None:
        super().__init__()
        self.network, self.dim, self.rate = network, dim, rate
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))

    def forward(self, position: torch.Tensor) -> torch.Tensor:
        """(n, dim_in) -> (n, dim)."""
        return (self.network(position) - self.mean) / self.scale
