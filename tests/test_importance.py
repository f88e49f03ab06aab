"""Permutation importance on planted models: what a model does not read has none, and the sign is the right one."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior.errors import ConfigError, StoreError
from placeprior.evidence import importance, permutation
from placeprior.network.windows import Windows
from placeprior.runs import making, plan, store
from placeprior.runs.inputs import Inputs

STATIONS, DAYS, WINDOW = 12, 40, 3
NAMES = ("aod", "smoke", "doy_sin")


class Planted(torch.nn.Module):
    """A model with known weights on today's inputs and on the place."""

    def __init__(self, weights, place=0.0):
        super().__init__()
        self.weights, self.place = torch.tensor(weights), place

    def forward(self, x, place=None):
        y = x[:, -1] @ self.weights
        return y if place is None else y + self.place * place[:, 0]


def windows(features, place=None):
    return Windows(features.astype(np.float32), WINDOW, None if place is None else place.astype(np.float32))


def all_rows(data):
    mask = np.zeros(data.features.shape[:2], bool)
    mask[:, WINDOW - 1 :] = True
    return data.rows(mask)


def noise(seed=0):
    return np.random.default_rng(seed).normal(size=(STATIONS, DAYS, len(NAMES)))


def changes(model, data, names=NAMES, **options):
    """Mean squared change of the estimates per shuffle and predictor."""
    found = permutation.permute(model, data, all_rows(data), names, seed=0, **options)
    return {key: float(np.mean((values - found.original) ** 2)) for key, values in found.permuted.items()}


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=40), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_circle_permutes_inside_groups_and_moves_every_row_that_can_move(groups, seed):
    group = np.array(groups, int)
    donor = permutation.circle(group, np.random.default_rng(seed))
    assert sorted(donor) == list(range(len(group)))
    assert (group[donor] == group).all()
    alone = np.array([(group == g).sum() == 1 for g in group], bool)
    assert ((donor == np.arange(len(group))) == alone).all()


def test_circle_takes_from_every_other_row_equally_often():
    rng = np.random.default_rng(0)
    taken = [permutation.circle(np.zeros(4, int), rng)[0] for _ in range(3000)]
    counts = np.bincount(taken, minlength=4)
    assert counts[0] == 0 and abs(counts[1:] - 1000).max() < 120  # sd of each: 26


def test_only_what_the_model_reads_matters():
    found = changes(Planted([2.0, 0.0, 0.0]), windows(noise()))
    reads = {"aod", "seen from space", "all inputs"}
    for (shuffle, name), change in found.items():
        assert (change > 4) == (name in reads), (shuffle, name)  # 2 * 2² if nothing is left of it, 0 if it is not read
        assert change == 0 or name in reads


def test_a_place_level_matters_across_and_a_day_level_within():
    features = noise()
    features[..., 0] = features[:, :1, 0]  # the station's, every day
    features[..., 1] = features[:1, :, 1]  # the day's, everywhere
    found = changes(Planted([1.0, 1.0, 0.0]), windows(features))
    assert found["across", "aod"] > 0.5 and found["within", "aod"] == 0
    assert found["within", "smoke"] > 0.5 and found["across", "smoke"] == 0
    assert found["free", "aod"] > 0.5 and found["free", "smoke"] > 0.5


def test_a_window_moves_as_a_whole_except_the_free_way():
    class Rise(torch.nn.Module):
        def forward(self, x, place=None):
            return x[:, -1, 0] - x[:, 0, 0]

    ramp = np.arange(DAYS)[None, :, None] + 100.0 * np.arange(STATIONS)[:, None, None]
    found = changes(Rise(), windows(ramp), names=("aod",))
    assert found["within", "aod"] == 0 and found["across", "aod"] == 0
    assert found["free", "aod"] > 100


def test_place_is_moved_between_stations_only():
    place = np.random.default_rng(1).normal(size=(STATIONS, 2))
    found = changes(Planted([0.0, 0.0, 0.0], place=3.0), windows(noise(), place))
    assert found["across", "place"] > 4 and ("within", "place") not in found
    assert found["across", "all inputs"] == 0  # the inputs do not include the place
    assert not any(name == "place" for _, name in changes(Planted([1.0, 0.0, 0.0]), windows(noise())))


def test_credit_is_shared_by_twins_and_shown_by_their_group():
    features = noise()
    features[..., 1] = features[..., 0]
    found = changes(Planted([0.5, 0.5, 0.0]), windows(features))
    for shuffle in ("within", "across"):
        assert found[shuffle, "seen from space"] > 3 * found[shuffle, "aod"] > 0


def test_values_come_from_the_rows_given_and_no_others():
    features = np.full((STATIONS, DAYS, 1), 1e6)
    mask = np.random.default_rng(0).random((STATIONS, DAYS)) < 0.5
    mask[:, : WINDOW - 1] = False
    features[mask] = 1.0
    data = windows(features)
    found = permutation.permute(Planted([1.0]), data, data.rows(mask), ("aod",), seed=0)
    assert len(found.rows) == mask.sum()
    for shuffle in ("within", "across"):
        assert (found.permuted[shuffle, "aod"] == 1).all()


def test_repeatable_and_the_same_rows_for_every_model():
    data = windows(noise())
    rows, how = all_rows(data), {"names": NAMES, "count": 100, "repeats": 2}
    first, again, other = (
        permutation.permute(Planted(weights), data, rows, seed=seed, **how)
        for weights, seed in (([1.0, 2.0, 3.0], [4, 1]), ([1.0, 2.0, 3.0], [4, 1]), ([1.0, 0.0, 0.0], [4, 1]))
    )
    assert len(first.rows) == 100 == len(np.unique(first.rows)) and (np.diff(first.rows) > 0).all()
    assert all((first.permuted[key] == again.permuted[key]).all() for key in first.permuted)
    assert (first.rows == other.rows).all()
    elsewhere = permutation.permute(Planted([1.0, 2.0, 3.0]), data, rows, seed=[5, 1], **how)
    assert (elsewhere.rows != first.rows).any()
    repeats = first.permuted["within", "aod"]
    assert (repeats[0] != repeats[1]).any()


