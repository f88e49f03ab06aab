"""Results that stay: when they move, a VERSION must be raised, or old stored runs would be taken for new ones."""

from __future__ import annotations

import json

import pytest
from golden_run import GOLDEN, run_all, world_digest

from placeprior.data.world import labels
from placeprior.runs import plan

STORED = json.loads(GOLDEN.read_text(encoding="utf-8"))
REMEDY = "if that is meant, raise {} and regenerate with `python tests/golden_run.py`"


def moved(stored, now, rel):
    """The entries that are no longer what they were, as text; numbers within ``rel`` of each other are the same."""
    return [
        f"{key}: {stored.get(key)} -> {now.get(key)}"
        for key in sorted(stored.keys() | now.keys())
        if key not in stored or key not in now or now[key] != pytest.approx(stored[key], rel=rel, abs=1e-6)
    ]


def test_the_world_is_what_it_was():
    changes = moved(STORED["world"], world_digest(), 1e-3)
    assert not changes, f"the embedded world moved; {REMEDY.format('data.world.labels.VERSION')}: " + "; ".join(changes)


def test_a_small_run_scores_what_it_scored(project):
    now = run_all(project)
    changes = [f"{m} {c}" for m in STORED["runs"] for c in moved(STORED["runs"][m], now.get(m, {}), 1e-4)]
    assert not changes, f"results moved; {REMEDY.format('runs.plan.VERSION')}: " + "; ".join(changes)


def test_the_golden_numbers_are_of_these_versions():
    assert (STORED["version"], STORED["world_version"]) == (plan.VERSION, labels.VERSION), (
        "a VERSION was raised; regenerate the golden numbers with `python tests/golden_run.py`"
    )
