"""The network: the published sizes, the attention, Keras' initialisation, and what a place does to it."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from placeprior import arms
from placeprior.errors import UnknownName
from placeprior.network.fusion import CHANNELS, FUSIONS, HEAD, NONE
from placeprior.network.model import PlaceModel
from placeprior.runs import plan


def build(n_features=4, dim=0, fusion=NONE, seed=0, **options):
    options = {"width": 8, "summary": 6} | options
    return PlaceModel(n_features, dim, fusion, generator=torch.Generator().manual_seed(seed), **options)


# Karimzadeh, Wang & Crooks (2025), counted in PyTorch, whose LSTM has two bias vectors.
@pytest.mark.parametrize(
    ("what", "features", "dim", "fusion", "options", "expected"),
    [
        ("none", 19, 0, NONE, {}, 1_818_881),
        ("lat/lon", 19, 2, CHANNELS, {}, 1_822_977),
        ("sin/cos", 19, 4, CHANNELS, {}, 1_827_073),
        ("GeoCLIP Hadamard", 19, 512, "hadamard", {}, 2_016_001),
        ("GeoCLIP concat", 19, 512, "concat", {}, 2_081_537),
        ("SatCLIP Hadamard, 128", 19, 256, "hadamard", {"width": 128, "normalise_place": True}, 632_065),
        ("SatCLIP concat, 256", 19, 256, "concat", {"normalise_place": True}, 2_016_513),
        ("SatCLIP Hadamard, 256", 19, 256, "hadamard", {"normalise_place": True}, 1_950_977),
    ],
)
def test_number_of_parameters_of_every_published_variant(what, features, dim, fusion, options, expected):
    model = build(features, dim, fusion, **{"width": 256, "summary": 256} | options)
    assert sum(p.numel() for p in model.parameters()) == expected, what


CASES = [(0, NONE), (0, HEAD), (3, CHANNELS), *((3, name) for name in FUSIONS if name != HEAD)]


@pytest.mark.parametrize(("dim", "fusion"), CASES)
def test_one_estimate_a_window_and_attention_that_sums_to_one(dim, fusion):
    model = build(dim=dim, fusion=fusion).eval()
    x, place = torch.randn(5, 7, 4), torch.randn(5, dim) if dim else None
    y, weight = model(x, place, return_attention=True)
    assert y.shape == (5,) and weight.shape == (5, 7)
    assert (weight >= 0).all()
    torch.testing.assert_close(weight.sum(1), torch.ones(5))
    torch.testing.assert_close(model(x, place), y)


@pytest.mark.parametrize(("dim", "fusion"), CASES)
def test_rows_of_a_batch_do_not_see_each_other(dim, fusion):
    model = build(dim=dim, fusion=fusion).eval()
    x, place = torch.randn(5, 7, 4), torch.randn(5, dim) if dim else None
    alone = model(x[2:3], None if place is None else place[2:3])
    torch.testing.assert_close(model(x, place)[2:3], alone, rtol=1e-5, atol=1e-6)


def test_every_day_of_the_window_and_every_feature_matters():
    model = build().eval()
    x = torch.randn(1, 6, 4, requires_grad=True)
    model(x).sum().backward()
    assert (x.grad[0] != 0).all()


@pytest.mark.parametrize("fusion", [CHANNELS, "hadamard", "concat"])
def test_another_place_is_another_estimate(fusion):
    model = build(dim=3, fusion=fusion).eval()
    x = torch.randn(1, 7, 4).expand(2, -1, -1)
    here, there = model(x, torch.tensor([[1.0, 0.5, -1.0], [-1.0, 2.0, 0.3]]))
    assert here != there


def test_swapping_places_swaps_estimates_of_equal_windows():
    model = build(dim=3, fusion="hadamard").eval()
    x, place = torch.randn(1, 7, 4).expand(2, -1, -1), torch.randn(2, 3)
    torch.testing.assert_close(model(x, place).flip(0), model(x, place.flip(0)))


def test_hadamard_is_a_product_and_concat_keeps_both():
    z, place = torch.randn(5, 6), torch.randn(5, 3)
    product, both = FUSIONS["hadamard"](3, 6), FUSIONS["concat"](3, 6)
    torch.testing.assert_close(product(z, place), z * product.project(place).clamp(min=0))
    torch.testing.assert_close(both(z, place)[:, :6], z)
    assert both(z, place).shape == (5, both.width) and (both(z, place)[:, 6:] >= 0).all()


def test_normalise_place_makes_the_vectors_scale_irrelevant():
    model = build(dim=3, fusion="hadamard", normalise_place=True).eval()
    x, place = torch.randn(4, 7, 4), torch.randn(4, 3) * 100
    torch.testing.assert_close(model(x, place), model(x, place * 10 + 5), rtol=1e-3, atol=1e-4)


def test_initialisation_is_keras():
    model = build(width=16)
    for lstm in model.lstm:
        h = lstm.hidden_size
        for way in ("", "_reverse"):
            weights = {k: getattr(lstm, f"{k}_l0{way}") for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
            recurrent = weights["weight_hh"]
            torch.testing.assert_close(recurrent.T @ recurrent, torch.eye(h), rtol=0, atol=1e-5)
            rows, columns = weights["weight_ih"].shape
            limit = math.sqrt(6 / (rows + columns))  # Glorot & Bengio (2010), all four gates as one kernel
            assert weights["weight_ih"].abs().max() <= limit
            assert weights["weight_ih"].std().item() == pytest.approx(limit / math.sqrt(3), rel=0.15)
            total = weights["bias_ih"] + weights["bias_hh"]
            expected = torch.zeros(4 * h)
            expected[h : 2 * h] = 1  # the forget gate
            torch.testing.assert_close(total, expected)
    assert all(norm.eps == 1e-3 for norm in model.norm)
    assert all((m.bias == 0).all() for m in model.modules() if isinstance(m, nn.Linear) and m.bias is not None)


@pytest.mark.parametrize(("dim", "fusion"), CASES)
def test_same_seed_same_weights_whatever_the_global_generator(dim, fusion):
    first = build(dim=dim, fusion=fusion, seed=4).state_dict()
    torch.manual_seed(99)
    second, other = (build(dim=dim, fusion=fusion, seed=s).state_dict() for s in (4, 5))
    assert all(torch.equal(first[k], second[k]) for k in first)
    assert any(not torch.equal(first[k], other[k]) for k in first)


def test_dropout_acts_in_training_only():
    model, x = build(dropout=0.5), torch.randn(3, 7, 4)
    assert not torch.equal(model.train()(x), model(x))
    assert torch.equal(model.eval()(x), model(x))


def test_an_unknown_fusion_is_refused_by_name():
    with pytest.raises(UnknownName, match="unknown fusion 'hadamart'; did you mean 'hadamard'"):
        build(dim=3, fusion="hadamart")


@pytest.mark.parametrize(("dim", "fusion"), [(0, "hadamard"), (3, NONE), (0, CHANNELS)])
def test_a_fusion_needs_a_place_and_a_place_a_fusion(dim, fusion):
    with pytest.raises(ValueError, match="does not go with a place vector of length"):
        build(dim=dim, fusion=fusion)


def test_the_control_has_the_head_of_a_fusion_and_nothing_else():
    plain, head, place = (build(dim=d, fusion=f) for d, f in ((0, NONE), (0, HEAD), (3, "hadamard")))
    sizes = [sum(p.numel() for p in model.parameters()) for model in (plain, head, place)]
    assert sizes[1] - sizes[0] == 6 * 6 + 6, "one dense layer of the summary's width"
    assert sizes[2] - sizes[1] == 3 * 6 + 6, "the projection of the place"


def difference_of_places(fusion, seed=0):
    """Estimates at two places over eight windows, less each other."""
    model = build(dim=3, fusion=fusion, seed=seed).eval()
    x = torch.randn(8, 7, 4, generator=torch.Generator().manual_seed(1))
    here, there = torch.ones(8, 3), torch.tensor([[-1.0, 2.0, 0.5]]).expand(8, 3)
    return (model(x, here) - model(x, there)).detach()


def test_bias_shifts_every_day_alike_and_the_others_do_not():
    shift = difference_of_places("bias")
    assert shift.abs().min() > 0
    torch.testing.assert_close(shift, shift[:1].expand(8), rtol=1e-4, atol=1e-5)
    for fusion in ("hadamard", "concat", "gated", "film", CHANNELS):
        assert difference_of_places(fusion).std() > 1e-4, fusion


def test_film_and_gate_can_leave_the_summary_as_it_is():
    z, place = torch.randn(5, 6), torch.randn(5, 3)
    film, gated = FUSIONS["film"](3, 6), FUSIONS["gated"](3, 6)
    with torch.no_grad():
        for module in (film.project, gated.gate):
            module.weight.zero_()
            module.bias.zero_()
        gated.gate.bias.fill_(50.0)
    torch.testing.assert_close(film(z, place), z)
    torch.testing.assert_close(gated(z, place), z)


def test_an_encoder_inside_the_model_is_trained_and_keeps_what_it_knew():
    inner = nn.Linear(2, 3)
    before = inner.weight.clone()
    model = build(dim=3, fusion="hadamard", encoder=inner)
    torch.testing.assert_close(model.encoder.weight, before)
    model(torch.randn(5, 7, 4), torch.randn(5, 2)).sum().backward()
    assert inner.weight.grad.abs().sum() > 0


def test_runs_yml_knows_the_fusions_that_the_network_knows():
    spec = {"load": "world", "options": {"stations": 30, "days": 30}}
    assert set(arms.FUSIONS) == {CHANNELS, *FUSIONS} - {HEAD}
    for fusion in arms.FUSIONS:
        assert plan._run("t", spec, f"sincos/{fusion}", "spatial", 1, 0, {}).fusion == fusion
    with pytest.raises(UnknownName, match="unknown fusion 'head'"):
        plan._run("t", spec, "sincos/head", "spatial", 1, 0, {})
