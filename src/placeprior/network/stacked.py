"""Several networks of one shape as one: weights lie side by side along a first axis, every product is a batch.

One small network leaves a graphics processor idle: its day-by-day products are too small to fill it, and it starts
hundreds of kernels a step. Here each product and each line of the recurrence is done for all members, and for both
directions of an LSTM, at once. What follows the recurrent layers is the lecture's own code, mapped over the members.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.func import functional_call, vmap
from torch.nn.functional import layer_norm

from placeprior.network.fusion import CHANNELS, FUSIONS, Bias
from placeprior.network.model import NORM_EPS, PlaceModel

ALIGNED = 32  # numbers: a weight begins at a multiple of 128 bytes, as matrix units want it


class Stack:
    """``k`` members of one shape.

    Parameters
    ----------
    like : PlaceModel
        Any member: its shape counts, not its weights.
    flat : tensor of float32, shape (k, n)
        All weights of a member in a row, see :meth:`of`.

    Attributes
    ----------
    weights : dict of str to tensor, shape (k, ...)
        Views of ``flat`` that gradients flow to, by name.
    gradient : tensor, shape (k, n)
        Of the last :meth:`differentiate`, in the places of ``flat``.
    """

    def __init__(self, like: PlaceModel, flat: torch.Tensor) -> None:
        self.like, self.flat, self.gradient = like, flat, torch.zeros_like(flat)
        self.tail = _Tail(like)
        self.weights = {n: flat[:, at].unflatten(1, s).detach().requires_grad_() for n, at, s in _places(like)}

    @classmethod
    def of(cls, models: Sequence[PlaceModel], device: str | torch.device) -> Stack:
        """A stack of the weights that models have now.

        Raises
        ------
        ValueError
            If the models differ in more than their weights, or have an encoder that is trained.
        """
        like = models[0]
        shapes = [(model.fusion, [(k, v.shape) for k, v in model.state_dict().items()]) for model in models]
        if any(shape != shapes[0] for shape in shapes) or not isinstance(like.encoder, nn.Identity):
            raise ValueError("only networks of one shape, without an encoder that is trained, can be stacked")
        flat = torch.zeros(len(models), _places(like)[-1][1].stop)
        for row, model in zip(flat, models, strict=True):
            state = model.state_dict()
            for name, at, _ in _places(like):
                row[at] = state[name].cpu().flatten()
        return cls(like, flat.to(device))

    def differentiate(self, loss: torch.Tensor) -> None:
        """Write the gradients of a number, the sum of all members' losses, into :attr:`gradient`."""
        found = torch.autograd.grad(loss, list(self.weights.values()))
        torch._foreach_copy_([self.gradient[:, at].unflatten(1, s) for _, at, s in _places(self.like)], list(found))

    def named(self, row: torch.Tensor) -> dict[str, torch.Tensor]:
        """The weights in a row of :attr:`flat`, or of its kind, as a member's own ``load_state_dict`` takes them."""
        return {name: row[at].unflatten(0, shape).clone() for name, at, shape in _places(self.like)}

    def __call__(
        self, x: torch.Tensor, place: torch.Tensor | None, kept: Sequence[torch.Tensor] | None = None
    ) -> torch.Tensor:
        """Estimate the targets of each member's windows.

        Parameters
        ----------
        x : tensor, shape (k, window, b, feature)
        place : tensor, shape (k, b, dim), or None
        kept : three tensors, optional
            By what to multiply where a network drops out (:meth:`masks`).

        Returns
        -------
        tensor, shape (k, b)
        """
        if place is not None and isinstance(self.like.place_norm, nn.LayerNorm):
            place = self._norm("place_norm", place)
        h = x
        if self.like.fusion == CHANNELS:
            h = torch.cat([h, place[:, None].expand(-1, h.shape[1], -1, -1)], dim=-1)
        for layer in range(3):
            h = self._norm(f"norm.{layer}", self._recurrent(f"lstm.{layer}", h))
            if layer < 2 and kept is not None:
                h = h * kept[layer]
        last = h.new_ones(len(h), 1, 1) if kept is None else kept[2]
        seen = (h, last) if place is None else (h, last, place)
        weights = {f"model.{name}": weight for name, weight in self.weights.items()}
        return vmap(lambda own, given: functional_call(self.tail, own, given))(weights, seen)

    def masks(self, model: PlaceModel, window: int, rows: int) -> list[torch.Tensor]:
        """What a member's own dropout multiplies by in a step with some rows: the masks it would draw alone.

        Returns
        -------
        list of three tensors
            Shapes (window, rows, 2 width), (window, rows, width) and (rows, summary).
        """
        drawn = [model.dropout(torch.ones(shape, device=self.flat.device)) for shape in self.dropped(window, rows)]
        return [drawn[0].transpose(0, 1), drawn[1].transpose(0, 1), drawn[2]]

    def dropped(self, window: int, rows: int) -> list[tuple[int, ...]]:
        """Shapes of what one member drops out of, in the order in which it does: rows first."""
        between = [(rows, window, norm.normalized_shape[0]) for norm in self.like.norm[:2]]
        return [*between, (rows, self.like.attention.out.out_features)]

    def _norm(self, name: str, h: torch.Tensor) -> torch.Tensor:
        weight, bias = (self.weights[f"{name}.{what}"] for what in ("weight", "bias"))
        between = (len(weight), *[1] * (h.ndim - 2), -1)
        return layer_norm(h, h.shape[-1:], eps=NORM_EPS) * weight.view(between) + bias.view(between)

    def _recurrent(self, name: str, h: torch.Tensor) -> torch.Tensor:
        """Both directions of one layer of every member, (k, window, b, in) -> (k, window, b, 2 * width), float32."""
        ih, hh, bias, more = (
            torch.stack([self.weights[f"{name}.{what}_l0{way}"] for way in ("", "_reverse")], dim=1)
            for what in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        dtype = torch.bfloat16 if self.like.precision == "bfloat16" else torch.float32
        out = Pass.apply(h.to(dtype), ih.to(dtype), hh.to(dtype), (bias + more).to(dtype), torch.is_grad_enabled())
        return torch.cat([out[:, 0], out[:, 1].flip(1)], dim=-1)


class Pass(torch.autograd.Function):
    """Bidirectional LSTM layers of several members; of day t, in the direction of reading::

        i, f, o = sigmoid(W x_t + U h_(t-1) + b),  g = tanh(the same, by weights of its own)
        c_t = f c_(t-1) + i g
        h_t = o tanh(c_t)

    The inputs of all days are projected in one product a direction, and the gradients of the weights are one product
    after the loop backwards; in the loops stays what must: a batch of products with the last output a day.
    """

    @staticmethod
    def forward(ctx, x, w, u, b, learns):  # noqa: ANN001, ANN205 - autograd's signature
        """Read both ways.

        Parameters
        ----------
        x : tensor, shape (k, window, n, in)
        w, u, b : tensor, shapes (k, 2, 4 units, in), (k, 2, 4 units, units), (k, 2, 4 units)
        learns : bool
            Whether to keep what the way backwards needs.

        Returns
        -------
        tensor of float32, shape (k, 2, window, n, units)
            Days in the order of reading: of the second direction, the last day first.
        """
        k, days, n, _ = x.shape
        units = u.shape[-1]
        projected = x.new_empty(k, 2, days, n, 4 * units)
        with tensor_cores():
            for way, read in enumerate((x, x.flip(1))):
                target = projected[:, way].flatten(1, 2)
                torch.baddbmm(b[:, way, None], read.flatten(1, 2), w[:, way].mT, out=target)
            z, once = projected.flatten(0, 1), u.flatten(0, 1).mT
            h, c = x.new_zeros(2 * k, n, units), x.new_zeros(2 * k, n, units, dtype=torch.float32)
            gates, memory, out = [], [], x.new_empty(2 * k, days, n, units, dtype=torch.float32)
            for t in range(days):
                opened, c, shown = _cell(z[:, t].baddbmm_(h, once).float(), c)
                out[:, t] = shown
                h = shown.to(x.dtype)
                if learns:
                    gates.append(opened)
                    memory.append(c)
        ctx.save_for_backward(x, w, u, out, *gates, *memory)
        return out.unflatten(0, (k, 2))

    @staticmethod
    @once_differentiable
    def backward(ctx, d_out):  # noqa: ANN001, ANN205
        """The gradients of ``x``, ``w``, ``u`` and ``b``."""
        x, w, u, out, *kept = ctx.saved_tensors
        (k, days, n, _), units = x.shape, u.shape[-1]
        gates, memory = kept[:days], kept[days:]
        d_out, d_z = d_out.flatten(0, 1), x.new_empty(2 * k, days, n, 4 * units)
        d_h = d_c = torch.zeros_like(memory[0])
        with tensor_cores():
            for t in reversed(range(days)):
                before = memory[t - 1] if t else torch.zeros_like(memory[0])
                d_t, d_c = _cell_back(d_out[:, t] + d_h, d_c, gates[t], before, memory[t])
                d_z[:, t] = d_t
                d_h = torch.bmm(d_z[:, t], u.flatten(0, 1)).float() if t else None
            past = torch.nn.functional.pad(out[:, :-1], (0, 0, 0, 0, 1, 0)).to(x.dtype)  # nothing before the first
            d_u = torch.bmm(d_z.flatten(1, 2).mT, past.flatten(1, 2)).view_as(u)
            d_z = d_z.unflatten(0, (k, 2))
            both = [(d_z[:, way].flatten(1, 2), read.flatten(1, 2)) for way, read in enumerate((x, x.flip(1)))]
            d_w = torch.stack([torch.bmm(d.mT, read) for d, read in both], dim=1)
            d_x = None
            if ctx.needs_input_grad[0]:
                ahead, back = (torch.bmm(d, w[:, way]).view_as(x) for way, (d, _) in enumerate(both))
                d_x = ahead + back.flip(1)
        return d_x, d_w, d_u, d_z.sum((2, 3)), None


def _cell(z: torch.Tensor, c: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Opened gates (…, 4 units), memory and output (…, units) of a day, from the sums that open the gates."""
    i, f, g, o = z.chunk(4, dim=-1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    c = f * c + i * g
    return torch.cat([i, f, g, o], dim=-1), c, o * c.tanh()


def _cell_back(
    d_h: torch.Tensor, d_c: torch.Tensor, gates: torch.Tensor, before: torch.Tensor, c: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients of the sums that open a day's gates, and of the memory before it."""
    i, f, g, o = gates.chunk(4, dim=-1)
    shown = c.tanh()
    d_c = d_c + d_h * o * (1 - shown * shown)
    d_i, d_f, d_g, d_o = (
        d_c * g * i * (1 - i),
        d_c * before * f * (1 - f),
        d_c * i * (1 - g * g),
        d_h * shown * o * (1 - o),
    )
    return torch.cat([d_i, d_f, d_g, d_o], dim=-1), d_c * f


class _Tail(nn.Module):
    """What a network does after its recurrent layers, for one member; the weights come with the call."""

    def __init__(self, model: PlaceModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, h: torch.Tensor, last: torch.Tensor, place: torch.Tensor | None = None) -> torch.Tensor:
        """(window, b, hidden), what to multiply the summary by, (b, dim) -> (b,)."""
        model = self.model
        z = model.attention(h.transpose(0, 1))[0] * last
        if model.fusion in FUSIONS:
            z = torch.relu(model.hidden(model.join(z, place)))
        y = model.out(z)[:, 0]
        return y + model.join.add(place) if isinstance(getattr(model, "join", None), Bias) else y


@contextmanager
def tensor_cores() -> Iterator[None]:
    """Round products on a graphics processor as its library does in recurrent layers (TF32, unless forbidden)."""
    matmul, before = torch.backends.cuda.matmul, torch.backends.cuda.matmul.allow_tf32
    matmul.allow_tf32 = torch.backends.cudnn.allow_tf32
    try:
        yield
    finally:
        matmul.allow_tf32 = before


def _places(like: PlaceModel) -> list[tuple[str, slice, torch.Size]]:
    """Name, place in a row and shape of each weight."""
    found, start = [], 0
    for name, weight in like.named_parameters():
        found.append((name, slice(start, start + weight.numel()), weight.shape))
        start += -(-weight.numel() // ALIGNED) * ALIGNED
    return found
