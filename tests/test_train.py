"""The training loop: it learns, ends as its schedule says, repeats itself to the bit, and stops at nonsense."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from placeprior.errors import ConfigError, TrainingError, UnknownName
from placeprior.network.model import Dropout, PlaceModel
from placeprior.network.sizes import SIZES, Config
from placeprior.network.training import PREDICT_BATCH, RISE, _loss, cycle, estimate, together, train
from placeprior.network.windows import Windows
from placeprior.provenance import processor

TINY = Config(width=8, summary=8, window=3, batch=64, epochs=12, patience=12, rate=2e-2, dropout=0.0)


def problem(seed=0, stations=16, days=40, window=3, noise=0.05):
    """Today's target: today's first feature less yesterday's second. Rows of the last stations validate."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(stations, days, 2)).astype(np.float32)
    y = x[..., 0] - np.roll(x[..., 1], 1, axis=1) + noise * rng.normal(size=(stations, days))
    data = Windows(x, window, None, y.astype(np.float32))
    usable = np.zeros((stations, days), bool)
    usable[:, window:] = True
    held = np.arange(stations)[:, None] >= stations - 4
    return data, data.rows(usable & ~held), data.rows(usable & held)


def fit(config=TINY, seed=1, noise=0.05, huber=5.0, **options):
    data, rows, held = problem(noise=noise)
    model = PlaceModel(
        2,
        width=config.width,
        summary=config.summary,
        dropout=config.dropout,
        generator=torch.Generator().manual_seed(seed),
    )
    return train(model, data, rows, held, config, huber=huber, seed=seed, **options), data, rows, held


@pytest.fixture(scope="module")
def fitted():
    return fit()


def test_learns_a_simple_function(fitted):
    trained, data, _, held = fitted
    before = PlaceModel(2, width=8, summary=8, dropout=0.0, generator=torch.Generator().manual_seed(1))
    assert trained.history[-1]["validation_loss"] < _loss(before, data, held, 5.0) / 10
    assert trained.history[-1]["loss"] < trained.history[0]["loss"] / 4
    estimated, attention = estimate(trained.model, data, held)
    truth = data.gather(held)[2].numpy()
    assert np.corrcoef(estimated, truth)[0, 1] > 0.95
    assert attention.shape == (3,) and attention.sum() == pytest.approx(1, abs=1e-5)


def test_history_tells_every_epoch_once(fitted):
    trained, *_ = fitted
    assert [record["epoch"] for record in trained.history] == list(range(1, len(trained.history) + 1))
    assert all(set(r) == {"epoch", "loss", "validation_loss", "rate", "seconds"} for r in trained.history)


def test_the_best_epoch_is_what_is_returned():
    # So fast a rate that the validation loss goes up and down.
    config = TINY.with_(rate=0.1, epochs=6, batch=32, width=4)
    trained, data, _, held = fit(config, noise=1.0)
    losses = [record["validation_loss"] for record in trained.history]
    assert min(losses) < losses[-1], "the case must be one where the last epoch is not the best"
    assert trained.best_epoch == 1 + int(np.argmin(losses))
    assert _loss(trained.model, data, held, 5.0) == pytest.approx(min(losses), rel=1e-6)


def test_stops_when_patience_is_out():
    trained, *_ = fit(TINY.with_(rate=0.3, epochs=40, patience=2, batch=32, width=4), noise=1.0)
    assert len(trained.history) < 60
    assert len(trained.history) == trained.best_epoch + 2


def test_bit_equal_twice_and_different_with_another_seed():
    config = TINY.with_(epochs=2, dropout=0.2)
    (one, data, rows, _), (two, *_), (other, *_) = fit(config), fit(config), fit(config, seed=2)
    for key, value in one.model.state_dict().items():
        assert torch.equal(value, two.model.state_dict()[key]), key
    a, b, c = (estimate(t.model, data, rows)[0] for t in (one, two, other))
    assert a.tobytes() == b.tobytes() != c.tobytes()
    without_time = [[{k: v for k, v in r.items() if k != "seconds"} for r in t.history] for t in (one, two)]
    assert without_time[0] == without_time[1]


def test_global_generator_is_neither_read_nor_moved():
    data, rows, held = problem()
    config, estimates = TINY.with_(epochs=1, dropout=0.5), []
    for seed in (3, 4):
        model = PlaceModel(2, width=4, summary=4, dropout=0.5, generator=torch.Generator().manual_seed(0))
        torch.manual_seed(seed)
        state = torch.get_rng_state()
        train(model, data, rows, held, config, huber=5.0, seed=0)
        assert torch.equal(torch.get_rng_state(), state)
        estimates.append(estimate(model, data, rows)[0])
    assert np.array_equal(*estimates)