def test_a_row_alone_stays_and_is_counted():
    data = windows(noise())
    lonely = torch.tensor([[0, 5], [0, 6], [1, 7]])
    found = permutation.permute(Planted([1.0, 0.0, 0.0]), data, lonely, NAMES, seed=0)
    assert found.moved["within"] == pytest.approx(2 / 3) and found.moved["across"] == 0


def test_groups_are_of_at_least_two():
    found = permutation.groups_of(["doy_sin", "doy_cos", "neighbour_pm25"])
    assert found == {"doy_sin": [0], "doy_cos": [1], "neighbour_pm25": [2], "calendar": [0, 1], "all inputs": [0, 1, 2]}


# --- from stored runs ------------------------------------------------------------------------------------------------


def test_collect_has_a_row_for_every_run_shuffle_and_predictor(project):
    runs = [run for run in plan.runs("tiny") if run.variant != "idw"]
    for run in runs:
        making.make(run, log=lambda line: None)
    table = importance.collect(runs)
    assert list(table.columns) == importance.COLUMNS
    over = ["mean_low", "mean_high"]  # one seed alone tells nothing of training
    assert np.isfinite(table.drop(columns=over).select_dtypes("number")).all(axis=None)
    assert table[over].isna().all(axis=None)
    inputs = {"wind", "warmth", "all inputs"}
    for (variant, shuffle), part in table.groupby(["variant", "shuffle"]):
        expected = inputs - ({"all inputs"} if shuffle == "free" else set())
        expected |= {"place"} if variant != "none" and shuffle != "within" else set()
        for _, own in part.groupby("fusion"):
            assert set(own["predictor"]) == expected and own["predictor"].is_unique
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()
    assert (table["mean"] == table["value"]).all()  # one fit an arm
    assert (table["moved"] > 0.9).all()
    again = importance.collect(runs[:1])
    pd.testing.assert_frame_equal(table.iloc[: len(again)], again)


@pytest.mark.parametrize("sign", [1, -1])
def test_sign_and_size_in_original_units(project, monkeypatch, sign):
    run = next(run for run in plan.runs("tiny") if run.model == "none")
    making.make(run, log=lambda line: None)
    ready = Inputs.of(run)
    planted = Planted([sign * 0.5, 0.0])
    data = Windows(ready.features, run.config["window"])
    rows = data.rows(_parts(run).test)
    estimate = planted(data.gather(rows)[0]).numpy() * ready.y_scale.scale[0] + ready.y_scale.mean[0]
    table = store.table(run.id, "predictions").assign(estimate=estimate)
    monkeypatch.setattr(importance, "restore", lambda run: (planted, {}))
    monkeypatch.setattr(importance.store, "table", lambda run_id, name: table)
    found = importance.collect([run]).set_index(["shuffle", "predictor"])
    rmse = float(np.sqrt(np.mean((table["estimate"] - table["pm25"]) ** 2)))
    assert np.allclose(found["rmse"], rmse, rtol=1e-4)
    # PM2.5 rises with the wind: a model that reads it so is hurt by the permutation, one that reads it wrong is helped.
    assert (np.sign(found.loc[[(s, "wind") for s in permutation.SHUFFLES], "value"]) == sign).all()
    assert (found.xs("warmth", level="predictor")["value"] == 0).all()
    # E (e - b (w' - w))² = E e² + 2 b (b var w + cov(e, w)) where w' is drawn anew
    wind = planted(data.gather(rows)[0]).numpy() * ready.y_scale.scale[0]
    error = estimate - table["pm25"].to_numpy()
    expected = np.sqrt(rmse**2 + 2 * wind.var() - 2 * np.cov(error, wind, bias=True)[0, 1]) - rmse
    assert found.loc[("within", "wind"), "value"] == pytest.approx(expected, rel=0.15)


def test_several_fits_are_averaged_with_one_interval(project):
    run = next(r for r in plan.runs("far") if r.model == "none" and r.split == "checkerboard-16")
    fits = [dataclasses.replace(run, fold=fold, seed=seed) for fold, seed in ((1, 0), (1, 1), (2, 0))]
    for each in fits:
        making.make(each, log=lambda line: None)
    table = importance.collect(fits)
    for _, part in table.groupby(["shuffle", "predictor"]):
        assert part["mean"].nunique() == part["mean_low"].nunique() == part["mean_high"].nunique() == 1
        assert part["mean"].iloc[0] == pytest.approx(part.groupby("fold")["value"].mean().mean())
        assert part["mean_low"].iloc[0] <= part["mean"].iloc[0] <= part["mean_high"].iloc[0]


def test_baselines_and_changed_networks_are_refused(project, monkeypatch):
    runs = {run.model: run for run in plan.runs("tiny")}
    with pytest.raises(ConfigError, match="idw.*no network"):
        importance.collect([runs["idw"]])
    run = runs["none"]
    making.make(run, log=lambda line: None)
    table = store.table(run.id, "predictions")
    monkeypatch.setattr(importance.store, "table", lambda *a: table.assign(estimate=table["estimate"] + 3))
    with pytest.raises(StoreError, match=f"{run.id}.*no longer"):
        importance.collect([run])


def _parts(run):
    return Inputs.of(run).parts
