"""The page about what errors leave in space: its figure and tables, from invented tables of evidence and sums."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from placeprior.book import neighbouring, results
from placeprior.book import variogram as page
from placeprior.errors import StoreError, UnknownName
from placeprior.evidence import residual_variograms
from placeprior.scores import metrics


@pytest.fixture
def table():
    """Two arms and the measurements on a split; the second arm's sill is clearly smaller, its range not told."""
    rows = []
    for variant, sill, ends in (("measured", 0.8, None), ("none", 0.3, None), ("gbt", 0.1, (-0.2, -0.3, -0.1))):
        ends = ends or (np.nan,) * 3
        for what, value, low, high in (
            ("nugget", 0.2, 0.1, 0.3),
            ("sill", sill, sill - 0.05, sill + 0.05),
            ("range", 300.0, 100.0 if variant != "gbt" else 1e-3, 900.0),
            ("share", 0.5, 0.4, 0.6),
        ):
            apart = ends if what == "sill" else (np.nan,) * 3
            rows.append(["world", variant, "-", "spatial", what, np.nan, value, low, high, *apart, 40, 1])
        for km in (50.0, 500.0):
            rows.append(["world", variant, "-", "spatial", "gamma", km, 0.2 + sill, *[np.nan] * 5, 40, 1])
    return pd.DataFrame(rows, columns=residual_variograms.COLUMNS).assign(arm=lambda found: found["variant"])


def test_the_numbers_stand_with_their_intervals(table):
    text = page.numbers(table, "demo", "tab-x").data
    assert "0.80 (0.75 to 0.85)" in text and "300 (100 to 900)" in text
    assert "300 (open)" in text  # where the data do not tell the range
    assert "**−0.20 (−0.30 to −0.10)**" in text
    assert text.index("what was measured") < text.index("boosted trees") < text.index("| no location")


def test_each_arm_has_points_and_a_curve(table):
    said = page.draw(table, "demo")
    assert "n = 40 test stations" in said and "embedded world" in said


def test_errors_are_put_in_classes_of_distance():
    rng = np.random.default_rng(0)
    y = rng.gamma(2, 5, 600)
    station = np.repeat(np.arange(20), 30)
    parts = []
    for run, wrong in (("a", 1.0), ("b", 3.0)):
        sums = metrics.station_sums(station, y, y + wrong)
        parts.append(sums.reset_index(drop=True).assign(run=run, name=[f"s{i}" for i in range(20)]))
    sums = pd.concat(parts)
    sums["nearest_km"] = np.tile(np.where(np.arange(20) < 14, 20.0, 100.0), 2)
    sums.loc[sums["name"] == "s0", "nearest_km"] = 5000.0  # too few stations for a class
    scores = pd.DataFrame({"run": ["a", "b"], "split": "spatial", "arm": ["gbt", "kriging"], "fold": 1, "seed": 0})
    found = page.by_distance(results.Results("demo", "world", "embedded world", scores, sums))
    assert sorted(found["stations"].tolist()) == [6, 6, 13, 13]
    np.testing.assert_allclose(found.loc[found["arm"] == "kriging", "rmse"], 3.0)
    np.testing.assert_allclose(found.loc[found["arm"] == "gbt", "rmse"], 1.0)
    assert "n = 13 stations" in page.draw_by_distance({"embedded world": found}, "demo")


def test_each_setting_of_a_trial_is_told():
    rows = [[0, 0, 0, 4.2], [100, 0, 0, 4.1], [100, 1, 1, 4.4]]
    table = pd.DataFrame(rows, columns=["labels", "alike", "noisy", "rmse"])
    assert "no labels 4.20; 100 4.10; 100, weight 1, noise 4.40." in page.tried(table)


def test_a_claim_about_residuals_is_decided_by_its_interval(table, monkeypatch):
    asked = {"task": "world", "split": "spatial", "what": "sill"}
    monkeypatch.setattr(neighbouring.evidence, "read", lambda scale, name: table.drop(columns="arm"))
    assert neighbouring.RULES["residual"]("demo", arm="gbt", expects="below", **asked).verdict == "supported"
    assert neighbouring.RULES["residual"]("demo", arm="gbt", expects="above", **asked).verdict == "contradicted"
    assert neighbouring.RULES["residual"]("demo", arm="kriging", expects="below", **asked).verdict == "not run"
    share = asked | {"arm": "none", "what": "share", "expects": "above"}
    assert neighbouring.RULES["residual"]("demo", **share).verdict == "not run"  # nothing to compare with
    verdicts = [neighbouring.RULES["residual"]("demo", **share, than=than).verdict for than in (0.3, 0.5, 0.7)]
    assert verdicts == ["supported", "undecided", "contradicted"]
    assert neighbouring.RULES["residual"]("demo", **share, than=0.3).values == {"value": 0.5, "low": 0.4, "high": 0.6}
    with pytest.raises(UnknownName, match="residual variogram"):
        neighbouring.RULES["residual"]("demo", arm="gbt", expects="below", **(asked | {"what": "power"}))

    def none(scale, name):
        raise StoreError("no such table")

    monkeypatch.setattr(neighbouring.evidence, "read", none)
    assert neighbouring.RULES["residual"]("demo", arm="gbt", expects="below", **asked).verdict == "not run"
    rule = {"kind": "residual", "arm": "gbt", "what": "sill", "split": "spatial", "expects": "below"}
    said = neighbouring.said(rule)
    assert neighbouring.said(rule | {"than": 0.5}).endswith("boosted trees, WR · spatial: below 0.5")
    assert said == "partial sill of the residuals of boosted trees minus no location's, WR · spatial: below zero"


def test_a_student_is_held_against_its_teacher_before_and_behind_the_model(monkeypatch):
    def gained(profile, task, against):
        row = {"arm": "gbt+pseudo", "split": "spatial", "difference": 0.1, "low": 0.05, "high": 0.15, "clear": 1}
        there = against == "kriging" or task == "world"
        return pd.DataFrame([row | {"difference": 0.1 if against == "kriging" else -0.2}] if there else [], columns=row)

    monkeypatch.setattr(page, "gains", gained)
    weather, world = page.teachers([("aqs", "weather-2019"), ("demo", "world")], ["spatial"]).split("\n\n")
    assert weather.startswith("**Weather, 2019**") and "residuals" not in weather and "+0.100" in weather
    assert "its teacher, ordinary kriging" in world and "−0.200" in world
    assert page.teachers([("aqs", "weather-2019")], ["blocks"]) == ""