def test_a_loss_that_is_not_a_number_names_the_epoch_and_a_remedy():
    data, rows, held = problem()
    data.features[3, 30] = torch.nan
    model = PlaceModel(2, width=8, summary=8)
    with pytest.raises(TrainingError, match=r"not a number in epoch 1 .*lower the rate \(now 0.02\)"):
        train(model, data, rows, held, TINY, huber=5.0, seed=0)


def test_a_later_epoch_is_named_too():
    # So steep a rise of the rate that the weights leave the numbers after the first epoch.
    with pytest.raises(TrainingError, match="epoch [2-9]"):
        data, rows, held = problem()
        data = Spoilt(data.features.numpy(), 3, None, data.target.numpy())
        train(PlaceModel(2, width=8, summary=8), data, rows, held, TINY, huber=5.0, seed=0)


class Spoilt(Windows):
    """Windows whose targets are lost after the rows of one epoch were asked for."""

    asked = 0

    def gather(self, rows):
        if torch.is_grad_enabled():
            self.asked += len(rows)
        if self.asked > 500:
            self.target[:] = torch.inf
        return super().gather(rows)


class Counted(Windows):
    """Windows that remember which rows were asked for while training."""

    def gather(self, rows):
        if torch.is_grad_enabled():
            self.asked.append(rows)
        return super().gather(rows)


