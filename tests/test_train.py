"""The training loop: it learns, keeps the best epoch, repeats itself to the bit, and stops at nonsense."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from placeprior.errors import ConfigError, TrainingError, UnknownName
from placeprior.model import PlaceModel
from placeprior.sizes import SIZES, Config
from placeprior.train import _loss, predict, train
from placeprior.windows import Windows

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
    model = PlaceModel(2, width=config.width, summary=config.summary, dropout=config.dropout,
                       generator=torch.Generator().manual_seed(seed))  # fmt: skip
    return train(model, data, rows, held, config, huber=huber, seed=seed, **options), data, rows, held


@pytest.fixture(scope="module")
def fitted():
    return fit()


def test_learns_a_simple_function(fitted):
    trained, data, _, held = fitted
    before = PlaceModel(2, width=8, summary=8, dropout=0.0, generator=torch.Generator().manual_seed(1))
    assert trained.history[-1]["validation_loss"] < _loss(before, data, held, 5.0) / 10
    assert trained.history[-1]["loss"] < trained.history[0]["loss"] / 4
    estimate, attention = predict(trained.model, data, held)
    truth = data.gather(held)[2].numpy()
    assert np.corrcoef(estimate, truth)[0, 1] > 0.95
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
    a, b, c = (predict(t.model, data, rows)[0] for t in (one, two, other))
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
        estimates.append(predict(model, data, rows)[0])
    assert np.array_equal(*estimates)


def test_a_loss_that_is_not_a_number_names_the_epoch_and_a_remedy():
    data, rows, held = problem()
    data.features[3, 30] = torch.nan
    model = PlaceModel(2, width=8, summary=8)
    with pytest.raises(TrainingError, match=r"not a number in epoch 1 .*lower the rate \(now 0.02\)"):
        train(model, data, rows, held, TINY, huber=5.0, seed=0)


def test_a_later_epoch_is_named_too():
    data, rows, held = problem()

    def spoil(record):
        if record["epoch"] == 2:
            data.target[:] = torch.inf

    with pytest.raises(TrainingError, match="epoch 3"):
        train(PlaceModel(2, width=8, summary=8), data, rows, held, TINY, huber=5.0, seed=0, progress=spoil)


class Counted(Windows):
    """Windows that remember which rows were asked for while training."""

    def gather(self, rows):
        if torch.is_grad_enabled():
            self.asked.append(rows)
        return super().gather(rows)


@pytest.mark.parametrize("budget", [100, 700, 0, 10**6])
def test_rows_per_epoch_is_the_budget_and_every_row_has_its_turn(budget):
    data, rows, held = problem()
    data = Counted(data.features.numpy(), 3, None, data.target.numpy())
    data.asked = []
    config = TINY.with_(epochs=3, rows_per_epoch=budget, batch=64)
    train(PlaceModel(2, width=4, summary=4), data, rows, held, config, huber=5.0, seed=0)
    asked = torch.cat(data.asked)
    per_epoch = min(budget or len(rows), len(rows))
    assert len(asked) == 3 * per_epoch
    assert max(len(part) for part in data.asked) <= 64
    # Without replacement until all were seen: no row is ahead of another by more than one turn.
    once = min(len(asked), len(rows))
    assert len(torch.unique(asked[:once], dim=0)) == once
    allowed = {tuple(row) for row in rows.tolist()}
    assert all(tuple(row) in allowed for row in asked.tolist())


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
    whole, attention = predict(trained.model, data, rows)
    monkeypatch.setattr("placeprior.train.PREDICT_BATCH", 37)
    parts, again = predict(trained.model, data, rows)
    np.testing.assert_allclose(parts, whole, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(again, attention, rtol=1e-4)


def test_the_published_size_is_the_papers():
    paper = SIZES["paper"]
    assert (paper.width, paper.summary, paper.window, paper.batch, paper.epochs) == (256, 256, 21, 256, 100)
    assert (paper.rate, paper.decay, paper.decay_steps, paper.dropout) == (1e-3, 0.8, 30_000, 0.2)
    assert paper.rows_per_epoch == 0


@pytest.mark.parametrize(
    ("change", "named"),
    [({"width": 7}, "width must be even"), ({"epochs": 0}, "epochs"), ({"batch": "64"}, "batch.*'64'"),
     ({"rate": "fast"}, "rate.*'fast'"), ({"rows_per_epoch": -1}, "rows_per_epoch.*-1"), ({"dropout": 1.0}, "dropout"),
     ({"window": 22}, "window.*21")],
)  # fmt: skip
def test_an_impossible_setting_is_refused_by_name(change, named):
    with pytest.raises(ConfigError, match=named):
        TINY.with_(**change)


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(UnknownName, match="'epoch'; did you mean 'epochs'"):
        TINY.with_(epoch=3)
