"""Trials: runs whose settings differ, each in a table of its own, apart from the scores."""

from __future__ import annotations

import pytest

from placeprior import experiment, ledger, matrix, trials
from placeprior.errors import ConfigError, StoreError, UnknownName

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
    matrix._read.cache_clear()


def make_all():
    for name in ("recipe", "doubling"):
        for run in matrix.trials("tiny", name):
            experiment.make(run, log=lambda _: None)


def test_settings_change_the_run_and_nothing_else(tried):
    plain, doubled = matrix.trials("tiny", "doubling")
    assert plain in matrix.runs("tiny") and doubled not in matrix.runs("tiny")
    assert (plain.settings.epochs, doubled.settings.epochs) == (2, 4)
    assert plain.settings == doubled.settings.with_(epochs=2)


def test_a_table_says_budget_settings_and_scores_and_goes_on_without_the_store(tried, monkeypatch):
    make_all()
    trials.collect("tiny", "doubling")
    table = trials.read("tiny", "doubling")
    assert table["budget"].tolist() == [1, 2] and table["epochs"].tolist() == [2, 4]
    for row in table.itertuples():
        assert row.r2 == pytest.approx(ledger.read(row.run)["scores"]["r2"], abs=1e-6)
    before = trials.path("tiny", "doubling").read_bytes()
    monkeypatch.setattr(ledger, "is_stored", lambda run_id: False)
    trials.collect("tiny", "doubling")
    assert trials.path("tiny", "doubling").read_bytes() == before
    assert set(table["run"]) <= ledger.done("tiny") | set(table["run"]) and trials.done("tiny") == set(table["run"])


def test_what_is_chosen_by_validation_keeps_no_test_score(tried):
    make_all()
    trials.collect("tiny", "recipe")
    table = trials.read("tiny", "recipe")
    assert "r2" not in table and "rmse" not in table and table["validation_loss"].gt(0).all()


def test_a_committed_row_that_is_no_longer_asked_for_is_named_not_dropped(tried):
    make_all()
    trials.collect("tiny", "doubling")
    rewrite(tried, "{epochs: 4}", "{epochs: 3}")
    with pytest.raises(StoreError, match="doubling.csv holds 1 runs that runs.yml does not ask for"):
        trials.collect("tiny", "doubling")


def test_trials_are_checked_like_matrices(tried):
    with pytest.raises(UnknownName, match="trial of profile 'tiny' 'doublin'; did you mean 'doubling'"):
        matrix.trials("tiny", "doublin")
    rewrite(tried, ", settings: [{}, {epochs: 4}]", "")
    with pytest.raises(ConfigError, match="trial 'doubling' of profile 'tiny' in runs.yml has no 'settings'"):
        matrix.trials("tiny", "doubling")
