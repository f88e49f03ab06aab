"""What a reader's machine made, beside what is committed."""

import json

import pytest

from placeprior.evidence import rerun
from placeprior.runs import plan, store
from placeprior.runs.collecting import collect_scores
from placeprior.runs.making import make


@pytest.fixture
def own(project):
    """A project whose first two runs are stored and committed."""
    for run in plan.runs("tiny")[:2]:
        make(run, log=lambda line: None)
    collect_scores("tiny")
    return project


def test_the_same_machine_makes_the_same(own):
    found = rerun.rerun("tiny")
    assert found["arm"].nunique() == 2 and (found["difference"].fillna(0) == 0).all()
    assert set(found["metric"]) == set(store.scores("tiny")["metric"])


def test_a_difference_is_own_minus_committed(own, monkeypatch):
    real = store.read

    def other(run_id):
        result = json.loads(json.dumps(real(run_id)))
        result["scores"]["rmse"] += 0.25
        return result

    monkeypatch.setattr(store, "read", other)
    found = rerun.rerun("tiny")
    assert set(found.loc[found["metric"] == "rmse", "difference"]) == {0.25}
    assert (found.loc[found["metric"] != "rmse", "difference"].fillna(0) == 0).all()


def test_without_a_store_nothing_is_compared(own):
    import shutil

    shutil.rmtree(store.store())
    assert rerun.rerun("tiny").empty


def test_what_is_live_and_not_committed_is_named(own, monkeypatch):
    runs = plan.runs("tiny")
    monkeypatch.setattr(plan, "live", lambda profile: {runs[0].id, runs[2].id})
    assert rerun.missing("tiny") == [runs[2].label]


def test_processors_are_counted(own):
    counted = rerun.processors("tiny")
    assert counted.sum() == 2 and counted.index.names == ["processor", "instructions"]
