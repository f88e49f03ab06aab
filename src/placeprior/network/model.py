"""The network: three bidirectional LSTMs, Luong attention, and a place that may join.

Layer by layer the reference of Karimzadeh, Wang & Crooks (2025) and its base model (Wang et al., 2025), in PyTorch
with Keras' initialisation, LayerNorm epsilon and so on where the two libraries differ.
"""

from __future__ import annotations

import torch
from torch import nn

from placeprior.errors import UnknownName
from placeprior.network.fusion import CHANNELS, FUSIONS, HEAD, NONE, Bias

NORM_EPS = 1e-3  # Keras' default; PyTorch's is 1e-5


class Luong(nn.Module):
    """Attention of the last hidden state over all (Luong, Pham & Manning, 2015, the "general" score).

    ``score_s = h_T . (W h_s)``; ``c = sum_s softmax(score)_s h_s``; output ``tanh(V [c; h_T])``, no biases.
    """

    def __init__(self, hidden: int, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(hidden, hidden, bias=False)
        self.out = nn.Linear(2 * hidden, width, bias=False)

    def forward(self, h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(b, window, hidden) -> summary (b, width), weights (b, window) that sum to one."""
        last = h[:, -1]
        weight = torch.softmax(torch.einsum("bth,bh->bt", self.score(h), last), dim=1)
        context = torch.einsum("bt,bth->bh", weight, h)
        return torch.tanh(self.out(torch.cat([context, last], dim=-1))), weight


class Dropout(nn.Module):
    """Zero a share ``rate`` of the numbers and scale up the rest (Srivastava et al., 2014), by a generator of its own.

    A mask takes 16 random bits a number, a quarter of what PyTorch's draws: masks are a tenth of a small model's time.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.generator: torch.Generator | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Any shape -> the same; unchanged when not training."""
        if not self.training or self.rate == 0:
            return x
        words = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device)
        bits = words.random_(-(2**63), None, generator=self.generator).view(torch.int16)[: x.numel()].view(x.shape)
        kept = bits >= round(self.rate * 2**16) - 2**15
        return x * kept.to(x.dtype).mul_(1 / (1 - self.rate))


class PlaceModel(nn.Module):
    """Bi-LSTM with attention that estimates today's value from a window of days, and a place if it is told one.

    Parameters
    ----------
    n_features : int
        Dynamic predictors a day.
    dim : int
        Length of the place vector; 0 for none.
    fusion : str
        ``"-"`` (no place), ``"head"`` (no place, but the dense layer that follows a fusion), ``"channels"``, or another
        key of :data:`~placeprior.network.fusion.FUSIONS`.
    width : int
        Units of the first Bi-LSTM, each way; the second and third have half.
    summary : int
        Width of the attention's output, of the place projection and of the head.
    dropout : float
    precision : {"float32", "bfloat16"}
        Of the arithmetic inside the recurrent layers.
    normalise_place : bool
        LayerNorm on the place vector before its projection (the reference does so for SatCLIP alone).
    encoder : torch.nn.Module, optional
        Turns what :meth:`forward` is given as ``place`` into the place vector, and is trained with the rest. It keeps
        the weights it comes with.
    generator : torch.Generator, optional
        Draws the initial weights.
    """

    def __init__(
        self,
        n_features: int,
        dim: int = 0,
        fusion: str = NONE,
        *,
        width: int = 256,
        summary: int = 256,
        dropout: float = 0.2,
        precision: str = "float32",
        normalise_place: bool = False,
        encoder: nn.Module | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if fusion not in (NONE, CHANNELS, *FUSIONS):
            raise UnknownName("fusion", fusion, (NONE, CHANNELS, *FUSIONS))
        if (fusion in (NONE, HEAD)) != (dim == 0):
            raise ValueError(f"fusion {fusion!r} does not go with a place vector of length {dim}")
        self.fusion = fusion
        widths = (width, width // 2, width // 2)
        inputs = (n_features + (dim if fusion == CHANNELS else 0), 2 * widths[0], 2 * widths[1])
        self.lstm = nn.ModuleList(
            nn.LSTM(i, w, batch_first=True, bidirectional=True) for i, w in zip(inputs, widths, strict=True)
        )
        self.norm = nn.ModuleList(nn.LayerNorm(2 * w, eps=NORM_EPS) for w in widths)
        self.dropout = Dropout(dropout)
        self.precision = precision
        self.attention = Luong(2 * widths[-1], summary)
        self.place_norm = nn.LayerNorm(dim, eps=NORM_EPS) if normalise_place else nn.Identity()
        if fusion in FUSIONS:
            self.join = FUSIONS[fusion](dim, summary)
            self.hidden = nn.Linear(self.join.width, summary)
        self.out = nn.Linear(summary, 1)
        keras_init(self, generator)
        self.encoder = nn.Identity() if encoder is None else encoder

    def forward(
        self, x: torch.Tensor, place: torch.Tensor | None = None, *, return_attention: bool = False
    ) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """Estimate the target of each window.

        Parameters
        ----------
        x : tensor, shape (b, window, n_features)
        place : tensor, shape (b, dim), or None
        return_attention : bool
            Also return the attention weights, shape (b, window).

        Returns
        -------
        tensor, shape (b,)
        """
        if self.fusion not in (NONE, HEAD):
            place = self.place_norm(self.encoder(place))
        h = x
        if self.fusion == CHANNELS:
            h = torch.cat([h, place[:, None].expand(-1, h.shape[1], -1)], dim=-1)
        for layer, (lstm, norm) in enumerate(zip(self.lstm, self.norm, strict=True)):
            h = norm(self._recurrent(lstm, h))
            if layer < 2:  # the reference drops nothing after the third
                h = self.dropout(h)
        z, weight = self.attention(h)
        z = self.dropout(z)
        if self.fusion in FUSIONS:
            z = torch.relu(self.hidden(self.join(z, place)))
        y = self.out(z)[:, 0]
        if isinstance(getattr(self, "join", None), Bias):
            y = y + self.join.add(place)
        return (y, weight) if return_attention else y

    def _recurrent(self, lstm: nn.LSTM, h: torch.Tensor) -> torch.Tensor:
        """Both directions of one layer, (b, window, in) -> (b, window, 2 * width), float32."""
        with torch.autocast(h.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
            return lstm(h)[0].float()

    def seed_dropout(self, seed: int) -> None:
        """Start the dropout masks' random numbers at ``seed``, on the device where the model is."""
        self.dropout.generator = torch.Generator(self.out.weight.device).manual_seed(seed)


def keras_init(model: nn.Module, generator: torch.Generator | None) -> None:
    """Keras' defaults: Glorot-uniform kernels, orthogonal recurrent kernels, zero biases, forget bias 1.

    PyTorch's LSTM has two bias vectors where Keras has one; the forget bias goes into the first, the second is zero.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LSTM):
            for name, value in module.named_parameters():
                if name.startswith("weight_ih"):
                    nn.init.xavier_uniform_(value, generator=generator)
                elif name.startswith("weight_hh"):
                    nn.init.orthogonal_(value, generator=generator)
                else:
                    nn.init.zeros_(value)
                    if name.startswith("bias_ih"):
                        h = module.hidden_size
                        value.data[h : 2 * h] = 1.0  # gate order is input, forget, cell, output
