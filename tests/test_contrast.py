"""Contrastive pretraining: losses and weights against known answers, what is held out, the encoder that is shipped."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from placeprior import encoders, evidence
from placeprior.book import contrasts
from placeprior.book import homegrown as page
from placeprior.data.world import World
from placeprior.encoders import contrast, homegrown
from placeprior.errors import ConfigError, MissingWeights, StoreError, TrainingError, UnknownName
from placeprior.evidence import contrast as arms
from placeprior.runs import pretraining
from placeprior.runs.climates import PARTS, Climates, climates
from placeprior.runs.pretraining import ARMS, Recipe

SHORT = Recipe(steps=30, batch=64)


def gamma(t):
    """A stable variogram of shape 1 in radians: nugget 0.10, partial sill 0.30, length 0.20."""
    return 0.1 + 0.3 * (1 - np.exp(-np.asarray(t) / 0.2))


@pytest.fixture(scope="module")
def known():
    return climates(World(stations=20, days=59), 1.5)


def logits(seed=0, n=6):
    return 3 * torch.randn(n, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# --- known answers ----------------------------------------------------------------------------------------------------

DISTANCE = np.array([0.001, 0.02, 0.1, 0.5, 1.5])
FOUND = np.array([0.35, 0.35, 0.35, 0.35, 0.10])


def test_tails_and_range_of_a_known_variogram():
    np.testing.assert_allclose(gamma(DISTANCE), [0.101496, 0.128549, 0.218041, 0.375375, 0.399834], atol=1e-6)
    assert contrast.reach(gamma, 0.01, 0.01, 3.0) == pytest.approx(1.00)
    tail = contrast.excess(FOUND, gamma(DISTANCE)) * (DISTANCE <= 1.0)
    np.testing.assert_allclose(tail, [0.248504, 0.221451, 0.131959, 0, 0], atol=1e-6)
    np.testing.assert_allclose(np.exp(tail), [1.282106, 1.247886, 1.141062, 1, 1], atol=1e-6)
    # The other tail finds what the published one never does: far apart, and alike.
    np.testing.assert_allclose(contrast.deficit(FOUND, gamma(DISTANCE)), [0, 0, 0, 0.025375, 0.299834], atol=1e-6)


def row(values):
    """A batch whose first row and column are these logits, and in whose other rows the right pair is certain."""
    made = torch.full((len(values), len(values)), -50.0, dtype=torch.float64).fill_diagonal_(500.0)
    made[0] = torch.tensor(values, dtype=torch.float64)
    return made


def first_row(loss, values, weight):
    log_weight = torch.zeros(6, 6, dtype=torch.float64)
    log_weight[0, 1:] = torch.tensor(np.log(weight))
    return 2 * 6 * float(loss(row(values), log_weight))


def test_the_loss_of_known_logits_plain_multiplied_and_added():
    values, weight = [5.0, 2.0, -1.0, -3.0, 4.0, 3.0], np.exp(contrast.excess(FOUND, gamma(DISTANCE)))
    assert first_row(contrast.info_nce, values, np.ones(5)) == pytest.approx(0.4420002, abs=1e-6)
    assert first_row(contrast.multiplied, values, weight) == pytest.approx(0.4655548, abs=1e-6)
    by_hand = np.log(1 + (weight * np.exp(np.array(values[1:]) - 5)).sum())
    assert first_row(contrast.info_nce, values, weight) == pytest.approx(by_hand, abs=1e-6)


def test_a_weight_makes_a_negative_logit_easier_where_it_is_multiplied_and_harder_where_it_is_added():
    values, heavy = [1.0, -2.0, -2.0, -2.0, -2.0, -2.0], np.array([3.0, 1, 1, 1, 1])
    plain = first_row(contrast.info_nce, values, np.ones(5))
    assert first_row(contrast.multiplied, values, heavy) < plain < first_row(contrast.info_nce, values, heavy)


def test_the_dissimilarity_is_half_the_squared_distance_of_unit_vectors():
    unit = np.random.default_rng(0).normal(size=(9, 4))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    half = 0.5 * ((unit[:, None] - unit) ** 2).sum(-1)
    np.testing.assert_allclose(contrast.dissimilarity(7 * unit), half, atol=1e-12)


# --- properties -------------------------------------------------------------------------------------------------------


@given(st.integers(0, 1000))
def test_where_nothing_exceeds_what_is_expected_the_loss_is_the_plain_one(seed):
    found = np.random.default_rng(seed).uniform(0, 0.1, (6, 6))  # below the nugget
    weight = contrast.log_weights(contrast.excess(found, gamma(np.ones((6, 6)))), 2.0)
    assert float(contrast.info_nce(logits(seed), torch.from_numpy(weight))) == float(contrast.info_nce(logits(seed)))
    assert float(contrast.multiplied(logits(seed), torch.from_numpy(weight))) == float(contrast.info_nce(logits(seed)))


@given(st.integers(0, 1000), st.floats(1.01, 20))
def test_weights_have_the_mean_asked_for_are_at_least_one_and_keep_the_order_of_the_tail(seed, mean):
    tail = np.random.default_rng(seed).gamma(0.5, size=(8, 8)) + 1e-3
    weight = contrast.log_weights(tail, mean)
    apart = ~np.eye(8, dtype=bool)
    assert np.exp(weight[apart]).mean() == pytest.approx(mean, rel=1e-6)
    assert (weight >= 0).all() and not np.diag(weight).any()
    assert (np.argsort(weight[apart]) == np.argsort(tail[apart])).all()


@given(st.integers(0, 1000))
def test_the_tails_part_the_difference_and_more_weight_never_lowers_the_loss(seed):
    rng = np.random.default_rng(seed)
    found, expected = rng.uniform(0, 2, (2, 6, 6))
    assert np.allclose(contrast.excess(found, expected) - contrast.deficit(found, expected), found - expected)
    weight = torch.from_numpy(rng.uniform(0, 3, (6, 6)))
    assert contrast.info_nce(logits(seed), weight) >= contrast.info_nce(logits(seed))


def test_the_right_pair_is_never_weighted():
    diagonal = torch.diag(torch.full((6,), 9.0, dtype=torch.float64))
    assert float(contrast.info_nce(logits(), diagonal)) == float(contrast.info_nce(logits()))


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [0.0, np.nan, np.inf])
def test_an_environment_without_a_direction_is_refused(wrong):
    with pytest.raises(ConfigError, match="vector 1 has length.*leave out"):
        contrast.dissimilarity(np.array([[1.0, 2.0], [wrong, wrong], [3.0, 1.0]]))


@pytest.mark.parametrize(("tail", "mean"), [(-1.0, 2.0), (np.nan, 2.0), (1.0, 0.5)])
def test_tails_and_means_that_cannot_be_are_refused(tail, mean):
    with pytest.raises(ConfigError, match="tail must be 0 or more"):
        contrast.log_weights(np.full((3, 3), tail), mean)


def test_a_variogram_that_never_levels_off_and_one_of_too_few_pairs_are_refused(known):
    with pytest.raises(ConfigError, match="still rises"):
        contrast.reach(lambda t: t, 0.1, 0.01, 3.0)
    assert contrast.reach(np.zeros_like, 0.1, 0.01, 3.0) == 0
    with pytest.raises(ConfigError, match="five distances"):
        pretraining.expected(known.unlike[:8, :8], known.km[:8, :8])


def test_unknown_arms_and_parts_too_large_a_batch_and_a_loss_that_blows_up_are_named(known):
    with pytest.raises(UnknownName, match="arm"):
        pretraining.weighing(known, "excesss", 2.0)
    with pytest.raises(UnknownName, match="part"):
        known.rows("training")
    with pytest.raises(ConfigError, match="take fewer"):
        pretraining.pretrain(known, "plain", 0, Recipe(steps=1, batch=10_000))
    with pytest.raises(TrainingError, match="lower the rate"):
        pretraining.pretrain(known, "plain", 0, Recipe(steps=9, batch=64, rate=1e30))


# --- what is learned from, and what is held out -----------------------------------------------------------------------


def test_the_climate_knows_no_pm25_and_the_parts_are_whole_and_disjoint(known):
    rows = [set(known.rows(part)) for part in PARTS]
    assert sum(map(len, rows)) == len(known.lonlat) == len(set().union(*rows)) and all(rows)
    clean = climates(World(stations=20, days=59, noise=5.0), 1.5)  # other instruments of PM2.5, the same sky
    np.testing.assert_array_equal(known.climate, clean.climate)
    with pytest.raises(ConfigError, match="has no climate in some season.*more days"):  # on 1 March, all under cloud
        climates(World(stations=20, days=60, clouds=0.95), 1.5)
    assert np.isfinite(known.climate).all() and known.unlike.shape == known.km.shape == (len(rows[0]),) * 2


def test_held_out_places_change_nothing_that_is_trained(known):
    other = known.climate.copy()
    other[known.rows("test")] = 7.0
    other[known.rows("validation")] *= -3
    changed = Climates(known.lonlat, other, known.fold)
    for arm in ("plain", "both"):
        first, second = (pretraining.pretrain(one, arm, 0, SHORT) for one in (known, changed))
        for name, tensor in first.state_dict().items():
            assert torch.equal(tensor, second.state_dict()[name]), name


def test_a_seed_repeats_itself_and_learning_finds_places_better_than_no_learning(known):
    first, again, other = (pretraining.pretrain(known, "plain", seed, SHORT) for seed in (0, 0, 1))
    assert torch.equal(first.place.head.second.weight, again.place.head.second.weight)
    assert not torch.equal(first.place.head.second.weight, other.place.head.second.weight)
    untrained = contrast.Towers(known.environment.shape[1], torch.Generator().manual_seed(0))
    assert pretraining.retrieval(first, known, "test").mean() < pretraining.retrieval(untrained, known, "test").mean()


def test_arms_weigh_as_they_say(known):
    apart = ~np.eye(len(known.km), dtype=bool)
    expected = pretraining.expected(known.unlike, known.km)
    weight = {arm: np.exp(pretraining.weighing(known, arm, 2.0)) for arm in ARMS}
    for arm in set(ARMS) - {"plain", "multiplied"}:
        assert weight[arm][apart].mean() == pytest.approx(2.0), arm
    assert (weight["plain"] == 1).all() and np.allclose(weight["even"][apart], 2)
    more, less = (known.unlike > expected(known.km)) & apart, (known.unlike < expected(known.km)) & apart
    assert (weight["excess"][less] == 1).all() and (weight["deficit"][more] == 1).all()
    far = known.km > pretraining.nearby(expected)
    assert (weight["excess"][far] == 1).all() and (weight["near"][far] == 1).all()
    assert (weight["deficit"][far & less] > 1).all()
    # Shuffled places have no spatial structure: what is expected of them is flat.
    assert np.corrcoef(weight["deficit, shuffled"][apart], weight["deficit, flat"][apart])[0, 1] > 0.99


# --- the evidence -----------------------------------------------------------------------------------------------------


def test_the_evidence_compares_each_arm_with_plain(known, monkeypatch):
    monkeypatch.setattr(arms, "climates", lambda _: known)
    monkeypatch.setattr(pretraining, "ARMS", {arm: ARMS[arm] for arm in ("plain", "excess")})
    runs = [SimpleNamespace(seed=seed, data={"options": {"stations": 20}}) for seed in (0, 1)]
    table = arms.collect(runs, SHORT)
    assert list(table) == arms.COLUMNS and len(table) == 4 * 2 * 2
    plain, excess = (table[(table["arm"] == arm) & (table["part"] == "test")] for arm in ("plain", "excess"))
    assert (plain["difference"] == 0).all() and (plain["clear"] == 0).all()
    assert excess["difference"].iloc[0] == pytest.approx(excess["mean_km"].mean() - plain["mean_km"].mean())
    assert (excess["low"] <= excess["difference"]).all() and (excess["difference"] <= excess["high"]).all()
    assert (table.loc[table["arm"] == arms.UNTRAINED, "clear"] == 1).all()


def test_the_arm_is_chosen_by_validation_alone():
    rows = [
        ("plain", "validation", 100.0),
        ("plain", "test", 1.0),
        ("both", "validation", 90.0),
        ("both", "test", 500.0),
    ]
    table = pd.DataFrame(rows, columns=["arm", "part", "mean_km"])
    assert arms.best(table) == "both"
    with pytest.raises(StoreError, match="doit evidence:demo:contrast"):
        arms.best(table[table["part"] == "test"])


# --- the page ---------------------------------------------------------------------------------------------------------


def made(difference, low, high):
    """A table of evidence in which every arm differs as told from plain, with three seeds."""
    names = [arms.UNTRAINED, arms.NEAREST, *ARMS]
    rows = [
        (arm, seed, part, 50, 200.0 + seed, 90.0, 0.7, 1.0, difference, low, high, int(low > 0) - int(high < 0))
        for arm in names
        for seed in range(3)
        for part in arms.HELD
    ]
    return pd.DataFrame(rows, columns=arms.COLUMNS)


@pytest.mark.parametrize(
    ("ends", "verdict"), [((-9, -1), "supported"), ((1, 9), "contradicted"), ((-1, 9), "undecided")]
)
def test_a_claim_about_retrieval_is_decided_by_its_interval(monkeypatch, ends, verdict):
    monkeypatch.setattr(evidence, "read", lambda *_: made(sum(ends) / 2, *ends))
    assert contrasts.retrieval("demo", task="world", arm="excess", expects="below").verdict == verdict
    assert contrasts.retrieval("demo", task="world", arm="no such", expects="below").verdict == "not run"
    rule = {"kind": "retrieval", "arm": "excess", "expects": "below"}
    assert "with excess minus that of plain contrast, test places: below zero" in contrasts.said(rule)


def test_the_page_draws_tails_and_lists_every_arm(known):
    gamma = pretraining.expected(known.unlike, known.km)
    fig, pairs = page.draw_tails(known, gamma, pretraining.nearby(gamma))
    excess, deficit, neither = (marks.get_offsets() for marks in fig.axes[0].collections)
    assert len(excess) + len(deficit) + len(neither) == len(pairs) > 1000
    assert (excess[:, 1] > gamma(excess[:, 0])).all() and (deficit[:, 1] < gamma(deficit[:, 0])).all()
    table = made(-20.0, -30.0, -10.0)
    shown = page.retrieved(table)
    assert list(shown.index) == [arms.UNTRAINED, arms.NEAREST, *ARMS] and shown.loc["plain", "minus plain"] == "–"
    assert shown.loc["both", "minus plain"] == "−20 (−30 to −10)" and shown.loc["both", "within 200 km"] == "70%"
    plt.close("all")


# --- the encoder ------------------------------------------------------------------------------------------------------

PLACES = np.array([[-105.0, 40.0], [-80.0, 35.5], [-120.0, 47.0]])


def test_the_shipped_weights_are_whole_small_and_of_the_chosen_arm():
    told = homegrown.stamp()
    assert homegrown.PATH.stat().st_size < 2e6 and len(told["sha256"]) == 64
    assert encoders.load("homegrown").tower.training is False  # reading compares the hash
    assert told["arm"] == arms.best(evidence.read("demo", "contrast"))
    assert Recipe(**told["recipe"]) == pretraining.DEFAULT and told["again"] == "doit homegrown"
    assert told["data"] == pretraining.data.recipe("world", **told["world"])


def test_the_encoder_tells_places_apart_and_its_twin_is_where_training_began():
    own, twin = encoders.embed("homegrown", PLACES), encoders.embed("homegrown-untrained", PLACES)
    assert own.shape == twin.shape == (3, 64) and own.dtype == np.float32 and np.isfinite(own).all()
    assert np.abs(own - twin).max() > 0.1 and encoders.load("homegrown")(np.empty((0, 2))).shape == (0, 64)
    start = contrast.PlaceTower(torch.Generator().manual_seed(homegrown.stamp()["seed"]))
    with torch.inference_mode():
        np.testing.assert_array_equal(twin, start(torch.from_numpy(PLACES.astype(np.float32))).numpy())
    frequencies = encoders.load("homegrown").tower.frequencies
    assert torch.equal(frequencies, start.frequencies)  # drawn once, never trained
    assert encoders.load("homegrown").fingerprint != encoders.load("homegrown-untrained").fingerprint


def test_weights_that_are_damaged_absent_or_without_a_stamp_are_refused(tmp_path):
    copy = tmp_path / "own.safetensors"
    with pytest.raises(MissingWeights, match="how homegrown was made"):
        encoders.load("homegrown", weights=copy)
    shutil.copy(homegrown.PATH.with_suffix(".json"), copy.with_suffix(".json"))
    with pytest.raises(MissingWeights, match="cannot read"):
        encoders.load("homegrown", weights=copy)
    raw = bytearray(homegrown.PATH.read_bytes())
    raw[-1] ^= 1
    copy.write_bytes(raw)
    with pytest.raises(MissingWeights, match="not what its stamp tells of"):
        encoders.load("homegrown", weights=copy)
    with pytest.raises(MissingWeights, match="takes no weights"):
        encoders.load("homegrown-untrained", weights=copy)


def test_shipping_writes_weights_and_stamp_that_load(tmp_path, known, monkeypatch):
    monkeypatch.setattr(pretraining, "climates", lambda _: known)
    path = pretraining.ship({"stations": 20, "days": 59}, "excess", 3, SHORT, tmp_path)
    own = encoders.load("homegrown", weights=path)
    trained = pretraining.pretrain(known, "excess", 3, SHORT).place
    with torch.inference_mode():
        np.testing.assert_allclose(own(PLACES), trained(torch.from_numpy(PLACES.astype(np.float32))).numpy(), rtol=1e-5)
    told = json.loads(path.with_suffix(".json").read_text())
    assert told["arm"] == "excess" and told["seed"] == 3 and told["recipe"]["steps"] == 30
