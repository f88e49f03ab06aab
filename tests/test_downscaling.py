"""Downscaling: known answers, no look at the day itself, and an arm that must lose where it knows nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from placeprior.downscaling import diffusion, judging, learned, simple
from placeprior.downscaling.fields import CELL, KM, Fields, Inputs, Setting, bilinear, block_mean, simulate
from placeprior.downscaling.networks import Encoder, UNet
from placeprior.errors import ConfigError, TrainingError
from placeprior.evidence import downscaling as evidence

SMALL = Setting(rows=8, columns=16, country=(8, 8), pretrain=120, train=50, gap=40, test=24, past=3)
LITTLE = learned.Effort(pretrain=2, fit=2, batch=4, draws=3, sampled=3)


@pytest.fixture(scope="module")
def fields() -> Fields:
    return simulate(3, SMALL)


def test_the_cosine_schedule_has_its_known_values():
    kept = diffusion.schedule()
    assert kept[[0, 499, 999, 1499]] == pytest.approx([0.99998, 0.847012, 0.493844, 0.144272], abs=1e-6)
    assert (np.diff(kept) < 0).all() and 0 < kept[-1] < 1e-3


def test_acf_and_pacf_have_their_known_values():
    series = np.arange(1.0, 6.0)
    assert judging.acf(series, 4) == pytest.approx([1, 0.4, -0.1, -0.4, -0.4])
    assert judging.pacf(series, 2) == pytest.approx([0.4, -0.309524], abs=1e-6)
    with pytest.raises(ConfigError, match="5 days has no lag 5"):
        judging.acf(series, 5)


def test_acf_and_pacf_of_a_first_order_process_are_those_of_theory():
    rng = np.random.default_rng(0)
    made = autoregressive(rng, 0.7, 365, 200)
    assert judging.acf(made, 3)[1:].mean(1) == pytest.approx([0.692, 0.478, 0.329], abs=0.02)
    assert np.mean([judging.pacf(one, 2)[1] for one in made.T[:50]]) == pytest.approx(-0.005, abs=0.025)


def autoregressive(rng, phi, days, count):
    found = [rng.normal(size=count)]
    for _ in range(days - 1):
        found.append(phi * found[-1] + np.sqrt(1 - phi**2) * rng.normal(size=count))
    return np.array(found)


def scores(truth, estimate, usual=None):
    usual = np.zeros(truth.shape[1:]) if usual is None else usual
    found = judging.judge(truth, estimate[None], usual, 4, 25.0)
    return {name: value for name, at, value in found if np.isnan(at)}


def test_persistence_scores_what_theory_says_and_the_target_as_the_last_lag_scores_one():
    made = np.exp(0.1 * autoregressive(np.random.default_rng(1), 0.8, 1500, 64)).reshape(-1, 8, 8)
    known = scores(made[1:], made[:-1])
    # NSE of yesterday is 2 phi - 1, its squared correlation phi^2: the correlation forgives what NSE does not.
    assert known["nse"] == pytest.approx(2 * 0.8 - 1, abs=0.03) and known["r2"] == pytest.approx(0.64, abs=0.03)
    leaky = scores(made[1:], made[1:])
    assert leaky["nse"] == leaky["r2"] == pytest.approx(1.0)


def test_squared_correlation_forgives_a_wrong_level_and_nse_does_not():
    truth = np.random.default_rng(2).lognormal(size=(30, 8, 8))
    wrong = scores(truth, 3 * truth + 5)
    assert wrong["r2"] == pytest.approx(1) and wrong["nse"] < 0


def test_crps_of_one_draw_is_the_absolute_error_and_that_of_many_the_sum_over_pairs():
    rng = np.random.default_rng(3)
    truth, drawn = rng.normal(size=7), rng.normal(size=(5, 7))
    pairs = np.abs(drawn[:, None] - drawn).sum((0, 1)) / (2 * 5 * 4)
    assert judging.crps(truth, drawn) == pytest.approx(np.abs(drawn - truth).mean(0) - pairs)
    assert judging.crps(truth, drawn[:1]) == pytest.approx(np.abs(drawn[0] - truth))
    # Normal draws of a normal truth: 1 / sqrt(pi), however few they are.
    many = judging.crps(rng.normal(size=100_000), rng.normal(size=(2, 100_000)))
    assert many.mean() == pytest.approx(1 / np.sqrt(np.pi), abs=0.01)


def test_the_square_error_of_few_draws_is_that_of_endlessly_many():
    rng = np.random.default_rng(4)
    truth = rng.lognormal(size=(200, 8, 8))
    drawn = np.exp(rng.normal(0, 0.2, size=(4, *truth.shape))) * 1.0
    found = {m: v for m, at, v in judging.judge(truth, drawn, truth.mean(0), 4, 25.0) if np.isnan(at)}
    assert found["rmse"] ** 2 == pytest.approx(((np.exp(0.02) - truth) ** 2).mean(), rel=0.01)


def test_the_semivariogram_is_the_sum_over_pairs():
    fields = np.random.default_rng(5).normal(size=(3, 5, 4))
    y, x = (each.ravel() for each in np.mgrid[:5, :4])
    km = 20.0 * np.hypot(y[:, None] - y, x[:, None] - x)
    flat = fields.reshape(3, -1)
    half = ((flat[:, :, None] - flat[:, None]) ** 2).mean(0) / 2
    edges = (0.0, 30.0, 60.0, 1000.0)
    expected = [half[(km > 0) & (km >= low) & (km < high)].mean() for low, high in zip(edges, edges[1:], strict=False)]
    assert judging.semivariogram(fields, 20.0, edges) == pytest.approx(expected)


def test_wasserstein_distance_of_values_ignores_where_they_lie(fields):
    told = {name: value for name, _, value in judging.likeness(fields.country, fields.fine)}
    assert told["wasserstein shuffled"] == 0 and told["wasserstein pooled"] > 0.01
    assert judging.likeness(fields.fine, fields.fine)[0][2] == 0


def test_a_coarse_field_is_the_mean_of_its_block_and_a_plane_is_read_exactly_between():
    plane = np.add.outer(np.arange(12.0), 2 * np.arange(16.0))[None]
    coarse = block_mean(plane, 4)
    assert coarse[0, 0, 0] == plane[0, :4, :4].mean()
    inner = (0, slice(2, -2), slice(2, -2))
    assert bilinear(coarse, 4)[inner] == pytest.approx(plane[inner])


def test_days_are_parted_with_a_gap_and_the_test_period_is_in_one_piece(fields):
    day = fields.day
    assert day[fields.test.start] - day[fields.train][-1] > SMALL.gap >= 40
    assert (np.diff(day[fields.test]) == 1).all() and len(day[fields.test]) == SMALL.test
    assert day[0] == SMALL.pretrain == len(fields.country)
    with pytest.raises(ConfigError, match="39 days"):
        dataclasses.replace(SMALL, gap=39)
    with pytest.raises(ConfigError, match="not whole blocks"):
        dataclasses.replace(SMALL, rows=9)
    with pytest.raises(ConfigError, match="past days"):
        dataclasses.replace(SMALL, past=50)


def changed(fields: Fields, days: slice | int) -> Fields:
    fine = fields.fine.copy()
    fine[days] *= 7
    return dataclasses.replace(fields, fine=fine)


def test_the_target_of_a_day_is_no_input_of_that_day(fields):
    day = SMALL.train - 1
    one = Inputs(fields)
    # By hand, as scaling by training days may know them: only the day's own target is another.
    z = one.z.clone()
    one.z[day] += 3
    assert torch.equal(one.history(torch.tensor([day])), z[day - SMALL.past : day][None])
    with pytest.raises(ConfigError, match="begin later"):
        one.history(torch.tensor([SMALL.past - 1]))


@pytest.mark.parametrize("tuned", [False, True])
def test_what_is_true_after_training_changes_nothing_that_is_drawn(fields, tuned):
    found = []
    for own in (fields, changed(fields, slice(SMALL.train, None))):
        inputs = Inputs(own)
        encoder, _ = learned.pretrain(own, LITTLE, 0)
        model = learned.diffuser(own, inputs, encoder, LITTLE, 0, tuned=tuned)
        found.append(
            [
                learned.rollout(model, own, inputs, LITTLE, 0),
                learned.unet(own, inputs, LITTLE, 0),
                learned.autoencoder(own, inputs, LITTLE, 0),
                *simple.regression(own, inputs, 3, np.random.default_rng(0)),
                simple.between(own),
                simple.mean_map(own),
            ]
        )
    for one, other in zip(*found, strict=True):
        assert one.shape[1:] == (SMALL.test, SMALL.rows, SMALL.columns)
        assert np.allclose(one, other, rtol=1e-4)  # sums of threads in another order


def test_a_frozen_encoder_stays_and_a_tuned_one_moves(fields):
    inputs = Inputs(fields)
    for tuned in (False, True):
        encoder = learned.seeded(0, lambda: Encoder(SMALL.past))
        before = [p.detach().clone() for p in encoder.parameters()]
        learned.diffuser(fields, inputs, encoder, LITTLE, 0, tuned=tuned)
        same = [torch.equal(p, q) for p, q in zip(encoder.parameters(), before, strict=True)]
        assert all(same) != tuned


@given(st.floats(0.3, 4.0), st.integers(0, 9))
def test_draws_have_the_spread_of_what_the_network_knows(variance, seed):
    # The best estimate of a normal field from its noisy self is linear; drawn with it, the spread comes back. Of one
    # that hardly varies, a share is lost in steps as wide as these.
    kept = diffusion.schedule()

    def clean(x, t):
        return float(np.sqrt(kept[t]) * variance / (kept[t] * variance + 1 - kept[t])) * x

    drawn = diffusion.draw(clean, (4000,), torch.Generator().manual_seed(seed))
    assert float(drawn.var()) == pytest.approx(variance, rel=0.2)


def test_noise_leaves_the_share_that_it_says():
    x = torch.full((2, 50_000), 2.0)
    found = diffusion.spoil(x, torch.tensor([0.25, 1.0]), torch.Generator().manual_seed(0))
    assert float(found[0].mean()) == pytest.approx(1.0, abs=0.02)
    assert float(found[0].var()) == pytest.approx(0.75, rel=0.03) and torch.equal(found[1], x[1])


@pytest.mark.parametrize(("steps", "sampled"), [(10, 11), (10, 0)])
def test_steps_that_cannot_be_visited_are_refused(steps, sampled):
    with pytest.raises(ConfigError, match="cannot be visited"):
        diffusion.draw(lambda x, t: x, (1,), torch.Generator(), steps=steps, sampled=sampled)


def test_a_loss_that_is_no_number_ends_training():
    weight = torch.nn.Parameter(torch.ones(()))
    with pytest.raises(TrainingError, match="after 0 steps"):
        learned.descend([weight], lambda: weight * float("nan"), 3, 0.1)


def test_a_network_gives_a_field_of_the_same_shape():
    net = UNet(5, extra=2, noisy=True)
    assert net(torch.zeros(3, 5, 8, 12), torch.zeros(3, 2, 2, 3), torch.rand(3)).shape == (3, 1, 8, 12)


def test_regression_recovers_a_law_that_holds_at_each_cell(fields):
    base = bilinear(Inputs(fields).scaled(fields.coarse), 4)
    law = np.exp(1.0 + 0.5 * np.arange(128).reshape(8, 16) / 128 + 0.8 * base)
    own = dataclasses.replace(fields, fine=law.astype(np.float32))
    # The base is scaled by the fine field, but the law stays linear in it.
    one, drawn = simple.regression(own, Inputs(own), 2, np.random.default_rng(0))
    assert one[0] == pytest.approx(law[own.test], rel=1e-3) and drawn[1] == pytest.approx(one[0], rel=1e-3)


def test_wrong_shapes_and_missing_values_are_refused():
    truth = np.ones((20, 8, 8))
    for wrong in (np.ones((1, 20, 8, 4)), np.full((1, 20, 8, 8), np.nan)):
        with pytest.raises(ConfigError, match="cannot be held against"):
            judging.judge(truth, wrong, truth[0], 4, CELL * KM)


def made(better: float, worlds: int = 3, blocks: int = 6) -> pd.DataFrame:
    rng, rows = np.random.default_rng(6), []
    for seed in range(worlds):
        rows.append(("truth", seed, "variance", np.nan, 2.0))
        for block in range(blocks):
            level = rng.uniform(0.5, 1.5)
            rows += [("unet", seed, "block mse", block, level)]
            rows += [("diffusion", seed, "block mse", block, level - better + 0.01 * rng.normal())]
    return pd.DataFrame(rows, columns=evidence.COLUMNS)


@pytest.mark.parametrize(("better", "clear"), [(0.2, 1), (-0.2, -1), (0.0, 0)])
def test_differences_are_paired_over_blocks_and_worlds(better, clear):
    row = evidence.differences(made(better), "nse", "unet").loc["diffusion"]
    assert row["difference"] == pytest.approx(better / 2, abs=0.01) and row["clear"] == clear
    assert row["blocks"] == 6 and row["fits"] == 3


def test_one_world_from_fields_to_a_table():
    found = evidence.of_world(3, SMALL, LITTLE, maps=True)
    assert set(found["arm"]) == {*evidence.ARMS, evidence.TRUTH, evidence.DOMAINS}
    means = evidence.means(found, "nse", "anomaly r2", "crps")
    assert list(means.index) == list(evidence.ARMS)
    # Who says the mean map has no anomaly to show for it.
    assert means.loc["climatology", "anomaly r2"] == pytest.approx(0, abs=1e-6)
    assert means.loc["bilinear", "nse"] > means.loc["climatology", "nse"]
    assert len(found[found["metric"] == "map"]) == len(evidence.MAPPED) * SMALL.rows * SMALL.columns
    assert list(evidence.curve(found, "acf").columns) == [1, 2, 3, 4, 5]


def test_arms_that_are_left_out_are_not_made():
    found = evidence.of_world(3, SMALL, LITTLE, only=("unet", "diffusion random"))
    assert set(found["arm"]) == {"unet", "diffusion random", evidence.TRUTH, evidence.DOMAINS}
