"""Conformal intervals: what they promise holds for new stations, where rows alone would break it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import RUNS_YML
from hypothesis import given, settings
from hypothesis import strategies as st

from placeprior import evidence
from placeprior.errors import ConfigError, StoreError
from placeprior.evidence import collection, uncertainty
from placeprior.runs import configuration, making, plan, store
from placeprior.scores import conformal
from placeprior.scores.conformal import coverage, radius


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.floats(0.05, 0.95))
def test_with_one_row_a_station_it_is_the_split_conformal_quantile(seed, stations, level):
    """The ceil((K + 1) level)-th smallest residual, infinite where there are not as many."""
    residual = np.random.default_rng(seed).normal(size=stations)
    rank = int(np.ceil((stations + 1) * level - 1e-9))
    expected = np.sort(np.abs(residual))[rank - 1] if rank <= stations else np.inf
    assert radius(residual, np.arange(stations), level) == expected


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(10, 40), st.integers(1, 9))
def test_a_station_has_one_vote_however_often_it_measures(seed, stations, times):
    rng = np.random.default_rng(seed)
    station = rng.integers(0, stations, 300)
    residual = rng.normal(size=300)
    often = station == station[0]
    again = np.concatenate([np.arange(300), *[np.flatnonzero(often)] * times])
    mixed = rng.permutation(again)
    assert radius(residual[mixed], station[mixed], 0.8) == radius(residual, station, 0.8)


def measured(rng, stations):
    """Errors of stations of very different loudness, of which the quiet ones measure ten times as often."""
    loud = rng.gamma(2, 2, stations)
    rows = np.where(loud < 4, 100, 10)
    station = np.repeat(np.arange(stations), rows)
    return rng.normal(size=station.size) * loud[station], station


def test_a_new_station_is_covered_as_promised_and_not_so_by_rows():
    rng = np.random.default_rng(0)
    promised, naive = [], []
    for _ in range(400):
        error, station = measured(rng, 31)
        new = station == 30
        promised.append((np.abs(error[new]) <= radius(error[~new], station[~new], 0.9)).mean())
        naive.append((np.abs(error[new]) <= np.quantile(np.abs(error[~new]), 0.9)).mean())
    assert 0.9 <= np.mean(promised) + 2 * np.std(promised) / 20 and np.mean(promised) < 0.95
    assert np.mean(naive) + 2 * np.std(naive) / 20 < 0.9, "quiet stations with many rows would decide"


def test_too_few_stations_promise_nothing_finite():
    rng = np.random.default_rng(1)
    assert radius(rng.normal(size=800), np.repeat(np.arange(8), 100), 0.9) == np.inf
    assert np.isfinite(radius(rng.normal(size=900), np.repeat(np.arange(9), 100), 0.9))


def test_what_is_no_level_or_no_number_is_refused():
    with pytest.raises(ConfigError, match="between 0 and 1; got 90"):
        radius(np.ones(3), np.arange(3), 90)
    with pytest.raises(ConfigError, match="1 of 3 residuals are not finite"):
        radius(np.array([1.0, np.nan, 2.0]), np.arange(3), 0.5)


def test_coverage_counts_stations_and_its_interval_is_over_blocks():
    station = np.repeat([3, 5, 8, 9], [10, 10, 10, 70])
    covered = np.concatenate([np.ones(10), np.ones(10), np.zeros(10), np.ones(70)]).astype(bool)
    found = coverage(covered, station, np.array(["a", "a", "b", "b"]))
    assert found["coverage"] == 0.75 and (found["stations"], found["blocks"]) == (4, 2)
    left = np.array([0.5, 1.0])  # without either block
    se = np.sqrt(0.5 * ((left - 0.75) ** 2).sum())
    assert found["low"] == pytest.approx(max(0, 0.75 - 12.706 * se), abs=1e-3) and found["high"] == 1
    alone = conformal.coverage(covered, station, np.array(["a"] * 4))
    assert np.isnan(alone["low"]) and alone["coverage"] == 0.75


# --- the table --------------------------------------------------------------------------------------------------------

SPEC = """    evidence:
      uncertainty: {task: [toy], model: [%s], split: [random, checkerboard-16], seed: [0, 1]}
  far:"""


@pytest.fixture
def asked(project):
    def ask(models):
        (project / "runs.yml").write_text(RUNS_YML.replace("  far:", SPEC % models, 1), encoding="utf-8")
        configuration.read.cache_clear()
        return plan.evidence("tiny", "uncertainty")

    return ask


def test_the_table_is_of_the_mean_over_seeds_and_its_intervals(asked):
    runs = asked("none")
    collection.make("tiny", "uncertainty", lambda line: None)
    table = evidence.read("tiny", "uncertainty")
    assert len(table) == 4 * len(uncertainty.LEVELS)
    assert table.groupby("split")["regime"].first().to_dict() == {"random": "WR", "checkerboard-16": "OoR"}
    assert (table["seeds"] == 2).all() and (table["ensemble"] >= table["single"]).all()
    row = table[(table["split"] == "random") & (table["fold"] == 1) & (table["level"] == 0.8)].iloc[0]
    own = [run for run in runs if run.split == "random" and run.fold == 1]
    said = {part: [store.table(run.id, part) for run in own] for part in ("predictions", "validation")}
    mean = {part: np.mean([t["estimate"] for t in tables], axis=0) for part, tables in said.items()}
    error = {part: np.abs(mean[part] - tables[0]["pm25"].to_numpy()) for part, tables in said.items()}
    half = radius(error["validation"], said["validation"][0]["station"].to_numpy(), 0.8)
    assert row["width"] == pytest.approx(2 * half, rel=1e-5)
    covered = pd.Series(error["predictions"] <= half).groupby(said["predictions"][0]["station"].to_numpy()).mean()
    assert row["coverage"] == pytest.approx(covered.mean(), rel=1e-5)
    assert row["calibrated"] == said["validation"][0]["station"].nunique()


def test_a_baseline_is_refused_and_seeds_on_other_rows_are_too(asked):
    with pytest.raises(ConfigError, match="idw.*is no network and has no validation rows"):
        uncertainty.collect(asked("idw"))
    one, other = asked("none")[:1][0], plan.evidence("tiny", "uncertainty")[1]
    tables = [store.table(making.make(run, log=lambda line: None).name, "predictions") for run in (one, other)]
    with pytest.raises(StoreError, match="not asked about the same rows"):
        uncertainty.ensemble(tables)
