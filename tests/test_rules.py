"""Rules of claims that single pages ask for: each decides as it says, and not before its runs are there."""

import numpy as np
import pandas as pd
import pytest
from test_families import two_splits

from placeprior.book import claims, neighbouring, rules, verdicts
from placeprior.book.results import Results
from placeprior.errors import StoreError, UnknownName
from placeprior.evidence import upstream


@pytest.mark.parametrize(
    ("low", "high", "expects", "verdict"),
    [
        (0.1, 0.2, "above", "supported"),
        (0.1, 0.2, "below", "contradicted"),
        (-0.1, 0.2, "above", "undecided"),
        (np.nan, np.nan, "above", "undecided"),
        (-0.01, 0.01, "alike", "supported"),
    ],
)
def test_an_interval_decides(low, high, expects, verdict):
    found = verdicts.compared({"difference": 0.0, "low": low, "high": high}, expects)
    assert found.verdict == verdict and ("low" in found.values) == np.isfinite(low)


@pytest.fixture
def loaded(monkeypatch):
    scores, sums = two_splits()
    monkeypatch.setattr(rules.results, "load", lambda *_, **__: Results("demo", "world", "world", scores, sums))
    monkeypatch.setattr(rules.matched, "reach", lambda *_: {"spatial": 0.0, "checkerboard-16": 0.0})


def test_groups_are_compared_once_all_of_them_were_run(loaded):
    asked = {"task": "world", "split": "spatial", "expects": "above", "second": ["geoclip-hadamard"]}
    found = rules.RULES["groups"]("demo", first=["xyz-hadamard", "nerf-hadamard"], **asked)
    assert found.verdict != "not run" and {"difference", "low", "high", "fits", "folds", "seeds"} == set(found.values)
    lacking = rules.RULES["groups"]("demo", first=["xyz-hadamard", "tile-hadamard"], **asked)
    assert lacking is verdicts.NOT_RUN
    half = rules.RULES["groups"]("demo", first=["xyz-hadamard"], **asked | {"split": "checkerboard-16"})
    assert half is verdicts.NOT_RUN, "one partition of a checkerboard says nothing about the other"


@pytest.mark.parametrize(("at_most", "verdict"), [(1, "contradicted"), (2, "supported")])
def test_worlds_with_a_false_alarm_are_counted(monkeypatch, at_most, verdict):
    table = pd.DataFrame({"arm": "lonlat", "placeness": [0.0, 0.0, 0.0, 2.0], "clear": [1, 1, 0, 1], "low": 0.0})
    monkeypatch.setattr(rules.placeness, "turned", lambda *_: table.assign(difference=0.1, high=0.1))
    monkeypatch.setattr(rules.placeness, "knobs", lambda _: pd.Series({"world-0": 0.0}))
    monkeypatch.setattr(rules.results, "has", lambda *_: True)
    asked = {"task": "world-0", "arm": "lonlat", "split": "spatial", "at_most": at_most}
    found = rules.RULES["alarms"]("demo", **asked)
    assert found.verdict == verdict and found.text == "2 of 3 worlds"
    monkeypatch.setattr(rules.results, "has", lambda *_: False)
    assert rules.RULES["alarms"]("demo", **asked) is verdicts.NOT_RUN


@pytest.mark.parametrize(("at_least", "verdict"), [(0.4, "supported"), (0.6, "undecided"), (0.8, "contradicted")])
def test_a_kept_number_reaches_a_bound_with_its_whole_interval(monkeypatch, at_least, verdict):
    table = pd.DataFrame({"question": ["a r2", "a low", "a high"], "value": [0.6, 0.5, 0.7]})
    monkeypatch.setattr(neighbouring.evidence, "read", lambda *_: table)
    asked = {"task": "world", "name": "prior", "profile": "demo", "at_least": at_least}
    found = rules.RULES["kept"]("aqs", what="a", **asked)
    assert found.verdict == verdict and found.values == {"value": 0.6, "low": 0.5, "high": 0.7}
    assert rules.RULES["kept"]("aqs", what="b", **asked) is verdicts.NOT_RUN


def test_a_probe_is_asked_of_the_exact_pairs(monkeypatch):
    def probed(places, names, splits):
        r2 = {(name, "spatial"): np.array([0.5 if "yfcc" in name else 0.2]) for name in names}
        return upstream.Probed(["pm25"], r2, {key: value[:, None] + np.zeros((1, 3)) for key, value in r2.items()})

    monkeypatch.setattr(rules.upstream, "probed", probed)
    monkeypatch.setattr(rules.facts, "measured", lambda *_: pd.DataFrame({"lon": [-100.0]}))
    asked = {"task": "weather-2019", "first": "yfcc", "second": "fmow", "split": "spatial", "expects": "above"}
    found = rules.RULES["probe"]("aqs", fact="pm25", **asked)
    assert found.verdict == "supported" and found.values["difference"] == pytest.approx(0.3)
    with pytest.raises(UnknownName, match="rain"):
        rules.RULES["probe"]("aqs", fact="rain", **asked)
    monkeypatch.setattr(rules.facts, "measured", lambda *_: pd.DataFrame())
    assert rules.RULES["probe"]("aqs", fact="pm25", **asked) is verdicts.NOT_RUN


def test_even_service_is_asked_of_one_arm(loaded, monkeypatch):
    table = pd.DataFrame([{"arm": "lonlat", "who": "spread", "change": 0.4, "low": 0.1, "high": 0.7}])
    monkeypatch.setattr(rules.error_maps, "of_split", lambda *_: None)
    monkeypatch.setattr(rules.error_maps, "evenness", lambda *_: table)
    asked = {"task": "world", "arm": "lonlat", "who": "spread", "split": "spatial", "expects": "above"}
    assert rules.RULES["evenness"]("demo", **asked).verdict == "supported"
    monkeypatch.setattr(rules.error_maps, "evenness", lambda *_: table.iloc[:0])
    assert rules.RULES["evenness"]("demo", **asked) is verdicts.NOT_RUN


