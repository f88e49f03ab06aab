"""Networks trained together are those trained alone: same beginning, same course, same end, whoever else is there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from placeprior.errors import TrainingError
from placeprior.network.fusion import CHANNELS, FUSIONS, HEAD, NONE
from placeprior.network.model import PlaceModel
from placeprior.network.packed import Member, train_together
from placeprior.network.sizes import Config
from placeprior.network.stacked import Stack
from placeprior.network.training import estimate, train
from placeprior.network.windows import Windows

CYCLE = Config(width=8, summary=8, window=3, batch=64, epochs=3, schedule="cycle", rate=1e-2, clip=0.5)
STEPS = CYCLE.with_(schedule="steps", epochs=12, patience=2, rate=3e-2, clip=0.0, decay_steps=7)


def problem(number: int, fusion: str = "hadamard", rows: int = 230):
    """A member's model, data and rows: members differ in their places, in how many rows they have, and in the seed."""
    rng, shared = np.random.default_rng(number), np.random.default_rng(100)
    x = shared.normal(size=(12, 40, 2)).astype(np.float32)
    place = rng.normal(size=(12, 4)).astype(np.float32)
    y = (x[..., 0] - np.roll(x[..., 1], 1, axis=1) + place[:, :1] + 0.1 * rng.normal(size=(12, 40))).astype(np.float32)
    dim = 0 if fusion in (NONE, HEAD) else 4
    data = Windows(x, 3, place if dim else None, y)
    usable = np.zeros((12, 40), bool)
    usable[:, 2:] = True
    every = data.rows(usable)[torch.as_tensor(rng.permutation(usable.sum()))]
    model = PlaceModel(2, dim, fusion, width=8, summary=8, generator=torch.Generator().manual_seed(number))
    return model, data, every[:rows], every[rows : rows + 60], 0.5 + number, number


def members(*given, **options):
    return [Member(*problem(number, rows=rows, **options)) for number, rows in given]


def same_as_alone(packed, given, config, near=1e-4, **options):
    for (number, rows), trained in zip(given, packed, strict=True):
        model, data, own, held, huber, seed = problem(number, rows=rows, **options)
        alone = train(model, data, own, held, config, huber=huber, seed=seed)
        assert trained.best_epoch == alone.best_epoch
        for one, other in zip(trained.history, alone.history, strict=True):
            for key in ("epoch", "loss", "validation_loss", "rate"):
                assert one[key] == pytest.approx(other[key], rel=near, abs=1e-6), (key, one["epoch"])
        np.testing.assert_allclose(estimate(trained.model, data, held)[0], estimate(model, data, held)[0], atol=near)


@pytest.mark.parametrize("fusion", [NONE, CHANNELS, *FUSIONS])
def test_a_stack_computes_what_its_members_do(fusion):
    dim = 0 if fusion in (NONE, HEAD) else 4
    draw = torch.Generator().manual_seed(0)
    models = [PlaceModel(3, dim, fusion, width=8, summary=6, generator=draw).eval() for _ in range(3)]
    for model in models:  # biases begin at zero, and a zero hides where it belongs
        for weight in model.parameters():
            weight.data += 0.1 * torch.randn(weight.shape, generator=draw)
    stack = Stack.of(models, "cpu")
    x, place = torch.randn(3, 5, 7, 3, generator=draw), torch.randn(3, 7, dim, generator=draw) if dim else None
    together = stack(x, place)
    stack.differentiate(together.square().sum())
    for k, model in enumerate(models):
        alone = model(x[k].transpose(0, 1), None if place is None else place[k])
        assert torch.allclose(together[k], alone, atol=1e-5)
        alone.square().sum().backward()
        gradients = stack.named(stack.gradient[k])
        for name, weight in model.named_parameters():
            assert torch.allclose(gradients[name], weight.grad, atol=1e-4, rtol=1e-3), name
            assert torch.equal(stack.named(stack.flat[k])[name], weight), "the weights are the member's, to the bit"


def test_the_masks_are_those_a_member_draws_alone():
    model = problem(3)[0]
    model.seed_dropout(5)
    first, second, last = Stack.of([model], "cpu").masks(model, 3, 7)
    model.seed_dropout(5)
    assert torch.equal(first.transpose(0, 1), model.dropout(torch.ones(7, 3, 16)))
    assert torch.equal(second.transpose(0, 1), model.dropout(torch.ones(7, 3, 8)))
    assert torch.equal(last, model.dropout(torch.ones(7, 8))) and last.unique().numel() == 2


@pytest.mark.parametrize("fusion", ["hadamard", NONE])
def test_members_come_out_as_alone_through_a_cycle(fusion):
    given = [(0, 230), (1, 130), (2, 256)]  # 4, 3 and 4 steps an epoch; the last batch is whole, or of two rows
    same_as_alone(train_together(members(*given, fusion=fusion), CYCLE, "cpu"), given, CYCLE, fusion=fusion)


def test_each_member_stops_when_it_would_alone():
    given = [(0, 230), (1, 130), (4, 230)]
    together = train_together(members(*given), STEPS, "cpu")
    lengths = [len(one.history) for one in together]
    assert len(set(lengths)) > 1 and min(lengths) < STEPS.epochs, f"this should try stopping apart; got {lengths}"
    same_as_alone(together, given, STEPS, near=5e-3)  # up to 12 epochs at a high rate: rounding has grown


def test_who_else_is_in_the_pack_does_not_matter():
    one = train_together(members((0, 230)), CYCLE, "cpu")[0]
    other = train_together(members((5, 100), (0, 230)), CYCLE, "cpu")[1]
    for name, weight in one.model.state_dict().items():
        assert torch.allclose(weight, other.model.state_dict()[name], atol=1e-5), name


def test_a_member_that_diverges_leaves_the_others_alone():
    pack = members((0, 230), (1, 230))
    pack[0].data.target[:] = torch.inf
    failed, fine = train_together(pack, CYCLE, "cpu")
    assert isinstance(failed, TrainingError) and "epoch 1" in str(failed) and "lower the rate" in str(failed)
    same_as_alone([fine], [(1, 230)], CYCLE)


def test_in_bfloat16_products_are_rounded_and_the_loss_is_near():
    config, pack = CYCLE.with_(precision="bfloat16"), members((0, 230), (1, 230))
    for member in pack:
        member.model.precision = "bfloat16"
    rounded, whole = train_together(pack, config, "cpu"), train_together(members((0, 230), (1, 230)), CYCLE, "cpu")
    for one, other in zip(rounded, whole, strict=True):
        assert one.history[-1]["loss"] != other.history[-1]["loss"]
        assert one.history[-1]["loss"] == pytest.approx(other.history[-1]["loss"], rel=0.05)


def test_networks_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        Stack.of([problem(0)[0], problem(0, fusion="concat")[0]], "cpu")