def test_an_epoch_shows_every_row_once_in_another_order():
    data, rows, held = problem()
    data = Counted(data.features.numpy(), 3, None, data.target.numpy())
    data.asked = []
    train(PlaceModel(2, width=4, summary=4), data, rows, held, TINY.with_(epochs=3, batch=64), huber=5.0, seed=0)
    assert max(len(part) for part in data.asked) <= 64
    asked = torch.cat(data.asked)
    assert len(asked) == 3 * len(rows)
    epochs = [[tuple(row) for row in part.tolist()] for part in asked.split(len(rows))]
    assert all(sorted(epoch) == sorted(map(tuple, rows.tolist())) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_a_cycle_rises_once_and_falls_to_nothing_and_keeps_the_last_weights():
    config = TINY.with_(schedule="cycle", epochs=20, rate=0.02)
    trained, data, _, held = fit(config)
    rates = [record["rate"] for record in trained.history]
    peak = int(np.argmax(rates))
    assert max(rates) == pytest.approx(0.02, rel=0.05) and rates[-1] < 0.02 / 1000
    assert (np.diff(rates[: peak + 1]) > 0).all() and (np.diff(rates[peak:]) < 0).all()
    assert peak + 1 == pytest.approx(RISE * 20, abs=1)
    assert trained.best_epoch == len(trained.history) == 20
    assert _loss(trained.model, data, held, 5.0) == pytest.approx(trained.history[-1]["validation_loss"], rel=1e-6)


def test_validation_rows_decide_nothing_in_a_cycle():
    data, rows, held = problem()
    weights = []
    for validated in (held, held[:7]):
        model = PlaceModel(2, width=4, summary=4, generator=torch.Generator().manual_seed(0))
        train(model, data, rows, validated, TINY.with_(schedule="cycle", epochs=3), huber=5.0, seed=0)
        weights.append(torch.cat([p.flatten() for p in model.parameters()]))
    assert torch.equal(*weights)


def test_gradients_are_clipped():
    steps = {}
    for clip in (0.0, 1e-9):
        model = PlaceModel(2, width=4, summary=4, generator=torch.Generator().manual_seed(0))
        before = torch.cat([p.detach().flatten().clone() for p in model.parameters()])
        data, rows, held = problem()
        # Adam's step is the gradient over its own size, save where that is as small as epsilon.
        train(model, data, rows[:64], held, TINY.with_(epochs=1, clip=clip), huber=5.0, seed=0)
        steps[clip] = float((torch.cat([p.detach().flatten() for p in model.parameters()]) - before).norm())
    assert steps[1e-9] < steps[0.0] / 10


ROUNDED = """
import sys
import numpy as np, torch
if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
    sys.exit(77)
from test_train import TINY, fit
from placeprior.network.model import PlaceModel
from placeprior.network.training import estimate
trained, data, rows, _ = fit(TINY.with_(epochs=2, schedule="cycle"))
model = PlaceModel(2, width=8, summary=8, precision="bfloat16")
model.load_state_dict(trained.model.state_dict())
whole, rounded = estimate(trained.model, data, rows)[0], estimate(model, data, rows)[0]
assert rounded.dtype == np.float32 and not np.array_equal(whole, rounded)
assert np.abs(whole - rounded).max() < 0.2 * whole.std()
assert len(np.unique(rounded)) > len(rounded) / 2, "the estimate itself must not be rounded to eight bits"
"""


def test_bfloat16_is_for_the_recurrent_layers_alone_and_nearly_agrees():
    # In a process of its own: the instructions of this one are limited (placeprior.provenance.processor).
    done = subprocess.run(
        [sys.executable, "-c", ROUNDED],
        env=os.environ | processor.LIFTED,
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    if done.returncode == 77:
        pytest.skip("this processor has no bfloat16")
    assert done.returncode == 0, done.stderr


def test_dropout_drops_its_share_and_keeps_the_mean():
    layer = Dropout(0.2)
    layer.generator = torch.Generator().manual_seed(0)
    out = layer(torch.ones(401, 503))
    assert float((out == 0).float().mean()) == pytest.approx(0.2, abs=0.004)
    assert float(out.mean()) == pytest.approx(1, abs=0.005) and out.unique().numel() == 2
    assert not torch.equal(out, layer(torch.ones(401, 503)))
    assert torch.equal(layer.eval()(out), out)


def test_rate_falls_by_the_stated_factor():
    trained, _, rows, _ = fit(TINY.with_(epochs=2, rate=0.01, decay=0.5, decay_steps=10, batch=64))
    steps = -(-len(rows) // 64)
    assert [r["rate"] for r in trained.history] == pytest.approx([0.01 * 0.5 ** (steps * e // 10) for e in (1, 2)])


def test_validation_rows_never_move_a_weight():
    data, rows, held = problem()
    weights = []
    for shift in (0.0, 100.0):
        s, t = held.T
        data.target[s, t] += shift
        model = PlaceModel(2, width=8, summary=8, dropout=0.0, generator=torch.Generator().manual_seed(0))
        train(model, data, rows, held, TINY.with_(epochs=1), huber=5.0, seed=0)
        weights.append(torch.cat([p.flatten() for p in model.parameters()]))
    assert torch.equal(*weights)


def test_predictions_do_not_depend_on_the_batch(fitted, monkeypatch):
    trained, data, rows, _ = fitted
    whole, attention = estimate(trained.model, data, rows)
    monkeypatch.setattr("placeprior.network.training.PREDICT_BATCH", 37)
    parts, again = estimate(trained.model, data, rows)
    np.testing.assert_allclose(parts, whole, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(again, attention, rtol=1e-4)


@pytest.mark.parametrize(("size", "most"), [("demo", PREDICT_BATCH), ("study", PREDICT_BATCH), ("paper", 512)])
def test_a_large_network_estimates_fewer_rows_at_once(size, most):
    config = SIZES[size]
    assert together(PlaceModel(2, width=config.width, summary=config.summary), config.window) == most


def test_the_published_size_is_the_papers():
    paper = SIZES["paper"]
    assert (paper.width, paper.summary, paper.window, paper.batch, paper.epochs) == (256, 256, 21, 256, 100)
    assert (paper.rate, paper.decay, paper.decay_steps, paper.dropout) == (1e-3, 0.8, 30_000, 0.2)
    assert (paper.schedule, paper.patience, paper.clip, paper.precision) == ("steps", 30, 0, "float32")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"width": 7}, "width must be even"),
        ({"epochs": 0}, "epochs"),
        ({"batch": "64"}, "batch.*'64'"),
        ({"rate": "fast"}, "rate.*'fast'"),
        ({"clip": -1}, "clip.*-1"),
        ({"dropout": 1.0}, "dropout"),
        ({"window": 22}, "window.*21"),
    ],
)
def test_an_impossible_setting_is_refused_by_name(change, named):
    with pytest.raises(ConfigError, match=named):
        TINY.with_(**change)


@pytest.mark.parametrize(
    ("change", "named"), [({"schedule": "cycles"}, "'cycles'.*'cycle'"), ({"precision": "float16"}, "'float16'")]
)
def test_an_unknown_way_is_refused_by_name(change, named):
    with pytest.raises(UnknownName, match=named):
        TINY.with_(**change)


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(UnknownName, match="'epoch'; did you mean 'epochs'"):
        TINY.with_(epoch=3)


def test_a_cycle_finds_the_bottom_of_a_bowl():
    """Whatever learns beside the main model learns by the same steps: up to the peak, down to nearly nothing."""
    x = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    descent = cycle([x], rate=0.1, steps=200)
    rates = []
    for _ in range(200):
        descent.step(((x - 1) ** 2).sum())
        rates.append(descent.schedule.get_last_lr()[0])
    assert torch.allclose(x, torch.ones(2), atol=1e-2)
    assert max(rates) == pytest.approx(0.1, rel=1e-3) and rates[-1] < 1e-3