@pytest.mark.parametrize(("up", "verdict"), [(3, "supported"), (1, "contradicted")])
def test_encoders_that_raise_a_score_are_counted_without_controls(monkeypatch, up, verdict):
    arms = ["xyz", "nerf", "rff", "tile", "random-vector", "none+head"]
    rows = [
        {"task": "world", "variant": arm, "fusion": "-" if arm == "none+head" else "hadamard", "split": "spatial"}
        | {"seed": seed, "measure": measure, "value": 2.0 if number < up else 0.5 if number < 5 else 1.0}
        for number, arm in enumerate(arms)
        for seed in (0, 1)
        for measure in ("scale", "rmse")
    ]
    monkeypatch.setattr(rules.evidence, "read", lambda *_: pd.DataFrame(rows))
    asked = {"task": "world", "measure": "scale", "split": "spatial", "at_least": 0.5}
    found = rules.RULES["raised"]("demo", **asked)
    assert found.verdict == verdict and found.text == f"{up} of 4"

    def absent(*_):
        raise StoreError("not made")

    monkeypatch.setattr(rules.evidence, "read", absent)
    assert rules.RULES["raised"]("demo", **asked) is verdicts.NOT_RUN


@pytest.mark.parametrize(("at_least", "verdict"), [(2, "supported"), (3, "contradicted")])
def test_seeds_in_which_one_row_has_more_are_counted(monkeypatch, at_least, verdict):
    rows = [
        ["a", arm, seed, v] for arm, values in (("x", [3, 2, 1]), ("y", [1, 1, 1])) for seed, v in enumerate(values)
    ]
    table = pd.DataFrame([*rows, ["b", "x", 0, 9.0]], columns=["world", "arm", "seed", "ari"])
    monkeypatch.setattr(neighbouring.evidence, "read", lambda *_: table)
    asked = {"name": "agreement", "where": {"world": "a"}, "by": "arm", "column": "ari", "at_least": at_least}
    found = neighbouring.RULES["seeds"]("demo", first="x", second="y", **asked)
    assert (found.verdict, found.values["more"], found.values["of"], found.values["value"]) == (verdict, 2, 3, 1.0)
    assert neighbouring.RULES["seeds"]("demo", first="x", second="z", **asked) is verdicts.NOT_RUN


def test_rules_are_told_by_printed_names():
    rule = {"kind": "evenness", "arm": "lonlat", "who": "spread", "split": "checkerboard-16", "expects": "above"}
    assert claims.decided({"rule": rule}) == "change of spread by lon/lat, OoR · 16°: above zero"
    assert set(rules.WORDS) == set(rules.RULES) <= set(claims.RULES)


def test_maps_are_compared_one_by_one_and_one_fit_decides_nothing(monkeypatch):
    rows = [("geoclip-hadamard", 0, 0.3), ("geoclip-hadamard", 1, 0.41), ("none+head", 0, 0.1), ("none+head", 1, 0.2)]
    one = pd.DataFrame(rows, columns=["source", "x", "value"]).assign(what="share", task="world", fold=1, seed=0)
    other = one.assign(seed=1, value=one["value"] + (one["source"] == "geoclip-hadamard") * 0.01)
    asked = {"task": "world", "arm": "geoclip-hadamard", "what": "share"}

    def found(*tables, **given):
        monkeypatch.setattr(rules.evidence, "read", lambda *_: pd.concat(tables))
        return rules.RULES["maps"]("demo", **{"expects": "above"} | asked | given)

    assert found(one).verdict == "undecided" and found(one).values == {"difference": pytest.approx(0.205), "fits": 1}
    assert found(one).text == "+0.205 (no interval; 1 fit)"
    assert found(one, other).verdict == "supported"
    assert found(one, other, expects="below").verdict == "contradicted"
    assert found(one, what="error", expects="below") is verdicts.NOT_RUN
    said = rules.said({"kind": "maps", "arm": "geoclip-hadamard", "what": "share", "expects": "above"})
    assert said == (
        "share of short waves in the variance of the maps of GeoCLIP, Hadamard minus that of no location, extra head, "
        "map by map, over trainings: above zero"
    )


@pytest.mark.parametrize(
    ("gains", "verdict"), [([-1] * 8, "supported"), ([1] * 8, "contradicted"), ([-1], "undecided"), ([], "undecided")]
)
def test_of_fits_that_lean_the_share_that_gains_nothing_decides(monkeypatch, gains, verdict):
    # Two more fits do not lean.
    leaning = pd.DataFrame({"split": "spatial", "fold": 1, "leaning": 1.0, "gain": [*gains, 1, -1]})
    leaning["low"] = [0.5] * len(gains) + [-0.5] * 2
    monkeypatch.setattr(rules.reliance, "measured", lambda *_: rules.reliance.Measured(leaning, leaning))
    monkeypatch.setattr(rules.reliance, "leaning", lambda *_: leaning)
    found = rules.RULES["lean"]("demo", task="world", more_than=0.5)
    assert found.verdict == verdict
    assert (found.values["of"], found.values["fits"]) == (len(gains), len(gains) + 2)
    monkeypatch.setattr(rules.reliance, "leaning", lambda *_: leaning.iloc[:0])
    assert rules.RULES["lean"]("demo", task="world", more_than=0.5) is verdicts.NOT_RUN
    assert rules.said({"kind": "lean", "more_than": 0.5}).endswith("gains nothing: above 0.5")
