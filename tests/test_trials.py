"""Trials: runs whose settings differ, each in a table of its own, apart from the scores."""

from __future__ import annotations

import pytest

from placeprior.errors import ConfigError, StoreError, UnknownName
from placeprior.runs import configuration, making, plan, progress, store, trials

SPEC = """    trials:
      recipe: {task: [toy], model: [none], split: [spatial], fold: [1], seed: [0], settings: [{}, {rate: 0.003}]}
      doubling: {task: [toy], model: [none], split: [spatial], fold: [1], seed: [0], settings: [{}, {epochs: 4}]}
  far:"""


@pytest.fixture
def tried(project):
    rewrite(project, "  far:", SPEC)
    return project


def rewrite(project, old, new):
    path = project / "runs.yml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    configuration.read.cache_clear()


def make_all():
    for name in ("recipe", "doubling"):
        for run in plan.trials("tiny", name):
            making.make(run, log=lambda _: None)


def test_settings_change_the_run_and_nothing_else(tried):
    plain, doubled = plan.trials("tiny", "doubling")
    assert plain in plan.runs("tiny") and doubled not in plan.runs("tiny")
    assert (plain.settings.epochs, doubled.settings.epochs) == (2, 4)
    assert plain.settings == doubled.settings.with_(epochs=2)


def test_a_table_says_budget_settings_and_scores_and_goes_on_without_the_store(tried, monkeypatch):
    make_all()
    trials.collect_trial("tiny", "doubling")
    table = trials.read("tiny", "doubling")
    assert table["budget"].tolist() == [1, 2] and table["epochs"].tolist() == [2, 4]
    for row in table.itertuples():
        assert row.r2 == pytest.approx(store.read(row.run)["scores"]["r2"], abs=1e-6)
    before = trials.path("tiny", "doubling").read_bytes()
    monkeypatch.setattr(store, "is_stored", lambda run_id: False)
    trials.collect_trial("tiny", "doubling")
    assert trials.path("tiny", "doubling").read_bytes() == before
    assert set(table["run"]) <= progress.done("tiny") | set(table["run"]) and trials.done("tiny") == set(table["run"])


def test_what_is_chosen_by_validation_keeps_no_test_score(tried):
    make_all()
    trials.collect_trial("tiny", "recipe")
    table = trials.read("tiny", "recipe")
    assert "r2" not in table and "rmse" not in table and table["validation_loss"].gt(0).all()


def test_a_committed_row_that_is_no_longer_asked_for_is_named_not_dropped(tried):
    make_all()
    trials.collect_trial("tiny", "doubling")
    rewrite(tried, "{epochs: 4}", "{epochs: 3}")
    with pytest.raises(StoreError, match="doubling.csv holds 1 runs that runs.yml does not ask for"):
        trials.collect_trial("tiny", "doubling")


def test_trials_are_checked_like_matrices(tried):
    with pytest.raises(UnknownName, match="trial of profile 'tiny' 'doublin'; did you mean 'doubling'"):
        plan.trials("tiny", "doublin")
    rewrite(tried, ", settings: [{}, {epochs: 4}]", "")
    with pytest.raises(ConfigError, match="trial 'doubling' of profile 'tiny' in runs.yml has no 'settings'"):
        plan.trials("tiny", "doubling")
